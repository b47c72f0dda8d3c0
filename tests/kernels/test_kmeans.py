"""K-means where it is awkward: ties, clusters without points, an early end; pruned rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.base.vector import nearest_centroid
from fastcli.kernels.base.views import at
from fastcli.kernels.linear import quantize as kernels
from fastcli.kernels.text.features import pruned_row
from tests import naive, naive_quantize
from tests.kernels.probe import probe
from tests.kernels.test_quantize import with_scratch

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, i64


@probe
def call_nearest(x: F32, n: i64, d: i64, table: F32, halves: F32, count: i64, out: I64) -> None:
    for i in range(n):
        out[i] = nearest_centroid(at(x, i * d), d, table, halves, count)


@probe
def call_pruned_row(rows: I64, n: i64, nwords: i64, bucket_rows: I32, out: I64) -> None:
    for i in range(n):
        out[i] = pruned_row(rows[i], nwords, bucket_rows)


def nearest(points, centroids):
    count, d = centroids.shape
    out = np.full(len(points), -1, np.int64)
    table, halves = np.ascontiguousarray(centroids.T), (centroids**2).sum(1) / 2
    call_nearest(points.reshape(-1), len(points), d, table.reshape(-1), halves, count, out)
    return out


@pytest.mark.parametrize("count", range(16, 257, 48))
@given(d=st.integers(1, 20), size=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_nearest_of_many_ties_is_the_first(count, d, size, seed):
    # Small integers: all products and sums are exact, and many centroids are equally near.
    random = np.random.default_rng(seed)
    points, centroids = (random.integers(-size, size + 1, (n, d)) for n in (8, count))
    comp = nearest(points.astype(np.float32), centroids.astype(np.float32))
    assert comp.tolist() == naive.nearest_centroid(points, centroids).tolist()


def test_nearest_of_no_number_is_a_centroid():
    centroids = np.ones((32, 2), np.float32)
    assert nearest(np.full((1, 2), np.nan, np.float32), centroids).tolist() == [0]


def train(points, iterations, pinned=0, seed=3):
    """Return the centroids of points and the codes by the kernel."""
    n, d = points.shape
    centroids, codes = np.full(256 * d + 1, 7, np.float32), np.full(n, 9, np.uint8)
    kernels.train_centroids(
        kernels.ScaledRows(points.reshape(-1), d, np.ones(n, np.float32)),
        0,
        kernels.Points(n, d, np.arange(n), np.full(n * d, np.nan, np.float32), codes),
        kernels.Lloyd(iterations, pinned, seed),
        kernels.Clusters(np.full(256 * (d + 1), np.nan), np.full(256, 9, np.int64)),
        with_scratch(centroids, d, 1),
    )
    assert centroids[-1] == 7
    return centroids[:-1].reshape(256, d), codes


@pytest.mark.parametrize("pinned", [0, 1])
@pytest.mark.parametrize(("different", "seed"), [(1, 1), (2, 5), (30, 9), (200, 2)])
def test_empty_clusters_take_the_halves_that_the_oracle_draws(different, seed, pinned, rng):
    # Integers: which points are nearest is exact.  Only one iteration, as halves are so near to
    # each other that rounding decides which one is nearest.
    places = rng.integers(-40, 41, (different, 3))
    points = places[np.concatenate([np.arange(different), rng.integers(different, size=300)])]
    comp, codes = train(points.astype(np.float32), 1, pinned, seed)
    np.testing.assert_allclose(
        comp, naive.train_centroids(points, 1, pinned, seed), rtol=1e-6, atol=1e-6
    )
    start = points[:256].copy()
    start[:pinned] = 0
    assert codes.tolist() == naive.nearest_centroid(points, start).tolist()
    assert not pinned or not comp[0].any()


def test_the_pinned_cluster_is_never_halved(rng):
    # Half of the points are zero, so that every other cluster chosen is the pinned one: draws go
    # on until another is found.
    points = rng.integers(-9, 10, (400, 2))
    points[::2] = 0
    comp, codes = train(points.astype(np.float32), 1, 1, 6)
    assert np.count_nonzero(codes == 0) >= 200
    np.testing.assert_allclose(comp, naive.train_centroids(points, 1, 1, 6), rtol=1e-6, atol=1e-6)
    assert not comp[0].any()


@pytest.mark.parametrize("pinned", [0, 1])
def test_halves_of_points_at_zero_by_hand(pinned):
    # 512 times the same point, (0, 0).  All are in cluster 0, and half of it goes to cluster 1:
    # up in the first column, down in the second; the rest of cluster 0 moves the other way.  Then
    # 2 to 8 take 128, 64, ... 2, each of which moves cluster 0 again; then there is but 1 left.
    # The pinned centroid must not be halved, so that nothing moves.
    comp, _ = train(np.zeros((512, 2), np.float32), 1, pinned)
    step = np.array([1e-7, -1e-7])
    ref = np.zeros((256, 2))
    if not pinned:
        for c in range(1, 10):
            ref[c] = ref[0] + step
            ref[0] -= step
    np.testing.assert_allclose(comp, ref, rtol=1e-5, atol=1e-12)


def test_it_ends_where_nothing_moves(rng):
    # 256 points are their own centroids; a million rounds more would take hours.
    points = rng.permutation(1024)[:256, None].astype(np.float32)
    comp, codes = train(points, 10**9)
    np.testing.assert_array_equal(comp, points)
    assert codes.tolist() == list(range(256))


def test_the_oracle_ends_there_too(rng):
    points = rng.permutation(1024)[:256, None].astype(np.float64)
    np.testing.assert_array_equal(naive_quantize.train_centroids(points, 10**9), points)


@given(dim=st.integers(1, 7), dsub=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_encoding_picks_the_first_of_the_nearest(dim, dsub, seed):
    # Norms are powers of two and all else small integers, so that nothing is rounded.
    random = np.random.default_rng(seed)
    dsub = min(dim, dsub)
    norms = 2.0 ** random.integers(-2, 3, 4)
    rows = random.integers(-3, 4, (4, dim)) * norms[:, None]
    widths = [min(dsub, dim - m) for m in range(0, dim, dsub)]
    tables = [random.integers(-4, 5, (256, width)) for width in widths]
    nsubq = len(widths)
    codes = np.full((4, nsubq), 9, np.uint8)
    values = rows.astype(np.float32).reshape(-1)
    centroids = np.concatenate([table.reshape(-1) for table in tables]).astype(np.float32)
    kernels.encode_rows(
        kernels.ScaledRows(values, dim, norms.astype(np.float32)),
        1,
        4,
        dsub,
        with_scratch(centroids, dim, nsubq),
        np.full(dsub, np.nan, np.float32),
        codes.reshape(-1),
    )
    assert (codes[0] == 9).all()
    scaled = rows / norms[:, None]
    for m, table in enumerate(tables):
        ref = naive.nearest_centroid(scaled[:, m * dsub : m * dsub + dsub], table)
        assert codes[1:, m].tolist() == ref[1:].tolist()


def test_pruned_row_by_hand():
    # Two words stay where they are; of the three buckets the second and the first are kept, as
    # rows 2 and 3; the last is dropped.
    rows, out = np.array([0, 1, 2, 3, 4], np.int64), np.full(6, 9, np.int64)
    call_pruned_row(rows, 5, 2, np.array([2, 1, 0], np.int32), out)
    assert out.tolist() == [0, 1, 3, 2, -1, 9]
