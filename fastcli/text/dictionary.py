"""The dictionary: words and labels with their counts and ids, and the counting of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fastcli.errors import DataError
from fastcli.kernels.base.groups import Strings, Text
from fastcli.kernels.base.integers import hash_bytes
from fastcli.kernels.text import dictionary as kernels
from fastcli.kernels.text.groups import HashTable, WordCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

T = TypeVar("T", bound=np.generic)

EOS = b"</s>"
WORD, LABEL = 0, 1


def as_bytes(text: bytes) -> Bytes:
    """Return bytes as an array that kernels take (never empty, so that it has an address)."""
    return np.frombuffer(text or b"\0", np.uint8)


def as_text(data: bytes | Bytes) -> Text:
    """Return bytes, or an array of them, as kernels take a text."""
    return Text(as_bytes(data) if isinstance(data, bytes) else data, len(data))


def table_size(n_entries: int) -> int:
    """Return the slots of a word table for n entries: a power of two, at most half full."""
    return 1 << max(10, (2 * n_entries + 1).bit_length())


def empty_slots(n: int) -> NDArray[np.int64]:
    """Return n free slots of a hash table.

    They are written, since reading a fresh page before writing it costs two page faults.
    """
    return np.full(n, 0, np.int64)


SLOT_BYTES = 64  # of text, for each slot that a table starts with
LEAST_SLOTS, MOST_SLOTS = 1 << 14, 1 << 17  # 128 kB, and 1 MB


class WordTable:
    """A growing set of byte strings with counts, numbered in order of first appearance.

    Entry 0 is ``</s>``.  ``kinds`` is 1 for entries that start with the label prefix.
    """

    def __init__(self, prefix: bytes, expected_bytes: int = 0) -> None:
        self.prefix = prefix
        self.n = 0
        expected = 1 << (expected_bytes // SLOT_BYTES).bit_length()
        n_slots = min(max(expected, LEAST_SLOTS), MOST_SLOTS)
        self.table = empty_slots(n_slots)
        self.starts = np.zeros(1 + n_slots // 2, np.int64)
        self.counts = np.zeros(n_slots // 2, np.int64)
        self.kinds = np.zeros(n_slots // 2, np.uint8)
        self.arena = np.zeros(n_slots * 8, np.uint8)
        size = np.array([0, len(EOS)], np.int64)
        kind = np.array([EOS.startswith(prefix)], np.uint8)
        self.merge(size, as_bytes(EOS), np.zeros(1, np.int64), kind, 1)

    def group(self) -> WordCounts:
        """Return the entries as kernels take them; growing makes new arrays."""
        table = HashTable(self.table, len(self.table) - 1, Strings(self.starts, self.arena))
        return WordCounts(table, self.counts, self.kinds)

    def room_for(self, entries: int, arena: int) -> None:
        """Grow so that there is room for that many more entries and bytes."""
        if (self.n + entries) * 2 >= len(self.table):
            larger = empty_slots(table_size(self.n + entries))
            kernels.rehash(self.table, len(self.table), larger, len(larger) - 1)
            self.table = larger
        if self.n + entries > len(self.counts):
            size = max(2 * len(self.counts), self.n + entries)
            self.counts = _grown(self.counts, size)
            self.kinds = _grown(self.kinds, size)
            self.starts = _grown(self.starts, size + 1)
        used = int(self.starts[self.n])
        if used + arena > len(self.arena):
            self.arena = _grown(self.arena, max(2 * len(self.arena), used + arena))

    def merge(
        self,
        starts: NDArray[np.int64],
        arena: Bytes,
        counts: NDArray[np.int64],
        kinds: Bytes,
        n: int,
    ) -> NDArray[np.int32]:
        """Add n entries of another table; return their numbers in this one."""
        self.room_for(n, int(starts[n]))
        entries = np.empty(n, np.int32)
        self.n = kernels.merge_entries(
            Strings(starts, arena), counts, kinds, n, self.group(), self.n, entries
        )
        return entries


def _grown(array: NDArray[T], size: int) -> NDArray[T]:
    larger = np.zeros(size, array.dtype)
    larger[: len(array)] = array
    return larger


class TokenCounter:
    """Counts the tokens of blocks of text and keeps them as a stream of entry numbers."""

    def __init__(self, prefix: bytes, expected_bytes: int) -> None:
        self.words = WordTable(prefix, expected_bytes)
        self._prefix = as_text(prefix)
        self._state = np.zeros(4, np.int64)
        self._stream = np.empty(min(expected_bytes // 2 + 64, 1 << 26), np.int32)
        self.n_bytes = 0  # of text that was counted

    @property
    def stream(self) -> NDArray[np.int32]:
        """The entries of all tokens so far, with marks where lines end."""
        return self._stream[: int(self._state[2])]

    def take_out(self, places: NDArray[np.intp]) -> None:
        """Take the tokens at some places out of the stream; the counts stay."""
        kept = np.delete(self.stream, places)
        self._stream[: len(kept)] = kept
        self._state[2] = len(kept)

    def drop_stream(self) -> None:
        """Free the memory of the stream; the counts stay."""
        self._stream = self._stream[:0].copy()
        self._state[2] = 0

    def feed(self, text: Bytes) -> None:
        """Count a block of text that ends where a line ends, or is the last of its file."""
        words, state = self.words, self._state
        self.n_bytes += len(text)
        state[0] = 0
        while True:
            state[1] = words.n
            room = kernels.Room(len(words.counts), len(words.arena), len(self._stream))
            reason = kernels.count_tokens(
                as_text(text), self._prefix, words.group(), self._stream, room, state
            )
            words.n = int(state[1])
            if reason == kernels.DONE:
                return
            if reason == kernels.STREAM_FULL:
                self._stream = _grown(self._stream, 2 * len(self._stream))
            elif reason == kernels.ARENA_FULL:
                words.room_for(0, len(words.arena) + _token_size(text, int(state[0])))
            else:
                words.room_for(max(words.n, 1 << 12), 0)


def _token_size(text: Bytes, start: int) -> int:
    """Return a bound of the size of the token at ``start``."""
    window = 1 << 10
    while start + window < len(text):
        if np.isin(text[start : start + window], (0, 9, 10, 11, 12, 13, 32)).any():
            return window
        window *= 2
    return len(text) - start


@dataclass(kw_only=True)
class Dictionary:
    """Words, then labels, each with its count; ids are positions in that order.

    ``arena[starts[i]:starts[i + 1]]`` is entry i, ``table`` finds it by its bytes, ``hashes`` is
    its 32-bit hash.  ``ntokens`` counts every token read, rare words and labels included.
    """

    nwords: int
    nlabels: int
    ntokens: int
    starts: NDArray[np.int64]
    arena: Bytes
    counts: NDArray[np.int64]
    table: HashTable = field(init=False, repr=False)
    hashes: NDArray[np.int64] = field(init=False, repr=False)
    first_duplicate: int = field(init=False)

    def __post_init__(self) -> None:
        n = len(self)
        slots = empty_slots(table_size(n))
        self.table = HashTable(slots, len(slots) - 1, Strings(self.starts, self.arena))
        self.hashes = np.empty(max(n, 1), np.int64)
        self.first_duplicate = kernels.index_entries(self.table, n, self.hashes)

    def __len__(self) -> int:
        return self.nwords + self.nlabels

    def entry(self, i: int) -> bytes:
        """Return the bytes of entry i."""
        return self.arena[self.starts[i] : self.starts[i + 1]].tobytes()

    def entries(self, start: int, end: int) -> list[bytes]:
        """Return the bytes of entries start to end."""
        base = int(self.starts[start])
        blob = self.arena[base : int(self.starts[end])].tobytes()
        bounds = (self.starts[start : end + 1] - base).tolist()
        return [blob[a:b] for a, b in pairwise(bounds)]

    def find(self, entry: bytes) -> int:
        """Return the position of an entry, or -1."""
        slots, mask = self.table.slots, self.table.mask
        hash_ = hash_bytes(as_bytes(entry), len(entry))
        slot = hash_ & mask
        while content := int(slots[slot]):
            if content & 0xFFFFFFFF == hash_ and self.entry((content >> 32) - 1) == entry:
                return (content >> 32) - 1
            slot = (slot + 1) & mask
        return -1

    def positions(self, starts: NDArray[np.int64], arena: Bytes, n: int) -> NDArray[np.int32]:
        """Return the positions of n byte strings, -1 for those that are not entries.

        String i is ``arena[starts[i]:starts[i + 1]]``.
        """
        found = np.empty(n, np.int32)
        kernels.find_entries(Strings(starts, arena), n, self.table, found)
        return found

    def labels(self) -> list[bytes]:
        """Return all labels, in the order of their ids."""
        return self.entries(self.nwords, len(self))

    def label_counts(self) -> NDArray[np.int64]:
        """Return how often each label occurred in training."""
        return self.counts[self.nwords :]


def build_dictionary(
    words: WordTable, min_count: int, min_count_label: int
) -> tuple[Dictionary, NDArray[np.int32]]:
    """Keep what occurs often enough, words before labels, each by descending count.

    Equal counts stay in order of first appearance.  Returns the dictionary and, for every
    entry of ``words``, its id as a word or as a label, -1 if it was dropped.
    """
    n = words.n
    counts, kinds = words.counts[:n], words.kinds[:n]
    least = np.where(kinds == WORD, min_count, min_count_label)
    kept = np.flatnonzero(counts >= np.maximum(least, 1))
    order = kept[np.lexsort((-counts[kept], kinds[kept]))]
    nwords = int(np.count_nonzero(kinds[order] == WORD))
    if len(order) == 0:
        raise DataError("Empty vocabulary. Try a smaller -minCount value.")
    ids = np.full(n, -1, np.int32)
    ids[order[:nwords]] = np.arange(nwords, dtype=np.int32)
    ids[order[nwords:]] = np.arange(len(order) - nwords, dtype=np.int32)
    starts, arena = gathered(words.starts, words.arena, order)
    dictionary = Dictionary(
        nwords=nwords,
        nlabels=len(order) - nwords,
        ntokens=int(counts.sum()),
        starts=starts,
        arena=arena,
        counts=counts[order],
    )
    return dictionary, ids


def with_words(
    dictionary: Dictionary, prefix: bytes, lists: Iterable[tuple[NDArray[np.int64], Bytes, int]]
) -> Dictionary:
    """Return a dictionary with added words; each word of the list counts as one occurrence.

    A list is as in ``Dictionary.positions``; its words that start with the label prefix stay out.
    The order is by descending count again, as in fastText when it starts from pretrained vectors;
    ``ntokens`` stays that of the text.
    """
    table = WordTable(prefix)
    kinds = np.full(len(dictionary), WORD, np.uint8)
    kinds[dictionary.nwords :] = LABEL
    table.merge(dictionary.starts, dictionary.arena, dictionary.counts, kinds, len(dictionary))
    for starts, arena, n in lists:
        if n:
            words = np.flatnonzero(~have_prefix(starts, arena, n, prefix))
            starts, arena = gathered(starts, arena, words)
            n = len(words)
            table.merge(starts, arena, np.ones(n, np.int64), np.full(n, WORD, np.uint8), n)
    extended, _ = build_dictionary(table, 1, 1)
    extended.ntokens = dictionary.ntokens
    return extended


def have_prefix(
    starts: NDArray[np.int64], arena: Bytes, n: int, prefix: bytes
) -> NDArray[np.bool_]:
    """Tell which of n byte strings start with the label prefix."""
    found = np.diff(starts[: n + 1]) >= len(prefix)
    for k, byte in enumerate(prefix):
        at = np.flatnonzero(found)
        found[at] = arena[starts[at] + k] == byte
    return found


def gathered(
    starts: NDArray[np.int64], arena: Bytes, order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Bytes]:
    """Return the byte strings numbered ``order`` of an arena as an arena of their own."""
    to_starts = np.zeros(len(order) + 1, np.int64)
    to_arena = np.empty(int((starts[order + 1] - starts[order]).sum()) + 1, np.uint8)
    to = Strings(to_starts, to_arena)
    kernels.gather_entries(Strings(starts, arena), order, len(order), to)
    return to_starts, to_arena
