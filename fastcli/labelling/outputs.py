"""Outputs: files that are put in place when they are whole, compressed by name, and a stream."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from fastcli.files import Replacement, cannot_save
from fastcli.overwriting import STREAM

LEVEL = 2  # of gzip by isal, whose levels are 0 to 3


@contextmanager
def open_output(path: str, stream: BinaryIO) -> Iterator[Callable[[bytes], None]]:
    """Give what writes bytes to a file, or, for ``-``, to a stream; compressed by the file's name.

    The file is put in place at the end, unless something goes wrong.  Raises FastcliError where
    it cannot be written.
    """
    if path == STREAM:
        yield _written(stream)
        stream.flush()
        return
    replacement = Replacement(path)
    try:
        with replacement as fd, ExitStack() as stack:
            file = stack.enter_context(open(os.dup(fd), "wb", 1 << 20))
            target = stack.enter_context(_compressed(path, file))
            yield target.write
    except OSError as error:
        raise cannot_save(path, error) from None


def _written(stream: BinaryIO) -> Callable[[bytes], None]:
    def put(data: bytes) -> None:
        stream.write(data)

    return put


def _compressed(path: str, file: BinaryIO) -> AbstractContextManager[Any]:
    """Give a file to write to that compresses as the name says."""
    return compressed_as(Path(path).suffix.lower().removeprefix("."), path, file)


@contextmanager
def compressed_as(kind: str, path: str, file: BinaryIO) -> Iterator[Any]:
    """Give a file to write to that compresses as ``gz``, ``bz2``, ``xz``, ``zst``, else not."""
    target: Any = file
    if kind == "gz":
        try:
            gzip: Any = importlib.import_module("isal.igzip")
            target = gzip.IGzipFile("", "wb", LEVEL, file, mtime=0)
        except ImportError:
            gzip = importlib.import_module("gzip")
            target = gzip.GzipFile("", "wb", 6, file, mtime=0)
    elif kind == "bz2":
        import bz2

        target = bz2.BZ2File(file, "wb")
    elif kind == "xz":
        import lzma

        target = lzma.LZMAFile(file, "wb")  # noqa: SIM115
    elif kind == "zst":
        from fastcli.text.compressed import zstd_module

        target = zstd_module(path, "writing").ZstdFile(file, "wb")
    yield target
    if target is not file:
        target.close()
    file.flush()
