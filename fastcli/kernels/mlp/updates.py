"""What a batch teaches: the gradients of parameters, their clipping and penalties, their moves.

Every thread does its share of the parameters: rows of a layer's weights, columns of the rest,
embedding rows by their owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import settle, settle_row, square_root
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.optimizers import Step, decay, penalize, scale_row
from fastcli.kernels.base.vector import fill, prefetch, prefetch_row, row_axpy
from fastcli.kernels.base.views import at, record
from fastcli.kernels.mlp.dense import multiply
from fastcli.kernels.mlp.network import (
    A_IN,
    BETA,
    CLIP_NORM,
    CLIP_VALUE,
    D_BELOW,
    D_INPUT,
    DIM,
    DZ,
    FIELDS,
    GAMMA,
    H_ROW,
    IN_ROW,
    INPUT_ROW,
    INPUT_WIDE,
    L1,
    L2,
    LEARNED,
    MAX_NORM,
    N_IN,
    N_LAYERS,
    N_PARAMS,
    N_SHAPE,
    NO_NORM,
    NORM,
    NORM_AFTER,
    OWNERS,
    RECORD,
    RULE,
    SHAPE,
    STATS,
    UNITS,
    WEIGHT_DECAY,
    WIDE,
    WT,
    Z_ROW,
    Z_WIDE,
    B,
    D,
    W,
    X,
    columns,
    meet,
    part,
)
from fastcli.kernels.mlp.normalization import column_sums

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, Records, f32, i64

ROWS = 2  # of weights that one thread has together, so that tiles stay whole


@device
def layer_gradients(
    t: I64,
    e: i64,
    r: F32,
    m: i64,
    params: F32,
    grads: F32,
    values: F32,
    thread: i64,
    n_threads: i64,
) -> None:
    """Set the gradients of a thread's share of a layer's parameters: dW = X^T dZ, and the rest."""
    first = part(t[e + N_IN], ROWS, thread, n_threads)
    last = part(t[e + N_IN], ROWS, thread + 1, n_threads)
    row = t[e + Z_ROW]
    multiply(
        at(values, t[e + X] + first),
        1,
        t[e + IN_ROW],
        at(values, t[e + DZ]),
        row,
        at(grads, t[e + W] + first * row),
        row,
        last - first,
        t[e + Z_WIDE],
        m,
    )
    w = t[e + W] + first * row
    penalize(at(params, w), at(grads, w), (last - first) * row, r[L1], r[L2], r[CLIP_VALUE])
    start, end = (
        columns(t[e + Z_WIDE], thread, n_threads),
        columns(t[e + Z_WIDE], thread + 1, n_threads),
    )
    column_sums(values, t[e + DZ], row, m, start, end, grads, t[e + B])
    if t[e + N_SHAPE] > 0 and thread == n_threads - 1:
        fill(at(grads, t[e + SHAPE]), np.float32(0.0), t[e + N_SHAPE] * t[e + H_ROW])
        for example in range(m):
            call(
                t[e + LEARNED],
                (
                    at(values, t[e + A_IN] + example * row),
                    at(values, t[e + D] + example * t[e + H_ROW]),
                    t[e + UNITS],
                    at(params, t[e + SHAPE]),
                    t[e + H_ROW],
                    at(grads, t[e + SHAPE]),
                ),
            )


@device
def sum_of_squares(x: F32, i: i64, n: i64) -> f32:
    """Return the square of the length of ``x[i:i+n]``."""
    total = np.float32(0.0)
    for k in range(n):
        total += settle(x[i + k]) * settle(x[i + k])
    return total


@device
def layer_squares(
    t: I64, e: i64, offset: i64, grads: F32, squares: F64, thread: i64, n_threads: i64
) -> None:
    """Write the squares of a thread's gradients: a number for each row of W, one for the rest."""
    row = t[e + Z_ROW]
    for i in range(
        part(t[e + N_IN], ROWS, thread, n_threads), part(t[e + N_IN], ROWS, thread + 1, n_threads)
    ):
        squares[offset + i] = float(sum_of_squares(grads, t[e + W] + i * row, t[e + Z_WIDE]))
    if thread == 0:
        rest = float(sum_of_squares(grads, t[e + B], t[e + Z_WIDE]))
        if t[e + NORM] != NO_NORM:
            rest += float(sum_of_squares(grads, t[e + GAMMA], t[e + Z_WIDE]))
            rest += float(sum_of_squares(grads, t[e + BETA], t[e + Z_WIDE]))
        if t[e + N_SHAPE] > 0:
            rest += float(sum_of_squares(grads, t[e + SHAPE], t[e + N_SHAPE] * t[e + H_ROW]))
        squares[offset + t[e + N_IN]] = rest


@device
def update_vector(
    c: I64,
    r: F32,
    offset: i64,
    start: i64,
    end: i64,
    clip: f32,
    params: F32,
    grads: F32,
    states: F32,
    steps: Records[Step],
) -> None:
    """Move a vector of parameters that no penalty and no decay applies to."""
    n, i = end - start, offset + start
    limit = r[CLIP_VALUE]
    penalize(at(params, i), at(grads, i), n, np.float32(0.0), np.float32(0.0), limit)
    if clip < np.float32(1.0):
        scale_row(at(grads, i), n, clip)
    place, lr = at(states, i), record(steps, 0).lr
    call(c[RULE], (at(params, i), at(grads, i), n, place, c[N_PARAMS], lr, steps))


@device
def update_layer(
    t: I64,
    e: i64,
    c: I64,
    r: F32,
    clip: f32,
    params: F32,
    grads: F32,
    states: F32,
    steps: Records[Step],
    thread: i64,
    n_threads: i64,
) -> None:
    """Move a thread's share of a layer's parameters."""
    row = t[e + Z_ROW]
    first = part(t[e + N_IN], ROWS, thread, n_threads)
    last = part(t[e + N_IN], ROWS, thread + 1, n_threads)
    w, n = t[e + W] + first * row, (last - first) * row
    if clip < np.float32(1.0):
        scale_row(at(grads, w), n, clip)
    if r[WEIGHT_DECAY] > np.float32(0.0):
        decay(at(params, w), n, np.float32(1.0) - record(steps, 0).lr * r[WEIGHT_DECAY])
    lr = record(steps, 0).lr
    call(c[RULE], (at(params, w), at(grads, w), n, at(states, w), c[N_PARAMS], lr, steps))
    if r[L2] > np.float32(0.0):
        settle_row(at(params, w), n)
    start = columns(t[e + Z_WIDE], thread, n_threads)
    end = columns(t[e + Z_WIDE], thread + 1, n_threads)
    update_vector(c, r, t[e + B], start, end, clip, params, grads, states, steps)
    if t[e + NORM] != NO_NORM:
        wide = t[e + WIDE] if t[e + NORM_AFTER] == 1 else t[e + Z_WIDE]
        start, end = columns(wide, thread, n_threads), columns(wide, thread + 1, n_threads)
        update_vector(c, r, t[e + GAMMA], start, end, clip, params, grads, states, steps)
        update_vector(c, r, t[e + BETA], start, end, clip, params, grads, states, steps)
    if t[e + N_SHAPE] > 0 and thread == n_threads - 1:
        size = t[e + N_SHAPE] * t[e + H_ROW]
        update_vector(c, r, t[e + SHAPE], 0, size, clip, params, grads, states, steps)


@device
def limit_columns(
    t: I64, e: i64, limit: f32, params: F32, values: F32, thread: i64, n_threads: i64
) -> None:
    """Shrink the weights into a unit to a length of at most ``limit`` (Srebro et al. 2005)."""
    first = columns(t[e + Z_WIDE], thread, n_threads)
    last = columns(t[e + Z_WIDE], thread + 1, n_threads)
    row, sums = t[e + Z_ROW], t[e + STATS]
    for j in range(first, last):
        values[sums + j] = np.float32(0.0)
    for i in range(t[e + N_IN]):
        for j in range(first, last):
            w = params[t[e + W] + i * row + j]
            values[sums + j] += w * w
    for j in range(first, last):
        length = square_root(values[sums + j])
        values[sums + j] = limit / length if length > limit else np.float32(1.0)
    for i in range(t[e + N_IN]):
        for j in range(first, last):
            params[t[e + W] + i * row + j] *= values[sums + j]


@device
def transpose_weights(
    t: I64, e: i64, params: F32, values: F32, thread: i64, n_threads: i64
) -> None:
    """Copy a thread's rows of W to columns of its transpose, where a gradient passes down."""
    if t[e + D_BELOW] >= 0:
        first = part(t[e + N_IN], ROWS, thread, n_threads)
        last = part(t[e + N_IN], ROWS, thread + 1, n_threads)
        w, w_row, wt, wt_row = t[e + W], t[e + Z_ROW], t[e + WT], t[e + IN_ROW]
        for start in range(0, t[e + Z_WIDE], 16):
            for i in range(first, last):
                for j in range(start, start + 16):
                    values[wt + j * wt_row + i] = params[w + i * w_row + j]


@device
def owner_of(row: i64) -> i64:
    """Return the owner of an embedding row: the same for rows whose slots share a cache line."""
    return (row >> 4) & (OWNERS - 1)


@device
def list_uses(
    order: I64,
    start: i64,
    m: i64,
    rows: I32,
    offsets: I64,
    slots: I32,
    touched: I32,
    uses: I32,
    thread: i64,
    n_threads: i64,
) -> i64:
    """List a thread's embedding rows in this batch and their uses; return how many rows.

    ``touched`` has three numbers for each: the row, its first use, its last use.  ``uses`` has
    two: the example, and the next use of the same row, -1 after the last.  ``slots``, one for
    every row of the embedding, is zero before and after.
    """
    first, last = OWNERS * thread // n_threads, OWNERS * (thread + 1) // n_threads
    n, n_uses = 0, 0
    for example in range(m):
        for j in range(offsets[order[start + example]], offsets[order[start + example] + 1]):
            uses[n_uses * 2], uses[n_uses * 2 + 1] = example, rows[j]
            n_uses += 1 if first <= owner_of(rows[j]) < last else 0  # nobody foresees a branch
    for use in range(n_uses):
        if use + 16 < n_uses:
            prefetch(slots, uses[(use + 16) * 2 + 1])
        row, uses[use * 2 + 1] = uses[use * 2 + 1], -1
        if slots[row] == 0:
            touched[n * 3], touched[n * 3 + 1] = row, use
            n += 1
            slots[row] = n
        else:
            uses[touched[slots[row] * 3 - 1] * 2 + 1] = use
        touched[slots[row] * 3 - 1] = use
    for k in range(n):
        slots[touched[k * 3]] = 0
    return n


@device
def row_gradient(
    k: i64,
    c: I64,
    r: F32,
    order: I64,
    start: i64,
    offsets: I64,
    embedding: F32,
    values: F32,
    touched: I32,
    uses: I32,
    g: F32,
) -> None:
    """Set ``g`` to the gradient of the k-th row that ``list_uses`` found, in order of examples."""
    wide = c[INPUT_WIDE]
    fill(g, np.float32(0.0), wide)
    use = touched[k * 3 + 1]
    while use >= 0:
        example = order[start + uses[use * 2]]
        scale = np.float32(1.0) / np.float32(max(offsets[example + 1] - offsets[example], 1))
        row_axpy(g, scale, at(values, c[D_INPUT] + uses[use * 2] * c[INPUT_ROW]), wide)
        use = uses[use * 2 + 1]
    penalize(at(embedding, touched[k * 3] * c[RECORD]), g, wide, r[L1], r[L2], r[CLIP_VALUE])


@device
def embedding_squares(
    n: i64,
    c: I64,
    r: F32,
    order: I64,
    start: i64,
    offsets: I64,
    embedding: F32,
    values: F32,
    touched: I32,
    uses: I32,
    g: F32,
    squares: F64,
    thread: i64,
    n_threads: i64,
) -> None:
    """Write the squares of the gradients of a thread's rows: a number for each owner."""
    for owner in range(OWNERS * thread // n_threads, OWNERS * (thread + 1) // n_threads):
        squares[owner] = 0.0
    for k in range(n):
        row_gradient(k, c, r, order, start, offsets, embedding, values, touched, uses, g)
        squares[owner_of(touched[k * 3])] += float(sum_of_squares(g, 0, c[INPUT_WIDE]))


@device
def update_embedding(
    n: i64,
    c: I64,
    r: F32,
    clip: f32,
    steps: Records[Step],
    order: I64,
    start: i64,
    offsets: I64,
    embedding: F32,
    values: F32,
    touched: I32,
    uses: I32,
    g: F32,
) -> None:
    """Move the embedding rows of this batch: their state lies after them, other rows stay."""
    wide, row, lr = c[INPUT_WIDE], c[RECORD], record(steps, 0).lr
    for k in range(n):
        if k + 4 < n:
            prefetch_row(at(embedding, touched[(k + 4) * 3] * row), row)
        w = at(embedding, touched[k * 3] * row)
        row_gradient(k, c, r, order, start, offsets, embedding, values, touched, uses, g)
        if clip < np.float32(1.0):
            scale_row(g, wide, clip)
        if r[WEIGHT_DECAY] > np.float32(0.0):
            decay(w, wide, np.float32(1.0) - lr * r[WEIGHT_DECAY])
        call(c[RULE], (w, g, wide, at(w, wide), wide, lr, steps))
        if r[L2] > np.float32(0.0):
            settle_row(w, wide)


@kernel
def learn(
    t: I64,
    c: I64,
    r: F32,
    steps: Records[Step],
    order: I64,
    start: i64,
    m: i64,
    rows: I32,
    offsets: I64,
    embedding: F32,
    params: F32,
    grads: F32,
    states: F32,
    values: F32,
    slots: I32,
    touched: I32,
    uses: I32,
    row_grad: F32,
    squares: F64,
    sync: I64,
    thread: i64,
    n_threads: i64,
) -> None:
    """Move a thread's share of all parameters, once ``backward`` is done with the batch.

    ``squares`` has a place for each owner of embedding rows and, for each layer, for each of
    its inputs and one more.  ``touched``, ``uses`` and ``row_grad`` are the thread's own.
    """
    layers, n_rows = c[N_LAYERS], 0
    if c[DIM] > 0:
        n_rows = list_uses(order, start, m, rows, offsets, slots, touched, uses, thread, n_threads)
    for layer in range(layers):
        layer_gradients(t, layer * FIELDS, r, m, params, grads, values, thread, n_threads)
    clip = np.float32(1.0)
    if r[CLIP_NORM] > np.float32(0.0):
        embedding_squares(
            n_rows,
            c,
            r,
            order,
            start,
            offsets,
            embedding,
            values,
            touched,
            uses,
            row_grad,
            squares,
            thread,
            n_threads,
        )
        meet(sync, thread, n_threads)
        offset = OWNERS
        for layer in range(layers):
            layer_squares(t, layer * FIELDS, offset, grads, squares, thread, n_threads)
            offset += t[layer * FIELDS + N_IN] + 1
        meet(sync, thread, n_threads)
        total = 0.0
        for k in range(offset):
            total += squares[k]
        length = square_root(np.float32(total))
        if length > r[CLIP_NORM]:
            clip = r[CLIP_NORM] / (length + np.float32(1e-6))
    if c[DIM] > 0:
        update_embedding(
            n_rows,
            c,
            r,
            clip,
            steps,
            order,
            start,
            offsets,
            embedding,
            values,
            touched,
            uses,
            row_grad,
        )
    for layer in range(layers):
        e = layer * FIELDS
        update_layer(t, e, c, r, clip, params, grads, states, steps, thread, n_threads)
    if r[MAX_NORM] > np.float32(0.0):
        meet(sync, thread, n_threads)
        for layer in range(layers):
            limit_columns(t, layer * FIELDS, r[MAX_NORM], params, values, thread, n_threads)
        meet(sync, thread, n_threads)
    for layer in range(layers):
        transpose_weights(t, layer * FIELDS, params, values, thread, n_threads)


@kernel
def transpose_all(t: I64, n_layers: i64, params: F32, values: F32) -> None:
    """Make the transposed weights anew, before the first step."""
    for layer in range(n_layers):
        transpose_weights(t, layer * FIELDS, params, values, 0, 1)
