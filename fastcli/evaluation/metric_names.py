"""The names of metrics and what holds for each: the one table that texts and checks are made from.

It imports nothing heavy, for ``--help``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MetricKind:
    """A metric, by fastText's name where that has it."""

    name: str
    lower_is_better: bool = False
    takes_label: bool = False
    takes_percentage: bool = False  # of a curve, for which every prediction must be kept
    needs_losses: bool = False  # the probabilities of all labels
    needs_best: bool = False  # the best label of each line, also where it is not given
    by_thresholds: bool = True  # whether these change it
    is_compared: bool = True  # by ``compare``
    of_labels: bool = True  # whether models with labels have it
    of_numbers: bool = False  # whether those of regression have it

    @property
    def text(self) -> str:
        """How it is written."""
        label = "[:LABEL]" if self.takes_label else ""
        return f"{self.name}{':30' if self.takes_percentage else ''}{label}"


REGRESSION_METRICS = ("rmse", "mae", "r2")  # of each target, in the order of their columns
METRIC_KINDS = {
    kind.name: kind
    for kind in (
        MetricKind(name="f1", takes_label=True),
        MetricKind(name="f1macro"),
        MetricKind(name="f1weighted"),
        MetricKind(name="accuracy", needs_best=True, by_thresholds=False),
        MetricKind(name="error", lower_is_better=True, needs_best=True, by_thresholds=False),
        MetricKind(
            name="loss",
            lower_is_better=True,
            needs_losses=True,
            by_thresholds=False,
            is_compared=False,
            of_numbers=True,
        ),
        MetricKind(name="logloss", lower_is_better=True, needs_losses=True, by_thresholds=False),
        MetricKind(
            name="precisionAtRecall", takes_label=True, takes_percentage=True, is_compared=False
        ),
        MetricKind(
            name="recallAtPrecision", takes_label=True, takes_percentage=True, is_compared=False
        ),
        *(
            MetricKind(
                name=name,
                lower_is_better=name != "r2",
                by_thresholds=False,
                is_compared=False,
                of_labels=False,
                of_numbers=True,
            )
            for name in REGRESSION_METRICS
        ),
    )
}


def metric_names(is_wanted: Callable[[MetricKind], bool] = lambda kind: kind.of_labels) -> str:
    """Return the metrics of some kinds as options take them: those of models with labels.

    >>> metric_names(lambda kind: kind.needs_losses)
    'loss, logloss'
    """
    return ", ".join(kind.text for kind in METRIC_KINDS.values() if is_wanted(kind))
