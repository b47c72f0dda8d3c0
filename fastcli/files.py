"""Writing files atomically: under a temporary name first, and renamed at the end.

Links are followed to what they lead to, and what is not a regular file (a pipe, ``/dev/stdout``) is
written directly.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any, TypeVar

from fastcli.errors import CannotSave, FastcliError
from fastcli.overwriting import STREAM
from fastcli.temporary import (
    BINARY,
    Temporary,
    close_read,
    is_open_to_all,
    temporary_beside,
    user,
)

__all__ = [
    "Outputs",
    "Replacement",
    "cannot_save",
    "check_writable",
    "temporary_beside",
    "write_all",
]
SYNCED = 1 << 24  # bytes; larger files are only forced to the disk where --fsync asks for it
MOST_LINKS = 40
DESCRIPTOR = re.compile(
    r"(?:/dev|/proc/(?P<process>self|thread-self|[0-9]+))/fd/(?P<number>[0-9]+)"
)
# What a folder that cannot be forced to the disk answers.
NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}


class Replacement:
    """A file written under a temporary name and put in place at the end.

    The old file stays intact until then; if writing fails the temporary file is removed.  A
    former file's mode is kept, and its owner where that is possible; a new one gets what the umask
    leaves.  ``fd`` is what to write to, and where ``has_holes`` what is skipped by seeking will be
    zero; elsewhere all must be written, in order.

    As a context manager it gives ``fd``, and puts the file in place if all went well.
    """

    def __init__(self, path: str | os.PathLike[str], fsync: bool = False) -> None:
        self.path = Path(path)
        self._is_stream = os.fspath(path) == STREAM
        self.fd = -1
        self._fsync = fsync
        self._target = self.path
        self._temporary: Temporary | None = None
        self.replaces = False  # an existing file

    @property
    def has_holes(self) -> bool:
        """Whether what is not written will be zero."""
        return self._temporary is not None

    def open(self) -> None:
        """Make the temporary file.

        Raises FastcliError if the file cannot be put in place later, or another run is writing it.
        A pipe is only opened by ``begin``, since that waits for its reader.
        """
        if self._temporary is not None:
            return
        if self._is_stream:
            raise FastcliError(
                "- is not the name of a file here: give ./- for a file of that name, or "
                "/dev/stdout."
            )
        try:
            self._target, former = target_of(self.path)
            is_regular = former is None or stat.S_ISREG(former.st_mode)
            if is_regular and not is_descriptor(self._target):
                self._make(former)
            elif former is not None:
                _check_direct(self._target, former)
        except OSError as error:
            advice = ". Check that the folder exists and that you may write to it."
            raise cannot_save(self.path, error, advice) from None

    def _make(self, former: os.stat_result | None) -> None:
        self.replaces = former is not None
        if former is None:
            self._temporary = Temporary(self._target)
        else:
            _check_replaceable(self._target, former)
            self._temporary = Temporary(self._target, 0o600)
            try:
                _take_over(self._temporary.fd, former)
            except BaseException:
                self._temporary.remove()
                raise
        self.fd = self._temporary.fd

    def begin(self) -> int:
        """Return ``fd``, opened if it was not.  Raises FastcliError if that cannot be."""
        self.open()
        if self.fd < 0:
            try:
                self.fd = _open_directly(self._target)
            except OSError as error:
                raise cannot_save(self.path, error) from None
        return self.fd

    def place(self) -> None:
        """Put the file in place.  Raises OSError, of this file's name, where it cannot be."""
        try:
            if self._temporary is not None:
                self._put()
        except OSError as error:
            raise OSError(error.errno, error.strerror or str(error), str(self.path)) from None
        finally:
            self.discard()

    def _put(self) -> None:
        """Force the file to the disk where that is asked for or quick, and rename it."""
        assert self._temporary is not None
        fd = self._temporary.fd
        is_synced = self._fsync or os.fstat(fd).st_size <= SYNCED
        if is_synced:
            os.fsync(fd)
        if os.name == "nt":  # where an open file cannot be renamed
            self._temporary.close()
        else:
            # Some file systems report a full disk only on closing; the lock is kept.
            os.close(os.dup(fd))
        os.replace(self._temporary.path, self._target)
        if is_synced:
            _sync_folder(self._target.parent)

    def discard(self) -> None:
        """Close the file, and remove it if it was not put in place."""
        fd, self.fd = self.fd, -1
        if self._temporary is not None:
            self._temporary.remove()
            self._temporary = None
        elif fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)

    def __enter__(self) -> int:
        return self.begin()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.place()
        else:
            self.discard()


AnyOutputs = TypeVar("AnyOutputs", bound="Outputs")


class Outputs:
    """The files that a command will write, created under temporary names before the work starts.

    So what cannot be written is known before any work, and two runs never write the same files.
    """

    def __init__(self, fsync: bool = False) -> None:
        self._fsync = fsync
        self._files: dict[str, Replacement] = {}

    def __enter__(self: AnyOutputs) -> AnyOutputs:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def discard(self) -> None:
        """Remove the files that were not put in place."""
        for file in self._files.values():
            file.discard()

    def add(self, path: str) -> None:
        """Make the temporary file of an output; ``self[path]`` is what to write to.

        Raises FastcliError if it cannot be made.
        """
        file = Replacement(path, self._fsync)
        file.open()
        self._files[path] = file

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def __getitem__(self, path: str) -> Replacement:
        return self._files[path]


def check_writable(path: str) -> None:
    """Raise FastcliError if no file can be put at ``path``; an existing one is left alone."""
    with Outputs() as outputs:
        outputs.add(path)


def target_of(path: Path) -> tuple[Path, os.stat_result | None]:
    """Return the target of a path through links, and its status; None if there is none.

    Descriptors (``/dev/stdout``) are not followed to the file behind them.  Raises FastcliError for
    a link of another user in a world-writable folder, and OSError.
    """
    for _ in range(MOST_LINKS):
        for folder in path.parents:
            _check_link(folder)
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return path, None
        if not stat.S_ISLNK(status.st_mode) or is_descriptor(path):
            return path, status
        _check_link(path)
        path = path.parent / os.readlink(path)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _check_link(path: Path) -> None:
    """Raise FastcliError for a link of another user in a world-writable folder."""
    try:
        status = os.lstat(path)
        folder = os.stat(path.parent)
    except OSError:
        return  # reported when it is written
    is_foreign = status.st_uid not in (user(), folder.st_uid)
    if stat.S_ISLNK(status.st_mode) and is_open_to_all(folder) and is_foreign:
        raise FastcliError(
            f"{path} is a link that another user made in a world-writable folder: fastcli does "
            "not write through it. Write to another file."
        )


def free_space(path: str) -> int | None:
    """Return the bytes that this user can still write where ``path`` leads to.

    None if that is not a regular file, or is not known.
    """
    try:
        target, status = target_of(Path(path))
        if is_descriptor(target) or (status is not None and not stat.S_ISREG(status.st_mode)):
            return None
        if not hasattr(os, "statvfs"):
            return shutil.disk_usage(target.parent).free
        found = os.statvfs(target.parent)
    except OSError:
        return None
    return found.f_frsize * (found.f_bfree if user() == 0 else found.f_bavail)


def is_descriptor(path: Path) -> bool:
    """Tell whether a path names an open file of a process, such as ``/dev/fd/63``."""
    return DESCRIPTOR.fullmatch(str(path)) is not None


def _check_replaceable(path: Path, former: os.stat_result) -> None:
    """Raise an error if a regular file cannot or should not be replaced."""
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the existing file is not writable")
    folder = os.stat(path.parent)
    if is_open_to_all(folder) and user() not in (0, former.st_uid, folder.st_uid):
        raise PermissionError(errno.EPERM, "in this folder only its owner can replace it")
    if is_open_to_all(folder) and former.st_uid not in (user(), folder.st_uid):
        raise PermissionError(errno.EPERM, "another user made it in a world-writable folder")


def _take_over(fd: int, former: os.stat_result) -> None:
    """Give a new file the mode of the old one, and its owner or at least group if possible."""
    if not hasattr(os, "fchown"):
        return
    made = os.fstat(fd)
    if (made.st_uid, made.st_gid) != (former.st_uid, former.st_gid):
        try:
            os.fchown(fd, former.st_uid, former.st_gid)
        except OSError:
            with contextlib.suppress(OSError):
                os.fchown(fd, -1, former.st_gid)
    with contextlib.suppress(PermissionError):  # a file system without modes
        os.fchmod(fd, former.st_mode & 0o777)


def _check_direct(path: Path, status: os.stat_result) -> None:
    """Raise OSError if what is not a regular file cannot be written."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _open_directly(path: Path) -> int:
    """Open what is not a regular file; a descriptor of this process is shared, and its position."""
    found = DESCRIPTOR.fullmatch(str(path))
    if found and found["process"] in ("self", "thread-self", str(os.getpid()), None):
        return os.dup(int(found["number"]))
    return os.open(path, os.O_WRONLY | BINARY)


def _sync_folder(folder: Path) -> None:
    """Force a new name to the disk, where folders can be."""
    if os.name == "nt":
        return
    try:
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            close_read(fd)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def cannot_save(path: str | os.PathLike[str], error: OSError, why: str = "") -> CannotSave:
    """Return the error of a file that cannot be written; it never names a temporary file."""
    reason = error.strerror or type(error).__name__
    return CannotSave(f"{path} cannot be opened for saving. ({reason}{why})")


def write_all(fd: int, data: Any) -> None:
    """Write all bytes, in as many calls as needed."""
    view = memoryview(data).cast("B")
    while view:
        view = view[os.write(fd, view) :]


def write_file(path: str, data: bytes) -> None:
    """Write a file, put in place when it is whole.  Raises FastcliError."""
    try:
        with Replacement(path) as fd:
            write_all(fd, data)
    except OSError as error:
        raise cannot_save(path, error) from None
