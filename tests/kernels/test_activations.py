"""Activations where float32 is hard on them: small parameters, and inputs far from 0."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest

from fastcli.kernels.mlp import activations
from fastcli.mlp.activations import ACTIVATIONS
from tests import naive_mlp

TINY = np.finfo(np.float32).tiny
ALPHAS = np.unique(
    np.float32(
        [
            *np.linspace(-2, 2, 81),
            *np.outer([1, -1], [0, 1e-30, 1e-13, 1e-12, 2e-12, 1e-9, 1e-6, 1e-4]).ravel(),
            *np.outer([1, -1], [9e-4, 1e-3, 1.1e-3, 5e-3, 0.011]).ravel(),
        ]
    )
)


def precisely(x, a):
    """Return soft exponential and its derivatives by x and alpha, in 150 digits."""
    with localcontext() as context:
        context.prec = 150
        x, a = Decimal(float(x)), Decimal(float(a))
        if a == 0:
            return float(x), 1.0, float(x * x / 2 + 1)
        if a > 0:
            e = (a * x).exp()
            return float((e - 1) / a + a), float(e), float(((a * x - 1) * e + 1) / a**2 + 1)
        room = 1 - a * (x + a)
        turn = room.ln() / a**2 + (x + 2 * a) / (a * room)
        return float(-room.ln() / a), float(1 / room), float(turn)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_soft_exponential_is_precise_at_every_alpha(alpha):
    x = np.float32([*np.linspace(-3, 3, 25), 1e-3, -1e-5, 0.9993])
    if alpha < 0:  # where 1 - alpha (x + alpha) is not too near its end, 0
        x = x[1 - float(alpha) * (x + float(alpha)) > 0.01]
    n = len(x)
    params = np.full(n, alpha, np.float32)
    value, slope, turn = np.zeros(n, np.float32), np.ones(n, np.float32), np.zeros(n, np.float32)
    activations.soft_exponential_forward(x, 0, value, 0, n, params, 0, n)
    activations.soft_exponential_backward(x, 0, slope, 0, n, params, 0, n)
    ones = np.ones(n, np.float32)
    activations.soft_exponential_learned(x, 0, ones, 0, n, params, 0, n, turn, 0)
    ref = np.array([precisely(one, alpha) for one in x]).reshape(-1, 3)
    # Values near 0 are differences of larger numbers, x and alpha themselves.
    np.testing.assert_allclose(value, ref[:, 0], rtol=3e-6, atol=1e-6)
    np.testing.assert_allclose(slope, ref[:, 1], rtol=3e-6)
    np.testing.assert_allclose(turn, ref[:, 2], rtol=6e-6, atol=1e-6)
    twin = naive_mlp.soft_exponential_turn(x.astype(np.float64), float(alpha))
    np.testing.assert_allclose(twin, ref[:, 2], rtol=1e-9)


def test_the_derivative_by_alpha_that_the_plain_formula_has_wrong():
    out = np.zeros(1, np.float32)
    at, alpha, one = np.float32([0.5]), np.float32([0.0011]), np.ones(1, np.float32)
    activations.soft_exponential_learned(at, 0, one, 0, 1, alpha, 0, 1, out, 0)
    assert out[0] == pytest.approx(1.125 + 0.0011 * 0.5**3 / 3, abs=1e-6)


SATURATING = sorted(set(ACTIVATIONS) - {"maxout", "rrelu", "prelu", "sinc", "sine"})


@pytest.mark.parametrize("name", SATURATING)
def test_far_from_zero_nothing_is_denormal(name):
    x = np.float32([*np.linspace(-120, 120, 2401), 0.0])
    n = len(x)
    shape = np.repeat([value for _, value in ACTIVATIONS[name].parameters] or [0.0], n)
    params = shape.astype(np.float32)
    out, slope = np.zeros(n, np.float32), np.ones(n, np.float32)
    kernel = name.replace("-", "_")
    getattr(activations, f"{kernel}_forward")(x, 0, out, 0, n, params, 0, n)
    getattr(activations, f"{kernel}_backward")(x, 0, slope, 0, n, params, 0, n)
    for values in (out, slope):
        assert not ((values != 0) & (np.abs(values) < TINY)).any()
