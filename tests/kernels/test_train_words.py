"""The trainer of word vectors against the book, and what its shortcuts rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.base.losses import NS
from fastcli.kernels.base.vector import pick_dots, pick_steps
from fastcli.kernels.base.views import at
from fastcli.kernels.linear import train_words as kernels
from tests import naive, naive_words
from tests.kernels.probe import probe
from tests.kernels.words import LOSSES, MODELS, Text

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, i64

N_LINES = 4 if PYTHON_MODE else 25


@probe
def call_pick_dots(
    w: F32, picks: I64, offset: i64, count: i64, stride: i64, h: F32, out: F32, n: i64
) -> None:
    pick_dots(w, at(picks, offset), count, stride, h, out, n)


@probe
def call_pick_steps(
    w: F32, picks: I64, offset: i64, count: i64, stride: i64, h: F32, a: F32, dh: F32, n: i64
) -> None:
    pick_steps(w, at(picks, offset), count, stride, h, a, dh, n)


@pytest.mark.parametrize("n", [16, 48, 112])
def test_pick_dots_and_steps(n, rng):
    """Row 4 is picked twice: its second step sees the first."""
    w = rng.normal(size=(6, n)).astype(np.float32)
    picks = np.array([99, 4, 0, 4, 99], np.int64)
    h, dh = rng.normal(size=(2, n)).astype(np.float32)
    a = np.array([0.5, -1, 0.25], np.float32)
    out = np.full(5, 9, np.float32)
    call_pick_dots(w.reshape(-1), picks, 1, 3, n, h, out, n)
    np.testing.assert_allclose(out, [*(w[[4, 0, 4]] @ h), 9, 9], rtol=1e-4, atol=1e-4)
    ref_w, ref_dh = w.astype(float), dh.astype(float)
    for pick, factor in zip(picks[1:4], a, strict=True):
        ref_dh += factor * ref_w[pick]
        ref_w[pick] += factor * h
    call_pick_steps(w.reshape(-1), picks, 1, 3, n, h, a, dh, n)
    np.testing.assert_allclose(w, ref_w, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(dh, ref_dh, rtol=1e-5, atol=1e-5)


class Problem(Text):
    """Random lines of words, some of them dropped, and words that have a row twice."""

    neg, seed, visit, ws, lr_update_rate = 3, 5, 40, 3, 20

    def __init__(self, rng, dim=10, n_words=9, n_rows=20, n_lines=N_LINES, keep=0.8):
        lines = [rng.integers(0, n_words, n).tolist() for n in rng.integers(0, 12, n_lines)]
        lines[1] = [2]
        rows = [
            [word, *rng.integers(n_words, n_rows, n).tolist()]
            for word, n in enumerate(rng.integers(0, 5, n_words))
        ]
        rows[2] = [2, n_rows - 2, n_rows - 2, n_rows - 1, n_rows - 2]
        super().__init__(rng, lines, n_words, dim, rows)
        self.dim, self.total = dim, sum(self.tokens)
        self.keep[1:] = keep


@MODELS
@LOSSES
def test_train_words(model, loss, rng):
    problem = Problem(rng)
    wi, wo = problem.check(model, loss)
    assert not np.array_equal(wi, problem.wi)
    assert not wi[:, problem.dim :].any()
    assert not wo[:, problem.dim :].any()


@MODELS
@LOSSES
@pytest.mark.parametrize(
    "options",
    [
        {"ws": 1},
        {"ws": 6, "neg": 0},
        {"neg": 17},
        {"lr_update_rate": 0},
        {"lr_update_rate": 10**6},
        {"visit": 0, "seed": -3},
    ],
    ids=str,
)
def test_options(options, model, loss, rng):
    problem = Problem(rng, dim=16, n_lines=5)
    for name, value in options.items():
        setattr(problem, name, value)
    problem.check(model, loss)


@MODELS
def test_lines_are_visited_in_the_order_given(model, rng):
    problem = Problem(rng, n_lines=6)
    wi, _ = problem.check(model, NS, [3, 1, 0, 5, 4, 2])
    assert not np.array_equal(wi, problem.train(model, NS)[0])


@MODELS
@LOSSES
def test_two_calls_are_one(model, loss, rng):
    problem = Problem(rng)
    problem.lr_update_rate = 0  # the learning rate is set after every line
    ref, comp = problem.train(model, loss), problem.train(model, loss, cuts=[3])
    for a, b in zip(ref, comp, strict=True):
        assert a.tobytes() == b.tobytes()


@MODELS
def test_nothing_kept_nothing_moved(model, rng):
    problem = Problem(rng, keep=-1.0)
    problem.keep[:] = -1
    wi, wo, results = problem.train(model, NS)
    np.testing.assert_array_equal(wi, problem.wi)
    np.testing.assert_array_equal(wo, problem.wo)
    assert results[:3].tolist() == [0, 0, problem.total]


@LOSSES
def test_cbow_is_plain_sgd_where_words_share_nothing(loss, rng, monkeypatch):
    problem = Problem(rng, n_words=12, n_rows=40)
    problem.lines = [rng.permutation(12)[:n].tolist() for n in (12, 5, 9, 1)]
    problem.tokens = [len(line) for line in problem.lines]
    problem.total = sum(problem.tokens)
    problem.rows = [[word, 12 + 2 * word, 13 + 2 * word] for word in range(12)]
    wi, wo = problem.check(kernels.CBOW, loss)
    monkeypatch.setattr(naive_words, "_cbow", naive_words.plain_cbow)
    ref_wi, ref_wo, *_ = problem.naive(kernels.CBOW, loss)
    np.testing.assert_allclose(wi, ref_wi, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(wo, ref_wo, rtol=1e-4, atol=1e-4)


def test_word_gains_by_hand():
    rows = [[0], [1, 2, 3], [5, 5], [7, 8, 8, 7, 8]]
    flat = np.array([row for own in rows for row in own], np.int32)
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    gains = np.full(4, -1, np.float32)
    kernels.word_gains(offsets, flat, 1, 4, gains)
    assert gains == pytest.approx([-1, 1, 2, 13 / 5])
    assert naive_words.word_gains(rows) == pytest.approx([1, 1, 2, 13 / 5])


def test_one_pair_by_hand():
    """A word of one row at x = 1, one context at y = log 3, no negatives: s(xy) = 3/4."""

    class OnePair(Text):
        def __init__(self):
            self.n_words, self.dim, self.stride = 2, 1, 16
            self.lines, self.tokens, self.rows = [[0, 1]], [2], [[0], [1]]
            self.keep = np.ones(2)
            self.wi, self.wo = np.zeros((2, 16), np.float32), np.zeros((2, 16), np.float32)
            self.wi[:, 0], self.wo[:, 0] = [1, 0], [0, np.log(3)]
            self.tree, self.odds, self.aliases = naive.build_tree([1, 1]), np.ones(2), [0, 1]
            self.aliases = np.array(self.aliases, np.int32)
            self.neg, self.ws, self.lr0, self.total = 0, 1, 0.4, 2

    wi, wo, results = OnePair().train(kernels.SKIPGRAM, NS)
    # First 0 tells of 1, then 1 (still zero) tells of 0 and gets no gradient from it.
    assert wi[0, 0] == pytest.approx(1 + 0.4 * 0.25 * np.log(3), rel=1e-6)
    assert wo[1, 0] == pytest.approx(np.log(3) + 0.4 * 0.25, rel=1e-6)
    assert (wi[1, 0], wo[0, 0]) == (0, 0)
    assert results[:3] == pytest.approx([-np.log(0.75) - np.log(0.5), 2, 2], rel=1e-5)
