"""The end of a command that writes files: which they are, their sizes, the time, what is next."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from fastcli.cli._command import BEGAN
from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.tables import command_parts, continued, width_of
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.files import is_descriptor
from fastcli.text.spooled import is_file

SMALL = 10_000  # bytes of a file whose size is not worth a word
SPARSE = 0.9  # of the size: a file that takes less than that of the disk has holes


def say_ending(
    paths: Iterable[str],
    command: Sequence[str] = (),
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write the files that a command wrote, and the one command that may be next.

    ``notes`` has what else is to be said of some paths, such as how many rows they have.  Streams,
    and what is not a file, are left out.
    """
    known = notes or {}
    written = [path for path in dict.fromkeys(paths) if stays(path)]
    files = [file_text(path, known.get(path, ""), i == 0) for i, path in enumerate(written)]
    if files:
        say(f"Wrote {', '.join(files)}{time_text()}.")
    if command:
        say_next(command)


def say_next(command: Sequence[str], title: str = "Next:") -> None:
    """Write a command that may be copied: beside its title, or below where it is long."""
    line = f"{title} {shlex.join(command)}"
    if is_terminal() and width_of(line) > width():
        lines(title, *command_lines(command, "  "))
    else:
        lines(line)


def file_text(path: str, note: str = "", is_main: bool = True) -> str:
    """Return a path, and what it has; its size if it is the main one, or not small."""
    known = [note] if note else []
    size = size_of(path)
    if size and (is_main or size[0] >= SMALL):
        from fastcli.memory import size_text

        known += [size_text(size[0])]
        if size[1] < SPARSE * size[0]:
            known += [f"{size_text(size[1])} on disk"]
    return f"{path} ({', '.join(known)})" if known else path


def stays(path: str) -> bool:
    """Tell whether a path is a file that stays, and not a stream, also not one in a file."""
    return is_file(path) and not is_descriptor(Path(path))  # /dev/stdout may be a file


def size_of(path: str) -> tuple[int, int] | None:
    """Return the bytes of a regular file, and those that it takes of the disk."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not os.path.isfile(path):
        return None
    blocks = getattr(status, "st_blocks", None)  # Windows does not say
    # A file of no blocks may be within its entry, or not yet placed.
    on_disk = min(blocks * 512, status.st_size) if blocks else status.st_size
    return status.st_size, on_disk


def time_text() -> str:
    """Return how long the command has taken, " in 1.9 s"; "" outside of one.

    >>> time_text()
    ''
    """
    context = click.get_current_context(silent=True)
    began = context.meta.get(BEGAN) if context is not None else None
    if began is None:
        return ""
    seconds = time.monotonic() - began
    return f" in {seconds:.1f} s" if seconds < 100 else f" in {seconds:,.0f} s"


def command_lines(words: Sequence[str], indent: str = "") -> list[str]:
    """Return a command for a shell: on a terminal in lines that fit, each but the last with \\.

    An option stays with its value.
    """
    if not is_terminal():
        return [indent + shlex.join(words)]
    return continued(command_parts(words), width(), indent)
