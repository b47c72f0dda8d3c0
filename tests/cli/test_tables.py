"""Tables of any delimiter, in every command that reads them."""

import json

import pytest

from tests.cli.test_mlp import FAR, QUICK, one_sentence
from tests.command import run

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
ROWS = [(i, -2 * i, "yes" if i > 0 else "no") for i in range(-10, 11) if i]
ANSWERS = [label for *_, label in ROWS]
QUIET = ["-thread", 1, "-verbose", 0]


def write(path, delimiter, rows=ROWS, header=("x", "y", "label")):
    lines = [header, *rows] if header else rows
    path.write_text("".join(delimiter.join(map(str, row)) + "\n" for row in lines))
    return path


def train(path, model, *options):
    result = run("mlp-train", "-input", path, "-output", model, *FAR, *options)
    assert result.code == 0, result.err
    return model.with_suffix(".mlp")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a model of a table that is separated by commas."""
    folder = tmp_path_factory.mktemp("tables")
    return train(write(folder / "train.csv", ","), folder / "m", "-epoch", 200, "-lr", 0.05)


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.data"])
@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
def test_prepare(delimiter, name, tmp_path):
    path = write(
        tmp_path / name, delimiter, [("fine weather", "a"), ("rain", "b")], ("text", "tag")
    )
    options = ["--format", "csv"] if name == "x.txt" else []
    result = run("prepare", path, "-o", "-", "-verbose", 0, *options)
    assert result.text() == "__label__a fine weather\n__label__b rain\n"


@pytest.mark.parametrize("name", ["x.csv", "x.data"])
@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
def test_training_predicting_and_testing(delimiter, name, tmp_path):
    path = write(tmp_path / name, delimiter)
    options = ["--format", "csv", "--valid", path, "-epoch", 200, "-lr", 0.05]
    model = train(path, tmp_path / "m", *options)
    result = run("predict", model, path)
    assert (result.text().split(), result.err) == (ANSWERS, "")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_files_of_another_delimiter_than_the_training_file(model, delimiter, tmp_path):
    path = write(tmp_path / "x.csv", delimiter)
    said = (
        f"columns are separated by {'tabs' if delimiter == chr(9) else repr(delimiter)}, where the "
        "training file has ','."
    )
    for command, expected in (
        ("predict", "\n".join(ANSWERS)),
        ("predict-prob", "yes "),
        ("test", "N\t20\nP@1\t1\n"),
        ("test-label", "N\t20\nP@1\t1.000\n"),
    ):
        result = run(command, model, path)
        assert expected in result.out.decode()
        assert result.err.splitlines() == [f"{path}: {said}"]
    bare = write(tmp_path / "bare.csv", delimiter, [row[:2] for row in ROWS], None)
    assert run("predict", model, bare).out.decode().split() == ANSWERS


def test_training_files_of_several_delimiters(tmp_path):
    first, second = write(tmp_path / "1.csv", ","), write(tmp_path / "2.tsv", "\t")
    options = ["-input", first, "-input", second, "--valid", write(tmp_path / "3.csv", "|"), *QUICK]
    result = run("mlp-train", "-output", tmp_path / "m", *options, "-verbose", 1)
    assert result.code == 0
    assert (
        f"{second}: columns are separated by tabs, where the training file has ','." in result.err
    )
    assert "3.csv: columns are separated by '|', where the training file has ','." in result.err


def test_a_delimiter_that_is_given(model, tmp_path):
    path = write(tmp_path / "x.csv", "^")
    assert one_sentence("predict", model, path) == (
        f"{path}: one column only, with the delimiter ',', and the model takes 2. Give --delimiter."
    )
    for command in ("predict", "predict-prob", "test", "test-label"):
        result = run(command, model, path, "--delimiter", "^")
        assert (result.code, result.err) == (0, "")
    assert run("predict", model, path, "--delimiter", "^").text().split() == ANSWERS
    options = ["--delimiter", "^", "--valid", path]
    assert run("predict", train(path, tmp_path / "m", *options), path).code == 0
    texts = write(tmp_path / "t.csv", "^", [("fine weather", "a")], ("text", "label"))
    result = run("prepare", texts, "-o", "-", "-verbose", 0, "--delimiter", "^")
    assert result.text() == "__label__a fine weather\n"
    report = json.loads(run("inspect", "--json", path, "--delimiter", "^").out)
    assert [column["name"] for column in report["columns"]] == ["x", "y", "label"]


@pytest.mark.parametrize("command", ["predict", "test", "inspect", "prepare", "mlp-train"])
def test_what_cannot_separate_columns(command, model, tmp_path):
    path = write(tmp_path / "x.csv", ",")
    arguments = {
        "inspect": [path],
        "prepare": [path, "-o", tmp_path / "out"],
        "mlp-train": ["-input", path, "-output", tmp_path / "m"],
    }.get(command, [model, path])
    for delimiter in ("ab", '"'):
        said = one_sentence(command, *arguments, "--delimiter", delimiter)
        assert said == f"--delimiter must be one character (or tab), not {delimiter!r}."


def test_models_that_read_no_tables(tmp_path):
    text = tmp_path / "t.txt"
    text.write_text("__label__a one two\n__label__b three\n" * 5)
    run("supervised", "-input", text, "-output", tmp_path / "m", "-bucket", 10, *QUIET)
    result = run("predict", tmp_path / "m.bin", text, "--delimiter", "tab")
    assert result.err == (
        "--delimiter: no effect without a table (--text-column, --label-column or --format).\n"
    )
    assert result.out.count(b"\n") == 10


@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
@pytest.mark.parametrize("name", ["x.csv", "x.txt"])
def test_inspect(delimiter, name, tmp_path):
    path = write(tmp_path / name, delimiter)
    shown = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}[delimiter]
    first, second, *rest = run("inspect", path).text().splitlines()
    found = " ".join([first, second])
    assert f"{shown}, no quotes, UTF-8, LF, header" in found
    assert "20 rows, 3 columns" in found + rest[0]
    assert any(line.split()[:2] == ["label", "100.0%"] for line in rest)


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "cp1252"])
def test_other_encodings_are_named_and_read(encoding, tmp_path):
    path = tmp_path / "x.csv"
    names = "größe,straße,klasse,label" if encoding == "cp1252" else "长度,宽度,高度,标签"
    rows = "".join(f"{x},{y},0,{label}\n" for x, y, label in ROWS)
    path.write_bytes(f"{names}\n{rows}".encode(encoding))
    said = one_sentence("mlp-train", "-input", path, "-output", tmp_path / "m")
    place = "" if encoding == "utf-16" else " (line 1)"  # which has no lines of bytes
    assert said.startswith(f"{path}{place} is not UTF-8; it looks like {encoding}")
    assert f"add --encoding {encoding}" in said
    options = ["--encoding", encoding, "-epoch", 200, "-lr", 0.05]
    model = train(path, tmp_path / "m", *options)
    assert f"add --encoding {encoding}" in one_sentence("predict", model, path)
    result = run("predict", model, path, "--encoding", encoding)
    assert (result.text().split(), result.err) == (ANSWERS, "")


def test_bad_rows_are_said_by_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'text,label\nno label,\n1,2,3\n\xff,a\nok,a\n4\nno label,\na,"b\n')
    result = run("prepare", path, "-o", tmp_path / "out", "--skip-bad", "-verbose", 0)
    assert result.code == 0
    entries = (tmp_path / "out" / "rejects.jsonl").read_text().splitlines()
    assert [json.loads(entry)["line"] for entry in entries] == [2, 3, 4, 6, 7, 8]


def one_line(*argv):
    """Run what fails with one sentence; return it."""
    return one_sentence(*argv)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Go to a folder with a table, a header-less one, one with words, and models of two."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.csv").write_text("x,y,k\n1,2,a\n3,4,b\n5,1,a\n")
    (tmp_path / "bare.csv").write_text("1,2,a\n3,4,b\n5,1,a\n")
    (tmp_path / "words.csv").write_text("x,,k\nalpha,2,a\n")
    quick = ["-epoch", 1, "--hidden", "none", "-verbose", 0]
    for name in ("c", "bare"):
        assert run("mlp-train", "-input", f"{name}.csv", "-output", name, *quick).code == 0
    return tmp_path


@pytest.mark.parametrize(
    "argv",
    [
        ["mlp-train", "-input", "c.csv", "-output", "m", "--delimiter", ""],
        ["prepare", "c.csv", "-o", "p", "--text-column", "x", "-delimiter", ""],
        ["inspect", "c.csv", "--delimiter="],
        ["predict", "c.mlp", "c.csv", "--delimiter", ""],
        ["test", "c.mlp", "c.csv", "--delimiter", ""],
    ],
)
def test_no_delimiter_is_refused_where_it_is_given(argv, here):
    assert one_line(*argv) == "--delimiter must be one character (or tab), not ''."


@pytest.mark.parametrize("found", [",", ";", "|", "\t"])
@pytest.mark.parametrize("label", [[], ["--label-column", "k"]])
def test_one_column_by_the_delimiter_that_is_given(found, label, here):
    (here / "o.csv").write_text(f"x{found}k\n1{found}a\n2{found}b\n")
    said = one_line("mlp-train", "-input", "o.csv", "-output", "m", "--delimiter", ":", *label)
    word = {",": ",", "\t": "tab"}.get(found, f"'{found}'")
    assert said == f"o.csv: one column only, with the delimiter ':'. Try --delimiter {word}"


@pytest.mark.parametrize("command", ["predict", "test"])
@pytest.mark.parametrize(
    ("name", "names", "label"), [("c", " (x, y)", " (k)"), ("bare", "", "")]
)  # fmt: skip
def test_words_where_a_model_expects_numbers(command, name, names, label, here):
    said = one_line(command, f"{name}.mlp", "words.csv")
    assert said == (
        f"words.csv, line 1, column 1: 'x' is not a number. The model expects 2 columns of "
        f"numbers{names}, and may be given the label{label} as column 3. "
        "This line has: x, '', k."
    )


def test_words_in_validation(here):
    argv = ["mlp-train", "-input", "c.csv", "-output", "m", "--valid", "words.csv", "-verbose", 0]
    said = one_line(*argv)
    assert said.startswith("words.csv, line 1, column 1: 'x' is not a number. The model expects 2")
    assert "--label-column" not in said


@pytest.mark.parametrize("asked", [" ", "nothing"])
def test_empty_names_are_quoted(asked, here):
    shown = asked if asked.strip() else f"'{asked}'"
    (here / "e.csv").write_text("a,,b\n1,2,3\n")
    said = one_line("mlp-train", "-input", "e.csv", "-output", "m", "--label-column", f"{asked}x")
    assert said.endswith("There are: a, '', b")
    said = one_line("mlp-train", "-input", "c.csv", "-output", "m", "--label-column", asked)
    assert said == f"c.csv has no column {shown}. There are: x, y, k"
