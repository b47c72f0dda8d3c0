"""Numbers as text, as C prints them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.base import printf
from fastcli.kernels.base.groups import Best, Strings
from tests import naive

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


def rows_text(values):
    """Format values with %.6g, one row."""
    matrix = np.array(values, np.float32)
    out = np.full(13 * len(matrix) + 1 + 8, 7, np.uint8)
    size = printf.format_rows(matrix, len(matrix), 1, out)
    assert size <= 13 * len(matrix) + 1
    assert (out[size:] == 7).all()
    return out[:size].tobytes().decode()


def vectors_text(values):
    """Format values with %.5g, one row of a .vec file."""
    matrix = np.array(values, np.float32)
    names = Strings(np.array([0, 4], np.int64), np.frombuffer(b"word", np.uint8))
    out = np.full(4 + 2 + 12 * len(matrix) + 8, 7, np.uint8)
    size = printf.format_vectors(matrix, len(matrix), len(matrix), 1, names, 1, out)
    assert size <= 6 + 12 * len(matrix)
    assert (out[size:] == 7).all()
    return out[:size].tobytes().decode()


def check(values):
    floats = np.array(values, np.float32).tolist()
    assert rows_text(values) == naive.format_rows([floats])
    assert vectors_text(values) == naive.format_vectors(["word"], [floats])


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


def test_many_numbers_of_every_size(rng):
    n = 500 if PYTHON_MODE else 20_000
    check(rng.normal(size=n))
    check(rng.uniform(1, 3, n) * 10.0 ** rng.uniform(-44, 37, n))
    check(rng.random(n))


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
    names = Strings(starts[1:], np.frombuffer(b"abbccc", np.uint8))
    size = printf.format_vectors(matrix, 8, 2, 2, names, 1, out)
    assert out[:size].tobytes() == b"bb 0 1 \nccc 8 9 \n"
    size = printf.format_vectors(matrix, 8, 2, 2, names, 0, out)
    assert out[:size].tobytes() == b"0 1 \n8 9 \n"
    size = printf.format_rows(matrix[4:], 4, 2, out)
    assert out[:size].tobytes() == b"4 5 6 7\n8 9 10 11\n"
    assert printf.format_rows(matrix[4:], 4, 0, out) == 0


NAMES = ["a", "bb", "", "é"]
pairs = st.tuples(st.sampled_from(NAMES), st.floats(0, 1, width=32))


@given(
    st.lists(st.lists(pairs, max_size=5), max_size=5),
    st.booleans(),
    st.sampled_from([0.0, 1e-5]),
)
def test_format_predictions(lines, with_probs, added):
    k = 5
    blobs = [name.encode() for name in NAMES]
    starts = np.cumsum([0, *map(len, blobs)]).astype(np.int64)
    ids, probs = np.full(len(lines) * k, -1, np.int32), np.full(len(lines) * k, -1, np.float32)
    for i, line in enumerate(lines):
        for j, (name, prob) in enumerate(line):
            ids[i * k + j], probs[i * k + j] = NAMES.index(name), prob
    room = sum(len(name.encode()) + 15 for line in lines for name, _ in line) + len(lines)
    out = np.full(room + 1, 7, np.uint8)
    size = printf.format_predictions(
        Best(k, np.array([len(line) for line in lines], np.int32), ids, probs),
        len(lines),
        Strings(starts, np.frombuffer(b"".join(blobs), np.uint8)),
        int(with_probs),
        added,
        out,
    )
    assert out[:size].tobytes().decode() == naive.format_predictions(lines, with_probs, added)
    assert (out[size:] == 7).all()


def test_format_predictions_by_hand():
    starts, arena = np.array([0, 1, 3], np.int64), np.frombuffer(b"abb", np.uint8)
    counts, ids = np.array([2, 0, 1], np.int32), np.array([1, 0, 9, 9, 0, 9], np.int32)
    probs = np.array([0.75, 0.25, 9, 9, 1, 9], np.float32)
    for with_probs, text in ((0, b"bb a\n\na\n"), (1, b"bb 0.75001 a 0.25001\n\na 1.00001\n")):
        out = np.zeros(60, np.uint8)
        best, labels = Best(2, counts, ids, probs), Strings(starts, arena)
        size = printf.format_predictions(best, 3, labels, with_probs, 1e-5, out)
        assert out[:size].tobytes() == text
