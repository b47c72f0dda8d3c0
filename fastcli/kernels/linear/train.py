"""The trainer: one line at a time, by SGD or a rule, the same bytes on any number of threads.

Input rows are divided into lanes (row r belongs to lane r % lanes), labels into blocks.  A
thread owns some lanes and some blocks, and nobody else writes their rows.  For each line every
thread adds up the rows of its lanes; the sums are added in the order of the lanes; the owners of
the blocks score and step; then every thread moves the rows of its lanes.  Lanes and blocks
depend on the data alone, so the order of additions does too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.optimizers import H_SIZE, LR, move_row
from fastcli.kernels.base.threads import arrive, wait_for, wait_for_all
from fastcli.kernels.base.vector import fill, prefetch_read, prefetch_row, row_add, row_axpy
from fastcli.kernels.linear.losses import (
    HS,
    NS,
    OVA,
    SOFTMAX,
    block_start,
    hs_step,
    ns_step,
    ova_step,
    score_labels,
    softmax_block,
    softmax_scale,
    softmax_step,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, U8, f64, i64
    from fastcli.kernels.base.optimizers import Moves

AHEAD = 12
LINES_AHEAD = 4  # how far ahead of its turn a line's bounds are fetched; its rows half as far
LONGEST_FETCH = 256  # numbers of rows; the processor fetches the rest of a longer line by itself


@device
def share(n: i64, thread: i64, n_threads: i64) -> i64:
    """Return where the thread's share of n things begins; thread 0 has the first of few."""
    return (n * thread + n_threads - 1) // n_threads


@device
def fetch_rows(rows: I32, start: i64, end: i64, wi: F32, stride: i64) -> None:
    """Ask for the memory of the input rows ``rows[start:end]``."""
    for j in range(start, end):
        prefetch_row(wi, rows[j] * stride, stride)


@device
def fetch_bounds(line: i64, lanes: i64, segments: I64, label_offsets: I64, tokens: I32) -> None:
    """Fetch what tells where a line's rows and labels are."""
    prefetch_read(segments, line * lanes)
    prefetch_read(label_offsets, line)
    prefetch_read(tokens, line)


@device
def fetch_line(
    line: i64, lanes: i64, rows: I32, segments: I64, labels: I32, label_offsets: I64
) -> None:
    """Fetch the numbers of a line's rows, and its labels."""
    start, end = segments[line * lanes], segments[(line + 1) * lanes]
    for j in range(start, min(end, start + LONGEST_FETCH), 16):
        prefetch_read(rows, j)
    prefetch_read(labels, label_offsets[line])


@device
def sum_lane(
    rows: I32, start: i64, end: i64, last: i64, wi: F32, stride: i64, out: F32, at: i64
) -> None:
    """Set ``out[at:at+stride]`` to the sum of the input rows ``rows[start:end]``.

    Rows up to ``last``, the thread's own in this line, are asked for ahead of their turn; never
    those of another thread, which would have to give them away.
    """
    fill(out, at, np.float32(0.0), stride)
    for j in range(start, end):
        if j + AHEAD < last:
            prefetch_row(wi, rows[j + AHEAD] * stride, stride)
        row_add(out, at, wi, rows[j] * stride, stride)


@device
def move_rows(
    rows: I32, start: i64, end: i64, grad: F32, wi: F32, stride: i64, at: i64, last: i64
) -> None:
    """Add the gradient step to the input rows ``rows[start:end]``.

    Meanwhile as many of the rows ``rows[at:last]`` are fetched, which the next line needs.
    """
    ahead = at - start
    for j in range(start, end):
        if j + ahead < last:
            prefetch_row(wi, rows[j + ahead] * stride, stride)
        row_add(wi, rows[j] * stride, grad, 0, stride)


@device
def move_rows_by(
    moves: Moves, rows: I32, start: i64, end: i64, grad: F32, wi: F32, stride: i64, counts: I32
) -> None:
    """Move the input rows ``rows[start:end]`` by a rule, each once: a row that is there n times
    has n times the gradient.  ``counts``, one number for each row of ``wi``, is zero before and
    after.
    """
    slots, states = moves[1], moves[3]
    for j in range(start, end):
        counts[rows[j]] += 1
        prefetch_row(states, rows[j] * stride * slots, stride * slots)
    for j in range(start, end):
        n = counts[rows[j]]
        if n > 0:
            counts[rows[j]] = 0
            move_row(moves, wi, rows[j], stride, grad, np.float32(n))


@kernel
def train_lines(
    first_line: i64,
    last_line: i64,
    order: I32,
    thread: i64,
    n_threads: i64,
    lanes: i64,
    blocks: i64,
    rows: I32,
    segments: I64,
    labels: I32,
    label_offsets: I64,
    tokens: I32,
    wi: F32,
    wo: F32,
    stride: i64,
    nlabels: i64,
    loss: i64,
    paths: I32,
    codes: U8,
    path_offsets: I64,
    neg: i64,
    odds: F64,
    aliases: I32,
    seed: i64,
    visit: i64,
    lr0: f64,
    total_tokens: i64,
    lr_update_rate: i64,
    clock: I64,
    draws: I64,
    sync: I64,
    partial: F32,
    scores: F32,
    stats: F32,
    block_grads: F32,
    hidden: F32,
    grad: F32,
    losses: F64,
    rule: i64,
    slots: i64,
    h: F32,
    wi_states: F32,
    wo_states: F32,
    counts: I32,
    now: F32,
    scratch: F32,
) -> None:
    """Train on the lines ``order[first_line:last_line]``; every thread calls it with the same.

    Shared among the threads: ``clock`` (tokens done, tokens since lr was set), ``draws``
    (random numbers drawn), ``sync`` (zero at the start), ``partial`` (lanes x stride),
    ``scores`` (nlabels, and up to 15 more), ``stats`` (blocks x 16), ``block_grads`` (blocks x
    stride), ``losses`` (blocks x 8; the first of each 8 is added to).  ``blocks`` is 1 for hs and
    ns.  Private: ``hidden`` and ``grad`` (stride).
    ``visit`` numbers the first of these visits among all.

    ``rule`` is 0 for SGD, or the address of an update rule with this many ``slots`` of state in
    ``wi_states`` and ``wo_states``; ``h`` has a row of numbers for each line.  ``counts`` (one for
    each row of ``wi``) is zero.  Private: ``now`` (H_SIZE) and ``scratch`` (stride).
    """
    one = np.float32(1.0)
    first_lane, last_lane = share(lanes, thread, n_threads), share(lanes, thread + 1, n_threads)
    first_block = share(blocks, thread, n_threads)
    last_block = share(blocks, thread + 1, n_threads)
    outputs = (rule, slots, now, wo_states, scratch)
    inputs = (rule, slots, now, wi_states, scratch)
    done, since = clock[0], clock[1]
    phase = 0
    for turn in range(first_line, last_line):
        line = order[turn]
        # In a random order the processor cannot foresee which memory comes next.
        if turn + LINES_AHEAD < last_line:
            fetch_bounds(order[turn + LINES_AHEAD], lanes, segments, label_offsets, tokens)
        if turn + LINES_AHEAD // 2 < last_line:
            fetch_line(order[turn + LINES_AHEAD // 2], lanes, rows, segments, labels, label_offsets)
        lr = np.float32(lr0 * max(1.0 - done / total_tokens, 0.0))
        if rule != 0:
            for k in range(H_SIZE):
                now[k] = h[(turn - first_line) * H_SIZE + k]
            now[LR] = lr
            lr = one
        segment = line * lanes
        start, end = segments[segment + first_lane], segments[segment + last_lane]
        scale = one / np.float32(segments[segment + lanes] - segments[segment])
        for lane in range(first_lane, last_lane):
            sum_lane(
                rows,
                segments[segment + lane],
                segments[segment + lane + 1],
                end,
                wi,
                stride,
                partial,
                lane * stride,
            )
        start_next, end_next = 0, 0
        if turn + 1 < last_line:  # the next line's first rows come while this one is scored
            following = order[turn + 1] * lanes
            start_next = segments[following + first_lane]
            end_next = segments[following + last_lane]
            fetch_rows(rows, start_next, min(end_next, start_next + AHEAD), wi, stride)
            start_next += AHEAD
        first_label, last_label = label_offsets[line], label_offsets[line + 1]
        target = labels[first_label]
        if last_label - first_label > 1 and loss != OVA:
            target = labels[
                first_label
                + random_bits(seed, visit + turn - first_line) % (last_label - first_label)
            ]

        # Forward and backward through the output rows.
        phase += 1
        if n_threads > 1:
            arrive(sync, thread, phase)
        if blocks > 1 or thread == 0:
            if n_threads > 1:
                wait_for_all(sync, n_threads, phase)
            fill(hidden, 0, np.float32(0.0), stride)
            for lane in range(lanes):
                row_axpy(hidden, 0, scale, partial, lane * stride, stride)
        if loss == SOFTMAX or loss == OVA:
            for block in range(first_block, last_block):
                start_label = block_start(nlabels, block, blocks)
                end_label = block_start(nlabels, block + 1, blocks)
                score_labels(hidden, wo, stride, start_label, end_label, scores)
                if loss == SOFTMAX:
                    softmax_block(scores, start_label, end_label, stats, block)
            if loss == SOFTMAX and blocks > 1 and n_threads > 1:
                phase += 1
                arrive(sync, thread, phase)
                wait_for_all(sync, n_threads, phase)
            for block in range(first_block, last_block):
                start_label = block_start(nlabels, block, blocks)
                end_label = block_start(nlabels, block + 1, blocks)
                fill(grad, 0, np.float32(0.0), stride)
                if loss == SOFTMAX:
                    losses[block * 8] += softmax_step(
                        target,
                        hidden,
                        wo,
                        stride,
                        lr,
                        start_label,
                        end_label,
                        softmax_scale(stats, blocks, block),
                        scores,
                        grad,
                        outputs,
                    )
                else:
                    losses[block * 8] += ova_step(
                        labels,
                        first_label,
                        last_label,
                        hidden,
                        wo,
                        stride,
                        lr,
                        start_label,
                        end_label,
                        scores,
                        grad,
                        outputs,
                    )
                fill(block_grads, block * stride, np.float32(0.0), stride)
                row_axpy(block_grads, block * stride, scale, grad, 0, stride)
        elif thread == 0:
            fill(grad, 0, np.float32(0.0), stride)
            if loss == HS:
                losses[0] += hs_step(
                    target, paths, codes, path_offsets, hidden, wo, stride, lr, grad, outputs
                )
            elif loss == NS:
                losses[0] += ns_step(
                    target,
                    nlabels,
                    neg,
                    odds,
                    aliases,
                    seed + 1,
                    draws,
                    hidden,
                    wo,
                    stride,
                    lr,
                    grad,
                    outputs,
                )
            fill(block_grads, 0, np.float32(0.0), stride)
            row_axpy(block_grads, 0, scale, grad, 0, stride)
        phase += 1
        if n_threads > 1:
            if blocks > 1:
                arrive(sync, thread, phase)
                wait_for_all(sync, n_threads, phase)
            elif thread == 0:
                arrive(sync, thread, phase)
            else:
                wait_for(sync, 0, phase)

        # Backward into the input rows.
        if blocks > 1:
            fill(grad, 0, np.float32(0.0), stride)
            for block in range(blocks):
                row_add(grad, 0, block_grads, block * stride, stride)
            if rule == 0:
                move_rows(rows, start, end, grad, wi, stride, start_next, end_next)
            else:
                move_rows_by(inputs, rows, start, end, grad, wi, stride, counts)
        elif rule == 0:
            move_rows(rows, start, end, block_grads, wi, stride, start_next, end_next)
        else:
            move_rows_by(inputs, rows, start, end, block_grads, wi, stride, counts)
        since += tokens[line]
        if since > lr_update_rate:
            done += since
            since = 0
    if thread == 0:
        clock[0], clock[1] = done, since
