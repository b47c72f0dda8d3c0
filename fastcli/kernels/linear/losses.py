"""The four losses: one step on the output rows for one example, for the trainers to inline.

Every step reads the hidden vector (the mean of the example's input rows), updates output rows by
the learning rate times the gradient, adds the same for the hidden vector to ``grad``, and returns
the loss before the step.  With an update rule the rows are updated by it, and ``lr`` is 1.
Joulin et al. (2017), Bag of Tricks for Efficient Text Classification, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.jit.group import Group
from fastcli.kernels.base.integers import random_unit
from fastcli.kernels.base.optimizers import RowUpdates, update_row
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
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.tree import Tree

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, f32, f64, i64

LEAST_SIGMOID = 3.3535013e-4  # of a score of -8; below it the error of a no is 0


class Noise(Group):
    """What negative sampling draws from: an alias table (Walker 1977)."""

    neg: i64  # how many are drawn for an example
    odds: F64  # n: the chance that draw i is i itself
    aliases: I32  # n: what it is else


class Positives(Group):
    """The labels of an example, and what each of all labels weighs where it is one of them."""

    labels: I32
    n: i64
    weighs: i64  # 0: all weigh 1
    weights: F32  # of all labels


class Output(Group):
    """The output matrix, and how its rows are updated."""

    wo: F32  # n x stride
    n: i64  # labels, or words
    stride: i64  # floats from one row to the next, a multiple of 16
    updates: RowUpdates


class Example(Group):
    """What a step reads and writes for one example."""

    hidden: F32  # stride
    grad: F32  # stride
    scores: F32  # as many as rows are scored, and up to 15 more


@device
def score_labels(output: Output, example: Example, first: i64, last: i64) -> None:
    """Set ``scores[first:last]`` to the dot products of the labels' rows with the hidden vector."""
    for label in range(first, last):
        row = at(output.wo, label * output.stride)
        example.scores[label] = row_dot(row, example.hidden, output.stride)


@device
def step_row(row: i64, factor: f32, output: Output, example: Example) -> None:
    """Step on one output row by its factor: the learning rate times its error."""
    w = at(output.wo, row * output.stride)
    if output.updates.rule == 0:
        row_step(w, example.hidden, factor, example.grad, output.stride)
    else:
        row_axpy(example.grad, factor, w, output.stride)
        update_row(output.updates, output.wo, row, output.stride, example.hidden, factor)


@device
def step_labels(first: i64, last: i64, output: Output, example: Example) -> None:
    """Step on the labels' rows, each by its factor in ``scores``; not where that is zero."""
    zero, factors, stride = np.float32(0.0), example.scores, output.stride
    if output.updates.rule != 0:
        for label in range(first, last):
            if factors[label] != zero:
                step_row(label, factors[label], output, example)
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
        rows = at(output.wo, label * stride)
        four_steps(rows, stride, example.hidden, at(factors, label), example.grad, stride)
    for label in range(whole, last):
        w = at(output.wo, label * stride)
        row_step(w, example.hidden, factors[label], example.grad, stride)


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
    largest = row_max(at(scores, first), n)
    stats[block * 16] = largest
    stats[block * 16 + 1] = exp_row(at(scores, first), largest, n)


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
def loss_of_probability(p: f32) -> f64:
    """Return -log p, which ends at p = 1e-30; NaN stays NaN."""
    return -float(log(max(p, np.float32(1e-30)))) if p == p else float(p)


@device
def softmax_factors(target: i64, lr: f32, first: i64, last: i64, scale: f32, scores: F32) -> f64:
    """Turn a block's exponentials into factors: the learning rate times each label's error.

    The exponentials times ``scale`` are probabilities.  Returns the loss.
    """
    loss = 0.0
    p = scores[target] * scale if first <= target < last else np.float32(0.0)
    factor = -lr * scale
    for label in range(first, last):
        scores[label] *= factor
    if first <= target < last:
        scores[target] = lr * (np.float32(1.0) - p)
        loss = loss_of_probability(p)
    return loss


@device
def softmax_step(
    target: i64, lr: f32, first: i64, last: i64, scale: f32, output: Output, example: Example
) -> f64:
    """Step on the labels of one block; their exponentials times ``scale`` are probabilities."""
    loss = softmax_factors(target, lr, first, last, scale, example.scores)
    step_labels(first, last, output, example)
    return loss


@device
def ova_factors(positives: Positives, lr: f32, first: i64, last: i64, scores: F32) -> f64:
    """Turn the scores of a block into factors, where each label has a binary classifier.

    The weight of a label multiplies its loss where the answer is yes.  Returns the loss.
    """
    one, tiny = np.float32(1.0), np.float32(1e-7)
    padded = pad_scores(scores, last) - first
    loss = -float(sigmoid_row(at(scores, first), padded))
    for label in range(first, last):
        # Now the error where the answer is no: 0 for scores below -8, as in fastText's table.
        scores[label] = -scores[label] if scores[label] >= np.float32(LEAST_SIGMOID) else 0.0
    for i in range(positives.n):
        label = positives.labels[i]
        if first <= label < last and not scores[label] > 0.0:  # above 0: a label given twice
            p = -scores[label]
            weight = positives.weights[label] if positives.weighs == 1 else one
            loss += float(log(max(one - p, tiny)) - weight * log(max(p, tiny)))
            scores[label] = weight * max(one - p, tiny)
    for label in range(first, last):
        scores[label] *= lr
    return loss


@device
def ova_step(
    positives: Positives, lr: f32, first: i64, last: i64, output: Output, example: Example
) -> f64:
    """Step on one block of labels, each with a binary classifier of its own."""
    loss = ova_factors(positives, lr, first, last, example.scores)
    step_labels(first, last, output, example)
    return loss


@device
def binary_probability(row: i64, output: Output, example: Example) -> f32:
    """Return what an output row gives as a binary classifier: the probability of a yes."""
    return sigmoid(row_dot(at(output.wo, row * output.stride), example.hidden, output.stride))


@device
def binary_loss(answer: f32, p: f32) -> f64:
    """Return the loss of a binary classifier; the answer is 1 or 0."""
    q = p if answer > 0.5 else np.float32(1.0) - p
    loss = -float(log(q + np.float32(1e-7)))
    return loss if p == p else float(p)


@device
def binary_step(answer: f32, row: i64, lr: f32, output: Output, example: Example) -> f64:
    """Step on one output row as a binary classifier; the answer is 1 or 0."""
    p = binary_probability(row, output, example)
    step_row(row, lr * (answer - p), output, example)
    return binary_loss(answer, p)


@device
def hs_step(target: i64, tree: Tree, lr: f32, output: Output, example: Example) -> f64:
    """Step along the target's path through the Huffman tree, from its leaf to the root.

    Inner node i of the tree is output row i; the code at a node is 1 for its second child.
    """
    loss = 0.0
    for k in range(tree.offsets[target], tree.offsets[target + 1]):
        loss += binary_step(np.float32(tree.codes[k]), tree.paths[k], lr, output, example)
    return loss


@device
def draw_other(target: i64, noise: Noise, n: i64, seed: i64, draws: I64) -> i64:
    """Return a row of n that is not the target, drawn by the alias method (Walker 1977).

    ``draws[0]`` counts the random numbers used so far.
    """
    other = target
    while other == target:
        u = random_unit(seed, draws[0]) * n
        draws[0] += 1
        other = int(u)
        if u - other >= noise.odds[other]:
            other = int(noise.aliases[other])
    return other


@device
def ns_step(
    target: i64, noise: Noise, seed: i64, draws: I64, lr: f32, output: Output, example: Example
) -> f64:
    """Step on the target and on ``neg`` other labels."""
    loss = binary_step(np.float32(1.0), target, lr, output, example)
    for _ in range(noise.neg):
        other = draw_other(target, noise, output.n, seed, draws)
        loss += binary_step(np.float32(0.0), other, lr, output, example)
    return loss
