"""Whole matrices: random starting values, and rows on their way to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.vector import fill
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, i64


class KeptRows(Group):
    """The rows of a model's matrix that have memory, as not all of a model file do."""

    values: F32  # [rows in memory * stride]; a row has dim values, and room after them
    stride: i64
    dim: i64
    rows: I64  # [n]: where each is in memory
    ids: I64  # [n], rising: which row of the model file each is


@kernel
def init_rows(kept: KeptRows, first: i64, last: i64, seed: i64) -> None:
    """Set the kept rows ``first`` to ``last`` to uniform random numbers in [-1/dim, 1/dim).

    A value depends on the seed, the row of the model file and the column alone.  One random
    number of 63 bits makes three values of 21 bits.
    """
    dim = kept.dim
    scale = np.float32(2.0 / dim / 2097152.0)
    minimum = np.float32(-1.0 / dim)
    draws = (dim + 2) // 3
    for i in range(first, last):
        row = at(kept.values, kept.rows[i] * kept.stride)
        for k in range(draws):
            bits = random_bits(seed, kept.ids[i] * draws + k)
            for j in range(k * 3, min(k * 3 + 3, dim)):
                row[j] = np.float32(bits & 2097151) * scale + minimum
                bits >>= 21


@kernel
def copy_rows(kept: KeptRows, first: i64, last: i64, base: i64, out: F32, n_out: i64) -> None:
    """Set ``out[:n_out]`` to rows ``base`` on of a model file: those that are kept, else zero.

    Kept rows ``first`` to ``last`` are copied, which must be among those that ``out`` holds.
    """
    fill(out, np.float32(0.0), n_out)
    for i in range(first, last):
        row = at(kept.values, kept.rows[i] * kept.stride)
        to = at(out, (kept.ids[i] - base) * kept.dim)
        for k in range(kept.dim):
            to[k] = row[k]
