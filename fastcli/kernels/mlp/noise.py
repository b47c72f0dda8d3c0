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
def noise_key(seed: i64, step: i64, layer: i64, row: i64) -> i64:
    """Return the key of a row of random numbers: every step, layer and example has its own."""
    return random_bits(random_bits(seed, step), layer * 16777216 + row)


@device
def dropout_mask(
    out: F32, i: i64, n: i64, p: f32, shape: i64, seed: i64, step: i64, layer: i64, row: i64
) -> None:
    """Set a row of the mask: 0 with a chance of p, else 1 / (1 - p) (Srivastava et al. 2014).

    ``shape``: each element by itself, whole rows (examples), or whole columns (units).
    """
    zero = np.float32(0.0)
    kept = np.float32(1.0) / (np.float32(1.0) - p)
    uniform_row(at(out, i), noise_key(seed, step, layer, 0 if shape == COLUMN else row), n)
    if shape == ROW:
        value = kept if out[i] >= p else zero
        for k in range(n):
            out[i + k] = value
    else:
        for k in range(n):
            out[i + k] = kept if out[i + k] >= p else zero


@device
def add_gaussian(
    x: F32, i: i64, n: i64, scale: f32, scratch: F32, t: i64, seed: i64, step: i64, row: i64
) -> None:
    """Add Gaussian noise of a standard deviation to n floats (Box and Muller 1958).

    ``scratch[t:]`` has room for 2 (n + 15) floats.
    """
    f = np.float32
    wide = (n + 15) // 16 * 16
    uniform_row(at(scratch, t), noise_key(seed, step, 1001, row), wide)
    uniform_row(at(scratch, t + wide), noise_key(seed, step, 1002, row), wide)
    for k in range(n):
        u = f(1.0) - scratch[t + k]
        size = square_root(f(-2.0) * log(u))
        x[i + k] += scale * size * cosine(f(6.2831853) * scratch[t + wide + k])


@device
def random_slopes(
    out: F32, i: i64, n: i64, low: f32, high: f32, seed: i64, step: i64, layer: i64, row: i64
) -> None:
    """Set a row of slopes between two bounds: randomised leaky ReLU (Xu et al. 2015)."""
    uniform_row(at(out, i), noise_key(seed, step, 2000 + layer, row), n)
    for k in range(n):
        out[i + k] = low + (high - low) * out[i + k]
