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

from fastcli import attempts
from fastcli.errors import DataError, FastcliError
from fastcli.labelling.part_records import FileState, file_state
from fastcli.labelling.part_workers import CannotStart
from fastcli.notices import SPELLING, announcing, heard_by
from fastcli.private import PRIVATE, Folder, NoFolder

COPIES = "fastcli-models"  # the folder in Dask's on this machine's disk
MOST_JOBS = 4  # that a worker keeps, each with its model
OLD = 24 * 3600  # seconds after which copies are removed that a killed run has left

UNKNOWN = "unknown"
"""The kind of answer of a worker that does not know a job; its address is the content."""

UNSTARTED = "unstarted"
"""The kind of answer of a worker that could not load the model: its address, and a ``Failure``."""

UNLIKE = "unlike"
"""The kind of answer of a worker that sees another input, or none: its address, and the size."""

Make = Callable[[Any, Callable[..., None]], tuple[str, Any]]


class Stopped(FastcliError):
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
    makers: set[int] = field(default_factory=set)  # threads that are making parts
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _make: Make | None = None
    _n_failed: int = 0  # starts

    def make(self, part: Any, pause: float) -> Answer:
        """Make a part; the model is loaded with the first, also where several threads begin.

        Raises CannotStart: the next part has it loaded once more.
        """
        self.used = time.monotonic()
        self.makers.add(threading.get_ident())
        try:
            time.sleep(pause)
            return self._made(part, self._started())
        finally:
            self.makers.discard(threading.get_ident())

    def _started(self) -> Make:
        with self._lock:
            if self._make is None:
                if self._n_failed:
                    time.sleep(attempts.PAUSE * 2.0 ** (self._n_failed - 1))
                self._n_failed += 1
                self._make = self.start()
            return self._make

    def _made(self, part: Any, make: Make) -> Answer:
        said: list[tuple[str, str]] = []

        def hear(part: Any, kind: str, what: Any) -> None:
            if self.is_stopped:
                raise Stopped("the run was ended")
            if kind != "read":
                said.append((kind, str(what)))

        with heard_by(_Gathered(said)), announcing(SPELLING):
            kind, what = make(part, hear)
        return Answer(kind, what, said)


_jobs: dict[str, Job] = {}


def make_part(name: str, part: Any, pause: float, source: FileState | None) -> Answer:
    """Make a part of a job, some seconds later: the task of a worker.

    ``source`` is what a local input is where the run was started.
    """
    job = _jobs.get(name)
    if job is None:
        return Answer(UNKNOWN, get_worker().address, [])
    if source is not None and not _is_same(part.source, source):
        seen = _seen(part.source)
        return Answer(UNLIKE, (get_worker().address, seen and seen.size), [])
    _keep_copies(name, get_worker())
    try:
        return job.make(part, pause)
    except CannotStart as error:
        return Answer(UNSTARTED, (get_worker().address, error.failure), [])


def prepare(name: str, start: bytes) -> None:
    """Take a job, of which ``start`` is pickled; the oldest idle one of too many is forgotten."""
    if name in _jobs:  # of which another task has told, too
        return
    idle = sorted((n for n, job in _jobs.items() if not job.makers), key=lambda n: _jobs[n].used)
    for other in idle[: max(len(_jobs) - MOST_JOBS + 1, 0)]:
        del _jobs[other]
    _jobs[name] = Job(pickle.loads(start), used=time.monotonic())


def stop(name: str) -> None:
    """Have the parts that are being made given up."""
    if job := _jobs.get(name):
        job.is_stopped = True


async def forget(name: str, dask_worker: Worker) -> None:
    """Let go of a job and its model, and remove the copies that were made for it."""
    stop(name)
    _jobs.pop(name, None)
    await asyncio.to_thread(_remove_copies, name, dask_worker)


# ------------------------------------------------------------------------------------- sentences


class _Gathered:
    """Gathers what is said while a part is made."""

    def __init__(self, said: list[tuple[str, str]]) -> None:
        self._said = said

    def say(self, *sentences: str) -> None:
        self._said += [("say", sentence) for sentence in sentences]

    def warn(self, sentence: str) -> None:
        self.say(sentence)


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


def _is_same(path: str, state: FileState) -> bool:
    """Tell whether a file is this one; without a digest only if its time is the same, too."""
    try:
        status = os.stat(path)
        if (status.st_size, status.st_mtime_ns) == (state.size, state.mtime_ns):
            return True
        if status.st_size != state.size or not state.sha256:
            return False
        return file_state(path).sha256 == state.sha256
    except OSError:
        return False


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
    n_bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class Piece(NamedTuple):
    """Some bytes of a file of a job, from ``begin`` on; the last has the digest of the file."""

    job: str
    group: str  # the folder in that of the job
    name: str
    begin: int
    data: bytes
    expected: str = ""


_incoming: dict[tuple[str, str, str], _Incoming] = {}  # by job, group, name
_receiving = threading.Lock()


def place_of_copies(dask_worker: Worker) -> tuple[str, tuple[int, int]]:
    """Return the folder for copies of this machine's workers, and what identifies it.

    Raises FastcliError where another user could write there.
    """
    folder = _copies_of(dask_worker)
    try:
        with Folder(folder, PRIVATE) as opened:
            return folder, (opened.status.st_dev, opened.status.st_ino)
    except NoFolder as problem:
        raise FastcliError(f"a model cannot be copied there: {problem}") from None


def _copies_of(worker: Worker) -> str:
    # A worker's own folder is below one for all of this user, on a disk that Dask is told of
    # (temporary-directory).
    return os.path.join(os.path.dirname(worker.local_directory), COPIES)


async def receive(piece: Piece, dask_worker: Worker) -> str:
    """Append a piece to a copy; with the last put it in place, and return its path.

    Raises OSError where it cannot be written, DataError where it is not what was sent.
    """
    return await asyncio.to_thread(_receive, piece, dask_worker)


def _receive(piece: Piece, worker: Worker) -> str:
    key = piece.job, piece.group, piece.name
    with _receiving:
        if piece.begin == 0:
            _drop(key)
            _incoming[key] = _begun(piece, worker)
        incoming = _incoming.get(key)
        if incoming is None or incoming.n_bytes != piece.begin:
            raise DataError("a piece of the copy is missing")
        try:
            view = memoryview(piece.data)
            incoming.digest.update(view)
            while view:
                view = view[os.write(incoming.fd, view) :]
        except OSError:
            _drop(key)
            raise
        incoming.n_bytes += len(piece.data)
        if not piece.expected:
            return ""
        if incoming.digest.hexdigest() != piece.expected:
            _drop(key)
            raise DataError("the copy is not what was sent")
        del _incoming[key]
        os.close(incoming.fd)
        path = os.path.join(incoming.folder, piece.name)
        os.replace(incoming.temporary, path)
        return path


def _begun(piece: Piece, worker: Worker) -> _Incoming:
    top = place_of_copies(worker)[0]
    _sweep(top)
    # Each run has a folder of its own, and nobody else removes it while the run goes on.
    folder = os.path.join(top, piece.job)
    with Folder(folder, PRIVATE):
        folder = os.path.join(folder, piece.group)
    with Folder(folder, PRIVATE):
        temporary = os.path.join(folder, f".{os.getpid()}-{time.time_ns()}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return _Incoming(folder, fd, temporary)


def _drop(key: tuple[str, str, str]) -> None:
    """Remove what has been received of a file that will not become whole."""
    if incoming := _incoming.pop(key, None):
        os.close(incoming.fd)
        with contextlib.suppress(OSError):
            os.unlink(incoming.temporary)


def _remove_copies(job: str, worker: Worker) -> None:
    with _receiving:
        for key in [key for key in _incoming if key[0] == job]:
            _drop(key)
    shutil.rmtree(os.path.join(_copies_of(worker), job), ignore_errors=True)


def _keep_copies(job: str, worker: Worker) -> None:
    """Have others know that a job's copies are still in use."""
    with contextlib.suppress(OSError):
        os.utime(os.path.join(_copies_of(worker), job))


def _sweep(folder: str) -> None:
    """Remove copies that killed runs have left: those of which no part was made for a day."""
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > OLD:
                shutil.rmtree(entry.path)
