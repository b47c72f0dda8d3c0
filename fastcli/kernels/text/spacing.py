"""Normalising spaces in text (one between words, punctuation separated), and hashing its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import kernel
from fastcli.kernels.base.integers import byte_at, ngram_hash, random_bits

if TYPE_CHECKING:
    from fastcli.jit.signature import I64, U8, i64

# What is done with a character; END is the line end, which stays.
KEEP, SPACE, ALONE, GONE, END = range(5)
CLASSES = 65536


@kernel
def space_out(text: U8, n: i64, classes: U8, out: U8) -> i64:
    """Write text with normalised spaces to ``out``; return its number of bytes.

    ``text[:n]`` is UTF-8, ``classes[c]`` says what is done with code point c below 65,536 (others
    stay), ``out`` has room for 2 n bytes.
    """
    size, position, pending, is_start = 0, 0, 0, 1
    while position < n:
        first = byte_at(text, position)
        length, code = 1, first
        if first >= 0xF0:
            length, code = 4, CLASSES
        elif first >= 0xE0:
            length = 3
            code = ((first & 0x0F) << 12) | ((byte_at(text, position + 1) & 0x3F) << 6)
            code |= byte_at(text, position + 2) & 0x3F
        elif first >= 0xC0:
            length = 2
            code = ((first & 0x1F) << 6) | (byte_at(text, position + 1) & 0x3F)
        kind = byte_at(classes, code) if code < CLASSES else KEEP
        if kind == END:
            out[size] = first
            size += 1
            pending, is_start = 0, 1
        elif kind == SPACE:
            pending = 1
        elif kind != GONE:
            if (pending == 1 or kind == ALONE) and is_start == 0:
                out[size] = 32
                size += 1
            for k in range(position, position + length):
                out[size] = text[k]
                size += 1
            pending, is_start = int(kind == ALONE), 0
        position += length
    return size


@kernel
def hash_lines(text: U8, n: i64, seed: i64, out: I64) -> None:
    """Set ``out[i]`` to 63 bits that depend on the bytes of line i and on the seed alone.

    A polynomial of the bytes modulo 2**64, whose bits SplitMix64 then mixes.
    """
    line, hash_ = 0, 0
    for i in range(n):
        byte = byte_at(text, i)
        if byte == 10:
            out[line] = random_bits(seed, hash_)
            line += 1
            hash_ = 0
        else:
            hash_ = ngram_hash(hash_, byte + 1)
    out[line] = random_bits(seed, hash_)
