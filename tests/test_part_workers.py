"""Processes that make parts: what becomes of the parts when one ends early."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fastcli.labelling.part_files import part_file
from fastcli.labelling.part_workers import ENDED, make_parts
from fastcli.labelling.parts import Part
from tests.command import environment

WAITING = """
import sys
import time
from fastcli.labelling.part_files import part_file
from fastcli.labelling.part_workers import make_parts
from fastcli.labelling.parts import Part

def start():
    def make(part, hear):
        with part_file(part.target, "", lambda fd: None) as put:
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
        with part_file(part.target, "", lambda fd: None) as put:
            put(b"half")
            hear(part, "say", f"half of {part.name}")
            if part.name.startswith("x"):
                os._exit(9)
        return "done", len(part.name)

    return make


def cannot_start():
    """End the process before it makes anything."""
    os._exit(9)


@pytest.mark.parametrize(
    ("names", "start", "n", "failed"),
    [
        ("a x1 bb c d", ends_at_x, 2, "x1"),
        ("a x1 b x2 c", ends_at_x, 1, "x1 x2"),
        ("a b c d e", cannot_start, 2, "a b c d e"),
    ],
)
def test_a_process_that_ends_early(tmp_path, names, start, n, failed):
    parts = [Part(source=name, name=name, folder=str(tmp_path)) for name in names.split()]
    heard = []
    make_parts(parts, n, start, lambda *what: heard.append(what))
    ends = {part.name: (kind, what) for part, kind, what in heard if kind != "say"}
    assert Counter(kind for _, kind, _ in heard if kind != "say").total() == len(parts)
    for name in names.split():
        is_bad = name in failed.split()
        assert ends[name] == (("failed", ENDED) if is_bad else ("done", len(name)))
    made = set(names.split()) - set(failed.split())
    assert {path.name for path in Path(tmp_path).iterdir()} == made


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
