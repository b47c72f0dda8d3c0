"""Machine code in files: one for each kernel and target, found by its key.

``<root>/<target>/<module>.<kernel>-<key>.o`` holds a digest and the object code.  Any problem
means compiling again, never an error: no home, a full disk, a damaged file, a folder of another
user.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from fastcli.jit.targets import Target
from fastcli.private import PRIVATE, SHARED, Folder, NoFolder, cache_root, distrusted

MAGIC = b"fastcli kernel 1"
DAY = 86_400


@dataclass(frozen=True)
class Cache:
    """The compiled kernels below a folder; ``mode`` is that of the folders that are made."""

    root: str
    mode: int = PRIVATE

    def read(self, target: Target, entry: str) -> bytes | None:
        """Return the code of an entry, None if there is none that can be trusted."""
        try:
            with Folder(self.root) as root, Folder(target.folder, above=root) as folder:
                fd = folder.open(entry, os.O_RDONLY)
                with open(fd, "rb") as file:
                    status = os.fstat(fd)
                    if not stat.S_ISREG(status.st_mode) or distrusted(status):
                        return None
                    blob = file.read()
                    if folder.is_own and status.st_mtime < time.time() - DAY:
                        with contextlib.suppress(OSError):  # on a disk that is only read
                            folder.touch(entry)
        except (OSError, NoFolder):
            return None
        return opened(blob, target, entry)

    def has(self, target: Target) -> bool:
        """Tell whether there may be code for a target."""
        return os.path.isdir(os.path.join(self.root, target.folder))

    def is_empty(self) -> bool:
        """Tell whether there is nothing at all."""
        try:
            return not os.listdir(self.root)
        except OSError:
            return True

    def check(self, target: Target) -> None:
        """Make the folder of a target, if needed.  Raises NoFolder if nothing can be kept."""
        with Folder(self.root, self.mode) as root:
            if not root.is_own:
                raise NoFolder(f"{self.root} belongs to root")
            with Folder(target.folder, self.mode, above=root) as folder:
                if not folder.is_own:
                    raise NoFolder(f"{folder.path} belongs to root")
                if not os.access(folder.path, os.W_OK):
                    raise NoFolder(f"{folder.path} cannot be written")

    def write(self, target: Target, entry: str, code: bytes) -> bool:
        """Store the code of an entry; tell whether that succeeded.

        Once a day, what was not used for long is removed.
        """
        from fastcli.jit.sweep import is_time_to_sweep, sweep

        blob = sealed(code, target, entry)
        try:
            self.check(target)
            with Folder(self.root) as root, Folder(target.folder, above=root) as folder:
                temporary = f"{entry}.{os.urandom(8).hex()}.tmp"
                fd = folder.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                try:
                    with open(fd, "wb") as file:
                        file.write(blob)
                    folder.rename(temporary, entry)
                except OSError:
                    folder.remove(temporary)
                    return False
                with contextlib.suppress(OSError):  # whatever it meets, the entry is there
                    if is_time_to_sweep(root):
                        sweep(root)
        except (OSError, NoFolder):
            return False
        return True

    def remove(self, target: Target, entry: str) -> None:
        """Remove an entry that cannot be used, where the folder is this user's."""
        with (
            contextlib.suppress(OSError, NoFolder),
            Folder(self.root) as root,
            Folder(target.folder, above=root) as folder,
        ):
            if folder.is_own:
                folder.remove(entry)

    def open_to_readers(self, target: Target, entry: str) -> None:
        """Let other users read an entry of a shared cache that was there already."""
        if self.mode != SHARED or os.name == "nt":
            return
        with (
            contextlib.suppress(OSError, NoFolder),
            Folder(self.root) as root,
            Folder(target.folder, above=root) as folder,
        ):
            folder.open_to(SHARED)
            fd = folder.open(entry, os.O_RDONLY)
            os.fchmod(fd, SHARED & 0o644)
            os.close(fd)

    @contextlib.contextmanager
    def lock(
        self, target: Target, entry: str, given_up: threading.Event | None = None
    ) -> Iterator[None]:
        """Be the only process that compiles an entry, if locks are supported.

        ``given_up`` ends the waiting for another one.
        """
        from fastcli.jit.lock import locked

        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, NoFolder):
                root = stack.enter_context(Folder(self.root))
                folder = stack.enter_context(Folder(target.folder, above=root))
                if folder.is_own:
                    stack.enter_context(locked(folder, f"{entry}.lock", given_up=given_up))
            yield


def sealed(code: bytes, target: Target, entry: str) -> bytes:
    """Return what the file of an entry holds: a digest of its name and code, and the code."""
    return MAGIC + _digest(target, entry, code) + code


def opened(blob: bytes, target: Target, entry: str) -> bytes | None:
    """Return the code that the file of an entry holds, None if it is damaged or another's."""
    digest, code = blob[len(MAGIC) : len(MAGIC) + 32], blob[len(MAGIC) + 32 :]
    is_whole = blob.startswith(MAGIC) and digest == _digest(target, entry, code)
    return code if is_whole else None


def _digest(target: Target, entry: str, code: bytes) -> bytes:
    name = f"{target.folder}/{entry}\0".encode()
    return hashlib.sha256(name + code).digest()


def entry_name(module: str, name: str, key: str) -> str:
    """Return the file name of a kernel's code."""
    whole = f"{module.rpartition('.')[2]}.{name}"[:100]
    short = "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in whole)
    return f"{short}-{key}.o"


def user_cache() -> Cache:
    """Return the cache that this process uses.  Raises NoFolder if it has none."""
    return Cache(cache_root())
