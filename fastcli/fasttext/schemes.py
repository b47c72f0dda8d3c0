"""The two ways to train on lines: one at a time, or several; which is used follows from the data.

Lines with much work are trained on one at a time: threads divide their rows.  Where a line has too
little work for that, threads divide a batch of lines, scored with the same parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.visits import VisitOrder, shared_rows
from fastcli.jit.build import AnyKernel
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.linear import batch_lines, few_labels, label_blocks
from fastcli.kernels.linear import train as one_by_one
from fastcli.kernels.linear import train_batches as in_batches
from fastcli.kernels.linear.batches import MOST_LINES, Batch, BatchWorker
from fastcli.kernels.linear.lines import Lines, Loss, Model, Rule
from fastcli.kernels.linear.schedule import Schedule
from fastcli.kernels.linear.train_batches import Visits
from fastcli.memory import CACHE_LINE_FLOATS, integers, padded, zeros
from fastcli.threads import run_apart, usable_cpus

if TYPE_CHECKING:
    pass

# What takes how long on one machine, in ns.  It decides how lines are trained on, and how many
# threads are worthwhile, which has no effect on the result.
ROW_NS, ROW_LINE_NS = 6, 2.2  # an input row, and each of its cache lines, which wait for memory
OUTPUT_LINE_NS = 1.4  # a cache line of an output row, which are in the cache
EXCHANGE_NS = 25  # a cache line that one thread writes and another reads
MEETING_NS = 160  # a line's part of the meetings: measured, with waiting for the slowest
GAIN = 2.0  # threads are worthwhile where the work is so many times what they exchange
ALONE_NS = 6000  # of input rows: lines with more are trained on one at a time
DIVIDED_NS = 2500  # lines with less work, one at a time, are faster on one thread

# Batches learn what single lines do where every thread keeps all output rows (``few_labels.py``).
# Otherwise they are scored with the same parameters, which an update rule makes up for, and plain
# SGD does not: where lines are alike (one-vs-all, queries of a word, files sorted by label) 16 of
# them have diverged at a rate of .1.
LABELS_A_BLOCK = 128  # for single lines
FEWEST_LABELS = 32  # that batches divide into blocks; of fewer, every thread keeps all rows
LABELS_A_BATCH_BLOCK = 64
ALL_LABELS = ("softmax", "ova", "one-vs-all")  # losses that score all of them


class Work:
    """What a line of a text takes on average, in ns, by the parts of it."""

    def __init__(self, args: TrainArgs, n_features: int, n_lines: int, nlabels: int) -> None:
        cache_lines = padded(args.dim) / CACHE_LINE_FLOATS
        self.all_labels = args.loss in ALL_LABELS
        self.inputs = n_features / max(n_lines, 1) * (ROW_NS + ROW_LINE_NS * cache_lines)
        outputs = nlabels if self.all_labels else max(20, args.neg)
        self.total = self.inputs + OUTPUT_LINE_NS * cache_lines * outputs
        rows = 1.0 if is_copied(args, nlabels) else 3.0
        if not self.all_labels:
            rows += outputs / 4
        self.exchange = EXCHANGE_NS * cache_lines * rows + MEETING_NS


def lines_at_once(args: TrainArgs, work: Work, nlabels: int) -> int:
    """Return how many lines are trained on at a time."""
    if work.inputs > ALONE_NS:
        return 1
    return MOST_LINES if args.optimizer != "sgd" or is_copied(args, nlabels) else 1


def is_copied(args: TrainArgs, nlabels: int) -> bool:
    """Tell whether every thread keeps all output rows, which are few."""
    return nlabels < FEWEST_LABELS and args.optimizer == "sgd"


def has_blocks(work: Work, nlabels: int) -> bool:
    """Tell whether a batch divides its labels, and not its lines."""
    return work.all_labels and nlabels >= FEWEST_LABELS


class Scheme(ABC):
    """A way to train on lines: the lines and the model, and arrays that all threads share."""

    kernel: AnyKernel

    def __init__(
        self, lines: Lines, model: Model, loss: Loss, schedule: Schedule, n_threads: int
    ) -> None:
        self.lines, self.model, self.loss, self.schedule = lines, model, loss, schedule
        self.n_threads = n_threads
        self.sync = np.zeros(8 * n_threads, np.int64)
        self.clock = np.zeros(2, np.int64)
        self.losses = np.zeros(8 * MOST_LINES)

    @property
    def total_loss(self) -> float:
        """The sum of the losses so far."""
        return float(self.losses[::8].sum())

    @property
    def tokens(self) -> int:
        """The tokens done so far."""
        return int(self.clock.sum())

    def run(self, visits: Visits, rule: Rule) -> None:
        """Train on lines in the order of these visits."""
        self.sync[:] = 0
        run_apart(self.n_threads, lambda thread: self._train(thread, visits, rule))

    @abstractmethod
    def _train(self, thread: int, visits: Visits, rule: Rule) -> None:
        """Do what one thread does."""


class OneByOne(Scheme):
    """Lines one at a time, each divided among the threads."""

    kernel = one_by_one.train_lines

    def __init__(
        self,
        args: TrainArgs,
        work: Work,
        lines: Lines,
        model: Model,
        loss: Loss,
        schedule: Schedule,
    ) -> None:
        blocks = power_of_two(model.nlabels // LABELS_A_BLOCK) if work.all_labels else 1
        most = max(lines.shards, blocks) if work.total > DIVIDED_NS else 1
        super().__init__(lines, model, loss, schedule, min(args.thread, most, usable_cpus()))
        stride = model.stride
        self.team = one_by_one.Team(
            self.n_threads,
            blocks,
            sync=self.sync,
            clock=self.clock,
            draws=np.zeros(1, np.int64),
            partial=zeros(lines.shards * stride),
            scores=zeros(padded(model.nlabels)),
            stats=zeros(16 * blocks),
            block_grads=zeros(blocks * stride),
            losses=self.losses,
        )
        self.workers = [
            one_by_one.Worker(thread, zeros(stride), zeros(stride), zeros(stride))
            for thread in range(self.n_threads)
        ]

    def _train(self, thread: int, visits: Visits, rule: Rule) -> None:
        one_by_one.train_lines(
            visits.order,
            visits.n,
            visits.first,
            self.lines,
            self.model,
            self.loss,
            self.schedule,
            rule,
            self.team,
            self.workers[thread],
        )


class InBatches(Scheme):
    """Several lines at a time, divided among the threads."""

    kernel = in_batches.train_batches

    def __init__(
        self,
        args: TrainArgs,
        work: Work,
        lines: Lines,
        model: Model,
        loss: Loss,
        schedule: Schedule,
        order: VisitOrder,
        size: int,
    ) -> None:
        stride, nlabels = model.stride, model.nlabels
        is_divided = has_blocks(work, nlabels)
        blocks = max(2, power_of_two(nlabels // LABELS_A_BATCH_BLOCK)) if is_divided else 1
        most = max(lines.shards, blocks) if work.total > GAIN * work.exchange else 1
        n_threads = min(args.thread, most, usable_cpus())
        super().__init__(lines, model, loss, schedule, n_threads)
        copies = int(is_copied(args, nlabels))
        score, step = batch_lines.score_lines, batch_lines.step_lines
        if copies:
            score = step = few_labels.learn_lines
            width = padded(nlabels)
        elif is_divided:
            score, step = label_blocks.score_blocks, label_blocks.step_blocks
            width = nlabels
        elif args.loss == "hs":
            width = padded(int(np.diff(loss.tree.offsets).max(initial=1)))
        else:
            width = padded(nlabels if work.all_labels else args.neg + 1)
        self.batch = Batch(
            address_of(score),
            address_of(step),
            size,
            n_threads,
            blocks,
            copies,
            width,
            sync=self.sync,
            clock=self.clock,
            sums=zeros(2 * lines.shards * MOST_LINES * stride),
            hidden=zeros(MOST_LINES * stride),
            factors=zeros(MOST_LINES * width),
            grads=zeros(blocks * MOST_LINES * stride),
            stats=zeros(blocks * 2 * MOST_LINES),
            shared=shared_rows(lines, order, len(model.wi) // stride, args.thread)
            if copies
            else np.zeros(1, np.int32),
            losses=self.losses,
        )
        picks = 0 if is_divided or copies else MOST_LINES * width
        self.workers = [
            BatchWorker(
                thread,
                rates=zeros(MOST_LINES),
                weights=zeros(MOST_LINES),
                factors=zeros(MOST_LINES),
                targets=integers(MOST_LINES),
                picks=zeros(picks).view(np.int32),
                counts=integers(MOST_LINES),
                half=integers(1),
                group=integers(1),
                hidden=zeros(MOST_LINES * stride),
                lanes=zeros(MOST_LINES * stride),
                grads=zeros(MOST_LINES * stride),
                scratch=zeros(stride),
                wo=zeros(nlabels * stride * copies),
                scores=zeros(width * copies),
                stack=zeros(6 * stride),
                joined=integers(6),
                draws=integers(1),
            )
            for thread in range(n_threads)
        ]

    def _train(self, thread: int, visits: Visits, rule: Rule) -> None:
        in_batches.train_batches(
            visits,
            self.lines,
            self.model,
            self.loss,
            self.schedule,
            rule,
            self.batch,
            self.workers[thread],
        )


def power_of_two(n: int) -> int:
    """Return the largest power of two up to n and 16, at least 1."""
    return 1 << min(max(n, 1).bit_length() - 1, 4)
