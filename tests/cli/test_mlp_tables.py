"""mlp-train on tables of texts: as on the lines that prepare makes of them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from fastcli.mlp.model_reader import MODEL_FORMAT
from fastcli.mlp.tensor_reader import load_arrays, open_tensors
from tests.command import PLAIN_TEXT, run

QUICK = [*PLAIN_TEXT, "-dim", 5, "--hidden", 4, "-epoch", 60, "-lr", 0.05, "-thread", 1]
TEAM = ["--text-column", "body", "--label-column", "team"]
ROWS = [
    ("1", "it is 'cracked'", "Tech support"),
    ("2", "two lines, of text", "Billing"),
    ("3", "money back", "Billing"),
    ("4", "app crashes again", "Tech support"),
    ("5", "screen cracked again", "Tech support"),
]
NAMES = ["id", "body", "team"]


def train(path, *options, output="m", code=0):
    result = run("mlp-train", "-input", path, "-output", output, *QUICK, *options)
    assert result.code == code, result.err
    return result


def parts(path):
    """Return the tensors of a model, and what it records of itself."""
    arrays, config = load_arrays(open_tensors(str(path)), MODEL_FORMAT)
    return {name: np.array(one).tobytes() for name, one in arrays.items()}, config["about"]


@pytest.fixture(autouse=True)
def tables(tmp_path, monkeypatch):
    """Go to a folder with a table as CSV, TSV, JSON and JSON lines."""
    monkeypatch.chdir(tmp_path)
    for name, delimiter in (("t.csv", ","), ("t.tsv", "\t")):
        with open(name, "w", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerows([NAMES, *ROWS])
    objects = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    Path("t.json").write_text(json.dumps(objects))
    Path("t.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))


def test_training_on_a_table_is_training_on_what_prepare_writes():
    said = train("t.csv", *TEAM).err
    assert "t.csv: header; text: column 'body'; label: column 'team'" in said
    run("prepare", "t.csv", "-o", "p", "--split", 100, *TEAM, "-verbose", 0)
    train("p/train.txt", output="q")
    assert parts("m.mlp") == parts("q.mlp")
    prepared = parts("m.mlp")[1]["prepared"]
    assert prepared["columns"]["text"] == ["body"]
    assert prepared["names"] == {"__label__Tech_support": "Tech support"}
    for model in ("m.mlp", "q.mlp"):
        result = run("predict", model, "t.csv", "--output", "-")
        found = [row["label"] for row in csv.DictReader(result.out.decode().splitlines())]
        assert found == [team for _, _, team in ROWS]
        tested = run("test", model, "t.jsonl", "--label-column", "team")
        assert tested.out == b"N\t5\nP@1\t1\nR@1\t1\n"


@pytest.mark.parametrize("path", ["t.tsv", "t.json", "t.jsonl"])
def test_tables_of_all_formats_make_the_same_model(path):
    train("t.csv", *TEAM)
    train(path, *TEAM, output="q")
    assert parts("m.mlp")[0] == parts("q.mlp")[0]


def test_parquet():
    parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)
    import pyarrow

    table = pyarrow.table(dict(zip(NAMES, zip(*ROWS, strict=True), strict=True)))
    parquet.write_table(table, "t.parquet")
    train("t.csv", *TEAM)
    train("t.parquet", *TEAM, output="q")
    assert parts("m.mlp")[0] == parts("q.mlp")[0]


def test_a_training_file_that_was_changed_records_nothing():
    run("prepare", "t.csv", "-o", "p", "--split", 100, *TEAM, "-verbose", 0)
    with open("p/train.txt", "a") as file:
        file.write("__label__Billing one more\n")
    train("p/train.txt")
    assert "prepared" not in parts("m.mlp")[1]


def test_several_label_columns():
    Path("s.csv").write_text("text,toxic,rude\nyou fool,1,0\nhello,0,0\ni hit you,1,1\n")
    several = ["--text-column", "text", "--label-column", "toxic", "--label-column", "rude"]
    result = train("s.csv", *several, code=1)
    assert "no label (1 of 3 rows has none)" in result.err
    train("s.csv", *several, "--none", "fine")
    assert run("predict", "m.mlp", "s.csv", "--output", "-").out.decode().splitlines()[2] == (
        "hello,0,0,fine"
    )


def test_a_validation_file_that_is_a_table():
    Path("v.jsonl").write_text(
        '{"body": "cracked", "team": "Tech support"}\n'
        '{"body": "money", "team": "Billing"}\n'
        '{"body": "lines", "team": "Sales"}\n'
    )
    said = train("t.csv", *TEAM, "--valid", "v.jsonl", "--log", "a.log").err
    assert "v.jsonl: text: column 'body'; label: column 'team'" in said
    assert "v.jsonl: lines left out: 1 with labels the model does not know." in said
    run("prepare", "t.csv", "-o", "p", "--split", 100, *TEAM, "-verbose", 0)
    train("p/train.txt", "--valid", "v.jsonl", "--log", "b.log", output="q")
    Path("v.txt").write_text("__label__Tech_support cracked\n__label__Billing money\n")
    train("t.csv", *TEAM, "--valid", "v.txt", "--log", "c.log", output="r")
    logs = [
        [
            json.loads(line) | {"seconds": 0}
            for line in Path(f"{name}.log").read_text().splitlines()[1:]
        ]
        for name in "abc"
    ]
    assert logs[0] == logs[1] == logs[2]
    assert logs[0][-1]["valid_error"] == 0


def test_a_validation_table_of_unknown_columns():
    Path("lines.txt").write_text("__label__a one\n__label__b two\n")
    said = train("lines.txt", "--valid", "t.csv", code=1).err
    assert "t.csv is a table, not lines of labels and text; its columns: id, body, team" in said
    assert "--text-column" in said
    assert not Path("m.mlp").exists()


def test_formats_without_columns():
    said = train("t.csv", *TEAM, "--format", "text", code=1).err
    assert said == (
        "--format text has no columns: leave out --text-column, or give the format of the table.\n"
    )
    Path("t.dat").write_text(Path("t.jsonl").read_text())
    train("t.dat", *TEAM, "--format", "jsonl")


def test_options_without_effect_on_texts():
    said = train("t.csv", *TEAM, "--words", "id", "--decimal", "comma").err
    assert "--words, --decimal: no effect on text, only on numbers." in said
    Path("lines.txt").write_text("__label__a one\n__label__b two\n")
    said = train("lines.txt", "--join", "-", "--label-column", "0").err
    assert "--join: no effect without --text-column" in said
    assert "--label-column: no effect without a table" in said


def test_models_with_the_label_column_as_text_are_read():
    """As they were written before it could be several."""
    from fastcli.files import Replacement
    from fastcli.mlp.tensors import write_tensors

    train("t.csv", *TEAM)
    arrays, config = load_arrays(open_tensors("m.mlp"), MODEL_FORMAT)
    for column in ("", "team"):
        config["args"]["label_column"] = column
        out = Replacement("old.mlp")
        with out:
            write_tensors(out, arrays, config)
        assert run("test", "old.mlp", "t.csv", "--label-column", "team").code == 0


def test_rows_that_a_model_of_numbers_cannot_read_are_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("n.csv").write_text("a,b,label\n" + "1,2,x\n5,1,y\n" * 8)
    quick = ["--hidden", "none", "-epoch", 60, "-lr", 0.1, "-verbose", 0]
    assert run("mlp-train", "-input", "n.csv", "-output", "n", *quick).code == 0
    Path("bad.csv").write_text("a,b,label\n1,2,x\n3,1\n5,1,y\n1,k,x\n")
    Path("bad.jsonl").write_text('{"a":1,"b":2}\n{"a":"k","b":2}\n{"a":5,"b":1}\n')
    for command in ("test", "predict"):
        assert run(command, "n.mlp", "bad.csv").err.splitlines()[-1].endswith("--skip-bad.")
    said = "Left out: 2 bad rows (1 x 2 columns instead of 3, 1 x not a number), the first at"
    result = run("test", "n.mlp", "bad.csv", "--skip-bad")
    assert result.out.split()[:4] == [b"N", b"2", b"P@1", b"1"]
    assert f"{said} bad.csv:3.\n" in result.err
    result = run("predict", "n.mlp", "bad.csv", "--skip-bad")
    assert result.out == b"x\n\ny\n\n"  # a line for each line
    result = run("predict", "n.mlp", "bad.csv", "--skip-bad", "--output", "-")
    assert [line.rsplit(b",", 1)[1] for line in result.out.splitlines()[1:]] == [b"x", b"y"]
    assert f"{said} bad.csv:3.\n" in result.err
    result = run("predict", "n.mlp", "bad.jsonl", "--skip-bad", "--output", "-")
    assert result.out == b'{"a":1,"b":2,"label":"x"}\n{"a":5,"b":1,"label":"y"}\n'
    assert "the first at bad.jsonl:2" in result.err


def test_several_labels_of_a_cell_are_tested_by_their_separator(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("n.csv").write_text("a,b,label\n" + "1,2,x;z\n5,1,y\n" * 8)
    quick = ["--hidden", "none", "-epoch", 60, "-lr", 0.1, "-verbose", 0, "-loss", "ova"]
    separator = ["--label-separator", ";"]
    assert run("mlp-train", "-input", "n.csv", "-output", "n", *quick, *separator).code == 0
    result = run("test", "n.mlp", "n.csv", *separator)
    assert result.out.split()[:4] == [b"N", b"16", b"P@1", b"1"], result.err


@pytest.mark.parametrize(
    ("rows", "task", "said"),
    [
        ("x,y\na,1.5\nb,2.5\na,1.6\nc,3.5\n", "regression", "header; target: column 'y'"),
        ("c,price\na,1.5\nb,2.5\nc,3.5\n", "regression", "header; target: column 'price'"),
        ("c,price\na,1.5\nb,2.5\n", "regression", "header; target: column 'price'"),
        ("x,y\na,1\nb,2\na,1\nc,2\n", "auto", "header; label: column 'y'"),
        ("x,y\na,1\nb,2\na,1\nc,2\n", "classification", "header; label: column 'y'"),
    ],
)
def test_a_word_above_numbers_that_are_learned_is_a_name(tmp_path, rows, task, said):
    table = tmp_path / "t.csv"
    table.write_text(rows)
    result = run("mlp-train", "-input", table, "-output", tmp_path / "m", *QUICK, "--task", task)
    assert result.code == 0
    assert f"t.csv: {said}" in result.err
    n = len(rows.splitlines()) - 1
    assert f"{n} example" in result.err


def test_a_first_row_that_may_be_a_header_is_a_row(tmp_path):
    """What is said about the header is what is done with the first row."""
    table = tmp_path / "t.csv"
    table.write_text("c,kind\na,1\nb,2\nc,1\nd,2\n")
    command = ["mlp-train", "-input", table, "-output", tmp_path / "m", *QUICK]
    err = run(*command).err
    assert "t.csv: no header; label: column 1" in err
    assert "5 examples, 3 labels" in err
    said = "t.csv: kind stands above numbers: give --header if the first row names the columns"
    assert said in err.replace(str(tmp_path) + "/", "")
    assert "4 examples, 2 labels" in (err := run(*command, "--header").err)
    assert "stands above" not in err
    assert "stands above" not in run(*command, "--no-header").err
