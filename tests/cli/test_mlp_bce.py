"""One sigmoid unit for two labels: -loss bce is, from outside, like the softmax of two units."""

import json
import math

import numpy as np
import pytest

from fastcli.mlp.model_file import load_mlp
from tests.command import run

QUIET = ["-verbose", 0]


@pytest.fixture
def table(tmp_path):
    """Return the path of a table of two labels that a network can tell apart, mostly."""
    rng = np.random.default_rng(0)
    path = tmp_path / "t.csv"
    rows = [
        f"{x:.3f},{y:.3f},{'yes' if x * y + rng.normal(0, 0.2) > 0 else 'no'}"
        for x, y in rng.normal(size=(300, 2))
    ]
    path.write_text("\n".join(["x,y,k", *rows]) + "\n")
    return path


def trained(path, model, *options):
    """Train with one output unit; return the model's file."""
    given = "-input", path, "-output", model, "-loss", "bce", "--hidden", 16, "-lr", 0.02, *options
    result = run("mlp-train", *given, *QUIET)
    assert result.code == 0, result.err
    return f"{model}.mlp"


def test_it_has_one_output_unit_and_learns(table, tmp_path):
    model = trained(table, tmp_path / "m")
    loaded = load_mlp(model)
    assert loaded.tensors["layers.1.weight"].shape == (16, 1, 1)
    assert (loaded.nlabels, loaded.sums_to_one) == (2, True)
    precision = float(run("test", model, table).out.split()[3])
    assert precision > 0.83
    report = json.loads(run("test", "--report", "--json", model, table).out)
    assert 0 < report["fastcli"]["log_loss"] < 0.4


def test_probabilities_are_the_sigmoid_of_the_score(table, tmp_path):
    model = trained(table, tmp_path / "m")
    loaded = load_mlp(model)
    asked = "x,y\n1.5,0.7\n-0.3,1.1\n0,0\n"
    said = run("predict-prob", model, "-", 2, stdin=asked.encode()).text().splitlines()
    tensors = {name: one.astype(np.float64) for name, one in loaded.tensors.items()}
    x = loaded.columns.standardize(np.array([[1.5, 0.7], [-0.3, 1.1], [0, 0]]), 16)
    x = np.asarray(x).reshape(3, -1)[:, :2]
    hidden = np.maximum(x @ tensors["layers.0.weight"][:, 0] + tensors["layers.0.bias"][0], 0)
    z = (hidden @ tensors["layers.1.weight"][:, 0] + tensors["layers.1.bias"][0])[:, 0]
    second = loaded.names[1].decode()
    for line, score in zip(said, z, strict=True):
        words = line.split()
        found = dict(zip(words[::2], map(float, words[1::2]), strict=True))
        assert sum(found.values()) == pytest.approx(1, abs=2e-5)
        assert found[second] == pytest.approx(1 / (1 + math.exp(-score)), abs=1e-5)
        assert float(words[1]) >= float(words[3])
    best = [line.split()[0] for line in said]
    assert run("predict", model, "-", stdin=asked.encode()).text().split() == best


def test_a_score_of_zero_is_even_and_ranked_as_with_softmax(table, tmp_path):
    given = ["--hidden", "none", "--init", "normal", "--init-std", 0, "-lr", 0, "-epoch", 1]
    found = []
    for loss in ("bce", "softmax"):
        model = trained(table, tmp_path / "m", *given, "-loss", loss)
        found.append(run("predict-prob", model, "-", 2, stdin=b"x,y\n1,2\n").text())
    assert found[0] == found[1]
    assert [float(p) for p in found[0].split()[1::2]] == pytest.approx([0.5, 0.5], abs=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        ["--valid-share", 0.2, "--patience", 3],
        ["--valid-share", 0.2, "--monitor", "f1:yes"],
        ["--label-smoothing", 0.1],
        ["--class-weight", "balanced"],
        ["--norm", "batch", "--dropout", 0.2],
        ["--folds", 3],
    ],
    ids=str,
)
def test_with_other_options(options, table, tmp_path):
    model = trained(table, tmp_path / "m", *options)
    assert float(run("test", model, table).out.split()[3]) > 0.8


def test_threads_do_not_matter(table, tmp_path):
    one = trained(table, tmp_path / "a", "-thread", 1, "--hidden", "300,300", "-epoch", 2)
    two = trained(table, tmp_path / "b", "-thread", 2, "--hidden", "300,300", "-epoch", 2)
    with open(one, "rb") as a, open(two, "rb") as b:
        assert a.read() == b.read()


def test_smoothing_and_weights_are_those_of_softmax(table, tmp_path):
    """Without hidden layer and from zero weights, half the step of each of two units is the step
    of one: their difference learns the same.
    """
    found = []
    for loss, lr in (("softmax", 0.5), ("bce", 1.0)):
        options = "--hidden none --init normal --init-std 0 --optimizer sgd -epoch 5"
        options += f" --label-smoothing 0.1 --class-weight balanced -loss {loss} -lr {lr}"
        model = tmp_path / loss
        result = run("mlp-train", "-input", table, "-output", model, *options.split(), *QUIET)
        assert result.code == 0, result.err
        weights = load_mlp(f"{model}.mlp").tensors["layers.0.weight"][:, 0].astype(np.float64)
        found.append(weights[:, 1] - weights[:, 0] if loss == "softmax" else weights[:, 0])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
    assert np.abs(found[0]).max() > 0.01


def test_explain_tells_both_labels(table, tmp_path):
    model = trained(table, tmp_path / "m")
    asked = b"x,y\n1.5,1.2\n"
    answers = []
    for label in ("yes", "no"):
        result = run("explain", model, "-", "--for-label", label, "--json", stdin=asked)
        assert result.code == 0, result.err
        answers.append(json.loads(result.out.splitlines()[0]))
    yes, no = answers
    assert yes["probability"] + no["probability"] == pytest.approx(1)
    assert yes["probability"] > 0.6
    total = sum(one["contribution"] for one in yes["contributions"])
    assert total == pytest.approx(yes["difference"] - yes["start"], rel=0.02)


def test_labels_that_change_places_when_training_goes_on(tmp_path):
    """A text's labels are in order of frequency: the unit is still for the second of them."""
    lines = [f"__label__{'ab'[i % 3 == 0]} w{'ab'[i % 3 == 0]} x{i % 4}\n" for i in range(60)]
    first, second = tmp_path / "1.txt", tmp_path / "2.txt"
    first.write_text("".join(lines))
    second.write_text("".join(line for line in lines if "__b" in line) * 5)
    text = ["-dim", 8, "-epoch", 30, "--hidden", "none"]
    given = "-input", first, "-output", tmp_path / "m", "-loss", "bce", "-lr", 0.05, *text, *QUIET
    assert run("mlp-train", *given).code == 0
    model, on = f"{tmp_path / 'm'}.mlp", tmp_path / "n"
    result = run("mlp-train", "-input", second, "-output", on, "-inputModel", model, "-lr", 0,
                 "-epoch", 1, *QUIET)  # fmt: skip
    assert result.code == 0, result.err
    names = [load_mlp(path).names for path in (model, f"{on}.mlp")]
    assert set(names[0]) == set(names[1])
    asked = b"wa x1\nwb x2\n"
    before, after = (
        run("predict-prob", path, "-", 2, stdin=asked).text() for path in (model, f"{on}.mlp")
    )
    assert before == after
    assert [line.split()[0] for line in before.splitlines()] == ["__label__a", "__label__b"]
    result = run("mlp-train", "-input", second, "-output", on, "-inputModel", model, "-loss",
                 "softmax", *QUIET)  # fmt: skip
    assert result.code == 1
    assert "trained with -loss bce, whose output units are not those of softmax" in result.err


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("a", "-loss bce tells two labels apart, and the input has only one."),
        (
            "abc",
            "-loss bce has one output unit, which tells two labels apart, and the input has 3: "
            "use -loss softmax (one label a line) or -loss ova (each label by itself).",
        ),
    ],
)
def test_other_numbers_of_labels_are_errors(labels, said, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,k\n" + "".join(f"{i},{labels[i % len(labels)]}\n" for i in range(12)))
    result = run("mlp-train", "-input", path, "-output", tmp_path / "m", "-loss", "bce")
    assert result.code == 1
    assert said in " ".join(result.err.split())
    assert not (tmp_path / "m.mlp").exists()


def test_gradients_are_checked_and_traced(table, tmp_path):
    given = "-input", table, "-output", tmp_path / "m", "-loss", "bce", "--hidden", 3
    assert run("mlp-train", *given, "--check-gradients").code == 0
    traced = run("mlp-train", *given, "--trace", 2)
    assert traced.code == 0, traced.err
    assert b"Output layer, 1 unit, one sigmoid for two labels" in traced.out
