"""Running the command of a screen."""

import os
import shlex
import subprocess
from pathlib import Path

from tests.command import ROOT, environment, words

HERE = Path(__file__).parent


def screens():
    """Yield each screen and its command."""
    for path in sorted(HERE.glob("*.txt")):
        yield path, path.read_text(encoding="utf-8").splitlines()[0].removeprefix("$ ")


def shown(command):
    """Return what a command shows on standard output."""
    columns, _, rest = command.partition(" fastcli ")
    done = subprocess.run(
        words(*shlex.split(rest)),
        capture_output=True,
        cwd=ROOT,
        env={**environment(), "COLUMNS": columns.removeprefix("COLUMNS="), "NO_COLOR": "1"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, os.fsdecode(done.stderr)
    return done.stdout.decode("utf-8")
