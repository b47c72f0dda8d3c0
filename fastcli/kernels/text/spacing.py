"""Normalising spaces in text (one between words, punctuation separated), and hashing its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import (
    byte_at,
    bytes_within,
    multiply_add,
    ngram_hash,
    ngram_power,
    random_bits,
)
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64

# What is done with a character, as bits: whether it is written as part of a word, whether a space
# comes before it, whether one comes after it, whether it changes nothing, whether it ends a line.
KEEP, SPACE, ALONE, GONE, END = 1, 4, 7, 8, 16
ACTION_BITS = 5
CODES = 0x20000  # code points that something can be done with
FACTOR_4 = ngram_power(4)
BLOCK = 32  # bytes that are looked at together
ALL = (1 << BLOCK) - 1
NONE_PLAIN = -1


@device
def is_plain(text: U8, position: i64, is_behind_space: i64) -> bool:
    """Tell whether a block is printable ASCII that has no space behind another."""
    spaces = bytes_within(text, position, 32, 32)
    return (
        bytes_within(text, position, 32, 126) == ALL
        and (spaces & ((spaces << 1) | is_behind_space)) == 0
    )


@kernel
def space_out(text: U8, n: i64, actions: I32, capitals: i64, out: U8) -> i64:
    """Write text with normalised spaces to ``out``; return its number of bytes.

    ``text[:n]`` is UTF-8.  ``actions[c]`` says what is done with code point c below CODES (others
    stay): in its low ACTION_BITS bits one of the constants above, in the others the code point that
    stands for it, an ASCII one for an ASCII one.  ``out`` has room for 2 n bytes, which is enough
    if no code point grows, but those of two bytes to three; what is beyond the result is undefined.

    ``capitals`` is what ``actions`` add to A to Z where they keep all other printable ASCII but the
    space: blocks of it whose spaces are right are copied at once.  It is NONE_PLAIN elsewhere.
    Words end too often to be foreseen, so other ASCII takes no branches.
    """
    size, position, pending, is_start, next_block = 0, 0, 0, 1, 0
    if capitals == NONE_PLAIN:
        next_block = n
    while position < n:
        if position >= next_block and position + BLOCK <= n:
            if is_plain(text, position, pending | is_start):
                out[size] = 32
                size += pending & (is_start ^ 1)
                for k in range(BLOCK):
                    c = byte_at(text, position + k)
                    out[size + k] = c + capitals if 65 <= c <= 90 else c
                position += BLOCK
                pending = 1 if text[position - 1] == 32 else 0
                size += BLOCK - pending
                is_start = 0
                continue
            next_block = position + BLOCK
        code = byte_at(text, position)
        if code < 0x80:
            action = int(actions[code])
            is_word = action & 1
            out[size] = 32
            size += is_word & (pending | (action >> 1)) & (is_start ^ 1)
            out[size] = action >> ACTION_BITS
            size += is_word | ((action >> 4) & 1)
            position += 1
        else:
            length, code = _decoded(text, position)
            action = int(actions[code]) if code < CODES else (code << ACTION_BITS) | KEEP
            is_word = action & 1
            if is_word == 1:
                out[size] = 32
                size += (pending | (action >> 1)) & (is_start ^ 1) & 1
                new = action >> ACTION_BITS
                if new == code:
                    for k in range(position, position + length):
                        out[size] = byte_at(text, k)
                        size += 1
                else:
                    size += _encode(new, at(out, size))
            position += length
        pending = ((action >> 2) & 1) | (pending & (action >> 3))
        is_start = ((action >> 4) & 1) | (is_start & (is_word ^ 1))
    return size


@device
def _decoded(text: U8, position: i64) -> tuple[i64, i64]:
    """Return the length of a character of several bytes, and its code point."""
    first = byte_at(text, position)
    code = byte_at(text, position + 1) & 0x3F
    if first < 0xE0:
        return 2, ((first & 0x1F) << 6) | code
    code = (code << 6) | (byte_at(text, position + 2) & 0x3F)
    if first < 0xF0:
        return 3, ((first & 0x0F) << 12) | code
    return 4, ((first & 0x07) << 18) | (code << 6) | (byte_at(text, position + 3) & 0x3F)


@device
def _encode(code: i64, out: U8) -> i64:
    """Write a code point as UTF-8; return its number of bytes."""
    if code < 0x80:
        out[0] = code
        return 1
    if code < 0x800:
        out[0] = 0xC0 | (code >> 6)
        out[1] = 0x80 | (code & 0x3F)
        return 2
    if code < 0x10000:
        out[0] = 0xE0 | (code >> 12)
        out[1] = 0x80 | ((code >> 6) & 0x3F)
        out[2] = 0x80 | (code & 0x3F)
        return 3
    out[0] = 0xF0 | (code >> 18)
    out[1] = 0x80 | ((code >> 12) & 0x3F)
    out[2] = 0x80 | ((code >> 6) & 0x3F)
    out[3] = 0x80 | (code & 0x3F)
    return 4


@kernel
def hash_lines(text: U8, bounds: I64, n: i64, seed: i64, out: I64) -> None:
    """Set ``out[i]`` to 63 bits that depend on the bytes of line i and on the seed alone.

    Line i is ``text[bounds[i]:bounds[i + 1]]``, its end included, which does not count.  The hash
    is a polynomial of the bytes modulo 2**64, whose bits SplitMix64 then mixes; four bytes are
    joined first, since each step has to wait for the one before.
    """
    for i in range(n):
        hash_, k, end = 0, bounds[i], bounds[i + 1] - 1
        while k + 4 <= end:
            four = ngram_hash(byte_at(text, k) + 1, byte_at(text, k + 1) + 1)
            four = ngram_hash(four, byte_at(text, k + 2) + 1)
            four = ngram_hash(four, byte_at(text, k + 3) + 1)
            hash_ = multiply_add(hash_, FACTOR_4, four)
            k += 4
        while k < end:
            hash_ = ngram_hash(hash_, byte_at(text, k) + 1)
            k += 1
        out[i] = random_bits(seed, hash_)
