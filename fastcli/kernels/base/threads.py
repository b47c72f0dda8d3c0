"""Synchronisation of threads inside kernels: counters in memory, one cache line apart."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastcli.jit.build import device, intrinsic

if TYPE_CHECKING:
    from fastcli.jit.signature import I64, i64


@intrinsic
def store_release(x: I64, i: i64, value: i64) -> None:
    """Set ``x[i]``; a thread that sees the value also sees all that was written before it."""
    x[i] = value


@intrinsic
def load_acquire(x: I64, i: i64) -> i64:
    """Read ``x[i]`` from memory, and with it all that was written before its value."""
    return int(x[i])


@intrinsic
def give_way() -> None:
    """Yield the processor to another thread."""
    time.sleep(0)


@device
def arrive(sync: I64, thread: i64, phase: i64) -> None:
    """Signal that a thread has finished a phase."""
    store_release(sync, thread * 8, phase)


@device
def wait_for(sync: I64, thread: i64, phase: i64) -> None:
    """Wait until a thread has finished a phase; spins, and gives way when it takes long."""
    spins = 0
    while load_acquire(sync, thread * 8) < phase:
        spins += 1
        if spins > 2000:
            give_way()


@device
def wait_for_all(sync: I64, n_threads: i64, phase: i64) -> None:
    """Wait until every thread has finished a phase."""
    for thread in range(n_threads):
        wait_for(sync, thread, phase)


@device
def bounds(n: i64, part: i64, parts: i64) -> tuple[i64, i64]:
    """Return where a part of n things begins and ends: the one rule for dividing work.

    Where there are few, the first parts have them.

    >>> [bounds(5, part, 3) for part in range(3)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (n * part + parts - 1) // parts, (n * (part + 1) + parts - 1) // parts
