"""Reading in a separate process, which parses while this one cleans and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from fastcli import notices
from fastcli.errors import FastcliError
from fastcli.prepare.workers import CONTEXT, begin, starting
from fastcli.tables.delimited import Location
from fastcli.tables.objects import Bad
from fastcli.tables.rows import Batch
from fastcli.tables.sources import Source


def read_beside(
    source: Source,
    paths: Sequence[str],
    started: Callable[[str], None],
    read: Callable[[int], None],
) -> Iterator[Batch]:
    """Yield what ``source.read`` gives for each of the paths, from another process, in order.

    The pipe between the processes holds little, so that the reader never runs far ahead.
    """
    ours, theirs = CONTEXT.Pipe(duplex=False)
    plain = Source(**{**source.parts(), "bad": _nowhere, "say": _unsaid})
    reader = CONTEXT.Process(target=_read, args=(plain, list(paths), theirs), daemon=True)
    with starting():
        reader.start()
    theirs.close()
    handlers: dict[str, Callable[..., None]] = {
        "bad": source.bad,
        "say": source.say,
        "record": source.record.update,
        "started": started,
        "read": read,
        "notice": notices.say,
        "warning": notices.warn,
    }
    try:
        while True:
            try:
                kind, *what = ours.recv()
            except EOFError:
                raise FastcliError("The reading process ended early.") from None
            if kind == "end":
                return
            if kind == "error":
                raise what[0]
            if kind == "batch":
                yield what[0]
            else:
                handlers[kind](*what)
    finally:
        ours.close()
        reader.terminate()
        reader.join()


def _nowhere(place: Location, reason: str, text: str) -> None:
    raise AssertionError("replaced by the reading process")


def _unsaid(sentence: str) -> None:
    raise AssertionError("replaced by the reading process")


class _Sender:
    """Sends the sentences of the reading process to the other one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def say(self, *sentences: str) -> None:
        self._connection.send(("notice", *sentences))

    def warn(self, sentence: str) -> None:
        self._connection.send(("warning", sentence))


def _read(plain: Source, paths: list[str], connection: Connection) -> None:
    """Read all paths and send what there is to say."""
    begin()

    def send(*message: Any) -> None:
        connection.send(message)

    bad: Bad = lambda place, reason, text: send("bad", place, reason, text)  # noqa: E731
    say: Callable[[str], None] = lambda sentence: send("say", sentence)  # noqa: E731
    source = Source(**{**plain.parts(), "bad": bad, "say": say})
    try:
        with notices.heard_by(_Sender(connection)):
            for path in paths:
                send("started", path)
                for batch in source.read(path, lambda n: send("read", n)):
                    send("batch", batch)
            source.finish()
        send("record", source.record)
        send("end")
    except FastcliError as error:
        send("error", error)
    except BrokenPipeError:
        pass  # the reader of the pipe has gone
