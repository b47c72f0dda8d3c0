"""Compiling many kernels ahead of their use, also for other processors and other users."""

from __future__ import annotations

import importlib
import pkgutil
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastcli.jit import build
from fastcli.jit.cache import Cache
from fastcli.jit.compilers import Job
from fastcli.private import NoFolder
from fastcli.threads import usable_cpus

if TYPE_CHECKING:
    from fastcli.jit.targets import Target


def all_kernels() -> list[build.AnyKernel]:
    """Return every kernel of this package, after importing all its modules."""
    package = importlib.import_module("fastcli.kernels")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    return [kernel for kernel in build.kernels if kernel.is_ours]


def warm(
    kernels: list[build.AnyKernel], target: Target, cache: Cache
) -> Iterator[tuple[build.AnyKernel, bool]]:
    """Compile what a cache lacks, on all processors; yield each kernel, and whether it was new.

    Raises NoFolder if code cannot be kept, CannotCompile if a kernel cannot be compiled.
    """
    cache.check(target)
    queue = deque(kernels)
    running: deque[Job] = deque()
    while queue or running:
        while queue and len(running) < usable_cpus():
            running.append(Job(queue.popleft(), target, cache))
        job = running.popleft()
        job.wait()
        if not job.is_kept:
            raise NoFolder(f"nothing can be written in {cache.root}")
        cache.open_to_readers(target, job.kernel.entry)
        yield job.kernel, job.is_new
