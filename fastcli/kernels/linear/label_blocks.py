"""A batch of lines and many labels: products of matrices, a block of the labels at a time.

Scores and factors are kept by label, one float for each line of the batch, so that the lines are
the lanes of a vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.losses import SOFTMAX
from fastcli.kernels.base.optimizers import update_row
from fastcli.kernels.base.products import strip
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.base.vector import (
    exp,
    fill,
    lane_errors,
    lane_exp,
    lane_max,
    lane_multiply,
    lane_sigmoid,
    log,
    row_set,
)
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.batches import (
    MOST_LINES,
    Batch,
    BatchWorker,
    scale_of,
    total_of,
    updates_of,
)
from fastcli.kernels.linear.lines import Lines, Loss, Model, Rule
from fastcli.kernels.linear.losses import LEAST_SIGMOID, block_start, loss_of_probability

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, i64


@device
def exp_lanes(scores: F32, n: i64, largest: F32, total: F32) -> None:
    """Replace scores by e**(score - m), m being the largest of n labels of a line; and add up."""
    fill(largest, np.float32(-1e30), MOST_LINES)
    fill(total, np.float32(0.0), MOST_LINES)
    for label in range(n):
        lane_max(largest, at(scores, label * MOST_LINES))
    for label in range(n):
        lane_exp(at(scores, label * MOST_LINES), largest, total)


@device
def block_scale(i: i64, block: i64, batch: Batch) -> f32:
    """Return what turns a block's exponentials of line i into probabilities over all blocks."""
    largest = batch.stats[i]
    for b in range(1, batch.blocks):
        largest = max(largest, batch.stats[b * 2 * MOST_LINES + i])
    total = np.float32(0.0)
    for b in range(batch.blocks):
        stats = at(batch.stats, b * 2 * MOST_LINES + i)
        total += stats[MOST_LINES] * exp(stats[0] - largest)
    return exp(batch.stats[block * 2 * MOST_LINES + i] - largest) / total


@device
def block_factors(
    size: i64,
    chosen: I32,
    lines: Lines,
    loss: Loss,
    model: Model,
    batch: Batch,
    worker: BatchWorker,
) -> None:
    """Turn what was scored into factors, and add to the losses of this thread's blocks."""
    start, end = bounds(batch.blocks, worker.thread, batch.n_threads)
    for block in range(start, end):
        first = block_start(model.nlabels, block, batch.blocks)
        last = block_start(model.nlabels, block + 1, batch.blocks)
        scores = at(batch.factors, first * MOST_LINES)
        if loss.kind == SOFTMAX:
            value = softmax_lanes(size, first, last, block, batch, worker, scores)
        else:
            value = ova_lanes(size, chosen, first, last, lines, worker, scores)
        batch.losses[block * 8] += value


@device
def softmax_lanes(
    size: i64, first: i64, last: i64, block: i64, batch: Batch, worker: BatchWorker, scores: F32
) -> float:
    """Turn the exponentials of a block into factors; return the loss of targets in it."""
    value, factors = 0.0, worker.scratch
    fill(factors, np.float32(0.0), MOST_LINES)
    for i in range(size):
        scale = block_scale(i, block, batch)
        factors[i] = -worker.factors[i] * scale
        if first <= worker.targets[i] < last:
            p = scores[(worker.targets[i] - first) * MOST_LINES + i] * scale
            value += float(worker.weights[i]) * loss_of_probability(p)
    for label in range(last - first):
        lane_multiply(at(scores, label * MOST_LINES), factors)
    for i in range(size):
        if first <= worker.targets[i] < last:
            scores[(worker.targets[i] - first) * MOST_LINES + i] += worker.factors[i]
    return value


@device
def ova_lanes(
    size: i64, chosen: I32, first: i64, last: i64, lines: Lines, worker: BatchWorker, scores: F32
) -> float:
    """Turn the scores of a block into factors, each label being a binary classifier."""
    one, tiny, zero = np.float32(1.0), np.float32(1e-7), np.float32(0.0)
    losses = worker.scratch
    fill(losses, zero, MOST_LINES)
    for label in range(last - first):
        row = at(scores, label * MOST_LINES)
        lane_sigmoid(row, losses)
        lane_errors(row, np.float32(LEAST_SIGMOID))
    value = 0.0
    for i in range(size):
        line, weight = chosen[i], worker.weights[i]
        value += float(weight) * float(losses[i])
        line = chosen[i]
        for j in range(lines.label_offsets[line], lines.label_offsets[line + 1]):
            label = lines.labels[j]
            if first <= label < last:
                k = (label - first) * MOST_LINES + i
                if not scores[k] > zero:  # above 0: a label given twice
                    p = -scores[k]
                    positive = lines.label_weights[label] if lines.weighs == 1 else one
                    loss = float(log(max(one - p, tiny)) - positive * log(max(p, tiny)))
                    value += float(weight) * loss
                    scores[k] = positive * max(one - p, tiny)
    for label in range(last - first):
        lane_multiply(at(scores, label * MOST_LINES), worker.factors)
    return value


@device
def block_gradients(size: i64, model: Model, rule: Rule, batch: Batch, worker: BatchWorker) -> None:
    """Set the blocks' gradients of the hidden vectors, and update their output rows."""
    stride = model.stride
    start, end = bounds(batch.blocks, worker.thread, batch.n_threads)
    for block in range(start, end):
        first = block_start(model.nlabels, block, batch.blocks)
        n = block_start(model.nlabels, block + 1, batch.blocks) - first
        factors, w = at(batch.factors, first * MOST_LINES), at(model.wo, first * stride)
        grads = at(batch.grads, block * MOST_LINES * stride)
        for k in range(0, stride, 16):
            strip(factors, 1, MOST_LINES, at(w, k), stride, at(grads, k), stride, size, n, 0)
        if rule.address == 0:
            for k in range(0, stride, 16):
                hidden = at(worker.hidden, k)
                strip(factors, MOST_LINES, 1, hidden, stride, at(w, k), stride, n, size, 1)
        else:
            update_block(first, n, size, model, rule, worker, factors)


@device
def update_block(
    first: i64, n: i64, size: i64, model: Model, rule: Rule, worker: BatchWorker, factors: F32
) -> None:
    """Update the output rows of a block by a rule, by all lines in their order."""
    stride = model.stride
    for i in range(size):
        updates = updates_of(i, rule, rule.wo_states, worker)
        hidden = at(worker.hidden, i * stride)
        for label in range(n):
            factor = factors[label * MOST_LINES + i]
            if factor != np.float32(0.0):
                update_row(updates, model.wo, first + label, stride, hidden, factor)


@kernel
def score_blocks(
    chosen: I32,
    size: i64,
    visit: i64,
    lines: Lines,
    model: Model,
    loss: Loss,
    rule: Rule,
    batch: Batch,
    worker: BatchWorker,
) -> None:
    """Score the labels of this thread's blocks; for softmax, their exponentials and sums."""
    stride = model.stride
    for i in range(MOST_LINES):
        hidden = at(worker.hidden, i * stride)
        if i < size:
            total = total_of(i, lines.shards, stride, batch, worker)
            row_set(hidden, scale_of(lines, chosen[i]), total, stride)
        else:
            fill(hidden, np.float32(0.0), stride)
        for k in range(stride):
            worker.lanes[k * MOST_LINES + i] = hidden[k]
    start, end = bounds(batch.blocks, worker.thread, batch.n_threads)
    for block in range(start, end):
        first = block_start(model.nlabels, block, batch.blocks)
        n = block_start(model.nlabels, block + 1, batch.blocks) - first
        scores, w = at(batch.factors, first * MOST_LINES), at(model.wo, first * stride)
        strip(w, stride, 1, worker.lanes, MOST_LINES, scores, MOST_LINES, n, stride, 0)
        if loss.kind == SOFTMAX:
            largest = at(batch.stats, block * 2 * MOST_LINES)
            exp_lanes(scores, n, largest, at(largest, MOST_LINES))


@kernel
def step_blocks(
    chosen: I32,
    size: i64,
    visit: i64,
    lines: Lines,
    model: Model,
    loss: Loss,
    rule: Rule,
    batch: Batch,
    worker: BatchWorker,
) -> None:
    """Set the gradients of this thread's blocks, and update their rows, once all are scored."""
    block_factors(size, chosen, lines, loss, model, batch, worker)
    block_gradients(size, model, rule, batch, worker)
