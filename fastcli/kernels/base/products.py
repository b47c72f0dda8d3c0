"""Products of matrices, in tiles that stay in registers.

A matrix is rows of floats, ``row`` floats from one to the next, in a flat array.  Every element
of a product is one chain of multiply-adds in the order of k, whatever the tiles and the threads,
so the same matrices give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, intrinsic
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, i64

DEPTH = 256  # of k at a time, so that 16 columns of b stay in the first cache


@intrinsic
def strip(
    a: F32,
    a_row: i64,
    a_step: i64,
    b: F32,
    b_row: i64,
    c: F32,
    c_row: i64,
    m: i64,
    k: i64,
    add: i64,
) -> None:
    """Do ``multiply`` for 16 columns of b: tiles of six rows, then of four, two and one.

    The product is added to C where ``add`` is 1.
    """
    for i in range(m):
        row = c[i * c_row : i * c_row + 16]
        if not add:
            row[:] = 0
        for j in range(k):
            row += a[i * a_row + j * a_step] * b[j * b_row : j * b_row + 16]


@device
def multiply(
    a: F32, a_row: i64, a_step: i64, b: F32, b_row: i64, c: F32, c_row: i64, m: i64, n: i64, k: i64
) -> None:
    """Set C (m x n) to A (m x k) times B (k x n).

    Element (i, j) of A is ``a[i * a_row + j * a_step]``, so that A may be a transposed matrix;
    rows of B and C are contiguous.  n is a multiple of 16.
    """
    for first in range(0, k, DEPTH):
        depth, add = min(DEPTH, k - first), 1 if first > 0 else 0
        x, y = at(a, first * a_step), at(b, first * b_row)
        for j in range(0, n, 16):
            strip(x, a_row, a_step, at(y, j), b_row, at(c, j), c_row, m, depth, add)
