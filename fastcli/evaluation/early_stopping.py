"""Evaluations during training, and early stopping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastcli.errors import ArgumentError
from fastcli.schema import Range

if TYPE_CHECKING:
    from fastcli.evaluation.metric import Metric

# What a checkpoint may say; a run without validation has NaN, one without a best model infinity.
Count = Annotated[int, Range(0)]
Measured = Annotated[float, Range(nan=True)]
Positive = Annotated[float, Range(0)]
NAN = float("nan")


def parse_monitor(text: str) -> Metric:
    """Parse the value of ``--monitor``; raises ArgumentError if it is invalid.

    >>> parse_monitor("Loss").text
    'loss'
    """
    from fastcli.evaluation.metric import PLAIN, parse_metric

    plain = text.strip().lower()
    try:
        return parse_metric(plain if plain in PLAIN else text)
    except ArgumentError as error:
        raise ArgumentError(f"--monitor: {error}") from None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured after a step: training loss since the last one, and on validation data.

    A step is a batch of mlp-train, a line of supervised.  ``valid_error`` is the share of lines
    whose best label is wrong, ``train_error`` the same of training examples since the last
    evaluation, as they were trained on.  What was not measured is NaN.
    """

    step: Count
    epoch: Count
    progress: Annotated[float, Range(0, 1)]
    lr: float
    loss: float
    valid_loss: Measured = NAN
    valid_error: Measured = NAN
    seconds: Annotated[float, Range(0, 1e12)]
    is_best: bool = False
    valid_f1_macro: Measured = NAN
    monitored: Measured = NAN  # the value of --monitor
    words_per_second: Measured = NAN
    valid_lines: Count = 0  # that were measured
    train_error: Measured = NAN
    gradients: tuple[Measured, ...] = ()  # of the last step, layer by layer: L2 norms
    activations: tuple[Measured, ...] = ()  # of hidden layers: standard deviations
    valid_rmse: Measured = NAN  # of regression, instead of errors and F1
    valid_mae: Measured = NAN
    valid_r2: Measured = NAN

    @property
    def has_valid(self) -> bool:
        """Whether validation data were measured."""
        return math.isfinite(self.valid_error) or self.of_numbers

    @property
    def of_numbers(self) -> bool:
        """Whether predictions of numbers were measured."""
        return math.isfinite(self.valid_rmse)

    @property
    def score(self) -> float:
        """The accuracy on validation lines, of regression the RMSE; NaN where there are none."""
        return self.valid_rmse if self.of_numbers else 1 - self.valid_error

    @property
    def score_name(self) -> str:
        """What the score is."""
        return "RMSE" if self.of_numbers else "accuracy"


@dataclass(kw_only=True)
class EarlyStopping:
    """Keep the best parameters, end after p worse checks in a row.

    Goodfellow, Bengio and Courville 2016, Deep Learning, algorithm 7.1, whose letters are named.

    ``wait`` counts the checks since the best one (j), ``best`` is its error (v), ``step`` its
    step (i*).  Of equal errors the one with the smaller loss, ``best_loss``, is better.
    """

    patience: Count
    best: Positive = math.inf
    step: Count = 0
    wait: Count = 0
    best_loss: Positive = math.inf

    def check(self, step: int, error: float, loss: float) -> bool:
        """Take the error and the loss after a step; tell whether they are the best so far.

        They are not where the loss is not finite.
        """
        if math.isfinite(loss) and (error, loss) < (self.best, self.best_loss):
            self.best, self.best_loss, self.step, self.wait = error, loss, step, 0
            return True
        self.wait += 1
        return False

    def kept(self, history: Sequence[Evaluation]) -> Evaluation | None:
        """Return the evaluation of a run whose model is kept, None without one."""
        return next((e for e in history if e.step == self.step and e.is_best), None)

    @property
    def is_over(self) -> bool:
        """Whether ``patience`` evaluations in a row brought no improvement."""
        return self.patience > 0 and self.wait >= self.patience
