"""The trainer of word vectors: its oracle's gradients, several threads, words met again."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.kernels import train_words as kernels
from fastcli.kernels.losses import HS, NS, SOFTMAX
from tests import naive, naive_words

MODELS = pytest.mark.parametrize(
    "model", [kernels.SKIPGRAM, kernels.CBOW], ids=["skipgram", "cbow"]
)
LOSSES = pytest.mark.parametrize("loss", [NS, HS, SOFTMAX], ids=["ns", "hs", "softmax"])


class Text:
    """A few lines of words, all kept, and starting values."""

    ws, neg, seed, visit, lr0, lr_update_rate = 2, 4, 8, 3, 0.3, 0
    thread, n_threads, done, total = 0, 1, 0, 200

    def __init__(self, rng, lines, n_words, dim=5, rows=None):
        self.lines, self.n_words, self.stride = lines, n_words, -(-dim // 16) * 16
        self.tokens = [len(line) + 1 for line in lines]
        self.rows = rows or [[word, n_words + word] for word in range(n_words)]
        self.keep = np.ones(n_words)
        n_rows = 1 + max(row for its_rows in self.rows for row in its_rows)
        self.wi, self.wo = (np.zeros((n, self.stride), np.float32) for n in (n_rows, n_words))
        self.wi[:, :dim] = rng.normal(0, 0.5, (n_rows, dim))
        self.wo[:, :dim] = rng.normal(0, 0.5, (n_words, dim))
        counts = sorted(rng.integers(1, 40, n_words).tolist(), reverse=True)
        self.tree = naive.build_tree(counts)
        self.odds, self.aliases = naive.alias_table(np.sqrt(counts))

    def train(self, model, loss):
        """Return both matrices and the results by the kernel."""
        offsets = np.cumsum([0, *map(len, self.rows)]).astype(np.int64)
        rows = np.array([row for its_rows in self.rows for row in its_rows], np.int32)
        gains = np.zeros(self.n_words, np.float32)
        kernels.word_gains(offsets, rows, 0, self.n_words, gains)
        wi, wo, results = self.wi.copy(), self.wo.copy(), np.zeros(8 * self.n_threads)
        longest, width = max(map(len, self.lines)), 2 * self.ws + 1
        # One more element everywhere, to see that it is left alone.
        line, draws = np.full(longest + 1, -7, np.int32), np.full(2, -7, np.int64)
        picks = np.full(width * (self.neg + 1) + 1, -7, np.int64)
        n_scores = self.n_words + 15 if loss == SOFTMAX else self.neg + 16
        sizes = (self.stride, self.stride, n_scores, 16, width * self.stride, width * self.stride)
        scratch = [np.full(n + 1, np.nan, np.float32) for n in sizes]
        for floats in scratch:
            floats[-1] = -7
        kernels.train_words(
            model,
            0,
            len(self.lines),
            self.thread,
            self.n_threads,
            np.arange(len(self.lines), dtype=np.int32),
            np.array([word for line in self.lines for word in line] + [0], np.int32),
            np.cumsum([0, *map(len, self.lines)]).astype(np.int64),
            np.array(self.tokens, np.int32),
            self.keep,
            offsets,
            rows,
            gains,
            wi.reshape(-1),
            wo.reshape(-1),
            self.stride,
            self.n_words,
            self.ws,
            loss,
            *self.tree,
            self.neg,
            self.odds,
            self.aliases,
            self.seed,
            self.visit,
            self.lr0,
            self.done,
            self.total,
            self.lr_update_rate,
            line,
            draws,
            picks,
            *scratch,
            results,
        )
        assert {int(x[-1]) for x in (line, draws, picks, *scratch)} == {-7}
        return wi, wo, results

    def naive(self, model, loss):
        wi, wo = self.wi.astype(np.float64), self.wo.astype(np.float64)
        said = naive_words.train_words(
            model,
            self.lines,
            self.tokens,
            self.keep,
            self.rows,
            wi,
            wo,
            self.ws,
            loss,
            self.tree,
            self.neg,
            self.odds,
            self.aliases,
            self.seed,
            self.visit,
            self.lr0,
            self.total,
            self.lr_update_rate,
            self.done,
            self.n_threads,
        )
        return wi, wo, *said

    def check(self, model, loss):
        wi, wo, results = self.train(model, loss)
        ref_wi, ref_wo, total, examples = self.naive(model, loss)
        np.testing.assert_allclose(wi, ref_wi, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(wo, ref_wo, rtol=1e-4, atol=2e-5)
        mine = results[8 * self.thread : 8 * self.thread + 3]
        assert mine == pytest.approx([total, examples, sum(self.tokens)], rel=1e-4, abs=1e-6)
        assert np.count_nonzero(results) == np.count_nonzero(mine)
        return wi, wo


def differences(function, x):
    """Return the gradient of a function by central differences."""
    grad, eps = np.zeros_like(x), 1e-6
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += eps
        down[i] -= eps
        grad[i] = (function(up) - function(down)) / (2 * eps)
    return grad


def test_gradients_of_the_oracle(rng):
    hidden, wo, picks = rng.normal(size=4), rng.normal(size=(5, 4)), [2, 0, 4]
    _, grad, after = naive_words.negatives_step(picks, hidden, wo, 0.3)
    dhidden = differences(lambda x: naive_words.negatives_step(picks, x, wo, 0.3)[0], hidden)
    dwo = differences(lambda x: naive_words.negatives_step(picks, hidden, x, 0.3)[0], wo)
    np.testing.assert_allclose(grad, -0.3 * dhidden, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(after - wo, -0.3 * dwo, rtol=1e-6, atol=1e-8)


@MODELS
@LOSSES
@pytest.mark.parametrize("dim", [1, 16, 17])
def test_any_dimension(model, loss, dim, rng):
    Text(rng, [[0, 1, 2, 3, 1, 0], [2, 2, 1]], 4, dim).check(model, loss)


@MODELS
@LOSSES
def test_one_word_over_and_over(model, loss, rng):
    # The word is all of its own window, and of its three rows one occurs twice.
    Text(rng, [[1] * 9], 2, rows=[[0, 3], [1, 2, 2]]).check(model, loss)


@MODELS
@LOSSES
@pytest.mark.parametrize("lines", [[[], [1], []], [[], [1, 2], []], [[0], [1], [2]]], ids=str)
def test_short_lines(model, loss, lines, rng):
    text = Text(rng, lines, 3)
    wi, wo = text.check(model, loss)
    alone = all(len(line) < 2 for line in lines)
    assert alone == (np.array_equal(wi, text.wi) and np.array_equal(wo, text.wo))


@MODELS
@pytest.mark.parametrize("loss", [HS, SOFTMAX])
def test_a_dictionary_of_one_word_has_nothing_to_learn(model, loss, rng):
    text = Text(rng, [[0, 0, 0]], 1)
    wi, wo = text.check(model, loss)
    np.testing.assert_array_equal(wi, text.wi)
    np.testing.assert_array_equal(wo, text.wo)


@MODELS
def test_a_thread_supposes_the_others_as_fast(model, rng):
    # 30 tokens of 60 are behind all; each line of the second of three threads counts for three.
    text = Text(rng, [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]], 3)
    text.thread, text.n_threads, text.done, text.total = 1, 3, 30, 60
    wi, wo = text.check(model, NS)
    # 30 + 4 * 3 * 3 is past the end: the last line is learned from at the rate 0.
    del text.lines[3:], text.tokens[3:]
    for before, after in zip(text.train(model, NS)[:2], (wi, wo), strict=True):
        np.testing.assert_array_equal(before, after)


@MODELS
@pytest.mark.parametrize("rate", [0, 3, 4, 8, 11, 12])
def test_the_learning_rate_is_set_after_more_tokens_than_the_rate(model, rate, rng):
    text = Text(rng, [[0, 1, 2]] * 5, 3)  # four tokens each
    text.lr_update_rate, text.total = rate, 20
    text.check(model, NS)


@MODELS
@pytest.mark.parametrize("chance", [0.2, 0.6])
def test_words_are_left_out_before_windows_are_drawn(model, chance, rng):
    text = Text(rng, [rng.integers(0, 4, 14).tolist() for _ in range(3)], 4)
    text.keep = np.array([chance, 1, 0, chance])
    text.check(model, NS)


@LOSSES
@pytest.mark.parametrize("ws", [1, 2, 3])
def test_cbow_is_plain_sgd_where_a_word_comes_back_after_the_window(loss, ws, rng, monkeypatch):
    # Words come again after 2 ws + 1 places: the window has left them behind just before it meets
    # them again.  The first word has a row twice.
    n_words = 2 * ws + 1
    rows = [[word, n_words + word] for word in range(n_words)]
    rows[0] += rows[0][:1]
    text = Text(rng, [list(range(n_words)) * 4], n_words, rows=rows)
    text.ws = ws
    wi, wo = text.check(kernels.CBOW, loss)
    monkeypatch.setattr(naive_words, "_cbow", naive_words.plain_cbow)
    ref_wi, ref_wo, *_ = text.naive(kernels.CBOW, loss)
    np.testing.assert_allclose(wi, ref_wi, rtol=1e-4, atol=2e-5)
    np.testing.assert_allclose(wo, ref_wo, rtol=1e-4, atol=2e-5)


def test_cbow_is_another_rule_where_words_share_rows(rng, monkeypatch):
    # Both words of the window have row 2: each misses what the other does to it, for a while.
    text = Text(rng, [[0, 1, 0, 1, 1, 0]], 2, rows=[[0, 2], [1, 2]])
    wi, _ = text.check(kernels.CBOW, NS)
    monkeypatch.setattr(naive_words, "_cbow", naive_words.plain_cbow)
    assert abs(text.naive(kernels.CBOW, NS)[0] - wi).max() > 1e-3
