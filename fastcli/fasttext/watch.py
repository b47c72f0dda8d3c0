"""Validation while a classifier trains: when it is measured, what is kept, and when it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.early_stopping import EarlyStopping, Evaluation
from fastcli.evaluation.intervals import parse_interval
from fastcli.evaluation.label_names import LabelNames
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.kernels.base.losses import NS
from fastcli.threads import uninterrupted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.meter import Meter
    from fastcli.fasttext.validation import Validator
    from fastcli.kernels.linear.lines import Lines, Model


AT_ONCE = 1 << 14  # lines, or rows, that are looked at or copied at a time


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """Where a run is: visits of lines, the sum of their losses, tokens, the learning rate.

    ``order`` are the lines that this epoch has visited.
    """

    visits: int
    loss: float
    tokens: int
    lr: float
    order: NDArray[np.int32]


class BestModel:
    """A copy of a model; of the input rows only those that moved since are copied again."""

    def __init__(self, model: Model) -> None:
        self.wi = np.empty_like(model.wi)
        self.wo = np.empty_like(model.wo)

    def take(self, model: Model, moved: NDArray[np.bool_] | None) -> None:
        """Copy the output rows, and the input rows that ``moved`` (None: all)."""
        self.wo[:] = model.wo
        if moved is None:
            self.wi[:] = model.wi
            return
        rows, to, of = (
            np.flatnonzero(moved),
            *(wi.reshape(-1, model.stride) for wi in (self.wi, model.wi)),
        )
        for first in range(0, len(rows), AT_ONCE):  # of which there is a copy in between
            some = rows[first : first + AT_ONCE]
            to[some] = of[some]


class Watch:
    """Evaluates a run where it is due, and keeps the best model.

    ``on_rows`` gets all evaluations whenever there may be a new one.  A step is a line; an
    evaluation that is due within a batch of lines waits for its end.
    """

    def __init__(
        self, args: WatchArgs, on_rows: Callable[[list[Evaluation]], None], n_threads: int = 1
    ) -> None:
        self.args, self._on_rows, self._n_threads = args, on_rows, n_threads
        self.metric = args.check()
        self.validator: Validator | None = None
        self.best: BestModel | None = None
        self.best_meter: Meter | None = None  # what was counted for it
        self.stopping = EarlyStopping(patience=args.patience)
        self.history: list[Evaluation] = []
        self.seconds = 0.0  # that evaluations took
        self.due = 0  # after how many visits comes the next one
        self._label = -1  # of the metric
        self._n_lines = self._total = 0
        self._loss, self._tokens, self._visits = 0.0, 0, 0  # at the last evaluation
        self._since = self._training = 0.0
        self._moved: NDArray[np.bool_] | None = None  # input rows since the best; None: all

    def start(self, n_lines: int, epochs: int, group: int) -> None:
        """Begin: there are so many lines, of which ``group`` are trained on at a time."""
        self._n_lines, self._total, self._group = n_lines, n_lines * epochs, group
        self._steps = parse_interval(self.args.eval_every).steps(n_lines)
        self._plan(0)
        self._since = time.monotonic()

    def measure_with(self, validator: Validator, classifier: Classifier) -> None:
        """Evaluate on validation lines.  Raises ArgumentError if the metric cannot be measured."""
        self.validator = validator
        self._label = self.metric.find_label(LabelNames.of(classifier))
        self.metric.check_occurs(self._label, validator.lines.labels, "--monitor")
        if self.metric.name == "logloss" and validator.loss.kind == NS:
            raise ArgumentError("--monitor logloss is not measured with -loss ns: give loss.")

    @property
    def is_over(self) -> bool:
        """Whether patience is at its end."""
        return self.validator is not None and self.stopping.is_over

    @property
    def best_evaluation(self) -> Evaluation | None:
        """The evaluation whose model is kept."""
        return self.stopping.kept(self.history)

    def _plan(self, visits: int) -> None:
        """Set when the next evaluation is due: where an epoch or a batch of lines ends."""
        due = min((visits // self._steps + 1) * self._steps, self._total)
        start = (due - 1) // self._n_lines * self._n_lines
        whole = -(-(due - start) // self._group) * self._group
        self.due = start + min(whole, self._n_lines)

    def evaluate(self, so_far: SoFar, lines: Lines, model: Model) -> Evaluation:
        """Measure the model as it is, and keep a copy if it is the best."""
        now = time.monotonic()
        took = max(now - self._since, 1e-9)
        self._training += took
        visits = so_far.visits
        valid_loss = valid_error = f1 = value = float("nan")
        is_best, meter, n_valid = False, None, 0
        if self.validator is not None:
            meter = self.validator.measure(self._n_threads, self.metric.needs_scores)
            valid_loss, valid_error, f1 = meter.loss, 1 - meter.accuracy, meter.macro_f1
            n_valid = meter.n
            value = self.metric.value(meter, self._label)
            self._note_moved(so_far, lines, model)
        with uninterrupted():  # a model that is half copied is useless
            if meter is not None:
                is_best = self.stopping.check(visits, self.metric.as_error(value), valid_loss)
            if is_best:
                self.best_meter = meter
                self._keep(model)
            found = Evaluation(
                step=visits,
                epoch=-(-visits // self._n_lines),
                progress=visits / self._total,
                lr=so_far.lr,
                loss=(so_far.loss - self._loss) / max(visits - self._visits, 1),
                valid_loss=valid_loss,
                valid_error=valid_error,
                valid_f1_macro=f1,
                valid_lines=n_valid,
                monitored=value,
                seconds=self._training,
                words_per_second=(so_far.tokens - self._tokens) / took,
                is_best=is_best,
            )
            self._loss, self._tokens, self._visits = so_far.loss, so_far.tokens, visits
            self.history.append(found)
        self.show()
        self._plan(visits)
        self._since = time.monotonic()
        self.seconds += self._since - now
        return found

    def show(self) -> None:
        """Show the evaluations that were not shown yet, after an interrupt, too."""
        self._on_rows(self.history)

    def _note_moved(self, so_far: SoFar, lines: Lines, model: Model) -> None:
        """Mark the input rows that moved since the last evaluation; all of them after an epoch."""
        since = so_far.visits - self._visits
        # All lines, or also some of the epoch before, whose order is gone.
        are_most = since >= len(lines.tokens) or since > len(so_far.order)
        if self._moved is None or self.best is None or are_most:
            self._moved = None
            return
        recent = so_far.order[len(so_far.order) - since :]
        for first in range(0, since, AT_ONCE):
            order = recent[first : first + AT_ONCE].astype(np.int64)
            starts = lines.segments[order * lines.shards]
            sizes = lines.segments[(order + 1) * lines.shards] - starts
            places = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
            self._moved[lines.rows[places]] = True

    def _keep(self, model: Model) -> None:
        """Copy the model."""
        self.best = self.best or BestModel(model)
        self.best.take(model, self._moved)
        self._moved = np.zeros(len(model.wi) // model.stride, np.bool_)

    def about(self) -> dict[str, Any]:
        """Return what the JSON file beside the model records of validation."""
        best = self.best_evaluation
        if best is None:
            return {}
        return {
            "valid": self.args.valid,
            "valid_share": self.args.valid_share,
            "monitor": self.metric.text,
            "epoch": best.epoch,
            "step": best.step,
            "loss": _rounded(best.valid_loss),
            "accuracy": _rounded(1 - best.valid_error),
            "f1macro": _rounded(best.valid_f1_macro),
        }


def _rounded(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
