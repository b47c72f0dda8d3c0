"""The updates of one batch: gradients of parameters, clipping, penalties, and update rules.

Every thread does its part of the parameters: rows of a layer's weights, columns of the rest,
shards of the embedding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import magnitude, settle, settle_row, square_root
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.optimizers import Step, decay, penalize, scale_row, shrink
from fastcli.kernels.base.products import multiply
from fastcli.kernels.base.vector import fill, prefetch, prefetch_row, row_axpy
from fastcli.kernels.base.views import at, record
from fastcli.kernels.mlp.network import (
    COLUMNS,
    L1_BALL,
    NO_NORM,
    SHARDS,
    WEIGHT_ROWS,
    Arrays,
    Batch,
    Embedding,
    Examples,
    Layer,
    Network,
    Regularization,
    Team,
    Training,
    chunk_bounds,
    meet,
)
from fastcli.kernels.mlp.normalization import column_sums

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I64, Records, f32, i64


@device
def layer_gradients(
    layer: Layer, m: i64, regularization: Regularization, arrays: Arrays, grads: F32, team: Team
) -> None:
    """Set the gradients of a thread's part of a layer's parameters: dW = X^T dZ, and the rest."""
    values, row = arrays.values, layer.z_row
    dz = at(values, layer.dz)
    first, last = chunk_bounds(layer.n_in, WEIGHT_ROWS, team)
    place = layer.weights + first * row
    w, dw = at(arrays.params, place), at(grads, place)
    x = at(values, layer.x + first)
    multiply(x, 1, layer.in_row, dz, row, dw, row, last - first, layer.z_width, m)
    l1, l2, limit = regularization.l1, regularization.l2, regularization.clip_value
    penalize(w, dw, (last - first) * row, l1, l2, limit)
    start, end = chunk_bounds(layer.z_width, COLUMNS, team)
    column_sums(at(dz, start), row, m, end - start, at(grads, layer.bias + start))
    if layer.n_learned > 0 and team.thread == team.n_threads - 1:
        params, dparams = at(arrays.params, layer.activation), at(grads, layer.activation)
        fill(dparams, np.float32(0.0), layer.n_learned * layer.out_row)
        for i in range(m):
            z = at(values, layer.a_in + i * row)
            d = at(values, layer.d + i * layer.out_row)
            call(
                layer.learned_address,
                (z, d, layer.units, params, layer.out_row, layer.n_learned, dparams),
            )


@device
def sum_of_squares(x: F32, n: i64) -> f32:
    """Return the square of the length of ``x[:n]``."""
    total = np.float32(0.0)
    for k in range(n):
        total += settle(x[k]) * settle(x[k])
    return total


@device
def layer_squares(layer: Layer, grads: F32, squares: F64, team: Team) -> None:
    """Write the squares of a thread's gradients: a number for each row of W, one for the rest."""
    first, last = chunk_bounds(layer.n_in, WEIGHT_ROWS, team)
    for i in range(first, last):
        dw = at(grads, layer.weights + i * layer.z_row)
        squares[i] = float(sum_of_squares(dw, layer.z_width))
    if team.thread == 0:
        rest = float(sum_of_squares(at(grads, layer.bias), layer.z_width))
        if layer.learns_gamma == 1:
            rest += float(sum_of_squares(at(grads, layer.gamma), layer.z_width))
        if layer.learns_beta == 1:
            rest += float(sum_of_squares(at(grads, layer.beta), layer.z_width))
        if layer.n_learned > 0:
            n = layer.n_learned * layer.out_row
            rest += float(sum_of_squares(at(grads, layer.activation), n))
        squares[layer.n_in] = rest


@device
def clip_factor(
    n_rows: i64,
    batch: Batch,
    examples: Examples,
    network: Network,
    regularization: Regularization,
    embedding: Embedding,
    arrays: Arrays,
    training: Training,
    team: Team,
) -> f32:
    """Return the factor that clips the global gradient norm to ``clip_norm``, at most 1.

    The thread has ``n_rows`` rows of the embedding.
    """
    squares = training.squares
    embedding_squares(
        n_rows, batch, examples, network, regularization, embedding, arrays.values, squares, team
    )
    meet(team)
    n = SHARDS
    for i in range(network.n_layers):
        layer = record(network.layers, i)
        layer_squares(layer, training.grads, at(squares, n), team)
        n += layer.n_in + 1
    meet(team)
    total = 0.0
    for k in range(n):
        total += squares[k]
    length, limit = square_root(np.float32(total)), regularization.clip_norm
    return limit / (length + np.float32(1e-6)) if length > limit else np.float32(1.0)


@device
def update_vector(
    steps: Records[Step],
    place: i64,
    n: i64,
    limit: f32,
    clip: f32,
    params: F32,
    training: Training,
) -> None:
    """Update n parameters without penalty and decay."""
    zero = np.float32(0.0)
    w, g, states = at(params, place), at(training.grads, place), at(training.states, place)
    penalize(w, g, n, zero, zero, limit)
    if clip < np.float32(1.0):
        scale_row(g, n, clip)
    call(training.rule, (w, g, n, states, training.n_params, record(steps, 0).lr, steps))


@device
def decay_factor(regularization: Regularization, lr: f32) -> f32:
    """Return what weights are multiplied by before a step, 1 without weight decay.

    1 - lr w (Loshchilov and Hutter 2019, algorithm 2), or 1 - w (Hanson and Pratt 1989).
    """
    rate = np.float32(1.0) if regularization.decays_by_step == 1 else lr
    return np.float32(1.0) - rate * regularization.weight_decay


@device
def update_layer(
    steps: Records[Step],
    layer: Layer,
    regularization: Regularization,
    clip: f32,
    params: F32,
    training: Training,
    team: Team,
) -> None:
    """Update a thread's part of a layer's parameters."""
    zero, lr, row = np.float32(0.0), record(steps, 0).lr, layer.z_row
    first, last = chunk_bounds(layer.n_in, WEIGHT_ROWS, team)
    place, n = layer.weights + first * row, (last - first) * row
    w, dw, states = at(params, place), at(training.grads, place), at(training.states, place)
    if clip < np.float32(1.0):
        scale_row(dw, n, clip)
    if regularization.weight_decay > zero:
        decay(w, n, decay_factor(regularization, lr))
    call(training.rule, (w, dw, n, states, training.n_params, lr, steps))
    if regularization.l1_proximal > zero:
        shrink(w, n, lr * regularization.l1_proximal)
    if regularization.l2 > zero:
        settle_row(w, n)
    limit = regularization.clip_value
    start, end = chunk_bounds(layer.z_width, COLUMNS, team)
    update_vector(steps, layer.bias + start, end - start, limit, clip, params, training)
    if layer.norm != NO_NORM:
        width = layer.width if layer.norm_after == 1 else layer.z_width
        start, end = chunk_bounds(width, COLUMNS, team)
        if layer.learns_gamma == 1:
            update_vector(steps, layer.gamma + start, end - start, limit, clip, params, training)
        if layer.learns_beta == 1:
            update_vector(steps, layer.beta + start, end - start, limit, clip, params, training)
    if layer.n_learned > 0 and team.thread == team.n_threads - 1:
        size = layer.n_learned * layer.out_row
        update_vector(steps, layer.activation, size, limit, clip, params, training)


@device
def limit_columns(layer: Layer, limit: f32, arrays: Arrays, team: Team) -> None:
    """Scale the incoming weights of a unit to a norm of at most ``limit`` (Srebro et al. 2005)."""
    first, last = chunk_bounds(layer.z_width, COLUMNS, team)
    n, w = last - first, at(arrays.params, layer.weights + first)
    scales = at(arrays.values, layer.means + first)  # which the next batch sets again
    for j in range(n):
        scales[j] = np.float32(0.0)
    for i in range(layer.n_in):
        for j in range(n):
            weight = w[i * layer.z_row + j]
            scales[j] += weight * weight
    for j in range(n):
        length = square_root(scales[j])
        scales[j] = limit / length if length > limit else np.float32(1.0)
    for i in range(layer.n_in):
        for j in range(n):
            w[i * layer.z_row + j] *= scales[j]


@device
def project_columns(layer: Layer, limit: f32, arrays: Arrays, team: Team) -> None:
    """Move the incoming weights of a unit to the nearest ones whose absolutes sum to ``limit``.

    Only where the sum is larger.  They are moved towards 0 by a threshold, as in ``shrink``, which
    follows from the weights that stay: (their sum - limit) / their number.  It is raised until no
    weight more becomes 0 (Michelot 1986; the same point as in Duchi et al. 2008, figure 1).
    """
    first, last = chunk_bounds(layer.z_width, COLUMNS, team)
    n, w, zero = last - first, at(arrays.params, layer.weights + first), np.float32(0.0)
    thresholds = at(arrays.values, layer.means + first)  # which the next batch sets again
    sums = at(thresholds, layer.z_row)
    counts = at(sums, layer.z_row)
    for j in range(n):
        thresholds[j] = zero
    is_done = n == 0
    while not is_done:
        for j in range(n):
            sums[j], counts[j] = zero, zero
        for i in range(layer.n_in):
            for j in range(n):
                size = magnitude(w[i * layer.z_row + j])
                sums[j] += size if size > thresholds[j] else zero
                counts[j] += np.float32(1.0) if size > thresholds[j] else zero
        is_done = True
        for j in range(n):
            raised = (sums[j] - limit) / max(counts[j], np.float32(1.0))
            if raised > thresholds[j]:
                thresholds[j] = raised
                is_done = False
    for i in range(layer.n_in):
        for j in range(n):
            weight = w[i * layer.z_row + j]
            w[i * layer.z_row + j] -= min(max(weight, -thresholds[j]), thresholds[j])


@device
def transpose_weights(layer: Layer, params: F32, values: F32, team: Team) -> None:
    """Copy a thread's rows of W to columns of its transpose, where a gradient passes down."""
    if layer.d_below >= 0:
        first, last = chunk_bounds(layer.n_in, WEIGHT_ROWS, team)
        w, w_row = at(params, layer.weights), layer.z_row
        wt, wt_row = at(values, layer.transposed), layer.in_row
        for start in range(0, layer.z_width, 16):
            for i in range(first, last):
                for j in range(start, start + 16):
                    wt[j * wt_row + i] = w[i * w_row + j]


@device
def shard_of(row: i64) -> i64:
    """Return the shard of an embedding row: the same for rows whose slots share a cache line."""
    return (row >> 4) & (SHARDS - 1)


@device
def list_uses(batch: Batch, examples: Examples, embedding: Embedding, team: Team) -> i64:
    """List a thread's embedding rows in this batch and their uses; return how many rows.

    ``touched`` has three numbers for each: the row, its first use, its last use.  ``uses`` has
    two: the example, and the next use of the same row, -1 after the last.
    """
    rows, offsets = examples.rows, examples.offsets
    slots, touched, uses = embedding.slots, embedding.touched, embedding.uses
    first, last = chunk_bounds(SHARDS, 1, team)
    n, n_uses = 0, 0
    for i in range(batch.m):
        for j in range(offsets[batch.order[i]], offsets[batch.order[i] + 1]):
            uses[n_uses * 2], uses[n_uses * 2 + 1] = i, rows[j]
            n_uses += 1 if first <= shard_of(rows[j]) < last else 0  # a branch is unpredictable
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
    batch: Batch,
    offsets: I64,
    network: Network,
    regularization: Regularization,
    embedding: Embedding,
    values: F32,
) -> None:
    """Set ``embedding.grad`` to that of the k-th row of ``list_uses``, in order of examples."""
    g, touched, uses = embedding.grad, embedding.touched, embedding.uses
    width = network.input_width
    fill(g, np.float32(0.0), width)
    use = touched[k * 3 + 1]
    while use >= 0:
        i = uses[use * 2]
        example = batch.order[i]
        scale = np.float32(1.0) / np.float32(max(offsets[example + 1] - offsets[example], 1))
        row_axpy(g, scale, at(values, network.d_input + i * network.input_row), width)
        use = uses[use * 2 + 1]
    l1, l2, limit = regularization.l1, regularization.l2, regularization.clip_value
    penalize(at(embedding.matrix, touched[k * 3] * embedding.row_floats), g, width, l1, l2, limit)


@device
def embedding_squares(
    n: i64,
    batch: Batch,
    examples: Examples,
    network: Network,
    regularization: Regularization,
    embedding: Embedding,
    values: F32,
    squares: F64,
    team: Team,
) -> None:
    """Write the squares of the gradients of a thread's n rows: a number for each shard."""
    first, last = chunk_bounds(SHARDS, 1, team)
    for shard in range(first, last):
        squares[shard] = 0.0
    for k in range(n):
        row_gradient(k, batch, examples.offsets, network, regularization, embedding, values)
        shard = shard_of(embedding.touched[k * 3])
        squares[shard] += float(sum_of_squares(embedding.grad, network.input_width))


@device
def update_embedding(
    steps: Records[Step],
    n: i64,
    batch: Batch,
    offsets: I64,
    network: Network,
    regularization: Regularization,
    clip: f32,
    embedding: Embedding,
    values: F32,
    rule: i64,
) -> None:
    """Update a thread's n embedding rows of this batch; their state follows them in memory."""
    width, row, lr = network.input_width, embedding.row_floats, record(steps, 0).lr
    touched, g = embedding.touched, embedding.grad
    for k in range(n):
        if k + 4 < n:
            prefetch_row(at(embedding.matrix, touched[(k + 4) * 3] * row), row)
        w = at(embedding.matrix, touched[k * 3] * row)
        row_gradient(k, batch, offsets, network, regularization, embedding, values)
        if clip < np.float32(1.0):
            scale_row(g, width, clip)
        if regularization.weight_decay > np.float32(0.0):
            decay(w, width, decay_factor(regularization, lr))
        call(rule, (w, g, width, at(w, width), width, lr, steps))
        if regularization.l1_proximal > np.float32(0.0):
            shrink(w, width, lr * regularization.l1_proximal)
        if regularization.l2 > np.float32(0.0):
            settle_row(w, width)


@kernel
def learn(
    steps: Records[Step],
    batch: Batch,
    examples: Examples,
    network: Network,
    regularization: Regularization,
    embedding: Embedding,
    arrays: Arrays,
    training: Training,
    team: Team,
) -> None:
    """Update a thread's part of all parameters, once ``backward`` is done with the batch.

    The first of ``steps`` has the learning rate and what else the rule needs.
    """
    params, values, n_rows = arrays.params, arrays.values, 0
    if network.dim > 0:
        n_rows = list_uses(batch, examples, embedding, team)
    for i in range(network.n_layers):
        layer = record(network.layers, i)
        layer_gradients(layer, batch.m, regularization, arrays, training.grads, team)
    clip = np.float32(1.0)
    if regularization.clip_norm > np.float32(0.0):
        clip = clip_factor(
            n_rows,
            batch,
            examples,
            network,
            regularization,
            embedding,
            arrays,
            training,
            team,
        )
    if network.dim > 0:
        update_embedding(
            steps,
            n_rows,
            batch,
            examples.offsets,
            network,
            regularization,
            clip,
            embedding,
            values,
            training.rule,
        )
    for i in range(network.n_layers):
        layer = record(network.layers, i)
        update_layer(steps, layer, regularization, clip, params, training, team)
    if regularization.max_norm > np.float32(0.0):
        meet(team)
        for i in range(network.n_layers):
            layer = record(network.layers, i)
            if regularization.max_norm_kind == L1_BALL:
                project_columns(layer, regularization.max_norm, arrays, team)
            else:
                limit_columns(layer, regularization.max_norm, arrays, team)
        meet(team)
    for i in range(network.n_layers):
        transpose_weights(record(network.layers, i), params, values, team)


@kernel
def transpose_all(network: Network, params: F32, values: F32, team: Team) -> None:
    """Recompute the transposed weights, before the first step."""
    for i in range(network.n_layers):
        transpose_weights(record(network.layers, i), params, values, team)
