"""How words become options and arguments: words with a dash, ``--``, and no words at all."""

import os
import re

import pytest

from fastcli.cli import COMMANDS, cli
from tests.command import run

WORDS = ["--", "-foo", "-hot", "-thread", "--thread", "--json", "-h", "--help", "--xyz", "-1"]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Return the path of word vectors of words that begin with a dash."""
    folder = tmp_path_factory.mktemp("dashes")
    (folder / "text").write_text(f"{' '.join(WORDS)} garden\n" * 3)
    options = ["-minCount", 1, "-dim", 4, "-bucket", 100, "-thread", 1, "-verbose", 0]
    result = run("skipgram", "-input", folder / "text", "-output", folder / "m", *options)
    assert (result.code, result.err) == (0, "")
    return folder / "m.bin"


def ngrams_of(*argv):
    """Return the first words of the lines that print-ngrams prints."""
    return [line.split(" ")[0] for line in run("print-ngrams", *argv).text().splitlines()]


def expected(word):
    """Return a word and its character n-grams of 3 to 6 characters."""
    text = f"<{word}>"
    spans = [(i, i + n) for i in range(len(text)) for n in range(3, 7) if i + n <= len(text)]
    return [word, *(text[first:last] for first, last in spans)]


@pytest.mark.parametrize("word", ["--", "-foo", "-hot", "-1", "garden"])
def test_a_word_with_one_dash_is_a_word(words, word):
    assert ngrams_of(words, word) == expected(word)
    assert ngrams_of(words, "-thread", 1, word) == expected(word)
    if word != "--":
        assert ngrams_of(words, word, "-thread", 1) == expected(word)


@pytest.mark.parametrize("word", WORDS)
def test_two_dashes_end_the_options(words, word):
    ref = ngrams_of(words, "--", word)
    assert ref == expected(word)
    assert ngrams_of("--", words, word) == ref
    assert ngrams_of("-thread", 1, words, "--", word) == ref


@pytest.mark.parametrize("word", ["--xyz", "--jsn", "--garden=1"])
def test_an_unknown_option_of_two_dashes_is_an_error(words, word):
    result = run("print-ngrams", words, word)
    assert (result.code, result.out) == (1, b"")
    first = result.err.splitlines()[0]
    assert first.startswith(f"Unknown argument: {word}")
    assert first.endswith(f". If it is a word, end the options before it: -- {word}")
    assert ngrams_of(words, "--", word)[0] in (word, "<--")


def test_an_option_that_may_be_meant_as_a_word(words):
    result = run("print-ngrams", words, "-thread")
    assert result.code == 1
    ref = "-thread is missing an argument. If it is a word, end the options before it: -- -thread"
    assert result.err.splitlines()[0] == ref


def test_two_dashes_after_all_words_are_one_word_too_many(words):
    result = run("print-ngrams", words, "garden", "--")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("Got unexpected extra argument (--)")


def test_files_that_begin_with_a_dash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = b"__label__a apple\n__label__b banana\n"
    for name in ("-t.txt", "--t.txt", "--"):
        (tmp_path / name).write_bytes(text)
    small = ["-dim", 4, "-verbose", 0]
    assert run("supervised", "-input", "-t.txt", "-output", "-m", *small).text() == ""
    assert run("supervised", "-input", "--", "-output", "--m", *small).text() == ""
    names = sorted(os.listdir())
    assert names[:5] == ["--", "--m.bin", "--m.bin.json", "--m.vec", "--t.txt"]
    ref = run("test", "./-m.bin", "./-t.txt").text()
    for argv in (
        ("-m.bin", "-t.txt"),
        ("--", "-m.bin", "-t.txt"),
        ("-m.bin", "-t.txt", "-thread", "1"),
        ("--", "--m.bin", "--t.txt"),
        ("-m.bin", "--"),
        ("-m.bin", "--", "--"),
        ("-m.bin", "--", "--t.txt", "-1", "-0.5"),
    ):
        result = run("test", *argv)
        assert (result.code, result.err) == (0, ""), argv
        if "-1" not in argv:
            assert result.text() == ref
    assert run("dump", "-m.bin", "args").text() == run("dump", "--", "--m.bin", "args").text()
    assert run("inspect", "-t.txt").out == run("inspect", "--", "-t.txt").out
    assert run("inspect", "--").out.startswith(b"--: data set")
    vectors = run("print-word-vectors", "-m.bin", "--npy", "-x.npy", stdin=b"apple")
    assert vectors.code == 0
    assert vectors.err.startswith("Wrote -x.npy (1 vector, ")
    assert (tmp_path / "-x.npy").is_file()


@pytest.mark.parametrize("command", ["test", "predict", "inspect", "nn", "prepare"])
@pytest.mark.parametrize("word", ["-foo", "--foo"])
def test_what_is_neither_an_option_nor_a_file(command, word):
    result = run(command, "m.bin", word)
    assert (result.code, result.out) == (1, b"")
    first = result.err.splitlines()[0]
    assert first.startswith(f"Unknown argument: {word}")
    assert first.endswith(f" If it is a file, end the options before it: -- {word}")


@pytest.mark.parametrize("command", ["supervised", "skipgram", "quantize", "mlp-train"])
def test_commands_of_options_only_have_no_place_for_words(command):
    assert run(command, "-verbose", 0, "--").err.startswith("Unknown argument: --\n")
    for words in (["x"], ["--", "x"], ["--", "-input"]):
        err = run(command, "-verbose", 0, *words).err
        where = "after --" if words[-1] == "-input" else "without a dash"
        assert err.startswith(f"Provided argument {where}! {words[-1]!r}")


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"demo", "help"}))  # need none
def test_no_arguments(command):
    result = run(command)
    assert (result.code, result.out) == (1, b"")
    lines = result.err.splitlines()
    pattern = cli.get_command(None, command).pattern
    assert f"usage: fastcli {command} {pattern}" in lines[:2]
    for parameter in cli.get_command(None, command).params:
        assert not parameter.opts[0].startswith("-") or parameter.opts[0] in result.err
    if command in ("supervised", "skipgram", "cbow", "quantize", "mlp-train"):
        assert lines[0] == "Empty input or output path."


def test_no_command_names_all():
    result = run()
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("usage: fastcli <command> <args>\n")
    named = set(re.findall(r"[\w-]+", result.err))
    assert {name for name in COMMANDS if not name.startswith("print-")} <= named


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["predict", "m.bin"], "<test-data>"),
        (["test", "m.bin"], "<test-data>"),
        (["print-ngrams", "m.bin"], "<word>"),
        (["dump", "m.bin"], "<args|dict|input|output>"),
    ],
)
def test_a_missing_argument_is_named(words, missing):
    result = run(*words)
    assert (result.code, result.out) == (1, b"")
    assert f"Missing argument '{missing}'." in result.err


def test_a_word_after_dashes_where_there_is_place_for_none(tmp_path):
    err = run("supervised", "-input", "x", "-output", tmp_path / "m", "--", "-foo").err
    assert "Provided argument after --! '-foo'" in err
