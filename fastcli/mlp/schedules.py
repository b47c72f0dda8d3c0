"""Learning rates over time: pure functions of how far training is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEDULES = {
    "constant": "the same all the time",
    "linear": "falls to 0 in a straight line, as in fastText",
    "step": "times gamma after every --step-size epochs",
    "cosine": "falls to 0 along half a cosine (Loshchilov and Hutter 2017)",
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
    """
    step = np.arange(first, last)
    progress = step / max(total, 1)
    rates: NDArray[np.float64]
    if schedule == "linear":
        rates = np.asarray(lr * (1 - progress))
    elif schedule == "cosine":
        rates = np.asarray(lr * (1 + np.cos(np.pi * progress)) / 2)
    elif schedule == "step":
        rates = np.asarray(lr * gamma ** (step // (steps_per_epoch * step_size)))
    else:
        rates = np.full(len(step), lr)
    if warmup > 0:
        rates = np.asarray(rates * np.minimum((step + 1) / warmup, 1.0))
    return rates
