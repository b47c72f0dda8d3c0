"""Curves of precision and recall, as fastText's ``get_meter`` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.metric import precision_recall
from fastcli.kernels.base.printf import offset_probabilities

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from fastcli.evaluation.meter import Meter

    Curve = tuple[NDArray[np.float64], NDArray[np.float64]]

ALL_LABELS = -1
NOT_PREDICTED = -1.0  # the score of a label of a line that was not predicted


class Curves:
    """All predictions of a test, label by label; ``offset`` is added to printed probabilities.

    Its methods have the names of fastText's C++ class.
    """

    def __init__(self, meter: Meter, offset: float) -> None:
        self._meter, self._offset = meter.as_written(), offset
        self._gold = meter.gold  # where a label that is given twice in a line counts once

    def scoreVsTrue(self, label: int) -> list[tuple[float, float]]:
        """Return scores, at most 1, and 1 where the label is right, 0 where not; ascending.

        A line's own label that was not predicted has the score -1.
        """
        ids, probs, right = self._predictions()
        chosen = np.ones(len(ids), bool) if label == ALL_LABELS else ids == label
        probs = probs[chosen]
        offset_probabilities(probs, len(probs), self._offset)
        scores = np.minimum(probs, np.float32(1)).tolist()
        gold = self._gold if label == ALL_LABELS else self._gold[label : label + 1]
        missed = int(gold.sum()) - int(right[chosen].sum())
        found = zip(scores, right[chosen].astype(float).tolist(), strict=True)
        return sorted([(NOT_PREDICTED, 1.0)] * missed + list(found))

    def precisionRecallCurve(self) -> list[tuple[float, float]]:
        """Return precision and recall at every threshold, over all labels; ends at (1, 0)."""
        return self.precisionRecallCurveLabel(ALL_LABELS)

    def precisionRecallCurveLabel(self, label: int) -> list[tuple[float, float]]:
        """Return precision and recall at every threshold of one label; ends at (1, 0)."""
        ids, _, _ = self._predictions()
        if not len(ids) or (label != ALL_LABELS and not (ids == label).any()):
            return []
        precision, recall = precision_recall(self._meter, label)
        return list(zip(precision.tolist(), recall.tolist(), strict=True))

    def precisionAtRecall(self, recall: float) -> float:
        """Return the best precision where recall is at least that, over all labels; or 0."""
        return self.precisionAtRecallLabel(ALL_LABELS, recall)

    def precisionAtRecallLabel(self, label: int, recall: float) -> float:
        """Return the best precision of a label where its recall is at least that; or 0."""
        curve = self.precisionRecallCurveLabel(label)
        return max([0.0, *(one for one, reached in curve if reached >= recall)])

    def recallAtPrecision(self, precision: float) -> float:
        """Return the best recall where precision is at least that, over all labels; or 0."""
        return self.recallAtPrecisionLabel(ALL_LABELS, precision)

    def recallAtPrecisionLabel(self, label: int, precision: float) -> float:
        """Return the best recall of a label where its precision is at least that; or 0."""
        curve = self.precisionRecallCurveLabel(label)
        return max([0.0, *(one for reached, one in curve if reached >= precision)])

    def _predictions(
        self,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.bool_]]:
        """Return the labels, probabilities and rightness of all predictions."""
        parts = self._meter.scored
        if not parts:
            return np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, bool)
        ids, probs, right = zip(*parts, strict=True)
        return np.concatenate(ids), np.concatenate(probs), np.concatenate(right)


class LabelMeter:
    """Precision and recall of a test at every threshold, of all labels or of one by its name."""

    def __init__(self, find: Callable[[str], int], meter: Curves) -> None:
        """Make it of the curves of a test; ``find`` gives the id of a label, negative: none."""
        self._find, self.m = find, meter

    def score_vs_true(self, label: str) -> Curve:
        """Return the scores of ``label``, float64[lines], ascending, and 1 where it is right.

        A line of the label that it was not predicted for has the score -1.  Raises ArgumentError
        for a label that the model does not have.
        """
        return _arrays(self.m.scoreVsTrue(self._id(label)))

    def precision_recall_curve(self, label: str | None = None) -> Curve:
        """Return precision and recall at every threshold, float64[thresholds] each.

        Of one ``label`` or of all together; both are empty where nothing was predicted.  Raises
        ArgumentError for a label that the model does not have.
        """
        if label:
            return _arrays(self.m.precisionRecallCurveLabel(self._id(label)))
        return _arrays(self.m.precisionRecallCurve())

    def precision_at_recall(self, recall: float, label: str | None = None) -> float:
        """Return the best precision at which recall is at least ``recall``; 0 if it never is.

        Of one ``label`` or of all together.  Raises ArgumentError for a label that the model does
        not have.
        """
        if label:
            return self.m.precisionAtRecallLabel(self._id(label), recall)
        return self.m.precisionAtRecall(recall)

    def recall_at_precision(self, precision: float, label: str | None = None) -> float:
        """Return the best recall at which precision is at least ``precision``; 0 if it never is.

        Of one ``label`` or of all together.  Raises ArgumentError for a label that the model does
        not have.
        """
        if label:
            return self.m.recallAtPrecisionLabel(self._id(label), precision)
        return self.m.recallAtPrecision(precision)

    def _id(self, label: str) -> int:
        found = self._find(label)
        if found < 0:
            raise ArgumentError(f"The model has no label {label!r}.")
        return found


def _arrays(pairs: list[tuple[float, float]]) -> Curve:
    first, second = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(first, np.float64), np.array(second, np.float64)
