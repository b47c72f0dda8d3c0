"""Files of word vectors: the kernels against slow and obvious versions of them."""

from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels.base.groups import Strings
from fastcli.kernels.base.views import at
from fastcli.kernels.text import vector_files as kernels
from fastcli.kernels.text.vector_files import read_number
from tests import naive_vectors as naive
from tests.kernels.probe import probe
from tests.kernels.tables import array, as_text

if TYPE_CHECKING:
    from fastcli.jit.signature import U8, f64, i64


@probe
def call_read_number(text: U8, start: i64, end: i64) -> f64:
    return read_number(at(text, start), end - start)


def number(field):
    return call_read_number(array(b"7" + field + b"7"), 1, 1 + len(field))


fields = st.text("0123456789+-.eE", max_size=12).map(str.encode)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(fields)
@example(b"1e999")
@example(b"-0")
@example(b".")
@example(b"1e")
@example(b"1e+")
@example(b"+.5e-3")
@example(b"5.")
@example(b"1e-400")
@example(b"0e99999999999999999999")
@example(b"00000000000000000000000000012")
def test_read_number(field):
    comp, ref = number(field), naive.read_number(field)
    if ref is None:
        assert math.isnan(comp)
    else:
        assert comp == pytest.approx(ref, rel=1e-14, abs=1e-300)


@given(numbers)
def test_numbers_come_back(value):
    for text in (repr(value), f"{value:.9g}", f"{value:.30f}"):
        ref = np.float32(float(text))
        assert abs(np.float32(number(text.encode())) - ref) <= abs(ref) * 1e-7 + 1e-45


def read_lines(text, dim):
    most = len(text) // (2 * dim + 1) + 1
    starts, arena = np.empty(most + 1, np.int64), np.empty(len(text) + 1, np.uint8)
    values, state = np.full(most * dim + 3, 7, np.float32), np.full(4, -1, np.int64)
    stop = kernels.read_vector_lines(as_text(text), dim, Strings(starts, arena), values, state)
    assert (values[most * dim :] == 7).all()
    n = int(state[0])
    words = [arena[a:b].tobytes() for a, b in pairwise(starts[: n + 1])]
    return words, values[: n * dim].reshape(n, dim), state[1:].tolist(), stop


words = st.sampled_from([b"a", b"cat", b"\xc3\xa9", b"5", b"1.5", b"\xa0", b". .", b"", b"a b"])
separators = st.sampled_from([b" ", b" ", b"\t", b"  ", b"\r", b"\0"])
values = st.sampled_from([b"1", b"-0.5", b"1e-3", b"3e38", b"3.5e38", b"nan", b"x", b"", b"0"])
lines = st.tuples(words, st.lists(st.tuples(separators, values), max_size=4), separators).map(
    lambda parts: parts[0] + b"".join(a + b for a, b in parts[1]) + parts[2]
)


@given(st.lists(lines, max_size=6).map(b"\n".join) | st.binary(max_size=30), st.integers(1, 3))
@example(b" 1 2\n\na 1 2", 2)
@example(b"1 2", 2)
@example(b". . . 1 2\n", 2)
@example(b"a 1 2 3\n", 2)
def test_read_vector_lines(text, dim):
    rows, left, damaged = naive.read_vector_lines(text, dim)
    found, vectors, (n_lines, n_left, first_left), stop = read_lines(text, dim)
    assert found == [word for word, _ in rows]
    np.testing.assert_array_equal(vectors, np.array([v for _, v in rows]).reshape(-1, dim))
    assert (n_left, first_left) == (len(left), left[0] if left else 0)
    if damaged is None:
        assert stop == len(text)
    else:
        assert n_lines == damaged - 1
        assert stop == sum(len(line) + 1 for line in text.split(b"\n")[:n_lines])


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"", b"\n"]),
            st.sampled_from([b"a", b"word", b"\xff\x80", b"", b"a\tb"]),
            st.lists(numbers, min_size=2, max_size=2),
        ),
        max_size=5,
    ),
    st.integers(0, 6),
    st.integers(0, 12),
)
def test_read_vector_rows(parts, n, cut):
    data = b"".join(a + word + b" " + struct.pack("<2f", *row) for a, word, row in parts)
    data = data[: max(len(data) - cut, 0)]
    rows, left, position = naive.read_vector_rows(data, 2, n)
    starts, arena = np.empty(n + 2, np.int64), np.empty(len(data) + 1, np.uint8)
    values, state = np.zeros(2 * (n + 1), np.float32), np.array([9, n, 9], np.int64)
    stop = kernels.read_vector_rows(
        as_text(data), 8, Strings(starts, arena), values.view(np.uint8), state
    )
    assert (stop, int(state[0]), int(state[2])) == (position, len(rows), left)
    assert int(state[1]) == n - len(rows) - left
    bounds = pairwise(starts[: len(rows) + 1])
    assert [arena[a:b].tobytes() for a, b in bounds] == [word for word, _ in rows]
    assert values[: 2 * len(rows)].reshape(-1, 2).tolist() == [list(v) for _, v in rows]
