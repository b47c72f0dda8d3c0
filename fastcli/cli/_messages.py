"""Sentences on stderr."""

from __future__ import annotations

import contextlib
import sys

from fastcli.printable import one_line

ERASE = "\r\x1b[K"


def say(*lines: str) -> None:
    """Write lines to stderr; a stderr that is closed or full never stops the work.

    What a line quotes of files and arguments is escaped, line ends too: see ``printable``.
    """
    _write("".join(f"{one_line(line)}\n" for line in lines))


def redraw(line: str = "") -> None:
    """Write a line in the place of the one that a terminal shows; nothing erases it."""
    _write(ERASE + one_line(line))


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def is_terminal() -> bool:
    """Tell whether a person is likely to look at stderr."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def announce_compiling() -> None:
    """Have a line said on stderr before kernels are compiled, once, and what text lacks."""
    from fastcli.jit import build
    from fastcli.text import spelling

    build.announce = say
    spelling.announce = say
