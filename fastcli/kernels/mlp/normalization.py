"""Batch and layer normalisation: forward and backward, over rows of a batch.

Both make z of mean 0 and variance 1, then scale and shift: gamma z + beta.  Batch norm takes
mean and variance of a unit over the examples of the batch (Ioffe and Szegedy 2015, algorithm
1), layer norm those of an example over the units of the layer (Ba et al. 2016, equation 3).
Columns come in groups of 16; rows are ``row`` floats apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.kernels.base.functions import settle, settle_mean, square_root
from fastcli.kernels.mlp.network import TOGETHER

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


@device
def column_sums(x: F32, i: i64, row: i64, m: i64, first: i64, last: i64, out: F32, o: i64) -> None:
    """Set ``out[o + j]`` to the sum of column j over m rows, for ``first <= j < last``."""
    for j in range(first, last):
        out[o + j] = np.float32(0.0)
    for r in range(m):
        for j in range(first, last):
            out[o + j] += x[i + r * row + j]


@device
def moments(z: F32, i: i64, row: i64, m: i64, n: i64, out: F32, mean: i64, square: i64) -> None:
    """Set the means of n columns over m rows, and the sums of the squares of what is left."""
    scale = np.float32(1.0) / np.float32(m)
    column_sums(z, i, row, m, 0, n, out, mean)
    for j in range(n):
        out[mean + j] *= scale
        out[square + j] = np.float32(0.0)
    for r in range(m):
        for j in range(n):
            d = z[i + r * row + j] - out[mean + j]
            out[square + j] += d * d


@device
def batch_statistics(
    sums: F32,
    i: i64,
    row: i64,
    m: i64,
    first: i64,
    last: i64,
    eps: f32,
    momentum: f32,
    stats: F32,
    mean: i64,
    inv: i64,
    running: F32,
    running_mean: i64,
    running_var: i64,
) -> None:
    """Set the columns' means and 1 / sqrt(variance + eps), and move the running ones.

    ``sums`` has the ``moments`` of every TOGETHER of m examples, two rows each; they are put
    together in that order (Chan et al. 1983, equation 2.1).  The running variance takes the
    unbiased m / (m - 1) variance, which is what inference uses.
    """
    f = np.float32
    for j in range(first, last):
        stats[mean + j] = sums[i + j]
        stats[inv + j] = sums[i + row + j]
    for start in range(TOGETHER, m, TOGETHER):
        at = i + start // TOGETHER * 2 * row
        n = min(TOGETHER, m - start)
        share = f(n) / f(start + n)
        weight = share * f(start)
        for j in range(first, last):
            d = sums[at + j] - stats[mean + j]
            stats[mean + j] += d * share
            stats[inv + j] += sums[at + row + j] + d * d * weight
    scale, unbiased = f(1.0) / f(m), f(1.0) / f(max(m - 1, 1))
    keep = f(1.0) - momentum
    for j in range(first, last):
        total = stats[inv + j]
        old_mean, old_var = running[running_mean + j], running[running_var + j]
        running[running_mean + j] = settle(keep * old_mean + momentum * stats[mean + j])
        running[running_var + j] = settle_mean(keep * old_var + momentum * total * unbiased)
        stats[inv + j] = f(1.0) / square_root(total * scale + eps)


@device
def batch_normalize(
    z: F32,
    i: i64,
    row: i64,
    first: i64,
    last: i64,
    n: i64,
    stats: F32,
    mean: i64,
    inv: i64,
    params: F32,
    gamma: i64,
    beta: i64,
    out: F32,
    o: i64,
) -> None:
    """Normalise rows ``first`` to ``last`` in place, and set ``out`` to them scaled and shifted."""
    for r in range(first, last):
        a, b = i + r * row, o + r * row
        for j in range(n):
            z[a + j] = (z[a + j] - stats[mean + j]) * stats[inv + j]
        for j in range(n):
            out[b + j] = params[gamma + j] * z[a + j] + params[beta + j]


@device
def batch_inference(
    z: F32,
    i: i64,
    row: i64,
    first: i64,
    last: i64,
    n: i64,
    eps: f32,
    running: F32,
    running_mean: i64,
    running_var: i64,
    params: F32,
    gamma: i64,
    beta: i64,
    out: F32,
    o: i64,
) -> None:
    """Normalise with the running mean and variance, which makes rows independent."""
    for r in range(first, last):
        a, b = i + r * row, o + r * row
        for j in range(n):
            scale = params[gamma + j] / square_root(running[running_var + j] + eps)
            out[b + j] = (z[a + j] - running[running_mean + j]) * scale + params[beta + j]


@device
def batch_backward(
    z: F32,
    i: i64,
    row: i64,
    first: i64,
    last: i64,
    n: i64,
    m: i64,
    stats: F32,
    inv: i64,
    params: F32,
    gamma: i64,
    grads: F32,
    beta: i64,
    d: F32,
    o: i64,
) -> None:
    """Replace d by gamma inv (d - sum(d) / m - z sum(d z) / m), z being normalised.

    The sums over the batch are the gradients of beta and gamma, in ``grads``.
    """
    scale = np.float32(1.0) / np.float32(m)
    for r in range(first, last):
        a, b = i + r * row, o + r * row
        for j in range(n):
            less = (grads[beta + j] + z[a + j] * grads[gamma + j]) * scale
            d[b + j] = params[gamma + j] * stats[inv + j] * (d[b + j] - less)


@device
def gradient_sums(
    z: F32, i: i64, d: F32, o: i64, row: i64, m: i64, n: i64, out: F32, plain: i64, along: i64
) -> None:
    """Set the sums of d and of d z of n columns over m rows."""
    column_sums(d, o, row, m, 0, n, out, plain)
    for j in range(n):
        out[along + j] = np.float32(0.0)
    for r in range(m):
        for j in range(n):
            out[along + j] += d[o + r * row + j] * z[i + r * row + j]


@device
def norm_gradients(
    sums: F32,
    i: i64,
    row: i64,
    m: i64,
    first: i64,
    last: i64,
    grads: F32,
    gamma: i64,
    beta: i64,
) -> None:
    """Set the gradients of gamma, sum(d z), and of beta, sum(d), for columns first to last.

    ``sums`` has the ``gradient_sums`` of every TOGETHER of m examples, two rows each.
    """
    n = (m + TOGETHER - 1) // TOGETHER
    column_sums(sums, i, 2 * row, n, first, last, grads, beta)
    column_sums(sums, i + row, 2 * row, n, first, last, grads, gamma)


@device
def layer_normalize(
    z: F32,
    i: i64,
    row: i64,
    first: i64,
    last: i64,
    n: i64,
    wide: i64,
    pieces: i64,
    eps: f32,
    stats: F32,
    inv: i64,
    params: F32,
    gamma: i64,
    beta: i64,
    out: F32,
    o: i64,
) -> None:
    """Normalise each of the rows over its units, in place; set ``out`` as in batch norm.

    A row has ``pieces`` groups of n units, ``wide`` floats apart.
    """
    f = np.float32
    scale = f(1.0) / f(n * pieces)
    for r in range(first, last):
        total, square = f(0.0), f(0.0)
        for q in range(pieces):
            a = i + r * row + q * wide
            for j in range(n):
                total += z[a + j]
        mean = total * scale
        for q in range(pieces):
            a = i + r * row + q * wide
            for j in range(n):
                square += (z[a + j] - mean) * (z[a + j] - mean)
        factor = f(1.0) / square_root(square * scale + eps)
        stats[inv + r] = factor
        for q in range(pieces):
            a, b, c = i + r * row + q * wide, o + r * row + q * wide, q * wide
            for j in range(n):
                z[a + j] = (z[a + j] - mean) * factor
            for j in range(n):
                out[b + j] = params[gamma + c + j] * z[a + j] + params[beta + c + j]


@device
def layer_backward(
    z: F32,
    i: i64,
    row: i64,
    first: i64,
    last: i64,
    n: i64,
    wide: i64,
    pieces: i64,
    stats: F32,
    inv: i64,
    params: F32,
    gamma: i64,
    d: F32,
    o: i64,
) -> None:
    """Replace d by inv (e - mean(e) - z mean(e z)), e being gamma d and means those of the row."""
    f = np.float32
    scale = f(1.0) / f(n * pieces)
    for r in range(first, last):
        plain, along = f(0.0), f(0.0)
        for q in range(pieces):
            a, b, c = i + r * row + q * wide, o + r * row + q * wide, q * wide
            for j in range(n):
                e = params[gamma + c + j] * d[b + j]
                plain += e
                along += e * z[a + j]
        plain *= scale
        along *= scale
        factor = stats[inv + r]
        for q in range(pieces):
            a, b, c = i + r * row + q * wide, o + r * row + q * wide, q * wide
            for j in range(n):
                e = params[gamma + c + j] * d[b + j]
                d[b + j] = factor * (e - plain - z[a + j] * along)
