"""inspect on tables: columns, labels, problems, and commands that run as they are printed."""

import csv
import gzip
import io
import json
import random
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.inspect.columns import MOST_DIFFERENT, MOST_VALUES, Column
from fastcli.inspect.kinds import kind_of_file
from fastcli.inspect.table_files import read_table
from fastcli.tables.reading import Reading
from tests.command import SAMPLES, run


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes a file into the current folder and returns its name."""
    monkeypatch.chdir(tmp_path)

    def call(text, name="t.csv", encoding="utf-8"):
        data = text if isinstance(text, bytes) else text.encode(encoding)
        (tmp_path / name).write_bytes(data)
        return name

    return call


def inspected(*argv):
    """Return the JSON report of a file."""
    result = run("inspect", "--json", *argv)
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def looks(report):
    """Return what each column looks like."""
    return {column["name"]: column["looks_like"] for column in report["columns"]}


def problems(report):
    return [(p["mark"], p["sentence"], p["option"]) for p in report["problems"]]


def runs(report, *more):
    """Run the command of a report."""
    words = shlex.split(report["command"])
    assert words[0] == "fastcli"
    result = run(*words[1:], *more)
    assert result.code == 0, result.err
    return result


def tickets(n=400):
    """Return a table of tickets: ids that repeat, dates, HTML, spellings, rows without a label."""
    rng = random.Random(1)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Ticket ID", "Created At", "Channel", "Subject", "Body", "Assigned Team"])
    labels = ["Billing"] * 5 + ["Shipping"] * 3 + ["billing", ""]
    for i in range(n):
        words = rng.choices(
            ["the", "parcel", "is", "late", "please", "send", "it", "again"], k=rng.randint(8, 20)
        )
        body = f"<p>{' '.join(words)} {i}</p>\nthanks"
        date = f"{i % 28 + 1:02d}/{i % 12 + 1:02d}/2025 10:00"
        row = [i if i < n - 10 else i - n + 10, date, ("chat", "email")[i % 2]]
        writer.writerow([*row, ("Refund", "Login", "")[i % 3], body, labels[i % 10]])
    return "\ufeff" + out.getvalue()


# ---------------------------------------------------------------------------------- text


def test_tickets(write):
    report = inspected(write(tickets(), "tickets.csv"))
    assert report["kind"], report["format"] == ("table", "csv")
    assert (report["rows"], report["delimiter"], report["quoted"]) == (400, ",", True)
    assert (report["encoding"], report["byte_order_mark"]) == ("utf-8", True)
    assert (report["line_ends"], report["header"]) == ("CRLF", True)
    assert looks(report) == {
        "Ticket ID": "an id; 10 repeat",
        "Created At": "date, day/month/year",
        "Channel": "label? chat, email",
        "Subject": "short text",
        "Body": "text; 100% HTML, 100% line breaks",
        "Assigned Team": "label (a guess)",
    }
    label = report["label"]
    assert label["counts"] == {"Billing": 200, "Shipping": 120, "billing": 40}
    assert (label["without"], label["alike"], label["how"]) == (
        40,
        [["Billing", "billing"]],
        "a guess",
    )
    assert problems(report) == [
        ("x", "40 rows have no Assigned Team", "--skip-bad"),
        ("!", "1 label differs by case only", "--label-case first"),
    ]
    assert report["command"] == (
        "fastcli prepare tickets.csv -o tickets --text-column Subject --text-column Body "
        "--label-column 'Assigned Team' --clean --skip-bad --label-case first"
    )
    assert "Left out: 40 bad" in runs(report).err


def test_tickets_in_words(write, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("inspect", write(tickets(), "tickets.csv")).text().splitlines()
    assert lines[0] == (
        "tickets.csv  CSV, comma, quoted, UTF-8 with a byte order mark, CRLF, header"
    )
    assert lines[1].startswith("             400 rows, 6 columns, ")
    assert lines[3] == "column         filled  different  words  looks like"
    assert "Ticket ID      100.0%        390      1  an id; 10 repeat" in lines
    assert "Assigned Team  3 labels (a guess)" in lines
    assert any(line.startswith("  Billing   200   50.0%  █") for line in lines)
    assert any(line.endswith("█ + billing 40") for line in lines)
    assert any(line.startswith("  (empty)    40   10.0%  █") for line in lines)
    assert "  x 40 rows have no Assigned Team  --skip-bad" in lines
    assert "  ok no broken bytes, every row has 6 cells" in lines
    assert lines[-3].startswith("  fastcli prepare tickets.csv -o tickets ")
    assert all(line.endswith(" \\") for line in lines[-3:-1])
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", ["reviews.csv", "titles.jsonl"])
def test_samples(name, tmp_path, monkeypatch):
    report = inspected(SAMPLES / name)
    monkeypatch.chdir(tmp_path)
    runs(report)
    has_spaces = name == "reviews.csv"
    assert report["command"].endswith(" --segment chars") != has_spaces
    text = {"reviews.csv": ["title", "review"], "titles.jsonl": ["title", "summary"]}
    assert report["text_columns"] == text[name]
    assert report["label"]["how"] == "by name"


def test_json_array_and_compressed_files(write):
    rows = [{"text": f"some words of row {i}", "labels": ["a", "b"][: i % 2 + 1]} for i in range(9)]
    array = inspected(write(json.dumps(rows), "t.json"))
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    packed = inspected(write(gzip.compress(lines.encode()), "t.jsonl.gz"))
    for report in (array, packed):
        assert looks(report) == {"text": "text", "labels": "label"}
        assert (report["label"]["counts"], report["label"]["several"]) == ({"a": 9, "b": 4}, 4)
        runs(report, "--overwrite")
    assert packed["compression"] == "gz"


def test_parquet_by_content(write, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"text": ["good words here"] * 4, "label": ["a", "b", "a", None]})
    parquet.write_table(table, tmp_path / "x.parquet")
    report = inspected(tmp_path / "x.parquet")
    assert report["label"]["without"] == 1
    parquet.write_table(table, tmp_path / "data.bin")
    assert kind_of_file(str(tmp_path / "data.bin"), "__label__") == "parquet"


def test_columns_of_zeros_and_ones(write):
    rows = "".join(f"{i}x{i}y,what is said of thing {i},{i % 2},{i % 3 // 2}\n" for i in range(60))
    report = inspected(write(f"id,comment_text,toxic,obscene\n{rows}"))
    assert report["label"]["columns"] == ["toxic", "obscene"]
    assert report["label"]["counts"] == {"toxic": 30, "obscene": 20}
    assert ("x", "20 rows have no label: all are 0", "--none none") in problems(report)
    runs(report)


def test_several_labels_in_a_cell(write):
    tags = ["food", "safety", "acid", "bread"]
    pairs = [f"{a};{b}" if a != b else a for a in tags for b in tags]
    rows = "".join(f"how to make number {i},{pairs[i % 16]}\n" for i in range(1200))
    report = inspected(write(f"text,tags\n{rows}"))
    assert report["label"]["distinct"] == 4
    assert ("x", "cells hold several labels each", "--label-separator ';'") in problems(report)
    runs(report)


def test_labels_that_are_text_after_all(write):
    rows = "".join(f"some words of row {i},{i % 3}.0\n" for i in range(200))
    report = inspected(write(f"text,label\n{rows}other words,01\n"))
    assert report["label"]["counts"]["1.0"] == 67
    assert ("x", "labels are not all whole numbers", "--labels-as text") in problems(report)
    runs(report)


def test_damaged_rows(write):
    path = write('text,label\ngood food,a\n"Second\tq" x,b\none,two,three\nmore food,b\n')
    report = inspected(path)
    assert problems(report)[:2] == [
        ("x", "1 row has broken quotes", "--skip-bad"),
        ("x", "1 row has another number of cells than 2", "--skip-bad"),
    ]
    runs(report)


def test_encodings(write):
    rows = "".join(
        f"这是关于足球比赛的新闻第{i}条,{'体育财经'[i % 2 * 2 :][:2]}\n" for i in range(40)
    )
    report = inspected(write(f"标题,类别\n{rows}", encoding="gb18030"))
    assert (report["encoding"], report["text_columns"]) == ("gb18030", ["标题"])
    assert ("x", "not UTF-8; reads as gb18030", "--encoding gb18030") in problems(report)
    runs(report)
    report = inspected(write(f"标题,类别\n{rows}", encoding="utf-16"))
    assert report["label"]["counts"] == {"体育": 20, "财经": 20}
    runs(report, "--overwrite")


def test_bytes_that_are_nothing(write):
    rows = b"".join(b"some good words %d,a\n" % i for i in range(5000))
    report = inspected(write(b"text,label\n" + rows + b"bad \xff\xfe bytes,b\n"))
    assert ("x", "1 row has bytes that are not utf-8", "--skip-bad") in problems(report)


def test_no_label_and_no_header(write):
    report = inspected(write("".join(f"this is sentence number {i}\n" for i in range(9)), "a.csv"))
    assert (report["header"], report["label"], report["text_columns"]) == (False, None, ["0"])
    sentence = "no column looks like a label: add --label-column NAME, if one is"
    assert problems(report) == [("!", sentence, "")]
    runs(report)
    rows = "".join(f"this is sentence {i}\t{('pos', 'neg')[i % 2]}\n" for i in range(40))
    report = inspected(write(rows, "a.txt"))  # by content
    assert (report["format"], report["label"]["columns"]) == ("tsv", ["1"])
    runs(report, "--overwrite")


def test_options_of_reading(write):
    rows = "".join(f"this is sentence {i};{('pos', 'neg')[i % 2]}\n" for i in range(40))
    path = write(f"texte;mark\n{rows}", encoding="utf-8")
    report = inspected(path, "--no-header", "--delimiter", ";")
    assert (report["header"], report["rows"]) == (False, 41)
    assert report["command"].endswith(" --delimiter ';' --no-header --clean")
    report = inspected(path, "--header", "--encoding", "cp1252")
    assert (report["header"], report["encoding"]) == (True, "cp1252")
    assert "--header" in report["command"]
    runs(report)
    assert run("inspect", path, "--header", "--no-header").code == 1
    assert "Unknown encoding" in run("inspect", path, "--encoding", "x").err
    result = run("inspect", write("some words\n", "a.txt"), "--header", "--encoding", "cp1252")
    assert result.err == "--header, --encoding: no effect, since no file is a table.\n"


def test_a_header_that_mlp_train_sees(write):
    """In the label's column numbers tell nothing: two words above words, and one above numbers."""
    rows = "".join(f"{'ab'[i % 2]},{'cd'[i % 2]},{i % 3}\n" for i in range(30))
    report = inspected(write(f"left,right,7\n{rows}"))
    runs(report, "--hidden", 2, "-epoch", 1, "-verbose", 0)
    assert report["notes"][0]["sentence"].startswith("header" if report["header"] else "no header")


def test_columns_that_are_not_known_are_no_error(write):
    report = inspected(write("label,class,text\n" + "a,b,some words here\n" * 5))
    assert report["text_columns"] == ["text"]
    assert report["command"]
    assert (report["label"]["columns"], report["label"]["how"]) == (["label"], "a guess")
    runs(report)


# ------------------------------------------------------------------------------- numbers


def test_numbers(write):
    rows = "".join(
        f"{i * 3 + 7},2024-01-{i % 28 + 1:02d},{i / 7:.3f},{'' if i % 10 == 0 else i},1,"
        f"{('red', 'blue')[i % 2]},{i % 3}\n"
        for i in range(90)
    )
    report = inspected(write(f"id,date,x1,x2,const,color,target\n{rows}"))
    assert looks(report) == {
        "id": "an id (all different)",
        "date": "date, year first",
        "x1": "number, 0 to 12.71",
        "x2": "whole number, 1 to 89",
        "const": "always 1",
        "color": "words, red, blue",
        "target": "label",
    }
    assert ("x", "column date is a date", "--drop date") in problems(report)
    assert ("!", "9 cells of x2 are missing: taken as the mean", "") in problems(report)
    assert report["command"] == (
        "fastcli mlp-train -input t.csv -output t --label-column target --drop id --drop date"
    )
    (note,) = report["notes"]
    assert note == {
        "note": "read_as",
        "sentence": "header; label: column 'target'; 4 features: x1, x2, const, color",
    }
    runs(report, "--hidden", 2, "-epoch", 1, "-verbose", 0)


def test_a_label_that_is_not_the_last_column(write):
    rows = "".join(f"{i % 3 + 1},{i / 3:.2f},{i * i}\n" for i in range(60))
    report = inspected(write(rows, "wine.data"))
    assert (report["label"]["columns"], report["label"]["how"]) == (["0"], "a guess")
    assert report["label"]["counts"] == {"1": 20, "2": 20, "3": 20}
    runs(report, "--hidden", 2, "-epoch", 1, "-verbose", 0)


def test_the_last_column_is_the_label(write):
    rows = "".join(f"{i / 7:.1f},{i % 5}.5,{('setosa', 'other')[i % 2]}\n" for i in range(40))
    report = inspected(write(f"length,width,species\n{rows}"))
    assert (report["label"]["columns"], report["label"]["how"]) == (["species"], "the last column")


def test_numbers_in_json(write):
    lines = "".join(json.dumps({"a": i, "b": i / 2, "label": i % 2}) + "\n" for i in range(30))
    path = write(lines, "n.jsonl")
    report = inspected(path)
    command = f"fastcli mlp-train -input {path} -output n --label-column label --drop a"
    assert (report["purpose"], report["command"]) == ("numbers", command)
    assert report["label"]["counts"] == {"0": 15, "1": 15}


def test_libsvm(write):
    lines = "".join(f"{('+1', '-1')[i % 2]} qid:{i // 5} 1:{i / 9:.2f} 3:7\n" for i in range(40))
    report = inspected(write(lines + "oops 1:x\n", "ranks.txt"))
    assert (report["format"], report["rows"], report["features"]) == ("libsvm", 40, 3)
    assert (report["constant"], report["unused"], report["queries"]) == (1, 1, 8)
    assert report["label"]["counts"] == {"1": 20, "-1": 20}
    assert report["problems"] == [
        {"reason": "a word that is not index:value", "lines": 1, "first": 41}
    ]
    text = run("inspect", "ranks.txt").text()
    assert "  x 1 line with a word that is not index:value, the first is 41\n" in text
    write(lines, "ranks.txt")
    runs(inspected("ranks.txt"), "--hidden", 2, "-epoch", 1, "-verbose", 0)


# --------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("__label__a some, words\n" * 9, "t.csv", "lines"),
        ("some words of text\nand more\n", "t.txt", "lines"),
        ("a,b\n1,2\n3,4\n", "t.txt", "csv"),
        ("a|b\n1|2\n3|4\n", "t.psv", "psv"),
        ('{"a": 1}\n{"a": 2}\n', "t.txt", "jsonl"),
        ("{{ a template }}\nwords\n", "t.txt", "lines"),
        ('[{"a": 1}]', "t", "json"),
        ("1.5,2,a\n2.5,3,b\n", "iris.data", "csv"),
        ("1 1:0.5\n", "t.txt", "libsvm"),
        ("2 3\na 1 2 3\nb 1 2 3\n", "t.txt", "vectors"),
        ("a 1 2 3\nb 1 2 3\n", "t.vec", "vectors"),
        ("a\tb\n" + "1\t2\n" * 5, "t.vec.tsv", "tsv"),
    ],
)
def test_kinds(text, name, kind, write):
    assert kind_of_file(write(text, name), "__label__") == kind


# ------------------------------------------------------------------------------- columns


def test_memory_is_bounded():
    column = Column("x", 0)
    column.add([str(i) + "." for i in range(MOST_DIFFERENT + 1)])
    assert column.different is None
    assert column.values is None
    column = Column("x", 0, 50)
    column.add([f"v{i}" for i in range(51)])
    assert (column.different, len(column.values)) == (None, 51)
    column.add([f"w{i}" for i in range(MOST_VALUES)])
    assert column.values is None
    assert column.looks_like() == "short text"


def test_more_values_than_are_told_apart(write, monkeypatch):
    monkeypatch.setattr("fastcli.inspect.table_files.MOST_DIFFERENT", 20)
    rows = "".join(f"some words of row {i},{'ab'[i % 2]}\n" for i in range(30))
    assert "> 20" in run("inspect", write(f"text,label\n{rows}")).text()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.text('ab ,"\n1.', max_size=6), min_size=3, max_size=3), min_size=2))
def test_counts_of_random_tables(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    names = ["alpha text", "beta name", "gamma label"]
    with open(path, "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    found = read_table(str(path), Reading(kind="csv"))
    if not found.has_names:
        return  # a column repeats its name, or looks like it
    assert (found.n, found.bad) == (len(rows), {})
    for i, column in enumerate(found.columns):
        cells = [row[i].strip() for row in rows]
        assert column.filled == sum(map(bool, cells))
        assert column.different == len(set(filter(None, cells)))


def test_what_columns_look_like():
    for cells, kind in [
        (["", " "], "empty"),
        (["x", "x"], "constant"),
        (["0", "1", "2"], "row numbers"),
        (["7", "9", "11.5", "NA"], "number"),
        (["2024-01-02", "2024-02-03 10:00"], "date"),
        (["yes", "no"] * 9, "few"),
        (["true", "false"], "0/1"),
        (["['a']", "['b', 'c']"], "list"),
        (["a1b2c3d4", "b1b2c3d4"], "id"),
        (["one two three four five six", "one two three four five six7"], "text"),
        (["流感进入高发期医院延长门诊", "音乐剧周六在上海首演远山近"], "text"),
    ]:
        column = Column("x", 0)
        column.add(cells)
        assert column.kind == kind, cells


@pytest.mark.parametrize("compresses", [False, True])
def test_a_table_that_comes_through_a_pipe(compresses):
    data = (SAMPLES / "reviews.csv").read_bytes()
    stdin = gzip.compress(data) if compresses else data
    report = json.loads(run("inspect", "-", "--json", stdin=stdin).out)
    wanted = json.loads(run("inspect", SAMPLES / "reviews.csv", "--json").out)
    assert report["columns"] == wanted["columns"]
    assert report["rows"] == 800


def test_what_fastcli_wrote_beside_models_and_data(write):
    write("text,label\na b,x\nc d,y\n")
    quick = ["-dim", 2, "-bucket", 10, "-verbose", 0]
    columns = ["--text-column", "text", "--label-column", "label"]
    assert run("supervised", "-input", "t.csv", "-output", "m", *columns, *quick).code == 0
    assert run("prepare", "t.csv", "-o", "p", "--split", 100, *columns).code == 0
    for path, what in (
        ("m.bin.json", "what fastcli knows of a model beside it"),
        ("p/prepare.json", "how a data set was prepared"),
        ("p/labels.json", "the names of the labels of a data set"),
    ):
        result = run("inspect", path)
        assert (result.code, result.out) == (1, b"")
        assert result.err.startswith(f"{path} holds {what}, not data")
    write('{\n "rows": [{"text": "a"}]\n}\n', "o.json")
    assert "has a JSON object over several lines" in run("inspect", "o.json").err
