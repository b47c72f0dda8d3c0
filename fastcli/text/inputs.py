"""Opening text: plain or compressed files, one or many, and standard input, as bytes.

Nothing here decodes: lines are bytes, and whatever they hold comes through unchanged.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.text.blocks import BLOCK, Blocks
from fastcli.text.compressed import compression_of, open_members
from fastcli.text.spooled import is_file, place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

MODEL_MAGIC = b"\xba\x16\x4f\x2f"  # first bytes of the models that fastText and fastcli write


def compression(path: str | os.PathLike[str]) -> str | None:
    """Return ``gz``, ``bz2``, ``xz``, ``zst`` or None, by a regular file's first bytes."""
    place = place_of(path)
    if not is_file(place):
        return None
    with open(place, "rb") as file:
        return compression_of(file.read(10))


def text_size(paths: Sequence[str]) -> int:
    """Return the bytes of text in files, 0 if that is not known before they are read."""
    try:
        places = [place_of(path) for path in paths]
        if all(is_file(place) and not compression(place) for place in places):
            return sum(map(os.path.getsize, places))
    except OSError:  # reported when it is read
        pass
    return 0


def open_compressed(
    path: str | os.PathLike[str], kind: str, on_bytes: Callable[[int], None] | None = None
) -> io.BufferedReader:
    """Open a compressed file for reading; damage in it raises OSError when it is met.

    ``on_bytes`` hears how many compressed bytes have been read.  The file is closed with the reader
    that is returned.
    """
    return open_members(place_of(path), kind, os.fspath(path), on_bytes)


def first_bytes(paths: Sequence[str], n: int) -> bytes:
    """Return how the first regular file that is not empty begins, decompressed; at most n bytes."""
    for path in paths:
        if not is_file(place_of(path)):
            continue
        kind = compression(path)
        with open_compressed(path, kind) if kind else open(place_of(path), "rb") as file:
            head: bytes = file.read(n)
            if head:
                return head
    return b""


def text_blocks(path: str) -> Iterator[Bytes]:
    """Yield the bytes of a file, compressed or not, or of standard input (``-``), in blocks.

    Blocks end where lines end, and each is good until the next one is asked for.  Raises OSError
    where the file cannot be read, DataError where it changed meanwhile.
    """
    if path == "-" and place_of(path) == path:
        if sys.stdin is None:
            raise OSError("standard input is closed")
        yield from line_blocks(sys.stdin.buffer)
        return
    kind = compression(path)
    if kind:
        with open_compressed(path, kind) as stream:
            yield from line_blocks(stream)
    elif is_file(place_of(path)):
        with Blocks(path) as file:
            yield from file.lines(0, file.size)
            file.check()
    else:
        with open(place_of(path), "rb") as stream:
            yield from line_blocks(stream)


def line_blocks(file: Any) -> Iterator[Bytes]:
    """Yield the bytes of a stream in blocks that end where lines end.

    Only the last block may lack a line end.  A block holds whatever is there to be read (a
    line fed through a pipe comes at once), and at least one line however long it is.
    """
    read = getattr(file, "read1", file.read)
    pieces: list[bytes] = []
    while data := read(BLOCK):
        cut = data.rfind(b"\n") + 1
        if cut:
            pieces.append(data[:cut])
            yield np.frombuffer(b"".join(pieces), np.uint8)
            pieces = [data[cut:]] if cut < len(data) else []
        else:
            pieces.append(data)
    if pieces:
        yield np.frombuffer(b"".join(pieces), np.uint8)


def split_at_lines(text: Bytes, n: int) -> list[Bytes]:
    """Cut text into at most n parts of about the same size, at line ends."""
    bounds = [0]
    for i in range(1, n):
        start = max(bounds[-1], len(text) * i // n)
        bounds.append(_after_line_end(text, start))
    bounds.append(len(text))
    return [text[a:b] for a, b in pairwise(bounds) if a < b]


def _after_line_end(text: Bytes, start: int) -> int:
    if start == 0 or start >= len(text) or text[start - 1] == 10:
        return min(start, len(text))
    step = 1 << 12
    while start < len(text):
        ends = np.flatnonzero(text[start : start + step] == 10)
        if len(ends):
            return start + int(ends[0]) + 1
        start += step
        step *= 2
    return len(text)
