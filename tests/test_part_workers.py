"""Processes that make parts: what becomes of the parts when one ends early."""

import errno
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fastcli.attempts import AGAIN, Failure, may_pass
from fastcli.errors import DataError
from fastcli.labelling.part_files import part_file
from fastcli.labelling.part_workers import ENDED, CannotStart, make_here, make_parts
from fastcli.labelling.parts import Part
from fastcli.text.compressed import Damaged
from tests.command import environment

WAITING = """
import sys
import time
from fastcli.labelling.part_files import part_file
from fastcli.labelling.part_workers import make_parts
from fastcli.labelling.parts import Part

def start():
    def make(part, hear):
        with part_file(part, "", lambda fd: None) as put:
            put(b"half")
            hear(part, "say", "ready")
            time.sleep(1000)
    return make

if __name__ == "__main__":
    parts = [Part(source=name, name=name, folder=sys.argv[1]) for name in "ab"]
    make_parts(parts, 2, start, lambda part, kind, what: print(what, flush=True))
"""


def ends_at_x():
    """Return what makes parts, and ends its process in the middle of those named x."""

    def make(part, hear):
        with part_file(part, "", lambda fd: None) as put:
            put(b"half")
            hear(part, "say", f"half of {part.name}")
            if part.name.startswith("x"):
                os._exit(9)
        return "done", len(part.name)

    return make


def cannot_start():
    """End the process before it makes anything."""
    os._exit(9)


def starts_at_the_second_try():
    """Fail to load what makes parts the first time."""
    tries.append(1)
    if len(tries) == 1:
        raise CannotStart(Failure(reason="stale", may_pass=True))
    return lambda part, hear: ("done", len(tries))


tries: list[int] = []


def ends_once():
    """End the process in the middle of every part, but only the first time."""

    def make(part, hear):
        mark = Path(part.folder, f"tried {part.name}")
        with part_file(part, "", lambda fd: None) as put:
            put(b"half")
            if part.name != "a" and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return "done", len(part.name)

    return make


def fails():
    """Fail with what may pass, but for the last try of b; and with what stays."""

    def make(part, hear):
        mark = Path(part.folder, f"tried {part.name}")
        with mark.open("a") as file:
            file.write("x")
        n = mark.stat().st_size
        if part.name == "b" and n > AGAIN:
            return "done", n
        return "failed", Failure(reason=f"no {part.name}", may_pass=part.name in "bp")

    return make


def made(names, folder, start, n):
    """Make parts; return what is heard of each in the end, and how often each was tried again."""
    parts = [Part(source=name, name=name, folder=str(folder)) for name in names.split()]
    heard = []
    make_parts(parts, n, start, lambda *what: heard.append(what))
    ends = {part.name: (kind, what) for part, kind, what in heard if kind in ("done", "failed")}
    assert Counter(kind in ("done", "failed") for _, kind, _ in heard)[True] == len(parts)
    return ends, Counter(part.name for part, kind, _ in heard if kind == "again")


@pytest.mark.parametrize(
    ("names", "start", "n", "failed"),
    [
        ("a x1 bb c d", ends_at_x, 2, "x1"),
        ("x1 a", ends_at_x, 1, "x1"),
        ("a b c d e", cannot_start, 2, "a b c d e"),
    ],
)
def test_a_process_that_ends_early(tmp_path, names, start, n, failed, monkeypatch):
    monkeypatch.setattr("fastcli.attempts.AGAIN", 1)  # each try is a process
    ends, again = made(names, tmp_path, start, n)
    for name in names.split():
        kind, what = ends[name]
        is_bad = name in failed.split()
        assert (kind, what.reason if is_bad else what) == (
            ("failed", ENDED) if is_bad else ("done", len(name))
        )
        assert again[name] == (1 if is_bad and start is ends_at_x else 0)
    whole = set(names.split()) - set(failed.split())
    assert {path.name for path in Path(tmp_path).iterdir()} == whole


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_process_that_is_killed_costs_its_part_one_try(tmp_path):
    ends, again = made("b c a", tmp_path, ends_once, 2)
    assert ends == {name: ("done", 1) for name in "abc"}
    assert again == {"b": 1, "c": 1}
    assert sum(path.read_bytes() == b"half" for path in tmp_path.iterdir()) == 3


def test_what_could_not_be_loaded_is_loaded_again(tmp_path, monkeypatch):
    monkeypatch.setattr("fastcli.attempts.PAUSE", 0.0)
    ends, again = made("a b", tmp_path, starts_at_the_second_try, 1)
    assert ends == {"a": ("done", 2), "b": ("done", 2)}
    assert again == {"a": 1}


@pytest.mark.parametrize("n", [0, 1])
def test_parts_are_tried_again_if_that_may_help(tmp_path, n, monkeypatch):
    monkeypatch.setattr("fastcli.attempts.PAUSE", 0.01)
    if n:
        ends, again = made("b p z", tmp_path, fails, n)
    else:
        heard = []
        parts = [Part(source=name, name=name, folder=str(tmp_path)) for name in "bpz"]
        make_here(parts, fails(), lambda *what: heard.append(what))
        ends = {part.name: (kind, what) for part, kind, what in heard if kind != "again"}
        again = Counter(part.name for part, kind, _ in heard if kind == "again")
    assert ends["b"] == ("done", AGAIN + 1)
    assert ends["p"][1].reason == "no p"
    assert ends["z"][1].reason == "no z"
    assert again == {"b": AGAIN, "p": AGAIN}


def _made_of(error, cause):
    try:
        try:
            raise cause
        except OSError:
            raise error from None
    except type(error) as found:
        return found


@pytest.mark.parametrize(
    ("error", "is_passing"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (OSError(errno.EIO, "Input/output error"), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (PermissionError(errno.EACCES, "Permission denied"), False),
        (Damaged(errno.EIO, "the file is damaged"), False),
        (DataError("a.csv:2: 3 columns instead of 2"), False),
        (_made_of(DataError("a.csv cannot be opened!"), OSError(errno.ESTALE, "")), True),
        (_made_of(DataError("a.csv cannot be opened!"), FileNotFoundError()), False),
    ],
)
def test_which_errors_may_pass(error, is_passing):
    assert may_pass(error) == is_passing


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_processes_end_with_the_main_one_however_it_ends(name, tmp_path):
    """All hold its stderr, which ends with the last of them; no temporary file stays."""
    script, folder = tmp_path / "main.py", tmp_path / "out"
    script.write_text(WAITING)
    folder.mkdir()
    argv, pipe = [sys.executable, script, folder], subprocess.PIPE
    with subprocess.Popen(argv, env=environment(), stdout=pipe, stderr=pipe) as main:
        assert [main.stdout.readline() for _ in range(2)] == [b"ready\n"] * 2
        assert len(list(folder.iterdir())) == 2
        main.send_signal(getattr(signal, name))
        _, said = main.communicate(timeout=60)
        assert b"Traceback" not in said
    assert list(folder.iterdir()) == []
