"""Counting the tokens of files, by all threads: the only time that text is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import unreadable
from fastcli.text.blocks import Blocks
from fastcli.text.dictionary import LABEL, Dictionary, TokenCounter, WordTable
from fastcli.text.inputs import (
    compression,
    line_blocks,
    open_compressed,
)
from fastcli.text.spooled import is_file, place_of
from fastcli.threads import must_end, run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray


SPAN = 1 << 20  # bytes of text that are worth a thread of their own
AT_ONCE = 1 << 20  # bytes of text that a thread reads at a time: they stay in the cache


@dataclass(kw_only=True)
class Counted:
    """The tokens of text files: each span of text has a counter, and all have one word table.

    Entry k of span i's own table is entry ``entries[i][k]`` of ``words``, and ``counts[i][k]`` is
    how often the span has it.  ``weights[i]`` are those of the span's lines, None: all weigh 1.
    """

    counters: list[TokenCounter]
    words: WordTable
    entries: list[NDArray[np.int32]]
    counts: list[NDArray[np.int64]]
    weights: list[NDArray[np.float64]] | None = None


def count_tokens(
    paths: Sequence[str],
    label: str,
    n_threads: int,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> Counted:
    """Count the tokens of files; those that start with ``label`` are labels.

    ``on_bytes`` hears, on several threads, of bytes that have been read.  Raises DataError where
    a file cannot be read.
    """
    prefix = os.fsencode(label)
    counters: list[TokenCounter] = []
    for path in paths:
        try:
            counters += _count_file(path, prefix, n_threads, on_bytes, _with_room(counters))
        except OSError as error:
            raise unreadable(path, error, "training") from None
    # Of empty files nothing is counted, which is a count too.
    counters = counters or [TokenCounter(prefix, 0)]
    return _merged(counters)


def _with_room(counters: list[TokenCounter]) -> list[TokenCounter]:
    """Return the last counter, in a list, if it is worth no thread of its own yet.

    A counter takes a MB or so, which would be more than the text of many small files.
    """
    return [counter for counter in counters[-1:] if counter.n_bytes < SPAN]


def _count_file(
    path: str,
    prefix: bytes,
    n_threads: int,
    on_bytes: Callable[[int], None],
    last: list[TokenCounter],
) -> list[TokenCounter]:
    """Count a file, by counters that are returned, or, if it is read in one go, by the last one."""
    kind = compression(path)
    if kind or not is_file(place_of(path)):
        counter = last[0] if last else TokenCounter(prefix, 1 << 26)
        with open_compressed(path, kind) if kind else open(place_of(path), "rb") as stream:
            for block in line_blocks(stream):
                counter.feed(block)
                on_bytes(len(block))
        return [] if last else [counter]
    with Blocks(path) as file:
        spans = file.spans(max(1, min(n_threads, file.size // SPAN)))
        shared = last if len(spans) <= 1 else []
        counters = shared or [TokenCounter(prefix, stop - start) for start, stop in spans]

        def count(i: int) -> None:
            for block in file.lines(*spans[i], AT_ONCE):
                if must_end():
                    return
                counters[i].feed(block)
                on_bytes(len(block))

        run_on(len(spans), count) if spans else None
        file.check()
    return [] if shared else counters


def _merged(counters: list[TokenCounter]) -> Counted:
    """Put the counts of all spans together, in the table of the first."""
    words = counters[0].words
    counts = [counter.words.counts[: counter.words.n].copy() for counter in counters]
    entries = [np.arange(words.n, dtype=np.int32)]
    for counter in counters[1:]:
        part = counter.words
        entries.append(words.merge(part.starts, part.arena, part.counts, part.kinds, part.n))
        counter.words = words  # the memory of its own is free
    return Counted(counters=counters, words=words, entries=entries, counts=counts)


def known_ids(dictionary: Dictionary, words: WordTable) -> NDArray[np.int32]:
    """Return the word or label id of every entry of a word table; -1 for unknown ones."""
    found = dictionary.positions(words.starts, words.arena, words.n)
    is_label = words.kinds[: words.n] == LABEL
    is_known = np.where(is_label, found >= dictionary.nwords, found < dictionary.nwords)
    return np.where(is_known, found - dictionary.nwords * is_label, -1).astype(np.int32)
