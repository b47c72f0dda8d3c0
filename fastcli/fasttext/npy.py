"""Rows of floats as a ``.npy`` file; their number need not be known in advance."""

from __future__ import annotations

import os
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np

from fastcli.files import Replacement, cannot_save, write_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 128  # bytes; NumPy's format 1.0 wants a multiple of 64
COPIED = 1 << 20  # bytes at a time


class NpyFile:
    """A float32 matrix of ``dim`` columns that grows row by row (NumPy's format, NEP 1).

    A file is put in place when it is complete; an old one stays until then.  What is not a regular
    file, and a ``stream`` that is written to instead, gets all when it is complete: the number of
    rows comes first, so until then they are in a temporary file.

    Raises FastcliError if something cannot be written, OSError where a stream cannot.
    """

    def __init__(self, path: str, dim: int, stream: IO[bytes] | None = None) -> None:
        self._stream = stream
        self._replacement = Replacement(path)
        if stream is None:
            self._replacement.open()
        self._dim = dim
        self._n = 0
        self._spool: IO[bytes] | None = None

    def __enter__(self) -> NpyFile:
        try:
            self._fd = -1 if self._stream else self._replacement.begin()
            if not self._replacement.has_holes:
                self._spool = TemporaryFile()
                self._fd = self._spool.fileno()
            os.lseek(self._fd, HEADER, os.SEEK_SET)
        except OSError as error:
            self._replacement.discard()
            raise self._problem(error) from None
        return self

    def write(self, rows: NDArray[np.float32]) -> None:
        """Add rows (n x dim)."""
        try:
            write_all(self._fd, np.ascontiguousarray(rows, "<f4"))
        except OSError as error:
            raise self._problem(error) from None
        self._n += len(rows)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as error:
            raise self._problem(error) from None
        finally:
            self._replacement.discard()
            if self._spool is not None:
                self._spool.close()

    def _problem(self, error: OSError) -> Exception:
        """Return the error to raise; a stream may have been closed by its reader."""
        return error if self._stream else cannot_save(self._replacement.path, error)

    def _finish(self) -> None:
        """Write the header, and put the file in place or pass all on."""
        shape = f"({self._n}, {self._dim})"
        text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
        head = b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little")
        os.lseek(self._fd, 0, os.SEEK_SET)
        write_all(self._fd, head + text.ljust(HEADER - 11).encode() + b"\n")
        if self._spool is not None:
            os.lseek(self._fd, 0, os.SEEK_SET)
            while part := os.read(self._fd, COPIED):
                if self._stream is not None:
                    self._stream.write(part)
                else:
                    write_all(self._replacement.fd, part)
        if self._stream is not None:
            self._stream.flush()
        else:
            self._replacement.place()
