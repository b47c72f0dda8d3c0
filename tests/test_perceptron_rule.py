"""The perceptron learning rule: its steps by hand, where it ends, and what it is not for."""

import json
import re

import numpy as np
import pytest

from fastcli.errors import ArgumentError
from fastcli.evaluation.weights import scaled
from fastcli.kernels.base.losses import OVA
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.examples import of_dense
from fastcli.mlp.network import Network, stride
from fastcli.mlp.perceptron_rule import verdict, with_own_defaults
from fastcli.mlp.trainer import Trainer
from tests import crafted, naive_mlp
from tests.cli.test_mlp import config_of, one_sentence, scores
from tests.command import run

ALL = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "xor": [0, 1, 1, 0]}
RULE = {"optimizer": "perceptron", "hidden": "none", "batch_size": 1}


def perceptron(x, labels, n_labels, lines=None, **given):
    """Return a trainer of the rule on a matrix and lists of labels."""
    args = MlpArgs(input=("x",), output="y", **{**RULE, **given}).resolved()
    args.check()
    flat = np.array([label for some in labels for label in some], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(some) for some in labels])])
    examples = of_dense(x.astype(np.float32), stride(x.shape[1]), flat, offsets)
    if lines is not None:
        by_label = np.linspace(0.5, 2, n_labels)
        examples.weights = scaled(lines, by_label, flat, offsets, n_labels)
    network = Network(args, x.shape[1], n_labels, False, OVA, len(x) + 1, args.thread)
    network.start(args.seed)
    return Trainer(args, network, examples, None, np.zeros(1, np.float32), 0)


def trained(trainer):
    list(trainer.run(lambda _: None))
    return trainer


def several(rng, n, n_labels, most):
    """Return lists of up to ``most`` labels, the first of which is there twice."""
    found = [
        sorted(set(rng.integers(0, n_labels, rng.integers(1, most + 1)).tolist())) for _ in range(n)
    ]
    found[0] = [*found[0], found[0][0]]
    return found


@pytest.mark.parametrize("lr", [1.0, 0.3])
@pytest.mark.parametrize(("n_labels", "most"), [(2, 1), (5, 1), (4, 3)])
def test_steps_are_those_of_rosenblatt(n_labels, most, lr, rng):
    """For each example, w += lr (t - y) x of every unit, with y = 1 where w x + b >= 0."""
    x = rng.normal(size=(30, 4))
    x32 = x.astype(np.float32)
    labels = several(rng, len(x), n_labels, most)
    trainer = perceptron(x, labels, n_labels, epoch=3, lr=lr)
    w = trainer.network.weights(0)[:, 0].astype(np.float64)
    b = trainer.network.vector(0, "bias")[0].astype(np.float64)
    n_moves = 0
    for epoch in range(3):
        for i in trainer._order(epoch):
            y = (x32[i] @ w + b >= 0) * 1.0
            t = np.isin(np.arange(n_labels), labels[i]) * 1.0
            w += lr * np.outer(x32[i], t - y)
            b += lr * (t - y)
            n_moves += (t != y).sum()
    trained(trainer)
    assert 0 < n_moves < 90 * n_labels
    np.testing.assert_allclose(trainer.network.weights(0)[:, 0], w, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(trainer.network.vector(0, "bias")[0], b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("weighs", [False, True])
def test_a_batch_takes_the_mean_of_updates(weighs, rng):
    x, n_labels = rng.normal(size=(20, 6)).astype(np.float32), 3
    labels = several(rng, len(x), n_labels, 2)
    lines = rng.choice([0.5, 1, 3], len(x)) if weighs else None
    trainer = perceptron(x, labels, n_labels, lines=lines, batch_size=0, epoch=1, lr=1.0)
    network = trainer.network
    z = x @ network.weights(0)[:, 0].astype(np.float64) + network.vector(0, "bias")[0]
    y = np.array([np.isin(np.arange(n_labels), some) * 1.0 for some in labels])
    weights, by = 1.0, 1.0
    if (known := trainer.examples.weights) is not None:
        weights, by = known.lines, known.labels
    loss, d = naive_mlp.loss_and_gradient(z, y, "perceptron", weights, by)
    trained(trainer)
    np.testing.assert_allclose(network.weights(0, trainer.grads)[:, 0], x.T @ d, atol=1e-6)
    np.testing.assert_allclose(trainer.progress.history[0].loss, loss, rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 0])
@pytest.mark.parametrize("gate", ["and", "or", "nand"])
def test_what_a_line_separates_is_learned(gate, batch_size):
    labels = [[label] for label in GATES[gate]]
    for seed in range(20):
        trainer = perceptron(ALL, labels, 2, epoch=100, seed=seed, batch_size=batch_size)
        trained(trainer)
        epoch = trainer.converged_in
        assert verdict(trainer, ["no", "yes"]) == (
            f"The perceptron rule has converged: epoch {epoch} had no error, and every unit is "
            "right for all of 4 training lines."
        )
        history = trainer.progress.history
        assert epoch == len(history) < 100
        assert trainer.progress.step == epoch * (4 // (batch_size or 4))
        assert (history[-1].loss, history[-1].train_error) == (0, 0)
        one_less = perceptron(ALL, labels, 2, epoch=epoch - 1, seed=seed, batch_size=batch_size)
        assert trained(one_less).converged_in == 0


def test_an_error_of_a_score_of_0_is_one():
    """It has no loss; a unit whose weights are 0 gives 1 all the same."""
    trainer = perceptron(ALL[:1], [[0]], 2, epoch=50)
    trainer.network.params[:] = 0
    trained(trainer)
    assert [one.loss for one in trainer.progress.history] == [0, 0]
    assert trainer.converged_in == 2


def test_errors_that_cancel_each_other_are_errors():
    """Two rows of one place and two labels can move nothing as a batch: one is wrong for ever."""
    trainer = perceptron(np.ones((2, 2)), [[0], [1]], 2, epoch=50, batch_size=0)
    trained(trainer)
    assert trainer.progress.history[-1].epoch == 50
    assert "has not converged: 1 of 2 training" in verdict(trainer, ["a", "b"])


def test_xor_is_not_learned():
    labels = [[label] for label in GATES["xor"]]
    for seed in range(10):
        trainer = trained(perceptron(ALL, labels, 2, epoch=200, seed=seed))
        said = verdict(trainer, ["no", "yes"])
        assert "has not converged" in said
        assert "of 4 training lines still have a unit in error" in said


def test_a_label_in_the_middle_is_named():
    """Of three kinds on a line the one in the middle has no line between it and both others."""
    x = np.array([[-1], [-0.9], [0], [0.1], [1], [0.9]])
    trainer = trained(perceptron(x, [[0], [0], [1], [1], [2], [2]], 3, epoch=300))
    assert "(middle)" in verdict(trainer, ["low", "middle", "high"])


def test_what_belongs_to_the_rule_is_said():
    args = MlpArgs(optimizer="Perceptron")
    changed, said = with_own_defaults(args, ["optimizer"])
    assert (changed.hidden, changed.batch_size) == ("none", 1)
    assert (
        said == "--optimizer perceptron uses --hidden none and --batch-size 1, unless you set them."
    )
    changed, said = with_own_defaults(args, ["batch_size"])
    assert (changed.hidden, changed.batch_size) == ("none", args.batch_size)
    assert with_own_defaults(args, ["batch_size", "hidden"]) == (args, "")
    assert with_own_defaults(MlpArgs(), []) == (MlpArgs(), "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hidden": "8"}, "since the rule has no error signal for hidden units: give"),
        ({"loss": "softmax"}, "is a rule without a loss: leave -loss softmax out"),
        ({"label_smoothing": 0.1}, "leave --label-smoothing out"),
        ({"check_gradients": True}, "has no gradients"),
        ({"weight_decay": 0.5}, "which --weight-decay would change: leave it out"),
        ({"l1": 0.1, "l2": 0.1}, "which --l1 and --l2 would change: leave them out"),
        ({"max_norm": 0.3}, "--max-norm"),
        ({"clip_norm": 1.0, "clip_value": 0.001}, "--clip-norm and --clip-value"),
        ({"input_dropout": 0.2, "input_noise": 0.1}, "--input-dropout and --input-noise"),
    ],
)
def test_what_the_rule_is_not_for(given, said):
    with pytest.raises(ArgumentError, match=said):
        MlpArgs(input=("x",), output="y", **{**RULE, **given}).check()


@pytest.fixture
def gate(tmp_path):
    """Return a function that writes a table of a gate and returns its path."""

    def written(name):
        path = tmp_path / f"{name}.csv"
        cells = zip(ALL.astype(int).tolist(), GATES[name], strict=True)
        path.write_text("a,b,y\n" + "".join(f"{a},{b},{y}\n" for (a, b), y in cells))
        return path

    return written


@pytest.mark.parametrize("options", [[], ["--hidden", "none", "--activation", "binary-step"]])
def test_from_the_command_line(options, gate, tmp_path):
    learn = ["--optimizer", "perceptron", *options, "-thread", 1]
    result = run("mlp-train", "-input", gate("and"), "-output", tmp_path / "m", *learn)
    assert result.code == 0
    assert "The perceptron rule has converged" in result.err
    assert "no effect" not in result.err
    model = tmp_path / "m.mlp"
    assert scores(model, gate("and"))["precision"] == 1
    assert config_of(model)["args"]["optimizer"] == "perceptron"
    assert run("predict", model, "-", stdin=b"1,1\n0,1\n").text() == "1\n0\n"
    # A unit fires where what is printed, the sigmoid of its score, is .5 or more.
    fires = run("predict-prob", model, "-", 2, 0.5, stdin=b"1,1\n0,1\n").text().splitlines()
    assert [line.split()[0] for line in fires] == ["1", "0"]
    assert [len(line.split()) for line in fires] == [2, 2]
    result = run("mlp-train", "-input", gate("xor"), "-output", tmp_path / "m", *learn)
    assert result.code == 0
    assert "as in XOR, it never converges, as is probably the case here" in result.err
    assert "learning rate is too high" not in result.err


EVERY = [[], ["--eval-every", 3], ["--eval-every", "5steps"], ["--batch-size", 2]]


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_it_ends_where_it_has_converged(options, gate, tmp_path):
    """The end does not depend on threads, on evaluations, and on where a run was resumed."""
    learn = ["-input", gate("and"), "--optimizer", "perceptron", *options]
    models = []
    for n in (1, 2):
        log = tmp_path / f"{n}.jsonl"
        result = run("mlp-train", *learn, "-output", tmp_path / "m", "-thread", n, "--log", log)
        models.append((tmp_path / "m.mlp").read_bytes())
        epoch = int(re.search(r"converged: epoch (\d+) had no error", result.err)[1])
        last = json.loads(log.read_text().splitlines()[-1])
        per_epoch = 2 if "--batch-size" in options else 4
        assert (last["epoch"], last["step"]) == (epoch, per_epoch * epoch)
        assert result.err.index("step  epoch") < result.err.index("has converged")
    assert models[0] == models[1]
    for steps in (1, per_epoch * epoch - 1, per_epoch * epoch):
        part = ["-output", tmp_path / "part", "--save-every", steps, "-thread", 1]
        (tmp_path / "part.ckpt").unlink(missing_ok=True)
        run("mlp-train", *learn, *part)
        result = run("mlp-train", *learn, *part, "--resume")
        assert f"Resuming after step {per_epoch * epoch // steps * steps}." in result.err
        assert f"epoch {epoch} had no error" in result.err
        assert (tmp_path / "part.mlp").read_bytes() == models[0]


def test_validation_may_keep_a_model_from_before(gate, tmp_path):
    learn = ["-input", gate("and"), "-valid", gate("nand"), "--optimizer", "perceptron"]
    result = run("mlp-train", *learn, "-output", tmp_path / "m")
    assert "has converged: epoch " in result.err
    assert "The model that is kept, the best on validation data, has a unit in" in result.err


def test_a_model_of_the_rule_has_its_loss(gate, tmp_path):
    """Of another loss its scores would be taken for probabilities that they are not."""
    options = ["--hidden", "none", "-loss", "softmax", "-verbose", 0, "-thread", 1]
    run("mlp-train", "-input", gate("and"), "-output", tmp_path / "m", *options)
    arrays, config = crafted.read(tmp_path / "m.mlp")
    config["args"] |= {"optimizer": "perceptron", "loss": "ova", "weight_decay": 0.0}
    path = crafted.write(tmp_path / "n.mlp", arrays, config)
    said = one_sentence("predict-prob", path, gate("and"), 2)
    assert "args.optimizer is perceptron, whose loss is ova" in said


def test_a_loss_is_refused_whichever_it_is(gate, tmp_path):
    learn = ["-input", gate("and"), "-output", tmp_path / "m", "--optimizer", "perceptron"]
    said = one_sentence("mlp-train", *learn, "-loss", "ova")
    assert "is a rule without a loss: leave -loss ova out" in said
    assert run("mlp-train", *learn, "-loss", "auto").code == 0


def test_texts_have_word_vectors(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("__label__a x y\n__label__b z\n")
    options = ["--optimizer", "perceptron", "-verbose", 0]
    said = one_sentence("mlp-train", "-input", path, "-output", tmp_path / "m", *options)
    assert said.startswith("--optimizer perceptron is for numbers")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--hidden", "none", "-loss", "softmax"], "was trained with -loss softmax, and"),
        (["--hidden", 3, "-loss", "ova"], "has hidden layers, and"),
        (["--hidden", "none", "--task", "regression"], "predicts numbers, and"),
    ],
)
def test_networks_that_the_rule_cannot_continue(options, said, gate, tmp_path):
    model = tmp_path / "old.mlp"
    given = ["-input", gate("and"), "-verbose", 0, "-thread", 1]
    run("mlp-train", *given, "-output", tmp_path / "old", *options)
    again = ["-inputModel", model, "--optimizer", "perceptron"]
    found = one_sentence("mlp-train", *given, "-output", tmp_path / "m", *again)
    assert found.startswith(f"{model} {said} --optimizer perceptron cannot continue it: use an")


def test_the_rule_continues_its_own_networks(gate, tmp_path):
    given = ["-thread", 1, "--optimizer", "perceptron", "-epoch", 1]
    assert run("mlp-train", "-input", gate("and"), "-output", tmp_path / "m", *given).code == 0
    more = ["-inputModel", tmp_path / "m.mlp", *given]
    result = run("mlp-train", "-input", gate("or"), "-output", tmp_path / "n", *more)
    assert result.code == 0, result.err
