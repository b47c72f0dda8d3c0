"""Processes that read or clean beside the main one, and that end with it however it ends."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from types import FrameType

from fastcli import signals
from fastcli.signals import ENDING

CONTEXT = multiprocessing.get_context("spawn")


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Keep Ctrl-C and SIGHUP from processes that are started meanwhile; they wait for this one.

    A terminal sends them to all processes, but only the main one has something to say or clean up.
    What is blocked stays so in a new process, from its first instruction on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let them through again
    kept = signal.pthread_sigmask(signal.SIG_BLOCK, set(ENDING) - {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, kept)


@contextlib.contextmanager
def running(command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a shell command, to be talked to through pipes; it ends with this, or this process.

    It is in a session of its own, so that all that it starts ends with it, and signals are
    for it what they were for the program: neither blocked nor handled.  Raises OSError.
    """
    with contextlib.ExitStack() as stack:
        with _unblocked():
            process = subprocess.Popen(
                command,
                shell=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            stack.callback(_commands.discard, process)
            stack.enter_context(process)
            stack.callback(_end, process)
            _commands.add(process)
        yield process


_commands: set[subprocess.Popen[bytes]] = set()


@contextlib.contextmanager
def _unblocked() -> Iterator[None]:
    """Let signals through again that ``starting`` keeps from workers."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    kept = signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, kept)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that has not ended, and what it started."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "nt":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def begin() -> None:
    """Make a process that was just started a worker: quiet, and no longer alive than its parent."""
    # The main process says what there is to say.  A handler, since what is ignored would be so for
    # commands, too.
    signals.handle(lambda number, frame: None)
    signal.signal(signal.SIGTERM, _end_on_signal)
    gc.disable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of a pipe that the parent holds, and end this process too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _end_commands()
        os._exit(1)


def _end_on_signal(number: int, frame: FrameType | None) -> None:
    """End this process, as the signal would, and the commands that it started."""
    _end_commands()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _end_commands() -> None:
    for process in list(_commands):
        _end(process)
