"""Memory for matrices: rows of floats that start where cache lines start."""

from __future__ import annotations

import contextlib
import mmap
from typing import TYPE_CHECKING

import numpy as np

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
