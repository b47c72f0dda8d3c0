"""The codebook of row lengths that ``-qnorm`` writes: 256 levels, of which a row has the nearest.

Lengths are numbers on a line, so k-means needs no distances: sorted, the values of a level lie
between its midpoints to the next ones.  Where Lloyd's iterations start decides where they end.
Here levels start as dense as the cube root of the density of the values, which is the best there
is for many levels (Panter and Dite 1951; Zador 1982); k-means started from random rows, as
fastText does it, ends with many times the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.quantized import CENTROIDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ITERATIONS = 100  # Lloyd's, in a round
ROUNDS = 100
SPLIT_GAIN = 0.75  # the share of a cell's error that a second level takes off, if it is uniform
LEAST_GAIN = 1e-3  # of a round, for another one


def norm_levels(lengths: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 256 levels, rising, with a small squared error for lengths (0 or more each).

    Zero is a level where a length is zero.  Up to 256 different lengths are levels all of them;
    the last one fills the rest.  Lengths that are not finite are ignored.
    """
    values, counts = np.unique(lengths[np.isfinite(lengths)], return_counts=True)
    if len(values) == 0:
        return np.zeros(CENTROIDS, np.float32)
    if len(values) <= CENTROIDS:
        return _filled(values)
    has_zero = int(values[0] == 0)
    levels = _least_squares(
        values[has_zero:].astype(np.float64),
        counts[has_zero:].astype(np.float64),
        CENTROIDS - has_zero,
    )
    return _filled(np.append(np.zeros(has_zero), levels).astype(np.float32))


def _filled(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return levels and the last one again and again, 256 together."""
    return np.append(levels, np.full(CENTROIDS - len(levels), levels[-1], np.float32))


def nearest_levels(levels: NDArray[np.float32], lengths: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the number of the level nearest to each length; of equal ones the first."""
    return np.searchsorted(_midpoints(levels.astype(np.float64)), lengths).astype(np.uint8)


def _midpoints(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    return (levels[1:] + levels[:-1]) / 2


def _least_squares(
    values: NDArray[np.float64], counts: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return up to n levels, rising, for more than n values, rising; ``counts`` are their weights.

    Lloyd's iterations move levels by little.  Where the values form clusters, some of the levels
    are wanted elsewhere: those that are missed least go to the cells of the largest error, as
    long as the error becomes less (Patane and Russo 2001, The enhanced LBG algorithm).
    """
    levels = _lloyd(values, counts, _cube_root_quantiles(values, counts, n))
    errors, weights = _cells(values, counts, levels)
    most = n
    for _ in range(ROUNDS):
        n_free = n - len(levels)
        gains = SPLIT_GAIN * errors
        # What it costs that two neighbours become one; a level goes with the nearer neighbour.
        pairs = np.diff(levels) ** 2 / (1 / weights[1:] + 1 / weights[:-1])
        costs = np.minimum(np.append(pairs, np.inf), np.append(np.inf, pairs))
        split, dropped = np.argsort(-gains, kind="stable"), np.argsort(costs, kind="stable")
        prices = np.append(np.zeros(n_free), costs[dropped])[: len(split)]
        n_split = min(most, int(np.count_nonzero(gains[split] > prices)))
        if n_split == 0:
            break
        split, dropped = split[:n_split], dropped[: max(n_split - n_free, 0)]
        spread = np.sqrt(errors[split] / weights[split])
        moved = levels.copy()
        moved[split] -= spread
        moved = np.append(np.delete(moved, dropped), levels[split] + spread)
        moved = _lloyd(values, counts, np.sort(moved))
        moved_errors, moved_weights = _cells(values, counts, moved)
        if moved_errors.sum() < (1 - LEAST_GAIN) * errors.sum():
            levels, errors, weights = moved, moved_errors, moved_weights
        else:
            most = n_split // 2  # fewer at a time
    return levels


def _lloyd(
    values: NDArray[np.float64], counts: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move levels, rising, to the means of the values that they are nearest to, until they stay.

    Levels without values are left out.
    """
    weights_until = np.append(0, np.cumsum(counts))
    sums_until = np.append(0, np.cumsum(counts * values))
    former = np.zeros(0, np.int64)
    for _ in range(ITERATIONS):
        bounds = _bounds(values, levels)
        if np.array_equal(bounds, former):
            break
        former = bounds
        weights = np.diff(weights_until[bounds])
        levels = np.diff(sums_until[bounds])[weights > 0] / weights[weights > 0]
    return levels[np.diff(_bounds(values, levels)) > 0]


def _bounds(values: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return where the values of each level begin, and the end."""
    return np.concatenate(
        [[0], np.searchsorted(values, _midpoints(levels), "right"), [len(values)]]
    )


def _cells(
    values: NDArray[np.float64], counts: NDArray[np.float64], levels: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the squared error of the values of every level, and their weight."""
    bounds = _bounds(values, levels)
    nearest = np.repeat(levels, np.diff(bounds))
    errors: NDArray[np.float64] = np.add.reduceat(counts * (values - nearest) ** 2, bounds[:-1])
    weights: NDArray[np.float64] = np.add.reduceat(counts, bounds[:-1])
    return errors, weights


def _cube_root_quantiles(
    values: NDArray[np.float64], counts: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return n quantiles of density^(1/3).

    Between two neighbouring values the density is their weight by their distance d, and the
    integral of its cube root is (weight * d^2)^(1/3).
    """
    weights = (counts[1:] + counts[:-1]) / 2
    integral = np.append(0, np.cumsum(np.cbrt(weights * np.diff(values) ** 2)))
    levels: NDArray[np.float64] = np.interp(
        (np.arange(n) + 0.5) / n * integral[-1], integral, values
    )
    return levels
