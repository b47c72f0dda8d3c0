"""compare: models on the same lines, and logs of training runs."""

import csv
import importlib.util
import json
import math
import os
import shutil
import threading

import pytest

from tests import naive_paired
from tests.command import SAMPLES, run

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
TAGS = SAMPLES / "tags.train.txt"
REVIEWS = SAMPLES / "reviews.csv"
COLUMNS = ["--text-column", "review", "--label-column", "verdict"]


def compare(*argv, **options):
    result = run("compare", *argv, **options)
    assert "Traceback" not in result.err
    return result


def said(*argv):
    """Return the sentence of a comparison that fails."""
    result = compare(*argv)
    assert (result.code, result.out) == (1, b"")
    return result.err


def found(*argv, **options):
    """Return the JSON of a comparison."""
    result = compare(*argv, "--json", **options)
    assert result.code == 0, result.err
    return json.loads(result.out)


def labels_of(path, model):
    """Return the labels of lines, and the best one that a model gives them."""
    given = [line.split() for line in run("predict", model, path).text().splitlines()]
    lines = path.read_text(encoding="utf-8").splitlines()
    gold = [[word for word in line.split() if word.startswith("__label__")] for line in lines]
    return gold, given


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Train models of several kinds on the same topics, and one of others."""
    folder = tmp_path_factory.mktemp("compared")
    common = ["-input", TRAIN, "-dim", 10, "-bucket", 1000, "-verbose", 0]
    good = ["-lr", 0.5, "-epoch", 15]
    linear = [("good", good), ("ova", [*good, "-loss", "ova"]), ("poor", ["-lr", 0.2, "-epoch", 4])]
    for name, options in linear:
        run("supervised", "-output", folder / name, *common, *options)
    run("quantize", "-output", folder / "good", "-verbose", 0)
    run("mlp-train", "-output", folder / "net", *common, "-epoch", 6, "-lr", 0.02)
    some = folder / "some.txt"
    lines = TRAIN.read_text().splitlines(keepends=True)
    some.write_text("".join(line for line in lines if "__label__sport" not in line))
    run("supervised", "-input", some, "-output", folder / "some", *common[2:], *good)
    assert {"good.bin", "good.ftz", "ova.bin", "poor.bin", "net.mlp", "some.bin"} <= {
        path.name for path in folder.iterdir()
    }
    return folder


# ------------------------------------------------------------------------- models


def test_models_of_all_kinds(folder):
    models = [folder / name for name in ("good.bin", "good.ftz", "net.mlp", "poor.bin")]
    answer = found(*models, TEST)
    assert (answer["lines"], answer["left_out"], answer["metric"]) == (300, 0, "accuracy")
    for path, one in zip(models, answer["models"], strict=True):
        gold, given = labels_of(TEST, path)
        accuracy, f1, macro = naive_paired.scores(gold, given)
        assert one["model"] == str(path)
        assert one["accuracy"] == pytest.approx(accuracy, abs=1e-8)
        assert (one["f1"], one["f1macro"]) == pytest.approx((f1, macro), abs=1e-8)
        assert one["bytes"] == path.stat().st_size
        report = json.loads(run("test", "--report", "--json", path, TEST).out)["fastcli"]
        assert one["logloss"] == pytest.approx(report["log_loss"], rel=1e-6)
    accuracies = [one["accuracy"] for one in answer["models"]]
    best = accuracies.index(max(accuracies))
    assert answer["best"] == str(models[best])
    ps = []
    gold, of_best = labels_of(TEST, models[best])
    for one in answer["others"]:
        _, given = labels_of(TEST, one["model"])
        right = [(x[0] in g, y[0] in g) for g, x, y in zip(gold, of_best, given, strict=True)]
        a, b = right.count((True, False)), right.count((False, True))
        assert (one["only_best_right"], one["only_other_right"]) == (a, b)
        ps.append(naive_paired.mcnemar_exact(a, b))
    order = sorted(range(3), key=lambda i: ps[i])
    adjusted = {i: min(1.0, ps[i] * (3 - rank)) for rank, i in enumerate(order)}
    assert answer["others"][order[0]]["p"] == pytest.approx(adjusted[order[0]], rel=1e-6)
    worst = next(one for one in answer["others"] if one["model"].endswith("poor.bin"))
    assert worst["is_worse"]


def test_what_is_shown(folder, monkeypatch):
    monkeypatch.chdir(folder)
    shutil.copy(TEST, folder)  # a long path would go on in the next line
    text = compare("poor.bin", "good.bin", "good.ftz", TEST.name).out.decode()
    title, _, header, *rows = text.splitlines()
    assert title.endswith("topics.test.txt: 300 lines, 6 labels")
    assert header.split("  ")[0] == "model"
    assert header.split()[1:] == ["accuracy", "macro", "F1", "log", "loss", "size"]
    assert [row.split()[0] for row in rows[:3]] == ["poor.bin", "good.bin", "good.ftz"]
    assert sum(row.endswith("best") for row in rows[:3]) == 1
    assert max(map(len, text.splitlines())) <= 80
    joined = " ".join(text.split())
    assert "within what 300 lines can tell apart" in joined
    assert "lines right that the other gets wrong" in joined
    assert "(McNemar p < 0.0001)" in joined
    assert "together (Holm)" in joined
    text = compare("good.bin", "ova.bin", TEST).out.decode()
    assert "log loss" not in text  # they are of different kinds
    assert "Holm" not in text


def test_the_same_model_twice(folder):
    text = " ".join(compare(folder / "good.bin", folder / "good.bin", TEST).out.decode().split())
    assert "within what 300 lines can tell apart: they are right on the same lines." in text


def test_other_metrics_are_compared_by_a_seeded_bootstrap(folder):
    models = folder / "good.bin", folder / "poor.bin"
    for metric in ("f1macro", "f1:sport", "logloss", "f1weighted"):
        answer = found(*models, TEST, "--metric", metric)
        (one,) = answer["others"]
        assert (answer["metric"], one["test"]) == (metric, "bootstrap")
        assert 0 < one["interval"][0] < one["interval"][1]
        assert one["is_worse"]
    same = [found(*models, TEST, "--metric", "f1macro")["others"] for _ in range(2)]
    assert same[0] == same[1]
    other = found(*models, TEST, "--metric", "f1macro", "-seed", 1)["others"]
    assert other[0]["interval"] != same[0][0]["interval"]
    text = " ".join(compare(*models, TEST, "--metric", "f1macro").out.decode().split())
    assert "1,000 paired samples" in text
    assert "1,000 lines" not in text


def test_lines_with_several_labels(tmp_path):
    base = ["-input", TAGS, "-dim", 10, "-bucket", 1000, "-loss", "ova", "-verbose", 0]
    run("supervised", "-output", tmp_path / "a", *base, "-lr", 0.5, "-epoch", 20)
    run("supervised", "-output", tmp_path / "b", *base, "-lr", 0.3, "-epoch", 5)
    data = SAMPLES / "tags.test.txt"
    answer = found(tmp_path / "a.bin", tmp_path / "b.bin", data, "-k", -1, "--threshold", 0.5)
    assert answer["metric"] == "f1"
    assert answer["others"][0]["test"] == "bootstrap"
    tested = run("test", "--json", tmp_path / "a.bin", data, -1, 0.5)
    # a label that a line has twice counts once here
    assert answer["models"][0]["f1"] == pytest.approx(json.loads(tested.out)["f1"], abs=0.01)
    text = compare(tmp_path / "a.bin", tmp_path / "b.bin", data, "-k", -1, "--threshold", 0.5)
    assert text.out.decode().splitlines()[2].split()[1:5] == ["accuracy", "F1", "macro", "F1"]


def test_labels_that_a_model_does_not_know(folder):
    result = compare(folder / "good.bin", folder / "some.bin", TEST, "--json")
    answer = json.loads(result.out)
    n = TEST.read_text().count("__label__sport")
    assert answer["lines"] == 300
    said = f"some.bin: {n} lines have a label that it does not know (sport): these count as wrong"
    assert said in result.err
    assert answer["others"][0]["only_best_right"] >= n / 2


def test_models_of_other_labels(folder, tmp_path):
    run("supervised", "-input", TAGS, "-output", tmp_path / "t", "-dim", 4, "-verbose", 0)
    assert "no label in common" in said(folder / "good.bin", tmp_path / "t.bin", TEST)


def test_tables_of_texts_and_streams(tmp_path, folder):
    options = ["-input", REVIEWS, *COLUMNS, "-dim", 10, "-verbose", 0]
    run("supervised", "-output", tmp_path / "a", *options, "-lr", 0.5, "-epoch", 10)
    run("mlp-train", "-output", tmp_path / "b", *options, "-epoch", 3, "-lr", 0.01)
    models = tmp_path / "a.bin", tmp_path / "b.mlp"
    answer = found(*models, REVIEWS, *COLUMNS)
    assert answer["lines"] == 800
    tested = json.loads(run("test", "--json", models[1], REVIEWS, *COLUMNS).out)
    assert answer["models"][1]["accuracy"] == pytest.approx(tested["precision"], abs=1e-8)
    refused = said(*models, REVIEWS)
    assert "is a table" in refused
    assert f"fastcli compare {models[0]} {models[1]} {REVIEWS}" in refused
    piped = found(folder / "good.bin", folder / "poor.bin", "-", stdin=TEST.read_bytes())
    assert (
        piped["models"][0]["accuracy"]
        == found(folder / "good.bin", folder / "poor.bin", TEST)["models"][0]["accuracy"]
    )


def test_tables_of_numbers(tmp_path):
    rows = [f"{i % 7},{i % 5},{'ab'[i % 7 > 3]}" for i in range(80)]
    table = tmp_path / "n.csv"
    table.write_text("x,y,kind\n" + "\n".join(rows) + "\n")
    for name, epoch in (("a", 1), ("b", 60)):
        options = ["-output", tmp_path / name, "-epoch", epoch, "-lr", 0.02, "-verbose", 0]
        assert run("mlp-train", "-input", table, *options).code == 0
    answer = found(tmp_path / "a.mlp", tmp_path / "b.mlp", table)
    assert answer["lines"] == 80
    assert answer["best"].endswith("b.mlp")


def test_decisions_belong_to_each_model(folder, tmp_path):
    for name in ("good.bin", "poor.bin"):
        for path in (folder / name, folder / f"{name}.json"):
            shutil.copy(path, tmp_path)
        run("calibrate", tmp_path / name, VALID)
        run("tune-threshold", tmp_path / name, VALID, "--metric", "recallAtPrecision:95")
    models = tmp_path / "good.bin", tmp_path / "poor.bin"
    plain, other = found(*models, TEST), found(*models, TEST, "--calibrated")
    assert plain["models"][1]["logloss"] > other["models"][1]["logloss"]
    assert plain["models"][1]["accuracy"] == other["models"][1]["accuracy"]
    with_thresholds = found(*models, TEST, "--thresholds", "auto")
    assert with_thresholds["models"][1]["accuracy"] == plain["models"][1]["accuracy"]
    assert with_thresholds["models"][1]["f1"] != plain["models"][1]["f1"]
    assert "--thresholds auto" in said(*models, TEST, "--thresholds", "x.json")


@pytest.mark.parametrize("more", [[], ["--threshold", 0.9], ["-k", 2], ["-k", -1]])
def test_accuracy_is_that_of_the_report(folder, more):
    """Of the best label of each line, whatever labels the lines get."""
    models = folder / "good.bin", folder / "net.mlp"
    for one in found(*models, TEST, *more)["models"]:
        report = json.loads(run("test", "--report", "--json", one["model"], TEST, *more).out)
        assert one["accuracy"] == pytest.approx(report["fastcli"]["accuracy"], abs=1e-8)
        assert one["f1macro"] == pytest.approx(report["macro avg"]["f1-score"], abs=1e-8)


def test_labels_are_named_as_in_other_commands(folder, tmp_path):
    models = folder / "good.bin", folder / "poor.bin"
    same = [found(*models, TEST, "--metric", f"f1:{x}") for x in ("sport", "__label__sport")]
    assert same[0]["others"] == same[1]["others"]
    assert "no model has a label spor (did you mean sport?)" in said(
        *models, TEST, "--metric", "f1:spor"
    )
    rows = "".join(f"good {i % 5},very good\nbad {i % 5},not good\n" for i in range(20))
    (tmp_path / "t.csv").write_text(f"text,label\n{rows}")
    table = ["--text-column", "text", "--label-column", "label"]
    options = ["-dim", 4, "-epoch", 5, "-verbose", 0, *table]
    for name in ("a", "b"):
        run("supervised", "-input", tmp_path / "t.csv", "-output", tmp_path / name, *options)
    for name in ("very good", "very_good", "__label__very_good"):
        metric = ["--metric", f"f1:{name}"]
        answer = found(tmp_path / "a.bin", tmp_path / "b.bin", tmp_path / "t.csv", *table, *metric)
        assert answer["metric"] == f"f1:{name}"
    metric = ["--metric", "f1:good"]
    refused = said(tmp_path / "a.bin", tmp_path / "b.bin", tmp_path / "t.csv", *table, *metric)
    assert "Their labels: " in refused
    assert "very good" in refused


def test_labels_that_are_not_utf8(tmp_path):
    """Two labels that look the same where what is not UTF-8 is replaced are two."""
    lines = [b"__label__caf\xe9 a b", b"__label__caf\xe8 c d", b"__label__x e f"]
    (tmp_path / "t.txt").write_bytes(b"\n".join(lines * 20) + b"\n")
    (tmp_path / "swapped.txt").write_bytes(b"__label__caf\xe9 c d\n__label__x e f\n")
    options = ["-dim", 4, "-epoch", 20, "-lr", 1, "-bucket", 0, "-verbose", 0]
    for name, loss in (("a", "softmax"), ("b", "ova")):
        more = ["-output", tmp_path / name, "-loss", loss]
        run("supervised", "-input", tmp_path / "t.txt", *more, *options)
    a, b, data = tmp_path / "a.bin", tmp_path / "b.bin", tmp_path / "swapped.txt"
    assert [one["accuracy"] for one in found(a, b, data)["models"]] == [0.5, 0.5]
    assert "2 lines, 3 labels" in " ".join(compare(a, b, data).out.decode().split())
    report = json.loads(run("test", "--report", "--json", a, data).out)
    assert report["fastcli"]["accuracy"] == 0.5
    (confusion,) = report["fastcli"]["confusions"]
    assert confusion == {"true": "caf\\xe9", "predicted": "caf\\xe8", "count": 1}
    errors = tmp_path / "e.jsonl"
    screen = run("test", "--report", a, data, "--errors", errors).out.decode()
    assert "caf\\xe9" in screen
    assert "\\udc" not in screen
    row = json.loads(errors.read_text(encoding="utf-8"))
    assert (row["true"], row["predicted"]) == (["caf\\xe9"], ["caf\\xe8"])
    plain = json.loads(run("predict", a, "-", "--json", stdin=b"a b\n").out)
    assert plain["labels"] == ["__label__caf\\xe9"]
    rows = json.loads(run("test-label", a, data, "--json").out)["per_label"]
    assert {row["label"].removeprefix("__label__") for row in rows} == {"caf\\xe9", "caf\\xe8", "x"}
    explained = run("explain", a, "a b", "--json")
    assert json.loads(explained.out)["label"] == "caf\\xe9"
    for name in (b"caf\xe9", b"caf\\xe9", b"__label__caf\xe9"):
        metric = "f1:" + name.decode("utf-8", "surrogateescape")
        assert found(a, b, data, "--metric", metric)["models"][0]["f1"] == 0.5


def test_streams(folder):
    """A pipe is read from its beginning, though it is looked at to tell logs of runs."""
    models = folder / "good.bin", folder / "poor.bin"
    expected = found(*models, TEST)
    pipe, path = folder / "pipe", str(folder / "pipe")
    os.mkfifo(pipe)

    def feed(source):
        thread = threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()))
        thread.start()
        return thread

    thread = feed(TEST)
    answer = found(*models, path)
    thread.join()
    assert {**answer, "data": str(TEST)} == expected
    thread = feed(models[0])
    answer = found(path, models[1], TEST)
    thread.join()
    assert answer["others"][0]["p"] == expected["others"][0]["p"]
    assert answer["models"][0]["bytes"] is None


def test_the_table_in_a_file(folder, tmp_path):
    path = tmp_path / "c.tsv"
    result = compare(folder / "good.bin", folder / "ova.bin", TEST, "--csv", path)
    assert result.err.startswith(f"Wrote {path} (")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["model"] for row in rows] == [str(folder / "good.bin"), str(folder / "ova.bin")]
    assert float(rows[0]["accuracy"]) > 0.8
    assert rows[1]["logloss"] == ""
    assert "must end in" in said(folder / "good.bin", folder / "ova.bin", TEST, "--csv", TEST)
    own = tmp_path / "lines.csv"
    shutil.copy(TEST, own)
    assert "would be overwritten" in said(
        folder / "good.bin", folder / "ova.bin", own, "--csv", own, "--format", "text"
    )


def test_words_that_cannot_be(folder, tmp_path):
    good, poor = folder / "good.bin", folder / "poor.bin"
    assert "Give another model" in said(good, TEST)
    assert "is a model: the last word is the file" in said(good, poor)
    assert "is a model: the last word is the file" in said(TEST, good)
    assert "Give the models and the file" in said(TEST)
    assert "cannot be opened" in said(good, poor, tmp_path / "nowhere")
    assert "cannot be opened" in said(good, tmp_path / "nowhere.bin", TEST)
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    assert "no line with a label and a word" in said(good, poor, empty)
    empty.write_text("no label\n__label__other words\n")
    assert "no line with a label and a word" in said(good, poor, empty)
    assert "models are compared by" in said(good, poor, TEST, "--metric", "loss")
    assert "Unknown metric" in said(good, poor, TEST, "--metric", "f2")
    assert "--plot draws the curves of runs" in said(good, poor, TEST, "--plot", "x.png")


# ------------------------------------------------------------------------- runs


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Log runs of networks that differ in their activation, and of a linear model."""
    folder = tmp_path_factory.mktemp("logs")
    base = ["-input", TRAIN, "--valid", VALID, "-dim", 10, "-epoch", 5, "-verbose", 0]
    for name in ("sigmoid", "tanh", "relu"):
        more = ["--hidden", "16,16", "--activation", name, "-lr", 0.01]
        argv = ["-output", folder / name, "--log", folder / f"{name}.jsonl", *base, *more]
        assert run("mlp-train", *argv).code == 0
    argv = ["-output", folder / "lin", "--log", folder / "lin.jsonl", *base, "-lr", 0.5]
    assert run("supervised", *argv).code == 0
    return folder


def kept(path):
    """Return the evaluation of a log whose model is kept."""
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    return [line for line in lines if line["is_best"]][-1], lines


def test_runs_by_what_differs(logs, monkeypatch):
    monkeypatch.chdir(logs)
    result = compare("sigmoid.jsonl", "tanh.jsonl", "relu.jsonl")
    assert (result.code, result.err) == (0, "")
    lines = result.out.decode().splitlines()
    titles = "--activation valid acc valid loss train loss epoch s valid acc by epoch"
    assert lines[0].split() == titles.split()
    for name, line in zip(("sigmoid", "tanh", "relu"), lines[1:4], strict=True):
        best, history = kept(logs / f"{name}.jsonl")
        cells = line.split()
        assert cells[0] == name
        assert float(cells[1]) == pytest.approx(1 - best["valid_error"], abs=6e-4)
        assert float(cells[2]) == pytest.approx(best["valid_loss"], abs=6e-4)
        assert float(cells[3]) == pytest.approx(best["loss"], abs=6e-4)
        assert int(cells[4]) == best["epoch"]
        assert len(cells[6]) == len(history) == 5
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert (
        f"the same in all: -input {TRAIN} --valid {VALID} -dim 10 -wordNgrams 2 --hidden 16,16"
        in text
    )
    assert "a picture: --plot" in text


def test_runs_are_named_by_options(logs, tmp_path):
    paths = [logs / f"{name}.jsonl" for name in ("sigmoid", "relu")]
    text = " ".join(compare(*paths).out.decode().split())
    assert "By accuracy --activation " in text
    refused = said(*paths, tmp_path / "nowhere.jsonl")
    assert "cannot be opened" in refused
    assert "No such file" in refused


def test_runs_within_chance(logs):
    paths = [logs / f"{name}.jsonl" for name in ("sigmoid", "tanh", "relu")]
    answer = found(*paths)
    assert answer["lines"] == 200
    accuracies = [1 - kept(path)[0]["valid_error"] for path in paths]
    p, z, n = max(accuracies), 1.959963984540054, 200
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert answer["half_interval"] == pytest.approx(half, abs=1e-6)
    ref = [str(x) for x, a in zip(paths, accuracies, strict=True) if a >= centre - half]
    assert sorted(answer["within_chance"]) == sorted(ref)
    assert [run["options"] for run in answer["runs"]] == [
        {"activation": "sigmoid"},
        {"activation": "tanh"},
        {"activation": "relu"},
    ]
    text = " ".join(compare(*paths).out.decode().split())
    n_alike = len(answer["within_chance"])
    assert ("within what 200 lines can tell apart" in text) == (n_alike > 1)
    assert f"(+-{half:.3f}, the 95 % interval of the best)" in text


def test_runs_of_two_commands(logs):
    answer = found(logs / "lin.jsonl", logs / "relu.jsonl")
    assert answer["runs"][0]["options"]["command"] == "supervised"
    assert answer["runs"][1]["options"]["command"] == "mlp-train"
    assert answer["same"]["dim"] == 10
    assert answer["lines"] == 200
    text = compare(logs / "lin.jsonl", logs / "relu.jsonl").out.decode()
    assert text.startswith("run ")
    assert "different: command" in text


def rewritten(source, path, change):
    """Write a log with other lines."""
    lines = [json.loads(line) for line in source.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in change(lines)))
    return path


def test_logs_of_version_0_1_0(logs, tmp_path):
    def older(lines):
        return [{k: v for k, v in line.items() if k != "valid_lines"} for line in lines[1:]]

    old = [rewritten(logs / f"{n}.jsonl", tmp_path / f"{n}.jsonl", older) for n in ("tanh", "relu")]
    text = " ".join(compare(*old).out.decode().split())
    assert "The logs do not say on how many lines" in text
    assert "options of runs are not known" in text
    answer = found(old[0], logs / "relu.jsonl")
    assert (answer["lines"], answer["same"]) == (200, {})


def test_runs_on_other_lines(logs, tmp_path):
    def other(lines):
        lines[0]["arguments"]["valid"] = "elsewhere.txt"
        return lines

    path = rewritten(logs / "tanh.jsonl", tmp_path / "t.jsonl", other)
    answer = found(path, logs / "relu.jsonl")
    assert "validated on different lines" in answer["problem"]
    assert answer["within_chance"] == []


def test_runs_without_validation(logs, tmp_path):
    names = [tmp_path / f"{rate}.jsonl" for rate in (0.1, 0.5)]
    for path, rate in zip(names, (0.1, 0.5), strict=True):
        argv = ["-input", TRAIN, "-output", tmp_path / "m", "--log", path, "-lr", rate]
        assert run("supervised", *argv, "-dim", 5, "-verbose", 0).code == 0
    text = compare(*names).out.decode()
    header = "-lr train loss epoch s train loss by epoch"
    assert text.splitlines()[0].split() == header.split()
    assert "There were no validation lines" in text
    mixed = compare(names[0], logs / "lin.jsonl").out.decode()
    assert "Some runs have no validation lines" in " ".join(mixed.split())
    assert " - " in mixed


def test_logs_that_were_cut_or_damaged(logs, tmp_path):
    text = (logs / "tanh.jsonl").read_text()
    path = tmp_path / "t.jsonl"
    path.write_text(text[:-30])
    result = compare(path, logs / "relu.jsonl")
    assert result.code == 0
    assert "ends within a line" in result.err
    first, second, *rest = text.splitlines(keepends=True)
    for broken, sentence in (
        (first, "has no evaluation"),
        (first + "{oops}\n", ":2: not valid JSON"),
        (first + "[1]\n", ":2: not an object"),
        (first + second.replace('"step": ', '"step": "x", "was": '), "step should be a number"),
        (first + second.replace('"epoch": 1, ', ""), "epoch should be a number"),
    ):
        path.write_text(broken)
        assert sentence in said(path, logs / "relu.jsonl"), broken
    path.write_text(first + second.replace('"loss": ', '"loss": Infinity, "was": ') + "".join(rest))
    assert compare(path, logs / "relu.jsonl").code == 0


def test_logs_beside_other_files(logs, folder):
    assert "Give logs only" in said(logs / "tanh.jsonl", folder / "good.bin", TEST)
    assert "There is one log only" in said(logs / "tanh.jsonl")
    assert "-k, --metric: for models" in said(
        logs / "tanh.jsonl", logs / "relu.jsonl", "--metric", "f1", "-k", 2
    )
    assert "must end in .csv or .tsv" in said(
        logs / "tanh.jsonl", logs / "relu.jsonl", "--csv", "x.txt"
    )


def test_files_of_runs(logs, tmp_path):
    table = tmp_path / "runs.csv"
    paths = [logs / f"{name}.jsonl" for name in ("tanh", "relu")]
    assert compare(*paths, "--csv", table).err.startswith(f"Wrote {table} (")
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["activation"] for row in rows] == ["tanh", "relu"]
    best, _ = kept(paths[0])
    assert float(rows[0]["accuracy"]) == pytest.approx(1 - best["valid_error"])
    assert rows[0]["lines"] == "200"
    if importlib.util.find_spec("matplotlib") is None:
        assert "needs matplotlib" in said(*paths, "--plot", tmp_path / "x.png")
        return
    result = compare(*paths, "--plot", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert result.err.startswith(f"Wrote {tmp_path / 'x.png'} (")
    assert "a picture" not in result.out.decode()


def test_lines_of_folds_in_a_log_are_no_evaluations(tmp_path):
    argv = ["supervised", "-input", TRAIN, "-dim", 5, "-epoch", 2, "-verbose", 0]
    for name, more in (("a", ["--folds", 2]), ("b", ["-lr", 0.5])):
        assert (
            run(*argv, *more, "-output", tmp_path / name, "--log", tmp_path / f"{name}.l").code == 0
        )
    result = compare(tmp_path / "a.l", tmp_path / "b.l", "--json")
    assert result.code == 0, result.err
    assert [row["epoch"] for row in json.loads(result.out)["runs"]] == [2, 2]
