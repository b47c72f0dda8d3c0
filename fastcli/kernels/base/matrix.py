"""Whole matrices: random starting values, and rows on their way to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import kernel
from fastcli.kernels.base.integers import random_bits

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, i64


@kernel
def init_rows(
    wi: F32,
    places: I64,
    ids: I64,
    first: i64,
    last: i64,
    stride: i64,
    dim: i64,
    seed: i64,
) -> None:
    """Set rows to uniform random numbers in [-1/dim, 1/dim).

    Row ``places[i]`` in memory, for i from ``first`` to ``last``, is row ``ids[i]`` of the model
    file; a value depends on the seed, that row and the column alone.  One random number of 63
    bits makes three values of 21 bits.
    """
    scale = np.float32(2.0 / dim / 2097152.0)
    least = np.float32(-1.0 / dim)
    draws = (dim + 2) // 3
    for i in range(first, last):
        at = places[i] * stride
        for k in range(draws):
            bits = random_bits(seed, ids[i] * draws + k)
            for j in range(k * 3, min(k * 3 + 3, dim)):
                wi[at + j] = np.float32(bits & 2097151) * scale + least
                bits >>= 21


@kernel
def copy_rows(
    wi: F32,
    stride: i64,
    dim: i64,
    places: I64,
    ids: I64,
    first: i64,
    last: i64,
    base: i64,
    out: F32,
    n_out: i64,
) -> None:
    """Set ``out[:n_out]`` to rows ``base`` on of a model file: those that are there, else zero.

    Row ``places[i]`` in memory, for i from ``first`` to ``last``, is row ``ids[i]`` of the file.
    """
    for k in range(n_out):
        out[k] = np.float32(0.0)
    for i in range(first, last):
        at, to = places[i] * stride, (ids[i] - base) * dim
        for k in range(dim):
            out[to + k] = wi[at + k]
