"""Decimals: the kernel against Python's ``float``, bit by bit."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.text.decimals import (
    EMPTY,
    EXACT,
    HALF,
    HALF_BITS,
    LEAST_TEN,
    MOST_EXACT_TEN,
    MOST_TEN,
    NOT_A_NUMBER,
    UNDECIDED,
    Power,
    nearest_bits,
    read_decimals,
)
from fastcli.text.decimals import powers_of_ten, read_fields
from tests import naive
from tests.kernels.probe import probe
from tests.kernels.tables import array

if TYPE_CHECKING:
    from fastcli.jit.signature import Records, i64


@probe
def call_nearest_bits(digits: i64, ten: i64, powers: Records[Power]) -> i64:
    return nearest_bits(digits, ten, powers)


def bits_of(value):
    return struct.pack("<d", value)


def read(fields, point=b"."):
    """Return values and what the fields are; between them are digits, which belong to none."""
    sizes = [len(field) for field in fields]
    ends = np.array([k + size for k, size in enumerate(accumulate(sizes), 1)], np.int64)
    starts = ends - np.array(sizes, np.int64)
    n = len(fields)
    text = array(b"7" + b"7".join(fields) + b"7")
    out, status = np.full(n + 1, 7.0), np.full(n + 1, 7, np.uint8)
    others = read_decimals(text, starts, ends, n, point[0], powers_of_ten(), out, status)
    assert (out[n], status[n]) == (7.0, 7)
    assert others == np.count_nonzero(status[:n] != EXACT)
    return list(zip(out[:n].tolist(), status[:n].tolist(), strict=True))


def check(fields, point=b".", undecided=False):
    """Compare with Python; only fields with many digits may be left undecided."""
    for field, (value, status) in zip(fields, read(fields, point), strict=True):
        ref = naive.read_decimal(field, point)
        if ref is None:
            assert status == NOT_A_NUMBER, field
        elif not field.strip(b" \t\r"):
            assert status == EMPTY, field
        elif not (undecided and status == UNDECIDED):
            assert status == EXACT, field
        if status == EXACT:
            assert bits_of(value) == bits_of(ref), field
        else:
            assert math.isnan(value), field


WORDS = ["nan", "NaN", "-nan", "+nan", "inf", "-inf", "+INF", "Infinity", "-infinity", "iNfInItY"]
ZEROS = ["0", "-0", "+0", "00", "-0.0", ".0", "0e5", "0e-999", "-0e99999999999999999999"]
SHORT = ["1.", ".5", "-.5", "+.5e-3", "1e5", "1E5", "1e+5", "1e-5", "1.e5", "12.3456", "0.1", "0.3"]
SIZES = ["1e22", "1e23", "1e308", "1e309", "-1e400", "1e99999999999999999999", "1e-342", "1e-400"]
SIZES += ["-1e-400", "1e-99999999999999999999", "999999999999999999e-342", "1" + "0" * 30]
LARGEST = [f"1.797693134862315{n}e308" for n in (7, 8, 9)] + ["17976931348623158" + "0" * 292]
SMALLEST = ["5e-324", "4.9e-324", "1e-323", "3e-324", "2e-324"]
SMALLEST += ["2.4703282292062328e-324", "2.4703282292062327e-324"]  # around half of the smallest
SMALLEST += [f"2.22507385850720{n}e-308" for n in (14, 11, 1)]  # around the smallest normal one
MIDDLES = ["9007199254740993", "-9007199254740993", "9007199254740992.5", "9007199254740991"]
MIDDLES += ["4503599627370497.5", "4503599627370498.5", "6929495644600919.5", "36028797018963966"]
MIDDLES += [
    "36028797018963970",
    "72057594037927945e0",
    "2251799813685249.25",
    "2251799813685249.75",
]
LONG = ["0." + "0" * 40 + "1", "0" * 40 + "12", "1.5" + "0" * 40, "123456789012345678"]
NUMBERS = WORDS + ZEROS + SHORT + SIZES + LARGEST + SMALLEST + MIDDLES + LONG

OTHERS = ["+", "-", ".", "-.", "e", "e5", ".e5", "1e", "1e+", "1e-", "1_0", "1__0", "_1", "٣", "１"]
OTHERS += ["0x10", "1.2.3", "1,5", "--1", "+-1", "1e5.0", "1e5e5", "1f", "1L", "1d5", "1j", "NA"]
OTHERS += ["None", "true", "$1", "1%", "1-", "1a", "in", "na", "n", "i", "infi", "infinit", "nano"]
OTHERS += [
    "infinityy",
    "infinitx",
    "ianity",
    "anf",
    "1 2",
    "1\0",
    "\0",
    "\xa01",
    "1\n",
    "- 1",
    "1 e5",
]
OTHERS += ["\v1", "1nan", ".inf", "1inf", "i~f", "NAN(1)"]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(text):
    field = text.encode()
    assert naive.read_decimal(field) is not None
    check([field, b" " + field, field + b"\r", b"\t  " + field + b" \r"])
    check([field.replace(b".", b",")], b",")


@pytest.mark.parametrize(
    "text", [*OTHERS, "1 2", "1\0", "\0", "\xa01", "1\n", "- 1", "1 e5", "\v1"]
)
def test_what_is_no_number(text):
    field = text.encode()
    assert naive.read_decimal(field) is None
    check([field, b" " + field])


def test_what_fields_are():
    # By hand; the only place where the numbers of the kinds are written out.
    fields = [b"x", b"1.5", b"9007199254740992.99999999999999999999999", b"", b" \t\r", b"nan"]
    statuses = [status for _, status in read(fields)]
    assert statuses == [NOT_A_NUMBER, EXACT, EXACT, EMPTY, EMPTY, EXACT]
    assert statuses == [0, 1, 1, 3, 3, 1]
    # Below, at and above the middle of two numbers, seen by the 31st digit.
    middle = b"9007199254740993.00000000000000"
    assert [status for _, status in read([middle, middle + b"1"])] == [EXACT, UNDECIDED]
    assert read([middle])[0][0] == 9007199254740992.0


def test_decimal_comma():
    assert read([b"1,5", b"1.5", b"1,5e3", b","], b",") == [
        (1.5, EXACT),
        (pytest.approx(math.nan, nan_ok=True), NOT_A_NUMBER),
        (1500.0, EXACT),
        (pytest.approx(math.nan, nan_ok=True), NOT_A_NUMBER),
    ]


any_float = st.floats(allow_nan=False, allow_infinity=False)
any_bits = st.integers(0, (0x7FF << 52) - 1).map(naive.float64_of_bits)


@given(st.lists(any_float | any_bits, max_size=8))
def test_numbers_come_back(values):
    check([repr(value).encode() for value in values])


@given(any_float | any_bits)
def test_other_ways_to_write_numbers(value):
    texts = [f"{value:.{n}{kind}}" for n in (0, 3, 6, 16) for kind in "eEg"]
    check([text.encode() for text in texts])
    check([text.replace(".", ",").encode() for text in texts], b",")
    long = [f"{value:.{n}{kind}}" for n, kind in ((3, "f"), (17, "f"), (20, "e"), (400, "g"))]
    check([text.encode() for text in long], undecided=True)


@given(st.integers(0, 10**18 - 1), st.integers(-370, 330))
@example(10**18 - 1, LEAST_TEN)
@example(10**18 - 1, LEAST_TEN - 1)
@example(1, MOST_TEN)
@example(1, MOST_TEN + 1)
@example(2**53 + 1, 0)
@example(0, 0)
def test_nearest_bits(digits, ten):
    found = call_nearest_bits(digits, ten, powers_of_ten())
    assert found == naive.nearest_bits(digits, ten)


@given(any_bits, st.sampled_from([-1, 0, 1]))
def test_middles_of_two_numbers(low, step):
    # All digits of the middle, and of what is next to it in the last one.
    high = naive.float64_of_bits(struct.unpack("<q", bits_of(low))[0] + 1)
    if math.isinf(high):
        return
    middle = (Fraction(low) + Fraction(high)) / 2
    shift = middle.denominator.bit_length() - 1
    digits = middle.numerator * 5**shift * 10 + step
    check([f"{digits}e-{shift + 1}".encode()], undecided=True)


@given(st.integers(2**52, 2**53 - 1), st.integers(-2, 5), st.sampled_from([-1, 0, 1]))
def test_middles_of_few_digits(mantissa, power, step):
    digits, ten = (mantissa << 1 | 1) * 2**power if power >= 0 else 0, 0
    if power < 0:
        digits, ten = (mantissa << 1 | 1) * 5**-power, power
    check([b"%de%d" % (digits + step, ten)])


@given(st.lists(st.text("0123456789+-.,eE naifty_x\t\r", max_size=10), max_size=5))
def test_any_text(texts):
    fields = [text.encode() for text in texts]
    check(fields)
    check(fields, b",")


@given(st.binary(max_size=12))
def test_any_bytes(field):
    check([field])


@given(st.integers(1, 40), st.text("0123456789", min_size=1, max_size=60), st.integers(-400, 400))
def test_many_digits(point, digits, power):
    text = f"{digits[:point]}.{digits[point:]}e{power}".encode()
    check([text], undecided=True)
    n_digits = len(digits.lstrip("0"))
    assert n_digits > 18 or read([text])[0][1] == EXACT


def test_many_random_numbers(rng):
    n = 300 if PYTHON_MODE else 20_000
    values = rng.integers(0, 0x7FF << 52, n).view(np.float64).tolist()
    check([repr(value).encode() for value in values])
    check([b"%.4f" % value for value in rng.normal(0, 100, n)])
    found = read([b"%.30e" % value for value in values])
    assert [value for value, _ in found] == values  # hardly one in a million is left undecided


def test_long_fields():
    zeros = b"0" * 5000
    check(
        [b"0." + zeros + b"1e5001", b"1" + zeros + b"e-5000", zeros + b"1.5" + zeros, b"." + zeros]
    )
    check([b"1" * 400, b"9" * 5000, b"0." + b"3" * 5000], undecided=True)


def test_powers_of_ten():
    table = powers_of_ten()
    assert len(table) == MOST_TEN - LEAST_TEN + 1
    for ten in range(LEAST_TEN, MOST_TEN + 1):
        row = table[ten - LEAST_TEN]
        leading = int(row.high) << HALF_BITS | int(row.low)
        assert leading.bit_length() == 2 * HALF_BITS
        assert 0 <= int(row.low) <= HALF
        off = Fraction(10) ** ten / Fraction(2) ** int(row.exponent) - leading
        assert 0 <= off < 1
        assert (off == 0) == (0 <= ten <= MOST_EXACT_TEN)


def test_read_fields():
    middle = "9007199254740993." + "0" * 20
    texts = ["1.5", f" {middle}1 ", "x", "", middle, f"-{middle}1\t", "1e999"]
    for point in (".", ","):
        fields = [text.replace(".", point).encode() for text in texts]
        ends = np.array(list(accumulate(map(len, fields))), np.int64)
        starts = ends - np.array(list(map(len, fields)), np.int64)
        values, status = read_fields(array(b"".join(fields)), starts, ends, point)
        low, high = 9007199254740992.0, 9007199254740994.0
        np.testing.assert_array_equal(values, [1.5, high, np.nan, np.nan, low, -high, np.inf])
        assert status.tolist() == [EXACT, EXACT, NOT_A_NUMBER, EMPTY, EXACT, EXACT, EXACT]
    assert read_fields(array(b""), starts[:0], ends[:0])[0].size == 0


def test_products_too_near_to_a_middle():
    # None is known, so by hand: a power for 10**-1 of which all bits after the 53rd are ones but
    # the first.
    table = powers_of_ten().copy()
    row = table[-1 - LEAST_TEN]
    row.high, row.low = 1 << 61 | 0xFF, HALF
    fields, values, status = array(b"0.1"), np.zeros(1), np.zeros(1, np.uint8)
    starts, ends = np.array([0], np.int64), np.array([3], np.int64)
    assert read_decimals(fields, starts, ends, 1, ord("."), table, values, status) == 1
    assert status[0] == UNDECIDED
    assert math.isnan(values[0])


def test_no_fields():
    assert read([]) == []
