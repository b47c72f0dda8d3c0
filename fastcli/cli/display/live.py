"""A line at the bottom of a terminal that is drawn again and again, and colour (rich)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from fastcli.cli.display.tables import GAP, fitted, width_of
from fastcli.cli.display.terminal import has_colour, width

LEAST_BAR, LONGEST_BAR = 8, 40  # columns


def console() -> Any:
    """Return the console of stderr: as wide as the terminal is now, in colour if it can."""
    from rich.console import Console

    coloured = has_colour()
    return Console(
        file=sys.stderr,
        force_terminal=True,
        force_interactive=True,
        width=width(),
        no_color=not coloured,
        color_system="standard" if coloured else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=None,
    )


class LiveLine:
    """One line that is redrawn in place; other output is written above it."""

    def __init__(self) -> None:
        from rich.live import Live

        self._console = console()
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        self._console.show_cursor(True)  # so that a process that is killed leaves it

    def draw(self, parts: Sequence[str], progress: float | None = None) -> None:
        """Draw the parts that fit, and a bar if there is space left."""
        from rich.text import Text

        columns = width() - 1  # the last one makes some terminals begin a new line
        self._console.width = columns + 1
        line = Text(fitted(parts, columns), no_wrap=True, overflow="crop")
        room = min(columns - width_of(line.plain) - len(GAP), LONGEST_BAR)
        if progress is not None and room >= LEAST_BAR and self._has_bars():
            full = round(min(max(progress, 0.0), 1.0) * room)
            line.append(GAP)
            line.append("━" * full, "cyan")
            line.append("━" * (room - full) if has_colour() else " " * (room - full), "dim")
        self._live.update(line, refresh=True)

    def _has_bars(self) -> bool:
        return str(self._console.encoding).lower().replace("-", "") == "utf8"

    def close(self) -> None:
        """Erase the line."""
        self._live.stop()
