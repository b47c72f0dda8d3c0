"""Memory: what training needs, whether this machine has it, and allocating it."""

from __future__ import annotations

import contextlib
import mmap
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import FastcliError, TooLittleMemory
from fastcli.files import free_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LARGE = 500_000_000
_LOADS_ITSELF = sys.platform == "linux" and platform.machine() == "x86_64"  # see jit/elf.py
# Bytes of a process before it reads: Python, NumPy, compiled kernels, and LLVM where it loads them.
PROCESS = 41_000_000 if _LOADS_ITSELF else 93_000_000
ROWS = "-dim or -bucket, or a larger -minCount"  # what makes the rows of a linear model fewer


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What training needs before it starts, in bytes: of memory, of the model file, of the disk.

    ``disk`` is what the file takes at most, where it has holes, and ``least_disk`` what it surely
    takes.  ``matrices`` are those that are yet to be taken, the states of an optimiser too;
    ``saving`` is what saving takes beyond what training had.  ``memory`` is that of the whole
    process at its peak: what it had at most so far, or what it has now and all that will come;
    what is ``mapped`` of files comes on top, and gives way where memory is short.
    ``smaller`` are the options that make it less.
    """

    matrices: int
    file: int
    disk: int
    saving: int = 0
    smaller: str = ROWS
    least_disk: int = -1
    mapped: int = 0
    memory: int = field(init=False)

    def __post_init__(self) -> None:
        whole = resident_memory() + self.to_come
        object.__setattr__(self, "memory", max(whole, peak_memory()))

    @property
    def to_come(self) -> int:
        """The bytes of memory that are still to be allocated."""
        return self.matrices + max(self.saving, 0)

    def sentence(self, always: bool = False) -> str | None:
        """Return what to tell a user; None if the needs are small, unless ``always``."""
        if max(self.to_come, self.file) < LARGE and not always:
            return None
        mapped = ""
        if self.mapped:
            mapped = (
                f" and {size_text(self.mapped)} for the model that is read, which the system takes "
                "back where memory is short"
            )
        return (
            f"Needs about {size_text(self.memory)} of memory{mapped}; the model file "
            "will be "
            f"{size_text(self.file)}, using at most {size_text(self.disk)} of disk. "
            f"A smaller {self.smaller} needs less."
        )

    def check(self, path: str, warn: Callable[[str], None]) -> None:
        """Raise FastcliError if memory or disk is certainly too small; say what would need less.

        ``path`` is where the model will be; ``warn`` is called if the disk may be too small.
        """
        check_memory(self.to_come, self.smaller)
        least = self.least_disk if self.least_disk >= 0 else self.disk
        free = free_space(path)
        check_file_size(path, self.file, self.smaller)
        if free is None or self.disk <= free:
            return
        sentence = f"of disk space, and {size_text(free)} are free in {Path(path).parent}."
        if least > free:
            raise FastcliError(
                f"The model file needs about {size_text(least)} {sentence} Use a smaller "
                f"{self.smaller}."
            )
        warn(f"The model file may need {size_text(self.disk)} {sentence}")


def check_file_size(path: str, size: int, smaller: str) -> None:
    """Raise FastcliError if a file of that size is not allowed; ``smaller`` names the remedy."""
    limit = largest_file()
    if limit is not None and size > limit:
        raise FastcliError(
            f"{path} cannot be opened for saving. (It needs {size_text(size)}, and no file may "
            f"have more than {size_text(limit)} here; see ulimit -f.) Use a smaller {smaller}."
        )


def largest_file() -> int | None:
    """Return the largest size of a file of this process, or None without a limit."""
    try:
        import resource
    except ImportError:  # on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def check_memory(need: int, smaller: str = ROWS) -> None:
    """Raise TooLittleMemory if that many bytes of memory are not available.

    ``smaller`` is what would need less.
    """
    memory = available_memory()
    if memory is not None and need > memory:
        raise TooLittleMemory(
            f"Training needs about {size_text(need)} of memory, and "
            f"{size_text(memory)} are available. Use a smaller {smaller}."
        )


def check_room(need: int, what: str) -> None:
    """Raise TooLittleMemory if many bytes are needed and not available; ``what`` needs them."""
    memory = available_memory() if need > LARGE else None
    if memory is not None and need > memory:
        raise TooLittleMemory(
            f"{what} would take {size_text(need)} of memory, and {size_text(memory)} are available."
        )


def resident_memory() -> int:
    """Return the bytes of memory that this process uses now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):  # not on macOS and Windows
        return peak_memory()


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes."""
    try:  # what getrusage says is never less than what the parent had
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):  # not on macOS and Windows
        pass
    try:
        import resource
    except ImportError:  # on Windows
        return PROCESS
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def size_text(n: int) -> str:
    """Return a number of bytes as text: ``1.2 GB``.

    >>> size_text(804047585)
    '804 MB'
    """
    value = float(n)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return (
                f"{value:.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
            )
        value /= 1000
    return f"{value:,.1f} TB"


def available_memory() -> int | None:
    """Return the bytes of memory that can still be taken, or None if that is not known.

    That is the least of what the machine, the control groups of the process (a container, a
    service) and its own limits (``ulimit -v`` and ``-d``) leave.
    """
    limits = [*_left_of_process()]
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(int(line.split()[1]) * 1024)
        for group, names in _memory_groups():
            limits += _left_of_group(group, *names)
    if not limits:
        try:
            limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        except (AttributeError, ValueError, OSError):
            return None
    return max(min(limits), 0)


def _left_of_process() -> Iterator[int]:
    """Yield the bytes that the process may still map, and take as data, where that is limited."""
    try:
        import resource

        pages = [int(word) for word in Path("/proc/self/statm").read_text().split()]
    except (ImportError, OSError, ValueError):
        return
    for kind, at in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY:
            yield limit - pages[at] * os.sysconf("SC_PAGE_SIZE")


# Of control groups, version 2 and 1: the limit, what is used, and the cached files in memory.stat.
GROUPS_2 = ("memory.max", "memory.current", "active_file ", "inactive_file ")
GROUPS_1 = (
    *("memory.limit_in_bytes", "memory.usage_in_bytes"),
    *("total_active_file ", "total_inactive_file "),
)


def _memory_groups() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield the folders of the control groups that the process is in, and the names in them."""
    mounted = Path("/sys/fs/cgroup")
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, kinds, path = line.split(":", 2)
        if number == "0":
            root, names = mounted, GROUPS_2
        elif "memory" in kinds.split(","):
            root, names = mounted / "memory", GROUPS_1
        else:
            continue
        group = root / path.strip("/")
        # In a container the path may be that of its host; what is mounted is its own group.
        yield from ((one, names) for one in (group, *group.parents) if one.is_relative_to(root))


def _left_of_group(group: Path, limit: str, used: str, *cached: str) -> Iterator[int]:
    """Yield the bytes that a group may still take, if it is limited."""
    try:
        most = (group / limit).read_text().strip()
        if most == "max" or int(most) >= 1 << 62:
            return
        taken = int((group / used).read_text())
        for line in (group / "memory.stat").read_text().splitlines():
            if line.startswith(cached):
                taken -= int(line.split()[1])  # cached files give way
    except (OSError, ValueError):
        return
    yield int(most) - taken


CACHE_LINE_FLOATS = 16


def padded(dim: int) -> int:
    """Return the floats that a row of ``dim`` takes in memory: a multiple of 16."""
    return -(-dim // CACHE_LINE_FLOATS) * CACHE_LINE_FLOATS


def zeros(n: int, few_change: bool = False) -> NDArray[np.float32]:
    """Return n zeros in fresh memory, on a page's start, in large pages where there are any.

    Where ``few_change`` pages are small, and those that nothing is written to take no memory, as
    they would in NumPy's large pages.  Raises MemoryError if there is none.
    """
    try:
        memory = _anonymous_memory(max(4 * n, 1))
    except (OSError, OverflowError, ValueError) as error:
        raise MemoryError(f"not enough memory for {n} numbers") from error
    with contextlib.suppress(AttributeError, OSError):
        memory.madvise(mmap.MADV_NOHUGEPAGE if few_change else mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.float32, n)


def integers(n: int) -> NDArray[np.int64]:
    """Return n zeros in memory of their own, so that no thread writes beside another's."""
    return zeros(2 * n).view(np.int64)


def _anonymous_memory(n_bytes: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, n_bytes)
    # Python maps shared memory by default, which gets no large pages.
    return mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
