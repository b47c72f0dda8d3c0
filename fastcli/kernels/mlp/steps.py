"""The multilayer perceptron: reading examples, the losses, and many training steps in one call.

Threads share out the examples of a batch for forward and backward (``layers.py``), and the
parameters for gradients and updates (``learning.py``); an element is always computed by the
same additions in the same order, so that the model does not depend on the number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import logistic, settle, softplus
from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.optimizers import Step
from fastcli.kernels.base.vector import exp, fill, log, prefetch_row, row_add, sigmoid
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp.network import (
    BACKWARD_PASS,
    DIM,
    DZ,
    FIELDS,
    FORWARD_PASS,
    GROUP,
    INPUT,
    INPUT_DROP,
    INPUT_MASK,
    INPUT_NOISE,
    INPUT_ROW,
    INPUT_WIDE,
    LEARN,
    LOSS,
    N_IN,
    N_LAYERS,
    NOISE_SHAPE,
    RECORD,
    SCRATCH,
    SEED,
    SMOOTHING,
    SOFTMAX,
    UNITS,
    WIDE,
    Z_ROW,
    Z,
    meet,
    part,
)
from fastcli.kernels.mlp.noise import add_gaussian, dropout_mask

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, Records, f32, f64, i64


@device
def read_examples(
    order: I64,
    start: i64,
    first: i64,
    last: i64,
    c: I64,
    numbers: F32,
    embedding: F32,
    rows: I32,
    offsets: I64,
    values: F32,
) -> None:
    """Set the input of examples ``order[start + first:start + last]``.

    It is their row of numbers, or the mean of their embedding rows (zero if they have none).
    """
    wide, record = c[INPUT_WIDE], c[RECORD]
    for r in range(first, last):
        example = order[start + r]
        to = c[INPUT] + r * c[INPUT_ROW]
        fill(at(values, to), np.float32(0.0), wide)
        if c[DIM] == 0:
            row_add(at(values, to), at(numbers, example * c[INPUT_ROW]), wide)
        else:
            begin, end = offsets[example], offsets[example + 1]
            for j in range(begin, end):
                if j + 8 < end:
                    prefetch_row(at(embedding, rows[j + 8] * record), wide)
                row_add(at(values, to), at(embedding, rows[j] * record), wide)
            scale = np.float32(1.0) / np.float32(max(end - begin, 1))
            for k in range(wide):
                values[to + k] *= scale


@device
def spoil_input(
    first: i64, last: i64, step: i64, c: I64, r: F32, layers: I64, values: F32, thread: i64
) -> None:
    """Add noise to the input, and drop parts of it."""
    n = layers[N_IN]
    for row in range(first, last):
        x = c[INPUT] + row * c[INPUT_ROW]
        if r[INPUT_NOISE] > np.float32(0.0):
            scratch = c[SCRATCH] + thread * (2 * c[INPUT_ROW] + 64)
            add_gaussian(values, x, n, r[INPUT_NOISE], values, scratch, c[SEED], step, row)
        if r[INPUT_DROP] > np.float32(0.0):
            mask = c[INPUT_MASK] + row * c[INPUT_ROW]
            dropout_mask(
                values,
                mask,
                c[INPUT_WIDE],
                r[INPUT_DROP],
                c[NOISE_SHAPE],
                c[SEED],
                step,
                1000,
                row,
            )
            for k in range(c[INPUT_WIDE]):
                values[x + k] *= values[mask + k]


@device
def is_new(labels: I32, first: i64, j: i64) -> i64:
    """Return 1 if label j of an example is none of those from ``first`` on, else 0."""
    for i in range(first, j):
        if labels[i] == labels[j]:
            return 0
    return 1


@device
def softmax_loss(
    values: F32,
    z: i64,
    d: i64,
    n: i64,
    wide: i64,
    labels: I32,
    first: i64,
    last: i64,
    eps: f32,
    scale: f32,
) -> f64:
    """Return the cross entropy of a row of scores, and set its gradient times ``scale``.

    The target gives 1 - eps to the labels, in equal parts, and eps to the others, in equal parts
    too (Szegedy et al. 2016; with one label in the form of the seed: eps / (n - 1) each).  Where
    there are no others the labels have it all.  The gradient is settled.
    """
    largest = values[z]
    for k in range(1, n):
        largest = max(largest, values[z + k])
    total = np.float32(0.0)
    for k in range(n):
        e = settle(exp(values[z + k] - largest))
        values[d + k] = e
        total += e
    one = np.float32(1.0)
    count, different = max(last - first, 1), 1
    if eps > np.float32(0.0):
        different = 0
        for j in range(first, last):
            different += is_new(labels, first, j)
        eps = eps if different < n else np.float32(0.0)
    off = eps / np.float32(max(n - different, 1))
    on = (one - eps) / np.float32(count)
    inverse = one / total
    along = 0.0
    for k in range(n):
        values[d + k] = settle((values[d + k] * inverse - off) * scale)
    if eps > np.float32(0.0):
        for k in range(n):
            along += float(off * (values[z + k] - largest))
        for j in range(first, last):
            if is_new(labels, first, j) == 1:
                values[d + labels[j]] += off * scale
                along -= float(off * (values[z + labels[j]] - largest))
    for j in range(first, last):
        target = labels[j]
        values[d + target] -= on * scale
        along += float(on * (values[z + target] - largest))
    for k in range(n, wide):
        values[d + k] = np.float32(0.0)
    return float(log(total)) - along


@device
def ova_loss(
    values: F32,
    z: i64,
    d: i64,
    n: i64,
    wide: i64,
    labels: I32,
    first: i64,
    last: i64,
    eps: f32,
    scale: f32,
) -> f64:
    """Return the sum of the labels' yes-or-no cross entropies, and set its gradient.

    A yes is 1 - eps and a no is eps.  The gradient is settled.
    """
    one = np.float32(1.0)
    loss = 0.0
    for k in range(n):
        x = values[z + k]
        loss += float(softplus(x) - eps * x)
        values[d + k] = settle((logistic(x) - eps) * scale)
    for j in range(first, last):
        target = labels[j]
        if is_new(labels, first, j) == 1:
            loss -= float((one - eps - eps) * values[z + target])
            values[d + target] -= (one - eps - eps) * scale
    for k in range(n, wide):
        values[d + k] = np.float32(0.0)
    return loss


@kernel
def train_steps(
    thread: i64,
    n_threads: i64,
    first_step: i64,
    last_step: i64,
    base_step: i64,
    starts: I64,
    order: I64,
    numbers: F32,
    rows: I32,
    offsets: I64,
    labels: I32,
    label_offsets: I64,
    t: I64,
    f: F32,
    c: I64,
    r: F32,
    steps: Records[Step],
    embedding: F32,
    params: F32,
    grads: F32,
    states: F32,
    running: F32,
    values: F32,
    slots: I32,
    touched: I32,
    uses: I32,
    row_grad: F32,
    squares: F64,
    losses: F64,
    sync: I64,
) -> None:
    """Take training steps ``first_step`` to ``last_step`` of an epoch; all threads call it.

    Step s is on examples ``order[starts[s]:starts[s + 1]]``; it is step ``base_step + s`` of the
    run, and ``steps[s]`` holds its learning rate and corrections.  ``t``, ``f``, ``c`` and
    ``r`` are described above.  ``losses[i]`` is set to the loss of example
    ``order[i]``.  ``sync`` is zero at the start.  Private to a thread: ``touched``,
    ``uses``, ``row_grad``.
    """
    one = np.float32(1.0)
    layers = c[N_LAYERS]
    top = (layers - 1) * FIELDS
    for step in range(first_step, last_step):
        start, m = starts[step], starts[step + 1] - starts[step]
        first = part(m, c[GROUP], thread, n_threads)
        last = part(m, c[GROUP], thread + 1, n_threads)
        read_examples(order, start, first, last, c, numbers, embedding, rows, offsets, values)
        spoil_input(first, last, base_step + step, c, r, t, values, thread)
        call(
            c[FORWARD_PASS],
            (
                t,
                f,
                c,
                1,
                first,
                last,
                m,
                base_step + step,
                params,
                running,
                values,
                sync,
                thread,
                n_threads,
            ),
        )
        for i in range(first, last):
            example = order[start + i]
            z, d = t[top + Z] + i * t[top + Z_ROW], t[top + DZ] + i * t[top + Z_ROW]
            a, b = label_offsets[example], label_offsets[example + 1]
            n, wide = t[top + UNITS], t[top + WIDE]
            if c[LOSS] == SOFTMAX:
                losses[start + i] = softmax_loss(
                    values, z, d, n, wide, labels, a, b, r[SMOOTHING], one / np.float32(m)
                )
            else:
                losses[start + i] = ova_loss(
                    values, z, d, n, wide, labels, a, b, r[SMOOTHING], one / np.float32(m)
                )
        call(
            c[BACKWARD_PASS],
            (t, f, c, r, first, last, m, params, grads, values, sync, thread, n_threads),
        )
        meet(sync, thread, n_threads)

        call(
            c[LEARN],
            (
                t,
                c,
                r,
                at(steps, step),
                order,
                start,
                m,
                rows,
                offsets,
                embedding,
                params,
                grads,
                states,
                values,
                slots,
                touched,
                uses,
                row_grad,
                squares,
                sync,
                thread,
                n_threads,
            ),
        )
        meet(sync, thread, n_threads)


@kernel
def forward_rows(
    order: I64,
    start: i64,
    m: i64,
    numbers: F32,
    rows: I32,
    offsets: I64,
    t: I64,
    f: F32,
    c: I64,
    embedding: F32,
    params: F32,
    running: F32,
    values: F32,
    sync: I64,
) -> None:
    """Carry examples ``order[start:start + m]`` through the network as inference does."""
    read_examples(order, start, 0, m, c, numbers, embedding, rows, offsets, values)
    call(c[FORWARD_PASS], (t, f, c, 0, 0, m, m, 0, params, running, values, sync, 0, 1))


@kernel
def score_losses(
    order: I64,
    start: i64,
    m: i64,
    labels: I32,
    label_offsets: I64,
    t: I64,
    c: I64,
    values: F32,
    losses: F64,
) -> None:
    """Set ``losses[:m]`` to the losses of examples that ``forward_rows`` has scored."""
    top = (c[N_LAYERS] - 1) * FIELDS
    for i in range(m):
        example = order[start + i]
        z, d = t[top + Z] + i * t[top + Z_ROW], t[top + DZ] + i * t[top + Z_ROW]
        a, b = label_offsets[example], label_offsets[example + 1]
        zero, one = np.float32(0.0), np.float32(1.0)
        if c[LOSS] == SOFTMAX:
            losses[i] = softmax_loss(
                values, z, d, t[top + UNITS], t[top + WIDE], labels, a, b, zero, one
            )
        else:
            losses[i] = ova_loss(
                values, z, d, t[top + UNITS], t[top + WIDE], labels, a, b, zero, one
            )


@kernel
def best_scores(
    t: I64,
    c: I64,
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
    top = (c[N_LAYERS] - 1) * FIELDS
    n = t[top + UNITS]
    least = np.float32(threshold)
    for i in range(m):
        counts[i] = 0
        z, d = t[top + Z] + i * t[top + Z_ROW], t[top + DZ] + i * t[top + Z_ROW]
        if has_input[i + 1] > has_input[i]:
            if c[LOSS] == SOFTMAX:
                largest = values[z]
                for j in range(1, n):
                    largest = max(largest, values[z + j])
                total = np.float32(0.0)
                for j in range(n):
                    values[d + j] = exp(values[z + j] - largest)
                    total += values[d + j]
                for j in range(n):
                    values[d + j] /= total
            else:
                for j in range(n):
                    values[d + j] = sigmoid(values[z + j])
            found = 0
            for j in range(n):
                if values[d + j] >= least:
                    found = keep_best(
                        values[d + j], j, k, found, at(probs, i * k), at(labels, i * k)
                    )
            sort_best(found, at(probs, i * k), at(labels, i * k))
            counts[i] = found
