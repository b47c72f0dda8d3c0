"""Training a neural network: the loop, its evaluations, and when it stops.

``kernels/mlp/steps.py`` is the algorithm; this module decides when it runs.  An epoch visits the
examples in a random order that depends on the seed and the epoch alone; its steps go to the
kernel in groups that end where an evaluation is due.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from fastcli.errors import TrainingDiverged
from fastcli.evaluation.early_stopping import (
    Count,
    EarlyStopping,
    Evaluation,
    parse_monitor,
)
from fastcli.evaluation.intervals import parse_interval
from fastcli.evaluation.meter import Meter
from fastcli.evaluation.metric_names import REGRESSION_METRICS
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.base.optimizers import Step
from fastcli.kernels.mlp import network as groups
from fastcli.kernels.mlp import steps as kernels
from fastcli.kernels.mlp.updates import transpose_all
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.batches import Batches, batch_starts
from fastcli.mlp.examples import Examples
from fastcli.mlp.layer_sizes import activation_sizes, gradient_sizes
from fastcli.mlp.network import Network
from fastcli.mlp.norm_statistics import measure_population
from fastcli.mlp.perceptron_rule import count_errors
from fastcli.mlp.schedules import learning_rates
from fastcli.mlp.scorer import Scorer, evaluate, evaluate_numbers
from fastcli.mlp.snapshot import MovedRows, Snapshot
from fastcli.optimizers import Steps, largest_lr, rule_of
from fastcli.schema import Range
from fastcli.threads import run_apart, run_on, uninterrupted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.regression import RegressionMeter
    from fastcli.jit.signature import Records
    from fastcli.mlp.targets import Targets

GROUP_NS = 50e6  # of training between two looks at the clock
MIN_NS_PER_STEP = 60_000  # below that, waiting for each other costs threads more than they gain
NS_PER_FLOP = 1 / 40
SLOW_NS = 0.1e9  # a step may take ten times what it is thought to, and yet end within a second


@dataclass(kw_only=True)
class Progress:
    """The progress of a run; all that a checkpoint holds besides arrays."""

    step: Count = 0
    product: Annotated[float, Range(0, 1)] = 1.0  # of NAdam's momentum schedule
    loss: float = 0.0  # sum over the examples seen since the last evaluation
    seen: Count = 0
    right: Count = 0  # of these, with the best label one of theirs as they were trained on
    is_faultless: bool = False  # no unit was in error in this epoch; of the perceptron rule alone
    stopping: EarlyStopping = field(default_factory=lambda: EarlyStopping(patience=0))
    history: list[Evaluation] = field(default_factory=list)


class Trainer:
    """A run: the network, the data, the state of the optimiser, and where it is."""

    def __init__(
        self,
        args: MlpArgs,
        network: Network,
        examples: Examples,
        valid: Examples | None,
        embedding: NDArray[np.float32],
        n_rows: int,
        augment: Callable[[int], Examples] | None = None,
        targets: Targets | None = None,
    ) -> None:
        """Make a run; ``augment`` gives the examples of an epoch where they are not the same.

        ``targets`` are those of regression.
        """
        self.args, self.network, self.examples, self.valid = args, network, examples, valid
        network.prepare_training()
        self.source, self._augment = examples, augment
        self.targets = targets
        self.embedding = embedding
        self.starts = batch_starts(examples.n, args.batch_size, args.norm == "batch")
        assert np.diff(self.starts).max(initial=0) <= network.batch
        self.n_threads = threads_worth(network, args.thread)
        n = self.n_threads
        self.grads = np.zeros_like(network.params)
        self.states = np.zeros(max(network.slots, 1) * len(network.params), np.float32)
        if (start := args.initial_accumulator) > 0:
            self.states[:] = start
            if network.embeds:
                embedding.reshape(-1, network.row_floats)[:, network.input_width :] = start
        uses = network.batch * examples.most_features if network.embeds else 0
        touched = min(uses, n_rows)
        self._slots = np.zeros(max(n_rows, 1), np.int32)
        self._touched = [np.zeros(3 * touched + 1, np.int32) for _ in range(n)]
        self._uses = [np.zeros(2 * uses + 1, np.int32) for _ in range(n)]
        self._row_grads = [np.zeros(network.input_width, np.float32) for _ in range(n)]
        rows = sum(layer.n_in + 1 for layer in network.layers)
        self._squares = np.zeros(groups.SHARDS + rows)
        self._batches: Batches | None = None
        self._scorers: list[Scorer] = []
        self.is_slow = is_slow(network, args.thread)
        self._batch = 0  # examples of the last step
        self._is_within = False  # a slow step
        self._before: Snapshot | None = None  # the last step, where it is slow and may be left
        self._kept_rows: NDArray[np.float32] | None = None
        self.progress = Progress(stopping=EarlyStopping(patience=args.patience))
        self.best: Snapshot | None = None
        self._moved = MovedRows(n_rows) if marks_rows(args, network, examples) else None
        self.stopped = False
        self.converged_in = 0  # the epoch without an error, of the perceptron rule
        self.metric = parse_monitor(args.monitor)
        self.best_meter: Meter | None = None  # what was counted for the best model
        self.metric_label = -1  # the id of its label
        self.start_loss = math.nan  # of the first batch, before any step
        self._latest: deque[tuple[float, int]] = deque()  # sums of losses, of how many examples
        self._n_latest = 0

    @property
    def scorers(self) -> list[Scorer]:
        """The scorers, one per thread; created on first use."""
        if not self._scorers:
            self._scorers = [Scorer(self.network, self.embedding) for _ in range(self.args.thread)]
        return self._scorers

    @property
    def rows(self) -> NDArray[np.float32]:
        """The embedding without the optimiser's numbers: a view float32[rows, padded dim]."""
        if not self.network.embeds:
            return np.zeros((0, 1), np.float32)
        if self._kept_rows is not None:
            return self._kept_rows
        rows = self.embedding.reshape(-1, self.network.row_floats)
        return rows[:, : self.network.input_width]

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches."""
        return len(self.starts) - 1

    @property
    def total_steps(self) -> int:
        """The number of steps if nothing stops training early."""
        return self.steps_per_epoch * self.args.epoch

    def run(self, on_save: Callable[[Trainer], None]) -> Iterator[Evaluation | tuple[float, float]]:
        """Train; yield an Evaluation where one is made, else (progress, loss) now and then.

        ``on_save`` is called after every ``--save-every`` steps.  Raises TrainingDiverged as
        soon as a loss is not finite; ``restore`` then gives the best parameters, if there are any.
        """
        self.transpose()
        at, total = self.progress, self.total_steps
        numbers = Steps(self.args.hyperparameters(), at.step, at.product)
        began = time.monotonic()
        spent = at.history[-1].seconds if at.history else 0.0
        interval = parse_interval(self.args.eval_every)
        group, checks = 1, interval.steps(self.steps_per_epoch)
        self._end_if_converged()  # before a checkpoint
        while at.step < total and not self.stopped:
            first, last = at.step, self._end_of_group(group, checks)
            batches = self._batches_of(first, last)
            lrs = self._rates(first, last)
            started = time.perf_counter_ns()
            before = self.network.params.copy() if self.args.is_perceptron else None
            losses, right = self._steps(batches, first, last, numbers.next(lrs))
            if self._moved is not None:
                seen = batches.order[batches.start(first) : batches.start(last)]
                self._moved.add(self.examples, seen)
            if before is not None:  # what moved nothing had no error
                starts = first % self.steps_per_epoch == 0
                is_same = np.array_equal(before, self.network.params)
                at.is_faultless = is_same and (starts or at.is_faultless)
            taken = (time.perf_counter_ns() - started) / (last - first)
            group = max(1, min(int(GROUP_NS / max(taken, 1)), 4 * group))
            seconds = spent + time.monotonic() - began
            at.product = numbers.product
            for end in [*range(first - first % checks + checks, last, checks), last]:
                some = slice(batches.start(at.step), batches.start(end))
                done = losses[some]
                self._note_losses(done, batches.start(1) if at.step == 0 else 0)
                at.right += int(np.count_nonzero(right[some]))
                at.step, self._batch = end, batches.start(end) - batches.start(end - 1)
                at.loss, at.seen = at.loss + float(done.sum()), at.seen + len(done)
                lr, loss = float(lrs[end - first - 1]), at.loss / max(at.seen, 1)
                if not math.isfinite(loss):
                    raise self._diverged(lr)
                if end == last:
                    self._end_if_converged()
                if end % checks == 0 or end == total or self.stopped:
                    train_error = 1 - at.right / max(at.seen, 1)
                    if self.targets is not None:
                        train_error = math.nan
                    at.loss, at.seen, at.right = 0.0, 0, 0
                    found = self._evaluate((loss, train_error), lr, seconds)
                    yield found
                    if self.valid and not math.isfinite(found.valid_loss):
                        raise self._diverged(lr)
                else:
                    yield end / max(total, 1), loss
            if self.args.save_every and at.step % self.args.save_every == 0:
                on_save(self)
        if self.best is None and not self._is_finite():
            raise self._diverged(lr)
        self.restore()

    def _end_if_converged(self) -> None:
        """End training where the perceptron rule has gone through an epoch without an error.

        From there on it moves no weight.  Errors are counted once more, since those of a batch may
        have cancelled each other.
        """
        at = self.progress
        if not at.is_faultless or at.step % self.steps_per_epoch or not self.args.is_perceptron:
            return
        if not count_errors(self).n_wrong:
            self.stopped, self.converged_in = True, at.step // self.steps_per_epoch

    def _note_losses(self, losses: NDArray[np.float64], n_first: int) -> None:
        """Take the losses of steps, the ``n_first`` first of which are from before any step.

        The latest ones are kept, as sums, of about as many examples as there are in an epoch.
        """
        if n_first:
            self.start_loss = float(losses[:n_first].mean())
        n, latest = self.examples.n, self._latest
        losses = losses[-n:]
        latest.append((float(losses.sum()), len(losses)))
        self._n_latest += len(losses)
        while self._n_latest - latest[0][1] >= n:
            self._n_latest -= latest.popleft()[1]

    @property
    def epoch_loss(self) -> float:
        """The mean loss of about as many examples as an epoch has, the latest; NaN without any."""
        total = sum(loss for loss, _ in self._latest)
        return total / self._n_latest if self._n_latest else math.nan

    def transpose(self) -> None:
        """Recompute the transposed weights: before the first step, and where weights were set."""
        network = self.network
        alone = groups.Team(0, 1, np.zeros(8, np.int64))
        transpose_all(network.group, network.params, network.values, alone)

    def _is_finite(self) -> bool:
        """Tell whether all parameters are finite after the last step, whose loss is unchecked."""
        network = self.network
        some = (network.params, network.running, self.embedding)
        return all(bool(np.isfinite(array).all()) for array in some)

    def restore(self) -> None:
        """Restore the best parameters, if there is a validation set.

        Where an interrupt came in a slow step, whose threads may still write to the arrays, their
        place is taken by the best parameters, or by those from before the step.
        """
        if self._is_within and (kept := self.best or self._before) is not None:
            self.network.params, self.network.running = kept.params, kept.running
            self._kept_rows = kept.embedding
        elif self.best is not None:
            self.best.put(self.network, self.rows, self.args.thread)
        else:
            self._measure_norms()

    @property
    def _shows_layers(self) -> bool:
        """Whether evaluations have the gradients and activations of layers."""
        return bool(self.args.log) or self.args.show_gradients

    def _end_of_group(self, group: int, checks: int) -> int:
        """Return the step to train to: ``group`` steps on, in an epoch or over whole epochs.

        It is at most the step of the next evaluation or checkpoint.
        """
        step, epoch = self.progress.step, self.steps_per_epoch
        n = min(group, epoch - step % epoch)
        if step % epoch == 0 and self._augment is None:
            n = max(n, group // epoch * epoch)
        if self.valid or self._shows_layers:  # which are as the last step leaves them
            n = min(n, checks - step % checks)
        if self.args.is_perceptron:  # which may end after any epoch
            n = min(n, epoch - step % epoch)
        if self.args.save_every:
            n = min(n, self.args.save_every - step % self.args.save_every)
        return min(step + n, self.total_steps)

    def _batches_of(self, first: int, last: int) -> Batches:
        """Return the batches of the epochs that steps ``first`` to ``last`` are in."""
        epochs = range(first // self.steps_per_epoch, (last - 1) // self.steps_per_epoch + 1)
        if self._batches is None or self._batches.epochs != epochs:
            if self._augment is not None:
                self.examples = self._augment(epochs[0])
            n = self.examples.n
            starts = [self.starts[:-1] + k * n for k in range(len(epochs))]
            self._batches = Batches(
                epochs,
                self.steps_per_epoch * epochs[0],
                np.concatenate([self._order(epoch) for epoch in epochs]),
                np.append(np.concatenate(starts), n * len(epochs)),
            )
        return self._batches

    def _order(self, epoch: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self.args.seed & 0xFFFFFFFF, 2, epoch])
        return rng.permutation(self.examples.n)

    def _rates(self, first: int, last: int) -> NDArray[np.float64]:
        args = self.args
        return learning_rates(
            args.schedule,
            args.lr,
            first,
            last,
            self.total_steps,
            args.warmup,
            self.steps_per_epoch,
            args.step_size,
            args.gamma,
        )

    def _steps(
        self, batches: Batches, first: int, last: int, steps: Records[Step]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Take steps ``first`` to ``last``, which ``steps`` describes.

        Returns the losses of examples, and whether their best label is right, in the order of the
        batches; those of other steps are 0.
        """
        network, base = self.network, batches.base
        sync = np.zeros(8 * self.n_threads, np.int64)
        n = len(batches.order)
        losses, right = np.zeros(n), np.zeros(n, np.uint8)
        table: Any = Step.table(last - base)
        table[first - base :] = steps
        group = groups.Batches(
            order=batches.order,
            starts=batches.starts,
            steps=table,
            base=base,
            losses=losses,
            right=right,
        )
        training = groups.Training(
            grads=self.grads,
            states=self.states,
            n_params=len(network.params),
            rule=address_of(rule_of(self.args.rule, self.args.hyperparameters())),
            squares=self._squares,
        )

        def work(thread: int) -> None:
            kernels.train_steps(
                first - base,
                last - base,
                group,
                self.examples.group,
                network.group,
                network.regularization,
                self._embedding_of(thread),
                network.arrays,
                training,
                groups.Team(thread, self.n_threads, sync),
            )

        if not self.is_slow:
            run_on(self.n_threads, work)
            return losses, right
        if self.best is None and self.progress.step:
            self._before = self._before or Snapshot(network, self.rows)
            self._before.take(network, self.rows, self.n_threads)
        self._is_within = True
        run_apart(self.n_threads, work)
        self._is_within = False
        return losses, right

    def step_on(self, order: NDArray[np.int64], lrs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the run's first step, on some examples and with one rate; return their losses.

        What they became, and all gradients, are left in the network's values and in ``grads``.
        """
        self.transpose()
        batches = Batches(range(1), 0, order, np.array([0, len(order)]))
        steps = Steps(self.args.hyperparameters()).next(lrs)
        return self._steps(batches, 0, 1, steps)[0]

    @property
    def first_rate(self) -> NDArray[np.float64]:
        """The learning rate of the first step, float64[1]."""
        return self._rates(0, 1)

    def _embedding_of(self, thread: int) -> groups.Embedding:
        """Return the embedding with what a thread notes of its rows."""
        return groups.Embedding(
            matrix=self.embedding,
            row_floats=self.network.row_floats,
            slots=self._slots,
            touched=self._touched[thread],
            uses=self._uses[thread],
            grad=self._row_grads[thread],
        )

    def _evaluate(self, trained: tuple[float, float], lr: float, seconds: float) -> Evaluation:
        """Measure; ``trained`` are the loss and the error of training since the last time."""
        meter: Meter | RegressionMeter | None = None
        if self.valid:
            self._measure_norms()
        if self.valid and self.targets is not None:
            meter = evaluate_numbers(self.scorers, self.valid, self.targets)
        elif self.valid:
            meter = evaluate(self.scorers, self.valid, self.metric.needs_scores)
        with uninterrupted():  # a model that is half restored is useless
            return self._note(trained, meter, lr, seconds)

    def _measure_norms(self) -> None:
        """Take batch norm's statistics from all training batches, if that is asked for.

        They belong to the parameters of now, so they are taken before every evaluation on
        validation data, and a best model is kept with its own.  The batches are those of the
        first epoch.
        """
        if self.args.norm == "batch" and self.args.norm_statistics == "population":
            order = self._order(0)
            measure_population(self.scorers[0], self.source, order, self.starts)

    def _note(
        self,
        trained: tuple[float, float],
        meter: Meter | RegressionMeter | None,
        lr: float,
        seconds: float,
    ) -> Evaluation:
        """Keep the parameters if they are the best so far, and add to the history."""
        at, is_best = self.progress, False
        valid_loss = value = math.nan
        measured: dict[str, float] = {}
        if isinstance(meter, Meter):
            measured = {"valid_error": 1 - meter.accuracy, "valid_f1_macro": meter.macro_f1}
        elif meter is not None:
            measured = {f"valid_{name}": meter.score(name) for name in REGRESSION_METRICS}
        if meter is not None:
            valid_loss = meter.loss
            value = self.metric.value(meter, self.metric_label)
            is_best = at.stopping.check(at.step, self.metric.as_error(value), valid_loss)
            self.stopped = self.stopped or at.stopping.is_over
            if is_best:
                self.best_meter = meter if isinstance(meter, Meter) else None
                self.best = self.best or Snapshot(self.network, self.rows)
                moved = self._moved
                mask = moved.mask if moved is not None else None
                self.best.take(self.network, self.rows, self.args.thread, mask)
                if moved is not None:
                    moved.reset()
        is_shown = self._shows_layers
        found = Evaluation(
            step=at.step,
            epoch=-(-at.step // self.steps_per_epoch),
            progress=at.step / max(self.total_steps, 1),
            lr=lr,
            loss=trained[0],
            train_error=trained[1],
            gradients=gradient_sizes(self) if is_shown else (),
            activations=activation_sizes(self) if is_shown else (),
            valid_loss=valid_loss,
            valid_lines=meter.n if meter is not None else 0,
            monitored=value,
            seconds=seconds,
            is_best=is_best,
            **measured,
        )
        at.history.append(found)
        return found

    @property
    def last_batch(self) -> int:
        """How many examples the last step was on, whose values are still there."""
        return self._batch

    def _diverged(self, lr: float) -> TrainingDiverged:
        epoch = -(-self.progress.step // self.steps_per_epoch)
        kept = "nothing was saved"
        if self.best is not None:
            kept = f"the model of step {self.progress.stopping.step}, the best before, was saved"
        advice = f"Try -lr {min(lr / 10, largest_lr(self.args.optimizer)):.2g}, or --clip-norm 1."
        return TrainingDiverged.within(epoch, self.args.epoch, lr, advice, kept)


def marks_rows(args: MlpArgs, network: Network, examples: Examples) -> bool:
    """Tell whether it is noted which rows move between evaluations: if these are within epochs."""
    steps = len(batch_starts(examples.n, args.batch_size, args.norm == "batch")) - 1
    is_within = parse_interval(args.eval_every).steps(max(steps, 1)) < steps
    return bool(args.valid_lines) and network.embeds and is_within


def threads_worth(network: Network, n_threads: int) -> int:
    """Return how many threads a step is worth: small ones are quicker on one."""
    cost = step_cost(network)
    most = max(1, min(int(cost / MIN_NS_PER_STEP) + 1, network.batch // 2, groups.SHARDS))
    return min(n_threads, most)


def is_slow(network: Network, n_threads: int) -> bool:
    """Tell whether a step may take so long that an interrupt must not wait for its end."""
    return step_cost(network) / threads_worth(network, n_threads) > SLOW_NS


def step_cost(network: Network) -> float:
    """Return about how many ns a step takes on one thread."""
    weights = sum(layer.n_in * layer.units * layer.pieces for layer in network.layers)
    cost = 6 * network.batch * weights * NS_PER_FLOP + weights
    if network.embeds:
        cost += network.batch * 5000
    return cost
