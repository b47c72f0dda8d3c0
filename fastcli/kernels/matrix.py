"""Whole matrices: random starting values, and rows on their way to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels._build import kernel
from fastcli.kernels.integers import random_bits

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, I32, I64, U8, i64


@kernel
def init_rows(
    wi: F32, first: i64, last: i64, stride: i64, dim: i64, nwords: i64, buckets: I32, seed: i64
) -> None:
    """Set rows ``first`` to ``last`` to uniform random numbers in [-1/dim, 1/dim).

    A value depends on the seed, the row's place in the model file and the column alone.  One
    random number of 63 bits makes three values of 21 bits.
    """
    scale = np.float32(2.0 / dim / 2097152.0)
    least = np.float32(-1.0 / dim)
    draws = (dim + 2) // 3
    for row in range(first, last):
        place = row if row < nwords else nwords + buckets[row - nwords]
        at = row * stride
        for k in range(draws):
            bits = random_bits(seed, place * draws + k)
            for j in range(k * 3, min(k * 3 + 3, dim)):
                wi[at + j] = np.float32(bits & 2097151) * scale + least
                bits >>= 21


@kernel
def mark_rows(rows: I32, n: i64, used: U8) -> None:
    """Set ``used`` to 1 for every row among ``rows[:n]``."""
    for i in range(n):
        used[rows[i]] = 1


@kernel
def copy_rows(
    wi: F32, stride: i64, dim: i64, rows: I32, places: I64, first: i64, last: i64, out: F32
) -> None:
    """Copy rows to their places, ``dim`` floats each: row ``rows[i]`` to place ``places[i]``."""
    for i in range(first, last):
        at, to = rows[i] * stride, places[i] * dim
        for k in range(dim):
            out[to + k] = wi[at + k]
