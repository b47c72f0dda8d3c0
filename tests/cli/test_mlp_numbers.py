"""mlp-train on numbers that float32 cannot tell apart, and columns that tell nothing."""

import numpy as np
import pytest

from fastcli.mlp.model_file import FORMAT, load_arrays, save_arrays
from tests.cli.test_mlp import FAR, ROWS, scores, train
from tests.command import run

QUIET = ["-thread", 1, "-verbose", 0]


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
    assert f"Column {column} is the same in every training line: it has no influence." in result.err
    model = tmp_path / "m.mlp"
    answers = {
        run("predict-prob", model, written("test", constant), -1).text()
        for constant in (0.1, 255, -1e9, 0)
    }
    assert len(answers) == 1


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


def test_models_of_the_first_version_hold_their_scales_as_float32(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    model = train(table, tmp_path / "m", *FAR)
    arrays, config = load_arrays(str(model), FORMAT)
    assert arrays["columns.mean"].dtype == np.float64
    for name in ("columns.mean", "columns.scale"):
        arrays[name] = arrays[name].astype(np.float32)
    save_arrays(str(tmp_path / "old.mlp"), arrays, config)
    for command, asked in (("predict", table), ("dump", "input")):
        found = [run(command, m, asked).text() for m in (model, tmp_path / "old.mlp")]
        assert found[0] == found[1]
