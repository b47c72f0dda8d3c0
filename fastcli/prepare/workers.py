"""Processes that read or clean beside the main one, and that end with it however it ends."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker

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


def begin() -> None:
    """Make a process that was just started a worker: quiet, and no longer alive than its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process says what there is to say
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.disable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of a pipe that the parent holds, and end this process too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
