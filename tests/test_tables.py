"""Tables: dialects, rows with damage among them, headers, columns, labels."""

import csv
import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.tables import delimited
from fastcli.tables.choice import Columns, choose
from fastcli.tables.columns import (
    are_row_numbers,
    find_column,
    is_position,
    usual_label,
    usual_text,
)
from fastcli.tables.delimited import OPEN_QUOTE, REMNANT, TEXT_AFTER_QUOTE, Delimited, Utf8
from fastcli.tables.dialects import (
    DELIMITERS,
    Asked,
    Dialect,
    Like,
    decode_lines,
    dialect_of,
    is_delimiter,
    kind_of_name,
    looks_like_table,
    read_delimiter,
    skip_sep_line,
)
from fastcli.tables.headers import has_header
from fastcli.tables.labels import BadLabel, LabelOptions, LabelReader, LabelsAreText, read_list
from fastcli.tables.lists import is_like_list, read_bare_list
from fastcli.tables.values import is_date, is_missing, is_number, shortest, whole_number

CELLS = st.text(st.sampled_from([*"ab1 é日,;|:\"'.#\u2028\x0b\x85"]), max_size=6)


def opened(data, encoding="", **asked):
    data = data if isinstance(data, bytes) else data.encode()
    stream = io.BytesIO(data)
    return Delimited("x", Utf8(stream, encoding) if encoding else stream, Asked(**asked))


def rows_of(data, encoding="", **asked):
    return [row for chunk in opened(data, encoding, **asked).chunks() for row in chunk.table()]


def bad_of(data, **asked):
    return [
        (str(place), reason, text)
        for chunk in opened(data, **asked).chunks()
        for place, reason, text in chunk.bad
    ]


def head(text, delimiter=","):
    return [line.split(delimiter) for line in text.split("\n")]


# ---------------------------------------------------------------------- dialects


def dialect(text, **asked):
    return dialect_of(text.encode(), Asked(**asked))


@pytest.mark.parametrize(
    ("line", "kind", "delimiter"),
    [
        ("a,b", "csv", ","),
        ("a;b,c;d", "csv", ";"),
        ("a\tb", "csv", "\t"),
        ("a|b|c,d", "csv", "|"),
        ("a\tb,c,d", "tsv", "\t"),
        ("a|b,c,d", "psv", "|"),
        ("a,b", "tsv", ","),  # whatever its name says
        ('"Doe, J, and son";x', "csv", ";"),
        ("", "csv", ","),
        ("one", "csv", ","),
        ("a;b\n1,5;2\n2,5;3", "csv", ";"),
        ("1,5;2,5;x\n3,5;4,5;y", "csv", ";"),  # decimal commas
        ('text,label\n"a; b",x\n"c; d",y', "csv", ","),
        ("a|b, c, d\ne|f\ng|h", "csv", "|"),  # all rows have as many
    ],
)
def test_delimiters(line, kind, delimiter):
    assert dialect(line, kind=kind).delimiter == delimiter
    assert dialect(line, kind=kind, delimiter="^").delimiter == "^"


@given(
    st.lists(st.lists(st.text("ab1 é", min_size=1), min_size=2, max_size=4), min_size=1),
    st.sampled_from(DELIMITERS),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_the_delimiter_of_plain_cells_is_found(rows, delimiter, quoting):
    out = io.StringIO()
    rows = [(row * 2)[: len(rows[0])] for row in rows]
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    expected = [row for row in rows if len(row) == len(rows[0])]
    assert rows_of(out.getvalue()) == expected


def test_quotes_by_kind():
    assert dialect("a", kind="csv").has_quotes
    assert dialect("a", kind="psv").has_quotes
    assert not dialect("a", kind="tsv").has_quotes
    assert dialect("a", kind="tsv", quotes="yes").has_quotes
    assert not dialect("a", kind="csv", quotes="no").has_quotes


def test_escapes_are_seen():
    escaped = 'label,text\njeans,"2\\" seam"\nshirt,"he said \\"hi\\""\n'
    assert dialect(escaped) == Dialect(escape="\\")
    assert rows_of(escaped)[1:] == [["jeans", '2" seam'], ["shirt", 'he said "hi"']]
    assert dialect(escaped, escape="none") == Dialect()
    assert dialect('a,b\n1,"c:\\"\n2,"d\\"\n') == Dialect()  # they are text
    assert dialect("a,b\n1,2\n", escape="backslash") == Dialect(escape="\\")


def test_spaces_before_quotes_are_seen():
    text = 'a, "b", c\n1, "x, y", z\n'
    assert dialect(text) == Dialect(skips_spaces=True)
    assert rows_of(text) == [["a", "b", "c"], ["1", "x, y", "z"]]
    assert dialect('a, b\n1, say "x"\n') == Dialect()


def test_the_line_of_excel():
    assert skip_sep_line(b"sep=;\r\na;b") == (";", 7)
    assert skip_sep_line(b'"sep=,"\na') == (",", 8)
    assert skip_sep_line(b"sep=;; a\n") == skip_sep_line(b"separate\n") == ("", 0)
    table = opened("sep=|\na|b\n1|2\n")
    assert [chunk.table() for chunk in table.chunks()] == [[["a", "b"], ["1", "2"]]]
    assert table.head.lines == [2, 3]


def test_remarks():
    assert Dialect().remark() == Dialect("\t").remark("tsv") == ""
    assert Dialect("\t").remark() == "separated by tabs"
    said = "separated by ';', quotes escaped by backslashes, spaces after separators"
    assert Dialect(";", '"', "\\", True).remark() == said


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
    found = dialect_of(line.encode(), Asked(), like=Like(",", (2, 3)))
    assert found.delimiter == delimiter


@pytest.mark.parametrize("text", ["\t", "\\t", "tab"])
def test_words_for_a_tab(text):
    assert read_delimiter(text) == "\t"


@pytest.mark.parametrize("text", [",,", '"', "\n", "\r", "\0", "comma"])
def test_what_cannot_separate_columns(text):
    assert not is_delimiter(text)
    with pytest.raises(ArgumentError, match="--delimiter must be one character"):
        read_delimiter(text)


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


# -------------------------------------------------------------------------- rows

BLOCKS = [1, 3, 7, 64, 1 << 20]


@settings(max_examples=300)
@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=8)
    ),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252", "shift_jis", "latin-1"]),
    st.sampled_from(BLOCKS),
)
@example([["a", "b"], ["\xe9", "\u65e5"]], ";", "\r", csv.QUOTE_ALL, "utf-16", 3)
def test_tables_of_any_dialect_and_encoding(rows, delimiter, end, quoting, encoding, block):
    """What Python's csv module writes is read back equal, in blocks of any size."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows(rows)
    text = out.getvalue()
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        encoding, data = "utf-8", text.encode()
    # Rows of cells that are all blank are lines without anything where nothing is in quotes.
    expected = [row for row in rows if quoting == csv.QUOTE_ALL or delimiter in text]
    before, delimited.BLOCK = delimited.BLOCK, block
    head_before, delimited.HEAD = delimited.HEAD, max(block, 16)
    try:
        is_utf8 = encoding.startswith("utf-8")
        found = rows_of(data, "" if is_utf8 else encoding, delimiter=delimiter, quotes="yes")
    finally:
        delimited.BLOCK, delimited.HEAD = before, head_before
    assert found == expected


@given(
    st.lists(
        st.text(
            st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n\0"), max_size=9
        ),
        min_size=1,
        max_size=9,
    )
)
def test_columns_as_numbers_of_their_cells(cells):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("x", cell) for cell in cells])
    table = Delimited("x.csv", io.BytesIO(out.getvalue().encode()), Asked("csv", ","))
    found = [cell for chunk in table.chunks() for cell in chunk.coded(1)]
    assert found == cells


def test_bytes_that_are_no_utf8_come_through():
    assert rows_of(b"a,caf\xe9\n\xff,b\n") == [["a", "caf\udce9"], ["\udcff", "b"]]
    assert decode_lines(b"caf\xe9\n\xff\n") == ["caf\udce9", "\udcff"]
    (row,) = rows_of(b"a,\x81\n", encoding="cp1252")
    assert row == ["a", "\udc81"]


def test_rows_of_another_width():
    data = 'a,b\n"1\n",2\n3,4,5\n6\n7,8\n'
    assert rows_of(data) == [["a", "b"], ["1\n", "2"], ["7", "8"]]
    assert [line for chunk in opened(data).chunks() for line in chunk.lines] == [1, 2, 6]
    assert bad_of(data) == [
        ("x:4", "3 columns instead of 2", "3,4,5"),
        ("x:5", "1 columns instead of 2", "6"),
    ]


def test_a_quote_that_is_not_closed_costs_one_line():
    data = 'a,b\n1,"2\n3,4\n5,6\n'
    assert rows_of(data) == [["a", "b"], ["3", "4"], ["5", "6"]]
    assert bad_of(data) == [("x:2, column 3", OPEN_QUOTE, '1,"2\n3,4\n5,6\n')]


def test_text_behind_a_quote_costs_the_lines_of_its_row():
    data = 'a,b\n"x" y,1\n"one\ntwo" more,2\n3,"4"\n5" screen,6\n'
    assert rows_of(data) == [["a", "b"], ["3", "4"], ['5" screen', "6"]]
    assert bad_of(data) == [
        ("x:2, column 1", TEXT_AFTER_QUOTE, '"x" y'),
        ("x:3, column 1", TEXT_AFTER_QUOTE, '"one\ntwo" m'),
        ("x:4", REMNANT, 'two" more,2'),
    ]
    data = 'a,b\n"x" y,1\nThird "q",3\n'
    assert rows_of(data) == [["a", "b"], ['Third "q"', "3"]]


def test_a_row_that_never_ends(monkeypatch):
    monkeypatch.setattr(delimited, "LONGEST_ROW", 1000)
    monkeypatch.setattr(delimited, "BLOCK", 256)
    data = 'a,b\n1,"2\n' + "3,4\n" * 1000
    assert len(rows_of(data)) == 1001
    (bad,) = bad_of(data)
    assert bad[:2] == ("x:2, column 3", OPEN_QUOTE)


def test_empty_lines_are_no_rows():
    table = opened("\n \na,b\n\t\n1,2\n")
    (chunk,) = [chunk for chunk in table.chunks() if chunk.n]
    assert chunk.table() == [["a", "b"], ["1", "2"]]
    assert chunk.lines == [3, 5]
    assert rows_of("") == rows_of("\n\n") == []


def test_a_first_row_longer_than_what_is_looked_at():
    data = ",".join(["name"] * 30_000) + "\n" + ",".join(["1"] * 30_000) + "\n"
    table = opened(data)
    assert len(table.head.table()[0]) == 30_000
    assert [len(row) for row in rows_of(data)] == [30_000] * 2


def test_long_cells():
    cell = "a" * 3_000_000
    assert rows_of(f'x,"{cell}"\ny,z\n') == [["x", cell], ["y", "z"]]


# ----------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label,a,b\n0,1.5,2\n1,3.5,1", True),
        ("ItemText,Rating\ngood thing,5\nbad thing,1", True),
        ("0,1,2,label\n3.1,-2.9,0.1,yes\n-0.3,0.4,0.2,no", True),
        (",0,1,2,y\n0,1.5,2,3,a\n1,3,4,5,b", True),
        ("0,1,2,3\n0.5,1.5,2.5,3\n4,5,6,7", True),
        ("label,0,1\na,1.5,2\nb,2.5,3", True),
        ("text,label\nFirst,one\nx,two", True),
        ("id,comment_text,toxic,obscene\n1,you fool,1,0\n2,hello,0,0", True),
        ("Body,Team\nx y z,A\nfoo,B", True),
        ("question,answer\nwhat is it,a thing\nwho,me", True),
        ("text\nhello there\nmore", True),
        ("sepal_length,species\n5.1,setosa", True),
        ("文本,标签\n今天天气很好,天气\n股票大涨,财经", True),
        ("date,amount\n2020-01-01,\n2020-01-02,", True),
        ("text,label", True),
        ("1,y,l\n1,2,a", True),
        ("text,text,label\na,b,c", True),
        ("is the shop open today ?,question\nthe shop is open,statement\nclose it,command", False),
        ("hello,question\nhow are you today,greeting", False),
        ("5.1,3.5,1.4,Iris-setosa\n4.9,3.0,1.4,Iris-setosa", False),
        ("good food,5\nbad food,1", False),
        ("0,1,2,yes\n3,1,2,no\n4,5,6,yes", False),
        ("1,2,3,4\n2,3,4,5\n3,4,5,6", False),
        ("a,1,2\nb,1,z", False),
        ("n/a,yes\n3,no\n4,yes", False),
        ("今天天气很好,天气\n股票大涨,财经", False),
        ("Great product,5\nBad,1", False),
        ("good movie,pos", False),
        ("title,body\ntitle,body", False),
        ("1,2", False),
        ("2023-01-02,a\n2023-01-03,b", False),
    ],
)
def test_headers(text, expected):
    assert has_header(head(text)) == expected


def test_the_label_tells_nothing_by_its_numbers():
    rows = head("2,x,1\n3,4,5")
    assert has_header(rows, 2)
    assert has_header(rows, -1)


# ----------------------------------------------------------------------- columns


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


def test_usual_names():
    assert usual_label("x", ["id", "Class_Label", "text"]) == "Class_Label"
    assert usual_label("x", ["x", "y", "kind"]) is None  # coordinates
    assert usual_label("x", ["x1", "x2", "y"]) == "y"
    assert usual_text("x", ["title", "text", "label"]) == "text"
    with pytest.raises(ArgumentError, match=r"x: 2 columns could be meant \(label, class\)\. Give"):
        usual_label("x", ["label", "class"])
    with pytest.raises(ArgumentError, match="--text-column title or --text-column body"):
        usual_text("x", ["title", "body"])


def test_row_numbers():
    assert are_row_numbers(["5", "6", "7"])
    assert not any(map(are_row_numbers, [[], ["0", "2"], ["a"], ["1.0"]]))


def test_choices():
    found = choose("x", Columns(), ["what", "label"], True, True)
    assert (found.text_names, found.label_names) == (("what",), ("label",))
    assert (
        found.sentence("x", ["header"]) == "x: header; text: column 'what'; label: column 'label'"
    )
    found = choose("x", Columns(("0",)), ["0", "1"], False, False)
    assert (found.text, found.label) == ((0,), ())
    with pytest.raises(ArgumentError, match="which column"):
        choose("x", Columns(("0",)), ["0", "1"], False, True)
    for columns, uses in [
        (Columns(("a",), ("0",)), "text and label"),
        (Columns(("a", "0"), ("b",)), "text"),
        (Columns(("b",), ("a",), weight="0"), "label and weight"),
        (Columns(("b",), ("a",), weight="-1"), "text and weight"),
    ]:
        with pytest.raises(ArgumentError, match=f"cannot be used twice, as {uses}\\."):
            choose("x", columns, ["a", "b"], True, True)


# ------------------------------------------------------------------------ labels


def labels_of(cells, names=("l",), read=None, **options):
    rows = [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
    reader = LabelReader("x", names, rows, LabelOptions(**options), **(read or {}))
    return [reader.of(row) for row in rows]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.0", "2.0", "1"], ["1", "2", "1"]),
        (["+1", "-1.0", "-0"], ["1", "-1", "0"]),
        (["01", "1"], ["01", "1"]),
        (["1.10", "1"], ["1.10", "1"]),
        (["1", "x"], ["1", "x"]),
        ([" a ", "__label__b"], ["a", "b"]),
        ([1, 1.0, 2.5, True], ["1", "1", "2.5", "true"]),
        (["['food', \"cheap eats\"]", "[]"], ["food cheap eats", ""]),
        (['["a", 1, 2.0]', "['b']"], ["a 1 2", "b"]),
        ([["a", "b"], []], ["a b", ""]),
        ([{"toxic": 1, "obscene": 0}, {"toxic": 0}], ["toxic", ""]),
        ([None, "a", float("nan")], ["", "a", ""]),
    ],
)
def test_labels(cells, expected):
    assert [" ".join(found) for found in labels_of(cells)] == expected


def test_labels_are_what_is_asked_for():
    assert labels_of(["1.0", "01"], labels_as="text") == [("1.0",), ("01",)]
    assert labels_of(["1.0", "01", "2.50"], labels_as="number") == [("1",), ("1",), ("2.5",)]
    assert labels_of(["a|b", "c"], separator="|") == [("a", "b"), ("c",)]
    assert labels_of(["", "a"], none="nothing") == [("nothing",), ("a",)]
    with pytest.raises(BadLabel, match="'x' is not a number"):
        LabelReader("x", ("l",), [("1",)], LabelOptions(labels_as="number")).of(("x",))


def test_numbers_that_turn_out_to_be_text():
    with pytest.raises(LabelsAreText, match=r"there are 1\.0 and 1\.10\. Give --labels-as text"):
        labels_of(["1.0", "2.0", "1.10"])
    assert labels_of(["1", "2", "1.10", "1.0"]) == [("1",), ("2",), ("1.10",), ("1.0",)]


def test_columns_of_zeros_and_ones():
    names = ("toxic", "obscene")
    rows = [("1", "0"), ("0", "0"), ("1", "true")]
    assert labels_of(rows, names) == [("toxic",), (), ("toxic", "obscene")]
    assert labels_of(rows, names, none="fine")[1] == ("fine",)
    assert labels_of([("1", "news"), ("0", "sport")], names) == [("1", "news"), ("0", "sport")]
    with pytest.raises(BadLabel, match="'2' where column obscene has 0 or 1"):
        LabelReader("x", names, rows).of(("1", "2"))
    with pytest.raises(ArgumentError, match="no header that names them"):
        LabelReader("x", ("0", "1"), rows, has_names=False)


def test_mistakes_in_columns_of_zeros_and_ones():
    names = ("toxic", "obscene")
    for rows in (
        [("-1", "-1"), ("0", "1"), ("1", "0")],
        [*[("0", "1")] * 9, ("1", "2"), ("", "0")],
        [*[("-1", "-1")] * 9, ("0", "1")],  # -1: not known
    ):
        reader = LabelReader("x", names, rows)
        assert reader.kind == "columns"
        assert reader.of(("0", "1")) == ("obscene",)
        for row in (("0", "-1"), ("1", "2"), ("0", "")):
            with pytest.raises(BadLabel, match=f"'{row[1]}' where column obscene") as caught:
                reader.of(row)
            assert caught.value.column == "obscene"
    for rows in ([("1", "2"), ("5", "3"), ("1", "4")], [("1", "1"), ("2", "3")]):
        assert LabelReader("x", names, rows).kind == "values"
    numbers = LabelOptions(labels_as="number")
    assert LabelReader("x", names, [("0", "1")], numbers).of(("0", "1")) == ("0", "1")


def test_columns_of_yes_and_no():
    rows = [("Yes", "no"), ("no", "no"), ("yes", "YES")]
    assert labels_of(rows, ("a", "b")) == [("a",), (), ("a", "b")]


def test_lists_of_zeros_and_ones_in_text_need_names():
    for cells in (
        ["[1, 0, 1]", "[0, 1, 0]"],
        ["[1 0 1]", "[0 0 0]", "nan"],
        ["[0,1,1]", "[0,1,1]", "[1,0,0]", "[1,0,2]"],
        ["[1.0, 0.0]", "[0.0, 1.0]"],
        [[1, 0, 1], [0, 0, 0], [1, 0, 0], [1]],
        ["[1,1,0]", *["[0,1,0]"] * 5, "[]"],
    ):
        with pytest.raises(ArgumentError, match=r"lists of [23] zeros and ones in l do not say"):
            LabelReader("x", ("l",), [(cell,) for cell in cells])
    read = {"class_names": {"l": ["a", "b"]}}
    assert labels_of(["[1, 0]", "[1, 1]", ""], read=read) == [("a",), ("a", "b"), ()]
    reader = LabelReader("x", ("l",), [("[1, 0]",), ("[1, 1]",)], **read)
    for cell in ("[1, 2]", "[1]", "a"):
        with pytest.raises(BadLabel, match="is not a list of 2 zeros and ones"):
            reader.of((cell,))
    assert labels_of(["[1]", "[0, 1]", "[1]"]) == [("1",), ("0", "1"), ("1",)]


@pytest.mark.parametrize(
    "cell", ["('x', 'y')", "{'x', 'y'}", "['x' 'y']", "['x'\n 'y']", '["x", "y"]', "('x', 'y',)"]
)
def test_lists_as_programs_write_them(cell):
    missing = ["nan", "", "None", "null"]
    assert labels_of([cell, "['z']", *missing]) == [("x", "y"), ("z",), *[()] * 4]
    reader = LabelReader("x", ("l",), [(cell,)] * 3 + [("broken",)])
    with pytest.raises(BadLabel, match="'broken' is not a list of labels"):
        reader.of(("broken",))
    reader = LabelReader("x", ("l",), [("news",), ("sport",), (cell,)])
    with pytest.raises(BadLabel, match="looks like a list, and most labels are none"):
        reader.of((cell,))
    assert labels_of([cell, "a"], separator="none") == [(cell,), ("a",)]


def test_lists_without_quotes():
    assert labels_of(["[x, y]", "[z]", "nan"]) == [("x", "y"), ("z",), ()]
    assert labels_of(["[URGENT]", "[LATER]"]) == [("[URGENT]",), ("[LATER]",)]
    assert labels_of(["news (a, b)", "x"]) == [("news (a, b)",), ("x",)]
    reader = LabelReader("x", ("l",), [("news",), ("sport",), ("[x, y]",)])
    for cell in ("[x, y]", "['x', 'y", "array(['x'])", "{'x': 1}", "set(['x'])"):
        with pytest.raises(BadLabel, match="looks like a list"):
            reader.of((cell,))


@given(st.lists(st.text(max_size=9), min_size=1, max_size=5))
def test_lists_are_read_back(items):
    for cell in (str(items), json.dumps(items), str(tuple(items))):
        assert read_list(cell) == items


@given(st.text("[](){}'\",x1 \\", max_size=12))
def test_any_text_is_a_list_or_not(text):
    read_list(text)
    read_bare_list(text)
    is_like_list(text)


def test_lists_of_zeros_and_ones_need_names():
    rows = [([1, 0, 1],), ([0, 0, 0],)]
    with pytest.raises(ArgumentError, match="lists of 3 zeros and ones in l do not say"):
        LabelReader("x", ("l",), rows)
    names = {"l": ["a", "b", "c"]}
    assert labels_of([[1, 0, 1], [0, 0, 0]], read={"class_names": names}) == [("a", "c"), ()]
    assert labels_of([2, 0], read={"class_names": names}) == [("c",), ("a",)]
    assert labels_of([[1], [0]]) == [("1",), ("0",)]


@pytest.mark.parametrize("cell", ["('a')", "[a, b]", "[1", "['a'] + ['b']", "[['a']]", "a"])
def test_what_is_no_list(cell):
    assert read_list(cell) is None


def separators(cells, **options):
    rows = [(cell,) for cell in cells]
    reader = LabelReader("x", ("l",), rows, LabelOptions(**options))
    for row in rows:
        reader.of(row)
    return reader.check_separators()


def test_cells_of_several_labels():
    with pytest.raises(
        ArgumentError, match=r"4 different ones, made of 3\. Give --label-sep.* ','"
    ):
        separators(["a,b", "b", "a", "b,c"])
    with pytest.raises(ArgumentError, match=r"--label-separator ';'"):
        separators(["x; y", "x", "y; x", "y"])
    assert separators(["a,b", "b", "a", "b,c"], separator="none") == ""
    assert separators(["Sports, Outdoors", "Books", "Toys"]) == ""
    said = separators(["New York, NY", "Austin, TX", "Salem, OR"])
    assert said.startswith("x: 3 of 3 labels have ',', such as New York, NY: give --label-sep")


# ------------------------------------------------------------------------ values


def test_values():
    assert all(map(is_number, ["1", "-1.5", "1e3", " 2 ", "1,5", "nan", "inf"]))
    assert not any(map(is_number, ["", "a", "1_0", "1,5,6", "0x10"]))
    assert all(map(is_missing, ["", " ", "NA", "n/a", "NaN", "null", "?", "None"]))
    assert not any(map(is_missing, ["0", "no", "x"]))
    dates = ["2023-10-03", "3.10.2023", "10/3/23", "2023-10-03 12:30", "2023-10-03T12:30:05.1Z"]
    assert all(map(is_date, [*dates, "3 Oct 2023", "Oct 3, 2023", "2023年10月3日"]))
    assert not any(map(is_date, ["2023", "1-2", "12:30", "1.5", "a-b-c", "1700000000000"]))
    assert [*map(whole_number, ["1", "1.00", "007", "1.5", "", "-0.0"])] == [
        "1",
        "1",
        *[None] * 3,
        "0",
    ]
    assert [*map(shortest, [1.0, -2.5, 1e20, 0.1])] == ["1", "-2.5", "1e+20", "0.1"]
    assert [shortest(float("inf")), shortest(float("-inf"))] == ["inf", "-inf"]
