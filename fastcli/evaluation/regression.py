"""Measuring predictions of numbers: RMSE, MAE and R2 of each target, and of all together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.losses import ABSOLUTE, HUBER, SQUARED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Block, Classifier, Predictions
    from fastcli.evaluation.predictor import Predictor

NAN = float("nan")
ROWS = 4096  # that are added up together, so that sums do not depend on how rows come


def losses_of(errors: NDArray[np.float64], loss: int, delta: float) -> NDArray[np.float64]:
    """Return the losses of errors, as ``kernels.mlp.losses.error_loss`` has them.

    >>> losses_of(np.array([-3.0, 0.5]), HUBER, 1.0).tolist()
    [2.5, 0.125]
    """
    size = np.abs(errors)
    if loss == SQUARED:
        return np.square(errors)
    if loss == ABSOLUTE:
        return size
    inner = np.minimum(size, delta)
    return np.asarray(inner * (size - inner / 2))


Measure = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.float64]"]


@dataclass(kw_only=True)
class RegressionMeter:
    """Sums over rows with targets, float64[targets]: of errors, their squares, and the targets.

    ``names`` are those of the targets; ``losses`` returns those of rows, float64[n], from targets
    and predictions, None where they are added apart.  Mean and squared deviations of targets are
    added chunk by chunk (Chan, Golub and LeVeque 1983), so that large targets that differ little
    lose no digits.
    """

    names: Sequence[str]
    losses: Measure | None = None
    n: int = 0
    no_target: int = 0  # rows left out
    no_known_token: int = 0  # the same
    n_losses: int = 0  # rows whose losses are known, and their sum
    loss_sum: float = 0.0
    absolute: NDArray[np.float64] = field(init=False)
    squared: NDArray[np.float64] = field(init=False)
    mean: NDArray[np.float64] = field(init=False)
    deviations: NDArray[np.float64] = field(init=False)  # squares of target - mean, added up

    def __post_init__(self) -> None:
        self.absolute, self.squared, self.mean, self.deviations = np.zeros((4, len(self.names)))
        self._waiting: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._n_waiting = 0

    def add(
        self,
        targets: NDArray[np.float64],
        predicted: NDArray[np.float64],
        has_input: NDArray[np.bool_],
    ) -> None:
        """Count rows: their targets and predictions, float64[n, targets]; NaN: not known.

        ``has_input`` bool[n] tells which have anything that the model knows.
        """
        has_target = np.isfinite(targets).all(axis=1)
        used = has_target & has_input
        self.no_target += int(np.count_nonzero(~has_target))
        self.no_known_token += int(np.count_nonzero(has_target & ~has_input))
        self.n += int(np.count_nonzero(used))
        self._waiting.append((targets[used], predicted[used]))
        self._n_waiting += int(np.count_nonzero(used))
        if self._n_waiting >= ROWS:
            self._take()

    def add_predictions(self, some: Iterable[Predictions]) -> None:
        """Count lines as they were read and predicted, in their order."""
        for found in some:
            assert found.values is not None
            assert found.truth is not None
            self.add(found.truth, found.values, found.counts > 0)

    def add_losses(self, n: int, loss: float) -> None:
        """Add the sum of the losses of n rows."""
        self.n_losses += n
        self.loss_sum += loss

    def _take(self, is_end: bool = False) -> None:
        """Add what waits, in whole chunks; at the end all of it."""
        if not self._n_waiting:
            return
        targets, predicted = (np.concatenate(some) for some in zip(*self._waiting, strict=True))
        last = len(targets) if is_end else len(targets) // ROWS * ROWS
        n = self.n - self._n_waiting
        for first in range(0, last, ROWS):
            part = targets[first : min(first + ROWS, last)]
            found = predicted[first : first + len(part)]
            errors = found - part
            if self.losses is not None:
                self.add_losses(len(part), float(self.losses(part, found).sum()))
            self.absolute += np.abs(errors).sum(axis=0)
            self.squared += np.square(errors).sum(axis=0)
            mean = part.mean(axis=0)
            self._add_deviations(n, len(part), mean, np.square(part - mean).sum(axis=0))
            n += len(part)
        self._waiting = [(targets[last:], predicted[last:])]
        self._n_waiting = len(targets) - last

    def _add_deviations(
        self, n: int, m: int, mean: NDArray[np.float64], deviations: NDArray[np.float64]
    ) -> None:
        """Add m targets to n, by their mean and squared deviations."""
        if not m:
            return
        apart = mean - self.mean
        self.deviations += deviations + np.square(apart) * (n * m / (n + m))
        self.mean += apart * (m / (n + m))

    def merge(self, other: RegressionMeter) -> None:
        """Add the sums of another meter of the same targets."""
        self._take(is_end=True)
        other._take(is_end=True)
        self._add_deviations(self.n, other.n, other.mean, other.deviations)
        self.absolute += other.absolute
        self.squared += other.squared
        self.n += other.n
        self.no_target += other.no_target
        self.no_known_token += other.no_known_token
        self.add_losses(other.n_losses, other.loss_sum)

    def per_target(self, name: str) -> NDArray[np.float64]:
        """Return rmse, mae or r2 of each target; NaN where there is nothing to divide by.

        R2 is 1 - (sum of squared errors) / (sum of squared deviations from the targets' mean), as
        scikit-learn's ``r2_score``, but NaN for targets that are all the same.
        """
        self._take(is_end=True)
        if not self.n:
            return np.full(len(self.names), NAN)
        if name == "rmse":
            return np.sqrt(self.squared / self.n)
        if name == "mae":
            return self.absolute / self.n
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.deviations > 0, 1 - self.squared / self.deviations, NAN)

    def score(self, name: str) -> float:
        """Return rmse, mae, r2 (the mean over targets) or the loss."""
        return self.loss if name == "loss" else float(self.per_target(name).mean())

    @property
    def loss(self) -> float:
        """The mean loss of a row, as in training; NaN if it was not measured."""
        return self.loss_sum / self.n_losses if self.n_losses else NAN

    def sentence(self) -> str | None:
        """Return what to tell a user of rows left out, None if there are none."""
        reasons = [
            (self.no_target, "without a target"),
            (self.no_known_token, "without anything that the model knows"),
        ]
        counts = ", ".join(f"{n:,} {reason}" for n, reason in reasons if n)
        return f"Lines left out of the test: {counts}." if counts else None


def meter_of(model: Classifier) -> RegressionMeter:
    """Return a meter of the targets of a model of regression, and of its loss."""
    assert model.targets is not None
    return RegressionMeter(names=model.targets.names, losses=model.target_losses)


def measured_numbers(predictor: Predictor, blocks: Iterable[Block]) -> RegressionMeter:
    """Return what was counted of some lines, in their order."""
    meter = meter_of(predictor.model)
    meter.add_predictions(predictor.predictions(blocks))
    return meter


def least_loss(targets: NDArray[np.float32], loss: int, delta: float) -> float:
    """Return the loss of predicting the same for all rows, the best there is.

    ``targets`` float32[n, targets] are on one scale.  Squared: by the mean, absolute: by the
    median, Huber: by Newton's method from the median.
    """
    total = 0.0
    for column in targets.astype(np.float64).T:
        best = float(column.mean() if loss == SQUARED else np.median(column))
        for _ in range(50 if loss == HUBER else 0):
            errors = best - column
            slope = np.clip(errors, -delta, delta).mean()
            curve = np.count_nonzero(np.abs(errors) <= delta) / len(column)
            if abs(slope) < 1e-9 or not curve:
                break
            best -= slope / curve
        total += float(losses_of(best - column, loss, delta).mean())
    return total / targets.shape[1] if math.isfinite(total) else NAN
