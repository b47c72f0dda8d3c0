"""The update rules: how a gradient moves parameters; ``fastcli/optimizers.py`` names them.

Each works on n parameters ``w[i:i+n]`` with gradients ``g[j:j+n]``, which it may overwrite.
Slot k of their state is ``s[t + k * apart:...+n]``.  A rule touches nothing else, so that the
same code steps on a layer's weights and, lazily, on the rows of an embedding that a batch has
used.  ``h`` holds the numbers that are the same for all parameters of a step, see below.

What a state forgets little by little, and a gradient on its way into one, is 0 where it is too
small to matter (``functions.settle``): else the states of units that are no longer trained would
become denormal numbers, which slow a step down several times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import (
    magnitude,
    settle,
    settle_for_mean,
    settle_mean,
    square_root,
)
from fastcli.kernels.base.indirect import call

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64

    # Address of a rule (0: w += factor g), slots, h of this step, states of rows, scratch.
    Moves = tuple[i64, i64, F32, F32, F32]

# Places in h.  REST1 is 1 - BETA1 and so on, subtracted in float64: in float32 it would be off by
# 1e-5 at 0.999.
(
    LR,
    MU,
    BETA1,
    REST1,
    BETA2,
    REST2,
    RHO,
    REST_RHO,
    EPS,
    CORRECTION1,
    CORRECTION2,
    NOW,
    NEXT,
    CENTERED,
) = range(14)
H_SIZE = 16


@kernel
def sgd_update(w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32) -> None:
    """W -= lr g."""
    lr = h[LR]
    for k in range(n):
        w[i + k] -= lr * g[j + k]


@kernel
def momentum_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """M = mu m + g; w -= lr m (Polyak 1964)."""
    lr, mu = h[LR], h[MU]
    for k in range(n):
        m = settle(mu * s[t + k] + g[j + k])
        s[t + k] = m
        w[i + k] -= lr * m


@kernel
def nesterov_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """M = mu m + g; w -= lr (g + mu m): Nesterov's step seen from the point ahead.

    Sutskever et al. (2013), section 7 of Bengio et al. (2013).
    """
    lr, mu = h[LR], h[MU]
    for k in range(n):
        m = settle(mu * s[t + k] + g[j + k])
        s[t + k] = m
        w[i + k] -= lr * (g[j + k] + mu * m)


@kernel
def adagrad_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """G += g**2; w -= lr g / (sqrt(G) + eps) (Duchi et al. 2011)."""
    lr, eps = h[LR], h[EPS]
    for k in range(n):
        d = settle(g[j + k])
        total = s[t + k] + d * d
        s[t + k] = total
        w[i + k] -= lr * d / (square_root(total) + eps)


@kernel
def rmsprop_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """V = rho v + (1 - rho) g**2; w -= lr g / (sqrt(v) + eps) (Tieleman and Hinton 2012).

    Centered: the square of the running mean of g is taken from v (Graves 2013).  With momentum:
    the step goes through m = mu m + step.  Slots: v, m if there is momentum, mean if centered.
    """
    lr, rho, rest, eps, mu = h[LR], h[RHO], h[REST_RHO], h[EPS], h[MU]
    if h[CENTERED] > np.float32(0.0):
        c = t + apart + apart if mu > np.float32(0.0) else t + apart
        for k in range(n):
            d = settle_for_mean(g[j + k])
            v = settle_mean(rho * s[t + k] + rest * d * d)
            mean = settle(rho * s[c + k] + rest * d)
            s[t + k] = v
            s[c + k] = mean
            g[j + k] = d / (square_root(max(v - mean * mean, np.float32(0.0))) + eps)
    else:
        for k in range(n):
            d = settle_for_mean(g[j + k])
            v = settle_mean(rho * s[t + k] + rest * d * d)
            s[t + k] = v
            g[j + k] = d / (square_root(v) + eps)
    if mu > np.float32(0.0):
        for k in range(n):
            m = settle(mu * s[t + apart + k] + g[j + k])
            s[t + apart + k] = m
            w[i + k] -= lr * m
    else:
        for k in range(n):
            w[i + k] -= lr * g[j + k]


@kernel
def adadelta_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """V = rho v + (1 - rho) g**2; d = g sqrt(u + eps) / sqrt(v + eps); w -= lr d (Zeiler 2012).

    u is the running mean of d**2.  Slots: v, u.
    """
    lr, rho, rest, eps = h[LR], h[RHO], h[REST_RHO], h[EPS]
    u = t + apart
    for k in range(n):
        d = settle_for_mean(g[j + k])
        v = settle_mean(rho * s[t + k] + rest * d * d)
        s[t + k] = v
        d = settle_for_mean(square_root(s[u + k] + eps) / square_root(v + eps) * d)
        s[u + k] = settle_mean(rho * s[u + k] + rest * d * d)
        w[i + k] -= lr * d


@kernel
def adam_update(w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32) -> None:
    """M = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g**2; w -= lr m' / (sqrt(v') + eps).

    m' = m / (1 - b1**step), v' = v / (1 - b2**step) (Kingma and Ba 2015, algorithm 1).
    Slots: m, v.
    """
    one = np.float32(1.0)
    b1, r1, b2, r2, eps = h[BETA1], h[REST1], h[BETA2], h[REST2], h[EPS]
    step = h[LR] / h[CORRECTION1]
    scale = one / square_root(h[CORRECTION2])
    u = t + apart
    for k in range(n):
        d = settle_for_mean(g[j + k])
        m = settle(b1 * s[t + k] + r1 * g[j + k])
        v = settle_mean(b2 * s[u + k] + r2 * d * d)
        s[t + k] = m
        s[u + k] = v
        w[i + k] -= step * m / (square_root(v) * scale + eps)


@kernel
def adamax_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """M as in Adam; u = max(b2 u, \\|g\\| + eps); w -= lr m' / u (Kingma and Ba 2015, section 7.1).

    Slots: m, u.
    """
    b1, r1, b2, eps = h[BETA1], h[REST1], h[BETA2], h[EPS]
    step = h[LR] / h[CORRECTION1]
    x = t + apart
    for k in range(n):
        m = settle(b1 * s[t + k] + r1 * g[j + k])
        u = max(b2 * s[x + k], magnitude(g[j + k]) + eps)
        s[t + k] = m
        s[x + k] = u
        w[i + k] -= step * m / u


@kernel
def nadam_update(
    w: F32, i: i64, g: F32, j: i64, n: i64, s: F32, t: i64, apart: i64, h: F32
) -> None:
    """M and v as in Adam; w -= lr (now g + next m) / (sqrt(v') + eps) (Dozat 2016).

    The factors of the gradient and of m follow from the momentum schedule.  Slots: m, v.
    """
    one = np.float32(1.0)
    b1, r1, b2, r2, eps = h[BETA1], h[REST1], h[BETA2], h[REST2], h[EPS]
    now, later = h[LR] * h[NOW], h[LR] * h[NEXT]
    scale = one / square_root(h[CORRECTION2])
    u = t + apart
    for k in range(n):
        d = settle_for_mean(g[j + k])
        m = settle(b1 * s[t + k] + r1 * g[j + k])
        v = settle_mean(b2 * s[u + k] + r2 * d * d)
        s[t + k] = m
        s[u + k] = v
        w[i + k] -= (now * g[j + k] + later * m) / (square_root(v) * scale + eps)


@device
def penalize(w: F32, i: i64, g: F32, j: i64, n: i64, l1: f32, l2: f32, limit: f32) -> None:
    r"""Add the gradients of l1 \|w\| and l2 w**2 / 2; keep them within +-limit if it is above 0."""
    zero = np.float32(0.0)
    if l1 > zero:
        for k in range(n):
            sign = np.float32(1.0) if w[i + k] > zero else np.float32(-1.0)
            g[j + k] += l1 * sign if w[i + k] != zero else zero
    if l2 > zero:
        for k in range(n):
            g[j + k] += l2 * w[i + k]
    if limit > zero:
        for k in range(n):
            g[j + k] = min(max(g[j + k], -limit), limit)


@device
def decay(w: F32, i: i64, n: i64, factor: f32) -> None:
    """Shrink parameters: decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2)."""
    for k in range(n):
        w[i + k] = settle(w[i + k] * factor)


@device
def scale_row(g: F32, j: i64, n: i64, factor: f32) -> None:
    """Multiply by a factor: what clipping by the norm does to gradients."""
    for k in range(n):
        g[j + k] *= factor


@device
def move_row(moves: Moves, w: F32, row: i64, stride: i64, g: F32, factor: f32) -> None:
    """Move a row of w against its gradient, -factor g, by a rule; other rows stay (lazily).

    A row's state is slot after slot, ``stride`` floats each.
    """
    rule, slots, h, states, scratch = moves
    for k in range(stride):
        scratch[k] = settle(-factor * g[k])
    place = row * stride
    call(rule, (w, place, scratch, 0, stride, states, place * slots, stride, h))
