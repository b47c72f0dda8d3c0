"""Temporary files beside their target: which run writes there, and what killed runs left.

A name cannot be guessed, and says for which file it is and who made it: process, host, boot, time.
While its process lives the file is locked (flock), which ends with the process however that ends,
and holds between containers that share a folder.  Lock files of their own, such as those of the
library filelock, would stay in the folder and would still need a rule for what else stays.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import platform
import re
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastcli import signals
from fastcli.errors import FastcliError

if sys.platform != "win32":
    import fcntl

NAME = re.compile(
    r"\.fastcli-(?P<target>[0-9a-f]{16})\.(?P<host>[\w-]{1,32})\.(?P<boot>[0-9a-f]{8})"
    r"\.(?P<pid>[0-9]{1,10})\.(?P<since>[0-9]{1,12})\.[0-9a-f]{16}\.tmp",
    re.ASCII,
)
OLD = 7 * 24 * 3600  # seconds; older temporary files are removed, whoever made them
PATIENCE = 2.0  # seconds that another process may look around in the folder
BINARY = getattr(os, "O_BINARY", 0)
"""On Windows a file opened without it changes the ends of lines as it is read or written."""
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | BINARY


class Temporary:
    """A new file in the folder of ``target``, open for reading and writing, and locked.

    ``mode`` is what it may have at most, less the umask.  Raises FastcliError if another run is
    writing ``target``, and OSError where no file can be made.
    """

    def __init__(self, target: Path, mode: int = 0o666) -> None:
        folder = target.parent
        with _folder_lock(folder):
            _look_around(folder, target)
            self.path, self.fd = _make(folder, target, mode)
        signals.written.add(os.path.abspath(self.path))

    def __enter__(self) -> Temporary:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def close(self) -> None:
        """Close the file, which stays; the lock ends."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def remove(self) -> None:
        """Remove the file, if it is still there under its name, and close it."""
        with contextlib.suppress(OSError):
            if os.name == "nt":  # where an open file cannot be removed
                self.close()
            os.unlink(self.path)
        with contextlib.suppress(OSError):
            self.close()
        signals.written.discard(os.path.abspath(self.path))


def temporary_beside(path: str | os.PathLike[str]) -> Temporary:
    """Return a temporary file in the folder of ``path``, removed when it is left.

    >>> with temporary_beside("lines.txt") as spool:
    ...     os.write(spool.fd, b"some")
    4

    Raises OSError if none can be made.
    """
    return Temporary(Path(path), 0o600)


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """What a temporary name says."""

    target: str
    host: str
    boot: str
    pid: int
    since: int

    @classmethod
    def of(cls, name: str) -> _Maker | None:
        found = NAME.fullmatch(name)
        if found is None:
            return None
        return cls(
            target=found["target"],
            host=found["host"],
            boot=found["boot"],
            pid=int(found["pid"]),
            since=int(found["since"]),
        )

    @classmethod
    def here(cls, target: Path) -> _Maker:
        host, boot = _machine()
        return cls(
            target=_digest(target), host=host, boot=boot, pid=os.getpid(), since=int(time.time())
        )

    def name(self) -> str:
        words = (self.target, self.host, self.boot, self.pid, self.since, os.urandom(8).hex())
        return f".fastcli-{'.'.join(map(str, words))}.tmp"

    def sentence(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host}, since {since}"


def _digest(target: Path) -> str:
    return hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]


@functools.cache
def _machine() -> tuple[str, str]:
    """Return the name of this host, and an id that changes with every boot."""
    host = re.sub(r"[^A-Za-z0-9_-]", "_", platform.node().partition(".")[0])[:32] or "host"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        boot = ""
    return host, boot if re.fullmatch(r"[0-9a-f]{8}", boot) else "0" * 8


def _make(folder: Path, target: Path, mode: int) -> tuple[Path, int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW
    for _ in range(100):
        path = folder / _Maker.here(target).name()
        fd = os.open(path, flags, mode)
        _lock(fd)
        if os.fstat(fd).st_nlink:
            return path, fd
        os.close(fd)  # swept before it was locked, on a file system where folders have no locks
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder))


def _lock(fd: int) -> None:
    """Lock a new file; others that look whether it is locked hold it for a moment only."""
    for _ in range(50):
        if lock_state(fd, exclusive=True) is not False:
            return
        time.sleep(0.01)


def lock_state(fd: int, exclusive: bool = False) -> bool | None:
    """Take a lock if it is free: True if so, False if another has it, None if there are none."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time examine a folder, where folders can be locked."""
    try:
        fd = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:  # it may not be read, or this is Windows
        yield
        return
    try:
        ending = time.monotonic() + PATIENCE
        while lock_state(fd, exclusive=True) is False and time.monotonic() < ending:
            time.sleep(0.01)
        yield
    finally:
        close_read(fd)


def _look_around(folder: Path, target: Path) -> None:
    """Remove what killed runs left; raise FastcliError if another run is writing ``target``."""
    try:
        names = [name for name in os.listdir(folder) if name.startswith(".fastcli-")]
        is_shared = is_open_to_all(os.stat(folder))
    except OSError:
        return
    for name in names:
        if (maker := _Maker.of(name)) is None:
            continue
        path = folder / name
        try:
            status = os.lstat(path)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                continue
            is_free = _is_free(path)
        except OSError:  # gone, or not to be read
            continue
        is_ours = user() in (0, status.st_uid)
        # Where anybody may make files, those of others do not show a run.
        may_be_a_run = status.st_uid == user() or not is_shared
        if is_free is False and maker.target == _digest(target) and may_be_a_run:
            raise FastcliError(
                f"{target} is being written by another run ({maker.sentence()}). "
                "Wait for its end, or write to another file."
            )
        age = time.time() - max(status.st_mtime, maker.since)
        is_here = (maker.host, maker.boot) == _machine() and is_free
        if is_ours and is_free is not False and (is_here or age > OLD):
            with contextlib.suppress(OSError):
                os.unlink(path)


def left_behind(target: Path) -> list[Path]:
    """Return temporary files of ``target`` that killed runs of this user left, not yet swept."""
    found = []
    try:
        names = [name for name in os.listdir(target.parent) if name.startswith(".fastcli-")]
    except OSError:
        return []
    for name in names:
        maker, path = _Maker.of(name), target.parent / name
        with contextlib.suppress(OSError):  # gone, or not to be read
            if maker is None or maker.target != _digest(target):
                continue
            status = os.lstat(path)
            is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == user()
            if is_ours and _is_free(path):
                found.append(path)
    return found


def _is_free(path: Path) -> bool | None:
    fd = os.open(path, os.O_RDONLY | NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
    try:
        return lock_state(fd)
    finally:
        close_read(fd)


def close_read(fd: int) -> None:
    """Close a file that was only read, ignoring errors."""
    with contextlib.suppress(OSError):
        os.close(fd)


def is_open_to_all(status: os.stat_result) -> bool:
    """Tell whether a folder is world-writable and sticky, as ``/tmp`` is."""
    return bool(status.st_mode & stat.S_ISVTX and status.st_mode & stat.S_IWOTH)


def user() -> int:
    """Return the number of the user whose rights this process has; 0 on Windows."""
    return os.geteuid() if hasattr(os, "geteuid") else 0
