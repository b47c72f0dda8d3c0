"""Numbers as input: what the columns of a table are, their standardisation, labels as ids.

Numbers are read and standardised in float64 and cast to float32 last: dates and ids differ in
digits that float32 does not have.  ``feature_files`` reads them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import DataError
from fastcli.memory import zeros
from fastcli.mlp.feature_rows import ROWS, RawRows, rows_at_once
from fastcli.mlp.limits import LARGE
from fastcli.mlp.options import MINMAX, STANDARD, UNSCALED
from fastcli.printable import listed, named
from fastcli.tables.coded import Coded
from fastcli.tables.values import LARGEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

TINY = np.finfo(np.float32).tiny  # the smallest number that processors take at full speed
ROUNDING = 4 * np.finfo(np.float64).eps


@dataclass
class TableColumn:
    """A column of a table that training used, at a position of its training file.

    A column of words has an input for each of its ``levels``, which is 1 where the word is that
    one (in training they are known when all rows have been read).  A column of numbers has one
    input and, if values are missing in training (``may_lack``), a missing-value indicator; a
    missing value is replaced by the column's mean.
    """

    name: str
    position: int
    levels: list[str] = field(default_factory=list)
    may_lack: bool = False
    is_words: bool = False

    @property
    def n_features(self) -> int:
        """The number of inputs."""
        return len(self.levels) if self.is_words else 1 + int(self.may_lack)


@dataclass
class FeatureColumns:
    """What the columns of a training file are, and how its numbers are put on one scale.

    Tables: ``names`` are those of all columns, empty without a header; ``width`` is their number,
    ``label`` the position of the label, ``table`` the columns that are inputs.  libsvm files have
    none of these (``label`` is -1), and ``base`` is the index of their first feature, 0 or 1.
    ``targets`` are the positions of the numbers that regression learns, the first in ``label`` as
    well.  ``mean`` and ``scale``: float64[features]; ``fill`` is what stands for a number that is
    missing.
    """

    kind: str
    delimiter: str
    names: list[str]
    label: int
    n_features: int
    base: int = 1
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    scale: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    fill: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    table: list[TableColumn] = field(default_factory=list)
    width: int = 0
    labels_as: str = "text"
    point: str = "."  # before the fraction of a number
    weight: int = -1  # in ``table`` while training files are read: the weights of rows
    targets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.kind == "csv" and not self.table:  # as version 0.1.0 had them: all are numbers
            self.width = self.n_features + 1
            self.table = [
                TableColumn(self.names[i] if self.names else "", i)
                for i in range(self.width)
                if i != self.label
            ]
        if len(self.fill) == 0:
            self.fill = self.mean

    @property
    def learned(self) -> list[int]:
        """The positions of what is learned: the label, or the targets; none of libsvm."""
        return self.targets or [self.label] * (self.label >= 0)

    @property
    def n_raw(self) -> int:
        """The number of columns that are read."""
        return len(self.table) if self.kind == "csv" else self.n_features

    @property
    def is_plain(self) -> bool:
        """Whether each column is one input."""
        return self.n_raw == self.n_features

    @property
    def input_names(self) -> list[str]:
        """The names of the columns that are inputs, positions without a header."""
        return [column.name or str(column.position) for column in self.table]

    @property
    def expected(self) -> str:
        """A sentence on the columns of a table that a model is for."""
        names = [column.name for column in self.table] if self.names else []
        named_so = f" ({listed(names)})" if names else ""
        learned = listed([self.names[i] for i in self.learned]) if self.targets else ""
        label = f" ({learned or named(self.names[self.label])})" if self.names else ""
        plural, what = "s" * (self.n_raw > 1), "the label"
        if self.targets:
            what = f"the target{'s' * (len(self.targets) > 1)}"
        return (
            f"The model expects {self.n_raw:,} column{plural} of numbers{named_so}, and may "
            f"be given {what}{label} as column {listed([str(i + 1) for i in self.learned])}."
        )

    def expand(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inputs, float64[n, features], of columns as they are read, [n, columns].

        Numbers that are not there are NaN, and words are the numbers of their levels, -1 where
        there is none or a new one.
        """
        return _Expansion(self)(raw)

    def standardize(
        self, raw: NDArray[np.float64] | RawRows, stride: int | None = None
    ) -> NDArray[np.float32]:
        """Return (inputs - mean) * scale, within +-``LARGE``: float32[n, stride or features].

        ``raw`` are columns as they are read, see ``expand``; of ``RawRows`` none are left, so that
        memory holds most of them only once.
        """
        n, row, at = self.n_features, stride or self.n_features, 0
        out = zeros(len(raw) * row).reshape(len(raw), row)
        scratch, sizes = (np.empty((min(rows_at_once(n), len(raw)), n)) for _ in range(2))
        expand = _Expansion(self)
        for block in raw.take() if isinstance(raw, RawRows) else (raw,):
            for x in expand.pieces(block):
                with np.errstate(over="ignore"):  # what is too large is cut to LARGE
                    wide = np.subtract(x, self.mean, out=scratch[: len(x)])
                    wide *= self.scale
                size = np.abs(wide, out=sizes[: len(x)])
                if not size.max(initial=0.0) <= LARGE:
                    np.clip(wide, -LARGE, LARGE, out=wide)
                wide[size < TINY] = 0.0
                out[at : at + len(x), :n] = wide
                at += len(x)
        return out

    def fit(self, raw: NDArray[np.float64] | RawRows, scaling: str = STANDARD) -> None:
        """Take ``mean`` and ``scale`` from training data, so that ``standardize`` scales it so.

        ``standard``: mean and standard deviation; ``minmax``: the smallest value and the range, so
        that training's values are from 0 to 1, and later ones beyond its range lie outside, as far
        as they are; ``none``: 0 and 1.

        ``raw`` are columns as they are read.  A column that is constant, but for rounding in its
        last bits, tells nothing, and what it would do at another value is nowhere learned: its
        scale is 0 in each case, so that it has no influence whatever it is later.
        Raises DataError for numbers that float32 cannot hold as they are.
        """
        n = self.n_features
        self.fill = self._means_of_present(raw)
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        for x in self._blocks(raw):
            np.minimum(low, x.min(axis=0), out=low)
            np.maximum(high, x.max(axis=0), out=high)
        is_constant = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        # From the middle of the column in units of half its range, where no digits are lost.
        middle, half = low / 2 + high / 2, high / 2 - low / 2
        half[is_constant | (half < 1 / LARGEST)] = 1.0
        scratch = np.empty((1 + min(rows_at_once(n), len(raw)), n))

        def from_middle() -> Iterator[NDArray[np.float64]]:
            for x in self._blocks(raw):
                within = np.subtract(x, middle, out=scratch[1 : 1 + len(x)])
                within /= half
                yield within

        total = _sums(from_middle(), scratch)
        mean = total / len(raw)
        self.mean = np.where(is_constant, low, middle + half * mean)
        self.fill = np.where(np.isnan(self.fill), self.mean, self.fill)
        if scaling == MINMAX:
            self.mean = low
            self.scale = np.where(is_constant, 0.0, 1 / np.maximum(high - low, 1 / LARGEST))
            return
        if scaling == UNSCALED:
            if max(-low.min(initial=0.0), high.max(initial=0.0)) > LARGE:
                raise DataError(
                    f"A number is above {LARGE:.0e}, too large to be used unscaled: leave "
                    "--no-standardize or --scale none out."
                )
            self.mean = np.zeros(n)
            self.scale = np.where(is_constant, 0.0, 1.0)
            return

        def squared() -> Iterator[NDArray[np.float64]]:
            for within in from_middle():
                within -= mean
                yield np.square(within, out=within)

        squares = _sums(squared(), scratch)
        std = half * np.sqrt(squares / len(raw))
        self.scale = np.where(is_constant, 0.0, 1 / np.maximum(std, 1 / LARGEST))

    def _blocks(self, raw: NDArray[np.float64] | RawRows) -> Iterator[NDArray[np.float64]]:
        """Yield the inputs of some rows at a time: ``rows_at_once``."""
        expand = _Expansion(self)
        for block in _blocks_of(raw):
            yield from expand.pieces(block)

    def _means_of_present(self, raw: NDArray[np.float64] | RawRows) -> NDArray[np.float64]:
        """Return the means of columns that lack numbers, over those they have; NaN for others."""
        means = np.full(self.n_features, np.nan)
        at = 0
        for k, column in enumerate(self.table):
            if column.may_lack:
                found = np.concatenate([block[:, k] for block in _blocks_of(raw)])
                found = found[~np.isnan(found)]
                means[at] = (found / max(len(found), 1)).sum()
            at += column.n_features
        return means

    def constant(self) -> list[str]:
        """Return the columns that were the same in all training data: names, else positions."""
        positions = np.flatnonzero(self.scale == 0).tolist()
        if self.kind == "libsvm":
            return [str(i + self.base) for i in positions]
        owners = [
            name
            for c, name in zip(self.table, self.input_names, strict=True)
            for _ in range(c.n_features)
        ]
        return list(dict.fromkeys(owners[i] for i in positions))


class _Expansion:
    """The inputs of columns as they are read: ``FeatureColumns.expand``."""

    def __init__(self, columns: FeatureColumns) -> None:
        self._columns = columns
        self._words: list[tuple[int, int]] = []  # columns, and their first inputs
        numbers, inputs, lacking, indicators, at = [], [], [], [], 0
        for k, column in enumerate(columns.table):
            if column.is_words:
                self._words.append((k, at))
            else:
                numbers.append(k)
                inputs.append(at)
                if column.may_lack:
                    lacking.append(k)
                    indicators.append(at + 1)
            at += column.n_features
        self._numbers, self._inputs = np.array(numbers, int), np.array(inputs, int)
        self._lacking, self._indicators = np.array(lacking, int), np.array(indicators, int)

    def __call__(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = self._columns
        if columns.is_plain and not self._words:
            return np.where(np.isnan(raw), columns.fill, raw) if np.isnan(raw).any() else raw
        out = np.zeros((len(raw), columns.n_features))
        for k, at in self._words:
            rows = np.flatnonzero(raw[:, k] >= 0)
            out[rows, at + raw[rows, k].astype(np.int64)] = 1
        found = raw[:, self._numbers]
        out[:, self._inputs] = np.where(np.isnan(found), columns.fill[self._inputs], found)
        out[:, self._indicators] = np.isnan(raw[:, self._lacking])
        return out

    def pieces(self, block: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
        """Yield the inputs of some rows at a time: ``rows_at_once``."""
        step = rows_at_once(self._columns.n_features)
        return (self(block[first : first + step]) for first in range(0, len(block), step))


def _sums(
    pieces: Iterator[NDArray[np.float64]], scratch: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sums of columns, float64[n]: those of ``ROWS`` rows each, added up.

    Pieces are ``scratch[1 : 1 + rows]`` each, and end where ``ROWS`` do; the first row of
    ``scratch`` is for the sum so far, so that wide rows, of which a piece has few, have the same
    sums to the bit.
    """
    total, part, n = np.zeros(scratch.shape[1]), np.zeros(scratch.shape[1]), 0
    for piece in pieces:
        scratch[0] = part
        part = (scratch[: 1 + len(piece)] if n else piece).sum(axis=0)
        n += len(piece)
        if n >= ROWS:
            total += part
            n = 0
    return total + part if n else total


def _blocks_of(raw: NDArray[np.float64] | RawRows) -> Sequence[NDArray[np.float64]]:
    return raw.blocks() if isinstance(raw, RawRows) else [raw]


def natural(name: str) -> tuple[int, float, str]:
    """Return a key that sorts numbers as numbers, before words."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


class Labels:
    """The labels of rows, as numbers in the order of their first appearance.

    Rows have none, one or several; those of row i are ``ids[offsets[i]:offsets[i + 1]]``.
    """

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}  # keys are tuples where a cell is a list of labels
        self.ids, self.offsets = array("i"), array("q", [0])

    def add(self, names: Iterable[str]) -> None:
        """Add a row with some labels."""
        known = self.known
        for name in names:
            self.ids.append(known.setdefault(name, len(known)))
        self.offsets.append(len(self.ids))

    def add_single(self, names: Sequence[str]) -> None:
        """Add rows with one label each, or none where it is empty."""
        self.add_coded(Coded.of(names))

    def add_coded(self, names: Coded) -> None:
        """Do as ``add_single`` does."""
        known = self.known
        used = np.bincount(names.codes, minlength=len(names.values))
        to = [
            known.setdefault(name, len(known)) if name and n else -1
            for name, n in zip(names.values, used.tolist(), strict=True)
        ]
        self._append(np.array(to or [-1], np.int32)[names.codes])

    def _append(self, ids: NDArray[np.int32]) -> None:
        """Add rows of one label each, none where it is -1."""
        is_there = ids >= 0
        ends = len(self.ids) + np.cumsum(is_there, dtype=np.int64)
        self.ids.frombytes(ids[is_there].tobytes())
        self.offsets.frombytes(ends.tobytes())

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def renamed(self, labels_of: Callable[[Any], Sequence[str]]) -> Labels:
        """Return the labels that each of these stands for: one, several, or none."""
        found = Labels()
        new = [labels_of(name) for name in self.known]
        if [list(some) for some in new] == [[name] for name in self.known]:
            return self
        counts = np.diff(np.frombuffer(self.offsets, np.int64))
        if counts.max(initial=0) <= 1 and all(len(some) <= 1 for some in new):
            names = Coded(np.full(len(self), len(new), np.int32), [*("".join(n) for n in new), ""])
            names.codes[counts > 0] = np.frombuffer(self.ids, np.int32)
            found.add_coded(names)
            return found
        for a, b in pairwise(self.offsets):
            found.add(dict.fromkeys(one for i in self.ids[a:b] for one in new[i]))
        return found

    def counts(self) -> NDArray[np.int64]:
        """Return how many rows have each label, in the order of ``known``."""
        return np.bincount(np.frombuffer(self.ids, np.int32), minlength=len(self.known))

    def first(self) -> NDArray[np.int64]:
        """Return the first label of each row, as a number; -1 where it has none, int64[n]."""
        ids = np.append(np.frombuffer(self.ids, np.int32), -1) if self.ids else np.array([-1])
        ends = np.frombuffer(self.offsets, np.int64)
        return np.where(ends[1:] > ends[:-1], ids[ends[:-1]], -1).astype(np.int64)

    def numbered(
        self, names: Sequence[str], rows: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return ids and offsets by the numbers of some names; labels that are not there are left
        out, and so are rows that ``rows`` does not have.
        """
        places = {name: i for i, name in enumerate(names)}
        to = np.array([places.get(name, -1) for name in self.known] or [-1], np.int32)
        ids = to[np.frombuffer(self.ids, np.int32)] if self.ids else np.zeros(0, np.int32)
        ends = np.frombuffer(self.offsets, np.int64)
        counts = ends[1:] - ends[:-1]
        row_of = np.repeat(np.arange(len(counts)), counts)
        kept = ids >= 0
        if rows is not None:
            kept &= rows[row_of]
        n_kept = np.bincount(row_of[kept], minlength=len(counts))
        if rows is not None:
            n_kept = n_kept[rows]
        offsets = np.zeros(len(n_kept) + 1, np.int64)
        np.cumsum(n_kept, out=offsets[1:])
        found = ids[kept]
        return (found if len(found) else np.zeros(1, np.int32)), offsets

    @property
    def has_label(self) -> NDArray[np.bool_]:
        """Which rows have a label: bool[n]."""
        ends = np.frombuffer(self.offsets, np.int64)
        return ends[1:] > ends[:-1]
