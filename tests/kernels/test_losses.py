"""The four losses: the oracle's gradients by finite differences, and the kernels by the oracle."""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.losses import Example as State
from fastcli.kernels.linear.losses import (
    Noise,
    Output,
    Positives,
    binary_step,
    block_start,
    hs_step,
    ns_step,
    ova_step,
    score_labels,
    softmax_block,
    softmax_scale,
    softmax_step,
)
from fastcli.kernels.linear.tree import Tree
from fastcli.optimizers import no_rule
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, f32, f64, i64


@probe
def call_score_labels(output: Output, example: State, first: i64, last: i64) -> None:
    score_labels(output, example, first, last)


@probe
def call_softmax(
    target: i64, lr: f32, blocks: i64, stats: F32, output: Output, example: State
) -> f64:
    for b in range(blocks):
        first, last = block_start(output.n, b, blocks), block_start(output.n, b + 1, blocks)
        score_labels(output, example, first, last)
        softmax_block(example.scores, first, last, stats, b)
    loss = 0.0
    for b in range(blocks):
        first, last = block_start(output.n, b, blocks), block_start(output.n, b + 1, blocks)
        scale = softmax_scale(stats, blocks, b)
        loss += softmax_step(target, lr, first, last, scale, output, example)
    return loss


@probe
def call_ova(
    labels: I32, first_label: i64, n: i64, lr: f32, blocks: i64, output: Output, example: State
) -> f64:
    loss = 0.0
    for b in range(blocks):
        first, last = block_start(output.n, b, blocks), block_start(output.n, b + 1, blocks)
        score_labels(output, example, first, last)
        positives = Positives(at(labels, first_label), n, 0, example.scores)
        loss += ova_step(positives, lr, first, last, output, example)
    return loss


@probe
def call_binary(answer: f32, row: i64, lr: f32, output: Output, example: State) -> f64:
    return binary_step(answer, row, lr, output, example)


@probe
def call_hs(target: i64, tree: Tree, lr: f32, output: Output, example: State) -> f64:
    return hs_step(target, tree, lr, output, example)


@probe
def call_ns(
    target: i64, noise: Noise, seed: i64, draws: I64, lr: f32, output: Output, example: State
) -> f64:
    return ns_step(target, noise, seed, draws, lr, output, example)


class Example:
    """One example: a hidden vector and output rows of dim floats, padded to the stride by 0."""

    def __init__(self, rng, nlabels, dim, size=1.0):
        self.nlabels, self.dim = nlabels, dim
        self.stride = -(-dim // 16) * 16
        self.hidden = self.padded(rng.normal(0, size, (1, dim)))[0]
        self.wo = self.padded(rng.normal(0, size, (nlabels, dim)))
        self.grad = self.padded(rng.normal(0, size, (1, dim)))[0]
        self.tree = naive.build_tree(sorted(rng.integers(1, 50, nlabels), reverse=True))
        self.odds, self.aliases = naive.alias_table(rng.uniform(0.1, 1, nlabels))

    def padded(self, matrix):
        out = np.zeros((len(matrix), self.stride), np.float32)
        out[:, : self.dim] = matrix
        return out

    def naive_step(self, loss, labels, lr, seed=0, draws=0, neg=3):
        hidden, wo = (x.astype(np.float64) for x in (self.hidden, self.wo))
        if loss == SOFTMAX:
            return naive.softmax_step(labels[0], hidden, wo, lr)
        if loss == OVA:
            return naive.ova_step(labels, hidden, wo, lr)
        if loss == HS:
            return naive.hs_step(labels[0], self.tree, hidden, wo, lr)
        return naive.ns_step(labels[0], neg, self.odds, self.aliases, seed, draws, hidden, wo, lr)[
            :3
        ]

    def step(self, loss, labels, lr, blocks=1, seed=0, draws=0, neg=3):
        """Take the step by the kernel; return the loss."""
        output, example = self.groups()
        if loss == SOFTMAX:
            stats = np.zeros(16 * blocks, np.float32)
            return call_softmax(labels[0], lr, blocks, stats, output, example)
        if loss == OVA:
            ids = np.array([-7, *labels, -7], np.int32)
            return call_ova(ids, 1, len(labels), lr, blocks, output, example)
        if loss == HS:
            return call_hs(labels[0], Tree(*self.tree), lr, output, example)
        self.draws = np.array([draws], np.int64)
        noise = Noise(neg, self.odds, self.aliases)
        return call_ns(labels[0], noise, seed, self.draws, lr, output, example)

    def groups(self):
        """Return what the kernels take for the output rows and for the example."""
        scores = np.zeros(self.nlabels + 15, np.float32)
        output = Output(self.wo.reshape(-1), self.nlabels, self.stride, no_rule())
        return output, State(self.hidden, self.grad, scores)

    def check(self, loss, labels, lr, **options):
        """Take the step by both and compare everything."""
        naive_options = {k: v for k, v in options.items() if k != "blocks"}
        ref_loss, ref_grad, ref_wo = self.naive_step(loss, labels, lr, **naive_options)
        ref_grad = self.grad + ref_grad  # added to, not overwritten
        hidden = self.hidden.copy()
        comp = self.step(loss, labels, lr, **options)
        np.testing.assert_allclose(comp, ref_loss, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(self.grad, ref_grad, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(self.wo, ref_wo, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(self.hidden, hidden)


LOSSES = pytest.mark.parametrize("loss", [SOFTMAX, OVA, HS, NS], ids=["softmax", "ova", "hs", "ns"])


# ----------------------------------------------------- the oracle's gradients


def differences(function, x):
    """Return the gradient of a function by central differences."""
    grad, eps = np.zeros_like(x), 1e-6
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += eps
        down[i] -= eps
        grad[i] = (function(up) - function(down)) / (2 * eps)
    return grad


@LOSSES
def test_gradients_of_the_oracle(rng, loss):
    nlabels, lr = 6, 0.3
    tree = naive.build_tree([9, 7, 3, 3, 2, 1])
    odds, aliases = naive.alias_table([9, 7, 3, 3, 2, 1])
    target, others = 2, []
    draws = 0
    while len(set(others)) < 3:  # a label drawn twice would be moved between its two gradients
        draws += 1
        others, _ = naive.ns_labels(target, 3, odds, aliases, 5, draws)

    def step(hidden, wo):
        if loss == SOFTMAX:
            return naive.softmax_step(target, hidden, wo, lr)
        if loss == OVA:
            return naive.ova_step([2, 4], hidden, wo, lr)
        if loss == HS:
            return naive.hs_step(target, tree, hidden, wo, lr)
        return naive.ns_step(target, 3, odds, aliases, 5, draws, hidden, wo, lr)[:3]

    hidden, wo = rng.normal(size=5), rng.normal(size=(nlabels, 5))
    _, grad, after = step(hidden, wo)
    dhidden = differences(lambda x: step(x, wo)[0], hidden)
    dwo = differences(lambda x: step(hidden, x)[0], wo)
    np.testing.assert_allclose(grad, -lr * dhidden, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(after - wo, -lr * dwo, rtol=1e-6, atol=1e-8)


# ----------------------------------------------------- kernels by the oracle


@LOSSES
@pytest.mark.parametrize(("nlabels", "dim"), [(2, 1), (3, 16), (7, 10), (20, 33)])
def test_step(rng, loss, nlabels, dim):
    for label in range(min(nlabels, 4)):
        Example(rng, nlabels, dim, 0.7).check(loss, [label], 0.25)


@pytest.mark.parametrize("loss", [SOFTMAX, OVA, HS])
def test_step_with_one_label(rng, loss):
    Example(rng, 1, 3).check(loss, [0], 0.25)


@pytest.mark.parametrize("blocks", [1, 2, 3, 7])
def test_softmax_in_blocks(rng, blocks):
    for target in (0, 3, 6):
        Example(rng, 7, 10).check(SOFTMAX, [target], 0.5, blocks=blocks)


@pytest.mark.parametrize("blocks", [2, 3])
@pytest.mark.parametrize("target", [0, 15, 16, 39])
def test_softmax_in_blocks_that_all_have_labels(rng, blocks, target):
    """Each has a largest score of its own: 16 labels are the least that a block is given."""
    Example(rng, 40, 10).check(SOFTMAX, [target], 0.5, blocks=blocks)


@pytest.mark.parametrize("blocks", [2, 3])
def test_ova_in_blocks_that_all_have_labels(rng, blocks):
    Example(rng, 40, 10).check(OVA, [39, 0, 16, 15, 16], 0.5, blocks=blocks)


@pytest.mark.parametrize("blocks", [1, 2, 3, 7])
@pytest.mark.parametrize("labels", [[], [5], [6, 0, 3], [2, 2], [1, 4, 1, 1], list(range(7))])
def test_ova_with_any_labels(rng, blocks, labels):
    Example(rng, 7, 10).check(OVA, labels, 0.5, blocks=blocks)


def test_ova_counts_a_label_once_where_its_probability_is_1(rng):
    losses = []
    for labels in ([2], [2, 2]):
        example = Example(np.random.default_rng(1), 5, 10, 0.1)
        example.wo[2] = example.hidden * np.float32(200 / (example.hidden @ example.hidden))
        losses.append(example.step(OVA, labels, 0.5))
    assert losses[1] == losses[0] < 4


@pytest.mark.parametrize("neg", [0, 1, 12])
def test_ns_draws_what_the_oracle_draws(rng, neg):
    example = Example(rng, 5, 10, 0.5)
    example.check(NS, [3], 0.1, seed=11, draws=70, neg=neg)
    _, draws = naive.ns_labels(3, neg, example.odds, example.aliases, 11, 70)
    assert example.draws[0] == draws


@pytest.mark.parametrize("answer", [0, 1])
def test_binary_step(rng, answer):
    example = Example(rng, 4, 10)
    loss, grad, wo = naive.binary_step(answer, 2, example.hidden, example.wo, 0.5)
    grad = example.grad + grad
    comp = call_binary(float(answer), 2, 0.5, *example.groups())
    np.testing.assert_allclose(comp, loss, rtol=1e-5)
    np.testing.assert_allclose(example.grad, grad, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(example.wo, wo, rtol=1e-5, atol=1e-6)


def test_binary_step_of_a_certain_mistake(rng):
    """The loss is that of a probability of 1e-7: as in fastText, it is not infinite."""
    example = Example(rng, 4, 10)
    example.wo[2] = example.hidden * np.float32(200 / (example.hidden @ example.hidden))
    assert call_binary(0.0, 2, 0.5, *example.groups()) == pytest.approx(-np.log(1e-7), rel=1e-4)


def test_softmax_of_a_certain_mistake(rng):
    """The loss is that of a probability of 1e-30, not infinite: training continues."""
    example = Example(rng, 4, 10)
    example.wo[2] = example.hidden * np.float32(300 / (example.hidden @ example.hidden))
    example.wo[1] = -example.wo[2]
    assert example.step(SOFTMAX, [1], 0.5) == pytest.approx(-np.log(1e-30), rel=1e-4)


def test_score_labels(rng):
    example = Example(rng, 6, 20)
    scores = np.full(6, 9, np.float32)
    output, state = example.groups()
    call_score_labels(output, state._replace(scores=scores), 1, 5)
    np.testing.assert_allclose(scores[1:5], (example.wo @ example.hidden)[1:5], rtol=1e-5)
    assert scores[[0, 5]].tolist() == [9, 9]


# -------------------------------------------------------------------- by hand


def by_hand():
    """Return an example with hidden = 1 and wo = (ln 3, 0), and no gradient yet."""
    example = Example(np.random.default_rng(0), 2, 1)
    example.hidden[0] = 1
    example.wo[:, 0] = [np.log(3), 0]
    example.grad[:] = 0
    return example


def test_softmax_by_hand():
    # Scores are ln 3 and 0, so p = 3/4 and 1/4; for target 1 the loss is ln 4.
    # Errors are -3/4 and 1 - 1/4: with lr 1/2 each row moves by half of that (hidden is 1),
    # and the gradient is 1/2 (-3/4 ln 3 + 3/4 * 0).
    example = by_hand()
    assert example.step(SOFTMAX, [1], 0.5) == pytest.approx(np.log(4), rel=1e-6)
    assert example.wo[:, 0] == pytest.approx([np.log(3) - 0.375, 0.375], rel=1e-6)
    assert example.grad[0] == pytest.approx(-0.375 * np.log(3), rel=1e-6)


def test_ova_by_hand():
    # The sigmoid of ln 3 is 3/4, that of 0 is 1/2; only label 0 is right, so the loss is
    # -ln 3/4 - ln 1/2 = ln 8/3, and the errors are 1/4 and -1/2.
    example = by_hand()
    assert example.step(OVA, [0], 1.0) == pytest.approx(np.log(8 / 3), rel=1e-6)
    assert example.wo[:, 0] == pytest.approx([np.log(3) + 0.25, -0.5], rel=1e-6)
    assert example.grad[0] == pytest.approx(0.25 * np.log(3), rel=1e-6)


def test_hs_by_hand():
    # Two labels: one inner node, row 0. Label 1 is rarer and taken first, with code 0:
    # p = 3/4, loss = -ln(1 - 3/4) = ln 4, error 0 - 3/4.
    example = by_hand()
    example.tree = naive.build_tree([5, 2])
    assert [part.tolist() for part in example.tree] == [[0, 0], [1, 0], [0, 1, 2]]
    assert example.step(HS, [1], 1.0) == pytest.approx(np.log(4), rel=1e-6)
    assert example.wo[:, 0] == pytest.approx([np.log(3) - 0.75, 0], rel=1e-6)
    assert example.grad[0] == pytest.approx(-0.75 * np.log(3), rel=1e-6)


def test_ns_by_hand():
    # The only other label of two is drawn, so this is label 0 yes, label 1 no: ln 8/3 again.
    example = by_hand()
    assert example.step(NS, [0], 1.0, neg=1) == pytest.approx(np.log(8 / 3), rel=1e-6)
    assert example.wo[:, 0] == pytest.approx([np.log(3) + 0.25, -0.5], rel=1e-6)


# ------------------------------------------------------------------- extremes


@LOSSES
def test_scores_far_apart_give_finite_steps(rng, loss):
    example = Example(rng, 4, 3)
    example.hidden[:3] = 50
    example.wo[:, :3] = [[60], [-60], [60], [-60]]
    for label in range(4):
        assert -1e-5 < example.step(loss, [label], 0.1) < 300  # 1e-7 is added to probabilities
        assert np.isfinite(example.wo).all()
        assert np.isfinite(example.grad).all()


@LOSSES
def test_nan_shows_in_the_loss(rng, loss):
    example = Example(rng, 4, 3)
    example.hidden[1] = np.nan
    assert np.isnan(example.step(loss, [2], 0.1))


# ----------------------------------------------------------- tables of labels


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_build_tree_is_a_huffman_code(counts):
    counts.sort(reverse=True)
    paths, codes, offsets = naive.build_tree(counts)
    words = [tuple(codes[a:b][::-1]) for a, b in pairwise(offsets)]
    roots = [paths[b - 1] for b in offsets[1:] if b]
    assert set(roots) <= {len(counts) - 2}  # the root is made last
    for word in words:  # no code begins another
        assert [other[: len(word)] for other in words].count(word) == 1
    heap, least = sorted(counts), 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        least += joined
        heapq.heappush(heap, joined)
    assert sum(n * len(word) for n, word in zip(counts, words, strict=True)) == least


def test_build_tree_by_hand():
    # Leaves 5 2 1 1 are nodes 0 to 3. Node 4 = 3 + 2 (count 2): leaf 3 first, leaf 2 second.
    # Node 5: leaf 1 (2) is not smaller than node 4 (2), so node 4 first, leaf 1 second (count 4).
    # Node 6: node 5 (4) is smaller than leaf 0 (5), so node 5 first, leaf 0 second.
    paths, codes, offsets = naive.build_tree([5, 2, 1, 1])
    assert [paths[a:b].tolist() for a, b in pairwise(offsets)] == [
        [2],
        [1, 2],
        [0, 1, 2],
        [0, 1, 2],
    ]
    assert codes.tolist() == [1, 1, 0, 1, 0, 0, 0, 0, 0]


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12))
def test_alias_table_gives_each_label_its_share(weights):
    odds, aliases = naive.alias_table(weights)
    share = odds.copy()
    np.add.at(share, aliases, 1 - odds)
    np.testing.assert_allclose(share / len(weights), np.array(weights) / sum(weights), atol=1e-9)


@pytest.mark.parametrize("nlabels", [1, 16, 17, 735])
def test_blocks_cover_all_labels_in_multiples_of_16(nlabels):
    for blocks in (1, 2, 5, 16):
        starts = [block_start(nlabels, b, blocks) for b in range(blocks + 1)]
        assert (starts[0], starts[-1]) == (0, nlabels)
        assert sorted(starts) == starts
        assert all(start % 16 == 0 for start in starts if start < nlabels)
