"""Predicting blocks of text with a linear model, one worker a thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.meter import Meter
from fastcli.fasttext.model import Lines, Model, Predictions, Reader, Scorer
from fastcli.kernels import numbers
from fastcli.kernels._build import compile_beside
from fastcli.kernels.predict import HAS_LABEL, best_labels, read_lines
from fastcli.text.inputs import split_at_lines
from fastcli.threads import interrupted, run_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastcli.text.inputs import Bytes

WORTH_THREADS = 1 << 15  # bytes of text


def prepare() -> None:
    """Have the largest kernel compiled while the model is being loaded, if need be."""
    compile_beside(best_labels, read_lines)


class Predictor:
    """Predicts the k best labels of lines of text, each at least as probable as a threshold.

    Results come in the order of the lines, whatever the number of threads.
    """

    def __init__(self, model: Model, k: int, threshold: float, n_threads: int) -> None:
        self.model = model
        model.check_predicts()
        # So many lines are read at a time that their predictions take no more than some MB.
        max_lines = min(4096, 1 + (1 << 20) // model.best_count(k))
        self._workers = [
            (Reader(model, max_lines), Scorer(model, k, threshold)) for _ in range(n_threads)
        ]

    def _lines(self, thread: int, text: Bytes) -> Iterator[tuple[Lines, Predictions]]:
        reader, scorer = self._workers[thread]
        position = 0
        while position < len(text) and not interrupted.is_set():
            lines, position = reader.read(text, position)
            yield lines, scorer.score(lines)

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
                for _, predictions in self._lines(i, part):
                    pieces[i].append(self._text(predictions, with_probs))

            self._in_parts(block, work)
            yield b"".join(piece for some in pieces for piece in some)

    def _text(self, predictions: Predictions, with_probs: bool) -> bytes:
        dictionary = self.model.dictionary
        starts = dictionary.starts[dictionary.nwords :]
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
            dictionary.arena,
            int(with_probs),
            0.0 if self.model.args.loss == "hs" else 1e-5,
            out,
        )
        return out[:size].tobytes()

    def rows(self, blocks: Iterable[Bytes]) -> Iterator[list[tuple[bytes, float]]]:
        """Yield for each line its labels with their true probabilities, at most 1."""
        names = self.model.dictionary.labels()
        for block in blocks:
            found: list[list[Predictions]] = [[] for _ in self._workers]

            def work(i: int, part: Bytes, found: list[list[Predictions]] = found) -> None:
                found[i].extend(predictions for _, predictions in self._lines(i, part))

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
            for lines, predictions in self._lines(i, part):
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
