"""Numbers as input: CSV, TSV and libsvm files, and their standardisation.

The standard library's csv module splits the lines; one line is one example.  Numbers are read and
standardised in float64 and cast to float32 last: dates and ids differ in digits that float32 does
not have.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli import memory
from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.limits import LARGE, MOST
from fastcli.mlp.names import nearest
from fastcli.text.inputs import text_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = {".csv": "csv", ".tsv": "csv", ".svm": "libsvm", ".libsvm": "libsvm"}
LARGEST = 1e300  # what float64 holds with room for differences
TINY = np.finfo(np.float32).tiny  # the smallest number that processors take at full speed
ROUNDING = 4 * np.finfo(np.float64).eps
MOST_DIGITS = 40  # of an index; Python reads no whole numbers of thousands
ROWS = 4096  # that are standardised together
COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}


def suffix(path: str) -> str:
    """Return a file's last suffix, a compression's aside: ``.csv`` of ``x.csv.gz``."""
    name = Path(path)
    if name.suffix.lower() in COMPRESSED:
        name = name.with_suffix("")
    return name.suffix.lower()


def guess_format(path: str, label: str) -> str:
    """Return ``csv``, ``libsvm`` or ``text``, by a file's name, else by its first line."""
    if suffix(path) in SUFFIXES:
        return SUFFIXES[suffix(path)]
    for line in _lines(path):
        words = line.split()
        if not words:
            continue
        if words[0].startswith(label):
            return "text"
        if len(words) == 1:  # in libsvm a label whose features are all 0
            continue
        pairs = [word.partition(":") for word in words[1:]]
        if pairs and all(_is_index(i) and _is_number(v) for i, _, v in pairs):
            return "libsvm"
        break
    return "text"


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _lines(path: str) -> Iterator[str]:
    for block in text_blocks(path):
        yield from decoded(block.tobytes())


def decoded(block: bytes) -> list[str]:
    """Return the lines of a block of bytes; a byte-order mark at its start is left out."""
    lines = block.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


@dataclass
class Columns:
    """What the columns of a file are, and how its numbers are put on one scale.

    ``names`` is empty where the file has no header.  ``label`` is the position of the label, or
    -1 in libsvm files, whose first word it is; ``base`` is the index of their first feature, 0
    or 1.  ``mean`` and ``scale``: float64[features].
    """

    kind: str
    delimiter: str
    names: list[str]
    label: int
    n_features: int
    base: int = 1
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    scale: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    @property
    def width(self) -> int:
        """The number of columns of a line with a label."""
        return self.n_features + 1

    def is_header(self, cells: Sequence[str]) -> bool:
        """Tell whether a line's cells are the training file's header, with or without the label."""
        cells = [cell.strip() for cell in cells]
        without = self.names[: self.label] + self.names[self.label + 1 :]
        return bool(self.names) and cells in (self.names, without)

    def standardize(self, x: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return (x - mean) * scale, within +-``LARGE``: float32[n, features]."""
        out = np.empty(x.shape, np.float32)
        for first in range(0, len(x), ROWS):
            with np.errstate(over="ignore"):  # what is too large is cut to LARGE
                wide = (x[first : first + ROWS] - self.mean) * self.scale
            np.clip(wide, -LARGE, LARGE, out=wide)
            wide[np.abs(wide) < TINY] = 0.0
            out[first : first + ROWS] = wide
        return out

    def fit(self, x: NDArray[np.float64], on: bool) -> None:
        """Take mean and standard deviation of training data, or (not ``on``) 0 and 1.

        A column that is constant, but for rounding in its last bits, tells nothing, and what it
        would do at another value is nowhere learned: its scale is 0 either way, so that it has no
        influence whatever it is later.
        Raises DataError for numbers that float32 cannot hold as they are.
        """
        low, high = x.min(axis=0), x.max(axis=0)
        is_constant = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        if not on:
            if max(-low.min(initial=0.0), high.max(initial=0.0)) > LARGE:
                raise DataError(
                    f"A number is above {LARGE:.0e}, too large to be taken as it is: leave "
                    "--no-standardize out."
                )
            self.mean = np.zeros(x.shape[1])
            self.scale = np.where(is_constant, 0.0, 1.0)
            return
        # From the middle of the column in units of half its range, where no digits are lost.
        middle, half = low / 2 + high / 2, high / 2 - low / 2
        half[is_constant | (half < 1 / LARGEST)] = 1.0
        total, squares = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        for first in range(0, len(x), ROWS):
            total += ((x[first : first + ROWS] - middle) / half).sum(axis=0)
        mean = total / len(x)
        for first in range(0, len(x), ROWS):
            squares += (((x[first : first + ROWS] - middle) / half - mean) ** 2).sum(axis=0)
        self.mean = np.where(is_constant, low, middle + half * mean)
        std = half * np.sqrt(squares / len(x))
        self.scale = np.where(is_constant, 0.0, 1 / np.maximum(std, 1 / LARGEST))

    def constant(self) -> list[str]:
        """Return the columns that were the same in all training data: names, else positions."""
        places = np.flatnonzero(self.scale == 0)
        if self.kind == "libsvm":
            return [str(i + self.base) for i in places]
        places += (places >= self.label).astype(places.dtype)
        return [self.names[i] if self.names else str(i) for i in places]


@dataclass
class Table:
    """Lines as numbers: float64[n, features], the names of each line's labels, which are blank."""

    x: NDArray[np.float64]
    labels: list[list[str]]
    blank: NDArray[np.bool_]


class Reader:
    """Reads lines as numbers; errors name the file, the line and the column.

    Lines may lack the label (then they have none), and may have a header, which is passed over.
    """

    def __init__(self, columns: Columns, path: str) -> None:
        self.columns, self.path = columns, path
        self.line = 0
        self._may_be_header = bool(columns.names)

    def read(self, lines: Sequence[str]) -> Table:
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
        read = self._libsvm if self.columns.kind == "libsvm" else self._csv
        for line in lines:
            self.line += 1
            text = line.partition("#")[0] if self.columns.kind == "libsvm" else line
            is_blank = not text.strip(f" \t\r{self.columns.delimiter}")
            found = read(text, x[len(labels)]) if not is_blank else []
            if found is None:
                continue
            blank.append(is_blank)
            labels.append(found)
            if not (np.abs(x[len(labels) - 1]) <= LARGEST).all():
                is_large = np.isfinite(x[len(labels) - 1]).all()
                what = f"above {LARGEST:.0e}" if is_large else "not finite"
                raise DataError(f"{self.path}, line {self.line}: a number is {what}.")
        n = len(labels)
        return Table(x[:n], labels, np.array(blank, bool))

    def _csv(self, line: str, x: NDArray[np.float64]) -> list[str] | None:
        """Set x to the numbers of a line, and return its labels; None for a header."""
        columns = self.columns
        try:
            cells = split_cells(line, columns.delimiter)
        except ValueError as error:
            raise DataError(f"{self.path}, line {self.line}: {error}.") from None
        is_first, self._may_be_header = self._may_be_header, False
        if is_first and columns.is_header(cells):
            return None
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
            self._complain(cells, bool(found))
        return [name for name in found if name]

    def _complain(self, cells: Sequence[str], had_label: bool) -> None:
        for i, cell in enumerate(cells):
            if not _is_number(cell):
                at = i + 1 + int(had_label and i >= self.columns.label)
                raise DataError(
                    f"{self.path}, line {self.line}, column {at}: {cell[:40]!r} is not a number. "
                    "Which column is the label? Say --label-column."
                )

    def _libsvm(self, line: str, x: NDArray[np.float64]) -> list[str]:
        """Set x to the numbers of a line, and return its labels."""
        words = line.split()
        first = words[:1] if words and ":" not in words[0] else []
        for word in words[len(first) :]:
            index, _, value = word.partition(":")
            if not (_is_index(index) and _is_number(value)):
                raise DataError(f"{self.path}, line {self.line}: {word[:40]!r} is not index:value.")
            place = int(index) - self.columns.base
            if place < 0:
                raise DataError(
                    f"{self.path}, line {self.line}: {word[:40]!r}, where indices start at 1."
                )
            if place < len(x):  # features that training never saw say nothing
                x[place] = float(value)
        return [name for word in first for name in word.split(",") if name]


def read_tables(paths: Iterable[str], columns: Columns, purpose: str = "training") -> Table:
    """Read whole files; blank lines are left out.  Raises DataError, which names the purpose."""
    parts, labels = [], []
    for path in paths:
        reader = Reader(columns, path)
        for block in open_text(path, purpose):
            table = reader.read(decoded(block))
            parts.append(table.x[~table.blank])
            labels += [n for n, blank in zip(table.labels, table.blank, strict=True) if not blank]
    x = np.concatenate(parts) if parts else np.zeros((0, columns.n_features))
    return Table(x, labels, np.zeros(len(x), bool))


def open_text(path: str, purpose: str = "training") -> Iterator[bytes]:
    """Yield the blocks of a file.  Raises DataError where it cannot be read."""
    try:
        for block in text_blocks(path):
            yield block.tobytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be opened for {purpose}! ({error.strerror or error})"
        ) from None


def inspect_columns(
    paths: Sequence[str],
    kind: str,
    label_column: str,
    delimiter: str,
    note: Callable[[str], None] = lambda sentence: None,
) -> Columns:
    """Look at training files: their delimiter, header, label column and number of features.

    Of libsvm files all are looked at, of tables the first, which the others must be like.  What
    is not certain is told to ``note``.  Raises DataError for an empty file and ArgumentError for
    a label column that is not there.
    """
    if kind == "libsvm":
        return _libsvm_columns(paths, note)
    path = paths[0]
    first: list[str] = []
    for block in open_text(path):
        first += [line for line in decoded(block) if line.strip()][: 2 - len(first)]
        if len(first) == 2:
            break
    if not first:
        raise DataError(f"{path} is empty, so there is nothing to train on.")
    if not delimiter:
        delimiter = "\t" if suffix(path) == ".tsv" else _delimiter(first[0])
    delimiter = "\t" if delimiter in ("\\t", "tab") else delimiter
    if not is_delimiter(delimiter):
        raise ArgumentError(f"--delimiter must be one character (or tab), not {delimiter!r}.")
    try:
        cells = [split_cells(line, delimiter) for line in first]
    except ValueError as error:
        raise DataError(f"{path}, one of the first lines: {error}.") from None
    names = [cell.strip() for cell in cells[0]]
    is_header = not _is_integer(label_column) or _has_header(cells, int(label_column))
    position = _position(label_column, names, is_header)
    if len(names) < 2:
        raise DataError(
            f"{path}: one column only, with the delimiter {delimiter!r}. Say --delimiter."
        )
    return Columns("csv", delimiter, names if is_header else [], position, len(names) - 1)


def is_delimiter(text: str) -> bool:
    """Tell whether a text can separate columns: one character, no quote and no end of a line."""
    return len(text) == 1 and text not in '"\r\n\0'


def _delimiter(line: str) -> str:
    """Return the delimiter that a line has most of: tab, semicolon or comma."""
    return max(",;\t", key=line.count)


def _is_integer(text: str) -> bool:
    return _is_index(text.removeprefix("-"))


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def _has_header(cells: list[list[str]], label: int) -> bool:
    """Tell whether the first of two lines has a word where the second has a number.

    The label's column tells nothing, since labels may be words and numbers.
    """
    if len(cells) < 2:
        return False
    pairs = list(zip(cells[0], cells[1], strict=False))
    of_label = label % len(pairs) if pairs else 0
    return any(
        not _is_number(a) and _is_number(b) for i, (a, b) in enumerate(pairs) if i != of_label
    )


def _position(label_column: str, names: list[str], is_header: bool) -> int:
    """Return the position of the label column, from 0; names count where there is a header."""
    if is_header and label_column in names:
        return names.index(label_column)
    if not _is_integer(label_column):
        raise ArgumentError(
            f"--label-column {label_column}: no column has that name{nearest(label_column, names)}."
        )
    position = int(label_column)
    if not -len(names) <= position < len(names):
        raise ArgumentError(
            f"--label-column {position}: there are {len(names)} columns, 0 to {len(names) - 1}, "
            "or -1 from the end."
        )
    return position % len(names)


def _libsvm_columns(paths: Sequence[str], note: Callable[[str], None]) -> Columns:
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
    return Columns("libsvm", "", [], -1, most + 1 - least, least)


def _index_range(path: str) -> tuple[int, int]:
    """Return the smallest and the largest index of a libsvm file, 1 and -1 if it has none."""
    least, most = sys.maxsize, -1
    for block in open_text(path):
        for line in decoded(block):
            for word in line.partition("#")[0].split():
                index, colon, _ = word.partition(":")
                if colon and _is_index(index):
                    least, most = min(least, int(index)), max(most, int(index))
    return (least, most) if most >= 0 else (1, -1)


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line.  Raises ValueError where they cannot be told apart."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        inside = "\r" in line.rstrip("\r")
        raise ValueError("a carriage return inside the line" if inside else str(error)) from None


def label_ids(
    labels: list[list[str]], names: list[str]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return label ids and offsets of named labels; unknown names are left out."""
    known = {name: i for i, name in enumerate(names)}
    ids = [[known[name] for name in some if name in known] for some in labels]
    offsets = np.zeros(len(ids) + 1, np.int64)
    np.cumsum([len(some) for some in ids], out=offsets[1:])
    flat = np.array([i for some in ids for i in some], np.int32)
    return (flat if len(flat) else np.zeros(1, np.int32)), offsets
