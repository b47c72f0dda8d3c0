"""Training word vectors: read, step through the text, and report progress.

``kernels/linear/train_words.py`` is the algorithm.  Threads work on parts of each block of lines
and share the matrices without locks, as in fastText: one thread gives the same bytes every time,
several do not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.huffman import build_tree, no_tree
from fastcli.fasttext.initial_rows import initial_rows
from fastcli.fasttext.model_args import LOSSES
from fastcli.fasttext.needs import check_needs, word_vectors_needs
from fastcli.fasttext.read_text import read_sentences
from fastcli.fasttext.sampling import alias_table, drawable
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.trainer import diverged
from fastcli.fasttext.word_rows import word_rows
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.linear import train_words as kernels
from fastcli.kernels.linear.losses import Noise, Output
from fastcli.kernels.linear.schedule import Schedule, linear_decay
from fastcli.memory import padded, zeros
from fastcli.optimizers import no_rule
from fastcli.reporting import Reporter, Status, run_and_report
from fastcli.text.dictionary import Dictionary, gathered
from fastcli.text.sentences import LONGEST, Sentences
from fastcli.threads import run_apart, usable_cpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_TOKENS = 20000  # of a thread between two looks at the loss


class WordRows:
    """The input rows of all words; only these are in memory.

    Word w has the rows ``rows[offsets[w]:offsets[w + 1]]`` in memory; row i in memory is row
    ``ids[i]`` of the model file.  A step g on each of a word's rows moves their mean by
    ``gains[w]`` g.  Words that are not ``spelled`` take no part in training: they have their own
    row, and none for n-grams that no other word has.
    """

    def __init__(self, dictionary: Dictionary, args: TrainArgs, spelled: NDArray[np.bool_]) -> None:
        nwords = dictionary.nwords
        words = np.flatnonzero(spelled)
        starts, arena = gathered(dictionary.starts, dictionary.arena, words)
        ends, features = word_rows(dictionary, args.model_args(), starts, arena, 0, len(words))
        features = features[: int(ends[-1])]
        sizes = np.zeros(nwords, np.int64)
        sizes[words] = np.diff(ends)
        self.offsets = np.append(0, np.cumsum(sizes))
        used = np.zeros(nwords + args.model_args().bucket, bool)
        used[:nwords] = True
        used[features] = True
        self.ids = np.flatnonzero(used)
        numbers = np.cumsum(used, dtype=np.int32) - np.int32(1)
        self.rows = numbers[features]
        self.gains = np.ones(nwords, np.float32)
        kernels.word_gains(self.offsets, self.rows, 0, nwords, self.gains)
        for word in np.flatnonzero(sizes > kernels.MANY_ROWS):
            rows = self.rows[self.offsets[word] : self.offsets[word + 1]]
            counts = np.unique(rows, return_counts=True)[1]
            self.gains[word] = (counts**2).sum() / len(rows)


def train_word_vectors(args: TrainArgs, reporter: Reporter) -> Trained:
    """Train word vectors (``args.model`` is "sg" or "cbow").

    Raises ArgumentError, DataError, FastcliError (too little memory) or TrainingDiverged.
    """
    args.check()
    stride = padded(args.dim)
    pretrained = None
    if args.pretrained_vectors:
        from fastcli.fasttext.pretrained import open_pretrained

        pretrained = open_pretrained(args, reporter.note)
    dictionary, sentences = read_sentences(args, reporter, pretrained)
    if dictionary.nwords == 0 or len(sentences.words) == 0:
        raise DataError("Empty vocabulary. Try a smaller -minCount value.")
    in_text = np.ones(dictionary.nwords, bool)
    spelled = in_text
    if pretrained is not None:
        in_text = pretrained.in_text(dictionary)
        spelled = in_text | pretrained.source.has_ngrams
    if args.loss == "ns" and np.count_nonzero(in_text) < 2:
        raise ArgumentError(
            "-loss ns needs at least two words, and there is only one: use -loss hs."
        )
    word_rows = WordRows(dictionary, args, spelled)
    ids = word_rows.ids
    scratch = (2 * min(args.ws, LONGEST) + 1) * 8 * (args.neg + stride)
    needs = word_vectors_needs(args, dictionary, sentences, len(ids), len(word_rows.rows), scratch)
    check_needs(needs, args, reporter)
    memory_rows = np.arange(len(ids))
    wi = initial_rows(args, ids, memory_rows, len(ids), dictionary, pretrained, reporter.note)
    wo = zeros(dictionary.nwords * stride)
    kernels.train_words.load()  # so that compiling does not count as training
    reporter.stage("training")
    trainer = _Trainer(args, dictionary, sentences, word_rows, wi, wo, in_text)
    started = time.monotonic()
    status = run_and_report(trainer.run(), reporter)
    seconds = time.monotonic() - started
    return Trained(
        args=args.model_args(),
        dictionary=dictionary,
        wi=wi,
        wo=wo,
        stride=stride,
        ids=ids,
        memory_rows=memory_rows,
        loss=status.loss,
        seconds=seconds,
        interrupted=(1 + int(status.progress * args.epoch)) * status.is_stopped,
        is_stopped=status.is_stopped,
    )


class _Trainer:
    """The state of a run: matrices, scratch for every thread, and its progress."""

    def __init__(
        self,
        args: TrainArgs,
        dictionary: Dictionary,
        sentences: Sentences,
        rows: WordRows,
        wi: NDArray[np.float32],
        wo: NDArray[np.float32],
        in_text: NDArray[np.bool_],
    ) -> None:
        stride = padded(args.dim)
        self.args, self.sentences, self.rows, self.stride = args, sentences, rows, stride
        self.wi, self.wo = wi, wo
        self.n_words = dictionary.nwords
        counts = dictionary.counts[: self.n_words]
        keep = keep_chances(counts, dictionary.ntokens, args.t)
        self.lines = kernels.Sentences(sentences.words, sentences.offsets, sentences.tokens, keep)
        self.words = kernels.Words(rows.rows, rows.offsets, rows.gains, wi, stride)
        self.output = Output(wo, self.n_words, stride, no_rule())
        ws = min(args.ws, LONGEST)  # no line is longer
        # Negatives are words of the text; what pretrained vectors add would tell it nothing.
        self.task = kernels.Task(
            kernels.SKIPGRAM if args.model == "sg" else kernels.CBOW,
            ws,
            LOSSES[args.loss],
            build_tree(counts) if args.loss == "hs" else no_tree(),
            Noise(args.neg, *alias_table(drawable(np.sqrt(counts) * in_text))),
            args.seed,
        )
        # As in fastText, an epoch is worth all tokens, also the rare ones that lines lack.
        self.total = max(args.epoch, 1) * dictionary.ntokens
        self.schedule = Schedule(args.lr, self.total, args.lr_update_rate)
        self.n_threads = min(args.thread, usable_cpus(), sentences.n_lines)
        n_scores = self.n_words + 15 if args.loss == "softmax" else args.neg + 16
        width = 2 * ws + 1
        self.results = np.zeros(8 * self.n_threads)
        self.workers = [
            kernels.Worker(
                thread,
                self.n_threads,
                line=np.zeros(LONGEST, np.int32),
                draws=np.zeros(1, np.int64),
                picks=np.zeros(width * (args.neg + 1), np.int64),
                hidden=zeros(stride),
                grad=zeros(stride),
                scores=zeros(n_scores),
                stats=zeros(16),
                sums=zeros(width * stride),
                steps=zeros(width * stride),
                results=self.results,
            )
            for thread in range(self.n_threads)
        ]
        self.order = np.zeros(0, np.int32)

    def run(self) -> Iterator[Status]:
        """Train; yield the progress after every block of lines.

        Raises TrainingDiverged as soon as the loss is not finite.
        """
        args, n_lines = self.args, self.sentences.n_lines
        if args.epoch == 0:
            return
        per_line = max(1.0, float(self.sentences.tokens.mean()))
        size = max(self.n_threads, int(BLOCK_TOKENS * self.n_threads / per_line))
        started = time.monotonic()
        rng = np.random.default_rng(args.seed % (1 << 32))
        done, visit, first = 0, 0, 0
        while done < self.total:
            if first == 0:
                # A text goes from one subject to the next; in its own order the last ones win.
                self.order = rng.permutation(n_lines).astype(np.int32)
            last = min(first + size, n_lines)
            self._block(first, last, visit, done)
            visit += last - first
            first = last if last < n_lines else 0
            losses, examples, tokens = (float(self.results[i::8].sum()) for i in range(3))
            done = int(tokens)
            loss = losses / max(examples, 1.0)
            progress = min(done / self.total, 1.0)
            lr = linear_decay(self.schedule, done)
            if not math.isfinite(loss):
                raise diverged(args, 1 + int(progress * args.epoch), lr)
            seconds = max(time.monotonic() - started, 1e-9)
            yield Status(
                progress=progress,
                words_per_second=done / seconds / self.n_threads,
                lr=lr,
                loss=loss,
                eta=seconds / max(done, 1) * max(self.total - done, 0),
            )

    def _block(self, first: int, last: int, visit: int, done: int) -> None:
        def work(thread: int) -> None:
            begin, end = bounds(last - first, thread, self.n_threads)
            kernels.train_words(
                self.order[first + begin : first + end],
                end - begin,
                visit + begin,
                done,
                self.lines,
                self.words,
                self.task,
                self.output,
                self.schedule,
                self.workers[thread],
            )

        run_apart(self.n_threads, work)


def keep_chances(counts: NDArray[np.int64], ntokens: int, t: float) -> NDArray[np.float64]:
    """Return the chance of each word to stay in a line: sqrt(t / f) + t / f, f its frequency.

    Mikolov et al. (2013), section 2.3, as fastText and word2vec compute it.

    >>> keep_chances(np.array([100, 4]), 400, 0.01).round(3).tolist()
    [0.24, 2.0]
    """
    ratio = t / (counts / ntokens)
    return np.asarray(np.sqrt(ratio) + ratio, np.float64)
