"""Slow and obvious versions of the kernels that read files of word vectors."""

import re
import struct

import numpy as np

SPACES = rb"[ \t\v\f\r\0]+"
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def read_number(field):
    """Return the number that a field is, or None."""
    return float(field) if NUMBER.fullmatch(field) else None


def read_vector_lines(text, dim):
    """Return words with their vectors, what is left out, and the line that is damaged, or None.

    What is left out are the numbers of the lines with words that no text can hold.
    """
    rows, left = [], []
    for number, line in enumerate(text.split(b"\n"), 1):
        fields = [field for field in re.split(SPACES, line) if field]
        if not fields:
            continue
        values = [read_number(field) for field in fields[-dim:]]
        words = fields[:-dim]
        starts_with_space = re.match(SPACES, line) is not None
        is_short = len(fields) < dim or (not words and not starts_with_space)
        if is_short or (len(words) > 1 and read_number(words[-1]) is not None):
            return rows, left, number
        if any(value is None or not abs(value) < 2.0**128 * (1 - 2.0**-25) for value in values):
            return rows, left, number
        if len(words) == 1:
            rows.append((words[0], np.array(values).astype(np.float32)))
        else:
            left.append(number)
    return rows, left, None


def read_vector_rows(data, dim, n):
    """Return n words with their vectors, how many are left out, and where the first row starts
    that is not whole.
    """
    rows, left, at = [], 0, 0
    for _ in range(n):
        start = at
        while data[start : start + 1] == b"\n":
            start += 1
        end = data.find(b" ", start)
        if end < 0 or end + 1 + 4 * dim > len(data):
            break
        word = data[start:end]
        if word and not re.search(rb"[\0\t\n\v\f\r ]", word):
            rows.append((word, struct.unpack_from(f"<{dim}f", data, end + 1)))
        else:
            left += 1
        at = end + 1 + 4 * dim
    return rows, left, at
