"""Which processor machine code is for.

A process runs code of its own processor, else of the highest level of x86-64 that it can run:
x86-64-v4, -v3, -v2 (the levels are those of the x86-64 psABI, section 3.1.1).
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from fastcli.jit.processor import host

# What each level needs beyond the one before, by LLVM's names.
LEVELS = {
    "x86-64-v2": {"cx16", "sahf", "popcnt", "sse3", "ssse3", "sse4.1", "sse4.2"},
    "x86-64-v3": {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"},
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}

# Settings of Numba that change no code: where it keeps things and what it says.
_HARMLESS = {
    "NUMBA_CACHE_DIR",
    "NUMBA_CACHE_LOCATOR_CLASSES",
    "NUMBA_CPU_FEATURES",  # these two are in the target itself
    "NUMBA_CPU_NAME",
    "NUMBA_DEBUG_CACHE",
    "NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING",
    "NUMBA_DISABLE_JIT",
    "NUMBA_DISABLE_PERFORMANCE_WARNINGS",
    "NUMBA_NUM_THREADS",
    "NUMBA_SHOW_HELP",
    "NUMBA_THREADING_LAYER",
    "NUMBA_THREADING_LAYER_PRIORITY",
    "NUMBA_WARNINGS",
}

# What LLVM says of a name that it does not know, and to "help", which it takes for a processor.
_UNKNOWN = (b"not a recognized processor", b"Available CPUs")


@dataclass(frozen=True)
class Target:
    """A processor's name and its features, as LLVM calls them."""

    cpu: str
    features: str
    folder: str  # the name of the folder for its code
    is_own: bool = False

    @property
    def environ(self) -> dict[str, str]:
        """Return what tells Numba to compile for this target; nothing if it does anyway."""
        if self.is_own:
            return {}
        return {"NUMBA_CPU_NAME": self.cpu, "NUMBA_CPU_FEATURES": self.features}


def settings() -> list[str]:
    """Return the settings of Numba in the environment that change code, as NAME=VALUE."""
    return sorted(
        name + "=" + value
        for name, value in os.environ.items()
        if name.startswith("NUMBA_") and name not in _HARMLESS
    )


def _target(cpu: str, features: str, is_own: bool = False) -> Target:
    """Return a target; settings of Numba that change code are part of its folder's name."""
    facts = (cpu, features, platform.machine(), sys.platform, settings())
    digest = hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in cpu[:40])
    return Target(cpu, features, f"{name}-{digest}", is_own)


def own_target() -> Target:
    """Return what Numba compiles for here: this processor, or what NUMBA_CPU_* name."""
    this = host()
    cpu = os.environ.get("NUMBA_CPU_NAME", this.name)
    features = "" if cpu.lower() == "generic" else this.features
    return _target(cpu, os.environ.get("NUMBA_CPU_FEATURES", features), is_own=True)


def named_target(name: str) -> Target:
    """Return the target of a level or a processor's name, with the features that it implies."""
    return _target(name, "")


def is_named() -> bool:
    """Tell whether the environment names a target; then code for no other is run."""
    return "NUMBA_CPU_NAME" in os.environ or "NUMBA_CPU_FEATURES" in os.environ


def runnable() -> Iterator[Target]:
    """Yield the targets whose code may run in this process, the best first."""
    yield own_target()
    if is_named():
        return
    if platform.machine().lower() in ("x86_64", "amd64"):
        yield from map(named_target, levels_of(host().has()))


def levels_of(features: set[str]) -> list[str]:
    """Return the levels whose code a processor with some features can run, the best first."""
    levels: list[str] = []
    for level, needed in LEVELS.items():
        if not needed <= features:
            break
        levels.insert(0, level)
    return levels


def is_known_processor(name: str) -> bool:
    """Tell whether LLVM knows a processor of this architecture; it says so on stderr only."""
    import subprocess

    code = (
        "import sys, llvmlite.binding as llvm\n"
        "llvm.initialize_native_target()\n"
        "target = llvm.Target.from_default_triple()\n"
        "target.create_target_machine(cpu=sys.argv[1])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path[:] = sys.argv[2:]\n" + code, name]
        + [os.path.abspath(path) for path in sys.path],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return run.returncode == 0 and not any(sign in run.stderr for sign in _UNKNOWN)
