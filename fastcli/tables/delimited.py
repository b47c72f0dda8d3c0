"""Reading the rows of a delimited table, some at a time, despite bad rows among them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.groups import Text
from fastcli.kernels.text import rows as kernels
from fastcli.kernels.text.rows import Cells, Chosen
from fastcli.printable import shortened
from fastcli.tables.coded import Coded
from fastcli.tables.dialects import (
    BOM,
    HEAD,
    HEAD_ROWS,
    Asked,
    Dialect,
    Like,
    Split,
    cell_text,
    dialect_of,
    skip_sep_line,
)
from fastcli.text.decimals import read_fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 1 << 20  # bytes read at a time
LONGEST_ROW = 64_000_000  # bytes; a longer one is a quote that is not closed

PACKED = 7  # bytes of a cell that a whole number of 64 bits holds beside their count

REMNANT = "the rest of a damaged row"
TEXT_AFTER_QUOTE = "text after the quote that closes a cell"
OPEN_QUOTE = "a quote is not closed"


@dataclass(frozen=True)
class Location:
    """Where something is: file, line (from 1; 0: all of the file) and column."""

    path: str
    line: int
    column: str = ""

    def __str__(self) -> str:
        found = f"{self.path}:{self.line}" if self.line else self.path
        return f"{found}, column {shortened(self.column)}" if self.column else found


BadRow = tuple[Location, str, str]
"""What cannot be used: where it is, the reason, and its text."""


@dataclass
class Chunk:
    """Rows of equal width, the lines that they begin at, and what was bad among or before them.

    What was bad is sorted by line.  ``firsts`` has the first cell of each row in ``split``.
    """

    split: Split
    dialect: Dialect
    rows: NDArray[np.int64]  # their numbers in ``split``
    firsts: NDArray[np.int64]
    lines: list[int]
    errors: str = "surrogateescape"  # how bytes that are not UTF-8 are decoded
    next_line: int = 0  # after these rows, and lines without anything behind them
    bad: list[BadRow] = field(default_factory=list)

    @classmethod
    def of(cls, found: Split, dialect: Dialect) -> Chunk:
        """Return the rows that are as wide as the first one."""
        kept = np.flatnonzero(found.widths == found.widths[:1])
        return cls(found, dialect, kept, found.firsts[kept], found.lines[kept].tolist())

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.lines)

    def column(self, i: int) -> list[str]:
        """Return the cells of a column; bytes that are not UTF-8 become lone surrogates."""
        return [cell.decode("utf-8", self.errors) for cell in self._cells(i)]

    def coded(self, i: int) -> Coded:
        """Return the cells of a column as numbers of its different ones."""
        packed = self._packed(i)
        if packed is None:
            return Coded.of(self._cells(i), lambda cell: cell.decode("utf-8", self.errors))
        return Coded.of(packed.tolist(), lambda key: _unpacked(key).decode("utf-8", self.errors))

    def _packed(self, i: int) -> NDArray[np.uint64] | None:
        """Return short cells as whole numbers: their bytes, and above them how many these are.

        None where a cell is longer than ``PACKED`` bytes or escaped.  This takes a quarter of the
        time of cells as bytes.
        """
        split, at = self.split, self.firsts + i
        starts = split.cell_starts.take(at)
        sizes = split.cell_ends.take(at) - starts
        longest = int(sizes.max(initial=0))
        if longest > PACKED or (split.cell_kinds.take(at) >= kernels.ESCAPED).any():
            return None
        keys = sizes.astype(np.uint64) << np.uint64(8 * PACKED)
        for j in range(longest):
            has = sizes > j
            letters = split.text.take(np.where(has, starts + j, 0)).astype(np.uint64)
            keys |= np.where(has, letters, np.uint64(0)) << np.uint64(8 * j)
        return keys

    def labels(self, i: int) -> Coded:
        """Return the cells of a column of labels as numbers of its different ones."""
        return self.coded(i).stripped()

    def fields(
        self, columns: Sequence[int], point: str
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return the numbers of some columns, [rows, columns], and what they are: ``read_fields``.

        ``point`` is the character before the fraction.
        """
        split, at = self.split, self.firsts[:, None] + np.array(columns, np.int64)
        starts, ends = (edges.take(at.ravel()) for edges in (split.cell_starts, split.cell_ends))
        values, status = read_fields(split.text, starts, ends, point)
        return values.reshape(at.shape), status.reshape(at.shape)

    def _cells(self, i: int) -> list[bytes]:
        split, dialect, at = self.split, self.dialect, self.firsts + i
        starts, ends = split.cell_starts[at], split.cell_ends[at]
        first = int(starts.min(initial=len(split.text)))
        data = split.text[first : int(ends.max(initial=first))].tobytes()
        spans = zip((starts - first).tolist(), (ends - first).tolist(), strict=True)
        cells = [data[a:b] for a, b in spans]
        kinds = split.cell_kinds[at]
        for k in np.flatnonzero(kinds >= kernels.ESCAPED).tolist():
            cells[k] = cell_text(cells[k], int(kinds[k]), dialect)
        return cells

    def lines_of(self, columns: Sequence[int], join: str) -> tuple[NDArray[np.uint8], int]:
        """Return bytes with a line for each row, and their number.

        A line is the cells of the columns, joined where they are not empty; a line end inside a
        cell is a space.
        """
        split, chosen = self.split, np.array(columns, np.int64)
        at = self.firsts[:, None] + chosen
        joint = np.frombuffer(join.encode("utf-8", "surrogateescape"), np.uint8)
        size = int((split.cell_ends[at] - split.cell_starts[at]).sum())
        out = np.empty(size + len(at) * (len(columns) * len(joint) + 1), np.uint8)
        n = kernels.copy_columns(
            Text(split.text, len(split.text)),
            Cells(split.cell_starts, split.cell_ends, split.cell_kinds),
            self.firsts,
            self.n,
            Chosen(chosen, len(chosen), joint if len(joint) else np.zeros(1, np.uint8), len(joint)),
            self.dialect.form,
            out,
        )
        return out, n

    def texts(self, columns: Sequence[int], join: str) -> list[str]:
        """Return the lines of ``lines_of`` as text."""
        out, n = self.lines_of(columns, join)
        return out[:n].tobytes().decode("utf-8", self.errors).split("\n")[:-1]

    def lines_after(self) -> list[int]:
        """Return the line after each row; cells may span several."""
        if not self.may_span:
            return [line + 1 for line in self.lines]
        split, found = self.split, []
        starts, ends = split.starts[self.rows].tolist(), split.ends[self.rows].tolist()
        for line, a, b in zip(self.lines, starts, ends, strict=True):
            row = split.text[a:b].tobytes()
            found.append(line + 1 + row.count(b"\n") + row.count(b"\r") - row.count(b"\r\n"))
        return found

    @property
    def may_span(self) -> bool:
        """Whether some cells may span lines: there are more line ends than rows."""
        return bool(self.lines) and self.next_line - self.lines[0] > len(self.lines)

    def table(self) -> list[list[str]]:
        """Return all cells of all rows."""
        width = int(self.split.widths[self.rows[0]]) if self.n else 0
        return [list(row) for row in zip(*map(self.column, range(width)), strict=True)]

    def without_first(self) -> Chunk:
        """Return the rows but the first, which is a header."""
        return replace(self, rows=self.rows[1:], firsts=self.firsts[1:], lines=self.lines[1:])

    def only(self, kept: Sequence[int]) -> Chunk:
        """Return some of the rows."""
        at = np.array(kept, np.int64)
        lines = [self.lines[i] for i in kept]
        return replace(self, rows=self.rows[at], firsts=self.firsts[at], lines=lines)


def _unpacked(key: int) -> bytes:
    """Return the cell of a number of ``Chunk._packed``."""
    return key.to_bytes(PACKED + 1, "little")[: key >> 8 * PACKED]


class Delimited:
    """A delimited table that is being read: its dialect, its first rows, then all of them.

    ``stream`` gives UTF-8.  ``preamble`` is what stands before the rows: a byte-order mark, and
    Excel's ``sep=;``.
    """

    def __init__(
        self,
        path: str,
        stream: IO[bytes] | Utf8,
        asked: Asked,
        like: Like | None = None,
        is_live: bool = False,
    ) -> None:
        self.path, self._stream, self._is_live = path, stream, is_live
        self.errors = stream.errors if isinstance(stream, Utf8) else "surrogateescape"
        self._buffer, self._is_end = self._read_head()
        bom = len(BOM) * self._buffer.startswith(BOM)
        delimiter, size = skip_sep_line(self._buffer[bom:])
        if size and not asked.delimiter:
            asked = Asked(asked.kind, delimiter, asked.quotes, asked.escape)
        self._line = 2 if size else 1
        self.preamble, self._buffer = self._buffer[: bom + size], self._buffer[bom + size :]
        self.width = 0
        self._is_recovering = False
        self.dialect = dialect_of(self._buffer, asked, self._is_end, like)
        found = self._first_rows()
        while not found.n and not found.is_error and not self._is_end:  # a very long row
            more, self._is_end = self._more(max(BLOCK, len(self._buffer)))
            self._buffer += more
            found = self._first_rows()
        self.head = self._chunk(found)

    def _first_rows(self) -> Split:
        return self.dialect.split(np.frombuffer(self._buffer, np.uint8), self._is_end, HEAD_ROWS)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows that have as many columns as the first one, in order.

        Lines without anything are not rows.  A row of another width, a quote that is not closed and
        text behind a quote are in ``Chunk.bad``; of such a row the line is given up where it
        begins, and what follows as long as it has an odd number of quotes.
        """
        is_first = self._is_live  # whose first lines are not to wait for more
        while self._buffer or not self._is_end:
            if not self._is_end and not is_first:
                more, self._is_end = self._more(max(BLOCK, len(self._buffer)))
                self._buffer += more
            is_first = False
            at = 0
            while at < len(self._buffer):
                found = self._split(at)
                chunk = self._chunk(found)
                self._line += found.line_ends
                chunk.next_line = self._line
                start = at
                at += found.stop
                if found.is_error:
                    at = self._after_line(at)
                    if at > start + found.stop:
                        chunk.bad.append(self._damage(found))
                        self._line += 1
                        self._is_recovering = True
                if chunk.n or chunk.bad or found.line_ends:
                    yield chunk
                if at == start:
                    break
            self._buffer = self._buffer[at:]
            if self._is_end:
                return

    def _read_head(self) -> tuple[bytes, bool]:
        """Return ``HEAD`` bytes, or all that there are, and whether that is all.

        Of a live stream the lines that are there are enough.
        """
        found = b""
        while len(found) < HEAD and not (self._is_live and b"\n" in found):
            more, is_end = self._more(HEAD - len(found))
            found += more
            if is_end:
                return found, True
        return found, False

    def _more(self, size: int) -> tuple[bytes, bool]:
        """Return more bytes, and whether they are the last ones."""
        if self._is_live and not isinstance(self._stream, Utf8):
            more = getattr(self._stream, "read1", self._stream.read)(size)
            return more, not more
        more = self._stream.read(size)
        return more, len(more) < size

    def _split(self, at: int) -> Split:
        """Find rows from a position of the buffer on; an open quote may go on in what follows."""
        found = self.dialect.split(np.frombuffer(self._buffer, np.uint8, -1, at), self._is_end)
        is_cut = found.status == kernels.INCOMPLETE
        if is_cut and len(self._buffer) - at - found.stop > LONGEST_ROW:
            found.status = kernels.OPEN_QUOTE
        return found

    def _after_line(self, at: int) -> int:
        """Return where the next line begins; the position itself if that is not known yet."""
        ends = [self._buffer.find(end, at) + 1 for end in (b"\n", b"\r")]
        ends = [end for end in ends if end > 0]
        if not ends:
            return len(self._buffer) if self._is_end else at
        end = min(ends)
        return end + (self._buffer[end - 1 : end + 1] == b"\r\n")

    def _chunk(self, found: Split) -> Chunk:
        widths = found.widths
        self.width = self.width or (int(widths[0]) if found.n else 0)
        lines = found.lines + self._line
        is_kept = widths == self.width
        bad = []
        for i in range(found.n if self._is_recovering else 0):
            if found.row(i).count(b'"') % 2 == 0:
                self._is_recovering = False
                break
            is_kept[i] = False
            bad.append((i, REMNANT))
        n_left = len(bad)
        for i in np.flatnonzero(~is_kept).tolist():
            if i >= n_left:
                bad.append((i, f"{widths[i]} columns instead of {self.width}"))
        kept = np.flatnonzero(is_kept)
        chunk = Chunk(
            found, self.dialect, kept, found.firsts[kept], lines[kept].tolist(), self.errors
        )
        for i, reason in bad:
            place = Location(self.path, int(lines[i]))
            chunk.bad.append((place, reason, found.row(i).decode("utf-8", self.errors)))
        return chunk

    def _damage(self, found: Split) -> BadRow:
        """Return what is bad about the row at which reading stopped."""
        row = found.text[found.stop : found.error_at + 1].tobytes()
        before = row[: found.bad_cell - found.stop].decode("utf-8", "replace")
        line = before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        place = Location(self.path, self._line + line, str(column))
        reason = OPEN_QUOTE if found.status == kernels.OPEN_QUOTE else TEXT_AFTER_QUOTE
        return place, reason, row.decode("utf-8", self.errors)


class Utf8:
    """A stream of bytes in some encoding, read as UTF-8.

    What cannot be decoded are lone surrogates, in the bytes that UTF-8 would have for them.
    """

    errors = "surrogatepass"

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self._left = b""

    def read(self, size: int) -> bytes:
        """Return so many bytes, or, at the end, as many as are left."""
        found = [self._left]
        n = len(self._left)
        while n < size:
            data = self._stream.read(size)
            text = self._decoder.decode(data, not data)
            found.append(text.encode("utf-8", "surrogatepass"))
            n += len(found[-1])
            if not data:
                break
        whole = b"".join(found)
        self._left = whole[size:]
        return whole[:size]
