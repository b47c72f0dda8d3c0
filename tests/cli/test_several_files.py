"""Several files for test, test-label, predict and predict-prob, and the numbers behind them."""

import json
import os

import pytest

from fastcli.cli._test_data import divided
from tests.command import SAMPLES, run

LINES = (SAMPLES / "topics.test.txt").read_bytes().splitlines(keepends=True)
SCORERS = ["test", "test-label", "predict", "predict-prob"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Change to a folder with the parts a.txt and b.txt, their whole, and a file called 5."""
    monkeypatch.chdir(tmp_path)
    for name, lines in (("a.txt", LINES[:200]), ("b.txt", LINES[200:]), ("all", LINES)):
        (tmp_path / name).write_bytes(b"".join(lines))
    (tmp_path / "5").write_bytes(LINES[0])
    return tmp_path


def objects(*argv):
    return [json.loads(line) for line in run(*argv).text().splitlines()]


def err_of(*argv):
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    return result.err


# ---------------------------------------------------------------------- output


def test_a_line_for_each_file_and_the_total(folder, topics):
    rows = [line.split() for line in run("test", topics, "a.txt", "b.txt", 2).text().splitlines()]
    assert rows[0] == ["N", "P@2", "R@2", "file"]
    assert [row[3] for row in rows[1:]] == ["a.txt", "b.txt", "total"]
    for row, path in zip(rows[1:], ["a.txt", "b.txt", "all"], strict=True):
        alone = run("test", topics, path, 2).text()
        assert alone == f"N\t{row[0]}\nP@2\t{row[1]}\nR@2\t{row[2]}\n"


def test_the_table_is_read_in_80_columns(folder, topics):
    name = "long-" * 20 + "\x1b[31m.txt"
    (folder / name).write_bytes(LINES[0])
    lines = run("test", topics, "a.txt", name).text().splitlines()
    assert {line.index("  a.txt") for line in lines if "a.txt" in line} == {23}
    assert lines[2].endswith("\\x1b[31m.txt")
    assert len({len(line) - len(line.split("  ")[-1]) for line in lines}) == 1


def test_labels_of_all_files(folder, topics):
    lines = run("test-label", topics, "a.txt", "b.txt").text().splitlines()
    ref = run("test-label", topics, "all").text().splitlines()
    assert lines[:-4] == ref[:-3]
    assert lines[-4:] == run("test", topics, "a.txt", "b.txt").text().splitlines()


@pytest.mark.parametrize("command", ["test", "test-label"])
def test_an_object_for_each_file_and_the_total(command, folder, topics):
    found = objects(command, "--json", topics, "a.txt", "b.txt")
    alone = [objects(command, "--json", topics, path)[0] for path in ("a.txt", "b.txt", "all")]
    heads = [{"file": "a.txt"}, {"file": "b.txt"}, {"file": None, "files": 2}]
    assert found == [{**head, **one} for head, one in zip(heads, alone, strict=True)]


@pytest.mark.parametrize("command", ["predict", "predict-prob"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_files_are_predicted_in_turn(command, options, folder, topics):
    ref = run(command, topics, "all", "-k", 2, *options).text()
    assert run(command, topics, "a.txt", "b.txt", 2, *options).text() == ref
    (folder / "a.txt").write_bytes(b"".join(LINES[:200]).rstrip(b"\n"))  # its last line stays one
    assert run(command, topics, "a.txt", "b.txt", 2, *options).text().count("\n") == 300


def test_standard_input_is_one_of_the_files(folder, topics):
    b = (folder / "b.txt").read_bytes()
    ref = run("predict", topics, "all").out
    assert run("predict", topics, "a.txt", "-", stdin=b).out == ref
    assert "-" in run("test", topics, "a.txt", "-", stdin=b).text().splitlines()[2]


@pytest.mark.parametrize("command", SCORERS)
def test_patterns_lists_and_folders(command, folder, topics):
    ref = run(command, topics, "a.txt", "b.txt", "-k", 2).out
    found = run(command, topics, "[ab].txt", 2)
    assert (found.code, found.out) == (0, ref)
    assert found.err.startswith("[ab].txt: 2 files, ")
    (folder / "list").write_text("a.txt\nb.txt\n")
    found = run(command, topics, "--files-from", "list", "-k", 2)
    assert (found.code, found.out) == (0, ref)
    (folder / "parts").mkdir()
    for name in ("a.txt", "b.txt"):
        os.link(name, f"parts/{name}")
    found = run(command, topics, "parts", 2)
    assert found.out.replace(b"parts/", b"") == ref
    (folder / "[ab].txt").write_bytes(LINES[0])  # a file of that name wins over the pattern
    assert run(command, topics, "[ab].txt", 2).out == run(command, topics, "5", 2).out


@pytest.mark.parametrize("command", SCORERS)
def test_a_missing_file_is_found_before_anything_is_read(command, folder, topics):
    kind = "Test" if command.startswith("test") else "Input"
    err = err_of(command, topics, "a.txt", "b.txt", "missing")
    assert err == f"{kind} file cannot be opened! (missing: No such file or directory)\n"
    (folder / "empty").mkdir()
    for words in (["empty"], ["a.txt", "empty"]):
        err = err_of(command, topics, *words)
        assert err == f"{kind} file cannot be opened! (empty: Is a directory)\n"
    assert "none matches it as a pattern" in err_of(command, topics, "a.txt", "x*")


def test_unknown_words_are_said_of_the_files_that_have_them(folder, topics):
    strange = [f"strange{i}.txt" for i in range(5)]
    for name in strange:
        (folder / name).write_bytes(b"__label__travel xqz wvk\n" * 20)
    for command in SCORERS:
        said = run(command, topics, "a.txt", *strange).err.splitlines()
        assert [line.split(":")[0] for line in said[:3]] == strange[:3]
        assert said[3:] == ["The same of 2 more files."]


# --------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("words", "files", "numbers"),
    [
        ("5", "5", ""),
        ("a", "a", ""),
        ("a 5", "a", "5"),
        ("5 5", "5", "5"),
        ("a -1 0.5", "a", "-1 0.5"),
        ("a 3 x", "a", "3 x"),
        ("a 3 nan", "a", "3 nan"),
        ("a b", "a b", ""),
        ("a b 5", "a b", "5"),
        ("a b 5 .1", "a b", "5 .1"),
        ("a b c d 5 1e-3", "a b c d", "5 1e-3"),
        ("a nan inf", "a nan inf", ""),
        ("a ./5 2", "a ./5", "2"),
        ("5 b 5", "5 b", "5"),
    ],
)
def test_which_words_are_numbers(words, files, numbers):
    found = divided(words.split())
    assert (found.files, found.numbers) == (files.split(), numbers.split())


@pytest.mark.parametrize("command", SCORERS)
def test_a_number_in_third_place_is_k_whatever_files_exist(command, folder, topics):
    assert run(command, topics, "a.txt", 5).out == run(command, topics, "a.txt", "-k", 5).out
    found = run(command, topics, "a.txt", 5, 0.3).out
    assert found == run(command, topics, "a.txt", "--threshold", 0.3, "-k", 5).out
    assert found != run(command, topics, "a.txt", 5).out
    assert run(command, topics, 5, 5).out == run(command, topics, "./5", "-k", 5).out
    both = run(command, topics, "a.txt", "./5", 2, 0.3)
    assert both.out == run(command, topics, "a.txt", "./5", "-k", 2, "--threshold", 0.3).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a.txt b.txt 5 a.txt", "'5' stands where a file does"),
        ("a.txt b.txt 1 2 3", "'1' stands where a file does"),
        ("a.txt b.txt 5 a.txt 2 0.1", "If it is a file, write ./5"),
        ("5 --files-from list", "with --files-from give k and the threshold with -k"),
        ("a.txt 5 b.txt", "Invalid value for '<th>': 'b.txt' is not a valid float."),
        ("a.txt x", "Invalid value for '<k>': 'x' is not a valid integer, and there is no file"),
        ("a.txt 0.5", "Invalid value for '<k>': '0.5' is not a valid integer."),
        ("a.txt b.txt 0.5", "Invalid value for '<k>': '0.5' is not a valid integer."),
        ("a.txt 5 0.1 b.txt", "Got unexpected extra argument (b.txt): files come before"),
        ("a.txt 5 -k 2", "-k is given twice: '5' is <k>, too."),
        ("a.txt 5 .1 --threshold 1", "--threshold is given twice: '.1' is <th>, too."),
        ("", "Missing argument '<test-data>'."),
    ],
)
@pytest.mark.parametrize("command", SCORERS)
def test_usage_errors(command, words, said, folder, topics):
    err = err_of(command, topics, *words.split())
    assert said in err.splitlines()[0]
    assert f"usage: fastcli {command} <model> <test-data> [<k>] [<th>]" in err
