"""Colours of tables: bold headings, green for the best, yellow for warnings, red for errors."""

from __future__ import annotations

import sys
from typing import IO, Any

import click

from fastcli.cli.display.terminal import has_colour

STYLES: dict[str, dict[str, Any]] = {
    "heading": {"bold": True},
    "best": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "error": {"fg": "red"},
}


def painted(text: str, style: str, stream: IO[Any] | None = None) -> str:
    """Return text in a colour, as it is where a stream (standard output) has none."""
    if not text.strip() or not has_colour(stream or sys.stdout):
        return text
    return click.style(text, **STYLES[style])


def painted_end(line: str, end: str, style: str, stream: IO[Any] | None = None) -> str:
    """Return a line whose last word is in a colour, if it is that one."""
    start = line.removesuffix(end)
    return line if start == line else start + painted(end, style, stream)


def painted_start(line: str, start: str, style: str, stream: IO[Any] | None = None) -> str:
    """Return a line whose first words are in a colour, if they are these."""
    rest = line.removeprefix(start)
    return line if rest == line else painted(start, style, stream) + rest
