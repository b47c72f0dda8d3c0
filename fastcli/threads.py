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
    Threads are kept for the next time, since starting one takes longer than many a step.
    Raises FastcliError if the system does not give that many threads.
    """
    if n_threads == 1:
        function(0)
        return
    errors: list[BaseException] = []
    gate = threading.Event()  # nobody starts before all are there: kernels wait for each other
    finished = threading.Event()
    running = list(range(n_threads))
    cancelled = False

    def run(thread: int) -> None:
        gate.wait()
        try:
            if not cancelled:
                function(thread)
        except BaseException as error:
            errors.append(error)

    def end() -> None:
        running.pop()
        if not running:
            finished.set()

    interrupted.clear()
    try:
        workers = [_idle.pop() if _idle else _new_worker(n_threads) for _ in range(n_threads)]
        for thread, worker in enumerate(workers):
            worker.put((partial(run, thread), end))
    except BaseException:
        cancelled = True
        raise
    finally:
        gate.set()
    _wait(finished)
    if errors:
        raise errors[0]


Job = tuple[Callable[[], None], Callable[[], None]]
_idle: list[SimpleQueue[Job]] = []  # where threads that have nothing to do wait for a job
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # threads do not survive that


def _new_worker(n_threads: int) -> SimpleQueue[Job]:
    jobs: SimpleQueue[Job] = SimpleQueue()

    def work() -> None:
        while True:
            run, end = jobs.get()
            run()
            _idle.append(jobs)
            end()

    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        raise FastcliError(
            f"The system does not allow {n_threads} threads: use a smaller -thread."
        ) from None
    return jobs


def _wait(finished: threading.Event) -> None:
    interrupt: BaseException | None = None
    while not finished.is_set():
        try:
            finished.wait()
        except (KeyboardInterrupt, SystemExit) as error:
            interrupt = error
            interrupted.set()
    if interrupt is not None:
        raise interrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until this is over, so that what belongs together is done together."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[int, FrameType | None]] = []
    former = signal.signal(signal.SIGINT, lambda number, frame: waiting.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former or signal.SIG_DFL)
        if waiting and callable(former):
            former(*waiting[0])


def share(n: int, thread: int, n_threads: int) -> tuple[int, int]:
    """Return the bounds of a thread's share of n things."""
    return n * thread // n_threads, n * (thread + 1) // n_threads
