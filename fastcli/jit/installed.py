"""Machine code that was installed with this package: only read, and found by its source.

A wheel carries all kernels for some levels of x86-64 on Linux, as ``ship.py`` made them.  They
must serve every version of Python, NumPy and Numba, so they are found by a digest of the source
that they were compiled from, and not, as in the user's cache, by code objects and versions: where
a source is another, or a file damaged, nothing is found.  The files are as trustworthy as the
Python code beside them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from fastcli.jit.cache import entry_name, opened
from fastcli.jit.processor import features
from fastcli.jit.targets import Target, is_named, levels_of, named_target

if TYPE_CHECKING:
    from fastcli.jit.build import AnyKernel

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "shipped")
KERNELS = os.path.join(os.path.dirname(HERE), "kernels")
# Beside the kernels themselves, what decides about their code: how they are declared, compiled,
# and written to a file.
BESIDE = ("build.py", "group.py", "intrinsics.py", "keys.py", "numba_compiler.py", "signature.py")
SHIPPED = ("x86-64-v3", "x86-64-v4")


def installed_code(kernel: AnyKernel) -> Iterator[bytes]:
    """Yield what was installed of a kernel that this processor can run, the best first."""
    if not kernel.is_ours or not is_possible():
        return
    for target in installed_targets():
        entry = installed_entry(kernel)
        with contextlib.suppress(OSError), open(path_of(target, entry), "rb") as file:
            if code := opened(file.read(), target, entry):
                yield code


@cache
def is_possible() -> bool:
    """Tell whether there is installed code, and this is a system that it was compiled for."""
    is_system = sys.platform == "linux" and platform.machine() == "x86_64" and sys.maxsize > 2**32
    return is_system and not is_named() and os.path.isdir(FOLDER)


def installed_targets() -> Iterator[Target]:
    """Yield the targets of installed code that this processor can run, the best first."""
    yield from (named_target(level) for level in levels_of(features()) if level in SHIPPED)


def installed_entry(kernel: AnyKernel) -> str:
    """Return the name of a kernel's file, which says what it was compiled from."""
    signature = [(leaf.name, leaf.kind) for leaf in kernel.leaves], kernel.result
    facts = repr((source_digest(), kernel.module, kernel.qualname, signature))
    key = hashlib.sha256(facts.encode()).hexdigest()[:32]
    return entry_name(kernel.module, kernel.qualname, key)


def path_of(target: Target, entry: str) -> str:
    """Return the path of an entry."""
    return os.path.join(FOLDER, target.folder, entry)


@cache
def source_digest() -> str:
    """Return a digest of all files that the machine code of kernels depends on."""
    digest = hashlib.sha256()
    for path in source_files():
        with open(path, "rb", 0) as file:
            text = file.read()
        digest.update(f"{os.path.basename(path)}\0{len(text)}\0".encode())
        digest.update(text)
    return digest.hexdigest()


def source_files() -> Iterator[str]:
    """Yield the paths of these files, in the same order everywhere."""
    for folder, inner, names in os.walk(KERNELS):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))
    yield from (os.path.join(HERE, name) for name in BESIDE)
