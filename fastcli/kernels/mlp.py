"""The multilayer perceptron: forward, loss, backward and update, many steps in one call.

A network is a table of integers with a row for each layer (the names below), which says where
its parameters and its values are, and a table of floats.  Threads share out the examples of a
batch for forward and backward, and the parameters for gradients and updates; an element is
always computed by the same additions in the same order, so that the model does not depend on
the number of threads.  Widths are padded to 16, and what is padded stays zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels._build import device, kernel
from fastcli.kernels.activations import maxout, maxout_backward
from fastcli.kernels.calls import call_activation, call_learned, call_update
from fastcli.kernels.dense import multiply
from fastcli.kernels.functions import softplus, square_root
from fastcli.kernels.noise import add_gaussian, dropout_mask, random_slopes
from fastcli.kernels.normalization import (
    batch_backward,
    batch_inference,
    batch_normalize,
    batch_statistics,
    column_sums,
    layer_backward,
    layer_normalize,
    norm_gradients,
)
from fastcli.kernels.optimizers import H_SIZE, LR, decay, penalize, scale_row
from fastcli.kernels.predict import keep_best, sort_best
from fastcli.kernels.threads import arrive, wait_for_all
from fastcli.kernels.vector import exp, fill, log, prefetch_row, row_add, row_axpy, sigmoid

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, F64, I32, I64, f32, f64, i64

# The table of a layer: sizes, choices, places among parameters, places among values.
(
    N_IN,  # units of the layer below
    IN_WIDE,  # the same, padded
    IN_ROW,  # floats from one example to the next in the layer below
    UNITS,
    WIDE,  # units, padded
    PIECES,  # inputs of a unit: more than 1 for maxout only
    Z_WIDE,  # all inputs, padded
    Z_ROW,
    H_ROW,
    FORWARD,  # addresses of the activation's kernels
    BACKWARD,
    LEARNED,
    RANDOM,  # 1: its parameter is random in training
    NORM,
    NORM_AFTER,
    W,  # in x Z_ROW
    B,
    GAMMA,
    BETA,
    SHAPE,  # parameters of the activation, H_ROW each
    N_SHAPE,  # how many of them are learned
    MEAN,  # running statistics
    VAR,
    X,  # values of the layer below
    Z,  # pre-activations; normalised if the norm comes before
    A_IN,  # what the activation takes
    A,  # what it gives; normalised if the norm comes after
    H,  # what the layer gives
    MASK,
    SLOPES,
    D,  # gradient of H, then of A
    DZ,  # gradient of Z
    WT,  # the weights transposed: Z_WIDE x IN_ROW
    STATS,  # two rows of Z_ROW, or one number an example
    D_BELOW,  # gradient of X, -1 if nobody needs it
) = range(35)
FIELDS = 40

# Floats of a layer.
DROP, EPS, MOMENTUM, LOW, HIGH = range(5)
FLOATS = 8

NO_NORM, BATCH_NORM, LAYER_NORM = 0, 1, 2
SOFTMAX, OVA = 0, 1
OWNERS = 16  # groups of embedding rows, which threads share out

# Numbers of a run (r).
(
    SMOOTHING,
    INPUT_DROP,
    INPUT_NOISE,
    L1,
    L2,
    WEIGHT_DECAY,
    CLIP_VALUE,
    CLIP_NORM,
    MAX_NORM,
    ACTIVATION_L1,
) = range(10)
R_SIZE = 16

# Integers of a run (c).
(
    N_LAYERS,
    LOSS,
    RULE,  # address of the update's kernel
    SLOTS,
    N_PARAMS,
    INPUT_ROW,
    INPUT_WIDE,
    DIM,  # of embeddings, 0 where the input is numbers
    RECORD,  # floats from one embedding row to the next
    SEED,
    NOISE_SHAPE,
    INPUT,  # place of the input among values
    INPUT_MASK,
    D_INPUT,
    SCRATCH,
) = range(15)
C_SIZE = 16


@device
def part(n: i64, thread: i64, n_threads: i64) -> i64:
    """Return where a thread's share of n things begins, in twos so that tiles stay whole."""
    return min(((n + 1) // 2 * thread // n_threads) * 2, n)


@device
def columns(n: i64, thread: i64, n_threads: i64) -> i64:
    """Return where a thread's share of n columns begins, in groups of 16."""
    return (n // 16 * thread // n_threads) * 16


@device
def meet(sync: I64, thread: i64, n_threads: i64, phase: i64) -> i64:
    """Wait until all threads are here; return the next phase."""
    if n_threads > 1:
        arrive(sync, thread, phase)
        wait_for_all(sync, n_threads, phase)
    return phase + 1


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
        fill(values, to, np.float32(0.0), wide)
        if c[DIM] == 0:
            row_add(values, to, numbers, example * c[INPUT_ROW], wide)
        else:
            begin, end = offsets[example], offsets[example + 1]
            for j in range(begin, end):
                if j + 8 < end:
                    prefetch_row(embedding, rows[j + 8] * record, wide)
                row_add(values, to, embedding, rows[j] * record, wide)
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
def linear_forward(t: I64, e: i64, first: i64, last: i64, params: F32, values: F32) -> None:
    """Z = X W + b."""
    multiply(
        values,
        t[e + X] + first * t[e + IN_ROW],
        t[e + IN_ROW],
        1,
        params,
        t[e + W],
        t[e + Z_ROW],
        values,
        t[e + Z] + first * t[e + Z_ROW],
        t[e + Z_ROW],
        last - first,
        t[e + Z_WIDE],
        t[e + N_IN],
        0,
    )
    for row in range(first, last):
        row_add(values, t[e + Z] + row * t[e + Z_ROW], params, t[e + B], t[e + Z_WIDE])


@device
def norm_forward(
    t: I64,
    e: i64,
    f: F32,
    fl: i64,
    z: i64,
    row: i64,
    wide: i64,
    pieces: i64,
    out: i64,
    training: i64,
    first: i64,
    last: i64,
    m: i64,
    params: F32,
    running: F32,
    values: F32,
    sync: I64,
    thread: i64,
    n_threads: i64,
    phase: i64,
) -> i64:
    """Normalise the rows at ``z`` in place; set those at ``out``.  Return the phase."""
    stats = t[e + STATS]
    if t[e + NORM] == LAYER_NORM:
        layer_normalize(
            values,
            z,
            row,
            first,
            last,
            t[e + UNITS],
            t[e + WIDE],
            pieces,
            f[fl + EPS],
            values,
            stats,
            params,
            t[e + GAMMA],
            t[e + BETA],
            values,
            out,
        )
    elif training == 0:
        batch_inference(
            values,
            z,
            row,
            first,
            last,
            wide,
            f[fl + EPS],
            running,
            t[e + MEAN],
            t[e + VAR],
            params,
            t[e + GAMMA],
            t[e + BETA],
            values,
            out,
        )
    else:
        phase = meet(sync, thread, n_threads, phase)
        batch_statistics(
            values,
            z,
            row,
            m,
            columns(wide, thread, n_threads),
            columns(wide, thread + 1, n_threads),
            f[fl + EPS],
            f[fl + MOMENTUM],
            values,
            stats,
            stats + t[e + Z_ROW],
            running,
            t[e + MEAN],
            t[e + VAR],
        )
        phase = meet(sync, thread, n_threads, phase)
        batch_normalize(
            values,
            z,
            row,
            first,
            last,
            wide,
            values,
            stats,
            stats + t[e + Z_ROW],
            params,
            t[e + GAMMA],
            t[e + BETA],
            values,
            out,
        )
    return phase


@device
def norm_backward(
    t: I64,
    e: i64,
    z: i64,
    d: i64,
    row: i64,
    wide: i64,
    pieces: i64,
    first: i64,
    last: i64,
    m: i64,
    params: F32,
    grads: F32,
    values: F32,
    sync: I64,
    thread: i64,
    n_threads: i64,
    phase: i64,
) -> i64:
    """Turn the gradient of what the norm gives into that of what it takes; return the phase."""
    phase = meet(sync, thread, n_threads, phase)
    norm_gradients(
        values,
        z,
        values,
        d,
        row,
        m,
        columns(wide, thread, n_threads),
        columns(wide, thread + 1, n_threads),
        grads,
        t[e + GAMMA],
        t[e + BETA],
    )
    phase = meet(sync, thread, n_threads, phase)
    if t[e + NORM] == LAYER_NORM:
        layer_backward(
            values,
            z,
            row,
            first,
            last,
            t[e + UNITS],
            t[e + WIDE],
            pieces,
            values,
            t[e + STATS],
            params,
            t[e + GAMMA],
            values,
            d,
        )
    else:
        batch_backward(
            values,
            z,
            row,
            first,
            last,
            wide,
            m,
            values,
            t[e + STATS] + t[e + Z_ROW],
            params,
            t[e + GAMMA],
            grads,
            t[e + BETA],
            values,
            d,
        )
    return phase


@device
def activation_forward(
    t: I64,
    e: i64,
    f: F32,
    fl: i64,
    layer: i64,
    training: i64,
    first: i64,
    last: i64,
    seed: i64,
    step: i64,
    params: F32,
    values: F32,
) -> None:
    """A = activation(Z), with zeros in what is padded."""
    n, wide = t[e + UNITS], t[e + WIDE]
    for row in range(first, last):
        z = t[e + A_IN] + row * t[e + Z_ROW]
        a = t[e + A] + row * t[e + H_ROW]
        if t[e + PIECES] > 1:
            maxout(values, z, values, a, wide, t[e + PIECES])
        elif t[e + RANDOM] == 1 and training == 1:
            slopes = t[e + SLOPES] + row * t[e + H_ROW]
            low, high = f[fl + LOW], f[fl + HIGH]
            random_slopes(values, slopes, wide, low, high, seed, step, layer, row)
            call_activation(t[e + FORWARD], values, z, values, a, wide, values, slopes, 0)
        else:
            call_activation(
                t[e + FORWARD], values, z, values, a, wide, params, t[e + SHAPE], t[e + H_ROW]
            )
        for k in range(n, wide):
            values[a + k] = np.float32(0.0)


@device
def forward(
    t: I64,
    f: F32,
    c: I64,
    training: i64,
    first: i64,
    last: i64,
    m: i64,
    step: i64,
    params: F32,
    running: F32,
    values: F32,
    sync: I64,
    thread: i64,
    n_threads: i64,
    phase: i64,
) -> i64:
    """Carry examples ``first`` to ``last`` of a batch of m through all layers; return the phase."""
    for layer in range(c[N_LAYERS]):
        e, fl = layer * FIELDS, layer * FLOATS
        linear_forward(t, e, first, last, params, values)
        if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 0:
            phase = norm_forward(
                t,
                e,
                f,
                fl,
                t[e + Z],
                t[e + Z_ROW],
                t[e + Z_WIDE],
                t[e + PIECES],
                t[e + A_IN],
                training,
                first,
                last,
                m,
                params,
                running,
                values,
                sync,
                thread,
                n_threads,
                phase,
            )
        if layer == c[N_LAYERS] - 1:
            break
        activation_forward(t, e, f, fl, layer, training, first, last, c[SEED], step, params, values)
        if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 1:
            phase = norm_forward(
                t,
                e,
                f,
                fl,
                t[e + A],
                t[e + H_ROW],
                t[e + WIDE],
                1,
                t[e + H],
                training,
                first,
                last,
                m,
                params,
                running,
                values,
                sync,
                thread,
                n_threads,
                phase,
            )
        if training == 1 and f[fl + DROP] > np.float32(0.0):
            for row in range(first, last):
                h, mask = t[e + H] + row * t[e + H_ROW], t[e + MASK] + row * t[e + H_ROW]
                dropout_mask(
                    values,
                    mask,
                    t[e + WIDE],
                    f[fl + DROP],
                    c[NOISE_SHAPE],
                    c[SEED],
                    step,
                    layer,
                    row,
                )
                for k in range(t[e + WIDE]):
                    values[h + k] *= values[mask + k]
    return phase


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

    The target gives 1 - eps to the labels, in equal parts, and eps to the other n - 1 (Szegedy
    et al. 2016, in the form of the seed: eps / (n - 1) each).
    """
    largest = values[z]
    for k in range(1, n):
        largest = max(largest, values[z + k])
    total = np.float32(0.0)
    for k in range(n):
        e = exp(values[z + k] - largest)
        values[d + k] = e
        total += e
    one = np.float32(1.0)
    count = np.float32(max(last - first, 1))
    off = eps / np.float32(max(n - 1, 1))
    on = (one - eps) / count - off * (one - one / count)
    inverse = one / total
    along = 0.0
    for k in range(n):
        values[d + k] = (values[d + k] * inverse - off) * scale
    if eps > np.float32(0.0):
        for k in range(n):
            along += float(off * (values[z + k] - largest))
    for j in range(first, last):
        target = labels[j]
        values[d + target] -= (on - off / count) * scale
        along += float((on - off / count) * (values[z + target] - largest))
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

    A yes is 1 - eps and a no is eps.
    """
    one = np.float32(1.0)
    loss = 0.0
    for k in range(n):
        x = values[z + k]
        loss += float(softplus(x) - eps * x)
        values[d + k] = (sigmoid(x) - eps) * scale
    for j in range(first, last):
        target = labels[j]
        again = 0
        for i in range(first, j):
            if labels[i] == target:
                again = 1
        if again == 0:
            loss -= float((one - eps - eps) * values[z + target])
            values[d + target] -= (one - eps - eps) * scale
    for k in range(n, wide):
        values[d + k] = np.float32(0.0)
    return loss


@device
def backward(
    t: I64,
    f: F32,
    c: I64,
    r: F32,
    first: i64,
    last: i64,
    m: i64,
    params: F32,
    grads: F32,
    values: F32,
    sync: I64,
    thread: i64,
    n_threads: i64,
    phase: i64,
) -> i64:
    """Carry the gradient of the scores down to the input; return the phase."""
    zero = np.float32(0.0)
    for down in range(c[N_LAYERS]):
        layer = c[N_LAYERS] - 1 - down
        e, fl = layer * FIELDS, layer * FLOATS
        n, wide = t[e + UNITS], t[e + WIDE]
        if down > 0:
            if r[ACTIVATION_L1] > zero:
                step = r[ACTIVATION_L1] / np.float32(m)
                for row in range(first, last):
                    h, d = t[e + H] + row * t[e + H_ROW], t[e + D] + row * t[e + H_ROW]
                    for k in range(n):
                        if values[h + k] > zero:
                            values[d + k] += step
                        elif values[h + k] < zero:
                            values[d + k] -= step
            if f[fl + DROP] > zero:
                for row in range(first, last):
                    d, mask = t[e + D] + row * t[e + H_ROW], t[e + MASK] + row * t[e + H_ROW]
                    for k in range(wide):
                        values[d + k] *= values[mask + k]
            if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 1:
                phase = norm_backward(
                    t,
                    e,
                    t[e + A],
                    t[e + D],
                    t[e + H_ROW],
                    wide,
                    1,
                    first,
                    last,
                    m,
                    params,
                    grads,
                    values,
                    sync,
                    thread,
                    n_threads,
                    phase,
                )
            for row in range(first, last):
                z = t[e + A_IN] + row * t[e + Z_ROW]
                d, dz = t[e + D] + row * t[e + H_ROW], t[e + DZ] + row * t[e + Z_ROW]
                if t[e + PIECES] > 1:
                    maxout_backward(values, z, values, d, wide, t[e + PIECES], values, dz)
                else:
                    if t[e + DZ] != t[e + D]:
                        for k in range(wide):
                            values[dz + k] = values[d + k]
                    if t[e + RANDOM] == 1:
                        slopes = t[e + SLOPES] + row * t[e + H_ROW]
                        call_activation(
                            t[e + BACKWARD], values, z, values, dz, wide, values, slopes, 0
                        )
                    else:
                        call_activation(
                            t[e + BACKWARD],
                            values,
                            z,
                            values,
                            dz,
                            wide,
                            params,
                            t[e + SHAPE],
                            t[e + H_ROW],
                        )
            if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 0:
                phase = norm_backward(
                    t,
                    e,
                    t[e + Z],
                    t[e + DZ],
                    t[e + Z_ROW],
                    t[e + Z_WIDE],
                    t[e + PIECES],
                    first,
                    last,
                    m,
                    params,
                    grads,
                    values,
                    sync,
                    thread,
                    n_threads,
                    phase,
                )
        if t[e + D_BELOW] >= 0:
            multiply(
                values,
                t[e + DZ] + first * t[e + Z_ROW],
                t[e + Z_ROW],
                1,
                values,
                t[e + WT],
                t[e + IN_ROW],
                values,
                t[e + D_BELOW] + first * t[e + IN_ROW],
                t[e + IN_ROW],
                last - first,
                t[e + IN_WIDE],
                t[e + Z_WIDE],
                0,
            )
    if c[DIM] > 0 and r[INPUT_DROP] > zero:
        for row in range(first, last):
            d, mask = c[D_INPUT] + row * c[INPUT_ROW], c[INPUT_MASK] + row * c[INPUT_ROW]
            for k in range(c[INPUT_WIDE]):
                values[d + k] *= values[mask + k]
    return phase


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
    first = part(t[e + N_IN], thread, n_threads)
    last = part(t[e + N_IN], thread + 1, n_threads)
    row = t[e + Z_ROW]
    multiply(
        values,
        t[e + X] + first,
        1,
        t[e + IN_ROW],
        values,
        t[e + DZ],
        row,
        grads,
        t[e + W] + first * row,
        row,
        last - first,
        t[e + Z_WIDE],
        m,
        0,
    )
    w = t[e + W] + first * row
    penalize(params, w, grads, w, (last - first) * row, r[L1], r[L2], r[CLIP_VALUE])
    start, end = (
        columns(t[e + Z_WIDE], thread, n_threads),
        columns(t[e + Z_WIDE], thread + 1, n_threads),
    )
    column_sums(values, t[e + DZ], row, m, start, end, grads, t[e + B])
    if t[e + N_SHAPE] > 0 and thread == n_threads - 1:
        fill(grads, t[e + SHAPE], np.float32(0.0), t[e + N_SHAPE] * t[e + H_ROW])
        for example in range(m):
            call_learned(
                t[e + LEARNED],
                values,
                t[e + A_IN] + example * row,
                values,
                t[e + D] + example * t[e + H_ROW],
                t[e + UNITS],
                params,
                t[e + SHAPE],
                t[e + H_ROW],
                grads,
                t[e + SHAPE],
            )


@device
def sum_of_squares(x: F32, i: i64, n: i64) -> f32:
    """Return the square of the length of ``x[i:i+n]``."""
    total = np.float32(0.0)
    for k in range(n):
        total += x[i + k] * x[i + k]
    return total


@device
def layer_squares(
    t: I64, e: i64, at: i64, grads: F32, squares: F64, thread: i64, n_threads: i64
) -> None:
    """Write the squares of a thread's gradients: a number for each row of W, one for the rest."""
    row = t[e + Z_ROW]
    for i in range(part(t[e + N_IN], thread, n_threads), part(t[e + N_IN], thread + 1, n_threads)):
        squares[at + i] = float(sum_of_squares(grads, t[e + W] + i * row, t[e + Z_WIDE]))
    if thread == 0:
        rest = float(sum_of_squares(grads, t[e + B], t[e + Z_WIDE]))
        if t[e + NORM] != NO_NORM:
            rest += float(sum_of_squares(grads, t[e + GAMMA], t[e + Z_WIDE]))
            rest += float(sum_of_squares(grads, t[e + BETA], t[e + Z_WIDE]))
        if t[e + N_SHAPE] > 0:
            rest += float(sum_of_squares(grads, t[e + SHAPE], t[e + N_SHAPE] * t[e + H_ROW]))
        squares[at + t[e + N_IN]] = rest


@device
def update_vector(
    c: I64,
    r: F32,
    at: i64,
    start: i64,
    end: i64,
    clip: f32,
    params: F32,
    grads: F32,
    states: F32,
    h: F32,
) -> None:
    """Move a vector of parameters that no penalty and no decay applies to."""
    n, i = end - start, at + start
    limit = r[CLIP_VALUE]
    penalize(params, i, grads, i, n, np.float32(0.0), np.float32(0.0), limit)
    if clip < np.float32(1.0):
        scale_row(grads, i, n, clip)
    call_update(c[RULE], params, i, grads, i, n, states, i, c[N_PARAMS], h)


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
    h: F32,
    thread: i64,
    n_threads: i64,
) -> None:
    """Move a thread's share of a layer's parameters."""
    row = t[e + Z_ROW]
    first = part(t[e + N_IN], thread, n_threads)
    last = part(t[e + N_IN], thread + 1, n_threads)
    w, n = t[e + W] + first * row, (last - first) * row
    if clip < np.float32(1.0):
        scale_row(grads, w, n, clip)
    if r[WEIGHT_DECAY] > np.float32(0.0):
        decay(params, w, n, np.float32(1.0) - h[LR] * r[WEIGHT_DECAY])
    call_update(c[RULE], params, w, grads, w, n, states, w, c[N_PARAMS], h)
    start = columns(t[e + Z_WIDE], thread, n_threads)
    end = columns(t[e + Z_WIDE], thread + 1, n_threads)
    update_vector(c, r, t[e + B], start, end, clip, params, grads, states, h)
    if t[e + NORM] != NO_NORM:
        wide = t[e + WIDE] if t[e + NORM_AFTER] == 1 else t[e + Z_WIDE]
        start, end = columns(wide, thread, n_threads), columns(wide, thread + 1, n_threads)
        update_vector(c, r, t[e + GAMMA], start, end, clip, params, grads, states, h)
        update_vector(c, r, t[e + BETA], start, end, clip, params, grads, states, h)
    if t[e + N_SHAPE] > 0 and thread == n_threads - 1:
        size = t[e + N_SHAPE] * t[e + H_ROW]
        update_vector(c, r, t[e + SHAPE], 0, size, clip, params, grads, states, h)


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
        first = part(t[e + N_IN], thread, n_threads)
        last = part(t[e + N_IN], thread + 1, n_threads)
        for start in range(0, t[e + Z_WIDE], 16):
            for i in range(first, last):
                for j in range(start, start + 16):
                    values[t[e + WT] + j * t[e + IN_ROW] + i] = params[
                        t[e + W] + i * t[e + Z_ROW] + j
                    ]


@device
def embedding_gradients(
    c: I64,
    r: F32,
    order: I64,
    start: i64,
    m: i64,
    rows: I32,
    offsets: I64,
    embedding: F32,
    values: F32,
    slots: I32,
    touched: I32,
    row_grads: F32,
    squares: F64,
    thread: i64,
    n_threads: i64,
) -> i64:
    """Add up the gradients of a thread's embedding rows in this batch; return how many rows.

    ``slots`` (one for every row, 0 at the start) says where in ``row_grads`` a row's gradient
    is, from 1 on; ``touched`` lists the rows.
    """
    wide = c[INPUT_WIDE]
    first_owner, last_owner = OWNERS * thread // n_threads, OWNERS * (thread + 1) // n_threads
    n = 0
    for example in range(m):
        begin, end = offsets[order[start + example]], offsets[order[start + example] + 1]
        scale = np.float32(1.0) / np.float32(max(end - begin, 1))
        d = c[D_INPUT] + example * c[INPUT_ROW]
        for j in range(begin, end):
            row = rows[j]
            owner = row & (OWNERS - 1)
            if first_owner <= owner < last_owner:
                if slots[row] == 0:
                    touched[n] = row
                    n += 1
                    slots[row] = n
                    fill(row_grads, (n - 1) * wide, np.float32(0.0), wide)
                row_axpy(row_grads, (slots[row] - 1) * wide, scale, values, d, wide)
    for owner in range(first_owner, last_owner):
        squares[owner] = 0.0
    for k in range(n):
        row = touched[k]
        slots[row] = 0
        penalize(embedding, row * c[RECORD], row_grads, k * wide, wide, r[L1], r[L2], r[CLIP_VALUE])
        if r[CLIP_NORM] > np.float32(0.0):
            squares[row & (OWNERS - 1)] += float(sum_of_squares(row_grads, k * wide, wide))
    return n


@device
def update_embedding(
    c: I64, r: F32, n: i64, clip: f32, embedding: F32, touched: I32, row_grads: F32, h: F32
) -> None:
    """Move the embedding rows of this batch: their state lies after them, other rows stay."""
    wide, record = c[INPUT_WIDE], c[RECORD]
    for k in range(n):
        if k + 4 < n:
            prefetch_row(embedding, touched[k + 4] * record, record)
        at = touched[k] * record
        if clip < np.float32(1.0):
            scale_row(row_grads, k * wide, wide, clip)
        if r[WEIGHT_DECAY] > np.float32(0.0):
            decay(embedding, at, wide, np.float32(1.0) - h[LR] * r[WEIGHT_DECAY])
        call_update(
            c[RULE], embedding, at, row_grads, k * wide, wide, embedding, at + wide, wide, h
        )


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
    h: F32,
    embedding: F32,
    params: F32,
    grads: F32,
    states: F32,
    running: F32,
    values: F32,
    slots: I32,
    touched: I32,
    row_grads: F32,
    now: F32,
    squares: F64,
    losses: F64,
    sync: I64,
) -> None:
    """Take training steps ``first_step`` to ``last_step`` of an epoch; all threads call it.

    Step s is on examples ``order[starts[s]:starts[s + 1]]``; it is step ``base_step + s`` of the
    run, and row s of ``h`` holds its learning rate and corrections.  ``t``, ``f``, ``c`` and
    ``r`` are described above.  ``losses[i]`` is set to the loss of example
    ``order[i]``.  ``sync`` is zero at the start.  Private to a thread: ``touched``,
    ``row_grads``, ``now`` (H_SIZE).
    """
    one = np.float32(1.0)
    phase = 1
    layers = c[N_LAYERS]
    top = (layers - 1) * FIELDS
    for step in range(first_step, last_step):
        start, m = starts[step], starts[step + 1] - starts[step]
        first, last = part(m, thread, n_threads), part(m, thread + 1, n_threads)
        for k in range(H_SIZE):
            now[k] = h[step * H_SIZE + k]
        read_examples(order, start, first, last, c, numbers, embedding, rows, offsets, values)
        spoil_input(first, last, base_step + step, c, r, t, values, thread)
        phase = forward(
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
            phase,
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
        phase = backward(
            t,
            f,
            c,
            r,
            first,
            last,
            m,
            params,
            grads,
            values,
            sync,
            thread,
            n_threads,
            phase,
        )
        phase = meet(sync, thread, n_threads, phase)

        # Gradients and updates: every thread its share of the parameters.
        n_rows = 0
        if c[DIM] > 0:
            n_rows = embedding_gradients(
                c,
                r,
                order,
                start,
                m,
                rows,
                offsets,
                embedding,
                values,
                slots,
                touched,
                row_grads,
                squares,
                thread,
                n_threads,
            )
        for layer in range(layers):
            layer_gradients(t, layer * FIELDS, r, m, params, grads, values, thread, n_threads)
        clip = one
        if r[CLIP_NORM] > np.float32(0.0):
            phase = meet(sync, thread, n_threads, phase)
            at = OWNERS
            for layer in range(layers):
                layer_squares(t, layer * FIELDS, at, grads, squares, thread, n_threads)
                at += t[layer * FIELDS + N_IN] + 1
            phase = meet(sync, thread, n_threads, phase)
            total = 0.0
            for k in range(0 if c[DIM] > 0 else OWNERS, at):
                total += squares[k]
            length = square_root(np.float32(total))
            if length > r[CLIP_NORM]:
                clip = r[CLIP_NORM] / (length + np.float32(1e-6))
        if c[DIM] > 0:
            update_embedding(c, r, n_rows, clip, embedding, touched, row_grads, now)
        for layer in range(layers):
            update_layer(
                t,
                layer * FIELDS,
                c,
                r,
                clip,
                params,
                grads,
                states,
                now,
                thread,
                n_threads,
            )
        if r[MAX_NORM] > np.float32(0.0):
            phase = meet(sync, thread, n_threads, phase)
            for layer in range(layers):
                limit_columns(t, layer * FIELDS, r[MAX_NORM], params, values, thread, n_threads)
            phase = meet(sync, thread, n_threads, phase)
        for layer in range(layers):
            transpose_weights(t, layer * FIELDS, params, values, thread, n_threads)
        phase = meet(sync, thread, n_threads, phase)


@kernel
def transpose_all(t: I64, n_layers: i64, params: F32, values: F32) -> None:
    """Make the transposed weights anew, before the first step."""
    for layer in range(n_layers):
        transpose_weights(t, layer * FIELDS, params, values, 0, 1)


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
    forward(t, f, c, 0, 0, m, m, 0, params, running, values, sync, 0, 1, 1)


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
                    found = keep_best(values[d + j], j, k, found, probs, labels, i * k)
            sort_best(found, probs, labels, i * k)
            counts[i] = found
