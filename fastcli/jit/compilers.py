"""Having kernels compiled by other processes, which no interrupt of this one can disturb.

Numba and LLVM call Python back, and lose the exception of an interrupt there; so this process
waits for a compiler process instead, ends it when it is interrupted, and is followed by it when
it is killed (see ``worker.py``).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from fastcli.jit.cache import Cache

if TYPE_CHECKING:
    from fastcli.jit.build import AnyKernel
    from fastcli.jit.targets import Target

_START = "import sys; sys.path[:] = sys.argv[1:]; from fastcli.jit.worker import serve; serve()"


GIVEN_UP = "it was given up"
PAUSE = 0.2  # seconds between looks: on Windows only a wait that ends hears Ctrl-C
TIDYING = 1.0  # seconds that jobs have for removing their files when the process ends


class CannotCompile(Exception):
    """A compiler process could not do what it was asked for, and why."""


class Compiler:
    """A process that compiles kernels of this package for one target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        # It imports from where this process does.  Its current folder is the package, since
        # Numba reads a file of settings from the current folder.
        command = [sys.executable, "-c", _START, *map(os.path.abspath, sys.path)]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **target.environ},
                cwd=os.path.dirname(os.path.abspath(__file__)),
            )
        except OSError as error:
            raise CannotCompile(str(error)) from None

    def compile(self, kernel: AnyKernel) -> bytes:
        """Return the object code of a kernel.  Raises CannotCompile."""
        stdin: Any = self.process.stdin
        stdout: Any = self.process.stdout
        request = f"{kernel.module}\t{kernel.qualname}\t{kernel.key}\n"
        try:
            stdin.write(request.encode())
            stdin.flush()
            head = stdout.read(9)
            if len(head) < 9:
                raise EOFError("the compiler process ended")
            reply = stdout.read(int.from_bytes(head[1:], "little"))
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise CannotCompile(str(error)) from None
        if head[:1] != b"+":
            raise CannotCompile(reply.decode("utf-8", "replace"))
        return bytes(reply)

    def end(self) -> None:
        """Kill the process; those that wait for its answer get CannotCompile."""
        with contextlib.suppress(OSError):
            self.process.kill()

    def close(self) -> None:
        """Kill the process if it is still running, and clean up."""
        self.end()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    @property
    def is_alive(self) -> bool:
        """Tell whether the process can be asked."""
        return self.process.poll() is None


_guard = threading.Lock()
_idle: list[Compiler] = []
_busy: list[Compiler] = []
_jobs: set[Job] = set()  # those that are not done


def _compile(kernel: AnyKernel, target: Target, given_up: threading.Event) -> bytes:
    """Compile with a process that exists already, or a new one.

    Raises CannotCompile, also where it was ``given_up``.
    """
    while True:
        with _guard:
            fit = [one for one in _idle if one.target == target]
            compiler = fit[-1] if fit else None
            if compiler:
                _idle.remove(compiler)
                _busy.append(compiler)
        is_new = compiler is None
        if compiler is None:
            compiler = Compiler(target)
            with _guard:
                _busy.append(compiler)
        try:
            if given_up.is_set():  # before there was a process to kill
                compiler.end()
                raise CannotCompile(GIVEN_UP)
            code = compiler.compile(kernel)
        except CannotCompile:
            if is_new or compiler.is_alive or given_up.is_set():
                raise
            continue  # it ended since it had nothing to do
        finally:
            with _guard:
                _busy.remove(compiler)
                if compiler.is_alive:
                    _idle.append(compiler)
                else:
                    compiler.close()
        return code


def end_all() -> None:
    """Kill all compiler processes; their work is abandoned, and its locks are freed.

    Jobs are waited for once only, however often this is called.
    """
    jobs = [job for job in list(_jobs) if not job.given_up.is_set()]
    for job in jobs:
        job.given_up.set()
    with _guard:
        for compiler in _busy:
            compiler.end()
        for compiler in _idle:
            compiler.close()
        _idle.clear()
    deadline = time.monotonic() + TIDYING
    for job in jobs:
        job.is_done.wait(max(deadline - time.monotonic(), 0))


atexit.register(end_all)


@contextlib.contextmanager
def _ended_by_interrupts() -> Iterator[None]:
    try:
        yield
    except BaseException:
        end_all()
        raise


def first_done(done: SimpleQueue[Job]) -> Job:
    """Return the next job that puts itself into a queue; an interrupt ends all compiling."""
    with _ended_by_interrupts():
        while True:
            with contextlib.suppress(Empty):
                return done.get(timeout=PAUSE)


class Job:
    """A kernel being compiled into the cache; compiled once however many processes need it."""

    def __init__(
        self,
        kernel: AnyKernel,
        target: Target,
        cache: Cache | None,
        done: SimpleQueue[Job] | None = None,
    ) -> None:
        self.kernel, self.target, self.cache = kernel, target, cache
        self.done = done  # where it puts itself in the end
        self.code: bytes | None = None
        self.error: Exception | None = None
        self.is_kept = self.is_new = False
        self.is_done, self.given_up = threading.Event(), threading.Event()
        _jobs.add(self)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            if self.cache is None:
                self.code = _compile(self.kernel, self.target, self.given_up)
            else:
                entry = self.kernel.entry
                with self.cache.lock(self.target, entry, self.given_up):
                    if self.given_up.is_set():
                        raise CannotCompile(GIVEN_UP)
                    self.code = self.cache.read(self.target, entry)
                    self.is_kept = self.code is not None
                    if self.code is None:
                        self.code = _compile(self.kernel, self.target, self.given_up)
                        self.is_new = True
                        self.is_kept = self.cache.write(self.target, entry, self.code)
        except Exception as error:  # raised where the result is waited for
            self.error = error
        finally:
            _jobs.discard(self)
            self.is_done.set()
            if self.done is not None:
                self.done.put(self)

    def wait(self) -> bytes:
        """Return the code.  Raises CannotCompile; an interrupt ends all compiling."""
        with _ended_by_interrupts():
            while not self.is_done.wait(PAUSE):
                pass
        if self.error is not None:
            raise self.error
        assert self.code is not None
        return self.code
