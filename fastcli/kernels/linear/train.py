"""The trainer: one line at a time, by SGD or an update rule; any number of threads, same bytes.

Input rows are divided into shards (row r is in shard r % shards), labels into blocks.  A thread
owns some shards and some blocks, and no other thread writes their rows.  For each line:

1. every thread sums the rows of its shards;  the threads meet
2. the owners of blocks add up the sums, score their labels and step on their rows;  they meet
3. every thread updates the rows of its shards.

Shards and blocks depend on the data alone, so the order of additions does too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.optimizers import RowUpdates
from fastcli.kernels.base.threads import arrive, bounds, wait_for, wait_for_all
from fastcli.kernels.base.vector import fill, prefetch_row, row_add, row_axpy
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.lines import (
    Lines,
    Loss,
    Model,
    Rule,
    fetch_lines,
    fetch_rows,
    positives_of,
    target_of,
    update_rows,
    weight_of,
)
from fastcli.kernels.linear.losses import (
    Example,
    Output,
    block_start,
    hs_step,
    ns_step,
    ova_step,
    score_labels,
    softmax_block,
    softmax_scale,
    softmax_step,
)
from fastcli.kernels.linear.schedule import Schedule, linear_decay

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, f32, i64

ROWS_AHEAD = 12


class Team(Group):
    """What the threads share; ``blocks`` is 1 for hs and ns."""

    n_threads: i64
    blocks: i64
    sync: I64  # 8 for each thread, zero at the start
    clock: I64  # tokens done, tokens since the learning rate was set
    draws: I64  # 1: random numbers drawn for ns
    partial: F32  # shards * stride: the sums of a line's rows
    scores: F32  # nlabels, and up to 15 more
    stats: F32  # blocks * 16
    block_grads: F32  # blocks * stride
    losses: F64  # blocks * 8; the first of each 8 is added to


class Worker(Group):
    """What a thread has for itself."""

    thread: i64
    hidden: F32  # stride
    grad: F32  # stride
    scratch: F32  # stride


@device
def sum_shard(lines: Lines, segment: i64, last: i64, model: Model, out: F32) -> None:
    """Set ``out[:stride]`` to the sum of a segment's input rows.

    Rows up to ``last``, the thread's own in this line, are asked for ahead of their turn; never
    those of another thread, which would have to give them away.
    """
    rows, stride = lines.rows, model.stride
    fill(out, np.float32(0.0), stride)
    for j in range(lines.segments[segment], lines.segments[segment + 1]):
        if j + ROWS_AHEAD < last:
            prefetch_row(at(model.wi, rows[j + ROWS_AHEAD] * stride), stride)
        row_add(out, at(model.wi, rows[j] * stride), stride)


@device
def mean_of_shards(lines: Lines, scale: f32, model: Model, team: Team, hidden: F32) -> None:
    """Set the hidden vector: the mean of a line's input rows, added up in the order of shards."""
    fill(hidden, np.float32(0.0), model.stride)
    for shard in range(lines.shards):
        row_axpy(hidden, scale, at(team.partial, shard * model.stride), model.stride)


@device
def score_block(block: i64, loss: Loss, output: Output, team: Team, example: Example) -> None:
    """Score the labels of a block; for softmax, their exponentials and the sum of these."""
    first = block_start(output.n, block, team.blocks)
    last = block_start(output.n, block + 1, team.blocks)
    score_labels(output, example, first, last)
    if loss.kind == SOFTMAX:
        softmax_block(example.scores, first, last, team.stats, block)


@device
def step_block(
    block: i64,
    line: i64,
    target: i64,
    lr: f32,
    weight: f32,
    lines: Lines,
    loss: Loss,
    output: Output,
    team: Team,
    example: Example,
) -> None:
    """Step on the output rows of a block; ``grad`` gets the gradient of the hidden vector.

    ``lr`` is multiplied by the weight of the step, and so is the loss here.  With a weight of 0
    nothing moves, whatever the update rule, and nothing is drawn.
    """
    first = block_start(output.n, block, team.blocks)
    last = block_start(output.n, block + 1, team.blocks)
    fill(example.grad, np.float32(0.0), output.stride)
    if weight == np.float32(0.0):
        return
    if loss.kind == SOFTMAX:
        scale = softmax_scale(team.stats, team.blocks, block)
        value = softmax_step(target, lr, first, last, scale, output, example)
        team.losses[block * 8] += float(weight) * value
    elif loss.kind == OVA:
        value = ova_step(positives_of(lines, line), lr, first, last, output, example)
        team.losses[block * 8] += float(weight) * value
    elif loss.kind == HS:
        team.losses[0] += float(weight) * hs_step(target, loss.tree, lr, output, example)
    elif loss.kind == NS:
        noise, seed = loss.noise, loss.seed + 1
        value = ns_step(target, noise, seed, team.draws, lr, output, example)
        team.losses[0] += float(weight) * value


@device
def hidden_gradient(model: Model, team: Team, out: F32) -> None:
    """Set ``out`` to the gradient of the input rows, added up in the order of blocks."""
    fill(out, np.float32(0.0), model.stride)
    for block in range(team.blocks):
        row_add(out, at(team.block_grads, block * model.stride), model.stride)


@device
def add_to_rows(
    lines: Lines, first: i64, last: i64, grad: F32, model: Model, start: i64, end: i64
) -> None:
    """Add the gradient step to the input rows ``rows[first:last]``.

    Meanwhile as many of the rows ``rows[start:end]`` are fetched, which the next line needs.
    """
    rows, stride, ahead = lines.rows, model.stride, start - first
    for j in range(first, last):
        if j + ahead < end:
            prefetch_row(at(model.wi, rows[j + ahead] * stride), stride)
        row_add(at(model.wi, rows[j] * stride), grad, stride)


@kernel
def train_lines(
    order: I32,
    n: i64,
    visit: i64,
    lines: Lines,
    model: Model,
    loss: Loss,
    schedule: Schedule,
    rule: Rule,
    team: Team,
    worker: Worker,
) -> None:
    """Train on the lines ``order[:n]``; every thread calls it with the same lines.

    ``visit`` numbers the first of these visits among all.
    """
    one, stride, shards, blocks = np.float32(1.0), model.stride, lines.shards, team.blocks
    thread, n_threads, scratch = worker.thread, team.n_threads, worker.scratch
    first_shard, last_shard = bounds(shards, thread, n_threads)
    first_block, last_block = bounds(blocks, thread, n_threads)
    example = Example(worker.hidden, worker.grad, team.scores)
    done, since = team.clock[0], team.clock[1]
    phase = 0
    for turn in range(n):
        line = order[turn]
        fetch_lines(lines, order, turn, n, first_shard, last_shard)
        lr = np.float32(linear_decay(schedule, done))
        step = at(rule.steps, turn if rule.address != 0 else 0)
        inputs = RowUpdates(rule.address, rule.slots, lr, step, rule.wi_states, scratch)
        outputs = RowUpdates(rule.address, rule.slots, lr, step, rule.wo_states, scratch)
        output = Output(model.wo, model.nlabels, stride, outputs)

        # 1. The sums of this thread's shards; the next line's first rows come meanwhile.
        segment = line * shards
        start, end = lines.segments[segment + first_shard], lines.segments[segment + last_shard]
        scale = one / np.float32(lines.segments[segment + shards] - lines.segments[segment])
        for shard in range(first_shard, last_shard):
            sum_shard(lines, segment + shard, end, model, at(team.partial, shard * stride))
        start_next, end_next = 0, 0
        if turn + 1 < n:
            following = order[turn + 1] * shards
            start_next = lines.segments[following + first_shard]
            end_next = lines.segments[following + last_shard]
            fetch_rows(lines, start_next, min(end_next, start_next + ROWS_AHEAD), model)
            start_next += ROWS_AHEAD
        target = target_of(lines, line, loss, visit + turn)
        weight = weight_of(lines, line, target, loss)
        factor = (lr if rule.address == 0 else one) * weight
        phase += 1
        if n_threads > 1:
            arrive(team.sync, thread, phase)

        # 2. Forward and backward through the output rows of this thread's blocks.
        if blocks > 1 or thread == 0:
            if n_threads > 1:
                wait_for_all(team.sync, n_threads, phase)
            mean_of_shards(lines, scale, model, team, worker.hidden)
        if loss.kind == SOFTMAX or loss.kind == OVA:
            for block in range(first_block, last_block):
                score_block(block, loss, output, team, example)
            if loss.kind == SOFTMAX and blocks > 1 and n_threads > 1:
                phase += 1
                arrive(team.sync, thread, phase)
                wait_for_all(team.sync, n_threads, phase)
        for block in range(first_block, last_block):
            step_block(block, line, target, factor, weight, lines, loss, output, team, example)
            grad = at(team.block_grads, block * stride)
            fill(grad, np.float32(0.0), stride)
            row_axpy(grad, scale, worker.grad, stride)
        phase += 1
        if n_threads > 1:
            if blocks > 1 or thread == 0:
                arrive(team.sync, thread, phase)
            if blocks > 1:
                wait_for_all(team.sync, n_threads, phase)
            elif thread > 0:
                wait_for(team.sync, 0, phase)

        # 3. Backward into the input rows of this thread's shards.
        grad = team.block_grads
        if blocks > 1:
            grad = worker.grad
            hidden_gradient(model, team, grad)
        if rule.address == 0:
            add_to_rows(lines, start, end, grad, model, start_next, end_next)
        elif weight != np.float32(0.0):
            update_rows(inputs, lines, start, end, grad, model, rule.counts)
        since += lines.tokens[line]
        if since > schedule.update_rate:
            done += since
            since = 0
    if thread == 0:
        team.clock[0], team.clock[1] = done, since
