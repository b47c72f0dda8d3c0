"""A lock between processes: a file that is locked by the system, which a killed process leaves."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator

from fastcli.private import Folder

PATIENCE = 60.0  # seconds that a lock is waited for; then work is done twice rather than never
_PAUSE = 0.05


@contextlib.contextmanager
def locked(
    folder: Folder,
    name: str,
    patience: float = PATIENCE,
    given_up: threading.Event | None = None,
) -> Iterator[bool]:
    """Hold the lock of a name in a folder.

    Give False where that cannot be had in time, or was ``given_up`` while it was waited for.
    """
    fd = _acquire(folder, name, time.monotonic() + patience, given_up or threading.Event())
    try:
        yield fd is not None
    finally:
        if fd is not None:
            # Removed before it is unlocked: a waiting process sees that the file is another.
            folder.remove(name)
            os.close(fd)


def _acquire(folder: Folder, name: str, deadline: float, given_up: threading.Event) -> int | None:
    while True:
        try:
            fd = folder.open(name, os.O_RDWR | os.O_CREAT)
        except OSError:  # a folder that cannot be written, or no room
            return None
        try:
            if _try(fd) and _is_still(fd, folder, name):
                return fd
        except OSError:  # a file system without locks
            os.close(fd)
            return None
        os.close(fd)
        if time.monotonic() > deadline or given_up.wait(_PAUSE):
            return None


def _is_still(fd: int, folder: Folder, name: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        there = folder.status_of(name)
        return os.name == "nt" or there.st_ino == os.fstat(fd).st_ino
    return False


def _try(fd: int) -> bool:
    """Lock a file if that can be done at once.  Raises OSError if files have no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
