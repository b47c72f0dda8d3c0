"""Reading files of text in blocks, and files that change meanwhile."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import DataError
from fastcli.text import blocks
from fastcli.text.blocks import Blocks, last_line_end
from fastcli.text.inputs import text_blocks
from tests.command import SAMPLES, run

TEXTS = st.lists(st.sampled_from([b"\n", b"a", b"bc", b"\r\n", b"\0", b"xyz " * 30]), max_size=60)


def pieces(found):
    return [block.tobytes() for block in found]


@given(TEXTS, st.integers(1, 5), st.integers(1, 64))
def test_lines_come_whole_and_in_order(tmp_path_factory, parts, n, size):
    text = b"".join(parts)
    path = tmp_path_factory.mktemp("blocks") / "text"
    path.write_bytes(text)
    with Blocks(path) as file:
        assert file.size == len(text)
        spans = file.spans(n)
        found = [block.tobytes() for a, b in spans for block in file.lines(a, b, size)]
        file.check()
    assert b"".join(found) == text
    assert all(block.endswith(b"\n") for block in found[:-1])
    assert len(spans) <= n
    assert [a for a, _ in spans[1:]] == [b for _, b in spans[:-1]]
    longest = max(map(len, text.splitlines(keepends=True)), default=0)
    assert all(len(block) <= 2 * max(longest, size) for block in found)


@given(st.binary(max_size=40), st.integers(0, 40))
def test_where_lines_start(tmp_path_factory, text, position):
    path = tmp_path_factory.mktemp("blocks") / "text"
    path.write_bytes(text)
    starts = [0, *(i + 1 for i, byte in enumerate(text) if byte == 10), len(text)]
    with Blocks(path) as file:
        assert file.line_start(position) == min(
            (start for start in starts if start >= position), default=len(text)
        )
    array = np.frombuffer(text, np.uint8)
    assert last_line_end(array) == text.rfind(b"\n") + 1


def test_a_line_end_that_is_far_away(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "LOOK", 7)
    path = tmp_path / "text"
    path.write_bytes(b"a" * 100 + b"\n" + b"b" * 50)
    with Blocks(path) as file:
        assert file.line_start(1) == 101
        assert file.line_start(102) == 151
    assert last_line_end(np.frombuffer(path.read_bytes(), np.uint8)) == 101


@pytest.mark.parametrize("missing", [["preadv"], ["preadv", "pread"]], ids=["pread", "seek"])
def test_systems_that_lack_calls(tmp_path, monkeypatch, missing):
    for name in missing:
        monkeypatch.delattr(os, name, raising=False)
    path = tmp_path / "text"
    path.write_bytes(b"one\ntwo\nthree")
    with Blocks(path) as file:
        assert pieces(file.lines(4, file.size, 4)) == [b"two\n", b"three"]
        assert pieces(file.lines(0, 4, 4)) == [b"one\n"]


def shorten(path):
    os.truncate(path, 5)


def empty(path):
    open(path, "w").close()


def lengthen(path):
    with open(path, "ab") as file:
        file.write(b"more\n")


def overwrite(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.write(b"z" * size)
    os.utime(path, (1, 1))  # another time, whatever the clock's steps are


CHANGES = [shorten, empty, lengthen, overwrite]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    monkeypatch.setattr(blocks.Blocks.lines, "__defaults__", (8,))
    path = tmp_path / "text"
    path.write_bytes(b"line one\nline two\nline three\n")
    found = text_blocks(str(path))
    first = next(found).tobytes()
    change(path)
    with pytest.raises(DataError, match="text changed while it was read"):
        list(found)
    assert first == b"line one\n"


def test_a_file_that_is_replaced_is_read_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks.Blocks.lines, "__defaults__", (8,))
    path, other = tmp_path / "text", tmp_path / "other"
    path.write_bytes(b"line one\nline two\n")
    other.write_bytes(b"else\n")
    found = text_blocks(str(path))
    first = next(found).tobytes()
    os.replace(other, path)
    assert [first, *pieces(found)] == [b"line one\n", b"line two\n"]


@pytest.fixture
def changing(tmp_path, monkeypatch):
    """Return a text that is emptied as soon as its first bytes have been read."""
    path = tmp_path / "changing.txt"
    path.write_bytes((SAMPLES / "topics.test.txt").read_bytes())
    read = Blocks.read

    def read_and_change(self, start, into):
        read(self, start, into)
        if self.path == str(path):
            empty(path)

    monkeypatch.setattr(Blocks, "read", read_and_change)
    return path


@pytest.mark.parametrize(
    "command",
    [
        ["supervised", "-input", "CHANGING", "-output", "m"],
        ["skipgram", "-input", "CHANGING", "-output", "m"],
        ["mlp-train", "-input", "CHANGING", "--format", "text", "-output", "m"],
        ["mlp-train", "-input", SAMPLES / "topics.test.txt", "--valid", "CHANGING", "-output", "m"],
        ["inspect", "CHANGING"],
    ],
    ids=["supervised", "skipgram", "mlp-train", "validation", "inspect"],
)
def test_commands_say_that_it_changed(changing, tmp_path, command):
    argv = [changing if word == "CHANGING" else word for word in command]
    argv = [tmp_path / "m" if word == "m" else word for word in argv]
    result = run(*argv)
    assert result.code == 1
    assert result.out == b""
    last = result.err.splitlines()[-1]
    assert (
        last == f"{changing} changed while it was read. Run this again when nothing writes to it."
    )
    assert "Traceback" not in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["changing.txt"]


@pytest.mark.parametrize("command", ["predict", "test"])
def test_a_text_that_changes_under_predictions(changing, tmp_path, command):
    lines = changing.read_bytes().count(b"\n")
    options = ["-dim", 4, "-epoch", 1, "-verbose", 0, "-thread", 1]
    trained = run(
        "supervised", "-input", SAMPLES / "topics.test.txt", "-output", tmp_path / "m", *options
    )
    assert trained.code == 0
    result = run(command, tmp_path / "m.bin", changing)
    assert result.code == 1
    assert result.err.endswith(
        "changed while it was read. Run this again when nothing writes to it.\n"
    )
    assert result.out.count(b"\n") == (lines if command == "predict" else 0)
