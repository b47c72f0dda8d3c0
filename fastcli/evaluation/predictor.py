"""Predicting blocks of text with any classifier, one worker a thread.

The linear model, quantized or not, and the perceptron are classifiers; whoever tests or
predicts knows no more of them than this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from fastcli.errors import ArgumentError, NotFinite
from fastcli.evaluation.meter import Meter
from fastcli.kernels.base import printf
from fastcli.kernels.text.lines import HAS_LABEL
from fastcli.text.inputs import split_at_lines
from fastcli.text.lines import Lines
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

MIN_BYTES_FOR_THREADS = 1 << 15


T = TypeVar("T")


@dataclass(kw_only=True)
class Predictions:
    """The best labels of a block of lines: ``counts[i]`` of them at ``i * k``, best first.

    ``not_finite`` is the first line whose hidden values or scores are NaN or infinite, or -1;
    it and the lines after it are worth nothing.  ``passed_over`` lines before the block have no
    predictions (the header of a table).
    """

    k: int
    counts: NDArray[np.int32]
    labels: NDArray[np.int32]
    probs: NDArray[np.float32]
    not_finite: int = -1
    passed_over: int = 0

    def sound(self) -> Predictions:
        """Return the predictions of the lines before the first that is not finite."""
        n = self.not_finite
        if n < 0:
            return self
        most = n * self.k
        return Predictions(
            k=self.k, counts=self.counts[:n], labels=self.labels[:most], probs=self.probs[:most]
        )


Worker = Callable[["Bytes"], Iterator[tuple[Lines, Predictions]]]


class Classifier(Protocol):
    """Turns blocks of raw lines into their k best labels with probabilities."""

    @property
    def nlabels(self) -> int:
        """The number of labels."""

    @property
    def label_text(self) -> tuple[NDArray[np.int64], Bytes]:
        """The labels one after the other, and where each starts; the last number is the end."""

    @property
    def printed_offset(self) -> float:
        """What is added to probabilities that are printed as text."""

    @property
    def most_threads(self) -> int:
        """How many workers may be used at once."""

    def labels(self) -> list[bytes]:
        """Return all labels, in the order of their ids."""

    def check_predicts(self) -> None:
        """Raise ArgumentError if the model is no classifier."""

    def best_count(self, k: int) -> int:
        """Return how many labels a line may get."""

    def worker(self, k: int, threshold: float, max_lines: int) -> Worker:
        """Return a function from text to lines and their best labels; one for each thread."""


def best_count(k: int, nlabels: int) -> int:
    """Return how many of all labels a line may get: -1 stands for all.

    Raises ArgumentError for 0 and for other negative numbers.
    """
    if k == -1:
        return nlabels
    if k < 1:
        raise ArgumentError("k needs to be 1 or higher! (-1 stands for all labels.)")
    return min(k, nlabels)


class Predictor:
    """Predicts the k best labels of lines of text, each at least as probable as a threshold.

    Results come in the order of the lines, whatever the number of threads.  A line whose scores
    are not finite raises NotFinite after the results of the lines before it; ``name`` is what
    the error calls the model.
    """

    def __init__(
        self,
        model: Classifier,
        k: int,
        threshold: float,
        n_threads: int,
        name: str = "The model",
    ) -> None:
        self.model, self.name = model, name
        model.check_predicts()
        n_threads = min(n_threads, model.most_threads)
        # So many lines are read at a time that their predictions take no more than some MB.
        max_lines = min(4096, 1 + (1 << 20) // model.best_count(k))
        self._workers = [model.worker(k, threshold, max_lines) for _ in range(n_threads)]
        self._n_lines = 0  # so far, for errors

    def _results(
        self, blocks: Iterable[Bytes], use: Callable[[int, Lines, Predictions], T]
    ) -> Iterator[list[T]]:
        """Yield, for each block, what ``use(thread, lines, predictions)`` makes of its lines.

        It is called by several threads, one a part of the block, and gets only predictions that
        are finite.  Raises NotFinite.
        """
        for block in blocks:
            n = len(self._workers) if len(block) >= MIN_BYTES_FOR_THREADS else 1
            parts = split_at_lines(block, n)
            found: list[list[tuple[T, int, int]]] = [[] for _ in parts]

            def work(
                i: int,
                parts: list[Bytes] = parts,
                found: list[list[tuple[T, int, int]]] = found,
            ) -> None:
                for lines, predictions in self._workers[i](parts[i]):
                    before, n = predictions.passed_over, len(predictions.counts)
                    bad = predictions.not_finite
                    at = before + bad if bad >= 0 else -1
                    found[i].append((use(i, lines, predictions.sound()), before + n, at))
                    if bad >= 0:
                        return

            if parts:
                run_on(len(parts), work)
            results: list[T] = []
            for result, n_lines, bad in (one for some in found for one in some):
                results.append(result)
                if bad >= 0:
                    yield results
                    line = self._n_lines + bad + 1
                    raise NotFinite(self.name, f"the scores of line {line:,}")
                self._n_lines += n_lines
            yield results

    def format(self, blocks: Iterable[Bytes], with_probs: bool) -> Iterator[bytes]:
        """Yield predictions as text, a line for each line, a piece for each block."""

        def text(thread: int, lines: Lines, predictions: Predictions) -> bytes:
            return self._text(predictions, with_probs)

        for pieces in self._results(blocks, text):
            yield b"".join(pieces)

    def _text(self, predictions: Predictions, with_probs: bool) -> bytes:
        starts, arena = self.model.label_text
        n = len(predictions.counts)
        sizes = np.diff(starts)
        shown = np.arange(predictions.k) < predictions.counts[:, None]
        labels = predictions.labels.reshape(n, predictions.k)[shown]
        out = np.empty(int(sizes[labels].sum()) + 16 * len(labels) + n + 16, np.uint8)
        size = printf.format_predictions(
            predictions.counts,
            predictions.labels,
            predictions.probs,
            n,
            predictions.k,
            starts,
            arena,
            int(with_probs),
            self.model.printed_offset,
            out,
        )
        return out[:size].tobytes()

    def rows(self, blocks: Iterable[Bytes]) -> Iterator[list[tuple[bytes, float]]]:
        """Yield for each line its labels with their true probabilities, at most 1."""
        names = self.model.labels()
        for found in self._results(blocks, lambda thread, lines, predictions: predictions):
            for predictions in found:
                k, labels = predictions.k, predictions.labels.tolist()
                probs = np.minimum(predictions.probs, 1.0).tolist()
                for line, n in enumerate(predictions.counts.tolist()):
                    yield [(names[labels[j]], probs[j]) for j in range(line * k, line * k + n)]

    def test(self, blocks: Iterable[Bytes], with_scores: bool = False) -> Meter:
        """Compare predictions with the labels of the lines; see ``Meter``."""
        meters = [Meter(nlabels=self.model.nlabels, with_scores=with_scores) for _ in self._workers]

        def add(thread: int, lines: Lines, predictions: Predictions) -> None:
            n = len(predictions.counts)
            meters[thread].add(
                np.diff(lines.offsets[: n + 1]),
                (lines.flags[:n] & HAS_LABEL) != 0,
                lines.label_offsets,
                lines.labels,
                predictions.k,
                predictions.counts,
                predictions.labels,
                predictions.probs,
            )

        for _ in self._results(blocks, add):
            pass
        for meter in meters[1:]:
            meters[0].merge(meter)
        return meters[0]
