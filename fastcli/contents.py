"""The bytes of a model file: small files are read, large ones mapped, pipes read to the end.

Compressed files are decompressed into memory.  What has been read stays as it is whatever becomes
of the file.  A mapped file opens at once however large it is, and is looked at again with
``check_unchanged``.
"""

from __future__ import annotations

import os
import stat
import weakref
import zlib
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import (
    ArgumentError,
    FastcliError,
    ModelFormatError,
    TooLittleMemory,
    cannot_open,
)
from fastcli.memory import available_memory, check_room, size_text
from fastcli.text.compressed import compression_of, open_members
from fastcli.text.spooled import place_of

if TYPE_CHECKING:
    from io import BufferedReader, FileIO

    from numpy.typing import NDArray

READ_WHOLE = 64_000_000  # bytes; larger files are mapped
HEAD = 1 << 16  # bytes that tell what a file is
TAIL = 1 << 16  # bytes at the end of a model that tell it from another one of its size
PIECE = 1 << 26  # bytes of a pipe or a compressed file that are given room at a time


class Contents:
    """The bytes of a file: ``data`` (uint8, read only), of which ``head`` are the first 64 kB.

    ``is_regular`` is false for a pipe or a device, which can be read only once: a caller needing it
    later keeps this object.  ``packed`` is how a regular file is compressed (``gz``, ``zst``, ...;
    ""), whose bytes are those that it stands for.  ``mapped`` says whether it is to be mapped
    (None: if it is large).  Raises OSError if the file cannot be opened or read, or is damaged,
    DataError where what decompresses it is not installed, and ArgumentError for one that is to be
    mapped and cannot be.
    """

    def __init__(self, path: str, mapped: bool | None = None) -> None:
        self.path, self.wants_map = path, mapped is True
        self._file: FileIO = open(place_of(path), "rb", buffering=0)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._status = os.fstat(self._file.fileno())
        self.is_regular = stat.S_ISREG(self._status.st_mode)
        head = b""  # a pipe is not read any further for it
        while len(head) < HEAD and (more := self._file.read(HEAD - len(head))):
            head += more
        self.packed = (compression_of(head) or "") if self.is_regular else ""
        if mapped is None:
            mapped = self._status.st_size > READ_WHOLE
        self.is_mapped = mapped and self.is_regular and not self.packed
        if self.wants_map and not self.is_mapped:
            what = f"is compressed ({self.packed})" if self.packed else "is not a regular file"
            raise ArgumentError(
                f"{path} {what}, so it cannot be mapped: "
                f"{'decompress' if self.packed else 'copy'} it to a file, or leave out mmap=True."
            )
        self._unpacked: BufferedReader | None = None
        if self.packed:
            self._unpacked = open_members(place_of(path), self.packed, path)
            weakref.finalize(self, self._unpacked.close)
            head = self._unpacked.read(HEAD)
        self.head = head

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Contents:
        """Return the bytes of a file that is in memory; ``name`` is what errors call it."""
        found = cls.__new__(cls)
        found.path, found.head, found.packed = name, data[:HEAD], ""
        found.wants_map = found.is_regular = found.is_mapped = False
        found.data = np.frombuffer(data, np.uint8)
        return found

    @property
    def status(self) -> os.stat_result:
        """The size of the file, the time of its last change and all else, when it was opened."""
        return self._status

    @cached_property
    def data(self) -> NDArray[np.uint8]:
        """All bytes.

        Raises FastcliError if they cannot be read or mapped, or a pipe brings more than there
        is memory for.
        """
        try:
            return self._load()
        except FastcliError:
            raise
        except (OSError, ValueError) as error:  # mmap has the latter for files that were cut
            self.check_unchanged()
            raise ModelFormatError(cannot_open(self.path, error, "loading")) from None

    def _load(self) -> NDArray[np.uint8]:
        if self.is_mapped:
            import mmap

            memory = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            return np.frombuffer(memory, np.uint8)
        size = self._status.st_size if self.is_regular and not self.packed else 0
        if size > READ_WHOLE:
            check_room(size, f"All of {self.path} in memory, as mmap=False asks for,")
        content = self._read(self.head, size) if size else self._read_stream()
        self._file.close()
        if self._unpacked is not None:
            self._unpacked.close()
        content.flags.writeable = False
        return content

    def _read(self, head: bytes, size: int) -> NDArray[np.uint8]:
        """Return the head and the bytes that follow, as many as ``size`` unless the file ends."""
        content = np.empty(size, np.uint8)
        n = min(len(head), size)
        content[:n] = np.frombuffer(head, np.uint8, n)
        view = content.data
        stream = self._file if self._unpacked is None else self._unpacked
        while n < size and (more := stream.readinto(view[n:])):
            n += more
        return content[:n]

    def _read_stream(self) -> NDArray[np.uint8]:
        pieces = [np.frombuffer(self.head, np.uint8)]
        while len(pieces[-1]):
            memory = available_memory()
            if memory is not None and memory < PIECE:
                how = f" of what is compressed in {self.path}" if self.packed else ""
                raise TooLittleMemory(
                    f"{self.path} has more bytes than fit into memory: "
                    f"{size_text(sum(map(len, pieces)))}{how} have been read."
                )
            pieces.append(self._read(b"", PIECE))
        content = np.empty(sum(map(len, pieces)), np.uint8)
        at = 0
        while pieces:  # each is freed as soon as it has been copied
            piece = pieces.pop(0)
            content[at : at + len(piece)] = piece
            at += len(piece)
        return content

    def check_unchanged(self) -> None:
        """Raise ModelFormatError if a mapped file was written to since it was opened.

        Reading on would give bytes of two models or, where the file was truncated, end the process.
        """
        if not self.is_mapped:
            return
        now = os.fstat(self._file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._status.st_size, self._status.st_mtime_ns):
            raise ModelFormatError(
                f"{self.path} was written to while it was in use. Start again; to "
                "replace a model, rename another file to its name, which disturbs no reader."
            )


class FromFile:
    """Something whose numbers may be mapped: ``contents`` is their file, None if in memory."""

    contents: Contents | None

    def check_unchanged(self) -> None:
        """Raise ModelFormatError if numbers are mapped, and their file was written to.

        To be called before they are used, or the bytes of a file that was cut are missed, and
        after, before bytes of another model are shown.
        """
        if self.contents is not None:
            self.contents.check_unchanged()


def read_or_map(source: str | Contents, mapped: bool | None = None) -> Contents:
    """Open a file of a model, unless it is open already: see ``Contents``."""
    return source if isinstance(source, Contents) else Contents(source, mapped)


def identity_of_bytes(data: NDArray[np.uint8]) -> dict[str, int]:
    """Return what identifies a model by its bytes, uint8: their number, a checksum of the last."""
    return {"size": len(data), "tail_crc32": zlib.crc32(data[-TAIL:].data)}
