"""Which files a command may overwrite: never its inputs, and some only if fastcli wrote them.

What ``-output`` names is written over, as in fastText, unless it is read; the one exception is the
model that training goes on with, which the new one replaces at the end.  Files that people do not
expect to be written over (logs, trials, checkpoints) are ours by what they begin with.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fastcli.errors import ArgumentError, FastcliError
from fastcli.urls import is_url

STREAM = "-"  # standard input where it is read, standard output where it is written
LONGEST_LINE = 1 << 20  # bytes that are read of a file to see whose it is


def check_apart(inputs: Iterable[str], outputs: Iterable[str], reads_folders: bool = False) -> None:
    """Raise ArgumentError if a file would be written that is read too, or written twice.

    Files are the same where the system says so: through links, hard links, ``/dev/stdin``,
    redirected streams, names that differ in case where that does not count.  What is not a regular
    file (a terminal, a pipe, ``/dev/null``) can be both.  Empty names stand for nothing; where a
    command ``reads_folders`` one stands for all files in it.
    """
    written: dict[Any, str] = {}
    for path in filter(None, outputs):
        identity = _identity(path, 1)
        if identity in written:
            raise ArgumentError(
                f"{_shown(path, 1)} and {_shown(written[identity], 1)} are the same file, and both "
                "would be written: give different names."
            )
        if identity is not None:
            written[identity] = path
    if not any(isinstance(identity, tuple) for identity in written):
        return  # what is new cannot be read
    for path in filter(None, inputs):
        for part in _files(path) if reads_folders else [path]:
            identity = _identity(part, 0)
            output = written.get(identity) if isinstance(identity, tuple) else None
            if output is not None:
                read, written_as = _shown(part, 0), _shown(output, 1)
                since = "" if read == written_as else f", since {written_as} is the same file"
                raise ArgumentError(
                    f"{read} is an input and would be overwritten{since}: "
                    "give the output another name."
                )


def check_ours(path: str, what: str, is_ours: Callable[[str], bool]) -> None:
    """Raise FastcliError if a file with something in it is not ``what`` (an mlp-train log)."""
    try:
        found = os.stat(path)
    except OSError:
        return  # reported when it is written
    if stat.S_ISREG(found.st_mode) and found.st_size > 0 and not is_ours(path):
        raise FastcliError(
            f"{path} exists and is not {what}; it would be replaced. "
            "Rename it, or give another name."
        )


def first_object(path: str) -> tuple[dict[str, Any], bytes]:
    """Return the JSON object that a file's first line is, and the line.

    The object is empty where there is none, or the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            line = file.readline(LONGEST_LINE)
    except OSError:
        return {}, b""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}, line
    return found if isinstance(found, dict) else {}, line


def _shown(path: str, stream: int) -> str:
    return ("standard input", "standard output")[stream] if path == STREAM else path


def _identity(path: str, stream: int) -> Any:
    """Return what identifies a regular file; None for anything else.

    ``stream`` is the number of the one that ``-`` stands for.  A file that is not there yet is told
    by its path.
    """
    try:
        found = os.fstat(stream) if path == STREAM else os.stat(path)
    except ValueError:
        raise ArgumentError(f"{path!r} is not a file name.") from None
    except OSError:
        if is_url(path):
            return "URL", path
        return None if path == STREAM else os.path.normcase(os.path.realpath(path))
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _files(path: str) -> Iterator[str]:
    """Yield a path, or the files below a folder."""
    if path == STREAM or not os.path.isdir(path):
        yield path
        return
    for folder, _, names in os.walk(path, followlinks=False):
        for name in names:
            yield os.path.join(folder, name)
