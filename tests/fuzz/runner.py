"""Run any number of cases, in processes that may crash or hang, and gather what failed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.command import environment
from tests.fuzz.formats import make_case
from tests.fuzz.judge import Outcome

DEAF = 120  # seconds of a case after which its process is killed
FIRST = 300  # the same for a process's first cases, whose kernels may have to be compiled
STARTING = 300  # the same before its first case
MEMORY = 3_000_000_000  # bytes at which a process is killed, before others suffer
BATCH = 2000  # cases of a process
TEMPORARY = "temporary"  # folder beside the sound files, where tracebacks are written
WORKER = ["-m", "tests.fuzz.worker"]


@dataclass(frozen=True)
class Result:
    """A case: what was damaged, the command, and what that did."""

    name: str
    seed: int
    what: str
    command: str
    outcome: Outcome

    def __str__(self):
        place = f" at {self.outcome.where}" if self.outcome.where else ""
        said = self.outcome.said.strip()[:300]
        return (
            f"{self.outcome.kind}{place}: {said!a}\n"
            f"    --format {self.name} --seed {self.seed}: {self.what[:300]}\n    {self.command}"
        )


def run_cases(cases, sound, python_mode=False, on_result=lambda *_: None):
    """Run (format, seed) pairs; return the failures and how often each outcome was.

    ``on_result`` hears the number of cases done, and the last one's result.
    """
    failures, kinds = [], Counter()
    with tempfile.TemporaryDirectory() as folder:
        listed, log = Path(folder, "cases"), Path(folder, "log")
        done = 0
        while done < len(cases):
            batch = cases[done : done + BATCH]
            listed.write_text("".join(f"{name} {seed}\n" for name, seed in batch))
            first = 0
            while first < len(batch):
                log.write_text("")
                ended = _run_process(sound, listed, first, log, python_mode)
                for left in Path(sound).glob("case-*"):  # by a process that crashed
                    shutil.rmtree(left, ignore_errors=True)
                for number, what, argv, outcome in _outcomes(log, ended, batch, sound):
                    result = Result(*batch[number], what, " ".join(argv), Outcome(**outcome))
                    if result.outcome.is_failure:
                        failures.append(result)
                    kinds[result.outcome.kind] += 1
                    first = number + 1
                    on_result(done + first, result)
            done += len(batch)
    return failures, kinds


def _run_process(sound, listed, first, log, python_mode):
    """Run a worker until it ends; return how it ended, after killing it if it is deaf."""
    words = [sys.executable, *WORKER, listed, first, log]
    temporary = Path(sound, TEMPORARY).resolve()
    temporary.mkdir(exist_ok=True)
    env = {
        **environment(),
        "NUMBA_DISABLE_JIT": "1" if python_mode else "0",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
    }
    with open(f"{log}.err", "wb") as errors:
        worker = subprocess.Popen(
            list(map(str, words)), cwd=sound, env=env, stdin=subprocess.DEVNULL, stderr=errors
        )
        try:
            killed = _watch(worker, log)
        finally:  # also where this process is interrupted
            worker.kill()
            worker.wait()
    if killed:
        return killed
    if worker.returncode < 0:
        return f"crash: {signal.Signals(-worker.returncode).name}"
    return f"exit {worker.returncode}" if worker.returncode else ""


def _watch(worker, log):
    """Wait for a worker to end; return why it must be killed, "" if it need not be."""
    grew, size, patience = time.monotonic(), 0, STARTING
    while worker.poll() is None:
        time.sleep(0.02)
        if (now := log.stat().st_size) != size:
            grew, size = time.monotonic(), now
            patience = DEAF if size > 20_000 else FIRST
        if time.monotonic() - grew > patience:
            return "deaf hang"
        if _memory(worker.pid) > MEMORY:
            return "memory"
    return ""


def _memory(pid):
    """Return the bytes of memory that a process has; 0 where that is not known."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # not on Linux, or it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _outcomes(log, ended, batch, sound):
    """Yield what the log of a worker says; the last case is blamed for how it ended."""
    last = None
    for line in log.read_text().splitlines():
        if line.startswith("start "):
            last = int(line.split()[1])
        else:
            last = None
            yield json.loads(line)
    if ended and (last is None or ended == "exit 1"):
        raise RuntimeError(f"The worker ended with {ended}: {Path(f'{log}.err').read_text()}")
    if last is not None:
        with tempfile.TemporaryDirectory() as folder:
            case = make_case(*batch[last], sound, Path(folder))
            argv = [word.replace(folder, "case") for word in case.argv]
        yield last, case.what, argv, {"kind": ended or "ended early"}


def in_turn(names, n, first_seed=0):
    """Return n cases: of all formats in turn, with seeds that count up."""
    return [(names[i % len(names)], first_seed + i // len(names)) for i in range(n)]
