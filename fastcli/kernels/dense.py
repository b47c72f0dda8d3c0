"""Products of matrices, in tiles that stay in registers.

A matrix is rows of floats, ``row`` floats from one to the next, in a flat array.  Every element
of a product is one chain of multiply-adds in the order of k, whatever the tiles and the threads,
so the same matrices give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.kernels._build import device, intrinsic

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, i64

DEPTH = 256  # of k at a time, so that 16 columns of b stay in the first cache


def _tile(
    m: int,
    a: F32,
    at: i64,
    a_row: i64,
    a_step: i64,
    b: F32,
    bt: i64,
    b_row: i64,
    c: F32,
    ct: i64,
    c_row: i64,
    k: i64,
    add: i64,
) -> None:
    for i in range(m):
        row = c[ct + i * c_row : ct + i * c_row + 16]
        if not add:
            row[:] = 0
        for j in range(k):
            row += a[at + i * a_row + j * a_step] * b[bt + j * b_row : bt + j * b_row + 16]


@intrinsic
def tile_1(
    a: F32,
    at: i64,
    a_row: i64,
    a_step: i64,
    b: F32,
    bt: i64,
    b_row: i64,
    c: F32,
    ct: i64,
    c_row: i64,
    k: i64,
    add: i64,
) -> None:
    """Multiply 1 row of a with 16 columns of b: see ``multiply``."""
    _tile(1, a, at, a_row, a_step, b, bt, b_row, c, ct, c_row, k, add)


@intrinsic
def tile_2(
    a: F32,
    at: i64,
    a_row: i64,
    a_step: i64,
    b: F32,
    bt: i64,
    b_row: i64,
    c: F32,
    ct: i64,
    c_row: i64,
    k: i64,
    add: i64,
) -> None:
    """Multiply 2 rows of a with 16 columns of b: see ``multiply``."""
    _tile(2, a, at, a_row, a_step, b, bt, b_row, c, ct, c_row, k, add)


@intrinsic
def tile_4(
    a: F32,
    at: i64,
    a_row: i64,
    a_step: i64,
    b: F32,
    bt: i64,
    b_row: i64,
    c: F32,
    ct: i64,
    c_row: i64,
    k: i64,
    add: i64,
) -> None:
    """Multiply 4 rows of a with 16 columns of b: see ``multiply``."""
    _tile(4, a, at, a_row, a_step, b, bt, b_row, c, ct, c_row, k, add)


@intrinsic
def tile_6(
    a: F32,
    at: i64,
    a_row: i64,
    a_step: i64,
    b: F32,
    bt: i64,
    b_row: i64,
    c: F32,
    ct: i64,
    c_row: i64,
    k: i64,
    add: i64,
) -> None:
    """Multiply 6 rows of a with 16 columns of b: see ``multiply``."""
    _tile(6, a, at, a_row, a_step, b, bt, b_row, c, ct, c_row, k, add)


@device
def multiply(
    a: F32,
    at: i64,
    a_row: i64,
    a_step: i64,
    b: F32,
    bt: i64,
    b_row: i64,
    c: F32,
    ct: i64,
    c_row: i64,
    m: i64,
    n: i64,
    k: i64,
    add: i64,
) -> None:
    """Set C (m x n) to A (m x k) times B (k x n), or add it where ``add`` is 1.

    Element (i, j) of A is ``a[at + i * a_row + j * a_step]``, so that A may be a transposed
    matrix; rows of B and C are contiguous.  n is a multiple of 16.
    """
    for first in range(0, k, DEPTH):
        depth = min(DEPTH, k - first)
        more = 1 if first > 0 else add
        for j in range(0, n, 16):
            bj, cj = bt + first * b_row + j, ct + j
            ai = at + first * a_step
            i = 0
            while i + 6 <= m:
                tile_6(
                    a,
                    ai + i * a_row,
                    a_row,
                    a_step,
                    b,
                    bj,
                    b_row,
                    c,
                    cj + i * c_row,
                    c_row,
                    depth,
                    more,
                )
                i += 6
            if i + 4 <= m:
                tile_4(
                    a,
                    ai + i * a_row,
                    a_row,
                    a_step,
                    b,
                    bj,
                    b_row,
                    c,
                    cj + i * c_row,
                    c_row,
                    depth,
                    more,
                )
                i += 4
            if i + 2 <= m:
                tile_2(
                    a,
                    ai + i * a_row,
                    a_row,
                    a_step,
                    b,
                    bj,
                    b_row,
                    c,
                    cj + i * c_row,
                    c_row,
                    depth,
                    more,
                )
                i += 2
            if i < m:
                tile_1(
                    a,
                    ai + i * a_row,
                    a_row,
                    a_step,
                    b,
                    bj,
                    b_row,
                    c,
                    cj + i * c_row,
                    c_row,
                    depth,
                    more,
                )
