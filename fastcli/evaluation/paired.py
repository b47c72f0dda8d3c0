"""Whether two models differ on the same lines: McNemar's test, and the paired bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURE = 0.05  # a smaller p is a difference
MOST_EXACT = 1000  # discordant lines: of more the normal distribution is as good
RESAMPLES = 1000  # of one comparison, or few
RESAMPLES_EACH = 80  # of many: the smallest p is 2 / samples, which Holm's correction multiplies


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p of as uneven a split of the lines that one of two has right alone.

    Exact, from the binomial distribution (McNemar 1947, and Fagerland et al. 2013), of more than
    ``MOST_EXACT`` lines by the normal one, with the continuity correction of Edwards (1948).

    >>> round(mcnemar(31, 8), 6), mcnemar(3, 3), mcnemar(0, 0)
    (0.000294, 1.0, 1.0)
    """
    n, fewer = only_a + only_b, min(only_a, only_b)
    if n > MOST_EXACT:
        z = max(abs(only_a - only_b) - 1, 0) / math.sqrt(n)
        return math.erfc(z / math.sqrt(2))
    tail = sum(math.comb(n, i) for i in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**n))


def samples_for(n_tests: int) -> int:
    """Return how many samples it takes for each of so many tests to be able to be sure.

    >>> samples_for(2), samples_for(100)
    (1000, 8000)
    """
    return max(RESAMPLES, RESAMPLES_EACH * n_tests)


def resampled(
    kinds: NDArray[np.int64],
    measures: Sequence[Callable[[NDArray[np.int64]], float]],
    n_samples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return measures of samples of n lines, drawn with replacement.

    ``kinds`` int64[n] says which lines are alike; a measure gets how often lines of each kind were
    drawn, and all get the same samples.  Returns float64[measures, samples].
    """
    random = np.random.Generator(np.random.PCG64(seed))
    n, n_kinds = len(kinds), int(kinds.max(initial=-1)) + 1
    found = np.empty((len(measures), n_samples))
    for i in range(n_samples):
        drawn = np.bincount(kinds[random.integers(0, n, n)], minlength=n_kinds)
        found[:, i] = [measure(drawn) for measure in measures]
    return found


@dataclass(frozen=True)
class Difference:
    """How much better the second of two models is: the 95 % interval, and the two-sided p."""

    low: float
    high: float
    p: float


def bootstrap_difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> Difference:
    """Return the difference b - a of paired samples (Efron and Tibshirani 1993, section 16).

    p is twice the share of samples on the other side of 0, where those without a difference count
    to both sides, and the lines as they are as one sample more.
    """
    d = b - a
    d = d[np.isfinite(d)]
    if not len(d):
        return Difference(float("nan"), float("nan"), 1.0)
    low, high = np.quantile(d, [0.025, 0.975])
    fewer = min(int((d <= 0).sum()), int((d >= 0).sum()))
    return Difference(float(low), float(high), min(1.0, 2 * (fewer + 1) / (len(d) + 1)))


def holm(ps: Sequence[float]) -> list[float]:
    """Return p of several tests so that all of them hold together (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted, largest = [1.0] * len(ps), 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        largest = max(largest, min(1.0, ps[i] * (len(ps) - rank)))
        adjusted[i] = largest
    return adjusted
