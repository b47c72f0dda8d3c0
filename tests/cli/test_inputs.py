"""Inputs of commands: several files, patterns, lists and folders of parts."""

import gzip
import json
import os
import re
from pathlib import Path

import pytest

from fastcli.errors import ArgumentError, DataError
from fastcli.text.input_list import list_inputs
from tests.cli.conftest import TINY
from tests.command import process, run

SMALL = ["-dim", 2, "-epoch", 1, "-thread", 1]
LINES = TINY.splitlines(keepends=True)
posix = pytest.mark.skipif(os.name != "posix", reason="links and permissions")


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """Go to a folder with parts of a text: three files, a folder of them, one with odd names."""
    monkeypatch.chdir(tmp_path)
    Path("part-00").write_bytes(LINES[0])
    Path("part-01.gz").write_bytes(gzip.compress(LINES[1]))
    Path("part-02").write_bytes(b"".join(LINES[2:]))
    Path("parts/below").mkdir(parents=True)
    Path("parts/b.txt").write_bytes(LINES[0])
    Path("parts/below/a.txt").write_bytes(LINES[2])
    for name in ("_SUCCESS", ".hidden", ".part-03.crc", "_metadata"):
        Path("parts", name).write_bytes(b"__label__no one should read this\n")
    Path("parts/_temporary").mkdir()
    Path("parts/_temporary/x").write_bytes(b"__label__nor this\n")
    Path("odd").mkdir()
    for name in ("a file [1].txt", "a file 1.txt", "*.txt"):
        Path("odd", name).write_bytes(LINES[1])
    return tmp_path


def trained(*words, command="supervised", **more):
    """Train quietly; return the inputs that the JSON file has, and what was said."""
    result = run(command, *words, "-output", "m", *SMALL, **more)
    assert (result.code, result.out) == (0, b""), result.err
    known = json.loads(Path("m.bin.json").read_text())["arguments"]["input"]
    said = [line for line in result.err.splitlines() if "file" in line or "more than once" in line]
    return known, said


def refused(*words, command="supervised"):
    """Run a training that fails; return its sentence."""
    result = run(command, *words, "-output", "m", *SMALL)
    assert (result.code, result.out) == (1, b"")
    return next(line for line in result.err.splitlines() if not re.search(r": \d+ files?, ", line))


# ---------------------------------------------------------------- several files


@pytest.mark.parametrize(
    "words",
    [
        ["-input", "part-00", "part-01.gz", "part-02"],
        ["-input", "part-00", "-input", "part-01.gz", "part-02"],
        ["--input=part-00", "part-01.gz", "-input", "part-02"],
        ["-input", "part-00", "part-01.gz", "part-02", "-verbose", 2],
    ],
)
def test_files_behind_input_are_inputs(words, parts):
    size = sum(map(os.path.getsize, ["part-00", "part-01.gz", "part-02"]))
    assert trained(*words) == (
        ["part-00", "part-01.gz", "part-02"],
        [f"Input: 3 files, {size} bytes"],
    )
    result = run("supervised", *words, "-output", "m", *SMALL, "-verbose", 0)
    assert (result.code, result.err) == (0, "")
    whole = Path("whole")
    whole.write_bytes(TINY)
    model = Path("m.bin").read_bytes()
    trained("-input", "whole")
    assert Path("m.bin").read_bytes() == model


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["-input", "part-00", "missing", "part-02"], "missing"),
        (["-input", "part-00", "-lr", "0.1", "part-02"], "part-02"),
        (["part-00", "-input", "part-02"], "part-00"),
        (["-input", "part-00", "part-*"], "part-*"),
        (["-input", "part-00", "", "part-02"], ""),
        (["-input", "part-00", "5"], "5"),
    ],
)
def test_other_words_are_refused_as_in_fasttext(words, wrong, parts):
    said = f"Provided argument without a dash! {wrong!r}"
    for command in ("supervised", "skipgram", "cbow", "mlp-train", "quantize"):
        result = run(command, *words, "-output", "m")
        assert (result.code, result.err.splitlines()[0]) == (1, said)


def test_words_like_options_are_options(parts):
    Path("-lrr").write_bytes(TINY)
    assert refused("-input", "part-00", "-lrr") == "Unknown argument: -lrr (did you mean -lr?)"
    assert refused("-input", "part-00", "--", "part-01").startswith("Provided argument without")


def test_files_behind_other_options_are_refused(parts):
    said = "Provided argument without a dash! 'part-01.gz'"
    assert refused("-input", "part-00", "-autotune-validation", "part-00", "part-01.gz") == said


def test_a_file_twice_is_read_twice_and_said(parts):
    known, said = trained("-input", "part-00", "part-02", "./part-00")
    assert known == ["part-00", "part-02", "./part-00"]
    repeated = "Given more than once and read each time: ./part-00."
    assert said == [repeated, "Input: 3 files, 151 bytes"]
    assert trained("-input", "part-00", "-input", "./part-00")[1] == [repeated]
    _, said = trained("-input", "part-00", "part-00", "-verbose", 0)
    assert said == []


# ---------------------------------------------------------------- patterns


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("part-*", ["part-00", "part-01.gz", "part-02"]),
        ("part-0[!1]*", ["part-00", "part-02"]),
        ("./part-0?", ["./part-00", "./part-02"]),
        ("parts/**/*.txt", ["parts/b.txt", "parts/below/a.txt"]),
        ("parts/**", ["parts/_SUCCESS", "parts/_metadata", "parts/_temporary/x", "parts/b.txt"]),
        ("**/a.txt", ["parts/below/a.txt"]),
        ("odd/a*.txt", ["odd/a file 1.txt", "odd/a file [1].txt"]),
        ("odd/a file [[]1].txt", ["odd/a file [1].txt"]),
        ("odd/a file [1].txt", ["odd/a file [1].txt"]),  # there is a file of this name
        ("odd/*.txt", ["odd/*.txt"]),
        ("o[d]d/*.txt", ["odd/*.txt", "odd/a file 1.txt", "odd/a file [1].txt"]),
    ],
)
def test_patterns(pattern, found, parts):
    assert list_inputs([pattern], [], True).paths[:4] == found
    assert list_inputs([str(parts / pattern)], [], True).paths[:4] == [
        str(parts / path) for path in found
    ]


def test_what_a_pattern_stands_for_is_said(parts):
    Path("big").write_bytes(LINES[1] * 100)
    size = len(LINES[1]) * 100
    known, said = trained("-input", "bi*")
    assert (known, said) == (["big"], [f"bi*: 1 file, {size / 1000:.1f} kB"])
    known, said = trained("-input", "part-0[02]", "-input", "parts/*/*.txt")
    assert known == ["part-00", "part-02", "parts/below/a.txt"]
    assert said == ["part-0[02]: 2 files, 123 bytes", "parts/*/*.txt: 1 file, 26 bytes"]
    assert trained("-input", "part-*", "-verbose", 0)[1] == []


@pytest.mark.parametrize(
    "pattern", ["nothing*", "missing[1].txt", "part-00/*", "**/*.csv", "[", "?"]
)
def test_a_pattern_without_a_match(pattern, parts):
    why = "no file has this name, and none matches it as a pattern"
    said = f"{pattern} cannot be opened! ({why})"
    assert refused("-input", pattern) == said
    assert refused("-input", "part-00", "-input", pattern, command="mlp-train") == said
    assert run("prepare", pattern, "-o", "made").err == f"{said}\n"
    assert run("inspect", pattern).err == f"{said}\n"


@posix
def test_folders_of_a_circle_are_searched_once(parts):
    for name in ("loop", "again"):
        Path("parts/below", name).symlink_to("..")
    assert list_inputs(["parts/**/a.txt"], [], True).paths == ["parts/below/a.txt"]
    assert list_inputs(["parts"], [], True).paths == ["parts/b.txt", "parts/below/a.txt"]
    assert list_inputs(["parts/below"], [], True).paths == [
        "parts/below/a.txt",
        "parts/below/again/b.txt",
    ]


# ---------------------------------------------------------------- lists


def test_lists(parts):
    Path("list one").write_bytes(b"part-00\r\n\n  \npart-01.gz\nodd/a file [1].txt")
    found = ["part-00", "part-01.gz", "odd/a file [1].txt"]
    size = sum(map(os.path.getsize, found))
    assert trained("--files-from", "list one") == (found, [f"list one: 3 files, {size} bytes"])
    known, _ = trained("-input", "part-02", "--files-from", "list one")
    assert known == ["part-02", *found]
    Path("two").write_bytes(b"\xef\xbb\xbfparts\n")
    known, _ = trained("--files-from", "list one", "--files-from", "two")
    assert known == [*found, "parts/b.txt", "parts/below/a.txt"]


def test_a_list_on_standard_input(parts):
    known, said = trained("--files-from", "-", stdin=b"part-00\npart-02\n")
    assert (known, said) == (["part-00", "part-02"], ["standard input: 2 files, 123 bytes"])
    said = refused("-input", "-", "--files-from", "-")
    assert said == "Standard input can be an input or the list of --files-from, once."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"part-00\n\nmissing.txt\n", "l:3: missing.txt cannot be opened! (No such file or"),
        (b"part-00\npart-*\n", "l:2: part-* cannot be opened! (No such file or directory)"),
        ("part-00\n".encode("utf-16"), "l:1: a NUL byte is in the path. Is the list UTF-16?"),
        (b"-\n", "l:1: - cannot be opened! (No such file or directory)"),
        (b"\n \n", "l names no file."),
        (b"", "l names no file."),
        (TINY, "l:1: __label__fruit apple banana cannot be opened! (No such"),
    ],
)
def test_lists_with_errors(text, said, parts):
    Path("l").write_bytes(text)
    assert refused("--files-from", "l").startswith(said)
    result = run("prepare", "--files-from", "l", "-o", "made")
    assert (result.code, result.err.startswith(said)) == (1, True)


def test_a_list_that_is_missing(parts):
    assert refused("--files-from", "x") == "x cannot be opened! (No such file or directory)"


def test_a_file_named_like_standard_input(parts):
    Path("-").write_bytes(TINY)
    Path("l").write_bytes(b"-\n")
    assert list_inputs([], ["l"], True).paths == ["./-"]


# ---------------------------------------------------------------- folders


def test_a_folder_of_parts(parts):
    for word in ("parts", "parts/"):
        known, said = trained("-input", word)
        assert known == ["parts/b.txt", "parts/below/a.txt"]
        assert said == [f"{word}: 2 files, 54 bytes"]
    known, _ = trained("-input", "part-00", "parts", "part-02")
    assert known == ["part-00", "parts/b.txt", "parts/below/a.txt", "part-02"]


def test_mlp_train_reads_folders(parts):
    Path("tables").mkdir()
    for i in range(3):
        rows = "".join(f"{j},{j % 2},{'ab'[j % 2]}\n" for j in range(6))
        Path("tables", f"{i}.csv").write_text(f"x,y,label\n{rows}")
    options = ["--hidden", 2, "-epoch", 1, "-thread", 1]
    result = run("mlp-train", "-input", "tables", "-output", "m", *options)
    assert result.code == 0, result.err
    assert result.err.startswith("tables: 3 files, 138 bytes\n")
    Path("c.toml").write_text('input = ["tables/[01]*"]\n')
    result = run("mlp-train", "--config", "c.toml", "-output", "m", *options)
    assert result.err.startswith("tables/[01]*: 2 files, 92 bytes\n")


@pytest.mark.parametrize("names", [[], ["_SUCCESS", ".x"]])
def test_an_empty_folder(names, parts):
    Path("empty").mkdir()
    for name in names:
        Path("empty", name).touch()
    said = "empty is a folder without files to read (names that start with . or _ are skipped)."
    assert refused("-input", "empty") == said
    assert refused("-input", "part-00", "empt*") == "Provided argument without a dash! 'empt*'"
    assert refused("-input", "empt*") == said


@posix
def test_links(parts):
    Path("parts/broken").symlink_to("nowhere")
    assert refused("-input", "parts") == (
        "parts/broken cannot be opened for training! (No such file or directory)"
    )
    Path("parts/broken").unlink()
    Path("parts/circle").symlink_to("circle")
    said = refused("-input", "parts")
    assert said.startswith("parts/circle cannot be opened for training! (Too many levels of")
    Path("l").write_bytes(b"parts/circle\n")
    assert refused("--files-from", "l").startswith("l:1: parts/circle cannot be opened! (Too many")


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_what_may_not_be_read(parts):
    Path("parts/b.txt").chmod(0)
    said = refused("-input", "parts")
    assert said == "parts/b.txt cannot be opened for training! (Permission denied)"
    Path("parts/below").chmod(0)
    assert refused("-input", "parts") == "parts/below cannot be opened! (Permission denied)"
    Path("parts/below").chmod(0o700)


# ---------------------------------------------------------------- commands


def test_outputs_are_no_inputs(parts):
    Path("parts/m.bin").write_bytes(TINY)
    for words in (["parts"], ["parts/m*"], ["part-00", "parts/m.bin"]):
        result = run("supervised", "-input", *words, "-output", "parts/m", *SMALL)
        assert result.code == 1
        assert "parts/m.bin is an input and would be overwritten" in result.err
    Path("l.vec").write_bytes(b"part-00\n")
    result = run("supervised", "--files-from", "l.vec", "-output", "l", *SMALL)
    said = "l.vec is an input and would be overwritten: give the output another name."
    assert (result.code, result.err.splitlines()[-1]) == (1, said)
    Path("l.mlp").write_bytes(b"part-00\n")
    result = run("mlp-train", "--files-from", "l.mlp", "-output", "l")
    assert "l.mlp is an input and would be overwritten" in result.err
    Path("made").mkdir()
    Path("made/train.txt").write_bytes(b"part-00\n")
    result = run("prepare", "--files-from", "made/train.txt", "-o", "made", "--overwrite")
    assert "made/train.txt is an input and would be overwritten" in result.err
    assert Path("made/train.txt").read_bytes() == b"part-00\n"


def test_prepare(parts):
    result = run("prepare", "part-*", "--format", "fasttext", "-o", "made")
    assert result.code == 0
    assert result.err.startswith("part-*: 3 files, ")
    assert json.loads(Path("made/prepare.json").read_text())["input"] == [
        "part-00",
        "part-01.gz",
        "part-02",
    ]
    Path("l").write_bytes(b"part-00\npart-02\n")
    done = run("prepare", "--like", "made/prepare.json", "--files-from", "l", "-verbose", 0)
    assert (done.code, done.err, len(done.out.splitlines())) == (0, "", 4)


def test_a_folder_of_classes_stays_one_input(parts):
    for label in "ab":
        Path("raw/data", label).mkdir(parents=True)
        Path("raw/data", label, "1.txt").write_bytes(b"some text")
    result = run("prepare", "raw/*", "-o", "made")
    assert result.code == 0
    assert result.err.startswith("raw/*: 1 folder\n")
    assert sorted(json.loads(Path("made/labels.json").read_text())) != []


def test_inspect(parts):
    result = run("inspect", "--json", "part-0[02]")
    assert (result.code, result.err) == (0, "part-0[02]: 2 files, 123 bytes\n")
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [one["file"] for one in found[:2]] == ["part-00", "part-02"]
    Path("l").write_bytes(b"part-00\n")
    assert run("inspect", "--files-from", "l").out.startswith(b"part-00: data set")
    assert run("inspect", "--json").err.startswith("Missing argument '<file>...'.")


def test_quantize(parts):
    options = ["-dim", 2, "-wordNgrams", 2, "-bucket", 500, "-verbose", 0, "-thread", 1]
    assert run("supervised", "-input", "part-*", "-output", "q", *options).code == 0
    words = ["-cutoff", 300, "-retrain", "-epoch", 1]
    one = run("quantize", "-output", "q", *words, "-input", "part-00", "part-01.gz", "part-02")
    assert one.code == 0, one.err
    first = Path("q.ftz").read_bytes()
    many = run("quantize", "-output", "q", *words, "-input", "part-*")
    assert (many.code, Path("q.ftz").read_bytes()) == (0, first)
    assert many.err.startswith("part-*: 3 files, ")
    Path("q.ftz.json").unlink()
    result = run("quantize", "-output", "q", "-input", "nothing*")
    assert result.code == 0  # without -retrain it has no effect
    assert "-input: no effect without -retrain" in result.err


def test_a_shell_expands(parts):
    command = ["-input", *sorted(map(str, Path().glob("part-*"))), "-output", "m", *SMALL]
    assert process("supervised", *command).code == 0


def test_errors_are_of_kinds_that_are_reported(parts):
    with pytest.raises(DataError):
        list_inputs(["x*"], [], True)
    with pytest.raises(ArgumentError):
        list_inputs(["-"], ["-"], True)
