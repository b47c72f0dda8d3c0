"""prepare: labels from the names of files and folders, folders of tables, formats by content."""

import gzip
import json
from pathlib import Path

import pytest

from tests.command import run

CAR = "id,title,content\n1,A,the car is fast\n2,B,a new engine\n"
TECH = "id,title,content\n1,A,the chip is fast\n2,B,a new phone\n"
EXPECTED = (
    "__label__car the car is fast\n__label__car a new engine\n"
    "__label__tech the chip is fast\n__label__tech a new phone\n"
)
COLUMN = ("--text-column", "content")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Go to a folder that has a table for each class, in one folder and in two."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("car", CAR), ("tech", TECH)):
        Path("news", name).mkdir(parents=True)
        Path("news", name, f"{name[0]}.csv").write_text(text)
        Path(f"{name}.csv").write_text(text)
    return tmp_path


def lines(*argv):
    """Return what prepare -o - writes, and what it says before the table."""
    result = run("prepare", *argv, "-o", "-")
    assert result.code == 0, result.err
    return result.out.decode(), result.err.split("part  ")[0].splitlines()


def fails(*argv):
    result = run("prepare", *argv)
    assert (result.code, result.out) == (1, b"")
    assert result.err.count("\n") == 1
    return result.err


# ------------------------------------------------------------------ labels from names


def test_labels_from_the_names_of_files():
    Path("tech.csv.gz").write_bytes(gzip.compress(TECH.encode()))
    text, said = lines("car.csv", "tech.csv.gz", *COLUMN, "--label-from", "file")
    assert text == EXPECTED
    assert said == ["car.csv: header; text: column 'content'; label: the name of the file"]


@pytest.mark.parametrize(
    "given",
    [
        ["news"],
        ["news", "--label-from", "folder"],
        ["news/*/*.csv", "--label-from", "folder"],
        ["news/car", "news/tech", "--label-from", "folder"],
        ["*.csv", "--label-from", "file"],
    ],
    ids=" ".join,
)
def test_labels_from_folders_and_patterns(given):
    text, said = lines(*given, *COLUMN)
    assert text == EXPECTED
    what = "file" if "file" in given else "folder"
    assert said[-1].endswith(f": header; text: column 'content'; label: the name of the {what}")


def test_a_folder_of_tables_by_their_own_names():
    text, _ = lines("news", *COLUMN, "--label-from", "file")
    assert text.splitlines()[0] == "__label__c the car is fast"


def test_one_table_for_each_class_proposes_the_names():
    text, said = lines("tech.csv", "car.csv", *COLUMN)
    assert text.splitlines()[0] == "the chip is fast"
    assert said[-1] == (
        "No table has a label column: --label-from file makes labels of the names (tech, car)."
    )


def test_nothing_is_proposed_where_the_names_are_the_same():
    Path("car").mkdir()
    Path("car/car.csv").write_text(TECH)
    assert "--label-from" not in "".join(lines("car/car.csv", "car.csv", *COLUMN)[1])


def test_nothing_is_proposed_where_there_are_labels():
    for name in ("a.csv", "b.csv"):
        Path(name).write_text("label,content\nx,some text\n")
    assert "--label-from" not in "".join(lines("a.csv", "b.csv")[1])


def test_a_label_column_beside_label_from_is_not_read():
    Path("a.csv").write_text("text,label\nsome,x\n")
    assert lines("a.csv", "--label-from", "file")[0] == "__label__a some\n"


def test_lines_of_text_for_each_class():
    Path("good.txt").write_text("all fine\n\nvery, very nice\n")
    text, _ = lines("good.txt", "--format", "fasttext", "--label-from", "file")
    assert text == "__label__good all fine\n__label__good very, very nice\n"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["-", "--label-from", "file"], "Standard input has no name: --label-from file needs"),
        (["car.csv", "--label-from", "name"], "Unknown value of --label-from: name. Known: "),
        (
            ["car.csv", "--label-from", "file", "--label-column", "id"],
            "--label-column and --label-from file: give one of them.",
        ),
        (["news/car"], "news/car has no subfolders: one per label is needed. news/car/c.csv is a"),
        (["news"], "news/car/c.csv: 2 columns could be meant (title, content). Give --text-column"),
    ],
)
def test_mistakes_about_names(argv, sentence):
    assert fails(*argv, "-o", "out").startswith(sentence)


def test_what_is_recorded():
    assert run("prepare", "news", *COLUMN, "-o", "out", "-verbose", 0).code == 0
    columns = json.loads(Path("out/prepare.json").read_text())["columns"]
    assert columns["text"] == ["content"]
    assert (columns["label"], columns["label_from"]) == ([], "column")
    assert columns["format"] == "csv"
    assert set(json.loads(Path("out/labels.json").read_text()).values()) == {"car", "tech"}


# ------------------------------------------------------------------ folders


def test_tables_of_a_folder_with_label_columns_that_are_asked_for():
    text, _ = lines("news", *COLUMN, "--label-column", "title")
    assert text.splitlines()[:2] == ["__label__A the car is fast", "__label__B a new engine"]


def test_a_group_column_in_a_folder_of_tables():
    assert run("prepare", "news", *COLUMN, "--group-column", "id", "-o", "o").code == 0
    _texts()
    assert "has no columns" in fails("texts", "--group-column", "id", "-o", "o2")


def _texts():
    Path("texts/a").mkdir(parents=True)
    Path("texts/a/1.txt").write_text("a text,\nof two lines\n")


def test_texts_and_tables_in_one_folder():
    _texts()
    Path("texts/b").mkdir()
    Path("texts/b/rows.csv").write_text(CAR)
    said = fails("texts", *COLUMN, "-o", "out")
    assert said.startswith("texts: texts/b/rows.csv is a table and texts/a/1.txt is a text. Give ")
    assert "--format folder" in said
    text, _ = lines("texts", "--format", "folder")
    assert text.splitlines()[0] == "__label__a a text, of two lines"
    assert text.splitlines()[1].startswith("__label__b id,title,content 1,A,the car is fast 2,B")
    text, _ = lines("texts/*/*.csv", *COLUMN, "--label-from", "folder")
    assert text == "__label__b the car is fast\n__label__b a new engine\n"


def test_the_format_of_all_files_of_a_folder():
    for label, row in (("a", "one"), ("b", "two")):
        Path("rows", label).mkdir(parents=True)
        Path("rows", label, "part.txt").write_text(json.dumps({"text": row}) + "\n")
    assert lines("rows", "--format", "jsonl")[0] == "__label__a one\n__label__b two\n"
    assert lines("rows")[0] == '__label__a {"text": "one"}\n__label__b {"text": "two"}\n'


# ------------------------------------------------------------------ one command from raw data


def test_tables_of_classes_in_one_command():
    pytest.importorskip("jieba", reason="jieba is not installed")
    Path("technology.csv").write_text("content\n" + "我的手机很好用\n" * 3)
    Path("cars.csv").write_text("content\n" + "他的汽车非常快\n" * 5)
    Path("stop.txt").write_text("非常\n")
    options = ["--segment", "jieba", "--stopwords", "stop.txt", "--min-token-length", 2]
    inputs = ["technology.csv", "cars.csv", "--label-from", "file"]
    text, _ = lines(*inputs, *options, "--max-per-label", 2)
    assert text == ("__label__technology 手机\n" * 2 + "__label__cars 汽车\n" * 2), text


@pytest.mark.parametrize("are_tables", [False, True])
def test_a_folder_for_each_class_in_one_command(are_tables):
    for label in ("good", "bad"):
        Path("in", label).mkdir(parents=True)
        for i in range(1 if are_tables else 10):
            rows = "text\n" + "".join(f"{label} number {j}\n" for j in range(10))
            name = "rows.csv" if are_tables else f"{i}.txt"
            Path("in", label, name).write_text(rows if are_tables else f"{label} number {i}\n")
    done = run("prepare", "in", "-o", "out", "--split-by", "order", "--split", "70,0,30")
    assert done.code == 0, done.err
    test = Path("out/test.txt").read_text().splitlines()
    assert test == [f"__label__{a} {a} number {i}" for a in ("bad", "good") for i in (7, 8, 9)]
    assert len(Path("out/train.txt").read_text().splitlines()) == 14


# ------------------------------------------------------------------ formats by content


@pytest.mark.parametrize("name", ["a.txt", "a.data", "a.json", "a"])
def test_objects_on_lines_by_content(name):
    Path(name).write_text('{"text": "a b", "label": "x"}\n{"text": "c", "label": "y"}\n')
    assert lines(name)[0] == "__label__x a b\n__label__y c\n"
    assert lines(name, "--format", "jsonl")[0] == "__label__x a b\n__label__y c\n"


def test_a_table_of_another_name():
    Path("iris.data").write_text("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-versi\n4.9,3.1,Iris-versi\n")
    columns = ["--text-column", 0, "--label-column", -1]
    assert lines("iris.data", *columns)[0].splitlines()[0] == "__label__Iris-setosa 5.1"
    assert lines("iris.data", *columns, "--format", "csv")[0].splitlines()[1:] == (
        ["__label__Iris-versi 4.9"] * 2
    )


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
@pytest.mark.parametrize(
    ("text", "program"),
    [
        ('{\n "text": "a b",\n "label": "x"\n}\n', "."),
        ('{"text": "a b",\n "label": "x"}\n{"text": "c",\n "label": "x"}\n', "."),
        ('{"rows": [\n {"text": "a b", "label": "x"},\n {"text": "c"}]}\n', "'.rows[]'"),
    ],
)
def test_an_object_over_several_lines(name, text, program):
    Path(name).write_text(text)
    assert fails(name, "-o", "out") == (
        f"{name} has a JSON object over several lines, not an array of objects or an object per "
        f"line: write rows as jq -c {program} does.\n"
    )


def test_parquet_by_content():
    reason = "pyarrow is not installed, or not for this NumPy"
    pyarrow = pytest.importorskip("pyarrow", reason=reason, exc_type=ImportError)
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": ["one"], "label": ["a"]}), "rows.bin")
    assert lines("rows.bin")[0] == "__label__a one\n"
