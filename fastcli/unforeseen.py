"""Unexpected errors: one sentence for the user, and the details in a private file."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import tempfile
import traceback

from fastcli import __version__
from fastcli.printable import shortened

SHOWN = 200  # characters of what the error says


def sentence(error: BaseException) -> str:
    """Write the traceback to a private file and return the sentence about an error."""
    what = type(error).__name__
    if text := " ".join(str(error).split()):
        what += f": {shortened(text, SHOWN)}"
    try:
        where = f"The details are in {_save(error)}: please report it with them."
    except OSError:
        last = traceback.extract_tb(error.__traceback__)[-1:]
        at = "".join(f" {os.path.basename(one.filename)}:{one.lineno}" for one in last)
        where = (
            f"It happened at{at}, and the details could not be saved anywhere: please report it."
        )
    return f"fastcli failed unexpectedly ({what}). {where}"


def _save(error: BaseException) -> str:
    """Write what happened to a new file that only its owner may read; return its path."""
    fd, path = tempfile.mkstemp(prefix="fastcli-", suffix=".txt")  # 0600, unpredictable
    lines = [
        f"fastcli {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
        f"{shlex.join(sys.argv)}\n\n",
        *traceback.format_exception(error),
    ]
    with open(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(lines)
    return path
