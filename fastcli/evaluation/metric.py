"""The metrics: one number for a test, the names that options take, and which way is better.

metric = parse_metric("precisionAtRecall:80:Billing")
label = metric.find_label(names)           # -1 where it is about all; once for a model
meter = predictor.test(blocks, metric.needs_scores, metric.needs_losses)
value = metric.value(meter, label)         # nan where there is nothing to divide by
if metric.is_better(value, best): ...      # nan is better than nothing
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.metric_names import METRIC_KINDS, MetricKind, metric_names
from fastcli.evaluation.regression import RegressionMeter
from fastcli.printable import named, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.label_names import LabelNames
    from fastcli.evaluation.meter import Meter

# Those that take no label and no number.
PLAIN = tuple(k.name for k in METRIC_KINDS.values() if not k.takes_label)
CURVES = tuple(k.name for k in METRIC_KINDS.values() if k.takes_percentage)


@dataclass(frozen=True)
class Metric:
    """A score of a test, by fastText's name of it; ``at`` is a share of 1."""

    name: str
    label: str = ""
    at: float = 0.0

    @property
    def text(self) -> str:
        """The metric as options take it."""
        parts = [self.name, *([f"{100 * self.at:g}"] if self.name in CURVES else [])]
        return ":".join([*parts, *([self.label] if self.label else [])])

    @property
    def kind(self) -> MetricKind:
        """What holds for it, whatever its label."""
        return METRIC_KINDS[self.name]

    @property
    def needs_scores(self) -> bool:
        """Whether the meter must keep every prediction."""
        return self.kind.takes_percentage

    @property
    def needs_losses(self) -> bool:
        """Whether the meter must know the probabilities of all labels, or a loss."""
        return self.kind.needs_losses

    @property
    def needs_best(self) -> bool:
        """Whether the meter must know the best label of each line, also where it is not given."""
        return self.kind.needs_best

    @property
    def is_share(self) -> bool:
        """Whether its values are between 0 and 1."""
        return self.kind.of_labels and not self.needs_losses

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller value is the better one."""
        return self.kind.lower_is_better

    @property
    def doubt(self) -> str:
        """A question where a percentage of 1 or less may have been meant as a share, else ""."""
        if self.name not in CURVES or not 0 < self.at <= 0.01:
            return ""
        meant = Metric(self.name, self.label, min(100 * self.at, 1.0)).text
        return f"{self.text} is {100 * self.at:g} percent, as in fastText: was {meant} meant?"

    def is_better(self, a: float, b: float) -> bool:
        """Tell whether a is better than b; NaN is worse than any number, and never better."""
        if a != a or b != b:
            return a == a
        return a < b if self.lower_is_better else a > b

    def as_error(self, value: float) -> float:
        """Return a value as a number that is the smaller the better it is."""
        return value if self.lower_is_better else 1 - value

    def find_label(self, names: LabelNames) -> int:
        """Return the id of the metric's label in a model, -1 if it is about all labels.

        It may be written in all ways of ``LabelNames.find``, which raises ArgumentError.
        """
        return names.find(self.label, self.text) if self.label else -1

    def check_occurs(self, label: int, gold: NDArray[np.integer[Any]], option: str) -> None:
        """Raise ArgumentError if the metric is about a label that none of some lines has.

        ``gold`` are the labels of all of them.
        """
        if label >= 0 and not (gold == label).any():
            raise ArgumentError(
                f"{option} {self.text}: no line that it would be measured on has the label "
                f"{named(self.label)}."
            )

    def check_task(self, of_numbers: bool, option: str) -> None:
        """Raise ArgumentError where a model has no such score: of labels, or (``of_numbers``) not.

        ``option`` is how the metric was asked for.
        """
        if self.kind.of_numbers if of_numbers else self.kind.of_labels:
            return
        its, others = "classification", "regression"
        if not of_numbers:
            its, others = others, its
        known = metric_names(lambda kind: kind.of_numbers if of_numbers else kind.of_labels)
        raise ArgumentError(
            f"{option}: {self.name} is a metric of {its}, and this is {others}: give one of "
            f"{known}."
        )

    def check(self, k: int) -> None:
        """Raise ArgumentError if autotune with k predictions per line has no such score."""
        self.check_task(False, "-autotune-metric")
        if self.needs_best and k != 1:
            raise ArgumentError(
                f"-autotune-metric {self.name} uses one prediction per line: "
                "leave -autotune-predictions out."
            )

    def score(self, meter: Meter, label: int) -> float:
        """Return what autotune compares: the value, the worst if there is nothing to divide by."""
        value = self.value(meter, label)
        worst = math.inf if self.lower_is_better else 0.0
        return value if value == value else worst

    def value(self, meter: Meter | RegressionMeter, label: int = -1) -> float:
        """Return the value, NaN if there is nothing to divide by or the meter does not know.

        ``label`` is the id of the metric's label, if it has one (``find_label``).  Of a label that
        no line has nothing can be said: NaN.
        """
        if isinstance(meter, RegressionMeter):
            return meter.score(self.name)
        if label >= 0 and not meter.gold[label]:
            return math.nan
        if self.name == "f1":
            return meter.f1 if label < 0 else meter.label_scores(label)[2]
        if self.name in CURVES:
            return self._reached(*precision_recall(meter, label))
        plain = {
            "f1macro": lambda: meter.macro_f1,
            "f1weighted": lambda: meter.weighted_f1,
            "accuracy": lambda: meter.accuracy,
            "error": lambda: 1 - meter.accuracy,
            "loss": lambda: meter.loss,
            "logloss": lambda: meter.log_loss,
        }
        return plain[self.name]()

    def _reached(self, precision: NDArray[np.float64], recall: NDArray[np.float64]) -> float:
        """Return the best of one where the other is at least ``at``."""
        is_precision = self.name == "precisionAtRecall"
        one, other = (precision, recall) if is_precision else (recall, precision)
        reached = one[other >= self.at]
        return float(reached.max()) if len(reached) else 0.0


def parse_metric(text: str) -> Metric:
    """Parse the name of a metric; raises ArgumentError if it is invalid."""
    name, _, rest = text.partition(":")
    if text in PLAIN:
        return Metric(text)
    if name == "f1":
        if text != name and not rest:
            raise ArgumentError(f"Empty metric label : {text} (f1:LABEL, or f1 for all labels).")
        return Metric(name, rest)
    if name in CURVES:
        percent, colon, label = rest.partition(":")
        if colon and not label:
            raise ArgumentError(f"Empty metric label : {text}")
        try:
            at = float(percent) / 100
        except ValueError:
            at = -1.0
        if 0 <= at <= 1:
            return Metric(name, label, at)
        raise ArgumentError(f"{name} needs a percentage, such as {name}:30, not {percent!r}.")
    of_labels = [name for name in PLAIN if METRIC_KINDS[name].of_labels]
    hint = nearest(text, ("f1", *of_labels, *(f"{one}:30" for one in CURVES)))
    hint = hint or nearest(text, PLAIN)
    if name in PLAIN:
        hint = f" ({name} takes no label and no number)"
    known = metric_names(lambda kind: True)
    raise ArgumentError(f"Unknown metric : {named(text)}{hint}. Known: {known}.")


def precision_recall(meter: Meter, label: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return precision and recall at every threshold, of one label or of all (-1).

    The curve ends where all gold labels are found, and has the point (1, 0), as in fastText.
    """
    ids, probs, right = (
        (np.concatenate(parts) for parts in zip(*meter.scored, strict=True))
        if (meter.scored)
        else (np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, bool))
    )
    gold = int(meter.gold.sum() if label < 0 else meter.gold[label])
    chosen = ids == label if label >= 0 else np.ones(len(ids), bool)
    order = np.argsort(-probs[chosen], kind="stable")
    found = np.cumsum(right[chosen][order])
    is_last = np.diff(probs[chosen][order], append=np.float32(np.nan)) != 0  # of equal scores
    made = np.arange(1, len(order) + 1)[is_last]
    found = found[is_last]
    end = int(np.searchsorted(found, gold)) + 1
    precision = np.append(found[:end] / made[:end], 1.0)
    recall = np.append(found[:end] / gold if gold else np.full(len(found[:end]), np.nan), 0.0)
    return precision, recall
