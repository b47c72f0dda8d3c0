"""Product quantization: k-means over sub-vectors, and the codes of rows.

Jegou, Douze and Schmid (2011), Product Quantization for Nearest Neighbor Search; Joulin et al.
(2016), FastText.zip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.vector import any_dot, nearest_centroid
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.means import CENTROIDS

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I64, U8, i64

EPSILON = 1e-7  # by which the two halves of a cluster are moved apart


class ScaledRows(Group):
    """Rows of a matrix, each to be divided by its norm."""

    values: F32  # [rows * dim]
    dim: i64
    norms: F32  # [rows]: 1 where rows are quantized as they are


class Points(Group):
    """The sub-vectors that k-means looks at, of d floats each."""

    n: i64
    d: i64
    rows: I64  # [n]: of which row each is
    values: F32  # scratch: [n * d]
    codes: U8  # scratch: [n], the centroid of each


class Centroids(Group):
    """256 centroids of each sub-vector, one set after the other."""

    values: F32  # [256 * d] for each sub-vector of d floats
    turned: F32  # scratch: the same, coordinate by coordinate
    halves: F32  # scratch: [256] for each sub-vector, half the squares of their lengths


class Clusters(Group):
    """Scratch of k-means: the sums and counts of the points of each centroid."""

    sums: F64  # [256 * (d + 1)]: weighted sums of the points, and of the weights
    counts: I64  # [256]


class Lloyd(Group):
    """How k-means goes: with ``pinned`` centroid 0 stays the zero vector."""

    iterations: i64
    pinned: i64
    seed: i64


@kernel
def row_norms(matrix: F32, dim: i64, n_rows: i64, out: F32) -> None:
    """Set ``out[:n_rows]`` to the lengths of rows of ``dim`` floats."""
    for i in range(n_rows):
        row = at(matrix, i * dim)
        out[i] = np.float32(np.sqrt(float(any_dot(row, row, dim))))


@device
def sub_vectors(centroids: Centroids, m: i64, dsub: i64) -> Centroids:
    """Return the centroids of sub-vector m on, where those before it have ``dsub`` floats."""
    start = m * CENTROIDS * dsub
    return Centroids(
        at(centroids.values, start),
        at(centroids.turned, start),
        at(centroids.halves, m * CENTROIDS),
    )


@device
def turn_centroids(centroids: Centroids, d: i64) -> None:
    """Write the 256 centroids of one sub-vector coordinate by coordinate, and their halves."""
    for c in range(CENTROIDS):
        square = np.float32(0.0)
        for j in range(d):
            value = centroids.values[c * d + j]
            centroids.turned[j * CENTROIDS + c] = value
            square += value * value
        centroids.halves[c] = square * np.float32(0.5)


@device
def gather_points(rows: ScaledRows, column: i64, points: Points) -> None:
    """Copy the columns from ``column`` on of the points' rows, divided by the row's norm."""
    for i in range(points.n):
        row = points.rows[i]
        for j in range(points.d):
            value = rows.values[row * rows.dim + column + j]
            points.values[i * points.d + j] = value / rows.norms[row]


@device
def mean_centroids(
    points: Points, norms: F32, lloyd: Lloyd, draws: i64, clusters: Clusters, centroids: F32
) -> i64:
    """Move every centroid to the mean of its points; return the random numbers used by then.

    A point counts by the square of its row's norm, as its error does in the row.  A centroid
    without points takes half of a cluster chosen by its size, the two moved a little apart.
    """
    d, sums, counts = points.d, clusters.sums, clusters.counts
    for c in range(CENTROIDS):
        counts[c] = 0
        for j in range(d + 1):
            sums[c * (d + 1) + j] = 0.0
    for i in range(points.n):
        c = int(points.codes[i])
        weight = float(norms[points.rows[i]]) * float(norms[points.rows[i]])
        counts[c] += 1
        for j in range(d):
            sums[c * (d + 1) + j] += weight * float(points.values[i * d + j])
        sums[c * (d + 1) + d] += weight
    for c in range(lloyd.pinned, CENTROIDS):
        if counts[c] > 0:
            for j in range(d):
                centroids[c * d + j] = np.float32(sums[c * (d + 1) + j] / sums[c * (d + 1) + d])
    for c in range(lloyd.pinned, CENTROIDS):
        if counts[c] > 0:
            continue
        # The cluster of a random point is chosen by its size; tiny ones are not worth halving.
        other = int(points.codes[random_bits(lloyd.seed, draws) % points.n])
        draws += 1
        tries = 0
        while (counts[other] < 2 or other < lloyd.pinned) and tries < 64:
            other = int(points.codes[random_bits(lloyd.seed, draws) % points.n])
            draws += 1
            tries += 1
        if counts[other] < 2 or other < lloyd.pinned:
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
    rows: ScaledRows,
    column: i64,
    points: Points,
    lloyd: Lloyd,
    clusters: Clusters,
    centroids: Centroids,
) -> None:
    """Find 256 centroids of a sub-vector of rows by k-means (Lloyd 1982).

    The sub-vectors are the columns from ``column`` on of the points' rows (256 or more); the
    first 256 of them are the first centroids.  Ends early where nothing moves.
    """
    n, d = points.n, points.d
    gather_points(rows, column, points)
    for k in range(CENTROIDS * d):
        centroids.values[k] = points.values[k]
    for j in range(d * lloyd.pinned):
        centroids.values[j] = np.float32(0.0)
    for i in range(n):
        points.codes[i] = 0
    draws = 0
    for iteration in range(lloyd.iterations):
        turn_centroids(centroids, d)
        n_moved = 0
        for i in range(n):
            c = nearest_centroid(
                at(points.values, i * d), d, centroids.turned, centroids.halves, CENTROIDS
            )
            if c != int(points.codes[i]):
                points.codes[i] = c
                n_moved += 1
        if n_moved == 0 and iteration > 0:
            break
        draws = mean_centroids(points, rows.norms, lloyd, draws, clusters, centroids.values)


@kernel
def encode_rows(
    rows: ScaledRows, first: i64, last: i64, dsub: i64, centroids: Centroids, point: F32, codes: U8
) -> None:
    """Set the codes of rows ``first`` to ``last``: the centroids nearest to their sub-vectors.

    ``codes`` has ceil(dim / dsub) a row, of all rows.  ``point`` (dsub) is scratch.
    """
    dim = rows.dim
    nsubq = (dim + dsub - 1) // dsub
    for m in range(nsubq):
        turn_centroids(sub_vectors(centroids, m, dsub), min(dsub, dim - m * dsub))
    for row in range(first, last):
        for m in range(nsubq):
            d = min(dsub, dim - m * dsub)
            for j in range(d):
                point[j] = rows.values[row * dim + m * dsub + j] / rows.norms[row]
            own = sub_vectors(centroids, m, dsub)
            codes[row * nsubq + m] = nearest_centroid(point, d, own.turned, own.halves, CENTROIDS)
