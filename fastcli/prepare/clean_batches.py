"""Cleaning a batch of rows, in this process or in others beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.errors import FastcliError
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.rows import Batch
from fastcli.prepare.split import fixed_hashes
from fastcli.prepare.workers import CONTEXT, begin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Cleaned:
    """A batch as a cleaning process gives it back; ``signatures`` are for near duplicates."""

    texts: list[str]
    keys: list[int]
    signatures: NDArray[np.int32] | None

    def only(self, rows: Sequence[int]) -> Cleaned:
        """Return some of the rows."""
        return Cleaned(
            [self.texts[i] for i in rows],
            [self.keys[i] for i in rows],
            self.signatures[rows] if self.signatures is not None else None,
        )


@dataclass(frozen=True)
class BatchCleaner:
    """Cleans texts, and hashes each, or its group, for the split by ``seed``."""

    recipe: Recipe
    seed: int
    near: bool  # whether signatures are asked for

    def clean(self, texts: list[str], groups: list[str]) -> Cleaned:
        """Return texts as they are written."""
        cleaned = self.recipe.apply(texts) if texts else []
        pairs = zip(cleaned, groups, strict=True)
        hashed = [group.replace("\n", "\x1f") or text for text, group in pairs]
        keys = fixed_hashes(hashed if any(groups) else cleaned, self.seed)
        signatures = None
        if self.near:
            from fastcli.prepare.duplicates import signatures as of

            signatures = of(cleaned)
        return Cleaned(cleaned, keys, signatures)


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
