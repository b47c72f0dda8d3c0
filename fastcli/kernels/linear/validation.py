"""The best label and the loss of lines that are not trained on.

Labels are found as ``best.best_labels`` finds them; losses are those of training, before a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.heap import sort_best
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.vector import exp, sigmoid
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.best import Search, best_by_tree, best_of_all, forget_scores, score_node
from fastcli.kernels.linear.lines import Loss
from fastcli.kernels.linear.losses import (
    Positives,
    binary_loss,
    draw_other,
    loss_of_probability,
    ova_factors,
)
from fastcli.kernels.linear.scores import (
    Outputs,
    label_scores,
    scores_to_probs,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, f64, i64


class Gold(Group):
    """The labels of lines, of line i from ``offsets[i]`` on, and scratch of their losses.

    ``labels`` are those of all lines, ``offsets`` may be those of some.
    """

    labels: I32
    offsets: I64  # lines + 1
    draws: I64  # 1
    scratch: F32  # [whole blocks of labels]


@device
def path_loss(
    hidden: F32, label: i64, line: i64, loss: Loss, outputs: Outputs, search: Search
) -> f64:
    """Return the loss of a label's path through the tree; nodes are scored once for a line."""
    value, tree = 0.0, loss.tree
    for k in range(tree.offsets[label], tree.offsets[label + 1]):
        row = tree.paths[k]
        score_node(row, hidden, outputs, line, search)
        value += binary_loss(np.float32(tree.codes[k]), sigmoid(search.scores[row]))
    return value


@device
def sampled_loss(label: i64, key: i64, loss: Loss, n: i64, scores: F32, draws: I64) -> f64:
    """Return the loss of a label and of others, which are the same whenever ``key`` is."""
    value = binary_loss(np.float32(1.0), sigmoid(scores[label]))
    draws[0] = 0
    seed = random_bits(loss.seed + 2, key)
    for _ in range(loss.noise.neg):
        other = draw_other(label, loss.noise, n, seed, draws)
        value += binary_loss(np.float32(0.0), sigmoid(scores[other]))
    return value


@device
def line_loss(
    hidden: F32, line: i64, loss: Loss, outputs: Outputs, search: Search, gold: Gold
) -> f64:
    """Return the loss of a line: its mean over the labels of a line, one-vs-all apart.

    The scores of ``search`` are those of the labels; for softmax already their probabilities.
    What negative sampling draws depends on the place of the label among all.
    """
    first, last = gold.offsets[line], gold.offsets[line + 1]
    n = outputs.nlabels
    value = 0.0
    if loss.kind == OVA:
        for label in range(n):
            gold.scratch[label] = search.scores[label]
        labels = at(gold.labels, first)
        positives = Positives(labels, last - first, 0, gold.scratch)
        return ova_factors(positives, np.float32(1.0), 0, n, gold.scratch)
    for k in range(first, last):
        label = int(gold.labels[k])
        if loss.kind == SOFTMAX:
            value += loss_of_probability(search.scores[label])
        elif loss.kind == HS:
            value += path_loss(hidden, label, line, loss, outputs, search)
        elif loss.kind == NS:
            value += sampled_loss(label, k, loss, n, search.scores, gold.draws)
    return value / float(max(last - first, 1))


@kernel
def measure_lines(
    hidden: F32,
    n_lines: i64,
    outputs: Outputs,
    loss: Loss,
    search: Search,
    gold: Gold,
    best: Best,
    losses: F64,
) -> None:
    """Set the best label of every line, its probability, and the loss of the line.

    ``hidden`` has one row per line; every line has a feature and a label.
    """
    forget_scores(outputs, search)
    for line in range(n_lines):
        row, probs, labels = (
            at(hidden, line * outputs.dim),
            at(best.scores, line),
            at(best.ids, line),
        )
        if loss.kind == HS:
            minimum = np.float32(-1e30)
            n = best_by_tree(row, outputs, 1, minimum, line, search, labels, probs)
            losses[line] = line_loss(row, line, loss, outputs, search, gold)
            for i in range(n):
                probs[i] = exp(probs[i])
        else:
            label_scores(row, outputs, search.scores)
            # The loss of softmax is that of probabilities, the others' is that of scores.
            if loss.kind == SOFTMAX:
                scores_to_probs(outputs, search.scores)
                losses[line] = line_loss(row, line, loss, outputs, search, gold)
            else:
                losses[line] = line_loss(row, line, loss, outputs, search, gold)
                scores_to_probs(outputs, search.scores)
            minimum = np.float32(0.0)
            n = best_of_all(1, outputs.nlabels, minimum, search.scores, labels, probs)
            sort_best(n, probs, labels)
            for i in range(n):
                probs[i] = search.scores[labels[i]]
        best.counts[line] = n
