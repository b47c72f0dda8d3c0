"""Products of matrices against NumPy, and that tiles do not change the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.base.products import DEPTH, multiply
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, i64


@probe
def call_multiply(
    a: F32, a_row: i64, a_step: i64, b: F32, b_row: i64, c: F32, c_row: i64, m: i64, n: i64, k: i64
) -> None:
    multiply(a, a_row, a_step, b, b_row, c, c_row, m, n, k)


def product(a, b, c, transposed):
    """Multiply with rows apart and at offsets; what is not asked for must stay as it is."""
    m, k = a.shape
    n = b.shape[1]
    stored = a.T if transposed else a
    one = np.full((stored.shape[0], stored.shape[1] + 3), 7, np.float32)
    one[:, : stored.shape[1]] = stored
    steps = (1, one.shape[1]) if transposed else (one.shape[1], 1)
    two, three = np.full((k, n + 5), 7, np.float32), np.full((m, n + 16), 7, np.float32)
    two[:, :n], three[:, :n] = b, c
    pad = np.full(2, 7, np.float32)
    flat = [np.concatenate([pad, x.reshape(-1)]) for x in (one, two, three)]
    x, y, z = (array[2:] for array in flat)
    call_multiply(x, *steps, y, n + 5, z, n + 16, m, n, k)
    found = flat[2][2:].reshape(m, n + 16)
    assert (found[:, n:] == 7).all()
    assert (flat[2][:2] == 7).all()
    return found[:, :n]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("m", [0, 1, 2, 3, 5, 6, 7, 11, 12, 17])
@pytest.mark.parametrize(("n", "k"), [(16, 1), (16, 5), (48, 33), (32, DEPTH + 9), (16, 0)])
def test_product(m, n, k, transposed):
    rng = np.random.default_rng(m + 100 * n + k)
    a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
    c = rng.normal(size=(m, n)).astype(np.float32)
    comp = product(a.astype(np.float32), b.astype(np.float32), c, transposed)
    ref = a @ b + (c if k == 0 else 0)
    np.testing.assert_allclose(comp, ref, rtol=1e-4, atol=1e-4)


def test_a_row_does_not_depend_on_its_tile():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(17, 40)).astype(np.float32), rng.normal(size=(40, 16))
    whole = product(a, b.astype(np.float32), np.zeros((17, 16)), False)
    for i in range(17):
        one = product(a[i : i + 1], b.astype(np.float32), np.zeros((1, 16)), False)
        assert (one[0] == whole[i]).all()
