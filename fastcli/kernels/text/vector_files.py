"""Files of word vectors: lines of text (fastText, GloVe), rows of word2vec's binary format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import byte_at
from fastcli.kernels.base.printf import scale_by_ten
from fastcli.kernels.text.tokens import is_space

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, U8, f64, i64

MOST_DIGITS = 18  # decimal digits that surely fit into 64 bits
MOST_EXPONENT = 400  # beyond it every number is 0 or infinite, also as float64


@device
def is_digit(byte: i64) -> bool:
    """Tell whether a byte is a decimal digit."""
    return byte >= 48 and byte <= 57


@device
def read_number(text: U8, start: i64, end: i64) -> f64:
    """Return the number that ``text[start:end]`` is, such as ``-1.5e-3``; NaN if it is none.

    Numbers of up to 15 digits are exact but for the rounding to float64.
    """
    at = start
    is_negative = False
    if at < end and (byte_at(text, at) == 43 or byte_at(text, at) == 45):
        is_negative = byte_at(text, at) == 45
        at += 1
    mantissa = 0
    n_digits, n_kept, exponent = 0, 0, 0
    after_point = False
    while at < end:
        byte = byte_at(text, at)
        if byte == 46 and not after_point:
            after_point = True
        elif is_digit(byte):
            n_digits += 1
            if n_kept < MOST_DIGITS:
                mantissa = mantissa * 10 + byte - 48
                n_kept += 1 if mantissa > 0 else 0
                exponent -= 1 if after_point else 0
            elif not after_point:
                exponent += 1
        else:
            break
        at += 1
    if n_digits == 0:
        return np.nan
    if at < end and (byte_at(text, at) == 101 or byte_at(text, at) == 69):
        at += 1
        shrinks = False
        if at < end and (byte_at(text, at) == 43 or byte_at(text, at) == 45):
            shrinks = byte_at(text, at) == 45
            at += 1
        if at == end:
            return np.nan
        power = 0
        while at < end and is_digit(byte_at(text, at)):
            power = min(power * 10 + byte_at(text, at) - 48, 1 << 20)
            at += 1
        exponent += -power if shrinks else power
    if at != end:
        return np.nan
    value = 0.0
    if mantissa > 0 and exponent > -MOST_EXPONENT:
        value = scale_by_ten(float(mantissa), min(exponent, MOST_EXPONENT))
    return -value if is_negative else value


@device
def read_numbers(text: U8, start: i64, end: i64, out: F32, at: i64) -> bool:
    """Read the numbers between spaces to ``out[at:]``; tell whether all are finite float32."""
    position = start
    while position < end:
        first = position
        while position < end and not is_space(byte_at(text, position)):
            position += 1
        value = read_number(text, first, position)
        if not abs(value) < 3.4028235677973366e38:  # half a step above the largest float32
            return False
        out[at] = np.float32(value)
        at += 1
        while position < end and is_space(byte_at(text, position)):
            position += 1
    return True


@device
def ends_in_number(text: U8, start: i64, end: i64) -> bool:
    """Tell whether the last of several fields in ``text[start:end]`` is a number."""
    field = end
    while field > start and not is_space(byte_at(text, field - 1)):
        field -= 1
    value = read_number(text, field, end)
    return field > start and value == value


@device
def add_word(text: U8, start: i64, end: i64, starts: I64, arena: U8, row: i64) -> bool:
    """Append a word to an arena; tell whether a text can hold it: it has bytes, and no space."""
    at = starts[row]
    for k in range(start, end):
        if is_space(byte_at(text, k)):
            return False
        arena[at + k - start] = text[k]
    starts[row + 1] = at + end - start
    return end > start


@kernel
def read_vector_lines(
    text: U8, position: i64, end: i64, dim: i64, starts: I64, arena: U8, values: F32, state: I64
) -> i64:
    """Read lines of a word and ``dim`` numbers, between which are spaces or tabs.

    The last ``dim`` fields of a line are its numbers, and what is before them is its word (of GloVe
    also ``. . .``): word ``row`` is ``arena[starts[row]:starts[row + 1]]`` with
    ``values[row * dim:]``.  Words that no text can hold, empty ones and those with a space, are
    left out, and so are empty lines.  Where one more number follows the word the line is damaged.
    Returns ``end``, or where the first line starts that is damaged.  ``state`` is set to: rows
    read, lines read, words left out, the line of the first of them (from 1).
    """
    row, line = 0, 0
    starts[0] = 0
    state[2], state[3] = 0, 0
    while position < end:
        after = position
        while after < end and byte_at(text, after) != 10:
            after += 1
        last = after
        while last > position and is_space(byte_at(text, last - 1)):
            last -= 1
        word_end = last
        first = last
        n = 0
        while n < dim and word_end > position:
            first = word_end
            while first > position and not is_space(byte_at(text, first - 1)):
                first -= 1
            word_end = first
            while word_end > position and is_space(byte_at(text, word_end - 1)):
                word_end -= 1
            n += 1
        if last > position:
            word = position
            while word < word_end and is_space(byte_at(text, word)):
                word += 1
            if n < dim or first == position or ends_in_number(text, word, word_end):
                break
            if not read_numbers(text, first, last, values, row * dim):
                break
            if add_word(text, word, word_end, starts, arena, row):
                row += 1
            else:
                state[3] = line + 1 if state[2] == 0 else state[3]
                state[2] += 1
        line += 1
        position = after + 1
    state[0], state[1] = row, line
    return min(position, end)


@kernel
def read_vector_rows(
    data: U8, position: i64, end: i64, size: i64, starts: I64, arena: U8, values: U8, state: I64
) -> i64:
    """Read rows of word2vec's binary format: a word, a space, ``size`` bytes, a line end or none.

    Words are left out as in ``read_vector_lines``.  Returns where the first row starts that is
    not whole, or is not wanted any more.  ``state``: on return the rows read; the rows that are
    still wanted, which the caller sets; on return the words left out.
    """
    row, left = 0, state[1]
    starts[0] = 0
    state[2] = 0
    while left > 0:
        word = position
        while word < end and byte_at(data, word) == 10:
            word += 1
        word_end = word
        while word_end < end and byte_at(data, word_end) != 32:
            word_end += 1
        if word_end + 1 + size > end:
            break
        for k in range(size):
            values[row * size + k] = data[word_end + 1 + k]
        if add_word(data, word, word_end, starts, arena, row):
            row += 1
        else:
            state[2] += 1
        left -= 1
        position = word_end + 1 + size
    state[0], state[1] = row, left
    return position
