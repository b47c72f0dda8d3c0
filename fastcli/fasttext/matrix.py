"""Dense matrices, and memory for them: rows of floats that start where cache lines start."""

from __future__ import annotations

import contextlib
import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels import predict as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANES = 16  # floats in a cache line, and in the vectors that kernels work with


def padded(dim: int) -> int:
    """Return the floats that a row of ``dim`` takes in memory: a multiple of 16."""
    return -(-dim // LANES) * LANES


def zeros(n: int) -> NDArray[np.float32]:
    """Return n zeros in fresh memory, on a page's start, in large pages where there are any."""
    memory = mmap.mmap(-1, max(4 * n, 1))
    with contextlib.suppress(AttributeError, OSError):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.float32, n)


@dataclass(frozen=True)
class DenseMatrix:
    """Rows of ``dim`` floats, flat (float32) one after the other."""

    values: NDArray[np.float32]
    dim: int

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
        kernels.mean_rows(features, offsets, first, last, self.values, self.dim, out)
        return out
