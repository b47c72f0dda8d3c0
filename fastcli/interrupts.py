"""Interrupts: signals that end the process, and a fallback for when Python cannot react.

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
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from fastcli import signals

PATIENCE = 1.5  # seconds that the main thread has for its answer

_writing = -1  # the end of a pipe where Python writes the numbers of signals


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP end this process within two seconds, whatever it does.

    SIGINT raises KeyboardInterrupt, the others SystemExit with 128 + their number: files being
    written are removed and former ones stay.  What was ignored before (nohup) stays ignored.
    To be called by the main thread.
    """
    answered = threading.Event()

    signals.received = 0

    def answer(number: int, frame: FrameType | None) -> NoReturn:
        answered.set()
        signals.received = number
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(signals.exit_code(number))

    former = {number: signal.getsignal(number) for number in signals.ENDING}
    signals.handle(answer)
    try:
        with _pipe(lambda number: _wait(number, answered)):
            yield
    finally:
        answered.set()
        for number, handler in former.items():
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def _pipe(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Have a thread call ``on_signal`` with the number of every signal that ends a process.

    Signals that come meanwhile are taken together, as Python takes them.
    """
    global _writing
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
    except (AttributeError, OSError):  # on Windows before Python 3.12
        os.close(reading)
        os.close(writing)
        yield
        return

    def listen() -> None:
        while data := os.read(reading, 4096):
            ending = [number for number in data if number in signals.ENDING]
            if ending:
                on_signal(ending[0])
                os.set_blocking(reading, False)
                with contextlib.suppress(BlockingIOError):
                    os.read(reading, 4096)
                os.set_blocking(reading, True)
        os.close(reading)

    former = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    _writing = writing
    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        _writing = -1
        os.close(writing)


def _after_fork() -> None:
    """Keep the signals of a child to itself."""
    if _writing >= 0:
        signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _wait(number: int, answered: threading.Event) -> None:
    while not answered.wait(PATIENCE):
        if not signals.together:
            _end(number)
    answered.clear()


def _end(number: int) -> NoReturn:
    for path in list(signals.written):
        with contextlib.suppress(OSError):
            os.unlink(path)
    with contextlib.suppress(OSError):
        if number == signal.SIGINT:
            os.write(2, b"\nInterrupted.\n")
    os._exit(signals.exit_code(number))
