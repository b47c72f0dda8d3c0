"""Reading numbers: tables, by the rules of ``text.tables``, and libsvm files.

A line is an example; errors name the file, the line and the column.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli import memory
from fastcli.errors import DataError
from fastcli.mlp.features import LARGEST, FeatureColumns
from fastcli.mlp.limits import MOST
from fastcli.printable import listed
from fastcli.text.inputs import text_blocks
from fastcli.text.tables import (
    BOM,
    DELIMITERS,
    Dialect,
    decode_lines,
    dialect_like,
    dialect_of,
    find_column,
    has_words_above_numbers,
    instead_of,
    is_index,
    is_number,
    is_position,
    is_utf16,
    kind_of_name,
    shown_delimiter,
    suffix,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIBSVM = {".svm", ".libsvm"}  # ends of file names


def _ignore(sentence: str) -> None:
    """Ignore a note."""


def guess_format(path: str, label: str) -> str:
    """Return ``csv``, ``libsvm`` or ``text``, by a file's name, else by its first line."""
    if kind_of_name(path):
        return "csv"
    if suffix(path) in LIBSVM:
        return "libsvm"
    for block in text_blocks(path):
        for line in decode_lines(block.tobytes().removeprefix(BOM)):
            words = line.split()
            if not words:
                continue
            if words[0].startswith(label):
                return "text"
            if len(words) == 1:  # in libsvm a label whose features are all 0
                continue
            pairs = [word.partition(":") for word in words[1:]]
            is_libsvm = all(is_index(i) and is_number(v) for i, _, v in pairs)
            return "libsvm" if is_libsvm else "text"
    return "text"


@dataclass
class FeatureRows:
    """Lines as numbers: float64[n, features], the names of each line's labels, which are blank."""

    x: NDArray[np.float64]
    labels: list[list[str]]
    blank: NDArray[np.bool_]


class FeatureReader:
    """Reads the lines of one file as numbers; errors name the file, the line and the column.

    Lines may lack the label (then they have none), and may have a header, which is passed over.
    The delimiter is the one that is given, else the training file's, else, told to ``note``, the
    one by which the first line has the columns of training.
    """

    def __init__(
        self,
        columns: FeatureColumns,
        path: str,
        delimiter: str = "",
        note: Callable[[str], None] = _ignore,
    ) -> None:
        self.columns, self.path, self.note = columns, path, note
        self.line = 0
        self._is_libsvm = columns.kind == "libsvm"
        self._dialect = Dialect(delimiter or columns.delimiter or ",")
        self._is_sure = bool(delimiter) or self._is_libsvm
        self._may_be_header = bool(columns.names)
        self._is_first_block = True

    def lines(self, block: bytes) -> list[str]:
        """Return the lines of the file's next block.  Raises DataError for UTF-16."""
        if self._is_first_block:
            _check_encoding(self.path, block)
            block = block.removeprefix(BOM)
        self._is_first_block = False
        return decode_lines(block)

    def read(self, lines: Sequence[str]) -> FeatureRows:
        """Return the next lines as numbers; blank ones are zeros.

        Raises DataError, also where memory has no room for all features of the lines.
        """
        need = 3 * 8 * len(lines) * self.columns.n_features  # two copies on the way
        if need > memory.LARGE and need > (memory.available_memory() or need):
            raise DataError(
                f"{self.path}: {len(lines):,} lines of {self.columns.n_features:,} features need "
                f"{memory.size_text(need)} of memory. Number features from 1 on without gaps."
            )
        x = np.zeros((len(lines), self.columns.n_features))
        labels: list[list[str]] = []
        blank: list[bool] = []
        for line in lines:
            self.line += 1
            row = x[len(labels)]
            if self._is_libsvm:
                text = line.partition("#")[0]
                is_blank = not text.strip(" \t\r")
                found = [] if is_blank else self._libsvm(text, row)
            else:
                is_blank = self._is_blank(line)
                cells = [] if is_blank else self._cells(line)
                if cells is None:  # a header
                    continue
                found = [] if is_blank else self._table(cells, row)
            blank.append(is_blank)
            labels.append(found)
            if not (np.abs(row) <= LARGEST).all():
                what = f"above {LARGEST:.0e}" if np.isfinite(row).all() else "not finite"
                raise DataError(f"{self.path}, line {self.line}: a number is {what}.")
        n = len(labels)
        return FeatureRows(x[:n], labels, np.array(blank, bool))

    def _is_blank(self, line: str) -> bool:
        """Tell whether a line has no cell with something in it; see to the dialect before."""
        if not self._is_sure and line.strip(" \t\r" + DELIMITERS + self._dialect.delimiter):
            self._find_dialect(line)
        return not line.strip(" \t\r" + self._dialect.delimiter)

    def _find_dialect(self, line: str) -> None:
        """Take the delimiter by which the first line has the columns that are expected."""
        self._is_sure = True
        columns = self.columns
        found = dialect_like(self._dialect, line, (columns.n_features, columns.width))
        if found != self._dialect:
            self.note(
                f"{self.path}: columns are separated by {shown_delimiter(found.delimiter)}, where "
                f"the training file has {shown_delimiter(self._dialect.delimiter)}."
            )
            self._dialect = found

    def _cells(self, line: str) -> list[str] | None:
        """Return the cells of a line, None for a header."""
        try:
            cells = self._dialect.cells(line)
        except ValueError as error:
            raise DataError(f"{self.path}, line {self.line}: {error}.") from None
        is_first, self._may_be_header = self._may_be_header, False
        return None if is_first and self.columns.is_header(cells) else cells

    def _table(self, cells: list[str], x: NDArray[np.float64]) -> list[str]:
        """Set x to the numbers of a row, and return its labels."""
        columns = self.columns
        found: list[str] = []
        if len(cells) == columns.width:
            found = [cells.pop(columns.label).strip()]
        elif len(cells) != columns.n_features:
            raise DataError(
                f"{self.path}, line {self.line}: {len(cells)} columns, where "
                f"{columns.width} are expected ({columns.n_features} without the label)."
            )
        try:
            x[:] = cells
        except ValueError:
            self._complain(cells, found)
        return [name for name in found if name]

    def _complain(self, cells: Sequence[str], labels: Sequence[str]) -> None:
        """Raise DataError for the first cell that is not a number."""
        for i, cell in enumerate(cells):
            if not is_number(cell):
                columns = self.columns
                at = i + 1 + int(bool(labels) and i >= columns.label)
                what = "Which column is the label? Give --label-column."
                if len(columns.mean):  # the model knows them
                    whole = [*cells[: columns.label], *labels, *cells[columns.label :]]
                    what = f"{columns.expected} This line has: {listed(whole)}."
                raise DataError(
                    f"{self.path}, line {self.line}, column {at}: {cell[:40]!r} is not a number. "
                    + what
                )

    def _libsvm(self, line: str, x: NDArray[np.float64]) -> list[str]:
        """Set x to the numbers of a line, and return its labels."""
        words = line.split()
        first = words[:1] if words and ":" not in words[0] else []
        for word in words[len(first) :]:
            index, _, value = word.partition(":")
            if not (is_index(index) and is_number(value)):
                raise DataError(f"{self.path}, line {self.line}: {word[:40]!r} is not index:value.")
            position = int(index) - self.columns.base
            if position < 0:
                raise DataError(
                    f"{self.path}, line {self.line}: {word[:40]!r}, where indices start at 1."
                )
            if position < len(x):  # features that training never saw say nothing
                x[position] = float(value)
        return [name for word in first for name in word.split(",") if name]


def read_features(
    paths: Iterable[str],
    columns: FeatureColumns,
    purpose: str = "training",
    delimiter: str = "",
    note: Callable[[str], None] = _ignore,
) -> FeatureRows:
    """Read whole files; blank lines are left out.  Raises DataError, which names the purpose."""
    parts, labels = [], []
    for path in paths:
        reader = FeatureReader(columns, path, delimiter, note)
        for block in open_text(path, purpose):
            found = reader.read(reader.lines(block))
            parts.append(found.x[~found.blank])
            labels += [n for n, blank in zip(found.labels, found.blank, strict=True) if not blank]
    x = np.concatenate(parts) if parts else np.zeros((0, columns.n_features))
    return FeatureRows(x, labels, np.zeros(len(x), bool))


def open_text(path: str, purpose: str = "training") -> Iterator[bytes]:
    """Yield the blocks of a file.  Raises DataError if it cannot be read."""
    try:
        for block in text_blocks(path):
            yield block.tobytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be opened for {purpose}! ({error.strerror or error})"
        ) from None


def _check_encoding(path: str, head: bytes) -> None:
    """Raise DataError for a file that begins as UTF-16 does."""
    if is_utf16(head):
        raise DataError(f"{path} is UTF-16: convert it to UTF-8 with iconv -f UTF-16 -t UTF-8.")


def inspect_columns(
    paths: Sequence[str],
    kind: str,
    label_column: str,
    delimiter: str,
    note: Callable[[str], None] = _ignore,
) -> FeatureColumns:
    """Look at training files: their delimiter, header, label column and number of features.

    Of libsvm files all are looked at, of tables the first, which the others must be like.  What
    is not certain is passed to ``note``.  Raises DataError for an empty file and ArgumentError for
    a label column that is not there.
    """
    if kind == "libsvm":
        return _libsvm_columns(paths, note)
    path = paths[0]
    first = _first_lines(path, 2)
    if not first:
        raise DataError(f"{path} is empty, so there is nothing to train on.")
    dialect = dialect_of(first[0], kind_of_name(path) or "csv", delimiter, quotes="yes")
    try:
        cells = [dialect.cells(line) for line in first]
    except ValueError as error:
        raise DataError(f"{path}, one of the first lines: {error}.") from None
    names = [cell.strip() for cell in cells[0]]
    if len(names) < 2:
        raise DataError(
            f"{path}: one column only, with the delimiter {dialect.delimiter!r}. "
            f"{instead_of(dialect.delimiter, first[0])}"
        )
    has_header = not is_position(label_column) or has_words_above_numbers(cells, int(label_column))
    position = find_column(path, label_column, names, has_header)
    return FeatureColumns(
        "csv", dialect.delimiter, names if has_header else [], position, len(names) - 1
    )


def _first_lines(path: str, n: int) -> list[str]:
    """Return the first n lines of a file that are not blank."""
    found: list[str] = []
    for i, block in enumerate(open_text(path)):
        if i == 0:
            _check_encoding(path, block)
            block = block.removeprefix(BOM)
        found += [line for line in decode_lines(block) if line.strip()][: n - len(found)]
        if len(found) == n:
            break
    return found


def _libsvm_columns(paths: Sequence[str], note: Callable[[str], None]) -> FeatureColumns:
    """Return the columns of libsvm files; indices of all start at 0 if one in any of them is 0."""
    ranges = {path: _index_range(path) for path in paths}
    least = min(1, *(low for low, _ in ranges.values()))
    most = max(high for _, high in ranges.values())
    if most > MOST:
        at = next(path for path, (_, high) in ranges.items() if high == most)
        raise DataError(f"{at}: the index {most} is too large; the largest is {MOST}.")
    if most < 0:
        raise DataError(
            f"{', '.join(paths)}: no index:value in it, so there is nothing to train on."
        )
    unlike = [path for path, (low, _) in ranges.items() if low > least == 0]
    if unlike:
        at = next(path for path, (low, _) in ranges.items() if low == 0)
        note(
            f"Feature indices are taken to start at 0 in all files, since {at} has index 0 "
            f"({', '.join(unlike)} {'has' if len(unlike) == 1 else 'have'} none)."
        )
    return FeatureColumns("libsvm", "", [], -1, most + 1 - least, least)


def _index_range(path: str) -> tuple[int, int]:
    """Return the smallest and the largest index of a libsvm file, 1 and -1 if it has none."""
    least, most = sys.maxsize, -1
    for block in open_text(path):
        for line in decode_lines(block):
            for word in line.partition("#")[0].split():
                index, colon, _ = word.partition(":")
                if colon and is_index(index):
                    least, most = min(least, int(index)), max(most, int(index))
    return (least, most) if most >= 0 else (1, -1)
