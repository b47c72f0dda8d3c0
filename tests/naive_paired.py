"""Plain Python twins of the tests of paired answers."""

from fractions import Fraction
from math import comb

import numpy as np


def mcnemar_exact(only_a, only_b):
    """Sum the probabilities of all splits that are no more probable than the one seen."""
    n = only_a + only_b
    seen = comb(n, only_a)
    return float(sum(Fraction(comb(n, i), 2**n) for i in range(n + 1) if comb(n, i) <= seen))


def scores(gold, given):
    """Return accuracy of the first label, micro F1 and macro F1 of lists of labels a line."""
    n = len(gold)
    first = sum(bool(some) and some[0] in true for true, some in zip(gold, given, strict=True))
    f1 = {}
    right = {}
    labels = {label for some in (*gold, *given) for label in some}
    for label in labels:
        tp = sum(label in g and label in p for g, p in zip(gold, given, strict=True))
        total = sum(label in g for g in gold) + sum(label in p for p in given)
        f1[label], right[label] = 2 * tp / total, (tp, total)
    micro = 2 * sum(tp for tp, _ in right.values()) / sum(total for _, total in right.values())
    return first / n, micro, sum(f1.values()) / len(f1)


def bootstrap(gold, some, others, which, seed, n_samples):
    """Return the differences of a score (its place in ``scores``) of samples of whole lines."""
    random = np.random.Generator(np.random.PCG64(seed))
    n, found = len(gold), []
    for _ in range(n_samples):
        lines = random.integers(0, n, n)
        both = [
            scores([gold[i] for i in lines], [given[i] for i in lines])[which]
            for given in (some, others)
        ]
        found.append(both[1] - both[0])
    return np.array(found)
