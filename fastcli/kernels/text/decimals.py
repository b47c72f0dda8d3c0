"""Decimal numbers as text, read to the nearest float64: what Python's ``float`` returns.

The way is that of Lemire, "Number Parsing at a Gigabyte per Second" (Software: Practice and
Experience 51(8), 2021): the digits as an integer, times a power of ten of which the table has the
leading bits, then rounded to 53 bits.  Halves of the product have 62 bits here, so that no sum of
two leaves the range of signed integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.jit.signature import Record
from fastcli.kernels.base.integers import (
    bit_length,
    byte_at,
    float64_of_bits,
    product_high,
    product_low,
)
from fastcli.kernels.base.views import at, record
from fastcli.kernels.text.vector_files import is_digit

if TYPE_CHECKING:
    from fastcli.jit.signature import F64, I64, U8, Records, i64

# What a field is.
NOT_A_NUMBER = 0  # not a number as it is written; the words nan and inf are
EXACT = 1  # a number: the value is the float64 next to it
UNDECIDED = 2  # a number whose value takes more digits than are kept; the value is NaN
EMPTY = 3  # nothing, or spaces alone; the value is NaN

MOST_KEPT = 10**17  # one more digit can be kept of a smaller integer
MOST_POWER = 1 << 40  # longer than any field, so that its zeros cannot make up for such a power
LEAST_TEN = -342  # the exponent of ten below which 18 digits are nearer to 0 than to any other
MOST_TEN = 308  # and the one above which even 1 is infinite
MOST_EXACT_TEN = 53  # 5**53 has 124 bits

HALF_BITS = 62
HALF = (1 << HALF_BITS) - 1
INFINITY = 0x7FF << 52
NAN = 0xFFF << 51
SIGN = -(1 << 63)
NO_BITS = -1  # instead of the bits of a float64 without its sign


class Power(Record):
    """The leading 124 bits of 10**n in two halves: about (high * 2**62 + low) * 2**exponent.

    What is cut off is less than 1 of ``low``.
    """

    high: i64
    low: i64
    exponent: i64


@device
def is_dyadic(digits: i64, ten: i64) -> bool:
    """Tell whether ``digits * 10**ten``, for a negative ``ten``, has finitely many bits."""
    while ten < 0 and digits % 5 == 0:
        digits //= 5
        ten += 1
    return ten == 0


@device
def nearest_bits(digits: i64, ten: i64, powers: Records[Power]) -> i64:
    """Return the bits of the float64 next to ``digits * 10**ten``, of equally near ones the even.

    ``digits`` are below 10**18, or equal.  Returns ``NO_BITS`` where the product is so close to
    the middle of two float64 that the table does not tell on which side it is.
    """
    if digits == 0 or ten < LEAST_TEN:
        return 0
    if ten > MOST_TEN:
        return INFINITY
    power = record(powers, ten - LEAST_TEN)
    shift = HALF_BITS - bit_length(digits)
    scaled = digits << shift
    # The product is (high * 2**62 + low) and less than 2 more: 1 for ``rest``, 1 for the table.
    low = product_low(scaled, power.high) + product_high(scaled, power.low)
    high = product_high(scaled, power.high) + (low >> HALF_BITS)
    low &= HALF
    rest = product_low(scaled, power.low)
    length = bit_length(high)
    exponent = power.exponent - shift + 2 * HALF_BITS + length - 1
    cut = length - 53
    if exponent > 1023:
        return INFINITY
    if exponent < -1022:  # a subnormal number, which has fewer bits
        cut -= exponent + 1022
        exponent = -1022
    if cut > HALF_BITS + 1:  # less than half of the smallest
        return 0
    mantissa = high >> cut
    half = 1 << (cut - 1)
    left = high & (half - 1 + half)
    if left == half - 1 and low == HALF:
        if not is_dyadic(digits, ten):
            return NO_BITS
        mantissa += mantissa & 1
    elif left == half and low == 0 and rest == 0 and 0 <= ten <= MOST_EXACT_TEN:
        mantissa += mantissa & 1
    elif left >= half:
        mantissa += 1
    # The leading bit of a normal number's mantissa, and what rounding carries, add 1 to the
    # exponent; infinity has that of 2**1024.
    return ((exponent + 1022) << 52) + mantissa


@device
def letter_at(text: U8, i: i64) -> i64:
    """Return a byte in lower case, if it is a letter."""
    return byte_at(text, i) | 32


@device
def word_bits(text: U8, end: i64) -> i64:
    """Return the bits of ``inf``, ``infinity`` or ``nan`` in any case; ``NO_BITS`` of others."""
    if end != 3 and end != 8:
        return NO_BITS
    first, second, third = letter_at(text, 0), letter_at(text, 1), letter_at(text, 2)
    if end == 3 and first == 110 and second == 97 and third == 110:
        return NAN
    if first != 105 or second != 110 or third != 102:
        return NO_BITS
    if end == 8:
        if letter_at(text, 3) != 105 or letter_at(text, 4) != 110 or letter_at(text, 5) != 105:
            return NO_BITS
        if letter_at(text, 6) != 116 or letter_at(text, 7) != 121:
            return NO_BITS
    return INFINITY


@device
def is_blank(byte: i64) -> bool:
    """Tell whether a byte may be around a number: a space, a tab or a carriage return."""
    return byte == 32 or byte == 9 or byte == 13


@device
def read_decimal(text: U8, end: i64, point: i64, powers: Records[Power], out: F64) -> i64:
    """Read ``text[:end]`` as a number, to ``out[0]``; return what it is, such as ``EXACT``.

    It is written as Python's ``float`` takes it, with the byte ``point`` for the decimal point,
    in ASCII and without underscores.  ``powers`` are those of ``fastcli.text.decimals``.
    """
    out[0] = float64_of_bits(NAN)
    i = 0
    while end > 0 and is_blank(byte_at(text, end - 1)):
        end -= 1
    while i < end and is_blank(byte_at(text, i)):
        i += 1
    if i == end:
        return EMPTY
    sign = 0
    if byte_at(text, i) == 43 or byte_at(text, i) == 45:
        sign = SIGN if byte_at(text, i) == 45 else 0
        i += 1
    digits, ten = 0, 0
    start, n_points, is_cut = i, 0, False
    while i < end:
        byte = byte_at(text, i)
        if is_digit(byte):
            if digits < MOST_KEPT:
                digits = digits * 10 + byte - 48
                ten -= n_points
            else:
                ten += 1 - n_points
                is_cut = is_cut or byte != 48
        elif byte == point and n_points == 0:
            n_points = 1
        else:
            break
        i += 1
    if i - start == n_points:  # no digits
        bits = word_bits(at(text, i), end - i) if n_points == 0 else NO_BITS
        if bits == NO_BITS:
            return NOT_A_NUMBER
        out[0] = float64_of_bits(bits | sign)
        return EXACT
    if i < end and letter_at(text, i) == 101:
        i += 1
        shrinks = False
        if i < end and (byte_at(text, i) == 43 or byte_at(text, i) == 45):
            shrinks = byte_at(text, i) == 45
            i += 1
        if i == end:
            return NOT_A_NUMBER
        more = 0
        while i < end and is_digit(byte_at(text, i)):
            more = min(more * 10 + byte_at(text, i) - 48, MOST_POWER)
            i += 1
        ten += -more if shrinks else more
    if i < end:
        return NOT_A_NUMBER
    bits = nearest_bits(digits, ten, powers)
    if is_cut and bits != nearest_bits(digits + 1, ten, powers):
        return UNDECIDED
    if bits == NO_BITS:
        return UNDECIDED
    out[0] = float64_of_bits(bits | sign)
    return EXACT


@kernel
def read_decimals(
    text: U8,
    starts: I64,
    ends: I64,
    n: i64,
    point: i64,
    powers: Records[Power],
    out: F64,
    status: U8,
) -> i64:
    """Read field i of n, ``text[starts[i]:ends[i]]``, to ``out[i]``, and say what it is.

    ``status[i]`` is what ``read_decimal`` returns.  Returns how many fields are not ``EXACT``.
    """
    others = 0
    for i in range(n):
        start = starts[i]
        found = read_decimal(at(text, start), ends[i] - start, point, powers, at(out, i))
        status[i] = found
        others += 1 if found != EXACT else 0
    return others
