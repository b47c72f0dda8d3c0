"""Files that grow while a command runs: the log of mlp-train, the trials of autotune."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from fastcli.errors import FastcliError
from fastcli.files import Replacement, cannot_save, is_descriptor, target_of, write_all
from fastcli.temporary import NO_FOLLOW, close_read, lock_state


def _check_not_growing(path: str, target: Path) -> None:
    """Raise FastcliError if another run is adding to a file: it is locked as long as it grows."""
    if not os.access(target, os.R_OK):
        return
    fd = os.open(target, os.O_RDONLY | NO_FOLLOW)
    is_free = lock_state(fd)
    close_read(fd)
    if is_free is False:
        raise FastcliError(
            f"{path} is being written by another run. Wait for its end, or write to another file."
        )


class AppendedFile:
    """A file to which parts are added, each whole or not at all.

    A former file is replaced when there is a first part, or with ``go_on`` added to.  Trouble
    ends the file and not the command: ``warn`` is told once, and what was written before stays.
    Raises FastcliError where there can be no such file.
    """

    def __init__(self, path: str, warn: Callable[[str], None], go_on: bool = False) -> None:
        self.path = path
        self._warn = warn
        self._fd = -1
        self._size = -1  # bytes of whole parts; -1 where what is written cannot be taken back
        self._new: Replacement | None = None
        try:
            target, former = target_of(Path(path))
            is_regular = former is not None and stat.S_ISREG(former.st_mode)
            if former is not None and is_regular and not is_descriptor(target):
                _check_not_growing(path, target)
                if go_on:
                    self._fd = os.open(target, os.O_RDWR | NO_FOLLOW)
                    self._size = former.st_size
                    return
        except OSError as error:
            raise cannot_save(path, error) from None
        self._new = Replacement(path)
        self._new.open()

    def __enter__(self) -> AppendedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, part: bytes) -> None:
        """Add a part; nothing happens where there was trouble before."""
        if self._new is None and self._fd < 0:
            return
        try:
            if self._new is not None:
                self._begin(self._new, part)
                return
            self._take_back(self._fd)
            write_all(self._fd, part)
            if self._size >= 0:
                self._size += len(part)
        except (OSError, FastcliError) as error:
            if self._fd >= 0:
                with contextlib.suppress(OSError):
                    self._take_back(self._fd)
            self.end(error)

    def end(self, error: OSError | FastcliError) -> None:
        """Close the file because of trouble, and tell ``warn``."""
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.close()
        self._warn(f"{self.path} ends here, and the run goes on without it. ({reason})")

    def _begin(self, new: Replacement, part: bytes) -> None:
        """Put the file in place with its first part; it stays open, and locked."""
        fd = new.begin()
        self._size = 0 if new.has_holes else -1
        self._take_back(fd)
        write_all(fd, part)
        self._fd, self._new = os.dup(fd), None
        if self._size >= 0:
            self._size = len(part)
        new.place()

    def _take_back(self, fd: int) -> None:
        """Remove what an interrupt left of a part."""
        if self._size >= 0:
            os.ftruncate(fd, self._size)
            os.lseek(fd, self._size, os.SEEK_SET)

    def close(self) -> None:
        """Close the file."""
        if self._new is not None:
            self._new.discard()
        self._new = None
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._fd = -1
