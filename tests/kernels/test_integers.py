"""Hashes and random numbers against Python's unbounded integers and published values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels.base.integers import (
    bit_length,
    byte_at,
    bytes_within,
    float64_of_bits,
    fnv1a,
    hash_bytes,
    multiply_add,
    ngram_hash,
    ngram_power,
    product_high,
    product_low,
    random_bits,
    random_unit,
    sign_extended,
    unsigned_modulo,
)
from fastcli.kernels.base.views import at
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import U8, f64, i64


@probe
def call_byte_at(text: U8, i: i64) -> i64:
    return byte_at(text, i)


@probe
def call_fnv1a(h: i64, byte: i64) -> i64:
    return fnv1a(h, byte)


@probe
def call_hash_bytes(text: U8, start: i64, end: i64) -> i64:
    return hash_bytes(at(text, start), end - start)


@probe
def call_sign_extended(h: i64) -> i64:
    return sign_extended(h)


@probe
def call_multiply_add(a: i64, b: i64, c: i64) -> i64:
    return multiply_add(a, b, c)


@probe
def call_ngram_hash(h: i64, word: i64) -> i64:
    return ngram_hash(h, word)


@probe
def call_unsigned_modulo(h: i64, n: i64) -> i64:
    return unsigned_modulo(h, n)


@probe
def call_random_bits(seed: i64, counter: i64) -> i64:
    return random_bits(seed, counter)


@probe
def call_random_unit(seed: i64, counter: i64) -> f64:
    return random_unit(seed, counter)


@probe
def call_product_high(a: i64, b: i64) -> i64:
    return product_high(a, b)


@probe
def call_product_low(a: i64, b: i64) -> i64:
    return product_low(a, b)


@probe
def call_bytes_within(text: U8, i: i64, low: i64, high: i64) -> i64:
    return bytes_within(text, i, low, high)


@probe
def call_bit_length(x: i64) -> i64:
    return bit_length(x)


@probe
def call_float64_of_bits(bits: i64) -> f64:
    return float64_of_bits(bits)


int64 = st.integers(-(2**63), 2**63 - 1)


@given(st.binary(min_size=35, max_size=35), st.integers(0, 3), st.integers(0, 255), st.data())
def test_bytes_within(data, i, low, more):
    high = more.draw(st.integers(low, 255))
    wanted = sum(2**k for k in range(32) if low <= data[i + k] <= high)
    assert call_bytes_within(np.frombuffer(data, np.uint8), i, low, high) == wanted


def test_byte_at_is_unsigned():
    text = np.arange(256, dtype=np.uint8)
    assert [call_byte_at(text, i) for i in range(256)] == list(range(256))


@pytest.mark.parametrize(
    ("text", "ref"),
    # The test vectors of the FNV authors; they hold only ASCII, where signs do not matter.
    [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)],
)
def test_hash_bytes_published(text, ref):
    array = np.frombuffer(text + b"\0", np.uint8)
    assert call_hash_bytes(array, 0, len(text)) == ref
    assert naive.hash_bytes(text) == ref


def test_fnv1a_sign_extension_by_hand():
    # 0x80 as a signed char is -128, as 32 bits 0xFFFFFF80:
    # (0 ^ 0xFFFFFF80) * 16777619 mod 2**32 = -128 * 16777619 mod 2**32
    assert call_fnv1a(0, 0x80) == -128 * 16777619 % 2**32


@given(st.binary(max_size=40), st.integers(0, 5))
def test_hash_bytes(text, start):
    array = np.frombuffer(b"\xff" * start + text + b"\xff", np.uint8)
    assert call_hash_bytes(array, start, start + len(text)) == naive.hash_bytes(text)


@given(st.integers(0, 2**32 - 1))
@example(2**31 - 1)
@example(2**31)
def test_sign_extended(h):
    assert call_sign_extended(h) == naive.sign_extended(h) == int(np.uint32(h).view(np.int32))


@given(int64, st.integers(-(2**31), 2**31 - 1))
def test_ngram_hash_wraps(h, word):
    assert call_ngram_hash(h, word) == naive.ngram_hash(h, word)


@given(int64, int64, int64)
def test_multiply_add_wraps(a, b, c):
    assert call_multiply_add(a, b, c) == naive.multiply_add(a, b, c)


@given(int64, st.lists(st.integers(0, 255), max_size=9))
def test_steps_of_a_hash_at_once(h, words):
    one_by_one, of_words = h, 0
    for word in words:
        one_by_one = naive.ngram_hash(one_by_one, word)
        of_words = naive.ngram_hash(of_words, word)
    assert naive.multiply_add(h, ngram_power(len(words)), of_words) == one_by_one


@given(int64, st.integers(1, 2**40))
def test_unsigned_modulo(h, n):
    assert call_unsigned_modulo(h, n) == naive.unsigned_modulo(h, n)


def test_unsigned_modulo_by_hand():
    # -1 is 2**64 - 1 = 18446744073709551615, and that modulo 10 is 5.
    assert call_unsigned_modulo(-1, 10) == 5


@given(int64, st.integers(0, 2**62))
def test_random_bits(seed, counter):
    assert call_random_bits(seed, counter) == naive.random_bits(seed, counter)
    assert call_random_unit(seed, counter) == naive.random_unit(seed, counter)


@given(st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1))
@example(2**62 - 1, 2**62 - 1)
@example(0, 2**62 - 1)
@example(2**61, 2)
def test_products_of_124_bits(a, b):
    assert call_product_high(a, b) == naive.product_high(a, b)
    assert call_product_low(a, b) == naive.product_low(a, b)


@given(st.integers(0, 63).flatmap(lambda n: st.integers(0, 2**n - 1)))
@example(0)
@example(2**63 - 1)
def test_bit_length(x):
    assert call_bit_length(x) == naive.bit_length(x)


@given(st.floats(allow_nan=False))
def test_float64_of_bits(value):
    bits = int(np.float64(value).view(np.int64))
    for found in (call_float64_of_bits(bits), naive.float64_of_bits(bits)):
        assert np.float64(found).view(np.int64) == bits


def test_random_bits_published():
    # The first outputs of SplitMix64 for the seed 1234567, without their lowest bit.
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [call_random_bits(1234567, k) for k in (1, 2, 3)] == [x // 2 for x in published]


def test_random_unit_is_uniform():
    units = np.array([call_random_unit(7, k) for k in range(4000)])
    assert units.min() >= 0
    assert units.max() < 1
    counts = np.histogram(units, 10, (0, 1))[0]
    assert np.abs(counts - 400).max() < 100  # five standard deviations
