"""Files of word vectors: every format is seen for what it is, and read the same."""

import bz2
import contextlib
import gzip
import lzma
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import DataError
from fastcli.text import vector_files
from fastcli.text.vector_files import VectorFile

WORDS = [b"the", b"</s>", "straße".encode(), b"5", b"\xff", b"-1.5"]
ROWS = np.array([[1, -2, 0.5], [0, 0, 0], [1e-3, 3e8, -7], [1, 2, 3], [4, 5, 6], [7, 8, 9]])


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_file_of_many_blocks_on_several_threads(n_threads, tmp_path, monkeypatch):
    """Blocks are read at once: none may be in the memory of another."""
    monkeypatch.setattr("fastcli.text.blocks.Blocks.lines.__defaults__", (200,))
    rows = np.arange(400, dtype=np.float32).reshape(100, 4)
    lines = [f"word{i} " + " ".join(map(str, row)) for i, row in enumerate(rows.tolist())]
    path = tmp_path / "many.vec"
    path.write_text("\n".join(["100 4", *lines, ""]))
    found = {}
    for part in VectorFile(str(path)).read(n_threads):
        for i in range(len(part)):
            word = part.arena[part.starts[i] : part.starts[i + 1]].tobytes()
            found[word] = part.values[i].tolist()
    assert found == {f"word{i}".encode(): row for i, row in enumerate(rows.tolist())}


def as_text(separator=b" ", end=b"\n", header=True):
    lines = [b"%d %d" % ROWS.shape] if header else []
    for word, row in zip(WORDS, ROWS, strict=True):
        lines.append(separator.join([word, *(b"%.9g" % value for value in row)]))
    return b"".join(line + end for line in lines)


def as_binary(end=b"\n"):
    rows = (w + b" " + row.astype("<f4").tobytes() for w, row in zip(WORDS, ROWS, strict=True))
    return b"6 3\n" + end.join(rows) + end


def read(path, n_threads=1):
    """Return all words and vectors of a file, and the notes about it."""
    source = VectorFile(str(path))
    words, rows = [], []
    for part in source.read(n_threads):
        text = part.arena.tobytes()
        words += [text[a:b] for a, b in pairwise(part.starts.tolist())]
        rows += part.values.tolist()
    assert all(len(row) == source.dim for row in rows)
    return words, rows, source.notes


def refused(path, text):
    path.write_bytes(text)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


FORMATS = {
    "fasttext": as_text(end=b" \n"),
    "tabs": as_text(b"\t"),
    "windows": as_text(end=b"\r\n"),
    "byte-order mark": b"\xef\xbb\xbf" + as_text(),
    "several spaces": as_text(b"   "),
    "all at once": b"\xef\xbb\xbf\r\n \r\n" + as_text(b" \t", b"\t\r\n"),
    "blank lines, no header": b"\n\n" + as_text(header=False),
    "glove": as_text(header=False),
    "glove with tabs": as_text(b"\t", header=False),
    "no last line end": as_text()[:-1],
    "binary": as_binary(),
    "binary without line ends": as_binary(b""),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", FORMATS)
def test_formats(name, pack, tmp_path):
    path = tmp_path / "some.vectors"
    path.write_bytes(pack(FORMATS[name]))
    words, rows, notes = read(path)
    assert (words, notes) == (WORDS, [])
    np.testing.assert_array_equal(rows, ROWS.astype(np.float32))


@pytest.mark.parametrize("name", ["fasttext", "binary"])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_parts(name, n_threads, tmp_path, monkeypatch):
    """Blocks smaller than a row, or of a few lines, make no difference."""
    monkeypatch.setattr(vector_files, "BLOCK", 8)
    monkeypatch.setattr("fastcli.text.inputs.BLOCK", 40)
    path = tmp_path / "some.vectors"
    path.write_bytes(FORMATS[name])
    words, rows, notes = read(path, n_threads)
    assert (words, notes) == (WORDS, [])
    np.testing.assert_array_equal(rows, ROWS.astype(np.float32))


@given(
    rows=st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=2), max_size=20),
    is_binary=st.booleans(),
)
def test_what_is_written_is_read(rows, is_binary, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "any.vec"
    named = [(b"w%d" % i, row) for i, row in enumerate(rows)]
    data = b"%d 2\n" % len(rows)
    for word, row in named:
        line = struct.pack("<2f", *row) if is_binary else b"%.9g %.9g" % tuple(row)
        data += word + b" " + line + b"\n"
    path.write_bytes(data)
    words, found, notes = read(path)
    assert (words, notes) == ([word for word, _ in named], [])
    np.testing.assert_allclose(np.array(found), np.array(rows), rtol=1e-6)


def test_two_integers_are_no_header_where_every_line_has_them(tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(b"5 3\nroad 2\n6 1\n")
    assert read(path) == ([b"5", b"road", b"6"], [[3], [2], [1]], [])
    path.write_bytes(b"2 1\nroad 2\n6 1\n")
    assert read(path)[0] == [b"road", b"6"]
    path.write_bytes(b"2 2\nroad 2 3\n6 1 2\n")
    assert read(path)[0] == [b"road", b"6"]


def test_words_with_spaces_are_left_out_and_counted(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_bytes(b"the 1 2 3\n. . . 1 2 3\n 4 5 6\nat name@here 1 2 3\n5 1 2 3\n")
    words, rows, (said,) = read(path)
    assert (words, rows) == ([b"the", b"5"], [[1, 2, 3], [1, 2, 3]])
    assert said.endswith("does: 3, the first in line 2.")
    path.write_bytes(b"2 3\nb. c 1 2 3\nthe 1 2 3\n")
    assert read(path)[2][0].endswith("does: 1, the first in line 2.")


def test_a_first_line_with_spaces_does_not_decide_the_dimension(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_bytes(b". . . 1 2 3\nthe 1 2 3\n5 1 2 3\n")
    assert read(path)[0] == [b"the", b"5"]


def test_numbers_of_vectors_that_are_not_true_are_said(tmp_path):
    path = tmp_path / "cut.vec"
    path.write_bytes(as_text().replace(b"6 3", b"9 3"))
    assert read(path)[2] == [f"{path} declares 9 vectors but has 6."]
    path.write_bytes(as_text().replace(b"6 3", b"2 3"))
    words, _, notes = read(path)
    assert (words, notes) == (WORDS, [f"{path} declares 2 vectors but has 6."])


@pytest.mark.parametrize("n_surplus", [1, 3, 40_000])
@pytest.mark.parametrize("block", [8, 1 << 22])
def test_more_rows_than_a_binary_file_says_are_not_read(n_surplus, block, tmp_path, monkeypatch):
    monkeypatch.setattr(vector_files, "BLOCK", block)
    path = tmp_path / "more.bin"
    row = b"more " + ROWS[0].astype("<f4").tobytes() + b"\n"
    path.write_bytes(as_binary() + n_surplus * row)
    words, rows, notes = read(path)
    assert (words, notes) == (
        WORDS,
        [f"{path} declares 6 vectors but has more, which are not read."],
    )
    np.testing.assert_array_equal(rows, ROWS.astype(np.float32))
    path.write_bytes(as_binary() + n_surplus * b"\n")
    assert (read(path)[0], read(path)[2]) == (WORDS, [])


def test_binary_files_without_rows(tmp_path):
    path = tmp_path / "none.bin"
    path.write_bytes(as_binary().replace(b"6 3", b"0 3"))
    words, _, notes = read(path)
    assert (words, notes) == ([], [f"{path} declares 0 vectors but has more, which are not read."])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"1 4\napple 1 2 3\n", 2),
        (b"1 4\napple 1 2 3 x\n", 2),
        (b"1 4\napple 1 2 3 4 5\n", 2),
        (b"1 4\napple 1 2 3 4x\n", 2),
        (b"1 4\napple 1 2 3 \xc3\xbc\n", 2),
        (b"2 4\nroad 1 1 1 1\napple 1 2 3 nan\n", 3),
        (b"2 4\nroad 1 1 1 1\n\napple 1 2 3 1e39\n", 4),
        (b"a 1 2\nb 1 2\nc 1\n", 3),
        (b"a 1 2\nb 1 2\nc 1 2 3\n", 3),
        (b"a 1 2\nb 1 --2\n", 2),
    ],
)
def test_damaged_lines(text, line, tmp_path):
    assert f", line {line}: " in refused(tmp_path / "damaged.vec", text)


def test_damaged_binary_files(tmp_path):
    path = tmp_path / "damaged.bin"
    whole = as_binary()
    for cut in (1, 2, 12, 40):
        assert " vectors: it was truncated." in refused(path, whole[: -1 - cut])
    nan = whole.replace(np.float32(8).tobytes(), np.float32("nan").tobytes())
    assert "'-1.5'" in refused(path, nan)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("dim", [20, 2_000_000_000, 999_999_999_999_999_999])
def test_a_head_with_more_numbers_than_the_file(dim, pack, tmp_path):
    said = refused(tmp_path / "a", pack(b"2 %d\na 1 2\nb 3 4\n" % dim))
    assert f"declares {dim:,}-dimensional vectors but has" in said


@pytest.mark.parametrize("n", [1, 3, 10**17])
def test_a_head_with_another_number_of_vectors(n, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"%d 2\na 1 2\nb 3 4\n" % n)
    assert VectorFile(str(path)).n_words <= 8  # two bytes a number
    words, _, notes = read(path)
    assert words == [b"a", b"b"]
    assert f"declares {n:,} vectors but has 2" in notes[0]


@pytest.mark.parametrize("number", [b"nan", b"inf", b"-inf", b"1e39", b"NaN", b"1e999999999"])
def test_numbers_that_are_none(number, tmp_path):
    said = refused(tmp_path / "a", b"2 2\na 1 2\nb %b 4\n" % number)
    assert ", line 3: 2 finite numbers are needed after the word." in said


@given(
    start=st.sampled_from([b"", b"2 2\n", b"9 1\n", b"0 0\n", b"1 300\n", b"a 1 2\n"]),
    rest=st.binary(max_size=400),
)
def test_any_bytes(start, rest, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.vec"
    path.write_bytes(start + rest)
    with contextlib.suppress(DataError):
        source = VectorFile(str(path))
        for part in source.read(1):
            assert np.isfinite(part.values).all()
            assert part.values.nbytes <= 2 * len(start + rest)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_text_after_two_numbers_is_no_binary_row(encoding, shift, tmp_path):
    """A row's bytes may end inside a character of the text."""
    text = "12 34\n" + "新闻 " + "x" * shift + "天气预报 快讯" * 40 + "\n"
    assert ", line 2: 34 finite numbers are needed" in refused(
        tmp_path / "a", text.encode(encoding)
    )


@pytest.mark.parametrize(
    "text",
    [b"", b"\n\n", b"__label__a some words\n", b"\xff\xfe\x00binary", b"1,2,3\n"],
)
def test_other_files(text, tmp_path):
    assert "is not a file of word vectors" in refused(tmp_path / "other", text)


def test_lines_are_counted_from_the_start_of_the_file(tmp_path):
    assert "line 5: 2 finite" in refused(tmp_path / "x.vec", b"\n\n2 2\na 1 2\nb 1 x\n")


def test_utf16_is_named(tmp_path):
    said = refused(tmp_path / "x.vec", "2 2\na 1 2\nb 1 3\n".encode("utf-16"))
    assert said.endswith("It looks like utf-16: iconv -f utf-16 -t utf-8")


def test_compressed_files_that_were_cut(tmp_path):
    for text in (FORMATS["fasttext"], FORMATS["binary"]):
        said = refused(tmp_path / "cut.gz", gzip.compress(text * 2000)[:-9])
        assert "cannot be read to the end" in said


@given(data=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "any"
    path.write_bytes(data)
    words, rows = [], []
    with contextlib.suppress(DataError):
        words, rows, _ = read(path)
    assert len(words) == len(rows)
    assert np.isfinite(np.array(rows, np.float32)).all()
    assert not any(set(word) & set(b" \t\n\v\f\r\0") for word in words)
