"""A classifier with calibrated probabilities, or whose labels must reach their thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.classifier import Block, Classifier, Predictions, Worker
from fastcli.evaluation.probabilities import dense_probs
from fastcli.evaluation.thresholds import given
from fastcli.text.lines import Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.calibration import Curves


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What ``Decided`` needs beside a classifier; it can be handed to another process."""

    curves: Curves | None
    thresholds: NDArray[np.float64] | None
    only_best: bool

    def of(self, model: Classifier) -> Decided:
        """Return a classifier that predicts as a model does, with these."""
        return Decided(model, self.curves, self.thresholds, self.only_best)


class Decided:
    """Predicts as another classifier does, but for probabilities and for which labels are given.

    All else is asked of that classifier.  ``thresholds`` float64[labels]; infinite: never given.
    ``only_best``: a line gets its most probable label or none.
    """

    def __init__(
        self,
        model: Classifier,
        curves: Curves | None = None,
        thresholds: NDArray[np.float64] | None = None,
        only_best: bool = False,
    ) -> None:
        self._model, self._curves = model, curves
        self._thresholds, self._only_best = thresholds, only_best

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_model":  # while it is copied or pickled
            raise AttributeError(name)
        return getattr(self._model, name)

    @property
    def decisions(self) -> Decisions:
        """Its calibration and thresholds."""
        return Decisions(
            curves=self._curves, thresholds=self._thresholds, only_best=self._only_best
        )

    @property
    def undecided(self) -> Classifier:
        """The classifier without them."""
        return self._model

    @property
    def has_thresholds(self) -> bool:
        """Whether labels must reach thresholds to be given."""
        return self._thresholds is not None

    @property
    def without_thresholds(self) -> Decided:
        """The classifier with the same probabilities that gives all labels."""
        return Decided(self._model, self._curves)

    @property
    def sums_to_one(self) -> bool:
        """Whether the probabilities of a line are those of one label among all."""
        return self._model.sums_to_one and not (self._curves and self._curves.several_labels)

    @property
    def printed_offset(self) -> float:
        """The number added to probabilities that are printed: none to calibrated ones."""
        return self._model.printed_offset if self._curves is None else 0.0

    def worker(self, k: int, threshold: float, max_lines: int) -> Worker:
        """Return a function from a block to lines and their k best labels; see ``Classifier``."""
        n_labels = self._model.nlabels
        inner = self._model.worker(n_labels, -1.0, min(max_lines, 1 + (1 << 20) // n_labels))

        def work(block: Block) -> Iterator[tuple[Lines, Predictions]]:
            for lines, found in inner(block):
                yield lines, self._decided(found, k, threshold)

        return work

    def _decided(self, found: Predictions, k: int, threshold: float) -> Predictions:
        """Return the k best labels of lines whose probabilities of all labels are ``found``."""
        probs = dense_probs(found, self._model.nlabels)
        if self._curves is not None:
            with np.errstate(all="ignore"):  # of lines that are not finite, which are left out
                probs = self._curves.applied(probs, self._model.sums_to_one)
        is_given = (found.counts > 0)[:, None] & (probs >= np.float32(threshold))
        if self._thresholds is not None:
            is_given &= given(probs, self._only_best, self._thresholds)
        order = np.argsort(np.where(is_given, -probs, np.inf), axis=1, kind="stable")[:, :k]
        return Predictions(
            k=k,
            counts=np.minimum(is_given.sum(axis=1), k).astype(np.int32),
            labels=np.ascontiguousarray(order.astype(np.int32).ravel()),
            probs=np.ascontiguousarray(np.take_along_axis(probs, order, axis=1).ravel()),
            not_finite=found.not_finite,
        )
