"""Rows of numbers as they are read: some at a time, and all of a file in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.memory import zeros
from fastcli.tables.coded import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.tables.delimited import Chunk

ROWS = 4096  # whose sums are added up together
BLOCK = 1 << 24  # bytes of a block, or of one row if that is more


def rows_at_once(width: int) -> int:
    """Return how many rows are worked on together: ``ROWS``, or of wide ones a part of them.

    It is a power of two, so that blocks of so many rows end where ``ROWS`` do.
    """
    fit = max(1, BLOCK // (8 * max(width, 1)))
    return min(ROWS, 1 << (fit.bit_length() - 1))


@dataclass
class FeatureRows:
    """Lines as they are read: ``raw`` float64[n, columns], the labels of each, which are blank.

    In ``raw`` numbers that are missing are NaN, and words are the numbers of their levels, -1
    for others: see ``FeatureColumns.expand``.  ``names`` are labels as they are written: "" for
    none, several with commas in libsvm.
    """

    raw: NDArray[np.float64]
    names: Coded
    blank: NDArray[np.bool_]
    nbytes: int = 0  # of the text that they were read from
    passed: int = 0  # lines before them that are not rows: a header
    lines: NDArray[np.int64] | None = None  # int64[n]: where they begin, None if in every line one
    targets: NDArray[np.float64] | None = None  # float64[n, targets] of regression; NaN: missing

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, part: slice | NDArray[Any]) -> FeatureRows:
        lines = None if self.lines is None else self.lines[part]
        targets = None if self.targets is None else self.targets[part]
        raw, names, blank = self.raw[part], self.names[part], self.blank[part]
        return FeatureRows(raw, names, blank, lines=lines, targets=targets)


class RawRows:
    """Rows float64[n, width] that are added to, in blocks that go back to the system one by one.

    All blocks but the last have equally many rows: a multiple of ``ROWS``, or of wide rows
    ``rows_at_once``.  ``weights`` float64[n] are those of the rows, None: all weigh 1; ``targets``
    float64[n, targets] those of regression.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        at_once = rows_at_once(width)
        self._most = at_once * max(1, BLOCK // (8 * at_once * width))
        self._full: list[NDArray[np.float64]] = []
        self._last, self._n_last = _rows(0, width), 0
        self.weights: NDArray[np.float64] | None = None
        self.targets: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, rows: NDArray[np.float64], kept: NDArray[np.bool_] | None = None) -> RawRows:
        """Return the rows of a matrix, or some of them by bool[n]."""
        found = cls(rows.shape[1])
        for first in range(0, len(rows), found._most):
            part = slice(first, first + found._most)
            found.add(rows[part] if kept is None else rows[part][kept[part]])
        return found

    def __len__(self) -> int:
        return len(self._full) * self._most + self._n_last

    def add(self, rows: NDArray[np.float64]) -> None:
        """Add rows at the end."""
        at = 0
        while at < len(rows):
            n = min(len(rows) - at, self._most - self._n_last)
            end = self._n_last + n
            if end > len(self._last):
                larger = self._most if self._full else min(2 * end, self._most)
                longer = _rows(larger, self.width)
                longer[: self._n_last] = self._last[: self._n_last]
                self._last = longer
            self._last[self._n_last : end] = rows[at : at + n]
            at, self._n_last = at + n, end
            if end == self._most:
                self._full.append(self._last)
                self._last, self._n_last = _rows(0, self.width), 0

    def blocks(self) -> list[NDArray[np.float64]]:
        """Return the blocks, which can be written to."""
        return [*self._full, self._last[: self._n_last]]

    def take(self) -> Iterator[NDArray[np.float64]]:
        """Yield the blocks; each is gone when the next one is asked for, and so are all rows."""
        blocks = self.blocks()[::-1]
        self._full, self._last, self._n_last = [], _rows(0, self.width), 0
        while blocks:
            yield blocks.pop()

    def take_only(self, kept: NDArray[np.bool_]) -> RawRows:
        """Return some of the rows, by bool[n]; there are none here afterwards."""
        found, at = RawRows(self.width), 0
        for block in self.take():
            found.add(block[kept[at : at + len(block)]])
            at += len(block)
        found.weights = None if self.weights is None else self.weights[kept]
        found.targets = None if self.targets is None else self.targets[kept]
        return found

    def take_weights(self, k: int) -> RawRows:
        """Return the rows without column k, which are their weights; none stay here."""
        found, weights = RawRows(self.width - 1), []
        for block in self.take():
            weights.append(block[:, k].copy())
            found.add(np.delete(block, k, axis=1))
        found.weights, found.targets = np.concatenate(weights), self.targets
        return found

    def take_apart(self, chosen: NDArray[np.bool_]) -> tuple[RawRows, RawRows]:
        """Return the rows that are not chosen, and those that are, by bool[n]; none stay here."""
        others, found, at = RawRows(self.width), RawRows(self.width), 0
        for block in self.take():
            part = chosen[at : at + len(block)]
            others.add(block[~part])
            found.add(block[part])
            at += len(block)
        if self.weights is not None:
            others.weights, found.weights = self.weights[~chosen], self.weights[chosen]
        if self.targets is not None:
            others.targets, found.targets = self.targets[~chosen], self.targets[chosen]
        return others, found

    def take_whole(self) -> NDArray[np.float64]:
        """Return a matrix of all rows; there are none here afterwards."""
        found, at = _rows(len(self), self.width), 0
        for block in self.take():
            found[at : at + len(block)] = block
            at += len(block)
        return found


def _rows(n: int, width: int) -> NDArray[np.float64]:
    """Return a matrix in memory of its own, which the system has back when it is not used."""
    return zeros(2 * n * width).view(np.float64).reshape(n, width) if n else np.empty((0, width))


def spread(rows: FeatureRows, chunk: Chunk, line: int) -> tuple[FeatureRows, int]:
    """Return rows with a blank one for each line without anything, and the line that follows.

    ``line`` is the first line that has no row yet.
    """
    after = chunk.lines_after()
    before = [start - end for start, end in zip(chunk.lines, [line, *after], strict=False)]
    end = after[-1] if after else line
    n = len(before) + sum(before) + max(chunk.next_line - end, 0)
    if n == len(before):
        return rows, end
    at = np.cumsum(np.array(before, np.int64)) + np.arange(len(before))
    raw = np.full((n, rows.raw.shape[1]), np.nan)
    raw[at] = rows.raw
    codes, blank = np.full(n, len(rows.names.values), np.int32), np.ones(n, np.bool_)
    codes[at], blank[at] = rows.names.codes, rows.blank
    lines = np.zeros(n, np.int64)  # of lines without anything nobody asks
    lines[at] = chunk.lines
    targets = None
    if rows.targets is not None:
        targets = np.full((n, rows.targets.shape[1]), np.nan)
        targets[at] = rows.targets
    names = Coded(codes, [*rows.names.values, ""])
    found = FeatureRows(raw, names, blank, lines=lines, targets=targets)
    return found, max(chunk.next_line, end)
