"""tune-threshold and calibrate, and predict and test with what they write."""

import gzip
import json
import math
import os
import shlex
import threading
import tracemalloc

import numpy as np
import pytest

from fastcli import memory
from fastcli.evaluation.calibration import (
    Curves,
    fit,
    fit_sigmoid,
    fit_temperature,
    log_loss,
    logits,
    tempered,
    unsure,
)
from fastcli.evaluation.dense import Scored
from fastcli.evaluation.metric import parse_metric
from fastcli.evaluation.thresholds import (
    PAIR_BYTES,
    best_threshold,
    given,
    label_thresholds,
    pairs_of,
    points_of,
)
from tests.cli.conftest import LOSSES
from tests.command import SAMPLES, run

TAGS = {part: SAMPLES / f"tags.{part}.txt" for part in ("train", "valid", "test")}
TOPICS = {part: SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test")}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Return the paths of models: of tags (several labels a line), and of topics by loss."""
    folder = tmp_path_factory.mktemp("decided")
    small = ["-dim", 8, "-lr", 0.5, "-epoch", 12, "-verbose", 0, "-thread", 1]
    found = {}
    for name, source, options in [
        ("tags", TAGS, ["-loss", "ova"]),
        *((loss, TOPICS, ["-loss", loss]) for loss in LOSSES),
    ]:
        output = ["-output", folder / name]
        assert run("supervised", "-input", source["train"], *output, *small, *options).code == 0
        found[name] = folder / f"{name}.bin"
    assert run("quantize", "-output", folder / "softmax", "-verbose", 0).code == 0
    found["ftz"] = folder / "softmax.ftz"
    options = ["-output", folder / "net", "-epoch", 4, "-verbose", 0, "-thread", 1]
    assert run("mlp-train", "-input", TOPICS["train"], *options).code == 0
    found["mlp"] = folder / "net.mlp"
    return found


@pytest.fixture
def copied(trained, tmp_path):
    """Return a function that copies a model and the JSON file beside it."""

    def copy(name):
        for path in (trained[name], trained[name].with_name(trained[name].name + ".json")):
            if path.exists():
                (tmp_path / path.name).write_bytes(path.read_bytes())
        return tmp_path / trained[name].name

    return copy


def truth_of(path, labels):
    """Return the labels of the lines of a file: bool[lines, labels]."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return np.array([[label in row for label in labels] for row in rows])


def probabilities(model, path, *options):
    """Return the probabilities of all labels that predict-prob tells: [lines, labels]."""
    asked = [model, path, "-k", -1, "--threshold", -1, "--json", *options]
    rows = [json.loads(line) for line in run("predict-prob", *asked).out.splitlines()]
    labels = sorted({label for row in rows for label in row["labels"]})
    pairs = [dict(zip(row["labels"], row["probabilities"], strict=True)) for row in rows]
    return labels, np.array([[row.get(label, 0.0) for label in labels] for row in pairs])


# ------------------------------------------------------------------------ thresholds, by an oracle


def counts(probs, truth, threshold, k):
    """Return which labels lines get where each must be as probable as the threshold."""
    found = np.zeros(probs.shape, bool)
    for i, row in enumerate(probs):
        for j, p in enumerate(row):
            found[i, j] = p >= threshold and (k != 1 or j == int(np.argmax(row)))
    return found


def scores(found, truth, name, at):
    """Return a metric as its definition says."""
    right, made, gold = (found & truth).sum(), found.sum(), truth.sum()
    if name == "f1":
        return 2 * right / (made + gold)
    if name in ("f1macro", "f1weighted"):
        each, weights = [], []
        for label in range(truth.shape[1]):
            f, t = found[:, label], truth[:, label]
            if f.any() or t.any():
                each.append(2 * (f & t).sum() / (f.sum() + t.sum()))
                weights.append(t.sum())
        return np.mean(each) if name == "f1macro" else np.average(each, weights=weights)
    precision, recall = right / made, right / gold
    if name == "precisionAtRecall":
        return precision if recall >= at else -1.0
    return recall if precision >= at else -1.0


METRICS = ["f1", "f1macro", "f1weighted", "precisionAtRecall:60", "recallAtPrecision:70"]


@pytest.mark.parametrize("k", [1, -1])
@pytest.mark.parametrize("text", METRICS)
@pytest.mark.parametrize("seed", range(4))
def test_no_threshold_is_better(text, k, seed):
    """Every candidate is tried; probabilities are few, so that there are ties."""
    rng = np.random.default_rng(seed)
    probs = (rng.integers(0, 12, (40, 4)) / 12).astype(np.float32)
    truth = rng.random((40, 4)) < 0.1 + 0.6 * probs
    truth[:, 3] &= seed % 2 == 0
    metric = parse_metric(text)
    pairs = pairs_of(Scored(probs=probs, truth=truth, left_out=0), k)
    threshold = best_threshold(pairs, metric)
    tried = [
        scores(counts(probs, truth, t, k), truth, metric.name, metric.at)
        for t in np.unique(probs)
        if counts(probs, truth, t, k).any()
    ]
    if threshold is None:
        assert max(tried) == -1
        return
    found = given(probs, k == 1, np.full(4, threshold))
    assert scores(found, truth, metric.name, metric.at) == pytest.approx(max(tried))
    for label, one in enumerate(label_thresholds(pairs, metric)):
        own = truth[:, [label]]
        if not own.any():
            assert one == threshold
            continue
        name = metric.name if "At" in metric.name else "f1"
        possible = counts(probs, truth, -1.0, k)[:, label]
        tried = []
        for t in np.unique(probs[possible, label]) if possible.any() else []:
            column = (possible & (probs[:, label] >= t))[:, None]
            tried.append(scores(column, own, name, metric.at))
        if one is None:
            assert max(tried, default=-1) == -1
        else:
            column = (possible & (probs[:, label] >= one))[:, None]
            assert scores(column, own, name, metric.at) == pytest.approx(max(tried))


def test_pairs_of_a_label_are_those_of_a_mask():
    rng = np.random.default_rng(1)
    probs = (rng.integers(0, 9, (50, 7)) / 9).astype(np.float32)
    truth = rng.random((50, 7)) < 0.3
    for k in (1, -1):
        pairs = pairs_of(Scored(probs=probs, truth=truth, left_out=0), k)
        assert (np.diff(pairs.probs) <= 0).all()
        for label in range(7):
            own, mask = pairs.of(label), pairs.labels == label
            assert own.probs.tolist() == pairs.probs[mask].tolist()
            assert own.right.tolist() == pairs.right[mask].tolist()
            assert own.gold.tolist() == [truth[:, label].sum()]
    one = Scored(probs=np.eye(1, 2, dtype=np.float32), truth=truth[:1, :2], left_out=0)
    assert len(points_of(pairs_of(one, 1).of(1)).thresholds) == 0


@pytest.mark.parametrize("text", ["f1", "f1macro", "f1weighted", "recallAtPrecision:50"])
def test_the_memory_of_a_pair(text):
    """What is checked while lines are read is about what choosing thresholds takes."""
    rng = np.random.default_rng(2)
    probs, truth = rng.random((1000, 100)).astype(np.float32), rng.random((1000, 100)) < 0.02
    scored = Scored(probs=probs, truth=truth, left_out=0)
    label_thresholds(pairs_of(scored, -1), parse_metric(text))  # what is imported then
    tracemalloc.start()
    try:
        label_thresholds(pairs_of(scored, -1), parse_metric(text))
        peak = tracemalloc.get_traced_memory()[1] + probs.nbytes + truth.nbytes
    finally:
        tracemalloc.stop()
    assert 0.6 * PAIR_BYTES < peak / truth.size <= PAIR_BYTES


@pytest.mark.parametrize("command", ["tune-threshold", "calibrate"])
def test_too_little_memory_is_said_while_lines_are_read(command, copied, monkeypatch):
    model = copied("softmax")
    monkeypatch.setattr(memory, "LARGE", 1000)
    files = [TOPICS["valid"]] * 4
    for room, code in ((500_000, 0), (100_000, 1)):
        monkeypatch.setattr(memory, "available_memory", lambda room=room: room)
        result = run(command, model, *files)
        assert result.code == code, result.err
    assert "The probabilities of 6 labels of " in result.err
    assert "and 100 kB are available" in result.err


def test_points_are_those_of_every_threshold():
    probs = np.array([[0.9, 0.2], [0.9, 0.7], [0.4, 0.2]], np.float32)
    truth = np.array([[1, 0], [0, 1], [1, 0]], bool)
    points = points_of(pairs_of(Scored(probs=probs, truth=truth, left_out=0), -1))
    assert points.thresholds == pytest.approx([0.8, 0.55, 0.3, 0.2])
    assert points.precision == pytest.approx([1 / 2, 2 / 3, 3 / 4, 1 / 2])
    assert points.recall == pytest.approx([1 / 3, 2 / 3, 1, 1])


@pytest.mark.parametrize("metric", ["accuracy", "loss", "logloss", "error"])
def test_metrics_that_no_threshold_changes(metric, trained):
    result = run("tune-threshold", trained["tags"], TAGS["valid"], "--metric", metric)
    assert result.code == 1
    assert "thresholds do not change it" in result.err


# ----------------------------------------------------------------------- thresholds, the commands


def test_thresholds_are_kept_beside_the_model_and_used(copied):
    model = copied("tags")
    result = run("tune-threshold", model, TAGS["valid"], "--per-label", "--metric", "f1macro")
    assert result.code == 0, result.err
    kept = json.loads((model.parent / "tags.bin.thresholds.json").read_text())
    assert (kept["k"], kept["per_label"], kept["lines"]) == (-1, True, 200)
    labels, probs = probabilities(model, TAGS["test"])
    levels = np.array([kept["labels"][label] for label in labels])
    expected = probs >= levels
    for command in ("predict", "predict-prob"):
        lines = run(command, model, TAGS["test"], "--thresholds", "auto").text().split("\n")[:-1]
        for line, row in zip(lines, expected, strict=True):
            words = line.split(" ")[:: 1 + (command == "predict-prob")] if line else []
            assert sorted(words) == [
                label for label, is_in in zip(labels, row, strict=True) if is_in
            ]
    truth = truth_of(TAGS["test"], labels)
    answer = json.loads(run("test", model, TAGS["test"], "--thresholds", "auto", "--json").out)
    assert answer["precision"] == pytest.approx((expected & truth).sum() / expected.sum())
    assert answer["recall"] == pytest.approx((expected & truth).sum() / truth.sum(), abs=1e-3)
    # A part that neither training nor tuning saw: the macro F1 rises.
    plain = probs >= 0.5
    assert scores(expected, truth, "f1macro", 0) > scores(plain, truth, "f1macro", 0) + 0.03
    two = run("predict", model, TAGS["test"], 1, "--thresholds", "auto").out.decode().split("\n")
    assert max(len(line.split()) for line in two) == 1


def test_thresholds_in_tables(copied, tmp_path):
    model = copied("tags")
    file = tmp_path / "levels.json"
    tune = ["--metric", "f1", "-o", file, "--json"]
    answer = json.loads(run("tune-threshold", model, TAGS["valid"], *tune).out)
    assert answer["after"]["f1"] >= answer["before"]["f1"]
    assert not (tmp_path / "tags.bin.thresholds.json").exists()
    texts = [line.split(" ", 3)[-1] for line in TAGS["test"].read_text().splitlines()[:20]]
    (tmp_path / "t.csv").write_text("\n".join(["text", *(f'"{t}"' for t in texts)]) + "\n")
    options = ["--text-column", "text", "--thresholds", file, "--output", tmp_path / "o.jsonl"]
    assert run("predict-prob", model, tmp_path / "t.csv", *options).code == 0
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    for row in rows:
        assert set(row) >= {"label_1", "probability_1"}
    found = [value for row in rows for name, value in row.items() if "prob" in name and value]
    assert len(found) >= len(rows) / 2
    assert min(found) >= answer["threshold"]
    keep = [*options[:4], "--output", tmp_path / "p.csv", "--unsure", "0.5", tmp_path / "u.csv"]
    assert "cannot be combined" in run("predict", model, tmp_path / "t.csv", *keep).err


@pytest.mark.parametrize("threads", [1, 2])
def test_thresholds_and_calibration_in_parts(copied, tmp_path, threads):
    """Each part is what --output writes of its table, from any number of processes."""
    model = copied("softmax")
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    tune = ["--metric", "recallAtPrecision:99", "--calibrated"]
    assert run("tune-threshold", model, TOPICS["valid"], *tune).code == 0
    texts = [line.split(" ", 1)[-1] for line in TOPICS["test"].read_text().splitlines()[:60]]
    (tmp_path / "in").mkdir()
    for i in range(2):
        rows = [f'"{text}"' for text in texts[30 * i : 30 * i + 30]]
        (tmp_path / "in" / f"{i}.csv").write_text("\n".join(["text", *rows, ""]))
    for more in (["--thresholds", "auto"], ["--calibrated"]):
        folder = tmp_path / more[0]
        usual = ["--text-column", "text", *more, "-thread", threads]
        inputs = sorted((tmp_path / "in").iterdir())
        result = run("predict-prob", model, *inputs, *usual, "--output-dir", folder)
        assert result.code == 0, result.err
        assert ("below its threshold" in result.err) is (more != ["--calibrated"])
        assert "no known word" not in result.err
        for path in inputs:
            out = tmp_path / "one.csv"
            alone = run("predict-prob", model, path, *usual, "--output", out)
            assert alone.code == 0
            assert ("below its threshold" in alone.err) is (b",,\n" in out.read_bytes())
            assert (folder / path.name).read_bytes() == out.read_bytes()
        parts = b"".join((folder / path.name).read_bytes() for path in inputs)
        assert (b",,\n" in parts) is (more != ["--calibrated"])  # rows without a label
    again = ["--text-column", "text", "--output-dir", tmp_path / "--calibrated"]
    assert run("predict-prob", model, *inputs, *again, "--calibrated").code == 0
    assert "was made with other options" in run("predict-prob", model, *inputs, *again).err
    assert run("calibrate", model, TOPICS["test"]).code == 0
    changed = run("predict-prob", model, *inputs, *again, "--calibrated")
    assert "other options (thresholds or calibration)" in changed.err


def test_inspect_names_a_file_of_thresholds(copied):
    model = copied("softmax")
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    result = run("inspect", f"{model}.thresholds.json")
    assert result.code == 1
    assert "holds the thresholds of a model's labels, not data" in result.err


def test_one_label_a_line_is_the_best_one_or_none(copied):
    """The story: a precision of at least .95, by leaving lines without a label."""
    model = copied("softmax")
    result = run("tune-threshold", model, TOPICS["valid"], "--metric", "recallAtPrecision:95")
    assert result.code == 0, result.err
    kept = json.loads((model.parent / "softmax.bin.thresholds.json").read_text())
    assert (kept["k"], kept["metric"]) == (1, "recallAtPrecision:95")
    lines = run("predict", model, TOPICS["valid"], "--thresholds", "auto").text().split("\n")[:-1]
    gold = [line.split()[0] for line in TOPICS["valid"].read_text().splitlines()]
    answered = [(line, g) for line, g in zip(lines, gold, strict=True) if line]
    right = sum(line == g for line, g in answered)
    assert len(answered) < len(gold)
    assert right / len(answered) >= 0.95
    assert "threshold 0." in result.out.decode()
    assert "Next: fastcli predict" in result.err


def test_a_precision_that_is_never_reached(copied):
    model = copied("tags")
    tune = ["tune-threshold", model, TAGS["valid"], "--metric", "precisionAtRecall:100:walls"]
    assert run(*tune).code == 0
    noisy = model.parent / "noisy.txt"
    noisy.write_text("".join(f"__label__walls {w}\n__label__damp {w}\n" for w in ["a wall"] * 5))
    result = run("tune-threshold", model, noisy, "--metric", "recallAtPrecision:99")
    assert result.code == 1
    assert "no threshold reaches it" in result.err
    unknown = run("tune-threshold", model, TAGS["valid"], "--metric", "f1:wals")
    assert "did you mean walls?" in unknown.err
    one = run("tune-threshold", model, TAGS["valid"], "--metric", "f1:walls", "--per-label")
    assert "leave --per-label out" in one.err


def test_points_and_a_picture(copied, tmp_path):
    model = copied("tags")
    points = tmp_path / "points.tsv"
    assert run("tune-threshold", model, TAGS["valid"], "--points", points, "--per-label").code == 0
    rows = [line.split("\t") for line in points.read_text().splitlines()]
    assert rows[0] == ["label", "threshold", "precision", "recall", "f1"]
    recalls = [float(row[3]) for row in rows[1:] if row[0] == ""]
    assert recalls == sorted(recalls)
    assert recalls[-1] == 1
    assert {row[0] for row in rows[1:]} > {"", "walls"}
    wrong = run("tune-threshold", model, TAGS["valid"], "--plot", tmp_path / "p.txt")
    assert "must end in .png" in wrong.err
    pytest.importorskip("matplotlib")
    plot = tmp_path / "p.svg"
    assert run("tune-threshold", model, TAGS["valid"], "--plot", plot, "--per-label").code == 0
    assert b"<svg" in plot.read_bytes()


def test_the_files_are_written_together_or_none_is(copied, tmp_path):
    model = copied("softmax")
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    place = tmp_path / "softmax.bin.thresholds.json"
    before = place.read_bytes()
    gone = tmp_path / "gone" / "points.tsv"
    for more in (["--points", gone], ["--points", tmp_path], ["--points", "-"]):
        result = run("tune-threshold", model, TOPICS["valid"], "--metric", "f1macro", *more)
        assert (result.code, result.out, place.read_bytes()) == (1, b"", before)
    few = tmp_path / "few.txt"
    few.write_text("__label__cooking a pan\n")
    points = tmp_path / "points.tsv"
    assert run("tune-threshold", model, few, "--points", points).code == 1
    assert (points.exists(), place.read_bytes()) == (False, before)
    packed = run("tune-threshold", model, TOPICS["valid"], "-o", tmp_path / "t.json.gz")
    assert (packed.code, "are not compressed" in packed.err) == (1, True)
    assert (
        run("tune-threshold", model, TOPICS["valid"], "--points", tmp_path / "p.tsv.gz").code == 0
    )
    rows = gzip.decompress((tmp_path / "p.tsv.gz").read_bytes())
    assert rows.startswith(b"label\tthreshold\tprecision")


@pytest.mark.parametrize(
    "options", [["--metric", "logloss"], ["--metric", "f1:walls", "--per-label"], ["-k", 3]]
)
def test_options_that_cannot_work_are_refused_before_lines_are_read(options, copied, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("lines were read")

    monkeypatch.setattr("fastcli.api.tuning.read_dev_data", never)
    result = run("tune-threshold", copied("tags"), TAGS["valid"], *options)
    assert (result.code, "lines were read" in result.err) == (1, False)


@pytest.mark.parametrize("command", ["tune-threshold", "calibrate"])
def test_several_files_are_one_set_of_lines(command, copied, tmp_path):
    model = copied("softmax")
    lines = TOPICS["valid"].read_text().splitlines(keepends=True)
    (tmp_path / "part-a.txt").write_text("".join(lines[:90]))
    (tmp_path / "part-b.txt").write_text("".join(lines[90:]))
    whole = json.loads(run(command, model, TOPICS["valid"], "--json").out)
    parts = [tmp_path / "part-a.txt", tmp_path / "part-b.txt"]
    for words in (parts, [tmp_path / "part-*.txt"]):
        result = run(command, model, *words, "--json")
        found = json.loads(result.out)
        assert found.pop("data", "") in ("", ", ".join(map(str, parts)))
        assert found == {name: value for name, value in whole.items() if name != "data"}
    again = run(command, model, parts[0], tmp_path / "part-c.txt")
    assert (again.code, "part-c.txt" in again.err) == (1, True)


def test_a_table_by_the_record_of_another(copied, tmp_path):
    """--like prepares the rows of a table as prepare did: columns, and cleaning."""
    rows = [line.split(" ", 1) for line in TOPICS["valid"].read_text().splitlines()]
    table = [f'{label.removeprefix("__label__").upper()},"{text}"' for label, text in rows]
    (tmp_path / "raw.csv").write_text("\n".join(["topic,text", *table]) + "\n")
    columns = ["--text-column", "text", "--label-column", "topic"]
    cleaned = ["--label-case", "lower"]
    made = run("prepare", tmp_path / "raw.csv", "-o", tmp_path / "p", *columns, *cleaned)
    assert made.code == 0, made.err
    record = tmp_path / "p" / "prepare.json"
    model = copied("softmax")
    for command in ("calibrate", "tune-threshold"):
        of_lines = json.loads(run(command, model, TOPICS["valid"], "--json").out)
        result = run(command, model, tmp_path / "raw.csv", "--like", record, "--json")
        assert result.code == 0, result.err
        found = json.loads(result.out)
        assert (found["lines"], found["left_out"]) == (200, 0)
        assert of_lines["lines"] == 200


# ----------------------------------------------------------------------------- calibration


def test_a_temperature_is_the_best_of_all():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(400, 5)) * 2
    truth = np.array([rng.multinomial(1, np.exp(r) / np.exp(r).sum()) for r in z]).astype(bool)
    for sharper in (0.5, 1.0, 3.0):
        probs = np.exp(sharper * z)
        probs = (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)
        found = fit_temperature(Scored(probs=probs, truth=truth, left_out=0))
        tried = np.geomspace(0.1, 10, 2001)
        losses = []
        for t in tried:
            p = np.exp(np.log(probs.astype(float)) / t)
            p /= p.sum(axis=1, keepdims=True)
            losses.append(-np.log(p[truth]).sum() + (1 / t - 1) ** 2 / 2)
        assert found == pytest.approx(tried[int(np.argmin(losses))], rel=0.005)
        assert found == pytest.approx(sharper, rel=0.25)
        assert tempered(probs, found).sum(axis=1) == pytest.approx(1, abs=1e-5)


def right_lines(p, n=60):
    """Return lines of three labels, each predicted right with probability p."""
    probs = np.full((n, 3), (1 - p) / 2, np.float32)
    truth = np.arange(3) == np.arange(n)[:, None] % 3
    probs[truth] = p
    return Scored(probs=probs, truth=truth, left_out=0)


@pytest.mark.parametrize(("p", "least"), [(0.6, 0.25), (0.9, 0.4), (0.999, 0.8)])
def test_lines_that_are_all_right_do_not_make_probabilities_1(p, least):
    """Without a prior the temperature is at its bound, 0.0067, and all probabilities are 1 or 0."""
    scored = right_lines(p)
    temperature = fit_temperature(scored)
    assert least < temperature < 1
    after = tempered(scored.probs, temperature)
    assert after.max() < 1 - 1e-4
    said = unsure(scored, Curves(temperature=temperature))
    assert "The best label of all 60 lines is right" in said
    scored.truth[0] = [False, True, False]
    assert unsure(scored, fit(scored, True, True)) == ""


def test_probabilities_that_say_nothing_are_named():
    """The least cross-entropy of labels that are always wrong is that of equal probabilities."""
    scored = right_lines(0.9)
    wrong = Scored(probs=scored.probs, truth=np.roll(scored.truth, 1, axis=1), left_out=0)
    curves = fit(wrong, True, True)
    assert curves.applied(wrong.probs, True).max() == pytest.approx(1 / 3, abs=0.01)
    assert "at its bound" in unsure(wrong, curves)


def test_a_dev_file_without_mistakes_is_said(copied, tmp_path):
    model = copied("softmax")
    lines = TOPICS["valid"].read_text().splitlines(keepends=True)
    predicted = run("predict", model, TOPICS["valid"]).text().splitlines()
    dev = tmp_path / "dev.txt"
    dev.write_text("".join(x for x, y in zip(lines, predicted, strict=True) if x.split()[0] == y))
    result = run("calibrate", model, dev)
    assert (result.code, "they cannot tell how sure the model should be" in result.err) == (0, True)
    kept = json.loads(model.with_name("softmax.bin.json").read_bytes())["calibration"]
    assert 0.2 < kept["temperature"] < 1
    assert "too low" not in result.out.decode()
    assert "cannot tell" not in run("calibrate", model, TOPICS["valid"]).err


@pytest.mark.parametrize("n_true", [0, 1, 30, 200])
def test_a_sigmoid_is_the_best_of_all(n_true):
    """No other slope or offset has a smaller cross-entropy with the prior."""
    rng = np.random.default_rng(n_true)
    truth = np.arange(200) < n_true
    z = rng.normal(size=200) * 3 + 2 * truth
    a, b = fit_sigmoid(z, truth)

    def loss(a, b):
        p = 1 / (1 + np.exp(-(a * z + b)))
        lines = -np.log(np.where(truth, p, 1 - p)).sum()
        return lines + ((a - 1) ** 2 + b**2) / 2

    for da, db in rng.normal(size=(200, 2)) * 10.0 ** rng.integers(-3, 1, (200, 1)):
        assert loss(a, b) <= loss(a + da, b + db) + 1e-9


def test_logits_and_what_is_applied():
    probs = np.array([[0.25, 0.5], [0.0, 1.0]], np.float32)
    assert logits(probs)[0] == pytest.approx([math.log(1 / 3), 0])
    assert np.isfinite(logits(probs)).all()
    curves = Curves(slopes=np.array([2.0, 1.0]), offsets=np.array([0.0, 1.0]))
    alone = curves.applied(probs, False)
    assert alone[0] == pytest.approx([1 / (1 + 9), 1 / (1 + math.exp(-1))])
    assert curves.applied(probs, True).sum(axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize("name", [*LOSSES, "ftz", "mlp"])
def test_every_classifier_is_calibrated(name, copied):
    model = copied(name)
    before = {} if name == "mlp" else json.loads(model.with_name(model.name + ".json").read_bytes())
    result = run("calibrate", model, TOPICS["valid"], "--json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert answer["method"] == ("temperature" if name in ("softmax", "ftz", "mlp") else "platt")
    assert answer["log_loss"]["after"] <= answer["log_loss"]["before"] + 1e-3
    about = json.loads(model.with_name(model.name + ".json").read_bytes())
    assert {k: about[k] for k in before} == before  # all that was there stays
    labels, probs = probabilities(model, TOPICS["valid"], "--calibrated")
    truth = truth_of(TOPICS["valid"], labels)
    found = log_loss(probs.astype(np.float32), truth, name not in ("ova", "ns"))
    assert found == pytest.approx(answer["log_loss"]["after"], rel=1e-3)
    plain = run("predict", model, TOPICS["test"]).out
    if answer["method"] == "temperature":  # which keeps the order of labels
        assert run("predict", model, TOPICS["test"], "--calibrated").out == plain
        assert (
            run("test", model, TOPICS["test"], "--calibrated").out
            == run("test", model, TOPICS["test"]).out
        )
    shown = run("predict-prob", model, TOPICS["test"], "--calibrated").text().splitlines()
    assert all(0 < float(line.split()[1]) <= 1 for line in shown)


def test_an_overconfident_model_says_what_is_right_afterwards(tmp_path):
    """Lines that training did not see, half to calibrate and half to measure by."""
    rng = np.random.default_rng(5)
    words = [f"w{i}" for i in range(60)]
    lines = []
    for _ in range(900):
        label = rng.integers(2)
        chosen = rng.choice(60, 4, p=np.where(np.arange(60) % 2 == label, 1.6, 1.0) / 78)
        lines.append(f"__label__{label} " + " ".join(words[i] for i in chosen) + "\n")
    for name, part in (("train", lines[:300]), ("dev", lines[300:600]), ("test", lines[600:])):
        (tmp_path / name).write_text("".join(part))
    for loss in ("softmax", "ova"):
        options = ["-output", tmp_path / "m", "-loss", loss, "-epoch", 60, "-lr", 1, "-dim", 5]
        assert run("supervised", "-input", tmp_path / "train", *options, "-verbose", 0).code == 0
        model = tmp_path / "m.bin"
        assert run("calibrate", model, tmp_path / "dev").code == 0
        errors = []
        for more in ([], ["--calibrated"]):
            labels, probs = probabilities(model, tmp_path / "test", *more)
            truth = truth_of(tmp_path / "test", labels)
            best = probs.argmax(axis=1)
            confidence, right = probs.max(axis=1), truth[np.arange(len(best)), best]
            bins = np.ceil(confidence * 15)
            errors.append(
                sum(abs((right - confidence)[bins == i].sum()) for i in range(16)) / len(best)
            )
        assert errors[1] < errors[0] / 2, (loss, errors)


@pytest.mark.parametrize("loss", ["softmax", "hs"])
def test_lines_with_several_labels_are_calibrated_label_by_label(tmp_path, loss):
    """On lines that neither training nor calibration saw, by a plain NumPy oracle."""
    options = ["-output", tmp_path / "m", "-loss", loss, "-epoch", 25, "-lr", 0.5, "-dim", 10]
    assert run("supervised", "-input", TAGS["train"], *options, "-verbose", 0).code == 0
    model = tmp_path / "m.bin"
    result = run("calibrate", model, TAGS["valid"])
    assert "of the lines have several labels: each label is" in " ".join(
        result.out.decode().split()
    )
    answer = json.loads(run("calibrate", model, TAGS["valid"], "--json").out)
    assert answer["method"] == "platt"
    assert json.loads((tmp_path / "m.bin.json").read_bytes())["calibration"]["several_labels"]
    errors, top_errors = [], []
    for more in ([], ["--calibrated"]):
        labels, probs = probabilities(model, TAGS["test"], *more)
        truth = truth_of(TAGS["test"], labels)
        best = probs.argmax(axis=1)
        of_best = probs.max(axis=1), truth[np.arange(len(best)), best]
        for found, (confidence, right) in (
            (errors, (probs.ravel(), truth.ravel())),
            (top_errors, of_best),
        ):
            bins = np.ceil(confidence * 15)
            total = sum(abs((right - confidence)[bins == i].sum()) for i in range(16))
            found.append(total / len(confidence))
    assert errors[1] < errors[0] / 2
    assert top_errors[1] < top_errors[0]
    # What is fitted is a sigmoid for each label, as other losses have it, and not divided.
    labels, probs = probabilities(model, TAGS["valid"])
    truth = truth_of(TAGS["valid"], labels)
    curves = fit(Scored(probs=probs.astype(np.float32), truth=truth, left_out=0), True, True)
    assert curves.several_labels
    plain = curves.applied(probs.astype(np.float32), False)
    labels, probs = probabilities(model, TAGS["valid"], "--calibrated")
    assert probs == pytest.approx(plain, abs=2e-3)
    assert np.abs(probs.sum(axis=1) - 1).max() > 0.1
    before, after = answer["calibration_error"].values()
    assert after < before
    said = json.loads(run("test", "--report", "--json", model, TAGS["test"], "--calibrated").out)
    assert said["fastcli"]["calibration_error"] == pytest.approx(top_errors[1], abs=1e-3)


@pytest.fixture(scope="session")
def titles(tmp_path_factory):
    """Return the paths of titles that are prepared for training: one or two topics each."""
    folder = tmp_path_factory.mktemp("titles")
    columns = ["--text-column", "title", "--text-column", "summary", "--label-column", "topics"]
    cleaned = ["--clean", "--unicode", "nfkc", "--segment", "chars", "-verbose", 0]
    made = run("prepare", SAMPLES / "titles.jsonl", "-o", folder / "t", *columns, *cleaned)
    assert made.code == 0, made.err
    return {part: folder / "t" / f"{part}.txt" for part in ("train", "valid", "test")}


@pytest.mark.parametrize("loss", ["softmax", "hs", "ns"])
@pytest.mark.parametrize("name", ["tags", "titles"])
def test_unseen_lines_gain_by_calibration_and_thresholds(name, loss, titles, tmp_path):
    """On two sets, by lines that neither training nor tuning saw.

    Their lines have several labels, of which these losses take one for the right one.  Where
    probabilities are right already, as those of the topics, 300 lines show chance.
    """
    data = TAGS if name == "tags" else titles
    options = ["-loss", loss, "-lr", 0.5, "-epoch", 12, "-dim", 8, "-thread", 1, "-verbose", 0]
    assert run("supervised", "-input", data["train"], "-output", tmp_path / "m", *options).code == 0
    model = tmp_path / "m.bin"
    assert run("calibrate", model, data["valid"]).code == 0
    tune = ["--per-label", "--metric", "f1macro"]
    assert run("tune-threshold", model, data["valid"], *tune).code == 0

    def figures(*more):
        report = json.loads(run("test", "--report", "--json", model, data["test"], *more).out)
        return report["fastcli"]["calibration_error"], report["macro avg"]["f1-score"]

    error, best_label = figures()
    _, from_a_half = figures("-k", -1, "--threshold", 0.5)
    assert figures("--calibrated")[0] < 0.6 * error
    assert figures("--thresholds", "auto")[1] > max(best_label, from_a_half) + 0.04


def test_a_few_lines_with_several_labels_change_nothing():
    probs = np.full((100, 3), [0.5, 0.3, 0.2], np.float32)
    truth = np.tile([True, False, False], (100, 1))
    for n, several in ((4, False), (5, True)):
        truth[:n, 1] = True
        found = fit(Scored(probs=probs, truth=truth, left_out=0), True, True)
        assert found.several_labels is several
        assert (found.slopes is None) is not several


def test_thresholds_of_calibrated_probabilities(copied):
    model = copied("ova")
    missing = run("tune-threshold", model, TOPICS["valid"], "--calibrated")
    assert "has no calibration" in missing.err
    assert "has no calibration" in run("predict", model, TOPICS["test"], "--calibrated").err
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    both = ["--thresholds", "auto", "--calibrated"]
    assert "not calibrated" in run("predict", model, TOPICS["test"], *both).err
    assert run("tune-threshold", model, TOPICS["valid"], "--calibrated").code == 0
    assert run("predict", model, TOPICS["test"], *both).err == ""
    said = run("predict", model, TOPICS["test"], "--thresholds", "auto")
    assert "calibrated probabilities, which are used" in said.err
    assert run("calibrate", model, TOPICS["test"]).code == 0
    again = run("predict", model, TOPICS["test"], *both)
    assert "calibrated again after its thresholds" in again.err


# ------------------------------------------------------------------------ files that do not fit


def test_files_of_another_model_are_errors(copied, trained, tmp_path):
    model = copied("softmax")
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    model.write_bytes(trained["ova"].read_bytes())
    for options in (["--calibrated"], ["--thresholds", "auto"]):
        for command in ("predict", "test"):
            result = run(command, model, TOPICS["test"], *options)
            assert (result.code, result.out) == (1, b"")
            assert "is for another model than" in result.err
    gone = run("predict", copied("ova"), TOPICS["test"], "--thresholds", "auto")
    assert "fastcli tune-threshold" in gone.err


def test_quantizing_does_not_take_the_calibration_along(copied):
    model = copied("softmax")
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    stem = model.with_suffix("")
    assert run("quantize", "-output", stem, "-verbose", 0).code == 0
    assert "calibration" not in json.loads((stem.parent / "softmax.ftz.json").read_text())
    result = run("predict", stem.with_suffix(".ftz"), TOPICS["test"], "--calibrated")
    assert "has no calibration" in result.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": "x"}, "threshold should be a number"),
        ({"threshold": 7}, "threshold should be a number from 0 to 1"),
        ({"labels": {"__label__sport": [1]}}, "labels.__label__sport should be a number"),
        ({"k": "all"}, "k should be a whole number"),
        ({"k": 7}, "k should be 1 or -1, not 7"),
        ({"labels": {"__label__nope": 0.5}}, "the model has no label '__label__nope'"),
        ({"labels": {"sport": 0.5}}, "the model has no label 'sport'"),
        ({"labels": {}, "per_label": True}, "labels lacks the label '__label__"),
        ({"more": 1}, "more is not known"),
        ({"format": "x"}, "was not written by fastcli tune-threshold"),
        (None, "not valid JSON"),
    ],
)
def test_damaged_thresholds(change, said, copied):
    model = copied("softmax")
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    path = model.parent / "softmax.bin.thresholds.json"
    found = json.loads(path.read_text())
    path.write_text("{" if change is None else json.dumps({**found, **change}))
    result = run("predict", model, TOPICS["test"], "--thresholds", "auto")
    assert result.code == 1
    assert said in result.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"temperature": None}, "temperature should be a number"),
        ({"temperature": 0}, "temperature should be a number from 0.001"),
        ({"method": "magic"}, "method should be"),
        ({"method": "platt"}, "lacks the label"),
        ({"method": "platt", "slopes": {"a": "b"}}, "slopes.a should be a number"),
        ({"temperature": float("nan")}, "temperature should be a number"),
    ],
)
def test_damaged_calibrations(change, said, copied):
    model = copied("softmax")
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    path = model.with_name("softmax.bin.json")
    about = json.loads(path.read_text())
    about["calibration"].update(change)
    path.write_text(json.dumps(about))
    result = run("predict", model, TOPICS["test"], "--calibrated")
    assert result.code == 1
    assert said in result.err


def test_a_json_file_of_others_stays_as_it_is(copied):
    model = copied("mlp")
    beside = model.with_name("net.mlp.json")
    beside.write_text("{}")
    result = run("calibrate", model, TOPICS["valid"])
    assert (result.code, beside.read_text()) == (1, "{}")
    assert "was not written by fastcli" in result.err


def test_dev_data_that_cannot_be(copied, tmp_path):
    model = copied("softmax")
    (tmp_path / "none.txt").write_text("no label here\n")
    for command in ("calibrate", "tune-threshold"):
        result = run(command, model, tmp_path / "none.txt")
        assert "has no line with both a known label and a known word" in result.err
        assert "cannot be opened" in run(command, model, tmp_path / "gone.txt").err
        assert "cannot be opened" in run(command, tmp_path / "gone.bin", TOPICS["valid"]).err


def test_a_table_of_labelled_texts(copied, tmp_path):
    model = copied("softmax")
    rows = [line.split(" ", 1) for line in TOPICS["valid"].read_text().splitlines()]
    table = ["topic,text", *(f'{label.removeprefix("__label__")},"{text}"' for label, text in rows)]
    (tmp_path / "t.csv").write_text("\n".join(table) + "\n")
    columns = ["--text-column", "text", "--label-column", "topic"]
    of_lines = json.loads(run("calibrate", model, TOPICS["valid"], "--json").out)
    of_table = json.loads(run("calibrate", model, tmp_path / "t.csv", *columns, "--json").out)
    assert of_table == of_lines
    assert run("tune-threshold", model, tmp_path / "t.csv", *columns).code == 0


@pytest.mark.parametrize("room", [40, 80])
def test_the_screens_fit(room, copied, monkeypatch):
    from fastcli.cli.display.tables import width_of

    monkeypatch.setenv("COLUMNS", str(room))
    model = copied("tags")
    monkeypatch.chdir(model.parent)
    shown = run("tune-threshold", "tags.bin", TAGS["valid"], "--per-label").out.decode()
    shown += run("calibrate", "tags.bin", TAGS["valid"]).out.decode()
    rows = [row for row in shown.splitlines() if str(TAGS["valid"]) not in row]
    assert max(map(width_of, rows)) <= room


def test_a_calibration_without_its_temperature_is_damaged(copied):
    model = copied("softmax")
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    path = model.with_name("softmax.bin.json")
    about = json.loads(path.read_text())
    del about["calibration"]["temperature"]
    path.write_text(json.dumps(about))
    result = run("predict", model, TOPICS["test"], "--calibrated")
    assert (result.code, "calibration lacks temperature" in result.err) == (1, True)


# ------------------------------------------------------------------- lines that tell too little


@pytest.mark.parametrize("command", ["tune-threshold", "calibrate"])
def test_few_lines_and_lines_that_are_left_out(command, copied, tmp_path):
    model = copied("softmax")
    before = model.with_name("softmax.bin.json").read_bytes()
    lines = TOPICS["valid"].read_text().splitlines(keepends=True)
    for n, said in (
        (1, "has 1 line with a known label and a known word: give"),
        (9, "has 9 lines"),
    ):
        (tmp_path / "dev.txt").write_text("".join(lines[:n]))
        result = run(command, model, tmp_path / "dev.txt")
        assert (result.code, result.out) == (1, b"")
        assert said in result.err
        assert "at least 10" in result.err
    label = lines[0].split()[0]
    (tmp_path / "dev.txt").write_text("".join(x for x in lines if x.startswith(label)))
    result = run(command, model, tmp_path / "dev.txt")
    assert (result.code, "have the same label" in result.err) == (1, True)
    assert not (tmp_path / "softmax.bin.thresholds.json").exists()
    assert model.with_name("softmax.bin.json").read_bytes() == before
    unknown = "__label__other a b\n" * 3
    (tmp_path / "dev.txt").write_text("".join(lines[:20]) + unknown)
    result = run(command, model, tmp_path / "dev.txt")
    assert result.code == 0
    assert "20 lines, 3 left out" in " ".join(result.out.decode().split())
    assert "has 20 usable lines (3 left out): too few for a reliable result." in result.err
    assert "too few" not in run(command, model, TOPICS["valid"]).err


def test_a_metric_of_a_label_that_no_line_has(copied, tmp_path):
    model = copied("softmax")
    lines = TOPICS["valid"].read_text().splitlines(keepends=True)
    dev = tmp_path / "dev.txt"
    dev.write_text("".join(x for x in lines if not x.startswith("__label__cooking")))
    for metric in ("f1:cooking", "recallAtPrecision:50:cooking"):
        result = run("tune-threshold", model, dev, "--metric", metric)
        assert (result.code, result.out) == (1, b"")
        assert f"--metric {metric}: no line" in result.err
        assert "has the label cooking" in result.err
        required = run("test", model, dev, "--require", f"{metric}>=0.1")
        assert required.code == 1
        assert "is undefined (nan, since no line has the label cooking)" in required.err
    assert not (tmp_path / "softmax.bin.thresholds.json").exists()


def test_a_metric_that_is_0_everywhere(copied, tmp_path):
    model = copied("softmax")
    labels = [f"__label__{name}" for name in ("cooking", "travel")]
    texts = [x.split(" ", 1) for x in TOPICS["valid"].read_text().splitlines(keepends=True)]
    swapped = dict(zip(labels, labels[::-1], strict=True))
    predicted = run("predict", model, TOPICS["valid"]).text().split("\n")
    wrong = [
        f"{swapped[found]} {text}"
        for found, (_, text) in zip(predicted, texts, strict=False)
        if found in labels
    ]
    (tmp_path / "dev.txt").write_text("".join(wrong))
    result = run("tune-threshold", model, tmp_path / "dev.txt", "-k", 1)
    assert (result.code, "f1 is 0 at every threshold" in result.err) == (1, True)
    assert not (tmp_path / "softmax.bin.thresholds.json").exists()


def test_files_of_others_are_not_overwritten(copied, tmp_path):
    model = copied("softmax")
    place = tmp_path / "softmax.bin.thresholds.json"
    for content in ("my own\n", "{}", '{"format": "x"}'):
        place.write_text(content)
        (tmp_path / "o.sh").write_text(content)
        for more in ([], ["-o", tmp_path / "o.sh"]):
            result = run("tune-threshold", model, TOPICS["valid"], *more)
            assert result.code == 1
            assert "exists and is not a file of tune-threshold" in result.err
        assert (place.read_text(), (tmp_path / "o.sh").read_text()) == (content, content)
    place.unlink()
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    place.write_bytes(place.read_bytes()[:60])  # cut off
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    assert json.loads(place.read_text())["lines"] == 200


def test_the_figures_of_the_label_of_the_metric_are_shown(copied):
    model = copied("softmax")
    tune = ["tune-threshold", model, TOPICS["valid"], "--metric", "f1:cooking"]
    answer = json.loads(run(*tune, "--json").out)
    shown = run(*tune).out.decode().splitlines()
    row = shown.index(next(x for x in shown if x.startswith("cooking")))
    assert shown[row].split() == ["cooking", "precision", "recall", "F1"]
    for line, when in zip(shown[row + 1 :], ("before", "after"), strict=False):
        own = answer[when]["label"]
        assert line.split()[-3:] == [f"{own[name]:.3f}" for name in ("precision", "recall", "f1")]
    assert any(x.startswith("all labels") for x in shown)
    assert "__label__" not in " ".join(shown)
    shown = run(*tune[:3], "--per-label").out.decode()
    assert "__label__" not in shown
    same = json.loads(run(*tune[:4], "f1:__label__cooking", "--json").out)
    assert same["threshold"] == answer["threshold"]


def test_options_beside_thresholds_are_named(copied):
    model = copied("softmax")
    assert run("tune-threshold", model, TOPICS["valid"]).code == 0
    auto = ["predict", model, TOPICS["test"], "--thresholds", "auto"]
    assert run(*auto).err == ""
    assert b"P@1" in run("test", *auto[1:], "-k", 2).out
    assert run(*auto, "-k", 2).err == (
        "-k 2: no effect, since these thresholds give a line its best label or none.\n"
    )
    assert "--threshold 0.9: labels must reach it" in run(*auto, "--threshold", 0.9).err
    assert run("tune-threshold", model, TOPICS["valid"], "-k", -1).code == 0
    assert "-k 1: a line gets at most 1 label of those" in run(*auto, "-k", 1).err
    number = run("predict", model, TOPICS["test"], "--thresholds", "0.5")
    assert (number.code, "give --threshold 0.5" in number.err) == (1, True)


@pytest.mark.parametrize("content", ["", None])
def test_a_model_record_that_is_cut_off(content, copied):
    model = copied("softmax")
    assert run("calibrate", model, TOPICS["valid"]).code == 0
    record = model.with_name("softmax.bin.json")
    cut = record.read_text()[:400] if content is None else content
    record.write_text(cut)
    for words in (
        ["test", model, TOPICS["test"], "--calibrated"],
        ["calibrate", model, TOPICS["valid"]],
    ):
        result = run(*words)
        assert (result.code, "softmax.bin.json is damaged" in result.err) == (1, True)
    assert record.read_text() == cut


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_model_from_a_pipe(copied, tmp_path):
    """It is read once; nothing can be kept beside it."""
    model = copied("softmax")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for command in ("calibrate", "tune-threshold"):
        result = run(command, pipe, TOPICS["valid"])
        assert (result.code, "give a file, and not a pipe" in result.err) == (1, True)
    writer = threading.Thread(target=lambda: pipe.write_bytes(model.read_bytes()))
    writer.start()
    result = run("tune-threshold", pipe, TOPICS["valid"], "-o", tmp_path / "t.json")
    writer.join(10)
    assert result.code == 0, result.err
    assert run("predict", model, TOPICS["test"], "--thresholds", tmp_path / "t.json").code == 0


def test_thresholds_of_few_lines_are_named(copied):
    model = copied("softmax")
    tune = ["tune-threshold", model, *[TOPICS["valid"]] * 2]
    said = run(*tune[:3], "--per-label").err
    assert "6 labels have 10 to 49 lines: a threshold of so few may do worse on new lines" in said
    assert "10 to 49" not in run(*tune[:3]).err
    assert "6 labels" not in run(*tune, "--per-label").err


def test_proposed_commands_are_quoted(copied, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    model = folder / "my model.bin"
    source = copied("softmax")
    model.write_bytes(source.read_bytes())
    beside = source.with_name("softmax.bin.json")
    (folder / "my model.bin.json").write_bytes(beside.read_bytes())
    said = run("predict", model, TOPICS["test"], "--thresholds", "auto").err
    assert f"fastcli tune-threshold '{model}' DEV-FILE makes it" in said
    assert (
        f"fastcli calibrate '{model}' DEV"
        in run("predict", model, TOPICS["test"], "--calibrated").err
    )
    test = shlex.quote(str(TOPICS["test"]))  # by the name of the training file
    assert f"fastcli predict-prob '{model}' {test}" in run("calibrate", model, TOPICS["valid"]).err
    tuned = run("tune-threshold", model, TOPICS["valid"], "-o", folder / "t h.json")
    assert f"fastcli predict '{model}' {test} --thresholds '{folder / 't h.json'}'" in tuned.err


@pytest.mark.parametrize("name", ["softmax", "hs", "ova", "tags"])
def test_the_calibration_error_is_that_of_the_report(name, copied):
    model, data = copied(name), (TAGS if name == "tags" else TOPICS)["valid"]
    answer = json.loads(run("calibrate", model, data, "--json").out)
    assert ("error_of_all_labels" in answer) == (name in ("ova", "tags"))
    for when, more in (("before", []), ("after", ["--calibrated"])):
        report = json.loads(run("test", model, data, "--report", "--json", *more).out)
        found = report["fastcli"]["calibration_error"]
        assert answer["calibration_error"][when] == pytest.approx(found, abs=1e-6)
