"""The trainer of word vectors: its oracle's gradients, several threads, words met again."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.kernels.base.losses import HS, NS, SOFTMAX
from fastcli.kernels.linear import train_words as kernels
from tests import naive_words
from tests.kernels.words import LOSSES, MODELS, Text


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
def test_nothing_is_learned_past_the_end(model, rng):
    text = Text(rng, [[0, 1, 2], [2, 1, 0]], 3)
    text.done, text.total = 70, 60
    wi, wo = text.check(model, NS)
    np.testing.assert_array_equal(wi, text.wi)
    np.testing.assert_array_equal(wo, text.wo)


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
