"""mlp-train on numbers: what float32 cannot tell apart, what tells nothing, what is printed."""

import json
import math

import numpy as np
import pytest

from fastcli.files import Replacement
from fastcli.mlp.activations import ACTIVATIONS
from fastcli.mlp.attribution import Gradients
from fastcli.mlp.model_file import MODEL_FORMAT, load_arrays, load_mlp
from fastcli.mlp.tensors import write_tensors
from tests import naive_mlp
from tests.cli.test_mlp import FAR, QUICK, ROWS, config_of, one_sentence, scores, train
from tests.command import SAMPLES, SHARED, run

MNIST = SHARED / "data" / "mlp_numeric"
QUIET = ["-thread", 1, "-verbose", 0]


@pytest.fixture
def table(tmp_path):
    """Return the path of a table without a header."""
    path = tmp_path / "table.csv"
    path.write_text("".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    return path


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("norm", ["none", "layer"])
def test_a_saved_network_computes_its_formulas(activation, norm, table, tmp_path):
    """The file's tensors in plain NumPy give what the loaded model does, for every activation."""
    options = ["--activation", activation, "--norm", norm, "--hidden", "7,5", "-epoch", 4, *QUIET]
    path = train(table, tmp_path / "m", *options)
    model = load_mlp(str(path))
    tensors = {name: one.astype(np.float64) for name, one in model.tensors.items()}
    layers = []
    for i in range(3):
        part = {name.split(".")[2]: one for name, one in tensors.items() if f"layers.{i}." in name}
        layers.append(
            {
                "w": part["weight"],
                "b": part["bias"],
                "activation": activation if i < 2 else None,
                "shape": list(part.get("shape", [])),
                "norm": norm.replace("none", "") if i < 2 else "",
                "after": False,
                "gamma": part.get("gamma"),
                "beta": part.get("beta"),
                "eps": 1e-5,
            }
        )
    x = np.random.default_rng(1).normal(size=(9, 2))
    labels = naive_mlp.targets([[0]] * 9, model.nlabels, "softmax", 0.0)
    value, _, _ = naive_mlp.run(layers, x, labels, "softmax")
    found = Gradients(model).scores(x)
    losses = np.logaddexp.reduce(found, axis=1) - found[:, 0]
    assert losses.mean() == pytest.approx(value, rel=1e-5)


def test_times_in_milliseconds(tmp_path):
    path = tmp_path / "ts.csv"
    times = range(1700000000000, 1700000000400)
    path.write_text("".join(f"{t},{'am' if t < 1700000000200 else 'pm'}\n" for t in times))
    model = train(path, tmp_path / "m", "--hidden", "none", "-lr", 0.1, "-epoch", 20, *QUIET)
    assert scores(model, path)["precision"] > 0.99
    asked = "1700000000000\n1700000000399\n"
    assert run("predict", model, "-", stdin=asked.encode()).text() == "am\npm\n"


@pytest.mark.parametrize("options", [[], ["--no-standardize"]])
@pytest.mark.parametrize("kind", ["csv", "svm"])
def test_a_constant_column_has_no_influence(kind, options, tmp_path):
    def written(name, constant):
        path = tmp_path / f"{name}.{kind}"
        rows = [(f"{x},{constant},{y},{c}", f"{c} 1:{x} 2:{constant} 3:{y}") for x, y, c in ROWS]
        path.write_text("".join(row[kind == "svm"] + "\n" for row in rows))
        return path

    path = written("train", 0.1)
    result = run("mlp-train", "-input", path, "-output", tmp_path / "m", *FAR[:-1], 1, *options)
    assert result.code == 0
    column = 2 if kind == "svm" else 1
    assert (
        f"Column {column} is the same in every training line: it has no influence on predictions."
        in result.err
    )
    model = tmp_path / "m.mlp"
    answers = {
        run("predict-prob", model, written("test", constant), -1).text()
        for constant in (0.1, 255, -1e9, 0)
    }
    assert len(answers) == 1


# ----------------------------------------------------------------------- --scale


@pytest.fixture
def wide_and_narrow(tmp_path):
    """Return two tables of columns on unlike scales, as they are and put on 0 to 1 by hand."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, 65, (300, 2)) * [1000, 0.25]  # 64 steps: what is divided is exact
    x[0], x[1] = 0, [64000, 16]
    names = np.where(x[:, 0] / 64000 > x[:, 1] / 16, "more", "less")
    paths = []
    for name, numbers in (("raw", x), ("scaled", x / [64000, 16])):
        paths.append(tmp_path / f"{name}.csv")
        rows = (f"{a},{b},{k}\n" for (a, b), k in zip(numbers.tolist(), names, strict=True))
        paths[-1].write_text("a,b,kind\n" + "".join(rows))
    return paths


def test_minmax_is_kept_by_the_model(wide_and_narrow, tmp_path):
    """The network is that of the numbers put on 0 to 1 by hand, wherever it reads others."""
    how = ["-lr", 0.03, "-epoch", 5, *QUIET]
    models = [
        train(path, tmp_path / f"m{i}", "--scale", scale, "--valid", path, *how)
        for i, (path, scale) in enumerate(zip(wide_and_narrow, ("minmax", "none"), strict=True))
    ]
    tensors = [load_arrays(str(model), MODEL_FORMAT)[0] for model in models]
    assert np.array_equal(tensors[0]["layers.0.weight"], tensors[1]["layers.0.weight"])
    beyond = b"128000,-8\n-64000,64\n32000,8\n"
    by_hand = b"2,-0.5\n-1,4\n0.5,0.5\n"
    for asked in ((beyond, by_hand), tuple(path.read_bytes() for path in wide_and_narrow)):
        found = [
            run("predict-prob", model, "-", -1, stdin=text).text()
            for model, text in zip(models, asked, strict=True)
        ]
        assert found[0] == found[1]
        assert found[0]
    assert scores(models[0], wide_and_narrow[0]) == scores(models[1], wide_and_narrow[1])
    go_on = ["-inputModel", models[0], *how]
    more = train(wide_and_narrow[0], tmp_path / "more", *go_on)
    assert config_of(more)["args"]["scale"] == "minmax"
    assert "scale minmax" in " ".join(run("inspect", more).text().split())
    assert '\nscale = "minmax"\n' in run("dump", more, "args").text()


def test_folds_are_scaled_by_their_own_training_rows(wide_and_narrow, tmp_path):
    predictions = []
    for i, (path, scale) in enumerate(zip(wide_and_narrow, ("minmax", "none"), strict=True)):
        out = tmp_path / f"f{i}.jsonl"
        options = ["--folds", 3, "--folds-output", out, "--scale", scale, *QUIET]
        run("mlp-train", "-input", path, "-output", tmp_path / "m", "-epoch", 2, *options)
        predictions.append([json.loads(line)["predicted"] for line in out.read_text().splitlines()])
    assert len(predictions[0]) == 300
    assert np.mean([a == b for a, b in zip(*predictions, strict=True)]) > 0.95


def test_scalings_that_other_options_name(table, tmp_path):
    """``--no-standardize`` is ``--scale none``, ``standard`` is the default: the same bytes."""
    for i, (first, second) in enumerate(
        [(["--no-standardize"], ["--scale", "none"]), ([], ["--scale", "Standard"])]
    ):
        written = [
            train(table, tmp_path / f"m{i}", *options, "-epoch", 2, *QUIET).read_bytes()
            for options in (first, second, [*first, *second])
        ]
        assert written[0] == written[1] == written[2]
        assert b'\\"scale\\"' not in written[0][:4000]


def test_scalings_that_contradict(table, tmp_path):
    command = ["mlp-train", "-input", table, "-output", tmp_path / "m"]
    said = one_sentence(*command, "--no-standardize", "--scale", "minmax")
    assert said == "--no-standardize and --scale minmax contradict each other: leave one out."
    said = one_sentence(*command, "--scale", "min-max")
    assert said.startswith("Unknown scaling: min-max (did you mean minmax?).")


@pytest.mark.parametrize("scale", ["maximum", 3, ""])
def test_a_model_with_an_unknown_scaling(table, tmp_path, scale):
    arrays, config = load_arrays(str(train(table, tmp_path / "m", *FAR)), MODEL_FORMAT)
    config["args"] |= {"scale": scale or "minmax", "standardize": bool(scale)}
    out = Replacement(tmp_path / "bad.mlp")
    with out:
        write_tensors(out, arrays, config)
    said = one_sentence("predict", tmp_path / "bad.mlp", table)
    assert "bad.mlp is damaged: " in said


def test_several_constant_columns_are_counted(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("a,b,c,label\n1,5,0,x\n2,5,0,y\n")
    result = run("mlp-train", "-input", path, "-output", tmp_path / "m", *FAR[:-1], 1)
    assert "2 of 3 columns are the same in every training line (b, c): " in result.err


@pytest.mark.parametrize("turned", [False, True])
def test_libsvm_files_in_either_order(turned, tmp_path):
    first, second = tmp_path / "1.svm", tmp_path / "2.svm"
    first.write_text("A 1:5\nB 1:-5\n" * 8)
    second.write_text("C 1:1 3:9\nD 2:9\n" * 8)
    files = [second, first] if turned else [first, second]
    inputs = [word for path in files[1:] for word in ("-input", path)]
    model = train(files[0], tmp_path / "m", *inputs, "-epoch", 60, "-lr", 0.05, *QUIET)
    for path in files:
        assert scores(model, path)["precision"] == 1
    assert run("dump", model, "input").text().startswith("2 3\n")


def test_models_of_the_first_version_hold_their_scales_as_float32(table, tmp_path):
    model = train(table, tmp_path / "m", *FAR)
    arrays, config = load_arrays(str(model), MODEL_FORMAT)
    assert arrays["columns.mean"].dtype == np.float64
    for name in ("columns.mean", "columns.scale"):
        arrays[name] = arrays[name].astype(np.float32)
    out = Replacement(tmp_path / "old.mlp")
    with out:
        write_tensors(out, arrays, config)
    for command, asked in (("predict", table), ("dump", "input")):
        found = [run(command, m, asked).text() for m in (model, tmp_path / "old.mlp")]
        assert found[0] == found[1]


def test_probabilities_are_printed_as_they_are(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("1,50,yes\n2,51,yes\n3,-49,no\n4,-50,no\n")
    model = train(path, tmp_path / "m", "-lr", 0.05, "-epoch", 200, *QUIET)
    assert run("predict-prob", model, "-", -1, stdin=b"1,5000\n").text() == "yes 1 no 0\n"
    lines = run("predict-prob", model, "-", -1, stdin=b"1,0\n2,9\n3,-5\n").text().splitlines()
    rows = run("predict-prob", "--json", model, "-", -1, stdin=b"1,0\n2,9\n3,-5\n").out
    for line, row in zip(lines, rows.splitlines(), strict=True):
        words = line.split()
        probabilities = [float(word) for word in words[1::2]]
        assert math.fsum(probabilities) == pytest.approx(1, abs=2e-6)
        assert max(probabilities) <= 1
        found = json.loads(row)
        assert str(found).count("yes") == str(found).count("no") == 1


# ------------------------------------------------------------------- divergence


def test_a_run_that_diverges_keeps_its_best_model(table, tmp_path):
    log = tmp_path / "log.jsonl"
    options = ["--optimizer", "sgd", "-lr", 1e6, "--warmup", 400, "-epoch", 400, *QUIET]
    options += ["--valid", table, "--log", log, "--batch-size", 4, "--dropout", 0]
    said = one_sentence("mlp-train", "-input", table, "-output", tmp_path / "m", *options)
    found = [json.loads(line) for line in log.read_text().splitlines()[1:]]
    best = min(found, key=lambda e: (e["valid_error"], e.get("valid_loss", math.inf)))
    assert said.startswith("Encountered NaN: the loss is not finite in epoch ")
    assert f"; the model of step {best['step']}, the best before, was saved. Try -lr " in said
    assert config_of(tmp_path / "m.mlp")["about"]["best_step"] == best["step"]
    assert 1 - scores(tmp_path / "m.mlp", table)["precision"] == pytest.approx(best["valid_error"])


# ------------------------------------------------------------------ what is said


def test_options_without_effect_are_said_in_a_line(table, tmp_path):
    options = ["--momentum", 0.9, "-epoch", 1, "-thread", 1, "-verbose", 1]
    said = run("mlp-train", "-input", table, "-output", tmp_path / "m", *options).err
    assert "--momentum: no effect with --optimizer adam, only with sgd, momentum, " in said
    said = run(
        "mlp-train", "-input", table, "-output", tmp_path / "m", *options, "--optimizer", "sgd"
    ).err
    assert "no effect" not in said


def test_only_learned_parameters_are_counted(table, tmp_path):
    for activation, n in (("leaky-relu", 0), ("rrelu", 0), ("elu", 0), ("prelu", 8), ("srelu", 32)):
        options = ["--hidden", 8, "--norm", "batch", "--activation", activation, "-epoch", 1]
        options += ["-thread", 1, "-verbose", 1]
        said = run("mlp-train", "-input", table, "-output", tmp_path / "m", *options).err
        expected = 3 * 8 + 2 * 8 + 9 * 3 + n  # weights and biases, gamma and beta
        assert f"Network 2-8-3: 3 layers (2 if the input is not counted), {expected} param" in said
        (report,) = run("inspect", "--json", tmp_path / "m.mlp").out.splitlines()
        assert json.loads(report)["parameters"] == expected
        assert config_of(tmp_path / "m.mlp")["about"]["parameters"] == expected


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "sgd"])
def test_inspect_names_the_optimiser(optimizer, table, tmp_path):
    model = train(table, tmp_path / "m", "--optimizer", optimizer, "-epoch", 1, *QUIET)
    assert f"optimizer {optimizer}, lr " in run("inspect", model).text()


@pytest.mark.parametrize("name", ["missing.csv", "folder"])
@pytest.mark.parametrize("source", ["table", "text"])
def test_errors_about_a_validation_file_speak_of_validation(name, source, table, tmp_path):
    (tmp_path / "folder").mkdir()
    path = SAMPLES / "topics.train.txt" if source == "text" else table
    options = ["-output", tmp_path / "m", "--valid", tmp_path / name, *QUICK]
    said = one_sentence("mlp-train", "-input", path, *options)
    assert said.startswith(f"{tmp_path / name} cannot be opened for validation! (")


def test_a_header_without_rows(tmp_path):
    path = tmp_path / "named.csv"
    path.write_text("a,b,label\n" + "".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    model = train(path, tmp_path / "m", *QUICK)
    for text in (b"a,b,label\n", b"a,b\n", b"\n\na,b\n"):
        result = run("predict", model, "-", stdin=text)
        assert (result.code, result.err) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(not MNIST.exists(), reason="the digits are not here")
def test_sigmoids_with_adagrad_learn_as_in_tensorflow(tmp_path):
    """Two layers of sigmoids: .9465 by TensorFlow, and chance where AdaGrad starts from 0."""
    found = {}
    for start in (0.1, 0.0):
        options = "--hidden 300,300 --activation sigmoid --optimizer adagrad -lr 0.3 "
        options += "--init truncated-normal --init-std 0.1 --dropout 0.25 --batch-size 100 "
        options += f"--scale minmax -verbose 0 --initial-accumulator {start} "
        options += f"-epoch {20 if start else 2}"
        model = tmp_path / "m"
        files = "-input", MNIST / "mnist10k.train.csv", "-output", model
        assert run("mlp-train", *files, *options.split()).code == 0
        result = run("test", f"{model}.mlp", MNIST / "mnist10k.test.csv")
        found[start] = float(result.out.split()[3])
    assert found[0.1] >= 0.93
    assert found[0.0] < 0.2
