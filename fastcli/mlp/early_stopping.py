"""Evaluations during training, and early stopping."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from fastcli.schema import Range

# What a checkpoint may say; a run without validation has NaN, one without a best model infinity.
Count = Annotated[int, Range(0)]
Measured = Annotated[float, Range(nan=True)]
Positive = Annotated[float, Range(0)]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured after a step: training loss since the last, validation loss and error."""

    step: Count
    epoch: Count
    progress: Annotated[float, Range(0, 1)]
    lr: float
    loss: float
    valid_loss: Measured
    valid_error: Measured
    seconds: Annotated[float, Range(0, 1e12)]
    is_best: bool = False


@dataclass(kw_only=True)
class EarlyStopping:
    """The seed's algorithm, section 4.4: keep the best parameters, end after p worse checks.

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

    @property
    def is_over(self) -> bool:
        """Whether ``patience`` evaluations in a row brought no improvement."""
        return self.patience > 0 and self.wait >= self.patience
