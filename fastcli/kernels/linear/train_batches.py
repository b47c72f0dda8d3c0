"""The trainer of short lines: several of them at a time, on any number of threads, same bytes.

The lines of a batch are scored with the same parameters; then every row is updated by them, in
their order.  Batches are small, so that this learns as one line at a time does.  For each batch:

1. every thread sums the rows of its shards for each line;  the threads meet
2. each thread scores some of the lines, or, where there are many labels, some blocks of these
   (``label_blocks.py``): the factors of output rows, and the gradient of input rows;  they meet
3. every thread updates its rows.

Shards, blocks and batches depend on the data and the learning rate alone, so the order of additions
does too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.optimizers import update_row
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.base.vector import (
    fill,
    prefetch_row,
    row_add,
    row_axpy,
    row_dot,
    row_set,
    sigmoid,
)
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.batches import (
    Batch,
    BatchWorker,
    Share,
    join_sums,
    meet,
    share_of,
    sums_of,
    total_of,
    updates_of,
)
from fastcli.kernels.linear.label_blocks import (
    add_block_grads,
    block_factors,
    block_gradients,
    score_blocks,
)
from fastcli.kernels.linear.lines import (
    Lines,
    Loss,
    Model,
    Rule,
    fetch_lines,
    fetch_rows,
    is_owner,
    target_of,
    update_rows,
)
from fastcli.kernels.linear.losses import (
    binary_loss,
    draw_other,
    ova_factors,
    softmax_block,
    softmax_factors,
    softmax_scale,
)
from fastcli.kernels.linear.schedule import Schedule, linear_decay

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, f64, i64

ROWS_AHEAD = 4  # rows of a batch are near; these come nearer


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


@device
def pick_all(n: i64, batch: Batch, worker: BatchWorker) -> None:
    """Choose all n output rows for every line."""
    for i in range(batch.size):
        worker.counts[i] = n
        for k in range(n):
            worker.picks[i * batch.width + k] = k


@device
def sum_rows(
    i: i64, chosen: I32, following: i64, lines: Lines, share: Share, model: Model, batch: Batch
) -> None:
    """Sum this thread's rows of line i of the batch, shard by shard, and join the sums.

    Meanwhile rows of the line ``following`` are fetched, if it is not negative.
    """
    rows, stride, base = lines.rows, model.stride, chosen[i] * lines.shards
    start, end = 0, 0
    if following >= 0:
        start = lines.segments[following * lines.shards + share.first_shard]
        end = lines.segments[following * lines.shards + share.last_shard]
    for shard in range(share.first_shard, share.last_shard):
        total = sums_of(i, shard, stride, batch)
        fill(total, np.float32(0.0), stride)
        for j in range(lines.segments[base + shard], lines.segments[base + shard + 1]):
            if start < end:
                prefetch_row(at(model.wi, rows[start] * stride), stride)
                start += 1
            row_add(total, at(model.wi, rows[j] * stride), stride)
        join_sums(i, share.first_shard, shard + 1, stride, batch)
    fetch_rows(lines, start, end, model)


@device
def scale_of(lines: Lines, line: i64) -> f32:
    """Return 1 / the number of a line's rows."""
    first, last = lines.segments[line * lines.shards], lines.segments[(line + 1) * lines.shards]
    return np.float32(1.0) / np.float32(last - first)


@device
def line_factors(
    i: i64, line: i64, lines: Lines, loss: Loss, batch: Batch, worker: BatchWorker
) -> f64:
    """Turn the scores of line i of the batch into factors of the output rows; return its loss."""
    out, n = at(batch.factors, i * batch.width), worker.counts[i]
    target, lr = worker.targets[i], worker.factors[i]
    if loss.kind == SOFTMAX:
        stats = at(batch.stats, i * 2)
        softmax_block(out, 0, n, stats, 0)
        return softmax_factors(target, lr, 0, n, softmax_scale(stats, 1, 0), out)
    if loss.kind == OVA:
        first = lines.label_offsets[line]
        n_labels = lines.label_offsets[line + 1] - first
        return ova_factors(at(lines.labels, first), n_labels, lr, 0, n, out)
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
    batch.losses[i * 8] += line_factors(i, line, lines, loss, batch, worker)


@device
def line_gradient(
    i: i64, scale: f32, model: Model, batch: Batch, worker: BatchWorker, grad: F32
) -> None:
    """Set the gradient of the input rows of line i of the batch."""
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
            if batch.copies == 0 and row % n_threads != worker.thread:
                continue
            if rule.address == 0:
                row_axpy(at(model.wo, row * stride), factor, hidden, stride)
            elif factor != np.float32(0.0):
                update_row(updates, model.wo, row, stride, hidden, factor)


@device
def step_inputs(
    i: i64,
    line: i64,
    lines: Lines,
    share: Share,
    model: Model,
    rule: Rule,
    worker: BatchWorker,
    grad: F32,
) -> None:
    """Update this thread's input rows by line i of the batch."""
    rows, stride, base = lines.rows, model.stride, line * lines.shards
    first = lines.segments[base + share.first_shard]
    last = lines.segments[base + share.last_shard]
    if rule.address == 0:
        for j in range(first, last):
            if j + ROWS_AHEAD < last:
                prefetch_row(at(model.wi, rows[j + ROWS_AHEAD] * stride), stride)
            if is_owner(rows[j], share.part, share.parts):
                row_add(at(model.wi, rows[j] * stride), grad, stride)
    else:
        updates = updates_of(i, rule, rule.wi_states, worker)
        counts, part, parts = rule.counts, share.part, share.parts
        update_rows(updates, lines, first, last, grad, model, counts, part, parts)


@kernel
def train_batches(
    order: I32,
    n: i64,
    visit: i64,
    lines: Lines,
    model: Model,
    loss: Loss,
    schedule: Schedule,
    rule: Rule,
    batch: Batch,
    worker: BatchWorker,
) -> None:
    """Train on the lines ``order[:n]``; every thread calls it with the same lines.

    ``visit`` numbers the first of these visits among all.
    """
    stride, shards = model.stride, lines.shards
    share = share_of(worker.thread, batch.n_threads, shards)
    done, since = batch.clock[0], batch.clock[1]
    phase = 0
    outputs = model
    if batch.copies == 1:
        row_set(worker.wo, np.float32(1.0), model.wo, model.nlabels * stride)
        outputs = Model(model.wi, worker.wo, model.nlabels, stride)
    if batch.blocks == 1 and loss.kind != HS and loss.kind != NS:
        pick_all(model.nlabels, batch, worker)
    for first in range(0, n, batch.size):
        size, chosen = min(batch.size, n - first), at(order, first)
        for i in range(size):
            lr = np.float32(linear_decay(schedule, done))
            worker.rates[i] = lr
            worker.factors[i] = lr if rule.address == 0 else np.float32(1.0)
            worker.targets[i] = target_of(lines, chosen[i], loss, visit + first + i)
            if loss.kind == HS or loss.kind == NS:
                pick_rows(i, visit + first + i, loss, model.nlabels, batch, worker)
            since += lines.tokens[chosen[i]]
            if since > schedule.update_rate:
                done += since
                since = 0
        steps = at(rule.steps, first if rule.address != 0 else 0)
        this = Rule(rule.address, rule.slots, steps, rule.wi_states, rule.wo_states, rule.counts)

        # 1. The sums of this thread's rows.
        for i in range(share.part, size, share.parts):
            fetch_lines(lines, order, first + i, n, share.first_shard, share.last_shard)
            following = chosen[i + share.parts] if i + share.parts < size else -1
            sum_rows(i, chosen, following, lines, share, model, batch)
        phase = meet(batch, worker, phase)

        # 2. Forward and backward through the output rows.
        if batch.blocks > 1:
            for i in range(size):
                hidden = at(worker.hidden, i * stride)
                total = total_of(i, shards, stride, batch, worker)
                row_set(hidden, scale_of(lines, chosen[i]), total, stride)
            score_blocks(size, loss, model, batch, worker)
            if loss.kind == SOFTMAX:
                phase = meet(batch, worker, phase)
            block_factors(size, chosen, lines, loss, model, batch, worker)
            block_gradients(size, model, this, batch, worker)
            phase = meet(batch, worker, phase)
            for i in range(size):
                add_block_grads(i, scale_of(lines, chosen[i]), model, batch, worker)
        else:
            start, end = bounds(size, worker.thread, batch.n_threads)
            for i in range(start, end):
                score_line(i, chosen[i], lines, loss, outputs, batch, worker)
                if batch.copies == 0:
                    grad = at(batch.grads, i * stride)
                    line_gradient(i, scale_of(lines, chosen[i]), outputs, batch, worker, grad)
            phase = meet(batch, worker, phase)
            if batch.copies == 1:
                for i in range(size):
                    grad = at(worker.grads, i * stride)
                    line_gradient(i, scale_of(lines, chosen[i]), outputs, batch, worker, grad)
            step_outputs(size, outputs, this, batch, worker)

        # 3. Backward into the input rows; the first of the next batch come meanwhile.
        if first + size < n:
            base = chosen[size] * shards
            start, end = base + share.first_shard, base + share.last_shard
            fetch_rows(lines, lines.segments[start], lines.segments[end], model)
        grads = worker.grads if batch.blocks > 1 or batch.copies == 1 else batch.grads
        for i in range(size):
            step_inputs(i, chosen[i], lines, share, model, this, worker, at(grads, i * stride))
        if batch.n_threads > shards:
            phase = meet(batch, worker, phase)  # the next sums are of rows of several owners
    if worker.thread == 0:
        if batch.copies == 1:
            row_set(model.wo, np.float32(1.0), worker.wo, model.nlabels * stride)
        batch.clock[0], batch.clock[1] = done, since
