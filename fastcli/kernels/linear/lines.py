"""What both trainers of a classifier take: lines, matrices, the loss, and the update rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.jit.group import Group
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.losses import OVA
from fastcli.kernels.base.optimizers import RowUpdates, Step, update_row
from fastcli.kernels.base.vector import prefetch_read, prefetch_row
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.losses import Noise, Positives
from fastcli.kernels.linear.tree import Tree

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, Records, f32, i64

LINES_AHEAD = 4  # how far ahead of its turn a line's bounds are fetched; its rows half as far
LONGEST_FETCH = 256  # rows' numbers; the processor fetches the rest of a longer line by itself


class Lines(Group):
    """The training lines: the input rows of line i in shard k are ``rows[segments[j]:...]``,
    with j = i * shards + k.
    """

    rows: I32
    segments: I64  # lines * shards + 1
    labels: I32  # of line i from label_offsets[i] on
    label_offsets: I64  # lines + 1
    tokens: I32  # lines: what each counts for the learning rate
    shards: i64
    weighs: i64  # 1: lines and labels have weights, else all weigh 1
    weights: F32  # of the lines
    label_weights: F32  # of the labels


class Model(Group):
    """Both matrices, in rows of ``stride`` floats, a multiple of 16."""

    wi: F32
    wo: F32
    nlabels: i64
    stride: i64


class Rule(Group):
    """An update rule, and its state for both matrices."""

    address: i64  # 0: SGD
    slots: i64  # of the state of a parameter
    steps: Records[Step]  # one for each line of the call
    wi_states: F32  # slots * stride floats per row
    wo_states: F32
    counts: I32  # one for each input row, zero before and after


class Loss(Group):
    """Which loss, and what hs (a tree) and ns (a table to draw from) need."""

    kind: i64
    tree: Tree
    noise: Noise
    seed: i64


@device
def fetch_rows(lines: Lines, first: i64, last: i64, model: Model) -> None:
    """Prefetch the input rows ``rows[first:last]``."""
    for j in range(first, last):
        prefetch_row(at(model.wi, lines.rows[j] * model.stride), model.stride)


@device
def fetch_lines(
    lines: Lines, order: I32, turn: i64, n: i64, first_shard: i64, last_shard: i64
) -> None:
    """Prefetch the indices of rows and labels of the next lines, the rows of some shards.

    In a random order the processor cannot foresee which memory comes next.
    """
    if turn + LINES_AHEAD < n:
        line = order[turn + LINES_AHEAD]
        prefetch_read(lines.segments, line * lines.shards + first_shard)
        prefetch_read(lines.label_offsets, line)
        prefetch_read(lines.tokens, line)
    if turn + LINES_AHEAD // 2 < n:
        line = order[turn + LINES_AHEAD // 2]
        first = lines.segments[line * lines.shards + first_shard]
        last = lines.segments[line * lines.shards + last_shard]
        for j in range(first, min(last, first + LONGEST_FETCH), 16):
            prefetch_read(lines.rows, j)
        prefetch_read(lines.labels, lines.label_offsets[line])


@device
def target_of(lines: Lines, line: i64, loss: Loss, visit: i64) -> i64:
    """Return the label to step towards: the first, or a random one of several."""
    first, last = lines.label_offsets[line], lines.label_offsets[line + 1]
    if last - first > 1 and loss.kind != OVA:
        first += random_bits(loss.seed, visit) % (last - first)
    return int(lines.labels[first])


@device
def weight_of(lines: Lines, line: i64, target: i64, loss: Loss) -> f32:
    """Return the weight of a step: that of the line, times that of the label it steps towards.

    One-vs-all steps towards several labels, whose weights are in ``positives_of``.
    """
    if lines.weighs == 0:
        return np.float32(1.0)
    if loss.kind == OVA:
        return lines.weights[line]
    return lines.weights[line] * lines.label_weights[target]


@device
def positives_of(lines: Lines, line: i64) -> Positives:
    """Return the labels of a line, for one-vs-all."""
    first = lines.label_offsets[line]
    n = lines.label_offsets[line + 1] - first
    return Positives(at(lines.labels, first), n, lines.weighs, lines.label_weights)


@device
def update_rows(
    updates: RowUpdates, lines: Lines, first: i64, last: i64, grad: F32, model: Model, counts: I32
) -> None:
    """Update the input rows ``rows[first:last]`` by a rule, each once.

    A row that is there n times has n times the gradient.
    """
    rows, size = lines.rows, model.stride * updates.slots
    for j in range(first, last):
        counts[rows[j]] += 1
        prefetch_row(at(updates.states, rows[j] * size), size)
    for j in range(first, last):
        n = counts[rows[j]]
        if n > 0:
            counts[rows[j]] = 0
            update_row(updates, model.wi, rows[j], model.stride, grad, np.float32(n))
