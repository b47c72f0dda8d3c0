"""Run cases in a process that may crash: its parent reads how far it came.

    python -m tests.fuzz.worker <file of cases> <first> <log>

The current folder is that of the sound files.
The log has a line ``start <number>`` before each case, and its outcome as JSON after it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from fastcli.jit.build import PYTHON_MODE
from fastcli.text import counting
from fastcli.text.blocks import BLOCK, Blocks
from tests.fuzz.formats import FORMATS, make_case
from tests.fuzz.judge import judge

ROOM = 12_000_000_000  # bytes of addresses, of which zeros that nobody touches take no memory
SECONDS = 60 if PYTHON_MODE else 10  # of the processor, for a case
COMPILING = 180
SMALL = 300  # bytes of a block in every second case, so that lines meet the borders of blocks


def main(cases, first, log):
    """Run the cases of a file from the one with number ``first`` on."""
    if PYTHON_MODE:
        from tests.fuzz.bounds import check_bounds

        check_bounds()
    lines = Path(cases).read_text().splitlines()
    warm = set()
    with open(log, "a", buffering=1) as file:
        for number in range(int(first), len(lines)):
            name, seed = lines[number].split()
            file.write(f"start {number}\n")
            outcome, what, argv = run_case(name, int(seed), warm)
            file.write(json.dumps([number, what, argv, asdict(outcome)]) + "\n")


def run_case(name, seed, warm):
    """Run one case in a folder of its own; return its outcome, the damage and the command.

    ``warm`` has the commands that have run before: nothing has to be compiled for them.
    """
    folder = Path(tempfile.mkdtemp(prefix="case-", dir="."))
    try:
        case = make_case(name, seed, Path(), folder)
        vary(case.argv, seed)
        limit_memory()
        before = {path: path.read_bytes() for path in folder.iterdir()}
        seconds = SECONDS if case.pair in warm else COMPILING
        warm.add(case.pair)
        outcome = judge(case.argv, case.stdin, seconds, FORMATS[name].may_take_long)
        if outcome.kind in ("ok", "refused") and (wrong := _files(folder, before, outcome.kind)):
            outcome = replace(outcome, kind=wrong)
        return outcome, case.what, [word.replace(str(folder), "case") for word in case.argv]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def vary(argv, seed):
    """Read text in small blocks in every second case, and on two threads in the next ones."""
    size = SMALL if seed % 2 else BLOCK
    Blocks.lines.__defaults__ = (size,)
    counting.AT_ONCE = size
    if seed % 4 > 1 and "-thread" in argv:
        argv[argv.index("-thread") + 1] = "2"


def _files(folder, before, kind):
    """Return what is wrong with the files that a command left; "" if nothing is."""
    if any(path.name.startswith(".") for path in folder.iterdir()):
        return "litter"
    if kind == "refused":
        for path, data in before.items():
            if not path.exists() or not path.read_bytes().startswith(data):
                return "lost input"
    return ""


def limit_memory():
    """Let this process grow by ``ROOM`` from here on, where that can be said."""
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * os.sysconf("SC_PAGE_SIZE") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (room, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
