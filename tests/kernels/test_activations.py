"""Every row of the table by its twin, and where float32 is hard on activations: small parameters,
and inputs far from 0.
"""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal, localcontext

import numpy as np
import pytest

from fastcli.kernels.mlp.activation_table import ACTIVATIONS
from fastcli.kernels.mlp.activations import ROWS
from fastcli.mlp.activations import parse_activation
from tests import naive_mlp
from tests.command import ROOT

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


# ------------------------------------------------------------ every row of the table

ONE_BY_ONE = [name for name in ROWS if not ACTIVATIONS[name].couples]


def test_every_activation_has_a_twin():
    assert set(ROWS) == set(ACTIVATIONS) - {"maxout"}
    assert set(naive_mlp.ACTIVATIONS) == set(ONE_BY_ONE), "tests/naive_mlp.py has other activations"
    learned = {name for name, functions in naive_mlp.ACTIVATIONS.items() if len(functions) > 2}
    assert learned == {name for name, rows in ROWS.items() if rows.learned}


def setting(name):
    """Return inputs, float32[n], and the parameters of their units, float32[parameters, n]."""
    row, rng = ACTIVATIONS[name], np.random.default_rng(1)
    x = np.float32([*np.linspace(-7, 7, 281), *rng.normal(size=100)])  # corners are at .05s
    params = np.repeat([parse_activation(name).start], len(x), axis=0).T
    for values in params:
        values[1::2] += rng.uniform(-0.4, 0.4, len(values[1::2]))
        np.maximum(values, max((one.minimum for one in row.parameters), default=0), out=values)
    return x, params.astype(np.float32).reshape(-1, len(x))


def memory(params, n):
    """Return parameters as kernels have them: one array, rows of n floats, not empty."""
    return np.ascontiguousarray(params).reshape(-1) if params.size else np.zeros(n, np.float32)


def one_sided(function, at):
    """Return a function's derivatives from the left and from the right, in float64."""
    step = 1e-6
    with np.errstate(all="ignore"):
        middle = function(at)
        return (middle - function(at - step)) / step, (function(at + step) - middle) / step


def assert_either(found, sides):
    """Check derivatives against those of both sides, which differ at corners."""
    with np.errstate(invalid="ignore"):
        errors = [np.abs(found - side) / (1 + np.abs(side)) for side in sides]
    worst = np.fmin(*errors)
    assert worst.max() < 5e-5


def in_domain(name, x, params):
    """Return where the twin has a value, and is not next to where it has none."""
    twin = naive_mlp.ACTIVATIONS[name][0]
    with np.errstate(all="ignore"):
        near = [twin(x.astype(np.float64) + off, *params.astype(np.float64)) for off in (-0.1, 0.1)]
    found = np.isfinite(near).all(axis=0) & (np.abs(near) < 100).all(axis=0)
    assert found.mean() > 0.7
    return found


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_values_and_slopes(name):
    x, params = setting(name)
    inside = in_domain(name, x, params)
    x, params = x[inside], params[:, inside]
    n, twin = len(x), naive_mlp.ACTIVATIONS[name][0]
    out, slope = np.zeros(n, np.float32), np.full(n, 2.0, np.float32)
    ROWS[name].forward(x, out, n, memory(params, n), n, len(params))
    ROWS[name].backward(x, slope, n, memory(params, n), n, len(params))
    wide, exact = x.astype(np.float64), params.astype(np.float64)
    np.testing.assert_allclose(out, twin(wide, *exact), rtol=3e-6, atol=2e-6)
    assert_either(slope / 2, one_sided(lambda at: twin(at, *exact), wide))


LEARNED = [
    (name, j)
    for name, rows in ROWS.items()
    if rows.learned
    for j in range(len(parse_activation(name).start))
]


@pytest.mark.parametrize(("name", "j"), LEARNED)
def test_derivatives_by_learned_parameters(name, j):
    x, params = setting(name)
    inside = in_domain(name, x, params)
    x, params = x[inside], params[:, inside]
    n, twin = len(x), naive_mlp.ACTIVATIONS[name][0]
    d = np.full(n, 2.0, np.float32)
    grads = np.full(params.shape, 3.0, np.float32)
    ROWS[name].learned(x, d, n, memory(params, n), n, len(params), grads.reshape(-1))
    exact = params.astype(np.float64)

    def by(parameter):
        return twin(x.astype(np.float64), *exact[:j], parameter, *exact[j + 1 :])

    assert_either((grads[j] - 3) / 2, one_sided(by, exact[j]))


def test_kernels_are_named_after_the_activation():
    kernels = [kernel for rows in ROWS.values() for kernel in rows if kernel is not None]
    assert ROWS["leaky-relu"].backward.qualname == "leaky_relu_backward"
    assert len({kernel.qualname for kernel in kernels}) == len(kernels)
    assert len({kernel.key for kernel in kernels}) == len(kernels)
    assert {kernel.module for kernel in kernels} == {"fastcli.kernels.mlp.activations"}


def test_keys_are_the_same_in_every_process():
    code = (
        "from fastcli.kernels.mlp.activations import ROWS\n"
        "print(*[kernel.key for rows in ROWS.values() for kernel in rows if kernel])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.split() == [one.key for rows in ROWS.values() for one in rows if one]


def test_the_table_is_light():
    code = (
        "import sys\n"
        "from fastcli.mlp.activations import ACTIVATIONS, parse_activation\n"
        "parse_activation('elu:0.5')\n"
        "assert not {'numpy', 'numba', 'llvmlite'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# ------------------------------------------------------------------- hard inputs


@pytest.mark.parametrize("alpha", ALPHAS)
def test_soft_exponential_is_precise_at_every_alpha(alpha):
    x = np.float32([*np.linspace(-3, 3, 25), 1e-3, -1e-5, 0.9993])
    if alpha < 0:  # where 1 - alpha (x + alpha) is not too near its end, 0
        x = x[1 - float(alpha) * (x + float(alpha)) > 0.01]
    n = len(x)
    params = np.full(n, alpha, np.float32)
    value, slope, turn = np.zeros(n, np.float32), np.ones(n, np.float32), np.zeros(n, np.float32)
    rows = ROWS["soft-exponential"]
    rows.forward(x, value, n, params, n, 1)
    rows.backward(x, slope, n, params, n, 1)
    ones = np.ones(n, np.float32)
    rows.learned(x, ones, n, params, n, 1, turn)
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
    ROWS["soft-exponential"].learned(at, one, 1, alpha, 1, 1, out)
    assert out[0] == pytest.approx(1.125 + 0.0011 * 0.5**3 / 3, abs=1e-6)


SATURATING = sorted(set(ACTIVATIONS) - {"maxout", "rrelu", "prelu", "sinc", "sine"})


@pytest.mark.parametrize("name", SATURATING)
def test_far_from_zero_nothing_is_denormal(name):
    x = np.float32([*np.linspace(-120, 120, 2401), 0.0])
    n = len(x)
    params = np.repeat(parse_activation(name).start or [0.0], n).astype(np.float32)
    out, slope = np.zeros(n, np.float32), np.ones(n, np.float32)
    ROWS[name].forward(x, out, n, params, n, len(params) // n)
    ROWS[name].backward(x, slope, n, params, n, len(params) // n)
    for values in (out, slope):
        assert not ((values != 0) & (np.abs(values) < TINY)).any()


# ------------------------------------------------------------------- softmax as a layer


@pytest.mark.parametrize("n", [1, 2, 7, 16, 33])
def test_softmax_and_its_jacobian(n):
    rng = np.random.default_rng(n)
    z, d = rng.normal(0, 3, (5, n)), rng.normal(size=(5, n))
    ref, dz = naive_mlp.softmax(z), naive_mlp.softmax_backward(z, d)
    for i in range(5):
        x, out, given = z[i].astype(np.float32), np.zeros(n, np.float32), d[i].astype(np.float32)
        nothing = np.zeros(1, np.float32)
        ROWS["softmax"].forward(x, out, n, nothing, 0, 0)
        ROWS["softmax"].backward(x, given, n, nothing, 0, 0)
        np.testing.assert_allclose(out, ref[i], rtol=3e-6)
        assert out.sum() == pytest.approx(1, abs=2e-6)
        np.testing.assert_allclose(given, dz[i], rtol=2e-5, atol=1e-6)


def test_softmax_of_numbers_far_apart_has_zeros():
    x, out, d = np.float32([100, -100, 99]), np.zeros(3, np.float32), np.ones(3, np.float32)
    ROWS["softmax"].forward(x, out, 3, np.zeros(1, np.float32), 0, 0)
    assert out[1] == 0
    assert out[0] == pytest.approx(1 / (1 + np.exp(-1)), rel=1e-6)
    ROWS["softmax"].backward(x, d, 3, np.zeros(1, np.float32), 0, 0)
    np.testing.assert_allclose(d, 0, atol=1e-6)  # all alike: the sum of p is always 1


def test_arsinh_of_large_and_small_numbers():
    x = np.float32([*np.geomspace(1e-30, 1e30, 241), 0.0])
    x = np.concatenate([x, -x])
    out = np.zeros(len(x), np.float32)
    ROWS["arsinh"].forward(x, out, len(x), out, 0, 0)
    np.testing.assert_allclose(out, np.arcsinh(x.astype(np.float64)), rtol=1e-6)
