"""Display while kernels are compiled on first use: how many there are."""

from __future__ import annotations

from fastcli.cli.display.messages import say
from fastcli.cli.display.screen import Screen
from fastcli.cli.display.tables import counted, width_of
from fastcli.cli.display.terminal import is_live, width

SENTENCE = "Compiling for this processor, on the first use of this command"
SHORT = "On first use"


class Compiling:
    """Counts compilations: a line that is drawn again on a terminal, one sentence in a log."""

    def __init__(self) -> None:
        self._screen = Screen(is_on=is_live(), delay=0.0)
        self._is_said = False

    def begin(self, finished: int, total: int) -> None:
        """Show that a kernel is being compiled and that ``finished`` of ``total`` are done."""
        if is_live():
            self._screen.__enter__()
            self._show(finished, total)
        elif not self._is_said:
            self._is_said = True
            say(f"{SENTENCE}: {counted(total, 'kernel')}, a few seconds ...")

    def _show(self, finished: int, total: int) -> None:
        count = f"compiled {finished} of {total}"
        room = width() - 1
        start = next((s for s in (SENTENCE, SHORT) if width_of(f"{s}: {count}") <= room), "")
        self._screen.stage(f"{start}: {count}" if start else count)

    def end(self, finished: int, total: int) -> None:
        """Show that one more is finished, and erase the line."""
        if is_live():
            self._show(finished, total)
        self._screen.__exit__(None, None, None)
