"""The four losses: one step on the output rows for one example, for the trainer to inline.

Every step reads ``hidden`` (the mean of the example's input rows), moves rows of ``wo`` by
``lr`` times the gradient, adds the same for the hidden vector to ``grad``, and returns the loss
before the step.  With a rule in ``moves`` the rows go by that rule, and ``lr`` is 1.
Rows of ``wo`` are ``stride`` floats, a multiple of 16.
Joulin et al. (2017), Bag of Tricks for Efficient Text Classification, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.kernels.base.integers import random_unit
from fastcli.kernels.base.optimizers import move_row
from fastcli.kernels.base.vector import (
    exp,
    exp_row,
    four_steps,
    log,
    row_axpy,
    row_dot,
    row_max,
    row_step,
    sigmoid,
    sigmoid_row,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, U8, f32, f64, i64
    from fastcli.kernels.base.optimizers import Moves

HS, NS, SOFTMAX, OVA = 1, 2, 3, 4


@device
def score_labels(hidden: F32, wo: F32, stride: i64, first: i64, last: i64, scores: F32) -> None:
    """Set ``scores[first:last]`` to the dot products of the labels' rows with ``hidden``."""
    for label in range(first, last):
        scores[label] = row_dot(wo, label * stride, hidden, 0, stride)


@device
def step_row(
    row: i64, hidden: F32, wo: F32, stride: i64, factor: f32, grad: F32, moves: Moves
) -> None:
    """Step on one output row by its factor: the learning rate times its error."""
    if moves[0] == 0:
        row_step(wo, row * stride, hidden, factor, grad, stride)
    else:
        row_axpy(grad, 0, factor, wo, row * stride, stride)
        move_row(moves, wo, row, stride, hidden, factor)


@device
def step_labels(
    hidden: F32, wo: F32, stride: i64, first: i64, last: i64, factors: F32, grad: F32, moves: Moves
) -> None:
    """Step on the labels' rows, each by its factor; not on those whose factor is zero."""
    zero = np.float32(0.0)
    if moves[0] != 0:
        for label in range(first, last):
            if factors[label] != zero:
                step_row(label, hidden, wo, stride, factors[label], grad, moves)
        return
    whole = last - (last - first) % 4
    for label in range(first, whole, 4):
        if (
            factors[label] == zero
            and factors[label + 1] == zero
            and factors[label + 2] == zero
            and factors[label + 3] == zero
        ):
            continue
        four_steps(wo, label * stride, stride, hidden, factors, label, grad, stride)
    for label in range(whole, last):
        row_step(wo, label * stride, hidden, factors[label], grad, stride)


@device
def block_start(nlabels: i64, block: i64, blocks: i64) -> i64:
    """Return the first label of a block; all but the last block have a multiple of 16 labels."""
    return min(((nlabels + 15) // 16 * block // blocks) * 16, nlabels)


@device
def pad_scores(scores: F32, last: i64) -> i64:
    """Set the scores from ``last`` to the next multiple of 16 to -1e30; return that multiple."""
    end = (last + 15) // 16 * 16
    for label in range(last, end):
        scores[label] = np.float32(-1e30)
    return end


@device
def softmax_block(scores: F32, first: i64, last: i64, stats: F32, block: i64) -> None:
    """Replace scores by e**(score - m), m being the largest score of the block.

    ``stats[block * 16]`` is set to m and the next float to the sum.  ``first`` is a multiple of
    16, and scores up to the next such number after ``last`` are overwritten.
    """
    if last <= first:
        stats[block * 16], stats[block * 16 + 1] = np.float32(-1e30), np.float32(0.0)
        return
    n = pad_scores(scores, last) - first
    largest = row_max(scores, first, n)
    stats[block * 16] = largest
    stats[block * 16 + 1] = exp_row(scores, first, largest, n)


@device
def softmax_scale(stats: F32, blocks: i64, block: i64) -> f32:
    """Return what turns a block's exponentials into probabilities over all blocks."""
    largest = stats[0]
    for b in range(1, blocks):
        largest = max(largest, stats[b * 16])
    total = np.float32(0.0)
    for b in range(blocks):
        total += stats[b * 16 + 1] * exp(stats[b * 16] - largest)
    return exp(stats[block * 16] - largest) / total


@device
def softmax_step(
    target: i64,
    hidden: F32,
    wo: F32,
    stride: i64,
    lr: f32,
    first: i64,
    last: i64,
    scale: f32,
    scores: F32,
    grad: F32,
    moves: Moves,
) -> f64:
    """Step on the labels of one block; their exponentials times ``scale`` are probabilities."""
    loss = 0.0
    p = scores[target] * scale if first <= target < last else np.float32(0.0)
    factor = -lr * scale
    for label in range(first, last):
        scores[label] *= factor
    if first <= target < last:
        scores[target] = lr * (np.float32(1.0) - p)
        loss = -float(log(max(p, np.float32(1e-30)))) if p == p else float(p)
    step_labels(hidden, wo, stride, first, last, scores, grad, moves)
    return loss


@device
def ova_step(
    labels: I32,
    first_label: i64,
    last_label: i64,
    hidden: F32,
    wo: F32,
    stride: i64,
    lr: f32,
    first: i64,
    last: i64,
    scores: F32,
    grad: F32,
    moves: Moves,
) -> f64:
    """Step on one block of labels, each a yes-or-no question of its own.

    ``labels[first_label:last_label]`` are the example's labels.
    """
    one, tiny = np.float32(1.0), np.float32(1e-7)
    n = pad_scores(scores, last) - first
    loss = -float(sigmoid_row(scores, first, n))
    for label in range(first, last):
        # Now the error where the answer is no: 0 for scores below -8, as in fastText's table.
        scores[label] = -scores[label] if scores[label] >= np.float32(3.3535013e-4) else 0.0
    for i in range(first_label, last_label):
        label = labels[i]
        if first <= label < last and not scores[label] > 0.0:  # above 0: a label given twice
            p = -scores[label]
            loss += float(log(max(one - p, tiny)) - log(max(p, tiny)))
            scores[label] = max(one - p, tiny)
    for label in range(first, last):
        scores[label] *= lr
    step_labels(hidden, wo, stride, first, last, scores, grad, moves)
    return loss


@device
def binary_step(
    answer: f32, row: i64, hidden: F32, wo: F32, stride: i64, lr: f32, grad: F32, moves: Moves
) -> f64:
    """Step on one output row as a yes-or-no question; the answer is 1 or 0."""
    one = np.float32(1.0)
    p = sigmoid(row_dot(wo, row * stride, hidden, 0, stride))
    step_row(row, hidden, wo, stride, lr * (answer - p), grad, moves)
    q = p if answer > 0.5 else one - p
    loss = -float(log(q + np.float32(1e-7)))
    return loss if p == p else float(p)


@device
def hs_step(
    target: i64,
    paths: I32,
    codes: U8,
    path_offsets: I64,
    hidden: F32,
    wo: F32,
    stride: i64,
    lr: f32,
    grad: F32,
    moves: Moves,
) -> f64:
    """Step along the target's path through the Huffman tree, from its leaf to the root.

    Inner node i of the tree is row i of ``wo``; the code at a node is 1 for its second child.
    """
    loss = 0.0
    for k in range(path_offsets[target], path_offsets[target + 1]):
        loss += binary_step(np.float32(codes[k]), paths[k], hidden, wo, stride, lr, grad, moves)
    return loss


@device
def ns_step(
    target: i64,
    nlabels: i64,
    neg: i64,
    odds: F64,
    aliases: I32,
    seed: i64,
    draws: I64,
    hidden: F32,
    wo: F32,
    stride: i64,
    lr: f32,
    grad: F32,
    moves: Moves,
) -> f64:
    """Step on the target and on ``neg`` other labels drawn by the alias method (Walker 1977).

    ``draws[0]`` counts the random numbers used so far.
    """
    loss = binary_step(np.float32(1.0), target, hidden, wo, stride, lr, grad, moves)
    for _ in range(neg):
        label = target
        while label == target:
            u = random_unit(seed, draws[0]) * nlabels
            draws[0] += 1
            label = int(u)
            if u - label >= odds[label]:
                label = int(aliases[label])
        loss += binary_step(np.float32(0.0), label, hidden, wo, stride, lr, grad, moves)
    return loss
