"""The loop of training a classifier: block after block of lines, for all epochs.

``kernels/linear/train.py`` and ``train_batches.py`` are the algorithm, and ``schemes.py`` chooses;
this module decides when it runs.  The main thread starts the kernels on a block of lines, waits,
checks the loss, reports, and continues.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import TrainingDiverged
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.huffman import build_tree, no_tree
from fastcli.fasttext.model_args import LOSSES
from fastcli.fasttext.sampling import alias_table, drawable
from fastcli.fasttext.schemes import InBatches, OneByOne, Scheme, Work, is_copied, lines_at_once
from fastcli.fasttext.visits import VisitOrder
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.base.optimizers import Step
from fastcli.kernels.linear.lines import Lines, Loss, Model, Rule
from fastcli.kernels.linear.losses import Noise
from fastcli.kernels.linear.schedule import Schedule, linear_decay
from fastcli.kernels.linear.train_batches import Visits
from fastcli.memory import zeros
from fastcli.optimizers import OPTIMIZERS, Hyperparameters, Steps
from fastcli.reporting import Status
from fastcli.text.corpus import Corpus
from fastcli.text.dictionary import Dictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_NS = 30e6  # of training between two looks at the loss


class Trainer:
    """A run: how its lines are trained on, in which order, and by which rule."""

    def __init__(
        self,
        args: TrainArgs,
        dictionary: Dictionary,
        corpus: Corpus,
        wi: NDArray[np.float32],
        wo: NDArray[np.float32],
        stride: int,
    ) -> None:
        self.args, self.corpus = args, corpus
        self.nlabels = dictionary.nlabels
        self.work = Work(args, int(corpus.segments[-1]), corpus.n_lines, self.nlabels)
        self.schedule = Schedule(
            args.lr, max(args.epoch, 1) * int(corpus.tokens.sum()), args.lr_update_rate
        )
        label_counts = dictionary.label_counts()
        weights = drawable(np.sqrt(np.maximum(label_counts, 0)))
        loss = Loss(
            LOSSES[args.loss],
            build_tree(label_counts) if args.loss == "hs" else no_tree(),
            Noise(args.neg, *alias_table(weights)),
            args.seed,
        )
        lines = Lines(
            corpus.rows,
            corpus.segments,
            corpus.labels,
            corpus.label_offsets,
            corpus.tokens,
            corpus.shards,
        )
        model = Model(wi, wo, self.nlabels, stride)
        self.lines_at_once = lines_at_once(args, self.work, self.nlabels)
        is_grouped = self.lines_at_once > 1 and is_copied(args, self.nlabels)
        size = self.lines_at_once if is_grouped else 1
        self.order = VisitOrder(corpus.n_lines, size, args.seed, not args.no_shuffle)
        self.scheme: Scheme
        if self.lines_at_once == 1:
            self.scheme = OneByOne(args, self.work, lines, model, loss, self.schedule)
        else:
            self.scheme = InBatches(
                args, self.work, lines, model, loss, self.schedule, self.order, self.lines_at_once
            )
        optimizer = OPTIMIZERS[args.optimizer]
        is_plain = args.optimizer == "sgd"
        self.steps = Steps(
            Hyperparameters(
                momentum=0.0, beta1=0.9, beta2=0.999, rho=0.9, eps=optimizer.eps, centered=False
            )
        )
        self.rule = Rule(
            0 if is_plain else address_of(optimizer.rule),
            optimizer.slots,
            Step.table(1),
            wi_states=zeros(optimizer.slots * len(wi)),
            wo_states=zeros(optimizer.slots * len(wo)),
            counts=np.zeros(1 if is_plain else len(wi) // stride, np.int32),
        )

    def run(self) -> Iterator[Status]:
        """Train; yield the progress after every block of lines.

        Raises TrainingDiverged as soon as the loss is not finite.
        """
        args, n_lines = self.args, self.corpus.n_lines
        size = max(1, int(BLOCK_NS / self.work.total / self.lines_at_once)) * self.lines_at_once
        started = time.monotonic()
        total, visits = self.schedule.total, 0
        for epoch in range(args.epoch):
            self.order.start(epoch)
            for first in range(0, n_lines, size):
                last = min(first + size, n_lines)
                self._block(first, last, epoch * n_lines + first)
                visits += last - first
                loss = self.scheme.total_loss / visits
                done = self.scheme.tokens
                lr = linear_decay(self.schedule, done)
                if not math.isfinite(loss):
                    raise diverged(args, epoch + 1, lr)
                seconds = max(time.monotonic() - started, 1e-9)
                yield Status(
                    progress=done / total,
                    words_per_second=done / seconds / self.scheme.n_threads,
                    lr=lr,
                    loss=loss,
                    eta=seconds / max(done, 1) * (total - done),
                )

    def _block(self, first: int, last: int, visit: int) -> None:
        rule = self.rule
        if rule.address:
            rule = rule._replace(steps=self.steps.next(np.zeros(last - first)))
        size = self.order.size
        groups = self.order.groups[first // size : -(-last // size)]
        self.scheme.run(Visits(last - first, visit, self.order.lines[first:last], groups), rule)


def diverged(args: TrainArgs, epoch: int, lr: float) -> TrainingDiverged:
    """Return the error of a loss that became NaN or infinite."""
    advice = f"Try -lr {min(args.lr / 4, 1.0):.2g}, or fewer epochs."
    return TrainingDiverged.within(epoch, args.epoch, lr, advice)
