"""Tokens, the word table and n-gram ids: what training and prediction share about text.

A word table is four arrays: ``table`` (open addressing, a power of two of slots; a slot is 0 or
``(entry + 1) << 32 | hash``), ``starts`` (entry i is ``arena[starts[i]:starts[i + 1]]``) and
``arena`` (the bytes of all entries, back to back).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device
from fastcli.kernels.base.integers import byte_at, fnv1a

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64


@device
def is_space(byte: i64) -> bool:
    """Tell whether a byte separates tokens: space, tab, line ends, VT, FF and NUL."""
    return byte == 32 or (byte <= 13 and byte >= 9) or byte == 0


@device
def scan_token(text: U8, position: i64, end: i64) -> tuple[i64, i64]:
    """Read the token that starts at ``position``; return where it ends and its hash."""
    h = 2166136261
    while position < end:
        byte = byte_at(text, position)
        if is_space(byte):
            break
        h = fnv1a(h, byte)
        position += 1
    return position, h


@device
def same_bytes(a: U8, i: i64, b: U8, j: i64, n: i64) -> bool:
    """Compare ``a[i:i+n]`` with ``b[j:j+n]``."""
    for k in range(n):
        if a[i + k] != b[j + k]:
            return False
    return True


@device
def find_slot(
    table: I64, mask: i64, starts: I64, arena: U8, text: U8, start: i64, end: i64, h: i64
) -> i64:
    """Return the slot of ``text[start:end]`` with hash h, or the free slot where it belongs."""
    n = end - start
    slot = h & mask
    while True:
        found = table[slot]
        if found == 0:
            return slot
        if found & 0xFFFFFFFF == h:
            entry = (found >> 32) - 1
            at = starts[entry]
            if starts[entry + 1] - at == n and same_bytes(arena, at, text, start, n):
                return slot
        slot = (slot + 1) & mask


@device
def has_prefix(text: U8, start: i64, end: i64, prefix: U8, prefix_size: i64) -> bool:
    """Tell whether ``text[start:end]`` starts with the label prefix."""
    return end - start >= prefix_size and same_bytes(text, start, prefix, 0, prefix_size)


@device
def eos_has_prefix(prefix: U8, prefix_size: i64) -> bool:
    """Tell whether ``</s>`` starts with the label prefix."""
    if prefix_size > 4:
        return False
    for k in range(prefix_size):
        byte = 60 if k == 0 else 47 if k == 1 else 115 if k == 2 else 62
        if prefix[k] != byte:
            return False
    return True


MOST_NGRAMS = 1 << 22  # that one word may have; 1 MB with n-grams of up to 4 characters


@device
def ngram_bound(size: i64, maxn: i64) -> i64:
    """Return a bound of the character n-grams of a word of ``size`` bytes: 0 where it has none.

    Whatever is so long that it might have more than MOST_NGRAMS is no word, and has none.
    """
    bound = (size + 2) * min(maxn, size + 2)
    return bound if 0 < bound <= MOST_NGRAMS else 0


@device
def bracketed_byte(text: U8, start: i64, end: i64, i: i64) -> i64:
    """Return byte i of ``<text[start:end]>``."""
    if i == 0:
        return 60
    if i > end - start:
        return 62
    return byte_at(text, start + i - 1)


@device
def char_ngrams(
    text: U8, start: i64, end: i64, minn: i64, maxn: i64, bucket: i64, first: i64, out: I32, at: i64
) -> i64:
    """Write the ids of the character n-grams of a word; return the position after them.

    The word is ``text[start:end]`` between ``<`` and ``>``; characters are UTF-8 sequences, and
    a bare ``<`` or ``>`` is no n-gram.  An id is ``first + hash % bucket``, first being the
    number of words.  Bojanowski et al. (2017), section 3.2.  Words that are too long have none:
    see ``ngram_bound``.
    """
    if ngram_bound(end - start, maxn) == 0:
        return at
    size = end - start + 2
    for i in range(size):
        if bracketed_byte(text, start, end, i) & 0xC0 == 0x80:
            continue
        h = 2166136261
        j = i
        n = 1
        while j < size and n <= maxn:
            h = fnv1a(h, bracketed_byte(text, start, end, j))
            j += 1
            while j < size and bracketed_byte(text, start, end, j) & 0xC0 == 0x80:
                h = fnv1a(h, bracketed_byte(text, start, end, j))
                j += 1
            if n >= minn and not (n == 1 and (i == 0 or j == size)):
                out[at] = first + h % bucket
                at += 1
            n += 1
    return at
