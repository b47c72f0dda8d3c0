"""What a batch norm adds up, a few rows at a time, against NumPy in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.base.views import at
from fastcli.kernels.mlp.network import EXAMPLES
from fastcli.kernels.mlp.normalization import (
    batch_statistics,
    gradient_sums,
    moments,
    norm_gradients,
)
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64

ROW, WIDE = 40, 32
SIZES = [1, 2, EXAMPLES - 1, EXAMPLES, EXAMPLES + 1, 3 * EXAMPLES, 61]


@probe
def statistics(
    z: F32, m: i64, eps: f32, momentum: f32, sums: F32, stats: F32, running: F32
) -> None:
    for start in range(0, m, EXAMPLES):
        means = at(sums, start // EXAMPLES * 2 * ROW)
        moments(at(z, start * ROW), ROW, min(EXAMPLES, m - start), WIDE, means, at(means, ROW))
    for first in range(0, WIDE, 16):
        batch_statistics(
            at(sums, first),
            ROW,
            m,
            16,
            eps,
            momentum,
            at(stats, first),
            at(stats, ROW + first),
            at(running, first),
            at(running, ROW + first),
        )


@probe
def gradients(z: F32, d: F32, m: i64, sums: F32, grads: F32) -> None:
    for start in range(0, m, EXAMPLES):
        place, plain = start * ROW, at(sums, start // EXAMPLES * 2 * ROW)
        n = min(EXAMPLES, m - start)
        gradient_sums(at(z, place), at(d, place), ROW, n, WIDE, plain, at(plain, ROW))
    for first in range(0, WIDE, 16):
        norm_gradients(at(sums, first), ROW, m, 16, at(grads, first), at(grads, ROW + first))


def rows(rng, m, mean=0.0):
    return (rng.normal(size=(m, ROW)) + mean).astype(np.float32)


def chunks(m):
    return np.full(-(-m // EXAMPLES) * 2 * ROW, 7, np.float32)


@pytest.mark.parametrize("m", SIZES)
@pytest.mark.parametrize("mean", [0.0, 300.0])
def test_statistics(m, mean):
    rng = np.random.default_rng(m)
    z, stats = rows(rng, m, mean), np.full((2, ROW), 7, np.float32)
    before = np.abs(rows(rng, 2))
    running = before.copy()
    statistics(
        z.reshape(-1), m, 1e-3, np.float32(0.1), chunks(m), stats.reshape(-1), running.reshape(-1)
    )
    wide = z[:, :WIDE].astype(float)
    variance = wide.var(axis=0)
    np.testing.assert_allclose(stats[0, :WIDE], wide.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(stats[1, :WIDE], 1 / np.sqrt(variance + 1e-3), rtol=1e-3)
    unbiased = variance * m / max(m - 1, 1)
    np.testing.assert_allclose(
        running[:, :WIDE],
        0.9 * before[:, :WIDE] + 0.1 * np.array([wide.mean(axis=0), unbiased]),
        rtol=1e-4,
        atol=1e-6,
    )
    assert (stats[:, WIDE:] == 7).all()
    assert (running[:, WIDE:] == before[:, WIDE:]).all()


@pytest.mark.parametrize("m", SIZES)
def test_gradients(m):
    rng = np.random.default_rng(m)
    z, d, grads = rows(rng, m), rows(rng, m), np.full((2, ROW), 7, np.float32)
    gradients(z.reshape(-1), d.reshape(-1), m, chunks(m), grads.reshape(-1))
    wide = d[:, :WIDE].astype(float)
    along = (wide * z[:, :WIDE]).sum(axis=0)
    np.testing.assert_allclose(grads[0, :WIDE], along, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grads[1, :WIDE], wide.sum(axis=0), rtol=1e-5, atol=1e-5)
    assert (grads[:, WIDE:] == 7).all()
