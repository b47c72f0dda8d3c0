"""Decision thresholds: how probable a label must be, so that a metric is as good as can be.

A line gets the labels whose probabilities reach their thresholds, or, where it has one label only
(k = 1), its best label if that does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.meter import Meter
from fastcli.evaluation.metric_names import metric_names
from fastcli.schema import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.dense import Scored
    from fastcli.evaluation.metric import Metric

THRESHOLDS_FORMAT = "fastcli thresholds"
MIN_LINES = 10  # with a label, for a threshold of its own: that of a few is near 0, or near 1
PAIR_BYTES = 80  # of memory, at the peak of choosing thresholds: of each line, by each label
Share = Annotated[float, Range(0, 1)]


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What a file of thresholds has; a label whose threshold is null is never given.

    ``threshold`` is that of labels that ``labels`` does not name.  ``calibration`` is a checksum of
    the calibration of the probabilities that they are for, null: there was none.
    """

    format: str
    version: Annotated[int, Range(1, 1)]
    size: Annotated[int, Range(0)]
    tail_crc32: Annotated[int, Range(0, 2**32 - 1)]
    metric: str
    per_label: bool
    k: Annotated[int, Range(-1)]
    threshold: Share | None
    labels: dict[str, Share | None] = field(default_factory=dict)
    calibration: Annotated[int, Range(0, 2**32 - 1)] | None = None
    lines: Annotated[int, Range(0)] = 0
    data: str = ""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Labels that lines may get, the most probable first: label, probability, whether it is right.

    ``gold`` int64[labels] is how many lines have each label.
    """

    labels: NDArray[np.int32]
    probs: NDArray[np.float32]
    right: NDArray[np.bool_]
    gold: NDArray[np.int64]

    @cached_property
    def _by_label(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of the pairs sorted by label, and where each label begins: sorted once."""
        counts = np.bincount(self.labels, minlength=len(self.gold))
        return np.argsort(self.labels, kind="stable"), np.append(0, np.cumsum(counts))

    def of(self, label: int) -> Pairs:
        """Return those of one label, as if there were no other."""
        order, starts = self._by_label
        chosen = order[starts[label] : starts[label + 1]]
        return Pairs(
            labels=np.zeros(len(chosen), np.int32),
            probs=self.probs[chosen],
            right=self.right[chosen],
            gold=self.gold[label : label + 1],
        )


@dataclass(frozen=True, kw_only=True)
class Points:
    """What each candidate threshold gives, the highest first."""

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def f1(self) -> NDArray[np.float64]:
        """The harmonic means of precision and recall."""
        total = self.precision + self.recall
        return np.asarray(2 * self.precision * self.recall / np.where(total > 0, total, 1.0))


def pairs_of(scored: Scored, k: int) -> Pairs:
    """Return the labels that lines may get: all, or (k = 1) the most probable of each."""
    n, n_labels = scored.probs.shape
    probs = scored.probs.ravel()
    if k == 1:
        best = np.arange(n) * n_labels + scored.probs.argmax(axis=1)
        places = best[np.argsort(-probs[best], kind="stable")]
    else:
        places = np.argsort(-probs, kind="stable")
    return Pairs(
        labels=(places % n_labels).astype(np.int32),
        probs=probs[places],
        right=scored.truth.ravel()[places],
        gold=scored.truth.sum(axis=0),
    )


def points_of(pairs: Pairs) -> Points:
    """Return precision and recall at every threshold that makes a difference.

    Each stands in the middle between the least probability that reaches it and the next one.
    """
    ends = _ends(pairs)
    found, gold = np.cumsum(pairs.right)[ends], int(pairs.gold.sum())
    probs = pairs.probs[ends].astype(np.float64)
    following = np.append(probs[1:], probs[-1:])
    return Points(
        thresholds=(probs + following) / 2,
        precision=found / (ends + 1),
        recall=found / max(gold, 1),
    )


def _ends(pairs: Pairs) -> NDArray[np.int64]:
    """Return the last place of each probability."""
    probs = pairs.probs
    return np.flatnonzero(np.append(probs[1:] != probs[:-1], True)[: len(probs)])


def check_metric(metric: Metric, per_label: bool) -> None:
    """Raise ArgumentError for a metric that thresholds cannot be chosen by."""
    if not metric.kind.by_thresholds:
        raise ArgumentError(
            f"--metric {metric.text}: thresholds do not change it. Known: "
            f"{metric_names(lambda kind: kind.by_thresholds)}."
        )
    if metric.label and per_label:
        raise ArgumentError(f"--metric {metric.text} is that of one label: leave --per-label out.")


def best_threshold(pairs: Pairs, metric: Metric, label: int = -1) -> float | None:
    """Return the threshold at which a metric is best, the highest such.

    ``label`` is that of the metric, -1 for all.  None where what the metric demands (a precision of
    P, say) is not reached at any threshold.
    """
    pairs = pairs.of(label) if label >= 0 else pairs
    if len(pairs.probs) == 0:
        return None
    is_mean = metric.name in ("f1macro", "f1weighted")
    values = _mean_f1(pairs, metric.name == "f1weighted") if is_mean else None
    points = points_of(pairs)
    if values is None:
        values = points.f1
    if metric.name == "precisionAtRecall":
        values = np.where(points.recall >= metric.at, points.precision, -1.0)
    elif metric.name == "recallAtPrecision":
        values = np.where(points.precision >= metric.at, points.recall, -1.0)
    best = int(values.argmax())
    return float(points.thresholds[best]) if values[best] >= 0 else None


def _mean_f1(pairs: Pairs, weighted: bool) -> NDArray[np.float64]:
    """Return the mean F1 of labels at each candidate: of those that occur, or by how often.

    A pair more changes the F1 of its label alone, so that the sum of the changes is enough.
    """
    order = np.argsort(pairs.labels, kind="stable")
    labels, right = pairs.labels[order], pairs.right[order]
    is_first = np.diff(labels, prepend=-1) != 0
    starts = np.flatnonzero(is_first)
    sizes = np.diff(starts, append=len(labels))
    f1 = 2.0 * np.cumsum(right)  # these are right so far, of all labels before and of this one
    f1 -= np.repeat(f1[starts] - 2.0 * right[starts], sizes)
    both = np.arange(1, len(labels) + 1)
    both -= np.repeat(starts, sizes)
    both += pairs.gold[labels]
    f1 /= both
    firsts = f1[starts]
    f1[1:] -= f1[:-1].copy()
    f1[starts] = firsts
    change = np.empty(len(labels))
    change[order] = f1
    del f1, both
    ends = _ends(pairs)
    if weighted:
        weights = pairs.gold / max(int(pairs.gold.sum()), 1)
        change *= weights[pairs.labels]
        return np.asarray(np.cumsum(change, out=change)[ends])
    seen = np.zeros(len(labels), np.int32)
    seen[order] = is_first & (pairs.gold[labels] == 0)
    np.cumsum(seen, out=seen)
    seen += np.count_nonzero(pairs.gold)
    return np.asarray((np.cumsum(change, out=change) / seen)[ends])


def label_thresholds(pairs: Pairs, metric: Metric, min_lines: int = 1) -> list[float | None]:
    """Return the threshold of each label: its own F1, or its own precision and recall, are best.

    A label that fewer than ``min_lines`` have gets the threshold of all labels together.
    """
    together = best_threshold(pairs, metric)
    own = metric if metric.name not in ("f1macro", "f1weighted") else type(metric)("f1")
    return [
        best_threshold(pairs, own, label) if n >= min_lines else together
        for label, n in enumerate(pairs.gold.tolist())
    ]


def given(
    probs: NDArray[np.float32], only_best: bool, thresholds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which labels lines get, [lines, labels]; ``thresholds`` [labels]: infinite, never.

    ``only_best``: the most probable label of a line or none.
    """
    reached = probs.astype(np.float64) >= thresholds
    if only_best:
        reached &= np.arange(probs.shape[1]) == probs.argmax(axis=1)[:, None]
    return reached


def meter_of(given: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Meter:
    """Return the counts of labels that lines were given, [lines, labels]."""
    meter = Meter(nlabels=truth.shape[1])
    meter.n = len(truth)
    meter.gold, meter.predicted = truth.sum(axis=0), given.sum(axis=0)
    meter.right = (given & truth).sum(axis=0)
    return meter
