"""Splitting tables into rows and cells, against plain Python and against the csv module."""

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels.base.groups import Best, Strings, Text
from fastcli.kernels.text import rows as kernels
from fastcli.kernels.text.labelled import add_cells
from fastcli.tables.delimited import Chunk
from fastcli.tables.dialects import Dialect, cell_text
from tests import naive_tables as naive

STOPS = {
    kernels.ROW_END: "",
    kernels.OPEN_QUOTE: "open quote",
    kernels.TEXT_AFTER_QUOTE: "text after quote",
}
PIECES = [
    *'ab ,;\t|"\\\n\r',
    "\r\n",
    '""',
    '",',
    '\\"',
    "é",
    "é;",
    ", ",
    '" ',
    "\0",
    "12.5",
    "x" * 29,
]
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
dialects = st.builds(
    Dialect,
    st.sampled_from([",", ";", "\t", "|", " ", "é", "§"]),
    st.sampled_from(['"', ""]),
    st.sampled_from(["", "\\"]),
    st.booleans(),
)


def split(data, dialect, is_end=True):
    return dialect.split(np.frombuffer(data, np.uint8), is_end)


def rows_of(found, data):
    """Return what was found as the twin has it."""
    rows = []
    for i in range(found.n):
        cells = []
        for k in range(found.firsts[i], found.firsts[i + 1]):
            start, end, kind = found.cell_starts[k], found.cell_ends[k], found.cell_kinds[k]
            quoted, escaped = bool(kind & kernels.QUOTED), bool(kind & kernels.ESCAPED)
            cells.append((int(start), data[start:end], quoted, escaped))
        row = data[found.starts[i] : found.ends[i]]
        rows.append((int(found.lines[i]), row, cells))
    return rows


@given(texts, dialects)
@example('a,"b\r\nc"\r\n\r\nd,"e""f" ,\r', Dialect())
@example('a, "b, c" , d', Dialect(skips_spaces=True))
@example('"a" b\n', Dialect())
@example("a\\\r\nb,c", Dialect(escape="\\"))
def test_split_rows(text, dialect):
    data = text.encode()
    found = split(data, dialect)
    delimiter, quote, escape = (
        one.encode() for one in (dialect.delimiter, dialect.quote, dialect.escape)
    )
    rows, stop, why = naive.split_rows(data, delimiter, quote, escape, dialect.skips_spaces)
    assert rows_of(found, data) == rows
    assert (found.stop, STOPS[found.status]) == (stop, why)
    for _, _, cells in rows:
        for _, cell, is_quoted, is_escaped in cells:
            kind = kernels.QUOTED * is_quoted + kernels.ESCAPED * is_escaped
            expected = naive.cell_value(cell, is_quoted, delimiter, quote, escape)
            assert cell_text(cell, kind, dialect) == (expected if is_escaped else cell)


@given(texts, dialects, st.integers(0, 60))
def test_a_text_that_goes_on(text, dialect, cut):
    """Of a part those rows are found that are the same whatever follows."""
    data = text.encode()
    part = data[:cut]
    found = split(part, dialect, is_end=False)
    whole, _, _ = naive.split_rows(
        data,
        *(one.encode() for one in (dialect.delimiter, dialect.quote, dialect.escape)),
        dialect.skips_spaces,
    )
    assert rows_of(found, part) == whole[: found.n]
    assert found.status != kernels.OPEN_QUOTE


@given(texts, dialects)
def test_copied_columns(text, dialect):
    """Copies are the cells on one line each, joined where they are not empty."""
    found = split(text.encode(), dialect)
    chunk = Chunk.of(found, dialect)
    if not chunk.n:
        return
    width = int(found.widths[chunk.rows[0]])
    columns = list(range(width))
    lines = chunk.texts(columns, " + ")
    cells = list(zip(*map(chunk.column, columns), strict=True))
    flat = [[c.replace("\n", " ").replace("\r", " ") for c in row] for row in cells]
    data = text.encode()
    starts = [
        [found.cell_starts[a + k] < found.cell_ends[a + k] for k in columns] for a in chunk.firsts
    ]
    expected = [
        " + ".join(c for c, is_there in zip(row, there, strict=True) if is_there)
        for row, there in zip(flat, starts, strict=True)
    ]
    assert lines == expected
    assert len(data) + 1 >= sum(map(len, starts))


WRITERS = [
    {"quoting": csv.QUOTE_MINIMAL},
    {"quoting": csv.QUOTE_ALL},
    {"quoting": csv.QUOTE_NONNUMERIC},
    {"quoting": csv.QUOTE_MINIMAL, "doublequote": False, "escapechar": "\\"},
    {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
    {"quoting": csv.QUOTE_NONE, "escapechar": "\\"},
]
cell_texts = st.lists(
    st.sampled_from([*'ab ,;|\t"\\é日.1', "\n", "\r\n", "y" * 33]), max_size=8
).map("".join)


@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(cell_texts, min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.sampled_from([",", ";", "\t", "|", "§"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(WRITERS),
)
def test_what_the_csv_module_writes(rows, delimiter, end, how):
    is_plain = how["quoting"] == csv.QUOTE_NONE
    if how["quoting"] != csv.QUOTE_ALL:  # the module minds the characters of its own line end only
        rows = [[re.sub("\r?\n", end[-1:], cell) for cell in row] for row in rows]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, **how).writerows(rows)
    dialect = Dialect(delimiter, "" if is_plain else '"', how.get("escapechar", ""))
    data = out.getvalue().encode()
    found = split(data, dialect)
    assert (found.status, found.n) == (kernels.ROW_END, len(rows))
    chunk = Chunk.of(found, dialect)
    assert chunk.table() == rows


def test_many_cells_and_many_rows():
    data = b",".join([b"x"] * 30_000) + b"\n"
    found = split(data * 3, Dialect())  # which has room for the cells of some rows
    assert set(found.widths.tolist()) == {30_000}
    assert (found.stop, found.status) == (len(data) * found.n, kernels.NEXT_CELL)
    found = Dialect().split(np.frombuffer(b"a,b\n" * 100, np.uint8), most_rows=7)
    assert (found.n, found.stop, found.status) == (7, 28, kernels.NEXT_CELL)


@pytest.mark.parametrize(
    ("data", "stop", "cell", "seen"),
    [(b'a,b\n1,"x" y\n', 4, 7, 10), (b'"a"b', 0, 1, 3), (b'a\n"b\nc"d', 2, 3, 7)],
)
def test_where_text_follows_a_quote(data, stop, cell, seen):
    found = split(data, Dialect())
    assert found.status == kernels.TEXT_AFTER_QUOTE
    assert (found.stop, found.bad_cell, found.error_at) == (stop, cell, seen)


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=5).map(lambda row: row.replace(b"\n", b"")),
            st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1.125, width=32)), max_size=3),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([b",", b"\t", b"\xc2\xa7"]),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_add_cells(rows, k, with_probs, delimiter, line_end):
    names = [b"a", b'"b, c"', b""]
    found = [labels[:k] for _, labels in rows]
    text = b"\n".join(row for row, _ in rows)
    starts = np.cumsum([0, *(len(row) + 1 for row, _ in rows)]).astype(np.int64)
    ends = starts[1:] - 1
    ids, scores = np.full((len(rows), k), -1, np.int32), np.full((len(rows), k), np.nan, np.float32)
    for i, some in enumerate(found):
        for j, (label, p) in enumerate(some):
            ids[i, j], scores[i, j] = label, p
    counts = np.array([len(some) for some in found], np.int32)
    bounds = np.cumsum([0, *map(len, names)]).astype(np.int64)
    cells = Strings(bounds, np.frombuffer(b"".join(names), np.uint8))
    room = len(rows) * (k * (7 + 2 * len(delimiter) + 13) + len(line_end))
    out = np.empty(len(text) + room, np.uint8)
    size = add_cells(
        np.frombuffer(text or b" ", np.uint8),
        starts,
        ends,
        len(rows),
        Best(k, counts, ids.ravel(), scores.ravel()),
        cells,
        *(Text(np.frombuffer(one, np.uint8), len(one)) for one in (delimiter, line_end)),
        int(with_probs),
        out,
    )
    expected = naive.add_cells(
        [row for row, _ in rows],
        [[names[label] for label, _ in some] for some in found],
        [[float(np.float32(p)) for _, p in some] for some in found] if with_probs else None,
        k,
        delimiter,
        line_end,
    )
    assert out[:size].tobytes() == expected
