"""The trainer of short lines: several of them at a time, on any number of threads, same bytes.

The lines of a batch are scored with the same input rows; then every row is updated by them, in
their order.  Batches are small, so that this learns as one line at a time does.  For each batch:

1. every thread sums the rows of its shards for each line;  the threads meet
2. each thread scores some of the lines (``batch_lines.py``), or, where there are many labels, some
   blocks of these (``label_blocks.py``);  they meet
3. every thread updates its output rows;  with blocks they meet again, and add up the gradients
4. every thread updates its input rows.

With few labels every thread does 2 and 3 for all lines in turn (``few_labels.py``), and more than
two threads meet before, when each has joined the sums of some lines.

Shards, blocks and batches depend on the data and the learning rate alone, so the order of additions
does too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.base.vector import (
    fill,
    prefetch_row,
    row_add,
    row_axpy,
    row_set,
)
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.batches import (
    MOST_LINES,
    Batch,
    BatchWorker,
    Share,
    join_sums,
    meet,
    scale_of,
    sums_of,
    total_of,
    updates_of,
)
from fastcli.kernels.linear.lines import (
    Lines,
    Loss,
    Model,
    Rule,
    fetch_lines,
    fetch_rows,
    target_of,
    update_rows,
    weight_of,
)
from fastcli.kernels.linear.schedule import Schedule, linear_decay

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, i64

ROWS_AHEAD = 4  # rows of a batch are near; these come nearer


@device
def sum_rows(
    i: i64,
    chosen: I32,
    following: i64,
    lines: Lines,
    share: Share,
    model: Model,
    batch: Batch,
    worker: BatchWorker,
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
        total = sums_of(i, shard, stride, batch, worker)
        fill(total, np.float32(0.0), stride)
        for j in range(lines.segments[base + shard], lines.segments[base + shard + 1]):
            if start < end:
                prefetch_row(at(model.wi, rows[start] * stride), stride)
                start += 1
            row_add(total, at(model.wi, rows[j] * stride), stride)
        join_sums(i, share.first_shard, shard + 1, stride, batch, worker)
    fetch_rows(lines, start, end, model)


@device
def add_block_grads(i: i64, scale: f32, model: Model, batch: Batch, worker: BatchWorker) -> None:
    """Set the gradient of line i's input rows, added up in the order of blocks."""
    grad = at(worker.grads, i * model.stride)
    fill(grad, np.float32(0.0), model.stride)
    for block in range(batch.blocks):
        part = at(batch.grads, (block * MOST_LINES + i) * model.stride)
        row_axpy(grad, scale, part, model.stride)


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
            row_add(at(model.wi, rows[j] * stride), grad, stride)
    elif worker.weights[i] != np.float32(0.0):
        updates = updates_of(i, rule, rule.wi_states, worker)
        update_rows(updates, lines, first, last, grad, model, rule.counts)


@device
def join_lines(size: i64, lines: Lines, model: Model, batch: Batch, worker: BatchWorker) -> None:
    """Set the sums of this thread's part of the lines over all rows.

    With many threads all read fewer sums in this way: one of each line, and not one of each thread.
    """
    first, last = bounds(size, worker.thread, batch.n_threads)
    for i in range(first, last):
        total = total_of(i, lines.shards, model.stride, batch, worker)
        row_set(at(batch.hidden, i * model.stride), np.float32(1.0), total, model.stride)


class Visits(Group):
    """Lines to train on, in this order, in groups of ``Batch.size``."""

    n: i64
    first: i64  # the number of the first of these visits among all
    order: I32  # n: the lines
    groups: I32  # the numbers of their groups; with copies


@kernel
def train_batches(
    visits: Visits,
    lines: Lines,
    model: Model,
    loss: Loss,
    schedule: Schedule,
    rule: Rule,
    batch: Batch,
    worker: BatchWorker,
) -> None:
    """Train on lines; every thread calls it with the same ones."""
    n, visit, order = visits.n, visits.first, visits.order
    stride, shards = model.stride, lines.shards
    first_shard, last_shard = bounds(shards, worker.thread, batch.n_threads)
    share = Share(first_shard, last_shard)
    done, since = batch.clock[0], batch.clock[1]
    phase = 0
    if batch.copies == 1:
        row_set(worker.wo, np.float32(1.0), model.wo, model.nlabels * stride)
    for first in range(0, n, batch.size):
        size, chosen = min(batch.size, n - first), at(order, first)
        for i in range(size):
            lr = np.float32(linear_decay(schedule, done))
            worker.rates[i] = lr
            target = target_of(lines, chosen[i], loss, visit + first + i)
            worker.targets[i] = target
            weight = weight_of(lines, chosen[i], target, loss)
            worker.weights[i] = weight
            worker.factors[i] = (lr if rule.address == 0 else np.float32(1.0)) * weight
            since += lines.tokens[chosen[i]]
            if since > schedule.update_rate:
                done += since
                since = 0
        steps = at(rule.steps, first if rule.address != 0 else 0)
        this = Rule(rule.address, rule.slots, steps, rule.wi_states, rule.wo_states, rule.counts)

        # 1. The sums of this thread's rows.  With copies it does not wait until the others have
        # read them: all have by the next meeting, so the sums of the next batch go elsewhere.
        if batch.copies == 1:
            worker.half[0] = (first // batch.size) & 1 if batch.n_threads > 1 else 0
            worker.group[0] = visits.groups[first // batch.size]
        for i in range(size):
            fetch_lines(lines, order, first + i, n, share.first_shard, share.last_shard)
            following = chosen[i + 1] if i + 1 < size else -1
            sum_rows(i, chosen, following, lines, share, model, batch, worker)
        phase = meet(batch, worker, phase)
        if batch.copies == 1 and batch.n_threads > 2:
            join_lines(size, lines, model, batch, worker)
            phase = meet(batch, worker, phase)

        # 2 and 3. Forward and backward through the output rows.
        given = (chosen, size, visit + first, lines, model, loss, this, batch, worker)
        call(batch.score, given)
        if batch.copies == 0:
            phase = meet(batch, worker, phase)
            call(batch.step, given)
        if batch.blocks > 1:
            phase = meet(batch, worker, phase)
            for i in range(size):
                add_block_grads(i, scale_of(lines, chosen[i]), model, batch, worker)

        # 4. Backward into the input rows; the first of the next batch come meanwhile.
        if first + size < n:
            base = chosen[size] * shards
            start, end = base + share.first_shard, base + share.last_shard
            fetch_rows(lines, lines.segments[start], lines.segments[end], model)
        grads = worker.grads if batch.blocks > 1 or batch.copies == 1 else batch.grads
        for i in range(size):
            step_inputs(i, chosen[i], lines, share, model, this, worker, at(grads, i * stride))
    if worker.thread == 0:
        if batch.copies == 1:
            row_set(model.wo, np.float32(1.0), worker.wo, model.nlabels * stride)
        batch.clock[0], batch.clock[1] = done, since
