"""Threads around kernels: how many the machine offers, and running one function on several."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from fastcli.errors import FastcliError

interrupted = threading.Event()
"""Set while ``run_on`` waits for its threads after an interrupt: long work may end early then."""


def usable_cpus() -> int:
    """Return how many processors this process may use: its affinity and its cgroup's quota."""
    try:
        n = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        n = os.cpu_count() or 1
    return max(1, min(n, _cgroup_cpus() or n))


def _cgroup_cpus() -> int | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):
        return None


def run_on(n_threads: int, function: Callable[[int], None]) -> None:
    """Call ``function(thread)`` on n threads at once and wait for all of them.

    Kernels release the GIL, so they do run at once.  The first error is raised again here; an
    interrupt is too, after the threads have ended, since they work on memory of the caller.
    Raises FastcliError if the system does not give that many threads.
    """
    if n_threads == 1:
        function(0)
        return
    errors: list[BaseException] = []
    gate = threading.Event()  # nobody starts before all are there: kernels wait for each other
    cancelled = False

    def run(thread: int) -> None:
        gate.wait()
        if cancelled:
            return
        try:
            function(thread)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(n_threads)]
    interrupted.clear()
    try:
        for thread in threads:
            thread.start()
    except BaseException as error:
        cancelled = True
        if isinstance(error, RuntimeError):
            raise FastcliError(
                f"The system does not allow {n_threads} threads: use a smaller -thread."
            ) from None
        raise
    finally:
        gate.set()
        _join([thread for thread in threads if thread.ident is not None])
    if errors:
        raise errors[0]


def _join(threads: list[threading.Thread]) -> None:
    interrupt: BaseException | None = None
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except (KeyboardInterrupt, SystemExit) as error:
                interrupt = error
                interrupted.set()
    if interrupt is not None:
        raise interrupt


def share(n: int, thread: int, n_threads: int) -> tuple[int, int]:
    """Return the bounds of a thread's share of n things."""
    return n * thread // n_threads, n * (thread + 1) // n_threads
