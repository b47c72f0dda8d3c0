"""The metrics that autotune maximises: one number for a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.meter import Meter
from fastcli.printable import named, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

KNOWN_METRICS = (
    "f1, f1:LABEL, f1macro, accuracy, precisionAtRecall:30, precisionAtRecall:30:LABEL, "
    "recallAtPrecision:30, recallAtPrecision:30:LABEL"
)


@dataclass(frozen=True)
class Metric:
    """A score of a test, by fastText's name of it; ``at`` is a share of 1."""

    name: str
    label: str = ""
    at: float = 0.0

    @property
    def needs_scores(self) -> bool:
        """Whether the meter must keep every prediction."""
        return self.name in ("precisionAtRecall", "recallAtPrecision")

    def check(self, k: int) -> None:
        """Raise ArgumentError if a test with k predictions per line has no such score."""
        if self.name == "accuracy" and k != 1:
            raise ArgumentError(
                "-autotune-metric accuracy uses one prediction per line: "
                "leave -autotune-predictions out."
            )

    def score(self, meter: Meter, label_id: Callable[[str], int]) -> float:
        """Return the score, 0 if there is nothing to divide by.

        Raises ArgumentError if the model does not have the label.
        """
        label = -1
        if self.label:
            label = label_id(self.label)
            if label < 0:
                raise ArgumentError(
                    f"Unknown autotune metric label {self.label}: the model has no such label's."
                )
        if self.name == "f1":
            value = meter.f1 if label < 0 else meter.label_scores(label)[2]
        elif self.name == "f1macro":
            value = meter.macro_f1
        elif self.name == "accuracy":
            # The share of lines whose first prediction is among their labels.
            value = float(meter.right.sum()) / meter.n if meter.n else 0.0
        else:
            precision, recall = precision_recall(meter, label)
            one, other = (
                (precision, recall)
                if self.name == "precisionAtRecall"
                else (
                    recall,
                    precision,
                )
            )
            reached = one[other >= self.at]
            value = float(reached.max()) if len(reached) else 0.0
        return value if value == value else 0.0


def parse_metric(text: str) -> Metric:
    """Parse the value of ``-autotune-metric``; raises ArgumentError if it is invalid."""
    name, _, rest = text.partition(":")
    if name in ("f1macro", "accuracy") and not rest and text == name:
        return Metric(name)
    if name == "f1":
        if text != name and not rest:
            raise ArgumentError(f"Empty metric label : {text}")
        return Metric(name, rest)
    if name in ("precisionAtRecall", "recallAtPrecision"):
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
    hint = nearest(text, ("f1", "f1macro", "accuracy", "precisionAtRecall", "recallAtPrecision"))
    raise ArgumentError(f"Unknown metric : {named(text)}{hint}. Known: {KNOWN_METRICS}.")


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
