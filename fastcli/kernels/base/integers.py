"""Hashes and random numbers: integers that wrap at 64 bits, for kernels to inline.

Signed 64-bit arithmetic must not overflow in a kernel (the compiler assumes it does not), so
whatever wraps is an intrinsic here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, intrinsic

if TYPE_CHECKING:
    from fastcli.jit.signature import U8, f64, i64

_MASK = 0xFFFFFFFFFFFFFFFF


def _signed(value: int) -> int:
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


@intrinsic
def ngram_hash(hash_: i64, word: i64) -> i64:
    """Extend the hash of a word n-gram by one word: ``hash_ * 116049371 + word``, wrapping."""
    return _signed(int(hash_) * 116049371 + int(word))


def ngram_power(n: int) -> int:
    """Return what ``ngram_hash`` multiplies by in n steps, wrapping; for constants."""
    return _signed(116049371**n)


@intrinsic
def multiply_add(a: i64, b: i64, c: i64) -> i64:
    """Return ``a * b + c``, wrapping."""
    return _signed(int(a) * int(b) + int(c))


@intrinsic
def unsigned_modulo(hash_: i64, n: i64) -> i64:
    """Return a hash modulo n, the hash read as an unsigned integer."""
    return (int(hash_) & _MASK) % int(n)


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
def product_high(a: i64, b: i64) -> i64:
    """Return a product of two non-negative integers divided by 2**62, which fits if both do."""
    return int(a) * int(b) >> 62


@intrinsic
def product_low(a: i64, b: i64) -> i64:
    """Return the low 62 bits of a product of two non-negative integers."""
    return int(a) * int(b) & ((1 << 62) - 1)


@intrinsic
def bit_length(x: i64) -> i64:
    """Return how many bits a non-negative integer has without leading zeros; 0 has none."""
    return int(x).bit_length()


@intrinsic
def float64_of_bits(bits: i64) -> f64:
    """Return the float64 that has these 64 bits."""
    return float(np.array([bits], np.int64).view(np.float64)[0])


@intrinsic
def byte_at(text: U8, i: i64) -> i64:
    """Return ``text[i]`` as an integer of 64 bits."""
    return int(text[i])


@intrinsic
def bytes_within(text: U8, i: i64, low: i64, high: i64) -> i64:
    """Return 32 bits: bit k tells whether ``text[i + k]`` is from ``low`` to ``high``, both 0-255.

    ``text[i:i + 32]`` must be there.
    """
    return sum(1 << k for k in range(32) if low <= int(text[i + k]) <= high)


FNV_START = 2166136261  # the hash of no bytes


@device
def fnv1a(hash_: i64, byte: i64) -> i64:
    """Take one byte into a 32-bit FNV-1a hash, which starts at ``FNV_START``.

    Bytes above 127 are sign-extended first, as in all released fastText models.
    """
    if byte > 127:
        byte |= 0xFFFFFF00
    return ((hash_ ^ byte) * 16777619) & 0xFFFFFFFF


@device
def sign_extended(hash_: i64) -> i64:
    """Read an unsigned 32-bit hash as a signed one."""
    return hash_ - 4294967296 if hash_ > 2147483647 else hash_


@device
def hash_bytes(text: U8, n: i64) -> i64:
    """Return the 32-bit hash of ``text[:n]``."""
    hash_ = FNV_START
    for i in range(n):
        hash_ = fnv1a(hash_, byte_at(text, i))
    return hash_
