"""Numbers as C prints them (``%.5g``, ``%.6g``), and text made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.groups import Best, Strings, Text
from fastcli.kernels.base.vector import bits_of_float, offset_probability
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, U8, f64, i64


@device
def power_of_ten(n: i64) -> f64:
    """Return 10**n for 0 <= n < 512; exact up to 10**22."""
    power = 1.0
    square = 10.0
    while n > 0:
        if n & 1:
            power *= square
        square *= square
        n >>= 1
    return power


@device
def scale_by_ten(value: f64, n: i64) -> f64:
    """Return value * 10**n; for a float32 and n from 0 to 12 without any rounding."""
    if n >= 0:
        if n > 22:
            value *= power_of_ten(n - 22)
            n = 22
        return value * power_of_ten(n)
    return value / power_of_ten(-n)


@device
def write_digits(number: i64, width: i64, out: U8) -> i64:
    """Write a non-negative integer with leading zeros; return the number of bytes."""
    for k in range(width - 1, -1, -1):
        out[k] = 48 + number % 10
        number //= 10
    return width


@device
def write_three(a: i64, b: i64, c: i64, out: U8) -> i64:
    """Write three bytes; return their number."""
    out[0], out[1], out[2] = a, b, c
    return 3


@device
def write_general(value: f64, digits: i64, out: U8) -> i64:
    """Write a number as printf's ``%.<digits>g`` does; return the number of bytes.

    At most ``digits`` + 7 bytes.
    """
    if value != value:
        return write_three(110, 97, 110, out)
    n = 0
    if bits_of_float(np.float32(value)) >> 31:
        out[0] = 45
        n = 1
        value = -value
    if value == 0.0:
        out[n] = 48
        return n + 1
    if value > 1e300:
        return n + write_three(105, 110, 102, at(out, n))
    # 1233 / 4096 is log10(2) from below: the guess is right or one too small.
    exponent = ((bits_of_float(np.float32(value)) >> 23) - 127) * 1233 >> 12
    while scale_by_ten(value, -exponent - 1) >= 1.0:
        exponent += 1
    while scale_by_ten(value, -exponent) < 1.0:
        exponent -= 1
    scaled = scale_by_ten(value, digits - 1 - exponent)
    mantissa = int(scaled)
    rest = scaled - mantissa
    if rest > 0.5 or (rest == 0.5 and mantissa % 2 == 1):
        mantissa += 1
    limit = 1
    for _ in range(digits):
        limit *= 10
    if mantissa >= limit:
        mantissa //= 10
        exponent += 1
    size = digits
    while size > 1 and mantissa % 10 == 0:
        mantissa //= 10
        size -= 1
    is_plain = -4 <= exponent < digits
    n += write_decimal(mantissa, size, exponent + 1 if is_plain else 1, at(out, n))
    if is_plain:
        return n
    out[n] = 101
    out[n + 1] = 45 if exponent < 0 else 43
    exponent = abs(exponent)
    return n + 2 + write_digits(exponent, 2 if exponent < 100 else 3, at(out, n + 2))


@device
def write_decimal(mantissa: i64, size: i64, n_whole: i64, out: U8) -> i64:
    """Write a number of ``size`` digits, ``n_whole`` of them before the point; return the bytes.

    Zeros stand for digits that are missing before the point, or right after it (a number below 0).
    """
    if n_whole <= 0:
        out[0], out[1] = 48, 46
        return 2 + write_digits(mantissa, size - n_whole, at(out, 2))
    power = 1
    for _ in range(abs(size - n_whole)):
        power *= 10
    if size <= n_whole:
        return write_digits(mantissa * power, n_whole, out)
    n = write_digits(mantissa // power, n_whole, out)
    out[n] = 46
    return n + 1 + write_digits(mantissa % power, size - n_whole, at(out, n + 1))


@device
def write_bytes(text: U8, n: i64, out: U8) -> i64:
    """Copy ``text[:n]``; return n."""
    for k in range(n):
        out[k] = text[k]
    return n


@device
def write_string(strings: Strings, i: i64, out: U8) -> i64:
    """Copy string i; return its size."""
    start = strings.starts[i]
    return write_bytes(at(strings.arena, start), strings.starts[i + 1] - start, out)


@kernel
def format_vectors(
    matrix: F32, stride: i64, dim: i64, n_rows: i64, names: Strings, with_names: i64, out: U8
) -> i64:
    """Write rows as lines of ``name v1 v2 ... vn``, each value ``%.5g`` and a space after it.

    Row i has the values ``matrix[i * stride:i * stride + dim]`` and name i, or none.  A line takes
    at most the bytes of the name, 1, 12 for each value, and 1.  Returns the number of bytes
    written.
    """
    n = 0
    for row in range(n_rows):
        if with_names == 1:
            n += write_string(names, row, at(out, n))
            out[n] = 32
            n += 1
        for k in range(dim):
            n += write_general(float(matrix[row * stride + k]), 5, at(out, n))
            out[n] = 32
            n += 1
        out[n] = 10
        n += 1
    return n


@kernel
def format_rows(matrix: F32, dim: i64, n_rows: i64, out: U8) -> i64:
    """Write rows of ``dim`` floats as lines of values ``%.6g`` with single spaces between them.

    A line takes at most 13 bytes for each value, and 1.  Returns the number of bytes written.
    """
    n = 0
    for row in range(n_rows):
        for k in range(dim):
            if k > 0:
                out[n] = 32
                n += 1
            n += write_general(float(matrix[row * dim + k]), 6, at(out, n))
        out[n] = 10
        n += 1
    return n


@kernel
def format_predictions(
    best: Best, n_lines: i64, labels: Strings, with_probs: i64, printed_offset: f64, out: U8
) -> i64:
    """Write predictions, one line an example: ``label label`` or ``label prob label prob``.

    ``printed_offset`` is added to every probability by ``offset_probability``.  A label takes at
    most its bytes, and 15.  Returns the number of bytes written.
    """
    n = 0
    for line in range(n_lines):
        first = line * best.k
        for i in range(first, first + best.counts[line]):
            if i > first:
                out[n] = 32
                n += 1
            n += write_string(labels, best.ids[i], at(out, n))
            if with_probs == 1:
                out[n] = 32
                prob = offset_probability(best.scores[i], printed_offset)
                n += 1 + write_general(float(prob), 6, at(out, n + 1))
        out[n] = 10
        n += 1
    return n


@kernel
def offset_probabilities(probs: F32, n: i64, printed_offset: f64) -> None:
    """Replace n probabilities by those that are printed, see ``offset_probability``."""
    for i in range(n):
        probs[i] = offset_probability(probs[i], printed_offset)


@kernel
def format_neighbours(best: Best, n_queries: i64, words: Strings, prompt: Text, out: U8) -> i64:
    """Write the neighbours of words as lines ``word similarity``, and the prompt after each.

    A line takes at most the bytes of the word, and 15.  Returns the number of bytes written.
    """
    n = 0
    for query in range(n_queries):
        first = query * best.k
        for i in range(first, first + best.counts[query]):
            n += write_string(words, best.ids[i], at(out, n))
            out[n] = 32
            n += 1 + write_general(float(best.scores[i]), 6, at(out, n + 1))
            out[n] = 10
            n += 1
        n += write_bytes(prompt.data, prompt.size, at(out, n))
    return n
