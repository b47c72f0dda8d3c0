"""The update rules: how a gradient updates parameters; ``fastcli/optimizers.py`` names them.

A rule updates n parameters ``w`` with gradients ``g``, which it only reads, and learning rate
``lr``.  Slot k of their state is ``s[k * apart:][:n]``.  ``steps[0]`` has the numbers that are the
same for all parameters of a step.  A rule touches nothing else, so that the same code updates a
layer's weights and, lazily, the rows of an embedding that a batch has used.

What a state forgets little by little, and a gradient on its way into one, is 0 if it is too
small to matter (``functions.settle``): else the states of units that are no longer trained would
become denormal numbers, which slow a step down several times.

Rules that divide by a root and eps come in two forms, made of one template: eps beside the root
(PyTorch) or under it (RMSprop of TensorFlow, AdaGrad of Keras; their names end in
``_eps_inside``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.jit.build import AnyDevice, device, kernel
from fastcli.jit.group import Group
from fastcli.jit.signature import Record
from fastcli.kernels.base.functions import (
    magnitude,
    settle,
    settle_for_mean,
    settle_mean,
    square_root,
)
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.views import at, record

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, Records, f32, i64


class Step(Record):
    """The numbers of a step that the rules use.

    ``rest1`` is 1 - ``beta1`` and so on, subtracted in float64: in float32 it would be off by 1e-5
    at 0.999.
    """

    lr: f32
    momentum: f32
    beta1: f32
    rest1: f32
    beta2: f32
    rest2: f32
    rho: f32
    rest_rho: f32
    eps: f32
    correction1: f32  # 1 - beta1**t in step t, from 1 on
    correction2: f32
    now: f32  # NAdam's factors of the gradient and of m
    next: f32
    centered: f32  # 1: RMSprop subtracts the squared mean gradient


class RowUpdates(Group):
    """How the rows of a matrix are updated: by a rule, with its state, in a step."""

    rule: i64  # address of a rule, 0: w += factor g
    slots: i64  # of the state of a parameter
    lr: f32
    steps: Records[Step]  # the step is the first of them
    states: F32  # slots x stride floats per row
    scratch: F32  # stride floats


@device
def root_beside_eps(v: f32, scale: f32, eps: f32) -> f32:
    """Return scale sqrt(v) + eps."""
    return square_root(v) * scale + eps


@device
def root_over_eps(v: f32, scale: f32, eps: f32) -> f32:
    """Return sqrt(scale**2 v + eps)."""
    return square_root(v * scale * scale + eps)


def _named(update: Any, name: str) -> Any:
    """Return the kernel of a rule that a template has made, by the name ``NAME_update``."""
    update.__name__ = update.__qualname__ = f"{name}_update"
    return kernel(update)


@kernel
def sgd_update(w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]) -> None:
    """W -= lr g."""
    for k in range(n):
        w[k] -= lr * g[k]


@kernel
def momentum_update(
    w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
) -> None:
    """M = mu m + g; w -= lr m (Polyak 1964)."""
    mu = record(steps, 0).momentum
    for k in range(n):
        m = settle(mu * s[k] + g[k])
        s[k] = m
        w[k] -= lr * m


@kernel
def nesterov_update(
    w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
) -> None:
    """M = mu m + g; w -= lr (g + mu m): Nesterov's step seen from the point ahead.

    Sutskever et al. (2013), section 7 of Bengio et al. (2013).
    """
    mu = record(steps, 0).momentum
    for k in range(n):
        m = settle(mu * s[k] + g[k])
        s[k] = m
        w[k] -= lr * (g[k] + mu * m)


def _adagrad(root: AnyDevice) -> Any:
    def adagrad_update(
        w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
    ) -> None:
        """G += g**2; w -= lr g / (sqrt(G) + eps) (Duchi et al. 2011)."""
        eps = record(steps, 0).eps
        for k in range(n):
            d = settle(g[k])
            total = s[k] + d * d
            s[k] = total
            w[k] -= lr * d / root(total, np.float32(1.0), eps)

    return adagrad_update


adagrad_update = _named(_adagrad(root_beside_eps), "adagrad")
adagrad_eps_inside_update = _named(_adagrad(root_over_eps), "adagrad_eps_inside")


def _rmsprop(root: AnyDevice) -> Any:
    def rmsprop_update(
        w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
    ) -> None:
        """V = rho v + (1 - rho) g**2; w -= lr g / (sqrt(v) + eps) (Tieleman and Hinton 2012).

        Centered: the square of the running mean of g is subtracted from v (Graves 2013).  With
        momentum: the step goes through m = mu m + step.  Slots: v, m if there is momentum, mean if
        centered.
        """
        step = record(steps, 0)
        rho, rest, eps, mu = step.rho, step.rest_rho, step.eps, step.momentum
        has_momentum = mu > np.float32(0.0)
        # A step without momentum is settled, too: else the compiler moves lr into the quotient.
        ms = at(s, apart)
        if step.centered > np.float32(0.0):
            means = at(s, apart + apart if has_momentum else apart)
            for k in range(n):
                d = settle_for_mean(g[k])
                v = settle_mean(rho * s[k] + rest * d * d)
                mean = settle(rho * means[k] + rest * d)
                s[k] = v
                means[k] = mean
                centred = max(v - mean * mean, np.float32(0.0))
                m = d / root(centred, np.float32(1.0), eps)
                m = settle(mu * ms[k] + m if has_momentum else m)
                if has_momentum:
                    ms[k] = m
                w[k] -= lr * m
        else:
            for k in range(n):
                d = settle_for_mean(g[k])
                v = settle_mean(rho * s[k] + rest * d * d)
                s[k] = v
                m = d / root(v, np.float32(1.0), eps)
                m = settle(mu * ms[k] + m if has_momentum else m)
                if has_momentum:
                    ms[k] = m
                w[k] -= lr * m

    return rmsprop_update


rmsprop_update = _named(_rmsprop(root_beside_eps), "rmsprop")
rmsprop_eps_inside_update = _named(_rmsprop(root_over_eps), "rmsprop_eps_inside")


@kernel
def adadelta_update(
    w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
) -> None:
    """V = rho v + (1 - rho) g**2; d = g sqrt(u + eps) / sqrt(v + eps); w -= lr d (Zeiler 2012).

    u is the running mean of d**2.  Slots: v, u.
    """
    step = record(steps, 0)
    rho, rest, eps = step.rho, step.rest_rho, step.eps
    us = at(s, apart)
    for k in range(n):
        d = settle_for_mean(g[k])
        v = settle_mean(rho * s[k] + rest * d * d)
        s[k] = v
        d = settle_for_mean(square_root(us[k] + eps) / square_root(v + eps) * d)
        us[k] = settle_mean(rho * us[k] + rest * d * d)
        w[k] -= lr * d


def _adam(root: AnyDevice) -> Any:
    def adam_update(
        w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
    ) -> None:
        """M = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g**2; w -= lr m' / (sqrt(v') + eps).

        m' = m / (1 - b1**step), v' = v / (1 - b2**step) (Kingma and Ba 2015, algorithm 1).
        Slots: m, v.
        """
        step = record(steps, 0)
        b1, r1, b2, r2, eps = step.beta1, step.rest1, step.beta2, step.rest2, step.eps
        rate = lr / step.correction1
        scale = np.float32(1.0) / square_root(step.correction2)
        vs = at(s, apart)
        for k in range(n):
            d = settle_for_mean(g[k])
            m = settle(b1 * s[k] + r1 * g[k])
            v = settle_mean(b2 * vs[k] + r2 * d * d)
            s[k] = m
            vs[k] = v
            w[k] -= rate * m / root(v, scale, eps)

    return adam_update


adam_update = _named(_adam(root_beside_eps), "adam")
adam_eps_inside_update = _named(_adam(root_over_eps), "adam_eps_inside")


@kernel
def adamax_update(
    w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
) -> None:
    """M as in Adam; u = max(b2 u, \\|g\\| + eps); w -= lr m' / u (Kingma and Ba 2015, section 7.1).

    Slots: m, u.
    """
    step = record(steps, 0)
    b1, r1, b2, eps = step.beta1, step.rest1, step.beta2, step.eps
    rate = lr / step.correction1
    us = at(s, apart)
    for k in range(n):
        m = settle(b1 * s[k] + r1 * g[k])
        u = max(b2 * us[k], magnitude(g[k]) + eps)
        s[k] = m
        us[k] = u
        w[k] -= rate * m / u


def _nadam(root: AnyDevice) -> Any:
    def nadam_update(
        w: F32, g: F32, n: i64, s: F32, apart: i64, lr: f32, steps: Records[Step]
    ) -> None:
        """M and v as in Adam; w -= lr (now g + next m) / (sqrt(v') + eps) (Dozat 2016).

        The factors of the gradient and of m follow from the momentum schedule.  Slots: m, v.
        """
        step = record(steps, 0)
        b1, r1, b2, r2, eps = step.beta1, step.rest1, step.beta2, step.rest2, step.eps
        now, later = lr * step.now, lr * step.next
        scale = np.float32(1.0) / square_root(step.correction2)
        vs = at(s, apart)
        for k in range(n):
            d = settle_for_mean(g[k])
            m = settle(b1 * s[k] + r1 * g[k])
            v = settle_mean(b2 * vs[k] + r2 * d * d)
            s[k] = m
            vs[k] = v
            w[k] -= (now * g[k] + later * m) / root(v, scale, eps)

    return nadam_update


nadam_update = _named(_nadam(root_beside_eps), "nadam")
nadam_eps_inside_update = _named(_nadam(root_over_eps), "nadam_eps_inside")


@device
def penalize(w: F32, g: F32, n: i64, l1: f32, l2: f32, limit: f32) -> None:
    r"""Add the gradients of l1 \|w\| and l2 w**2 / 2; keep them within +-limit if it is above 0."""
    zero = np.float32(0.0)
    if l1 > zero:
        for k in range(n):
            sign = np.float32(1.0) if w[k] > zero else np.float32(-1.0)
            g[k] += l1 * sign if w[k] != zero else zero
    if l2 > zero:
        for k in range(n):
            g[k] += l2 * w[k]
    if limit > zero:
        for k in range(n):
            g[k] = min(max(g[k], -limit), limit)


@device
def decay(w: F32, n: i64, factor: f32) -> None:
    """Shrink parameters: decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2)."""
    for k in range(n):
        w[k] = settle(w[k] * factor)


@device
def shrink(w: F32, n: i64, threshold: f32) -> None:
    """Move parameters towards 0 by a threshold, and to 0 where they are nearer than that.

    The proximal step of an L1 penalty, whose threshold is lr l1 (Duchi and Singer 2009, FOBOS,
    section 5.1).
    """
    for k in range(n):
        w[k] -= min(max(w[k], -threshold), threshold)


@device
def scale_row(g: F32, n: i64, factor: f32) -> None:
    """Multiply by a factor, as clipping by the norm does with gradients."""
    for k in range(n):
        g[k] *= factor


@device
def update_row(updates: RowUpdates, w: F32, row: i64, stride: i64, g: F32, factor: f32) -> None:
    """Update a row of w with the gradient -factor g; other rows stay as they are (lazily).

    A row's state is slot after slot, ``stride`` floats each.
    """
    scratch, states = updates.scratch, at(updates.states, row * stride * updates.slots)
    for k in range(stride):
        scratch[k] = settle(-factor * g[k])
    call(
        updates.rule,
        (at(w, row * stride), scratch, stride, states, stride, updates.lr, updates.steps),
    )
