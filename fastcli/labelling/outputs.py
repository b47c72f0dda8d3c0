"""Outputs: files that are put in place when they are whole, compressed by name, and a stream."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from fastcli.errors import ArgumentError
from fastcli.files import Outputs, Replacement, cannot_save
from fastcli.labelling.uploads import Upload, shown_place
from fastcli.overwriting import STREAM
from fastcli.urls import is_url

LEVEL = 2  # of gzip by isal, whose levels are 0 to 3


Put = Callable[[bytes], None]


@contextmanager
def open_outputs(paths: Sequence[str], stream: BinaryIO | None = None) -> Iterator[list[Put]]:
    """Give, for each path, what writes bytes to it, compressed by the file's name.

    ``-`` is the stream, by default standard output.  The files are put in place when all of them
    are whole, unless something goes wrong.  Raises FastcliError where one cannot be written.
    """
    if STREAM in paths and stream is None:
        stream = standard_output()
    with Outputs() as files:
        uploads = {path: Upload(path) for path in paths if is_url(path)}
        for path in paths:
            if path != STREAM and path not in uploads:
                files.add(path)
        with ExitStack() as of_uploads:
            for upload in uploads.values():
                of_uploads.callback(upload.discard)
            with ExitStack() as stack:
                yield [
                    _written(stream)
                    if path == STREAM and stream is not None
                    else stack.enter_context(_file_put(path, uploads.get(path) or files[path]))
                    for path in paths
                ]
            for path in sorted(paths, key=is_url, reverse=True):  # what is more likely to fail
                if path == STREAM and stream is not None:
                    stream.flush()
                    continue
                try:
                    (uploads.get(path) or files[path]).place()
                except OSError as error:
                    raise cannot_save(path, error) from error


def standard_output() -> BinaryIO:
    """Return standard output for bytes.

    Raises ArgumentError where a program has put something else in its place, as notebooks do.
    """
    found: BinaryIO | None = getattr(sys.stdout, "buffer", None)
    if found is None:
        raise ArgumentError("Standard output takes no bytes here: write to a file.")
    return found


@contextmanager
def _file_put(path: str, replacement: Replacement | Upload) -> Iterator[Put]:
    """Give what writes bytes to the temporary file of an output; the end makes it whole."""
    elsewhere: OSError | None = None  # of an input, or of another output

    def put(data: bytes) -> None:
        try:
            target.write(data)
        except OSError as error:
            raise cannot_save(shown_place(path), error) from None

    try:
        with ExitStack() as stack:
            file = stack.enter_context(open(os.dup(replacement.begin()), "wb", 1 << 20))
            target = stack.enter_context(_compressed(path, file))
            try:
                yield put
            except OSError as error:
                elsewhere = error
                raise
    except OSError as error:
        if error is elsewhere:
            raise
        raise cannot_save(shown_place(path), error) from None


def _written(stream: BinaryIO) -> Put:
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
