"""Elementary functions of one float32, precise to about 1e-7, for kernels to inline.

No branches but selections and no library calls, so that loops over them vectorise.  Where the
plain formula loses digits (e**x - 1 or tanh x near 0), a polynomial takes over.  Coefficients
are those of Taylor series unless a source is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, intrinsic
from fastcli.kernels.base.vector import exp, int_of_float, log, sigmoid

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64

# Processors take denormal numbers (below 2**-126) a hundred times slower, so what is too small to
# matter is 0.  The product of two settled numbers is normal, and so is a ten-thousandth of the
# square of what goes into a mean of squares.
LEAST = 2.0**-63
LEAST_IN_MEAN = 2.0**-56
LEAST_MEAN = 2.0**-120
LEAST_IN_SERIES = 2.0**-30  # of what is 1 + c x**2 + ... in float32, which is 1 below this


@intrinsic
def square_root(x: f32) -> f32:
    """Return the square root, NaN below 0."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.float32(x))


@device
def magnitude(x: f32) -> f32:
    """Return the absolute value."""
    return x if x >= np.float32(0.0) else -x


@device
def settle(x: f32) -> f32:
    """Return x, 0 if it is smaller in size than ``LEAST``: 1.1e-19."""
    return np.float32(0.0) if magnitude(x) < np.float32(LEAST) else x


@device
def settle_for_mean(x: f32) -> f32:
    """Return what is to be squared, 0 if it is smaller than ``LEAST_IN_MEAN``: 1.4e-17."""
    return np.float32(0.0) if magnitude(x) < np.float32(LEAST_IN_MEAN) else x


@device
def settle_mean(x: f32) -> f32:
    """Return a mean of squares, 0 below ``LEAST_MEAN``: 7.5e-37."""
    return np.float32(0.0) if x < np.float32(LEAST_MEAN) else x


@device
def settle_in_series(x: f32) -> f32:
    """Return what a series has powers of, 0 if it is too small for them to matter: 9.3e-10."""
    return np.float32(0.0) if magnitude(x) < np.float32(LEAST_IN_SERIES) else x


@device
def settle_row(x: F32, n: i64) -> None:
    """Do ``settle`` for ``x[:n]``."""
    for k in range(n):
        x[k] = settle(x[k])


@device
def logistic(x: f32) -> f32:
    """Return the sigmoid, settled: 0 below -44, where the plain one reaches denormal numbers."""
    f = np.float32
    return settle(sigmoid(f(-50.0) if x < f(-50.0) else x))


@device
def expm1(x: f32) -> f32:
    """Return e**x - 1; below 1/4 in size by a polynomial of degree 7."""
    f = np.float32
    p = f(1.9841270e-4)
    p = p * x + f(1.3888889e-3)
    p = p * x + f(8.3333333e-3)
    p = p * x + f(4.1666667e-2)
    p = p * x + f(0.16666667)
    p = p * x + f(0.5)
    p = p * x * x + x
    q = exp(x) - f(1.0)
    return p if magnitude(x) < f(0.25) else q


@device
def log1p(x: f32) -> f32:
    """Return log(1 + x) for x > -1; near 0 as 2 artanh(x / (2 + x)), by its series."""
    f = np.float32
    s = x / (f(2.0) + x)
    y = settle_in_series(s)
    t = y * y
    p = f(0.11111111)
    p = p * t + f(0.14285714)
    p = p * t + f(0.2)
    p = p * t + f(0.33333333)
    near = s * (f(2.0) + f(2.0) * p * t)
    return near if (x > f(-0.3)) & (x < f(0.4)) else log(f(1.0) + x)


@device
def tanh(x: f32) -> f32:
    """Return the hyperbolic tangent; below 5/8 in size by the polynomial of Cephes (Moshier)."""
    f = np.float32
    s = x * x
    p = f(-5.70498872745e-3)
    p = p * s + f(2.06390887954e-2)
    p = p * s + f(-5.37397155531e-2)
    p = p * s + f(1.33314422036e-1)
    p = p * s + f(-3.33332819422e-1)
    p = p * s * x + x
    e = exp(f(2.0) * min(magnitude(x), f(20.0)))
    q = f(1.0) - f(2.0) / (e + f(1.0))
    q = q if x >= f(0.0) else -q
    q = p if s < f(0.390625) else q
    return q if x == x else x


@device
def softplus(x: f32) -> f32:
    """Return log(1 + e**x) as max(x, 0) + log(1 + e**-|x|), settled."""
    positive = x if x > np.float32(0.0) else np.float32(0.0)
    return positive + log1p(settle(exp(-magnitude(x))))


@device
def arctan(x: f32) -> f32:
    """Return the arc tangent: by the polynomial of Cephes within tan(pi / 8), else folded there."""
    f = np.float32
    a = magnitude(x)
    far = a > f(2.41421356)
    near = a > f(0.41421356)
    t = f(-1.0) / max(a, f(1e-30)) if far else ((a - f(1.0)) / (a + f(1.0)) if near else a)
    base = f(1.57079633) if far else (f(0.78539816) if near else f(0.0))
    s = t * t
    p = f(8.05374449538e-2)
    p = p * s + f(-1.38776856032e-1)
    p = p * s + f(1.99777106478e-1)
    p = p * s + f(-3.33329491539e-1)
    y = base + (p * s * t + t)
    return y if x >= f(0.0) else -y


@device
def sine(x: f32) -> f32:
    """Return the sine of |x| up to some thousands: x less a multiple of pi, then a polynomial."""
    f = np.float32
    t = min(max(x, f(-1e6)), f(1e6))
    shift = f(0.5) if t >= f(0.0) else f(-0.5)
    k = int_of_float(t * f(0.31830989) + shift)
    kf = f(k)
    # pi in three parts whose products with k are exact (Cody and Waite).
    r = t - kf * f(3.140625)
    r = r - kf * f(9.67502593994140625e-4)
    r = r - kf * f(1.509957990978376432e-7)
    s = r * r
    p = f(-2.5052108e-8)
    p = p * s + f(2.7557319e-6)
    p = p * s + f(-1.9841270e-4)
    p = p * s + f(8.3333333e-3)
    p = p * s + f(-0.16666667)
    y = p * s * r + r
    y = y if k & 1 == 0 else -y
    return y if x == x else x


@device
def cosine(x: f32) -> f32:
    """Return the cosine: x less an odd multiple of pi / 2, then the sine's polynomial."""
    f = np.float32
    a = min(magnitude(x), f(1e6))
    k = int_of_float(a * f(0.31830989))
    kf = f(k) + f(0.5)
    r = a - kf * f(3.140625)
    r = r - kf * f(9.67502593994140625e-4)
    r = r - kf * f(1.509957990978376432e-7)
    s = r * r
    p = f(-2.5052108e-8)
    p = p * s + f(2.7557319e-6)
    p = p * s + f(-1.9841270e-4)
    p = p * s + f(8.3333333e-3)
    p = p * s + f(-0.16666667)
    y = p * s * r + r
    y = -y if k & 1 == 0 else y
    return y if x == x else x


@device
def erf(x: f32) -> f32:
    """Return the error function: below 1 by its series, above by Abramowitz and Stegun 7.1.26."""
    f = np.float32
    a = magnitude(x)
    s = a * a
    p = f(-1.6365e-7)
    p = p * s + f(1.6462115e-6)
    p = p * s + f(-1.4925650e-5)
    p = p * s + f(1.2055333e-4)
    p = p * s + f(-8.5483270e-4)
    p = p * s + f(5.2239776e-3)
    p = p * s + f(-2.6866171e-2)
    p = p * s + f(1.1283792e-1)
    p = p * s + f(-3.7612639e-1)
    p = p * s + f(1.1283792)
    near = p * a
    t = f(1.0) / (f(1.0) + f(0.3275911) * a)
    q = f(1.061405429)
    q = q * t + f(-1.453152027)
    q = q * t + f(1.421413741)
    q = q * t + f(-0.284496736)
    q = q * t + f(0.254829592)
    far = f(1.0) - q * t * settle(exp(-s))
    y = near if a < f(1.0) else far
    return y if x >= f(0.0) else -y
