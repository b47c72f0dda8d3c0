"""Signals that end the program: Ctrl-C, SIGTERM, and SIGHUP when a terminal is closed.

The exit code is 128 and the signal's number, as a shell has it.  What was ignored when the program
was started, as ``nohup`` ignores SIGHUP, stays ignored.  It is imported before anything else, so it
imports nothing large.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # as typing has it, which takes longer to import than all this
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

ENDING = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) is not None
)

received = 0  # number of the last of these signals since ``interrupts.heard``
together = 0  # how many sections are running that may only be done as a whole
written: set[str] = set()  # temporary files of this process, to be removed when it ends at once


def exit_code(number: int) -> int:
    """Return the exit code of a process that a signal ended.

    >>> exit_code(15)
    143
    """
    return 128 + number


def end_at_once() -> None:
    """Have signals end the process quietly, where there is nothing to clean up."""
    handle(lambda number, frame: os._exit(exit_code(number)))


def handle(
    handler: Callable[[int, FrameType | None], None], numbers: Iterable[int] = ENDING
) -> None:
    """Have a function called with each of these signals that was not ignored at the start."""
    for number in numbers:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            try:
                signal.signal(number, handler)
            except ValueError:
                return  # only the main thread can listen
