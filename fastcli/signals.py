"""What ends the program from outside: Ctrl-C, SIGTERM, and SIGHUP when a terminal is closed.

The exit code is 128 and the signal's number, as a shell has it.  What was ignored when the program
was started, as ``nohup`` ignores SIGHUP, stays ignored.  It is imported before anything else, so it
imports nothing large.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # as typing has it, which takes longer to import than all this
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

ENDING = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) is not None
)

received = 0  # number of the last of these signals since ``raise_in_main``


def exit_code(number: int) -> int:
    """Return the exit code of a process that a signal ended.

    >>> exit_code(15)
    143
    """
    return 128 + number


def end_at_once() -> None:
    """Have signals end the process quietly, where there is nothing to clean up."""
    _listen(lambda number, frame: os._exit(exit_code(number)))


def raise_in_main() -> None:
    """Have signals raise KeyboardInterrupt or SystemExit, so that what is begun is cleaned up."""
    global received
    received = 0
    _listen(_raise)


def _raise(number: int, frame: FrameType | None) -> None:
    global received
    received = number
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(exit_code(number))


def _listen(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in ENDING:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            try:
                signal.signal(number, handler)
            except ValueError:
                return  # only the main thread can listen
