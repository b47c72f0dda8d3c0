"""--folds: cross-validation before the model is trained, for both trainers and all inputs."""

import csv
import json
import shutil
import signal
import statistics
import subprocess
from contextlib import closing
from importlib import import_module

import numpy as np
import pytest

from fastcli.errors import DataError
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.folds import Held
from fastcli.evaluation.run_log import RunLog
from fastcli.fasttext import train_and_save
from fastcli.labelling.fold_rows import fold_rows, write_folds
from tests.cli.conftest import LOSSES
from tests.command import PLAIN_TEXT, SAMPLES, environment, run, words

TRAIN, TAGS = SAMPLES / "topics.train.txt", SAMPLES / "tags.train.txt"
REVIEWS = SAMPLES / "reviews.csv"
SMALL = ["-dim", 8, "-lr", 0.5, "-epoch", 5, "-verbose", 1]
MLP = [*PLAIN_TEXT, "-dim", 8, "--hidden", 8, "-lr", 0.01, "-epoch", 2, "-verbose", 1]
COLUMNS = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]
EVALUATION = Evaluation(step=1, epoch=1, progress=1, lr=1, loss=1, seconds=1)
COMMANDS = {"supervised": (SMALL, "bin"), "mlp-train": (MLP, "mlp")}


def train(command, output, source, *options, code=0, **more):
    """Train; return what is said and the bytes of the model."""
    usual, end = COMMANDS[command]
    result = run(command, "-input", source, "-output", output, *usual, *options, **more)
    assert (result.code, result.out) == (code, b""), result.err
    assert "Traceback" not in result.err
    path = output.with_suffix(f".{end}")
    return result.err, path.read_bytes() if path.exists() else b""


def rows_of(path):
    if path.suffix == ".jsonl":
        return list(map(json.loads, path.read_text().splitlines()))
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def table_of(err):
    """Return the rows of the table: its numbers by title."""
    lines = err.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("fold  trained on"))
    titles = ["fold", "trained on", "measured", "accuracy", "macro F1", "weighted F1", "loss"]
    rows = []
    for line in lines[at + 1 :]:
        rows.append(line.split())
        if line.startswith("std"):
            return titles, rows
    raise AssertionError(err)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_fold_is_what_test_says_of_a_model_of_the_others(tmp_path, command):
    log = tmp_path / "log.jsonl"
    err, model = train(
        command, tmp_path / "m", TRAIN, "--folds", 4, "--folds-output", tmp_path / "f.csv",
        "--log", log,
    )  # fmt: skip
    found = rows_of(tmp_path / "f.csv")
    lines = TRAIN.read_text(encoding="utf-8").splitlines()
    assert [int(row["line"]) for row in found] == list(range(1, len(lines) + 1))
    folds = np.array([int(row["fold"]) for row in found])
    assert np.bincount(folds)[1:].tolist() == [225] * 4
    logged = [row for row in map(json.loads, log.read_text().splitlines()) if "fold" in row]
    _, rows = table_of(err)
    ends = COMMANDS[command][1]
    for fold in (1, 3):
        for name, is_in in (("train", folds != fold), ("test", folds == fold)):
            chosen = [line for line, yes in zip(lines, is_in, strict=True) if yes]
            (tmp_path / f"{name}.txt").write_text("\n".join([*chosen, ""]), encoding="utf-8")
        train(command, tmp_path / "one", tmp_path / "train.txt")
        report = run("test", "--report", "--json", tmp_path / f"one.{ends}", tmp_path / "test.txt")
        said = json.loads(report.out)
        assert logged[fold - 1]["accuracy"] == pytest.approx(said["accuracy"])
        assert logged[fold - 1]["f1macro"] == pytest.approx(said["macro avg"]["f1-score"])
        assert float(rows[fold - 1][3]) == pytest.approx(said["accuracy"], abs=5e-5)
        probs = run("predict-prob", tmp_path / f"one.{ends}", tmp_path / "test.txt")
        best = [line.split() for line in probs.text().splitlines()]
        own = [row for row in found if int(row["fold"]) == fold]
        assert [row["predicted"] for row in own] == [b[0].removeprefix("__label__") for b in best]
        for row, (_, prob) in zip(own, best, strict=True):
            assert float(row["probability"]) == pytest.approx(float(prob), abs=3e-5)
    accuracies = [row["accuracy"] for row in logged]
    assert float(rows[-2][1]) == pytest.approx(statistics.mean(accuracies), abs=5e-5)
    assert float(rows[-1][1]) == pytest.approx(statistics.stdev(accuracies), abs=5e-5)
    right = sum(row["true"] == row["predicted"] for row in found)
    assert right / len(found) == pytest.approx(statistics.mean(accuracies))
    assert "The model that is written is trained on all 900 lines." in err
    _, plain = train(command, tmp_path / "plain", TRAIN)
    assert plain == model


@pytest.mark.parametrize("loss", LOSSES)
def test_the_same_on_any_number_of_threads(tmp_path, loss):
    made = []
    for n in (1, 3):
        out = tmp_path / f"{n}.tsv"
        _, model = train(
            "supervised", tmp_path / "m", TAGS, "-loss", loss, "-thread", n, "-epoch", 2,
            "--folds", 3, "--folds-output", out,
        )  # fmt: skip
        made.append((model, out.read_bytes()))
    assert made[0] == made[1]
    first = rows_of(tmp_path / "1.tsv")[0]
    assert set(first["true"].split("|")) <= set(TAGS.read_text().replace("__label__", "").split())


def test_labels_are_divided_alike(tmp_path):
    train("supervised", tmp_path / "m", TRAIN, "--folds", 3, "--folds-output", tmp_path / "f.csv")
    counts: dict[str, list[int]] = {}
    for row in rows_of(tmp_path / "f.csv"):
        counts.setdefault(row["true"], [0, 0, 0])[int(row["fold"]) - 1] += 1
    assert all(max(found) - min(found) <= 1 for found in counts.values())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("pipe", [False, True])
def test_tables_have_their_rows_and_columns(tmp_path, command, pipe):
    source, more, options = REVIEWS, {}, COLUMNS
    if pipe:
        source, more = "-", {"stdin": REVIEWS.read_bytes()}
        options = [*COLUMNS, "--format", "csv"]
    folded = ["--folds", 2, "--folds-output", tmp_path / "f.jsonl"]
    err, model = train(command, tmp_path / "m", source, *options, *folded, **more)
    found = rows_of(tmp_path / "f.jsonl")
    with open(REVIEWS, newline="", encoding="utf-8") as file:
        original = list(csv.DictReader(file))
    assert len(found) == len(original) == 800
    for row, cells in zip(found, original, strict=True):
        assert {name: row[name] for name in cells} == cells
        assert row["true"] == [cells["verdict"] or "other"]
    assert [row["line"] for row in found] == sorted(row["line"] for row in found)
    assert found[0]["line"] == 2
    _, plain = train(command, tmp_path / "plain", source, *options, **more)
    assert plain == model
    assert "trained on all 800 lines" in err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("end", ["csv", "json"])
def test_rows_with_weights_and_rows_that_are_alike(tmp_path, command, end):
    """Equal texts, rows left out, several rows on a line: each keeps its own columns."""
    rows = [
        {"id": f"r{i}", "text": f"word{i % 3} a b", "label": "xy"[i % 2], "weight": f"{1 + i % 4}"}
        for i in range(40)
    ]
    rows[7]["label"], rows[11]["text"] = "", ""
    path, out = tmp_path / f"t.{end}", tmp_path / "f.csv"
    if end == "csv":
        lines = [",".join(row.values()) for row in rows]
        path.write_text("\n".join(["id,text,label,weight", *lines, ""]))
    else:
        path.write_text(json.dumps(rows))
    columns = ["--text-column", "text", "--label-column", "label", "--weight-column", "weight"]
    folded = ["--folds", 2, "--folds-output", out, "--skip-bad"]
    err, model = train(command, tmp_path / "m", path, *columns, *folded)
    kept = [row for i, row in enumerate(rows) if i not in (7, 11)]
    found = rows_of(out)
    assert [{name: row[name] for name in kept[0]} for row in found] == kept
    assert [row["true"] for row in found] == [row["label"] for row in kept]
    first = 2 if end == "csv" else 1
    assert [int(row["line"]) for row in found] == [int(row["id"][1:]) + first for row in found]
    assert "Predictions of 38 lines go to" in err
    assert f"{out}" in err.splitlines()[-1]  # what was written
    _, plain = train(command, tmp_path / "plain", path, *columns, "--skip-bad")
    assert plain == model


def test_lines_with_weights_are_shown_without_them(tmp_path):
    lines = TRAIN.read_text(encoding="utf-8").splitlines()[:60]
    path, out = tmp_path / "t.txt", tmp_path / "f.jsonl"
    path.write_text("\n".join([*(f"{line} w:2" for line in lines), ""]), encoding="utf-8")
    folded = ["--folds", 2, "--folds-output", out]
    train("supervised", tmp_path / "m", path, "--weight-prefix", "w:", *folded)
    texts = [" ".join(line.split()[1:]) for line in lines]
    assert [row["text"] for row in rows_of(out)] == texts


def test_rows_that_are_gone_are_an_error(tmp_path):
    held = Held(folds=np.zeros(2, np.int32))
    out = fold_rows(str(tmp_path / "f.csv"), False)
    rows = [(0, "t.csv", 2, ["a"], "x")]
    with closing(out), pytest.raises(DataError, match="1 of 2 lines could be read again"):
        write_folds(out, print, held, rows, str)


def test_tables_of_numbers(tmp_path):
    rng = np.random.default_rng(1)
    rows = [f"{x:.4f},{'ab'[int(x > 0)]},{y:.4f}" for x, y in rng.normal(size=(60, 2))]
    (tmp_path / "t.csv").write_text("\n".join(["x,kind,y", *rows[:30], "", *rows[30:], ""]))
    options = ["--label-column", "kind", "-epoch", 40, "--batch-size", 4]
    out = tmp_path / "f.csv"
    folded = ["--folds", 5, "--folds-output", out]
    err, model = train("mlp-train", tmp_path / "m", tmp_path / "t.csv", *options, *folded)
    found = rows_of(out)
    assert [int(row["line"]) for row in found] == [*range(2, 32), *range(33, 63)]
    assert [f"{row['x']},{row['kind']},{row['y']}" for row in found] == rows
    assert [row["true"] for row in found] == [row["kind"] for row in found]
    assert sum(row["true"] == row["predicted"] for row in found) > 50
    _, plain = train("mlp-train", tmp_path / "plain", tmp_path / "t.csv", *options)
    assert plain == model
    # The same as a model of the other rows, by --valid on the ones that are left out.
    folds = [int(row["fold"]) for row in found]
    for name, is_in in (("train", False), ("test", True)):
        chosen = [row for row, fold in zip(rows, folds, strict=True) if (fold == 2) is is_in]
        (tmp_path / f"{name}.csv").write_text("\n".join(["x,kind,y", *chosen, ""]))
    train("mlp-train", tmp_path / "one", tmp_path / "train.csv", *options)
    report = run("test", "--report", "--json", tmp_path / "one.mlp", tmp_path / "test.csv")
    said = json.loads(report.out)
    assert float(table_of(err)[1][1][3]) == pytest.approx(said["accuracy"], abs=5e-5)
    assert float(table_of(err)[1][1][6]) == pytest.approx(said["fastcli"]["log_loss"], abs=5e-5)


def test_libsvm_rows(tmp_path):
    (tmp_path / "t.svm").write_text("1 1:2 3:4\n\n0,2 2:1\n1 1:3\n0 2:2 3:1 # x\n0 2:1\n1 1:1\n")
    err, _ = train(
        "mlp-train", tmp_path / "m", tmp_path / "t.svm", "--folds", 2, "--folds-output",
        tmp_path / "f.csv",
    )  # fmt: skip
    found = rows_of(tmp_path / "f.csv")
    assert [row["line"] for row in found] == ["1", "3", "4", "5", "6", "7"]
    assert [row["true"] for row in found] == ["1", "0|2", "1", "0", "0", "1"]
    assert found[3]["text"] == "0 2:2 3:1 # x"
    assert "1 label has fewer than 2 lines" not in err  # label 2 is never the first


def test_several_files_name_theirs(tmp_path):
    lines = TRAIN.read_bytes().splitlines(keepends=True)
    (tmp_path / "a.txt").write_bytes(b"".join(lines[:300]))
    (tmp_path / "b.txt").write_bytes(b"".join(lines[300:]).rstrip(b"\n"))
    result = run(
        "supervised", "-input", tmp_path / "a.txt", tmp_path / "b.txt", "-output", tmp_path / "m",
        *SMALL, "--folds", 2, "--folds-output", tmp_path / "f.csv",
    )  # fmt: skip
    assert result.code == 0
    found = rows_of(tmp_path / "f.csv")
    assert len(found) == 900
    assert [row["file"] for row in found] == [str(tmp_path / "a.txt")] * 300 + [
        str(tmp_path / "b.txt")
    ] * 600
    assert found[300]["line"] == "1"


def test_lines_without_label_or_words(tmp_path):
    """A line without a label is in no fold; one without a known word has no prediction."""
    text = TRAIN.read_text(encoding="utf-8").splitlines()[:60]
    text[3], text[5] = "no label here", "__label__sport"
    text[8] = "__label__single what"
    (tmp_path / "t.txt").write_text("\n".join(text))
    err, _ = train(
        "supervised", tmp_path / "m", tmp_path / "t.txt", "--folds", 3, "--folds-output",
        tmp_path / "f.jsonl",
    )  # fmt: skip
    found = {row["line"]: row for row in rows_of(tmp_path / "f.jsonl")}
    assert sorted(found) == [n for n in range(1, 61) if n != 4]
    assert found[9]["true_probability"] is None
    assert "1 label has fewer than 3 lines, and no line in some folds: single." in err
    assert (
        "A label with one line cannot be measured: the model of its fold has not seen it, and"
        in err
    )
    assert "could not be measured" in err


def test_monitor_is_measured_too(tmp_path):
    err, _ = train("supervised", tmp_path / "m", TRAIN, "--folds", 2, "--monitor", "f1:sport")
    assert "f1:sport" in err.splitlines()[0]
    assert "no effect" not in err


def test_the_log_has_the_folds_before_the_evaluations(tmp_path):
    log = tmp_path / "log.jsonl"
    train("supervised", tmp_path / "m", TRAIN, "--folds", 2, "--log", log)
    first, *rows = map(json.loads, log.read_text().splitlines())
    assert first["arguments"]["folds"] == 2
    assert [row.get("fold") for row in rows] == [1, 2, *[None] * 5]
    assert rows[0]["lines_trained"] == rows[0]["lines_measured"] == 450
    train("supervised", tmp_path / "m", TRAIN, "--log", log)  # it is known as a log


def test_nothing_is_said_with_verbose_0(tmp_path):
    for command in COMMANDS:
        err, _ = train(command, tmp_path / "m", TRAIN, "--folds", 2, "-verbose", 0)
        assert err == ""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--folds", 1], "--folds must be 2 or more, not 1."),
        (["--folds", 901], "900 lines with a label are too few for 901 folds"),
        (["--folds", 2, "--valid", TRAIN], "--folds and --valid: give one of them."),
        (["--folds", 2, "--valid-share", 0.1], "--folds and --valid-share: give one of them."),
        (["--folds", 2, "--folds-output", "f.txt"], "the format is not known by the name"),
        (["--folds", 2, "--folds-output", TRAIN], "the format is not known by the name"),
        (["--folds", 2, "--monitor", "f2"], "--monitor: Unknown metric"),
        (["--folds", 2, "--patience", 2], "with --folds there are none: leave one out."),
    ],
)
def test_what_cannot_be(tmp_path, command, options, said):
    err, model = train(command, tmp_path / "m", TRAIN, *options, code=1)
    assert said in err
    assert model == b""
    assert not list(tmp_path.iterdir())


def test_folds_and_autotune(tmp_path):
    err, _ = train(
        "supervised", tmp_path / "m", TRAIN, "--folds", 2, "-autotune-validation", TRAIN, code=1
    )
    assert "--folds" in err


def test_the_file_alone_has_no_effect(tmp_path):
    err, _ = train("supervised", tmp_path / "m", TRAIN, "--folds-output", tmp_path / "f.csv")
    assert "--folds-output: no effect without --folds." in err
    assert not (tmp_path / "f.csv").exists()


def test_an_input_is_not_overwritten(tmp_path):
    shutil.copy(REVIEWS, tmp_path / "t.csv")
    err, _ = train(
        "supervised", tmp_path / "m", tmp_path / "t.csv", *COLUMNS, "--folds", 2, "--folds-output",
        tmp_path / "t.csv", code=1,
    )  # fmt: skip
    assert "is an input and would be overwritten" in err
    assert (tmp_path / "t.csv").read_bytes() == REVIEWS.read_bytes()


@pytest.mark.parametrize("command", COMMANDS)
def test_an_interrupt_between_folds_leaves_nothing(tmp_path, command):
    usual, _ = COMMANDS[command]
    child = subprocess.Popen(
        words(
            command, "-input", TRAIN, "-output", tmp_path / "m", *usual, "-epoch", 300,
            "--folds", 200, "--folds-output", tmp_path / "f.csv",
        ),
        stderr=subprocess.PIPE,
        env={**environment(), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    while not child.stderr.readline().startswith(b"1 "):  # the row of the first fold
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_the_predictions_stay_when_the_last_training_is_interrupted(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    import_module("fastcli.fasttext.folds")  # which is imported late, and keeps the real one
    monkeypatch.setattr(train_and_save, "train_until_finite", interrupted)
    out = tmp_path / "f.csv"
    result = run(
        "supervised", "-input", TRAIN, "-output", tmp_path / "m", *SMALL, "--folds", 2,
        "--folds-output", out,
    )  # fmt: skip
    assert result.code == 130
    assert list(tmp_path.iterdir()) == [out]
    assert len(rows_of(out)) == 900


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
@pytest.mark.parametrize("options", [["--folds", 2], ["--valid-share", 0.5]])
def test_a_file_that_is_given_twice(command, options, tmp_path):
    """Its lines would be learned and tested."""
    result = run(command, "-input", TRAIN, TRAIN, "-output", tmp_path / "m", *options)
    assert (result.code, result.out) == (1, b"")
    assert result.err.splitlines()[-1] == (
        f"{TRAIN} is given more than once, so that with {options[0]} a model would be tested on "
        "lines that it has seen: give it once."
    )
    assert not list(tmp_path.iterdir())


def test_nothing_can_be_measured(tmp_path):
    (tmp_path / "t.txt").write_text("__label__a x y\n__label__b z\n")
    err, _ = train("supervised", tmp_path / "m", tmp_path / "t.txt", "--folds", 2)
    assert "2 folds: nothing could be measured." in err
    err, _ = train(
        "supervised", tmp_path / "m", tmp_path / "t.txt", "--folds", 2, "-loss", "ns", code=1
    )
    assert "In fold 1 of 2: -loss ns needs at least two labels" in err


@pytest.mark.parametrize("end", ["csv", "jsonl"])
def test_numbers_with_several_labels(tmp_path, end):
    rng = np.random.default_rng(2)
    rows = [
        (x, y, ([*(["px"] * (x > 0)), *(["py"] * (y > 0))] or ["none"]))
        for x, y in rng.normal(size=(40, 2)).round(3).tolist()
    ]
    path, options = tmp_path / f"t.{end}", ["--label-column", "k"]
    if end == "csv":
        cells = [f"{x},{y},{';'.join(labels)}" for x, y, labels in rows]
        path.write_text("\n".join(["x,y,k", *cells, ""]))
        options += ["--label-separator", ";"]
    else:
        dicts = [{"x": x, "y": y, "k": labels} for x, y, labels in rows]
        path.write_text("".join(json.dumps(one) + "\n" for one in dicts))
    out = tmp_path / "f.jsonl"
    train("mlp-train", tmp_path / "m", path, *options, "--folds", 4, "--folds-output", out)
    found = rows_of(out)
    assert [row["true"] for row in found] == [labels for _, _, labels in rows]
    assert [float(row["x"]) for row in found] == [x for x, _, _ in rows]
    assert [row["line"] for row in found] == list(range(1 + (end == "csv"), 41 + (end == "csv")))


def test_a_run_that_starts_again_keeps_its_folds(tmp_path):
    log = tmp_path / "log.jsonl"
    with RunLog(str(log), print, "supervised", {"lr": 2}) as found:
        found.add_folds([{"fold": 1}, {"fold": 2}])
        found.add([EVALUATION])
        found.restart({"lr": 1})
        found.add([EVALUATION])
    first, *rows = map(json.loads, log.read_text().splitlines())
    assert first["arguments"] == {"lr": 1}
    assert [row.get("fold") for row in rows] == [1, 2, None]


def test_folds_in_a_configuration(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(f'folds = 3\nfolds-output = "{tmp_path / "f.csv"}"\n')
    err, _ = train("mlp-train", tmp_path / "m", TRAIN, "--config", config)
    assert "3 folds: accuracy" in err
    assert len(rows_of(tmp_path / "f.csv")) == 900


def test_a_run_is_resumed_with_or_without_folds(tmp_path):
    saving = ["--save-every", 10]
    _, model = train("mlp-train", tmp_path / "m", TRAIN, *saving, "--folds", 2)
    for more in ([], ["--folds", 3]):
        err, again = train("mlp-train", tmp_path / "m", TRAIN, *saving, "--resume", *more)
        assert "Resuming after step" in err
        assert again == model


@pytest.mark.parametrize("end", ["csv", "jsonl"])
def test_an_array_of_json_on_one_line(tmp_path, end):
    """Rows that begin on the same line have their own numbers and columns."""
    rows = [{"text": f"word{i} b c", "label": "xy"[i % 2]} for i in range(12)]
    rows[4]["label"] = None
    source, out, errors = tmp_path / "a.json", tmp_path / f"f.{end}", tmp_path / f"e.{end}"
    source.write_text(json.dumps(rows), encoding="utf-8")
    columns = ["--text-column", "text", "--label-column", "label", "--skip-bad"]
    train("supervised", tmp_path / "m", source, *columns, "--folds", 2, "--folds-output", out)
    expected = [(i + 1, f"word{i} b c") for i in range(12) if i != 4]
    assert [(int(row["line"]), row["text"]) for row in rows_of(out)] == expected
    assert run("test", tmp_path / "m.bin", source, *columns[2:], "--errors", errors).code == 0
    found = [(int(row["line"]), row["text"]) for row in rows_of(errors)]
    assert found
    assert set(found) <= set(expected)
