"""The best labels of lines: to the bit what plain float32 arithmetic gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.views import at
from fastcli.kernels.linear import scores as kernels
from fastcli.kernels.linear.best import Search, best_labels
from fastcli.kernels.linear.means import mean_rows
from fastcli.kernels.linear.scores import Outputs
from fastcli.kernels.linear.tree import build_tree
from tests import naive
from tests.kernels.probe import probe
from tests.kernels.tables import flat

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, i64


@probe
def call_sigmoid(x: F32, n: i64, out: F32) -> None:
    for i in range(n):
        out[i] = kernels_table_sigmoid(x[i])


@probe
def call_probs(hidden: F32, offset: i64, outputs: Outputs, out: F32) -> None:
    kernels_label_probs(at(hidden, offset), outputs, out)


kernels_table_sigmoid, kernels_label_probs = kernels.table_sigmoid, kernels.label_probs
NO_TREE = np.zeros(2, np.int32)


@pytest.mark.parametrize("dim", [1, 15, 16, 33])
@pytest.mark.parametrize(("first", "last"), [(0, 5), (1, 4), (3, 3), (4, 5)])
def test_mean_rows(rng, dim, first, last):
    lines = [rng.integers(0, 9, n).tolist() for n in (3, 0, 1, 40, 2)]
    wi = rng.normal(size=(9, dim)).astype(np.float32)
    features, offsets = flat(lines)
    out = np.full((last - first) * dim + 1, 9, np.float32)
    mean_rows(features, offsets[first:], last - first, wi.reshape(-1), dim, out)
    if last > first:
        ref = naive.mean_rows(lines[first:last], wi)
        np.testing.assert_array_equal(out[:-1].reshape(-1, dim), ref)
    assert out[-1] == 9


# --------------------------------------------------------------- probabilities


@given(st.lists(st.integers(-(10**4), 10**4), max_size=20).map(lambda x: [n / 1024 for n in x]))
@example([8.0, -8.0, 8.000001, -8.000001, -0.0, 7.96875, -7.96875, 3e38, np.inf, -np.inf])
def test_table_sigmoid(values):
    x = np.array(values, np.float32)
    out = np.empty_like(x)
    call_sigmoid(x, len(x), out)
    np.testing.assert_array_equal(out, [naive.table_sigmoid(v) for v in x.tolist()])


def test_table_sigmoid_by_hand():
    # In steps of 1/32: all of [0, 1/32) gives 1/2; beyond 8 it is exactly 0 or 1.
    x = np.array([0, 0.03, 0.03125, 8.5, -8.5], np.float32)
    out = np.empty_like(x)
    call_sigmoid(x, 5, out)
    assert out[[0, 1, 3, 4]].tolist() == [0.5, 0.5, 1, 0]
    assert out[2] == pytest.approx(1 / (1 + np.exp(-1 / 32)), rel=1e-6)


ALL_BUT_HS = pytest.mark.parametrize("loss", [SOFTMAX, OVA, NS], ids=["softmax", "ova", "ns"])
ALL = pytest.mark.parametrize("loss", [SOFTMAX, OVA, NS, HS], ids=["softmax", "ova", "ns", "hs"])


def blocks_of(wo):
    """Return output rows in the blocks that scoring reads."""
    nlabels, dim = wo.shape
    blocks = np.full(-(-nlabels // kernels.BLOCK) * kernels.BLOCK * dim, np.nan, np.float32)
    kernels.fill_blocks(np.ascontiguousarray(wo, np.float32).reshape(-1), nlabels, dim, blocks)
    return blocks


def test_fill_blocks(rng):
    wo = rng.normal(size=(70, 3)).astype(np.float32)
    blocks = blocks_of(wo).reshape(2, 3, 64)
    np.testing.assert_array_equal(blocks[0], wo[:64].T)
    np.testing.assert_array_equal(blocks[1, :, :6], wo[64:].T)
    assert not blocks[1, :, 6:].any()


@ALL_BUT_HS
@pytest.mark.parametrize(("nlabels", "dim"), [(1, 1), (3, 16), (20, 5), (64, 33), (150, 100)])
def test_label_probs(rng, loss, nlabels, dim):
    hidden, wo = rng.normal(size=3 + dim), rng.normal(size=(nlabels, dim)) / 3
    hidden, wo = hidden.astype(np.float32), wo.astype(np.float32)
    out = np.full(-(-nlabels // 64) * 64 + 1, 9, np.float32)
    call_probs(hidden, 3, Outputs(blocks_of(wo), nlabels, dim, loss, NO_TREE), out)
    np.testing.assert_array_equal(out[:nlabels], naive.label_probs(hidden[3:], wo, loss))
    assert out[-1] == 9


def test_softmax_of_large_scores():
    out = np.zeros(64, np.float32)
    blocks = blocks_of(np.array([[1e30], [-1e30], [1e30]]))
    call_probs(np.ones(1, np.float32), 0, Outputs(blocks, 3, 1, SOFTMAX, NO_TREE), out)
    assert out[:3].tolist() == [0.5, 0, 0.5]


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
        path_scores = np.full(self.nlabels + 2, -9, np.float32)
        n_blocks = -(-self.nlabels // kernels.BLOCK)
        lines = np.full(2 * n_blocks + 1, -9, np.int32)
        firsts, seconds = np.full((2, n_blocks * kernels.BLOCK + 1), -9, np.float32)
        scores = np.full(n_blocks * kernels.BLOCK + 1, -9, np.float32)
        counts = np.full(n + 1, -9, np.int32)
        labels, probs = np.full(n * k + 1, -9, np.int32), np.full(n * k + 1, -9, np.float32)
        search = Search(scores, lines, firsts, seconds, nodes, path_scores)
        best = Best(k, counts, labels, probs)
        best_labels(
            self.hidden.reshape(-1),
            offsets,
            n,
            Outputs(blocks_of(self.wo), self.nlabels, self.dim, self.loss, self.children),
            threshold,
            search,
            best,
        )
        assert [x[-1] for x in (*search, *best[1:])] == [-9] * 9
        return [
            list(zip(probs[i * k :].tolist(), labels[i * k :].tolist(), strict=True))[: counts[i]]
            for i in range(n)
        ]

    def naive_best(self, k, threshold=0.0):
        lines = []
        for hidden in self.hidden:
            if self.loss == HS:
                children = self.children.reshape(-1, 2).tolist()
                lines.append(naive.best_by_tree(hidden, self.wo, children, k, threshold))
            else:
                probs = naive.label_probs(hidden, self.wo, self.loss)
                lines.append(naive.best_labels(probs, k, threshold))
        lines[1:2] = [[]]
        return lines[: len(self.hidden)]

    def check(self, k, threshold=0.0):
        """Compare the kernel with the oracle: the same labels in the same order."""
        comp, ref = self.best(k, threshold), self.naive_best(k, threshold)
        for got, want in zip(comp, ref, strict=True):
            assert [label for _, label in got] == [label for _, label in want]
            probs = [np.exp(p) if self.loss == HS else p for p, _ in want]
            assert [p for p, _ in got] == pytest.approx(probs, rel=1e-6 if self.loss == HS else 0)


@ALL
@pytest.mark.parametrize("nlabels", [1, 2, 5, 24, 200])
def test_best_labels(rng, loss, nlabels):
    labels = Labels(rng.normal(size=(4, 18)), rng.normal(size=(nlabels, 18)) / 2, loss)
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
