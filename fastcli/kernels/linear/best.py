"""The most probable labels of lines, also by a search of the Huffman tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.losses import HS
from fastcli.kernels.base.vector import exact_exp, half_block_dots
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.scores import (
    BLOCK,
    OFFSET,
    Outputs,
    exact_sigmoid,
    label_probs,
    offset_log,
    surely_worse,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, f32, f64, i64


HALF = BLOCK // 2
HIGHEST = np.float32(1e30)  # above all probabilities, of which a logarithm can still be computed


class Search(Group):
    """Scratch of ``best_labels``."""

    scores: F32  # [whole blocks of labels]
    # Where a tree is searched:
    lines: I32  # [2 * blocks]: the line whose scores of half a block are there,
    firsts: F32  # [whole blocks of labels]: with the log-probabilities of first children
    seconds: F32  # [whole blocks of labels]: and those of second children
    nodes: I32  # [nlabels + 1]: the stack of nodes to be visited,
    path_scores: F32  # [nlabels + 1]: and their log-probabilities


@device
def score_node(row: i64, hidden: F32, outputs: Outputs, line: i64, search: Search) -> None:
    """Score an inner node for a line, unless that is done.

    The 32 nodes around it are scored with it, since their log-probabilities are computed together
    in the time that two nodes take one after the other.
    """
    half = row // HALF
    if search.lines[half] == line:
        return
    search.lines[half] = line
    first, dim = half * HALF, outputs.dim
    table = first // BLOCK * BLOCK * dim + first % BLOCK
    half_block_dots(hidden, dim, at(outputs.blocks, table), at(search.scores, first))
    for i in range(first, first + HALF):
        p = exact_sigmoid(search.scores[i])
        search.seconds[i] = offset_log(p)
        search.firsts[i] = offset_log(np.float32(1.0 - float(p)))


@device
def forget_scores(outputs: Outputs, search: Search) -> None:
    """Begin with other lines: nothing is scored yet."""
    for half in range((outputs.nlabels + HALF - 1) // HALF):
        search.lines[half] = -1


@device
def best_by_tree(
    hidden: F32,
    outputs: Outputs,
    k: i64,
    minimum: f32,
    line: i64,
    search: Search,
    labels: I32,
    logs: F32,
) -> i64:
    """Search the Huffman tree for the k best labels; return how many there are.

    Depth first, the first child first, as fastText goes; a branch ends where its log-probability
    falls below ``minimum`` or below the worst of k labels found.  ``labels`` and ``logs`` become
    a heap of the labels and their log-probabilities.
    """
    nlabels, nodes, path_scores = outputs.nlabels, search.nodes, search.path_scores
    nodes[0], path_scores[0] = 2 * nlabels - 2, np.float32(0.0)
    depth, n = 1, 0
    while depth > 0:
        depth -= 1
        node, score = nodes[depth], path_scores[depth]
        if score < minimum or (n == k and score < logs[0]):
            continue
        if node < nlabels:
            n = keep_best(score, node, k, n, logs, labels)
            continue
        row = node - nlabels
        score_node(row, hidden, outputs, line, search)
        nodes[depth] = outputs.children[2 * row + 1]
        path_scores[depth] = score + search.seconds[row]
        nodes[depth + 1] = outputs.children[2 * row]
        path_scores[depth + 1] = score + search.firsts[row]
        depth += 2
    return n


@device
def best_of_all(k: i64, nlabels: i64, minimum: f32, probs: F32, labels: I32, logs: F32) -> i64:
    """Make a heap of the k best of ``probs[:nlabels]``; return how many there are.

    ``labels`` and ``logs`` become a heap of the labels and their log-probabilities.
    """
    n = 0
    enough = minimum
    for label in range(nlabels):
        if probs[label] >= enough:
            n = keep_best(offset_log(probs[label]), label, k, n, logs, labels)
            if n == k:
                enough = max(minimum, surely_worse(probs[labels[0]]))
    return n


@kernel
def best_labels(
    hidden: F32,
    offsets: I64,
    n_lines: i64,
    outputs: Outputs,
    threshold: f64,
    search: Search,
    best: Best,
) -> None:
    """Find the k most probable labels of every line, best first, at least ``threshold`` each.

    ``hidden`` has one row per line; ``offsets`` are those of its features: lines without features
    get no label.  The scores of ``best`` are probabilities; for the hierarchical softmax they are
    products of (p + 1e-5) along the path.
    """
    k = best.k
    forget_scores(outputs, search)
    minimum = np.float32(threshold)
    minimum_log = np.float32(-1e30)
    if minimum > HIGHEST:
        minimum_log = HIGHEST
    elif float(minimum) + OFFSET > 0.0:
        minimum_log = offset_log(minimum)
    for line in range(n_lines):
        n = 0
        row, probs, labels = (
            at(hidden, line * outputs.dim),
            at(best.scores, line * k),
            at(best.ids, line * k),
        )
        if offsets[line + 1] > offsets[line]:
            if outputs.loss == HS:
                n = best_by_tree(row, outputs, k, minimum_log, line, search, labels, probs)
            else:
                label_probs(row, outputs, search.scores)
                n = best_of_all(k, outputs.nlabels, minimum, search.scores, labels, probs)
            sort_best(n, probs, labels)
            for i in range(n):
                probs[i] = exact_exp(probs[i]) if outputs.loss == HS else search.scores[labels[i]]
        best.counts[line] = n
