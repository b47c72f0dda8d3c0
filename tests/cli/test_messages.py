"""Messages about input data: on one line, escaped and short; and unexpected errors."""

import contextlib
import os
import re
import stat
import subprocess
import sys
import tempfile

import pytest

from fastcli.printable import LONGEST, listed, one_line, printable
from tests.command import environment, run

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
HIDDEN = [*"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]
EVIL = "a\x1b]0;owned\x07\x1b[2J\nfastcli: all is well\r\x9b31m\u202eb"


@pytest.mark.parametrize("character", [*CONTROLS, *HIDDEN, "\udc9b"], ids=ascii)
def test_what_is_not_printable_is_escaped(character):
    shown = printable(f"a{character}b")
    assert shown.isprintable()
    assert shown[0] == "a"
    assert shown[-1] == "b"
    assert shown[1] == "\\"


@pytest.mark.parametrize("text", ["", "plain", "naïve 日本語", "back\\slash", "▁█ … “x”"])
def test_what_is_printable_stays(text):
    assert printable(text) is text
    assert one_line(text) == text


def test_a_message_is_bounded_and_keeps_its_end():
    said = one_line("start " + "\x1b" * 1_000_000 + " give --overwrite.")
    assert len(said) < LONGEST + 10
    assert said.startswith("start ")
    assert said.endswith(" give --overwrite.")


def test_lists_are_cut():
    names = [f"column{i}" for i in range(3000)]
    assert listed(names).endswith("column11 and 2,988 more")
    assert listed(names[:12]) == ", ".join(names[:12])
    assert len(listed(["x" * 10_000])) < 100


def is_plain(err, lines):
    """Check that stderr has so many lines and nothing that a terminal would obey."""
    assert err.count("\n") == lines, err
    assert all(line.isprintable() for line in err.split("\n"))
    assert "Traceback" not in err
    return True


@pytest.mark.parametrize("options", [("--header",), ("--text-column", "x", "--label-column", "0")])
def test_columns_of_others(tmp_path, options):
    path = tmp_path / "evil.csv"
    names = ",".join(f'"{EVIL}{i}"' for i in range(3000))
    path.write_text(f"{names}\n{'x,' * 2999}x\n", encoding="utf-8", newline="")
    result = run("prepare", path, "-o", tmp_path / "out", "--delimiter", ",", *options)
    assert result.code == 1
    assert is_plain(result.err, 1)
    assert "more" in result.err
    assert len(result.err) < 3000


def test_cells_and_paths_of_others(tmp_path):
    folder = tmp_path / EVIL.replace("/", "")
    folder.mkdir()
    path = folder / "rows.csv"
    path.write_text(f'text,label\n"{EVIL}",\n', encoding="utf-8", newline="")
    result = run("prepare", path, "-o", tmp_path / "out")
    assert result.code == 1
    assert is_plain(result.err, 2)  # one about the columns
    assert "\\x1b" in result.err


def test_labels_of_others_in_the_table_of_prepare(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": "\\u001b[2J"}\n{"text": "b", "label": "\\u202eb"}\n')
    result = run("prepare", path, "-o", tmp_path / "out", "--split", "100")
    assert result.code == 0
    assert all(line.isprintable() for line in result.err.split("\n"))


def test_paths_of_others_in_inspect(tmp_path):
    path = tmp_path / EVIL.replace("/", "")
    path.write_text(f"__label__\x1b[2J {EVIL}\n" * 3, encoding="utf-8")
    result = run("inspect", path)
    assert result.code == 0
    assert all(line.isprintable() for line in result.out.decode().split("\n"))


def test_keys_of_a_configuration(tmp_path):
    path = tmp_path / "evil.toml"
    path.write_text('"a\\u001b[2J\\nb" = 1\n')
    result = run("mlp-train", "--config", path, "-input", "x", "-output", tmp_path / "m")
    assert result.code == 1
    assert is_plain(result.err, result.err.count("\n"))


@pytest.mark.parametrize("word", ["\x1b[2J", "-\x1b[2J", "a\nb"])
def test_words_of_the_command_line(word):
    for argv in ([word], ["supervised", word], ["predict", "x", word], ["predict", word, "-"]):
        result = run(*argv)
        assert result.code == 1
        assert "\x1b" not in result.err
        assert "a\nb" not in result.err


def test_what_nobody_foresaw_is_one_sentence(monkeypatch, tmp_path):
    def fails(path):
        raise ZeroDivisionError("\x1b[2J\nnobody saw this" + "!" * 5000)

    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", fails)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = run("dump", "x.bin", "args")
    assert (result.code, result.out) == (1, b"")
    assert is_plain(result.err, 1)
    assert len(result.err) < 700
    (path,) = tmp_path.iterdir()
    assert str(path) in result.err
    assert "in fails\n" in path.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_details_of_all_tests_are_removed_with_them(monkeypatch, temporary_folder):
    """Of commands in this process and in others."""

    def fails(path):
        raise ZeroDivisionError

    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(temporary_folder)
    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", fails)
    assert f"The details are in {temporary_folder}{os.sep}" in run("dump", "x.bin", "args").err


def test_what_nobody_foresaw_where_nothing_can_be_written(monkeypatch, tmp_path):
    def fails(path):
        raise ZeroDivisionError

    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", fails)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    result = run("dump", "x.bin", "args")
    assert result.code == 1
    assert is_plain(result.err, 1)
    assert re.search(r"test_messages\.py:\d+", result.err)


def test_an_interrupt_that_became_another_error(monkeypatch):
    def fails(path):
        try:
            signal_self("SIGINT")
        except KeyboardInterrupt:
            raise ImportError("numpy failed to import") from None

    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", fails)
    result = run("dump", "x.bin", "args")
    assert (result.code, result.err) == (130, "")


def test_an_error_after_an_interrupt_that_was_caught(monkeypatch, tmp_path):
    """An error while the best model is saved is reported."""

    def fails(path):
        with contextlib.suppress(KeyboardInterrupt):
            signal_self("SIGINT")
        raise ZeroDivisionError

    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", fails)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = run("dump", "x.bin", "args")
    assert result.code == 1
    assert "ZeroDivisionError" in result.err


def signal_self(name):
    """Send this process a signal."""
    import signal

    signal.raise_signal(getattr(signal, name))


posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


@posix
@pytest.mark.parametrize("name", CODES)
def test_signals_while_modules_are_imported_are_quiet(tmp_path, name):
    (tmp_path / "click.py").write_text(f"import signal\nsignal.raise_signal(signal.{name})\n")
    env = {
        **environment(),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]]),
    }
    argv = [sys.executable, "-m", "fastcli", "--version"]
    done = subprocess.run(argv, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (CODES[name], b"", b"")


@posix
@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("is_ignored", [False, True])
def test_signals_are_heard_unless_they_were_ignored(tmp_path, name, is_ignored):
    """As under nohup: what is ignored at the start stays ignored."""
    code = (
        "import signal, sys\n"
        f"signal.signal(signal.{name}, signal.SIG_IGN)\n"
        * is_ignored
        + "import fastcli.__main__ as program, fastcli.fasttext.model_file as models\n"
        "import signal\n"
        f"models.load_model = lambda path: (signal.raise_signal(signal.{name}), exit(7))\n"
        "program.main()\n"
    )
    argv = [sys.executable, "-c", code, "dump", "x.bin", "args"]
    done = subprocess.run(argv, env=environment(), capture_output=True, check=False)
    said = {"SIGINT": b"\nInterrupted.\n"}.get(name, b"")
    assert (done.returncode, done.stderr) == ((7, b"") if is_ignored else (CODES[name], said))
