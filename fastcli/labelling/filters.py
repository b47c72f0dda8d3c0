"""Rules on the rows of a labelled table: which are kept, which are unsure, which get a default.

The rules look at probabilities as float32, which is what models compute: a bound of 0.9 is met by
what is printed as 0.9.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.evaluation.classifier import Predictions, best_count
from fastcli.evaluation.label_names import LabelNames
from fastcli.labelling.options import Filters
from fastcli.labelling.predicted import UNSURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE = np.float32(1)
COMPARE: dict[str, Any] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def labels_to_see(bound: float, labels: KnownLabels) -> int:
    """Return how many of the best labels of a row are enough to compare any with a bound.

    Of probabilities that sum to 1 at most 1 / bound are as large as the bound; one that is not
    among so many, and one for rounding, is below it.  Of others all are needed.

    >>> labels_to_see(0.9, KnownLabels("abcdef", "abcdef", "", True))
    2
    """
    n = len(labels.tokens)
    return min(n, int(1 / bound) + 1) if labels.sum_to_one and bound * n > 1 else n


class Scored(NamedTuple):
    """The best k labels of n rows, and the probabilities of those that conditions are about."""

    counts: NDArray[np.int32]  # [n]
    ids: NDArray[np.int32]  # [n * k]
    probs: NDArray[np.float32]  # [n * k]
    asked: NDArray[np.float32]  # [n, conditions]


class Chosen(NamedTuple):
    """The labels of n rows that are written, and what the rules say of the rows.

    What no rule is about is None.
    """

    counts: NDArray[np.int32]  # [n]
    ids: NDArray[np.int32]  # [n * k]
    probs: NDArray[np.float32]  # [n * k]
    best: NDArray[np.float32]  # [n]: see ``Predicted``
    kept: NDArray[np.bool_] | None  # [n]: it meets all conditions
    unsure: NDArray[np.bool_] | None  # [n]: its best label is below the limit
    defaulted: NDArray[np.bool_] | None  # [n]: its best label is replaced


class KnownLabels(NamedTuple):
    """The labels of a model: their tokens, their names, and the prefix of the tokens.

    ``sum_to_one``: the probabilities of a row are those of one label among all.
    """

    tokens: Sequence[str]
    names: Sequence[str]
    prefix: str
    sum_to_one: bool


class Rules:
    """The filters of a run, for the labels of a model.

    ``k`` and ``threshold`` are what is written of each row.  Raises ArgumentError for an unknown
    label of a condition, and for a ``k`` that cannot be.
    """

    def __init__(self, filters: Filters, labels: KnownLabels, k: int, threshold: float) -> None:
        tokens, names, prefix, _ = labels
        self._conditions = filters.conditions
        of_labels = LabelNames(tokens, names, prefix)
        self._ids = [of_labels.find(one.label, "--keep") for one in self._conditions]
        self._limit, self._minimum = filters.limit, filters.min_prob
        self._threshold = threshold
        self.k = best_count(k, len(tokens))
        # Of rows that a condition or a limit is about, more must be known than what is written.
        sees_all = bool(self._conditions or self._limit is not None or self._minimum is not None)
        self.predicted_threshold = min(threshold, 0.0 if sees_all else UNSURE)
        most = [labels_to_see(one.bound, labels) for one in self._conditions]
        self.predicted_k = max([self.k, *most])
        default = dict(zip(tokens, names, strict=True)).get(filters.default, filters.default)
        self.default = default or None

    def scored(self, found: Predictions) -> Scored:
        """Return what is needed of the predictions of some rows."""
        n, k = len(found.counts), found.k
        ids, probs = found.labels.reshape(n, k), found.probs.reshape(n, k)
        asked = np.zeros((n, len(self._ids)), np.float32)  # what is not predicted has next to 0
        if self._ids:
            is_there = np.arange(k) < found.counts[:, None]
            for j, label in enumerate(self._ids):
                rows, places = np.nonzero((ids == label) & is_there)
                asked[rows, j] = np.minimum(probs[rows, places], ONE)
        return Scored(
            np.minimum(found.counts, self.k),
            ids[:, : self.k].ravel(),
            np.minimum(probs[:, : self.k].ravel(), ONE),
            asked,
        )

    def chosen(self, found: Sequence[Scored], is_empty: NDArray[np.bool_]) -> Chosen:
        """Apply the rules to rows; those that are empty have no label, whatever was predicted."""
        n, k = len(is_empty), self.k
        counts = np.concatenate([one.counts for one in found])
        probs = np.concatenate([one.probs for one in found])
        asked = np.concatenate([one.asked for one in found])
        counts[is_empty] = 0
        # A row whose labels are all below what was predicted has a probability below that.
        hidden = np.float32(np.nan if self.predicted_threshold <= 0 else 0)
        best = np.where(counts > 0, probs[::k], hidden)
        best[is_empty] = np.nan
        if self.predicted_threshold < self._threshold:
            is_there = np.arange(k) < counts[:, None]
            is_enough = probs.reshape(n, k) >= np.float32(self._threshold)
            written = (is_there & is_enough).sum(axis=1, dtype=np.int32)
        else:
            written = counts
        kept = None
        if self._conditions:
            kept = counts > 0
            for j, one in enumerate(self._conditions):
                kept &= COMPARE[one.operator](asked[:, j], np.float32(one.bound))
        return Chosen(
            counts=written,
            ids=np.concatenate([one.ids for one in found]),
            probs=probs,
            best=best,
            kept=kept,
            unsure=None if self._limit is None else best < np.float32(self._limit),
            defaulted=None if self._minimum is None else best < np.float32(self._minimum),
        )
