"""Run a command in this process, and judge what it did."""

from __future__ import annotations

import math
import re
import signal
import sys
import traceback
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from fastcli import cli
from fastcli.errors import FastcliError
from fastcli.jit.build import PYTHON_MODE
from tests import command

FORESEEN = (FastcliError, click.ClickException, click.Abort, cli.PipeClosed, OSError, MemoryError)
MOST_LINES = {0: 14, 1: 6}  # by exit code
MOST_CHARACTERS = 1500  # of a line
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e]")
# What Python says of its own objects means nothing to a user.
PYTHON = re.compile(
    r"NoneType|object is not|has no attribute|unexpected keyword|could not broadcast|"
    r"cannot reshape|not supported between|indices must be|invalid literal for|not subscriptable|"
    r"is damaged: '\w+'\.?$|Errno|codec can't|unhashable|must be str, not|required positional|"
    r"<class |expected str\b|object of type|out of bounds|cannot be interpreted|"
    r"too large to convert",
    re.MULTILINE,
)
MEMORY = 400_000_000  # bytes by which the process may grow


class TooLong(BaseException):
    """The time of a case is over; no ``except Exception`` catches it."""


@dataclass(frozen=True)
class Outcome:
    """What a command did: ``ok``, ``refused``, or a kind of failure; where, and what was said."""

    kind: str
    where: str = ""
    said: str = ""

    @property
    def is_failure(self):
        return self.kind not in ("ok", "refused", "stopped")


def judge(argv, stdin=b"", seconds=0, may_take_long=False):
    """Run a command for so many seconds of the processor at most (0: for ever)."""
    before = _memory(reset=True)
    result = None
    with _exceptions() as found, _warnings() as warned:
        try:
            with _alarm(seconds):
                result = command.run(*argv, stdin=stdin)
        except BaseException as error:  # that main did not see
            found.append(error)
    where = ""
    for error in found:
        where = _place(error)
        if isinstance(error, TooLong):  # and what main made of it does not matter
            return Outcome("stopped" if may_take_long else "hang", where, f"{seconds} s")
        if type(error).__name__ == "OutOfBounds":
            return Outcome("out of bounds", where, str(error))
        if PYTHON_MODE and "cannot convert float" in str(error) and where.startswith("kernels/"):
            return Outcome("stopped", where, str(error))  # machine code takes some integer
        if result is None or not isinstance(error, (*FORESEEN, KeyboardInterrupt, SystemExit)):
            return Outcome("traceback", where, f"{type(error).__name__}: {error}")
    if warned:
        return Outcome("warning", *warned[0])
    kind = _kind(result, argv)
    grown = _memory() - before
    if kind in ("ok", "refused") and grown > MEMORY:
        return Outcome("memory", where, f"{grown / 1e6:.0f} MB more; {result.err}")
    return Outcome(kind, where, result.err)


def _kind(result, argv):
    """Return what is wrong with a result's exit code and stderr, or how it ended."""
    said = result.err
    lines = said.splitlines()
    if result.code not in (0, 1):
        return f"exit {result.code}"
    if "Traceback" in said or "Warning:" in said:
        return "traceback"
    if CONTROL.search(said):
        return "control characters"
    if any(len(line) > MOST_CHARACTERS for line in lines) or len(lines) > MOST_LINES[result.code]:
        return "long message"
    if result.code == 0:
        return "nonsense" if _is_nonsense(argv[0], result.out) else "ok"
    if not lines:
        return "silent"
    if PYTHON.search(said) or lines[-1].startswith("The output:"):
        return "unclear"
    if "does not have enough memory" in said:
        return "memory"
    return "refused"


def _is_nonsense(name, out):
    """Tell whether a model's output is not probabilities, or not numbers."""
    if name not in ("predict-prob", "print-word-vectors", "print-sentence-vectors"):
        return False
    for line in out.splitlines():
        try:
            value = float(line.rstrip(b" ").rpartition(b" ")[2] or 0)
        except ValueError:
            return True
        if not math.isfinite(value) or (name == "predict-prob" and not 0 <= value < 1.001):
            return True
    return False


@contextmanager
def _exceptions():
    """Note the exceptions that reach ``main``, whatever it makes of them."""
    found, former = [], cli.cli.main

    def main(*args, **options):
        try:
            return former(*args, **options)
        except BaseException as error:
            found.append(error)
            raise

    cli.cli.main = main
    try:
        yield found
    finally:
        del cli.cli.main


@contextmanager
def _warnings():
    """Note every warning: users would see it on stderr."""
    found = []

    def note(message, category, filename, line, *_):
        if PYTHON_MODE and "/kernels/" in filename:
            return  # machine code has no warnings
        stack = [frame for frame in traceback.extract_stack() if "/fastcli/" in frame.filename]
        where = f"{Path(filename).name}:{line}"
        if stack:
            where = f"{_inside(stack[-1].filename)}:{stack[-1].lineno}"
        found.append((where, f"{category.__name__}: {message}"))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.showwarning = note
        yield found


@contextmanager
def _alarm(seconds):
    def ring(*_):
        raise TooLong

    former = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


def _place(error):
    """Return the innermost line of fastcli that an exception came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/fastcli/" in frame.filename] or frames
    return f"{_inside(ours[-1].filename)}:{ours[-1].lineno}" if ours else ""


def _inside(path):
    return path.rpartition("/fastcli/")[2]


def _memory(reset=False):
    """Return the bytes that this process had at most since the last reset; 0 where unknown."""
    if sys.platform != "linux":
        return 0
    if reset:
        with suppress(OSError):  # else the peak stays that of all cases so far
            Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
