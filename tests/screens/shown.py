"""Running the commands of a screen.

A screen is a file of one command or several, each after ``$ ``, and of what it shows: standard
output, and what comes on a terminal (in capitals before the command, ``TERMINAL=80``) or not at all
(``COLUMNS=80``) of stderr.  They run one after the other in a folder with the samples.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.command import ROOT, environment, words

HERE = Path(__file__).parent
SECONDS = re.compile(r" in \d+\.\d s\b")
TINY = re.compile(r"\b\d(\.\d)?e[+-]\d\d\b")  # of gradients
SPEED, TIME = r" +\d+(\.\d+)?[kMG]?(?=  best$|$)", r" +\d+\.\d+(?= |$)"


def screens():
    """Yield each screen, as a path."""
    return sorted(HERE.glob("*.txt"))


def parts(text):
    """Return the commands of a screen, and what each shows."""
    return [tuple(part.split("\n", 1)) for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]


def masked(text):
    """Return text without times and speeds, which are others every time.

    In columns a 0 stands for them, at the right, up to the first line that is no row.
    """
    lines, pattern, end = [], "", 0
    for line in TINY.sub("0e+00", SECONDS.sub(" in 0.0 s", text)).split("\n"):
        titles = line.split()
        if titles[-1:] in (["words/s"], ["lines/s"]):
            pattern, end = SPEED, len(line)
        elif "epoch" in titles and "s" in titles:
            pattern, end = TIME, re.search(r"\bs\b", line).end()
        elif pattern:
            found = [m for m in re.finditer(pattern, line) if m.end() == end]
            if not found:
                pattern = ""
            for m in found:
                line = line[: m.start()] + "0".rjust(len(m[0])) + line[m.end() :]
        lines.append(line)
    return "\n".join(lines)


def shown(command, folder):
    """Return what a command shows in a folder."""
    setting, _, rest = command.partition(" fastcli ")
    name, _, columns = setting.partition("=")
    argv = words(*shlex.split(rest))
    env = {**environment(), "COLUMNS": columns, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    if name == "TERMINAL":
        return masked(on_terminal(argv, folder, {**env, "TERM": "dumb"}))
    done = subprocess.run(argv, capture_output=True, cwd=folder, env=env, timeout=120, check=False)
    assert done.returncode == 0, os.fsdecode(done.stderr)
    return masked(done.stdout.decode("utf-8"))


def on_terminal(argv, folder, env):
    """Return what a command writes to a terminal that cannot draw lines again."""
    import pty

    master, slave = pty.openpty()
    child = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=folder, env=env
    )
    os.close(slave)
    written = b""
    while True:
        try:
            some = os.read(master, 65536)
        except OSError:  # Linux says so when the last one has closed it
            some = b""
        if not some:
            break
        written += some
    os.close(master)
    assert child.wait(timeout=60) == 0, written.decode()
    said = written.decode("utf-8").replace("\r\n", "\n").splitlines(keepends=True)
    return "".join(line for line in said if not line.startswith("Compiling for this processor"))


def played(text):
    """Return a screen anew: its commands, and what they show now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in ("data", "tests"):
            (folder / path).symlink_to(ROOT / path)
        return "".join(f"$ {command}\n{shown(command, folder)}" for command, _ in parts(text))


def can_run(text):
    """Tell whether there are the terminals that a screen needs."""
    return sys.platform != "win32" or "TERMINAL=" not in text
