"""The rows that mlp-train writes: accuracies side by side, and gradients of layers."""

import json

import numpy as np
import pytest

from tests.command import SAMPLES, run

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"


def mlp(output, *options, source=TRAIN, code=0):
    """Train; return what is said."""
    result = run("mlp-train", "-input", source, "-output", output, "-thread", 1, *options)
    assert (result.code, result.out) == (code, b"")
    assert "Traceback" not in result.err
    return result.err


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Return the path of a table that five layers of sigmoids learn nothing from."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 6))
    rows = [",".join([*map("{:.3f}".format, row), f"k{row[:5].argmax()}"]) for row in x]
    path = tmp_path_factory.mktemp("digits") / "digits.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_training_accuracy_beside_validation_accuracy(tmp_path):
    log = tmp_path / "run.jsonl"
    small = ["-dim", 8, "--hidden", 8, "-epoch", 4]
    err = mlp(tmp_path / "m", *small, "--valid", VALID, "--log", log)
    header = next(line for line in err.splitlines() if "train acc" in line)
    titles = "step epoch lr loss valid loss train acc valid acc macro F1"
    assert header.split() == titles.split()
    assert all(len(line) <= 80 for line in err.splitlines() if line[:6].strip().isdigit())
    first, *rows = map(json.loads, log.read_text().splitlines())
    assert first["run"] == "mlp-train"
    assert rows[-1]["train_error"] < rows[0]["train_error"] < 1
    assert len(rows[0]["gradients"]) == 2
    assert len(rows[0]["activations"]) == 1
    err = mlp(tmp_path / "m", *small)
    header = next(line for line in err.splitlines() if "train acc" in line)
    assert header.split() == ["step", "epoch", "lr", "loss", "train", "acc"]


def test_gradients_are_shown_where_they_are_asked_for(digits, tmp_path):
    deep = ["--hidden", "8,8,8", "-epoch", 3, "--optimizer", "sgd", "-lr", 0.05]
    err = mlp(tmp_path / "m", *deep, "--show-gradients", source=digits)
    rows = [line for line in err.splitlines() if line[:6].strip().isdigit()]
    assert len(rows) == 3
    assert all(
        set(row.split()[-1]) <= set("▁▂▃▄▅▆▇█") and len(row.split()[-1]) == 4 for row in rows
    )
    plain = mlp(tmp_path / "p", *deep, source=digits)
    assert "▁" not in plain
    assert (tmp_path / "m.mlp").read_bytes() == (tmp_path / "p.mlp").read_bytes()


@pytest.mark.parametrize("kind", ["text", "numbers"])
def test_lines_held_out(kind, digits, tmp_path):
    source = TRAIN if kind == "text" else digits
    n = len(source.read_text().splitlines())
    small = ["-dim", 8] * (kind == "text") + ["--hidden", 8, "-epoch", 2]
    err = mlp(tmp_path / "m", *small, "--valid-share", 0.1, source=source)
    assert f"--valid-share 0.1: {n // 10} of {n} lines held out for validation" in err
    assert f"{n - n // 10} examples" in err
    assert "valid acc" in err
    again = mlp(tmp_path / "n", *small, "--valid-share", 0.1, source=source)
    assert "valid acc" in again
    assert (tmp_path / "m.mlp").read_bytes() == (tmp_path / "n.mlp").read_bytes()


def test_lines_held_out_of_standard_input(digits, tmp_path):
    for source in (TRAIN, digits):
        options = ["-output", tmp_path / "m", "--hidden", 4, "-epoch", 1, "--valid-share", 0.2]
        result = run("mlp-train", "-input", "-", *options, stdin=source.read_bytes())
        assert result.code == 0, result.err
        assert "held out for validation" in result.err


def test_metrics_of_networks(tmp_path):
    for metric in ("f1macro", "f1:sport", "logloss", "precisionAtRecall:50"):
        log = tmp_path / "run.jsonl"
        options = ["-dim", 4, "--hidden", 4, "-epoch", 3, "--valid", VALID, "--log", log]
        mlp(tmp_path / "m", *options, "--monitor", metric, "-verbose", 0)
        rows = [json.loads(line) for line in log.read_text().splitlines()[1:]]
        best = (min if metric == "logloss" else max)(row["monitored"] for row in rows)
        assert next(row for row in rows[::-1] if row["is_best"])["monitored"] == best
    said = mlp(tmp_path / "m", "--valid", VALID, "--monitor", "eror", code=1)
    assert "--monitor: Unknown metric : eror (did you mean error?)" in said


def test_a_number_of_epochs_that_may_have_meant_steps(tmp_path):
    err = mlp(tmp_path / "m", "-dim", 4, "-epoch", 2, "--valid", VALID, "--eval-every", 50)
    assert "--eval-every 50 is 50 epochs, and training has 2" in err
    assert "give --eval-every 50steps" in err


def test_a_model_of_0_1_0_has_steps(tmp_path):
    """Its arguments have a whole number, and 0 for an epoch."""
    from fastcli.mlp.model_reader import as_written_now

    for steps, now in ((0, ""), (5, "5steps")):
        config = {"args": {"eval_every": steps, "label_column": "team", "optimizer": "adam"}}
        assert as_written_now(config)["args"] == {
            "eval_every": now,
            "label_column": ["team"],
            "optimizer": "adam",
            "initial_accumulator": 0.0,  # what adagrad summed from
        }
