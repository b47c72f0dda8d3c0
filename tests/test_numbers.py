"""Numbers as text: the kernels against Python's own %.5g and %.6g."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels import numbers

SPECIAL = [
    0.0,
    float("nan"),
    float("inf"),
    float("-inf"),
    1.0,
    -1.0,
    0.5,
    9.999995,
    9.9999949,
    99999.5,
    999999.5,
    99999.49,
    0.0001,
    0.00001,
    0.000099999,
    0.00009999995,
    1e-5,
    1e-10,
    123456.0,
    1234567.0,
    1e5,
    1e6,
    1e10,
    1e22,
    3e38,
    1e-37,
    1.17549435e-38,  # the smallest normal number
    1.4e-45,  # the smallest of all
    3.4028235e38,
    2.5,
    0.125,
    16777216.0,
    33554434.0,
]
# Numbers with few binary places after the last digit shown: exact ties.
TIES = [n + 0.5 for n in (10000, 10001, 12345, 12346, 99998, 99999, 100000, 123456, 123457)]
TIES += [n + 0.25 for n in (1000, 1001, 12345)] + [n + 0.75 for n in (1000, 1001, 12345)]
TIES += [n + 0.125 for n in (100, 101, 999, 1234)] + [n / 1024 for n in range(1, 3000, 7)]
TIES += [n * 2.0**e for n in (1000005, 1000015, 1234565, 8388605, 16777215) for e in range(24)]


def as_c(value, digits):
    """Return what printf prints."""
    return f"{value:.{digits}g}"


def rows_text(values):
    """Format values with %.6g, one row."""
    matrix = np.array(values, np.float32)
    out = np.full(13 * len(matrix) + 1 + 8, 7, np.uint8)
    size = numbers.format_rows(matrix, len(matrix), 0, 1, out)
    assert size <= 13 * len(matrix) + 1
    assert (out[size:] == 7).all()
    return out[:size].tobytes().decode()


def vectors_text(values):
    """Format values with %.5g, one row of a .vec file."""
    matrix = np.array(values, np.float32)
    starts, arena = np.array([0, 4], np.int64), np.frombuffer(b"word", np.uint8)
    out = np.full(4 + 2 + 12 * len(matrix) + 8, 7, np.uint8)
    size = numbers.format_vectors(matrix, len(matrix), len(matrix), 0, 1, starts, arena, 0, out)
    assert size <= 6 + 12 * len(matrix)
    assert (out[size:] == 7).all()
    return out[:size].tobytes().decode()


def check(values):
    floats = np.array(values, np.float32).tolist()
    assert rows_text(values) == " ".join(as_c(v, 6) for v in floats) + "\n"
    assert vectors_text(values) == "word " + "".join(as_c(v, 5) + " " for v in floats) + "\n"


@pytest.mark.parametrize("value", SPECIAL, ids=repr)
def test_special_values(value):
    check([value])
    check([-value] if value else [value])


def test_negative_zero_keeps_its_sign():
    check([-0.0])


def test_ties_go_to_the_even_digit():
    check(TIES)
    check([-value for value in TIES])
    assert rows_text([100000.5, 100001.5]) == "100000 100002\n"


@given(st.lists(st.floats(width=32), min_size=1, max_size=30))
def test_any_floats(values):
    check([value or 0.0 for value in values])  # the sign of 0 has a test of its own


@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=30))
def test_any_bits(bits):
    values = np.array(bits, np.uint32).view(np.float32)
    values = np.where(np.isnan(values), np.float32("nan"), values)
    check(np.where(values == 0, np.float32(0), values))


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30), st.integers(-12, 12))
def test_round_decimals(values, exponent):
    check([value * 10.0**exponent for value in values])


def test_many_numbers_of_every_size():
    random = np.random.default_rng(11)
    check(random.normal(size=20_000))
    check(random.uniform(1, 3, 20_000) * 10.0 ** random.uniform(-44, 37, 20_000))
    check(random.random(20_000))


def test_powers_of_ten_and_their_neighbours():
    powers = np.array([float(f"1e{e}") for e in range(-44, 39)], np.float32)
    zero, inf = np.float32(0), np.float32("inf")
    check(np.concatenate([powers, np.nextafter(powers, zero), np.nextafter(powers, inf)]))


def test_nan_has_no_sign():
    assert rows_text([np.nan, -np.nan, np.copysign(np.float32(np.nan), -1)]) == "nan nan nan\n"
    assert rows_text([np.inf, -np.inf]) == "inf -inf\n"


def test_several_rows_with_a_stride():
    matrix = np.arange(24, dtype=np.float32)
    out = np.zeros(400, np.uint8)
    starts = np.array([0, 1, 3, 6], np.int64)
    arena = np.frombuffer(b"abbccc", np.uint8)
    size = numbers.format_vectors(matrix, 8, 2, 0, 2, starts, arena, 1, out)
    assert out[:size].tobytes() == b"bb 0 1 \nccc 8 9 \n"
    size = numbers.format_rows(matrix, 4, 1, 3, out)
    assert out[:size].tobytes() == b"4 5 6 7\n8 9 10 11\n"
    assert numbers.format_rows(matrix, 4, 1, 1, out) == 0


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6), st.booleans())
def test_predictions(probs, with_probs):
    k = len(probs) + 1
    starts, arena = np.array([0, 1, 3], np.int64), np.frombuffer(b"abb", np.uint8)
    ids = np.array([i % 2 for i in range(k)] * 3, np.int32)
    counts = np.array([k - 1, 0, 1], np.int32)
    matrix = np.array([*probs, 0.5] * 3, np.float32)
    out = np.zeros(3 * k * 20 + 3, np.uint8)
    added = 1e-5
    size = numbers.format_predictions(
        counts, ids, matrix, 3, k, starts, arena, int(with_probs), added, out
    )
    shown = matrix + np.float32(added)
    lines = []
    for line, count in enumerate(counts):
        words = []
        for i in range(count):
            words.append(["a", "bb"][ids[line * k + i]])
            if with_probs:
                words.append(as_c(float(shown[line * k + i]), 6))
        lines.append(" ".join(words) + "\n")
    assert out[:size].tobytes().decode() == "".join(lines)
