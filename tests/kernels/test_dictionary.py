"""Counting tokens, in memory that is always too small, and tables of entries."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text import dictionary as kernels
from fastcli.kernels.text.groups import HashTable, WordCounts
from tests import naive
from tests.kernels.tables import as_text, entries_of, hash_table, strings_of, table_of

EOS = naive.EOS
PREFIX = b"__label__"
words = [b"a", b"b", b"ab", b"__label__", b"__label__x", b"</s>", b"\xc3\xa9", b"\xff", b"\x80"]
spaces = [b" ", b"\n", b"\n", b"\t", b"\r\n", b"\0", b"\v", b"\f"]
pieces = st.sampled_from([*words, *spaces])
texts = st.lists(pieces, max_size=40).map(b"".join) | st.binary(max_size=40)


def grown(old, size):
    new = np.zeros(size, old.dtype)
    new[: len(old)] = old
    return new


class Counter:
    """Calls count_tokens with the least memory there can be, and gives more where it asks."""

    def __init__(self, prefix):
        self.prefix = prefix
        words = table_of([EOS], n_slots=2, room=1)
        self.slots, self.starts = words.slots, words.starts
        self.arena = words.arena[: len(EOS)].copy()
        self.counts, self.kinds = np.zeros(1, np.int64), np.zeros(1, np.uint8)
        self.kinds[0] = EOS.startswith(prefix)
        self.stream = np.zeros(1, np.int32)
        self.state = np.array([0, 1, 0, 0], np.int64)
        self.reasons = []

    @property
    def n(self):
        return int(self.state[1])

    def feed(self, text):
        self.state[0] = 0
        while self._step(text) != kernels.DONE:
            reason = self.reasons[-1]
            if reason == kernels.TABLE_FULL:
                larger = np.zeros(2 * len(self.slots), np.int64)
                kernels.rehash(self.slots, len(self.slots), larger, len(larger) - 1)
                self.slots = larger
            elif reason == kernels.ENTRIES_FULL:
                self.counts = grown(self.counts, len(self.counts) + 1)
                self.kinds = grown(self.kinds, len(self.kinds) + 1)
                self.starts = grown(self.starts, len(self.starts) + 1)
            elif reason == kernels.ARENA_FULL:
                self.arena = grown(self.arena, len(self.arena) + 1)
            else:
                assert reason == kernels.STREAM_FULL
                self.stream = grown(self.stream, len(self.stream) + 1)
        return self

    def _step(self, text):
        reason = kernels.count_tokens(
            as_text(text),
            as_text(self.prefix),
            WordCounts(hash_table(self), self.counts, self.kinds),
            self.stream,
            kernels.Room(len(self.counts), len(self.arena), len(self.stream)),
            self.state,
        )
        self.reasons.append(reason)
        return reason

    def lines(self):
        """Return the stream as the naive lines of tokens."""
        entries, lines, line = entries_of(self), [], []
        for token in self.stream[: self.state[2]].tolist():
            if token >= 0:
                line.append(entries[token])
                continue
            lines.append([*line, EOS] if token == kernels.LINE_END else line)
            line = []
        assert line == []
        return lines

    def check(self, text):
        lines, counts, kinds = naive.count_tokens(text, self.prefix)
        assert self.lines() == lines
        assert entries_of(self) == list(counts)
        assert self.counts[: self.n].tolist() == list(counts.values())
        assert self.kinds[: self.n].tolist() == [int(kind) for kind in kinds.values()]


def test_count_tokens(corpus):
    Counter(PREFIX).feed(corpus).check(corpus)


@given(texts, st.sampled_from([PREFIX, b"", b"a", b"\xff", b"</s>", b"<"]))
@example(b" ", PREFIX)
@example(b"a\n ", PREFIX)
def test_count_tokens_of_any_bytes(text, prefix):
    Counter(prefix).feed(text).check(text)


@given(texts, texts)
def test_count_tokens_in_two_blocks(one, two):
    if not one.endswith(b"\n"):
        one += b"\n"
    Counter(PREFIX).feed(one).feed(two).check(one + two)


def test_count_tokens_by_hand():
    counter = Counter(PREFIX).feed(b"b __label__1 b\n\nc")
    # Entries: 0 </s>, 1 b, 2 __label__1, 3 c.  Two lines end, the third is cut short.
    assert counter.stream[: counter.state[2]].tolist() == [1, 2, 1, -1, -1, 3, -2]
    assert counter.counts.tolist() == [2, 2, 1, 1]
    assert counter.kinds.tolist() == [0, 0, 1, 0]
    assert set(counter.reasons) == set(range(5))  # every way to stop has been taken


@given(st.sets(st.binary(max_size=4), max_size=20))
def test_rehash(entries):
    old = table_of(sorted(entries))
    table = np.zeros(128, np.int64)
    kernels.rehash(old.slots, len(old.slots), table, 127)
    assert sorted(table[table != 0]) == sorted(old.slots[old.slots != 0])
    for found in table[table != 0]:  # each is reached from where its hash belongs
        slot = int(found) & 127
        while table[slot] != found:
            assert table[slot] != 0
            slot = (slot + 1) & 127


tables = st.dictionaries(st.binary(max_size=3), st.integers(1, 9), max_size=10)


@given(tables, tables)
def test_merge_entries(counts, to_counts):
    one, to = table_of(list(counts)), table_of(list(to_counts))
    kinds = np.arange(40, dtype=np.uint8) % 2
    ns = np.array([*counts.values(), 0], np.int64)
    to_ns = np.full(40, -5, np.int64)
    to_ns[: to.n] = list(to_counts.values())
    to_kinds = np.full(40, 7, np.uint8)
    entries = np.full(one.n + 1, -1, np.int32)
    before = to.n
    words = WordCounts(hash_table(to), to_ns, to_kinds)
    strings = Strings(one.starts, one.arena)
    to.n = kernels.merge_entries(strings, ns, kinds, one.n, words, to.n, entries)
    ref = dict(to_counts)
    ref_entries = naive.merge_entries(counts, ref)
    assert entries_of(to) == list(ref)
    assert to_ns[: to.n].tolist() == list(ref.values())
    assert entries[: one.n].tolist() == ref_entries
    new = [kinds[i] for i, entry in enumerate(ref_entries) if entry >= before]
    assert to_kinds[before : to.n].tolist() == new
    assert (to_kinds[:before] == 7).all()


@pytest.mark.parametrize(
    ("entries", "first_duplicate"),
    [([], -1), ([b"a"], -1), ([b"a", b"", b"\xff\xfe"], -1), ([b"a", b"b", b"a", b"b"], 2)],
)
def test_index_entries(entries, first_duplicate):
    words = table_of(entries)
    table, hashes = np.zeros(16, np.int64), np.full(9, -1, np.int64)
    comp = kernels.index_entries(
        HashTable(table, 15, Strings(words.starts, words.arena)), words.n, hashes
    )
    assert comp == first_duplicate
    assert hashes[: words.n].tolist() == [naive.hash_bytes(e) for e in entries]
    assert (hashes[words.n :] == -1).all()
    assert sorted(table[table != 0] >> 32) == sorted(entries.index(e) + 1 for e in set(entries))


FILE = b"??</s>\0" + bytes([3, 0, 0, 0, 0, 0, 0, 0, 0]) + b"\xc3\xa9\0" + bytes(8) + b"\1" + b"!"


def read(file, end, n=2, room=50):
    starts, arena = np.zeros(3, np.int64), np.zeros(50, np.uint8)
    counts, kinds = np.zeros(2, np.int64), np.zeros(2, np.uint8)
    text = as_text(file)._replace(size=end)
    position = kernels.read_entries(text, 2, n, Strings(starts, arena), room, counts, kinds)
    words = SimpleNamespace(n=n, starts=starts, arena=arena)
    entries = zip(entries_of(words), counts.tolist(), kinds.tolist(), strict=False)
    return position, list(entries)[:n]


def test_read_entries():
    # Two unrelated bytes, then </s> 3 times, a word, and é never, a label, then another byte.
    position, entries = read(FILE, len(FILE))
    assert (entries, position) == naive.read_entries(FILE, 2, 2)
    assert entries == [(EOS, 3, 0), ("é".encode(), 0, 1)]
    assert FILE[position:] == b"!"
    assert read(FILE, len(FILE), n=0) == (2, [])


def test_read_entries_of_large_counts():
    count = 2**62 + 2**33 + 5
    file = b"??x\0" + count.to_bytes(8, "little") + b"\0"
    assert read(file, len(file), n=1)[1] == [(b"x", count, 0)]


@pytest.mark.parametrize("end", range(2, len(FILE) - 1))
def test_read_entries_of_a_file_cut_short(end):
    assert read(FILE, end)[0] == -1


@pytest.mark.parametrize("room", range(6))
def test_read_entries_without_room(room):
    assert read(FILE, len(FILE), room=room)[0] == -2
    assert read(FILE, len(FILE), room=6)[0] > 0


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=8).flatmap(
    lambda e: st.tuples(st.just(e), st.lists(st.integers(0, len(e) - 1), max_size=8))
))  # fmt: skip
def test_gather_entries(case):
    entries, order = case
    words = table_of(entries)
    starts, arena = np.full(9, -1, np.int64), np.zeros(40, np.uint8)
    picked = np.array([*order, 0], np.int64)
    strings, to = Strings(words.starts, words.arena), Strings(starts, arena)
    kernels.gather_entries(strings, picked, len(order), to)
    gathered = SimpleNamespace(n=len(order), starts=starts, arena=arena)
    assert entries_of(gathered) == [entries[i] for i in order]


@given(st.lists(st.sampled_from([b"a", b"bc", b"</s>", b"\xff", b"new", b""]), max_size=6))
def test_find_entries(asked):
    entries = [b"</s>", b"a", b"bc", b"\xff"]
    found = np.full(len(asked) + 1, 9, np.int32)
    kernels.find_entries(strings_of(asked), len(asked), hash_table(table_of(entries)), found)
    assert found.tolist() == [entries.index(x) if x in entries else -1 for x in asked] + [9]
