"""Delimited tables: what Python's csv module writes is read back; delimiters, headers, columns."""

import csv
import io
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.text.table_rows import CHARS, ROWS, open_table, row_chunks
from fastcli.text.tables import (
    DELIMITERS,
    Dialect,
    Location,
    decode_lines,
    dialect_like,
    dialect_of,
    find_column,
    has_usual_name,
    has_words_above_numbers,
    is_delimiter,
    is_position,
    kind_of_name,
    looks_like_table,
    most_frequent_delimiter,
    read_delimiter,
)

ALPHABET = st.sampled_from([*"ab1 é日,;\t|:\"'\\.#\u2028\x0b\x85"])
CELLS = st.text(ALPHABET, max_size=6)
LONG_CELLS = st.lists(ALPHABET | st.sampled_from(["\n", "\r\n"]), max_size=6).map("".join)
ALL_DELIMITERS = st.sampled_from([*DELIMITERS, ":", " ", "^", "é"])
LINE_ENDS = st.sampled_from(["\n", "\r\n"])
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])


def tables_of(cells):
    return st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8
        )
    )


def written(rows, delimiter, end="\n", quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue()


def chunks_of(text, kind="csv", delimiter="", quotes="auto"):
    dialect, lines = open_table(io.StringIO(text, newline=""), kind, delimiter, quotes)
    return list(row_chunks("x", lines, dialect))


def rows_of(text, **options):
    return [row for chunk in chunks_of(text, **options) for row in chunk.rows]


# ------------------------------------------------------------------ round trips


@given(tables_of(LONG_CELLS), ALL_DELIMITERS, LINE_ENDS, QUOTING)
def test_rows_are_read_back(rows, delimiter, end, quoting):
    text = written(rows, delimiter, end, quoting)
    chunks = chunks_of(text, delimiter=delimiter)
    assert [row for chunk in chunks for row in chunk.rows] == rows
    assert [bad for chunk in chunks for bad in chunk.bad] == []


@given(tables_of(LONG_CELLS), ALL_DELIMITERS, LINE_ENDS, QUOTING)
def test_lines_are_those_that_rows_begin_at(rows, delimiter, end, quoting):
    lines, start = [], 1
    for row in rows:
        lines.append(start)
        text = written([row], delimiter, end, quoting)
        start += text.count("\n") + text.count("\r") - text.count("\r\n")
    chunks = chunks_of(written(rows, delimiter, end, quoting), delimiter=delimiter)
    assert [line for chunk in chunks for line in chunk.lines] == lines


@given(tables_of(CELLS), ALL_DELIMITERS, st.sampled_from(["", "\n", "\r\n"]), QUOTING)
@example([[""]], ",", "", csv.QUOTE_MINIMAL)
def test_single_lines_are_read_back(rows, delimiter, end, quoting):
    """Where a line is a row, one line at a time gives what the csv module reads."""
    dialect = Dialect(delimiter)
    for row in rows:
        assert dialect.cells(written([row], delimiter, end, quoting)) == row


@given(st.text(ALPHABET, max_size=20), ALL_DELIMITERS)
def test_any_line_is_read_as_the_csv_module_reads_it(line, delimiter):
    assert Dialect(delimiter).cells(line) == next(csv.reader([line], delimiter=delimiter), [])


@given(st.text(ALPHABET, max_size=20), ALL_DELIMITERS)
def test_quotes_that_are_text(line, delimiter):
    expected = next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    assert Dialect(delimiter, has_quotes=False).cells(line) == expected
    assert rows_of(line, delimiter=delimiter, quotes="no") == [row for row in [expected] if row]


@given(st.text(ALPHABET | st.sampled_from("\r\n"), max_size=40), ALL_DELIMITERS)
def test_no_text_is_too_odd(text, delimiter):
    """Whatever it is, every chunk has rows of one width, and their lines rise."""
    chunks = chunks_of(text, delimiter=delimiter)
    assert len({len(row) for chunk in chunks for row in chunk.rows}) <= 1
    lines = [line for chunk in chunks for line in chunk.lines]
    assert lines == sorted(set(lines))
    assert all(len(chunk.rows) == len(chunk.lines) for chunk in chunks)


def test_bytes_that_are_no_utf8_come_through():
    lines = decode_lines(b"a,caf\xe9\n\xff\n")
    assert [[os.fsencode(cell) for cell in Dialect().cells(line)] for line in lines] == [
        [b"a", b"caf\xe9"],
        [b"\xff"],
    ]


# ------------------------------------------------------------------------- rows


def test_rows_come_in_chunks():
    rows = [[str(i), "x"] for i in range(ROWS + 5)]
    chunks = chunks_of(written(rows, ","))
    assert [len(chunk.rows) for chunk in chunks] == [ROWS, 5]
    assert [line for chunk in chunks for line in chunk.lines] == list(range(1, ROWS + 6))
    long = chunks_of(written([["a" * (CHARS // 2), "b"]] * 4, ","))
    assert [len(chunk.rows) for chunk in long] == [2, 2]


def test_long_cells_have_no_limit_of_the_csv_module():
    cell = "a" * 300_000
    assert rows_of(f'x,"{cell}"\n') == [["x", cell]]
    assert Dialect().cells(f'x,"{cell}"') == ["x", cell]


def test_empty_lines_are_no_rows():
    (chunk,) = chunks_of("\n\na,b\n\n1,2\n")
    assert chunk.rows == [["a", "b"], ["1", "2"]]
    assert chunk.lines == [3, 5]
    assert chunks_of("") == chunks_of("\n\n") == []


def test_rows_of_another_width():
    (chunk,) = chunks_of('a,b\n"1\n",2\n3,4,5\n6\n7,8\n')
    assert chunk.rows == [["a", "b"], ["1\n", "2"], ["7", "8"]]
    assert chunk.lines == [1, 2, 6]
    assert [(str(place), *rest) for place, *rest in chunk.bad] == [
        ("x:4", "3 columns instead of 2", "3,4,5"),
        ("x:5", "1 columns instead of 2", "6"),
    ]


def test_a_quote_that_is_not_closed():
    (chunk,) = chunks_of('a,b\n1,"2\n3,4\n')
    assert chunk.rows == [["a", "b"]]
    assert chunk.bad == [(Location("x", 2), "a quote is not closed", "2\n3,4\n")]


def test_what_the_csv_module_refuses_is_in_the_next_chunk():
    lines = ["a,b\n", "1,2\r3\n", "5,6\n"]
    chunks = list(row_chunks("x", iter(lines), Dialect()))
    assert [row for chunk in chunks for row in chunk.rows] == [["a", "b"], ["5", "6"]]
    ((place, reason, _),) = [bad for chunk in chunks for bad in chunk.bad]
    assert place == Location("x", 2)
    assert "new-line character" in reason


def test_a_carriage_return_inside_a_line():
    assert Dialect().cells("a,b\r") == ["a", "b"]
    with pytest.raises(ValueError, match="a carriage return inside the line"):
        Dialect().cells("a\r,b")


# ---------------------------------------------------------------------- dialects


@pytest.mark.parametrize(
    ("line", "kind", "delimiter"),
    [
        ("a,b", "csv", ","),
        ("a;b,c;d", "csv", ";"),
        ("a\tb", "csv", "\t"),
        ("a|b|c,d", "csv", "|"),
        ("a,b", "tsv", "\t"),
        ("a,b", "psv", "|"),
        ('"Doe, J, and son";x', "csv", ";"),
        ("", "csv", ","),
        ("one", "csv", ","),
    ],
)
def test_delimiters(line, kind, delimiter):
    assert dialect_of(line, kind).delimiter == delimiter
    assert dialect_of(line, kind, "^").delimiter == "^"


@given(tables_of(st.text("ab1 é", min_size=1)), st.sampled_from(DELIMITERS), QUOTING)
def test_the_delimiter_of_plain_cells_is_found(rows, delimiter, quoting):
    rows = [[*row, "x"] for row in rows]
    assert rows_of(written(rows, delimiter, quoting=quoting)) == rows


def test_quotes_by_kind():
    assert dialect_of("a", "csv").has_quotes
    assert dialect_of("a", "psv").has_quotes
    assert not dialect_of("a", "tsv").has_quotes
    assert dialect_of("a", "tsv", quotes="yes").has_quotes
    assert not dialect_of("a", "csv", quotes="no").has_quotes
    assert most_frequent_delimiter('a;5" b, 6" c, 7"', has_quotes=False) == ","


@pytest.mark.parametrize("text", ["\t", "\\t", "tab"])
def test_words_for_a_tab(text):
    assert read_delimiter(text) == "\t"


@pytest.mark.parametrize("text", [",,", '"', "\n", "\r", "\0", "comma"])
def test_what_cannot_separate_columns(text):
    assert not is_delimiter(text)
    with pytest.raises(ArgumentError, match="--delimiter must be one character"):
        read_delimiter(text)


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("1,2,a", ","),
        ("1,2", ","),
        ("1;2;a", ";"),
        ("1|2", "|"),
        ("1\t2\ta", "\t"),
        ("1,5;2,5;a", ","),  # three columns by either: the known one
        ("1,5;2,5;3,5;4", ","),  # no delimiter gives two or three
        ("1^2", ","),
    ],
)
def test_another_file_with_the_same_columns(line, delimiter):
    assert dialect_like(Dialect(","), line, (2, 3)).delimiter == delimiter


def test_kinds_by_name():
    names = ["a.csv", "a.CSV.gz", "a.tsv", "a.tab.zst", "a.psv", "a.csv.txt", "csv", "a.jsonl"]
    assert [*map(kind_of_name, names)] == ["csv", "csv", "tsv", "tsv", "psv", None, None, None]


@pytest.mark.parametrize(
    ("path", "text", "delimiter"),
    [
        ("a.csv", "one\ntwo", ","),
        ("a.csv", "a|b\nc|d", "|"),
        ("a.txt", "a|b\nc|d\ne|f", "|"),
        ("a.txt", "a,b\nc,d", None),
        ("a.txt", "some, words\nand more\nof them", None),
        ("a.txt", "one\ntwo\nthree", None),
        ("a.jsonl", '{"a": 1, "b": 2}\n' * 3, None),
        ("a.csv", "", None),
    ],
)
def test_what_looks_like_a_table(path, text, delimiter):
    found = looks_like_table(path, text.splitlines())
    assert (found and found.delimiter) == delimiter


# ------------------------------------------------------------ headers and columns


def test_headers():
    assert has_usual_name(["id", " Label "], {"label"})
    assert not has_usual_name(["labels of it"], {"label"})
    assert has_words_above_numbers([["x", "l"], ["1", "a"]], -1)
    assert not has_words_above_numbers([["1", "l"], ["1", "2"]], -1)
    assert not has_words_above_numbers([["x", "y"]], 0)


@pytest.mark.parametrize(
    ("asked", "names", "has_names", "position"),
    [
        ("b", ["a", "b"], True, 1),
        ("b", ["a", " b "], True, 1),
        (" b ", ["b", " b "], True, 1),
        ("0", ["1", "0"], True, 1),  # a name goes before a position
        ("0", ["1", "0"], False, 0),
        ("-1", ["a", "b"], True, 1),
        ("-2", ["0", "1"], False, 0),
    ],
)
def test_columns(asked, names, has_names, position):
    assert find_column("x", asked, names, has_names) == position


@pytest.mark.parametrize(
    ("asked", "names", "has_names", "said"),
    [
        (
            "lable",
            ["text", "label"],
            True,
            "x has no column lable (did you mean label?). There are",
        ),
        ("LABEL", ["text", "label"], True, "x has no column LABEL (did you mean label?)."),
        ("qqq", ["text", "label"], True, "x has no column qqq. There are: text, label"),
        ("2", ["0", "1"], False, "x has no column 2: there are 2 columns, 0 to 1, or -1 from"),
        ("1", ["0"], False, "x has no column 1: there is one column, 0."),
        ("9" * 5000, ["0", "1"], False, "x has no column 999"),
        ("a", ["a", "b", "a"], True, "x has several columns named a: give the position."),
    ],
)
def test_columns_that_are_not_there(asked, names, has_names, said):
    with pytest.raises(ArgumentError) as caught:
        find_column("x", asked, names, has_names)
    assert str(caught.value).startswith(said)


def test_positions():
    assert all(map(is_position, ["0", "12", "-1"]))
    assert not any(map(is_position, ["", "-", "--1", "1.0", "\u00b2", "a", "9" * 41]))
