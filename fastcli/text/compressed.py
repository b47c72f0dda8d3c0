"""Reading compressed files: members one after the other, and what stands behind the last one.

As gzip does, bytes after the end that begin no further member are left out with a warning, in all
four formats; zeros, with which tapes and some tools pad files, are left out silently.  A member
that is damaged or cut is an error.
"""

from __future__ import annotations

import errno
import functools
import importlib
import io
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from fastcli.distribution import installing
from fastcli.errors import DataError
from fastcli.notices import warn
from fastcli.text.blocks import BLOCK

CHUNK = 1 << 17  # compressed bytes read at a time
RAW = -15  # zlib's number for the largest window, without a header
TRAILER = struct.Struct("<II")  # CRC and length modulo 2**32
LONGEST_HEADER = 1 << 20
LONGEST_MAGIC = 6
ZST = b"\x28\xb5\x2f\xfd"

_warned: set[str] = set()


class Damaged(OSError):
    """What a compressed file holds cannot be read, however often one tries."""

    is_lasting = True


class _Format(NamedTuple):
    """How members begin, what decompresses one, and the errors that this raises for damage."""

    begins: Callable[[bytes], bool]
    member: Callable[[], Any]
    errors: tuple[type[Exception], ...]


def compression_of(head: bytes) -> str | None:
    """Return ``gz``, ``bz2``, ``xz``, ``zst`` or None, by the first bytes of something.

    >>> compression_of(b"BZh91AY&SY"), compression_of(b"BZh9 is a word")
    ('bz2', None)
    """
    if head.startswith(b"\x1f\x8b\x08"):
        return "gz"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):  # a block, or none
        return "bz2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return "zst" if _begins_zst(head) else None


def open_members(
    path: str, kind: str, shown: str, on_bytes: Callable[[int], None] | None = None
) -> io.BufferedReader:
    """Open a compressed file for reading; damage in it raises OSError when it is met.

    ``shown`` is the name of the file for messages; ``on_bytes`` hears how many compressed bytes
    have been read.  The file is closed with the reader.  Raises
    DataError where what reads the format is not installed, and OSError.
    """
    known = _FORMATS[kind](shown)
    return io.BufferedReader(_Members(path, known, shown, on_bytes), BLOCK)


class _Members(io.RawIOBase):
    """The decompressed bytes of a file of one member or more."""

    def __init__(
        self,
        path: str,
        known: _Format,
        shown: str,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self._format, self._shown, self._on_bytes = known, shown, on_bytes
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        self._member = known.member()
        self._unread = b""  # compressed bytes that were read too far

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room, n = memoryview(buffer), 0
        while n < len(room):
            member = self._member
            if member.eof:
                if not self._has_another():
                    break
                continue
            needs_input = member.needs_input
            compressed = self._more() if needs_input else b""
            try:
                found = member.decompress(compressed, len(room) - n)
            except self._format.errors as error:
                raise self._damaged(error) from None
            room[n : n + len(found)] = found
            n += len(found)
            if not (found or compressed or member.eof or member.needs_input != needs_input):
                raise self._damaged("it ends too early")  # or nothing comes of what is there
        return n

    def _more(self) -> bytes:
        found, self._unread = self._unread, b""
        found = found or self._file.read(CHUNK) or b""
        if self._on_bytes is not None:
            self._on_bytes(self._file.tell())
        return found

    def _has_another(self) -> bool:
        """Begin with the next member, if there is one; warn of other bytes than zeros."""
        rest = self._member.unused_data.lstrip(b"\0")
        while not rest and (found := self._file.read(CHUNK)):
            rest = found.lstrip(b"\0")
        while 0 < len(rest) < LONGEST_MAGIC and (found := self._file.read(CHUNK)):
            rest += found
        if not rest:
            return False
        if self._format.begins(rest):
            self._member, self._unread = self._format.member(), rest
            return True
        n = len(rest) + os.fstat(self._file.fileno()).st_size - self._file.tell()
        self._file.seek(0, os.SEEK_END)
        _warn_of(self._shown, n)
        return False

    def _damaged(self, reason: object) -> Damaged:
        return Damaged(errno.EIO, f"the file is damaged: {reason}", self._shown)

    def close(self) -> None:
        self._file.close()
        super().close()


def _warn_of(shown: str, n: int) -> None:
    if shown not in _warned:
        _warned.add(shown)
        bytes_ = "1 byte" if n == 1 else f"{n:,} bytes"
        warn(f"{shown}: ignored {bytes_} after the end of the compressed data.")


# ------------------------------------------------------------------ formats


class _GzMember:
    """A member of a .gz file, with the interface of the other formats' decompressors.

    ``zlib`` is the module of that name, or one that has the same functions.  The header and the
    trailer are read here, as Python's gzip does: ISA-L misreads headers that come in parts.
    Raises ValueError for damage in them (RFC 1952).
    """

    def __init__(self, zlib: Any) -> None:
        self._zlib = zlib
        self._inflated: Any = None  # after the header
        self._held = b""  # of a header or trailer that is not whole yet
        self._crc, self._size = 0, 0
        self.eof, self.unused_data = False, b""

    @property
    def needs_input(self) -> bool:
        inflated = self._inflated
        return inflated is None or inflated.eof or not inflated.unconsumed_tail

    def decompress(self, compressed: bytes, most: int) -> bytes:
        if self._inflated is None:
            self._held += compressed
            if (end := _header_end(self._held, self._zlib.crc32)) is None:
                return b""
            compressed, self._held = self._held[end:], b""
            self._inflated = self._zlib.decompressobj(RAW)
        found: bytes = b""
        if not self._inflated.eof:
            found = self._inflated.decompress(self._inflated.unconsumed_tail or compressed, most)
            self._crc = self._zlib.crc32(found, self._crc)
            self._size += len(found)
            if not self._inflated.eof:
                return found
            compressed = self._inflated.unused_data
        self._held += compressed
        if len(self._held) >= TRAILER.size:
            crc, size = TRAILER.unpack_from(self._held)
            if (crc, size) != (self._crc, self._size & 0xFFFFFFFF):
                raise ValueError("its checksum or length is not that of the data")
            self.eof, self.unused_data = True, self._held[TRAILER.size :]
        return found


def _header_end(head: bytes, crc32: Callable[[bytes], int]) -> int | None:
    """Return where the header of a .gz member ends, None if it is not whole yet.

    Raises ValueError for a header that is damaged, or endless.
    """
    if len(head) >= 4 and (head[2] != 8 or head[3] & 0xE0):
        raise ValueError("its header has an unknown method or flag")
    end = 10
    if len(head) < end:
        return None
    if head[3] & 4:  # extra fields
        end += 2 + int.from_bytes(head[10:12], "little")
        if len(head) < end:
            return None
    for flag in (8, 16):  # a name, a comment
        if head[3] & flag:
            end = head.find(b"\0", end) + 1
            if end == 0 and len(head) > LONGEST_HEADER:
                raise ValueError("its header has no end")
            if end == 0:
                return None
    if head[3] & 2:
        end += 2
        if len(head) < end:
            return None
        if crc32(head[: end - 2]) & 0xFFFF != int.from_bytes(head[end - 2 : end], "little"):
            raise ValueError("the checksum of its header is wrong")
    return end


def fast_zlib() -> Any:
    """Return the module that reads .gz: zlib, or ISA-L's, three times faster, where it is there."""
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:  # no wheel for this machine
        return importlib.import_module("zlib")


def _gz(shown: str) -> _Format:
    zlib = fast_zlib()
    member = functools.partial(_GzMember, zlib)
    return _Format(_starts(b"\x1f\x8b"), member, (zlib.error, ValueError))


def _bz2(shown: str) -> _Format:
    import bz2

    return _Format(_starts(b"BZh"), bz2.BZ2Decompressor, (OSError, ValueError))


def _xz(shown: str) -> _Format:
    import lzma

    member = functools.partial(lzma.LZMADecompressor, lzma.FORMAT_XZ)
    return _Format(_starts(b"\xfd7zXZ\x00"), member, (lzma.LZMAError,))


def zstd_module(shown: str, what: str = "reading") -> Any:
    """Return the module for zstd.  Raises DataError where there is none."""
    try:
        name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        return importlib.import_module(name)
    except ImportError:
        raise DataError(
            f"{shown} is compressed with zstd: {what} it needs {installing('zstd')}."
        ) from None


def _zst(shown: str) -> _Format:
    zstd = zstd_module(shown)
    begins = _starts(ZST)
    return _Format(
        lambda head: begins(head) or _begins_zst(head), zstd.ZstdDecompressor, (zstd.ZstdError,)
    )


def _starts(magic: bytes) -> Callable[[bytes], bool]:
    """Return what tells whether bytes start with these, or are all there is of them in a file."""
    return lambda head: head.startswith(magic) or magic.startswith(head)


def _begins_zst(head: bytes) -> bool:
    """Tell whether a frame of zstd begins: one of data, or one that readers skip."""
    skips = head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F
    return skips or head.startswith(ZST)


_FORMATS: dict[str, Callable[[str], _Format]] = {"gz": _gz, "bz2": _bz2, "xz": _xz, "zst": _zst}
