"""Slow and obvious versions of the kernels about product quantization and nearest neighbours."""

import numpy as np

from tests.naive_text import random_bits

CENTROIDS, EPSILON = 256, 1e-7


def row_norms(rows):
    return np.sqrt((rows.astype(np.float64) ** 2).sum(1))


def nearest_centroid(points, centroids):
    """Return the nearest centroid of each point, the first of equal ones."""
    return ((points[:, None] - centroids[None]) ** 2).sum(2).argmin(1)


def mean_centroids(points, weights, codes, centroids, pinned, seed, draws):
    """Return the centroids moved to the means of their points, and the random numbers used.

    Whoever has no point takes half of another's, the two moved apart in turns up and down.
    """
    centroids = centroids.copy()
    counts = np.bincount(codes, minlength=CENTROIDS)
    for c in range(pinned, CENTROIDS):
        if counts[c] > 0:
            centroids[c] = np.average(points[codes == c], 0, weights[codes == c])
    signs = np.where(np.arange(points.shape[1]) % 2 == 0, EPSILON, -EPSILON)
    for c in range(pinned, CENTROIDS):
        if counts[c] > 0:
            continue
        for _ in range(65):
            other = codes[random_bits(seed, draws) % len(codes)]
            draws += 1
            if counts[other] >= 2 and other >= pinned:
                centroids[c] = centroids[other] + signs
                centroids[other] -= signs
                counts[c] = counts[other] // 2
                counts[other] -= counts[c]
                break
    return centroids, draws


def train_centroids(points, iterations, pinned=0, seed=0, norms=None):
    """Return the 256 centroids that k-means finds; with ``pinned`` the first one stays zero.

    A point counts by the square of its norm.
    """
    weights = np.ones(len(points)) if norms is None else norms.astype(np.float64) ** 2
    points = points.astype(np.float64)
    centroids = points[:CENTROIDS].copy()
    centroids[:pinned] = 0
    codes, draws = np.zeros(len(points), np.int64), 0
    for iteration in range(iterations):
        nearest = nearest_centroid(points, centroids)
        if iteration > 0 and (nearest == codes).all():
            break
        codes = nearest
        centroids, draws = mean_centroids(points, weights, codes, centroids, pinned, seed, draws)
    return centroids


def best_levels_error(values, n):
    """Return the least squared error that n levels can have for numbers (one of each weight 1).

    By dynamic programming over the sorted numbers: the last level takes the last few of them.
    """
    values = np.sort(np.asarray(values, np.float64))
    sums, squares = (np.append(0, np.cumsum(values**power)) for power in (1, 2))
    ends = np.arange(len(values) + 1)
    least = np.full(len(ends), np.inf)
    least[0] = 0
    for _ in range(n):
        following = least.copy()
        for end in ends[1:]:
            counts = end - ends[:end]
            spread = squares[end] - squares[:end] - (sums[end] - sums[:end]) ** 2 / counts
            following[end] = min(following[end], (least[:end] + np.maximum(spread, 0)).min())
        least = following
    return least[-1]


def nearest_levels(levels, values):
    """Return the number of the nearest level of each number, the first of equal ones."""
    distances = np.abs(levels.astype(np.float64)[None] - values.astype(np.float64)[:, None])
    return distances.argmin(1)


def decode(codes, centroids, dsub):
    """Return the rows that codes stand for: of each sub-vector one of 256 centroids."""
    rows = np.concatenate([c[codes[:, m]] for m, c in enumerate(centroids)], 1)
    assert all(c.shape[1] == dsub for c in centroids[:-1])
    return rows


def nearest(queries, words, k):
    """Return the k largest similarities (dot products) of each query, the largest first."""
    return -np.sort(-(queries.astype(np.float64) @ words.T.astype(np.float64)), axis=1)[:, :k]
