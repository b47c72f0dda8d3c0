"""prepare --like on tables and lines, and prepare as a filter without a recipe."""

import bz2
import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import run, start

DOCS = [("Good THING", "High"), ("Bad one", "Low"), ("So so", "low ")]
NEW = ["New <b>THING</b>", "", "Last, one"]
EXPECTED = b"new thing\n\nlast , one\n"
LIKE = ("prepare", "--like", "d/prepare.json")


def objects(rows, names=("text", "quality")):
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)


def table(rows, names=("text", "quality"), **dialect):
    out = io.StringIO()
    csv.writer(out, **dialect).writerows([names, *rows] if names else rows)
    return out.getvalue()


def made(name, text, *options, output="d"):
    """Prepare a data set, and return what its prepare.json holds."""
    Path(name).write_text(text, encoding="utf-8")
    result = run("prepare", name, "-o", output, "-verbose", 0, "--split", 100, *options)
    assert result.code == 0, result.err
    return json.loads(Path(output, "prepare.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def recipe(tmp_path, monkeypatch):
    """Go to a folder with a recipe that was made from JSON."""
    monkeypatch.chdir(tmp_path)
    options = ["--label-column", "quality", "--clean", "--label-case", "first"]
    made("docs.jsonl", objects(DOCS), *options)


def fails(*argv, stdin=b""):
    result = run(*argv, stdin=stdin)
    assert (result.code, result.out) == (1, b"")
    return result.err


# ------------------------------------------------------------------ formats


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", objects(enumerate(NEW), ("id", "text"))),
        ("a.json", json.dumps([{"text": text} for text in NEW], indent=1)),
        ("a.txt", objects(enumerate(NEW), ("id", "text"))),
        ("a.csv", table(enumerate(NEW), ("id", "text"))),
        ("a.csv", table(enumerate(NEW), ("id", "text"), delimiter=";")),
        ("a.tsv", table(enumerate(NEW), ("id", "text"), delimiter="\t")),
        ("a.data", table(enumerate(NEW), ("id", "text"))),
        ("a", table(enumerate(NEW), ("id", "text"), delimiter="|")),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_a_line_for_each_row(name, data, pack):
    name += {bytes: "", gzip.compress: ".gz", bz2.compress: ".bz2"}[pack]
    Path(name).write_bytes(pack(data.encode()))
    done = run(*LIKE, name)
    assert (done.code, done.out) == (0, EXPECTED)
    what, empty = done.err.splitlines()
    assert what.startswith(f"{name}: ")
    assert what.endswith("text: column 'text'; no label column (--label-column, if there is one)")
    assert empty == f"{name}: 1 of 3 rows has no text: an empty line for each."
    assert run(*LIKE, name, "-verbose", 0).text() == EXPECTED.decode()


def test_parquet():
    reason = "pyarrow is not installed, or not for this NumPy"
    pyarrow = pytest.importorskip("pyarrow", reason=reason, exc_type=ImportError)
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": [*NEW[:1], None, *NEW[2:]]}), "a.parquet")
    assert run(*LIKE, "a.parquet").out == EXPECTED


def test_several_inputs_and_a_folder():
    Path("t/x").mkdir(parents=True)
    Path("t/x/1.txt").write_text("From A\nfile")
    Path("a.csv").write_text("text\nOne\n")
    Path("b.txt").write_text("Two\n__label__x Three\n")
    done = run(*LIKE, "a.csv", "b.txt", "t")
    assert done.out == b"one\ntwo\n__label__x three\n__label__x from a file\n"
    assert done.err.splitlines()[1:] == [
        "b.txt: lines",
        "t: each file is a text; label: the name of the folder",
    ]


def test_objects_without_the_text_give_empty_lines():
    Path("a.jsonl").write_text('{"text": "A"}\n{"id": 1}\n{"text": null}\n')
    done = run(*LIKE, "a.jsonl")
    assert done.out == b"a\n\n\n"
    assert "2 of 3 rows have no text" in done.err


def test_tables_named_as_such_that_hold_lines():
    Path("a.csv").write_text("__label__x Fine, THANKS\nMore\n")
    assert run(*LIKE, "a.csv").out == b"__label__x fine , thanks\nmore\n"
    Path("b.csv").write_text("Fine, THANKS\nMore\n")
    assert "Give --text-column, or --format fasttext if it holds lines." in fails(*LIKE, "b.csv")
    assert run(*LIKE, "b.csv", "--format", "fasttext").out == b"fine , thanks\nmore\n"


rows = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12))


@settings(max_examples=25, deadline=None)
@given(rows=rows.filter(bool), end=st.sampled_from(["\n", "\r\n"]))
def test_as_many_lines_as_rows(rows, end):
    written = table(enumerate(rows), ("id", "text"), lineterminator=end)
    Path("a.csv").write_bytes(written.encode())
    Path("a.jsonl").write_text(objects(enumerate(rows), ("id", "text")))
    done = run(*LIKE, "a.csv", "-verbose", 0)
    assert done.out.count(b"\n") == len(rows), done.err
    assert run(*LIKE, "a.jsonl", "-verbose", 0).out.count(b"\n") == len(rows)


# ------------------------------------------------------------------ labels


def test_labels_as_the_recipe_has_them():
    new = [("A", "HIGH"), ("B", ""), ("C", "low"), ("D", "other")]
    Path("a.csv").write_text(table(new))
    expected = "__label__High a\nb\n__label__Low c\n__label__other d\n"
    assert run(*LIKE, "a.csv", "-verbose", 0).text() == expected


def test_tokens_of_labels_json():
    made("c.csv", table([("one", "a b"), ("two", "a_b"), ("three", "a_b")], ("text", "label")))
    assert set(json.loads(Path("d/labels.json").read_text())) == {"__label__a_b", "__label__a_b_2"}
    Path("a.csv").write_text(table([("x", "a_b"), ("y", "a b")], ("text", "label")))
    said = run(*LIKE, "a.csv", "-verbose", 0).text()
    assert said == "__label__a_b_2 x\n__label__a_b y\n"
    Path("d/labels.json").write_text("[1]")
    assert fails(*LIKE, "a.csv").startswith("d/labels.json cannot be read as names of labels: ")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--min-label", 2, "--other", "rest"], "__label__rest x\n__label__a y\n"),
        (["--min-label", 2], "x\n__label__a y\n"),
        (["--label-map", "map.csv"], "__label__c x\ny\n"),
    ],
)
def test_rules_of_labels(options, expected):
    Path("map.csv").write_text("from,to\nb,c\na,\n")
    data = [("one", "a"), ("two", "a"), ("three", "b")]
    made("c.csv", table(data, ("text", "label")), *options)
    Path("a.csv").write_text(table([("x", "b"), ("y", "a")], ("text", "label")))
    assert run(*LIKE, "a.csv", "-verbose", 0).text() == expected


def test_several_labels_and_their_separator():
    data = table([("one", "a;b"), ("two", "b;a"), ("three", "")], ("text", "tags"))
    notes = made("c.csv", data, "--label-separator", ";", "--none", "nothing")
    assert (notes["columns"]["separator"], notes["columns"]["none"]) == (";", "nothing")
    Path("a.csv").write_text(table([("x", "b; a"), ("y", "")], ("text", "tags")))
    expected = "__label__b __label__a x\n__label__nothing y\n"
    assert run(*LIKE, "a.csv", "-verbose", 0).text() == expected
    Path("a.csv").write_text("text\nx\n")
    assert run(*LIKE, "a.csv", "-verbose", 0).text() == "x\n"


def test_a_column_of_another_name_is_no_label():
    Path("a.csv").write_text(table([("x", "y")], ("text", "label")))
    assert run(*LIKE, "a.csv", "-verbose", 0).text() == "x\n"
    options = ["--label-column", "label", "-verbose", 0]
    assert run(*LIKE, "a.csv", *options).text() == "__label__y x\n"
    assert "a.csv has no column quality. " in fails(*LIKE, "a.csv", "--label-column", "quality")


def test_labels_from_names():
    Path("High.csv").write_text("text\nX\n")
    options = ["--label-from", "file", "-verbose", 0]
    assert run(*LIKE, "High.csv", *options).text() == "__label__High x\n"


# ------------------------------------------------------------------ columns and options


def test_other_columns_and_how_they_are_read():
    Path("a.csv").write_bytes("id;Body\n1;CAFÉ\n".encode("latin-1"))
    said = fails(*LIKE, "a.csv", "--encoding", "latin-1")
    assert "a.csv has no column text. There are: id, Body. Give --text-column" in said
    options = ["--text-column", "Body", "--encoding", "latin-1", "-verbose", 0]
    assert run(*LIKE, "a.csv", *options).text() == "café\n"
    assert run(*LIKE, "a.csv", *options, "--delimiter", ";").text() == "café\n"
    headless = ["--text-column", 1, "--no-header", *options[2:]]
    assert run(*LIKE, "a.csv", *headless).text() == "body\ncafé\n"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("Nice PLACE\tpos\nUgly\t\n", "__label__pos nice place\nugly\n"),
        ("Nice, PLACE\nUgly, bad\n", "nice, place\nugly, bad\n"),
        ("text\nUgly\n", "text\nugly\n"),
    ],
)
def test_columns_by_position(new, expected):
    options = ["--text-column", 0, "--label-column", 1, "--no-header", "--lowercase"]
    notes = made("c.tsv", "good food\tpos\nbad food\tneg\n", *options)
    assert (notes["columns"]["text"], notes["columns"]["header"]) == (["0"], False)
    assert (notes["columns"]["delimiter"], notes["columns"]["format"]) == ("\t", "tsv")
    Path("a.tsv").write_text(new)
    assert run(*LIKE, "a.tsv", "-verbose", 0).text() == expected


def test_several_text_columns():
    notes = made(
        "c.csv",
        table([("A", "B", "x")], ("title", "body", "label")),
        *("--text-column", "title", "--text-column", "body", "--join", " | "),
    )
    assert notes["columns"]["text"] == ["title", "body"]
    Path("a.csv").write_text("body,title\nb,a\nc,\n")
    assert run(*LIKE, "a.csv", "-verbose", 0).text() == "a | b\nc\n"


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (["--join", "x"], "prepare.json sets it"),
        (["--none", "x"], "prepare.json sets it"),
        (["--label-case", "lower"], "prepare.json sets it"),
        (["--skip-bad"], "each row gives a line"),
        (["-o", "out"], "lines are written to standard output"),
    ],
)
def test_options_that_cannot_be_beside_like(option, why):
    said = fails(*LIKE, "-", *option)
    assert said.startswith(f"{option[0]} cannot be combined with --like: {why}\n")


def test_standard_output_may_be_named():
    assert run(*LIKE, "-", "-o", "-", stdin=b"A\n").text() == "a\n"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "a,b,c",
            "a.csv:2: 3 columns instead of 2: 'a,b,c'. Fix it: every row must produce one line.",
        ),
        ('"a"b,c', "a.csv:2, column 1: text after the quote that closes a cell: "),
        ("caf\xe9,b", "a.csv (line 2) is not UTF-8; it looks like cp1252"),
    ],
)
def test_rows_that_cannot_be_read(row, sentence):
    Path("a.csv").write_bytes(f"text,x\n{row}\n".encode("latin-1"))
    said = fails(*LIKE, "a.csv").splitlines()[-1]
    assert said.startswith(sentence)
    assert "--skip-bad" not in said


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": []},
        {"columns": {"text": "text"}},
        {"columns": {"header": 1}},
        {"labels": {"map": [["a"]]}},
        {"labels": {"rare": ["a"]}},
        {"labels": {"case": "upper"}},
        {"input": "a"},
        {"bad_bytes": 1},
    ],
    ids=str,
)
def test_damaged_recipes(wrong):
    notes = json.loads(Path("d/prepare.json").read_text())
    Path("d/prepare.json").write_text(json.dumps({**notes, **wrong}))
    assert fails(*LIKE, "-", stdin=b"x\n").startswith("d/prepare.json is damaged: ")


# ------------------------------------------------------------------ standard input


def test_standard_input_of_objects_where_the_recipe_is_of_such():
    done = run(*LIKE, "-", stdin=objects([(text,) for text in NEW], ("text",)).encode())
    assert done.out == EXPECTED
    assert done.err.startswith("-: text: column 'text'; no label column")
    array = json.dumps([{"text": text} for text in NEW]).encode()
    assert run(*LIKE, stdin=array).out == EXPECTED


@pytest.mark.parametrize("text", ["{A: b}\n", "[A]\n", '{"text": cut\n', "text,id\nA,1\n"])
def test_standard_input_is_lines_else(text):
    done = run(*LIKE, "-", "--format", "fasttext", stdin=text.encode())
    assert run(*LIKE, "-", stdin=text.encode()).out == done.out
    assert done.out.count(b"\n") == text.count("\n")


def test_standard_input_that_begins_as_a_table():
    made("c.csv", table(DOCS), "--lowercase", "--label-column", "quality")
    Path("d/labels.json").unlink()
    for text, kind in (("text,id\nA,1\n", "csv"), ('{"text": "A"}\n', "jsonl")):
        done = run(*LIKE, "-", stdin=text.encode())
        assert done.out.decode() == text.lower()
        assert done.err == (
            "Standard input is read as lines, though it begins as a table does. "
            f"Rows: --format {kind}.\n"
        )
        assert run(*LIKE, "-", "--format", kind, stdin=text.encode()).out == b"a\n"
        assert run(*LIKE, "-", "-verbose", 0, stdin=text.encode()).err == ""


def test_lines_of_another_encoding():
    text = "CAFÉ\n\nИ\n"
    for encoding in ("utf-16", "cp1251"):
        plain = text.replace("É", "E") if encoding == "cp1251" else text
        done = run(*LIKE, "-", "--encoding", encoding, stdin=plain.encode(encoding))
        assert done.text() == plain.lower()


@pytest.mark.parametrize("argv", [LIKE, ("prepare", "-", "--lowercase")])
def test_lines_come_at_once(argv):
    with start(*argv) as process:
        for line in (b"One\n", b"Two\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line.lower()
        process.stdin.close()
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")


# ------------------------------------------------------------------ without a recipe


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--lowercase"], "__label__A ótimo 12\n\nx"),
        (["--digits", "zero"], "__label__A ÓTIMO 00\n\nX"),
        (["--segment", "chars", "--lowercase"], "__label__A ótimo 12\n\nx"),
        (["--min-token-length", 3], "__label__A ÓTIMO\n\n"),
        (["--tokenizer-cmd", "tr 1 2"], "__label__A ÓTIMO 22\n\nX"),
        (["--lowercase", "-thread", 2, "-verbose", 0], "__label__A ótimo 12\n\nx"),
        (["--lowercase", "-label", "__"], "__label__A ótimo 12\n\nx"),
    ],
    ids=str,
)
def test_a_filter_without_a_recipe(options, expected):
    text = "__label__A ÓTIMO 12\n\nX"
    assert run("prepare", "-", *options, stdin=text.encode()).text() == expected
    Path("a.txt").write_text(text)
    assert run("prepare", "a.txt", *options).text() == expected
    assert run("prepare", "a.txt", "a.txt", *options, "-verbose", 0).text() == expected * 2


@pytest.mark.parametrize("more", [[], ["--dedup", "exact", "--clean"], ["--text-column", "a"]])
def test_what_is_no_filter_needs_a_folder(more):
    assert fails("prepare", "-", *more) == "Give the folder to write to: -o DIR.\n"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a"])
def test_tables_are_not_filtered_as_lines(name):
    Path(name).write_text(table(DOCS) if name == "a.csv" else objects(DOCS))
    said = fails("prepare", name, "--lowercase")
    assert said.startswith(f"{name} is a table, and not lines. Give the folder to write to: -o DIR")
    columns = ["--text-column", "text", "--label-column", "quality"]
    done = run("prepare", name, "--lowercase", *columns, "-o", "-", "-verbose", 0)
    assert done.out.startswith(b"__label__High good thing\n__label__Low bad one\n")


def test_a_folder_is_not_filtered_as_lines():
    assert fails("prepare", "d", "--clean").startswith("d is a folder, and not lines. Give ")


def test_unlabelled_tables_to_standard_output():
    Path("a.jsonl").write_text(objects([("A",), ("B",)], ("text",)))
    done = run("prepare", "a.jsonl", "-o", "-", "--lowercase", "--text-column", "text")
    assert (done.code, done.out) == (0, b"a\nb\n")
    assert run("prepare", "a.jsonl", "-o", "n", "--text-column", "text", "--split", 100).code == 0
    assert sorted(Path("n/train.txt").read_text().split()) == ["A", "B"]
    assert json.loads(Path("n/labels.json").read_text()) == {}
