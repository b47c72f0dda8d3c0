"""Capabilities of the terminal, and the user's settings for it."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

USUAL = 80  # columns, if the width is not known


def is_terminal(stream: IO[Any] | None = None) -> bool:
    """Tell whether a stream (stderr unless one is given) is a terminal."""
    stream = sys.stderr if stream is None else stream
    return stream is not None and not stream.closed and stream.isatty()


def is_live() -> bool:
    """Tell whether lines on stderr can be drawn again: TERM=dumb cannot go back in a line."""
    return is_terminal() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def has_colour(stream: IO[Any] | None = None) -> bool:
    """Tell whether a stream gets colours: on a terminal that has them, or as the environment says.

    NO_COLOR comes first, then FORCE_COLOR (0 is no), then TERM, as in Python itself; empty
    values say nothing.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced.lower() not in ("0", "false")
    return is_terminal(stream) and os.environ.get("TERM", "") not in ("dumb", "unknown")


def width(stream: IO[Any] | None = None) -> int:
    """Return the columns of the terminal behind a stream; COLUMNS, where it is set, wins."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and int(given) > 0:
        return int(given)
    stream = sys.stderr if stream is None else stream
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):
        found = 0
    return found or USUAL
