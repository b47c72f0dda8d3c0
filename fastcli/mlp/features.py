"""Numbers as input: what the columns of a table are, their standardisation, labels as ids.

Numbers are read and standardised in float64 and cast to float32 last: dates and ids differ in
digits that float32 does not have.  ``feature_files`` reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.mlp.limits import LARGE
from fastcli.printable import listed, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 1e300  # what float64 holds with room for differences
TINY = np.finfo(np.float32).tiny  # the smallest number that processors take at full speed
ROUNDING = 4 * np.finfo(np.float64).eps
ROWS = 4096  # that are standardised together


@dataclass
class FeatureColumns:
    """What the columns of a training file are, and how its numbers are put on one scale.

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

    @property
    def expected(self) -> str:
        """A sentence on the columns of a table that a model is for."""
        names = self.names[: self.label] + self.names[self.label + 1 :]
        named_so = f" ({listed(names)})" if names else ""
        label = f" ({named(self.names[self.label])})" if names else ""
        plural = "s" * (self.n_features > 1)
        return (
            f"The model expects {self.n_features:,} column{plural} of numbers{named_so}, and may "
            f"be given the label{label} as column {self.label + 1}."
        )

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
                    f"A number is above {LARGE:.0e}, too large to be used unscaled: leave "
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
        positions = np.flatnonzero(self.scale == 0)
        if self.kind == "libsvm":
            return [str(i + self.base) for i in positions]
        positions += (positions >= self.label).astype(positions.dtype)
        return [self.names[i] if self.names else str(i) for i in positions]


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
