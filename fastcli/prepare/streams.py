"""Streams that tables and JSON are read from: counted bytes, elements of an array."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any

from fastcli.errors import DataError
from fastcli.text.inputs import compression, open_compressed


def opened(path: str, on_bytes: Callable[[int], None]) -> Any:
    """Open a file, plain or compressed, or standard input, to be read as bytes.  Raises OSError."""
    if path == "-":
        if sys.stdin is None:
            raise OSError("standard input is closed")
        return io.BufferedReader(_Counted(sys.stdin.buffer, on_bytes), 1 << 20)
    kind = compression(path)
    raw = open(path, "rb", buffering=0)  # noqa: SIM115
    if kind:
        raw.close()
        return open_compressed(path, kind)
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


def elements(path: str, text: IO[str]) -> Iterator[tuple[int, Any]]:
    """Yield the elements of a JSON array and their lines, without holding all of it."""
    decoder, buffer, at, line, inside, size = json.JSONDecoder(), "", 0, 1, False, 1 << 16
    while True:
        start = at
        while at < len(buffer) and (buffer[at].isspace() or (inside and buffer[at] == ",")):
            at += 1
        line += buffer.count("\n", start, at)
        if at < len(buffer) and not inside:
            if buffer[at] != "[":
                raise DataError(
                    f"{path} is not a JSON array of objects; one object per line is --format jsonl."
                )
            inside, at = True, at + 1
            continue
        if at < len(buffer) and buffer[at] == "]":
            rest = buffer[at + 1 :].strip()
            while not rest and (more := text.read(size)):
                rest = more.strip()
            if rest:
                raise DataError(f"{path}:{line}: there is more after the array: {rest[:40]!r}.")
            return
        if at < len(buffer):
            try:
                found, end = decoder.raw_decode(buffer, at)
            except RecursionError:
                raise DataError(f"{path}:{line}: the JSON is nested too deeply.") from None
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(buffer) - 64 or error.msg.startswith("Unterminated")
                if not is_cut:
                    shown = buffer[error.pos : error.pos + 40]
                    line += buffer.count("\n", at, error.pos)
                    raise DataError(f"{path}:{line}: not valid JSON: {shown!r}.") from None
                end = -1
            except ValueError as error:  # a number of thousands of digits
                raise DataError(f"{path}:{line}: not valid JSON: {error}.") from None
            if 0 <= end < len(buffer):  # a number at the end may continue
                yield line, found
                line += buffer.count("\n", at, end)
                at, size = end, 1 << 16
                continue
        more = text.read(size)
        if not more:
            raise DataError(f"{path}:{line}: the array ends before it is closed.")
        buffer, at, size = buffer[at:] + more, 0, 2 * size
