"""Putting files in place whole: under a temporary name first, and renamed at the end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from fastcli.errors import FastcliError


class Replacement:
    """A file written under a temporary name and put in place at the end.

    The former file stays whole until then; if writing fails the temporary file is removed.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")

    def __enter__(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self.fd = os.open(self.temporary, flags, 0o666)
        return self.fd

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            os.close(self.fd)
            if kind is None:
                os.replace(self.temporary, self.path)
        finally:
            with contextlib.suppress(OSError):  # it is gone if it was put in place
                os.unlink(self.temporary)


def check_writable(path: str) -> None:
    """Raise FastcliError if no file can be put at ``path``; an existing one is left alone."""
    folder = Path(path).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(path).is_dir():
        raise FastcliError(
            f"{path} cannot be opened for saving. "
            "Check that the folder exists and that you may write to it."
        )


def write_all(fd: int, data: Any) -> None:
    """Write all bytes, however many calls that takes."""
    view = memoryview(data).cast("B")
    while view:
        view = view[os.write(fd, view) :]
