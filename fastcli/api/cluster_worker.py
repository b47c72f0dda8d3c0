"""What runs in the workers of a Dask cluster: a job is prepared once in each, then makes parts.

A worker knows a job by its name alone, so that a task is as small as its part.  One that does not
know it, since it came later or was started again, answers so, and is prepared.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pickle
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from distributed import Worker, get_worker

from fastcli import notices
from fastcli.errors import DataError, FastcliError
from fastcli.labelling.part_records import file_state
from fastcli.private import PRIVATE, Folder, NoFolder
from fastcli.text import compressed, spelling

COPIES = "fastcli-models"  # the folder in Dask's on this machine's disk
MOST_JOBS = 4  # that a worker keeps, each with its model
OLD = 24 * 3600  # seconds after which copies are removed that a killed run has left

UNKNOWN = "unknown"
"""The kind of answer of a worker that does not know a job; its address is the content."""

Make = Callable[[Any, Callable[..., None]], tuple[str, Any]]


class Stopped(Exception):
    """The job is ended while a part is being made."""


class Sight(NamedTuple):
    """What a worker sees of a file: what tells it from others on this machine, and its size."""

    identity: tuple[int, int, int]  # device, number, time of the last change
    size: int


class Answer(NamedTuple):
    """What came of a part, and the sentences that were said meanwhile, with their kinds."""

    kind: str
    what: Any
    said: list[tuple[str, str]]


@dataclass
class Job:
    """A job of a run: ``start()`` loads the model and returns what makes a part."""

    start: Callable[[], Make]
    is_stopped: bool = False
    used: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _make: Make | None = None

    def make(self, part: Any, pause: float) -> Answer:
        """Make a part; the model is loaded with the first, also where several threads begin."""
        self.used = time.monotonic()
        said: list[tuple[str, str]] = []
        time.sleep(pause)
        with self._lock:
            if self._make is None:
                self._make = self.start()

        def hear(part: Any, kind: str, what: Any) -> None:
            if self.is_stopped:
                raise Stopped("the run was ended")
            if kind != "read":
                said.append((kind, str(what)))

        with _heard(said):
            kind, what = self._make(part, hear)
        return Answer(kind, what, said)


_jobs: dict[str, Job] = {}


def make_part(name: str, part: Any, pause: float) -> Answer:
    """Make a part of a job, some seconds later: the task of a worker."""
    job = _jobs.get(name)
    if job is None:
        return Answer(UNKNOWN, get_worker().address, [])
    return job.make(part, pause)


def prepare(name: str, start: bytes) -> None:
    """Take a job, of which ``start`` is pickled; the oldest of too many is forgotten."""
    if name in _jobs:  # of which another task has told, too
        return
    while len(_jobs) >= MOST_JOBS:
        del _jobs[min(_jobs, key=lambda one: _jobs[one].used)]
    _jobs[name] = Job(pickle.loads(start), used=time.monotonic())


def stop(name: str) -> None:
    """Have the parts that are being made given up."""
    if job := _jobs.get(name):
        job.is_stopped = True


def forget(name: str, copies: Sequence[str]) -> None:
    """Let go of a job and its model, and remove the copies that were made for it."""
    stop(name)
    _jobs.pop(name, None)
    for path in copies:
        shutil.rmtree(path, ignore_errors=True)


# ------------------------------------------------------------------------------------- sentences


class _Listener:
    """Gives what is said to the part of the thread that says it; else to the former listener."""

    def __init__(self) -> None:
        self.of_thread = threading.local()
        self._former = notices.listener

    def say(self, *sentences: str) -> None:
        said: list[tuple[str, str]] | None = getattr(self.of_thread, "said", None)
        if said is None:
            self._former.say(*sentences)
        else:
            said += [("say", sentence) for sentence in sentences]

    def warn(self, sentence: str) -> None:
        if getattr(self.of_thread, "said", None) is None:
            self._former.warn(sentence)
        else:
            self.say(sentence)


@contextlib.contextmanager
def _heard(said: list[tuple[str, str]]) -> Any:
    """Gather what this thread says."""
    listener = notices.listener
    if not isinstance(listener, _Listener):
        listener = notices.listener = _Listener()
        compressed.announce, spelling.announce = listener.warn, listener.say
    listener.of_thread.said = said
    try:
        yield
    finally:
        listener.of_thread.said = None


# ----------------------------------------------------------------------------------- the machine


async def processor() -> str:
    """Return what kernels are compiled for here."""

    def name() -> str:
        from fastcli.jit.targets import own_target

        target = own_target()
        return f"{target.cpu} {target.features}"

    return await asyncio.to_thread(name)


# ----------------------------------------------------------------------------------------- files


async def see(paths: Sequence[str]) -> list[Sight | None]:
    """Return what there is at some paths, None for nothing that can be read."""
    return await asyncio.to_thread(lambda: [_seen(path) for path in paths])


def _seen(path: str) -> Sight | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Sight((status.st_dev, status.st_ino, status.st_mtime_ns), status.st_size)


async def digests(paths: Sequence[str]) -> list[str]:
    """Return the SHA-256 of files, "" for what cannot be read."""
    return await asyncio.to_thread(lambda: [_digest(path) for path in paths])


def _digest(path: str) -> str:
    try:
        return file_state(path).sha256
    except OSError:
        return ""


@dataclass
class _Incoming:
    """A file that is being received; it has its name once it is whole."""

    folder: str
    fd: int
    temporary: str
    digest: Any = field(default_factory=hashlib.sha256)


_incoming: dict[tuple[str, str], _Incoming] = {}


def place_of_copies(dask_worker: Worker) -> tuple[str, tuple[int, int]]:
    """Return the folder for copies of this machine's workers, and what identifies it.

    Raises FastcliError where another user could write there.
    """
    # A worker's own folder is below one for all of this user, on a disk that Dask is told of
    # (temporary-directory).
    folder = os.path.join(os.path.dirname(dask_worker.local_directory), COPIES)
    try:
        with Folder(folder, PRIVATE) as opened:
            return folder, (opened.status.st_dev, opened.status.st_ino)
    except NoFolder as problem:
        raise FastcliError(f"a model cannot be copied there: {problem}") from None


async def receive(group: str, name: str, piece: bytes, expected: str, dask_worker: Worker) -> str:
    """Append a piece to a copy; with ``expected``, its digest, put it in place, return its path.

    Raises OSError where it cannot be written, DataError where it is not what was sent.
    """
    return await asyncio.to_thread(_receive, group, name, piece, expected, dask_worker)


def _receive(group: str, name: str, piece: bytes, expected: str, worker: Worker) -> str:
    incoming = _incoming.get((group, name))
    if incoming is None:
        folder = os.path.join(place_of_copies(worker)[0], group)
        _sweep(os.path.dirname(folder))
        with Folder(folder, PRIVATE):
            temporary = os.path.join(folder, f".{os.getpid()}-{time.time_ns()}.tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        incoming = _incoming[group, name] = _Incoming(folder, fd, temporary)
    view = memoryview(piece)
    incoming.digest.update(view)
    while view:
        view = view[os.write(incoming.fd, view) :]
    if not expected:
        return ""
    del _incoming[group, name]
    os.close(incoming.fd)
    if incoming.digest.hexdigest() != expected:
        os.unlink(incoming.temporary)
        raise DataError("the copy is not what was sent")
    path = os.path.join(incoming.folder, name)
    os.replace(incoming.temporary, path)
    return path


def _sweep(folder: str) -> None:
    """Remove copies that killed runs have left; one that is still used is sent again."""
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > OLD:
                shutil.rmtree(entry.path)
