"""Sentences on stderr."""

from __future__ import annotations

import contextlib
import sys

from fastcli.kernels import _build


def say(sentence: str, end: str = "\n") -> None:
    """Write to stderr; a stderr that is closed or full never stops the work."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(sentence + end)
        sys.stderr.flush()


def is_terminal() -> bool:
    """Tell whether a person is likely to look at stderr."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def announce_compiling() -> None:
    """Have a line said on stderr before kernels are compiled, once."""
    _build.announce = say
