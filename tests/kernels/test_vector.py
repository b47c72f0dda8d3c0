"""Rows of floats against NumPy; exp and log against double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.base.vector import (
    any_add,
    any_dot,
    bits_of_float,
    exp,
    exp_row,
    fill,
    float_of_bits,
    four_steps,
    int_of_float,
    lane_errors,
    lane_exp,
    lane_max,
    lane_multiply,
    lane_sigmoid,
    log,
    prefetch,
    row_add,
    row_axpy,
    row_dot,
    row_max,
    row_set,
    row_step,
    sigmoid,
    sigmoid_row,
)
from fastcli.kernels.base.views import at
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, f32, i64


@probe
def call_add(y: F32, i: i64, x: F32, j: i64, n: i64) -> None:
    row_add(at(y, i), at(x, j), n)


@probe
def call_axpy(y: F32, i: i64, a: f32, x: F32, j: i64, n: i64) -> None:
    row_axpy(at(y, i), a, at(x, j), n)


@probe
def call_dot(x: F32, i: i64, y: F32, j: i64, n: i64) -> f32:
    return row_dot(at(x, i), at(y, j), n)


@probe
def call_step(w: F32, i: i64, h: F32, a: f32, dh: F32, n: i64) -> None:
    row_step(at(w, i), h, a, dh, n)


@probe
def call_four_steps(
    w: F32, i: i64, stride: i64, h: F32, a: F32, offset: i64, dh: F32, n: i64
) -> None:
    four_steps(at(w, i), stride, h, at(a, offset), dh, n)


@probe
def call_max(x: F32, i: i64, n: i64) -> f32:
    return row_max(at(x, i), n)


@probe
def call_exp_row(x: F32, i: i64, shift: f32, n: i64) -> f32:
    return exp_row(at(x, i), shift, n)


@probe
def call_sigmoid_row(x: F32, i: i64, n: i64) -> f32:
    return sigmoid_row(at(x, i), n)


@probe
def call_any_add(y: F32, i: i64, x: F32, j: i64, n: i64) -> None:
    any_add(at(y, i), at(x, j), n)


@probe
def call_any_dot(x: F32, i: i64, y: F32, j: i64, n: i64) -> f32:
    return any_dot(at(x, i), at(y, j), n)


@probe
def call_fill(x: F32, i: i64, value: f32, n: i64) -> None:
    fill(at(x, i), np.float32(value), n)


@probe
def call_prefetch(x: F32, n: i64) -> None:
    for i in range(n):
        prefetch(x, i)


@probe
def call_exp(x: F32, n: i64, out: F32) -> None:
    for i in range(n):
        out[i] = exp(x[i])


@probe
def call_log(x: F32, n: i64, out: F32) -> None:
    for i in range(n):
        out[i] = log(x[i])


@probe
def call_sigmoid(x: F32, n: i64, out: F32) -> None:
    for i in range(n):
        out[i] = sigmoid(x[i])


@probe
def call_bits(x: F32, n: i64, bits: I64, back: F32, cut: I64) -> None:
    for i in range(n):
        bits[i] = bits_of_float(x[i])
        back[i] = float_of_bits(bits[i])
        cut[i] = int_of_float(x[i])


def floats(rng, n):
    return rng.normal(size=n).astype(np.float32)


def mapped(call, x):
    x = np.asarray(x, np.float32)
    out = np.empty_like(x)
    call(x, len(x), out)
    return out


@probe
def call_set(y: F32, i: i64, a: f32, x: F32, j: i64, n: i64) -> None:
    row_set(at(y, i), a, at(x, j), n)


@probe
def call_lanes(what: i64, x: F32, y: F32, z: F32) -> None:
    if what == 0:
        lane_max(x, y)
    elif what == 1:
        lane_exp(x, y, z)
    elif what == 2:
        lane_sigmoid(x, z)
    elif what == 3:
        lane_multiply(x, y)
    else:
        lane_errors(x, np.float32(0.25))


# Offsets that are no multiple of 16, and rows in the middle of a matrix.
ROWS = pytest.mark.parametrize(("i", "j", "n"), [(0, 0, 0), (0, 0, 16), (3, 17, 16), (48, 5, 64)])
ANY_ROWS = pytest.mark.parametrize("n", [0, 1, 3, 15, 16, 17, 31, 33, 100])


@ROWS
def test_row_add_and_row_axpy(rng, i, j, n):
    for call, a in ((call_add, None), (call_axpy, -0.37)):
        y, x = floats(rng, 120), floats(rng, 120)
        ref = y.astype(np.float64)
        ref[i : i + n] += (1 if a is None else a) * x[j : j + n]
        before = y.copy()
        call(y, i, x, j, n) if a is None else call(y, i, a, x, j, n)
        np.testing.assert_allclose(y, ref, rtol=1e-6, atol=1e-7)
        outside = np.delete(np.arange(120), np.arange(i, i + n))
        np.testing.assert_array_equal(y[outside], before[outside])


@ROWS
def test_row_set(rng, i, j, n):
    y, x = floats(rng, 120), floats(rng, 120)
    ref = y.copy()
    ref[i : i + n] = np.float32(-0.37) * x[j : j + n]
    call_set(y, i, -0.37, x, j, n)
    np.testing.assert_allclose(y, ref, rtol=1e-6)


def lanes(rng):
    """Return three rows of 20 floats, of which 16 are used."""
    return [rng.normal(0, 3, 20).astype(np.float32) for _ in range(3)]


@pytest.mark.parametrize(
    ("what", "formula"),
    [
        (0, lambda x, y, z: (np.maximum(x, y), z)),
        (1, lambda x, y, z: (np.exp(x - y), z + np.exp(x - y))),
        (2, lambda x, y, z: (1 / (1 + np.exp(-x)), z + np.log(1 + np.exp(x)))),
        (3, lambda x, y, z: (x * y, z)),
        (4, lambda x, y, z: (np.where(x < 0.25, 0, -x), z)),
    ],
    ids=["max", "exp", "sigmoid", "multiply", "errors"],
)
def test_sixteen_lanes(rng, what, formula):
    x, y, z = lanes(rng)
    before = [row.astype(np.float64) for row in (x, y, z)]
    call_lanes(what, x, y, z)
    for row, ref, old in zip((x, z), formula(*before), (before[0], before[2]), strict=True):
        np.testing.assert_allclose(row[:16], ref[:16], rtol=2e-6, atol=1e-6)
        np.testing.assert_array_equal(row[16:], old[16:])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("what", [1, 2, 3, 4])
def test_nan_stays_in_its_lane(rng, what):
    x, y, z = lanes(rng)
    x[3] = np.nan
    call_lanes(what, x, y, z)
    assert np.flatnonzero(np.isnan(x[:16])).tolist() == [3]
    assert np.isnan(z[3]) == (what in (1, 2))


@ROWS
def test_row_dot(rng, i, j, n):
    x, y = floats(rng, 120), floats(rng, 120)
    ref = x[i : i + n].astype(np.float64) @ y[j : j + n]
    np.testing.assert_allclose(call_dot(x, i, y, j, n), ref, rtol=1e-5, atol=1e-6)


def test_row_dot_by_hand():
    # 1*1 + 2*1 + ... + 16*1 = 136
    assert call_dot(np.arange(1, 17, dtype=np.float32), 0, np.ones(16, np.float32), 0, 16) == 136


@ROWS
def test_row_step_uses_the_row_before_the_step(rng, i, j, n):
    w, h, dh = floats(rng, 120), floats(rng, 64), floats(rng, 64)
    ref_w, ref_dh = w.astype(np.float64), dh.astype(np.float64)
    ref_dh[:n] += 0.25 * w[i : i + n]
    ref_w[i : i + n] += 0.25 * h[:n]
    call_step(w, i, h, 0.25, dh, n)
    np.testing.assert_allclose(w, ref_w, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(dh, ref_dh, rtol=1e-6, atol=1e-7)


def test_row_step_by_hand():
    # w = 2, h = 3, dh = 1, a = 10:  dh becomes 1 + 10 * 2 = 21, then w becomes 2 + 10 * 3 = 32.
    w, h, dh = (np.full(16, value, np.float32) for value in (2, 3, 1))
    call_step(w, 0, h, 10.0, dh, 16)
    assert set(dh) == {21}
    assert set(w) == {32}
    assert set(h) == {3}


@pytest.mark.parametrize(("i", "stride", "n", "offset"), [(0, 16, 16, 0), (5, 40, 32, 3)])
def test_four_steps_are_four_times_row_step(rng, i, stride, n, offset):
    w, h, dh, a = floats(rng, 200), floats(rng, 64), floats(rng, 64), floats(rng, 8)
    ref_w, ref_dh = w.copy(), dh.copy()
    for r in range(4):
        call_step(ref_w, i + r * stride, h, a[offset + r], ref_dh, n)
    before = h.copy()
    call_four_steps(w, i, stride, h, a, offset, dh, n)
    np.testing.assert_allclose(w, ref_w, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(dh, ref_dh, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(h, before)


def test_four_steps_by_hand():
    # Rows 1, 2, 3, 4 and factors 1, 0, 10, -1: dh = 1 + 0 + 30 - 4; each row moves by a * 2.
    w = np.repeat(np.array([1, 2, 3, 4], np.float32), 16)
    h, dh = np.full(16, 2, np.float32), np.zeros(16, np.float32)
    call_four_steps(w, 0, 16, h, np.array([1, 0, 10, -1], np.float32), 0, dh, 16)
    assert set(dh) == {27}
    assert w.reshape(4, 16)[:, 7].tolist() == [3, 2, 23, 2]


@pytest.mark.parametrize(("i", "n"), [(0, 16), (3, 48)])
def test_row_max(rng, i, n):
    x = floats(rng, 80) - 5
    x[:i] = x[i + n :] = 100
    for place in range(i, i + n, 5):
        x[place] += 9
        assert call_max(x, i, n) == x[i : i + n].max()
    x[i] = np.inf
    assert call_max(x, i, n) == np.inf


def test_row_max_leaves_nans_out():
    x = np.full(32, np.nan, np.float32)
    assert np.isnan(call_max(x, 0, 32))
    for place in (0, 15, 16, 31):
        x[place] = -3
        assert call_max(x, 0, 32) == -3


@pytest.mark.parametrize(("i", "n"), [(0, 16), (3, 48)])
def test_exp_row(rng, i, n):
    x = floats(rng, 80) * 20
    before, ref = x.copy(), np.exp(x[i : i + n].astype(np.float64) - 1.5)
    total = call_exp_row(x, i, 1.5, n)
    np.testing.assert_allclose(x[i : i + n], ref, rtol=1e-5)
    np.testing.assert_allclose(total, ref.sum(), rtol=1e-5)
    outside = np.delete(np.arange(80), np.arange(i, i + n))
    np.testing.assert_array_equal(x[outside], before[outside])


def test_exp_row_of_far_scores():
    # Padding is -1e30, which is to add nothing; shifted by the largest score, 1e30, others vanish.
    x = np.full(16, -1e30, np.float32)
    x[3] = 2
    assert call_exp_row(x, 0, 2.0, 16) == 1
    assert x.tolist() == [0, 0, 0, 1] + [0] * 12
    x[:] = 0
    assert call_exp_row(x, 0, 1e30, 16) == 0
    x[5] = np.nan
    assert np.isnan(call_exp_row(x, 0, 0.0, 16))
    assert np.flatnonzero(np.isnan(x)).tolist() == [5]


@pytest.mark.parametrize(("i", "n"), [(0, 16), (3, 48)])
def test_sigmoid_row(rng, i, n):
    x = floats(rng, 80) * 4
    before, ref = x.copy(), naive.sigmoid(x[i : i + n].astype(np.float64))
    total = call_sigmoid_row(x, i, n)
    np.testing.assert_allclose(x[i : i + n], ref, rtol=1e-6)
    np.testing.assert_allclose(total, np.log(1 - ref).sum(), rtol=1e-5)
    outside = np.delete(np.arange(80), np.arange(i, i + n))
    np.testing.assert_array_equal(x[outside], before[outside])


def test_sigmoid_row_of_far_scores():
    # Padding is -1e30: a sigmoid of next to 0, which adds log 1 = 0.  A sigmoid that a float32
    # cannot tell from 1 adds log 1e-7.
    x = np.full(16, -1e30, np.float32)
    assert call_sigmoid_row(x, 0, 16) == 0
    assert x.max() < 1e-38
    x[:] = -1e30
    x[2] = 1e30
    assert call_sigmoid_row(x, 0, 16) == pytest.approx(np.log(1e-7), rel=1e-5)
    assert x[2] == 1
    x[4] = np.nan
    assert np.isnan(call_sigmoid_row(x, 0, 16))


@ANY_ROWS
def test_any_add_and_any_dot(rng, n):
    y, x = floats(rng, 120), floats(rng, 120)
    ref = y.astype(np.float64)
    ref[7 : 7 + n] += x[2 : 2 + n]
    dot = y[7 : 7 + n].astype(np.float64) @ x[2 : 2 + n]
    np.testing.assert_allclose(call_any_dot(y, 7, x, 2, n), dot, rtol=1e-5, atol=1e-6)
    call_any_add(y, 7, x, 2, n)
    np.testing.assert_allclose(y, ref, rtol=1e-6, atol=1e-7)


@ANY_ROWS
def test_fill(rng, n):
    x = floats(rng, 120)
    ref = x.copy()
    ref[5 : 5 + n] = 0.5
    call_fill(x, 5, 0.5, n)
    np.testing.assert_array_equal(x, ref)


def test_prefetch_changes_nothing(rng):
    x = floats(rng, 40)
    before = x.copy()
    call_prefetch(x, 40)
    np.testing.assert_array_equal(x, before)


def test_exp_is_accurate_between_its_bounds():
    x = np.concatenate([np.linspace(-87, 88, 1501), np.linspace(-1, 1, 501)]).astype(np.float32)
    np.testing.assert_allclose(mapped(call_exp, x), np.exp(x.astype(np.float64)), rtol=3e-7)


def test_exp_beyond_its_bounds():
    x = [0.0, -0.0, -87.5, -1e30, -np.inf, 89.0, 1e30, np.inf, np.nan]
    comp = mapped(call_exp, x)
    top = np.exp(88.0)
    np.testing.assert_allclose(comp, [1, 1, 0, 0, 0, top, top, top, np.nan], rtol=3e-7)


def test_log_is_accurate_for_normal_numbers():
    x = np.concatenate([np.geomspace(1.2e-38, 3.4e38, 1501), np.linspace(0.5, 2, 501)])
    x = x.astype(np.float32)
    ref = np.log(x.astype(np.float64))
    np.testing.assert_allclose(mapped(call_log, x), ref, rtol=2e-7, atol=2e-7)
    assert mapped(call_log, [1.0])[0] == 0


def test_sigmoid():
    x = np.linspace(-80, 80, 801).astype(np.float32)
    ref = naive.sigmoid(x.astype(np.float64))
    np.testing.assert_allclose(mapped(call_sigmoid, x), ref, rtol=5e-7)
    # 1 / (1 + e**0) = 1/2, and both ends are exact.
    assert mapped(call_sigmoid, [0.0, 1e30, np.inf]).tolist() == [0.5, 1, 1]
    assert np.isnan(mapped(call_sigmoid, [np.nan])[0])


def test_bits_of_floats():
    # 1.0 is 0x3F800000, -2.0 is 0xC0000000, 0.75 cut to an integer is 0, -3.5 is -3.
    x = np.array([1.0, -2.0, 0.75, -3.5, 2e9, -0.0], np.float32)
    bits, cut, back = np.zeros(6, np.int64), np.zeros(6, np.int64), np.zeros(6, np.float32)
    call_bits(x, 6, bits, back, cut)
    assert bits.tolist() == x.view(np.uint32).tolist()
    assert bits[:2].tolist() == [0x3F800000, 0xC0000000]
    assert cut.tolist() == [1, -2, 0, -3, 2000000000, 0]
    np.testing.assert_array_equal(back, x)
