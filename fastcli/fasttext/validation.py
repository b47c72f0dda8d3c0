"""Measuring a classifier while it trains: validation lines, on the rows that are trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError, unreadable
from fastcli.evaluation.meter import Meter, Skipped
from fastcli.fasttext import model as fasttext
from fastcli.fasttext.huffman import build_children
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import search_room
from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.losses import HS, NS, SOFTMAX
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.linear.lines import Loss, Model
from fastcli.kernels.linear.means import mean_rows
from fastcli.kernels.linear.scores import BLOCK, Outputs, fill_blocks
from fastcli.kernels.linear.validation import Gold, measure_lines
from fastcli.text.inputs import text_blocks
from fastcli.text.lines import Reader
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.trainer import Trainer
    from fastcli.fasttext.watch import Watch
    from fastcli.text.corpus import Corpus
    from fastcli.text.dictionary import Dictionary

SAMPLE_SIZE = 1000  # training lines that show how good a model is that training goes on with
ROOM = 1 << 20  # floats of hidden vectors at a time
KERNELS = (fill_blocks, mean_rows, measure_lines)


@dataclass(kw_only=True)
class ValidLines:
    """Validation lines with a known label and a known word, as rows in memory of the input matrix.

    The rows of line i are ``rows[offsets[i]:offsets[i + 1]]``, its labels
    ``labels[label_offsets[i]:label_offsets[i + 1]]``.  ``left_out`` are the others.
    Behind the rows of training come ``more_rows``: one of zeros, for n-grams that training never
    met, or, where training goes on with a model, those of the n-grams that only validation lines
    have.  Row ``untrained_ids[i]`` of that model, which training does not use, is
    ``untrained_rows[i]`` in memory.
    """

    rows: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    left_out: Skipped
    more_rows: int = 1
    untrained_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    untrained_rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def n(self) -> int:
        """The number of lines that are measured."""
        return len(self.offsets) - 1


def read_valid(
    path: str,
    args: TrainArgs,
    dictionary: Dictionary,
    corpus: Corpus,
    keeps_rows: bool = False,
) -> ValidLines:
    """Read a validation file once, for all evaluations.

    With ``keeps_rows`` features that no training line has get rows, too.  Raises DataError if it
    cannot be read, or has no line that can be measured.
    """
    bucket = args.model_args().bucket
    rows_of, bucket_rows = _memory_rows(dictionary, corpus, bucket)
    if keeps_rows:
        bucket_rows = None
    reader = Reader(
        dictionary,
        args.label,
        args.word_ngrams,
        args.minn,
        args.maxn,
        bucket,
        bucket_rows,
        weight_prefix=args.line_weights,
    )
    parts: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    golds: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    left_out = Skipped()
    try:
        for block in text_blocks(path):
            position = 0
            while position < len(block):
                lines, position = reader.read(block, position)
                left_out.add_lines(lines)
                n_features = np.diff(lines.offsets[: lines.n + 1])
                n_labels = np.diff(lines.label_offsets[: lines.n + 1])
                used = (n_features > 0) & (n_labels > 0)
                features = lines.features[: lines.offsets[lines.n]][np.repeat(used, n_features)]
                labels = lines.labels[: lines.label_offsets[lines.n]][np.repeat(used, n_labels)]
                parts.append(
                    (features.copy() if keeps_rows else rows_of[features], n_features[used])
                )
                golds.append((labels, n_labels[used]))
    except OSError as error:
        raise unreadable(path, error, "validation") from None
    rows, offsets = _joined(parts)
    labels, label_offsets = _joined(golds)
    if len(offsets) == 1:
        raise DataError(
            f"{path} has no line with a label and a word of the training text, so nothing can be "
            "measured on it."
        )
    found = ValidLines(
        rows=rows,
        offsets=offsets,
        labels=labels,
        label_offsets=label_offsets,
        left_out=left_out,
    )
    if keeps_rows:
        _keep_rows(found, dictionary, corpus, rows_of)
    return found


def _keep_rows(
    lines: ValidLines, dictionary: Dictionary, corpus: Corpus, rows_of: NDArray[np.int32]
) -> None:
    """Turn features, which ``lines.rows`` are, into rows in memory; those without one get one."""
    used, features = np.unique(lines.rows, return_inverse=True)
    is_word = used < dictionary.nwords
    buckets = corpus.bucket_rows[np.where(is_word, 0, used - dictionary.nwords)].astype(np.int64)
    numbers = np.where(is_word, used, dictionary.nwords - 1 + buckets)
    is_new = ~is_word & (buckets == 0)
    rows = rows_of[np.where(is_new, 0, numbers)].astype(np.int64)
    rows[is_new] = corpus.shards * corpus.shard_rows + np.arange(int(is_new.sum()))
    untrained = ~np.isin(used, corpus.ids)
    lines.rows = rows[features].astype(np.int32)
    lines.more_rows = int(is_new.sum())
    lines.untrained_ids, lines.untrained_rows = used[untrained].astype(np.int64), rows[untrained]


def _memory_rows(
    dictionary: Dictionary, corpus: Corpus, bucket: int
) -> tuple[NDArray[np.int32], NDArray[np.int32] | None]:
    """Return the rows in memory of features as ``Reader`` numbers them with the second array.

    Buckets that no training line has share a last number, whose row is the last one.
    """
    nwords, shards = dictionary.nwords, corpus.shards
    n_buckets = int(corpus.bucket_rows.max(initial=0)) if bucket else 0
    numbers = np.arange(nwords + n_buckets, dtype=np.int64)
    rows = numbers % shards * corpus.shard_rows + numbers // shards
    rows_of = np.append(rows, shards * corpus.shard_rows).astype(np.int32)
    if not bucket:
        return rows_of, None
    bucket_rows = np.where(corpus.bucket_rows > 0, corpus.bucket_rows, n_buckets + 1)
    return rows_of, bucket_rows.astype(np.int32)


def _joined(
    parts: list[tuple[NDArray[np.int32], NDArray[np.int64]]],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return values and their offsets from parts with the number of values of each line."""
    values = np.concatenate([np.zeros(0, np.int32), *(part for part, _ in parts)])
    sizes = np.concatenate([np.zeros(1, np.int64), *(n for _, n in parts)])
    return values, np.cumsum(sizes)


class Validator:
    """Measures the model on validation lines; matrices are those that are trained, never copies."""

    def __init__(self, lines: ValidLines, model: Model, loss: Loss, counts: NDArray[np.int64]):
        self.lines, self.model, self.loss = lines, model, loss
        self._children = build_children(counts) if loss.kind == HS else np.zeros(2, np.int32)
        self._n_blocks = -(-model.nlabels // BLOCK)
        self._outputs = np.zeros(self._n_blocks * BLOCK * model.stride, np.float32)

    def measure(self, n_threads: int, with_scores: bool = False) -> Meter:
        """Return what ``test`` would count of the saved model, and the loss, as it is now.

        The same on any number of threads.  The loss of a line with several labels is their mean,
        one-vs-all apart; that of negative sampling has the same negatives in all evaluations.
        """
        lines, model = self.lines, self.model
        fill_blocks(model.wo, model.nlabels, model.stride, self._outputs)
        counts = np.zeros(lines.n, np.int32)
        best = np.zeros(lines.n, np.int32)
        probs = np.zeros(lines.n, np.float32)
        losses = np.zeros(lines.n)
        found = Best(1, counts, best, probs)

        def work(thread: int) -> None:
            first, last = bounds(lines.n, thread, n_threads)
            self._measure(first, last, found, losses)

        run_apart(n_threads, work)
        meter = Meter(nlabels=model.nlabels, with_scores=with_scores)
        has_label = np.ones(lines.n, np.bool_)
        meter.add(
            np.diff(lines.offsets),
            has_label,
            lines.label_offsets,
            lines.labels,
            1,
            counts,
            best,
            probs,
        )
        total = math.fsum(losses) if np.isfinite(losses).all() else float("nan")
        by_label = total / model.nlabels
        log_loss = float("nan") if self.loss.kind == NS else by_label
        meter.add_losses(lines.n, total, total if self.is_one_of_all else log_loss)
        return meter

    @property
    def is_one_of_all(self) -> bool:
        """Whether the probabilities of all labels sum to 1."""
        return self.loss.kind in (SOFTMAX, HS)

    def _measure(self, first: int, last: int, found: Best, losses: NDArray[np.float64]) -> None:
        """Measure the lines of a thread."""
        lines, model, n_scores = self.lines, self.model, self._n_blocks * BLOCK
        search = search_room(model.nlabels, self.loss.kind == HS)
        draws, scratch = np.zeros(1, np.int64), np.zeros(n_scores, np.float32)
        outputs = Outputs(
            self._outputs, model.nlabels, model.stride, self.loss.kind, self._children
        )
        step = max(1, ROOM // model.stride)
        for at in range(first, last, step):
            n = min(step, last - at)
            hidden = np.empty(n * model.stride, np.float32)
            mean_rows(lines.rows, lines.offsets[at:], n, model.wi, model.stride, hidden)
            measure_lines(
                hidden,
                n,
                outputs,
                self.loss,
                search,
                Gold(lines.labels, lines.label_offsets[at:], draws, scratch),
                Best(1, found.counts[at:], found.ids[at:], found.scores[at:]),
                losses[at:],
            )


def measure_with(
    watch: Watch, valid: ValidLines, args: TrainArgs, dictionary: Dictionary, trainer: Trainer
) -> None:
    """Let a run be evaluated on validation lines.

    Raises ArgumentError if the metric cannot be measured.
    """
    for kernel in KERNELS:
        kernel.load()
    scheme = trainer.scheme
    wi, wo, stride = scheme.model.wi, scheme.model.wo, scheme.model.stride
    model = fasttext.Model(
        args=args.model_args(),
        dictionary=dictionary,
        wi=DenseMatrix(wi, stride),
        wo=DenseMatrix(wo, stride),
        label=args.label,
    )
    counts = dictionary.label_counts()
    watch.measure_with(Validator(valid, scheme.model, scheme.loss, counts), model)


def first_loss(trainer: Trainer) -> float:
    """Return the mean loss of up to ``SAMPLE_SIZE`` training lines before any step."""
    for kernel in KERNELS:
        kernel.load()
    corpus, scheme = trainer.corpus, trainer.scheme
    chosen = np.unique(np.linspace(0, corpus.n_lines - 1, SAMPLE_SIZE).astype(np.int64))
    ends = corpus.segments[:: corpus.shards]
    rows = [corpus.rows[ends[i] : ends[i + 1]] for i in chosen]
    labels = [corpus.labels[slice(*corpus.label_offsets[i : i + 2])] for i in chosen]
    lines = ValidLines(
        rows=np.concatenate(rows),
        offsets=np.cumsum([0, *map(len, rows)]),
        labels=np.concatenate(labels),
        label_offsets=np.cumsum([0, *map(len, labels)]),
        left_out=Skipped(),
    )
    validator = Validator(lines, scheme.model, scheme.loss, trainer.label_counts)
    return validator.measure(scheme.n_threads).loss
