"""Threads around kernels: how many the machine offers, and running one function on several."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from fastcli.errors import FastcliError
from fastcli.signals import ENDING

interrupted = threading.Event()
"""Set while an interrupt waits for ``run_on``: long work may end early then."""


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
    """Call ``function(thread)`` on n threads at once, this one among them, and wait for all.

    Kernels release the GIL, so they do run at once.  The first error is raised again here; an
    interrupt is handled after the threads have ended, since kernels wait for each other and
    work on memory of the caller.  Threads are kept for the next time, since starting one takes
    longer than many a step.  Raises FastcliError if the system does not give that many threads.
    """
    if n_threads == 1:
        function(0)
        return
    with uninterrupted():
        # nobody starts before all are there
        workers = [_idle.pop() if _idle else _new_worker(n_threads) for _ in range(n_threads - 1)]
        results: SimpleQueue[BaseException | None] = SimpleQueue()
        for thread, worker in enumerate(workers, 1):
            worker.put((partial(_run, function, thread), results))
        errors = [_run(function, 0), *(results.get() for _ in workers)]
    for error in errors:
        if error is not None:
            raise error


def _run(function: Callable[[int], None], thread: int) -> BaseException | None:
    try:
        function(thread)
    except BaseException as error:
        return error
    return None


Job = tuple[Callable[[], BaseException | None], "SimpleQueue[BaseException | None]"]
_idle: list[SimpleQueue[Job]] = []  # where threads that have nothing to do wait for a job
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # threads do not survive that


def _new_worker(n_threads: int) -> SimpleQueue[Job]:
    jobs: SimpleQueue[Job] = SimpleQueue()

    def work() -> None:
        while True:
            run, results = jobs.get()
            result = run()
            del run  # and the memory that only the job knows
            _idle.append(jobs)
            results.put(result)

    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        raise FastcliError(
            f"The system does not allow {n_threads} threads: use a smaller -thread."
        ) from None
    return jobs


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that end the program wait until this is over: it is done whole or not at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        waiting.append(number)

    former = {
        number: handler
        for number in ENDING
        if callable(handler := signal.getsignal(number))  # what is ignored stays ignored
    }
    try:
        for number in former:
            signal.signal(number, wait)
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        interrupted.clear()
        if waiting:
            signal.raise_signal(waiting[0])


def share(n: int, thread: int, n_threads: int) -> tuple[int, int]:
    """Return the bounds of a thread's share of n things."""
    return n * thread // n_threads, n * (thread + 1) // n_threads
