"""Tables of numbers that are not quite like the training file: which columns are the model's."""

import json
import shlex
from pathlib import Path

import pytest

from tests.command import PLAIN, run

ROWS = [
    (1.5, 2.5, 3.5, "left"),
    (9.5, 8.5, 7.5, "right"),
    (1.25, 2.25, 3, "left"),
    (9, 8, 7, "right"),
]
QUIET = [*PLAIN, "--hidden", 4, "-epoch", 60, "-lr", 0.05, "-thread", 1, "-verbose", 0]
ANSWERS = b"left\nright\nleft\nright\n"


def write(name, rows, header="", comma=False):
    """Write a table, with decimal commas between semicolons if ``comma``."""
    shown = [[str(cell).replace(".", "," if comma else ".") for cell in row] for row in rows]
    lines = [(";" if comma else ",").join(row) for row in shown]
    Path(name).write_text("".join(line + "\n" for line in [*filter(None, [header]), *lines]))
    return name


def train(*paths, output="m", code=0):
    """Train on some files and return what is said."""
    inputs = [word for path in paths for word in ("-input", path)]
    result = run("mlp-train", *inputs, "-output", output, *QUIET[:-2])
    assert result.code == code, result.err
    return result.err


def refused(*argv):
    """Return what a command that fails says."""
    result = run(*argv)
    assert (result.code, result.out) == (1, b""), result.err
    return result.err


@pytest.fixture(autouse=True)
def tables(tmp_path, monkeypatch):
    """Go to a folder with a table without a header and one with one."""
    monkeypatch.chdir(tmp_path)
    write("bare.csv", ROWS)
    write("named.csv", ROWS, "a,b,c,side")


COMMANDS = [
    ("predict", "m.mlp", "ids.csv"),
    ("predict-prob", "m.mlp", "ids.csv", "--output", "-"),
    ("test", "m.mlp", "ids.csv"),
    ("mlp-train", "-input", "bare.csv", "-input", "ids.csv", "-output", "n"),
    ("mlp-train", "-input", "bare.csv", "--valid", "ids.csv", "-output", "n"),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("header", ["id,a,b,c", ""])
def test_a_column_before_the_features_is_not_taken_for_one(header, command):
    if command[0] != "mlp-train":
        train("bare.csv")
    write("ids.csv", [(i, *row[:3]) for i, row in enumerate(ROWS)], header)
    said = refused(*command)
    assert "ids.csv: column 4" in said
    assert "is where the model has its label, but '3.5' is none of its labels" in said
    assert "Leave other columns out, or train on a table with a header" in said


def test_a_model_with_names_needs_them_where_there_are_other_columns():
    train("named.csv")
    write("ids.csv", [(i, *row[:3]) for i, row in enumerate(ROWS)])
    assert "give the table a header with the names a, b, c, side" in refused(
        "predict", "m.mlp", "ids.csv"
    )
    write("ids.csv", [(i, *row[:3]) for i, row in enumerate(ROWS)], "id,a,b,c")
    assert run("predict", "m.mlp", "ids.csv").out == ANSWERS


def test_labels_that_are_numbers_tell_as_well():
    write("ones.csv", [(*row[:3], int(row[3] == "left")) for row in ROWS])
    train("ones.csv")
    assert run("test", "m.mlp", "ones.csv").out == b"N\t4\nP@1\t1\nR@1\t1\n"
    write("ids.csv", [(i, *row[:3]) for i, row in enumerate(ROWS)])
    assert "'3.5' is none of its labels" in refused("predict", "m.mlp", "ids.csv")


def test_features_alone_labels_and_cells_without_one_are_read_as_before():
    train("bare.csv")
    write("alone.csv", [row[:3] for row in ROWS], "p,q,r")
    result = run("predict", "m.mlp", "alone.csv")
    assert (result.out, result.err) == (ANSWERS, "alone.csv: 3 features by position: p, q, r\n")
    write("some.csv", [(*row[:3], "?") for row in ROWS])
    assert run("predict", "m.mlp", "some.csv").out == ANSWERS
    write("few.csv", [(*ROWS[0][:3], "up"), ROWS[1]], "p,q,r,s")
    result = run("test", "m.mlp", "few.csv")
    assert result.out == b"N\t1\nP@1\t1\nR@1\t1\n"
    assert "few.csv: 3 features by position: p, q, r; label: column s" in result.err


def test_a_second_training_file_may_have_new_labels():
    write("more.csv", [(*row[:3], "up") for row in ROWS])
    train("bare.csv", "more.csv")
    assert run("predict", "m.mlp", "bare.csv", 3).out.count(b"up") == 4


def test_names_that_occur_twice_are_an_error():
    train("named.csv")
    write("twice.csv", [(*row[:3], row[0]) for row in ROWS], "a,b,c,a")
    assert "twice.csv has several columns named a, and the model needs one" in refused(
        "predict", "m.mlp", "twice.csv"
    )
    write("twice.csv", [(*row, row[3]) for row in ROWS], "a,b,c,side,side")
    assert "several columns named side" in refused("test", "m.mlp", "twice.csv")


@pytest.mark.parametrize("header", ["", "a{0}b{0}c{0}side"])
@pytest.mark.parametrize("was_comma", [False, True])
def test_decimal_commas_are_seen_in_each_file(header, was_comma):
    kinds = ["decimal points", "decimal commas"]
    names = [header.format(mark) for mark in ",;"]
    write("point.csv", ROWS, names[0])
    write("comma.csv", ROWS, names[1], comma=True)
    first, other = ("comma.csv", "point.csv") if was_comma else ("point.csv", "comma.csv")
    train(first)
    sentence = (
        f"{other}: numbers have {kinds[not was_comma]}, those of training {kinds[was_comma]}."
    )
    for command in (["predict"], ["predict", "--output", "-"], ["test"]):
        result = run(*command[:1], "m.mlp", other, *command[1:])
        assert result.code == 0, result.err
        assert sentence in result.err
    assert run("predict", "m.mlp", other).out == ANSWERS
    train(first, first, output="twice")
    assert sentence in train(first, other, output="both")
    answers = [run("predict-prob", f"{name}.mlp", first).out for name in ("both", "twice")]
    assert answers[0] == answers[1] != b""
    result = run("mlp-train", "-input", first, "--valid", other, "-output", "v", *QUIET[:-2])
    assert sentence in result.err
    assert "1.0000" in result.err


def test_numbers_that_do_not_tell_are_read_as_in_training():
    write("comma.csv", ROWS, "a;b;c;side", comma=True)
    train("comma.csv")
    Path("late.csv").write_text("a;b;c\n" + "1;2;3\n" * 200 + "9,5;8,5;7,5\n")
    assert run("predict", "m.mlp", "late.csv").out == b"left\n" * 200 + b"right\n"
    Path("late.csv").write_text("a;b;c\n" + "1;2;3\n" * 200 + "9.5;8.5;7.5\n")
    assert (
        "late.csv, line 202, column 1: '9.5' is not a number, since the first rows are read with "
        "decimal commas" in refused("predict", "m.mlp", "late.csv", "--output", "x.csv")
    )


def test_texts_of_objects_with_decimal_commas():
    train("named.csv")
    objects = [
        {"a": str(a).replace(".", ","), "b": str(b).replace(".", ","), "c": c}
        for a, b, c, _ in ROWS
    ]
    Path("o.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))
    result = run("predict", "m.mlp", "o.jsonl")
    assert result.out == ANSWERS
    assert "o.jsonl: numbers have decimal commas" in result.err


def test_commas_that_may_separate_thousands_are_asked_about():
    text = 'a,b,label\n"1,234",2,x\n"567",3,y\n"12,345",4,x\n'
    Path("t.csv").write_text(text)
    said = refused("mlp-train", "-input", "t.csv", "-output", "m")
    assert said == (
        "t.csv: the comma of '1,234' in column a may stand before a fraction or separate "
        "thousands. Give --decimal comma if it stands before a fraction, else take such commas "
        "out.\n"
    )
    result = run("mlp-train", "-input", "t.csv", "-output", "m", "--decimal", "comma", *QUIET[:-2])
    assert (result.code, "header, decimal commas" in result.err) == (0, True)
    Path("t.csv").write_text(text.replace("567", "0,567"))
    assert "header, decimal commas" in train("t.csv")
    Path("t.csv").write_text("a;b;label\n1,234;2;x\n2,567;3;y\n")
    assert "decimal commas" in train("t.csv")
    Path("t.jsonl").write_text('{"a": "1,5", "b": 2.5, "y": "u"}\n{"a": "2", "b": 1, "y": "v"}\n')
    assert "t.jsonl: decimal commas; label" in train("t.jsonl")


@pytest.mark.parametrize("end", ["", "p q r side\n"])
def test_numbers_between_spaces(end):
    lines = [f"  {a} {b}  {c} {name}\n" for a, b, c, name in ROWS]
    Path("s.data").write_text(end + "".join(lines))
    header = "header" if end else "no header"
    assert f"s.data: {header}, separated by spaces; label" in train("s.data")
    assert run("predict", "m.mlp", "s.data").out == ANSWERS
    Path("alone.data").write_text("p q r\n" * bool(end) + "1.5 2.5 3.5\n9.5 8.5 7.5\n")
    assert run("predict", "m.mlp", "alone.data").out == b"left\nright\n"
    result = run("predict", "m.mlp", "alone.data", "--format", "csv", "--output", "-")
    assert result.out.decode().splitlines()[-1] == "9.5 8.5 7.5 right"
    write("comma.csv", [row[:3] for row in ROWS], "p,q,r" * bool(end))
    assert run("predict", "m.mlp", "comma.csv").out == ANSWERS
    train("named.csv" if end else "bare.csv", output="n")
    if not end:
        assert run("predict", "n.mlp", "s.data").out == ANSWERS
    report = json.loads(run("inspect", "--json", "s.data").out)
    assert report["purpose"] == "numbers"
    assert run(*shlex.split(report["command"])[1:], "-epoch", 1).code == 0


def test_a_delimiter_makes_a_table_of_what_is_no_text():
    Path("h.data").write_text("a#b#y\n1#2.5#p\n3#4#q\n")
    result = run("mlp-train", "-input", "h.data", "-output", "m", "--delimiter", "#", "-epoch", 1)
    assert (result.code, "separated by '#'; label: column 'y'" in result.err) == (0, True)
    Path("t.txt").write_text("__label__a one # two\n__label__b three\n")
    result = run("mlp-train", "-input", "t.txt", "-output", "m", "--delimiter", "#", "-epoch", 1)
    assert (result.code, "--delimiter: no effect" in result.err) == (0, True)


@pytest.mark.parametrize("name", ["new.csv", "new.jsonl"])
@pytest.mark.parametrize("more", [[], ["--output", "-"]])
def test_missing_values_that_training_did_not_have(name, more):
    """Said once a column; nothing is said of a column that lacks values in training, too."""
    rows = [(x if i != 1 else "", *rest) for i, (x, *rest) in enumerate(ROWS)]
    train(write("t.csv", rows, "p,q,r,y"))
    Path("new.csv").write_text("p,q,r\n1.5,,3.5\n,8.5,7.5\n9,,7\n")
    objects = [{"p": 1.5, "r": 3.5}, {"q": 8.5, "r": 7.5}, {"p": 9, "q": None, "r": 7}]
    Path("new.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))
    said = run("predict", "m.mlp", name, *more).err
    sentence = f"{name}: column q has missing values, which training did not have: they count as "
    assert said.count(f"{sentence}its mean.") == 1
    assert "column p has" not in said


# ------------------------------------------------------------------ columns of weights


WEIGHTED = [("1", "9", "a"), ("2", "8", "a"), ("8", "2", "b"), ("9", "1", "b")]


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("option", ["--weight-column", "--drop"])
def test_a_file_without_header_may_lack_the_weights(at, option, tmp_path, monkeypatch):
    """Wherever the weights were in training, the label of a file without them is found."""
    monkeypatch.chdir(tmp_path)
    weighted = [[*row[:at], "3", *row[at:]] for row in WEIGHTED]
    write = {"w.csv": weighted, "plain.csv": WEIGHTED}
    write["unlabelled.csv"] = [[cell for cell in row if cell not in "ab"] for row in weighted]
    write["inputs.csv"] = [row[:2] for row in WEIGHTED]
    for path, rows in write.items():
        Path(path).write_text("".join(",".join(row) + "\n" for row in rows))
    label = 2 + (at <= 2)
    options = ["--label-column", label, option, at, "-epoch", 30, "-thread", 1, "--no-header"]
    result = run("mlp-train", "-input", "w.csv", "-output", "m", *options, "--valid", "plain.csv")
    assert result.code == 0, result.err
    result = run("test", "m.mlp", "plain.csv")
    assert result.out.startswith(b"N\t4\n")
    assert (
        f"plain.csv: label: column 3; it has no column {at + 1}, which training read as weights "
        "or left out."
    ) in result.err
    answers = [run("predict-prob", "m.mlp", path, -1).out for path in write]
    assert answers[0] == answers[1] == answers[2] == answers[3] != b""


@pytest.mark.parametrize("option", ["--drop", "--words"])
def test_a_column_of_weights_has_no_other_part(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("w.csv").write_text("x,w,y\n1,2,a\n2,3,b\n")
    options = ["-output", "m", "--weight-column", "w", option, "w"]
    result = run("mlp-train", "-input", "w.csv", *options)
    assert (result.code, result.out) == (1, b"")
    assert result.err == f"w.csv: column w cannot be used twice, as weight and by {option}.\n"
