"""Streams that are read like files: standard input and pipes are copied to temporary files first.

Training reads its input several times, and looks at its first bytes for compression.  Whoever opens
an input asks ``place_of`` where its bytes are; messages and records keep the name that was given.
What stands for what is known to the work that said so, and not to others at the same time.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError, FastcliError, unreadable
from fastcli.overwriting import STREAM
from fastcli.urls import is_url

if TYPE_CHECKING:
    from fastcli.reporting import Reporter

NO_STDIN = (  # fastText's words, and why
    "Cannot use stdin for training! It is a terminal, closed or empty: give a file with -input, or "
    "pipe the text into this command."
)
PIPE = "PIPE"  # in place of a path
MAY_BE_PIPES = ("input_model", "class_weight", "pretrained_vectors")  # arguments that name files
CHUNK = 1 << 20  # bytes copied at a time

_places: ContextVar[Mapping[str, str]] = ContextVar("places", default=MappingProxyType({}))


def place_of(path: str | os.PathLike[str]) -> str:
    """Return the file that has the bytes of an input: the copy of a stream, else the path."""
    path = os.fspath(path)
    return _places.get().get(path, path)


_tags: ContextVar[Mapping[str, str]] = ContextVar("tags", default=MappingProxyType({}))


def tag_of(url: str) -> str:
    """Return what tells whether a URL that is ``fetched`` still has the bytes that were copied."""
    return _tags.get()[url]


def is_file(path: str) -> bool:
    """Tell whether a path is that of a regular file, which can be read more than once.

    ``-`` is standard input, even where a file has that name.  A URL is one while it is ``fetched``.
    """
    return path != STREAM and os.path.isfile(place_of(path) if is_url(path) else path)


def is_stream(path: str) -> bool:
    """Tell whether a path is standard input, a named pipe or a socket, which are read only once."""
    if path == STREAM:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # reported when it is opened
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def named_pipes(args: Any) -> dict[str, Any]:
    """Return those of the arguments' files that are pipes, with what is recorded instead.

    The name of a pipe, such as /dev/fd/63, means nothing when the command has ended.
    """
    return {name: PIPE for name in MAY_BE_PIPES if is_stream(getattr(args, name))}


def check_stdin(paths: Iterable[str]) -> None:
    """Raise ArgumentError, with fastText's message, for a standard input that brings nothing."""
    if STREAM not in paths:
        return
    status = None if sys.stdin is None else _status(sys.stdin)
    is_device = status is not None and stat.S_ISCHR(status.st_mode)  # a terminal, /dev/null
    if sys.stdin is None or is_device:
        raise ArgumentError(NO_STDIN)


@contextlib.contextmanager
def spooled(paths: Iterable[str], reporter: Reporter, allows_empty: bool = False) -> Iterator[None]:
    """Copy the streams among some inputs to temporary files, which are removed at the end.

    A regular file that is standard input is not copied where the system lets it be opened again.
    Raises ArgumentError for an empty standard input unless ``allows_empty``, DataError for a stream
    that cannot be read, and FastcliError where there is no room for the copy.
    """
    former = _places.get()
    with contextlib.ExitStack() as stack:
        stack.callback(_places.set, former)
        for path in dict.fromkeys(paths):
            if path in _places.get() or not is_stream(path):
                continue
            place = _reopened_stdin() if path == STREAM else ""
            place = place or stack.enter_context(_copy(path, reporter))
            if path == STREAM and not allows_empty and os.path.getsize(place) == 0:
                raise ArgumentError(NO_STDIN)
            _places.set({**_places.get(), path: place})
        yield


@contextlib.contextmanager
def standing_for(paths: Sequence[str], place: str, empty: str) -> Iterator[None]:
    """Let a file have the bytes of all these inputs together; ``empty`` is made for the others."""
    if len(paths) > 1:
        open(empty, "x").close()
    places = dict.fromkeys(paths, empty) | {paths[0]: place}
    former = _places.get()
    _places.set({**former, **places})
    try:
        yield
    finally:
        _places.set(former)


def _status(stream: Any) -> os.stat_result | None:
    """Return the status of an open stream, None where it is no file of the system."""
    try:
        return os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None


def _reopened_stdin() -> str:
    """Return a path that opens a redirected file anew, "" if there is none.

    That needs Linux, where opening /dev/fd/0 gives a position of its own, and a file of which
    nothing was read yet.
    """
    status = _status(sys.stdin)
    if sys.platform != "linux" or status is None or not stat.S_ISREG(status.st_mode):
        return ""
    fd = sys.stdin.fileno()
    path = f"/dev/fd/{fd}"
    with contextlib.suppress(OSError):
        is_same = os.path.samestat(os.stat(path), status)
        if is_same and os.access(path, os.R_OK) and os.lseek(fd, 0, os.SEEK_CUR) == 0:
            return path
    return ""


@contextlib.contextmanager
def fetched(path: str) -> Iterator[None]:
    """Let a temporary copy stand for what a URL names; a local file stays where it is.

    Raises DataError where it cannot be read, and FastcliError where there is no room for the copy.
    """
    if not is_url(path) or path in _places.get():
        yield
        return
    from fastcli.remote import blocks, state_of

    former, tags = _places.get(), _tags.get()
    with contextlib.ExitStack() as stack:
        try:
            state = state_of(path)
        except OSError as error:
            raise unreadable(path, error) from error
        place = stack.enter_context(_copied(path, _read(path, blocks(path, state)), lambda n: None))
        stack.callback(_places.set, former)
        stack.callback(_tags.set, tags)
        _places.set({**former, path: place})
        _tags.set({**tags, path: state.tag})
        yield


def _read(path: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from blocks
    except OSError as error:
        raise unreadable(path, error) from error


@contextlib.contextmanager
def _copy(path: str, reporter: Reporter) -> Iterator[str]:
    """Give the path of a temporary file with all bytes of a stream, which ``reporter`` counts."""
    shown = "Standard input" if path == STREAM else path
    reporter.stage("copying")
    with _copied(shown, _blocks(path), reporter.read) as place:
        yield place


@contextlib.contextmanager
def _copied(shown: str, blocks: Iterable[bytes], on_bytes: Callable[[int], None]) -> Iterator[str]:
    """Give the path of a temporary file with all these bytes; ``on_bytes`` hears their numbers.

    Raises FastcliError where there is no room.
    """
    import secrets
    from pathlib import Path
    from tempfile import gettempdir

    from fastcli.files import temporary_beside, write_all

    try:
        folder = gettempdir()
        # A target of its own: no other run is at work on it.
        temporary = temporary_beside(Path(folder) / secrets.token_hex(8))
    except OSError as error:
        raise FastcliError(
            f"{shown} cannot be copied to a temporary file ({error.strerror or error}). "
            "Set TMPDIR to a folder that you may write to."
        ) from None
    with temporary:
        for block in blocks:
            try:
                write_all(temporary.fd, block)
            except OSError as error:
                raise FastcliError(
                    f"{shown} cannot be copied to {folder} ({error.strerror or error}). "
                    "Set TMPDIR to a folder with more room."
                ) from None
            on_bytes(len(block))
        yield str(temporary.path)


def _blocks(path: str) -> Iterator[bytes]:
    try:
        if path == STREAM:
            stream: Any = sys.stdin.buffer
            while block := stream.read1(CHUNK):
                yield block
        else:
            with open(path, "rb", buffering=0) as pipe:
                while block := pipe.read(CHUNK):
                    yield block
    except OSError as error:
        raise unreadable(path, error, "training") from None
