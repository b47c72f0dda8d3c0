"""Gradients: the plain twin by central differences in float64, and the kernels by the twin."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.evaluation.weights import scaled, scaled_lines
from fastcli.kernels.base.losses import SOFTMAX
from fastcli.mlp.activations import ACTIVATIONS, parse_activation
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.batches import Batches
from fastcli.mlp.examples import of_dense, of_rows
from fastcli.mlp.network import Network, loss_code, stride
from fastcli.mlp.options import REGRESSION_LOSSES
from fastcli.mlp.trainer import Trainer
from fastcli.optimizers import Steps
from tests import naive_mlp

N, N_IN, N_LABELS = 11, 6, 5
NO_EMBEDDING = np.zeros(1, np.float32)
SMOOTH = sorted(set(ACTIVATIONS) - {"maxout", "rrelu", "binary-step", "softmax"})

CASES = [
    *({"activation": name} for name in sorted(set(ACTIVATIONS) - {"rrelu"})),
    {"activation": "soft-exponential:0.6"},
    {"activation": "soft-exponential:-0.1"},
    {"activation": "soft-exponential:0.0011"},
    {"activation": "soft-exponential:-1e-5"},
    {"activation": "apl:1,apl:5"},
    {"activation": "maxout:1"},
    {"activation": "maxout:1,softmax", "norm": "batch"},
    {"activation": "maxout:3", "norm": "layer"},
    {"activation": "maxout:3", "norm": "batch"},
    {"activation": "maxout", "norm": "layer", "norm_position": "after"},
    *(
        {"activation": activation, "norm": norm, "norm_position": position}
        for activation in ("tanh", "prelu", "srelu", "apl:3", "softmax")
        for norm in ("batch", "layer")
        for position in ("before", "after")
    ),
    {"hidden": "none"},
    {"hidden": "3,4,20", "activation": "tanh,elu:0.5,softplus"},
    {"loss": "ova"},
    {"loss": "ova", "label_smoothing": 0.1},
    {"label_smoothing": 0.2},
    {"label_smoothing": 0.2, "several": True},
    {"several": True},
    {"activation_l1": 0.3, "activation": "tanh"},
    {"l1": 0.01, "l2": 0.03},
    {"norm": "batch", "norm_position": "after", "activation_l1": 0.2},
    *(
        {"loss": loss, "label_smoothing": smoothing, "weighs": True}
        for loss in ("softmax", "ova")
        for smoothing in (0.0, 0.1)
    ),
    {"several": True, "label_smoothing": 0.2, "weighs": True},
    *(
        {"loss": "bce", "label_smoothing": smoothing, "weighs": weighs, "several": several}
        for smoothing in (0.0, 0.1)
        for weighs in (False, True)
        for several in (False, True)
    ),
    *(
        {"loss": loss, "huber_delta": 0.7, "activation": "tanh", "weighs": weighs}
        for loss in REGRESSION_LOSSES
        for weighs in (False, True)
    ),
]


def labels_in(case):
    """Return how many labels the examples of a case have."""
    return 2 if case.get("loss") == "bce" else N_LABELS


def setting(case, n_threads=1, seed=3):
    """Return a trainer of a small network on random examples, and the labels."""
    rng = np.random.default_rng(seed)
    given = {"hidden": "9,17", "loss": "softmax", "optimizer": "sgd", **case}
    n_labels = labels_in(case)
    of_numbers = given["loss"] in REGRESSION_LOSSES
    several = given.pop("several", False) or given["loss"] == "ova"
    weighs = given.pop("weighs", False)
    args = MlpArgs(
        input=("x",), output="y", lr=0.0, batch_size=N, epoch=1, thread=n_threads, **given
    ).resolved()
    args.check()
    x = rng.normal(size=(N, N_IN)).astype(np.float32)
    labels = [
        sorted(set(rng.integers(0, n_labels, 1 + several * (i % 3)).tolist())) for i in range(N)
    ]
    if several:
        # One twice; all of them.
        labels[0], labels[1] = [n_labels - 3, n_labels - 1, n_labels - 3], list(range(n_labels))
        labels[0] = [max(label, 0) for label in labels[0]]
    flat = np.array([label for some in labels for label in some], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(some) for some in labels])])
    examples = of_dense(x, stride(N_IN), flat, offsets)
    if weighs:
        lines, by_label = rng.choice([0, 0.5, 2, 3], N), rng.choice([0, 0.2, 1, 4], n_labels)
        examples.weights = scaled(lines, by_label, flat, offsets, n_labels)
    if of_numbers:
        if weighs:
            examples.weights = scaled_lines(lines.astype(np.float64), N)
        labels = rng.normal(size=(N, n_labels)).astype(np.float32)
        examples.set_targets(labels.reshape(-1))
    network = Network(args, N_IN, n_labels, False, loss_code(args.loss, False), N, n_threads)
    network.start(seed)
    for i, layer in enumerate(network.layers):
        network.vector(i, "bias")[...] = rng.normal(size=(layer.pieces, layer.units)) / 3
        if layer.activation and layer.activation.activation.name == "apl":
            network.shapes(i)[...] += rng.normal(0, 0.3, network.shapes(i).shape)
        for name in ("gamma", "beta") if layer.norm else ():
            view = network.vector(i, name)
            view[...] = rng.normal(1.0, 0.3, size=view.shape)
    trainer = Trainer(args, network, examples, None, NO_EMBEDDING, 0)
    return trainer, x, labels


def truth(labels, args, n_labels):
    """Return what the twin compares scores with, and the name of its loss."""
    if args.loss in REGRESSION_LOSSES:
        delta = f":{args.huber_delta}" * (args.loss == "huber")
        return labels.astype(np.float64), args.loss + delta
    return naive_mlp.targets(labels, n_labels, args.loss, args.label_smoothing), args.loss


def layers_of(network):
    """Return a network's layers as the twin wants them."""
    found = []
    for i, layer in enumerate(network.layers):
        chosen = layer.activation
        has_shape = chosen is not None and chosen.activation.name not in ("maxout", "rrelu")
        found.append(
            {
                "w": network.weights(i).astype(np.float64),
                "b": network.vector(i, "bias").astype(np.float64),
                "activation": chosen.activation.name if chosen else None,
                "shape": list(network.shapes(i).astype(np.float64)) if has_shape else [],
                "norm": {0: "", 1: "batch", 2: "layer"}[layer.norm],
                "after": layer.norm_after,
                "gamma": network.vector(i, "gamma").astype(np.float64),
                "beta": network.vector(i, "beta").astype(np.float64),
                "eps": network.args.norm_eps,
            }
        )
    return found


def one_step(trainer):
    """Take a step with a learning rate of 0, which leaves the gradients; return the losses."""
    trainer.transpose()
    numbers = Steps(trainer.args.hyperparameters())
    batches = Batches(range(1), 0, np.arange(N), np.array([0, N]))
    return trainer._steps(batches, 0, 1, numbers.next(np.zeros(1)))[0]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_kernel_gradients(case):
    trainer, x, labels = setting(case)
    network, args = trainer.network, trainer.args
    y, loss = truth(labels, args, labels_in(case))
    layers = layers_of(network)
    weights = trainer.examples.weights
    by = () if weights is None else (weights.lines, weights.labels)
    value, ref, _ = naive_mlp.run(layers, x.astype(np.float64), y, loss, args.activation_l1, *by)
    losses = one_step(trainer)
    if not args.activation_l1:
        assert losses.mean() == pytest.approx(value, rel=2e-6)
    for i, (grad, layer) in enumerate(zip(ref, layers, strict=True)):
        penalty = args.l1 * np.sign(layer["w"]) + args.l2 * layer["w"]
        close(network.weights(i, trainer.grads), grad["w"] + penalty)
        close(network.vector(i, "bias", trainer.grads), grad["b"])
        for name in ("gamma", "beta"):
            if name in grad:
                close(network.vector(i, name, trainer.grads).reshape(-1), grad[name])
        if "shape" in grad:
            close(network.shapes(i, trainer.grads), np.array(grad["shape"]))


def close(comp, ref):
    np.testing.assert_allclose(comp, ref, rtol=2e-4, atol=3e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_two_threads_give_the_same_gradients(case):
    found = []
    for n_threads in (1, 2):
        trainer, _, _ = setting(case, n_threads)
        assert trainer.n_threads == 1
        trainer.n_threads = n_threads
        trainer._touched *= n_threads
        trainer._uses *= n_threads
        trainer._row_grads *= n_threads
        one_step(trainer)
        found.append(trainer.grads.tobytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_central_differences(case):
    trainer, x, labels = setting(case)
    args = trainer.args
    y, loss = truth(labels, args, labels_in(case))
    layers = layers_of(trainer.network)
    x = x.astype(np.float64)
    weights = trainer.examples.weights
    by = () if weights is None else (weights.lines, weights.labels)
    _, grads, dx = naive_mlp.run(layers, x, y, loss, args.activation_l1, *by)
    rng = np.random.default_rng(7)
    places = [(x, dx)]
    for layer, grad in zip(layers, grads, strict=True):
        for name in ("w", "b", "gamma", "beta"):
            if name in grad:
                places.append((layer[name], np.reshape(grad[name], layer[name].shape)))
        places += list(zip(layer["shape"], grad.get("shape", []), strict=False))
    for array, grad in places:
        for at in rng.choice(array.size, min(6, array.size), replace=False):
            index = np.unravel_index(at, array.shape)
            before, step = array[index], 1e-6
            values = []
            for sign in (1, -1):
                array[index] = before + sign * step
                values.append(naive_mlp.run(layers, x, y, loss, args.activation_l1, *by)[0])
            array[index] = before
            difference = (values[0] - values[1]) / (2 * step)
            assert difference == pytest.approx(grad[index], rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_of_activations(name):
    function, slope = naive_mlp.ACTIVATIONS[name][:2]
    shape = parse_activation(name).start
    x = np.linspace(-4, 4, 401) + 1.234e-3  # beside the corners
    step = 1e-6
    difference = (function(x + step, *shape) - function(x - step, *shape)) / (2 * step)
    np.testing.assert_allclose(slope(x, *shape), difference, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("drop", [0.0, 0.5])
def test_embedding_gradients_are_the_mean_rows_share(drop):
    """Where the input was dropped no gradient passes, and the rest of it is scaled."""
    rng = np.random.default_rng(1)
    args = MlpArgs(
        input=("x",),
        output="y",
        hidden="7",
        optimizer="sgd",
        lr=0.5,
        dim=10,
        batch_size=4,
        epoch=1,
        input_dropout=drop,
    ).resolved()
    rows = np.array([0, 3, 3, 1, 2, 4, 0, 0], np.int32)
    offsets = np.array([0, 3, 5, 6, 8], np.int64)
    labels = np.array([0, 1, 2, 1], np.int32)
    examples = of_rows(rows, offsets, labels, np.arange(5))
    network = Network(args, 10, 3, True, SOFTMAX, 4, 1)
    network.start(0)
    start = rng.normal(size=(6, 16)).astype(np.float32)
    start[:, 10:] = 0
    embedding = start.copy().reshape(-1)
    x = np.array([start[rows[a:b], :10].mean(axis=0) for a, b in [(0, 3), (3, 5), (5, 6), (6, 8)]])
    y = naive_mlp.targets([[0], [1], [2], [1]], 3, "softmax", 0.0)
    before = layers_of(network)
    trainer = Trainer(args, network, examples, None, embedding, 6)
    trainer.transpose()
    numbers = Steps(args.hyperparameters())
    batches = Batches(range(1), 0, np.arange(4), np.array([0, 4]))
    trainer._steps(batches, 0, 1, numbers.next(np.full(1, 0.5)))
    mask = np.ones((4, 10))
    if drop:
        at, row = network.group.input_mask, network.group.input_row
        mask = network.values[at : at + 4 * row].reshape(4, row)[:, :10].astype(np.float64)
        assert set(mask.reshape(-1)) == {0.0, 2.0}
    _, _, dx = naive_mlp.run(before, x.astype(np.float64) * mask, y, "softmax")
    dx = dx * mask
    ref = start.astype(np.float64)
    for line, (a, b) in enumerate([(0, 3), (3, 5), (5, 6), (6, 8)]):
        for row in rows[a:b]:
            ref[row, :10] -= 0.5 * dx[line] / (b - a)
    np.testing.assert_allclose(embedding.reshape(6, 16), ref, rtol=1e-5, atol=1e-6)
    assert (embedding.reshape(6, 16)[5] == start[5]).all()  # a row that no line has
