"""--check-gradients and --trace: what they say of a network, without training it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fastcli.cli.display.looks import check_lines, trace_lines
from fastcli.errors import ArgumentError, FastcliError
from fastcli.kernels.mlp.activation_table import ACTIVATIONS
from fastcli.mlp import gradient_check
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.gradient_check import TOLERANCE, check_gradients
from fastcli.mlp.looking import read_to_look, still_sentence, trainer_to_look
from fastcli.mlp.plain_activations import VALUES
from fastcli.mlp.plain_network import EMBEDDING
from fastcli.mlp.trace import MOST_UNITS, MOST_UPDATES, trace
from fastcli.reporting import Reporter
from tests import naive_mlp
from tests.command import run
from tests.test_mlp_gradients import layers_of

TEXT = "__label__a you are here\n__label__b so are we we\n__label__a are you there\n"


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "t.csv"
    rows = [",".join(f"{v:.4f}" for v in rng.normal(size=3)) + f",{'pqr'[i % 3]}" for i in range(9)]
    path.write_text("\n".join(["a,b,c,y", *rows, ""]))
    return path


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(TEXT)
    return path


def look_at(path, **given):
    """Return checked arguments, and the data of a file."""
    args = MlpArgs(input=(str(path),), output="y", **{"hidden": "4", **given}).resolved()
    args.check()
    return args, read_to_look(args, Reporter(), None, None)


def run_twin(trainer, x, labels):
    """Return what the NumPy twin makes of one row: its layers, the loss and the gradients."""
    args, layers = trainer.args, layers_of(trainer.network)
    y = naive_mlp.targets([labels], trainer.network.n_labels, args.loss, args.label_smoothing)
    value, grads, dx = naive_mlp.run(layers, x[None].astype(np.float64), y, args.loss)
    return layers, value, grads, dx[0]


CASES = [
    {"activation": "tanh"},
    {"activation": "relu"},
    {"activation": "rrelu"},
    {"activation": "maxout:1"},
    {"activation": "apl:3", "norm": "layer"},
    {"activation": "softmax", "norm": "batch", "norm_position": "after"},
    {"activation": "isrlu:2,sqnl,sq-rbf", "hidden": "3,3,3"},
    {"activation": "softmax,arsinh", "hidden": "3,4"},
    {"activation": "maxout:3", "norm": "layer"},
    {"activation": "tanh", "norm": "batch", "norm_affine": "none"},
    {"activation": "elu", "norm": "layer", "norm_affine": "beta", "norm_position": "after"},
    {
        "activation": "tanh",
        "norm_affine": "gamma",
        "norm": "batch",
        "l1": 0.01,
        "l1_proximal": True,
    },
    {"activation": "prelu", "norm": "batch"},
    {"activation": "srelu", "norm": "batch", "norm_position": "after"},
    {"activation": "sigmoid", "hidden": "3,3,3"},
    {"loss": "squared", "task": "regression", "label_column": ("c",), "drop": ("y",)},
    {"loss": "absolute", "task": "regression", "label_column": ("b", "c"), "drop": ("y",)},
    {
        "loss": "huber",
        "huber_delta": 0.3,
        "task": "regression",
        "label_column": ("c",),
        "drop": ("y",),
    },
    {"hidden": "none"},
    {"loss": "ova", "label_smoothing": 0.1},
    {"label_smoothing": 0.2, "l1": 0.01, "l2": 0.1, "activation_l1": 0.2},
    {"class_weight": "balanced"},
    {"clip_norm": 1e-3, "clip_value": 1e-3, "max_norm": 0.1, "weight_decay": 0.5},
    {"dropout": "0.5", "input_noise": 1.0, "input_dropout": 0.3},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_those_of_the_loss(table, case):
    found = check_gradients(*look_at(table, **case))
    found.check()
    assert found.worst.worst.error < 2e-4
    assert found.n_rows == 9
    assert all(tensor.n_checked == tensor.size for tensor in found.tensors)


@pytest.mark.parametrize("case", [{}, {"word_ngrams": 2}, {"l2": 0.1, "loss": "ova"}], ids=str)
def test_embedding_rows_are_checked(text, case):
    found = check_gradients(*look_at(text, dim=3, **case))
    found.check()
    tensor = found.tensors[-1]
    assert tensor.name == EMBEDDING
    assert tensor.worst.error < 2e-4
    assert found.worst.worst.error > 0


def test_every_activation_has_its_values():
    assert set(ACTIVATIONS) == set(VALUES)


@pytest.mark.parametrize("name", ["layers.0.weight", "layers.0.gamma", "layers.1.bias"])
def test_a_wrong_gradient_is_named(table, monkeypatch, name):
    right = gradient_check.gradients_of

    def wrong(trainer):
        found = {key: np.array(of) for key, of in right(trainer).items()}
        at = np.abs(found[name]).argmax()
        found[name].reshape(-1)[at] *= 1.01
        return found

    monkeypatch.setattr(gradient_check, "gradients_of", wrong)
    found = check_gradients(*look_at(table, norm="layer", activation="tanh"))
    with pytest.raises(FastcliError, match=rf"The gradient of {name}\[.*\] is wrong: backprop"):
        found.check()
    assert [t.name for t in found.tensors if t.worst.error > TOLERANCE] == [name]


VANISHING = [
    {"hidden": ",".join(["8"] * 10), "activation": "sigmoid"},
    {"hidden": "8,8,8,8", "activation": "tanh", "init": "normal", "init_std": 0.01},
]


@pytest.mark.parametrize("given", VANISHING, ids=str)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gradients_that_vanish_are_not_wrong(table, given, seed):
    """Of what is near 1e-10 a difference of the loss in float64 is rounding noise."""
    found = check_gradients(*look_at(table, seed=seed, **given))
    found.check()
    assert all(tensor.n_kinks == 0 for tensor in found.tensors)
    small = [tensor.name for tensor in found.tensors if tensor.n_small]
    assert small[0] in ("layers.0.weight", "layers.0.bias")
    assert found.tensors[-1].name not in small
    text = " ".join(check_lines(found))
    assert f"Gradients vanish: in {small[0]}, " in text
    assert f"are below {found.smallest:.0e}, too small" in text


def test_a_sum_that_is_0_has_not_vanished(table):
    """Batch norm takes a bias out again: float32 leaves some 1e-9 of its gradient, which is 0."""
    found = check_gradients(*look_at(table, norm="batch", activation="tanh"))
    assert not any(tensor.n_small for tensor in found.tensors)


def test_kinks_are_no_errors(tmp_path):
    """All z are 0 where inputs and biases are: relu has no derivative there."""
    path = tmp_path / "zeros.csv"
    path.write_text("a,b,y\n0,0,p\n0,0,p\n0,1,q\n1,0,q\n")
    found = check_gradients(*look_at(path, standardize=False, hidden="8"))
    found.check()
    kinks = {tensor.name: tensor.n_kinks for tensor in found.tensors}
    assert kinks["layers.0.bias"] > 0
    assert kinks["layers.1.weight"] == 0


def test_a_gradient_outside_a_kink_is_wrong(tmp_path, monkeypatch):
    """At a corner every number between both sides is right, and no other."""
    path = tmp_path / "zeros.csv"
    path.write_text("a,b,y\n0,0,p\n0,0,p\n0,1,q\n1,0,q\n")
    looked = look_at(path, standardize=False, hidden="8")
    right = gradient_check.gradients_of

    def wrong(trainer):
        found = {name: of.copy() for name, of in right(trainer).items()}
        found["layers.0.bias"] *= -3
        return found

    monkeypatch.setattr(gradient_check, "gradients_of", wrong)
    found = check_gradients(*looked)
    bias = next(tensor for tensor in found.tensors if tensor.name == "layers.0.bias")
    assert bias.n_kinks == bias.n_checked
    with pytest.raises(FastcliError, match=r"The gradient of layers.0.bias\[.*\] is wrong"):
        found.check()


@pytest.mark.parametrize(("scale", "is_told"), [(4, True), (8, False)])
def test_gradients_of_a_network_that_is_sure(tmp_path, monkeypatch, scale, is_told):
    """Where p is nearly y the difference p - y has few digits, or none."""
    path = tmp_path / "t.csv"
    path.write_text("a,y\n-1,p\n1,q\n-1,p\n1,q\n")

    def sure(args, data, former, n):
        trainer = trainer_to_look(args, data, former, n)
        trainer.network.weights(0)[0, 0] = [-scale, scale]
        return trainer

    monkeypatch.setattr(gradient_check, "trainer_to_look", sure)
    looked = look_at(path, hidden="none")
    if is_told:
        found = check_gradients(*looked)
        found.check()
        assert found.is_imprecise
    else:
        with pytest.raises(FastcliError, match="so sure of the first rows"):
            check_gradients(*looked)


def test_of_many_numbers_some_are_checked(table):
    found = check_gradients(*look_at(table, hidden="70"))
    assert [t.n_checked for t in found.tensors] == [100, 70, 100, 3]
    found.check()


@pytest.mark.parametrize(
    "case",
    [
        {"activation": "tanh"},
        {"activation": "prelu", "hidden": "4,3"},
        {"activation": "maxout:2"},
        {"activation": "maxout:1"},
        {"activation": "softmax"},
        {"activation": "apl:3", "hidden": "4,3"},
        {"activation": "elu", "norm": "layer"},
        {"activation": "elu", "norm": "layer", "norm_affine": "none"},
        {"activation": "maxout:3", "norm": "layer"},
        {"activation": "sigmoid", "norm": "layer", "norm_position": "after"},
        {"loss": "ova"},
        {"hidden": "none"},
    ],
    ids=str,
)
def test_trace_has_the_numbers_of_the_twin(table, case):
    args, data = look_at(table, **{"loss": "softmax", "optimizer": "sgd", "lr": 0.5, **case})
    found = trace(args, data, 5)
    trainer = trainer_to_look(args, data, None, 1)
    stride = trainer.network.group.input_row
    x = data.examples.dense.reshape(-1, stride)[4, :3]
    layers, value, grads, _ = run_twin(trainer, x, [4 % 3])
    assert found.labels == ["pqr"[4 % 3]]
    assert found.loss == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(found.layers[0].values["x"], x)
    h = x.astype(np.float64)
    for layer, grad, shown in zip(layers, grads, found.layers[1:], strict=True):
        z = np.einsum("i,iku->ku", h, layer["w"]) + layer["b"]
        values = shown.values
        close(np.array([of for key, of in values.items() if key[0] == "z"]), z)
        close(np.array([of for key, of in values.items() if key[:5] == "delta"]), grad["b"])
        if layer["norm"] and not layer["after"]:
            flat = naive_mlp.normalize(
                z.reshape(1, -1), "layer", layer["gamma"].reshape(-1), 0.0, layer["eps"]
            )[0]
            z = flat.reshape(z.shape)
            close(np.array([of for key, of in values.items() if key[:4] == "norm"]), z)
        if layer["activation"] is None:
            p = np.exp(z[0]) / np.exp(z[0]).sum()
            close(values["p"], p if args.loss == "softmax" else naive_mlp.sigmoid(z[0]))
            continue
        if layer["activation"] == "maxout":
            h = z.max(axis=0)
        elif layer["activation"] == "softmax":
            h = naive_mlp.softmax(z)[0]
        else:
            h = naive_mlp.ACTIVATIONS[layer["activation"]][0](z[0], *layer["shape"])
        close(values["a"], h)
        if layer["after"]:
            h = naive_mlp.normalize(h[None], "layer", 1.0, 0.0, layer["eps"])[0][0]
            close(values["norm"], h)
    for update in found.updates:
        close(update.after - update.before, -0.5 * update.gradient)
    weight = next(u for u in found.updates if u.title == "output layer, weight")
    if not weight.n_left_out:
        close(weight.gradient, grads[-1]["w"].reshape(-1))


def close(comp, ref):
    np.testing.assert_allclose(comp, ref, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("given", [{}, {"centered": True}, {"momentum": 0.9}], ids=str)
def test_rmsprop_leaves_gradients_as_they_are(table, given):
    """Its step is another one, but not the gradients, which are also logged."""
    args, data = look_at(table, optimizer="rmsprop", **given)
    plain, _ = look_at(table, optimizer="sgd")
    for comp, ref in zip(trace(args, data, 5).updates, trace(plain, data, 5).updates, strict=True):
        np.testing.assert_array_equal(comp.gradient, ref.gradient)


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber"])
def test_trace_of_a_number_has_it_as_target(table, loss):
    given = {"task": "regression", "loss": loss, "label_column": ("c",), "drop": ("y",)}
    args, data = look_at(table, optimizer="sgd", lr=0.5, **given)
    found = trace(args, data, 5)
    values = found.layers[-1].values
    assert (found.learned, len(found.labels)) == ("target", 1)
    close(values["target"], data.examples.targets[4:5])
    error = float(values["y"][0] - values["target"][0])
    expected = {"squared": 2 * error, "absolute": np.sign(error), "huber": np.clip(error, -1, 1)}
    close(values["delta"], [expected[loss]])


def test_trace_of_a_text_has_its_words(text):
    args, data = look_at(text, dim=3, loss="softmax", optimizer="sgd", lr=0.5, l2=0.1)
    found = trace(args, data, 2)
    trainer = trainer_to_look(args, data, None, 1)
    one = data.examples
    rows = one.rows[one.offsets[1] : one.offsets[2]]
    x = trainer.rows[rows, :3].mean(axis=0)
    close(found.layers[0].values["x"], x)
    _, _, _, dx = run_twin(trainer, x, [1])
    update = found.updates[-1]
    assert update.title == EMBEDDING
    we = [i for i, name in enumerate(update.names) if name.startswith("we, ")]
    before = trainer.rows[data.dictionary.find(b"we"), :3]
    close(update.before[we], before)
    close(update.gradient[we], 2 / len(rows) * dx + 0.1 * before)
    close(update.after - update.before, -0.5 * update.gradient)


@pytest.mark.parametrize(
    ("given", "l1", "most"),
    [
        ({"l1": 0.1}, 0.1, 0),
        ({"l1": 0.1, "l1_proximal": True}, 0, 0),
        ({"clip_norm": 0.05}, 0, 0.05),
        ({"clip_norm": 0.05, "clip_value": 0.1}, 0, 0.05),
        ({"clip_norm": 50.0}, 0, 0),
        ({"clip_norm": 0.05, "hidden": "none"}, 0, 0.05),
    ],
    ids=str,
)
def test_gradients_of_embedding_rows_are_those_of_the_step(text, given, l1, most):
    """Sgd without decay moves all numbers by -lr g, the proximal step apart."""
    args, data = look_at(text, dim=3, loss="softmax", optimizer="sgd", lr=0.5, **given)
    found = trace(args, data, 2)
    rows = found.updates[-1]
    assert (rows.title, rows.n_left_out) == (EMBEDDING, 0)
    plain = trace(*look_at(text, dim=3, loss="softmax", optimizer="sgd", lr=0.5), 2).updates[-1]
    if not most:
        close(rows.gradient, plain.gradient + l1 * np.sign(rows.before))
    if not args.l1_proximal:
        close(rows.after - rows.before, -0.5 * rows.gradient)
    if most and not args.clip_value:
        length = np.sqrt(sum((update.gradient**2).sum() for update in found.updates))
        assert length == pytest.approx(most, rel=1e-3)


@pytest.mark.parametrize("loss", ["softmax", "ova"])
def test_trace_tells_what_the_row_weighs(tmp_path, loss):
    """Delta is p - target, multiplied by the weights that are told."""
    path = tmp_path / "w.csv"
    path.write_text("a,b,w,y\n0,0,1,p\n0,1,4,q\n1,0,1,p\n1,1,2,p\n")
    given = {"loss": loss, "class_weight": "balanced", "weight_column": "w"}
    found = trace(*look_at(path, hidden="none", **given), 2)
    text = " ".join(trace_lines(found))
    row = float(re.search(r"The row weighs ([\d.]+) \(1 on average\)", text)[1])
    label = float(re.search(r"part of the loss and of delta is multiplied: q ([\d.]*\d)", text)[1])
    assert row == 2
    values = found.layers[-1].values
    by = [1, label] if loss == "ova" else [label, label]
    close(values["delta"], row * np.array(by) * (values["p"] - values["target"]))
    plain = trace(*look_at(path, hidden="none", loss=loss, drop=("w",)), 2)
    assert plain.weights == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"optimizer": "sgd", "weight_decay": 0.0}, "learning rate 0.5)."),
        (
            {"optimizer": "adamw", "weight_decay": 0.01},
            "Besides, weights decay by 0.005 of themselves (--weight-decay).",
        ),
        (
            {"optimizer": "sgd", "weight_decay": 0.01, "decay_by": "step", "max_norm": 2.0},
            "Besides, weights decay by 0.01 of themselves (--weight-decay); a unit's weights "
            "are kept within the norm 2 (--max-norm-kind l2).",
        ),
        (
            {"optimizer": "sgd", "weight_decay": 0.0, "l1": 0.01, "l1_proximal": True},
            "learning rate 0.5). Besides, weights move 0.005 towards 0 (--l1-proximal).",
        ),
    ],
    ids=str,
)
def test_what_moves_weights_besides_the_gradient_is_said(table, given, sentence):
    shown = " ".join(" ".join(trace_lines(trace(*look_at(table, lr=0.5, **given), 1))).split())
    assert sentence in shown


def test_trace_leaves_out_most_of_wide_layers(table):
    found = trace(*look_at(table, hidden="70", activation="tanh"), 1)
    hidden = found.layers[1]
    assert (len(hidden.units), hidden.n_left_out) == (MOST_UNITS, 70 - MOST_UNITS)
    weight = found.updates[0]
    assert (len(weight.names), weight.n_left_out) == (MOST_UPDATES, 210 - MOST_UPDATES)
    assert np.abs(weight.gradient).min() > 0


@pytest.mark.parametrize(
    ("given", "row", "message"),
    [
        ({}, 10, "training data have 9 rows"),
        ({"norm": "batch"}, 1, "Use --norm la"),
    ],
)
def test_rows_that_cannot_be_traced(table, given, row, message):
    args, data = look_at(table, **given)
    with pytest.raises(ArgumentError, match=message):
        trace(args, data, row)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, ""),
        ({"dropout": "0.3"}, "Dropout is off here."),
        ({"input_noise": 1.0, "word_dropout": 0.1}, "Dropout and noise are off here."),
        ({"image": "2x2", "augment": "shift"}, "Augmentation is off here."),
        ({"activation": "rrelu"}, "Rrelu uses its mean slope."),
    ],
)
def test_what_is_off_is_said(given, sentence):
    assert still_sentence(MlpArgs(input=("x",), output="y", **given).resolved()) == sentence


def test_looking_writes_no_model(table, tmp_path):
    before = set(tmp_path.iterdir())
    words = ["mlp-train", "-input", table, "--hidden", 4]
    result = run(*words, "--check-gradients", "--trace", 1, "--log", tmp_path / "log")
    assert result.code == 0
    assert "--log: no effect where nothing is trained." in result.err
    assert "Nothing was trained, and no file is written." in result.err
    shown = result.out.decode()
    assert "All agree within 1e-03" in shown
    assert "Row 1 of 9, label p" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert set(tmp_path.iterdir()) == before


def test_the_first_row_is_1(table):
    result = run("mlp-train", "-input", table, "--trace", 0)
    assert (result.code, result.err) == (1, "--trace 0: the first row is 1.\n")
    result = run("mlp-train", "-input", table, "--trace", -5)
    assert result.code == 1
    assert result.err.endswith("--trace -5: the first row is 1.\n")
