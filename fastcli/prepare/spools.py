"""Private temporary files for what does not fit into memory; they never stay behind."""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import IO

from fastcli.files import temporary_beside
from fastcli.temporary import Temporary


def spool(folder: str | os.PathLike[str]) -> IO[bytes]:
    """Return a new file in a folder that only this user can open, removed when it is closed.

    Its name cannot be guessed and is taken away at once, or on Windows when the file is closed.
    What a process that was killed in between leaves is swept as other temporary files are.  Raises
    OSError.
    """
    # A target of its own: no other run is at work on it.
    return _Spool(temporary_beside(Path(folder) / secrets.token_hex(8)))


class _Spool(io.BufferedRandom):
    """A file that takes over the descriptor of a temporary one."""

    def __init__(self, temporary: Temporary) -> None:
        self._temporary = temporary
        fd, temporary.fd = temporary.fd, -1
        super().__init__(io.FileIO(fd, "r+"))
        if os.name != "nt":  # where an open file cannot be removed
            temporary.remove()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._temporary.remove()
