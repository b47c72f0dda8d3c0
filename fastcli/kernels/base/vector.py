"""Rows of floats: sums, dot products, exp and log, for kernels to inline.

The intrinsics work on ``n`` floats where n is a multiple of 16, at offsets ``i`` and ``j`` that
need not be aligned; the ``any_`` versions take any n.  The order of additions depends on n
alone, so the same rows give the same bytes wherever they are computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.jit.build import device, intrinsic

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, U8, f32, f64, i64


@intrinsic
def row_add(y: F32, x: F32, n: i64) -> None:
    """Add a row to another: ``y[:n] += x[:n]``."""
    y[:n] += x[:n]


@intrinsic
def row_set(y: F32, a: f32, x: F32, n: i64) -> None:
    """Set a row to a multiple of another: ``y[:n] = a * x[:n]``."""
    y[:n] = np.float32(a) * x[:n]


@intrinsic
def row_axpy(y: F32, a: f32, x: F32, n: i64) -> None:
    """Add a multiple of a row to another: ``y[:n] += a * x[:n]``."""
    y[:n] += np.float32(a) * x[:n]


@intrinsic
def row_dot(x: F32, y: F32, n: i64) -> f32:
    """Multiply two rows: ``sum(x[:n] * y[:n])``."""
    return np.float32(np.dot(x[:n], y[:n]))


@intrinsic
def row_step(w: F32, h: F32, a: f32, dh: F32, n: i64) -> None:
    """Take a gradient step on an output row and pass the gradient on, in one sweep.

    ``dh[:n] += a * w[:n]`` with the row before the step, then ``w[:n] += a * h[:n]``.
    """
    dh[:n] += np.float32(a) * w[:n]
    w[:n] += np.float32(a) * h[:n]


@intrinsic
def four_steps(w: F32, stride: i64, h: F32, a: F32, dh: F32, n: i64) -> None:
    """Do ``row_step`` for four rows, ``stride`` floats apart, with the factors ``a[:4]``."""
    for r in range(4):
        row = w[r * stride : r * stride + n]
        dh[:n] += a[r] * row
        row += a[r] * h[:n]


@intrinsic
def pick_dots(w: F32, picks: I64, count: i64, stride: i64, h: F32, out: F32, n: i64) -> None:
    """Set ``out[r]`` to the dot product of ``h[:n]`` with row ``picks[r]``, for r < count."""
    for r in range(count):
        row = picks[r] * stride
        out[r] = np.dot(w[row : row + n], h[:n])


@intrinsic
def pick_steps(
    w: F32, picks: I64, count: i64, stride: i64, h: F32, a: F32, dh: F32, n: i64
) -> None:
    """Do ``row_step`` for the rows ``picks[:count]``, in turn, with the factors ``a[:count]``."""
    for r in range(count):
        row = w[picks[r] * stride : picks[r] * stride + n]
        dh[:n] += a[r] * row
        row += a[r] * h[:n]


@intrinsic
def nearest_centroid(x: F32, d: i64, centroids: F32, halves: F32, count: i64) -> i64:
    """Return the number of the centroid nearest to ``x[:d]``, the first of equal ones.

    Coordinate j of centroid c is ``centroids[j * count + c]``; ``halves[c]`` is half the square
    of its length, so that halves - x.c is smallest for the nearest.  ``count`` is a multiple of
    16.
    """
    table = centroids[: d * count].reshape(d, count)
    return int(np.argmin(halves[:count] - x[:d] @ table))


@intrinsic
def block_reaches(x: F32, d: i64, table: F32, minimum: f32, out: F32) -> i64:
    """Multiply ``x[:d]`` with a table of d x 64 floats.

    Returns 1, and sets ``out[:64]`` to the products, if one of them is ``minimum`` or more; else 0.
    """
    products = x[:d] @ table[: d * 64].reshape(d, 64)
    if not (products >= minimum).any():
        return 0
    out[:64] = products
    return 1


@intrinsic
def block_dots(x: F32, d: i64, table: F32, out: F32) -> None:
    """Set ``out[:64]`` to ``x[:d]`` times a table of d x 64 floats.

    Every product is rounded, and they are added in turn: what a plain loop over d gives.
    """
    total = np.zeros(64, np.float32)
    for j in range(d):
        total += x[j] * table[j * 64 : j * 64 + 64]
    out[:64] = total


@intrinsic
def half_block_dots(x: F32, d: i64, table: F32, out: F32) -> None:
    """Set ``out[:32]`` to what ``block_dots`` sets it to."""
    total = np.zeros(32, np.float32)
    for j in range(d):
        total += x[j] * table[j * 64 : j * 64 + 32]
    out[:32] = total


@intrinsic
def sum_in_order(x: F32, n: i64) -> f32:
    """Add ``x[:n]``, one after the other."""
    total = np.float32(0.0)
    for j in range(n):
        total += x[j]
    return total


@intrinsic
def rounded_product(a: f32, b: f32) -> f32:
    """Multiply, and round before anything is added."""
    return np.float32(a) * np.float32(b)


@intrinsic
def add_pairs(y: F32, a: f32, table: F32, codes: U8, n: i64) -> None:
    """Add multiples of pairs of floats: ``y[2 * m : 2 * m + 2] += a * pair`` for m < n.

    The pair is number ``codes[m]`` of the 256 at ``table[512 * m]``; n is a multiple of 8.  Every
    product is rounded.
    """
    pairs = table[: 512 * n].reshape(n, 256, 2)
    y[: 2 * n] += np.float32(a) * pairs[np.arange(n), codes[:n]].reshape(-1)


@intrinsic
def divided(a: f32, b: f32) -> f32:
    """Divide exactly; the compiler may turn other divisions into products."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.float32(a) / np.float32(b)


@intrinsic
def row_max(x: F32, n: i64) -> f32:
    """Return the largest of ``x[:n]``, NaNs left out unless there is nothing else."""
    return np.fmax.reduce(x[:n])


@intrinsic
def exp_row(x: F32, shift: f32, n: i64) -> f32:
    """Replace ``x[:n]`` by e**(x - shift) and return the sum; see ``exp``."""
    with np.errstate(under="ignore"):
        x[:n] = np.exp(x[:n] - np.float32(shift))
    return x[:n].sum(dtype=np.float32)


@intrinsic
def sigmoid_row(x: F32, n: i64) -> f32:
    """Replace ``x[:n]`` by its sigmoids s; return the sum of log(max(1 - s, 1e-7))."""
    with np.errstate(over="ignore", under="ignore"):
        x[:n] = 1 / (1 + np.exp(-x[:n]))
    return np.log(np.maximum(1 - x[:n], np.float32(1e-7))).sum(dtype=np.float32)


@intrinsic
def lane_max(y: F32, x: F32) -> None:
    """Set 16 floats to the larger of two each, NaNs left out: ``y[:16] = fmax(y, x)``."""
    y[:16] = np.fmax(y[:16], x[:16])


@intrinsic
def lane_exp(x: F32, shift: F32, total: F32) -> None:
    """Replace 16 floats by e**(x - shift), each with a shift of its own, and add them up.

    ``total[:16] += x[:16]``; see ``exp``.
    """
    with np.errstate(under="ignore"):
        x[:16] = np.exp(x[:16] - shift[:16])
    total[:16] += x[:16]


@intrinsic
def lane_sigmoid(x: F32, total: F32) -> None:
    """Replace 16 floats by their sigmoids s; ``total[:16] -= log(max(1 - s, 1e-7))``."""
    with np.errstate(over="ignore", under="ignore"):
        x[:16] = 1 / (1 + np.exp(-x[:16]))
    total[:16] -= np.log(np.maximum(1 - x[:16], np.float32(1e-7)))


@intrinsic
def lane_multiply(y: F32, x: F32) -> None:
    """Multiply 16 floats: ``y[:16] *= x[:16]``."""
    y[:16] *= x[:16]


@intrinsic
def lane_errors(y: F32, least: f32) -> None:
    """Replace probabilities of a yes by the errors where it is a no: -p, or 0 below ``least``."""
    y[:16] = np.where(y[:16] < least, np.float32(0.0), -y[:16])


@intrinsic
def prefetch(x: F32 | I32, i: i64) -> None:
    """Prefetch the cache line of ``x[i]``; changes nothing."""


@intrinsic
def prefetch_read(x: Any, i: i64) -> None:
    """Prefetch the cache line of ``x[i]`` for reading, without taking it from other readers."""


@intrinsic
def float_of_bits(bits: i64) -> f32:
    """Read the low 32 bits of an integer as a float32."""
    return np.array([bits & 0xFFFFFFFF], np.uint32).view(np.float32)[0]


@intrinsic
def bits_of_float(x: f32) -> i64:
    """Return the 32 bits of a float32 as a non-negative integer."""
    return int(np.array([x], np.float32).view(np.uint32)[0])


@intrinsic
def int_of_float(x: f32) -> i64:
    """Truncate a float32 below 2**31 to an integer."""
    return int(x) if x == x else 0


@device
def prefetch_row(x: F32, n: i64) -> None:
    """Prefetch the cache lines of ``x[:n]``; changes nothing."""
    for k in range(0, n, 16):
        prefetch(x, k)


@device
def any_add(y: F32, x: F32, n: i64) -> None:
    """Add a row of any length to another: ``y[:n] += x[:n]``."""
    whole = n - n % 16
    row_add(y, x, whole)
    for k in range(whole, n):
        y[k] += x[k]


@device
def any_dot(x: F32, y: F32, n: i64) -> f32:
    """Multiply two rows of any length: ``sum(x[:n] * y[:n])``."""
    whole = n - n % 16
    total = row_dot(x, y, whole)
    for k in range(whole, n):
        total += x[k] * y[k]
    return total


@device
def fill(x: F32, value: f32, n: i64) -> None:
    """Set ``x[:n]`` to a value."""
    for k in range(n):
        x[k] = value


@device
def exp(x: f32) -> f32:
    """Approximate e**x to about 1e-7 relative; 0 below -87, e**88 above 88, NaN for NaN.

    x = k ln 2 + r with |r| <= ln 2 / 2, so e**x = 2**k e**r; e**r by its Taylor polynomial
    of degree 7 (remainder under 4e-9), 2**k put together from its bits.  No branches and no
    library call, so a loop over it vectorises.
    """
    f = np.float32
    t = min(max(x, f(-87.0)), f(88.0))
    k = int_of_float(t * f(1.44269504) + f(127.5)) - 127
    kf = f(k)
    r = (t - kf * f(0.693359375)) + kf * f(2.12194440e-4)
    p = f(1.98412698e-4)
    p = p * r + f(1.38888889e-3)
    p = p * r + f(8.33333333e-3)
    p = p * r + f(4.16666667e-2)
    p = p * r + f(1.66666667e-1)
    p = p * r + f(0.5)
    p = p * r + f(1.0)
    p = p * r + f(1.0)
    result = p * float_of_bits((k + 127) << 23)
    if x < f(-87.0):
        result = f(0.0)
    if x != x:
        result = x
    return result


@device
def sigmoid(x: f32) -> f32:
    """Return 1 / (1 + e**-x)."""
    one = np.float32(1.0)
    return one / (one + exp(-x))


@device
def log(x: f32) -> f32:
    """Approximate the natural logarithm of a normal positive float32 to about 1e-7.

    x = 2**k m with m in [sqrt(1/2), sqrt(2)), and log m = 2 artanh(s) with
    s = (m - 1) / (m + 1), by the odd powers of s up to the ninth.
    """
    f = np.float32
    bits = bits_of_float(x) - 0x3F3504F3
    k = bits >> 23
    m = float_of_bits((bits & 0x7FFFFF) + 0x3F3504F3)
    s = (m - f(1.0)) / (m + f(1.0))
    t = s * s
    p = f(0.22222222)
    p = p * t + f(0.28571429)
    p = p * t + f(0.4)
    p = p * t + f(0.66666667)
    p = p * t + f(2.0)
    return p * s + f(k) * f(0.69314718)


@device
def exact_log(x: f64) -> f64:
    """Return the natural logarithm to about 1e-15, of a number between 1e-30 and 1e30.

    x = 2**k m with m in [sqrt(1/2), sqrt(2)), and log m = 2 artanh(s) with
    s = (m - 1) / (m + 1), by the odd powers of s up to the twentieth: s**2 is below 0.0295.
    """
    k = (bits_of_float(np.float32(x)) - 0x3F3504F3) >> 23
    m = x * float(float_of_bits((127 - k) << 23))
    s = (m - 1.0) / (m + 1.0)
    t = s * s
    p = 2.0 / 19
    p = p * t + 2.0 / 17
    p = p * t + 2.0 / 15
    p = p * t + 2.0 / 13
    p = p * t + 2.0 / 11
    p = p * t + 2.0 / 9
    p = p * t + 2.0 / 7
    p = p * t + 2.0 / 5
    p = p * t + 2.0 / 3
    p = p * t + 2.0
    return p * s + k * 0.6931471805599453


@device
def exact_exp(x: f32) -> f32:
    """Return e**x rounded to the nearest float32; 0 below -87, e**88 above 88, NaN for NaN.

    As ``exp``, but in float64 and with the Taylor polynomial of degree 11, whose remainder is
    under 1e-14.
    """
    f = np.float32
    t = min(max(x, f(-87.0)), f(88.0))
    k = int_of_float(t * f(1.44269504) + f(127.5)) - 127
    r = float(t) - k * 0.6931471805599453
    p = 1.0 / 39916800
    p = p * r + 1.0 / 3628800
    p = p * r + 1.0 / 362880
    p = p * r + 1.0 / 40320
    p = p * r + 1.0 / 5040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    result = f(p * float(float_of_bits((k + 127) << 23)))
    if x < f(-87.0):
        result = f(0.0)
    if x != x:
        result = x
    return result


@device
def offset_probability(p: f32, offset: f64) -> f32:
    """Return p + offset rounded as fastText does it, by the logarithm of that and back.

    Without an offset it is p.
    """
    if offset == 0.0:
        return p
    return exact_exp(np.float32(exact_log(float(p) + offset)))
