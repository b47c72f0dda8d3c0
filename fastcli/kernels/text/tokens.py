"""Tokens, the hash table of entries and n-gram ids: what training and prediction share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device
from fastcli.kernels.base.groups import Text
from fastcli.kernels.base.integers import FNV_START, byte_at, fnv1a
from fastcli.kernels.base.views import at
from fastcli.kernels.text.groups import HashTable, Ngrams

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, U8, i64


@device
def is_space(byte: i64) -> bool:
    """Tell whether a byte separates tokens: space, tab, line ends, VT, FF and NUL."""
    return byte == 32 or (byte <= 13 and byte >= 9) or byte == 0


@device
def scan_token(text: Text, position: i64) -> tuple[i64, i64]:
    """Read the token that starts at ``position``; return where it ends and its hash."""
    hash_ = FNV_START
    while position < text.size:
        byte = byte_at(text.data, position)
        if is_space(byte):
            break
        hash_ = fnv1a(hash_, byte)
        position += 1
    return position, hash_


@device
def same_bytes(a: U8, b: U8, n: i64) -> bool:
    """Compare ``a[:n]`` with ``b[:n]``."""
    for k in range(n):
        if a[k] != b[k]:
            return False
    return True


@device
def find_slot(table: HashTable, token: U8, size: i64, hash_: i64) -> i64:
    """Return the slot of the entry ``token[:size]``, or the free slot where it belongs."""
    starts, arena = table.entries.starts, table.entries.arena
    slot = hash_ & table.mask
    while True:
        content = table.slots[slot]
        if content == 0:
            return slot
        if content & 0xFFFFFFFF == hash_:
            entry = (content >> 32) - 1
            start = starts[entry]
            if starts[entry + 1] - start == size and same_bytes(at(arena, start), token, size):
                return slot
        slot = (slot + 1) & table.mask


@device
def find_entry(table: HashTable, token: U8, size: i64, hash_: i64) -> i64:
    """Return the number of the entry ``token[:size]``, -1 if it is not one."""
    return int((table.slots[find_slot(table, token, size, hash_)] >> 32) - 1)


@device
def has_prefix(token: U8, size: i64, prefix: Text) -> bool:
    """Tell whether ``token[:size]`` starts with the label prefix."""
    return size >= prefix.size and same_bytes(token, prefix.data, prefix.size)


@device
def eos_has_prefix(prefix: Text) -> bool:
    """Tell whether ``</s>`` starts with the label prefix."""
    if prefix.size > 4:
        return False
    for k in range(prefix.size):
        byte = 60 if k == 0 else 47 if k == 1 else 115 if k == 2 else 62
        if prefix.data[k] != byte:
            return False
    return True


@device
def is_eos(token: U8, size: i64) -> bool:
    """Tell whether ``token[:size]`` is ``</s>``."""
    return (
        size == 4
        and byte_at(token, 0) == 60
        and byte_at(token, 1) == 47
        and byte_at(token, 2) == 115
        and byte_at(token, 3) == 62
    )


MOST_NGRAMS = 1 << 22  # that one word may have; 1 MB with n-grams of up to 4 characters


@device
def ngram_bound(size: i64, maxn: i64) -> i64:
    """Return a bound of the character n-grams of a word of ``size`` bytes: 0 if it has none.

    Whatever is so long that it might have more than MOST_NGRAMS is not a word, and has none.
    """
    bound = (size + 2) * min(maxn, size + 2)
    return bound if 0 < bound <= MOST_NGRAMS else 0


@device
def bracketed_byte(word: U8, size: i64, i: i64) -> i64:
    """Return byte i of ``<word[:size]>``."""
    if i == 0:
        return 60
    if i > size:
        return 62
    return byte_at(word, i - 1)


@device
def char_ngrams(word: U8, size: i64, ngrams: Ngrams, out: I32) -> i64:
    """Write the ids of the character n-grams of a word; return how many there are.

    The word is ``word[:size]`` between ``<`` and ``>``; characters are UTF-8 sequences, and a
    bare ``<`` or ``>`` is none.  Bojanowski et al. (2017), section 3.2.  Words that are too
    long have none: see ``ngram_bound``.
    """
    count = 0
    if ngram_bound(size, ngrams.maxn) == 0:
        return count
    end = size + 2
    for i in range(end):
        if bracketed_byte(word, size, i) & 0xC0 == 0x80:
            continue
        hash_ = FNV_START
        j = i
        n = 1
        while j < end and n <= ngrams.maxn:
            hash_ = fnv1a(hash_, bracketed_byte(word, size, j))
            j += 1
            while j < end and bracketed_byte(word, size, j) & 0xC0 == 0x80:
                hash_ = fnv1a(hash_, bracketed_byte(word, size, j))
                j += 1
            if n >= ngrams.minn and not (n == 1 and (i == 0 or j == end)):
                out[count] = ngrams.nwords + hash_ % ngrams.bucket
                count += 1
            n += 1
    return count
