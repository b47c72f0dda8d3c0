"""Product quantization: k-means, codes, and rows made of codes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.base.vector import nearest_centroid
from fastcli.kernels.base.views import at
from fastcli.kernels.linear import means
from fastcli.kernels.linear import quantize as kernels
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, i64

N = 300 if PYTHON_MODE else 700


@probe
def call_nearest(
    x: F32, i: i64, d: i64, centroids: F32, offset: i64, halves: F32, half_at: i64, count: i64
) -> i64:
    return nearest_centroid(at(x, i), d, at(centroids, offset), at(halves, half_at), count)


@pytest.mark.parametrize("count", [16, 32, 256])
@pytest.mark.parametrize("d", [1, 2, 3, 16, 20])
def test_nearest_centroid(d, count, rng):
    centroids = rng.normal(size=(count, d)).astype(np.float32)
    table = np.full(5 + count * d, np.nan, np.float32)
    table[5:] = centroids.T.reshape(-1)
    halves = np.full(3 + count, np.nan, np.float32)
    halves[3:] = (centroids**2).sum(1) / 2
    for _ in range(30):
        x = rng.normal(size=d + 2).astype(np.float32)
        comp = call_nearest(x, 2, d, table, 5, halves, 3, count)
        distances = ((centroids - x[2:]) ** 2).sum(1)
        assert distances[comp] <= distances.min() + 1e-5


def test_of_equal_centroids_the_first_is_nearest():
    for first in range(64):
        centroids = np.ones(64, np.float32)
        centroids[[first, min(first + 7, 63), 63]] = 0.25
        halves = centroids**2 / 2
        assert call_nearest(np.zeros(1, np.float32), 0, 1, centroids, 0, halves, 0, 64) == first


@pytest.mark.parametrize("dim", [1, 7, 16, 33])
def test_row_norms(dim, rng):
    rows = rng.normal(size=(5, dim)).astype(np.float32)
    rows[2] = 0
    out = np.full(5, -1, np.float32)
    kernels.row_norms(rows.reshape(-1)[dim:], dim, 3, out[1:])
    np.testing.assert_allclose(out[1:4], naive.row_norms(rows)[1:4], rtol=1e-6)
    assert out[[0, 4]].tolist() == [-1, -1]


def with_scratch(centroids, dim, nsubq):
    return kernels.Centroids(
        centroids, np.full(256 * dim, np.nan, np.float32), np.full(256 * nsubq, np.nan, np.float32)
    )


def train(matrix, column, d, norms, sample, iterations, pinned=0, seed=3):
    """Return the centroids that the kernel finds."""
    n = len(sample)
    centroids = np.full(256 * d, np.nan, np.float32)
    points = np.full(n * d, np.nan, np.float32), np.full(n, 9, np.uint8)
    kernels.train_centroids(
        kernels.ScaledRows(matrix.reshape(-1), matrix.shape[1], norms.astype(np.float32)),
        column,
        kernels.Points(n, d, np.array(sample, np.int64), *points),
        kernels.Lloyd(iterations, pinned, seed),
        kernels.Clusters(np.full(256 * (d + 1), np.nan), np.full(256, 9, np.int64)),
        with_scratch(centroids, d, 1),
    )
    return centroids.reshape(256, d)


@pytest.mark.parametrize("pinned", [0, 1])
@pytest.mark.parametrize(("d", "column"), [(2, 3), (3, 1), (4, 0)])
def test_train_centroids(d, column, pinned, rng):
    matrix = rng.normal(size=(N, 6)).astype(np.float32)
    norms = rng.uniform(0.5, 2, N).astype(np.float32)
    sample = rng.permutation(N)[: N - 20]
    points = (matrix[:, column : column + d] / norms[:, None])[sample]
    comp = train(matrix, column, d, norms, sample, 3, pinned)
    np.testing.assert_allclose(
        comp, naive.train_centroids(points, 3, pinned, 3, norms[sample]), rtol=1e-4, atol=1e-5
    )
    assert not pinned or not comp[0].any()


def test_clusters_without_points_take_half_of_another(rng):
    """Few different points: most centroids are left without any."""
    values = rng.normal(size=(20, 2)).astype(np.float32)
    matrix = values[rng.integers(20, size=400)]
    comp = train(matrix, 0, 2, np.ones(400), np.arange(400), 10)
    assert np.isfinite(comp).all()
    # Every point has a centroid at its place, whoever shared it.
    distances = ((matrix[:, None] - comp[None]) ** 2).sum(2).min(1)
    assert distances.max() < 1e-10
    # And every centroid is beside a point: none was left where it started but those.
    assert ((values[:, None] - comp[None]) ** 2).sum(2).min(0).max() < 1e-10


def test_every_iteration_is_an_improvement(rng):
    matrix = rng.normal(size=(N, 2)).astype(np.float32)
    errors = []
    for iterations in range(7):
        centroids = train(matrix, 0, 2, np.ones(N), np.arange(N), iterations)
        errors.append(((matrix[:, None] - centroids[None]) ** 2).sum(2).min(1).sum())
    assert all(b <= a * 1.0001 for a, b in itertools.pairwise(errors))
    assert errors[-1] < 0.9 * errors[0]


@pytest.mark.parametrize("d", [1, 2])
def test_separate_clusters_are_found_by_hand(d, rng):
    """256 places far from each other, the first points one of each: their means."""
    places = np.stack(np.meshgrid(np.arange(16), np.arange(16)), -1).reshape(-1, 2) * 10.0
    places = places if d == 2 else 10.0 * np.arange(256)[:, None]
    points = (np.concatenate([places, places]) + rng.normal(0, 0.1, (512, d))).astype(np.float32)
    comp = train(points, 0, d, np.ones(512), np.arange(512), 25)
    np.testing.assert_allclose(comp, (points[:256] + points[256:]) / 2, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("dim", "dsub"), [(4, 2), (5, 2), (7, 3), (3, 1), (3, 3)])
def test_encode_rows(dim, dsub, rng):
    rows = rng.normal(size=(40, dim)).astype(np.float32)
    rows[7] = 0
    norms = rng.uniform(0.5, 2, 40).astype(np.float32)
    nsubq = -(-dim // dsub)
    widths = [min(dsub, dim - m * dsub) for m in range(nsubq)]
    centroids = [rng.normal(size=(256, w)).astype(np.float32) for w in widths]
    codes = np.full((40, nsubq), 9, np.uint8)
    kernels.encode_rows(
        kernels.ScaledRows(rows.reshape(-1), dim, norms),
        1,
        39,
        dsub,
        with_scratch(np.concatenate([c.reshape(-1) for c in centroids]), dim, nsubq),
        np.full(dsub, np.nan, np.float32),
        codes.reshape(-1),
    )
    assert (codes[[0, 39]] == 9).all()
    for m, (c, width) in enumerate(zip(centroids, widths, strict=True)):
        x = rows[1:39, m * dsub : m * dsub + width] / norms[1:39, None]
        distances = ((x[:, None] - c[None]) ** 2).sum(2)
        chosen = np.take_along_axis(distances, codes[1:39, m : m + 1].astype(int), 1)[:, 0]
        assert (chosen <= distances.min(1) + 1e-5).all()


@pytest.mark.parametrize("has_norms", [0, 1])
@pytest.mark.parametrize(("dim", "dsub"), [(4, 2), (5, 2), (7, 3), (3, 1), (2, 2)])
def test_mean_codes(dim, dsub, has_norms, rng):
    nsubq = -(-dim // dsub)
    lastdsub = dim - (nsubq - 1) * dsub
    widths = [dsub] * (nsubq - 1) + [lastdsub]
    centroids = [rng.normal(size=(256, w)).astype(np.float32) for w in widths]
    codes = rng.integers(256, size=(9, nsubq)).astype(np.uint8)
    norm_codes = rng.integers(256, size=9).astype(np.uint8)
    norms = rng.uniform(0, 2, 256).astype(np.float32)
    lines = [[0, 3, 3], [], [8], [1, 2, 4, 5, 6, 7]]
    rows = naive.decode(codes, centroids, dsub).astype(np.float64)
    if has_norms:
        rows *= norms[norm_codes][:, None]
    out = np.full(3 * dim, np.nan, np.float32)
    matrix = means.Codes(
        codes.reshape(-1),
        nsubq,
        dsub,
        lastdsub,
        np.concatenate([c.reshape(-1) for c in centroids]),
        has_norms,
        norm_codes,
        norms,
    )
    features = np.array([r for line in lines for r in line], np.int32)
    offsets = np.cumsum([0, *map(len, lines)]).astype(np.int64)
    means.mean_codes(features, offsets[1:], 3, matrix, dim, out)
    np.testing.assert_allclose(
        out.reshape(3, dim), naive.mean_rows(lines, rows)[1:], rtol=1e-5, atol=1e-6
    )
