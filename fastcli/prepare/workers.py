"""Worker processes that read or clean, and that end with the main one however it ends."""

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

from fastcli import signals
from fastcli.notices import announce_only
from fastcli.signals import ENDING

CONTEXT = multiprocessing.get_context("spawn")


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Keep signals from processes that are started meanwhile; SIGTERM until they ``begin``.

    A terminal sends Ctrl-C and SIGHUP to all processes, but only the main one has something to say
    or clean up.  What is blocked stays so in a new process, from its first instruction on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let them through again
    kept = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
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
        with _unblocked(), _beginning:
            process = subprocess.Popen(
                command,
                shell=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            _commands.add(process)
        stack.callback(_commands.discard, process)
        stack.enter_context(process)
        stack.callback(_end, process)
        yield process


_commands: set[subprocess.Popen[bytes]] = set()
_beginning = threading.Lock()
"""Held while a command begins, and for good once they are ended: none is missed, and none follows.
"""


@contextlib.contextmanager
def _unblocked() -> Iterator[None]:
    """Let signals through again that ``starting`` keeps from workers.

    A SIGTERM that would end this process meanwhile, and not what it starts, comes again afterwards.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    missed: list[int] = []
    is_default = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if is_default and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda number, frame: missed.append(number))
    kept = signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, kept)  # calls the handler if it must be
        if is_default and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if missed:
            os.kill(os.getpid(), missed[0])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that has not ended, and what it started."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "nt":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def begin() -> None:
    """Make a process that was just started a worker: quiet, and ended with its parent."""
    # The main process says what there is to say.  A handler, since what is ignored would be so for
    # commands, too.
    signals.handle(lambda number, frame: None, set(ENDING) - {signal.SIGTERM})
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_end_on_sigterm, daemon=True).start()
    announce_only()  # the main process does
    gc.disable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of a pipe that the parent holds, and end this process too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _end_commands()
        for path in list(signals.written):
            with contextlib.suppress(OSError):
                os.unlink(path)
        os._exit(1)


def _end_on_sigterm() -> None:
    """End this process as SIGTERM would, and the commands that it started.

    A thread waits for it, since Python sees a signal late that comes just before a system call.
    """
    signal.sigwait({signal.SIGTERM})
    _end_commands()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    os.kill(os.getpid(), signal.SIGTERM)


def _end_commands() -> None:
    _beginning.acquire()
    for process in list(_commands):
        _end(process)
