"""Numbers as C prints them (``%.5g``, ``%.6g``), and text made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.vector import bits_of_float

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, U8, f64, i64


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
def write_digits(number: i64, width: i64, out: U8, at: i64) -> i64:
    """Write a non-negative integer with leading zeros; return the position after it."""
    for k in range(width - 1, -1, -1):
        out[at + k] = 48 + number % 10
        number //= 10
    return at + width


@device
def write_general(value: f64, digits: i64, out: U8, at: i64) -> i64:
    """Write a number as printf's ``%.<digits>g`` does; return the position after it.

    At most ``digits`` + 7 bytes.
    """
    if value != value:
        out[at], out[at + 1], out[at + 2] = 110, 97, 110
        return at + 3
    if bits_of_float(np.float32(value)) >> 31:
        out[at] = 45
        at += 1
        value = -value
    if value == 0.0:
        out[at] = 48
        return at + 1
    if value > 1e300:
        out[at], out[at + 1], out[at + 2] = 105, 110, 102
        return at + 3
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
    if -4 <= exponent < digits:
        if exponent < 0:
            out[at], out[at + 1] = 48, 46
            at = write_digits(0, -exponent - 1, out, at + 2)
            return write_digits(mantissa, size, out, at)
        whole = exponent + 1
        if size <= whole:
            at = write_digits(mantissa, size, out, at)
            return write_digits(0, whole - size, out, at)
        split = 1
        for _ in range(size - whole):
            split *= 10
        at = write_digits(mantissa // split, whole, out, at)
        out[at] = 46
        return write_digits(mantissa % split, size - whole, out, at + 1)
    split = 1
    for _ in range(size - 1):
        split *= 10
    at = write_digits(mantissa // split, 1, out, at)
    if size > 1:
        out[at] = 46
        at = write_digits(mantissa % split, size - 1, out, at + 1)
    out[at] = 101
    out[at + 1] = 45 if exponent < 0 else 43
    exponent = abs(exponent)
    return write_digits(exponent, 2 if exponent < 100 else 3, out, at + 2)


@device
def write_bytes(text: U8, start: i64, end: i64, out: U8, at: i64) -> i64:
    """Copy ``text[start:end]``; return the position after it."""
    for k in range(start, end):
        out[at + k - start] = text[k]
    return at + end - start


@kernel
def format_vectors(
    matrix: F32,
    stride: i64,
    dim: i64,
    first: i64,
    last: i64,
    starts: I64,
    arena: U8,
    entry: i64,
    with_words: i64,
    out: U8,
) -> i64:
    """Write rows as lines of ``word v1 v2 ... vn``, each value ``%.5g`` and a space after it.

    Row r is written with dictionary entry ``entry + r``, or alone.  A line takes at most the
    bytes of the word, 1, 12 for each value, and 1.  Returns the number of bytes written.
    """
    at = 0
    for row in range(first, last):
        if with_words == 1:
            at = write_bytes(arena, starts[entry + row], starts[entry + row + 1], out, at)
            out[at] = 32
            at += 1
        for k in range(dim):
            at = write_general(float(matrix[row * stride + k]), 5, out, at)
            out[at] = 32
            at += 1
        out[at] = 10
        at += 1
    return at


@kernel
def format_rows(matrix: F32, dim: i64, first: i64, last: i64, out: U8) -> i64:
    """Write rows as lines of values ``%.6g`` with single spaces between them.

    A line takes at most 13 bytes for each value, and 1.  Returns the number of bytes written.
    """
    at = 0
    for row in range(first, last):
        for k in range(dim):
            if k > 0:
                out[at] = 32
                at += 1
            at = write_general(float(matrix[row * dim + k]), 6, out, at)
        out[at] = 10
        at += 1
    return at


@kernel
def format_predictions(
    counts: I32,
    ids: I32,
    probs: F32,
    n_lines: i64,
    k: i64,
    starts: I64,
    arena: U8,
    with_probs: i64,
    added: f64,
    out: U8,
) -> i64:
    """Write predictions, one line an example: ``label label`` or ``label prob label prob``.

    ``starts`` and ``arena`` hold the labels; ``added`` is added to every probability.  A label
    takes at most its bytes, and 15.  Returns the number of bytes written.
    """
    at = 0
    for line in range(n_lines):
        for i in range(counts[line]):
            if i > 0:
                out[at] = 32
                at += 1
            label = ids[line * k + i]
            at = write_bytes(arena, starts[label], starts[label + 1], out, at)
            if with_probs == 1:
                out[at] = 32
                prob = np.float32(probs[line * k + i] + np.float32(added))
                at = write_general(float(prob), 6, out, at + 1)
        out[at] = 10
        at += 1
    return at


@kernel
def format_neighbours(
    counts: I32,
    ids: I32,
    similarities: F32,
    n: i64,
    k: i64,
    starts: I64,
    arena: U8,
    prompt: U8,
    prompt_size: i64,
    out: U8,
) -> i64:
    """Write the neighbours of n words as lines ``word similarity``, and the prompt after each.

    ``counts[i]`` of them are at ``i * k``.  A line takes at most the bytes of the word, and 15.
    Returns the number of bytes written.
    """
    at = 0
    for i in range(n):
        for j in range(i * k, i * k + counts[i]):
            at = write_bytes(arena, starts[ids[j]], starts[ids[j] + 1], out, at)
            out[at] = 32
            at = write_general(float(similarities[j]), 6, out, at + 1)
            out[at] = 10
            at += 1
        at = write_bytes(prompt, 0, prompt_size, out, at)
    return at
