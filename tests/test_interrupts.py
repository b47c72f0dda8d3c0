"""Interrupts of a process that is busy: it ends all the same, and its files stay intact."""

import signal
import subprocess
import sys

import pytest

from tests.command import environment, words

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

# What the processes below do for minutes, deaf to Python's signals.  ``say_busy`` says so first,
# with no Python in between that could hear one.
BUSY = """
import collections, functools, hashlib, operator, os
busy = functools.partial(hashlib.pbkdf2_hmac, 'sha256', b'', b'', 10**9)
steps = [functools.partial(os.write, 1, b'busy\\n'), busy]
say_busy = lambda: collections.deque(map(operator.methodcaller('__call__'), steps), maxlen=0)
"""
GUARD = 60  # seconds, far more than a signal takes


def script(text):
    """Start Python code, and return the process as soon as it has printed a line."""
    child = subprocess.Popen(
        [sys.executable, "-c", BUSY + text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert child.stdout.readline() == b"busy\n"
    return child


def ended(child, number):
    """Send a signal; return the exit code, what is left of stdout, and stderr."""
    child.send_signal(number)
    out, err = child.communicate(timeout=GUARD)
    return child.returncode, out, err


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, 130, b"\nInterrupted.\n"),
        (signal.SIGTERM, 143, b""),
        (signal.SIGHUP, 129, b""),
    ],
)
def test_a_main_thread_that_does_not_hear(tmp_path, number, code, said):
    half = tmp_path / "half written"
    half.write_bytes(b"half")
    child = script(
        "from fastcli import interrupts, signals\n"
        f"signals.written.add({str(half)!r})\n"
        "with interrupts.heard():\n"
        "    say_busy()\n"
    )
    assert ended(child, number) == (code, b"", said)
    assert not half.exists()


def test_what_belongs_together_is_done_first():
    child = script(
        "import time\n"
        "from fastcli import interrupts, threads\n"
        "interrupts.PATIENCE = 0.01\n"
        "with interrupts.heard(), threads.uninterrupted():\n"
        "    print('busy', flush=True)\n"
        "    assert threads.interrupted.wait(60)\n"
        "    time.sleep(0.1)\n"
        "    print('done', flush=True)\n"
    )
    code, out, _ = ended(child, signal.SIGTERM)
    assert (code, out) == (143, b"done\n")


def test_what_is_ignored_stays_ignored():
    child = script(
        "import signal\n"
        "from fastcli import interrupts\n"
        "interrupts.PATIENCE = 0.01\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
        "with interrupts.heard():\n"
        "    print('busy', flush=True)\n"
        "    assert signal.sigwait([signal.SIGUSR1])\n"
        "    print('done', flush=True)\n"
    )
    child.send_signal(signal.SIGHUP)
    code, out, _ = ended(child, signal.SIGUSR1)
    assert (code, out) == (0, b"done\n")


def test_a_second_signal_is_heard_as_the_first():
    child = script(
        "import time\n"
        "from fastcli import interrupts\n"
        "interrupts.PATIENCE = 0.05\n"
        "with interrupts.heard():\n"
        "    for name in ('first', 'second', 'third'):\n"
        "        try:\n"
        "            print('busy' if name == 'first' else name, flush=True)\n"
        "            time.sleep(60)\n"
        "        except KeyboardInterrupt:\n"
        "            pass\n"
        "    say_busy()\n"
    )
    for name in (b"second\n", b"third\n", b"busy\n"):
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == name
    assert ended(child, signal.SIGINT) == (130, b"", b"\nInterrupted.\n")


def test_a_second_signal_is_heard_by_a_late_thread():
    child = script(
        "import select, time\n"
        "from fastcli import interrupts\n"
        "interrupts.PATIENCE = 0.05\n"
        "wait = interrupts._wait\n"
        "def wait_until_the_next_signal(number, answered):\n"
        "    wait(number, answered)\n"
        "    select.select([interrupts._unanswered], [], [])\n"
        "interrupts._wait = wait_until_the_next_signal\n"
        "with interrupts.heard():\n"
        "    try:\n"
        "        print('busy', flush=True)\n"
        "        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n"
        "        say_busy()\n"
    )
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == b"busy\n"
    assert ended(child, signal.SIGINT) == (130, b"", b"\nInterrupted.\n")


@pytest.mark.parametrize("n", [1, 2])
def test_threads_at_work_are_left_behind(n):
    child = script(
        "import atexit\n"
        "from fastcli import threads\n"
        "atexit.register(print, 'the program has ended')\n"
        "def work(thread):\n"
        "    if thread == 0:\n"
        "        print('busy', flush=True)\n"
        "    busy()\n"
        "try:\n"
        f"    threads.run_apart({n}, work)\n"
        "except KeyboardInterrupt:\n"
        "    print('caught', threads.left_behind())\n"
    )
    said = b"caught True\nthe program has ended\n"
    assert ended(child, signal.SIGINT) == (130, said, b"")


def test_threads_that_end_in_time_are_waited_for():
    child = script(
        "import time\n"
        "from fastcli import threads\n"
        "def work(thread):\n"
        "    if thread == 0:\n"
        "        print('busy', flush=True)\n"
        "    threads.interrupted.wait(60)\n"
        "try:\n"
        "    threads.run_apart(2, work)\n"
        "except KeyboardInterrupt:\n"
        "    print('caught', threads.left_behind())\n"
    )
    assert ended(child, signal.SIGINT) == (0, b"caught False\n", b"")


def test_a_block_of_word_vectors_that_would_take_hours(tmp_path):
    text = tmp_path / "text.txt"
    text.write_bytes(b"".join(b"w%d w%d w%d\n" % (i, i // 2, i // 3) for i in range(4000)))
    former = tmp_path / "m.bin"
    former.write_bytes(b"former")
    options = ["-dim", 300, "-neg", 10_000, "-epoch", 100, "-minCount", 1, "-bucket", 100]
    child = subprocess.Popen(
        words("skipgram", "-input", text, "-output", tmp_path / "m", "-thread", 1, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    while b"Number of words" not in child.stderr.readline():
        assert child.poll() is None
    code, out, err = ended(child, signal.SIGINT)
    assert (code, out) == (130, b"")
    assert err.endswith(b"m.bin is as it was.\n")
    assert {path.name for path in tmp_path.iterdir()} == {"text.txt", "m.bin"}
    assert former.read_bytes() == b"former"
