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
        assert result.err.splitlines() == [f"the input: {said}"]
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
        "the input, line 1: 1 columns, where 3 are expected (2 without the label)."
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
    (report,) = run("inspect", "--json", path, "--delimiter", "^").out.splitlines()
    (note,) = [one["sentence"] for one in json.loads(report)["notes"] if one["note"] == "table"]
    assert note.startswith(
        "The file is a table of 3 columns, separated by '^'. The first row: x, y"
    )


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
    assert result.err == "--delimiter: no effect, since the model does not read tables.\n"
    assert result.out.count(b"\n") == 10


@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
@pytest.mark.parametrize("name", ["x.csv", "x.txt"])
def test_inspect(delimiter, name, tmp_path):
    path = write(tmp_path / name, delimiter)
    shown = "tabs" if delimiter == "\t" else repr(delimiter)
    found = " ".join(run("inspect", path).text().split())
    assert (
        f"The file is a table of 3 columns, separated by {shown}. The first row: x, y, label."
        in found
    )
    assert "No word starts with" not in found


def test_utf16_is_named(model, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("1,2,a\n".encode("utf-16"))
    said = one_sentence("mlp-train", "-input", path, "-output", tmp_path / "m")
    assert said == f"{path} is UTF-16: convert it to UTF-8 with iconv -f UTF-16 -t UTF-8."
    assert one_sentence("predict", model, path).startswith("the input is UTF-16: ")


def test_bad_rows_are_said_by_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'text,label\nno label,\n1,2,3\n\xff,a\nok,a\n4\nno label,\na,"b\n')
    result = run("prepare", path, "-o", tmp_path / "out", "--skip-bad", "-verbose", 0)
    assert result.code == 0
    entries = (tmp_path / "out" / "rejects.jsonl").read_text().splitlines()
    assert [json.loads(entry)["line"] for entry in entries] == [2, 3, 4, 6, 7, 8]
