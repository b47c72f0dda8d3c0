"""Files that grow while a command runs: the log of mlp-train, the trials of autotune."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fastcli.errors import FastcliError
from fastcli.files import (
    Replacement,
    cannot_save,
    check_writable,
    is_descriptor,
    target_of,
    write_all,
)
from fastcli.temporary import NO_FOLLOW, close_read, lock_state


def _check_not_growing(path: str, target: Path) -> None:
    """Raise FastcliError if another run is adding to a file: it is locked as long as it grows."""
    if not os.access(target, os.R_OK):
        return
    fd = os.open(target, os.O_RDONLY | NO_FOLLOW)
    is_free = lock_state(fd)
    close_read(fd)
    if is_free is False:
        raise _is_written(path)


def _open_locked(path: str, target: Path) -> int:
    """Open a file to add to it, and lock it.  Raises FastcliError if another run is writing it."""
    fd = os.open(target, os.O_RDWR | NO_FOLLOW)
    try:
        is_free = lock_state(fd, exclusive=True)
        if is_free is False or not os.path.samestat(os.fstat(fd), os.stat(target)):
            raise _is_written(path)
        check_writable(path)  # another run may be about to replace it
    except BaseException:
        close_read(fd)
        raise
    return fd


def _is_written(path: str) -> FastcliError:
    return FastcliError(
        f"{path} is being written by another run. Wait for its end, or write to another file."
    )


AnyFile = TypeVar("AnyFile", bound="AppendedFile")


class AppendedFile:
    """A file to which parts are added, each completely or not at all.

    An existing file is replaced when there is a first part, or with ``go_on`` added to.  From the
    start it is locked, or its new one is, so that no other run writes the same file.  Trouble
    ends the file and not the command: ``warn`` is called once, and what was written before stays.
    Raises FastcliError if there can be no such file.
    """

    def __init__(self, path: str, warn: Callable[[str], None], go_on: bool = False) -> None:
        self.path = path
        self._warn = warn
        self._fd = -1
        self._size = -1  # bytes of complete parts; -1 where what is written cannot be taken back
        self._new: Replacement | None = None
        try:
            target, former = target_of(Path(path))
            is_regular = former is not None and stat.S_ISREG(former.st_mode)
            was_there = former is not None and is_regular and not is_descriptor(target)
            if was_there and go_on:
                self._fd = _open_locked(path, target)
                self._size = os.fstat(self._fd).st_size
                return
            self._new = Replacement(path)
            self._new.open()
            if was_there:  # looked at after the new one is locked: of two runs one sees the other
                _check_not_growing(path, target)
        except OSError as error:
            self.close()
            raise cannot_save(path, error) from None
        except BaseException:
            self.close()
            raise

    def __enter__(self: AnyFile) -> AnyFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, part: bytes) -> None:
        """Add a part; do nothing after an earlier error."""
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

    def cut(self, size: int) -> None:
        """Truncate a file that is continued to its first ``size`` bytes."""
        if self._fd >= 0 and self._size > size:
            os.ftruncate(self._fd, size)
            self._size = size

    def end(self, error: OSError | FastcliError) -> None:
        """Close the file after an error, and tell ``warn``."""
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.close()
        self._warn(f"{self.path} ends here; the run continues without it. ({reason})")

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
        """Remove a part that an interrupt left incomplete."""
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
