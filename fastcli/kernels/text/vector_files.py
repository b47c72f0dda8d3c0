"""Files of word vectors: lines of text (fastText, GloVe), rows of word2vec's binary format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.groups import Strings, Text
from fastcli.kernels.base.integers import byte_at
from fastcli.kernels.base.printf import scale_by_ten
from fastcli.kernels.base.views import at
from fastcli.kernels.text.tokens import is_space

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, U8, f64, i64

MOST_DIGITS = 18  # decimal digits that always fit into 64 bits
MOST_EXPONENT = 400  # beyond it every number is 0 or infinite, also as float64


@device
def is_digit(byte: i64) -> bool:
    """Tell whether a byte is a decimal digit."""
    return byte >= 48 and byte <= 57


@device
def read_number(text: U8, end: i64) -> f64:
    """Return the number that ``text[:end]`` is, such as ``-1.5e-3``; NaN if it is not a number.

    Numbers of up to 15 digits are exact but for the rounding to float64.
    """
    i = 0
    is_negative = False
    if i < end and (byte_at(text, i) == 43 or byte_at(text, i) == 45):
        is_negative = byte_at(text, i) == 45
        i += 1
    mantissa = 0
    n_digits, n_kept, exponent = 0, 0, 0
    after_point = False
    while i < end:
        byte = byte_at(text, i)
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
        i += 1
    if n_digits == 0:
        return np.nan
    if i < end and (byte_at(text, i) == 101 or byte_at(text, i) == 69):
        i += 1
        shrinks = False
        if i < end and (byte_at(text, i) == 43 or byte_at(text, i) == 45):
            shrinks = byte_at(text, i) == 45
            i += 1
        if i == end:
            return np.nan
        power = 0
        while i < end and is_digit(byte_at(text, i)):
            power = min(power * 10 + byte_at(text, i) - 48, 1 << 20)
            i += 1
        exponent += -power if shrinks else power
    if i != end:
        return np.nan
    value = 0.0
    if mantissa > 0 and exponent > -MOST_EXPONENT:
        value = scale_by_ten(float(mantissa), min(exponent, MOST_EXPONENT))
    return -value if is_negative else value


@device
def read_numbers(text: U8, end: i64, out: F32) -> bool:
    """Read the numbers between spaces of ``text[:end]``; tell whether all are finite float32."""
    position, n = 0, 0
    while position < end:
        first = position
        while position < end and not is_space(byte_at(text, position)):
            position += 1
        value = read_number(at(text, first), position - first)
        if not abs(value) < 3.4028235677973366e38:  # half a step above the largest float32
            return False
        out[n] = np.float32(value)
        n += 1
        while position < end and is_space(byte_at(text, position)):
            position += 1
    return True


@device
def ends_in_number(text: U8, end: i64) -> bool:
    """Tell whether the last of several fields in ``text[:end]`` is a number."""
    field = end
    while field > 0 and not is_space(byte_at(text, field - 1)):
        field -= 1
    value = read_number(at(text, field), end - field)
    return field > 0 and value == value


@device
def add_word(word: U8, size: i64, words: Strings, row: i64) -> bool:
    """Append a word to strings; tell whether a text can hold it: it has bytes, and no space."""
    start = words.starts[row]
    for k in range(size):
        if is_space(byte_at(word, k)):
            return False
        words.arena[start + k] = word[k]
    words.starts[row + 1] = start + size
    return size > 0


@kernel
def read_vector_lines(block: Text, dim: i64, words: Strings, values: F32, state: I64) -> i64:
    """Read lines of a word and ``dim`` numbers, between which are spaces or tabs.

    The last ``dim`` fields of a line are its numbers, and what is before them is its word (of GloVe
    also ``. . .``): word ``row`` has ``values[row * dim:]``.  Words that no text can hold, empty
    ones and those with a space, are left out, and so are empty lines.  Where one more number
    follows the word the line is damaged.
    Returns the block's size, or where the first line starts that is damaged.  ``state`` is set to:
    rows read, lines read, words left out, the line of the first of them (from 1).
    """
    text, end = block.data, block.size
    position, row, line = 0, 0, 0
    words.starts[0] = 0
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
            start = position
            while start < word_end and is_space(byte_at(text, start)):
                start += 1
            word, size = at(text, start), word_end - start
            if n < dim or first == position or ends_in_number(word, size):
                break
            if not read_numbers(at(text, first), last - first, at(values, row * dim)):
                break
            if add_word(word, size, words, row):
                row += 1
            else:
                state[3] = line + 1 if state[2] == 0 else state[3]
                state[2] += 1
        line += 1
        position = after + 1
    state[0], state[1] = row, line
    return min(position, end)


@kernel
def read_vector_rows(block: Text, row_bytes: i64, words: Strings, values: U8, state: I64) -> i64:
    """Read rows of word2vec's binary format: a word, a space, bytes of floats, a line end or none.

    Words are left out as in ``read_vector_lines``.  Returns where the first row starts that is
    not complete, or is not needed any more.  ``state``: on return the rows read; the rows that are
    still wanted, which the caller sets; on return the words left out.
    """
    data, end = block.data, block.size
    position, row, left = 0, 0, state[1]
    words.starts[0] = 0
    state[2] = 0
    while left > 0:
        start = position
        while start < end and byte_at(data, start) == 10:
            start += 1
        word_end = start
        while word_end < end and byte_at(data, word_end) != 32:
            word_end += 1
        if word_end + 1 + row_bytes > end:
            break
        for k in range(row_bytes):
            values[row * row_bytes + k] = data[word_end + 1 + k]
        if add_word(at(data, start), word_end - start, words, row):
            row += 1
        else:
            state[2] += 1
        left -= 1
        position = word_end + 1 + row_bytes
    state[0], state[1] = row, left
    return position
