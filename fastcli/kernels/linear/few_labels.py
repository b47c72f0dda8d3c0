"""A batch of lines and few labels: what one line at a time learns, up to rounding.

Every thread keeps all output rows, and learns by every line in turn: it does the same work as the
others, which takes less time than to meet once more.  The input rows are those from before the
batch, so what the lines before a line will have moved of its rows is added to their sum: it is
known how many rows two lines share (``shared_rows.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.losses import HS, NS, OVA
from fastcli.kernels.base.vector import fill, row_axpy, row_set
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.batches import Batch, BatchWorker, scale_of, total_of, updates_of
from fastcli.kernels.linear.lines import Lines, Loss, Model, Rule, positives_of
from fastcli.kernels.linear.losses import (
    Example,
    Output,
    hs_step,
    ns_step,
    ova_step,
    score_labels,
    softmax_block,
    softmax_scale,
    softmax_step,
)
from fastcli.kernels.linear.shared_rows import PAIRS, pair_of

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, f64, i64


@device
def learn_line(
    i: i64, line: i64, visit: i64, lines: Lines, loss: Loss, output: Output, worker: BatchWorker
) -> f64:
    """Step on the output rows by line i of the batch; return its loss."""
    hidden = at(worker.hidden, i * output.stride)
    example = Example(hidden, at(worker.grads, i * output.stride), worker.scores)
    target, lr = worker.targets[i], worker.factors[i]
    if loss.kind == HS:
        return hs_step(target, loss.tree, lr, output, example)
    if loss.kind == NS:
        worker.draws[0] = 0
        seed = random_bits(loss.seed + 1, visit)
        return ns_step(target, loss.noise, seed, worker.draws, lr, output, example)
    score_labels(output, example, 0, output.n)
    if loss.kind == OVA:
        return ova_step(positives_of(lines, line), lr, 0, output.n, output, example)
    softmax_block(example.scores, 0, output.n, worker.scratch, 0)
    scale = softmax_scale(worker.scratch, 1, 0)
    return softmax_step(target, lr, 0, output.n, scale, output, example)


@kernel
def learn_lines(
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
    """Learn by the lines ``chosen[:size]`` in turn, and set the gradients of their input rows."""
    stride, shared = model.stride, at(batch.shared, worker.group[0] * PAIRS)
    for i in range(size):
        line = chosen[i]
        hidden, grad = at(worker.hidden, i * stride), at(worker.grads, i * stride)
        if batch.n_threads > 2:
            total = at(batch.hidden, i * stride)
        else:
            total = total_of(i, lines.shards, stride, batch, worker)
        scale = scale_of(lines, line)
        row_set(hidden, scale, total, stride)
        for before in range(i):
            pairs = shared[pair_of(before, i)]
            if pairs > 0:
                moved = at(worker.grads, before * stride)
                row_axpy(hidden, scale * np.float32(pairs), moved, stride)
        fill(grad, np.float32(0.0), stride)
        updates = updates_of(i, rule, rule.wo_states, worker)
        output = Output(worker.wo, model.nlabels, stride, updates)
        value = learn_line(i, line, visit + i, lines, loss, output, worker)
        if worker.thread == 0:
            batch.losses[i * 8] += float(worker.weights[i]) * value
        row_set(grad, scale, grad, stride)
