"""Lines of text as features, and the best labels for them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels import predict as kernels
from fastcli.kernels.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.tree import build_tree
from tests import naive
from tests.kernels.probe import probe
from tests.kernels.tables import array, table_of

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, i64

EOS = naive.EOS
PREFIX = b"__label__"


@probe
def call_sigmoid(x: F32, n: i64, out: F32) -> None:
    for i in range(n):
        out[i] = kernels_table_sigmoid(x[i])


@probe
def call_probs(hidden: F32, at: i64, wo: F32, dim: i64, nlabels: i64, loss: i64, out: F32) -> None:
    kernels_label_probs(hidden, at, wo, dim, nlabels, loss, out)


kernels_table_sigmoid, kernels_label_probs = kernels.table_sigmoid, kernels.label_probs

# --------------------------------------------------------------- reading lines


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
        n_features, n_labels = 1, 1
        features, labels = np.full(2, -9, np.int32), np.full(2, -9, np.int32)
        offsets, label_offsets = np.zeros((2, max_lines + 1), np.int64)
        flags = np.full(max_lines + 1, 9, np.uint8)
        state = np.zeros(1, np.int64)
        window = np.zeros(word_ngrams, np.int64)
        lines = []
        while state[0] < len(text):
            before = int(state[0])
            n = kernels.read_lines(
                array(text),
                len(text),
                self.table.table,
                len(self.table.table) - 1,
                self.table.starts,
                self.table.arena,
                len(self.words),
                eos,
                naive.hash_bytes(EOS),
                array(self.prefix),
                len(self.prefix),
                minn,
                maxn,
                word_ngrams,
                bucket,
                window,
                features,
                n_features,
                offsets,
                labels,
                n_labels,
                label_offsets,
                flags,
                max_lines,
                state,
            )
            assert (features[n_features:] == -9).all()
            assert (labels[n_labels:] == -9).all()
            assert (n == 0) == (state[0] == before)
            if n == 0:  # not even one line fits: it has been left alone
                n_features, n_labels = n_features * 3 // 2 + 1, n_labels * 3 // 2 + 1
                features = np.full(n_features + 1, -9, np.int32)
                labels = np.full(n_labels + 1, -9, np.int32)
            for i in range(n):
                flag = int(flags[i])
                lines.append(
                    (
                        features[offsets[i] : offsets[i + 1]].tolist(),
                        labels[label_offsets[i] : label_offsets[i + 1]].tolist(),
                        flag & kernels.HAS_LABEL != 0,
                        flag & kernels.KNOWS_LABEL != 0,
                    )
                )
        return lines

    def check(self, text, minn=0, maxn=0, word_ngrams=1, bucket=50, max_lines=3):
        options = (minn, maxn, word_ngrams, bucket)
        ref = naive.read_lines(text, self.words, self.labels, self.prefix, *options)
        assert self.read(text, *options, max_lines) == ref
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


def test_line_end_that_looks_like_an_unknown_label():
    # As in counting and in fastText: where </s> starts with the label prefix it is no word.
    assert Dictionary([b"a"], [], b"<").check(b"a\n", word_ngrams=2) == [([0], [], True, False)]


def test_line_end_that_is_a_label():
    comp = Dictionary([b"a"], [EOS], b"<").check(b"a\n\na", 2, 3, 2)
    assert [labels for _, labels, _, _ in comp] == [[0], [0], []]


def test_read_lines_by_hand():
    # Words </s> 0, a 1, b 2; labels x 0, y 1.  A line end is </s>, the last line has none.
    dictionary = Dictionary([EOS, b"a", b"b"], [b"__label__x", b"__label__y"])
    text = b"a c __label__y b __label__x\n\n__label__z a\n__label__x </s>"
    assert dictionary.read(text) == [
        ([1, 2, 0], [1, 0], True, True),
        ([0], [], False, False),
        ([1, 0], [], True, False),
        ([0], [0], True, True),
    ]


def test_ngrams_of_an_unknown_word_by_hand():
    # <c> by threes is one n-gram; the pairs of words are (a, c) and, at the line end, (c, </s>).
    a, c, eos = (naive.sign_extended(naive.hash_bytes(t)) for t in (b"a", b"c", EOS))
    pairs = [2 + (x * 116049371 + y) % 2**64 % 1000 for x, y in ((a, c), (c, eos))]
    whole = 2 + naive.hash_bytes(b"<c>") % 1000
    known = 2 + naive.hash_bytes(b"<a>") % 1000
    for words, end in (([b"a", EOS], [1]), ([b"a", b"b"], [])):
        (line,) = Dictionary(words, []).read(b"a c\n", 3, 3, 2, 1000)
        assert line[0] == [0, known, whole, pairs[0], *end, pairs[1]]


def test_lines_longer_than_all_memory_so_far(rng):
    words = [b"w%d" % i for i in range(30)]
    lines = [b" ".join(rng.choice(words, n)) for n in (1, 200, 0, 30, 1)]
    text = b"\n".join([*lines, b" ".join(LABELS * 20)])
    Dictionary([EOS, *words], LABELS).check(text, 2, 3, 3, max_lines=2)


def flat(lines):
    """Return features and offsets of lines."""
    features = np.array([*(f for line in lines for f in line), -9], np.int32)
    return features, np.cumsum([0, *map(len, lines)]).astype(np.int64)


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


@pytest.mark.parametrize("dim", [1, 15, 16, 33])
@pytest.mark.parametrize(("first", "last"), [(0, 5), (1, 4), (3, 3), (4, 5)])
def test_mean_rows(rng, dim, first, last):
    lines = [rng.integers(0, 9, n).tolist() for n in (3, 0, 1, 40, 2)]
    wi = rng.normal(size=(9, dim)).astype(np.float32)
    features, offsets = flat(lines)
    out = np.full((last - first) * dim + 1, 9, np.float32)
    kernels.mean_rows(features, offsets, first, last, wi.reshape(-1), dim, out)
    if last > first:
        ref = naive.mean_rows(lines[first:last], wi.astype(np.float64))
        np.testing.assert_allclose(out[:-1].reshape(-1, dim), ref, rtol=1e-5, atol=1e-6)
    assert out[-1] == 9


# --------------------------------------------------------------- probabilities


@given(st.lists(st.integers(-(10**4), 10**4), max_size=20).map(lambda x: [n / 1024 for n in x]))
@example([8.0, -8.0, 8.000001, -8.000001, -0.0, 7.96875, -7.96875, 3e38, np.inf, -np.inf])
def test_table_sigmoid(values):
    x = np.array(values, np.float32)
    out = np.empty_like(x)
    call_sigmoid(x, len(x), out)
    np.testing.assert_allclose(out, [naive.table_sigmoid(v) for v in x.tolist()], rtol=1e-6)


def test_table_sigmoid_by_hand():
    # In steps of 1/32: all of [0, 1/32) gives 1/2; beyond 8 it is exactly 0 or 1.
    x = np.array([0, 0.03, 0.03125, 8.5, -8.5], np.float32)
    out = np.empty_like(x)
    call_sigmoid(x, 5, out)
    assert out[[0, 1, 3, 4]].tolist() == [0.5, 0.5, 1, 0]
    assert out[2] == pytest.approx(1 / (1 + np.exp(-1 / 32)), rel=1e-6)


ALL_BUT_HS = pytest.mark.parametrize("loss", [SOFTMAX, OVA, NS], ids=["softmax", "ova", "ns"])
ALL = pytest.mark.parametrize("loss", [SOFTMAX, OVA, NS, HS], ids=["softmax", "ova", "ns", "hs"])


@ALL_BUT_HS
@pytest.mark.parametrize(("nlabels", "dim"), [(1, 1), (3, 16), (20, 5), (50, 33)])
def test_label_probs(rng, loss, nlabels, dim):
    # Multiples of 1/8: their products and sums are exact, so no score is near a step by chance.
    hidden = (rng.integers(-12, 13, 3 + dim) / 8).astype(np.float32)
    wo = (rng.integers(-12, 13, (nlabels, dim)) / 8).astype(np.float32)
    out = np.full(nlabels + 1, 9, np.float32)
    call_probs(hidden, 3, wo.reshape(-1), dim, nlabels, loss, out)
    ref = naive.label_probs(hidden[3:].astype(np.float64), wo.astype(np.float64), loss)
    np.testing.assert_allclose(out[:-1], ref, rtol=1e-5, atol=1e-12)
    assert out[-1] == 9


def test_softmax_of_large_scores():
    out = np.zeros(3, np.float32)
    scores = np.array([1e30, -1e30, 1e30], np.float32)
    call_probs(np.ones(1, np.float32), 0, scores, 1, 3, SOFTMAX, out)
    assert out.tolist() == [0.5, 0, 0.5]


# ------------------------------------------------------------------ best labels


def children_of(counts):
    """Return the two children of every inner node of the Huffman tree."""
    n = len(counts)
    parents, branches = np.zeros(2 * n, np.int32), np.zeros(2 * n, np.uint8)
    children, weights = np.zeros(2 * n, np.int32), np.zeros(2 * n, np.int64)
    build_tree(np.array(counts, np.int64), n, weights, parents, children, branches)
    return children


class Labels:
    """Output rows for lines of hidden values; of the lines the second has no features."""

    def __init__(self, hidden, wo, loss, counts=None):
        self.hidden, self.wo, self.loss = np.float32(hidden), np.float32(wo), loss
        self.nlabels, self.dim = self.wo.shape
        self.children = children_of(counts or list(range(self.nlabels, 0, -1)))

    def best(self, k, threshold=0.0):
        """Return (probability, label) of the k best labels of every line, by the kernel."""
        n = len(self.hidden)
        offsets = np.array([5, 7, *range(7, n + 6)][: n + 1], np.int64)
        nodes = np.full(self.nlabels + 2, -9, np.int32)
        scores = np.full(self.nlabels + 2, -9, np.float32)
        counts = np.full(n + 1, -9, np.int32)
        labels, probs = np.full(n * k + 1, -9, np.int32), np.full(n * k + 1, -9, np.float32)
        kernels.best_labels(
            self.hidden.reshape(-1),
            offsets,
            n,
            self.dim,
            self.wo.reshape(-1),
            self.nlabels,
            self.loss,
            self.children,
            k,
            threshold,
            nodes,
            scores,
            counts,
            labels,
            probs,
        )
        assert [x[-1] for x in (nodes, scores, counts, labels, probs)] == [-9] * 5
        return [
            list(zip(probs[i * k :].tolist(), labels[i * k :].tolist(), strict=True))[: counts[i]]
            for i in range(n)
        ]

    def naive_best(self, k, threshold=0.0):
        wo = self.wo.astype(np.float64)
        lines = []
        for hidden in self.hidden.astype(np.float64):
            if self.loss == HS:
                children = self.children.reshape(-1, 2).tolist()
                lines.append(naive.best_by_tree(hidden, wo, children, k, threshold))
            else:
                probs = naive.label_probs(hidden, wo, self.loss)
                lines.append(naive.best_labels(probs, k, threshold))
        lines[1:2] = [[]]
        return lines[: len(self.hidden)]

    def check(self, k, threshold=0.0):
        """Compare the kernel with the oracle; of many equal labels any may be there, for k > 1."""
        comp, ref = self.best(k, threshold), self.naive_best(k, threshold)
        everything = self.naive_best(self.nlabels, threshold)
        for got, want, known in zip(comp, ref, everything, strict=True):
            probs = {label: p for p, label in known}
            assert [p for p, _ in got] == pytest.approx([p for p, _ in want], rel=2e-5, abs=2e-9)
            assert len({label for _, label in got}) == len(got)
            for p, label in got:
                assert p == pytest.approx(probs[label], rel=2e-5, abs=2e-9)
            assert all(a >= b for (a, _), (b, _) in pairwise(got))
            if k == 1:
                assert [label for _, label in got] == [label for _, label in want]


@ALL
@pytest.mark.parametrize("nlabels", [1, 2, 5, 24])
def test_best_labels(rng, loss, nlabels):
    hidden, wo = rng.integers(-12, 13, (4, 18)) / 8, rng.integers(-12, 13, (nlabels, 18)) / 16
    labels = Labels(hidden, wo, loss)
    for k in sorted({1, 2, min(3, nlabels), nlabels} & set(range(1, nlabels + 1))):
        labels.check(k)
        for threshold in (0.011, 0.2003, 0.7007, 1.1):
            labels.check(k, threshold)


@ALL
def test_all_labels_come_with_the_least_threshold(rng, loss):
    labels = Labels(rng.normal(size=(2, 6)), rng.normal(size=(9, 6)), loss)
    first, second = labels.best(9, 0.0)
    assert sorted(label for _, label in first) == list(range(9))
    assert second == []


def test_probabilities_of_all_labels_add_up_to_1(rng):
    for loss in (SOFTMAX, HS):
        labels = Labels(rng.normal(size=(1, 6)), rng.normal(size=(30, 6)), loss)
        assert sum(p for p, _ in labels.best(30)[0]) == pytest.approx(1, abs=1e-3)


scores = st.lists(
    st.sampled_from([-9.0, -8.0, -1.5, -1.0, 0.0, 0.5, 1.0, 8.0, 9.0]), min_size=1, max_size=40
)


@ALL_BUT_HS
@given(scores=scores, k=st.integers(1, 40), threshold=st.sampled_from([-1.0, 0.0, 0.1111, 0.4]))
@example(scores=[0.0] * 40, k=1, threshold=0.0)
def test_best_of_many_equal_labels(scores, k, threshold, loss):
    labels = Labels([[1.0]], [[score] for score in scores], loss)
    labels.check(1, threshold)
    labels.check(min(k, len(scores)), threshold)


def test_threshold_is_met_by_an_equal_probability():
    # The sigmoid of 0 is exactly 1/2, and so are two equal labels of a softmax.
    for loss in (SOFTMAX, OVA):
        labels = Labels([[1.0]], [[0.0], [0.0]], loss)
        assert len(labels.best(2, 0.5)[0]) == 2
        assert labels.best(2, 0.500001) == [[]]


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=20).map(lambda c: sorted(c)[::-1]),
    seed=st.integers(0, 10**6),
    k=st.integers(1, 20),
    threshold=st.sampled_from([0.0, 0.0101, 0.0909, 0.31]),
)
def test_best_by_tree(counts, seed, k, threshold):
    random = np.random.default_rng(seed)
    wo = random.normal(size=(len(counts), 3))
    labels = Labels(random.normal(size=(1, 3)), wo, HS, counts)
    labels.check(1, threshold)
    labels.check(min(k, len(counts)), threshold)


def test_best_by_a_tree_as_deep_as_can_be(rng):
    counts = [2**i for i in range(30)][::-1]
    Labels(rng.normal(size=(3, 4)), rng.normal(size=(30, 4)), HS, counts).check(30, 0.0003)


def test_best_by_tree_by_hand():
    # Three labels of counts 4, 2, 1: node 3 joins labels 2 and 1, the root joins 3 and label 0.
    # Inner node 0 is row 0, the root row 1.  Sigmoids of ln 3 and -ln 3 are 3/4 and 1/4.
    labels = Labels([[1.0]], [[np.log(3)], [-np.log(3)], [0]], HS, [4, 2, 1])
    ((a, b, c),) = labels.best(3)
    assert [label for _, label in (a, b, c)] == [1, 0, 2]
    assert [p for p, _ in (a, b, c)] == pytest.approx([9 / 16, 1 / 4, 3 / 16], abs=5e-5)


@pytest.mark.parametrize("counts", [[1, 1], [4, 3, 2, 1], [1] * 8, [5, 2, 1, 1]])
def test_best_by_tree_of_equal_leaves_is_the_last_from_left_to_right(counts):
    # All sigmoids are 1/2, as in a model that has learned nothing: fastText's search meets first
    # children first, and of equal leaves the later one takes the place of the other.
    labels = Labels([[0.0]], np.ones((len(counts), 1)), HS, counts)
    labels.check(1)


def test_no_branch_is_too_small_for_a_negative_threshold():
    # Labels 1 and 2 are halves of a branch of 1e-5 (see above): too little for the threshold 0,
    # but not for -1, which in fastText switches this test off.
    labels = Labels([[1.0]], [[0.0], [20.0], [0.0]], HS, [4, 2, 1])
    labels.check(3, 0.0)
    assert [label for _, label in labels.best(3, 0.0)[0]] == [0]
    labels.check(3, -1.0)
