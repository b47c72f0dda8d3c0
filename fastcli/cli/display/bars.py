"""Bars of bytes: how much of a file has been read (tqdm)."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastcli.cli.display.live import LEAST_BAR
from fastcli.cli.display.tables import cut, width_of
from fastcli.cli.display.terminal import is_live, width
from fastcli.printable import printable, shortened

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block

NAME, LEAST_NAME = 24, 8  # columns of a file's name
# In what form bars are drawn, the longest that there is room for: with the graphic and the rate,
# with the rate, without; and in little room without the time that is over.
SIZED = (
    "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]",
    "{percentage:3.0f}% {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]",
    "{percentage:3.0f}% {n_fmt}/{total_fmt} [{elapsed}<{remaining}]",
    "{percentage:3.0f}% {n_fmt}/{total_fmt} <{remaining}",
)
UNSIZED = ("{n_fmt}B [{elapsed}, {rate_fmt}]", "{n_fmt}B [{elapsed}]", "{n_fmt}B")
LEAST = "{percentage:3.0f}%"  # where nothing else has room


class ByteBar:
    """How many of ``n_bytes`` have been read; 0 if the size is not known."""

    def __init__(self, name: str, n_bytes: int, done: int = 0) -> None:
        from tqdm import tqdm

        self.name = name
        self._bar: Any = tqdm(
            total=n_bytes or None,
            initial=done,
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            leave=False,
            delay=1.0,  # nothing is drawn before the form is known
        )
        self._bar.delay = 0.0
        self.move(done)

    @property
    def name(self) -> str:
        """What is read, as it is shown."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = shortened(printable(name), NAME)

    def _fit(self) -> None:
        """Choose the form that the terminal has room for: numbers are never cut, a name may be."""
        columns = width() - 1
        self._bar.ncols = columns
        forms = SIZED if self._bar.total else UNSIZED
        for form in forms:
            least = LEAST_BAR if "{bar}" in form else 0
            room = columns - self._width(form) - least - len(": ")
            if room >= min(LEAST_NAME, width_of(self._name)):
                self._bar.desc = cut(self._name, room)
                self._bar.bar_format = "{desc}: " + form
                return
        nameless = (form for form in forms[1:] if self._width(form) <= columns)
        self._bar.bar_format = next(nameless, LEAST if self._bar.total else forms[-1])

    def _width(self, form: str) -> int:
        """Return the columns of a form without its graphic and the name."""
        values = {**self._bar.format_dict, "bar_format": form.replace("{bar}", ""), "ncols": None}
        return width_of(self._bar.format_meter(**values))

    def move(self, done: int) -> None:
        """Show that ``done`` bytes have been read; if more than expected, without a total."""
        if self._bar.total and done > self._bar.total:
            self._bar.total = None
        self._bar.n = done
        self._fit()
        self._bar.refresh()

    def hide(self) -> None:
        """Erase the bar; the next move draws it again."""
        self._bar.clear()

    def close(self) -> None:
        """Erase the bar for good."""
        self._bar.close()


def with_bar(blocks: Iterator[Block], path: str, is_wanted: bool = True) -> Iterator[Block]:
    """Yield the blocks of a file that is read, with a bar of the bytes on a terminal."""
    if not (is_wanted and is_live()):
        yield from blocks
        return
    from fastcli.cli.display.screen import Screen
    from fastcli.text.inputs import text_size

    with Screen(is_on=True) as screen:
        screen.stage(os.path.basename(path) if path != "-" else "standard input", text_size([path]))
        for block in blocks:
            yield block
            screen.advance(block.nbytes)


def is_into_file() -> bool:
    """Tell whether standard output is a file; elsewhere the output itself shows progress."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return False
