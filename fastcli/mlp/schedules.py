"""Learning rate schedules: pure functions of the progress of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.mlp.limits import LARGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEDULES = {
    "constant": "constant",
    "linear": "decays linearly to 0, as in fastText",
    "step": "multiplied by gamma every --step-size epochs",
    "cosine": "decays to 0 along half a cosine (Loshchilov and Hutter 2017)",
}


def learning_rates(
    schedule: str,
    lr: float,
    first: int,
    last: int,
    total: int,
    warmup: int,
    steps_per_epoch: int,
    step_size: int,
    gamma: float,
) -> NDArray[np.float64]:
    """Return the learning rates of steps ``first`` to ``last`` of ``total``.

    During ``warmup`` steps the rate rises in a straight line, on top of the schedule.

    >>> learning_rates("linear", 1.0, 0, 4, 8, 2, 4, 1, 0.1).tolist()
    [0.5, 0.875, 0.75, 0.625]
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of a huge gamma, many times
        rates = _rates(schedule, lr, first, last, total, steps_per_epoch * step_size, gamma)
    if warmup > 0:
        rates = rates * np.minimum((np.arange(first, last) + 1) / warmup, 1.0)
    return np.minimum(np.nan_to_num(rates), LARGE)


def _rates(
    schedule: str, lr: float, first: int, last: int, total: int, steps_per_cut: int, gamma: float
) -> NDArray[np.float64]:
    """Return the rates of ``learning_rates`` before warm-up; step cuts every so many steps."""
    step = np.arange(first, last)
    progress = step / max(total, 1)
    rates: NDArray[np.float64]
    if schedule == "linear":
        rates = np.asarray(lr * (1 - progress))
    elif schedule == "cosine":
        rates = np.asarray(lr * (1 + np.cos(np.pi * progress)) / 2)
    elif schedule == "step":
        rates = np.asarray(lr * gamma ** (step // steps_per_cut))
    else:
        rates = np.full(len(step), lr)
    return rates
