"""Numbers as input: CSV, TSV and libsvm files, and their standardisation.

The standard library's csv module splits the lines; one line is one example.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.names import nearest
from fastcli.text.inputs import text_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = {".csv": "csv", ".tsv": "csv", ".svm": "libsvm", ".libsvm": "libsvm"}
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
        pairs = [word.partition(":") for word in words[1:]]
        if pairs and all(i.isdigit() and _is_number(v) for i, _, v in pairs):
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
    -1 in libsvm files, whose first word it is.  ``mean`` and ``scale``: float32[features].
    """

    kind: str
    delimiter: str
    names: list[str]
    label: int
    n_features: int
    mean: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    scale: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def width(self) -> int:
        """The number of columns of a line with a label."""
        return self.n_features + 1

    def is_header(self, line: str) -> bool:
        """Tell whether a line is the training file's header, with or without the label."""
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter), [])]
        without = self.names[: self.label] + self.names[self.label + 1 :]
        return bool(self.names) and cells in (self.names, without)

    def standardize(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (x - mean) * scale."""
        return np.asarray((x - self.mean) * self.scale, np.float32)

    def fit(self, x: NDArray[np.float32], on: bool) -> None:
        """Take mean and standard deviation of training data; a constant column keeps its scale."""
        if not on:
            self.mean = np.zeros(x.shape[1], np.float32)
            self.scale = np.ones(x.shape[1], np.float32)
            return
        self.mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
        std = x.std(axis=0, dtype=np.float64)
        self.scale = (1 / np.where(std > 0, std, 1.0)).astype(np.float32)


@dataclass
class Table:
    """Lines as numbers: float32[n, features], and the names of each line's labels."""

    x: NDArray[np.float32]
    labels: list[list[str]]


class Reader:
    """Reads lines as numbers; errors name the file, the line and the column.

    Lines may lack the label (then they have none), and may have a header, which is passed over.
    """

    def __init__(self, columns: Columns, path: str) -> None:
        self.columns, self.path = columns, path
        self.line = 0

    def read(self, lines: Sequence[str]) -> Table:
        """Return the next lines as numbers.  Raises DataError."""
        if self.columns.kind == "libsvm":
            return self._read_libsvm(lines)
        return self._read_csv(lines)

    def _read_csv(self, lines: Sequence[str]) -> Table:
        columns = self.columns
        x = np.zeros((len(lines), columns.n_features), np.float32)
        labels: list[list[str]] = []
        n = 0
        for line in lines:
            self.line += 1
            cells = next(csv.reader([line], delimiter=columns.delimiter), [])
            if self.line == 1 and columns.is_header(line):
                continue
            if not any(cell.strip() for cell in cells):
                labels.append([])
                x[n] = np.nan
                n += 1
                continue
            found: list[str] = []
            if len(cells) == columns.width:
                found = [cells.pop(columns.label).strip()]
            elif len(cells) != columns.n_features:
                raise DataError(
                    f"{self.path}, line {self.line}: {len(cells)} columns, where "
                    f"{columns.width} are expected ({columns.n_features} without the label)."
                )
            try:
                x[n] = cells
            except ValueError:
                self._complain(cells, bool(found))
            labels.append([name for name in found if name])
            n += 1
        self._check_finite(x[:n])
        return Table(x[:n], labels)

    def _complain(self, cells: Sequence[str], had_label: bool) -> None:
        for i, cell in enumerate(cells):
            if not _is_number(cell):
                at = i + 1 + int(had_label and i >= self.columns.label)
                raise DataError(
                    f"{self.path}, line {self.line}, column {at}: {cell[:40]!r} is no number. "
                    "Which column is the label ? Say --label-column."
                )

    def _check_finite(self, x: NDArray[np.float32]) -> None:
        """Blank lines are rows of NaN by now; other rows must be finite."""
        bad = ~np.isfinite(x).all(axis=1) & ~np.isnan(x).all(axis=1)
        if bad.any():
            at = self.line - len(x) + 1 + int(np.flatnonzero(bad)[0])
            raise DataError(f"{self.path}, line {at}: a number is not finite.")

    def _read_libsvm(self, lines: Sequence[str]) -> Table:
        n = self.columns.n_features
        x = np.zeros((len(lines), n), np.float32)
        labels: list[list[str]] = []
        for i, line in enumerate(lines):
            self.line += 1
            words = line.partition("#")[0].split()
            if not words:
                x[i] = np.nan
                labels.append([])
                continue
            first = [] if ":" in words[0] else words[:1]
            labels.append([name for word in first for name in word.split(",") if name])
            for word in words[len(first) :]:
                index, _, value = word.partition(":")
                if not (index.isdigit() and _is_number(value)):
                    raise DataError(
                        f"{self.path}, line {self.line}: {word[:40]!r} is not index:value."
                    )
                if 1 <= int(index) <= n:  # features that training never saw say nothing
                    x[i, int(index) - 1] = float(value)
        self._check_finite(x)
        return Table(x, labels)


def read_tables(paths: Iterable[str], columns: Columns) -> Table:
    """Read whole files; blank lines are left out.  Raises DataError."""
    parts, labels = [], []
    for path in paths:
        reader = Reader(columns, path)
        for block in open_text(path):
            table = reader.read(decoded(block))
            kept = np.asarray(~np.isnan(table.x).any(axis=1))
            parts.append(table.x[kept])
            labels += [names for names, keep in zip(table.labels, kept, strict=True) if keep]
    x = np.concatenate(parts) if parts else np.zeros((0, columns.n_features), np.float32)
    return Table(x, labels)


def open_text(path: str) -> Iterator[bytes]:
    """Yield the blocks of a file.  Raises DataError where it cannot be read."""
    try:
        for block in text_blocks(path):
            yield block.tobytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be opened for training! ({error.strerror or error})"
        ) from None


def inspect_columns(path: str, kind: str, label_column: str, delimiter: str) -> Columns:
    """Look at a training file: its delimiter, header, label column and number of features.

    Raises DataError for an empty file and ArgumentError for a label column that is not there.
    """
    if kind == "libsvm":
        most = 0
        for block in open_text(path):
            for line in decoded(block):
                for word in line.partition("#")[0].split()[1:]:
                    index = word.partition(":")[0]
                    most = max(most, int(index)) if index.isdigit() else most
        if most == 0:
            raise DataError(f"{path}: no index:value in it, so there is nothing to train on.")
        return Columns(kind, "", [], -1, most)
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
    if len(delimiter) != 1:
        raise ArgumentError(f"--delimiter must be one character (or tab), not {delimiter!r}.")
    cells = [next(csv.reader([line], delimiter=delimiter), []) for line in first]
    names = [cell.strip() for cell in cells[0]]
    position = _position(label_column, names)
    # A header is a first line with words where the second has numbers.
    is_header = len(cells) > 1 and any(
        not _is_number(a) and _is_number(b)
        for i, (a, b) in enumerate(zip(cells[0], cells[1], strict=False))
        if i != position
    )
    is_header = is_header or not _is_integer(label_column)
    if len(names) < 2:
        raise DataError(
            f"{path}: one column only, with the delimiter {delimiter!r}. Say --delimiter."
        )
    return Columns("csv", delimiter, names if is_header else [], position, len(names) - 1)


def _delimiter(line: str) -> str:
    """Return the delimiter that a line has most of: tab, semicolon or comma."""
    return max(",;\t", key=line.count)


def _is_integer(text: str) -> bool:
    return text.lstrip("-").isdigit()


def _position(label_column: str, names: list[str]) -> int:
    """Return the position of the label column, from 0; -1 is the last."""
    if label_column in names:
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


def label_bytes(name: str) -> bytes:
    """Return a label as it stands in a file."""
    return os.fsencode(name) if name.isascii() else name.encode("utf-8", "surrogateescape")
