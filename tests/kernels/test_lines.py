"""Lines of text as features and labels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels.text import groups
from fastcli.kernels.text import lines as kernels
from tests import naive
from tests.kernels.tables import as_text, flat, hash_table, table_of

EOS = naive.EOS
PREFIX = b"__label__"


class Dictionary:
    """The words and labels of a model."""

    def __init__(self, words, labels, prefix=PREFIX):
        self.words = {word: i for i, word in enumerate(words)}
        self.labels = {label: i for i, label in enumerate(labels)}
        self.prefix = prefix
        self.table = table_of([*words, *labels])

    def read(self, text, minn=0, maxn=0, word_ngrams=1, bucket=50, max_lines=3):
        """Read a text with the least memory there can be, and more where a line needs it."""
        eos = [*self.words, *self.labels, EOS].index(EOS)
        eos = -1 if eos == self.table.n else eos
        vocabulary = groups.Vocabulary(
            hash_table(self.table), eos, naive.hash_bytes(EOS), as_text(self.prefix)
        )
        n_features, n_labels = 1, 1
        features, labels = np.full(2, -9, np.int32), np.full(2, -9, np.int32)
        offsets, label_offsets = np.zeros((2, max_lines + 1), np.int64)
        flags = np.full(max_lines + 1, 9, np.uint8)
        state = np.full(5, 7, np.int64)
        state[0] = 0
        self.seen = np.zeros(4, np.int64)
        hashes = np.full(2, -9, np.int32)
        lines = []
        while state[0] < len(text):
            before = int(state[0])
            n = kernels.read_lines(
                as_text(text),
                vocabulary,
                groups.Ngrams(minn, maxn, word_ngrams, bucket, len(self.words)),
                groups.Lines(features, offsets, labels, label_offsets),
                flags,
                kernels.LineRoom(n_features, n_labels, max_lines),
                hashes,
                state,
            )
            assert (features[n_features:] == -9).all()
            assert (labels[n_labels:] == -9).all()
            assert (n == 0) == (state[0] == before)
            self.seen += state[1:]
            if n == 0:  # not even one line fits: it has been left alone
                n_features, n_labels = n_features * 3 // 2 + 1, n_labels * 3 // 2 + 1
                features = np.full(n_features + 1, -9, np.int32)
                labels = np.full(n_labels + 1, -9, np.int32)
                hashes = np.full(n_features + 1, -9, np.int32)
            assert (hashes[n_features:] == -9).all()
            for i in range(n):
                flag = int(flags[i])
                lines.append(
                    (
                        features[offsets[i] : offsets[i + 1]].tolist(),
                        labels[label_offsets[i] : label_offsets[i + 1]].tolist(),
                        flag & kernels.HAS_LABEL != 0,
                        flag & kernels.KNOWS_LABEL != 0,
                        flag & kernels.LACKS_LABEL != 0,
                    )
                )
        return lines

    def check(self, text, minn=0, maxn=0, word_ngrams=1, bucket=50, max_lines=3):
        options = (minn, maxn, word_ngrams, bucket)
        ref = naive.read_lines(text, self.words, self.labels, self.prefix, *options)
        assert self.read(text, *options, max_lines) == ref
        assert self.seen.tolist() == naive.seen_words(text, self.words, self.labels, self.prefix)
        return ref


WORDS = [EOS, b"a", b"b", b"one", b"x", "é".encode(), b"\xff"]
LABELS = [b"__label__x", b"__label__a", b"__label__\xff"]
OPTIONS = pytest.mark.parametrize(
    ("minn", "maxn", "word_ngrams", "bucket"),
    [(0, 0, 1, 1), (2, 4, 1, 97), (0, 0, 2, 97), (1, 3, 3, 7), (0, 0, 5, 1000)],
)


@OPTIONS
@pytest.mark.parametrize("words", [WORDS, WORDS[1:], [*WORDS[:0:-1], EOS], []])
def test_read_lines(corpus, words, minn, maxn, word_ngrams, bucket):
    Dictionary(words, LABELS).check(corpus, minn, maxn, word_ngrams, bucket)


tokens = st.sampled_from(
    [*WORDS, *LABELS, b"__label__", b"__label__new", b"c", b"\xe6\x97\xa5", b"\x80", b"\xc3"]
)
spaces = st.sampled_from([b" ", b" ", b"\n", b"\n", b"\t", b"\r\n", b"\0", b"\v", b"\f"])
texts = st.lists(tokens | spaces, max_size=30).map(b"".join) | st.binary(max_size=30)


@OPTIONS
@given(text=texts, words=st.sampled_from([WORDS, WORDS[1:]]), max_lines=st.integers(1, 4))
@example(text=b"a\nc", words=WORDS, max_lines=1)  # no final line end
@example(text=b"</s> c </s>", words=WORDS[1:], max_lines=1)
@example(text=b" ", words=WORDS, max_lines=1)
def test_read_lines_of_any_bytes(text, words, max_lines, minn, maxn, word_ngrams, bucket):
    Dictionary(words, LABELS).check(text, minn, maxn, word_ngrams, bucket, max_lines)


@given(text=texts, prefix=st.sampled_from([b"", b"__", b"__label__x", b"\xff"]))
def test_read_lines_with_another_prefix(text, prefix):
    Dictionary(WORDS, LABELS, prefix).check(text, 2, 3, 2)


@pytest.mark.parametrize("end", [b"\n", b"", b"\nb a\n"])
@pytest.mark.parametrize("written", [b" </s>", b" </s>  \t</s> ", b" </s>" * 40])
def test_a_written_line_end_is_the_line_end(written, end):
    options = (2, 3, 3, 97)
    dictionary = Dictionary(WORDS, LABELS)
    plain = dictionary.check(b"__label__a one x" + (end or b"\n"), *options)
    assert dictionary.check(b"__label__a one x" + written + end, *options) == plain


def test_a_line_end_written_inside_a_line_is_a_word():
    dictionary = Dictionary(WORDS, LABELS)
    inside = b"a </s> </s> b </s> </s>\n</s>\n</s> a\n a </s> __label__x\n"
    features = [line[0] for line in dictionary.check(inside)]
    assert features == [[1, 0, 0, 2, 0], [0], [0, 1, 0], [1, 0, 0]]


def test_line_end_that_looks_like_an_unknown_label():
    # As in counting and in fastText: where </s> starts with the label prefix it is no word.
    assert Dictionary([b"a"], [], b"<").check(b"a\n", word_ngrams=2) == [
        ([0], [], True, False, True)
    ]


def test_line_end_that_is_a_label():
    comp = Dictionary([b"a"], [EOS], b"<").check(b"a\n\na", 2, 3, 2)
    assert [labels for _, labels, *_ in comp] == [[0], [0], []]


def test_read_lines_by_hand():
    # Words </s> 0, a 1, b 2; labels x 0, y 1.  A line end is </s>, the last line has none.
    dictionary = Dictionary([EOS, b"a", b"b"], [b"__label__x", b"__label__y"])
    text = b"a c __label__y b __label__x\n\n__label__z a\n__label__x </s>"
    assert dictionary.read(text) == [
        ([1, 2, 0], [1, 0], True, True, False),
        ([0], [], False, False, False),
        ([1, 0], [], True, False, True),
        ([0], [0], True, True, False),
    ]


def test_seen_words_by_hand():
    # Six words, a and b of them known; four lines have a word, two of them no known one.
    dictionary = Dictionary([EOS, b"a", b"b"], [b"__label__x"])
    dictionary.read(b"a c __label__x b\n\nd\n__label__x\nd </s>\n__label__z a")
    assert dictionary.seen.tolist() == [6, 3, 4, 2]


def test_ngrams_of_an_unknown_word_by_hand():
    # <c> by threes is one n-gram; the pairs of words are (a, c) and, at the line end, (c, </s>).
    a, c, eos = (naive.sign_extended(naive.hash_bytes(t)) for t in (b"a", b"c", EOS))
    pairs = [2 + (x * 116049371 + y) % 2**64 % 1000 for x, y in ((a, c), (c, eos))]
    whole = 2 + naive.hash_bytes(b"<c>") % 1000
    known = 2 + naive.hash_bytes(b"<a>") % 1000
    for words, end in (([b"a", EOS], [1]), ([b"a", b"b"], [])):
        (line,) = Dictionary(words, []).read(b"a c\n", 3, 3, 2, 1000)
        assert line[0] == [0, known, whole, *end, *pairs]


def test_lines_longer_than_all_memory_so_far(rng):
    words = [b"w%d" % i for i in range(30)]
    lines = [b" ".join(rng.choice(words, n)) for n in (1, 200, 0, 30, 1)]
    text = b"\n".join([*lines, b" ".join(LABELS * 20)])
    Dictionary([EOS, *words], LABELS).check(text, 2, 3, 3, max_lines=2)


@given(st.lists(st.lists(st.integers(0, 12), max_size=8), max_size=6), st.integers(0, 13))
def test_prune_features(lines, nwords):
    pruned = np.array([0, 3, 0, 1, 2, 0, 0, 4, 0, 9, 0, 5, 6], np.int32)
    features, offsets = flat(lines)
    kernels.prune_features(features, offsets, len(lines), nwords, pruned)
    comp = [features[a:b].tolist() for a, b in pairwise(offsets)]
    assert comp == naive.prune_features(lines, nwords, pruned.tolist())


def test_prune_features_by_hand():
    # Two words; of the three buckets only the second is kept, as the first row after the words.
    features, offsets = flat([[0, 2, 3, 1], [4], [3]])
    kernels.prune_features(features, offsets, 3, 2, np.array([0, 1, 0], np.int32))
    assert offsets.tolist() == [0, 3, 3, 4]
    assert features[:4].tolist() == [0, 2, 1, 2]
