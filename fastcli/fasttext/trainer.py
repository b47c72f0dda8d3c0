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
from fastcli.optimizers import OPTIMIZERS, Hyperparameters, Steps, largest_lr
from fastcli.reporting import Status
from fastcli.text.corpus import Corpus
from fastcli.text.dictionary import Dictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.weights import Weights
    from fastcli.fasttext.watch import Watch

NO_WEIGHTS = np.ones(1, np.float32)
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
        weights: Weights | None = None,
    ) -> None:
        self.args, self.corpus = args, corpus
        self.nlabels = dictionary.nlabels
        self.work = Work(args, int(corpus.segments[-1]), corpus.n_lines, self.nlabels)
        self.schedule = Schedule(
            args.lr, max(args.epoch, 1) * int(corpus.tokens.sum()), args.lr_update_rate
        )
        self.label_counts = label_counts = dictionary.label_counts()
        frequencies = drawable(np.sqrt(np.maximum(label_counts, 0)))
        self.tree = build_tree(label_counts) if args.loss == "hs" else no_tree()
        loss = Loss(
            LOSSES[args.loss],
            self.tree,
            Noise(args.neg, *alias_table(frequencies)),
            args.seed,
        )
        lines = Lines(
            corpus.rows,
            corpus.segments,
            corpus.labels,
            corpus.label_offsets,
            corpus.tokens,
            corpus.shards,
            int(weights is not None),
            NO_WEIGHTS if weights is None else weights.lines,
            NO_WEIGHTS if weights is None else weights.labels,
        )
        model = Model(wi, wo, self.nlabels, stride)
        self.epoch = 0  # the one that runs, from 1 on
        self.epoch_loss = math.nan  # of the last epoch
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

    def run(self, watch: Watch | None = None) -> Iterator[Status]:
        """Train; yield the progress after every block of lines.

        ``watch`` evaluates the model now and then, and may end training.  Raises TrainingDiverged
        as soon as the loss is not finite.
        """
        args, n_lines = self.args, self.corpus.n_lines
        size = max(1, int(BLOCK_NS / self.work.total / self.lines_at_once)) * self.lines_at_once
        started = time.monotonic()
        total, visits = self.schedule.total, 0
        if watch is not None:
            watch.start(n_lines, args.epoch, self.lines_at_once)
        for epoch in range(args.epoch):
            self.epoch = epoch + 1
            self.order.start(epoch)
            before, last, loss_before = epoch * n_lines, 0, self.scheme.total_loss
            while last < n_lines:
                first, last = last, min(last + size, n_lines)
                if watch is not None:
                    last = min(last, watch.due - before)
                self._block(first, last, before + first)
                visits = before + last
                loss = self.scheme.total_loss / visits
                done = self.scheme.tokens
                lr = linear_decay(self.schedule, done)
                if not math.isfinite(loss):
                    raise diverged(args, epoch + 1, lr, watch)
                measuring = watch.seconds if watch is not None else 0.0
                seconds = max(time.monotonic() - started - measuring, 1e-9)
                yield Status(
                    progress=done / total,
                    words_per_second=done / seconds / self.scheme.n_threads,
                    lr=lr,
                    loss=loss,
                    eta=seconds / max(done, 1) * (total - done),
                )
                if watch is not None and visits == watch.due:
                    self._evaluate(watch, visits, last, lr)
                    if watch.is_over:
                        break
            self.epoch_loss = (self.scheme.total_loss - loss_before) / max(last, 1)
            if watch is not None and watch.is_over:
                return

    def _evaluate(self, watch: Watch, visits: int, in_epoch: int, lr: float) -> None:
        from fastcli.fasttext.watch import SoFar

        so_far = SoFar(
            visits=visits,
            loss=self.scheme.total_loss,
            tokens=self.scheme.tokens,
            lr=lr,
            order=self.order.lines[:in_epoch],
        )
        found = watch.evaluate(so_far, self.scheme.lines, self.scheme.model)
        if watch.validator is not None and not math.isfinite(found.valid_loss):
            raise diverged(self.args, found.epoch, lr, watch)

    def _block(self, first: int, last: int, visit: int) -> None:
        rule = self.rule
        if rule.address:
            rule = rule._replace(steps=self.steps.next(np.zeros(last - first)))
        size = self.order.size
        groups = self.order.groups[first // size : -(-last // size)]
        self.scheme.run(Visits(last - first, visit, self.order.lines[first:last], groups), rule)


def diverged(
    args: TrainArgs, epoch: int, lr: float, watch: Watch | None = None
) -> TrainingDiverged:
    """Return the error of a loss that became NaN or infinite; ``watch`` may have a model."""
    fewer = ", or fewer epochs" if epoch > 1 else ""
    advice = f"Try -lr {min(args.lr / 4, largest_lr(args.optimizer)):.2g}{fewer}."
    best = watch.best_evaluation if watch is not None else None
    if best is None:
        return TrainingDiverged.within(epoch, args.epoch, lr, advice)
    kept = f"the model of epoch {best.epoch}, the best before, was saved"
    return TrainingDiverged.within(epoch, args.epoch, lr, advice, kept)
