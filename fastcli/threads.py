"""Threads around kernels: how many the machine offers, and running one function on several."""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TypeVar

from fastcli import signals
from fastcli.errors import FastcliError

T = TypeVar("T")
PATIENCE = 0.5  # seconds that an interrupt gives to threads before they are left behind
LOOK = 0.1  # seconds between two looks for an interrupt

interrupted = threading.Event()
"""Set while an interrupt waits for ``run_on`` of the main thread; see ``must_end``."""
_for_main = ContextVar("_for_main", default=False)  # whether a kept thread works for the main one


def must_end() -> bool:
    """Tell whether the work of this thread may end early, since an interrupt follows it.

    An interrupt is the main thread's: what other threads of a program do goes on to its end.
    """
    return interrupted.is_set() and _is_for_main()


def _is_for_main() -> bool:
    is_main = threading.current_thread() is threading.main_thread()
    return is_main or _for_main.get()


class ForkedLock:
    """A lock, ``held``, that is free in a forked child, whatever thread of its parent held it."""

    def __init__(self) -> None:
        self.held = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self.held = threading.RLock()


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
    with signals_held():
        results = _start(function, range(1, n_threads))
        errors = [_run(function, 0), *(results.get() for _ in range(1, n_threads))]
    _raise_first(errors)


def run_apart(n_threads: int, function: Callable[[int], None]) -> None:
    """Do as ``run_on`` does, but leave the threads behind at work if an interrupt comes.

    For kernels that may take long, work in memory and wait for no other thread: the arrays live
    as long as the threads need them, but code that catches the KeyboardInterrupt must not use what
    they write.  The process ends without waiting for threads that were left behind.
    """
    if threading.current_thread() is not threading.main_thread():
        run_on(n_threads, function)
        return
    errors: list[BaseException | None] = []
    with signals_held():
        results = _start(function, range(n_threads))
        left_at = math.inf
        while len(errors) < n_threads and time.monotonic() < left_at:
            with contextlib.suppress(Empty):
                errors.append(results.get(timeout=LOOK))
            if interrupted.is_set():
                left_at = min(left_at, time.monotonic() + PATIENCE)
        if len(errors) < n_threads:
            _leave_behind(results, n_threads - len(errors))
    _raise_first(errors)


def run_each(n: int, n_threads: int, function: Callable[[int], None]) -> None:
    """Call a function with 0 to n - 1, on up to so many threads."""

    def run(thread: int) -> None:
        for i in range(thread, n, n_threads):
            function(i)

    run_apart(max(min(n_threads, n), 1), run)


def read_ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield what an iterator yields, while a thread gets the next one from it already.

    Its errors are raised where the item would have come.  Who leaves before the end waits a moment
    for the thread; it is left behind where it still reads then, as from a pipe that goes on.
    """
    found: list[T] = []

    def step(thread: int) -> None:
        found.extend(islice(items, 1))

    is_reading = True
    results = _start(step, range(1))
    try:
        while True:
            error = results.get()
            is_reading = False
            if error is not None:
                raise error
            if not found:
                return
            item = found.pop()
            is_reading, results = True, _start(step, range(1))
            yield item
            del item
    finally:
        if is_reading:
            with contextlib.suppress(Empty):
                results.get(timeout=PATIENCE)


def _start(function: Callable[[int], None], threads: range) -> SimpleQueue[BaseException | None]:
    """Call ``function(thread)`` on a kept thread each; return where their results will be."""
    workers = _workers(threads)  # no thread starts before all exist
    results: SimpleQueue[BaseException | None] = SimpleQueue()
    for_main = _is_for_main()
    for thread, worker in zip(threads, workers, strict=True):
        context = copy_context()  # two threads cannot be in one at once
        context.run(_for_main.set, for_main)
        worker.jobs.put((partial(context.run, _run, function, thread), results))
    return results


def _run(function: Callable[[int], None], thread: int) -> BaseException | None:
    try:
        function(thread)
    except BaseException as error:
        return error
    return None


def _raise_first(errors: list[BaseException | None]) -> None:
    for error in errors:
        if error is not None:
            raise error


_left: list[tuple[SimpleQueue[BaseException | None], int]] = []


def left_behind() -> bool:
    """Tell whether threads that an interrupt has left behind are still at work."""
    return any(results.qsize() < n for results, n in _left)


def _leave_behind(results: SimpleQueue[BaseException | None], n: int) -> None:
    _left.append((results, n))


def _end_without_waiting() -> None:
    """End the process while threads are left behind: their code must stay until they are gone."""
    if left_behind():
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(signals.exit_code(signals.received or signal.SIGINT))


atexit.register(_end_without_waiting)  # now, since what a program registers later is called before


Job = tuple[Callable[[], BaseException | None], "SimpleQueue[BaseException | None]"]


class _Worker:
    """A kept thread: it does jobs, None ends it."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            run, results = job
            result = run()
            del job, run  # and the memory that only the job knows
            _idle.append(self)
            results.put(result)
            del results, result  # an error has the frames, and the arrays, of where it was raised


_idle: list[_Worker] = []  # those that wait for a job
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # threads do not survive that
    os.register_at_fork(after_in_child=_left.clear)


def _workers(threads: range) -> list[_Worker]:
    """Return a kept thread for each of the numbers.  Raises FastcliError if there are too many."""
    workers: list[_Worker] = []
    try:
        for _ in threads:
            workers.append(_idle_worker() or _new_worker(threads.stop))
    except BaseException:
        for worker in workers:  # which would leave no room for a smaller number
            worker.jobs.put(None)
        for worker in workers:
            worker.thread.join()
        raise
    return workers


def _idle_worker() -> _Worker | None:
    """Return a thread that has nothing to do, None if there is none; callers may be many."""
    try:
        return _idle.pop()
    except IndexError:
        return None


def _new_worker(n_threads: int) -> _Worker:
    worker = _Worker()
    try:
        worker.thread.start()
    except RuntimeError:
        raise FastcliError(
            f"The system does not allow {n_threads} threads: use a smaller -thread."
        ) from None
    return worker


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay signals that end the program until this is over: all of it is done, or nothing."""
    signals.together += 1
    try:
        with signals_held():
            yield
    finally:
        signals.together -= 1


@contextmanager
def signals_held() -> Iterator[None]:
    """Keep signals that end the process for afterwards.

    Code that LLVM calls back, and finalizers, swallow the exception of an interrupt, and threads
    work on memory of the caller, so none is raised while they may run.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        pending.append(number)
        signals.received = number

    former = {
        number: handler
        for number in signals.ENDING
        if callable(handler := signal.getsignal(number))  # what is ignored stays ignored
    }
    try:
        for number in former:
            signal.signal(number, wait)
        yield
    finally:
        interrupted.clear()
        for number, handler in reversed(former.items()):  # SIGINT's last: it may raise at once
            signal.signal(number, handler)
        if pending:
            signal.raise_signal(pending[0])
