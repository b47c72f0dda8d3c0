"""mlp-train: what regularises and normalises, through the command line and in files."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from fastcli.files import Replacement
from fastcli.mlp.model_file import MODEL_FORMAT, load_arrays
from fastcli.mlp.tensors import write_tensors
from tests.cli.test_mlp import FAR, ROWS, config_of, fails, scores, train
from tests.command import PLAIN, run

BATCH = ["--norm", "batch", "-batch-size", 6]


@pytest.fixture
def table(tmp_path):
    """Return the path of a table with a header."""
    path = tmp_path / "table.csv"
    path.write_text("x,y,kind\n" + "".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    return path


def rewritten(path, change):
    """Write a model again after ``change`` has seen its arrays and its JSON object."""
    arrays, config = load_arrays(str(path), MODEL_FORMAT)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    change(arrays, config)
    odd = path.with_name("odd.mlp")
    out = Replacement(str(odd))
    write_tensors(out, arrays, config)
    out.place()
    return odd


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("affine", ["gamma", "beta", "none"])
def test_a_model_without_gamma_or_beta(norm, affine, table, tmp_path):
    options = ["--norm", norm, "-batch-size", 6, "--norm-affine", affine, *FAR]
    model = train(table, tmp_path / "m", *options)
    names = {name.removeprefix("layers.0.") for name in load_file(model)}
    assert {"gamma", "beta"} & names == ({affine} if affine != "none" else set())
    assert config_of(model)["args"]["norm_affine"] == affine
    assert scores(model, table)["precision"] == 1
    other = train(table, tmp_path / "n", *options, "-inputModel", model)
    assert names == {name.removeprefix("layers.0.") for name in load_file(other)}

    def with_both(arrays, config):
        config["args"].pop("norm_affine")

    said = fails("test", rewritten(model, with_both), table)
    missing = "beta" if affine == "gamma" else "gamma"
    assert said == f"{tmp_path}/odd.mlp is damaged: layers.0.{missing} is missing.\n"


def test_models_without_the_new_options_do_not_mention_them(table, tmp_path):
    args = config_of(train(table, tmp_path / "m", *BATCH, *FAR))["args"]
    assert not {"norm_statistics", "norm_affine"} & args.keys()


def test_population_statistics_replace_running_ones(table, tmp_path):
    running = load_file(train(table, tmp_path / "m", *BATCH, *FAR))
    model = train(table, tmp_path / "n", *BATCH, "--norm-statistics", "population", *FAR)
    population = load_file(model)
    assert config_of(model)["args"]["norm_statistics"] == "population"
    same = {name for name in running if np.array_equal(running[name], population[name])}
    assert running.keys() - same == {"layers.0.running_mean", "layers.0.running_var"}
    assert scores(model, table)["precision"] == 1


def test_momentum_has_no_effect_on_population_statistics(table, tmp_path):
    options = [*BATCH, "--norm-statistics", "population", "--norm-momentum", 0.3]
    result = run("mlp-train", "-input", table, "-output", tmp_path / "m", *FAR[:-1], 1, *options)
    assert "--norm-momentum: no effect with --norm-statistics population" in result.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("norm_statistics", "Unknown norm statistics"),
        ("norm_affine", "Unknown norm affine"),
        ("decay_by", "Unknown decay"),
        ("max_norm_kind", "Unknown norm of weights"),
        ("image", "--image must be height x width"),
    ],
)
def test_a_file_with_an_unknown_choice(name, said, table, tmp_path):
    model = train(table, tmp_path / "m", *BATCH, *FAR)
    odd = rewritten(model, lambda arrays, config: config["args"].update({name: "zzz"}))
    assert f"is damaged: {said}" in fails("test", odd, table)


def test_weights_that_are_exactly_zero_are_counted(table, tmp_path):
    options = ["--hidden", "none", "--l1", 0.5, "--l1-proximal", *PLAIN, "-epoch", 100]
    options += ["-lr", 0.05, "-thread", 1, "-verbose", 1]
    result = run("mlp-train", "-input", table, "-output", tmp_path / "m", *options)
    weight = load_file(tmp_path / "m.mlp")["layers.0.weight"]
    n_zero = int((weight == 0).sum())
    assert 0 < n_zero < 6
    assert f"Weights that are exactly 0: {n_zero} of 6 ({n_zero / 6:.0%})." in result.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--l1-proximal"], "--l1-proximal: no effect without --l1"),
        (["--decay-by", "step"], "--decay-by: no effect without --weight-decay"),
        (["--max-norm-kind", "l1"], "--max-norm-kind: no effect without --max-norm"),
    ],
)
def test_what_has_no_effect_is_said(options, said, table, tmp_path):
    result = run("mlp-train", "-input", table, "-output", tmp_path / "m", *FAR[:-1], 1, *options)
    assert (result.code, said in result.err) == (0, True), result.err
    assert "A larger --l1" not in result.err


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("l1_proximal", ["--l1", 0.01, "--l1-proximal"]),
        ("decay_by", ["--weight-decay", 0.0005, "--decay-by", "step"]),
        ("max_norm_kind", ["--max-norm", 2, "--max-norm-kind", "l1"]),
    ],
)
def test_penalties_are_recorded_where_they_are_given(name, options, table, tmp_path):
    quiet = [*FAR[:-1], 0]
    run("mlp-train", "-input", table, "-output", tmp_path / "m", *quiet, *options)
    assert name in config_of(tmp_path / "m.mlp")["args"]
    assert scores(tmp_path / "m.mlp", table)["precision"] == 1
    run("mlp-train", "-input", table, "-output", tmp_path / "n", *quiet)
    assert name not in config_of(tmp_path / "n.mlp")["args"]
