"""Hashes and random numbers: integers that wrap at 64 bits, for kernels to inline.

Signed 64-bit arithmetic must not overflow in a kernel (the compiler assumes it does not), so
whatever wraps is an intrinsic here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, intrinsic

if TYPE_CHECKING:
    from fastcli.jit.signature import U8, f64, i64

_MASK = 0xFFFFFFFFFFFFFFFF


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


@intrinsic
def ngram_hash(h: i64, word: i64) -> i64:
    """Extend the hash of a word n-gram by one word: ``h * 116049371 + word``, wrapping."""
    return _signed(int(h) * 116049371 + int(word))


@intrinsic
def unsigned_modulo(h: i64, n: i64) -> i64:
    """Return h modulo n, with h read as an unsigned number."""
    return (int(h) & _MASK) % int(n)


@intrinsic
def random_bits(seed: i64, counter: i64) -> i64:
    """Return 63 random bits that depend on (seed, counter) alone.

    SplitMix64 (Steele, Lea and Flood 2014) at position ``counter`` of the sequence that starts
    at ``seed``: no state, so any thread can draw any number.
    """
    z = (int(seed) + int(counter) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) >> 1


@device
def random_unit(seed: i64, counter: i64) -> f64:
    """Return a random number in [0, 1) that depends on (seed, counter) alone."""
    return (random_bits(seed, counter) >> 10) * (1.0 / 9007199254740992.0)


@intrinsic
def byte_at(text: U8, i: i64) -> i64:
    """Return ``text[i]`` as an integer of 64 bits."""
    return int(text[i])


@device
def fnv1a(h: i64, byte: i64) -> i64:
    """Take one byte into a 32-bit FNV-1a hash that starts at 2166136261.

    Bytes above 127 are sign-extended first, as in all released fastText models.
    """
    if byte > 127:
        byte |= 0xFFFFFF00
    return ((h ^ byte) * 16777619) & 0xFFFFFFFF


@device
def sign_extended(h: i64) -> i64:
    """Read an unsigned 32-bit hash as a signed one."""
    return h - 4294967296 if h > 2147483647 else h


@device
def hash_bytes(text: U8, start: i64, end: i64) -> i64:
    """Return the 32-bit hash of ``text[start:end]``."""
    h = 2166136261
    for i in range(start, end):
        h = fnv1a(h, byte_at(text, i))
    return h
