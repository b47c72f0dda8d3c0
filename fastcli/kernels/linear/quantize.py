"""Product quantization: k-means over sub-vectors, and the codes of rows.

Jegou, Douze and Schmid (2011), Product Quantization for Nearest Neighbor Search; Joulin et al.
(2016), FastText.zip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.vector import any_dot, nearest_centroid
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I64, U8, i64

CENTROIDS = 256
EPSILON = 1e-7  # by which the two halves of a cluster are moved apart


@kernel
def row_norms(matrix: F32, dim: i64, first: i64, last: i64, out: F32) -> None:
    """Set ``out[first:last]`` to the lengths of rows of ``dim`` floats."""
    for row in range(first, last):
        out[row] = np.float32(
            np.sqrt(float(any_dot(at(matrix, row * dim), at(matrix, row * dim), dim)))
        )


@device
def turn_centroids(
    centroids: F32, offset: i64, d: i64, turned: F32, halves: F32, half_at: i64
) -> None:
    """Write 256 centroids coordinate by coordinate, and half the squares of their lengths.

    They are at ``centroids[at:]``, go to ``turned[at:]``, the halves to ``halves[half_at:]``.
    """
    for c in range(CENTROIDS):
        square = np.float32(0.0)
        for j in range(d):
            value = centroids[offset + c * d + j]
            turned[offset + j * CENTROIDS + c] = value
            square += value * value
        halves[half_at + c] = square * np.float32(0.5)


@device
def gather_points(
    matrix: F32, dim: i64, column: i64, d: i64, norms: F32, sample: I64, n: i64, points: F32
) -> None:
    """Copy a sub-vector of d floats of the rows ``sample[:n]``, divided by the row's norm."""
    for i in range(n):
        row = sample[i]
        for j in range(d):
            points[i * d + j] = matrix[row * dim + column + j] / norms[row]


@device
def mean_centroids(
    points: F32,
    n: i64,
    d: i64,
    norms: F32,
    sample: I64,
    codes: U8,
    pinned: i64,
    seed: i64,
    draws: i64,
    sums: F64,
    counts: I64,
    centroids: F32,
) -> i64:
    """Move every centroid to the mean of its points; return the random numbers used by then.

    A point counts by the square of its row's norm, as its error does in the row.  A centroid
    without points takes half of a cluster chosen by its size, the two moved a little apart.  With
    ``pinned`` centroid 0 stays where it is.
    """
    for c in range(CENTROIDS):
        counts[c] = 0
        for j in range(d + 1):
            sums[c * (d + 1) + j] = 0.0
    for i in range(n):
        c = int(codes[i])
        weight = float(norms[sample[i]]) * float(norms[sample[i]])
        counts[c] += 1
        for j in range(d):
            sums[c * (d + 1) + j] += weight * float(points[i * d + j])
        sums[c * (d + 1) + d] += weight
    for c in range(pinned, CENTROIDS):
        if counts[c] > 0:
            for j in range(d):
                centroids[c * d + j] = np.float32(sums[c * (d + 1) + j] / sums[c * (d + 1) + d])
    for c in range(pinned, CENTROIDS):
        if counts[c] > 0:
            continue
        # The cluster of a random point is chosen by its size; tiny ones are not worth halving.
        other = int(codes[random_bits(seed, draws) % n])
        draws += 1
        tries = 0
        while (counts[other] < 2 or other < pinned) and tries < 64:
            other = int(codes[random_bits(seed, draws) % n])
            draws += 1
            tries += 1
        if counts[other] < 2 or other < pinned:
            continue
        sign = np.float32(EPSILON)
        for j in range(d):
            centroids[c * d + j] = centroids[other * d + j] + sign
            centroids[other * d + j] -= sign
            sign = -sign
        counts[c] = counts[other] // 2
        counts[other] -= counts[c]
    return draws


@kernel
def train_centroids(
    matrix: F32,
    dim: i64,
    column: i64,
    d: i64,
    norms: F32,
    sample: I64,
    n: i64,
    iterations: i64,
    pinned: i64,
    seed: i64,
    points: F32,
    codes: U8,
    turned: F32,
    halves: F32,
    sums: F64,
    counts: I64,
    centroids: F32,
) -> None:
    """Find 256 centroids of a sub-vector of rows by k-means (Lloyd 1982).

    The sub-vectors are columns ``column`` to ``column + d`` of the rows ``sample[:n]`` (n >=
    256), each divided by ``norms[row]``; the first 256 of the sample are the first centroids.
    With ``pinned`` centroid 0 is the zero vector throughout.  Ends early where nothing moves.
    Scratch: ``points`` (n x d), ``codes`` (n), ``turned`` (256 d), ``halves`` (256), ``sums``
    (256 (d + 1)), ``counts`` (256).
    """
    gather_points(matrix, dim, column, d, norms, sample, n, points)
    for k in range(CENTROIDS * d):
        centroids[k] = points[k]
    for j in range(d * pinned):
        centroids[j] = np.float32(0.0)
    for i in range(n):
        codes[i] = 0
    draws = 0
    for iteration in range(iterations):
        turn_centroids(centroids, 0, d, turned, halves, 0)
        moved = 0
        for i in range(n):
            c = nearest_centroid(at(points, i * d), d, turned, halves, CENTROIDS)
            if c != int(codes[i]):
                codes[i] = c
                moved += 1
        if moved == 0 and iteration > 0:
            break
        draws = mean_centroids(
            points, n, d, norms, sample, codes, pinned, seed, draws, sums, counts, centroids
        )


@kernel
def encode_rows(
    matrix: F32,
    dim: i64,
    dsub: i64,
    norms: F32,
    first: i64,
    last: i64,
    centroids: F32,
    turned: F32,
    halves: F32,
    point: F32,
    codes: U8,
) -> None:
    """Set ``codes`` (rows x ceil(dim / dsub)) to the centroids nearest to the rows' sub-vectors.

    Rows are divided by ``norms[row]``.  ``centroids`` has 256 for each sub-vector, one set after
    the other.  Scratch: ``turned`` (256 dim), ``halves`` (256 for each sub-vector), ``point``
    (dsub).
    """
    nsubq = (dim + dsub - 1) // dsub
    for m in range(nsubq):
        d = min(dsub, dim - m * dsub)
        turn_centroids(centroids, m * CENTROIDS * dsub, d, turned, halves, m * CENTROIDS)
    for row in range(first, last):
        for m in range(nsubq):
            d = min(dsub, dim - m * dsub)
            for j in range(d):
                point[j] = matrix[row * dim + m * dsub + j] / norms[row]
            codes[row * nsubq + m] = nearest_centroid(
                point, d, at(turned, m * CENTROIDS * dsub), at(halves, m * CENTROIDS), CENTROIDS
            )
