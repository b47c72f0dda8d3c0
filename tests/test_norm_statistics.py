"""What batch norm takes for inference: running statistics or those of all batches; gamma, beta."""

import numpy as np
import pytest

from fastcli.mlp import trainer as training
from tests import naive_mlp
from tests.test_mlp_training import N, on_numbers, trained


def batches_of(trainer, epoch):
    """Return the inputs of the batches of an epoch, in float64."""
    x = trainer.source.dense.reshape(N, -1)[:, : trainer.network.n_in].astype(np.float64)
    order = trainer._order(epoch)
    ends = zip(trainer.starts[:-1], trainer.starts[1:], strict=True)
    return [x[order[first:last]] for first, last in ends]


def layer_statistics(network, x):
    """Return the mean and the unbiased variance of each norm for one batch, by the formulas."""
    found, h = [], x
    for i, layer in enumerate(network.layers[:-1]):
        z = h @ network.weights(i)[:, 0].astype(np.float64) + network.vector(i, "bias")[0]
        gamma, beta = network.vector(i, "gamma")[0], network.vector(i, "beta")[0]
        if layer.norm_after:
            z = np.maximum(z, 0)
        found.append((z.mean(axis=0), z.var(axis=0, ddof=1)))
        h = naive_mlp.normalize(z, "batch", gamma, beta, network.args.norm_eps)[0]
        if not layer.norm_after:
            h = np.maximum(h, 0)
    return found


def statistics_of(network):
    return [
        (network.statistics(i, "running_mean")[0], network.statistics(i, "running_var")[0])
        for i in range(len(network.layers) - 1)
    ]


@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize("batch_size", [8, 12, 20, 37, 0, 64])
def test_running_statistics_give_each_example_the_same_share(batch_size, position):
    """A batch of m examples moves them by momentum min(1, m / full batch)."""
    trainer = on_numbers(
        norm="batch",
        norm_position=position,
        norm_momentum=0.3,
        hidden="7,5",
        batch_size=batch_size,
        lr=0.0,
        epoch=2,
    )
    trained(trainer)
    full, ref = min(batch_size or N, N), [(np.zeros(w), np.ones(w)) for w in (7, 5)]
    for x in batches_of(trainer, 0) + batches_of(trainer, 1):
        share = 0.3 * min(1.0, len(x) / full)
        new = layer_statistics(trainer.network, x)
        ref = [
            tuple((1 - share) * old + share * one for old, one in zip(before, now, strict=True))
            for before, now in zip(ref, new, strict=True)
        ]
    np.testing.assert_allclose(
        np.concatenate([np.concatenate(one) for one in statistics_of(trainer.network)]),
        np.concatenate([np.concatenate(one) for one in ref]),
        rtol=1e-6,
        atol=1e-6,
    )


def population_of(trainer):
    """Return E[x] and Var[x] of algorithm 2 (Ioffe and Szegedy 2015), batches by their sizes."""
    batches = batches_of(trainer, 0)
    found = [layer_statistics(trainer.network, x) for x in batches]
    sizes = [len(x) for x in batches]
    return [
        tuple(np.average([one[i][k] for one in found], axis=0, weights=sizes) for k in range(2))
        for i in range(len(trainer.network.layers) - 1)
    ]


def check_population(trainer):
    for comp, ref in zip(statistics_of(trainer.network), population_of(trainer), strict=True):
        np.testing.assert_allclose(comp, ref, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("position", ["before", "after"])
@pytest.mark.parametrize(
    "given", [{}, {"batch_size": 12}, {"batch_size": 0}, {"dropout": "0.5", "input_noise": 0.3}]
)
def test_population_statistics_are_those_of_the_final_weights(given, position):
    given = {"hidden": "7,5", "norm": "batch", "norm_position": position, "epoch": 3, **given}
    trainer = on_numbers(norm_statistics="population", **given)
    trained(trainer)
    check_population(trainer)
    running = on_numbers(**given)
    trained(running)
    assert running.network.params.tobytes() == trainer.network.params.tobytes()
    assert running.network.running.tobytes() != trainer.network.running.tobytes()


def test_the_best_model_has_the_statistics_of_its_own_weights():
    trainer = on_numbers(
        norm="batch", norm_statistics="population", valid="v", lr=1.0, epoch=40, patience=2
    )
    history = trained(trainer)
    best = max(k for k, one in enumerate(history) if one.is_best)
    assert best < len(history) - 1  # else nothing is restored
    check_population(trainer)
    meter = training.evaluate(trainer.scorers, trainer.valid, True)
    assert meter.loss == history[best].valid_loss  # what was measured is what is kept


def test_population_statistics_are_the_same_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    given = {"norm": "batch", "norm_statistics": "population", "hidden": "40,20", "valid": "v"}
    one = on_numbers(**given)
    trained(one)
    several = on_numbers(thread=3, **given)
    trained(several)
    assert several.network.running.tobytes() == one.network.running.tobytes()


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("affine", ["both", "gamma", "beta", "none"])
def test_norms_learn_what_they_are_told(norm, affine):
    trainer = on_numbers(norm=norm, norm_affine=affine, hidden="7,5", clip_norm=0.01)
    trained(trainer)
    network, kept = trainer.network, {"both": ["gamma", "beta"], "none": []}.get(affine, [affine])
    for i in (0, 1):
        for name, start in (("gamma", 1.0), ("beta", 0.0)):
            assert (network.vector(i, name) != start).all() == (name in kept)
            assert (f"layers.{i}.{name}" in network.tensors()) == (name in kept)
    assert network.layers[0].tensor_shapes.keys() == {
        name.removeprefix("layers.0.") for name in network.tensors() if name.startswith("layers.0.")
    }
    # A clipped step has the length of the limit: what is not learned does not count.
    one = on_numbers(
        norm=norm,
        norm_affine=affine,
        optimizer="sgd",
        lr=1.0,
        clip_norm=1e-3,
        batch_size=0,
        epoch=1,
    )
    start = one.network.params.copy()
    trained(one)
    np.testing.assert_allclose(np.linalg.norm(one.network.params - start), 1e-3, rtol=1e-3)
