"""Models beside each other on the same lines: their scores, and the best against each other one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.answers import SameLines
from fastcli.evaluation.metric import Metric, parse_metric
from fastcli.evaluation.metric_names import metric_names
from fastcli.evaluation.paired import (
    SURE,
    Difference,
    bootstrap_difference,
    holm,
    mcnemar,
    resampled,
    samples_for,
)


@dataclass(frozen=True, kw_only=True)
class Against:
    """The best model against another, by their places.

    ``only_best`` and ``only_other`` are lines that one of the two has right alone; ``interval`` is
    that of a bootstrap, None by McNemar's test; ``p`` holds for all comparisons together.
    """

    other: int
    only_best: int
    only_other: int
    p: float
    interval: Difference | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the difference is more than chance."""
        return self.p < SURE


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Which model is best by a metric, its place, and how it stands against the others.

    ``samples`` is the number of those of the bootstrap, 0 by McNemar's test.
    """

    metric: Metric
    values: list[float]
    best: int
    others: list[Against]
    samples: int


def metric_for(text: str, lines: SameLines, all_sum_to_one: bool) -> tuple[Metric, int]:
    """Return the metric that decides, and its label's place, -1 if it is about all labels.

    Raises ArgumentError for a metric that cannot be compared on these lines.
    """
    metric = parse_metric(text or ("accuracy" if lines.is_single else "f1"))
    if not metric.kind.is_compared:
        known = metric_names(lambda kind: kind.is_compared)
        raise ArgumentError(f"--metric {metric.text}: models are compared by {known}.")
    if metric.name == "logloss":
        if not all_sum_to_one:
            raise ArgumentError(
                "--metric logloss: it can be compared where all models choose one label among all "
                "(softmax, hs)."
            )
        if not lines.all_have_losses:
            raise ArgumentError(
                "--metric logloss: the models do not know the labels and words of the same lines."
            )
    return metric, metric.find_label(lines.names)


def standing(lines: SameLines, metric: Metric, label: int, seed: int) -> Standing:
    """Compare the best model with each other one; of equal ones the first is best."""
    n = lines.n_models
    values = [metric.value(lines.meter(i), label) for i in range(n)]
    best = 0
    for i in range(1, n):
        if metric.is_better(values[i], values[best]):
            best = i
    others = [i for i in range(n) if i != best]
    alone = {i: lines.right_alone(best, i) for i in others}
    n_samples = 0
    intervals: Sequence[Difference | None] = [None] * len(others)
    if metric.needs_best:  # of each line it is known whether it is right
        ps = [mcnemar(*alone[i]) for i in others]
    else:
        some, kinds = (lines, np.arange(lines.n)) if metric.needs_losses else lines.distinct()
        measures = [some.measure(i, metric, label) for i in range(n)]
        n_samples = samples_for(len(others))
        samples = resampled(kinds, measures, n_samples, seed)
        samples = -samples if metric.lower_is_better else samples
        intervals = [bootstrap_difference(samples[i], samples[best]) for i in others]
        ps = [one.p for one in intervals if one is not None]
    found = [
        Against(other=i, only_best=alone[i][0], only_other=alone[i][1], p=p, interval=interval)
        for i, p, interval in zip(others, holm(ps), intervals, strict=True)
    ]
    return Standing(metric=metric, values=values, best=best, others=found, samples=n_samples)


def p_text(p: float) -> str:
    """Return a p as people write it.

    >>> p_text(0.00029), p_text(0.281), p_text(1e-9), p_text(1.0)
    ('p = 0.0003', 'p = 0.28', 'p < 0.0001', 'p = 1')
    """
    if p < 1e-4:
        return "p < 0.0001"
    digits = 1 - math.floor(math.log10(p)) if p >= 0.01 else 4
    return f"p = {round(p, digits):g}"
