"""Interrupts: signals that end the process, and the last resort where nobody hears them.

Python hears a signal between two of its own instructions, and not while a kernel, a sort of NumPy
or the compiler is at work on the main thread.  So another thread hears them too, and ends the
process where the main thread does not answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from fastcli import threads

PATIENCE = 1.5  # seconds that the main thread has for its answer

temporaries: set[str] = set()
"""Paths of files that are being written: they are removed when the last resort is taken."""

_answered = threading.Event()


def watch() -> None:
    """Have SIGINT, SIGTERM and SIGHUP end this process within two seconds, whatever it does.

    SIGINT raises KeyboardInterrupt, the others SystemExit with 128 + their number: files being
    written are removed and former ones stay.  What was ignored before (nohup) stays ignored.
    Called once, by the main thread of the program.
    """
    for number in threads.ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
    except (AttributeError, OSError):  # on Windows before Python 3.12
        return
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if hasattr(os, "register_at_fork"):  # a child's signals are not ours
        os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
    threading.Thread(target=_wait_for_signals, args=(reading,), daemon=True).start()


def _answer(number: int, frame: FrameType | None) -> NoReturn:
    _answered.set()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def _wait_for_signals(reading: int) -> None:
    while True:
        number = os.read(reading, 1)[0]
        if number in threads.ENDING:
            break
    while not _answered.wait(PATIENCE):
        if not threads.works_together():
            _end(number)


def _end(number: int) -> NoReturn:
    for path in list(temporaries):
        with contextlib.suppress(OSError):
            os.unlink(path)
    with contextlib.suppress(OSError):
        if number == signal.SIGINT:
            os.write(2, b"\nInterrupted.\n")
    os._exit(128 + number)
