"""The hidden vector of a line: the mean of the input rows of its features.

Numbers are computed to the bit as fastText does it (v0.9.2 without fused multiply-add): sums one
addition after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.vector import (
    add_pairs,
    any_add,
    fill,
    prefetch_read,
    prefetch_row,
    rounded_product,
)
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, U8, f32, i64

AHEAD = 8
CENTROIDS = 256  # of each sub-vector


class Codes(Group):
    """The codes of a quantized matrix, and what they stand for.

    Sub-vector m of a row is one of the 256 centroids of ``dsub`` floats from
    ``centroids[m * 256 * dsub]`` on; the last sub-vector has ``lastdsub`` floats.  With
    ``has_norms`` row r stands for its centroids times ``norms[norm_codes[r]]``.
    Jegou, Douze and Schmid (2011), section 2.
    """

    codes: U8  # [rows * nsubq]
    nsubq: i64
    dsub: i64
    lastdsub: i64
    centroids: F32  # [256 * dim]
    has_norms: i64
    norm_codes: U8  # [rows]
    norms: F32  # [256]


@device
def divide_row(x: F32, n: i64, dim: i64) -> None:
    """Divide the sum of n rows by n; zeros if there are none."""
    scale = np.float32(1.0) / np.float32(max(n, 1))
    for k in range(dim):
        x[k] *= scale


@kernel
def mean_rows(features: I32, offsets: I64, n_lines: i64, wi: F32, dim: i64, out: F32) -> None:
    """Set row i of ``out`` to the mean of the input rows of line i; zeros if it has none."""
    for line in range(n_lines):
        start, end = offsets[line], offsets[line + 1]
        mean = at(out, line * dim)
        fill(mean, np.float32(0.0), dim)
        for j in range(start, end):
            if j + AHEAD < end:
                prefetch_row(at(wi, features[j + AHEAD] * dim), dim)
            any_add(mean, at(wi, features[j] * dim), dim)
        divide_row(mean, end - start, dim)


@device
def add_codes(matrix: Codes, row: i64, a: f32, out: F32) -> None:
    """Add a times the centroids that the codes of a row name to ``out``."""
    codes, centroids, dsub = at(matrix.codes, row * matrix.nsubq), matrix.centroids, matrix.dsub
    if dsub == 2 and matrix.lastdsub == 2:  # fastText's default, without an inner loop
        whole = matrix.nsubq - matrix.nsubq % 8
        add_pairs(out, a, centroids, codes, whole)
        for m in range(whole, matrix.nsubq):
            c = (m * CENTROIDS + int(codes[m])) * 2
            out[2 * m] += rounded_product(a, centroids[c])
            out[2 * m + 1] += rounded_product(a, centroids[c + 1])
        return
    for m in range(matrix.nsubq):
        width = matrix.lastdsub if m == matrix.nsubq - 1 else dsub
        c = m * CENTROIDS * dsub + int(codes[m]) * width
        for j in range(width):
            out[m * dsub + j] += rounded_product(a, centroids[c + j])


@device
def fetch_codes(matrix: Codes, row: i64) -> None:
    """Prefetch the codes of a row."""
    first = row * matrix.nsubq
    for k in range(0, matrix.nsubq, 64):
        prefetch_read(matrix.codes, first + k)
    prefetch_read(matrix.codes, first + matrix.nsubq - 1)
    if matrix.has_norms == 1:
        prefetch_read(matrix.norm_codes, row)


@kernel
def mean_codes(
    features: I32, offsets: I64, n_lines: i64, matrix: Codes, dim: i64, out: F32
) -> None:
    """Do what ``mean_rows`` does with the rows of a quantized matrix, from their codes."""
    for line in range(n_lines):
        start, end = offsets[line], offsets[line + 1]
        mean = at(out, line * dim)
        fill(mean, np.float32(0.0), dim)
        for j in range(start, end):
            if j + AHEAD < end:
                fetch_codes(matrix, int(features[j + AHEAD]))
            row = int(features[j])
            a = np.float32(1.0)
            if matrix.has_norms == 1:
                a = matrix.norms[matrix.norm_codes[row]]
            add_codes(matrix, row, a, mean)
        divide_row(mean, end - start, dim)
