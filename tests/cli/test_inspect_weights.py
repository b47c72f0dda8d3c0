"""inspect and weights of lines: they are no words, and the proposed command knows them."""

import json
from pathlib import Path

import pytest

from fastcli.text.likely_weights import likely_weight
from tests.command import run

LINES = (
    "__weight__2.5 __label__a some words here\n"
    "__label__b other words there __weight__0.5\n"
    "__label__a no weight is in this line\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_text(10 * LINES)
    Path("w.txt").write_text(10 * LINES.replace("__weight__", "w:"))


def inspect(*argv):
    result = run("inspect", *argv)
    assert result.code == 0, result.err
    return result


@pytest.mark.parametrize(
    ("path", "options", "prefix"),
    [
        ("t.txt", [], "__weight__"),
        ("t.txt", ["--weight-prefix", "__weight__"], "__weight__"),
        ("w.txt", [], "w:"),
        ("w.txt", ["--weight-prefix", "w:"], "w:"),
    ],
)
def test_weights_are_no_words(path, options, prefix):
    report = json.loads(inspect("--json", path, *options).out)
    assert report["weights"] == {"prefix": prefix, "given": bool(options), "lines": 20}
    assert report["tokens"]["total"] == 10 * (3 + 3 + 6)
    assert report["labels"]["counts"] == {"__label__a": 20, "__label__b": 10}
    assert "late_label" not in {one["finding"] for one in report["findings"]}
    assert f"--weight-prefix {prefix}" in report["suggestions"]["command"]
    (note,) = [one["sentence"] for one in report["notes"] if one["note"] == "weights"]
    assert "20 of 30 lines have one" in note
    assert ("look like weights" in note) == (not options)


def test_a_prefix_that_no_line_has():
    Path("plain.txt").write_text("__label__a one 2.5\n__label__b two 3\n")
    result = inspect("--json", "plain.txt", "--weight-prefix", "__w__")
    report = json.loads(result.out)
    assert "none of 2 lines have one" in result.out.decode()
    assert "--weight-prefix" not in report["suggestions"]["command"]
    report = json.loads(inspect("--json", "plain.txt").out)
    assert "weights" not in report
    assert "no effect" in inspect("t.txt", "--top-words", 3, "--weight-prefix", "__weight__").err


def test_label_errors_knows_weights():
    options = ["--label-errors", "--weight-prefix", "__weight__"]
    result = inspect("t.txt", *options, "--json")
    report = json.loads(result.out)
    assert report["lines"] == 30
    assert "__weight__" not in result.out.decode()
    result = inspect("t.txt", "--label-errors")
    assert "Tokens such as __weight__2.5 look like weights of lines" in result.err
    if "All of them in a file" in (shown := inspect("t.txt", *options).err):
        assert "--label-errors --weight-prefix __weight__ --errors doubtful.csv" in shown


def test_the_proposed_command_trains_with_weights():
    command = json.loads(inspect("--json", "t.txt").out)["suggestions"]["command"].split()
    result = run(*command[1:], "-thread", 1)
    assert result.code == 0
    assert "Weights of lines 0.375 to 1.88, on average 1." in result.err


@pytest.mark.parametrize(
    ("lines", "token"),
    [
        (["__w__1 a", "b __w__2"], b"__w__1"),
        (["__w__1 a"], b""),
        (["__label__1 a", "__label__2 b"], b""),
        (["at 10:30", "at 11:45"], b""),
        (["x:1 y:2 x:3", "x:4 x:5"], b""),
        (["__w__much", "__w__more"], b""),
        (["__w__1 __w__2 a", "__w__3 b"], b""),
        (["__权__1 高", "__权__2.5 低"], "__权__1".encode()),
        (["w:1 a", *["b"] * 9], b""),
        (["__w__1 a", *["b"] * 8, "__w__1 c"], b"__w__1"),
    ],
)
def test_what_looks_like_a_weight(lines, token):
    assert likely_weight([line.encode() for line in lines], "__label__") == token
