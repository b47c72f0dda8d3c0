"""Rows of floats to a ``.npy`` file, without knowing beforehand how many there will be."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import FastcliError
from fastcli.files import Replacement, cannot_save, write_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 128  # bytes; NumPy's format 1.0 wants a multiple of 64


class NpyFile:
    """A float32 matrix of ``dim`` columns that grows row by row (NumPy's format, NEP 1).

    The file is put in place when it is whole; a former one stays until then.
    """

    def __init__(self, path: str, dim: int) -> None:
        self._replacement = Replacement(path)
        self._replacement.open()
        if not self._replacement.has_holes:
            raise FastcliError(f"{path} is no regular file, and --npy writes only such.")
        self._dim = dim
        self._n = 0

    def __enter__(self) -> NpyFile:
        self._fd = self._replacement.__enter__()
        try:
            os.lseek(self._fd, HEADER, os.SEEK_SET)
        except OSError as error:
            self._replacement.discard()
            raise cannot_save(self._replacement.path, error) from None
        return self

    def write(self, rows: NDArray[np.float32]) -> None:
        """Add rows (n x dim)."""
        try:
            write_all(self._fd, np.ascontiguousarray(rows, "<f4"))
        except OSError as error:
            raise cannot_save(self._replacement.path, error) from None
        self._n += len(rows)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                shape = f"({self._n}, {self._dim})"
                text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
                head = b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little")
                os.lseek(self._fd, 0, os.SEEK_SET)
                write_all(self._fd, head + text.ljust(HEADER - 11).encode() + b"\n")
                self._replacement.place()
        except OSError as error:
            raise cannot_save(self._replacement.path, error) from None
        finally:
            self._replacement.discard()
