"""Sentences on stderr: notes, warnings and errors."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastcli.cli.display.screen import above
from fastcli.cli.display.tables import sentence_lines
from fastcli.cli.display.terminal import has_colour, is_terminal, width
from fastcli.printable import one_line

if TYPE_CHECKING:
    import click

    from fastcli.cli.display.compiling import Compiling
    from fastcli.jit.build import AnyKernel

COLOURS = {"error": "bold red", "warning": "yellow"}


def say(*sentences: str) -> None:
    """Write sentences to stderr; a stderr that is closed or full never stops the work.

    What a sentence quotes of files and arguments is escaped, line ends too: see ``printable``.
    On a terminal a long one is continued on the next line between two words, and a command at its
    end is in lines of its own.
    """
    if not is_terminal():
        lines(*sentences)
        return
    lines(*[part for one in sentences for part in sentence_lines(one_line(one), width())])


def lines(*rows: str) -> None:
    """Write lines to stderr as they are: rows of tables, and commands that a user may copy."""
    _write("".join(f"{one_line(row)}\n" for row in rows))


def painted_row(row: str, paint: Callable[[str], str]) -> None:
    """Write the row of a table to stderr in the colours that ``paint`` adds."""
    _write(f"{paint(one_line(row))}\n")


def warn(sentence: str) -> None:
    """Write a sentence about what was not done."""
    _labelled("warning", sentence)


def error(sentence: str) -> None:
    """Write a sentence about what went wrong."""
    _labelled("error", sentence)


def _labelled(label: str, sentence: str) -> None:
    """Write a sentence, after a coloured label on a terminal."""
    coloured = has_colour()
    if not (is_terminal() or coloured):
        lines(sentence)
        return
    start = f"{label}  "
    room = width() if is_terminal() else sys.maxsize
    text = "\n".join(sentence_lines(one_line(sentence), room, start, " " * len(start)))
    if not coloured:
        _write(f"{text}\n")
        return
    with above(), contextlib.suppress(OSError, ValueError):
        from rich.text import Text

        from fastcli.cli.display.live import console

        styled = Text(text)
        styled.stylize(COLOURS[label], 0, len(label))
        console().print(styled, soft_wrap=True)


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    with above(), contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def announce_compiling() -> None:
    """Show on stderr that kernels are compiled, how many, and notes about text."""
    import click

    from fastcli.jit import build
    from fastcli.notices import COMPILING, SPELLING, announce_only

    announce_only(COMPILING, SPELLING)
    build.watcher = _Watcher(click.get_current_context(silent=True))


class _Watcher:
    """Listens to compilations; the display is imported with the first of them."""

    def __init__(self, context: click.Context | None) -> None:
        self._context = context
        self._display: Compiling | None = None

    def expected(self) -> list[AnyKernel]:
        """Return the kernels that the command is about to need."""
        from fastcli.cli._first_use import kernels_needed

        if self._context is None or self._context.info_name is None:
            return []
        return kernels_needed(self._context.info_name, self._context.params)

    def begin(self, finished: int, total: int) -> None:
        """Show that a kernel is being compiled or waited for."""
        from fastcli.cli.display.compiling import Compiling

        self._display = self._display or Compiling()
        self._display.begin(finished, total)

    def end(self, finished: int, total: int) -> None:
        """The kernel is ready."""
        if self._display is not None:
            self._display.end(finished, total)
