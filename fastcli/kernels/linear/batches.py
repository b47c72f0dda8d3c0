"""Batches of lines on several threads: what the threads share, and which part each of them has.

Input rows are divided into shards (row r is in shard r % shards), and a line's rows are added up as
a binary tree over the shards.  A thread has some of the shards and adds up what belongs together;
so the sum does not depend on the number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.jit.group import Group
from fastcli.kernels.base.optimizers import RowUpdates
from fastcli.kernels.base.threads import arrive, bounds, wait_for_all
from fastcli.kernels.base.vector import row_add, row_set
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.lines import Lines, Rule

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, f32, i64

MOST_LINES = 16  # of a batch: as many as a vector has floats


class Batch(Group):
    """What the threads share: the lines of a batch, and what they exchange about them.

    With few labels (``copies``), every thread has all output rows; else with one block of labels it
    scores some of the lines, and with several some of the blocks.
    """

    score: i64  # address of ``learn_lines``, ``score_lines`` or ``score_blocks``
    step: i64  # and, without copies, of ``step_lines`` or ``step_blocks``
    size: i64  # lines, at most MOST_LINES
    n_threads: i64
    blocks: i64  # of the labels; 1 for hs and ns
    copies: i64  # 1: every thread keeps the output matrix, which is small, and learns all of it
    width: i64  # room for the factors of a line, a multiple of 16; with several blocks nlabels
    sync: I64  # 8 for each thread, zero at the start
    clock: I64  # tokens done, tokens since the learning rate was set
    sums: F32  # 2 * shards * MOST_LINES * stride: of the lines' rows, in this batch and the last
    hidden: F32  # MOST_LINES * stride; with one block; with copies the lines' sums
    factors: F32  # MOST_LINES * width; with several blocks nlabels * MOST_LINES
    grads: F32  # blocks * MOST_LINES * stride
    stats: F32  # blocks * 2 * MOST_LINES
    shared: I32  # PAIRS of each group, see ``shared_rows.py``; with copies
    losses: F64  # 8 * max(MOST_LINES, blocks): of the lines or the blocks, 8 apart


class BatchWorker(Group):
    """What a thread has for itself."""

    thread: i64
    rates: F32  # MOST_LINES: the learning rate of each line
    weights: F32  # MOST_LINES: of each line
    factors: F32  # MOST_LINES: what errors are multiplied by: weights times rates, or 1 for a rule
    targets: I64  # MOST_LINES
    picks: I32  # MOST_LINES * width: the output rows of each line; with one block
    counts: I64  # MOST_LINES: how many these are
    half: I64  # 1: which half of ``Batch.sums`` is that of this batch
    group: I64  # 1: the number of the group that this batch is; with copies
    hidden: F32  # MOST_LINES * stride; with copies or several blocks
    lanes: F32  # stride * MOST_LINES: the same, transposed
    grads: F32  # MOST_LINES * stride
    scratch: F32  # stride
    wo: F32  # nlabels * stride; with copies
    scores: F32  # width; with copies
    stack: F32  # 6 * stride, enough for 32 shards: sums of shards that are still to be joined
    joined: I64  # 6: of how many shards
    draws: I64  # 1


class Share(Group):
    """The input rows that a thread has: those of some shards."""

    first_shard: i64
    last_shard: i64


@device
def meet(batch: Batch, worker: BatchWorker, phase: i64) -> i64:
    """Wait until all threads are here; return the number of the meeting."""
    if batch.n_threads == 1:
        return phase
    arrive(batch.sync, worker.thread, phase + 1)
    wait_for_all(batch.sync, batch.n_threads, phase + 1)
    return phase + 1


@device
def sums_of(i: i64, shard: i64, stride: i64, batch: Batch, worker: BatchWorker) -> F32:
    """Return where the sum of line i of the batch over some shards is, ``shard`` the first."""
    return at(batch.sums, ((2 * shard + worker.half[0]) * MOST_LINES + i) * stride)


@device
def join_sums(i: i64, first: i64, end: i64, stride: i64, batch: Batch, worker: BatchWorker) -> None:
    """Join the sum of line i over shard ``end - 1`` with those before it, back to ``first``.

    Two sums are joined where both are over n shards, and n shards begin at a multiple of 2 n.
    """
    n = 1
    while end & n == 0 and end - 2 * n >= first:  # end is a multiple of n
        left, right = end - 2 * n, end - n
        to = sums_of(i, left, stride, batch, worker)
        row_add(to, sums_of(i, right, stride, batch, worker), stride)
        n *= 2


@device
def joined(first: i64, last: i64) -> i64:
    """Return over how many shards from ``first`` on a thread with shards up to ``last`` joins."""
    n = 1
    while first & n == 0 and first + 2 * n <= last:
        n *= 2
    return n


@device
def total_of(i: i64, shards: i64, stride: i64, batch: Batch, worker: BatchWorker) -> F32:
    """Return the sum of line i over all shards, of which threads have joined what they have."""
    if batch.n_threads == 1 or shards == 1:
        return sums_of(i, 0, stride, batch, worker)
    depth = 0
    for thread in range(batch.n_threads):
        first, last = bounds(shards, thread, batch.n_threads)
        while first < last:
            n = joined(first, last)
            sums = sums_of(i, first, stride, batch, worker)
            row_set(at(worker.stack, depth * stride), np.float32(1.0), sums, stride)
            first += n
            while depth > 0 and worker.joined[depth - 1] == n and first & n == 0:
                depth -= 1
                top = at(worker.stack, (depth + 1) * stride)
                row_add(at(worker.stack, depth * stride), top, stride)
                n *= 2
            worker.joined[depth] = n
            depth += 1
    return worker.stack


@device
def updates_of(i: i64, rule: Rule, states: F32, worker: BatchWorker) -> RowUpdates:
    """Return how rows are updated by line i of the batch."""
    steps = at(rule.steps, i if rule.address != 0 else 0)
    return RowUpdates(rule.address, rule.slots, worker.rates[i], steps, states, worker.scratch)


@device
def scale_of(lines: Lines, line: i64) -> f32:
    """Return 1 / the number of a line's rows."""
    first, last = lines.segments[line * lines.shards], lines.segments[(line + 1) * lines.shards]
    return np.float32(1.0) / np.float32(last - first)
