"""Display while kernels are compiled on first use: how many there are."""

from __future__ import annotations

from fastcli.cli.display.messages import say
from fastcli.cli.display.screen import Screen
from fastcli.cli.display.tables import counted, width_of
from fastcli.cli.display.terminal import is_live, width

SENTENCE = "Compiling for this processor, on the first use of this command"
SHORT = "Compiling, on first use"


class Compiling:
    """Counts compilations: a line that is drawn again on a terminal, one sentence in a log."""

    def __init__(self) -> None:
        self._screen = Screen(is_on=is_live(), delay=0.0)

    def begin(self, number: int, total: int) -> None:
        """Show that a kernel, the ``number``-th of ``total``, is being compiled."""
        if not is_live():
            if number == 1:
                say(f"{SENTENCE}: {counted(total, 'kernel')}, a few seconds ...")
            return
        self._screen.__enter__()
        count = f"{number} of {total}"
        room = width() - 1
        start = next((s for s in (SENTENCE, SHORT) if width_of(f"{s}: {count}") <= room), "")
        self._screen.stage(f"{start}: {count}" if start else count)

    def end(self) -> None:
        """Erase the line: the kernel is ready."""
        self._screen.__exit__(None, None, None)
