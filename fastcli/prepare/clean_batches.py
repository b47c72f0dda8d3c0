"""Cleaning a batch of rows, in this process or in others beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import FastcliError
from fastcli.prepare.lines import gathered, line_bounds
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.split import fixed_hashes, line_hashes
from fastcli.prepare.workers import CONTEXT, begin
from fastcli.tables.rows import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Cleaned:
    """A batch as a cleaning process gives it back.

    ``data`` has its texts as UTF-8, each a line with its end; ``keys`` are int64[n];
    ``signatures`` are for near duplicates; ``weights`` are the tokens of weights, b"" for none.
    """

    data: bytes
    keys: NDArray[np.int64]
    signatures: NDArray[np.int32] | None
    weights: tuple[bytes, ...] = ()

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """Where texts begin, and where the last one ends, int64[n + 1]."""
        return line_bounds(self.data)

    def empty(self) -> list[int]:
        """Return the numbers of the texts that have nothing left."""
        found: list[int] = np.flatnonzero(np.diff(self.bounds) == 1).tolist()
        return found

    def only(self, rows: Sequence[int]) -> Cleaned:
        """Return some of the rows."""
        order = np.array(rows, np.int64)
        signatures = self.signatures[order] if self.signatures is not None else None
        weights = tuple(self.weights[i] for i in rows) if self.weights else ()
        data = gathered(self.data, self.bounds, order)
        return Cleaned(data, self.keys[order], signatures, weights)

    def weighted(self) -> Cleaned:
        """Return the texts with the tokens of weights at their ends."""
        if not self.weights:
            return self
        pairs = zip(self.data.split(b"\n"), self.weights, strict=False)
        data = b"".join([b"%b %b\n" % pair if pair[1] else pair[0] + b"\n" for pair in pairs])
        return Cleaned(data, self.keys, self.signatures)


@dataclass(frozen=True)
class BatchCleaner:
    """Cleans texts, and hashes each, or its group, for the split by ``seed``."""

    recipe: Recipe
    seed: int
    near: bool  # whether signatures are asked for

    def clean(self, texts: list[str], groups: list[str]) -> Cleaned:
        """Return texts as they are written."""
        data = self.recipe.apply_to_bytes(texts)
        if any(groups):
            pairs = zip(_texts(data), groups, strict=True)
            hashed = [group.replace("\n", "\x1f") or text for text, group in pairs]
            keys = fixed_hashes(hashed, self.seed)
        else:
            keys = line_hashes(data, line_bounds(data), self.seed)
        signatures = None
        if self.near:
            from fastcli.prepare.duplicates import signatures as of

            signatures = of(_texts(data))
        return Cleaned(data, keys, signatures)


def _texts(data: bytes) -> list[str]:
    return data.decode().split("\n")[:-1]


_cleaner: list[BatchCleaner] = []
"""What cleans in a process that was started for it."""


def clean_in_process(texts: list[str], groups: list[str]) -> Cleaned:
    """Clean texts in a process of ``cleaning_processes``, which got what cleans once."""
    return _cleaner[0].clean(texts, groups)


def _begin(cleaner: BatchCleaner) -> None:
    begin()
    _cleaner.append(cleaner)


@contextmanager
def cleaning_processes(n: int, cleaner: BatchCleaner) -> Iterator[ProcessPoolExecutor]:
    """Start processes that clean; they are ended, not waited for, where something goes wrong."""
    pool = ProcessPoolExecutor(n, mp_context=CONTEXT, initializer=_begin, initargs=(cleaner,))
    try:
        yield pool
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise
    pool.shutdown()


def is_done(one: Future[Cleaned] | Cleaned) -> bool:
    """Tell whether a batch has been cleaned."""
    return one.done() if isinstance(one, Future) else True


def result_of(pending: tuple[Batch, Future[Cleaned] | Cleaned]) -> tuple[Batch, Cleaned]:
    """Return a batch with its cleaned texts.  Raises FastcliError if a process ended early."""
    batch, one = pending
    try:
        return batch, one.result() if isinstance(one, Future) else one
    except BrokenProcessPool:
        raise FastcliError(
            "A cleaning process ended early, perhaps out of memory: try -thread 1."
        ) from None
