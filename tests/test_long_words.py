"""Words so long that they are none: no character n-grams, one sentence, memory in proportion."""

import numpy as np
import pytest

from fastcli.fasttext.model_args import ModelArgs
from fastcli.fasttext.save import segment_sums
from fastcli.fasttext.vectors import char_ngrams
from fastcli.fasttext.word_rows import packed, word_rows
from fastcli.kernels.text import lines as line_kernels
from fastcli.kernels.text.tokens import MOST_NGRAMS, ngram_bound
from fastcli.text import spelling
from fastcli.text.dictionary import Dictionary
from fastcli.text.line_features import char_ngrams as ngrams_of_entries
from fastcli.text.lines import Reader
from fastcli.text.spelling import most_bytes
from tests.command import run
from tests.conftest import PYTHON_MODE

LONG = b"ab" * (1 << 20)  # 2 MB
TEXT = b"__label__a " + LONG + b" good\n__label__b hello world\n__label__b good hello\n"
SAID = "Without character n-grams: 1 word of more than 1,048,574 bytes. Are spaces missing?"


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    """Forget what was said."""
    monkeypatch.setattr(spelling, "_warned", set())


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT)
    return path


@pytest.mark.parametrize("maxn", [1, 3, 4, 6, 2000, 2047, 2048, 2049, 5000, 1 << 20])
def test_the_longest_word_with_ngrams(maxn):
    longest = most_bytes(maxn)
    assert 0 < ngram_bound(longest, maxn) <= MOST_NGRAMS
    assert ngram_bound(longest + 1, maxn) == 0
    assert ngram_bound(10, maxn) == 12 * min(maxn, 12)


@pytest.mark.parametrize("maxn", [0, -1])
def test_no_ngrams_at_all(maxn):
    assert ngram_bound(10, maxn) == 0
    assert spelling.count_long(np.array([0, 1 << 30], np.int64), 1, maxn) == 0


@pytest.mark.skipif(PYTHON_MODE, reason="a million characters take minutes in Python")
def test_a_word_at_the_limit_and_one_beyond(heard):
    longest = most_bytes(4)
    starts, arena = packed([b"x" * longest, b"x" * (longest + 1), b"y"])
    offsets, _ = ngrams_of_entries(starts, arena, 3, -1, 3, 4, 1000, 0)
    characters = longest + 2
    assert np.diff(offsets).tolist() == [2 * characters - 5, 0, 1]
    assert char_ngrams(b"x" * (longest + 1), 3, 4) == []
    dictionary = Dictionary(
        nwords=0,
        nlabels=0,
        ntokens=0,
        starts=np.zeros(1, np.int64),
        arena=np.zeros(1, np.uint8),
        counts=np.zeros(0, np.int64),
    )
    args = ModelArgs(minn=3, maxn=4, bucket=1000)
    offsets, _ = word_rows(dictionary, args, starts, arena, 1, 3)
    assert np.diff(offsets).tolist() == [0, 1]
    assert heard == [SAID.replace("1,048,574", f"{longest:,}")]


def test_lines_of_a_model_that_is_there(heard):
    starts, arena = packed([b"good"])
    dictionary = Dictionary(
        nwords=1, nlabels=0, ntokens=1, starts=starts, arena=arena, counts=np.ones(1, np.int64)
    )
    for _ in range(2):
        reader = Reader(dictionary, "__label__", 1, 4, 4, 100)
        lines, position = reader.read(np.frombuffer(LONG + b" good\ngood\n", np.uint8), 0)
        assert position == len(LONG) + 11
        assert np.diff(lines.offsets[:3]).tolist() == [4, 4]  # the word, <goo, good, ood>
        assert (lines.flags[:2] & line_kernels.NOT_SPELLED).tolist() == [4, 0]
    assert heard == [spelling.sentence(4)]


@pytest.mark.parametrize("command", ["supervised", "skipgram", "mlp-train"])
def test_training_says_it(tmp_path, text, command):
    options = ["-minn", 3, "-maxn", 4, "-dim", 4, "-epoch", 1, "-minCount", 1, "-bucket", 100]
    result = run(command, "-input", text, "-output", tmp_path / "m", "-thread", 1, *options)
    assert result.code == 0
    assert result.err.count(SAID) == 1


def test_predicting_says_it(tmp_path, text):
    options = ["-minn", 3, "-maxn", 4, "-dim", 4, "-epoch", 1, "-bucket", 100, "-verbose", 0]
    trained = run("supervised", "-input", text, "-output", tmp_path / "m", *options)
    assert (trained.code, trained.err) == (0, "")
    spelling._warned.clear()
    result = run("predict", tmp_path / "m.bin", text, "-thread", 1)
    assert (result.code, result.out.count(b"\n")) == (0, 3)
    assert result.err == spelling.sentence(4) + "\n"
    spelling._warned.clear()
    result = run("print-word-vectors", tmp_path / "m.bin", stdin=LONG + b"\n")
    assert result.err == SAID + "\n"
    assert result.out.startswith(LONG + b" ")


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 1000])
def test_rows_are_summed_some_at_a_time(monkeypatch, rng, at_once):
    asked = []

    def values(start, end):
        asked.append(end - start)
        return rows[start:end]

    monkeypatch.setattr("fastcli.fasttext.save.ROWS_AT_ONCE", at_once)
    sizes = rng.integers(1, 9, 40)
    offsets = np.append(0, np.cumsum(sizes))
    rows = rng.standard_normal((int(offsets[-1]), 5)).astype(np.float32)
    expected = np.add.reduceat(rows, offsets[:-1])
    found = segment_sums(values, offsets)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert (found[sizes <= at_once] == expected[sizes <= at_once]).all()
    assert max(asked) <= at_once
