"""mlp-train --task regression: tables, libsvm and texts; test, predict, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests import crafted
from tests.command import run
from tests.crafted import array, put

QUICK = ["--task", "regression", "--hidden", "16", "--activation", "tanh", "-lr", 0.02]
QUICK += ["--optimizer", "adam", "-epoch", 25, "--schedule", "constant", "--batch-size", 16]
QUICK += ["--dropout", "0", "-thread", 1, "-verbose", 1]
WORDS = {"bad": 1, "poor": 2, "fair": 3, "good": 4, "great": 5}


def train(path, *options, output="m", code=0):
    result = run("mlp-train", "-input", path, "-output", output, *QUICK, *options)
    assert result.code == code, result.err
    return result.err


def refused(*words):
    result = run(*words)
    assert result.code == 1
    assert result.out == b""
    assert "Traceback" not in result.err
    return result.err


def scores(*words):
    return json.loads(run("test", *words, "--json").text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the same numbers as CSV, libsvm and without a header, and with texts."""
    folder, rng = tmp_path_factory.mktemp("numbers"), np.random.default_rng(0)
    x = rng.normal(size=(300, 2)).round(3)
    price, depth = (5000 + 900 * x[:, 0]).round(1), (x[:, 0] - x[:, 1] ** 2).round(3)
    rows = np.column_stack([x, price, depth]).tolist()
    table = [",".join(map(str, row)) for row in rows]
    Path(folder, "t.csv").write_text("\n".join(["a,b,price,depth", *table]) + "\n")
    Path(folder, "bare.csv").write_text("\n".join(table) + "\n")
    svm = [f"{p},{d} 1:{a} 2:{b}" for a, b, p, d in rows]
    Path(folder, "t.svm").write_text("\n".join(svm) + "\n")
    chosen = rng.integers(0, 5, (300, 3)).tolist()
    texts = []
    for some in chosen:
        words = [list(WORDS)[i] for i in some]
        texts.append((round(sum(WORDS[w] for w in words) / 3, 2), " ".join(words)))
    lines = [f"__label__{grade} it was {text}" for grade, text in texts]
    Path(folder, "g.txt").write_text("\n".join(lines) + "\n")
    rows = ["grade,review", *(f"{grade},it was {text}" for grade, text in texts)]
    Path(folder, "g.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(autouse=True)
def here(folder, monkeypatch, tmp_path):
    """Go to a folder of its own, with the data."""
    monkeypatch.chdir(tmp_path)
    for path in folder.iterdir():
        Path(path.name).symlink_to(path)


def predictions(model, path):
    lines = run("predict", model, path).text().splitlines()
    return np.array([[float(cell) for cell in line.split()] for line in lines])


def test_one_target_of_a_table():
    said = train("t.csv", "--label-column", "price", "--drop", "depth")
    assert "target: column 'price'; 2 features: a, b; " not in said
    assert "t.csv: header; target: column 'price'; 2 features: a, b" in said
    assert "1 target" in said
    assert "Next: fastcli test m.mlp FILE" in said
    truth = np.loadtxt("t.csv", delimiter=",", skiprows=1)[:, 2:3]
    found = predictions("m.mlp", "t.csv")
    errors = found - truth
    out = run("test", "m.mlp", "t.csv").text()
    names, values = zip(*(line.split("\t") for line in out.splitlines()), strict=True)
    assert names == ("N", "RMSE", "MAE", "R2")
    ref = [np.sqrt((errors**2).mean()), np.abs(errors).mean(), 1 - errors.var() / truth.var()]
    assert int(values[0]) == 300
    assert [float(v) for v in values[1:3]] == pytest.approx(ref[:2], rel=1e-4)
    assert float(values[3]) > 0.95


@pytest.mark.parametrize("option", ["--drop", "--weight-column"])
def test_a_number_of_columns_that_does_not_tell_is_an_error(option):
    """Without a header either the target or the column that was left out may be missing."""
    rows = [f"{i + 1},{i % 7},{i % 5},{i % 7 + i % 5}" for i in range(40)]
    write = {"whole": slice(0, 4), "inputs": slice(1, 3), "no-target": slice(0, 3)}
    for name, part in write.items():
        lines = [",".join(row.split(",")[part]) + "\n" for row in rows]
        Path(f"{name}.csv").write_text("".join(lines))
    train("whole.csv", "--no-header", option, 0)
    known = run("predict", "m.mlp", "whole.csv").out
    assert run("predict", "m.mlp", "inputs.csv").out == known
    said = refused("predict", "m.mlp", "no-target.csv")
    assert "no-target.csv: 3 columns, where training had 4: either column 4, which is" in said
    assert "or column 1, which was left out or read as weights, may be missing." in said
    assert "give all 4 columns, or train on a table with a header" in said


def test_several_targets_are_tested_one_by_one():
    train("t.csv", "--label-column", "price", "--label-column", "depth")
    truth, found = (
        np.loadtxt("t.csv", delimiter=",", skiprows=1)[:, 2:],
        predictions("m.mlp", "t.csv"),
    )
    every = scores("m.mlp", "t.csv")
    rmse = np.sqrt(((found - truth) ** 2).mean(axis=0))
    assert [one["target"] for one in every["per_target"]] == ["price", "depth"]
    assert [one["rmse"] for one in every["per_target"]] == pytest.approx(rmse.tolist(), rel=1e-3)
    assert every["rmse"] == pytest.approx(rmse.mean(), rel=1e-4)
    shown = run("test", "m.mlp", "t.csv").text().splitlines()
    assert [line.split()[-1] for line in shown[1:]] == ["target", "price", "depth", "all"]
    first = json.loads(run("predict", "m.mlp", "t.csv", "--json").text().splitlines()[0])
    assert first["values"] == pytest.approx(found[0].tolist(), rel=1e-4)


def test_forms_of_the_same_numbers_give_the_same_figures():
    wanted = ["--label-column", "price", "--label-column", "depth"]
    train("t.csv", *wanted)
    train("bare.csv", "--label-column", "2", "--label-column", "3", output="bare")
    train("t.svm", output="svm")
    models = [("m.mlp", "t.csv"), ("bare.mlp", "bare.csv"), ("svm.mlp", "t.svm")]
    figures = [[scores(*one)[name] for name in ("rmse", "loss")] for one in models]
    assert figures[0] == figures[1] == figures[2]
    assert (predictions("m.mlp", "t.csv") == predictions("svm.mlp", "t.svm")).all()


def test_files_without_targets_are_predicted():
    train("bare.csv", "--label-column", "2", "--label-column", "3")
    ref = predictions("m.mlp", "bare.csv")
    rows = [line.split(",")[:2] for line in Path("bare.csv").read_text().splitlines()]
    Path("x.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    assert (predictions("m.mlp", "x.csv") == ref).all()
    result = run("test", "m.mlp", "x.csv")
    assert "300 without a target" in result.err
    assert result.out.startswith(b"N\t0\n")


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber"])
def test_graded_texts(loss):
    train("g.txt", "-dim", 8, "-loss", loss, "-epoch", 40)
    assert scores("m.mlp", "g.txt")["r2"] > 0.95
    answer = float(run("predict", "m.mlp", "-", stdin=b"it was great great great\n").text())
    assert 4 < answer < 6


def test_tables_of_graded_texts():
    train("g.txt", "-dim", 8)
    train("g.csv", "-dim", 8, "--text-column", "review", "--label-column", "grade", output="t")
    answers = [
        scores("m.mlp", "g.txt")["rmse"],
        scores("t.mlp", "g.txt")["rmse"],
        json.loads(run("test", "t.mlp", "g.csv", "--label-column", "grade", "--json").out)["rmse"],
    ]
    assert answers[1] == answers[2]
    assert answers[0] < 0.2
    assert answers[1] < 0.2
    of_rows = run("predict", "t.mlp", "g.csv", "--text-column", "review").out
    texts = [line.split(",")[1] for line in Path("g.csv").read_text().splitlines()[1:]]
    assert of_rows == run("predict", "t.mlp", "-", stdin="\n".join([*texts, ""]).encode()).out
    assert "g.csv is a table" in refused("predict", "t.mlp", "g.csv")


@pytest.mark.parametrize("data", ["t.csv", "t.svm", "g.txt"])
def test_validation_measures_as_test_does(data):
    options = ["--label-column", "price"] if data == "t.csv" else []
    lines = Path(data).read_text().splitlines(keepends=True)
    head = lines[:1] if data == "t.csv" else []
    body = lines[len(head) :]
    suffix = Path(data).suffix
    Path(f"train{suffix}").write_text("".join([*head, *body[:200]]))
    Path(f"valid{suffix}").write_text("".join([*head, *body[200:]]))
    valid = ["--valid", f"valid{suffix}", "--monitor", "rmse", "--log", "log"]
    train(f"train{suffix}", *options, *valid, "-dim", *[8] if data == "g.txt" else [100])
    rows = [json.loads(line) for line in Path("log").read_text().splitlines()[1:]]
    best = min(rows, key=lambda row: row["valid_rmse"])
    assert best["is_best"]
    assert "valid_error" not in best
    found = scores("m.mlp", f"valid{suffix}")
    for name in ("rmse", "mae", "r2", "loss"):
        assert best[f"valid_{name}"] == pytest.approx(found[name], rel=1e-5)
    share = train(data, *options, "--valid-share", 0.2, "--patience", 2)
    assert "60 of 300 lines held out for validation, drawn at random" in share


def test_threads_give_the_same_bytes():
    for threads in (1, 2, 3):
        train("t.csv", "--hidden", "200,100", "-thread", threads, output=f"m{threads}")
    models = [Path(f"m{threads}.mlp").read_bytes() for threads in (1, 2, 3)]
    assert models[0] == models[1] == models[2]
    outs = [run("test", "m1.mlp", "t.csv", "--json", "-thread", n).out for n in (1, 2)]
    assert outs[0] == outs[1]


@pytest.mark.parametrize("data", ["t.csv", "t.svm", "g.txt"])
def test_folds(data):
    said = train(data, "--folds", 3, "--log", "log")
    rows = [json.loads(line) for line in Path("log").read_text().splitlines()[1:4]]
    assert [row["fold"] for row in rows] == [1, 2, 3]
    assert all(row["r2"] > 0 for row in rows)
    assert "accuracy" not in rows[0]
    assert "3 folds: RMSE" in said


def test_weights_multiply_the_loss():
    lines = Path("t.csv").read_text().splitlines()
    weights = ["w", *("0" if i % 2 else "3" for i in range(300))]
    Path("w.csv").write_text(
        "\n".join(f"{line},{w}" for line, w in zip(lines, weights, strict=True))
    )
    half = [lines[0], *lines[1::2]]
    Path("half.csv").write_text("\n".join(half) + "\n")
    same = ["--label-column", "price", "--batch-size", 0, "-epoch", 300, "-lr", 0.05]
    train("w.csv", "--weight-column", "w", *same)
    train("half.csv", *same, output="h")
    assert scores("m.mlp", "half.csv")["r2"] > 0.99
    assert scores("h.mlp", "half.csv")["r2"] > 0.99


def test_training_goes_on():
    train("t.csv", "--label-column", "price")
    before = scores("m.mlp", "t.csv")
    said = train("t.csv", "-inputModel", "m.mlp", output="n")
    assert "Next: fastcli test n.mlp" in said
    assert scores("n.mlp", "t.csv")["rmse"] < before["rmse"]
    command = ["mlp-train", "-input", "t.csv", "-output", "o", "-inputModel", "m.mlp"]
    for given in (["-loss", "softmax"], ["--task", "classification"]):
        assert "m.mlp is a network of regression, and stays one." in refused(*command, *given)
    train("t.csv", "-inputModel", "m.mlp", "-loss", "Auto", output="o")
    assert Path("o.mlp").read_bytes() != Path("m.mlp").read_bytes()


def test_texts_go_on():
    train("g.txt", "-dim", 8, "-epoch", 3)
    before = scores("m.mlp", "g.txt")
    train("g.txt", "-inputModel", "m.mlp", output="n")
    assert scores("n.mlp", "g.txt")["rmse"] < before["rmse"]


def test_a_checkpoint_resumes():
    train("t.csv", "--label-column", "price", output="whole")
    train("t.csv", "--label-column", "price", "--save-every", 19, "-epoch", 10)
    train("t.csv", "--label-column", "price", "--save-every", 19, "--resume")
    assert Path("m.mlp").read_bytes() == Path("whole.mlp").read_bytes()


BAD = {
    "": "the target is missing",
    "NA": "the target is missing",
    "nan": "the target is missing",
    "inf": "the target is not a number: 'inf'",
    "cheap": "the target is not a number: 'cheap'",
}


@pytest.mark.parametrize("cell", BAD)
def test_bad_targets(cell):
    lines = Path("t.csv").read_text().splitlines()
    bad = [line.split(",") for line in lines]
    bad[100][2] = cell
    Path("bad.csv").write_text("\n".join(map(",".join, bad)) + "\n")
    command = ["mlp-train", "-output", "m", *QUICK, "--label-column", "price"]
    said = refused(*command, "-input", "bad.csv")
    assert f"bad.csv, line 101, column 3: {BAD[cell]}" in said
    assert "--skip-bad" in said
    train("bad.csv", "--label-column", "price", "--skip-bad")
    if cell in ("inf", "cheap"):
        assert BAD[cell] in refused("test", "m.mlp", "bad.csv")
    else:
        assert "1 without a target" in run("test", "m.mlp", "bad.csv").err
    assert len(predictions("m.mlp", "bad.csv")) == 300


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("b.txt", "__label__1 a\n__label__x b\n", "b.txt, line 2: target: x is not a number."),
        ("b.txt", "__label__1 a\n__label__1 __label__2 b\n", "b.txt, line 2: target: 2 numbers"),
        ("b.txt", "__label__1,5 a\n", "b.txt, line 1: target: 1,5 is not a number."),
        ("b.svm", "1 1:2\n\nx 1:3\n", "b.svm, line 3: target: x is not a number."),
        ("b.svm", "1,2 1:2\n3 1:3\n", "b.svm, line 2: target: one number, and the first has 2"),
        ("b.svm", "1 1:2\n1:3\n", "b.svm, line 2: the target is missing."),
        (
            "b.csv",
            "a,y\n1,red\n2,blue\n",
            "b.csv: the target, column y, has words, such as 'red'",
        ),
    ],
)
def test_bad_files(path, text, said):
    Path(path).write_text(text)
    assert said in refused("mlp-train", "-input", path, "-output", "m", *QUICK)


def test_comments_before_the_first_line_do_not_say_how_many_targets(tmp_path):
    """A whole file of them is read before the lines that have two."""
    Path("notes.svm").write_text("# made by hand\n\n# two targets\n")
    train("notes.svm", "-input", "t.svm", output="both")
    train("t.svm", output="svm")
    assert (predictions("both.mlp", "t.svm") == predictions("svm.mlp", "t.svm")).all()
    assert "no line" not in refused("mlp-train", "-input", "notes.svm", "-output", "n", *QUICK)


def test_labels_that_are_numbers_propose_it():
    for path, options in (("t.csv", ["--label-column", "price"]), ("g.txt", [])):
        said = refused("mlp-train", "-input", path, "-output", "m", *options)
        assert "different numbers (" in said
        assert "--task regression" in said
    said = train("t.csv", "--label-column", "price", "--task", "classification", "-epoch", 1)
    assert "labels" in said


def test_what_is_for_labels_is_refused():
    train("t.csv", "--label-column", "price")
    for command in ("predict-prob", "test-label"):
        said = refused(command, "m.mlp", "t.csv")
        assert said == (
            f"{command} is for models with labels, and m.mlp predicts numbers (regression): use "
            "predict or test.\n"
        )
    assert "explain is for models with labels" in refused("explain", "m.mlp", "1,2")
    assert "--report is for" in refused("test", "--report", "m.mlp", "t.csv")
    assert "-k is for labels" in refused("predict", "m.mlp", "t.csv", "2")
    assert "--threshold is for labels" in refused("predict", "m.mlp", "t.csv", "1", "0.5")
    assert "f1macro is a metric of classification" in refused(
        "test", "--require", "f1macro>=0.9", "m.mlp", "t.csv"
    )
    assert "accuracy is a metric of classification" in refused(
        *("mlp-train", "-input", "t.csv", "-output", "n", *QUICK, "--monitor", "accuracy"),
        *("--valid-share", 0.2),
    )


def test_requirements():
    train("t.csv", "--label-column", "price")
    assert run("test", "--require", "r2>=0.5", "m.mlp", "t.csv").code == 0
    result = run("test", "--require", "rmse<=0.001", "m.mlp", "t.csv")
    assert result.code == 1
    assert result.out.startswith(b"N\t300\n")
    assert "on t.csv, and 0.001 or less is required." in result.err


def test_a_constant_target_is_said():
    Path("c.csv").write_text("a,y\n" + "".join(f"{i},7.5\n" for i in range(50)))
    assert "The target y is the same in every training line: " in train("c.csv")
    assert predictions("m.mlp", "c.csv") == pytest.approx(7.5, abs=0.2)
    assert run("test", "m.mlp", "c.csv").text().splitlines()[3] == "R2\tnan"


def test_gradients_and_a_trace():
    wanted = ["--label-column", "price", "--label-column", "depth"]
    for loss in ("squared", "absolute", "huber"):
        command = ["mlp-train", "-input", "t.csv", "-output", "n", *QUICK, *wanted, "-loss", loss]
        out = run(*command, "--check-gradients").out.decode()
        assert "All agree within" in out
    out = run(*command, "--trace", 3).out.decode()
    row = Path("t.csv").read_text().splitlines()[3].split(",")
    shown = out.splitlines()[0]
    assert shown.startswith("Row 3 of 300, target ")
    found = [float(cell) for cell in shown.partition("target ")[2].split(", ")]
    assert found == pytest.approx([float(row[2]), float(row[3])], rel=1e-4)
    assert "Huber loss" in out


def test_inspect_and_dump_say_what_it_is():
    train("t.csv", "--label-column", "price", "--label-column", "depth")
    values = np.loadtxt("t.csv", delimiter=",", skiprows=1)[:, 2:]
    report = json.loads(run("inspect", "--json", "m.mlp").text())
    assert (report["task"], report["labels"]) == ("regression", 0)
    assert [one["name"] for one in report["targets"]] == ["price", "depth"]
    for name, ref in (("mean", values.mean(axis=0)), ("deviation", values.std(axis=0))):
        assert [one[name] for one in report["targets"]] == pytest.approx(ref.tolist(), rel=1e-9)
    shown = run("inspect", "m.mlp").text()
    assert "m.mlp: perceptron model, regression" in shown
    assert "Targets: the network gives (target - mean) / deviation" in shown
    assert run("dump", "m.mlp", "dict").out == b"2\nprice target\ndepth target\n"
    lines = run("dump", "m.mlp", "output").text().splitlines()
    assert lines[:2] == ["targets.mean", "2 1"]
    assert float(lines[2]) == pytest.approx(values[:, 0].mean())
    assert b'task = "regression"' in run("dump", "m.mlp", "args").out


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("t.csv", ["--label-column depth", "--task regression"]),
        ("one.svm", ["--format libsvm", "--task regression"]),
        ("g.txt", ["The labels are", "different numbers: learn them as numbers"]),
    ],
)
def test_inspect_proposes_it(path, words):
    lines = [line.split(" ", 1) for line in Path("t.svm").read_text().splitlines()]
    Path("one.svm").write_text("".join(f"{a.split(',')[0]} {b}\n" for a, b in lines))
    shown = " ".join(run("inspect", path).out.decode().replace("\\\n", " ").split())
    for word in words:
        assert word in shown


def test_runs_are_compared():
    for rate in (0.0001, 0.02):
        options = ["--label-column", "price", "--valid-share", 0.2, "--log", f"l{rate}"]
        train("t.csv", *options, "-lr", rate)
    out = run("compare", "l0.0001", "l0.02").text()
    assert "By RMSE l0.02 is the best" in out
    assert "RMSE by epoch" in out
    found = json.loads(run("compare", "--json", "l0.0001", "l0.02").text())
    assert found["runs"][0]["rmse"] > found["runs"][1]["rmse"]
    assert found["best"] == "l0.02"


def test_the_picture_of_a_run():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    train("t.csv", "--label-column", "price", "--valid-share", 0.2, "--plot", "p.svg")
    assert Path("p.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_what_cannot_be_learned_is_said():
    rng = np.random.default_rng(1)
    rows = [",".join(map(str, row)) for row in rng.normal(size=(200, 3)).round(3).tolist()]
    Path("noise.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    said = train("noise.csv", "-epoch", 2, "-lr", 0.0001)
    assert "It learned next to nothing: its loss is" in said
    assert "next to nothing" not in train("t.csv", "--label-column", "price")


def test_tables_of_objects():
    keys = ("a", "b", "price", "depth")
    rows = np.loadtxt("t.csv", delimiter=",", skiprows=1).tolist()
    objects = [dict(zip(keys, row, strict=True)) for row in rows]
    Path("t.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))
    wanted = ["--label-column", "price", "--label-column", "depth"]
    train("t.csv", *wanted)
    train("t.jsonl", *wanted, output="j")
    assert scores("j.mlp", "t.jsonl")["per_target"] == scores("m.mlp", "t.csv")["per_target"]
    del objects[7]["price"]
    Path("bad.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))
    command = ["mlp-train", "-input", "bad.jsonl", "-output", "m", *QUICK, *wanted]
    assert "the target is missing" in refused(*command)


def test_a_decimal_comma_in_targets():
    lines = ["a;y", *(f"{i};{i},5" for i in range(30))]
    Path("c.csv").write_text("\n".join(lines) + "\n")
    train("c.csv", "-epoch", 200)
    assert predictions("m.mlp", "c.csv")[:, 0] == pytest.approx(np.arange(30) + 0.5, abs=4)


EDITS = {
    "a loss of labels": (put(loss=0), "args.task is regression"),
    "another task": (put(args__task="classification"), "-loss squared is for numbers"),
    "a task of its own": (put(args__task="both"), "Unknown task: both"),
    "no targets": (put(targets=[]), "args.task is regression"),
    "a target more": (put(targets=["a", "b", "c"]), "columns.targets has length 2, not 3"),
    "labels, too": (put(labels=["x"]), "a model of regression has labels"),
    "targets as text": (put(targets="price"), "targets should be a list"),
    "a target that is a feature": (put(columns__targets=[0, 3]), "columns.targets cannot be"),
    "a target twice": (put(columns__targets=[2, 2]), "columns.targets cannot be"),
    "a target beyond": (put(columns__targets=[2, 9]), "columns.targets cannot be"),
    "a negative target": (put(columns__targets=[2, -1]), "columns.targets"),
    "another first target": (put(columns__label=3), "columns.targets cannot be"),
    "a mean that is NaN": (
        array("targets.mean", lambda a: a * np.nan),
        "targets.mean or targets.deviation cannot be",
    ),
    "no deviation": (
        array("targets.deviation", lambda a: a * 0),
        "targets.mean or targets.deviation cannot be",
    ),
    "one mean": (array("targets.mean", lambda a: a[:1]), "targets.mean should have the shape"),
    "float32": (array("targets.mean", lambda a: a.astype(np.float32)), "targets.mean should be"),
    "no mean": (lambda arrays, config: arrays.pop("targets.mean"), "targets.mean is missing"),
    "a delta of 0": (put(args__huber_delta=0.0), "--huber-delta must be above 0"),
}


@pytest.mark.parametrize("case", EDITS)
def test_models_that_do_not_fit(case):
    train("t.csv", "--label-column", "price", "--label-column", "depth", "-epoch", 1)
    arrays, config = crafted.read(Path("m.mlp"))
    edit, said = EDITS[case]
    edit(arrays, config)
    crafted.write(Path("bad.mlp"), arrays, config)
    for command in (("predict", "bad.mlp", "t.csv"), ("inspect", "bad.mlp")):
        assert said in refused(*command)


def test_a_model_of_labels_has_no_targets():
    Path("l.csv").write_text("a,label\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(20)))
    result = run("mlp-train", "-input", "l.csv", "-output", "m", "-epoch", 1, "-verbose", 0)
    assert result.code == 0
    arrays, config = crafted.read(Path("m.mlp"))
    assert "targets" not in config
    assert "task" not in config["args"]
    config["targets"] = ["y"]
    crafted.write(Path("bad.mlp"), arrays, config)
    assert "args.task is auto, with 1 targets" in refused("predict", "bad.mlp", "l.csv")


@pytest.mark.parametrize("end", ["csv", "tsv", "jsonl"])
def test_rows_are_written_with_numbers(end):
    train("t.csv", "--label-column", "price", "--label-column", "depth")
    ref = predictions("m.mlp", "t.csv")
    result = run("predict", "m.mlp", "t.csv", "--output", f"o.{end}")
    assert result.code == 0
    assert "all columns, and predicted_price, predicted_depth." in result.err
    lines = Path(f"o.{end}").read_text().splitlines()
    if end == "jsonl":
        rows = [[row["predicted_price"], row["predicted_depth"]] for row in map(json.loads, lines)]
    else:
        delimiter = {"csv": ",", "tsv": "\t"}[end]
        assert lines[0].split(delimiter)[-2:] == ["predicted_price", "predicted_depth"]
        rows = [line.split(delimiter)[-2:] for line in lines[1:]]
    assert (np.array(rows, float) == ref).all()
    for options in (["--wide"], ["--keep", "x>=0.5"]):
        said = refused("predict", "m.mlp", "t.csv", "--output", "no.csv", *options)
        assert "are for labels" in said


def test_texts_are_written_with_numbers():
    train("g.csv", "-dim", 8, "--text-column", "review", "--label-column", "grade")
    result = run("predict", "m.mlp", "g.csv", "--output", "o.csv", "--as", "guess")
    assert result.code == 0
    lines = Path("o.csv").read_text().splitlines()
    assert lines[0] == "grade,review,guess"
    ref = run("predict", "m.mlp", "g.csv", "--text-column", "review").out.decode().splitlines()
    assert [line.split(",")[-1] for line in lines[1:]] == ref
