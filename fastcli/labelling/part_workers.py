"""Worker processes that make parts: each has the model, and gets one part after the other.

JSON and Parquet are read, and texts cleaned, under Python's lock, a quarter of the time or more:
threads of one process would wait for each other from the fourth on.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from fastcli.attempts import Attempts, Failure
from fastcli.labelling.parts import Part
from fastcli.notices import SPELLING, announce_only, heard_by
from fastcli.prepare.workers import CONTEXT, begin, starting
from fastcli.temporary import left_behind

ENDED = "the process that labelled it ended early, perhaps out of memory: try a smaller -thread"
READY = "ready"  # the message of a process that has loaded what it needs
NEXT = "next"  # the message that asks for another part
STARTS = 3  # processes in a row that may end before they are ready

Hear = Callable[..., None]
"""``hear(part, kind, what)``: of what kind are "say", "decided", "read", "again" (a ``Failure``
after which the part is tried again) and what making a part gives."""

Make = Callable[[Part, Hear], tuple[str, Any]]
"""Makes a part, and returns the kind and the content of a message about it, "failed" with a
``Failure``; it raises nothing."""


class CannotStart(Exception):
    """What makes parts could not be loaded: ``failure`` says why, and whether it may pass."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass
class _Worker:
    process: Any
    connection: Connection
    part: Part
    is_ready: bool = False

    def give(self, part: Part, pause: float) -> None:
        """Have the process make a part; if it has ended, that is noticed when it is heard."""
        self.part = part
        with contextlib.suppress(OSError):
            self.connection.send((part, pause))


def make_here(parts: Sequence[Part], make: Make, hear: Hear) -> None:
    """Make parts in this process, one after the other; those that may pass are tried again."""
    pending = Pending(parts, hear)
    while pending:
        part, pause = pending.take()
        time.sleep(pause)
        pending.hear(part, *make(part, hear))


def make_parts(parts: Sequence[Part], n: int, start: Callable[[], Make], hear: Hear) -> None:
    """Make parts in n processes, where ``start()`` returns what makes one.

    ``start`` is pickled; ``hear`` is called here.  Where a process ends early its part is tried
    again some times, and the others go on: fewer need less memory.  Where some in a row end before
    they have begun, all the rest has failed.  An interrupt ends them all, and leaves no temporary
    files.
    """
    pending = Pending(parts, hear)
    workers: dict[Connection, _Worker] = {}
    n_unready = 0
    with _ended(workers):
        while pending or workers:
            while pending and len(workers) < n:
                worker = _started(start, *pending.take())
                workers[worker.connection] = worker
            for connection in wait(list(workers)):
                assert isinstance(connection, Connection)
                worker = workers[connection]
                try:
                    kind, what = connection.recv()
                except (EOFError, OSError):
                    del workers[connection]
                    _end(worker)
                    n = max(n - 1, 1)
                    if worker.is_ready:
                        failure = Failure(reason=ENDED, may_pass=True, was_killed=True)
                        pending.hear(worker.part, "failed", failure)
                        continue
                    n_unready += 1
                    pending.give_back(worker.part)
                    while pending and not workers and n_unready >= STARTS:
                        hear(pending.take()[0], "failed", Failure(reason=ENDED))
                    continue
                if kind == READY:
                    worker.is_ready, n_unready = True, 0
                elif kind != NEXT:
                    pending.hear(worker.part, kind, what)
                elif pending:
                    worker.give(*pending.take())
                else:
                    del workers[connection]
                    connection.close()
                    worker.process.join()


class Pending:
    """The parts that are still to be made, each with a pause before it."""

    def __init__(self, parts: Sequence[Part], hear: Hear) -> None:
        self._parts = deque((part, 0.0) for part in parts)
        self._attempts, self._hear = Attempts(), hear

    def __bool__(self) -> bool:
        return bool(self._parts)

    def take(self) -> tuple[Part, float]:
        """Return the next part, and the seconds to wait before it is made."""
        return self._parts.popleft()

    def give_back(self, part: Part) -> None:
        """Take a part back that was not tried."""
        self._parts.appendleft((part, 0.0))

    def hear(self, part: Part, kind: str, what: Any) -> None:
        """Pass on what is said of a part; one that may be made by another try comes once more."""
        if kind == "failed" and self._attempts.again(part.name, what):
            self._parts.append((part, self._attempts.pause(part.name, what)))
            kind = "again"
        self._hear(part, kind, what)


def _started(start: Callable[[], Make], part: Part, pause: float) -> _Worker:
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_serve, args=(start, theirs), daemon=True)
    with starting():
        process.start()
    theirs.close()
    worker = _Worker(process, ours, part)
    worker.give(part, pause)
    return worker


@contextlib.contextmanager
def _ended(workers: dict[Connection, _Worker]) -> Iterator[None]:
    """End the workers that are still at work when this is left."""
    try:
        yield
    finally:
        for worker in workers.values():
            worker.process.terminate()
        for worker in workers.values():
            _end(worker)


def _end(worker: _Worker) -> None:
    """End a worker, and remove the temporary files of what it was making."""
    worker.connection.close()
    worker.process.terminate()
    worker.process.join()
    for path in (worker.part.target, worker.part.record):
        for left in left_behind(Path(path)):
            with contextlib.suppress(OSError):
                os.unlink(left)


class _Teller(io.TextIOBase):
    """Sends what is said in a worker to the main process: notices, and whole lines of stderr."""

    def __init__(self, connection: Connection) -> None:
        self.is_on = False
        self._connection, self._text = connection, ""

    def write(self, text: str) -> int:
        *lines, self._text = f"{self._text}{text}".split("\n")
        self.say(*lines)
        return len(text)

    def say(self, *sentences: str) -> None:
        for sentence in sentences if self.is_on else ():
            self._connection.send(("say", sentence))

    def warn(self, sentence: str) -> None:
        self.say(sentence)


def _serve(start: Callable[[], Make], connection: Connection) -> None:
    """Make the parts that come from the main process, and send what there is to say."""
    begin()
    teller = _Teller(connection)
    sys.stderr = teller
    announce_only(SPELLING)

    def hear(part: Part, kind: str, what: Any) -> None:
        connection.send((kind, what))

    # With errors of the connection the main process has nothing more, or is gone.
    with heard_by(teller), contextlib.suppress(EOFError, OSError):
        make: Make | None = None
        while True:
            part, pause = connection.recv()
            time.sleep(pause)
            try:
                if make is None:
                    make = start()
                    teller.is_on = True  # what is said of the model the main process has said
                    connection.send((READY, None))
                connection.send(make(part, hear))
            except CannotStart as error:  # the next part has it tried again
                connection.send((READY, None))
                connection.send(("failed", error.failure))
            gc.collect()  # which ``begin`` has stopped
            connection.send((NEXT, None))
