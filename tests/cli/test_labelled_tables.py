"""Training, testing and predicting on tables: rows come back as they were, with labels."""

import csv
import gzip
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from tests.command import PLAIN_TEXT, SAMPLES, run

TABLE = (
    "id,title,body,team\r\n"
    '1,broken screen,"it is ""cracked"", help",Tech support\r\n'
    '2,invoice wrong,"two\nlines of text",Billing\r\n'
    "3,,,Billing\r\n"
    "4,refund please,money back,Billing\r\n"
    "5,crash,app crashes again,Tech support\r\n"
)
TEXTS = [("Billing", "invoice refund money back"), ("Tech_support", "crash screen broken")]
COLUMNS = ["--text-column", "title", "--text-column", "body"]
QUICK = ["-dim", 5, "-epoch", 50, "-lr", 0.5, "-thread", 1, "-minCount", 1, "-bucket", 10]


def fails(*argv):
    """Run what fails; return its last line."""
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    return result.err.splitlines()[-1]


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Go to a folder with a table and a model of it."""
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE, newline="")
    table = [*COLUMNS, "--label-column", "team"]
    trained = Path("train.csv")
    trained.write_text(TABLE.replace("3,,,Billing\r\n", ""), newline="")
    result = run("supervised", "-input", trained, "-output", "m", *table, *QUICK)
    assert result.code == 0, result.err
    assert "text: columns 'title', 'body'; label: column 'team'" in result.err
    return "m.bin"


def test_training_on_a_table_is_training_on_what_prepare_writes(model):
    table = [*COLUMNS, "--label-column", "team"]
    made = run("prepare", "train.csv", "-o", "p", "--split", 100, *table, "-verbose", 0)
    assert made.code == 0
    assert run("supervised", "-input", "p/train.txt", "-output", "q", *QUICK).code == 0
    assert Path("m.bin").read_bytes() == Path("q.bin").read_bytes()
    about = [json.loads(Path(f"{name}.bin.json").read_text()) for name in "mq"]
    assert about[0]["arguments"]["input"] == ["train.csv"]
    assert about[0]["prepared"] == about[1]["prepared"]
    assert about[0]["prepared"]["columns"]["text"] == ["title", "body"]
    assert about[0]["prepared"]["names"] == {"__label__Tech_support": "Tech support"}


def test_a_training_file_that_was_changed_records_nothing(model):
    table = [*COLUMNS, "--label-column", "team"]
    run("prepare", "train.csv", "-o", "p", "--split", 100, *table, "-verbose", 0)
    with open("p/train.txt", "a") as file:
        file.write("__label__Billing one more\n")
    assert run("supervised", "-input", "p/train.txt", "-output", "q", *QUICK).code == 0
    assert "prepared" not in json.loads(Path("q.bin.json").read_text())


def test_rows_come_back_with_labels(model):
    result = run("predict-prob", model, "t.csv", "--output", "out.csv")
    assert result.code == 0, result.err
    before, after = TABLE.split("\r\n"), Path("out.csv").read_bytes().decode().split("\r\n")
    assert after[0] == "id,title,body,team,label,probability"
    for old, new in zip(before[1:], after[1:], strict=True):
        assert new.startswith(old)
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text(), newline="")))
    assert [row["label"] for row in rows] == [
        *("Tech support", "Billing", "", "Billing", "Tech support")
    ]
    assert rows[2]["probability"] == ""
    assert all(0.5 < float(row["probability"]) <= 1 for row in rows if row["label"])
    said = r"Wrote 5 rows to out\.csv \(\d+ bytes\) in \d+\.\d s: all columns, and label, "
    assert re.search(said, result.err)
    assert "no text at all" in result.err


def test_formats_by_the_name_of_the_output(model):
    run("predict-prob", model, "t.csv", "--output", "a.jsonl")
    objects = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    assert [one["id"] for one in objects] == ["1", "2", "3", "4", "5"]
    assert objects[0]["body"] == 'it is "cracked", help'
    assert (objects[2]["label"], objects[2]["probability"]) == (None, None)
    run("predict", model, "a.jsonl", "--output", "b.jsonl.gz", "--as", "team")
    with gzip.open("b.jsonl.gz", "rt") as file:
        lines = file.read().splitlines()
    for old, new in zip(Path("a.jsonl").read_text().splitlines(), lines, strict=True):
        assert new.startswith(f'{old[:-1]},"predicted_team":')
    run("predict", model, "b.jsonl.gz", "--output", "c.tsv")
    rows = list(csv.reader(io.StringIO(Path("c.tsv").read_text()), delimiter="\t"))
    assert rows[0][-1] == "predicted_label"
    assert rows[1][2] == 'it is "cracked", help'
    result = run("predict-prob", model, "t.csv", 2, "--output", "-")
    assert (
        result.out.decode()
        .split("\r\n")[0]
        .endswith("team,label_1,probability_1,label_2,probability_2")
    )
    assert "the format is not known by the name" in fails(
        "predict", model, "t.csv", "--output", "x.dat"
    )


def test_a_column_for_each_label(model):
    run("predict-prob", model, "t.csv", "--output", "w.csv", "--wide")
    rows = list(csv.DictReader(io.StringIO(Path("w.csv").read_text(), newline="")))
    for row in rows[:2]:
        probabilities = {name: float(row[name]) for name in ("Billing", "Tech support")}
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert row["label"] == max(probabilities, key=probabilities.get)
    assert rows[2]["Billing"] == ""


def test_parquet(model):
    pytest.importorskip("pyarrow", exc_type=ImportError)
    run("predict-prob", model, "t.csv", "--output", "a.parquet")
    run("predict-prob", model, "a.parquet", "--output", "b.jsonl")
    objects = [json.loads(line) for line in Path("b.jsonl").read_text().splitlines()]
    assert objects[0]["label"] == objects[0]["predicted_label"] == "Tech support"
    assert objects[2]["predicted_label"] is None


def test_columns_and_cleaning_of_another_recipe(model):
    table = [*COLUMNS, "--label-column", "team"]
    run("prepare", "train.csv", "-o", "p", "--clean", "--split", 100, *table, "-verbose", 0)
    run("supervised", "-input", "p/train.txt", "-output", "q", *QUICK)
    Path("n.csv").write_text("body,title\n<b>CRACKED</b>,Broken Screen!\n")
    run("predict-prob", "q.bin", "n.csv", "--output", "a.csv")
    run("predict-prob", "q.bin", "n.csv", "--output", "b.csv", "--like", "p/prepare.json")
    assert Path("a.csv").read_text() == Path("b.csv").read_text()
    line = run("prepare", "-", "--like", "p/prepare.json", stdin=b"Broken Screen! <b>CRACKED</b>\n")
    label, probability = run("predict-prob", "q.bin", "-", stdin=line.out).text().split()
    *_, name, p = Path("a.csv").read_text().splitlines()[-1].split(",")
    assert name == label.removeprefix("__label__").replace("_", " ")
    assert float(p) == pytest.approx(float(probability), abs=2e-5)  # printed with fastText's offset


def test_a_test_on_a_table(model):
    result = run("test", model, "t.csv", "--label-column", "team")
    assert result.out.decode().splitlines() == ["N\t5", "P@1\t0.8", "R@1\t0.8"]
    assert "label: column 'team'" in result.err
    found = run("test-label", model, "t.csv", "--label-column", "team").out.decode()
    assert "__label__Tech_support" in found


def test_predictions_of_a_table_as_lines(model):
    result = run("predict", model, "t.csv", *COLUMNS)
    assert result.out.decode().splitlines()[:2] == ["__label__Tech_support", "__label__Billing"]


def test_options_without_effect(model):
    result = run("predict", model, "-", "--wide", "--as", "x", stdin=b"broken screen\n")
    assert (result.out, result.err) == (
        b"__label__Tech_support\n",
        "--wide, --as: no effect without --output.\n",
    )


def test_tables_that_are_taken_for_lines(model):
    for command, option in (("predict", "--output labelled.csv"), ("test", "--label-column")):
        said = fails(command, model, "t.csv")
        assert said.startswith("t.csv is a table, not lines of")
        assert option in said
        assert run(command, model, "t.csv", "--format", "text").code == 0
    said = fails("supervised", "-input", "t.csv", "-output", "x")
    assert "fastcli supervised -input t.csv -output x --text-column COLUMN --label-column" in said
    Path("lines.csv").write_text("__label__a one, two\n__label__b three, four\n")
    assert run("supervised", "-input", "lines.csv", "-output", "x", *QUICK).code == 0
    with open("t.csv", "rb") as file:
        assert run("predict", model, "-", stdin=file.read()).code == 0


def test_a_damaged_row_leaves_no_output(model):
    Path("bad.csv").write_text(TABLE.replace("\r\n", "\n") + '6,"x" y,z,Billing\n')
    said = fails("predict", model, "bad.csv", "--output", "out.csv")
    assert said.startswith("bad.csv:8, column 3: text after the quote that closes a cell")
    assert not Path("out.csv").exists()


def test_an_output_that_is_the_input(model):
    said = fails("predict", model, "t.csv", "--output", "t.csv")
    assert "is an input and would be overwritten" in said


def test_tables_of_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i},{'yes' if i > 4 else 'no'},{-i}\n" for i in range(10))
    Path("n.csv").write_text(f"x1,label,x2\n{rows}")
    options = ["--hidden", "none", "-epoch", 200, "-lr", 0.1, "-thread", 1, "-verbose", 0]
    assert run("mlp-train", "-input", "n.csv", "-output", "m", *options).code == 0
    Path("new.csv").write_text("id,x2,x1\na,-9,9\nb,,\nc,-1,1\n")
    result = run("predict-prob", "m.mlp", "new.csv", "--output", "out.csv")
    assert "new.csv: 2 features by name: x1, x2" in result.err
    found = [line.split(",") for line in Path("out.csv").read_text().splitlines()]
    assert found[0] == ["id", "x2", "x1", "label", "probability"]
    assert [row[:4] for row in found[1:]] == [
        ["a", "-9", "9", "yes"],
        ["b", "", "", ""],
        ["c", "-1", "1", "no"],
    ]
    Path("s.svm").write_text("1 1:1\n2 1:2\n")
    run("mlp-train", "-input", "s.svm", "-output", "s", *options)
    assert "does not read tables" in fails("predict", "s.mlp", "new.csv", "--output", "o.csv")


def test_the_sample_reviews(tmp_path, monkeypatch):
    """From raw CSV to labelled CSV in two commands."""
    monkeypatch.chdir(tmp_path)
    reviews = SAMPLES / "reviews.csv"
    table = ["--text-column", "review", "--label-column", "verdict", "--none", "unknown"]
    assert run("supervised", "-input", reviews, "-output", "v", *table, *QUICK).code == 0
    result = run("predict-prob", "v.bin", reviews, "--output", "labelled.csv")
    assert result.code == 0
    with open(reviews, encoding="utf-8", newline="") as file:
        before = list(csv.reader(file))
    with open("labelled.csv", encoding="utf-8", newline="") as file:
        after = list(csv.reader(file))
    assert [row[:-2] for row in after] == before


def test_autotune_and_quantize_read_tables(model):
    table = [*COLUMNS, "--label-column", "team"]
    tune = ["-autotune-validation", "train.csv", "-autotune-duration", 1, "-thread", 1]
    result = run("supervised", "-input", "train.csv", "-output", "a", *table, *tune)
    assert result.code == 0, result.err
    about = json.loads(Path("a.bin.json").read_text())
    assert about["prepared"]["columns"]["label"] == ["team"]
    assert about["autotune"]["score"] == 1.0
    words = "--text-column title --text-column body --label-column team"
    assert about["autotune"]["commands"][0].endswith(words)
    assert words in result.err.splitlines()[-1]
    larger = [*QUICK[:-1], 400, "-wordNgrams", 2]
    assert run("supervised", "-input", "train.csv", "-output", "m", *table, *larger).code == 0
    again = ["quantize", "-output", "m", "-retrain", "-input", "train.csv", "-cutoff", 300]
    result = run(*again, *table, "--test", "train.csv", "-epoch", 50)
    assert result.code == 0, result.err
    assert "on 4 lines of train.csv" in result.err
    kept = json.loads(Path("m.ftz.json").read_text())["prepared"]
    assert kept == json.loads(Path("m.bin.json").read_text())["prepared"]


def test_a_validation_table_beside_lines(model):
    lines = [f"__label__{name} {text}" for name, text in TEXTS]
    Path("l.txt").write_text("\n".join([*lines, ""]))
    tune = ["-autotune-validation", "train.csv", "-autotune-duration", 1, "-thread", 1]
    table = ["--text-column", "title", "--text-column", "body", "--label-column", "team"]
    result = run("supervised", "-input", "l.txt", "-output", "a", *table, *tune)
    assert result.code == 0, result.err
    assert json.loads(Path("a.bin.json").read_text())["autotune"]["score"] == 1.0


def test_numbers_are_labels_of_a_validation_table_as_in_training(tmp_path, monkeypatch):
    """A file whose labels could be numbers has the text of training's."""
    monkeypatch.chdir(tmp_path)
    rows = "".join([f"word{i % 2},{'01' if i % 2 else '1.0'}\n" for i in range(8)])
    Path("t.csv").write_text(f"text,label\n{rows}")
    Path("v.csv").write_text("text,label\nword0,1.0\nword0,1.0\n")
    table = ["--text-column", "text", "--label-column", "label"]
    tune = ["-autotune-validation", "v.csv", "-autotune-duration", 1, "-thread", 1]
    result = run("supervised", "-input", "t.csv", "-output", "a", *table, *tune)
    assert result.code == 0, result.err
    assert json.loads(Path("a.bin.json").read_text())["autotune"]["score"] == 1.0
    result = run("test", "a.bin", "v.csv", *table)
    assert result.out.decode().split() == ["N", "2", "P@1", "1", "R@1", "1"]


@pytest.mark.parametrize(
    ("words", "read_by"),
    [
        (["skipgram", "-input", "t.csv", "-output", "v"], "prepare t.csv -o NAME --text-column"),
        (["cbow", "-input", "t.csv", "-output", "v"], "prepare t.csv -o NAME --text-column"),
        (["quantize", "-output", "m", "-retrain", "-input", "t.csv"], "-input t.csv --text-column"),
        (["quantize", "-output", "m", "--test", "t.csv"], "Give --text-column and --label-column"),
        (
            ["supervised", "-input", "l.txt", "-output", "v", "-autotune-validation", "t.csv"],
            "Give --text-column and --label-column (-input can still be lines).",
        ),
    ],
)
def test_tables_where_lines_are_asked_for(model, words, read_by):
    Path("l.txt").write_text("__label__a b\n")
    last = fails(*words)
    assert last.startswith("t.csv is a table, not lines of ")
    assert read_by in last
    assert not Path("v.bin").exists()


@pytest.mark.parametrize(
    ("name", "text", "is_said"),
    [
        ("a.csv", "1,refund\n2,crash\n", True),
        ("a.tsv", "1\trefund\n2\tcrash\n", True),
        ("talk.csv", "well, yes\nno\nhow, when, where\n", False),
        ("a.txt", "1,refund\n2,crash\n", False),
    ],
)
def test_tables_without_a_header_are_read_as_lines_and_that_is_said(model, name, text, is_said):
    Path(name).write_text(text)
    result = run("predict", model, name)
    assert result.code == 0
    assert len(result.out.splitlines()) == text.count("\n")
    said = f"{name} is read as lines of text: it has no header. If it is a table (N is a column"
    assert (said in result.err) == is_said
    way = f"fastcli predict {model} {name} --output labelled{name[-4:]} --text-column N\n"
    assert (way in result.err) == is_said
    assert said not in run("predict", model, name, "--format", "text").err


def test_options_of_tables_without_one(model):
    Path("l.txt").write_text("__label__Billing money back\n")
    result = run("test", model, "l.txt", "--quotes", "no", "--none", "x")
    assert (result.code, result.out.splitlines()[0]) == (0, b"N\t1")
    assert "--none, --quotes: no effect without a table" in result.err


def test_lines_where_columns_are_named(model):
    """Lines of labels and text have no columns: training and testing say it, labelling stops."""
    Path("lines.txt").write_text("__label__Billing money back\n__label__Billing refund, please\n")
    sentence = "lines.txt: read as lines of labels and text, which have no columns."
    named = ["lines.txt", "--label-column", "team"]
    for words in (["test", model, *named], ["supervised", "-input", *named, "-output", "n"]):
        result = run(*words)
        assert (result.code, sentence in result.err) == (0, True)
    said = fails("predict", model, "lines.txt", "--output", "o.csv")
    assert said == (
        "lines.txt has lines of labels and text, not a table: give --format text if each line is a "
        "text, or --format csv."
    )
    assert not Path("o.csv").exists()


LATIN = b"text,label\nmoney back,Billing\ncaf\xe9 closed,Billing\napp crash,Tech\n"


def test_bytes_that_are_not_utf_8_far_into_a_table(model):
    far = b"text,label\n" + b"money back,Billing\n" * 60_000 + b"caf\xe9 closed,Billing\n"
    objects = b'{"text": "money back"}\n' * 60_000 + b'{"text": "caf\xe9 closed"}\n'
    for name, data, place in (
        ("far.csv", far, "far.csv:60002, column text"),
        ("far.jsonl", objects, "far.jsonl:60001, column text"),
    ):
        Path(name).write_bytes(data)
        words = ["predict", model, name, "--text-column", "text", "--output", "o.csv"]
        result = run(*words)
        assert result.code == 1
        assert result.err.splitlines()[-1].startswith(f"{place} is not UTF-8; it looks like cp1252")
        assert not Path("o.csv").exists()
        result = run(*words, "--skip-bad")
        assert result.code == 0
        assert result.err.splitlines()[-1] == (
            f"Left out: 1 bad row (bytes that are not utf-8), the first at {place}."
        )
        assert len(Path("o.csv").read_bytes().splitlines()) == 60_001
        Path("o.csv").unlink()


@pytest.mark.parametrize("how", ["replace", "drop"])
def test_bytes_that_are_not_utf_8_are_taken_out_of_what_is_predicted(model, how):
    """The row itself is passed on as it was."""
    Path("l.csv").write_bytes(LATIN)
    words = ["--text-column", "text", "--output", "o.csv", "--bad-bytes", how]
    assert run("predict", model, "l.csv", *words).code == 0
    rows = Path("o.csv").read_bytes().splitlines()
    assert rows[2].startswith(b"caf\xe9 closed,Billing,")
    assert len(rows) == 4


def test_bad_rows_are_left_out_and_counted(model):
    Path("bad.csv").write_text('text,label\n"a" b,Billing\nmoney back,Billing\nx,\nlate,Tech,3\n')
    table = ["--text-column", "text", "--label-column", "label"]
    train = ["supervised", "-input", "bad.csv", "-output", "b", *table, *QUICK]
    assert "bad.csv:2, column 1: text after the quote" in fails(*train)
    result = run(*train, "--skip-bad")
    assert result.code == 0, result.err
    said = [line for line in result.err.splitlines() if line.startswith("Left out")]
    assert said[0].startswith("Left out: 3 bad rows (")
    assert "1 x no label" in said[0]
    assert json.loads(Path("b.bin.json").read_text())["arguments"]["input"] == ["bad.csv"]
    result = run("test", "b.bin", "bad.csv", *table, "--skip-bad")
    assert result.out.split()[:2] == [b"N", b"1"]
    assert "the first at bad.csv:2" in result.err
    result = run("predict", "b.bin", "bad.csv", "--output", "-", "--skip-bad")
    assert result.out.splitlines()[1:] == [b"money back,Billing,Billing", b"x,,Billing"]
    assert "Left out: 2 bad rows" in result.err.splitlines()[-1]


def test_bad_objects_are_left_out_and_counted(model):
    lines = ['{"text": "money back"}', "[1]", '{"text": ["a"]}', "{", '{"text": "app crash"}']
    Path("b.jsonl").write_text("\n".join(lines))
    words = ["predict", model, "b.jsonl", "--text-column", "text", "--output", "-"]
    assert fails(*words).startswith("b.jsonl:4, column ")
    result = run(*words, "--skip-bad")
    assert [json.loads(line)["text"] for line in result.out.splitlines()] == [
        "money back",
        "app crash",
    ]
    assert "Left out: 3 bad rows" in result.err
    assert "the first at b.jsonl:2" in result.err
    Path("b.jsonl").write_text("[1]\n[2]\n")
    assert "b.jsonl:1: not an object: '[1]'" in fails(*words)
    assert "b.jsonl is empty" in fails(*words, "--skip-bad")


def test_a_model_reads_tables_as_its_training_table(tmp_path, monkeypatch):
    """Quotes, escapes, the separator of labels and the name of none are recorded."""
    monkeypatch.chdir(tmp_path)
    rows = 'text,label\n"open quote,a;b\nno label here,\nmore "text" here,b\n'
    Path("t.csv").write_text(rows)
    table = ["--text-column", "text", "--label-column", "label"]
    asked = ["--quotes", "no", "--label-separator", ";", "--none", "nothing"]
    trained = run("supervised", "-input", "t.csv", "-output", "m", *table, *asked, *QUICK)
    assert trained.code == 0, trained.err
    result = run("test", "m.bin", "t.csv", *table)
    assert result.out.split()[:4] == [b"N", b"3", b"P@1", b"1"]
    result = run("predict", "m.bin", "t.csv", "--output", "-")
    assert result.out.splitlines()[1].startswith(b'"open quote,a;b,')
    assert result.out.splitlines()[2] == b"no label here,,nothing"
    columns = json.loads(Path("m.bin.json").read_text())["prepared"]["columns"]
    columns["quotes"] = "perhaps"
    about = json.loads(Path("m.bin.json").read_text())
    about["prepared"]["columns"] = columns
    Path("m.bin.json").write_text(json.dumps(about))
    assert "m.bin.json is damaged: " in fails("predict", "m.bin", "t.csv", "--output", "-")


def test_lines_like_those_of_a_table_without_quotes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text('text,label\n"open quote,a\nmore "text" here,b\n')
    asked = ["--quotes", "no", "--split", 100]
    assert run("prepare", "t.csv", "-o", "p", *asked).code == 0
    result = run("prepare", "--like", "p/prepare.json", "t.csv")
    assert result.code == 0, result.err
    assert result.out.splitlines() == [b'__label__a "open quote', b'__label__b more "text" here']


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_the_name_of_a_folder_is_the_label(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("car", "wheels and engine"), ("tech", "chips and code")):
        (tmp_path / "news" / name).mkdir(parents=True)
        Path(f"news/{name}/a.csv").write_text(f"content,n\n{text},1\nmore {text},2\n")
    columns = ["--text-column", "content", "--label-from", "folder"]
    quick = (
        QUICK if command == "supervised" else [*PLAIN_TEXT, "-dim", 4, "--hidden", 4, "-epoch", 30]
    )
    result = run(command, "-input", "news", "-output", "m", *columns, *quick)
    assert result.code == 0, result.err
    assert "label: the name of the folder" in result.err
    model = "m.bin" if command == "supervised" else "m.mlp"
    result = run("test", model, "news/car/a.csv", *columns[:2])
    assert result.out.split()[:4] == [b"N", b"2", b"P@1", b"1"]
    result = run("predict", model, "news/tech/a.csv", "--output", "-")
    assert [line.rsplit(b",", 1)[1] for line in result.out.splitlines()] == [
        b"label",
        b"tech",
        b"tech",
    ]
    both = [*columns, "--label-column", "n"]
    last = fails("test", model, "news/car/a.csv", *both)
    assert last == "--label-column and --label-from folder: give one of them."


def test_elements_of_an_array_are_passed_on_as_they_were_written(model):
    Path("a.json").write_text(
        '[\n {"text": "money\\\\n back",\n  "n": 1.10, "big": 1e400,\r\n "n": 2},\n {"text":"x"}]\n'
    )
    first = '{"text": "money\\\\n back",   "n": 1.10, "big": 1e400,  "n": 2,"label":"Billing"}'
    words = ["predict", model, "a.json", "--text-column", "text", "--output"]
    result = run(*words, "-")
    assert result.out.decode().splitlines()[0] == first
    assert run(*words, "o.json").code == 0
    assert Path("o.json").read_text().splitlines()[:2] == ["[", f"{first},"]


@pytest.mark.parametrize("preamble", ["\ufeff", "sep=;\r\n", "\ufeffsep=;\n"])
def test_what_stands_before_the_rows_is_kept(model, preamble):
    """Excel needs it to read the table."""
    Path("e.csv").write_bytes(f"{preamble}id;title\r\n1;refund\r\n".encode())
    result = run("predict", model, "e.csv", "--text-column", "title", "--output", "-")
    assert result.out == f"{preamble}id;title;label\r\n1;refund;Billing\r\n".encode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"title": "refund"}, {"title": "crash"}]'),
        ("b.json", '[\n {\n  "title": "refund"\n },\n {"title": "crash"}\n]\n'),
        ("c.jsonl", '[{"title": "refund"}, {"title": "crash"}]'),
        ("d.jsonl", json.dumps({"id": 1, "title": "refund " * 20_000})),
        ("e.csv", "id,title\n1,refund"),
    ],
)
def test_tables_of_other_forms_are_refused_as_lines(model, name, text):
    Path(name).write_text(text)
    assert f"{name} is a table, not lines of text" in fails("predict", model, name)
    assert f"{name} is a table, not lines of labels and text" in fails("test", model, name)


def test_json_in_a_file_of_another_name(model):
    Path("a.csv").write_text('{"title": "refund", "body": ""}\n')
    Path("b.jsonl").write_text('[{"title": "refund", "body": ""}]')
    for name in ("a.csv", "b.jsonl"):
        result = run("predict", model, name, "--output", "-")
        assert json.loads(result.out.strip(b"[]\n"))["label"] == "Billing"


@pytest.mark.parametrize("encoding", ["rot13", "base64", "zip", "no-such", "a\0b"])
def test_encodings_of_other_things_than_text(model, encoding):
    words = ["--text-column", "title", "--encoding", encoding, "--output", "-"]
    last = fails("predict", model, "t.csv", *words)
    assert "encoding" in last
    assert "unexpectedly" not in last


@pytest.mark.parametrize("ending", ["jsonl", "json", "parquet"])
def test_columns_of_the_same_name_are_kept(model, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow", exc_type=ImportError)
    Path("d.csv").write_text(",title,x,x\n7,broken screen,1,2\n")
    columns = ["--text-column", "title"]
    result = run("predict", model, "d.csv", "--output", f"d.{ending}", *columns)
    assert result.code == 0, result.err
    said = "Names that are empty or repeated are others here: column 0 is 0, column 3 is x_2."
    assert said in result.err
    result = run("predict", model, f"d.{ending}", "--output", "e.csv", "--as", "again", *columns)
    assert Path("e.csv").read_text() == (
        "0,title,x,x_2,label,again\n7,broken screen,1,2,Tech support,Tech support\n"
    )
    assert "Names that are" not in result.err
    result = run("predict", model, "d.csv", "--output", "d.tsv", *columns)
    assert Path("d.tsv").read_text().startswith("\ttitle\tx\tx\tlabel\n")
    assert "Names that are" not in result.err


def test_an_empty_key_of_json_is_kept(model):
    Path("d.jsonl").write_text('{"":"a","title":"broken screen"}\n')
    columns = ["--text-column", "title"]
    for name in ("e.csv", "e.jsonl"):
        assert (
            "Names that are" not in run("predict", model, "d.jsonl", "--output", name, *columns).err
        )
    assert Path("e.csv").read_text() == ",title,label\na,broken screen,Tech support\n"
    assert json.loads(Path("e.jsonl").read_text())[""] == "a"


def test_each_line_is_a_row_with_format_text(model):
    Path("l.txt").write_bytes(b'broken screen, "\nrefund\r\n\nmoney back')
    lines = ["predict", model, "l.txt", "--format", "text"]
    result = run(*lines, "--output", "o.csv")
    assert "l.txt: each line is a text" in result.err
    assert "Wrote 4 rows" in result.err
    assert Path("o.csv").read_text() == (
        'text,label\n"broken screen, """,Tech support\nrefund,Billing\n,\nmoney back,Billing\n'
    )
    run(*lines, "--output", "o.jsonl")
    assert Path("o.jsonl").read_text().splitlines()[2] == '{"text":"","label":null}'
    assert run(*lines, "--output", "-").out.decode() == Path("o.csv").read_text()
    assert run(*lines, "--output-dir", "parts").code == 0
    assert Path("parts/l.txt").read_bytes() == run(*lines).out
    assert "has no column" in fails(*lines, "--output", "-", "--text-column", "Body")
    assert run(*lines).text().count("\n") == 4


def test_lines_are_read_as_they_are_unless_like_says_how(model):
    table = [*COLUMNS, "--label-column", "team"]
    run("prepare", "train.csv", "-o", "p", "--lowercase", "--split", 100, *table, "-verbose", 0)
    run("supervised", "-input", "p/train.txt", "-output", "q", *QUICK)
    Path("l.txt").write_text("BROKEN SCREEN\n")
    lines = ["predict-prob", "q.bin", "l.txt", "--format", "text"]
    label, probability = run(*lines).out.decode().split()
    assert label == "__label__Tech_support"
    found = run(*lines, "--output", "-").out.decode().split()[-1].split(",")[1]
    assert float(found) == pytest.approx(float(probability), abs=2e-5)
    like = run(*lines, "--output", "-", "--like", "p/prepare.json").out.decode().split()[-1]
    assert float(like.split(",")[1]) > float(probability) + 0.1


def test_a_blank_line_of_one_column_is_not_a_row(model):
    Path("o.csv").write_text('text\nrefund\n\n""\nscreen\n')
    result = run("predict", model, "o.csv", "--text-column", "text", "--output", "-")
    assert result.out.decode() == 'text,label\nrefund,Billing\n"",\nscreen,Tech support\n'
    assert "blank lines are not rows (--format text: every line is one)" in result.err


def test_tsv_has_no_quotes(model):
    """Readers of TSV take quotes as text, ours included."""
    cells = {"title": 'a "quoted" title', "body": "two\nlines\tand a tab", "n": '"'}
    Path("q.jsonl").write_text(json.dumps(cells) + "\n")
    result = run("predict", model, "q.jsonl", "--output", "q.tsv")
    assert "TSV has no quotes: tabs and line ends in 1 cell are spaces." in result.err
    row = 'a "quoted" title\ttwo lines and a tab\t"\t'
    assert Path("q.tsv").read_text().splitlines()[1].startswith(row)
    again = run("predict", model, "q.tsv", "--output", "-", "--as", "again")
    assert again.out.decode().splitlines()[1].startswith(row)


def test_a_table_without_a_header_gets_none(model):
    Path("n.csv").write_text("7,broken screen\n8,invoice\n")
    words = ["predict", model, "n.csv", "--text-column", 1, "--no-header", "--output"]
    for name in ("o.csv", "o.tsv"):
        assert run(*words, name).code == 0
        assert len(Path(name).read_text().splitlines()) == 2
    assert run(*words, "o.jsonl").code == 0
    assert json.loads(Path("o.jsonl").read_text().splitlines()[0])["1"] == "broken screen"


def test_what_is_written_is_utf_8(model):
    Path("l.csv").write_bytes(b"text\ncaf\xe9\n")
    words = ["--encoding", "cp1252", "--text-column", "text", "--output", "o.csv"]
    assert "o.csv is UTF-8." in run("predict", model, "l.csv", *words).err
    assert Path("o.csv").read_text(encoding="utf-8").startswith("text,label\ncaf\xe9,")
    assert "--as: the name is empty." in fails("predict", model, "l.csv", *words, "--as", "")


@pytest.mark.parametrize("command", ["test", "test-label"])
def test_a_test_like_a_prepared_table(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("head,Text,Team\nx,GOOD food,a\ny,BAD taste,b\n")
    columns = ["--text-column", "Text", "--label-column", "Team"]
    assert run("prepare", "t.csv", "-o", "p", "--split", 100, *columns, "--lowercase").code == 0
    Path("lines.txt").write_bytes(Path("p/train.txt").read_bytes())
    assert run("supervised", "-input", "lines.txt", "-output", "m", *QUICK).code == 0
    result = run(command, "m.bin", "t.csv", "--like", "p/prepare.json")
    assert result.out.split()[-6:] in (
        [b"N", b"2", b"P@1", b"1", b"R@1", b"1"],
        [b"N", b"2", b"P@1", b"1.000", b"R@1", b"1.000"],
    )


@pytest.mark.parametrize("like", [False, True])
def test_labels_of_a_test_become_what_they_became_in_training(like, tmp_path, monkeypatch):
    """One spelling, other names, and rare ones taken together, as the record has them."""
    monkeypatch.chdir(tmp_path)
    rows = [
        ("red apple", "Fruit"),
        ("green pear", "fruit"),
        ("old car", "Auto"),
        ("new car", "auto"),
    ]
    rows += [("blue car", "cars"), ("odd thing", "Rare"), ("left out", "junk")]
    Path("t.csv").write_text("text,label\n" + "".join(f"{a},{b}\n" for a, b in rows))
    Path("map.csv").write_text("from,to\ncars,auto\njunk,\n")
    steps = ["--label-case", "lower", "--label-map", "map.csv", "--min-label", 2, "--other", "rest"]
    assert run("prepare", "t.csv", "-o", "p", "--split", 100, *steps).code == 0
    train = "p/train.txt"
    if like:
        Path("lines.txt").write_bytes(Path(train).read_bytes())
        train = "lines.txt"
    assert run("supervised", "-input", train, "-output", "m", *QUICK).code == 0
    words = ["--like", "p/prepare.json"] if like else ["--label-column", "label"]
    result = run("test", "m.bin", "t.csv", *words)
    assert result.out.split()[:4] == [b"N", b"6", b"P@1", b"1"], result.err
    assert "Lines left out of the test: 1 without a label." in result.err
    about = json.loads(Path("m.bin.json").read_text())
    if not like:
        about["prepared"]["labels"]["case"] = "upper"
        Path("m.bin.json").write_text(json.dumps(about))
        assert "m.bin.json is damaged" in fails("test", "m.bin", "t.csv", *words)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("same.csv", "title,body,team\nrefund,x,Billing\n"),
        ("other.csv", "text,label\nrefund,Billing\n"),
        ("docs.jsonl", '{"text": "refund", "label": "Billing"}\n'),
    ],
)
@pytest.mark.parametrize("command", ["predict", "test"])
def test_the_proposed_command_works(model, command, name, text):
    Path(name).write_text(text)
    last = fails(command, model, name)
    words = shlex.split(last.partition("Read it as a table: ")[2])
    result = run(*words[1:])
    assert result.code == 0, (words, result.err)
    if command == "predict":
        assert Path(f"labelled{Path(name).suffix}").exists()
    else:
        assert result.out.split()[:2] == [b"N", b"1"]


def test_rows_without_text_get_an_empty_line(model):
    Path("e.jsonl").write_text(
        '{"title": "refund"}\n{"title": ""}\n{"title": " "}\n{"title": "crash"}\n'
    )
    result = run("predict", model, "e.jsonl", "--text-column", "title")
    lines = result.out.split(b"\n")
    assert lines == [b"__label__Billing", b"", b"", b"__label__Tech_support", b""]
    assert "e.jsonl: 2 rows have no text: an empty line for each." in result.err
