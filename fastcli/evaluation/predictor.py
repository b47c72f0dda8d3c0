"""Predicting blocks of text with any classifier, one worker a thread.

The linear model, quantized or not, and the perceptron are classifiers; whoever tests or
predicts knows no more of them than this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.meter import Meter
from fastcli.kernels import numbers
from fastcli.kernels.lines import HAS_LABEL
from fastcli.text.inputs import split_at_lines
from fastcli.text.lines import Lines
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

WORTH_THREADS = 1 << 15  # bytes of text


@dataclass
class Predictions:
    """The best labels of a block of lines: ``counts[i]`` of them at ``i * k``, best first."""

    k: int
    counts: NDArray[np.int32]
    labels: NDArray[np.int32]
    probs: NDArray[np.float32]


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
    def floor(self) -> float:
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

    Results come in the order of the lines, whatever the number of threads.
    """

    def __init__(self, model: Classifier, k: int, threshold: float, n_threads: int) -> None:
        self.model = model
        model.check_predicts()
        n_threads = min(n_threads, model.most_threads)
        # So many lines are read at a time that their predictions take no more than some MB.
        max_lines = min(4096, 1 + (1 << 20) // model.best_count(k))
        self._workers = [model.worker(k, threshold, max_lines) for _ in range(n_threads)]

    def _in_parts(self, text: Bytes, work: Callable[[int, Bytes], None]) -> None:
        """Call ``work(i, part)`` for the parts of a block, each on a thread of its own."""
        n = len(self._workers) if len(text) >= WORTH_THREADS else 1
        parts = split_at_lines(text, n)
        run_on(len(parts), lambda i: work(i, parts[i])) if parts else None

    def format(self, blocks: Iterable[Bytes], with_probs: bool) -> Iterator[bytes]:
        """Yield predictions as text, a line for each line, a piece for each block."""
        for block in blocks:
            pieces: list[list[bytes]] = [[] for _ in self._workers]

            def work(i: int, part: Bytes, pieces: list[list[bytes]] = pieces) -> None:
                for _, predictions in self._workers[i](part):
                    pieces[i].append(self._text(predictions, with_probs))

            self._in_parts(block, work)
            yield b"".join(piece for some in pieces for piece in some)

    def _text(self, predictions: Predictions, with_probs: bool) -> bytes:
        starts, arena = self.model.label_text
        n = len(predictions.counts)
        sizes = np.diff(starts)
        shown = np.arange(predictions.k) < predictions.counts[:, None]
        labels = predictions.labels.reshape(n, predictions.k)[shown]
        out = np.empty(int(sizes[labels].sum()) + 16 * len(labels) + n + 16, np.uint8)
        size = numbers.format_predictions(
            predictions.counts,
            predictions.labels,
            predictions.probs,
            n,
            predictions.k,
            starts,
            arena,
            int(with_probs),
            self.model.floor,
            out,
        )
        return out[:size].tobytes()

    def rows(self, blocks: Iterable[Bytes]) -> Iterator[list[tuple[bytes, float]]]:
        """Yield for each line its labels with their true probabilities, at most 1."""
        names = self.model.labels()
        for block in blocks:
            found: list[list[Predictions]] = [[] for _ in self._workers]

            def work(i: int, part: Bytes, found: list[list[Predictions]] = found) -> None:
                found[i].extend(predictions for _, predictions in self._workers[i](part))

            self._in_parts(block, work)
            for predictions in (p for some in found for p in some):
                k, labels = predictions.k, predictions.labels.tolist()
                probs = np.minimum(predictions.probs, 1.0).tolist()
                for line, n in enumerate(predictions.counts.tolist()):
                    yield [(names[labels[j]], probs[j]) for j in range(line * k, line * k + n)]

    def test(self, blocks: Iterable[Bytes], with_scores: bool = False) -> Meter:
        """Compare predictions with the labels of the lines; see ``Meter``."""
        meters = [Meter(self.model.nlabels, with_scores) for _ in self._workers]

        def work(i: int, part: Bytes) -> None:
            for lines, predictions in self._workers[i](part):
                meters[i].add(
                    np.diff(lines.offsets[: lines.n + 1]),
                    (lines.flags[: lines.n] & HAS_LABEL) != 0,
                    lines.label_offsets,
                    lines.labels,
                    predictions.k,
                    predictions.counts,
                    predictions.labels,
                    predictions.probs,
                )

        for block in blocks:
            self._in_parts(block, work)
        for meter in meters[1:]:
            meters[0].merge(meter)
        return meters[0]
