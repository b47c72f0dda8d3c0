"""dump: each part, wrong parts, odd files."""

import numpy as np
import pytest

from tests import model_bytes
from tests.command import GOLDEN, SAMPLES, process, run

USAGE = "usage: fastcli dump <model> <args|dict|input|output>"


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.bin"
    path.write_bytes(model_bytes.small())
    return path


ARGS = """\
dim 2
ws 5
epoch 5
minCount 1
neg 5
wordNgrams 1
loss softmax
model sup
bucket 0
minn 0
maxn 0
lrUpdateRate 100
t 0.0001
"""
DICT = "5\n</s> 5 word\na 4 word\nb 3 word\n__label__x 2 label\n__label__y 1 label\n"


@pytest.mark.parametrize(
    ("part", "ref"),
    [
        ("args", ARGS),
        ("dict", DICT),
        ("input", "3 2\n0 0\n1 0\n0 0\n"),
        ("output", "2 2\n2 0\n0 5\n"),
    ],
)
def test_parts_by_hand(part, ref, small):
    assert run("dump", small, part).text() == ref
    # The reference passes over further arguments.
    assert run("dump", small, part, "more", "-x").text() == ref
    assert process("dump", small, part).text() == ref


@pytest.mark.parametrize("loss", [(1, "hs"), (2, "ns"), (3, "softmax"), (4, "one-vs-all")])
def test_names_of_losses(loss, small):
    number, name = loss
    small.write_bytes(model_bytes.small(loss=number))
    assert f"\nloss {name}\nmodel sup\n" in run("dump", small, "args").text()


def test_word_vectors(small):
    small.write_bytes(model_bytes.word_vectors())
    assert "\nmodel sg\n" in run("dump", small, "args").text()
    assert run("dump", small, "dict").text() == "3\n</s> 3 word\na 2 word\nb 1 word\n"
    assert run("dump", small, "output").text() == "3 2\n0 0\n1 0\n0 0\n"


def test_odd_values(small):
    values = [1e-45, -1e38, 123456.7, -0.00001234565, float("inf"), float("nan")]
    wi = [values[:2], values[2:4], values[4:]]
    small.write_bytes(model_bytes.model_bytes(model_bytes.WORDS, model_bytes.LABELS, wi, wi[:2]))
    rounded = np.array(values, np.float32).tolist()
    a, b, c, d, e, f = (f"{v:.6g}" for v in rounded)
    assert run("dump", small, "output").text() == f"2 2\n{a} {b}\n{c} {d}\n"
    assert run("dump", small, "input").text() == f"3 2\n{a} {b}\n{c} {d}\n{e} {f}\n"


def test_entries_of_any_bytes(small):
    words = [b"</s>", b"\xff\xc3(", "日本\u3000".encode()]
    data = model_bytes.model_bytes(words, model_bytes.LABELS, model_bytes.WI, model_bytes.WO)
    small.write_bytes(data)
    out = run("dump", small, "dict").out
    assert out.splitlines()[1:4] == [w + b" %d word" % (5 - i) for i, w in enumerate(words)]


@pytest.mark.parametrize("argv", [(), ("small",), ("small", "everything")])
def test_usage(argv, small):
    result = run("dump", *(small if word == "small" else word for word in argv))
    assert (result.code, result.out) == (1, b"")
    assert USAGE in result.err


def test_files_that_are_no_models(tmp_path):
    missing, text = tmp_path / "missing", SAMPLES / "topics.test.txt"
    result = run("dump", missing, "args")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(f"{missing} cannot be opened for loading!")
    result = run("dump", text, "dict")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(f"{text} has wrong file format!")


def test_a_large_matrix():
    lines = run("dump", GOLDEN / "softmax-ngrams.bin", "input").text().splitlines()
    rows, dim = map(int, lines[0].split())
    assert len(lines) == rows + 1
    assert {len(line.split(" ")) for line in lines[1:]} == {dim}
