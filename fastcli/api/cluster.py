"""A Dask cluster that makes parts: workers are checked, get the model once, then one part each.

The other end is ``cluster_worker``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pickle
import queue
import secrets
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import dask
from dask.utils import parse_timedelta
from distributed import Client, Future, KilledWorker, Security
from distributed.comm import connect

from fastcli import __version__
from fastcli.api import cluster_worker as there
from fastcli.api.job import reason_of
from fastcli.attempts import Failure
from fastcli.errors import FastcliError, cannot_open
from fastcli.labelling.part_records import FileState, file_state, whole_path
from fastcli.labelling.part_workers import Pending
from fastcli.notices import say
from fastcli.printable import counted, listed
from fastcli.temporary import temporary_beside
from fastcli.urls import is_url

if TYPE_CHECKING:
    from fastcli.labelling.part_workers import Hear, Make
    from fastcli.labelling.parts import Part

PIECE = 1 << 23  # bytes of a model that are sent at a time, quickest of 4 to 64 MB
PATIENCE = 300.0  # seconds without any worker after which a run ends
LOOK = 2.0  # seconds between two looks at what workers there are
MOST_NAMED = 3  # workers in a sentence
TRIES = 3  # at preparing a worker, or at loading the model there, before it is left out
DIED = "{} that made it ended early, perhaps out of memory"
# Every Python evaluates this, also one that could not load a function of this package.
VERSIONS = (
    "['.'.join(map(str, __import__('sys').version_info[:2]))] + ["
    "__import__('importlib.util').util.find_spec(name) and __import__(name).__version__ "
    "for name in ('numpy', 'fastcli')]"
)


class Work(Protocol):
    """The description of a job: it pickles, and workers get it."""

    @property
    def files(self) -> Sequence[tuple[str, ...]]:
        """Files that it reads, together those that must stay side by side; some may be missing."""

    def moved(self, places: dict[str, str]) -> Work:
        """Return the same with files in other places."""

    def start(self) -> Make:
        """Load the model and return what makes a part."""


class SchedulerLost(FastcliError):
    """The scheduler cannot be reached any more; what was made stays."""


@contextlib.contextmanager
def connected(scheduler: str | Client, security: Security | None = None) -> Iterator[Client]:
    """Give a client of a scheduler at an address, closed at the end; one that is given stays open.

    Without ``security`` Dask's own configuration says whether TLS is used, and with which
    certificates.  Raises FastcliError where no scheduler answers.
    """
    if isinstance(scheduler, Client):
        yield scheduler
        return
    try:
        arguments = (security or Security()).get_connection_args("client")
    except (OSError, ValueError) as error:
        raise FastcliError(
            f"The certificates for {scheduler} cannot be used: {_reason(error)}."
        ) from None
    try:
        _check_answers(scheduler, arguments)
        client = Client(scheduler, security=security, set_as_default=False, name="fastcli")
    except TypeError:  # what is lacking is the certificates
        raise FastcliError(
            f"{scheduler} needs certificates: give --dask-tls-ca-file, --dask-tls-cert and "
            "--dask-tls-key, or have Dask's configuration name them."
        ) from None
    except (OSError, ValueError, RuntimeError, asyncio.TimeoutError) as error:
        raise FastcliError(f"No Dask scheduler answers at {scheduler}: {_reason(error)}.") from None
    try:
        yield client
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            client.close()


def _check_answers(address: str, arguments: dict[str, Any]) -> None:
    """Connect once.  Raises what ``connect`` does, TimeoutError for other servers.

    A ``Client`` would wait for ever for what a web server answers, and one that could not connect
    would keep Python from ending.
    """
    if address.startswith("inproc://"):
        return
    limit = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))

    async def look() -> None:
        try:
            comm = await asyncio.wait_for(connect(address, timeout=limit, **arguments), limit + 1)
        except asyncio.TimeoutError:
            raise TimeoutError("what listens there does not answer as a scheduler does") from None
        await comm.close()

    with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop of its own
        pool.submit(asyncio.run, look()).result()


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def make_parts(
    client: Client, parts: Sequence[Part], work: Work, hear: Hear, folder: str = ""
) -> None:
    """Make parts on the workers of a cluster, one for each of their threads at a time.

    ``hear`` is called here, as by ``part_workers.make_parts``.  ``folder`` is where parts are
    written, which must be the same folder for all.  Raises FastcliError for workers that cannot
    be used, before anything is made, and SchedulerLost.
    """
    with contextlib.ExitStack() as stack:
        witness = ""
        if folder and not is_url(folder):
            # A target of its own: other runs write to this folder, too.
            temporary = temporary_beside(os.path.join(folder, secrets.token_hex(8)))
            witness = os.path.abspath(stack.enter_context(temporary).path)
        job = _Job(client, work, hear, witness)
        stack.enter_context(job)
        job.make(parts)


@dataclass(frozen=True)
class _File:
    path: str
    state: FileState | None  # None: there is none, and must be none


@dataclass(frozen=True)
class _Group:
    """Files that stay side by side."""

    files: tuple[_File, ...]

    @property
    def name(self) -> str:
        """The folder of its copies: of the same name only where all bytes are the same."""
        parts = [(os.path.basename(f.path), f.state and f.state.sha256) for f in self.files]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class _Task:
    """A part that is being made, and the workers that may do it (none: any)."""

    future: Future
    part: Part
    only: frozenset[str]


@dataclass
class _Job:
    client: Client
    work: Work
    hear: Hear
    witness: str  # a file in the folder of parts; "" if there is none
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    _threads: dict[str, int] = field(default_factory=dict)
    _ready: set[str] = field(default_factory=set)
    _left_out: dict[str, str] = field(default_factory=dict)  # workers, and why
    _failures: Counter[str] = field(default_factory=Counter)  # to get ready, by worker
    _has_begun: bool = False  # a worker has been ready
    _has_made: bool = False  # it has said what came of a part
    _copies: dict[tuple[Any, str], str] = field(default_factory=dict)  # folder, by machine, group
    _running: dict[str, _Task] = field(default_factory=dict)
    _looked: float = -PATIENCE
    _processors: set[str] = field(default_factory=set)
    _sources: dict[str, FileState] = field(default_factory=dict)  # whose digest was needed, by path
    _unlike: dict[str, set[str]] = field(default_factory=dict)  # who sees another, by path

    # ------------------------------------------------------------------------------------ parts

    def make(self, parts: Sequence[Part]) -> None:
        pending = Pending(parts, self.hear)
        ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        n_given = 0
        while pending or self._running:
            room = self._look() - len(self._running)
            while pending and room > 0:
                (part, pause), n_given, room = pending.take(), n_given + 1, room - 1
                only = self._only(part)
                if only == []:
                    sentence = "no worker sees this file as it is on this machine"
                    pending.hear(part, "failed", Failure(reason=f"{part.source}: {sentence}"))
                    continue
                future = self.client.submit(
                    there.make_part,
                    self.name,
                    _absolute(part),
                    pause,
                    self._source(part),
                    key=f"fastcli-{self.name}-{n_given}",
                    pure=False,
                    workers=only,
                )
                self._running[future.key] = _Task(future, part, frozenset(only or ()))
                future.add_done_callback(ended.put)
            for part in self._stranded():
                pending.give_back(part)
            try:
                future = ended.get(timeout=LOOK)
            except queue.Empty:
                continue
            task = self._running.pop(future.key, None)
            if task is None:  # it was stranded
                continue
            part, answer = task.part, self._answer(future)
            if answer.kind == there.UNKNOWN:
                self._ready.discard(answer.what)
                self._prepare([answer.what])
                pending.give_back(part)
                continue
            if answer.kind == there.UNSTARTED:
                address, failure = answer.what
                self._failed(address, failure.reason, not failure.may_pass)
                pending.give_back(part)
                continue
            if answer.kind == there.UNLIKE:
                self._saw_other(part, *answer.what)
                pending.give_back(part)
                continue
            self._has_made = True
            for kind, sentence in answer.said:
                self.hear(part, kind, _as_given(part, sentence))
            what = answer.what
            if isinstance(what, Failure):
                what = replace(what, reason=_as_given(part, what.reason))
            pending.hear(part, answer.kind, what)

    def _answer(self, future: Future) -> there.Answer:
        """Return what came of a task.  Raises SchedulerLost."""
        try:
            answer: there.Answer = future.result()
            return answer
        except KilledWorker as error:  # which the scheduler has tried several times
            n = counted(error.allowed_failures + 1, "worker")
            failure = Failure(reason=DIED.format(n), was_killed=True)
        except CancelledError:
            self._check_connected()
            failure = Failure(reason="it was cancelled at the scheduler")
        except Exception as error:
            self._check_connected()
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            failure = Failure(reason=reason, may_pass=True)
        finally:
            future.release()
        return there.Answer("failed", failure, [])

    def _only(self, part: Part) -> list[str] | None:
        """Return the workers that may make a part; None: any, also one that is started again."""
        unlike = self._unlike.get(part.source, set())
        if not unlike and not self._left_out:
            return None
        return [address for address in self._usable() if address not in unlike]

    def _source(self, part: Part) -> FileState | None:
        """Return what a local input is now, with its digest only if that was needed."""
        try:
            if is_url(part.source):
                return None
            status = os.stat(part.source)
        except OSError:
            return None
        state = FileState(size=status.st_size, mtime_ns=status.st_mtime_ns, sha256="")
        known = self._sources.get(part.source)
        return known if known and replace(known, sha256="") == state else state

    def _saw_other(self, part: Part, address: str, size: int | None) -> None:
        """Have other workers make a part whose input is another where this one is.

        A copy with another time is the same file, which its digest tells.
        """
        path = part.source
        source = self._source(part)
        if source is None:  # it is gone here, too
            return
        if size == source.size and not source.sha256:
            with contextlib.suppress(OSError):
                self._sources[path] = file_state(path)
            return
        if not any(address in some for some in self._unlike.values()):
            say(f"{address} does not see {path} as it is on this machine: others make its part.")
        self._unlike.setdefault(path, set()).add(address)

    def _stranded(self) -> list[Part]:
        """Take back the parts that only workers may make that are gone, and return them."""
        now = set(self._threads)
        found = [t for t in self._running.values() if t.only and not t.only & now]
        if found:
            self._ask(self.client.cancel, [task.future for task in found])
        return [self._running.pop(task.future.key).part for task in found]

    # ---------------------------------------------------------------------------------- workers

    def _look(self) -> int:
        """Return how many parts can be made at once, with workers that came meanwhile prepared."""
        self._check_connected()
        now = time.monotonic()
        if now - self._looked < LOOK and self._usable():
            return self._room()
        self._threads = self._ask(self.client.nthreads)
        while True:
            if not self._usable():
                self._wait()
            self._prepare([address for address in self._usable() if address not in self._ready])
            if self._usable():
                break
        self._looked = time.monotonic()
        return self._room()

    def _usable(self) -> list[str]:
        return [address for address in self._threads if address not in self._left_out]

    def _room(self) -> int:
        return sum(self._threads[address] for address in self._usable() if address in self._ready)

    def _wait(self) -> None:
        address = self.client.scheduler.address
        left_out = [self._left_out[one] for one in self._threads if one in self._left_out]
        if left_out and not self._has_made:
            raise FastcliError(left_out[0])
        has = "no worker that can be used" if left_out else "no worker"
        say(f"{address} has {has}: waiting for one.")
        end = time.monotonic() + PATIENCE
        while not self._usable():
            if time.monotonic() > end:
                raise FastcliError(
                    f"{address} has had {has} for {PATIENCE:.0f} s: start some (dask worker "
                    f"{address}), and the same command makes what is missing."
                )
            self._check_connected()
            time.sleep(min(0.2, LOOK))
            self._threads = self._ask(self.client.nthreads)

    def _failed(self, address: str, reason: object, is_lasting: bool = False) -> None:
        """Note why a worker did not get ready; it is left out if that stays or comes again."""
        self._failures[address] += 1
        if is_lasting or self._failures[address] >= TRIES:
            self._leave_out(address, f"{address}: {reason}")

    def _leave_out(self, address: str, sentence: str) -> None:
        self._ready.discard(address)
        if address not in self._left_out:
            self._left_out[address] = sentence
            if self._has_made or self._usable():
                say(f"{sentence.removesuffix('.')}. This worker is left out.")

    def _check_connected(self) -> None:
        if self.client.status != "running":
            raise SchedulerLost(
                "The connection to the Dask scheduler is lost: what was made stays, and the same "
                "command makes the rest."
            )

    def _ask(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call the scheduler.  Raises SchedulerLost."""
        try:
            return function(*args, **options)
        except (OSError, TimeoutError, CancelledError):
            self._check_connected()
            raise

    def _run(self, function: Callable[..., Any], *args: Any, on: Collection[str]) -> dict[str, Any]:
        """Call a function in workers, and return what those say that are still there.

        The others do not get ready.
        """
        if not on:
            return {}
        said = self._ask(self.client.run, function, *args, workers=list(on), on_error="return")
        failed = {address: one for address, one in said.items() if isinstance(one, Exception)}
        if failed:
            there_now = self._ask(self.client.nthreads)
            for address, error in failed.items():
                if address in there_now:
                    may_pass = isinstance(error, OSError | TimeoutError)
                    self._failed(address, reason_of(error), not may_pass)
        return {address: one for address, one in said.items() if address not in failed}

    def _prepare(self, addresses: Collection[str]) -> None:
        """Have workers know the job, and the files that it reads; some may not get ready."""
        if addresses := self._checked(addresses):
            self._look_at_processors(addresses)
        places: dict[str, dict[str, str]] = {address: {} for address in addresses}
        for group in self._groups():
            placed = self._placed(group, list(places))
            places = {address: places[address] | moved for address, moved in placed.items()}
        kinds: dict[str, list[str]] = {}
        for address, moved in places.items():
            kinds.setdefault(repr(sorted(moved.items())), []).append(address)
        for same in kinds.values():
            start = pickle.dumps(self.work.moved(places[same[0]]).start)
            self._ready |= set(self._run(there.prepare, self.name, start, on=same))
        self._has_begun = self._has_begun or bool(self._ready)

    def _checked(self, addresses: Collection[str]) -> Collection[str]:
        """Return the workers that can be used; a run that has begun leaves out the others.

        Raises FastcliError for others where none has been ready yet.
        """
        for check in (self._check_versions, self._check_witness):
            try:
                addresses = check(addresses)
            except FastcliError:
                if not self._has_begun:
                    raise
                good = []
                for address in addresses:
                    try:
                        good += check([address])
                    except FastcliError as error:
                        self._leave_out(address, str(error))
                addresses = good
        return addresses

    def _check_versions(self, addresses: Collection[str]) -> list[str]:
        """Raise FastcliError for workers of another version, whose bytes could be others."""
        import numpy as np

        ours = [".".join(map(str, sys.version_info[:2])), np.__version__, __version__]
        bad: dict[str, list[str]] = {}
        answers = self._run(eval, VERSIONS, on=addresses)
        for address, found in answers.items():
            for name, mine, its in zip(("Python", "NumPy", "fastcli"), ours, found, strict=True):
                if its is None:
                    bad.setdefault(f"no {name}", []).append(address)
                elif _minor(name, its) != _minor(name, mine):
                    bad.setdefault(f"{name} {its}, and here is {mine}", []).append(address)
        if not bad:
            return list(answers)
        sentences = []
        for what, some in bad.items():
            more = len(some) - MOST_NAMED
            others = [counted(more, "other")] if more > 0 else []
            sentences.append(f"{listed([*some[:MOST_NAMED], *others])}: {what}")
        raise FastcliError(
            f"Workers that cannot be used: {'; '.join(sentences)}. Install the same there."
        )

    def _check_witness(self, addresses: Collection[str]) -> list[str]:
        """Raise FastcliError for workers that would write parts to a folder of their own."""
        if not self.witness:
            return list(addresses)
        answers = self._run(there.see, [self.witness], on=addresses)
        for address, (seen,) in answers.items():
            if seen is None:
                raise FastcliError(
                    f"{address} does not see the folder {os.path.dirname(self.witness)} of this "
                    "machine: give an --output-dir on a file system that all share."
                )
        return list(answers)

    def _look_at_processors(self, addresses: Collection[str]) -> None:
        """Say, once, where workers are of several kinds, whose kernels may round differently."""
        n_before = len(self._processors)
        self._processors |= set(self._run(there.processor, on=addresses).values())
        if n_before < 2 <= len(self._processors):
            names = sorted({name.split()[0] for name in self._processors})
            say(
                f"Workers have processors of several kinds ({listed(names)}): the last digits of "
                "probabilities may differ between their parts, unless all run code that was "
                "compiled for one target (docs/howto/clusters.md)."
            )

    # ------------------------------------------------------------------------------------ files

    def _groups(self) -> list[_Group]:
        """Return the files that the job reads, as they are here."""
        if not hasattr(self, "_found"):
            self._found = [_Group(tuple(map(_file, group))) for group in self.work.files]
        return self._found

    def _placed(self, group: _Group, addresses: Collection[str]) -> dict[str, dict[str, str]]:
        """Return where workers have files; those who do not see them as they are get copies."""
        blind = self._blind(group, addresses)
        found = {
            address: {file.path: os.path.abspath(file.path) for file in group.files}
            for address in addresses
            if address not in blind
        }
        for address, folder in self._copied(group, blind).items():
            found[address] = {
                file.path: os.path.join(folder, os.path.basename(file.path)) for file in group.files
            }
        return found

    def _blind(self, group: _Group, addresses: Collection[str]) -> list[str]:
        """Return the workers that do not see all files as they are; each machine hashes once."""
        paths = [os.path.abspath(file.path) for file in group.files]
        states = [file.state for file in group.files]
        sizes = [state and state.size for state in states]
        sights = self._run(there.see, paths, on=addresses)
        same: dict[Any, list[str]] = {}
        for address, sight in sights.items():
            if [seen and seen.size for seen in sight] == sizes:
                identity = _host(address), tuple(seen and seen.identity for seen in sight)
                same.setdefault(identity, []).append(address)
        seeing: set[str] = set()
        said = self._run(there.digests, paths, on=[some[0] for some in same.values()])
        for some in same.values():
            if said.get(some[0]) == [state.sha256 if state else "" for state in states]:
                seeing |= set(some)
        return [address for address in sights if address not in seeing]

    def _copied(self, group: _Group, addresses: Collection[str]) -> dict[str, str]:
        """Return the folders of copies on the machines of workers, made where there are none."""
        machines: dict[Any, list[str]] = {}
        folders = self._run(there.place_of_copies, on=addresses)
        for address, (_, identity) in folders.items():
            machines.setdefault((_host(address), identity), []).append(address)
        waiting = {
            machine: deque(some)
            for machine, some in machines.items()
            if (machine, group.name) not in self._copies
        }
        while any(waiting.values()):  # another worker of a machine where one has ended meanwhile
            now = {some.popleft(): machine for machine, some in waiting.items() if some}
            for address, folder in self._sent(group, list(now)).items():
                self._copies[now[address], group.name] = folder
                del waiting[now[address]]
        return {
            address: self._copies[machine, group.name]
            for machine, some in machines.items()
            for address in some
            if (machine, group.name) in self._copies
        }

    def _sent(self, group: _Group, addresses: list[str]) -> dict[str, str]:
        """Send the files of a group to workers; return the folder of each that got them all."""
        folders: dict[str, str] = dict.fromkeys(addresses, "")
        for file in group.files:
            if file.state is None:
                continue
            name, begin = os.path.basename(file.path), 0
            with open(file.path, "rb") as stream:
                while True:
                    data = stream.read(PIECE)
                    is_last = begin + len(data) >= file.state.size or not data
                    expected = file.state.sha256 if is_last else ""
                    piece = there.Piece(self.name, group.name, name, begin, data, expected)
                    begin += len(data)
                    got = self._run(there.receive, piece, on=list(folders))
                    folders = {address: os.path.dirname(path) for address, path in got.items()}
                    if is_last or not folders:
                        break
        return folders

    # ------------------------------------------------------------------------------------- end

    def __enter__(self) -> _Job:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give up what is being made, and have workers forget the job."""
        with contextlib.suppress(Exception):
            if self.client.status != "running":
                return
            if self._running:
                self.client.cancel([task.future for task in self._running.values()])
            self.client.run(there.forget, self.name, on_error="ignore")


def _absolute(part: Part) -> Part:
    """Return a part with paths that mean the same in any folder."""
    return replace(part, source=whole_path(part.source), folder=whole_path(part.folder))


def _as_given(part: Part, sentence: str) -> str:
    """Return a sentence with the paths of a part as they were given."""
    absolute = _absolute(part)
    for ours, given in ((absolute.source, part.source), (absolute.folder, part.folder)):
        sentence = sentence.replace(ours, given) if given else sentence
    return sentence


def _file(path: str) -> _File:
    try:
        return _File(path, file_state(path))
    except FileNotFoundError:
        return _File(path, None)
    except OSError as error:
        raise FastcliError(cannot_open(path, error, "loading")) from None


def _host(address: str) -> str:
    """Return the machine of a worker's address.

    >>> _host("tcp://127.0.0.1:4711")
    'tcp://127.0.0.1'
    """
    return address.rpartition(":")[0]


def _minor(name: str, version: str) -> str:
    """Return as much of a version as must be the same."""
    return version if name == "fastcli" else ".".join(version.split(".")[:2])
