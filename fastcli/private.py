"""Folders that no other user can have written: for compiled kernels and rescued models.

Everything is opened relative to a folder that is open already, never through links, and what
was opened is what is looked at, so that nothing can be exchanged in between.  Windows has no
owners in this sense: there the local application folder is the user's own.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from types import TracebackType
from typing import Any

from fastcli.temporary import NO_FOLLOW

PRIVATE, SHARED = 0o700, 0o755

_HAS_OWNERS = hasattr(os, "geteuid")
_AS_FILE = NO_FOLLOW | getattr(os, "O_NONBLOCK", 0)


class NoFolder(Exception):
    """Why compiled code can be neither read from a folder nor saved there."""


def cache_root() -> str:
    """Return the folder that compiled kernels are kept in (``FASTCLI_CACHE_DIR`` moves it).

    It is absolute: code in the current folder is not trusted, so it is not run.  Raises
    NoFolder where there is none: nothing is saved then.
    """
    if named := os.environ.get("FASTCLI_CACHE_DIR"):
        return _absolute(named, "FASTCLI_CACHE_DIR")
    return _default_root()


def _default_root() -> str:
    if sys.platform == "win32":
        base, source = os.environ.get("LOCALAPPDATA", ""), "LOCALAPPDATA"
    elif sys.platform == "darwin":
        return os.path.join(_absolute(_home(), "the home folder"), "Library", "Caches", "fastcli")
    elif base := os.environ.get("XDG_CACHE_HOME", ""):
        source = "XDG_CACHE_HOME"
    else:
        return os.path.join(_absolute(_home(), "the home folder"), ".cache", "fastcli")
    return os.path.join(_absolute(base, source), "fastcli")


def _home() -> str:
    """Return the home folder: HOME's, also if that is empty, else that of the list of users."""
    known = os.path.expanduser("~")
    return os.environ.get("HOME", "" if known == "~" else known)


def _absolute(path: str, source: str) -> str:
    if not path:
        raise NoFolder(f"{source} is not known" if source.startswith("the") else f"no {source}")
    if not os.path.isabs(path):
        literal = " (~ stands for the home folder only where a shell reads it)"
        why = literal if path.startswith("~") else ""
        raise NoFolder(f"{source} is not an absolute path: {path}{why}")
    return os.path.normpath(path) if os.name == "nt" else path


class Folder:
    """An open folder that belongs to this user or root and that no other user may write.

    A context manager; ``make`` is the mode of the levels that are made where there are none, 0 to
    make none.  Raises NoFolder (another user's, no permission), FileNotFoundError if there
    is none and none is to be made.
    """

    def __init__(self, path: str, make: int = 0, above: Folder | None = None) -> None:
        self.path: str = os.path.join(above.path, path) if above else path
        self.fd: int | None = None
        where, near = (above.at(path)) if above else (path, {})
        try:
            if make:
                _make_levels(where, make, near)
            if _HAS_OWNERS:
                follow = 0 if above is None else NO_FOLLOW
                flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | follow
                self.fd = os.open(where, flags, **near)
            self.status = os.stat(self.path) if self.fd is None else os.fstat(self.fd)
            if not stat.S_ISDIR(self.status.st_mode):
                raise NotADirectoryError(20, "Not a directory")
            if why := distrusted(self.status):
                advice = f"; chmod go-w {self.path} fixes that" if self.is_own else ""
                raise NoFolder(f"{self.path} {why}{advice}")
        except FileNotFoundError:
            if make:
                raise NoFolder(f"{self.path} cannot be created") from None
            raise
        except OSError as error:
            self.close()
            raise NoFolder(f"{self.path}: {error.strerror or error}") from None
        except NoFolder:
            self.close()
            raise

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder; its path stays known."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def at(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return how to name a file of this folder to the functions of ``os``."""
        if self.fd is None:
            return os.path.join(self.path, name), {}
        return name, {"dir_fd": self.fd}

    @property
    def is_own(self) -> bool:
        """Tell whether this user may write here: a folder of root is only read by others."""
        return not _HAS_OWNERS or self.status.st_uid == os.geteuid()

    @property
    def file_mode(self) -> int:
        """Return the mode of files here: as readable as the folder."""
        return stat.S_IMODE(self.status.st_mode) & 0o644

    def open_to(self, mode: int) -> None:
        """Set the mode of the folder, where folders have one.  Raises OSError."""
        if self.fd is not None:
            os.fchmod(self.fd, mode)

    def names(self) -> list[str]:
        """Return what is in the folder, sorted."""
        return sorted(os.listdir(self.path if self.fd is None else self.fd))

    def open(self, name: str, flags: int) -> int:
        """Open a file that is not a link; one that is made gets ``file_mode``, whatever the umask.

        Raises OSError.
        """
        where, near = self.at(name)
        fd = os.open(where, flags | _AS_FILE, self.file_mode, **near)
        if flags & os.O_CREAT and _HAS_OWNERS:
            os.fchmod(fd, self.file_mode)
        return fd

    def status_of(self, name: str) -> os.stat_result:
        """Return the status of a file, of a link itself.  Raises OSError."""
        where, near = self.at(name)
        return os.stat(where, follow_symlinks=False, **near)

    def remove(self, name: str) -> bool:
        """Remove a file or an empty folder; tell whether it is gone."""
        where, near = self.at(name)
        with contextlib.suppress(OSError):
            is_folder = stat.S_ISDIR(self.status_of(name).st_mode)
            (os.rmdir if is_folder else os.unlink)(where, **near)
            return True
        return False

    def touch(self, name: str) -> None:
        """Set the time of a file to now.  Raises OSError."""
        where, near = self.at(name)
        os.utime(where, **near)

    def rename(self, name: str, new: str) -> None:
        """Put a file in the place of another.  Raises OSError."""
        if self.fd is None:
            os.replace(self.at(name)[0], self.at(new)[0])
        else:
            os.replace(name, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)


def private_folder(name: str) -> str | None:
    """Return a folder beside the compiled kernels that only this user may read and write.

    It is made if needed; None if there can be none.  Where the folder of compiled kernels is
    not this user's alone, it is in the default place instead.
    """
    for find_root in (cache_root, _default_root):
        with contextlib.suppress(NoFolder, OSError), contextlib.ExitStack() as stack:
            root = stack.enter_context(Folder(find_root(), PRIVATE))
            folder = stack.enter_context(Folder(name, PRIVATE, above=root))
            is_private = not _HAS_OWNERS or not folder.status.st_mode & 0o077
            if folder.is_own and is_private and os.access(folder.path, os.W_OK):
                return folder.path
    return None


def distrusted(status: os.stat_result) -> str:
    """Return why another user can have written a folder or file, "" if none can."""
    if _HAS_OWNERS and status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    if _HAS_OWNERS and status.st_mode & 0o022:
        return "can be written by other users"
    return ""


def _make_levels(path: str, mode: int, near: dict[str, Any]) -> None:
    """Make a folder and those above it that are missing, each with the mode, whatever the umask."""
    parent = os.path.dirname(path)
    if parent and not near and not os.path.isdir(parent):
        _make_levels(parent, mode, near)
    try:
        os.mkdir(path, mode, **near)
    except FileExistsError:
        return
    if _HAS_OWNERS:
        _set_mode(path, mode, near)


def _set_mode(path: str, mode: int, near: dict[str, Any]) -> None:
    """Set the mode of a folder that was just made, never of what a link in its place leads to."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | NO_FOLLOW, **near)
    except PermissionError:  # the umask keeps its owner out
        # A system that cannot change the mode of a link leaves it: opening it then says why not.
        with contextlib.suppress(NotImplementedError):
            os.chmod(path, mode, follow_symlinks=False, **near)
        return
    try:
        os.fchmod(fd, mode)
    finally:
        os.close(fd)
