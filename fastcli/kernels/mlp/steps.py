"""The neural network (MLP): many training steps in one call, and inference.

Threads divide the examples of a batch for forward and backward (``layers.py``), and the
parameters for gradients and updates (``updates.py``); an element is always computed by the
same additions in the same order, so that the model does not depend on the number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.losses import BCE, SOFTMAX
from fastcli.kernels.base.vector import exp, fill, prefetch_row, row_add, sigmoid
from fastcli.kernels.base.views import at, record
from fastcli.kernels.mlp.losses import mark_right, set_losses
from fastcli.kernels.mlp.network import (
    TRAINING,
    Arrays,
    Batch,
    Batches,
    Embedding,
    Examples,
    Network,
    Regularization,
    Team,
    Training,
    chunk_bounds,
    meet,
)
from fastcli.kernels.mlp.noise import INPUT_DROPOUT, add_gaussian, dropout_mask, multiply_rows

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, f64, i64


@device
def batch_of(step: i64, batches: Batches, network: Network, team: Team) -> Batch:
    """Return the batch of a step, with a thread's examples."""
    start = batches.starts[step]
    m = batches.starts[step + 1] - start
    first, last = chunk_bounds(m, network.chunk, team)
    key = random_bits(network.seed, batches.base + step)
    return Batch(at(batches.order, start), m, first, last, key)


@device
def read_examples(
    batch: Batch, examples: Examples, network: Network, embedding: Embedding, values: F32
) -> None:
    """Set the input of a thread's examples.

    It is their dense row, or the mean of their embedding rows (zero if they have none).
    """
    width, rows, row_floats = network.input_width, examples.rows, embedding.row_floats
    for i in range(batch.first, batch.last):
        example = batch.order[i]
        x = at(values, network.input + i * network.input_row)
        fill(x, np.float32(0.0), width)
        if network.dim == 0:
            row_add(x, at(examples.dense, example * network.input_row), width)
        else:
            begin, end = examples.offsets[example], examples.offsets[example + 1]
            for j in range(begin, end):
                if j + 8 < end:
                    prefetch_row(at(embedding.matrix, rows[j + 8] * row_floats), width)
                row_add(x, at(embedding.matrix, rows[j] * row_floats), width)
            scale = np.float32(1.0) / np.float32(max(end - begin, 1))
            for k in range(width):
                x[k] *= scale


@device
def corrupt_input(
    batch: Batch, network: Network, regularization: Regularization, values: F32, thread: i64
) -> None:
    """Add noise to the input, and drop parts of it."""
    n, row = record(network.layers, 0).n_in, network.input_row
    noise, p = regularization.input_noise, regularization.input_dropout
    for i in range(batch.first, batch.last):
        x = at(values, network.input + i * row)
        if noise > np.float32(0.0):
            scratch = at(values, network.scratch + thread * (2 * row + 64))
            add_gaussian(x, n, noise, scratch, batch.key, i)
        if p > np.float32(0.0):
            mask, shape = at(values, network.input_mask + i * row), regularization.noise_shape
            dropout_mask(mask, network.input_width, p, shape, batch.key, INPUT_DROPOUT, i)
            multiply_rows(x, mask, network.input_width)


@kernel
def train_steps(
    first_step: i64,
    last_step: i64,
    batches: Batches,
    examples: Examples,
    network: Network,
    regularization: Regularization,
    embedding: Embedding,
    arrays: Arrays,
    training: Training,
    team: Team,
) -> None:
    """Take training steps ``first_step`` to ``last_step`` of ``batches``; all threads call it."""
    values, smoothing = arrays.values, regularization.label_smoothing
    for step in range(first_step, last_step):
        batch = batch_of(step, batches, network, team)
        losses = at(batches.losses, batches.starts[step])
        mean = np.float32(1.0) / np.float32(batch.m)

        read_examples(batch, examples, network, embedding, values)
        corrupt_input(batch, network, regularization, values, team.thread)
        call(network.forward_address, (network, regularization, TRAINING, batch, arrays, team))
        mark_right(batch, examples, network, values, at(batches.right, batches.starts[step]))
        set_losses(batch, examples, network, smoothing, mean, values, losses)
        call(network.backward_address, (network, regularization, batch, arrays, training, team))
        meet(team)
        call(
            network.learn_address,
            (
                at(batches.steps, step),
                batch,
                examples,
                network,
                regularization,
                embedding,
                arrays,
                training,
                team,
            ),
        )
        meet(team)


@kernel
def forward_rows(
    purpose: i64,
    batch: Batch,
    examples: Examples,
    network: Network,
    regularization: Regularization,
    embedding: Embedding,
    arrays: Arrays,
    team: Team,
) -> None:
    """Carry the examples of a batch through the network: INFERENCE or STATISTICS."""
    read_examples(batch, examples, network, embedding, arrays.values)
    call(network.forward_address, (network, regularization, purpose, batch, arrays, team))


@kernel
def score_losses(
    batch: Batch, examples: Examples, network: Network, values: F32, losses: F64
) -> None:
    """Set ``losses`` to those of the examples of a batch that ``forward_rows`` has scored."""
    zero, one = np.float32(0.0), np.float32(1.0)
    set_losses(batch, examples, network, zero, one, values, losses)


@device
def probabilities(z: F32, out: F32, n: i64, loss: i64) -> None:
    """Set ``out`` to the probabilities of n scores z, of BCE's one to those of both labels."""
    if loss == BCE:
        out[0], out[1] = sigmoid(-z[0]), sigmoid(z[0])
    elif loss == SOFTMAX:
        largest = z[0]
        for j in range(1, n):
            largest = max(largest, z[j])
        total = np.float32(0.0)
        for j in range(n):
            out[j] = exp(z[j] - largest)
            total += out[j]
        for j in range(n):
            out[j] /= total
    else:
        for j in range(n):
            out[j] = sigmoid(z[j])


@kernel
def best_scores(
    network: Network,
    values: F32,
    m: i64,
    k: i64,
    threshold: f64,
    has_input: I64,
    counts: I32,
    labels: I32,
    probs: F32,
) -> None:
    """Find the k most probable labels of m scored examples, best first, ``threshold`` or more.

    ``counts[i]`` labels of example i are at ``i * k``; none where ``has_input`` says that two
    neighbours are equal (offsets of features).
    """
    layer = record(network.layers, network.n_layers - 1)
    n, minimum = 2 if network.loss == BCE else layer.units, np.float32(threshold)
    for i in range(m):
        counts[i] = 0
        if has_input[i + 1] > has_input[i]:
            p = at(values, layer.dz + i * layer.z_row)
            probabilities(at(values, layer.z + i * layer.z_row), p, n, network.loss)
            best_probs, best_labels, found = at(probs, i * k), at(labels, i * k), 0
            for j in range(n):
                if p[j] >= minimum:
                    found = keep_best(p[j], j, k, found, best_probs, best_labels)
            sort_best(found, best_probs, best_labels)
            counts[i] = found
