"""A file of text, read at any place into memory of our own, in blocks that end where lines end.

Text is never mapped: a mapped file that is truncated kills its reader (SIGBUS), and one
that is overwritten changes under the eyes of the kernels.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.temporary import BINARY
from fastcli.text.spooled import place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

BLOCK = 1 << 22  # bytes read at a time
LOOK = 1 << 16  # bytes read at a time to find the end of a line


class Blocks:
    """A regular file as it was when it was opened; any thread may read any part of it.

    Raises OSError if the file cannot be opened or read, DataError as soon as it is seen that
    it changed meanwhile.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._fd = os.open(place_of(path), os.O_RDONLY | BINARY)
        self._at_first = self._state()
        self._lock = threading.Lock()  # where reading moves the file's position

    @property
    def size(self) -> int:
        """The bytes that the file had when it was opened."""
        return self._at_first[0]

    def __enter__(self) -> Blocks:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def _state(self) -> tuple[int, int]:
        found = os.fstat(self._fd)
        return found.st_size, found.st_mtime_ns

    def check(self) -> None:
        """Raise DataError if the file is not what it was when it was opened: size or time."""
        if self._state() != self._at_first:
            raise self._changed()

    def _changed(self) -> DataError:
        return DataError(
            f"{self.path} changed while it was read. Run this again when nothing writes to it."
        )

    def read(self, start: int, into: Bytes) -> None:
        """Fill ``into`` with the bytes from ``start`` on."""
        view, position = memoryview(into.data), start
        while view:
            n = self._read_some(view, position)
            if n == 0:
                raise self._changed()
            view, position = view[n:], position + n

    def _read_some(self, view: memoryview, position: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._fd, [view], position)
        if hasattr(os, "pread"):
            data = os.pread(self._fd, len(view), position)
        else:  # on Windows
            with self._lock:
                os.lseek(self._fd, position, os.SEEK_SET)
                data = os.read(self._fd, len(view))
        view[: len(data)] = data
        return len(data)

    def line_start(self, position: int) -> int:
        """Return where the first line that starts at ``position`` or later starts, or the end."""
        if position <= 0:
            return 0
        buffer, position = np.empty(LOOK, np.uint8), position - 1
        while position < self.size:
            seen = buffer[: self.size - position]
            self.read(position, seen)
            if len(ends := np.flatnonzero(seen == 10)):
                return position + int(ends[0]) + 1
            position += len(seen)
        return self.size

    def spans(self, n: int) -> list[tuple[int, int]]:
        """Cut the file into at most n parts of about the same size, at line ends."""
        bounds = [0, *(self.line_start(self.size * i // n) for i in range(1, n)), self.size]
        return [(a, b) for a, b in pairwise(bounds) if a < b]

    def lines(self, start: int, stop: int, size: int = BLOCK) -> Iterator[Bytes]:
        """Yield the bytes from ``start`` to ``stop`` in blocks of about ``size`` bytes.

        Blocks end where lines end, the last one at ``stop``; a longer line is a block of its own.
        They share their memory: each is good until the next one is asked for.
        """
        buffer = np.empty(min(size, stop - start), np.uint8)
        while start < stop:
            block = buffer[: stop - start]
            self.read(start, block)
            end = len(block)
            if start + end < stop and (end := last_line_end(block)) == 0:
                buffer = np.empty(min(2 * len(buffer), stop - start), np.uint8)
                continue
            yield block[:end]
            start += end


def last_line_end(block: Bytes) -> int:
    """Return the position after the last line end of a block, 0 if it has none.

    >>> last_line_end(np.frombuffer(b"one\\ntwo\\nthr", np.uint8))
    8
    """
    stop = len(block)
    while stop > 0:
        start = max(0, stop - LOOK)
        if (found := block[start:stop].tobytes().rfind(b"\n")) >= 0:
            return start + found + 1
        stop = start
    return 0
