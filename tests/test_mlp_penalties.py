"""Penalties and constraints on weights that do not go through gradients."""

import numpy as np
import pytest

from fastcli.errors import ArgumentError
from fastcli.mlp import trainer as training
from fastcli.mlp.args import MlpArgs
from fastcli.optimizers import OPTIMIZERS, PERCEPTRON
from tests import naive_mlp
from tests.test_mlp_training import arguments, on_numbers, on_rows, trained

ONE_STEP = {"batch_size": 0, "epoch": 1}
WITH_LOSSES = sorted(set(OPTIMIZERS) - {PERCEPTRON})


def weights(trainer):
    """Return copies of the weights of all layers, in float64."""
    network = trainer.network
    return [network.weights(i).astype(np.float64) for i in range(len(network.layers))]


# ------------------------------------------------------------------- L1 by proximal steps


@pytest.mark.parametrize("optimizer", WITH_LOSSES)
def test_a_proximal_step_is_the_step_and_then_a_soft_threshold(optimizer):
    """The threshold is lr l1, whatever the rule makes of the gradient."""
    lr, l1 = 0.05, 0.9
    given = {"optimizer": optimizer, "lr": lr, "weight_decay": 0.1, **ONE_STEP}
    without, shrunk = on_numbers(**given), on_numbers(l1=l1, l1_proximal=True, **given)
    trained(without)
    trained(shrunk)
    n_zero = 0
    for before, comp in zip(weights(without), weights(shrunk), strict=True):
        np.testing.assert_allclose(comp, naive_mlp.soft_threshold(before, lr * l1), atol=1e-6)
        n_zero += (comp == 0).sum()
    assert n_zero > 0
    for i in range(2):  # biases are free
        a, b = (one.network.vector(i, "bias") for one in (without, shrunk))
        np.testing.assert_array_equal(a, b)


def test_a_proximal_step_shrinks_rows_that_are_used():
    lines, lr, l1 = [[0, 1, 1], [2, 20, 3]], 0.05, 8.0
    given = {"optimizer": "adam", "lr": lr, "batch_size": 2, "epoch": 1}
    without, plain = on_rows(lines, **given)
    start = plain[:, :10].copy()
    trained(without)
    with_l1, shrunk = on_rows(lines, l1=l1, l1_proximal=True, **given)
    trained(with_l1)
    used = [0, 1, 2, 3, 20]
    ref = naive_mlp.soft_threshold(plain[used, :10].astype(np.float64), lr * l1)
    np.testing.assert_allclose(shrunk[used, :10], ref, atol=1e-6)
    assert 0 < (shrunk[used, :10] == 0).mean() < 1
    others = np.setdiff1d(np.arange(len(plain)), used)
    np.testing.assert_array_equal(shrunk[others, :10], start[others])


@pytest.mark.parametrize(("optimizer", "l1"), [("sgd", 0.05), ("adam", 0.2)])
def test_only_proximal_steps_reach_zero(optimizer, l1):
    given = {"optimizer": optimizer, "l1": l1, "epoch": 60, "lr": 0.02}
    by_gradient, proximal = on_numbers(**given), on_numbers(l1_proximal=True, **given)
    trained(by_gradient)
    trained(proximal)
    assert not any((w == 0).any() for w in weights(by_gradient))
    assert np.concatenate([w.ravel() == 0 for w in weights(proximal)]).mean() > 0.1


def test_proximal_gradient_descent_finds_the_lasso():
    """Full batches and a small rate lead to where no weight can be better: the L1 optimum.

    There the gradient of the loss is -l1 sign(w) for weights that are not 0, and at most l1 in
    size for the others.
    """
    l1 = 0.05
    trainer = on_numbers(
        hidden="none", optimizer="sgd", lr=0.3, batch_size=0, epoch=3000, l1=l1, l1_proximal=True
    )
    trained(trainer)
    w, g = (
        trainer.network.weights(0).reshape(-1),
        trainer.network.weights(0, trainer.grads).reshape(-1),
    )
    is_zero = w == 0
    assert 0 < is_zero.sum() < len(w)
    np.testing.assert_allclose(g[~is_zero], -l1 * np.sign(w[~is_zero]), atol=1e-5)
    assert (np.abs(g[is_zero]) <= l1).all()


# ------------------------------------------------------------------- weight decay


@pytest.mark.parametrize("optimizer", WITH_LOSSES)
@pytest.mark.parametrize("by", ["rate", "step"])
def test_decay_multiplies_before_the_step(optimizer, by):
    """The seed, 4.6: theta = (1 - w) theta - lr g; by the rate: (1 - lr w) theta - lr g."""
    lr, decay = 0.05, 0.2
    given = {"optimizer": optimizer, "lr": lr, **ONE_STEP}
    without = on_numbers(weight_decay=0.0, **given)
    start = weights(without)
    trained(without)
    decayed = on_numbers(weight_decay=decay, decay_by=by, **given)
    trained(decayed)
    share = decay if by == "step" else lr * decay
    for w, before, comp in zip(start, weights(without), weights(decayed), strict=True):
        np.testing.assert_allclose(comp, before - share * w, atol=1e-6)


def test_decay_by_step_of_rows_does_not_depend_on_the_rate():
    lines, decay = [[0, 1, 1], [2, 20, 3]], 0.2
    given = {"optimizer": "sgd", "lr": 0.0, "batch_size": 2, "epoch": 1}
    trainer, rows = on_rows(lines, weight_decay=decay, decay_by="step", **given)
    start = rows[:, :10].copy()
    trained(trainer)
    used = [0, 1, 2, 3, 20]
    np.testing.assert_allclose(rows[used, :10], (1 - decay) * start[used], rtol=1e-6)
    others = np.setdiff1d(np.arange(len(rows)), used)
    np.testing.assert_array_equal(rows[others, :10], start[others])


def test_an_optimisers_own_decay_is_by_the_rate():
    assert arguments(optimizer="adamw").weight_decay == 0.01
    with pytest.raises(ArgumentError, match="--decay-by step needs --weight-decay, such as 0"):
        MlpArgs(input=("x",), output="y", optimizer="adamw", decay_by="Step").check()
    assert arguments(optimizer="adamw", decay_by="step", weight_decay=0.01).weight_decay == 0.01


@pytest.mark.parametrize("decay", [1.0, 3.0])
def test_a_decay_that_leaves_nothing(decay):
    with pytest.raises(ArgumentError, match="give one below 1"):
        arguments(weight_decay=decay, decay_by="step")
    arguments(weight_decay=decay)


# ------------------------------------------------------------------- norms as constraints


@pytest.mark.parametrize("kind", ["l1", "l2"])
@pytest.mark.parametrize("hidden", ["8", "33,20"])
@pytest.mark.parametrize("activation", ["relu", "maxout:3"])
@pytest.mark.parametrize("limit", [0.2, 0.9, 2.0])
def test_weights_are_moved_to_the_nearest_within_a_norm(limit, activation, hidden, kind):
    given = {"hidden": hidden, "activation": activation, "optimizer": "sgd", **ONE_STEP}
    free, held = on_numbers(**given), on_numbers(max_norm=limit, max_norm_kind=kind, **given)
    trained(free)
    trained(held)
    n_moved = 0
    for before, comp in zip(weights(free), weights(held), strict=True):
        before, comp = before.reshape(len(before), -1), comp.reshape(len(comp), -1)
        for w, found in zip(before.T, comp.T, strict=True):
            if kind == "l1":
                ref = naive_mlp.nearest_in_l1_ball(w, limit)
            else:
                ref = w * min(1, limit / np.linalg.norm(w))
            np.testing.assert_allclose(found, ref, atol=1e-6)
            n_moved += not np.array_equal(ref, w)
    assert n_moved > 0


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_a_norm_that_nothing_reaches_changes_nothing(kind):
    far, none = on_numbers(max_norm=1000.0, max_norm_kind=kind), on_numbers()
    trained(far)
    trained(none)
    assert far.network.params.tobytes() == none.network.params.tobytes()


@pytest.mark.parametrize(
    "given",
    [
        {"max_norm": 0.7, "max_norm_kind": "l1"},
        {"l1": 0.1, "l1_proximal": True},
        {"weight_decay": 0.01, "decay_by": "step"},
    ],
)
def test_weights_are_the_same_on_any_number_of_threads(given, monkeypatch):
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    one = on_numbers(hidden="40,20", norm="batch", **given)
    trained(one)
    for threads in (2, 3):
        several = on_numbers(hidden="40,20", norm="batch", thread=threads, **given)
        trained(several)
        assert several.network.params.tobytes() == one.network.params.tobytes()


def test_the_nearest_point_by_hand():
    """0.5 (5, 5, -2) moved by 1: two weights stay, whose absolutes sum to 3."""
    np.testing.assert_allclose(
        naive_mlp.nearest_in_l1_ball(np.array([2.5, 2.5, -1.0]), 3.0), [1.5, 1.5, 0.0]
    )
