"""Random rows: dropout masks, Gaussian noise, random slopes.

Every number depends on a key and its place alone, so that any thread can draw it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, intrinsic
from fastcli.kernels.base.functions import cosine, square_root
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.vector import log
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64

ELEMENT, ROW, COLUMN = 0, 1, 2

# What random numbers are for, beside the dropout of layers 0, 1, 2 ...
INPUT_DROPOUT, GAUSSIAN_RADIUS, GAUSSIAN_ANGLE = 1000, 1001, 1002
SLOPES = 2000  # and on, for every layer


@intrinsic
def uniform_row(out: F32, key: i64, n: i64) -> None:
    """Set ``out[:n]`` to random numbers in [0, 1) with 24 bits, n being a multiple of 16.

    A multiply-and-xorshift hash of the place (constants of Wellons' hash prospector), with the
    two halves of the key added before its two rounds.
    """
    x = np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(key & 0xFFFFFFFF)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D) + np.uint32(key >> 32)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    out[:n] = (x >> np.uint32(8)) * np.float32(2.0**-24)


@device
def noise_key(key: i64, source: i64, row: i64) -> i64:
    """Return the key of a row of random numbers: every step, source and example has its own.

    ``key`` is that of the step; a source is the number of a layer, or one of those above.
    """
    return random_bits(key, source * 16777216 + row)


@device
def dropout_mask(out: F32, n: i64, p: f32, shape: i64, key: i64, source: i64, row: i64) -> None:
    """Set a row of the mask: 0 with a chance of p, else 1 / (1 - p) (Srivastava et al. 2014).

    ``shape``: each element by itself, whole rows (examples), or whole columns (units).
    """
    zero = np.float32(0.0)
    kept = np.float32(1.0) / (np.float32(1.0) - p)
    uniform_row(out, noise_key(key, source, 0 if shape == COLUMN else row), n)
    if shape == ROW:
        value = kept if out[0] >= p else zero
        for k in range(n):
            out[k] = value
    else:
        for k in range(n):
            out[k] = kept if out[k] >= p else zero


@device
def multiply_rows(x: F32, mask: F32, n: i64) -> None:
    """X = x times the mask, which is what dropout does to values and to gradients."""
    for k in range(n):
        x[k] *= mask[k]


@device
def add_gaussian(x: F32, n: i64, scale: f32, scratch: F32, key: i64, row: i64) -> None:
    """Add Gaussian noise of a standard deviation to n floats (Box and Muller 1958).

    ``scratch`` has room for 2 (n + 15) floats.
    """
    f = np.float32
    wide = (n + 15) // 16 * 16
    radius, angle = scratch, at(scratch, wide)
    uniform_row(radius, noise_key(key, GAUSSIAN_RADIUS, row), wide)
    uniform_row(angle, noise_key(key, GAUSSIAN_ANGLE, row), wide)
    for k in range(n):
        size = square_root(f(-2.0) * log(f(1.0) - radius[k]))
        x[k] += scale * size * cosine(f(6.2831853) * angle[k])


@device
def random_slopes(out: F32, n: i64, low: f32, high: f32, key: i64, layer: i64, row: i64) -> None:
    """Set a row of slopes between two bounds: randomised leaky ReLU (Xu et al. 2015)."""
    uniform_row(out, noise_key(key, SLOPES + layer, row), n)
    for k in range(n):
        out[k] = low + (high - low) * out[k]
