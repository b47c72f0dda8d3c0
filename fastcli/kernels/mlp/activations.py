"""Activation functions and their derivatives, side by side; ``mlp/activations.py`` names them.

Each pair takes a pre-activation ``x`` and up to four parameters; parameters that are learned
have a value for every unit.  Where a function has a corner, its derivative there is that of the
left side, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import (
    arctan,
    cosine,
    erf,
    expm1,
    log1p,
    logistic,
    magnitude,
    settle,
    sine,
    softplus,
    square_root,
    tanh,
)
from fastcli.kernels.base.vector import exp, log

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017


@device
def leaky(x: f32, alpha: f32) -> f32:
    """X above 0, alpha x below (Maas et al. 2013); alpha learned: PReLU (He et al. 2015)."""
    return x if x > np.float32(0.0) else alpha * x


@device
def leaky_slope(x: f32, alpha: f32) -> f32:
    """1 above 0, alpha below."""
    return np.float32(1.0) if x > np.float32(0.0) else alpha


@device
def elu(x: f32, alpha: f32) -> f32:
    """X above 0, alpha (e**x - 1) below (Clevert et al. 2016)."""
    return x if x > np.float32(0.0) else alpha * expm1(min(x, np.float32(0.0)))


@device
def elu_slope(x: f32, alpha: f32) -> f32:
    """1 above 0, alpha e**x below."""
    below = alpha * settle(exp(min(x, np.float32(0.0))))
    return np.float32(1.0) if x > np.float32(0.0) else below


@device
def clamp(x: f32, low: f32, high: f32) -> f32:
    """X kept between two bounds."""
    return min(max(x, low), high)


@device
def inside(x: f32, low: f32, high: f32) -> f32:
    """1 strictly between two bounds, 0 outside."""
    return np.float32(1.0) if (x > low) & (x < high) else np.float32(0.0)


@device
def gelu(x: f32) -> f32:
    """X times the normal distribution's chance of less than x (Hendrycks and Gimpel 2016)."""
    half = np.float32(0.5)
    return half * x * (np.float32(1.0) + erf(x * np.float32(0.70710678)))


@device
def gelu_slope(x: f32) -> f32:
    """That chance, plus x times the normal density."""
    f = np.float32
    chance = f(0.5) * (f(1.0) + erf(x * f(0.70710678)))
    return chance + x * f(0.39894228) * settle(exp(f(-0.5) * x * x))


@device
def silu_slope(x: f32) -> f32:
    """S + x s (1 - s) with s the sigmoid of x (Elfwing et al. 2018, Ramachandran et al. 2017)."""
    s = logistic(x)
    return s + x * s * (np.float32(1.0) - s)


@device
def mish_slope(x: f32) -> f32:
    """T + x s (1 - t**2) with t = tanh(softplus(x)) and s the sigmoid (Misra 2019)."""
    t = tanh(softplus(x))
    return t + x * logistic(x) * (np.float32(1.0) - t * t)


@device
def isru(x: f32, alpha: f32) -> f32:
    """X / sqrt(1 + alpha x**2) (Carlile et al. 2017)."""
    return x / square_root(np.float32(1.0) + alpha * x * x)


@device
def isru_slope(x: f32, alpha: f32) -> f32:
    """(1 / sqrt(1 + alpha x**2))**3."""
    one = np.float32(1.0)
    root = one / square_root(one + alpha * x * x)
    return root * root * root


@device
def bent(x: f32) -> f32:
    """(sqrt(x**2 + 1) - 1) / 2 + x."""
    one = np.float32(1.0)
    return (square_root(x * x + one) - one) * np.float32(0.5) + x


@device
def bent_slope(x: f32) -> f32:
    """X / (2 sqrt(x**2 + 1)) + 1."""
    one = np.float32(1.0)
    return np.float32(0.5) * x / square_root(x * x + one) + one


@device
def srelu(x: f32, low: f32, left: f32, high: f32, right: f32) -> f32:
    """x, but of slope ``left`` up to ``low`` and ``right`` from ``high`` on (Jin et al. 2016)."""
    upper = high + right * (x - high) if x >= high else x
    return low + left * (x - low) if x <= low else upper


@device
def srelu_slope(x: f32, low: f32, left: f32, high: f32, right: f32) -> f32:
    """``left``, 1 or ``right``."""
    upper = right if x >= high else np.float32(1.0)
    return left if x <= low else upper


LINEAR = 1e-12  # alphas up to here: the next term of the series is of no account
NARROW = 1e-6  # what a logarithm is taken of at least


@device
def soft_exponential(x: f32, alpha: f32) -> f32:
    """From logarithm to exponential with alpha from -1 to 1 (Godfrey and Gashler 2015).

    (e**(alpha x) - 1) / alpha + alpha above 0, -log(1 - alpha (x + alpha)) / alpha below, and
    x at 0.
    """
    f = np.float32
    a = alpha if magnitude(alpha) > f(LINEAR) else f(1.0)
    up = expm1(a * x) / a + a
    down = -log1p(max(-a * (x + a), f(NARROW - 1.0))) / a
    curved = up if alpha > f(0.0) else down
    flat = x + alpha * (f(0.5) * x * x + f(1.0))
    return curved if magnitude(alpha) > f(LINEAR) else flat


@device
def soft_exponential_slope(x: f32, alpha: f32) -> f32:
    """e**(alpha x) above 0, 1 / (1 - alpha (x + alpha)) below."""
    f = np.float32
    room = f(1.0) - alpha * (x + alpha)
    down = f(1.0) / max(room, f(NARROW)) if room > f(NARROW) else f(0.0)
    return settle(exp(alpha * x)) if alpha > f(0.0) else down


@device
def soft_exponential_turn(x: f32, alpha: f32) -> f32:
    """The derivative of ``soft_exponential`` by alpha, without taking near numbers apart.

    Above 0, with u = alpha x: x**2 ((u - 1) e**u + 1) / u**2 + 1, where the fraction is the sum
    of u**k (k + 1) / (k + 2)!.  Below, with w = -alpha (x + alpha): (x + alpha)**2 (log(1 + w) -
    w / (1 + w)) / w**2 + 1 / (1 + w), where the fraction is (1 - s)**2 / 2 times 1 / (1 + s) +
    s / 3 + s**3 / 5 + s**5 / 7 ... with s = w / (2 + w).
    """
    f = np.float32
    one = f(1.0)
    u = alpha * x
    p = f(2.2964432e-8) * u + f(2.5052108e-7)
    p = p * u + f(2.4801587e-6)
    p = p * u + f(2.2045855e-5)
    p = p * u + f(1.7361111e-4)
    p = p * u + f(1.1904762e-3)
    p = p * u + f(6.9444444e-3)
    p = p * u + f(3.3333333e-2)
    p = p * u + f(0.125)
    p = p * u + f(0.33333333)
    p = p * u + f(0.5)
    is_far = magnitude(u) > one
    v = u if is_far else one
    up = x * x * (((v - one) * exp(v) + one) / (v * v) if is_far else p) + one
    y = x + alpha
    w = max(-alpha * y, f(NARROW - 1.0))
    room = one + w
    s = w / (f(2.0) + w)
    t = s * s
    q = f(0.11111111) * t + f(0.14285714)
    q = q * t + f(0.2)
    q = q * t + f(0.33333333)
    near = f(0.5) * (one - s) * (one - s) * (one / (one + s) + q * s)
    is_far = (s < f(-0.2)) | (s > f(0.2))
    v = w if is_far else one
    down = y * y * ((log1p(v) - v / room) / (v * v) if is_far else near) + one / room
    a = alpha if alpha < f(-LINEAR) else -one
    down = down if w > f(NARROW - 1.0) else log(f(NARROW)) / (a * a)
    return up if alpha > f(0.0) else down


@device
def sinc(x: f32) -> f32:
    """sin(x) / x, 1 at 0."""
    f = np.float32
    safe = x if magnitude(x) > f(1e-3) else f(1.0)
    return sine(safe) / safe if magnitude(x) > f(1e-3) else f(1.0) - x * x * f(0.16666667)


@device
def sinc_slope(x: f32) -> f32:
    """(cos(x) - sin(x) / x) / x; near 0 by its series."""
    f = np.float32
    is_far = magnitude(x) > f(0.5)
    safe = x if is_far else f(1.0)
    s = x * x
    p = f(2.5052108e-7) * s + f(-2.2045855e-5)
    p = p * s + f(1.1904762e-3)
    p = p * s + f(-3.3333333e-2)
    near = x * (p * s + f(0.33333333))
    return (cosine(safe) - sine(safe) / safe) / safe if is_far else -near


# ------------------------------------------------------------------- rows
#
# NAME_forward sets ``out[o:o+n]`` to the activations of ``z[i:i+n]``, NAME_backward multiplies
# the gradient ``d[o:o+n]`` by the derivatives there, NAME_learned adds the gradients of learned
# parameters to ``out[g:]``, which is laid out as the parameters are: parameter j of unit k is
# ``params[p + j * row + k]``.


@kernel
def identity_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = x."""
    for k in range(n):
        out[o + k] = z[i + k]


@kernel
def identity_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: 1."""


@kernel
def sigmoid_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = 1 / (1 + e**-x)."""
    for k in range(n):
        out[o + k] = logistic(z[i + k])


@kernel
def sigmoid_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: s (1 - s)."""
    one = np.float32(1.0)
    for k in range(n):
        s = logistic(z[i + k])
        d[o + k] *= s * (one - s)


@kernel
def hard_sigmoid_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = x / 6 + 1/2 within 0 and 1."""
    f = np.float32
    one = np.float32(1.0)
    zero = np.float32(0.0)
    for k in range(n):
        out[o + k] = clamp(z[i + k] * f(0.16666667) + f(0.5), zero, one)


@kernel
def hard_sigmoid_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: 1/6 between -3 and 3."""
    f = np.float32
    for k in range(n):
        d[o + k] *= inside(z[i + k], f(-3.0), f(3.0)) * f(0.16666667)


@kernel
def tanh_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = the hyperbolic tangent."""
    for k in range(n):
        out[o + k] = tanh(z[i + k])


@kernel
def tanh_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: 1 - tanh(x)**2."""
    one = np.float32(1.0)
    for k in range(n):
        t = tanh(z[i + k])
        d[o + k] *= one - t * t


@kernel
def arctan_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = the arc tangent."""
    for k in range(n):
        out[o + k] = arctan(z[i + k])


@kernel
def arctan_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: 1 / (1 + x**2)."""
    one = np.float32(1.0)
    for k in range(n):
        d[o + k] *= one / (one + z[i + k] * z[i + k])


@kernel
def softsign_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = x / (1 + abs(x))."""
    one = np.float32(1.0)
    for k in range(n):
        out[o + k] = z[i + k] / (one + magnitude(z[i + k]))


@kernel
def softsign_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: 1 / (1 + abs(x))**2."""
    one = np.float32(1.0)
    for k in range(n):
        s = one / (one + magnitude(z[i + k]))
        d[o + k] *= s * s


@kernel
def softplus_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = log(1 + e**x)."""
    for k in range(n):
        out[o + k] = softplus(z[i + k])


@kernel
def softplus_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: the sigmoid of x."""
    for k in range(n):
        d[o + k] *= logistic(z[i + k])


@kernel
def relu_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = max(0, x)."""
    zero = np.float32(0.0)
    for k in range(n):
        out[o + k] = leaky(z[i + k], zero)


@kernel
def relu_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: 1 above 0."""
    zero = np.float32(0.0)
    for k in range(n):
        d[o + k] *= leaky_slope(z[i + k], zero)


@kernel
def relu6_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = x within 0 and 6."""
    f = np.float32
    zero = np.float32(0.0)
    for k in range(n):
        out[o + k] = clamp(z[i + k], zero, f(6.0))


@kernel
def relu6_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: 1 between 0 and 6."""
    f = np.float32
    zero = np.float32(0.0)
    for k in range(n):
        d[o + k] *= inside(z[i + k], zero, f(6.0))


@kernel
def leaky_relu_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = ``leaky``."""
    for k in range(n):
        out[o + k] = leaky(z[i + k], params[p + k])


@kernel
def leaky_relu_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: ``leaky_slope``."""
    for k in range(n):
        d[o + k] *= leaky_slope(z[i + k], params[p + k])


@kernel
def prelu_learned(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64, out: F32, g: i64
) -> None:
    """The derivative by its parameters: x below 0, 0 above."""
    zero = np.float32(0.0)
    for k in range(n):
        out[g + k] += d[o + k] * min(z[i + k], zero)


@kernel
def elu_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = ``elu``."""
    for k in range(n):
        out[o + k] = elu(z[i + k], params[p + k])


@kernel
def elu_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``elu_slope``."""
    for k in range(n):
        d[o + k] *= elu_slope(z[i + k], params[p + k])


@kernel
def selu_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = ``elu`` with the constants that keep mean 0 and variance 1."""
    f = np.float32
    for k in range(n):
        out[o + k] = f(SELU_SCALE) * elu(z[i + k], f(SELU_ALPHA))


@kernel
def selu_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``elu_slope`` with the same constants."""
    f = np.float32
    for k in range(n):
        d[o + k] *= f(SELU_SCALE) * elu_slope(z[i + k], f(SELU_ALPHA))


@kernel
def gelu_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = ``gelu``."""
    for k in range(n):
        out[o + k] = gelu(z[i + k])


@kernel
def gelu_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``gelu_slope``."""
    for k in range(n):
        d[o + k] *= gelu_slope(z[i + k])


@kernel
def silu_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = x times its sigmoid."""
    for k in range(n):
        out[o + k] = z[i + k] * logistic(z[i + k])


@kernel
def silu_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``silu_slope``."""
    for k in range(n):
        d[o + k] *= silu_slope(z[i + k])


@kernel
def mish_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = x tanh(softplus(x))."""
    for k in range(n):
        out[o + k] = z[i + k] * tanh(softplus(z[i + k]))


@kernel
def mish_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``mish_slope``."""
    for k in range(n):
        d[o + k] *= mish_slope(z[i + k])


@kernel
def binary_step_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = 1 from 0 on."""
    one = np.float32(1.0)
    zero = np.float32(0.0)
    for k in range(n):
        out[o + k] = one if z[i + k] >= zero else zero


@kernel
def binary_step_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: 0 everywhere."""
    zero = np.float32(0.0)
    for k in range(n):
        d[o + k] = zero


@kernel
def hard_tanh_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = x within -1 and 1."""
    one = np.float32(1.0)
    for k in range(n):
        out[o + k] = clamp(z[i + k], -one, one)


@kernel
def hard_tanh_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: 1 between -1 and 1."""
    one = np.float32(1.0)
    for k in range(n):
        d[o + k] *= inside(z[i + k], -one, one)


@kernel
def isru_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = ``isru``."""
    for k in range(n):
        out[o + k] = isru(z[i + k], params[p + k])


@kernel
def isru_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``isru_slope``."""
    for k in range(n):
        d[o + k] *= isru_slope(z[i + k], params[p + k])


@kernel
def bent_identity_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = ``bent``."""
    for k in range(n):
        out[o + k] = bent(z[i + k])


@kernel
def bent_identity_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: ``bent_slope``."""
    for k in range(n):
        d[o + k] *= bent_slope(z[i + k])


@kernel
def srelu_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = ``srelu``."""
    for k in range(n):
        j = p + k
        out[o + k] = srelu(
            z[i + k], params[j], params[j + row], params[j + 2 * row], params[j + 3 * row]
        )


@kernel
def srelu_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``srelu_slope``."""
    for k in range(n):
        j = p + k
        d[o + k] *= srelu_slope(
            z[i + k], params[j], params[j + row], params[j + 2 * row], params[j + 3 * row]
        )


@kernel
def srelu_learned(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64, out: F32, g: i64
) -> None:
    """The derivative by its parameters: by low, left, high and right."""
    for k in range(n):
        x, gain, j = z[i + k], d[o + k], p + k
        low, left, high, right = (
            params[j],
            params[j + row],
            params[j + 2 * row],
            params[j + 3 * row],
        )
        if x <= low:
            out[g + k] += gain * (np.float32(1.0) - left)
            out[g + k + row] += gain * (x - low)
        elif x >= high:
            out[g + k + 2 * row] += gain * (np.float32(1.0) - right)
            out[g + k + 3 * row] += gain * (x - high)


@kernel
def soft_exponential_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = ``soft_exponential``."""
    for k in range(n):
        out[o + k] = soft_exponential(z[i + k], params[p + k])


@kernel
def soft_exponential_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: ``soft_exponential_slope``."""
    for k in range(n):
        d[o + k] *= soft_exponential_slope(z[i + k], params[p + k])


@kernel
def soft_exponential_learned(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64, out: F32, g: i64
) -> None:
    """The derivative by its parameters: ``soft_exponential_turn``."""
    for k in range(n):
        out[g + k] += d[o + k] * soft_exponential_turn(z[i + k], params[p + k])


@kernel
def sine_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = the sine."""
    for k in range(n):
        out[o + k] = sine(z[i + k])


@kernel
def sine_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: the cosine."""
    for k in range(n):
        d[o + k] *= cosine(z[i + k])


@kernel
def sinc_forward(z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """A = ``sinc``."""
    for k in range(n):
        out[o + k] = sinc(z[i + k])


@kernel
def sinc_backward(z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64) -> None:
    """The derivative: ``sinc_slope``."""
    for k in range(n):
        d[o + k] *= sinc_slope(z[i + k])


@kernel
def gaussian_forward(
    z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """A = e**-x**2."""
    for k in range(n):
        out[o + k] = settle(exp(-z[i + k] * z[i + k]))


@kernel
def gaussian_backward(
    z: F32, i: i64, d: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """The derivative: -2 x e**-x**2."""
    f = np.float32
    for k in range(n):
        d[o + k] *= f(-2.0) * z[i + k] * settle(exp(-z[i + k] * z[i + k]))


@device
def maxout(z: F32, i: i64, out: F32, o: i64, n: i64, pieces: i64) -> None:
    """Set ``out[o + k]`` to the largest of the unit's pieces ``z[i + j * n + k]``.

    Goodfellow et al. (2013), Maxout Networks, section 2.
    """
    for k in range(n):
        out[o + k] = z[i + k]
    for j in range(1, pieces):
        for k in range(n):
            out[o + k] = max(out[o + k], z[i + j * n + k])


@device
def maxout_backward(z: F32, i: i64, d: F32, o: i64, n: i64, pieces: i64, dz: F32, t: i64) -> None:
    """Give the gradient ``d[o + k]`` to the first largest piece, 0 to the others."""
    for k in range(n):
        best = 0
        for j in range(1, pieces):
            if z[i + j * n + k] > z[i + best * n + k]:
                best = j
        for j in range(pieces):
            dz[t + j * n + k] = np.float32(0.0)
        dz[t + best * n + k] = d[o + k]
