import gc
import signal
import subprocess
import sys
import threading
import time
import weakref

import pytest

from fastcli import threads
from fastcli.errors import FastcliError
from fastcli.threads import must_end, run_on, uninterrupted


@pytest.mark.parametrize("n", [1, 2, 5])
def test_every_thread_is_called_once_and_the_caller_is_the_first(n):
    called = {}
    run_on(n, lambda thread: called.setdefault(thread, threading.get_ident()))
    assert sorted(called) == list(range(n))
    assert called[0] == threading.get_ident()
    assert len(set(called.values())) == n


def test_threads_run_at_once():
    met, found = threading.Barrier(4, timeout=20), []
    run_on(4, lambda thread: found.append(met.wait()))
    assert sorted(found) == [0, 1, 2, 3]


def test_many_threads_may_use_the_same_workers():
    """None takes a worker that another one takes."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        found, errors = [], []

        def many():
            try:
                for _ in range(100):
                    called = []
                    run_on(3, called.append)
                    found.append(sorted(called) == [0, 1, 2])
            except IndexError as error:
                errors.append(error)

        several = [threading.Thread(target=many) for _ in range(6)]
        for one in several:
            one.start()
        for one in several:
            one.join(60)
    finally:
        sys.setswitchinterval(former)
    assert errors == []
    assert found == [True] * 600


def test_an_interrupt_ends_the_work_of_the_main_thread_only():
    """Another thread would take the part that is done for all of it."""

    def look(thread):
        found[thread] = must_end()

    found = {}
    threads.interrupted.set()
    try:
        run_on(3, look)
        assert found == {0: True, 1: True, 2: True}
        other = threading.Thread(target=run_on, args=(3, look))
        other.start()
        other.join(60)
        assert found == {0: False, 1: False, 2: False}
    finally:
        threads.interrupted.clear()
    assert not must_end()


def test_a_forked_child_finds_locks_free():
    lock = threads.ForkedLock()
    with lock.held:
        lock._renew()  # as after a fork
        taken = []
        other = threading.Thread(target=lambda: taken.append(lock.held.acquire(timeout=5)))
        other.start()
        other.join(60)
    assert taken == [True]


def test_threads_are_kept():
    def note(thread):
        found.append(threading.get_ident())

    found = []
    run_on(3, note)
    before = set(found)
    for _ in range(5):
        run_on(3, note)
    assert set(found) == before


@pytest.mark.parametrize("failing", [0, 2])
def test_an_error_is_raised_when_all_have_ended(failing):
    ended = []

    def work(thread):
        if thread == failing:
            raise ValueError(thread)
        time.sleep(0.05)
        ended.append(thread)

    with pytest.raises(ValueError, match=str(failing)):
        run_on(3, work)
    assert sorted(ended) == sorted({0, 1, 2} - {failing})
    run_on(3, lambda thread: None)


def test_threads_that_the_system_refuses(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "_idle", [])
    monkeypatch.setattr(threading.Thread, "start", refuse)
    called = []
    with pytest.raises(FastcliError, match="does not allow 3 threads"):
        run_on(3, called.append)
    assert called == []


def test_threads_of_a_start_that_fails_end(monkeypatch):
    """They would leave no room for a smaller number."""
    start, before = threading.Thread.start, threading.active_count()

    def refuse_some(self):
        if threading.active_count() > before + 5:
            raise RuntimeError("can't start new thread")
        start(self)

    with monkeypatch.context() as patch:
        patch.setattr(threads, "_idle", [])
        patch.setattr(threading.Thread, "start", refuse_some)
        with pytest.raises(FastcliError, match="does not allow 30 threads"):
            run_on(30, [].append)
        assert threading.active_count() == before
        run_on(3, [].append)


def test_a_thread_that_waits_keeps_nothing_of_an_error():
    class Large:
        pass

    def fail(thread):
        large = Large()
        kept.append(weakref.ref(large))
        raise ValueError("large")

    kept = []
    with pytest.raises(ValueError, match="large"):
        run_on(3, fail)
    gc.collect()
    until = time.monotonic() + 10
    while any(one() for one in kept) and time.monotonic() < until:  # as threads go on to wait
        time.sleep(0.01)
        gc.collect()
    assert [one() for one in kept] == [None] * 3


def test_threads_of_threads():
    found = []
    run_on(2, lambda outer: run_on(2, lambda inner: found.append((outer, inner))))
    assert sorted(found) == [(0, 0), (0, 1), (1, 0), (1, 1)]


posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@posix
@pytest.mark.parametrize("n", [2, 3])
def test_an_interrupt_waits_for_all_threads(n):
    ended = []

    def work(thread):
        if thread == 0:
            signal.raise_signal(signal.SIGINT)
        assert threads.interrupted.wait(20)
        time.sleep(0.05)
        ended.append(thread)

    with pytest.raises(KeyboardInterrupt):
        run_on(n, work)
    assert sorted(ended) == list(range(n))
    assert not threads.interrupted.is_set()


@posix
def test_an_interrupt_comes_after_what_belongs_together():
    def work():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append(1)

    done = []
    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not threads.interrupted.is_set()


@posix
def test_an_ignored_interrupt_stays_ignored():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    found = []
    try:
        run_on(2, lambda thread: signal.raise_signal(signal.SIGINT) if thread == 0 else None)
        run_on(2, lambda thread: found.append(threads.interrupted.is_set()))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)
    assert found == [False, False]


@posix
def test_sigterm_ends_the_process_after_that():
    code = (
        "import signal, sys\n"
        "from fastcli.threads import uninterrupted\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "with uninterrupted():\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    print('done', flush=True)\n"
        "print('never')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 143
    assert run.stdout == "done\n"


@posix
def test_interrupts_are_held_until_a_section_is_over():
    passed = []

    def interrupted():
        with threads.signals_held():
            signal.raise_signal(signal.SIGINT)
            passed.append("still here")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert passed == ["still here"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@posix
def test_ignored_signals_stay_ignored():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with threads.signals_held():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)


def test_what_is_read_ahead_comes_in_order():
    assert list(threads.read_ahead(iter(range(50)))) == list(range(50))
    assert list(threads.read_ahead(iter(()))) == []


def test_the_next_is_read_while_one_is_used():
    begun = threading.Event()

    def items():
        yield 1
        begun.set()
        yield 2

    found = threads.read_ahead(items())
    assert next(found) == 1
    assert begun.wait(20)
    assert list(found) == [2]


def test_an_error_comes_where_its_item_would():
    def items():
        yield 1
        raise ValueError("no more")

    found = threads.read_ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="no more"):
        next(found)


def test_reading_that_does_not_end_is_left_behind(monkeypatch):
    monkeypatch.setattr(threads, "PATIENCE", 0.01)
    goes_on = threading.Event()

    def items():
        yield 1
        goes_on.wait(20)

    found = threads.read_ahead(items())
    assert next(found) == 1
    found.close()
    goes_on.set()
