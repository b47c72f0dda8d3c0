"""Elementary functions against double precision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.kernels.base.functions import (
    arctan,
    cosine,
    erf,
    expm1,
    log1p,
    sine,
    softplus,
    square_root,
    tanh,
)
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, i64


@probe
def call_all(x: F32, out: F32, n: i64) -> None:
    for k in range(n):
        out[k] = expm1(x[k])
        out[n + k] = tanh(x[k])
        out[2 * n + k] = softplus(x[k])
        out[3 * n + k] = arctan(x[k])
        out[4 * n + k] = sine(x[k])
        out[5 * n + k] = cosine(x[k])
        out[6 * n + k] = erf(x[k])
        out[7 * n + k] = square_root(max(x[k], -x[k]))
        out[8 * n + k] = log1p(max(x[k], -x[k]))


REF = {
    "expm1": np.expm1,
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(0, x),
    "arctan": np.arctan,
    "sine": np.sin,
    "cosine": np.cos,
    "erf": np.vectorize(math.erf),
    "square_root": lambda x: np.sqrt(np.abs(x)),
    "log1p": lambda x: np.log1p(np.abs(x)),
}
ABSOLUTE = {"erf": 3e-7, "sine": 2e-6, "cosine": 2e-6}
X = np.concatenate(
    [
        np.linspace(-20, 20, 4001),
        np.linspace(-1.5, 1.5, 3001),
        np.geomspace(1e-12, 1, 300),
        -np.geomspace(1e-12, 1, 300),
        [0.0],
    ]
).astype(np.float32)


def values(x):
    out = np.zeros(len(REF) * len(x), np.float32)
    call_all(x, out, len(x))
    return dict(zip(REF, out.reshape(len(REF), -1), strict=True))


@pytest.mark.parametrize("name", REF)
def test_precise_also_near_zero(name):
    with np.errstate(under="ignore"):
        ref = REF[name](X.astype(np.float64))
        comp = values(X)[name]
    np.testing.assert_allclose(comp, ref, rtol=1e-6, atol=ABSOLUTE.get(name, 1e-37))


def test_large_arguments_and_nan():
    x = np.array([200, -200, np.inf, -np.inf, np.nan], np.float32)
    with np.errstate(invalid="ignore", over="ignore"):  # as compiled code does
        found = values(x)
    assert found["tanh"][:4].tolist() == [1, -1, 1, -1]
    assert found["softplus"][:2].tolist() == [200, 0]
    np.testing.assert_allclose(found["arctan"][2:4], [math.pi / 2, -math.pi / 2], rtol=1e-6)
    assert all(math.isnan(found[name][4]) for name in ("tanh", "sine", "cosine", "square_root"))
