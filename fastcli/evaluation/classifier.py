"""The protocol of classifiers: all that testing, predicting and tuning need of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.unknown_words import KnownWords
from fastcli.text.lines import Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.regression import Measure
    from fastcli.text.inputs import Bytes


@dataclass(kw_only=True)
class Predictions:
    """The best labels of a block of lines: ``counts[i]`` of them at ``i * k``, best first.

    ``not_finite`` is the first line whose hidden values or scores are NaN or infinite, or -1;
    it and the lines after it are worth nothing.  ``every`` are the predictions of all labels of
    the same lines, where they were asked for, and ``first`` what a test of k = 1 without a
    threshold takes for their best labels (of equal probabilities a larger k may have another one).
    For regression, ``values`` float64[lines, targets] are what is predicted (NaN where nothing is
    known of a line), and ``truth`` of the same shape what the lines say, NaN where they do not.
    """

    k: int
    counts: NDArray[np.int32]
    labels: NDArray[np.int32]
    probs: NDArray[np.float32]
    not_finite: int = -1
    every: Predictions | None = None
    first: NDArray[np.int32] | None = None
    values: NDArray[np.float64] | None = None
    truth: NDArray[np.float64] | None = None

    @property
    def best(self) -> NDArray[np.int32]:
        """The most probable label of each line, int32 [lines]; -1 where a line got no label.

        Where ``first`` is known it is that, whatever a threshold left of a line's labels.
        """
        if self.first is not None:
            return self.first
        most = len(self.counts) * self.k
        return np.where(self.counts > 0, self.labels[: most : self.k], np.int32(-1))

    def sound(self) -> Predictions:
        """Return the predictions of the lines before the first that is not finite."""
        n = self.not_finite
        if n < 0:
            return self
        most = n * self.k
        return Predictions(
            k=self.k,
            counts=self.counts[:n],
            labels=self.labels[:most],
            probs=self.probs[:most],
            every=self.every,
            first=self.first,
            values=None if self.values is None else self.values[:n],
            truth=None if self.truth is None else self.truth[:n],
        )


Block: TypeAlias = Any
"""Bytes of lines, uint8, or, for a model of tables, some rows of one."""

Worker = Callable[[Block], Iterator[tuple[Lines, Predictions]]]


class PredictedNumbers(Protocol):
    """The targets of a model of regression: their names, and how predictions are printed."""

    @property
    def names(self) -> list[str]:
        """The names of the targets."""

    def rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predictions, [n, targets], to the digits that mean anything."""

    def texts(self, values: NDArray[np.float64]) -> list[list[str]]:
        """Return predictions as they are printed."""


class Classifier(Protocol):
    """Turns blocks of raw lines into their k best labels with probabilities.

    The linear model, quantized or not, and the neural network are classifiers.
    """

    @property
    def nlabels(self) -> int:
        """The number of labels."""

    @property
    def label_text(self) -> tuple[NDArray[np.int64], Bytes]:
        """The labels one after the other, and where each starts; the last number is the end."""

    @property
    def printed_offset(self) -> float:
        """The number added to probabilities that are printed as text."""

    @property
    def max_threads(self) -> int:
        """How many workers may be used at once."""

    @property
    def known_words(self) -> KnownWords | None:
        """The words that it knows; None if it is for tables."""

    @property
    def sums_to_one(self) -> bool:
        """Whether the probabilities of a line are those of one label among all: softmax, hs."""

    @property
    def label_counts(self) -> NDArray[np.int64] | None:
        """How often each label occurred in training; None where the model does not know."""

    @property
    def targets(self) -> PredictedNumbers | None:
        """What it predicts, if that is numbers (regression); None where it predicts labels."""

    @property
    def target_losses(self) -> Measure | None:
        """What measures the losses of rows with targets; None where it predicts labels."""

    def labels(self) -> list[bytes]:
        """Return all labels, in the order of their ids."""

    def label_id(self, label: bytes) -> int:
        """Return the id of a label, -1 if the model does not have it."""

    def check_predicts(self) -> None:
        """Raise ArgumentError if the model is not a classifier."""

    def rows_of(self, path: str, cannot: str) -> Iterator[Block] | None:
        """Return the rows of a file where the model is for tables, None where it reads lines.

        ``cannot`` is what is said, with {path} and {reason}, where the file cannot be opened.
        """

    def worker(self, k: int, threshold: float, max_lines: int) -> Worker:
        """Return a function from a block to lines and their k best labels; one for each thread.

        ``k`` is at most the number of labels (see ``best_count``); labels less probable than
        ``threshold`` are left out, and at most ``max_lines`` lines are read at a time.
        """


def best_count(k: int, nlabels: int) -> int:
    """Return how many of all labels a line may get: -1 stands for all.

    Raises ArgumentError for 0 and for other negative numbers.
    """
    if k == -1:
        return nlabels
    if k < 1:
        raise ArgumentError("k needs to be 1 or higher! (-1 stands for all labels.)")
    return min(k, nlabels)
