"""Validation while supervised trains: rows, the best model, when it stops, and lines held out."""

import json
from pathlib import Path

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from tests.cli.conftest import LOSSES
from tests.command import SAMPLES, run

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"
TAGS, TAGS_VALID = SAMPLES / "tags.train.txt", SAMPLES / "tags.valid.txt"
SMALL = ["-dim", 8, "-lr", 0.5, "-epoch", 6, "-bucket", 1000]
ENDS = ("bin", "bin.json", "vec")


def supervised(output, *options, source=TRAIN, code=0):
    """Train; return what is said and the model file."""
    result = run("supervised", "-input", source, "-output", output, *SMALL, *options)
    assert (result.code, result.out) == (code, b"")
    assert "Traceback" not in result.err
    path = output.with_suffix(".bin")
    return result.err, path.read_bytes() if path.exists() else b""


def log_of(path):
    """Return the first line and the evaluations of a log."""
    first, *rows = map(json.loads, path.read_text().splitlines())
    return first, rows


def score(model, data):
    """Return precision at 1, as test prints it."""
    result = run("test", model, data)
    return float(result.out.split()[3])


def about(output):
    return json.loads(output.with_suffix(".bin.json").read_text())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("options", [[], ["-wordNgrams", 2], ["-minn", 2, "-maxn", 3]])
def test_the_best_evaluation_is_kept_and_is_what_test_says(tmp_path, loss, options):
    log = tmp_path / "run.jsonl"
    err, _ = supervised(tmp_path / "m", "-loss", loss, "--valid", VALID, "--log", log, *options)
    first, rows = log_of(log)
    assert first["run"] == "supervised"
    assert first["arguments"]["loss"] == loss
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    best = min(rows, key=lambda row: (row["valid_error"], row["valid_loss"]))
    assert score(tmp_path / "m.bin", VALID) == pytest.approx(1 - best["valid_error"], abs=5e-4)
    assert about(tmp_path / "m")["validation"]["epoch"] == best["epoch"]
    assert f"Epoch {best['epoch']} is kept: accuracy {1 - best['valid_error']:.4f}." in err


def test_rows_in_a_pipe(tmp_path):
    err, _ = supervised(tmp_path / "m", "--valid", VALID)
    header, *rows = err.splitlines()[4:]
    titles = "epoch lr loss valid loss accuracy macro F1 words/s"
    assert header.split() == titles.split()
    assert [row.split()[0] for row in rows[:6]] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0].endswith("best")
    assert all(len(row) <= 80 for row in rows[:-2])
    assert "Progress: 100" not in err


def test_nothing_is_said_with_verbose_0(tmp_path):
    err, _ = supervised(tmp_path / "m", "--valid-share", 0.1, "--patience", 1, "-verbose", 0)
    assert err == ""


def test_what_is_measured_does_not_change_what_is_trained(tmp_path):
    """Where the last evaluation is the best, the model is the one without validation."""
    _, plain = supervised(tmp_path / "plain", "-verbose", 0, "-epoch", 2)
    _, watched = supervised(
        tmp_path / "watched", "-epoch", 2, "--valid", VALID, "--monitor", "loss"
    )
    assert about(tmp_path / "watched")["validation"]["epoch"] == 2
    assert watched == plain
    _, rows = supervised(tmp_path / "rows", "-epoch", 2, "--eval-every", "70steps")
    assert rows == plain


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
@pytest.mark.parametrize("every", ["1", "333steps"])
def test_the_same_bytes_on_any_number_of_threads(tmp_path, optimizer, every):
    options = ["--valid", TAGS_VALID, "--eval-every", every, "-optimizer", optimizer]
    options += ["-wordNgrams", 2, "-dim", 16, "-verbose", 0, "-epoch", 2]
    found = [supervised(tmp_path / f"m{n}", *options, "-thread", n, source=TAGS)[1] for n in (1, 2)]
    assert found[0] == found[1]


def test_rows_that_moved_are_all_that_is_copied(tmp_path, monkeypatch):
    """A model whose best evaluation was in the middle is the one that training had then."""
    from fastcli.fasttext import watch

    copies = {}
    take = watch.BestModel.take

    def check(self, model, moved):
        take(self, model, moved)
        np.testing.assert_array_equal(self.wi, model.wi)
        np.testing.assert_array_equal(self.wo, model.wo)
        copies[len(copies)] = moved is not None

    monkeypatch.setattr(watch.BestModel, "take", check)
    options = ["--valid", TAGS_VALID, "--monitor", "loss", "-wordNgrams", 2, "-thread", 1]
    supervised(tmp_path / "m", *options, "--eval-every", "100steps", source=TAGS)
    assert any(copies.values())
    assert not copies[0]


def test_steps_are_lines(tmp_path):
    log = tmp_path / "run.jsonl"
    supervised(tmp_path / "m", "--eval-every", "500steps", "--log", log)
    _, rows = log_of(log)
    steps = [row["step"] for row in rows]
    assert steps[:2] == [512, 1012]  # where a batch of 16 ends, in an epoch of 900
    assert steps[-1] == 5400
    assert all("valid_loss" not in row for row in rows)


def test_patience(tmp_path):
    log = tmp_path / "run.jsonl"
    options = ["--valid", VALID, "--patience", 2, "-epoch", 60, "--log", log]
    err, _ = supervised(tmp_path / "m", *options)
    _, rows = log_of(log)
    best = min(rows, key=lambda row: (row["valid_error"], row["valid_loss"]))
    assert len(rows) == best["epoch"] + 2 < 60
    assert f"No better for 2 epochs: stopped. Epoch {best['epoch']} is kept" in err
    assert about(tmp_path / "m")["command"].endswith(f"--valid {VALID} --patience 2")


@pytest.mark.parametrize(
    "metric", ["error", "loss", "f1macro", "f1:sport", "precisionAtRecall:80", "logloss"]
)
def test_monitor(tmp_path, metric):
    log = tmp_path / "run.jsonl"
    supervised(tmp_path / "m", "--valid", VALID, "--monitor", metric, "--log", log)
    _, rows = log_of(log)
    is_low = metric in ("error", "loss", "logloss")
    best = (min if is_low else max)(row["monitored"] for row in rows)
    assert next(r for r in rows[::-1] if r["is_best"])["monitored"] == best


def test_lines_held_out_are_not_trained_on(tmp_path):
    err, held = supervised(tmp_path / "m", "--valid-share", 0.1, "-epoch", 2)
    assert "--valid-share 0.1: 90 of 900 lines held out for validation" in err
    model = load_model(str(tmp_path / "m.bin"))
    assert int(model.dictionary.label_counts().sum()) == 810
    before = {line.split()[0] for line in TRAIN.read_text().splitlines()}
    assert len(model.labels()) == len(before)
    assert supervised(tmp_path / "again", "--valid-share", 0.1, "-epoch", 2)[1] == held
    assert supervised(tmp_path / "o", "--valid-share", 0.1, "-epoch", 2, "-seed", 1)[1] != held


def test_lines_held_out_of_standard_input(tmp_path):
    options = ["-output", tmp_path / "m", *SMALL, "--valid-share", 0.2, "-verbose", 0]
    result = run("supervised", "-input", "-", *options, stdin=TRAIN.read_bytes())
    assert (result.code, result.err) == (0, "")
    supervised(tmp_path / "f", "--valid-share", 0.2, "-verbose", 0)
    assert (tmp_path / "m.bin").read_bytes() == (tmp_path / "f.bin").read_bytes()


@pytest.mark.parametrize("how", ["--valid", "--valid-share"])
def test_tables(tmp_path, how):
    table = SAMPLES / "reviews.csv"
    columns = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]
    value = table.read_bytes() if how == "--valid" else 0.2
    if how == "--valid":
        (tmp_path / "valid.csv").write_bytes(value)
        value = tmp_path / "valid.csv"
    err, _ = supervised(tmp_path / "m", *columns, how, value, source=table)
    assert "is kept: accuracy" in err


def test_a_run_that_diverges_leaves_the_best_before(tmp_path, monkeypatch):
    from fastcli.fasttext import trainer

    monkeypatch.setattr(trainer.Trainer, "_block", spoiled(trainer.Trainer._block))
    err, model = supervised(tmp_path / "m", "--valid", VALID, code=1)
    assert "Encountered NaN" in err
    assert "the model of epoch 2, the best before, was saved" in err
    assert score(tmp_path / "m.bin", VALID) > 0.2
    assert model


def spoiled(block):
    """Return the training of a block that destroys the output matrix in epoch 3."""

    def train(self, first, last, visit):
        block(self, first, last, visit)
        if visit >= 2 * self.corpus.n_lines:
            self.scheme.model.wo[:] = np.nan

    return train


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--patience", 2], "--patience needs validation lines"),
        (["--valid", VALID, "--valid-share", 0.1], "--valid and --valid-share: give one"),
        (["--valid-share", 1], "--valid-share must be from 0 to below 1, not 1.0."),
        (["--valid-share", 1e-5], "--valid-share 1e-05 of 900 lines leaves no validation line"),
        (["--valid", "no/such"], "no/such cannot be opened for validation!"),
        (["--valid", VALID, "--eval-every", "0"], "--eval-every must be a number of epochs"),
        (["--valid", VALID, "--eval-every", "x"], "or of steps, such as 500steps, not x."),
        (["--valid", VALID, "--monitor", "lss"], "--monitor: Unknown metric : lss"),
        (["--valid", VALID, "--monitor", "f1:sprt"], "no label sprt (did you mean"),
        (["--valid", VALID, "-loss", "ns", "--monitor", "logloss"], "not measured with -loss ns"),
        (["--valid", VALID, "-autotune-validation", VALID], "leave out --valid."),
        (["--retry-nan", "-autotune-validation", VALID], "leave out --retry-nan."),
        (["--log", "log", "--folds", 2, "-autotune-validation", VALID], "out --folds, --log."),
        (["--valid", VALID, "--log", VALID], "are the same file"),
        (["--valid", VALID, "--plot", "x.doc"], "the name must end in"),
    ],
)
def test_what_cannot_work_leaves_nothing(tmp_path, options, sentence):
    if "are the same" in sentence:
        sentence = "is an input and would be overwritten"
    err, _ = supervised(tmp_path / "m", *options, code=1)
    assert sentence in err
    assert list(tmp_path.iterdir()) == []


def test_more_epochs_between_evaluations_than_there_are(tmp_path):
    err, _ = supervised(tmp_path / "m", "--valid", VALID, "--eval-every", 100)
    assert "For steps give --eval-every 100steps." in err
    assert "Epoch 6 is kept" in err


def test_a_validation_file_without_a_known_label(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("__label__none a b\n")
    err, _ = supervised(tmp_path / "m", "--valid", other, code=1)
    assert "other.txt has no line with a label and a word of the training text" in err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_lines_that_are_left_out_are_described_as_in_a_test(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_text("__label__a x y\n__label__b y z\n" * 9)
    Path("v.txt").write_text(
        "\n__label__c x\n__label__c y\n__label__a __label__c x\n__label__b z\n"
    )
    options = ["-input", "t.txt", "-output", "m", "-dim", 2, "-epoch", 1, "--valid", "v.txt"]
    err = run(command, *options).err
    said = (
        "1 without a label, 2 with labels the model does not know. They count in no score (not in "
        "any denominator). 1 line has unknown labels beside known ones: only the known ones count."
    )
    assert f"v.txt: lines left out: {said}\n" in err
    model = "m.bin" if command == "supervised" else "m.mlp"
    assert f"Lines left out of the test: {said}\n" in run("test", model, "v.txt").err


def test_rows_that_are_left_out_are_described_as_in_a_test(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,label\n" + "1,a\n2,b\n" * 9)
    Path("v.csv").write_text("x,label\n1,a\n2,c\n1,\n2,b\n")
    options = ["-input", "t.csv", "-output", "m", "-epoch", 1, "--valid", "v.csv"]
    said = "1 without a label, 1 with labels the model does not know. They count in no score"
    assert f"v.csv: lines left out: {said}" in run("mlp-train", *options).err
    assert f"Lines left out of the test: {said}" in run("test", "m.mlp", "v.csv").err


def test_a_former_log_stays_where_training_fails(tmp_path):
    log = tmp_path / "run.jsonl"
    supervised(tmp_path / "m", "--log", log)
    former = log.read_bytes()
    run("supervised", "-input", tmp_path / "none", "-output", tmp_path / "m", "--log", log)
    assert log.read_bytes() == former
    log.write_text("my notes")
    err, _ = supervised(tmp_path / "m", "--log", log, code=1)
    assert "is not a log of a training run" in err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_monitoring_a_label_that_no_validation_line_has(command, tmp_path):
    lines = VALID.read_text().splitlines(keepends=True)
    valid = tmp_path / "valid.txt"
    valid.write_text("".join(x for x in lines if not x.startswith("__label__cooking")))
    made = ["-input", TRAIN, "-output", tmp_path / "m", "-epoch", 1, "-verbose", 0, "-dim", 5]
    result = run(command, *made, "--valid", valid, "--monitor", "f1:cooking")
    assert (result.code, result.out) == (1, b"")
    assert "--monitor f1:cooking: no line" in result.err
    assert "has the label cooking" in result.err
    assert not list(tmp_path.glob("m.*"))


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_lines_that_the_former_model_was_trained_on(command, tmp_path):
    train, valid = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid"))
    end = "bin" if command == "supervised" else "mlp"
    old, new = tmp_path / "old", tmp_path / "new"
    base = [command, "-dim", 4, "-epoch", 1]
    assert run(*base, "-input", train, "-output", old).code == 0
    again = [command, "-inputModel", f"{old}.{end}", "-output", new, "-epoch", 1]
    told = f"{old}.{end} was trained on {train}: "
    err = run(*again, "-input", train, "--valid-share", 0.2).err
    assert f"{told}the lines held out of it flatter the model. Give --valid with lines" in err
    assert told not in run(*again, "-input", train, "--valid", valid).err
    assert f"{told}it flatters the model." in run(*again, "-input", valid, "--valid", train).err
    assert told not in run(*again, "-input", valid, "--valid-share", 0.2).err
    third = [command, "-inputModel", f"{new}.{end}", "-output", tmp_path / "third", "-epoch", 1]
    err = run(*third, "-input", train, "--valid-share", 0.2).err
    assert f"{new}.{end} was trained on {train}: " in err


def test_layers_do_not_depend_on_how_many_steps_are_taken_at_once(tmp_path, monkeypatch):
    """Steps are taken in groups whose size depends on time; each row has its own step's layers."""
    logged = []
    for i, nanoseconds in enumerate((1, 10**12)):
        monkeypatch.setattr("fastcli.mlp.trainer.GROUP_NS", nanoseconds)
        log = tmp_path / f"{i}.jsonl"
        argv = ["-input", TRAIN, "-output", tmp_path / "m", "-dim", 4, "-epoch", 6, "--log", log]
        assert run("mlp-train", *argv, "--batch-size", 300, "-verbose", 0).code == 0
        lines = map(json.loads, log.read_text().splitlines()[1:])
        logged.append([(line["gradients"], line["activations"]) for line in lines])
    assert logged[0] == logged[1]
    assert len(logged[0]) == 6
