"""A batch of lines and few output rows of each: every thread scores some of the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.optimizers import update_row
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.base.vector import fill, row_axpy, row_dot, row_set, sigmoid
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.batches import Batch, BatchWorker, scale_of, total_of, updates_of
from fastcli.kernels.linear.lines import Lines, Loss, Model, Rule, positives_of
from fastcli.kernels.linear.losses import (
    binary_loss,
    draw_other,
    ova_factors,
    softmax_block,
    softmax_factors,
    softmax_scale,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, f32, f64, i64


@device
def pick_rows(i: i64, visit: i64, loss: Loss, n: i64, batch: Batch, worker: BatchWorker) -> None:
    """Choose the output rows of line i of the batch; for ns the target's is the first."""
    target, picks = worker.targets[i], at(worker.picks, i * batch.width)
    if loss.kind == HS:
        first = loss.tree.offsets[target]
        worker.counts[i] = loss.tree.offsets[target + 1] - first
        for k in range(worker.counts[i]):
            picks[k] = loss.tree.paths[first + k]
    elif loss.kind == NS:
        worker.counts[i] = loss.noise.neg + 1
        worker.draws[0] = 0
        picks[0] = target
        seed = random_bits(loss.seed + 1, visit)
        for k in range(1, loss.noise.neg + 1):
            picks[k] = draw_other(target, loss.noise, n, seed, worker.draws)
    elif worker.counts[i] != n:  # all rows; set once, in the first batch
        worker.counts[i] = n
        for k in range(n):
            picks[k] = k


@device
def line_factors(
    i: i64, line: i64, lines: Lines, loss: Loss, batch: Batch, worker: BatchWorker
) -> f64:
    """Turn the scores of line i of the batch into factors of the output rows; return its loss."""
    out, n = at(batch.factors, i * batch.width), worker.counts[i]
    target, lr = worker.targets[i], worker.factors[i]
    if loss.kind == SOFTMAX:
        softmax_block(out, 0, n, worker.scratch, 0)
        scale = softmax_scale(worker.scratch, 1, 0)
        return softmax_factors(target, lr, 0, n, scale, out)
    if loss.kind == OVA:
        return ova_factors(positives_of(lines, line), lr, 0, n, out)
    value = 0.0
    first = loss.tree.offsets[target] if loss.kind == HS else 0
    for k in range(n):
        answer = np.float32(1.0 if k == 0 else 0.0)
        if loss.kind == HS:
            answer = np.float32(loss.tree.codes[first + k])
        p = sigmoid(out[k])
        value += binary_loss(answer, p)
        out[k] = lr * (answer - p)
    return value


@device
def score_line(
    i: i64, line: i64, lines: Lines, loss: Loss, model: Model, batch: Batch, worker: BatchWorker
) -> None:
    """Set the hidden vector of line i of the batch and the factors of its output rows."""
    stride, hidden = model.stride, at(batch.hidden, i * model.stride)
    total = total_of(i, lines.shards, stride, batch, worker)
    row_set(hidden, scale_of(lines, line), total, stride)
    for k in range(i * batch.width, i * batch.width + worker.counts[i]):
        row = at(model.wo, worker.picks[k] * stride)
        batch.factors[k] = row_dot(row, hidden, stride)
    value = line_factors(i, line, lines, loss, batch, worker)
    batch.losses[i * 8] += float(worker.weights[i]) * value


@device
def line_gradient(i: i64, scale: f32, model: Model, batch: Batch, worker: BatchWorker) -> None:
    """Set the gradient of the input rows of line i of the batch."""
    grad = at(batch.grads, i * model.stride)
    fill(grad, np.float32(0.0), model.stride)
    for k in range(i * batch.width, i * batch.width + worker.counts[i]):
        row = at(model.wo, worker.picks[k] * model.stride)
        row_axpy(grad, scale * batch.factors[k], row, model.stride)


@device
def step_outputs(size: i64, model: Model, rule: Rule, batch: Batch, worker: BatchWorker) -> None:
    """Update this thread's output rows by all lines of the batch, in their order."""
    stride, n_threads = model.stride, batch.n_threads
    for i in range(size):
        hidden = at(batch.hidden, i * stride)
        updates = updates_of(i, rule, rule.wo_states, worker)
        for k in range(i * batch.width, i * batch.width + worker.counts[i]):
            row, factor = worker.picks[k], batch.factors[k]
            if row % n_threads != worker.thread:
                continue
            if rule.address == 0:
                row_axpy(at(model.wo, row * stride), factor, hidden, stride)
            elif factor != np.float32(0.0):
                update_row(updates, model.wo, row, stride, hidden, factor)


@kernel
def score_lines(
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
    """Set the factors of this thread's lines ``chosen[:size]``, and their gradients."""
    for i in range(size):
        pick_rows(i, visit + i, loss, model.nlabels, batch, worker)
    start, end = bounds(size, worker.thread, batch.n_threads)
    for i in range(start, end):
        score_line(i, chosen[i], lines, loss, model, batch, worker)
        line_gradient(i, scale_of(lines, chosen[i]), model, batch, worker)


@kernel
def step_lines(
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
    """Update this thread's output rows by all lines, once they are scored."""
    step_outputs(size, model, rule, batch, worker)
