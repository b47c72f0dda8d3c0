"""Dense matrices: rows of floats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.contents import Contents, FromFile
from fastcli.kernels.linear import means as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DenseMatrix(FromFile):
    """Rows of ``dim`` floats, flat (float32) one after the other.

    ``contents`` is the file that they are mapped from, None if they are in memory.
    """

    values: NDArray[np.float32]
    dim: int
    contents: Contents | None = None

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.values) // self.dim

    def means(
        self, features: NDArray[np.int32], offsets: NDArray[np.int64], first: int, last: int
    ) -> NDArray[np.float32]:
        """Return the mean rows of lines ``first`` to ``last``, flat.

        The rows of line i are ``features[offsets[i]:offsets[i + 1]]``; zeros if it has none.
        """
        out = np.empty((last - first) * self.dim, np.float32)
        self.check_unchanged()
        kernels.mean_rows(features, offsets[first:], last - first, self.values, self.dim, out)
        self.check_unchanged()
        return out


def largest(values: NDArray[np.float32]) -> float:
    """Return the largest size of numbers, 0 of none; NaN or infinite if one of them is."""
    return float(np.maximum(values.max(), -values.min())) if len(values) else 0.0


def first_not_finite(rows: NDArray[np.float32]) -> int:
    """Return the first row (of n x dim) that holds NaN or infinity, or -1."""
    if math.isfinite(largest(rows.reshape(-1))):
        return -1
    return int((~np.isfinite(rows).all(axis=1)).argmax())


def row_lengths(rows: NDArray[np.float32]) -> NDArray[Any]:
    """Return the lengths of rows (n x dim) as n x 1; float64 where squares are too large."""
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if np.isinf(lengths).any():
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(lengths)
