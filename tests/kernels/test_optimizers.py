"""The update rules: against their formulas in float64, and what they make of tiny numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fastcli.optimizers import OPTIMIZERS, Hyperparameters, Steps, rule_of, slots
from tests import naive_mlp

TINY = np.finfo(np.float32).tiny  # the smallest normal number
PLAIN = Hyperparameters(momentum=0.9, beta1=0.9, beta2=0.99, rho=0.8, eps=1e-8, centered=False)
NO_MOMENTUM = replace(PLAIN, momentum=0.0)
RULES = [
    *((name, PLAIN) for name in OPTIMIZERS),
    ("rmsprop", NO_MOMENTUM),
    ("rmsprop", replace(NO_MOMENTUM, centered=True)),
    ("rmsprop", replace(PLAIN, centered=True)),
    ("adagrad", replace(PLAIN, initial_accumulator=0.1)),
    ("adagrad", replace(PLAIN, eps=1e-3, eps_inside=True, initial_accumulator=0.1)),
    *(
        (name, replace(PLAIN, eps=1e-3, eps_inside=True))
        for name, rule in OPTIMIZERS.items()
        if rule.eps_inside is not None
    ),
    ("rmsprop", replace(PLAIN, eps=1e-3, eps_inside=True, centered=True)),
]
each_rule = pytest.mark.parametrize(("name", "numbers"), RULES, ids=str)


def moved(name, numbers, w, gradients, lr=0.01, beside=0):
    """Update float32 parameters by gradients, one row per step; yield them and their state.

    There are ``beside`` numbers before each array, which must stay as they are.
    """
    optimizer, n = OPTIMIZERS[name], len(w)
    held = np.full(beside + n, 7, np.float32)
    held[beside:] = w
    states = np.full(beside + max(slots(optimizer, numbers), 1) * (n + beside), 7, np.float32)
    view = states[beside:].reshape(-1, n + beside)[:, :n]
    view[:] = numbers.initial_accumulator
    steps = Steps(numbers).next(np.full(len(gradients), lr))
    for i, g in enumerate(gradients):
        given, state = g.astype(np.float32), states[beside:]
        rule_of(optimizer, numbers)(
            held[beside:], given, n, state, n + beside, steps[i].lr, steps[i:]
        )
        np.testing.assert_array_equal(given, g.astype(np.float32))
        assert (held[:beside] == 7).all()
        assert (states[:beside] == 7).all()
        yield held[beside:].copy(), view.copy()


@each_rule
@pytest.mark.parametrize("beside", [0, 5])
def test_rules_follow_their_formulas(name, numbers, beside):
    rng = np.random.default_rng(3)
    w = rng.normal(size=37).astype(np.float32)
    gradients = (rng.normal(size=(30, 37)) * np.geomspace(1e-6, 10, 37)).astype(np.float32)
    ref = naive_mlp.moves(name, numbers, w.astype(np.float64), gradients.astype(np.float64), 0.01)
    found = moved(name, numbers, w, gradients, beside=beside)
    for (comp, _), after in zip(found, ref, strict=True):
        np.testing.assert_allclose(comp, after, rtol=3e-6, atol=3e-6)


@each_rule
def test_states_that_fade_become_zero_and_no_denormal_number(name, numbers):
    # Once there was a gradient, and there is none any more, as for the weights of a dead unit.
    w, gradients = np.ones(16, np.float32), np.zeros((900, 16))
    gradients[:5] = 10.0 ** np.arange(-13, 3)
    numbers = replace(numbers, beta2=0.9)
    for comp, states in moved(name, numbers, w, gradients):
        assert np.isfinite(comp).all()
        assert not is_denormal(states).any()
    forgets = slots(OPTIMIZERS[name], numbers) and name not in ("adagrad", "adamax")
    if forgets:
        assert not states.any()


@each_rule
def test_gradients_of_any_size_leave_no_denormal_number(name, numbers):
    gradients = np.tile(np.geomspace(1e-44, 1e-3, 160), (50, 1))
    w = np.ones(160, np.float32)
    for comp, states in moved(name, numbers, w, gradients):
        assert np.isfinite(comp).all()
        assert not is_denormal(states).any()


def is_denormal(x):
    return (x != 0) & (np.abs(x) < TINY)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_that_is_no_number_shows(name):
    gradients = np.array([[1.0, np.nan]])
    with np.errstate(invalid="ignore"):
        ((comp, _),) = moved(name, PLAIN, np.ones(2, np.float32), gradients)
    assert np.isfinite(comp[0])
    assert np.isnan(comp[1])


def test_eps_is_where_tensorflow_and_the_seed_have_it():
    """One step from zero with g = 1 by hand: v = 0.2 for rho .8, so 1 / sqrt(.2 + .3) is sqrt 2."""
    numbers = replace(NO_MOMENTUM, eps=0.3, eps_inside=True)
    ((comp, _),) = moved("rmsprop", numbers, np.zeros(1, np.float32), np.ones((1, 1)), lr=1.0)
    assert comp[0] == pytest.approx(-np.sqrt(2), rel=1e-6)


def test_adagrad_starts_as_in_tensorflow():
    """AdagradOptimizer: accumulator .1 + g^2, here 1; then the step is lr g."""
    numbers = replace(PLAIN, eps=0.0, initial_accumulator=0.1)
    g = np.full((1, 1), np.sqrt(0.9))
    ((comp, states),) = moved("adagrad", numbers, np.zeros(1, np.float32), g, lr=0.5)
    assert states[0, 0] == pytest.approx(1.0)
    assert comp[0] == pytest.approx(-0.5 * np.sqrt(0.9), rel=1e-6)


def test_nesterov_is_the_look_ahead_of_the_seed():
    """The seed: g = f'(w - lr mu m), m = mu m + g, w -= lr m.  Ours holds w - lr mu m.

    f = sum c x**2 / 2, whose gradient is c x, from a point with m = 0.
    """
    curvature, lr, mu = np.array([0.3, 1.0, 4.0, 9.0]), 0.05, 0.9
    w, m = np.array([1.0, -2.0, 0.5, 3.0]), np.zeros(4)
    ours, state = w.astype(np.float32), np.zeros(4, np.float32)
    steps = Steps(replace(PLAIN, momentum=mu)).next(np.full(60, lr))
    for t in range(60):
        m = mu * m + curvature * (w - lr * mu * m)
        w = w - lr * m
        g = (curvature * ours).astype(np.float32)
        OPTIMIZERS["nesterov"].rule(ours, g, 4, state, 4, steps[t].lr, steps[t:])
        np.testing.assert_allclose(ours, w - lr * mu * m, rtol=1e-5, atol=2e-6)
        np.testing.assert_allclose(state, m, rtol=1e-4, atol=2e-5)
