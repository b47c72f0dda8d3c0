"""Random rows: their frequencies, and that they depend on their key and place alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp.noise import (
    COLUMN,
    ELEMENT,
    ROW,
    add_gaussian,
    dropout_mask,
    noise_key,
    random_slopes,
    uniform_row,
)
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


@probe
def call_uniform(out: F32, i: i64, seed: i64, step: i64, layer: i64, row: i64, n: i64) -> None:
    uniform_row(at(out, i), noise_key(random_bits(seed, step), layer, row), n)


@probe
def call_dropout(out: F32, rows: i64, n: i64, p: f32, shape: i64, seed: i64, step: i64) -> None:
    for row in range(rows):
        dropout_mask(at(out, row * n), n, p, shape, random_bits(seed, step), 3, row)


@probe
def call_gaussian(x: F32, n: i64, scale: f32, scratch: F32, seed: i64, step: i64) -> None:
    add_gaussian(x, n, scale, scratch, random_bits(seed, step), 5)


@probe
def call_slopes(out: F32, n: i64, low: f32, high: f32, seed: i64) -> None:
    random_slopes(out, n, low, high, random_bits(seed, 1), 2, 3)


def uniform(n, seed=1, step=2, layer=3, row=4):
    out = np.full(n + 2, -1, np.float32)
    call_uniform(out, 1, seed, step, layer, row, n)
    assert out[0] == out[-1] == -1
    return out[1:-1]


def test_uniform_numbers_are_uniform():
    u = np.concatenate([uniform(1024, row=row) for row in range(200)])
    assert u.min() >= 0
    assert u.max() < 1
    counts = np.histogram(u, 64, (0, 1))[0]
    expected = len(u) / 64
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    assert chi2 < 63 + 5 * np.sqrt(2 * 63)


@pytest.mark.parametrize("lag", [1, 2, 16, 1024])
def test_uniform_numbers_do_not_follow_each_other(lag):
    u = np.concatenate([uniform(1024, row=row) for row in range(100)]).astype(np.float64)
    assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < 5 / np.sqrt(len(u))


@pytest.mark.parametrize("other", [{"seed": 2}, {"step": 3}, {"layer": 4}, {"row": 5}])
def test_every_key_has_its_own_row(other):
    a, b = uniform(4096), uniform(4096, **other)
    assert (a == uniform(4096)).all()
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(4096)


def test_the_python_twin_gives_the_same_numbers():
    seed, step, layer, row, n = 11, 12, 13, 14, 96
    twin = np.zeros(n, np.float32)
    uniform_row.function(twin, noise_key(random_bits(seed, step), layer, row), n)
    assert (uniform(n, seed, step, layer, row) == twin).all()


def mask(shape, p, rows=400, n=64, step=9):
    out = np.zeros(rows * n, np.float32)
    call_dropout(out, rows, n, p, shape, 1, step)
    return out.reshape(rows, n)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(p):
    found = mask(ELEMENT, p)
    dropped = float((found == 0).mean())
    assert abs(dropped - p) < 5 * np.sqrt(p * (1 - p) / found.size)
    np.testing.assert_allclose(found[found > 0], 1 / (1 - p), rtol=1e-6)
    assert (found != mask(ELEMENT, p, step=10)).any()


def test_rows_and_columns_are_dropped_whole():
    rows, columns = mask(ROW, 0.3), mask(COLUMN, 0.3, n=512)
    assert (rows == rows[:, :1]).all()
    assert abs(float((rows[:, 0] == 0).mean()) - 0.3) < 5 * np.sqrt(0.21 / len(rows))
    assert (columns == columns[:1]).all()
    assert abs(float((columns[0] == 0).mean()) - 0.3) < 5 * np.sqrt(0.21 / 512)


@pytest.mark.parametrize("n", [5, 16, 100])
def test_gaussian_noise_has_its_deviation(n):
    found = []
    for step in range(4000 // n):
        x = np.ones(n + 1, np.float32)
        call_gaussian(x, n, 0.5, np.zeros(2 * n + 64, np.float32), 1, step)
        assert x[n] == 1
        found.append(x[:n] - 1)
    noise = np.concatenate(found).astype(np.float64)
    assert abs(noise.mean()) < 5 * 0.5 / np.sqrt(len(noise))
    assert noise.std() == pytest.approx(0.5, rel=5 / np.sqrt(2 * len(noise)))
    assert float((np.abs(noise) > 0.5).mean()) == pytest.approx(0.3173, abs=0.04)


def test_random_slopes_are_between_their_bounds():
    out = np.zeros(4096, np.float32)
    call_slopes(out, 4096, 0.125, 1 / 3, 1)
    assert out.min() >= 0.125
    assert out.max() <= 1 / 3 + 1e-6
    assert float(out.mean()) == pytest.approx((0.125 + 1 / 3) / 2, abs=0.005)
