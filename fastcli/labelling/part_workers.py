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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from fastcli.labelling.parts import Part
from fastcli.prepare.workers import CONTEXT, begin, starting
from fastcli.temporary import left_behind

ENDED = "the process that labelled it ended early, perhaps out of memory: try a smaller -thread"
NEXT = "next"  # the message that asks for another part

Hear = Callable[..., None]
"""``hear(part, kind, what)``: of what kind are "say", "decided", "read" and what
making a part gives."""

Make = Callable[[Part, Hear], tuple[str, Any]]
"""Makes a part, and returns the kind and the content of a message about it; it raises nothing."""


@dataclass
class _Worker:
    process: Any
    connection: Connection
    part: Part
    has_made: bool = False  # a part, or has told why not

    def give(self, part: Part) -> None:
        """Have the process make a part; if it has ended, that is noticed when it is heard."""
        self.part = part
        with contextlib.suppress(OSError):
            self.connection.send(part)


def make_parts(parts: Sequence[Part], n: int, start: Callable[[], Make], hear: Hear) -> None:
    """Make parts in n processes, where ``start()`` returns what makes one.

    ``start`` is pickled; ``hear`` is called here.  Where a process ends early, "failed" is heard
    of its part, and the others go on: fewer need less memory.  Where the last one does before it
    has made anything, all the rest has failed.  An interrupt ends them all, and leaves no temporary
    files.
    """
    pending = deque(parts)
    workers: dict[Connection, _Worker] = {}
    with _ended(workers):
        while pending or workers:
            while pending and len(workers) < n:
                worker = _started(start, pending.popleft())
                workers[worker.connection] = worker
            for connection in wait(list(workers)):
                assert isinstance(connection, Connection)
                worker = workers[connection]
                try:
                    kind, what = connection.recv()
                except (EOFError, OSError):
                    del workers[connection]
                    _end(worker)
                    hear(worker.part, "failed", ENDED)
                    n = max(n - 1, 1)
                    while pending and not workers and not worker.has_made:
                        hear(pending.popleft(), "failed", ENDED)
                    continue
                if kind != NEXT:
                    hear(worker.part, kind, what)
                    continue
                worker.has_made = True
                if pending:
                    worker.give(pending.popleft())
                else:
                    del workers[connection]
                    connection.close()
                    worker.process.join()


def _started(start: Callable[[], Make], part: Part) -> _Worker:
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_serve, args=(start, theirs), daemon=True)
    with starting():
        process.start()
    theirs.close()
    worker = _Worker(process, ours, part)
    worker.give(part)
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
    """Stands for stderr in a worker: whole lines are sent to the main process, which says them."""

    def __init__(self) -> None:
        self.send: Callable[[str], None] | None = None
        self._text = ""

    def write(self, text: str) -> int:
        *lines, self._text = f"{self._text}{text}".split("\n")
        for line in lines:
            if self.send is not None:
                self.send(line)
        return len(text)


def _serve(start: Callable[[], Make], connection: Connection) -> None:
    """Make the parts that come from the main process, and send what there is to say."""
    begin()
    teller = _Teller()
    sys.stderr = teller  # what is said of the model the main process has said

    def hear(part: Part, kind: str, what: Any) -> None:
        connection.send((kind, what))

    with contextlib.suppress(EOFError, OSError):  # the main process has nothing more, or is gone
        make: Make | None = None
        while True:
            part = connection.recv()
            make = make or start()
            teller.send = lambda line: connection.send(("say", line))
            connection.send(make(part, hear))
            gc.collect()  # which ``begin`` has stopped
            connection.send((NEXT, None))
