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
from fastcli.jit.group import Group
from fastcli.kernels.base.functions import settle, settle_mean, square_root
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp.network import EXAMPLES

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


class Rows(Group):
    """How the rows are laid out that a norm is for: each has some pieces with all units."""

    row: i64  # floats from one to the next
    pieces: i64
    units: i64
    width: i64  # floats from one piece to the next


@device
def column_sums(x: F32, row: i64, m: i64, n: i64, out: F32) -> None:
    """Set ``out[:n]`` to the sums of n columns over m rows."""
    for j in range(n):
        out[j] = np.float32(0.0)
    for r in range(m):
        for j in range(n):
            out[j] += x[r * row + j]


@device
def moments(z: F32, row: i64, m: i64, n: i64, mean: F32, square: F32) -> None:
    """Set the means of n columns over m rows, and the sums of the squares of what is left."""
    scale = np.float32(1.0) / np.float32(m)
    column_sums(z, row, m, n, mean)
    for j in range(n):
        mean[j] *= scale
        square[j] = np.float32(0.0)
    for r in range(m):
        for j in range(n):
            d = z[r * row + j] - mean[j]
            square[j] += d * d


@device
def batch_statistics(
    sums: F32,
    row: i64,
    m: i64,
    n: i64,
    eps: f32,
    momentum: f32,
    mean: F32,
    inv_std: F32,
    running_mean: F32,
    running_var: F32,
) -> None:
    """Set the means and 1 / sqrt(variance + eps) of n columns, and update the running ones.

    ``sums`` has the ``moments`` of every chunk of m examples, two rows each; they are put
    together in that order (Chan et al. 1983, equation 2.1).  The running variance takes the
    unbiased m / (m - 1) variance, which is what inference uses.
    """
    f = np.float32
    for j in range(n):
        mean[j] = sums[j]
        inv_std[j] = sums[row + j]
    for start in range(EXAMPLES, m, EXAMPLES):
        means = at(sums, start // EXAMPLES * 2 * row)
        squares = at(means, row)
        size = min(EXAMPLES, m - start)
        share = f(size) / f(start + size)
        weight = share * f(start)
        for j in range(n):
            d = means[j] - mean[j]
            mean[j] += d * share
            inv_std[j] += squares[j] + d * d * weight
    scale, unbiased = f(1.0) / f(m), f(1.0) / f(max(m - 1, 1))
    keep = f(1.0) - momentum
    for j in range(n):
        total = inv_std[j]
        running_mean[j] = settle(keep * running_mean[j] + momentum * mean[j])
        running_var[j] = settle_mean(keep * running_var[j] + momentum * total * unbiased)
        inv_std[j] = f(1.0) / square_root(total * scale + eps)


@device
def batch_normalize(
    z: F32,
    out: F32,
    row: i64,
    n_rows: i64,
    n: i64,
    mean: F32,
    inv_std: F32,
    gamma: F32,
    beta: F32,
) -> None:
    """Normalise rows in place, and set ``out`` to them scaled and shifted."""
    for r in range(n_rows):
        normal, scaled = at(z, r * row), at(out, r * row)
        for j in range(n):
            normal[j] = (normal[j] - mean[j]) * inv_std[j]
        for j in range(n):
            scaled[j] = gamma[j] * normal[j] + beta[j]


@device
def batch_inference(
    z: F32,
    out: F32,
    row: i64,
    n_rows: i64,
    n: i64,
    eps: f32,
    running_mean: F32,
    running_var: F32,
    gamma: F32,
    beta: F32,
) -> None:
    """Normalise with the running mean and variance, which makes rows independent."""
    for r in range(n_rows):
        for j in range(n):
            scale = gamma[j] / square_root(running_var[j] + eps)
            out[r * row + j] = (z[r * row + j] - running_mean[j]) * scale + beta[j]


@device
def gradient_sums(z: F32, d: F32, row: i64, m: i64, n: i64, plain: F32, along: F32) -> None:
    """Set the sums of d and of d z of n columns over m rows."""
    column_sums(d, row, m, n, plain)
    for j in range(n):
        along[j] = np.float32(0.0)
    for r in range(m):
        for j in range(n):
            along[j] += d[r * row + j] * z[r * row + j]


@device
def norm_gradients(sums: F32, row: i64, m: i64, n: i64, dgamma: F32, dbeta: F32) -> None:
    """Set the gradients of gamma, sum(d z), and of beta, sum(d), for n columns.

    ``sums`` has the ``gradient_sums`` of every chunk of m examples, two rows each.
    """
    chunks = (m + EXAMPLES - 1) // EXAMPLES
    column_sums(sums, 2 * row, chunks, n, dbeta)
    column_sums(at(sums, row), 2 * row, chunks, n, dgamma)


@device
def batch_norm_backward(
    z: F32,
    d: F32,
    row: i64,
    n_rows: i64,
    n: i64,
    m: i64,
    gamma: F32,
    inv_std: F32,
    dgamma: F32,
    dbeta: F32,
) -> None:
    """Replace d by gamma inv_std (d - sum(d) / m - z sum(d z) / m), z being normalised.

    The sums over the batch are the gradients of beta and gamma.
    """
    scale = np.float32(1.0) / np.float32(m)
    for r in range(n_rows):
        for j in range(n):
            less = (dbeta[j] + z[r * row + j] * dgamma[j]) * scale
            d[r * row + j] = gamma[j] * inv_std[j] * (d[r * row + j] - less)


@device
def layer_normalize(
    z: F32, out: F32, rows: Rows, n_rows: i64, eps: f32, inv_std: F32, gamma: F32, beta: F32
) -> None:
    """Normalise each of the rows over its units, in place; set ``out`` as in batch norm.

    ``inv_std[r]`` is set to 1 / sqrt(variance + eps) of row r.
    """
    f = np.float32
    n = rows.units
    scale = f(1.0) / f(n * rows.pieces)
    for r in range(n_rows):
        total, square = f(0.0), f(0.0)
        for q in range(rows.pieces):
            x = at(z, r * rows.row + q * rows.width)
            for j in range(n):
                total += x[j]
        mean = total * scale
        for q in range(rows.pieces):
            x = at(z, r * rows.row + q * rows.width)
            for j in range(n):
                square += (x[j] - mean) * (x[j] - mean)
        factor = f(1.0) / square_root(square * scale + eps)
        inv_std[r] = factor
        for q in range(rows.pieces):
            column = q * rows.width
            x, y = at(z, r * rows.row + column), at(out, r * rows.row + column)
            for j in range(n):
                x[j] = (x[j] - mean) * factor
            for j in range(n):
                y[j] = gamma[column + j] * x[j] + beta[column + j]


@device
def layer_norm_backward(z: F32, d: F32, rows: Rows, n_rows: i64, gamma: F32, inv_std: F32) -> None:
    """Replace d by inv_std (e - mean(e) - z mean(e z)), where e is gamma d; means of the row."""
    f = np.float32
    n = rows.units
    scale = f(1.0) / f(n * rows.pieces)
    for r in range(n_rows):
        plain, along = f(0.0), f(0.0)
        for q in range(rows.pieces):
            column = q * rows.width
            x, dx = at(z, r * rows.row + column), at(d, r * rows.row + column)
            for j in range(n):
                e = gamma[column + j] * dx[j]
                plain += e
                along += e * x[j]
        plain *= scale
        along *= scale
        factor = inv_std[r]
        for q in range(rows.pieces):
            column = q * rows.width
            x, dx = at(z, r * rows.row + column), at(d, r * rows.row + column)
            for j in range(n - n % 4):
                e = gamma[column + j] * dx[j]
                dx[j] = factor * (e - plain - x[j] * along)
            for j in range(n - n % 4, n):  # another order, so that models stay the same bytes
                less = plain + x[j] * along
                dx[j] = factor * (gamma[column + j] * dx[j] - less)
