"""Removing compiled kernels: unused ones, or all."""

from __future__ import annotations

import contextlib
import os
import re
import time

from fastcli.jit.cache import DAY
from fastcli.private import Folder, NoFolder

UNUSED = 90 * DAY  # an entry unused for longer is removed
ABANDONED = DAY  # temporary files and locks of killed processes

_TARGET = re.compile(r"[A-Za-z0-9_.-]{1,40}-[0-9a-f]{16}")
_PROCESSOR = ".json"  # what LLVM calls a processor, beside the kernels
_ENTRY = re.compile(r"[\w.]+-[0-9a-f]{32}\.(o|json)")
_WORKING = re.compile(r"[\w.]+-[0-9a-f]{32}\.(o|json)\.(lock|[0-9a-f]{16}\.tmp)")
_SWEPT = ".swept"  # its time is that of the last look for unused entries
_OLD_TARGET = re.compile(r"[0-9a-f]{32}")  # what version 0.1 left, and only that
_OLD_ENTRY = re.compile(r"\w+\.o|tmp\w{8}")


def is_time_to_sweep(root: Folder) -> bool:
    """Tell whether the last sweep of a cache is a day ago."""
    try:
        return root.status_of(_SWEPT).st_mtime < time.time() - DAY
    except FileNotFoundError:
        return True


def sweep(root: Folder) -> None:
    """Remove entries unused for long, and what killed processes left.

    Files that are not ours by their names stay, and so do folders that have such.
    """
    os.close(root.open(_SWEPT, os.O_WRONLY | os.O_CREAT))
    root.touch(_SWEPT)
    now = time.time()
    _remove(root, {"entry": now - UNUSED, "working": now - ABANDONED}, skip_shared=True)


def clear(root: Folder) -> tuple[int, int]:
    """Remove all entries; return how many kernels and their bytes.  Foreign files stay."""
    removed = _remove(root, {"entry": float("inf"), "working": float("inf")})
    with contextlib.suppress(OSError):
        root.remove(_SWEPT)
    return removed


def _remove(root: Folder, before: dict[str, float], skip_shared: bool = False) -> tuple[int, int]:
    """Remove what was last used before the times given for entries and for working files.

    Who uses a folder that others read is not known, since they cannot note it there.
    """
    n = size = 0
    for name in root.names():
        entries = _ENTRY if _TARGET.fullmatch(name) else _OLD_ENTRY
        if entries is _OLD_ENTRY and not _OLD_TARGET.fullmatch(name):
            continue
        try:
            with Folder(name, above=root) as folder:
                if skip_shared and folder.status.st_mode & 0o044:
                    continue
                for file in folder.names():
                    is_entry = entries.fullmatch(file) is not None
                    if not is_entry and not _WORKING.fullmatch(file):
                        continue
                    status = folder.status_of(file)
                    old = status.st_mtime < before["entry" if is_entry else "working"]
                    if old and folder.remove(file) and is_entry and not file.endswith(_PROCESSOR):
                        n, size = n + 1, size + status.st_size
                is_empty = not folder.names()
        except (OSError, NoFolder):
            continue
        if is_empty:
            root.remove(name)
    return n, size
