"""Activation functions of one number and their derivatives, side by side.

``activation_table.py`` names them, ``activations.py`` applies them to units.  Each takes a
pre-activation ``x`` and up to four parameters.  Where a function has a corner, its derivative
there is that of the left side, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.kernels.base.functions import (
    cosine,
    erf,
    expm1,
    log1p,
    logistic,
    magnitude,
    settle,
    settle_in_series,
    sine,
    softplus,
    square_root,
    tanh,
)
from fastcli.kernels.base.vector import exp, log

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


@device
def identity(x: f32) -> f32:
    """X itself."""
    return x


@device
def identity_slope(x: f32) -> f32:
    """1."""
    return np.float32(1.0)


@device
def logistic_slope(x: f32) -> f32:
    """S (1 - s) with s the sigmoid of x."""
    s = logistic(x)
    return s * (np.float32(1.0) - s)


@device
def tanh_slope(x: f32) -> f32:
    """1 - tanh(x)**2."""
    t = tanh(x)
    return np.float32(1.0) - t * t


@device
def arctan_slope(x: f32) -> f32:
    """1 / (1 + x**2)."""
    one = np.float32(1.0)
    return one / (one + x * x)


@device
def softsign(x: f32) -> f32:
    """X / (1 + abs(x)) (Bergstra et al. 2009)."""
    return x / (np.float32(1.0) + magnitude(x))


@device
def softsign_slope(x: f32) -> f32:
    """1 / (1 + abs(x))**2."""
    one = np.float32(1.0)
    s = one / (one + magnitude(x))
    return s * s


@device
def leaky(x: f32, alpha: f32) -> f32:
    """X above 0, alpha x below (Maas et al. 2013); alpha learned: PReLU (He et al. 2015)."""
    return x if x > np.float32(0.0) else alpha * x


@device
def leaky_slope(x: f32, alpha: f32) -> f32:
    """1 above 0, alpha below."""
    return np.float32(1.0) if x > np.float32(0.0) else alpha


@device
def leaky_learned(x: f32, d: f32, grads: F32, row: i64, alpha: f32) -> None:
    """By alpha: x below 0, 0 above."""
    grads[0] += d * min(x, np.float32(0.0))


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
def hard_sigmoid(x: f32) -> f32:
    """X / 6 + 1/2 within 0 and 1."""
    f = np.float32
    return clamp(x * f(0.16666667) + f(0.5), f(0.0), f(1.0))


@device
def hard_sigmoid_slope(x: f32) -> f32:
    """1/6 between -3 and 3."""
    f = np.float32
    return inside(x, f(-3.0), f(3.0)) * f(0.16666667)


@device
def binary_step(x: f32) -> f32:
    """1 from 0 on, 0 below (Rosenblatt 1958); its derivative is 0 everywhere."""
    return np.float32(1.0) if x >= np.float32(0.0) else np.float32(0.0)


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
def silu(x: f32) -> f32:
    """X times its sigmoid (Elfwing et al. 2018, Ramachandran et al. 2017)."""
    return x * logistic(x)


@device
def silu_slope(x: f32) -> f32:
    """S + x s (1 - s) with s the sigmoid of x."""
    s = logistic(x)
    return s + x * s * (np.float32(1.0) - s)


@device
def tanh_of_softplus(x: f32) -> f32:
    """Return tanh(softplus(x)), of which no power is denormal: below 2**-30 tanh(y) is y."""
    y = softplus(x)
    large = settle_in_series(y)
    return tanh(large) + (y - large)


@device
def mish(x: f32) -> f32:
    """X tanh(softplus(x)) (Misra 2019)."""
    return x * tanh_of_softplus(x)


@device
def mish_slope(x: f32) -> f32:
    """T + x s (1 - t**2) with t = tanh(softplus(x)) and s the sigmoid."""
    t = tanh_of_softplus(x)
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
def isrlu(x: f32, alpha: f32) -> f32:
    """X above 0, x / sqrt(1 + alpha x**2) below (Carlile et al. 2017)."""
    return x if x > np.float32(0.0) else isru(min(x, np.float32(0.0)), alpha)


@device
def isrlu_slope(x: f32, alpha: f32) -> f32:
    """1 above 0, (1 / sqrt(1 + alpha x**2))**3 below."""
    return isru_slope(min(x, np.float32(0.0)), alpha)


@device
def sqnl(x: f32) -> f32:
    """X - x abs(x) / 4 within -2 and 2, -1 and 1 beyond (Wuraola and Patel 2018)."""
    t = clamp(x, np.float32(-2.0), np.float32(2.0))
    return t - t * magnitude(t) * np.float32(0.25)


@device
def sqnl_slope(x: f32) -> f32:
    """1 - abs(x) / 2 within -2 and 2, 0 beyond."""
    return max(np.float32(1.0) - np.float32(0.5) * magnitude(x), np.float32(0.0))


@device
def arsinh(x: f32) -> f32:
    """log(x + sqrt(x**2 + 1)); of the size of x, as log(1 + a + a**2 / (1 + sqrt(a**2 + 1)))."""
    f = np.float32
    a = magnitude(x)
    t = min(a, f(1e4))
    near = log1p(t + t * t / (f(1.0) + square_root(t * t + f(1.0))))
    y = near if a < f(1e4) else log(a + a)
    return y if x >= f(0.0) else -y


@device
def arsinh_slope(x: f32) -> f32:
    """1 / sqrt(x**2 + 1)."""
    one = np.float32(1.0)
    return one / square_root(x * x + one)


@device
def sq_rbf(x: f32) -> f32:
    """1 - x**2 / 2 for abs(x) up to 1, (2 - abs(x))**2 / 2 up to 2 (Wuraola and Patel 2018)."""
    f = np.float32
    a = magnitude(x)
    rest = max(f(2.0) - a, f(0.0))
    return f(1.0) - f(0.5) * a * a if a <= f(1.0) else f(0.5) * rest * rest


@device
def sq_rbf_slope(x: f32) -> f32:
    """-x for abs(x) up to 1, x - 2 sign(x) up to 2, 0 beyond."""
    f = np.float32
    rest = max(f(2.0) - magnitude(x), f(0.0))
    far = -rest if x >= f(0.0) else rest
    return -x if magnitude(x) <= f(1.0) else far


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


@device
def srelu_learned(
    x: f32, d: f32, grads: F32, row: i64, low: f32, left: f32, high: f32, right: f32
) -> None:
    """By low and left where x is at most low, by high and right where it is at least high."""
    if x <= low:
        grads[0] += d * (np.float32(1.0) - left)
        grads[row] += d * (x - low)
    elif x >= high:
        grads[2 * row] += d * (np.float32(1.0) - right)
        grads[3 * row] += d * (x - high)


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
def soft_exponential_learned(x: f32, d: f32, grads: F32, row: i64, alpha: f32) -> None:
    """By alpha: ``soft_exponential_turn``."""
    grads[0] += d * soft_exponential_turn(x, alpha)


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


@device
def gaussian(x: f32) -> f32:
    """e**-x**2."""
    return settle(exp(-x * x))


@device
def gaussian_slope(x: f32) -> f32:
    """-2 x e**-x**2."""
    return np.float32(-2.0) * x * settle(exp(-x * x))
