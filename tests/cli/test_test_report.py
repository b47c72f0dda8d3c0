"""test --report, its files and its JSON, and test --require."""

import csv
import json
import re
import subprocess

import pytest

from fastcli.memory import size_text
from tests import model_bytes
from tests.command import GOLDEN, SAMPLES, environment, run, words

SOFTMAX, TEST = GOLDEN / "softmax-ngrams.bin", SAMPLES / "topics.test.txt"
TAGS, TAGGED = GOLDEN / "ova-subwords.bin", SAMPLES / "tags.test.txt"

# As in test_test.py: lines that count, and lines that do not.
MIXED = (
    b"__label__x a\n"
    b"\n"
    b"__label__x\n"
    b"__label__zzz a\n"
    b"a b\n"
    b"__label__y __label__x a\n"
    b"__label__y a __label__zzz\n"
    b"__label__x __label__x a\n"
    b"__label__y qqq"
)
ROWS = [("x", "a"), ("y", "a"), ("y", "a"), ("x", "a"), ("y", "b"), ("y", "b\nb")]


def model_file(path, labels):
    """Write a model that is sure of the first label where "a" is, less so of the second at "b"."""
    words, outputs = [b"</s>", b"a", b"b"], [[2.0, 0], [0, 2.0], *([0, 0] for _ in labels[2:])]
    rows = [[0, 0], [3, 0], [0, 1]]
    path.write_bytes(model_bytes.model_bytes(words, labels, rows, outputs))
    return path


@pytest.fixture
def small(tmp_path):
    return model_file(tmp_path / "small.bin", [b"__label__x", b"__label__y"])


@pytest.fixture
def table(tmp_path):
    """Return the path of a table of ``ROWS`` with more columns, and lines inside a cell."""
    path = tmp_path / "t.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "topic", "words", "line"])
        for i, (label, text) in enumerate(ROWS):
            writer.writerow([f"n{i}", label, text, f"{i},{i}"])
    return path


def read_csv(path, delimiter=","):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter))


# ------------------------------------------------------------------------- the screen


def test_without_report_nothing_changes(tmp_path):
    """Files alone leave what test prints as it was."""
    plain = run("test", SOFTMAX, TEST).text()
    files = ["--errors", tmp_path / "e.csv", "--csv", tmp_path / "l.csv"]
    files += ["--confusion-file", tmp_path / "c.csv"]
    result = run("test", SOFTMAX, TEST, *files)
    assert (result.code, result.out.decode()) == (0, plain)
    size = (tmp_path / "e.csv").stat().st_size
    assert re.sub(r" in \d+\.\d s\.\n$", "", result.err) == (
        f"Wrote {tmp_path / 'e.csv'} (99 mistakes, {size_text(size)}), "
        f"{tmp_path / 'l.csv'} (scores of labels), {tmp_path / 'c.csv'} (confusion matrix)"
    )


def test_what_was_written_is_said_after_the_results(tmp_path):
    for more, last in (([], "R@1"), (["--report"], "Surest mistakes")):
        argv = words("test", SOFTMAX, TEST, *more, "--errors", tmp_path / "e.csv")
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(), check=True
        )
        text = done.stdout.decode()
        assert text.index("Wrote ") > text.index(last)


def test_lines_that_do_not_count_are_told_apart(small, tmp_path):
    result = run("test", "--report", small, "-", stdin=MIXED)
    assert result.code == 0
    text = " ".join(result.out.decode().split())
    assert "on standard input: 5 lines, 2 labels" in text
    assert (
        "Lines left out of the test: 2 without a label, 1 with labels the model does not know, "
        "1 without a token"
    ) in text
    assert result.err == ""  # which is in the report
    assert "1 line with a label twice: it counts once here" in text


def test_nothing_to_test(small):
    result = run("test", "--report", small, "-", stdin=b"a b\n")
    assert result.code == 0
    assert "No line is left to test on." in result.out.decode()
    assert "precision and recall are undefined" in result.err


@pytest.mark.parametrize(
    ("k", "said"),
    [
        ([], "(P@1 = R@1: one label a line)"),
        (["-k", 2], "P@2 0.500   R@2 1.000   (1 label a line, 2 predicted)"),
        (["--threshold", 0.9], "precision 0.500   recall 0.333   (1 label a line, 0.667 pred"),
    ],
)
def test_precision_and_recall(small, table, k, said):
    columns = ["--text-column", "words", "--label-column", "topic"]
    text = run("test", "--report", small, table, *columns, *k).out.decode()
    assert said in text


def test_labels_that_differ_by_case(tmp_path):
    path = model_file(tmp_path / "m.bin", [b"__label__Spam_x", b"__label__spam_x", b"__label__ham"])
    data = b"__label__spam_x a\n" * 5 + b"__label__Spam_x a\n" * 3 + b"__label__ham b\n"
    said = " ".join(run("test", "--report", path, "-", stdin=data).out.decode().split())
    assert (
        "Hint 5 of the 6 mistakes are between labels that differ by case or spaces only "
        "(spam_x / Spam_x): without them accuracy would be 0.889. fastcli prepare ... "
        "--label-case first"
    ) in said


def test_better_than_the_largest_label(small):
    lines = b"__label__y a\n" * 9 + b"__label__x a\n" * 3
    said = run("test", "--report", small, "-", stdin=lines)
    assert "This is no better than always saying 'y'" in said.out.decode()
    assert "(-epoch 25 -lr 0.5)" in said.out.decode()
    # As many are right as are y, but all x are found.
    lines = b"__label__y b\n" * 6 + b"__label__y a\n" * 2 + b"__label__x a\n" * 2
    said = run("test", "--report", small, "-", stdin=lines).out.decode()
    assert "accuracy 0.800" in said
    assert "always 'y': 0.800" in said
    assert "no better" not in said


def test_a_few_lines_tell_nothing(small):
    lines = b"__label__y a\n" * 3 + b"__label__x a\n"
    assert "better" not in run("test", "--report", small, "-", stdin=lines).out.decode()


def test_not_surely_better(tmp_path):
    """The rule of training: within two standard errors of always the largest label."""
    path = model_file(tmp_path / "m.bin", [b"__label__x", b"__label__y"])
    lines = b"__label__x a\n" * 11 + b"__label__y b\n" + b"__label__y a\n" * 9
    said = " ".join(run("test", "--report", path, "-", stdin=lines).out.decode().split())
    assert "This is not surely better on 21 lines than always saying 'x': train longer" in said


def test_nothing_is_proposed_that_was_given(tmp_path):
    train = tmp_path / "t.txt"
    train.write_text("__label__x a\n__label__y a\n" * 10)
    for more, said in (
        (["-epoch", 25, "-lr", 0.5], f"fastcli inspect {train} suggests options"),
        (["-epoch", 30, "-lr", 0.1], "train longer or with another rate (-lr 0.5)"),
        ([], "train longer or with another rate (-epoch 25 -lr 0.5)"),
    ):
        run("supervised", "-input", train, "-output", tmp_path / "m", "-dim", 2, *more)
        report = run("test", "--report", tmp_path / "m.bin", train).out.decode()
        assert said in " ".join(report.split())


def test_the_hint_of_a_perceptron_has_no_options_of_another_trainer(tmp_path):
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("a,b,label\n" + "1,2,x\n" * 9 + "1,2,y\n" * 8)
    run("mlp-train", "-input", train, "-output", tmp_path / "m", "-epoch", 30, "-verbose", 0)
    test.write_text("a,b,label\n" + "1,2,x\n" * 6 + "1,2,y\n" * 8)
    said = run("test", "--report", tmp_path / "m.mlp", test).out.decode()
    assert "no better than always saying 'y': train longer or with another" in said
    assert "-lr" not in said


def test_losses_that_are_means_over_labels_are_called_so():
    one_of_all = run("test", "--report", SOFTMAX, TEST).out.decode()
    assert re.search(r"  log loss \d.*Brier score \d", one_of_all)
    of_each = run("test", "--report", TAGS, TAGGED).out.decode()
    assert re.search(r"  log loss per label \d.*Brier score per label \d", of_each)


def test_many_labels_are_shortened():
    text = run("test", "--report", TAGS, TAGGED).out.decode()
    assert "and 6 labels with fewer mistakes, mean F1 0." in text
    assert len(text.splitlines()) < 70


@pytest.mark.parametrize(("n", "rows"), [("0", 0), ("2", 2), ("4", 4), ("all", 6)])
def test_the_size_of_the_confusion_matrix(n, rows):
    lines = run("test", "--report", SOFTMAX, TEST, "--confusion", n).out.decode().splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("Confusion")]
    assert len(starts) == (rows > 0)
    if rows:
        rest = lines[starts[0] :]
        assert rest.index("") - len([x for x in rest[:3] if "(" in x or "FILE" in x]) == rows + 1


def test_a_matrix_without_a_report_has_no_effect():
    result = run("test", SOFTMAX, TEST, "--confusion", 2)
    assert result.out == run("test", SOFTMAX, TEST).out
    assert result.err == "--confusion: no effect without --report.\n"


def test_several_files_and_their_total():
    both = [TEST, SAMPLES / "topics.valid.txt"]
    text = run("test", "--report", SOFTMAX, *both).out.decode()
    assert text.splitlines()[0] == "lines  accuracy  F1 macro  file"
    assert f"{len(TEST.read_bytes().splitlines())}" in text.splitlines()[1]
    answers = [
        json.loads(line)
        for line in run("test", "--report", "--json", SOFTMAX, *both).text().splitlines()
    ]
    assert [one["file"] for one in answers] == [*map(str, both), None]
    counts = [one["fastcli"]["n"] for one in answers]
    assert counts[0] + counts[1] == counts[2]
    alone = json.loads(run("test", "--report", "--json", SOFTMAX, TEST).text())
    assert alone == {name: value for name, value in answers[0].items() if name != "file"}


def test_any_number_of_threads(tmp_path):
    data = tmp_path / "large.txt"
    data.write_bytes(TAGGED.read_bytes() * 10)
    files = ["--errors", tmp_path / "e.csv"]
    one = run("test", "--report", TAGS, data, "-thread", 1, *files)
    first = (tmp_path / "e.csv").read_bytes()
    two = run("test", "--report", TAGS, data, "-thread", 3, *files)
    assert (two.code, two.out) == (one.code, one.out)
    assert (tmp_path / "e.csv").read_bytes() == first


# ------------------------------------------------------------------------- JSON


def test_json_has_the_layout_of_scikit_learn():
    answer = json.loads(run("test", "--report", "--json", SOFTMAX, TEST).text())
    labels = {"cooking", "computing", "health", "sport", "travel", "money"}
    assert set(answer) == {*labels, "accuracy", "macro avg", "weighted avg", "fastcli"}
    for name in (*labels, "macro avg", "weighted avg"):
        assert set(answer[name]) == {"precision", "recall", "f1-score", "support"}
    plain = json.loads(run("test", "--json", SOFTMAX, TEST).text())
    ours = answer["fastcli"]
    assert ours["schema"] == 1
    assert (ours["n"], ours["accuracy"]) == (plain["n"], plain["precision"])
    assert ours["accuracy_interval"][0] < ours["accuracy"] < ours["accuracy_interval"][1]
    taken = sum(one["count"] for one in ours["confusions"])
    assert taken == ours["mistakes"] == 99


def test_json_of_several_labels():
    answer = json.loads(run("test", "--report", "--json", TAGS, TAGGED, -1, 0.3).text())
    assert {"micro avg", "macro avg", "weighted avg", "samples avg"} <= set(answer)
    assert "accuracy" not in answer
    plain = json.loads(run("test", "--json", TAGS, TAGGED, -1, 0.3).text())
    assert answer["micro avg"]["precision"] == plain["precision"]
    assert answer["micro avg"]["recall"] == plain["recall"]
    assert set(answer["fastcli"]["average_precision"]) == {"micro", "macro"}


# ------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize("end", ["csv", "tsv", "jsonl"])
def test_mistakes_are_written_the_surest_first(end, tmp_path):
    path = tmp_path / f"e.{end}"
    run("test", SOFTMAX, TEST, "--errors", path)
    if end == "jsonl":
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        found = [
            (one["line"], one["probability"], one["true"], one["predicted"], one["text"])
            for one in rows
        ]
        assert all(isinstance(one[2], list) for one in found)
        found = [(a, b, "|".join(c), "|".join(d), e) for a, b, c, d, e in found]
    else:
        head, *rows = read_csv(path, "\t" if end == "tsv" else ",")
        assert head == ["line", "probability", "true", "predicted", "text"]
        found = [(int(a), float(b), c, d, e) for a, b, c, d, e in rows]
    lines = TEST.read_text("utf-8").splitlines()
    answers = run("predict-prob", SOFTMAX, TEST).text().splitlines()
    ref = []
    for i, (line, answer) in enumerate(zip(lines, answers, strict=True), 1):
        label, _, text = line.removeprefix("__label__").partition(" ")
        predicted, prob = answer.removeprefix("__label__").split(" ")
        if predicted != label:
            ref.append((i, pytest.approx(float(prob), abs=2e-5), label, predicted, text))
    assert sorted(found) == ref
    probs = [prob for _, prob, *_ in found]
    assert probs == sorted(probs, reverse=True)


def test_mistakes_name_labels_that_the_model_does_not_know(small, tmp_path):
    """The labels of a line as it has them; what does not count is no mistake."""
    path = tmp_path / "e.jsonl"
    run("test", small, "-", "--errors", path, stdin=MIXED)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(one["line"], one["true"], one["text"]) for one in rows] == [
        (7, ["y", "zzz"], "a"),
        (3, ["x"], ""),  # of two labels as likely as each other the last is said
    ]


def test_mistakes_of_several_files(small, tmp_path):
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    a.write_text("__label__x a\n__label__y a\n")
    b.write_text("__label__x b\n")
    run("test", small, a, b, "--errors", tmp_path / "e.csv")
    rows = read_csv(tmp_path / "e.csv")
    assert [row[:2] for row in rows] == [["file", "line"], [str(a), "2"], [str(b), "1"]]


COLUMNS = ["--text-column", "words", "--label-column", "topic"]


@pytest.mark.parametrize("piped", [False, True])
def test_mistakes_of_a_table_have_its_columns(piped, small, table, tmp_path):
    """The line where the row begins; a column of the same name as ours keeps it."""
    path = tmp_path / "e.csv"
    stdin = table.read_bytes() if piped else b""
    source = ["-", "--format", "csv"] if piped else [table]
    result = run("test", small, *source, *COLUMNS, "--errors", path, stdin=stdin)
    assert result.code == 0
    head, *rows = read_csv(path)
    ours = ["line_number", "probability", "true", "predicted"]
    assert head == [*ours, "id", "topic", "words", "line"]
    assert [(row[0], *row[2:]) for row in rows] == [
        ("3", "y", "x", "n1", "y", "a", "1,1"),
        ("4", "y", "x", "n2", "y", "a", "2,2"),
    ]


def test_mistakes_of_objects_have_their_fields(small, tmp_path):
    data = tmp_path / "t.jsonl"
    objects = [{"id": i, "topic": label, "words": text} for i, (label, text) in enumerate(ROWS)]
    objects[2]["more"] = [1, {"a": None}]
    data.write_text("".join(json.dumps(one) + "\n" for one in objects))
    path = tmp_path / "e.jsonl"
    run("test", small, data, *COLUMNS, "--errors", path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [one["line"] for one in rows] == [2, 3]
    assert rows[1]["more"] == [1, {"a": None}]
    assert "text" not in rows[0]
    run("test", small, data, *COLUMNS, "--errors", tmp_path / "e.csv")
    assert [row[-1] for row in read_csv(tmp_path / "e.csv")] == ["more", "", '[1, {"a": null}]']


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """Return a model of numbers, a table of them with a blank line and lines inside a cell, and
    the same as libsvm with its model.
    """
    folder = tmp_path_factory.mktemp("numbers")
    table, plain = folder / "n.csv", folder / "n.libsvm"
    rows = [
        (i % 7 - 3, i % 5 - 2, "pos" if (i % 7 > 3) != (i % 11 == 0) else "neg") for i in range(80)
    ]
    with open(table, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "note", "sign"])
        for i, (a, b, label) in enumerate(rows):
            writer.writerow([a, b, f"n\n{i}", label])
            if i == 20:
                file.write("\n")
    plain.write_text("".join(f"{label} 1:{a} 2:{b}\n" for a, b, label in rows))
    options = ["-epoch", 5, "-verbose", 0]
    drop = ["--label-column", "sign", "--drop", "note"]
    assert run("mlp-train", "-input", table, *drop, "-output", folder / "n", *options).code == 0
    assert run("mlp-train", "-input", plain, "-output", folder / "s", *options).code == 0
    return folder


def test_mistakes_of_numbers(numbers, tmp_path):
    path = tmp_path / "e.csv"
    result = run("test", "--report", numbers / "n.mlp", numbers / "n.csv", "--errors", path)
    assert result.code == 0
    head, *rows = read_csv(path)
    assert head == ["line", "probability", "true", "predicted", "a", "b", "note", "sign"]
    assert rows
    lines = (numbers / "n.csv").read_text().splitlines()
    for line, _, true, predicted, a, b, note, sign in rows:
        assert lines[int(line) - 1] == f'{a},{b},"n'
        assert note.startswith("n\n")
        assert true == sign != predicted


def test_mistakes_of_libsvm(numbers, tmp_path):
    path = tmp_path / "e.csv"
    assert run("test", numbers / "s.mlp", numbers / "n.libsvm", "--errors", path).code == 0
    lines = (numbers / "n.libsvm").read_text().splitlines()
    head, *rows = read_csv(path)
    assert head == ["line", "probability", "true", "predicted", "text"]
    assert rows
    for line, _, true, _, text in rows:
        assert lines[int(line) - 1] == text
        assert text.startswith(true)


def test_no_mistakes(small, tmp_path):
    path = tmp_path / "e.csv"
    result = run("test", "--report", small, "-", "--errors", path, stdin=b"__label__x a\n")
    assert read_csv(path) == [["line", "probability", "true", "predicted", "text"]]
    assert "Confusion" not in result.out.decode()


def test_bytes_that_are_not_utf8_stay(small, tmp_path):
    path = tmp_path / "e.csv"
    run("test", small, "-", "--errors", path, stdin=b"__label__y a \xff\n")
    assert path.read_bytes().endswith(b",a \xff\n")


# ------------------------------------------------------------------------- tables


def test_the_table_of_labels_and_the_matrix(tmp_path):
    labels, matrix = tmp_path / "l.csv", tmp_path / "c.tsv"
    run("test", SOFTMAX, TEST, "--csv", labels, "--confusion-file", matrix)
    head, *rows = read_csv(labels)
    assert head[:4] == ["label", "support", "predicted", "right"]
    answer = json.loads(run("test", "--report", "--json", SOFTMAX, TEST).text())
    for name, support, *_, precision, recall, f1, taken, times in rows:
        ref = answer[name]
        assert int(support) == ref["support"]
        found = [float(precision), float(recall), float(f1)]
        want = [ref["precision"], ref["recall"], ref["f1-score"]]
        assert found == pytest.approx(want, rel=1e-5)
        assert {"true": name, "predicted": taken, "count": int(times)} in (
            answer["fastcli"]["confusions"]
        )
    head, *rows = read_csv(matrix, "\t")
    assert head == ["true label", *(row[0] for row in rows)]
    assert sum(int(row[i + 1]) for i, row in enumerate(rows)) == 300 - 99


def test_names_are_those_of_the_data(tmp_path):
    """Labels with spaces have them back, in all tables."""
    train, output = tmp_path / "t.csv", tmp_path / "m"
    rows = "".join(f"{label},{text}\n" for label, text in [("very good", "fine")] * 9)
    train.write_text("label,text\n" + rows + "not good,bad\n" * 9)
    columns = ["--text-column", "text", "--label-column", "label"]
    run("supervised", "-input", train, *columns, "-output", output, "-dim", 2, "-verbose", 0)
    model = output.with_suffix(".bin")
    answer = json.loads(run("test", "--report", "--json", model, train, *columns).out)
    assert {"very good", "not good"} <= set(answer)


# ------------------------------------------------------------------------- require


def test_requirements_that_hold():
    plain = run("test", SOFTMAX, TEST).text()
    wanted = [f"--require={one}" for one in ("accuracy>=0.6", "f1:health > 0.5", "logloss<2")]
    wanted += ["--require", "error<=0.4", "--require", "precisionAtRecall:50>0.5"]
    assert run("test", SOFTMAX, TEST, *wanted).text() == plain


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("f1macro>=0.9", "f1macro is 0.672"),
        ("f1:__label__health>0.99", "f1:__label__health is 0.63"),
        ("loss<0.1", "loss is 1.01"),
        ("accuracy<0.5", "accuracy is 0.67 on"),
    ],
)
def test_requirements_that_do_not_hold(wanted, said):
    plain = run("test", SOFTMAX, TEST).text()
    result = run("test", SOFTMAX, TEST, "--require", wanted, "--require", "f1>=0")
    assert (result.code, result.out.decode()) == (1, plain)
    assert result.err.startswith(said)
    assert result.err.count("\n") == 1
    assert "required." in result.err


@pytest.mark.parametrize("more", [[], ["--report"], ["-k", 2]])
def test_requirements_are_by_the_figures_of_the_report(small, more):
    """Also where a line has a label twice, which fastText's test counts twice."""
    report = json.loads(run("test", "--json", small, "-", "--report", *more, stdin=MIXED).out)
    figures = {
        "accuracy": report["fastcli"]["accuracy"],
        "f1": report["fastcli"]["micro"]["f1-score"],
        "f1macro": report["macro avg"]["f1-score"],
        "f1weighted": report["weighted avg"]["f1-score"],
        "f1:x": report["x"]["f1-score"],
    }
    for name, value in figures.items():
        for bound, code in ((value - 1e-6, 0), (value + 1e-6, 1)):
            wanted = f"{name}>={bound:.9f}"
            assert run("test", small, "-", *more, "--require", wanted, stdin=MIXED).code == code
    by_compare = run("compare", small, small, "-", "--json", *more[-2:], stdin=MIXED)
    if "--report" not in more:
        (one, _) = json.loads(by_compare.out)["models"]
        assert one["f1macro"] == pytest.approx(figures["f1macro"], abs=1e-8)
        assert one["accuracy"] == pytest.approx(figures["accuracy"], abs=1e-8)


def test_requirements_of_a_report():
    result = run("test", "--report", SOFTMAX, TEST, "--require", "accuracy>0.9")
    assert result.code == 1
    assert result.out == run("test", "--report", SOFTMAX, TEST).out
    assert result.err.endswith("and more than 0.9 is required.\n")


def test_nan_never_holds(small):
    for wanted in ("f1>=0", "f1<=1"):
        result = run("test", small, "-", "--require", wanted, stdin=b"a b\n")
        assert result.code == 1
        assert "f1 is undefined (nan) on -, and" in result.err


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("f1macro", "is not a requirement: give a metric, one of >=, <=, >, <"),
        ("", "is not a requirement"),
        (">=0.9", "is not a requirement"),
        ("f2>=0.9", "Unknown metric : f2 (did you mean f1?). Known: f1[:LABEL], f1macro"),
        ("f1>=x", "'x' is not a number"),
        ("f1>=nan", "'nan' is not a number"),
        ("accuracy=>0.9", "--require 'accuracy=>0.9': was accuracy>=0.9 meant?"),
        ("precision>=0.9", "--require 'precision>=0.9': Unknown metric : precision"),
        ("accuracy>=0.9,f1>=0.9", "--require 'accuracy>=0.9' --require 'f1>=0.9'."),
        ("f1:>=0.9", "--require 'f1:>=0.9': Empty metric label : f1: (f1:LABEL"),
        ("rmse<=3", "--require rmse: rmse is a metric of regression, and this is classification"),
        ("mae<=3", "give one of f1[:LABEL], f1macro"),
        ("r2>=0.5", "--require r2: r2 is a metric of regression"),
        ("accuracy:x>=0.9", "(accuracy takes no label and no number)"),
        ("f1macro>=90", "f1macro is between 0 and 1. Was 0.9 meant?"),
        ("f1:helth>=0.5", "f1:helth: the model has no label helth (did you mean health?)."),
    ],
)
def test_requirements_that_are_none(wanted, said):
    result = run("test", SOFTMAX, TEST, "--require", wanted)
    assert (result.code, result.out) == (1, b"")
    assert said in result.err
    assert result.err.count("\n") == 1


def test_a_share_as_a_percentage_is_asked_about():
    result = run("test", SOFTMAX, TEST, "--require", "precisionAtRecall:0.5>0.1")
    assert result.code == 0
    assert "was precisionAtRecall:50 meant?" in result.err


# ------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--confusion", "many"], "--confusion takes a number of labels or all, not 'many'."),
        (["--errors", "e.txt"], "--errors e.txt: the format is not known by the name."),
        (["--csv", "l.json"], "--csv l.json: the format is not known by the name."),
        (["--confusion-file", "-"], "--confusion-file -: the format is not known by the name."),
    ],
)
def test_options_that_cannot_be(options, said):
    result = run("test", "--report", SOFTMAX, TEST, *options)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(said)


def test_no_output_is_an_input(small, table):
    before = table.read_bytes()
    result = run("test", small, table, *COLUMNS, "--errors", table)
    assert result.code == 1
    assert table.read_bytes() == before


def test_files_stay_as_they_were_where_a_test_fails(small, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("former")
    assert run("test", small, tmp_path / "none.txt", "--errors", path).code == 1
    assert path.read_text() == "former"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["e.csv", "small.bin"]


# ------------------------------------------------------------------ accuracy and thresholds


@pytest.mark.parametrize("more", [["-k", -1, "--threshold", 0.5], ["--threshold", 0.99], ["-k", 3]])
@pytest.mark.parametrize(("model", "data"), [(SOFTMAX, TEST), (TAGS, TAGGED)])
def test_accuracy_is_that_of_the_best_label_whatever_lines_get(model, data, more):
    """So it is compared with the most frequent label by what it means."""
    plain = json.loads(run("test", "--report", model, data, "--json").out)["fastcli"]
    result = run("test", "--report", model, data, *more)
    found = json.loads(run("test", "--report", model, data, *more, "--json").out)["fastcli"]
    assert found["accuracy"] == plain["accuracy"]
    assert found["accuracy_interval"] == plain["accuracy_interval"]
    assert "no better than always saying" not in result.out.decode()
    bound = plain["accuracy"]
    kept = run("test", model, data, *more, "--require", f"accuracy>={bound - 1e-6}")
    assert (kept.code, kept.err) == (0, "")
    missed = run("test", model, data, *more, "--require", f"accuracy>={bound + 1e-3}")
    assert missed.code == 1


def test_all_labels_are_named_as_test_names_them():
    assert "P@-1 0." in run("test", "--report", SOFTMAX, TEST, "-k", -1).out.decode()


def test_a_bound_that_prints_like_the_value(small):
    data = b"__label__x a\n" * 3 + b"__label__y a\n"
    result = run("test", small, "-", "--require", "accuracy>=0.75000001", stdin=data)
    assert (result.code, result.err) == (
        1,
        "accuracy is 0.75 on -, and 0.75000001 or more is required.\n",
    )


# ------------------------------------------------------------------ names that are told apart


ALIKE = [
    ("spam_x", "Spam_x", "by case or spaces only"),
    ("caf\u00e9", "cafe\u0301", "by how letters are encoded (NFC, NFD) only"),
    ("a_b", "\uff41_b", "by the width of letters only"),
]


@pytest.mark.parametrize(("one", "other", "said"), ALIKE)
def test_how_labels_differ_is_named(one, other, said, tmp_path):
    labels = [f"__label__{name}".encode() for name in (one, other, "ham")]
    path = model_file(tmp_path / "m.bin", labels)
    data = f"__label__{other} a\n" * 5 + "__label__ham b\n" * 4
    shown = " ".join(run("test", "--report", path, "-", stdin=data.encode()).out.decode().split())
    assert f"labels that differ {said}" in shown


@pytest.mark.parametrize("room", [40, 60, 80])
@pytest.mark.parametrize(
    "names",
    [
        [f"news.world.region_{i:02}" for i in range(6)],
        [f"world_{i}.and.all.that.is.in.it" for i in range(6)],
        [f"region.{i}.of.the.world.far.away" for i in range(6)],
        [
            f"\u65b0\u95fb\u65b0\u95fb\u65b0\u95fb\u65b0\u95fb{i}\u65b0\u95fb\u65b0\u95fb"
            for i in range(6)
        ],
    ],
)
def test_names_are_told_apart(names, room, tmp_path, monkeypatch):
    from fastcli.cli.display.label_names import short_names
    from fastcli.cli.display.tables import width_of

    for most in range(4, 30):
        found = short_names(names, most, range(1, 7))
        assert len(set(found)) == len(found)
        assert max(map(width_of, found)) <= most
    monkeypatch.setenv("COLUMNS", str(room))
    monkeypatch.chdir(tmp_path)
    model_file(tmp_path / "m.bin", [f"__label__{name}".encode() for name in names])
    data = "".join(f"__label__{name} {'ab'[i % 2]}\n" * 3 for i, name in enumerate(names))
    lines = run("test", "--report", "m.bin", "-", stdin=data.encode()).out.decode().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("label "))
    last = next(i for i, line in enumerate(lines) if line.startswith("micro"))
    table = [re.split(r"  +", line)[0] for line in lines[first + 1 : last]]
    assert len(set(table)) == 6
    start = next(i for i, line in enumerate(lines) if line.startswith("Confusion"))
    matrix = lines[start : lines.index("", start)]
    shown = [re.split(r"  +", line)[0] for line in matrix[-4:]]
    assert len(set(shown)) == 4
    start = next(i for i, line in enumerate(lines) if line.startswith("Surest"))
    first = next(i for i, line in enumerate(lines[start:], start) if line.startswith("line "))
    pairs = [re.split(r"  +", line)[-3:-1] for line in lines[first + 1 : first + 6]]
    assert all(true != predicted for true, predicted in pairs)
    assert max(map(width_of, lines)) <= room


def test_nothing_has_a_column_of_its_own(small):
    data = b"__label__x a\n" * 3 + b"__label__y b\n" * 2 + b"__label__y a\n"
    sure = ["--threshold", 0.9]
    lines = run("test", "--report", small, "-", *sure, stdin=data).out.decode().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Confusion"))
    assert lines[start + 1].split() == ["x", "y", "(nothing)"]
    assert [line.split() for line in lines[start + 2 : start + 4]] == [
        ["x", "3", ".", "."],
        ["y", "1", ".", "2"],
    ]


# ------------------------------------------------------------------ files


def test_a_table_and_lines_together(small, table, tmp_path):
    """The mistakes of lines have their texts, those of rows their columns."""
    lines = tmp_path / "l.txt"
    lines.write_text("__label__x b b\n__label__y b\n")
    errors = tmp_path / "e.jsonl"
    result = run("test", small, table, lines, *COLUMNS, "--errors", errors)
    assert result.code == 0, result.err
    rows = [json.loads(line) for line in errors.read_text().splitlines()]
    assert {row["file"] for row in rows} == {str(table), str(lines)}
    (one,) = (row for row in rows if row["file"] == str(lines))
    assert (one["text"], one["true"], one["predicted"]) == ("b b", ["x"], ["y"])


def test_columns_of_mistakes_whose_names_the_data_have(small, tmp_path):
    names = ["line", "probability", "true", "predicted", "file_name"]
    table = tmp_path / "t.csv"
    table.write_text(",".join(["topic", "words", *names]) + "\n" + "y,a,1,2,3,4,5\n" * 2)
    errors = tmp_path / "e.csv"
    assert run("test", small, table, *COLUMNS, "--errors", errors).code == 0
    head, first, _ = read_csv(errors)
    ours = ["line_number", "predicted_probability", "true_label", "predicted_label"]
    assert head == [*ours, "topic", "words", *names]
    assert first[2:4] == ["y", "x"]
    assert first[6:] == ["1", "2", "3", "4", "5"]


# ------------------------------------------------------------------ labels by their names


def test_labels_are_taken_everywhere_by_the_name_that_is_shown(tmp_path):
    """With the spaces of the data, with the file's underscore, and with its prefix."""
    rows = ["text,label", *(f"w{i} fine great,very good" for i in range(30))]
    rows += [f"w{i} dull poor,macro avg" for i in range(30)]
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    where = ["-o", tmp_path / "p", "--text-column", "text", "--label-column", "label"]
    assert run("prepare", tmp_path / "t.csv", *where, "--verbose", 0).code == 0
    train, made = tmp_path / "p" / "train.txt", ["-output", tmp_path / "m", "-dim", 4, "-lr", 1]
    for name in ("very good", "very_good", "__label__very_good"):
        more = ["--valid-share", 0.2, "--monitor", f"f1:{name}", "-verbose", 0, "-epoch", 10]
        assert run("supervised", "-input", train, *made, *more).code == 0
        model = tmp_path / "m.bin"
        assert run("test", model, train, "--require", f"f1:{name}>=0.5").code == 0
        explained = run("explain", model, "fine", "--for", name, "--json")
        assert json.loads(explained.out)["label"] == "very good"
        assert "very good (" in run("explain", model, "fine", "--against", "macro avg").out.decode()
        tuned = run("tune-threshold", model, train, "--metric", f"f1:{name}")
        assert (tuned.code, "\nvery good" in tuned.out.decode()) == (0, True), tuned.err
    words = json.loads(run("inspect", model, "--top-words", 1, "--json").out)["top_words"]
    assert set(words) == {"very good", "macro avg"}


def test_rows_of_an_array_on_one_line_keep_their_columns(tmp_path):
    rows = [{"id": i, "text": f"word{i % 3} a", "label": "xy"[i % 2]} for i in range(12)]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(rows))
    columns = ["--text-column", "text", "--label-column", "label"]
    quick = ["-dim", 4, "-epoch", 1, "-verbose", 0]
    trained = run("supervised", "-input", path, "-output", tmp_path / "m", *columns, *quick)
    assert trained.code == 0
    out = tmp_path / "e.jsonl"
    result = run("test", tmp_path / "m.bin", path, "--label-column", "label", "--errors", out)
    assert result.code == 0, result.err
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert found
    for row in found:
        assert {name: row[name] for name in ("id", "text", "label")} == rows[row["id"]]
        assert row["true"] == [row["label"]]
        assert row["line"] == row["id"] + 1


def test_mistakes_in_a_table_of_numbers_are_the_same_on_any_number_of_threads(tmp_path):
    train, valid = SAMPLES / "digits.train.csv", SAMPLES / "digits.valid.csv"
    small = ["--hidden", 8, "-epoch", 2, "-verbose", 0]
    assert run("mlp-train", "-input", train, "-output", tmp_path / "m", *small).code == 0
    found, mistakes = [], tmp_path / "e.csv"
    for n in (1, 2):
        asked = ["--report", "-thread", n, "--errors", mistakes]
        result = run("test", tmp_path / "m.mlp", valid, *asked)
        assert result.code == 0, result.err
        found.append((result.out, mistakes.read_bytes()))
    assert found[0] == found[1]
    assert found[0][1].count(b"\n") > 20
