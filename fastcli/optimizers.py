"""The optimisers by name: formula, defaults, and what each step needs.

The rules are in ``kernels/base/optimizers.py``; formulas are those of the papers
that ``help optimizers`` names, in PyTorch's form: eps is added to the root, unless ``eps_inside``
asks for TensorFlow's form, under the root.  AdaGrad's sum of squares starts from 0.1, as
TensorFlow's (PyTorch: 0).

Nesterov's momentum as Sutskever et al. (2013) write it takes the gradient ahead:
g = f'(w - lr mu m), m = mu m + g, w -= lr m.  Ours, as PyTorch's and TensorFlow's, holds the point
ahead, w' = w - lr mu m, which then moves by -lr (g + mu m): the same path as long as the learning
rate stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.jit.build import AnyKernel
from fastcli.kernels.base import optimizers as rules
from fastcli.kernels.base.optimizers import RowUpdates, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.jit.signature import Records


@dataclass(frozen=True)
class Optimizer:
    """One row of the table of optimisers: its rule, slots of state, and default numbers.

    ``eps_inside`` is the rule with eps under the root, None where there is no such choice.
    """

    name: str
    rule: AnyKernel
    slots: int
    formula: str
    lr: float
    eps: float = 1e-8
    weight_decay: float = 0.0
    rho: float = 0.9
    initial_accumulator: float = 0.0
    eps_inside: AnyKernel | None = None


PERCEPTRON = "perceptron"  # the rule of Rosenblatt (1958), which has no gradient

OPTIMIZERS = {
    o.name: o
    for o in (
        Optimizer("sgd", rules.sgd_update, 0, "w -= lr g", 0.1),
        Optimizer("momentum", rules.momentum_update, 1, "m = mu m + g; w -= lr m", 0.01),
        Optimizer("nesterov", rules.nesterov_update, 1, "m = mu m + g; w -= lr (g + mu m)", 0.01),
        Optimizer(
            "adagrad",
            rules.adagrad_update,
            1,
            "G += g^2, from 0.1 on; w -= lr g / (sqrt G + eps)",
            0.2,
            1e-10,
            initial_accumulator=0.1,
            eps_inside=rules.adagrad_eps_inside_update,
        ),
        Optimizer(
            "rmsprop",
            rules.rmsprop_update,
            3,
            "v = rho v + (1 - rho) g^2; w -= lr g / (sqrt v + eps); --centered: a = rho a + "
            "(1 - rho) g, v - a^2 under the root; --momentum mu: m = mu m + g / (sqrt v + eps), "
            "w -= lr m",
            0.001,
            eps_inside=rules.rmsprop_eps_inside_update,
        ),
        Optimizer(
            "adadelta",
            rules.adadelta_update,
            2,
            "v = rho v + (1 - rho) g^2; d = g sqrt(u + eps) / sqrt(v + eps); "
            "u = rho u + (1 - rho) d^2; w -= lr d",
            1.0,
            1e-6,
            rho=0.95,
        ),
        Optimizer(
            "adam",
            rules.adam_update,
            2,
            "m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; "
            "w -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)",
            0.001,
            eps_inside=rules.adam_eps_inside_update,
        ),
        Optimizer(
            "adamw",
            rules.adam_update,
            2,
            "w *= 1 - lr * weight decay; then Adam",
            0.001,
            1e-8,
            0.01,
            eps_inside=rules.adam_eps_inside_update,
        ),
        Optimizer(
            "adamax",
            rules.adamax_update,
            2,
            "m as in Adam; u = max(b2 u, |g| + eps); w -= lr (m / (1 - b1^t)) / u",
            0.002,
        ),
        Optimizer(
            "nadam",
            rules.nadam_update,
            2,
            "m and v as in Adam; mu_t = b1 (1 - 0.96^(t / 250) / 2), M_t = mu_1 mu_2 ... mu_t; "
            "w -= lr ((1 - mu_t) g / (1 - M_t) + mu_(t+1) m / (1 - M_(t+1))) "
            "/ (sqrt(v / (1 - b2^t)) + eps)",
            0.002,
            eps_inside=rules.nadam_eps_inside_update,
        ),
        Optimizer(
            PERCEPTRON,
            rules.sgd_update,
            0,
            "w += lr (t - y) x, y = 1 if w x + b >= 0 else 0: units in error move",
            1.0,
        ),
    )
}


@dataclass(frozen=True)
class Hyperparameters:
    """The parameters of optimisers besides the learning rate."""

    momentum: float
    beta1: float
    beta2: float
    rho: float
    eps: float
    centered: bool
    eps_inside: bool = False  # under the root
    initial_accumulator: float = 0.0  # what AdaGrad's sums of squares start from


def largest_lr(name: str) -> float:
    """Return the largest learning rate of an optimiser that is worth a try.

    >>> largest_lr("sgd"), round(largest_lr("adam"), 6)
    (1.0, 0.1)
    """
    return min(1.0, 100 * OPTIMIZERS[name].lr)


def slots(optimizer: Optimizer, hyperparameters: Hyperparameters) -> int:
    """Return how many numbers the state of a parameter has."""
    if optimizer.name == "rmsprop":
        return 1 + int(hyperparameters.momentum > 0) + int(hyperparameters.centered)
    return optimizer.slots


def rule_of(optimizer: Optimizer, hyperparameters: Hyperparameters) -> AnyKernel:
    """Return the rule of an optimiser, with eps where the hyperparameters have it."""
    if hyperparameters.eps_inside and optimizer.eps_inside is not None:
        return optimizer.eps_inside
    return optimizer.rule


class Steps:
    """Learning rate and corrections for the start, step by step, as the rules take them.

    Steps are asked for in order, from the first, since NAdam's momentum schedule is a product.
    """

    def __init__(
        self, hyperparameters: Hyperparameters, step: int = 0, product: float = 1.0
    ) -> None:
        self._fixed = hyperparameters
        self.step, self.product = step, product

    def next(self, lrs: NDArray[np.float64]) -> Records[Step]:
        """Return the next steps, one for each learning rate.

        Everything is computed in float64 and rounded once.
        """
        fixed, n = self._fixed, len(lrs)
        t = self.step + 1 + np.arange(n)
        # Dozat (2016): mu_t = b1 (1 - 0.96**(t / 250) / 2).
        now = fixed.beta1 * (1 - 0.5 * 0.96 ** (t * 0.004))
        later = fixed.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * 0.004))
        products = self.product * np.cumprod(now)
        steps = Step.table(n)
        columns: Any = steps
        columns.lr = lrs
        columns.momentum, columns.rho, columns.rest_rho = fixed.momentum, fixed.rho, 1 - fixed.rho
        columns.beta1, columns.rest1 = fixed.beta1, 1 - fixed.beta1
        columns.beta2, columns.rest2 = fixed.beta2, 1 - fixed.beta2
        columns.eps, columns.centered = fixed.eps, fixed.centered
        columns.correction1, columns.correction2 = 1 - fixed.beta1**t, 1 - fixed.beta2**t
        columns.now, columns.next = (1 - now) / (1 - products), later / (1 - products * later)
        if n:
            self.step += n
            self.product = float(products[-1])
        return steps


def no_rule() -> RowUpdates:
    """Return the empty rule: rows are updated by SGD, which needs no state."""
    nothing = np.zeros(1, np.float32)
    return RowUpdates(0, 0, np.float32(0.0), Step.table(1), nothing, nothing)
