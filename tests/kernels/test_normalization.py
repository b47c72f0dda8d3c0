"""What a batch norm adds up, a few rows at a time, against NumPy in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.mlp.network import TOGETHER
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
SIZES = [1, 2, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER, 61]


@probe
def statistics(
    z: F32, m: i64, eps: f32, momentum: f32, sums: F32, stats: F32, running: F32
) -> None:
    for start in range(0, m, TOGETHER):
        to = start // TOGETHER * 2 * ROW
        moments(z, start * ROW, ROW, min(TOGETHER, m - start), WIDE, sums, to, to + ROW)
    for first in range(0, WIDE, 16):
        last = first + 16
        batch_statistics(
            sums, 0, ROW, m, first, last, eps, momentum, stats, 0, ROW, running, 0, ROW
        )


@probe
def gradients(z: F32, d: F32, m: i64, sums: F32, grads: F32) -> None:
    for start in range(0, m, TOGETHER):
        at, to = start * ROW, start // TOGETHER * 2 * ROW
        n = min(TOGETHER, m - start)
        gradient_sums(z, at, d, at, ROW, n, WIDE, sums, to, to + ROW)
    for first in range(0, WIDE, 16):
        norm_gradients(sums, 0, ROW, m, first, first + 16, grads, 0, ROW)


def rows(rng, m, mean=0.0):
    return (rng.normal(size=(m, ROW)) + mean).astype(np.float32)


def chunks(m):
    return np.full(-(-m // TOGETHER) * 2 * ROW, 7, np.float32)


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
