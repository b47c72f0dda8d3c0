"""Numbers as input of the perceptron: CSV, TSV and libsvm, read back, refused, standardised."""

import csv
import gzip
import io
import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.feature_files import LibsvmReader, guess_format, libsvm_columns, read_libsvm
from fastcli.mlp.feature_rows import RawRows
from fastcli.mlp.feature_tables import read_like, read_tables
from fastcli.mlp.features import FeatureColumns, Labels, TableColumn
from fastcli.mlp.options import SCALES
from fastcli.mlp.table_columns import TableOptions
from fastcli.mlp.table_reader import TableReader
from fastcli.tables.labels import LabelOptions

DELIMITERS = st.sampled_from([",", ";", "\t"])
LABELS = st.sampled_from(["a", "b", "spam", "not spam", 'say "x"', "a,b", "a;b", "é", "日本"])
FLOATS = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("numbers")


def write(folder, text, name="x.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return str(path)


class Read(NamedTuple):
    """Columns as they are read, and the labels of each row."""

    x: np.ndarray
    labels: list[list[str]]


def rows_of(raw, labels):
    """Return numbers, and labels by name."""
    names = list(labels.known)
    return Read(
        raw.take_whole(), [[names[i] for i in labels.ids[a:b]] for a, b in pairwise(labels.offsets)]
    )


def read(folder, text, label_column="-1", delimiter="", name="x.csv", **options):
    """Return the columns and the rows of a text."""
    path = write(folder, text, name)
    if name.endswith(".svm"):
        columns = libsvm_columns([path])
        return columns, rows_of(*read_libsvm([path], columns))
    options = TableOptions(label_column, delimiter, labels=LabelOptions("none"), **options)
    columns, raw, labels = read_tables([path], options)
    return columns, rows_of(raw, labels)


def read_more(path, columns):
    """Return the rows of a file with the columns of another."""
    return rows_of(*read_like([str(path)], columns, TableOptions(), "training"))


def refused(folder, text, **options):
    """Return the error about a text that cannot be read, and its path."""
    with pytest.raises((DataError, ArgumentError)) as caught:
        read(folder, text, **options)
    return str(caught.value), str(folder / options.get("name", "x.csv"))


def csv_text(rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


@st.composite
def tables(draw):
    """Draw numbers float32[n, features], a label for each row, and where the label stands."""
    n, n_features = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    x = draw(hnp.arrays(np.float64, (n, n_features), elements=FLOATS))
    labels = draw(st.lists(LABELS, min_size=n, max_size=n))
    return x, labels, draw(st.integers(0, n_features))


def with_labels(x, labels, position):
    rows = [[repr(float(value)) for value in row] for row in x]
    for row, label in zip(rows, labels, strict=True):
        row.insert(position, label)
    return rows


# ------------------------------------------------------------------ round trips


@given(tables(), DELIMITERS, st.booleans())
def test_csv_is_read_back(folder, table, delimiter, from_the_end):
    x, labels, position = table
    width = x.shape[1] + 1
    column = str(position - width if from_the_end else position)
    rows = with_labels(x, labels, position)
    columns, found = read(folder, csv_text(rows, delimiter), column, delimiter, header=False)
    assert (columns.names, columns.label, columns.n_features) == ([], position, x.shape[1])
    assert found.x.dtype == np.float64
    assert np.array_equal(found.x, x)
    assert found.labels == [[label] for label in labels]


@given(tables(), DELIMITERS, st.booleans())
def test_csv_with_a_header_is_read_back(folder, table, delimiter, by_name):
    x, labels, position = table
    header = [f"column {i}" for i in range(x.shape[1])]
    header.insert(position, "kind")
    text = csv_text([header, *with_labels(x, labels, position)], delimiter)
    label = "kind" if by_name else str(position)
    columns, found = read(folder, text, label, delimiter, header=True)
    assert (columns.names, columns.label) == (header, position)
    assert np.array_equal(found.x, x)
    assert found.labels == [[label] for label in labels]


@given(tables())
def test_lines_without_labels_have_the_same_numbers(folder, table):
    x, labels, position = table
    path = write(folder, csv_text(with_labels(x, labels, position), ","))
    columns, _, _ = read_tables(
        [path], TableOptions(str(position), ",", False, labels=LabelOptions("none"))
    )
    bare = write(folder, csv_text(x.tolist(), ","), "bare.csv")
    found = rows_of(*read_like([bare], columns, TableOptions(header=False), "training"))
    assert np.array_equal(found.x, x)
    assert found.labels == [[] for _ in x]


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=FLOATS),
    st.data(),
)
def test_libsvm_is_read_back(folder, x, data):
    """Zeros may be left out; a line has any number of labels."""
    x[0, -1] = 1
    some = st.lists(st.sampled_from(["a", "b", "-1", "é"]), max_size=3, unique=True)
    labels = [data.draw(some) for _ in x]
    lines = []
    for row, names in zip(x, labels, strict=True):
        pairs = [f"{i + 1}:{float(v)!r}" for i, v in enumerate(row) if v]
        lines.append(" ".join([",".join(names), *pairs]).strip())
    assume(labels[0])
    columns, found = read(folder, "\n".join(lines), name="x.svm")
    is_there = [bool(line) for line in lines]
    assert columns.n_features == x.shape[1]
    assert np.array_equal(found.x, x[is_there])
    assert found.labels == [names for names, there in zip(labels, is_there, strict=True) if there]


@given(tables(), st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_every_line_has_its_row(folder, table, blanks):
    """Lines without anything are rows, too, so that each line has its answer."""
    x, labels, position = table
    lines = csv_text(with_labels(x, labels, position), ",").splitlines(keepends=True)
    text = "".join("\n" * n + line for n, line in zip(blanks, lines, strict=False))
    path = write(folder, text + "\n" * blanks[-1])
    columns = FeatureColumns("csv", ",", [], position, x.shape[1])
    reader = TableReader(columns, path, TableOptions(header=False))
    found = list(reader.rows(with_blank=True))
    is_blank = np.concatenate([part.blank for part in found])
    raw = np.concatenate([part.raw for part in found])
    n = len(lines)
    expected = [one for k in blanks[:n] for one in [*[True] * k, False]] + [True] * blanks[-1]
    assert is_blank.tolist() == expected
    assert np.array_equal(raw[~is_blank], x)
    names = [name for part in found for name in part.names]
    assert [name for name in names if name] == labels


def test_several_files_follow_each_other(folder):
    first = write(folder, "x,y\n1,a\n2,b\n", "first.csv")
    second = write(folder, "x,y\n3,c\n", "second.csv")
    third = write(folder, "4,d\n", "third.csv")
    columns, _, _ = read_tables([first, second], TableOptions("y"))
    found = rows_of(*read_like([first, second, third], columns, TableOptions(), "training"))
    assert found.x.tolist() == [[1], [2], [3], [4]]
    assert found.labels == [["a"], ["b"], ["c"], ["d"]]


def test_compressed_files(folder):
    text = gzip.compress(b"x;y;l\n1;2;a\n3;4;b\n")
    columns, found = read(folder, text, name="x.csv.gz")
    assert columns.delimiter == ";"
    assert found.x.tolist() == [[1, 2], [3, 4]]


# ---------------------------------------------------------- headers and columns


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x,y,l\n1,2,a\n", ["x", "y", "l"]),
        ("\ufeffx,y,l\n1,2,a\n", ["x", "y", "l"]),
        (" x , y , l \r\n1,2,a\r\n", ["x", "y", "l"]),
        ('"x, in m","y","l"\n1,2,a\n', ["x, in m", "y", "l"]),
        ("1,y,l\n1,2,a\n", ["1", "y", "l"]),
        ("x,y,3\n1,2,3\n", ["x", "y", "3"]),
        ("1,2,l\n1,2,a\n", []),  # a word above a word tells nothing
        ("1,2,3\n1,2,3\n", []),
        ("1,2,a", []),
    ],
)
def test_headers(text, names, folder):
    columns, found = read(folder, text)
    assert columns.names == names
    assert found.x.tolist() == [[1, 2]] * (len(text.splitlines()) - bool(names))


def test_an_integer_is_a_position_where_there_is_no_header(folder):
    for text, label_column, labels in (
        ("-1,5,1\n3,4,0\n", "-1", ["1", "0"]),
        ("1,0,5\n0,1,4\n", "0", ["1", "0"]),
        ("1,2\n3,4\n", "1", ["2", "4"]),
        ("2,x,1\n3,4,5\n", "2", ["3"]),  # a header, and in it a column of that name
    ):
        _, found = read(folder, text, label_column)
        assert [names[0] for names in found.labels] == labels
    with pytest.raises(ArgumentError, match="there are 2 columns, 0 to 1"):
        read(folder, "1,2\n3,4\n", "2")


def test_a_name_makes_the_first_line_a_header(folder):
    columns, found = read(folder, "1,b\n3,4\n", "b")
    assert columns.names == ["1", "b"]
    assert found.labels == [["4"]]


def test_columns_of_other_files_are_found_by_name(folder):
    columns, _ = read(folder, "x,l,y\n1,a,2\n3,b,4\n", "l")
    for text in (
        "x,l,y\n5,a,6\n",
        "x,y\n5,6\n",
        " y , x \n6,5\n",
        'id,"y",l,x\n9,6,a,5\n',
        "5,6\n",
    ):
        assert read_more(write(folder, text, "more.csv"), columns).x.tolist() == [[5, 6]]
    with pytest.raises(
        ArgumentError, match=r"has no column y, which the model needs\. There are: x"
    ):
        read_more(write(folder, "x,z\n1,2\n", "more.csv"), columns)


@pytest.mark.parametrize(
    ("name", "text", "delimiter"),
    [
        ("x.csv", "1,2,a", ","),
        ("x.csv", "1;2;a,b", ";"),
        ("x.csv", "1\t2\ta,b", "\t"),
        ("x.tsv", "1\t2,3,4,5", "\t"),
    ],
)
def test_delimiters_are_found(name, text, delimiter, folder):
    path = write(folder, text, name)
    assert read_tables([path], TableOptions())[0].delimiter == delimiter


def test_delimiters_that_are_given(folder):
    assert read(folder, "1 2 a\n3 4 b\n", delimiter=" ")[1].x.tolist() == [[1, 2], [3, 4]]
    for word in ("\t", "\\t", "tab"):
        assert read(folder, "1\t2\ta\n", delimiter=word)[0].delimiter == "\t"
    said, _ = refused(folder, "1,2,a\n", delimiter=",,")
    assert said == "--delimiter must be one character (or tab), not ',,'."


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        (
            "x,y,label\n1,2,a\n",
            "lable",
            "x.csv has no column lable (did you mean label?). There are: ",
        ),
        ("x,y,label\n1,2,a\n", "qqq", "x.csv has no column qqq. There are: x, y, label"),
        ("1,2,a\n", "3", "x.csv has no column 3: there are 3 columns, 0 to 2, or -1 from the end."),
        ("1,2,a\n", "-4", "x.csv has no column -4: there are 3 columns, 0 to 2"),
    ],
)
def test_label_columns_that_are_not_there(text, column, sentence, folder):
    said, _ = refused(folder, text, label_column=column)
    assert sentence in said


# --------------------------------------------------------------- cells and lines


def test_quoted_cells(folder):
    _, found = read(folder, '"1",2,"a,b"\n3," 4 ","say ""x"""\n')
    assert found.x.tolist() == [[1, 2], [3, 4]]
    assert found.labels == [["a,b"], ['say "x"']]
    said, path = refused(folder, '1,2,a\n5,6,"open\n')
    assert said.startswith(f"{path}:2, column 5: a quote is not closed: ")


def test_labels_of_any_bytes(folder):
    _, found = read(folder, b"1,2,caf\xe9\n3,4,\xe9t\xe9\n", encoding="cp1252")
    assert found.labels == [["caf\xe9"], ["\xe9t\xe9"]]
    said, path = refused(folder, b"1,2,caf\xe9\n3,4,\xe9t\xe9\n")
    assert said.startswith(f"{path} (line 1) is not UTF-8; it looks like cp1252")


@pytest.mark.parametrize("blank", ["", " ", ",,", " , ,", "\r"])
def test_blank_lines_are_left_out(blank, folder):
    _, found = read(folder, f"x,y,l\n1,2,a\n{blank}\n3,4,b\n{blank}\n")
    assert found.x.tolist() == [[1, 2], [3, 4]]
    assert found.labels == [["a"], ["b"]]


def test_a_missing_label(folder):
    columns, found = read(folder, "l,x,y\na,1,2\n,3,4\n", "l")
    assert columns.label == 0
    assert found.labels == [["a"], []]
    assert found.x.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "column", "place", "cell"),
    [
        ("1,2,a\n1,z,b\n", "-1", "line 2, column 2", "'z'"),
        ("a,1,2\nb,1,z\n", "0", "line 2, column 3", "'z'"),
        ("5,a,2\nz,a,2\n", "1", "line 2, column 1", "'z'"),
        ("x,y,l\n\n1,2,a\n1,-5x,b\n", "-1", "line 4, column 2", "'-5x'"),
        ("1,2,a\n0x10,2,b\n", "-1", "line 2, column 1", "'0x10'"),
    ],
)
def test_a_bad_cell_is_named(text, column, place, cell, folder):
    said, path = refused(folder, text, label_column=column)
    assert said.startswith(f"{path}, {place}: {cell} is not a number.")
    assert "--label-column" in said


@given(tables(), st.data())
def test_the_place_of_any_bad_cell(folder, table, data):
    x, labels, position = table
    assume(len(x) > 2)  # the first two lines tell a header
    rows = with_labels(x, labels, position)
    line = data.draw(st.integers(2, len(rows) - 1))
    column = data.draw(st.integers(0, x.shape[1]).filter(lambda i: i != position))
    rows[line][column] = "oops"
    said, path = refused(
        folder, csv_text(rows, ","), label_column=str(position - len(rows[0])), delimiter=","
    )
    assert said.startswith(f"{path}, line {line + 1}, column {column + 1}: 'oops'")


@pytest.mark.parametrize("line", ["1", "1,2", "1,2,a,b", "1,2,3,4,5"])
def test_another_number_of_columns(line, folder):
    said, path = refused(folder, f"1,2,a\n{line}\n")
    n = len(line.split(","))
    assert said.startswith(f"{path}:2: {n} columns instead of 3: '{line}'.")


@pytest.mark.parametrize("text", ["1,2,3,4\n", "1\n"])
def test_files_of_another_number_of_columns(text, folder):
    columns, _ = read(folder, "1,2,a\n3,4,b\n")
    with pytest.raises(DataError, match=r"columns, where 3 are expected|one column only"):
        read_more(write(folder, text, "more.csv"), columns)


@pytest.mark.parametrize("word", ["inf", "-inf", "1e400", "Infinity"])
@pytest.mark.parametrize("header", ["", "x,y,l\n\n"])
def test_numbers_that_are_not_finite(word, header, folder):
    said, path = refused(folder, f"{header}1,2,a\n1,{word},b\n")
    line = 2 + header.count("\n")
    assert said == f"{path}, line {line}, column 2: a number is not finite."


@pytest.mark.parametrize("text", ["", "\n", "  \n\n"])
def test_empty_files(text, folder):
    said, path = refused(folder, text)
    assert said == f"{path} is empty, so there is nothing to train on."


def test_one_column(folder):
    said, path = refused(folder, "1\n2\n")
    assert said == f"{path}: one column only, with the delimiter ','. Give --delimiter."


def test_missing_files(folder):
    path = str(folder / "missing.csv")
    for read_all in (libsvm_columns, lambda paths: read_tables(paths, TableOptions())):
        with pytest.raises(DataError, match=r"missing\.csv cannot be opened for training!"):
            read_all([path])


# ------------------------------------------------------------------------ libsvm


def test_libsvm_by_hand(folder):
    text = "a 3:1.5 1:-2 # 2:9\n\n# all of it\nb,c 2:1e2\n1:4\nd\n"
    columns, found = read(folder, text, name="x.svm")
    assert (columns.kind, columns.n_features, columns.label) == ("libsvm", 3, -1)
    assert found.x.tolist() == [[-2, 0, 1.5], [0, 100, 0], [4, 0, 0], [0, 0, 0]]
    assert found.labels == [["a"], ["b", "c"], [], ["d"]]


def test_libsvm_indices_that_training_never_saw_say_nothing():
    reader = LibsvmReader(FeatureColumns("libsvm", "", [], -1, 2), "x")
    (found,) = reader.rows([b"a 2:1 3:5 900:7"], 100)
    assert found.raw.tolist() == [[0, 1]]


def write_two(folder, first, second):
    return write(folder, first, "first.svm"), write(folder, second, "second.svm")


@pytest.mark.parametrize(
    ("first", "second", "base", "width"),
    [
        ("C 1:1\n", "C 1:2 2:3 3:4\n", 1, 3),
        ("C 1:1\n", "A 0:2 2:3\n", 0, 3),
        ("C\n", "A 4:2\n", 1, 4),
        ("C 7:1\n", "A 2:1\n", 1, 7),
    ],
)
def test_several_libsvm_files_have_the_width_and_base_of_all(first, second, base, width, folder):
    paths, said = write_two(folder, first, second), []
    for some in (paths, paths[::-1]):
        columns = libsvm_columns(some, said.append)
        assert (columns.base, columns.n_features) == (base, width)
    one, other = (rows_of(*read_libsvm(some, columns)) for some in (paths, paths[::-1]))
    assert np.array_equal(one.x, other.x[::-1])
    assert one.labels == other.labels[::-1]
    assert len(said) == (2 if base == 0 else 0)
    assert all("start at 0 in all files, since" in sentence for sentence in said)


@pytest.mark.parametrize("word", ["1:x", "x:1", "-1:2", "1.5:2", "1:", ":1", "1", "qid:x"])
def test_what_is_no_pair(word, folder):
    said, path = refused(folder, f"a 1:1\nb 1:1 {word}\n", name="x.svm")
    assert said == f"{path}, line 2: {word!r} is not index:value."


@pytest.mark.parametrize("word", ["nan", "inf", "-inf"])
def test_libsvm_numbers_that_are_not_finite(word, folder):
    said, path = refused(folder, f"a 1:1 2:1\nb 2:{word}\n", name="x.svm")
    assert said == f"{path}, line 2, feature 2: a number is not finite."


def test_libsvm_without_a_pair(folder):
    said, path = refused(folder, "a\nb\n", name="x.svm")
    assert said == f"{path}: no index:value in it, so there is nothing to train on."


# ------------------------------------------------------------------------ formats


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("x.csv", "__label__a one\n", "csv"),
        ("x.TSV", "", "csv"),
        ("x.csv.gz", "", "csv"),
        ("x.svm", "", "libsvm"),
        ("x.libsvm", "", "libsvm"),
        ("x", "\na 1:2 2:0.5\n", "libsvm"),
        ("x.txt", "+1 7:1\n", "libsvm"),
        ("x.txt", "-1\n+1 7:1\n", "libsvm"),
        ("x.txt", "word\none two\n", "text"),
        ("x.txt", "__label__a 1:2\n", "text"),
        ("x.txt", "one two\n", "text"),
        ("x.txt", "1:2\n", "text"),
        ("x.txt", "a 1:x\n", "text"),
        ("x.txt", "", "text"),
    ],
)
def test_formats_are_guessed(name, text, kind, folder):
    assert guess_format(write(folder, text, name), "__label__") == kind


# ---------------------------------------------------------------- standardisation


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(2, 20), st.integers(1, 4)),
        elements=st.integers(-1000, 1000).map(lambda i: i / 8),
    )
)
def test_columns_are_put_on_one_scale(x):
    columns = FeatureColumns("csv", ",", [], x.shape[1], x.shape[1])
    columns.fit(x)
    z = columns.standardize(x)
    is_constant = (x == x[0]).all(axis=0)
    assert z.dtype == np.float32
    assert np.isfinite(z).all()
    assert np.allclose(z.mean(axis=0), 0, atol=1e-4)
    assert np.allclose(z.std(axis=0), np.where(is_constant, 0, 1), atol=1e-3)
    assert ((columns.scale == 0) == is_constant).all()
    back = z[:, ~is_constant] / columns.scale[~is_constant] + columns.mean[~is_constant]
    assert np.allclose(back, x[:, ~is_constant], atol=1e-3)


@given(
    st.floats(-1e300, 1e300),
    st.floats(-1e300, 1e300),
    st.integers(1, 50),
    st.sampled_from(SCALES),
)
def test_a_constant_column_has_no_influence_whatever_it_is_later(value, later, n, scaling):
    assume(scaling != "none" or abs(value) <= 1e30)
    x = np.full((n, 1), value)
    columns = FeatureColumns("csv", ",", [], 1, 1)
    columns.fit(x, scaling)
    assert columns.scale.tolist() == [0]
    assert columns.standardize(np.array([[value], [later]])).tolist() == [[0], [0]]
    assert columns.constant() == ["0"]


def test_constant_but_for_rounding_is_constant():
    x = np.array([[0.1 + 0.2, 1.0], [0.3, 1.0 + 1e-12]])
    columns = FeatureColumns("csv", ",", ["x", "label", "y"], 1, 2)
    columns.fit(x)
    assert (columns.scale == 0).tolist() == [True, False]
    assert columns.constant() == ["x"]
    columns.fit(x[:, ::-1])
    assert columns.constant() == ["y"]


def test_constant_features_of_libsvm_are_named_by_index():
    columns = FeatureColumns("libsvm", "", [], -1, 3, 1)
    columns.fit(np.array([[1.0, 0, 5], [2, 0, 5]]))
    assert columns.constant() == ["2", "3"]


@given(hnp.arrays(np.float64, (5, 3), elements=FLOATS))
def test_numbers_as_they_are(x):
    columns = FeatureColumns("csv", ",", [], 3, 3)
    columns.fit(x, "none")
    varies = columns.scale == 1
    fits = np.where(np.abs(x) < np.finfo(np.float32).tiny, 0, x)  # no denormal numbers
    assert np.array_equal(columns.standardize(x)[:, varies], fits[:, varies].astype(np.float32))


@given(hnp.arrays(np.float64, (6, 3), elements=FLOATS), st.floats(-3, 3))
def test_minmax_puts_training_on_0_to_1(x, beyond):
    """scikit-learn's formula, (x - min) / (max - min), beyond the range too."""
    columns = FeatureColumns("csv", ",", [], 3, 3)
    columns.fit(x, "minmax")
    low, high = x.min(axis=0), x.max(axis=0)
    varies = columns.scale > 0
    z = columns.standardize(x)[:, varies]
    assert (z.min(axis=0) == 0).all()
    assert (z.max(axis=0) == 1).all()
    width = (high - low)[varies]
    assert np.allclose(z, (x[:, varies] - low[varies]) / width, rtol=1e-6, atol=1e-30)
    later = columns.standardize((low + beyond * (high - low))[None])[0, varies]
    rounding = 1e-15 * np.maximum(np.abs(low), np.abs(high))[varies] / width
    assert (np.abs(later - beyond) <= 1e-6 + 4 * rounding).all()


@pytest.mark.parametrize(("scaling", "missing"), [("minmax", 0.25), ("none", 2.0)])
def test_words_and_missing_numbers_under_other_scalings(scaling, missing):
    """Words stay 0 and 1; what is missing has the mean of those that are there."""
    table = [TableColumn("a", 0, may_lack=True), TableColumn("w", 1, ["x", "y"], is_words=True)]
    columns = FeatureColumns("csv", ",", ["a", "w", "k"], 2, 4, table=table, width=3)
    x = np.array([[1.0, 0], [np.nan, 1], [5, 0], [1, 0], [1, 1]])
    columns.fit(x, scaling)
    found = columns.standardize(np.array([[np.nan, 1], [5, -1], [9, 0]]))
    five, nine = (1.0, 2.0) if scaling == "minmax" else (5.0, 9.0)
    assert found.tolist() == [[missing, 1, 0, 1], [five, 0, 0, 0], [nine, 0, 1, 0]]


def test_minmax_of_the_widest_and_the_narrowest_range():
    columns = FeatureColumns("csv", ",", [], 2, 2)
    columns.fit(np.array([[-1e300, 0], [1e300, 1e-310]]), "minmax")
    assert columns.standardize(np.array([[-1e300, 0], [0, 0], [1e300, 1e-310]])).tolist() == [
        *([0, 0], [0.5, 0]),
        [1, pytest.approx(1e-10)],
    ]


def test_numbers_that_are_too_large_as_they_are():
    columns = FeatureColumns("csv", ",", [], 1, 1)
    with pytest.raises(DataError, match=r"above 1e\+30.*leave --no-standardize or"):
        columns.fit(np.array([[1.0], [-1e31]]), "none")


@given(
    st.sampled_from([1.7e12, 20240115093000.0, 1.7e18, -4e9, 0.0]),
    st.integers(2, 20000),
    st.floats(1e-3, 1e9),
)
def test_large_offsets_lose_no_digits(offset, n, unit):
    assume(unit > 1e5 * np.spacing(abs(offset)))  # the mean is rounded to float64 too
    x = (offset + unit * np.arange(n))[:, None]
    columns = FeatureColumns("csv", ",", [], 1, 1)
    columns.fit(x)
    step = (x - x[0]) / np.sqrt(np.mean((x - x[0] - np.mean(x - x[0])) ** 2))
    z = columns.standardize(x).astype(np.float64)
    assert np.allclose(z - z[0], step, atol=1e-5)
    assert abs(z.mean()) < 1e-4


def test_a_new_line_is_scaled_as_training_was():
    columns = FeatureColumns("csv", ",", [], 1, 1)
    columns.fit(np.array([[0], [4]], np.float32))
    assert (columns.mean.tolist(), columns.scale.tolist()) == ([2], [0.5])
    assert columns.standardize(np.array([[8]], np.float32)).tolist() == [[3]]


# ------------------------------------------------------------------------- labels


@given(st.lists(st.lists(st.sampled_from("abcdxy"), max_size=4), max_size=8), st.data())
def test_ids_of_labels(labels, data):
    names = ["a", "b", "c", "d"]
    kept = np.array([data.draw(st.booleans()) for _ in labels], np.bool_)
    found = Labels()
    for some in labels:
        found.add(some)
    for rows, expected in (
        (None, labels),
        (kept, [s for s, k in zip(labels, kept, strict=True) if k]),
    ):
        ids, offsets = found.numbered(names, rows)
        assert (ids.dtype, offsets.dtype, len(offsets)) == (np.int32, np.int64, len(expected) + 1)
        for i, some in enumerate(expected):
            shown = [names[j] for j in ids[offsets[i] : offsets[i + 1]]]
            assert shown == [name for name in some if name in names]


@given(st.lists(st.sampled_from(["a", "b", "", "c"]), max_size=20), st.integers(0, 20))
def test_labels_of_one_a_row(names, cut):
    one, other = Labels(), Labels()
    for some in (names[:cut], names[cut:]):
        one.add_single(some)
        for name in some:
            other.add([name] if name else [])
    assert (one.ids, one.offsets) == (other.ids, other.offsets)
    assert one.known == other.known
    renamed = one.renamed({"a": ["x", "b"], "b": ["b"], "c": []}.__getitem__)
    expected = [{"a": ["x", "b"], "b": ["b"]}.get(name, []) for name in names]
    assert rows_of(RawRows(1), renamed).labels == expected


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("a 1:2\nb 1:nan\n", "libsvm", "line 2, feature 1: a number is not finite."),
        ("1,2,a\n1e400,2,b\n", "csv", "line 2, column 1: a number is not finite."),
        ("1,2,a\n1,-1e305,b\n", "csv", "line 2, column 2: a number is above 1e+300."),
        ("1,2,a\n1\r2,3,b\n", "csv", ":2: 1 columns instead of 3: '1'"),
        ("a 1:1\nb \u00b2:1\n", "libsvm", "line 2: '\u00b2:1' is not index:value."),
    ],
)
def test_no_number_is_dropped_silently(text, kind, sentence, folder):
    with pytest.raises(DataError, match=re.escape(sentence)):
        read(folder, text, name=f"x.{'svm' if kind == 'libsvm' else 'csv'}")


def test_indices_from_zero_on(folder):
    columns, found = read(folder, "a 0:1 1:2\nb 2:5\n", name="x.svm")
    assert (columns.base, columns.n_features) == (0, 3)
    assert found.x.tolist() == [[1, 2, 0], [0, 0, 5]]
    with pytest.raises(DataError, match="'0:3', where indices start at 1"):
        list(LibsvmReader(FeatureColumns("libsvm", "", [], -1, 2), "x").rows([b"a 0:3"], 100))


@pytest.mark.parametrize("column", ["\u00b2", "--1", "-"])
def test_a_label_column_that_is_no_integer_is_a_name(column, folder):
    with pytest.raises(ArgumentError, match="has no column"):
        read(folder, "1,2\n3,4\n", column)


def test_a_blank_line_before_the_header(folder):
    columns, found = read(folder, "\nx,y,l\n1,2,a\n")
    assert columns.names == ["x", "y", "l"]
    assert found.x.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "values", [[0, 1e-42], [3e38, -3e38, -3e38], [1e300, -1e300], [0, 1e-310], [5e-324, 1e-323]]
)
def test_extreme_columns_stay_finite(values):
    x = np.array(values, np.float64)[:, None]
    columns = FeatureColumns("csv", ",", [], 1, 1)
    columns.fit(x)
    assert np.isfinite(columns.standardize(x)).all()


def test_what_is_far_beyond_training_is_cut_without_a_warning():
    columns = FeatureColumns("csv", ",", [], 1, 1, 0)
    columns.fit(np.array([[0.0], [1e-20]]))
    assert columns.standardize(np.array([[1e299], [-1e299]])).ravel().tolist() == pytest.approx(
        [1e30, -1e30]
    )
