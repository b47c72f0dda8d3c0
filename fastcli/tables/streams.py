"""Streams that tables and JSON are read from: bytes that are counted."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

from fastcli.overwriting import STREAM
from fastcli.text.inputs import compression, open_compressed
from fastcli.text.spooled import place_of


def opened(path: str, on_bytes: Callable[[int], None]) -> Any:
    """Open a file, plain or compressed, or standard input, to be read as bytes.  Raises OSError."""
    place = place_of(path)
    if place == STREAM:
        if sys.stdin is None:
            raise OSError("standard input is closed")
        return io.BufferedReader(_Counted(sys.stdin.buffer, on_bytes), 1 << 20)
    kind = compression(path)
    raw = open(place, "rb", buffering=0)  # noqa: SIM115
    if kind:
        raw.close()
        return open_compressed(path, kind, on_bytes)
    return io.BufferedReader(_Counted(raw, on_bytes), 1 << 20)


class _Counted(io.RawIOBase):
    """A stream that says how many bytes have been read."""

    def __init__(self, stream: Any, on_bytes: Callable[[int], None]) -> None:
        self._stream, self._on_bytes, self._n = stream, on_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = getattr(self._stream, "readinto1", self._stream.readinto)
        n = read(buffer) or 0
        self._n += n
        self._on_bytes(self._n)
        return n

    def close(self) -> None:
        if not self.closed and self._stream is not getattr(sys.stdin, "buffer", None):
            self._stream.close()
        super().close()
