"""Bars of bytes: how much of a file has been read (tqdm)."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastcli.cli.display.terminal import is_live, width
from fastcli.printable import printable, shortened

if TYPE_CHECKING:
    from fastcli.text.inputs import Bytes

NAME = 24  # columns of a file's name


class ByteBar:
    """How many of ``n_bytes`` have been read; 0 if the size is not known."""

    def __init__(self, name: str, n_bytes: int, done: int = 0) -> None:
        from tqdm import tqdm

        self._bar: Any = tqdm(
            total=n_bytes or None,
            initial=done,
            desc=shortened(printable(name), NAME),
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            leave=False,
            ncols=width() - 1,
            dynamic_ncols=False,
            mininterval=0.1,
        )

    def move(self, done: int) -> None:
        """Show that ``done`` bytes have been read; if more than expected, without a total."""
        if self._bar.total and done > self._bar.total:
            self._bar.total = None
        self._bar.ncols = width() - 1
        self._bar.update(done - self._bar.n)

    def hide(self) -> None:
        """Erase the bar; the next move draws it again."""
        self._bar.clear()

    def close(self) -> None:
        """Erase the bar for good."""
        self._bar.close()


def with_bar(blocks: Iterator[Bytes], path: str, is_wanted: bool = True) -> Iterator[Bytes]:
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
            screen.advance(len(block))


def is_into_file() -> bool:
    """Tell whether standard output is a file; elsewhere the output itself shows progress."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return False
