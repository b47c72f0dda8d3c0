"""Lines of words to train vectors on, by the kernel and by the book; and what tests vary."""

from itertools import pairwise

import numpy as np
import pytest

from fastcli.kernels.base.losses import HS, NS, SOFTMAX
from fastcli.kernels.linear import train_words as kernels
from fastcli.kernels.linear.losses import Noise, Output
from fastcli.kernels.linear.schedule import Schedule
from fastcli.kernels.linear.tree import Tree
from fastcli.optimizers import no_rule
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

    def train(self, model, loss, order=None, cuts=()):
        """Return both matrices and the results by the kernel; ``cuts`` are where calls end."""
        offsets = np.cumsum([0, *map(len, self.rows)]).astype(np.int64)
        rows = np.array([row for its_rows in self.rows for row in its_rows], np.int32)
        gains = np.zeros(self.n_words, np.float32)
        kernels.word_gains(offsets, rows, 0, self.n_words, gains)
        wi, wo, results = self.wi.copy(), self.wo.copy(), np.zeros(8 * self.n_threads)
        longest, width = max(map(len, self.lines)), 2 * self.ws + 1
        # One more element everywhere, to see that it is left alone.
        n_scores = self.n_words + 15 if loss == SOFTMAX else self.neg + 16
        sizes = (self.stride, self.stride, n_scores, 16, width * self.stride, width * self.stride)
        whole = [np.full(longest + 1, -7, np.int32), np.full(2, -7, np.int64)]
        whole.append(np.full(width * (self.neg + 1) + 1, -7, np.int64))
        for n in sizes:
            whole.append(np.full(n + 1, np.nan, np.float32))
            whole[-1][-1] = -7
        worker = kernels.Worker(self.thread, self.n_threads, *whole, results)
        words = [word for line in self.lines for word in line]
        sentences = kernels.Sentences(
            np.array([*words, 0], np.int32),
            np.cumsum([0, *map(len, self.lines)]).astype(np.int64),
            np.array(self.tokens, np.int32),
            self.keep,
        )
        task = kernels.Task(
            model,
            self.ws,
            loss,
            Tree(*self.tree),
            Noise(self.neg, self.odds, self.aliases),
            self.seed,
        )
        order = np.array(range(len(self.lines)) if order is None else order, np.int32)
        for first, last in pairwise([0, *cuts, len(self.lines)]):
            kernels.train_words(
                order[first:last],
                last - first,
                self.visit + first,
                self.done + int(results[8 * self.thread + 2]),
                sentences,
                kernels.Words(rows, offsets, gains, wi.reshape(-1), self.stride),
                task,
                Output(wo.reshape(-1), self.n_words, self.stride, no_rule()),
                Schedule(self.lr0, self.total, self.lr_update_rate),
                worker,
            )
        assert {int(x[-1]) for x in whole} == {-7}
        return wi, wo, results

    def naive(self, model, loss, order=None):
        order = range(len(self.lines)) if order is None else order
        wi, wo = self.wi.astype(np.float64), self.wo.astype(np.float64)
        said = naive_words.train_words(
            model,
            [self.lines[i] for i in order],
            [self.tokens[i] for i in order],
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

    def check(self, model, loss, order=None):
        wi, wo, results = self.train(model, loss, order)
        ref_wi, ref_wo, total, examples = self.naive(model, loss, order)
        np.testing.assert_allclose(wi, ref_wi, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(wo, ref_wo, rtol=1e-4, atol=2e-5)
        mine = results[8 * self.thread : 8 * self.thread + 3]
        assert mine == pytest.approx([total, examples, sum(self.tokens)], rel=1e-4, abs=1e-6)
        assert np.count_nonzero(results) == np.count_nonzero(mine)
        return wi, wo
