"""Predicting blocks of text with any classifier, one worker per thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fastcli.errors import NotFinite
from fastcli.evaluation.classifier import Block, Classifier, Predictions, Worker, best_count
from fastcli.evaluation.unknown_words import SeenText, unknown_words_note
from fastcli.kernels.base import printf
from fastcli.kernels.base.groups import Best, Strings
from fastcli.text.decoded import Decoded
from fastcli.text.inputs import split_at_lines
from fastcli.text.lines import Lines, SeenWords
from fastcli.threads import read_ahead, run_on

if TYPE_CHECKING:
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.tally import Mistakes, Tally

MIN_BYTES_FOR_THREADS = 1 << 15


T = TypeVar("T")


class Predictor:
    """Predicts the k best labels of lines of text, each at least as probable as a threshold.

    Results come in the order of the lines, whatever the number of threads.  A line whose scores
    are not finite raises NotFinite after the results of the lines before it; ``name`` is what
    the error calls the model.  ``with_all`` predicts all labels of each line beside the best, for
    what is computed from their probabilities: about two or three times
    the work.
    """

    def __init__(
        self,
        model: Classifier,
        k: int,
        threshold: float,
        n_threads: int,
        name: str = "The model",
        with_all: bool = False,
    ) -> None:
        self.model, self.name = model, name
        self._names: dict[str, Decoded] = {}
        model.check_predicts()
        n_threads = min(n_threads, model.max_threads)
        self.k = k = best_count(k, model.nlabels)
        # So many lines are read at a time that their predictions take no more than some MB.
        max_lines = min(4096, 1 + (1 << 20) // (model.nlabels if with_all else k))
        self._workers = [model.worker(k, threshold, max_lines) for _ in range(n_threads)]
        if with_all:
            # Any probability is above -1, also where a tree leaves out what is below e-5.
            whole = getattr(model, "without_thresholds", model)
            every = [whole.worker(model.nlabels, -1.0, max_lines) for _ in range(n_threads)]
            firsts: list[Worker | None] = [None] * n_threads
            if k > 1 or threshold > 0 or whole is not model:
                firsts = [whole.worker(1, -1.0, max_lines) for _ in range(n_threads)]
            self._workers = [_all(*some) for some in zip(self._workers, every, firsts, strict=True)]
        self.start_again()

    def start_again(self) -> None:
        """Begin with other text: forget how many lines, and which words, were seen so far."""
        self._n_lines = 0  # so far, for errors
        self._seen = SeenText()
        self._words = [SeenWords() for _ in self._workers]

    def names(self, on_unicode_error: str) -> Decoded:
        """Return the labels by their ids; ``on_unicode_error`` is as in ``bytes.decode``."""
        found = self._names.get(on_unicode_error)
        if found is None:
            found = self._names[on_unicode_error] = Decoded(self.model.labels(), on_unicode_error)
        return found

    @property
    def n_threads(self) -> int:
        """How many threads predict."""
        return len(self._workers)

    def unknown_words_note(self, name: str, are_queries: bool = False) -> str | None:
        """Return what to say if most of the words so far, of a text ``name``, were unknown.

        See ``unknown_words.unknown_words_note``.
        """
        known = self.model.known_words
        if known is None:
            return None
        self._seen.words = SeenWords()
        for words in self._words:
            self._seen.words.add(words)
        return unknown_words_note(self._seen, known, name, are_queries)

    def _results(
        self, blocks: Iterable[Block], use: Callable[[int, Lines, Predictions], T]
    ) -> Iterator[list[T]]:
        """Yield, for each block, what ``use(thread, lines, predictions)`` makes of its lines.

        It is called by several threads, one per part of the block, and gets only predictions that
        are finite.  Raises NotFinite.
        """
        for block in blocks:
            self._n_lines += getattr(block, "passed", 0)
            if isinstance(block, np.ndarray):
                self._seen.start(block)
            n = len(self._workers) if block.nbytes >= MIN_BYTES_FOR_THREADS else 1
            parts = _divided(block, n)
            found: list[list[tuple[T, int, int]]] = [[] for _ in parts]

            def work(
                i: int,
                parts: list[Block] = parts,
                found: list[list[tuple[T, int, int]]] = found,
            ) -> None:
                for lines, predictions in self._workers[i](parts[i]):
                    self._words[i].add(lines.words)
                    bad = predictions.not_finite
                    n = len(predictions.counts)
                    found[i].append((use(i, lines, predictions.sound()), n, bad))
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

    def _read(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Yield blocks; of tables, whose cells take time to read, the next is read meanwhile."""
        for first in blocks:
            rest = chain([first], blocks)
            is_table = not isinstance(first, np.ndarray)
            return read_ahead(rest) if is_table and self.n_threads > 1 else rest
        return iter(())

    def format(self, blocks: Iterable[Block], with_probs: bool) -> Iterator[bytes]:
        """Yield predictions as text, a line for each line, a piece for each block."""

        def text(thread: int, lines: Lines, predictions: Predictions) -> bytes:
            return self._text(predictions, with_probs)

        for pieces in self._results(self._read(iter(blocks)), text):
            yield b"".join(pieces)

    def _text(self, predictions: Predictions, with_probs: bool) -> bytes:
        starts, arena = self.model.label_text
        n = len(predictions.counts)
        sizes = np.diff(starts)
        shown = np.arange(predictions.k) < predictions.counts[:, None]
        labels = predictions.labels.reshape(n, predictions.k)[shown]
        out = np.empty(int(sizes[labels].sum()) + 16 * len(labels) + n + 16, np.uint8)
        size = printf.format_predictions(
            Best(predictions.k, predictions.counts, predictions.labels, predictions.probs),
            n,
            Strings(starts, arena),
            int(with_probs),
            self.model.printed_offset,
            out,
        )
        return out[:size].tobytes()

    def predictions(self, blocks: Iterable[Block]) -> Iterator[Predictions]:
        """Yield the predictions of lines, some at a time."""
        return self.reduced(blocks, lambda predictions: predictions)

    def reduced(self, blocks: Iterable[Block], use: Callable[[Predictions], T]) -> Iterator[T]:
        """Yield what ``use`` makes of the predictions of lines, some at a time.

        So not all the labels of all lines of a block are in memory at once.
        """
        return self.examined(blocks, lambda thread, lines, predictions: use(predictions))

    def examined(
        self, blocks: Iterable[Block], use: Callable[[int, Lines, Predictions], T]
    ) -> Iterator[T]:
        """Yield what ``use(thread, lines, predictions)`` makes of lines, some at a time.

        It is called by several threads, and the results come in the order of the lines.
        """
        for found in self._results(self._read(iter(blocks)), use):
            yield from found

    def rows(self, blocks: Iterable[Block]) -> Iterator[list[tuple[bytes, float]]]:
        """Yield for each line its labels with their true probabilities, at most 1."""
        names = self.model.labels()
        for predictions in self.predictions(blocks):
            k, labels = predictions.k, predictions.labels.tolist()
            probs = np.minimum(predictions.probs, 1.0).tolist()
            for line, n in enumerate(predictions.counts.tolist()):
                yield [(names[labels[j]], probs[j]) for j in range(line * k, line * k + n)]

    def test(self, blocks: Iterable[Block], with_scores: bool = False) -> Meter:
        """Compare predictions with the labels of the lines; see ``Meter``.

        A predictor ``with_all`` labels also measures the losses of the lines.
        """
        from fastcli.evaluation.meter import Meter

        meters = [Meter(nlabels=self.model.nlabels, with_scores=with_scores) for _ in self._workers]

        def add(thread: int, lines: Lines, predictions: Predictions) -> None:
            self.count(meters[thread], lines, predictions)

        for _ in self._results(self._read(iter(blocks)), add):
            pass
        for meter in meters[1:]:
            meters[0].merge(meter)
        return meters[0]

    def tally(
        self, blocks: Iterable[Block], tallies: Sequence[Tally]
    ) -> Iterator[tuple[Block, int, list[tuple[int, Mistakes]]]]:
        """Count lines for a report, in a tally for each thread, of a predictor ``with_all``.

        Yields each block, the number of lines before it, and its parts: how many lines each has,
        and which of them are mistakes.
        """

        def add(thread: int, lines: Lines, found: Predictions) -> tuple[int, Mistakes]:
            return len(found.counts), tallies[thread].add(lines, found)

        seen: list[tuple[Block, int]] = []

        def watched() -> Iterator[Block]:
            for block in self._read(iter(blocks)):  # so that what is seen is the block in work
                seen[:] = [(block, self._n_lines + getattr(block, "passed", 0))]
                yield block

        for parts in self._results(watched(), add):
            yield *seen[0], parts

    def count(self, meter: Meter, lines: Lines, predictions: Predictions) -> None:
        """Count lines as ``test`` does, and their losses where all labels were predicted."""
        meter.add_lines(lines, predictions)
        if predictions.every is not None:
            self._add_losses(meter, lines, predictions.every)

    def _add_losses(self, meter: Meter, lines: Lines, found: Predictions) -> None:
        from fastcli.evaluation import probabilities

        n, nlabels = len(found.counts), self.model.nlabels
        is_one_of_all = self.model.sums_to_one
        used = probabilities.usable(lines, n)
        truth = probabilities.dense_truth(lines.label_offsets, lines.labels, n, nlabels)[used]
        losses = probabilities.line_losses(
            probabilities.dense_probs(found, nlabels)[used], truth, is_one_of_all
        )
        loss = float(losses.sum())
        meter.add_losses(len(losses), loss, probabilities.log_loss_of(loss, nlabels, is_one_of_all))


def _all(chosen: Worker, every: Worker, first: Worker | None) -> Worker:
    """Return a worker of what ``chosen`` predicts, with the predictions of all labels beside it.

    ``first`` predicts the best label alone, where that may be another one than the first chosen.
    """

    def work(block: Block) -> Iterator[tuple[Lines, Predictions]]:
        firsts = repeat(None) if first is None else first(block)
        for (lines, found), (_, of_all), one in zip(
            chosen(block), every(block), firsts, strict=False
        ):
            found.every = of_all.sound()
            if one is not None:
                found.first = one[1].best
            yield lines, found

    return work


def _divided(block: Block, n: int) -> list[Block]:
    """Divide a block among n threads: text at line ends, rows anywhere."""
    if isinstance(block, np.ndarray):
        return split_at_lines(block, n)
    bounds = [len(block) * i // n for i in range(n + 1)]
    return [block[a:b] for a, b in pairwise(bounds) if a < b]
