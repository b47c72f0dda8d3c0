"""Training a classifier: plan, read, step through the epochs, and say what happens.

``kernels/linear/train.py`` is the algorithm; here is when it runs.  The main thread starts the
kernels on a block of lines, waits, looks at the loss, reports, and goes on: the loop below is all
there is to it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError, TrainingDiverged
from fastcli.fasttext.args import LOSSES, MOST, ModelArgs, TrainArgs
from fastcli.fasttext.huffman import Tree, build_tree
from fastcli.fasttext.model_file import file_size
from fastcli.fasttext.save import rows_of_words, saving_memory
from fastcli.kernels.base import matrix as matrix_kernels
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.base.optimizers import H_SIZE
from fastcli.kernels.linear import train as kernels
from fastcli.kernels.linear.order import draw_order
from fastcli.memory import LANES, Needs, check_memory, padded, zeros
from fastcli.optimizers import OPTIMIZERS, Numbers, StepNumbers
from fastcli.text.corpus import Corpus, FeatureArgs, read_corpus
from fastcli.text.dictionary import Dictionary
from fastcli.text.inputs import compression, open_compressed
from fastcli.threads import run_apart, share, usable_cpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_NS = 30e6  # of training between two looks at the loss
WORTH_A_THREAD = 2500  # ns a line; below that, meeting costs threads more than they gain
LABELS_A_BLOCK = 128
MOST_DRAWS = 1000  # of random labels, on average, until another one than the target comes
# Lines are visited in a random order: blocks of neighbouring lines, then lines in windows of them.
# Of langid75 sorted by its 75 languages, P@1 after five epochs is .924 with 256 lines x 32 blocks,
# .942 with 256 x 128, .944 with 64 x 128 and .947 with 64 x 512, where the shuffled file has .950:
# a window must hold many blocks of each label.  64 lines are still some kB to read at a time.
LINES_A_BLOCK, BLOCKS_A_WINDOW = 64, 1024


@dataclass
class Trained:
    """A model as training leaves it: only rows that were used have memory.

    ``wi`` and ``wo`` are flat, with rows of ``stride`` floats; row ``places[i]`` of ``wi`` is row
    ``ids[i]`` of the model file.
    """

    args: ModelArgs
    dictionary: Dictionary
    wi: NDArray[np.float32]
    wo: NDArray[np.float32]
    stride: int
    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    loss: float
    seconds: float

    def output(self) -> NDArray[np.float32]:
        """Return the output matrix as it stands in a file: flat, rows of ``dim`` floats."""
        rows = self.wo.reshape(-1, self.stride)[:, : self.args.dim]
        return np.ascontiguousarray(rows).reshape(-1)


@dataclass
class Status:
    """How far training is."""

    progress: float
    words_per_second: float
    lr: float
    loss: float
    eta: float


class Reporter:
    """What a caller is told on the way; this one says nothing."""

    def read(self, n_bytes: int) -> None:
        """Hear that bytes of text have been read; called from several threads."""

    def dictionary(self, dictionary: Dictionary) -> None:
        """Hear that the dictionary is complete."""

    def note(self, sentence: str) -> None:
        """Hear something that the user should know."""

    def warn(self, sentence: str) -> None:
        """Hear what was not done; unlike notes, to be shown whatever the verbosity."""

    def status(self, status: Status) -> None:
        """Hear how far training is, after every block of lines."""

    def finished(self, status: Status) -> None:
        """Hear that training is over."""

    def trained(self, seconds: float) -> None:
        """Hear how long training took, reading and saving not included."""


def train_supervised(args: TrainArgs, reporter: Reporter) -> Trained:
    """Train a classifier.

    Raises ArgumentError, DataError, FastcliError (too little memory) or TrainingDiverged.
    """
    args.check()
    model_args = args.model_args()
    features = FeatureArgs(
        args.label,
        args.min_count,
        args.min_count_label,
        args.minn,
        args.maxn,
        args.word_ngrams,
        model_args.bucket,
    )
    stride = padded(args.dim)
    pretrained = None
    if args.pretrained_vectors:
        from fastcli.fasttext.pretrained import epochs_note, open_pretrained, set_rows

        pretrained = open_pretrained(args, reporter.note)

    def on_dictionary(dictionary: Dictionary) -> None:
        reporter.dictionary(dictionary)
        check_rows(args, model_args, dictionary)

    dictionary, corpus = read_corpus(
        args.input,
        features,
        args.thread,
        reporter.read,
        on_dictionary,
        extend=pretrained.extend if pretrained else None,
    )
    check_rows(args, model_args, dictionary)
    _check_corpus(args, dictionary, corpus, reporter)
    size = file_size(model_args, dictionary)
    pages = len(corpus.ids) * (4 * args.dim + 8192)  # a row may touch two pages it does not fill
    slots = OPTIMIZERS[args.optimizer].slots
    matrices = 4 * stride * (corpus.lanes * corpus.per_lane + dictionary.nlabels)
    rows = 0 if args.no_vec else rows_of_words(args, dictionary)
    saving = saving_memory(args, dictionary.nwords, rows, dictionary.nlabels)
    needs = Needs(
        matrices=(1 + slots) * matrices,
        file=size,
        disk=min(size, pages + 4 * args.dim * dictionary.nlabels),
        saving=saving - slots * matrices - corpus.nbytes,  # which are let go of before
        least_disk=4 * args.dim * (len(corpus.ids) + dictionary.nlabels),
    )
    if sentence := needs.sentence(always=pretrained is not None):
        reporter.note(sentence)
    needs.check(f"{args.output}.bin", reporter.warn)
    wi = zeros(corpus.lanes * corpus.per_lane * stride)
    wo = zeros(dictionary.nlabels * stride)

    def init(thread: int) -> None:
        first, last = share(len(corpus.ids), thread, args.thread)
        matrix_kernels.init_rows(
            wi, corpus.places, corpus.ids, first, last, stride, args.dim, args.seed
        )

    run_apart(args.thread, init)
    if pretrained is not None:
        for sentence in set_rows(
            pretrained, dictionary, corpus.ids, corpus.places, wi.reshape(-1, stride)
        ):
            reporter.note(sentence)
        if sentence := epochs_note(pretrained, args.epoch, dictionary.ntokens):
            reporter.note(sentence)
    kernels.train_lines.load()  # so that compiling does not count as training
    trainer = Trainer(args, dictionary, corpus, wi, wo, stride)
    started = time.monotonic()
    status = Status(1.0, 0.0, 0.0, 0.0, 0.0)
    for status in trainer.run():
        reporter.status(status)
    reporter.finished(status)
    return Trained(
        model_args,
        dictionary,
        wi,
        wo,
        stride,
        corpus.ids,
        corpus.places,
        status.loss,
        time.monotonic() - started,
    )


def diverged(args: TrainArgs, epoch: int, lr: float) -> TrainingDiverged:
    """Return the error of a loss that became NaN or infinite."""
    return TrainingDiverged(
        f"Encountered NaN. Training diverged in epoch {epoch} of {args.epoch} "
        f"at a learning rate of {lr:.4g}; nothing was saved. "
        f"Try -lr {min(args.lr / 4, 1.0):.2g}, or fewer epochs."
    )


def check_rows(args: TrainArgs, model_args: ModelArgs, dictionary: Dictionary) -> None:
    """Raise an error, before memory is taken for them, for more rows than there can be."""
    if dictionary.nwords + dictionary.nlabels + model_args.bucket > MOST:
        raise ArgumentError(
            f"-bucket {args.bucket} and {dictionary.nwords:,} words are more than {MOST} rows "
            "together: use a smaller -bucket."
        )
    # The least that is certain: rows of words and labels, the map of buckets, features twice.
    rows = dictionary.nwords + dictionary.nlabels
    features = 8 * dictionary.ntokens * args.word_ngrams
    check_memory(4 * padded(args.dim) * rows + 4 * model_args.bucket + features)


def _check_corpus(
    args: TrainArgs, dictionary: Dictionary, corpus: Corpus, reporter: Reporter
) -> None:
    first = shortened(first_line(args.input))
    if dictionary.nlabels == 0:
        raise DataError(
            f"No label found in {', '.join(args.input)}: no token starts with {args.label!r} "
            f"(or none occurs -minCountLabel times). The first line is {first!r}. "
            "Write each example as LABEL text, or give the prefix with -label."
        )
    if corpus.n_lines == 0:
        raise DataError(
            "No line has both a label and a word of the dictionary, so there is nothing to train "
            f"on. The first line is {first!r}; a smaller -minCount keeps more words."
        )
    if args.loss == "ns" and dictionary.nlabels < 2:
        raise ArgumentError(
            "-loss ns needs two labels or more, and there is one: use -loss softmax."
        )
    if first.startswith("\ufeff"):
        reporter.note(
            "The text starts with a byte-order mark, which belongs to its first token: "
            "remove it (sed -i '1s/^\\xef\\xbb\\xbf//' FILE) if that token is a label."
        )
    skipped = corpus.skipped
    reasons = [
        (skipped.no_label, "without a label"),
        (skipped.no_known_label, "with rare labels only"),
        (skipped.no_feature, "without a word of the dictionary"),
    ]
    said = ", ".join(f"{n:,} {reason}" for n, reason in reasons if n)
    if said:
        reporter.note(f"Lines left out of training: {said}.")


def first_line(paths: tuple[str, ...]) -> bytes:
    """Return the first line of the first file that has one."""
    for path in paths:
        if not Path(path).is_file():
            continue
        kind = compression(path)
        with open_compressed(path, kind) if kind else open(path, "rb") as file:
            line = file.readline(400)
            if line:
                return line
    return b""


def shortened(text: bytes, limit: int = 100) -> str:
    """Return bytes as one line of text for a message."""
    shown = text.decode("utf-8", "replace").strip("\r\n")
    return shown if len(shown) <= limit else shown[:limit] + "..."


class Trainer:
    """The state of a run: matrices, scratch, and the clock that sets the learning rate."""

    def __init__(
        self,
        args: TrainArgs,
        dictionary: Dictionary,
        corpus: Corpus,
        wi: NDArray[np.float32],
        wo: NDArray[np.float32],
        stride: int,
    ) -> None:
        self.args, self.corpus, self.stride = args, corpus, stride
        self.wi, self.wo = wi, wo
        self.nlabels = dictionary.nlabels
        self.loss = LOSSES[args.loss]
        all_labels = args.loss in ("softmax", "ova", "one-vs-all")
        self.blocks = _power_of_two(self.nlabels // LABELS_A_BLOCK) if all_labels else 1
        # What a line takes on one thread, in ns of one machine: rows wait for memory, labels are
        # in the cache.  It decides how many threads are worth while, never what they compute.
        cache_lines = stride / LANES
        self.cost = len(corpus.rows) / corpus.n_lines * (6 + 2.2 * cache_lines)
        self.cost += 1.4 * cache_lines * (self.nlabels if all_labels else max(20, args.neg))
        most = max(corpus.lanes, self.blocks) if self.cost > WORTH_A_THREAD else 1
        self.n_threads = min(args.thread, most, usable_cpus())
        self.ntokens = int(corpus.tokens.sum())
        self.tree = build_tree(dictionary.label_counts()) if args.loss == "hs" else no_tree()
        self.odds, self.aliases = alias_table(
            drawable(np.sqrt(np.maximum(dictionary.label_counts(), 0)))
        )
        self.order = np.arange(corpus.n_lines, dtype=np.int32)
        self.clock = np.zeros(2, np.int64)
        self.draws = np.zeros(1, np.int64)
        self.sync = np.zeros(8 * self.n_threads + 8, np.int64)
        self.partial = zeros(corpus.lanes * stride)
        self.scores = zeros(padded(self.nlabels))
        self.stats = zeros(16 * self.blocks)
        self.block_grads = zeros(self.blocks * stride)
        self.hidden = [zeros(stride) for _ in range(self.n_threads)]
        self.grads = [zeros(stride) for _ in range(self.n_threads)]
        self.losses = np.zeros(8 * self.blocks)
        optimizer = OPTIMIZERS[args.optimizer]
        is_plain = args.optimizer == "sgd"
        self.rule = 0 if is_plain else address_of(optimizer.rule)
        self.slots = optimizer.slots
        self.steps = StepNumbers(Numbers(0.0, 0.9, 0.999, 0.9, optimizer.eps, False))
        self.wi_states, self.wo_states = zeros(self.slots * len(wi)), zeros(self.slots * len(wo))
        self.counts = np.zeros(1 if is_plain else len(wi) // stride, np.int32)
        self.now = [zeros(H_SIZE) for _ in range(self.n_threads)]
        self.scratch = [zeros(stride) for _ in range(self.n_threads)]

    def run(self) -> Iterator[Status]:
        """Train; yield after every block of lines how far it is.

        Raises TrainingDiverged as soon as the loss is not finite.
        """
        args, n_lines = self.args, self.corpus.n_lines
        size = max(1, int(BLOCK_NS / self.cost))
        started = time.monotonic()
        total = max(args.epoch, 1) * self.ntokens
        visits = 0
        for epoch in range(args.epoch):
            if not args.no_shuffle:
                self._shuffle(epoch)
            for first in range(0, n_lines, size):
                last = min(first + size, n_lines)
                self._block(first, last, epoch * n_lines + first)
                visits += last - first
                loss = float(self.losses[::8].sum()) / visits
                done = int(self.clock.sum())
                lr = args.lr * (1 - done / total)
                if not math.isfinite(loss):
                    raise diverged(args, epoch + 1, lr)
                seconds = max(time.monotonic() - started, 1e-9)
                yield Status(
                    done / total,
                    done / seconds / self.n_threads,
                    lr,
                    loss,
                    seconds / max(done, 1) * (total - done),
                )

    def _shuffle(self, epoch: int) -> None:
        n_blocks = -(-self.corpus.n_lines // LINES_A_BLOCK)
        draw_order(
            self.corpus.n_lines,
            LINES_A_BLOCK,
            -(-n_blocks // BLOCKS_A_WINDOW),
            self.args.seed,
            epoch,
            np.empty(n_blocks, np.int32),
            self.order,
        )

    def _block(self, first: int, last: int, visit: int) -> None:
        args, corpus, tree = self.args, self.corpus, self.tree
        self.sync[:] = 0
        total = max(args.epoch, 1) * self.ntokens
        h = zeros(1)
        if self.rule:
            h = self.steps.rows(np.zeros(last - first)).reshape(-1)

        def work(thread: int) -> None:
            kernels.train_lines(
                first,
                last,
                self.order,
                thread,
                self.n_threads,
                corpus.lanes,
                self.blocks,
                corpus.rows,
                corpus.segments,
                corpus.labels,
                corpus.label_offsets,
                corpus.tokens,
                self.wi,
                self.wo,
                self.stride,
                self.nlabels,
                self.loss,
                tree.paths,
                tree.codes,
                tree.offsets,
                args.neg,
                self.odds,
                self.aliases,
                args.seed,
                visit,
                args.lr,
                total,
                args.lr_update_rate,
                self.clock,
                self.draws,
                self.sync,
                self.partial,
                self.scores,
                self.stats,
                self.block_grads,
                self.hidden[thread],
                self.grads[thread],
                self.losses,
                self.rule,
                self.slots,
                h,
                self.wi_states,
                self.wo_states,
                self.counts,
                self.now[thread],
                self.scratch[thread],
            )

        run_apart(self.n_threads, work)


def _power_of_two(n: int) -> int:
    """Return the largest power of two up to n and 16, at least 1."""
    return 1 << min(max(n, 1).bit_length() - 1, 4)


def no_tree() -> Tree:
    """Return what kernels take where no tree is used."""
    return Tree(
        np.zeros(1, np.int32), np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1, np.int32)
    )


def drawable(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights by which another label than the likeliest is drawn once in a while.

    Drawing goes on until another label than the target comes.  Where that would take more than
    ``MOST_DRAWS`` on average, which only counts that no text has can make it, the weights of the
    others are raised by the same amount each.
    """
    n = len(weights)
    largest = int(weights.argmax()) if n else 0
    if n < 2 or weights[largest] <= 0:
        return np.ones(n)
    missing = weights[largest] / MOST_DRAWS - (weights.sum() - weights[largest])
    if missing <= 0:
        return weights
    raised = np.full(n, missing / (n - 1))
    raised[largest] = 0
    return np.asarray(weights + raised)


def alias_table(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Prepare drawing label i with a chance of ``weights[i]``, by one comparison (Walker 1977).

    Of a uniform place in [0, n), label ``int(place)`` is drawn if the fraction is below its
    entry in the first array, and its entry in the second otherwise.
    """
    n = len(weights)
    odds = weights * (n / weights.sum())
    aliases = np.arange(n, dtype=np.int32)
    small = [i for i in range(n) if odds[i] < 1]
    large = [i for i in range(n) if odds[i] >= 1]
    while small and large:
        less, more = small.pop(), large[-1]
        aliases[less] = more
        odds[more] -= 1 - odds[less]
        if odds[more] < 1:
            small.append(large.pop())
    for i in small + large:
        odds[i] = 1.0
    return odds, aliases
