"""The processor of this machine: LLVM's name for it, and its features.

LLVM is asked once for every kind of processor; the answer is kept beside the compiled kernels,
since loading LLVM takes longer than many a command.  It is taken for that of this machine where
the system describes its first processor in the same words; ``fastcli cache clear`` forgets it.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastcli.jit.cache import Cache

CPUINFO = "/proc/cpuinfo"  # on Linux only: elsewhere LLVM is always asked
# What the file says of one kind of processor in every process; the rest is speeds and numbers.
_FACTS = ("vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags")
# What it calls some features, which LLVM calls otherwise.
_FLAGS = {
    "abm": "lzcnt",
    "bmi1": "bmi",
    "lahf_lm": "sahf",
    "pni": "sse3",
    "sse4_1": "sse4.1",
    "sse4_2": "sse4.2",
}
_MOST = 1 << 14  # bytes that the first processor's part may have


class Processor(NamedTuple):
    """A processor: LLVM's name for it, and its features as LLVM writes them (``+avx2,-sha``)."""

    name: str
    features: str

    def has(self) -> set[str]:
        """Return the features that it has."""
        return {one[1:] for one in self.features.split(",") if one.startswith("+")}


@cache
def host() -> Processor:
    """Return the processor that this process runs on."""
    from fastcli.jit.targets import Target

    facts = _facts()
    if not facts:
        return _ask()
    import llvmlite

    digest = hashlib.sha256(repr((facts, llvmlite.__version__)).encode()).hexdigest()
    target = Target("", "", f"processor-{digest[:16]}")
    entry = f"llvm-{digest[:32]}.json"
    kept = _cache()
    if kept is None:
        return _ask()
    if found := kept.read(target, entry):
        return Processor(*json.loads(found))
    answer = _ask()
    kept.write(target, entry, json.dumps(answer).encode())
    return answer


@cache
def features() -> set[str]:
    """Return what this processor has, by LLVM's names; LLVM is asked only if the system is silent.

    These are enough to tell the levels of x86-64, and known where no answer of LLVM can be kept.
    """
    flags = [fact.partition(":")[2].split() for fact in _facts() if fact.startswith("flags")]
    return {_FLAGS.get(flag, flag) for flag in flags[0]} if flags else host().has()


def _cache() -> Cache | None:
    """Return the cache of compiled kernels if there is one; who may read that may read the answer.

    It is not made: who makes it decides about its mode.
    """
    from fastcli.jit.cache import Cache
    from fastcli.private import PRIVATE, SHARED, Folder, NoFolder, cache_root

    try:
        root = cache_root()
        with Folder(root) as folder:
            is_shared = folder.status.st_mode & SHARED == SHARED
            return Cache(root, SHARED if is_shared else PRIVATE)
    except (NoFolder, FileNotFoundError):
        return None


def _ask() -> Processor:
    import llvmlite.binding as llvm

    return Processor(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


def _facts() -> list[str]:
    """Return what the system says of its first processor; nothing where it says no features."""
    try:
        with open(CPUINFO, "rb") as file:
            first, _, _ = file.read(_MOST).partition(b"\n\n")
    except OSError:
        return []
    lines = [line.decode("utf-8", "replace") for line in first.split(b"\n")]
    facts = [line for line in lines if line.partition(":")[0].strip() in _FACTS]
    has_flags = any(line.startswith("flags") for line in facts)
    return [platform.release(), *facts] if has_flags else []
