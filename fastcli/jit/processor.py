"""The processor of this machine: LLVM's name for it, and its features.

LLVM is asked once for every kind of processor; the answer is kept beside the compiled kernels,
since loading LLVM takes longer than many a command.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import NamedTuple

ABOUT = "/proc/cpuinfo"  # on Linux only: elsewhere LLVM is always asked
# What the file says of one kind of processor in every process; the rest is speeds and numbers.
_FACTS = ("vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags")
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
    from fastcli.jit.cache import user_cache
    from fastcli.jit.targets import Target
    from fastcli.private import NoFolder

    facts = _facts()
    if not facts:
        return _ask()
    import llvmlite

    digest = hashlib.sha256(repr((facts, llvmlite.__version__)).encode()).hexdigest()
    target = Target("", "", f"processor-{digest[:16]}")
    entry = f"llvm-{digest[:32]}.json"
    try:
        kept = user_cache()
    except NoFolder:
        return _ask()
    if found := kept.read(target, entry):
        return Processor(*json.loads(found))
    answer = _ask()
    kept.write(target, entry, json.dumps(answer).encode())
    return answer


def _ask() -> Processor:
    import llvmlite.binding as llvm

    return Processor(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


def _facts() -> list[str]:
    """Return what the system says of its first processor; nothing where it says no features."""
    try:
        with open(ABOUT, "rb") as file:
            first, _, _ = file.read(_MOST).partition(b"\n\n")
    except OSError:
        return []
    lines = [line.decode("utf-8", "replace") for line in first.split(b"\n")]
    facts = [line for line in lines if line.partition(":")[0].strip() in _FACTS]
    return facts if any(line.startswith("flags") for line in facts) else []
