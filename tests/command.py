"""The command line as tests call it: in this process where that will do, else in one of its own."""

import io
import math
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from fastcli.cli import main

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"
GOLDEN = ROOT / "tests" / "golden"
# Data sets and golden cases beside the repository, on the machines that have them.
SHARED = Path(os.environ.get("FASTCLI_SHARED") or ROOT.parent / "shared")
# What leaves nothing of a network to the rules for kinds of input, but how many epochs.
PLAIN = ["--optimizer", "adam", "--dropout", 0]
PLAIN_TEXT = [*PLAIN, "-wordNgrams", 1]


@dataclass(frozen=True)
class Result:
    """What a command left: exit code, all of stdout, all of stderr."""

    code: int
    out: bytes
    err: str

    def text(self):
        """Return stdout as text, after checking that all went well."""
        assert (self.code, self.err) == (0, "")
        return self.out.decode()


def messages(err):
    """Return stderr as text, without the line about compiling on first use."""
    said = err.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    return "".join(line for line in said if not line.startswith("Compiling for this processor"))


def run(*argv, stdin=b""):
    """Run a command in this process, through ``main`` and its handling of errors."""
    saved = sys.argv, sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.argv = ["fastcli", *map(str, argv)]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8")
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8")
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        written = out.getvalue(), err.getvalue()
        sys.argv, sys.stdin, sys.stdout, sys.stderr = saved
    return Result(code, written[0], messages(written[1]))


def environment():
    """Return the environment of a process that runs this tree, installed or not."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def words(*argv):
    """Return the words that start a command in a process of its own."""
    return [sys.executable, "-m", "fastcli", *map(str, argv)]


def process(*argv, stdin=b"", **options):
    """Run a command in a process of its own."""
    done = subprocess.run(
        words(*argv),
        input=stdin,
        capture_output=True,
        env=environment(),
        timeout=120,
        check=False,
        **options,
    )
    return Result(done.returncode, done.stdout, messages(done.stderr))


def start(*argv, **options):
    """Start a command with pipes to its three streams."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words(*argv), env=environment(), **{**pipes, **options})


def is_same_text(comp, ref, rtol=1e-4, atol=2e-6):
    """Return whether two texts are equal, but for the last digits of their numbers."""
    got, want = re.split(r"(\s+)", comp), re.split(r"(\s+)", ref)
    return len(got) == len(want) and all(
        a == b or _is_close(a, b, rtol, atol) for a, b in zip(got, want, strict=True)
    )


def _is_close(a, b, rtol, atol):
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return math.isclose(x, y, rel_tol=0, abs_tol=atol + rtol * abs(y))
