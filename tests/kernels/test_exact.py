"""Arithmetic that is rounded as a plain loop rounds it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.base.vector import (
    add_pairs,
    block_dots,
    divided,
    exact_exp,
    exact_log,
    half_block_dots,
    rounded_product,
    sum_in_order,
)
from fastcli.kernels.base.views import at
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, U8, f32, i64


@probe
def call_block_dots(x: F32, i: i64, d: i64, table: F32, offset: i64, out: F32, to: i64) -> None:
    block_dots(at(x, i), d, at(table, offset), at(out, to))


@probe
def call_half_block_dots(x: F32, d: i64, table: F32, offset: i64, out: F32) -> None:
    half_block_dots(x, d, at(table, offset), out)


@probe
def call_add_pairs(y: F32, a: f32, table: F32, codes: U8, n: i64) -> None:
    add_pairs(y, a, table, codes, n)


@probe
def call_pairs(a: F32, b: F32, c: F32, n: i64, sums: F32, quotients: F32) -> None:
    for i in range(n):
        sums[i] = c[i] + rounded_product(a[i], b[i])
        quotients[i] = divided(a[i], b[0])


@probe
def call_sum(x: F32, i: i64, n: i64, out: F32) -> None:
    out[0] = sum_in_order(at(x, i), n)


@probe
def call_exp(x: F32, n: i64, out: F32) -> None:
    for i in range(n):
        out[i] = exact_exp(x[i])


@probe
def call_log(x: F64, n: i64, out: F64) -> None:
    for i in range(n):
        out[i] = exact_log(x[i])


def floats(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("d", [0, 1, 7, 100])
def test_block_dots_are_added_in_turn(rng, d):
    x, table, out = floats(rng, d + 3), floats(rng, 5 + d * 64), np.full(70, 9, np.float32)
    call_block_dots(x, 3, d, table, 5, out, 2)
    if d:
        ref = naive.dots(x[3 : 3 + d], table[5:].reshape(d, 64).T)
        np.testing.assert_array_equal(out[2:66], ref)
    else:
        assert not out[2:66].any()
    assert [*out[:2], *out[66:]] == [9] * 6


@pytest.mark.parametrize("d", [0, 1, 7])
@pytest.mark.parametrize("offset", [0, 32])
def test_half_a_block(rng, d, offset):
    x, table = floats(rng, d + 1), floats(rng, d * 64 + 64)
    whole, half = np.zeros(64, np.float32), np.full(33, 9, np.float32)
    call_block_dots(x, 0, d, table, 0, whole, 0)
    call_half_block_dots(x, d, table, offset, half)
    np.testing.assert_array_equal(half, [*whole[offset : offset + 32], 9])


@pytest.mark.parametrize("n", [0, 8, 24])
def test_add_pairs(rng, n):
    y, table = floats(rng, 2 * n + 1), floats(rng, n * 512 + 1)
    codes = rng.integers(256, size=n + 1).astype(np.uint8)
    a, ref = np.float32(rng.normal()), y.copy()
    for m in range(n):
        first = 512 * m + 2 * int(codes[m])
        ref[2 * m : 2 * m + 2] += a * table[first : first + 2]
    call_add_pairs(y, a, table, codes, n)
    np.testing.assert_array_equal(y, ref)


def test_products_are_rounded_and_quotients_exact(rng):
    a, b, c = floats(rng, 3, 999)
    sums, quotients = np.empty((2, 999), np.float32)
    call_pairs(a, b, c, 999, sums, quotients)
    np.testing.assert_array_equal(sums, c + a * b)
    np.testing.assert_array_equal(quotients, a / b[0])


@pytest.mark.parametrize("n", [0, 1, 16, 735])
def test_sums_are_added_in_turn(rng, n):
    x, out = floats(rng, n + 2), np.empty(1, np.float32)
    call_sum(x, 2, n, out)
    total = np.float32(0)
    for value in x[2:]:
        total += value
    assert out[0] == total


def test_exact_exp_is_rounded_to_the_nearest_float(rng):
    x = np.concatenate([np.linspace(-87, 88, 3001), rng.normal(size=3000), -rng.random(3000) * 20])
    x = x.astype(np.float32)
    out = np.empty_like(x)
    call_exp(x, len(x), out)
    np.testing.assert_array_equal(out, np.exp(x.astype(np.float64)).astype(np.float32))


def test_exact_exp_beyond_its_bounds():
    x = np.array([0.0, -0.0, -87.5, -np.inf, 1e30, np.inf, np.nan], np.float32)
    out = np.empty_like(x)
    call_exp(x, len(x), out)
    top = np.float32(math.exp(88))
    np.testing.assert_array_equal(out, [1, 1, 0, 0, top, top, np.nan])


def test_exact_log(rng):
    x = np.concatenate([np.geomspace(1e-5, 1.00001, 3001), np.geomspace(1e-30, 1e30, 3001), [1]])
    out = np.empty_like(x)
    call_log(x, len(x), out)
    np.testing.assert_allclose(out, np.log(x), rtol=2e-14, atol=2e-15)
    np.testing.assert_array_equal(out.astype(np.float32), np.log(x).astype(np.float32))
    assert out[-1] == 0
