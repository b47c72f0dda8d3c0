"""Dialects of delimited tables (CSV and its relatives), and how the first rows show which it is.

What separates columns, what encloses cells, what escapes.  What an option gives is taken; the rest
is found in the first rows, and ``Dialect.remark`` says what of it is unusual.
"""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.base.groups import Text
from fastcli.kernels.text import rows as kernels
from fastcli.kernels.text.rows import Cells, Form, Rows
from fastcli.tables.spaced_numbers import are_spaced_numbers
from fastcli.urls import is_url, name_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

DELIMITERS = ",;\t|"  # that are looked for; of equally likely ones the first
KINDS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".psv": "psv"}  # of tables, by file name
DELIMITER_OF_KIND = {"tsv": "\t", "psv": "|"}  # which a name or --format decides
WORDS = {"\\t": "\t", "tab": "\t", "space": " "}  # for delimiters that are hard to type
QUOTES = ("auto", "yes", "no")
ESCAPES = ("auto", "backslash", "none")
MIN_ROWS = 3  # by which a file without a table's name can be seen to be one
HEAD = 1 << 16  # bytes by which a dialect is found
HEAD_ROWS = 100  # and at most so many rows
COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}
BOM = b"\xef\xbb\xbf"
BACKSLASH = 92
_SEP = re.compile(rb'"?sep=([^\r\n\t ]|\t)"?[ ]*(?:\r\n|\n|\r|$)', re.IGNORECASE)
_SPACED_QUOTE = r'(?:^|\n|{0}) +"'
_DECIMAL_COMMA = re.compile(rb"\s*[+-]?\d+,\d+\s*")


# ------------------------------------------------------------------------- splitting


@dataclass
class Split:
    """The rows that ``split`` found in some bytes: see ``kernels.text.rows``.

    ``stop`` is the position of the first row that was not read, ``status`` why (``ROW_END``: there
    is none), ``line_ends`` how many are before it; where it is damaged, ``bad_cell`` is where the
    damaged cell begins, and ``error_at`` where that was seen.
    """

    text: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lines: NDArray[np.int64]
    firsts: NDArray[np.int64]  # [n + 1]
    cell_starts: NDArray[np.int64]
    cell_ends: NDArray[np.int64]
    cell_kinds: NDArray[np.uint8]
    stop: int
    status: int
    line_ends: int
    bad_cell: int
    error_at: int

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.starts)

    @property
    def widths(self) -> NDArray[np.int64]:
        """The number of cells of each row."""
        return np.diff(self.firsts)

    def row(self, i: int) -> bytes:
        """Return the bytes of a row."""
        return self.text[self.starts[i] : self.ends[i]].tobytes()

    @property
    def is_error(self) -> bool:
        """Whether reading stopped at a row that is damaged."""
        return self.status in (kernels.TEXT_AFTER_QUOTE, kernels.OPEN_QUOTE)


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    ``delimiter`` separates columns; ``quote`` encloses cells ("" if nothing does); ``escape``, if
    there is one, stands before a quote, a delimiter, a line end or itself that is text;
    ``skips_spaces``: spaces before a cell are not part of it.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    skips_spaces: bool = False

    @property
    def has_quotes(self) -> bool:
        """Whether quotes enclose cells."""
        return bool(self.quote)

    @cached_property
    def form(self) -> Form:
        """The dialect as kernels take it."""
        delimiter = np.frombuffer(self.delimiter.encode("utf-8", "surrogateescape"), np.uint8)
        quote, escape = ord(self.quote or "\0"), ord(self.escape or "\0")
        return Form(delimiter, len(delimiter), quote, escape, int(self.skips_spaces))

    def split(
        self, text: NDArray[np.uint8], is_end: bool = True, most_rows: int = 1 << 20
    ) -> Split:
        """Find the rows of some bytes, at most ``most_rows``, and their cells.

        Unless ``is_end`` more bytes follow, and a row that may go on in them is left.
        """
        rows = min(most_rows, len(text) // 2 + 1)
        capacity = min(len(text) + 1, max(1 << 12, len(text) // 4))
        while True:
            starts, ends, lines = (np.empty(rows, np.int64) for _ in range(3))
            firsts = np.empty(rows + 1, np.int64)
            cells = Cells(
                np.empty(capacity, np.int64),
                np.empty(capacity, np.int64),
                np.empty(capacity, np.uint8),
            )
            state = np.array([rows, capacity, 0, 0, 0, 0], np.int64)
            whole = Text(text, len(text))
            stop = kernels.split_rows(
                whole, int(is_end), self.form, cells, Rows(starts, ends, firsts, lines), state
            )
            n, n_cells, line_ends, status, bad_cell, error_at = state.tolist()
            if n > 0 or status != kernels.NEXT_CELL or capacity > len(text):
                break
            capacity *= 4  # a row of very many cells
        return Split(
            text,
            starts[:n],
            ends[:n],
            lines[:n],
            firsts[: n + 1],
            cells.starts[:n_cells],
            cells.ends[:n_cells],
            cells.kinds[:n_cells],
            stop,
            status,
            line_ends,
            bad_cell,
            error_at,
        )

    def remark(self, kind: str = "csv") -> str:
        """Return what is unusual about the dialect for a kind of table, in a few words."""
        found = []
        if self.delimiter != DELIMITER_OF_KIND.get(kind, ","):
            found.append(f"separated by {shown_delimiter(self.delimiter)}")
        if self.escape:
            found.append("quotes escaped by backslashes")
        if self.skips_spaces and self.delimiter != " ":
            found.append("spaces after separators")
        return ", ".join(found)


def cell_text(data: bytes, kind: int, dialect: Dialect) -> bytes:
    """Return what the bytes of a cell stand for, line ends and all."""
    if kind < kernels.ESCAPED:
        return data
    if not dialect.escape:
        quote = dialect.quote.encode()
        return data.replace(quote + quote, quote)
    # What an escape may stand before: itself, quotes, a delimiter's first byte, line ends.
    special = re.escape(dialect.escape.encode() + b'"\r\n' + dialect.delimiter.encode()[:1])
    double = b'|""' if kind & kernels.QUOTED else b""
    pattern = re.compile(re.escape(dialect.escape.encode()) + b"[" + special + b"]" + double)
    return pattern.sub(lambda found: found[0][1:], data)


# ------------------------------------------------------------------------------ names


def kind_of_name(path: str) -> str | None:
    """Return ``csv``, ``tsv`` or ``psv``, or None if a file's name is not that of a table.

    >>> kind_of_name("a/b.TSV.gz")
    'tsv'
    """
    return KINDS.get(suffix(path))


def suffix(path: str) -> str:
    """Return a file's last suffix, a compression's aside: ``.csv`` of ``x.csv.gz``."""
    name = Path(name_of(path) if is_url(path) else path)
    if name.suffix.lower() in COMPRESSED:
        name = name.with_suffix("")
    return name.suffix.lower()


def read_delimiter(text: str) -> str:
    """Return the delimiter that an option gives: a character, ``tab`` or ``space``; "" for none.

    Raises ArgumentError for what cannot separate columns.
    """
    delimiter = WORDS.get(text, text)
    if delimiter and not is_delimiter(delimiter):
        raise no_delimiter(text)
    return delimiter


def no_delimiter(text: str) -> ArgumentError:
    """Return the error of a text that is given as the delimiter and cannot be one."""
    return ArgumentError(f"--delimiter must be one character (or tab), not {text!r}.")


def is_delimiter(text: str) -> bool:
    """Tell whether a text can separate columns: one character, no quote and no end of a line."""
    return len(text) == 1 and text not in '"\r\n\0'


def shown_delimiter(delimiter: str) -> str:
    """Return a delimiter as text for a sentence.

    >>> shown_delimiter(chr(9)), shown_delimiter(";")
    ('tabs', "';'")
    """
    return {"\t": "tabs", " ": "spaces"}.get(delimiter) or repr(delimiter)


def typed_delimiter(delimiter: str) -> str:
    """Return a delimiter as it is typed in a shell."""
    return {"\t": "tab", " ": "space"}.get(delimiter) or shlex.quote(delimiter)


# ---------------------------------------------------------------------------- finding


@dataclass(frozen=True)
class Asked:
    """What options say about a dialect."""

    kind: str = "csv"  # csv, tsv or psv
    delimiter: str = ""
    quotes: str = "auto"
    escape: str = "auto"


def skip_sep_line(head: bytes) -> tuple[str, int]:
    """Return the delimiter that Excel's line ``sep=;`` names, and that line's size; "" and 0."""
    found = _SEP.match(head)
    return (found[1].decode("latin-1"), found.end()) if found else ("", 0)


@dataclass(frozen=True)
class Like:
    """The delimiter of a table with the same columns, and how many those may be."""

    delimiter: str
    widths: tuple[int, ...]


PLAIN = Asked()


def dialect_of(
    head: bytes, asked: Asked = PLAIN, is_end: bool = True, like: Like | None = None
) -> Dialect:
    """Return the dialect of a table that begins with ``head``; ``is_end``: which is all of it.

    With ``like`` the delimiter is that one's if the first row has as many columns by it, else the
    first of ``DELIMITERS`` by which it has, else that one's again, by which the row is wrong.
    Otherwise:

    The delimiter is the one that is given; else a tab in ``tsv`` and ``|`` in ``psv`` where the
    first row has one; else the one of ``DELIMITERS`` by which the first rows have equally many
    columns, of several the one that the first row has most of.  Quotes enclose cells unless
    ``quotes`` is ``no``, or ``auto`` in ``tsv``.  Backslashes escape, and spaces before quotes are
    not text, where the first rows can be read only so.  Spaces separate ``are_spaced_numbers``.
    """
    has_quotes = asked.quotes == "yes" or (asked.quotes == "auto" and asked.kind != "tsv")
    dialect = Dialect(quote='"' if has_quotes else "")
    if asked.escape == "backslash":
        dialect = replace(dialect, escape="\\")
    if asked.delimiter:
        delimiters = [read_delimiter(asked.delimiter)]
    elif like is not None:
        delimiters = [_delimiter_like(like, head, dialect)]
    else:
        usual = DELIMITER_OF_KIND.get(asked.kind, "")
        first = _first_line(head)
        if has_spaced_numbers(head, is_end):
            return replace(dialect, delimiter=" ", skips_spaces=True)
        delimiters = [usual] if usual and usual in first else _by_frequency(first, has_quotes)
    readings = []
    for delimiter in delimiters:
        variants = _variants(replace(dialect, delimiter=delimiter), head, asked)
        some = [_reading(head, one, is_end) for one in variants]
        readings.append(max(some, key=lambda reading: (reading.is_even, not reading.is_damaged)))
    best = max(readings, key=lambda reading: (reading.is_even, reading.has_decimals))
    return best.dialect


def _delimiter_like(like: Like, head: bytes, dialect: Dialect) -> str:
    """Return the delimiter by which the first row has as many columns as another table.

    Of several that is the one that leaves numbers with decimal commas, else the first.
    """
    text, found = np.frombuffer(head, np.uint8), []
    for delimiter in dict.fromkeys(like.delimiter + DELIMITERS):
        first = replace(dialect, delimiter=delimiter).split(text, most_rows=1)
        if delimiter.encode() in head and first.n and int(first.widths[0]) in like.widths:
            found.append(replace(dialect, delimiter=delimiter))
    if not found and has_spaced_numbers(head, False):
        return " "
    if len(found) > 1:
        found.sort(key=lambda one: not _reading(head, one, False).has_decimals)
    return found[0].delimiter if found else like.delimiter


@dataclass(frozen=True)
class _Reading:
    """What the first rows are by a dialect: several columns, as many in all rows; damaged.

    ``has_decimals``: semicolons leave numbers with decimal commas.
    """

    dialect: Dialect
    is_even: bool
    is_damaged: bool
    has_decimals: bool


def _reading(head: bytes, dialect: Dialect, is_end: bool) -> _Reading:
    """Read the first rows by a dialect."""
    found = dialect.split(np.frombuffer(head, np.uint8), is_end, HEAD_ROWS)
    widths = found.widths
    is_even = len(widths) > 0 and int(widths.min()) == int(widths.max()) > 1
    decimals = 0
    if is_even and dialect.delimiter == ";":
        cells = zip(found.cell_starts.tolist(), found.cell_ends.tolist(), strict=True)
        decimals = sum(bool(_DECIMAL_COMMA.fullmatch(head[a:b])) for a, b in cells)
    has_decimals = decimals > 0 and decimals * int(widths.max(initial=1)) >= found.n
    return _Reading(dialect, is_even, found.is_error, has_decimals)


def has_spaced_numbers(head: bytes, is_end: bool) -> bool:
    """Tell whether a file begins with ``are_spaced_numbers``; ``is_end``: ``head`` is all of it."""
    lines = head.removeprefix(BOM).decode("utf-8", "surrogateescape").splitlines()
    lines = lines if is_end else lines[:-1]
    return are_spaced_numbers([line for line in lines if line.strip()][:HEAD_ROWS], DELIMITERS)


def _variants(dialect: Dialect, head: bytes, asked: Asked) -> Iterator[Dialect]:
    """Yield a dialect, and it with an escape or spaces where there are signs of them."""
    if dialect.delimiter == " ":
        dialect = replace(dialect, skips_spaces=True)
    yield dialect
    if not dialect.has_quotes:
        return
    has_spaces = re.search(
        _SPACED_QUOTE.format(re.escape(dialect.delimiter)).encode("utf-8", "surrogateescape"), head
    )
    escapes = [dialect.escape]
    if asked.escape == "auto" and b'\\"' in head:
        escapes.append("\\")
    for escape in escapes:
        for skips in (False, True) if has_spaces else (dialect.skips_spaces,):
            found = replace(dialect, escape=escape, skips_spaces=skips)
            if found != dialect:
                yield found


def _by_frequency(line: str, has_quotes: bool) -> list[str]:
    """Return ``DELIMITERS``, those first that a line has most of, outside quotes."""
    outside = re.sub('"[^"]*"', "", line) if has_quotes else line
    return sorted(DELIMITERS, key=lambda one: -outside.count(one))


def _first_line(head: bytes) -> str:
    lines = re.split(rb"[\r\n]+", head.lstrip(b"\r\n"), maxsplit=1)
    return lines[0].decode("utf-8", "surrogateescape")


def instead_of(delimiter: str, line: str) -> str:
    """Say which delimiter to try where a line has one column only by this one.

    >>> instead_of(";", "a,b"), instead_of(",", "a"), instead_of(",", "a;b")
    ('Try --delimiter ,', 'Give --delimiter.', "Try --delimiter ';'")
    """
    found = _by_frequency(line, True)[0]
    if found == delimiter or found not in line:
        return "Give --delimiter."
    return f"Try --delimiter {typed_delimiter(found)}"


def looks_like_table(path: str, lines: Sequence[str], delimiter: str = "") -> Dialect | None:
    """Return the dialect of a file that is a table by its name or by its first lines, else None.

    By its lines it is if there are ``MIN_ROWS`` or more that all have equally many columns, two or
    more.
    """
    kind = kind_of_name(path)
    if not lines or lines[0].lstrip()[:1] in ("{", "[") or not any(map(str.strip, lines)):
        return None
    head = "\n".join(lines).encode("utf-8", "surrogateescape")
    dialect = dialect_of(head, Asked(kind or "csv", delimiter))
    if kind or delimiter:
        return dialect
    found = dialect.split(np.frombuffer(head, np.uint8))
    widths = set(found.widths.tolist())
    is_table = not found.is_error and found.n >= MIN_ROWS and len(widths) == 1 and min(widths) > 1
    return dialect if is_table else None


# ------------------------------------------------------------------------- encodings


def is_utf16(head: bytes) -> bool:
    """Tell whether a file that begins like this has the byte-order mark of UTF-16."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff"))


def is_utf8(encoding: str) -> bool:
    """Tell whether an encoding is UTF-8, perhaps with a byte-order mark.

    Raises ArgumentError for the name of none.
    """
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError):  # ValueError: a name with a zero byte
        raise ArgumentError(f"Unknown encoding: {encoding}") from None
    if not getattr(found, "_is_text_encoding", True):  # such as rot13 and base64
        raise ArgumentError(f"{encoding} is not an encoding of text.")
    return found.name in ("utf-8", "utf-8-sig")


def decode_lines(block: bytes) -> list[str]:
    """Return the lines of a block of bytes, without their ends; invalid UTF-8 comes through.

    Bytes that cannot be decoded become lone surrogates, as in ``os.fsdecode``.
    """
    lines = block.decode("utf-8", "surrogateescape").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def is_unicode(text: str) -> bool:
    """Tell whether all bytes of a text could be decoded."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
