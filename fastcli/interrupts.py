"""Interrupts: signals that end the process, and a fallback for when Python cannot react.

Python hears a signal between two of its own instructions, and not while a kernel, a sort of NumPy
or the compiler is at work on the main thread.  So another thread hears them too, and ends the
process where the main thread does not answer.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from fastcli import signals

PATIENCE = 1.5  # seconds that the main thread has for its answer

_unanswered: socket.socket | None = None  # has the numbers of the signals without an answer


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
        if _unanswered is not None:
            _take(_unanswered)
        answered.set()
        signals.received = number
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(signals.exit_code(number))

    former = {number: signal.getsignal(number) for number in signals.ENDING}
    signals.handle(answer)
    try:
        with _listener(answered):
            yield
    finally:
        for number, handler in former.items():
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def _listener(answered: threading.Event) -> Iterator[None]:
    """Have a thread end the process where a signal gets no answer from the main thread.

    Python writes the number of every signal to a socket, and the main thread takes the numbers of
    those that it answers.  What is still there belongs to a signal that came later.
    """
    global _unanswered
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)

    def listen() -> None:
        with reading:
            while True:
                select.select([reading], [], [])
                answered.clear()
                with contextlib.suppress(BlockingIOError):  # answered just before
                    numbers = reading.recv(4096, socket.MSG_PEEK)
                    if not numbers:
                        return
                    ending = [number for number in numbers if number in signals.ENDING]
                    if ending:
                        _wait(ending[0], answered)
                    else:
                        _take(reading)

    former = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    _unanswered = reading
    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        _unanswered = None
        _take(reading)
        answered.set()
        writing.close()


def _after_fork() -> None:
    """Keep the signals of a child to itself."""
    global _unanswered
    if _unanswered is not None:
        signal.set_wakeup_fd(-1)
        _unanswered = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _take(numbers: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while numbers.recv(4096):
            pass


def _wait(number: int, answered: threading.Event) -> None:
    while not answered.wait(PATIENCE):
        if not signals.together:
            _end(number)


def _end(number: int) -> NoReturn:
    for path in list(signals.written):
        with contextlib.suppress(OSError):
            os.unlink(path)
    with contextlib.suppress(OSError):
        if number == signal.SIGINT:
            os.write(2, b"\nInterrupted.\n")
    os._exit(signals.exit_code(number))
