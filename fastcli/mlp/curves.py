"""Points of curves for the pages of help, by the Python form of what training runs.

Nothing is compiled for them: they are a few hundred numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.mlp import activations, losses
from fastcli.mlp.activations import parse_activation
from fastcli.mlp.options import REGRESSION_LOSSES
from fastcli.mlp.plain_activations import VALUES
from fastcli.mlp.schedules import learning_rates
from fastcli.optimizers import OPTIMIZERS, Hyperparameters, Steps

if TYPE_CHECKING:
    from fastcli.mlp.initializers import Initializer

UNITS, EXAMPLES = 256, 64  # of the layers that weights are tried in


def activation_points(
    name: str, x: Sequence[float], parameters: Sequence[float] = ()
) -> tuple[list[float], list[float]]:
    """Return values and derivatives of an activation, by default with what units start from.

    For maxout the pieces are x and -x / 2; for softmax there are two units, the other at 0.
    """
    n = len(x)
    z = np.array(x, np.float32)
    out, d = np.zeros(n, np.float32), np.ones(n, np.float32)
    with np.errstate(all="ignore"):
        if name == "maxout":
            both, dz = np.concatenate([z, -z / 2]), np.zeros(2 * n, np.float32)
            activations.maxout(both, out, n, 2)
            activations.maxout_backward(both, d, n, 2, dz)
            return out.tolist(), (dz[:n] - dz[n:] / 2).tolist()
        row = activations.ROWS[name]
        if name == "softmax":
            for k in range(n):
                two, dp = np.array([z[k], 0], np.float32), np.array([1, 0], np.float32)
                p = np.zeros(2, np.float32)
                row.forward.function(two, p, 2, p, 0, 0)
                row.backward.function(two, dp, 2, p, 0, 0)
                out[k], d[k] = p[0], dp[0]
        else:
            parameters = parameters or parse_activation(name).start
            flat = np.repeat(np.array(parameters or [0], np.float32), n)
            row.forward.function(z, out, n, flat, n, len(parameters))
            row.backward.function(z, d, n, flat, n, len(parameters))
    return out.tolist(), d.tolist()


def loss_points(name: str, z: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return losses and their derivatives by the right label's score; softmax has one more at 0."""
    if name in REGRESSION_LOSSES:  # of the error, with delta 1
        code, delta = REGRESSION_LOSSES[name], np.float32(1)
        errors = [np.float32(one) for one in z]
        values = [float(losses.error_loss(one, code, delta)) for one in errors]
        return values, [float(losses.error_slope(one, code, delta)) for one in errors]
    n = 2 if name == "softmax" else 1
    values, slopes = [], []
    for one in z:
        scores, d = np.array([one, 0][:n], np.float32), np.zeros(n, np.float32)
        labels, zero, unit = np.array([name == "bce"], np.int32), np.float32(0), np.float32(1)
        if name == "bce":
            value = losses.bce_loss(scores[0], d, 1, labels, 1, zero, unit, unit, unit)
        else:
            loss = losses.softmax_loss if name == "softmax" else losses.ova_loss
            value = loss(scores, d, n, n, labels, 1, zero, unit)
        values.append(float(value))
        slopes.append(float(d[0]))
    return values, slopes


def rule_path(
    name: str, lr: float, start: Sequence[float], bends: Sequence[float], n: int
) -> list[list[float]]:
    """Return weights before and after each of n steps down sum(bend w^2) / 2."""
    one = OPTIMIZERS[name]
    momentum = 0.9 if name in ("momentum", "nesterov") else 0.0
    steps = Steps(Hyperparameters(momentum, 0.9, 0.999, one.rho, one.eps, False))
    w, size = np.array(start, np.float32), len(start)
    states = np.full(max(one.slots, 1) * size, one.initial_accumulator, np.float32)
    found = [w.tolist()]
    with np.errstate(all="ignore"):
        for _ in range(n):
            step = steps.next(np.full(1, lr))
            w *= np.float32(1 - lr * one.weight_decay)
            gradient = np.array(bends, np.float32) * w
            one.rule.function(w, gradient, size, states, size, np.float32(lr), step)
            found.append(w.tolist())
    return found


def signal_sizes(
    one: Initializer, activation: str, numbers: Sequence[float], n_layers: int
) -> list[float]:
    """Return the standard deviation of random input, and of what each of some layers gives."""
    rng = np.random.default_rng(0)
    h = rng.normal(size=(EXAMPLES, UNITS))
    found = [float(h.std())]
    for _ in range(n_layers):
        h = VALUES[activation](h @ one.draw(rng, UNITS, UNITS, *numbers))
        found.append(float(h.std()))
    return found


def schedule_points(
    name: str, n: int, per_epoch: int, warmup: int, cut: int, gamma: float
) -> list[float]:
    """Return the rates of n steps at lr 1; ``cut`` are the epochs between two cuts by ``gamma``."""
    return [float(one) for one in learning_rates(name, 1.0, 0, n, n, warmup, per_epoch, cut, gamma)]
