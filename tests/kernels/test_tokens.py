"""Separators, the word table and character n-grams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.base.groups import Strings, Text
from fastcli.kernels.base.views import at
from fastcli.kernels.text.groups import HashTable, Ngrams
from fastcli.kernels.text.tokens import char_ngrams, find_slot, has_prefix, is_space, same_bytes
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, U8, i64


@probe
def call_is_space(byte: i64) -> i64:
    return 1 if is_space(byte) else 0


@probe
def call_same_bytes(a: U8, i: i64, b: U8, j: i64, n: i64) -> i64:
    return 1 if same_bytes(at(a, i), at(b, j), n) else 0


@probe
def call_has_prefix(text: U8, start: i64, end: i64, prefix: Text) -> i64:
    return 1 if has_prefix(at(text, start), end - start, prefix) else 0


@probe
def call_find_slot(table: HashTable, text: U8, start: i64, end: i64, hash_: i64) -> i64:
    return find_slot(table, at(text, start), end - start, hash_)


@probe
def call_char_ngrams(text: U8, start: i64, end: i64, ngrams: Ngrams, out: I32, offset: i64) -> i64:
    return offset + char_ngrams(at(text, start), end - start, ngrams, at(out, offset))


def array(text):
    return np.frombuffer(text + b"\0", np.uint8)


# Bytes that matter: letters, brackets, the two ends of each range of UTF-8.
words = st.lists(st.sampled_from(list(b"ab<>\x01\x7f\x80\xbf\xc0\xc3\xf0\xff"))).map(bytes)
texts = words | st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass"))


def test_is_space():
    assert [b for b in range(256) if call_is_space(b)] == [0, 9, 10, 11, 12, 13, 32]
    assert [b for b in range(256) if naive.is_space(b)] == [0, 9, 10, 11, 12, 13, 32]


def test_same_bytes():
    a, b = array(b"xxabcd"), array(b"abce")
    assert call_same_bytes(a, 2, b, 0, 3) == 1
    assert call_same_bytes(a, 2, b, 0, 4) == 0
    assert call_same_bytes(a, 0, b, 0, 0) == 1


@given(texts, texts)
def test_has_prefix(text, prefix):
    framed = array(b"ab" + text + prefix)
    comp = call_has_prefix(framed, 2, 2 + len(text), Text(array(prefix), len(prefix)))
    assert comp == text.startswith(prefix)


def test_has_prefix_does_not_look_past_the_token():
    assert call_has_prefix(array(b"__label__"), 0, 4, Text(array(b"__label__"), 9)) == 0


@given(st.sets(st.binary(min_size=1, max_size=4), min_size=1, max_size=12))
def test_find_slot_with_colliding_hashes(entries):
    entries = sorted(entries)
    slots = np.zeros(32, np.int64)
    starts = np.cumsum([0] + [len(e) for e in entries]).astype(np.int64)
    table = HashTable(slots, 31, Strings(starts, array(b"".join(entries))))
    hashes = [naive.hash_bytes(e) & 1 for e in entries]  # two hashes for all, one bucket chain
    taken = []
    for i, (entry, h) in enumerate(zip(entries, hashes, strict=True)):
        slot = call_find_slot(table, array(entry), 0, len(entry), h)
        assert slots[slot] == 0
        slots[slot] = ((i + 1) << 32) | h
        taken.append(slot)
    assert len(set(taken)) == len(entries)
    for entry, h, slot in zip(entries, hashes, taken, strict=True):
        framed = array(b"??" + entry)
        end = 2 + len(entry)
        assert call_find_slot(table, framed, 2, end, h) == slot


def test_find_slot_wraps_around_the_end_of_the_table():
    # Hash 7 belongs in the last of 8 slots, which is taken: the next is slot 0.
    slots = np.zeros(8, np.int64)
    slots[7] = (1 << 32) | 7
    table = HashTable(slots, 7, Strings(np.array([0, 1], np.int64), array(b"a")))
    assert call_find_slot(table, array(b"b"), 0, 1, 7) == 0
    assert call_find_slot(table, array(b"a"), 0, 1, 7) == 7


def test_find_slot_compares_whole_entries():
    # An entry of the same hash that only starts with the token, or is the start of it, is none.
    slots = np.zeros(8, np.int64)
    slots[3] = (1 << 32) | 3
    table = HashTable(slots, 7, Strings(np.array([0, 2], np.int64), array(b"ab")))
    for token in (b"a", b"abc", b"ax", b""):
        assert call_find_slot(table, array(token), 0, len(token), 3) == 4
    assert call_find_slot(table, array(b"ab"), 0, 2, 3) == 3


def ngrams(word, minn, maxn, bucket, first):
    out = np.full((len(word) + 2) * max(maxn, 0) + 4, -9, np.int32)
    which = Ngrams(minn, maxn, 1, bucket, first)
    end = call_char_ngrams(array(b"q" + word), 1, 1 + len(word), which, out, 2)
    assert (out[:2] == -9).all()
    assert (out[end:] == -9).all()
    return out[2:end].tolist()


def test_char_ngrams_by_hand():
    # <né> by pairs of characters: "<n", "né", "é>"; é is one character of two bytes.
    word = "né".encode()
    ref = [100 + naive.hash_bytes(n.encode()) % 1000 for n in ("<n", "né", "é>")]
    assert ngrams(word, 2, 2, 1000, 100) == ref
    # Single characters: the bare brackets are none, but letters < and > inside a word are.
    ref = [naive.hash_bytes(n) % 1000 for n in (b">", b"<")]
    assert ngrams(b"><", 1, 1, 1000, 0) == ref


@pytest.mark.parametrize(("minn", "maxn"), [(0, 0), (1, 1), (0, 2), (2, 3), (3, 6), (4, 3), (9, 9)])
@given(word=texts)
def test_char_ngrams(word, minn, maxn):
    assert ngrams(word, minn, maxn, 257, 11) == naive.char_ngrams(word, minn, maxn, 257, 11)


def test_char_ngrams_in_one_bucket():
    assert ngrams(b"abc", 3, 4, 1, 5) == [5] * 5  # <ab <abc abc abc> bc>
