"""Validation lines: the best label as ``test`` finds it, and the loss of training."""

from __future__ import annotations

import os

import numpy as np
import pytest

from fastcli.fasttext.huffman import build_children, build_tree, no_tree
from fastcli.fasttext.model import search_room
from fastcli.fasttext.sampling import alias_table
from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.linear.lines import Loss
from fastcli.kernels.linear.losses import Noise
from fastcli.kernels.linear.scores import BLOCK, Outputs, fill_blocks
from fastcli.kernels.linear.validation import Gold, measure_lines
from tests import naive
from tests.kernels.tables import flat

SEED, NEG, DIM = 5, 3, 16


class Case:
    """Lines with a hidden vector and labels each, and all that the kernel takes."""

    def __init__(self, rng, kind, nlabels):
        self.kind, self.nlabels = kind, nlabels
        self.hidden = rng.normal(size=(6, DIM)).astype(np.float32)
        self.wo = (rng.normal(size=(nlabels, DIM)) / 3).astype(np.float32)
        several = rng.choice(nlabels, min(nlabels, 3), replace=False).tolist()
        self.labels = [[int(rng.integers(nlabels))] for _ in range(5)]
        self.labels.insert(2, several)
        self.counts = np.arange(nlabels, 0, -1)
        self.tree = build_tree(self.counts) if kind == HS else no_tree()
        self.children = build_children(self.counts)
        self.noise = Noise(NEG, *alias_table(np.sqrt(self.counts)))

    def measure(self):
        """Return the best labels, their probabilities and the losses, by the kernel."""
        n_blocks = -(-self.nlabels // BLOCK)
        blocks = np.zeros(n_blocks * BLOCK * DIM, np.float32)
        fill_blocks(self.wo.reshape(-1), self.nlabels, DIM, blocks)
        n = len(self.hidden)
        scores = np.zeros(n_blocks * BLOCK, np.float32)
        search = search_room(self.nlabels, self.kind == HS)
        gold = Gold(*flat(self.labels), np.zeros(1, np.int64), np.zeros_like(scores))
        ids, probs = np.zeros(n, np.int32), np.zeros(n, np.float32)
        losses = np.zeros(n + 1)
        measure_lines(
            self.hidden.reshape(-1),
            n,
            Outputs(blocks, self.nlabels, DIM, self.kind, self.children),
            Loss(self.kind, self.tree, self.noise, SEED),
            search,
            gold,
            Best(1, np.zeros(n, np.int32), ids, probs),
            losses,
        )
        assert losses[-1] == 0
        return ids.tolist(), probs, losses[:-1]

    def best(self, hidden):
        """Return what the oracle finds best: a probability and a label."""
        if self.kind == HS:
            children = self.children.reshape(-1, 2).tolist()
            (score, label), *_ = naive.best_by_tree(hidden, self.wo, children, 1, -1.0)
            return np.exp(score), label
        probs = naive.label_probs(hidden, self.wo, self.kind)
        return naive.best_labels(probs, 1, 0.0)[0]

    def loss(self, line):
        """Return the loss of a line by the oracle of training."""
        hidden, labels = self.hidden[line].astype(np.float64), self.labels[line]
        before = sum(map(len, self.labels[:line]))
        found = []
        for k, target in enumerate(labels):
            others = []
            if self.kind == NS:
                seed = naive.random_bits(SEED + 2, before + k)
                odds, aliases = self.noise.odds, self.noise.aliases
                others, _ = naive.ns_labels(target, NEG, odds, aliases, seed, 0)
            wo, tree = self.wo.astype(np.float64), self.tree
            loss, *_ = naive.line_factors(self.kind, target, labels, tree, others, hidden, wo)
            found.append(loss)
        return found[0] if self.kind == OVA else np.mean(found)


@pytest.mark.parametrize("kind", [SOFTMAX, OVA, HS, NS])
@pytest.mark.parametrize("nlabels", [2, 5, 70, 200])
def test_labels_are_those_of_test_and_losses_those_of_training(rng, kind, nlabels):
    case = Case(rng, kind, nlabels)
    ids, probs, losses = case.measure()
    best = [case.best(hidden) for hidden in case.hidden]
    assert ids == [label for _, label in best]
    np.testing.assert_allclose(probs, [p for p, _ in best], rtol=1e-6)
    np.testing.assert_allclose(losses, [case.loss(i) for i in range(6)], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [SOFTMAX, OVA])
def test_one_label(rng, kind):
    ids, _, losses = Case(rng, kind, 1).measure()
    assert ids == [0] * 6
    assert np.isfinite(losses).all()


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"),
    reason="Python refuses what machine code makes of NaN",
)
def test_what_is_not_finite_has_no_finite_loss(rng):
    for kind in (SOFTMAX, OVA, HS, NS):
        case = Case(rng, kind, 5)
        case.hidden[2, 3] = np.nan
        assert not np.isfinite(case.measure()[2][2])
