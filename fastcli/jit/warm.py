"""Compiling many kernels ahead of their use, also for other processors and other users."""

from __future__ import annotations

import importlib
import pkgutil
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING

from fastcli.jit import build
from fastcli.jit.cache import Cache
from fastcli.jit.compilers import Job, first_done
from fastcli.jit.keys import named
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


def length(kernel: build.AnyKernel) -> int:
    """Return how long the code of a kernel and all that it calls is: what compiling it takes."""
    pending, reached = [kernel.function], set()
    while pending:
        function = pending.pop()
        if function not in reached:
            reached.add(function)
            values = named(function).values()
            pending += [value.function for value in values if isinstance(value, build.Device)]
    return sum(len(function.__code__.co_code) for function in reached)


def warm(
    kernels: list[build.AnyKernel], target: Target, cache: Cache
) -> Iterator[tuple[build.AnyKernel, bool]]:
    """Compile what a cache lacks, on all processors; yield each kernel, and whether it was new.

    The longest come first, so that no processor is idle at the end.  Raises NoFolder if code cannot
    be kept, CannotCompile if a kernel cannot be compiled.
    """
    cache.check(target)
    queue = deque(sorted(kernels, key=length, reverse=True))
    done: SimpleQueue[Job] = SimpleQueue()
    n_running = 0
    while queue or n_running:
        while queue and n_running < usable_cpus():
            Job(queue.popleft(), target, cache, done)
            n_running += 1
        job = first_done(done)
        n_running -= 1
        job.wait()
        if not job.is_kept:
            raise NoFolder(f"nothing can be written in {cache.root}")
        cache.open_to_readers(target, job.kernel.entry)
        yield job.kernel, job.is_new
