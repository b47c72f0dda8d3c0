"""Drawing labels other than the target, for negative sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_DRAWS = 1000  # of random labels, on average, until another one than the target comes


def drawable(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights by which labels other than the likeliest are drawn often enough.

    Drawing continues until a label other than the target is drawn.  Where that would take more than
    ``MOST_DRAWS`` on average, which only counts that no text has can make it, the weights of the
    others are raised by the same amount each.
    """
    n = len(weights)
    largest = int(weights.argmax()) if n else 0
    if n < 2 or weights[largest] <= 0:
        return np.ones(n)
    missing = weights[largest] / MOST_DRAWS - (weights.sum() - weights[largest])
    if missing <= 0:
        return weights
    raised = np.full(n, missing / (n - 1))
    raised[largest] = 0
    return np.asarray(weights + raised)


def alias_table(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Prepare drawing label i with a chance of ``weights[i]``, by one comparison (Walker 1977).

    Of a uniform place in [0, n), label ``int(place)`` is drawn if the fraction is below its
    entry in the first array, and its entry in the second otherwise.
    """
    n = len(weights)
    odds = weights * (n / weights.sum())
    aliases = np.arange(n, dtype=np.int32)
    small = [i for i in range(n) if odds[i] < 1]
    large = [i for i in range(n) if odds[i] >= 1]
    while small and large:
        less, more = small.pop(), large[-1]
        aliases[less] = more
        odds[more] -= 1 - odds[less]
        if odds[more] < 1:
            small.append(large.pop())
    for i in small + large:
        odds[i] = 1.0
    return odds, aliases
