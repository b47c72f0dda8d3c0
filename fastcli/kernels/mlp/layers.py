"""The layers of a network, each part forward and backward.

A thread carries its own examples of a batch up and down.  What a norm adds up over all of them is
added up over a few at first, by the thread that has them; then threads share out the columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import settle_row
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.vector import row_add
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp.activations import maxout, maxout_backward
from fastcli.kernels.mlp.dense import multiply
from fastcli.kernels.mlp.network import (
    A_IN,
    ACTIVATION_L1,
    BACKWARD,
    BETA,
    D_BELOW,
    D_INPUT,
    DIM,
    DROP,
    DZ,
    EPS,
    FIELDS,
    FLOATS,
    FORWARD,
    GAMMA,
    H_ROW,
    HIGH,
    IN_ROW,
    IN_WIDE,
    INPUT_DROP,
    INPUT_MASK,
    INPUT_ROW,
    INPUT_WIDE,
    LAYER_NORM,
    LOW,
    MASK,
    MEAN,
    MOMENTUM,
    N_IN,
    N_LAYERS,
    NO_NORM,
    NOISE_SHAPE,
    NORM,
    NORM_AFTER,
    NORM_BACKWARD,
    NORM_FORWARD,
    PIECES,
    RANDOM,
    SEED,
    SHAPE,
    SLOPES,
    STATS,
    SUMS,
    TOGETHER,
    UNITS,
    VAR,
    WIDE,
    WT,
    Z_ROW,
    Z_WIDE,
    A,
    B,
    D,
    H,
    W,
    X,
    Z,
    columns,
    meet,
)
from fastcli.kernels.mlp.noise import dropout_mask, random_slopes
from fastcli.kernels.mlp.normalization import (
    batch_backward,
    batch_inference,
    batch_normalize,
    batch_statistics,
    gradient_sums,
    layer_backward,
    layer_normalize,
    moments,
    norm_gradients,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, f32, i64


@device
def linear_forward(t: I64, e: i64, first: i64, last: i64, params: F32, values: F32) -> None:
    """Z = X W + b."""
    multiply(
        at(values, t[e + X] + first * t[e + IN_ROW]),
        t[e + IN_ROW],
        1,
        at(params, t[e + W]),
        t[e + Z_ROW],
        at(values, t[e + Z] + first * t[e + Z_ROW]),
        t[e + Z_ROW],
        last - first,
        t[e + Z_WIDE],
        t[e + N_IN],
    )
    for row in range(first, last):
        row_add(at(values, t[e + Z] + row * t[e + Z_ROW]), at(params, t[e + B]), t[e + Z_WIDE])


@device
def linear_backward(t: I64, e: i64, first: i64, last: i64, values: F32) -> None:
    """The gradient of X is that of Z times W transposed; set where somebody needs it."""
    if t[e + D_BELOW] >= 0:
        multiply(
            at(values, t[e + DZ] + first * t[e + Z_ROW]),
            t[e + Z_ROW],
            1,
            at(values, t[e + WT]),
            t[e + IN_ROW],
            at(values, t[e + D_BELOW] + first * t[e + IN_ROW]),
            t[e + IN_ROW],
            last - first,
            t[e + IN_WIDE],
            t[e + Z_WIDE],
        )


@device
def norm_rows(t: I64, e: i64) -> tuple[i64, i64, i64]:
    """Return the stride, the width and the pieces of the rows that a norm is for."""
    if t[e + NORM_AFTER] == 1:
        return t[e + H_ROW], t[e + WIDE], 1
    return t[e + Z_ROW], t[e + Z_WIDE], t[e + PIECES]


@kernel
def norm_forward(
    t: I64,
    e: i64,
    f: F32,
    fl: i64,
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
) -> None:
    """Normalise Z in place and set what the activation takes; or A, and what the layer gives."""
    after, stats, sums = t[e + NORM_AFTER] == 1, t[e + STATS], t[e + SUMS]
    z, out = (t[e + A], t[e + H]) if after else (t[e + Z], t[e + A_IN])
    row, wide, pieces = norm_rows(t, e)
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
        for start in range(first, last, TOGETHER):
            n, to = min(TOGETHER, last - start), sums + start // TOGETHER * 2 * t[e + Z_ROW]
            moments(values, z + start * row, row, n, wide, values, to, to + t[e + Z_ROW])
        meet(sync, thread, n_threads)
        batch_statistics(
            values,
            sums,
            t[e + Z_ROW],
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
        meet(sync, thread, n_threads)
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


@kernel
def norm_backward(
    t: I64,
    e: i64,
    first: i64,
    last: i64,
    m: i64,
    params: F32,
    grads: F32,
    values: F32,
    sync: I64,
    thread: i64,
    n_threads: i64,
) -> None:
    """Turn the gradient of what the norm gives into that of what it takes."""
    after = t[e + NORM_AFTER] == 1
    z, d = (t[e + A], t[e + D]) if after else (t[e + Z], t[e + DZ])
    row, wide, pieces = norm_rows(t, e)
    sums = t[e + SUMS]
    for start in range(first, last, TOGETHER):
        n, to = min(TOGETHER, last - start), sums + start // TOGETHER * 2 * t[e + Z_ROW]
        below, above, along = z + start * row, d + start * row, to + t[e + Z_ROW]
        gradient_sums(values, below, values, above, row, n, wide, values, to, along)
    meet(sync, thread, n_threads)
    norm_gradients(
        values,
        sums,
        t[e + Z_ROW],
        m,
        columns(wide, thread, n_threads),
        columns(wide, thread + 1, n_threads),
        grads,
        t[e + GAMMA],
        t[e + BETA],
    )
    meet(sync, thread, n_threads)
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
    """A = activation(Z), settled, with zeros in what is padded."""
    n, wide = t[e + UNITS], t[e + WIDE]
    for row in range(first, last):
        z = t[e + A_IN] + row * t[e + Z_ROW]
        a = t[e + A] + row * t[e + H_ROW]
        if t[e + PIECES] > 1:
            maxout(at(values, z), at(values, a), wide, t[e + PIECES])
        elif t[e + RANDOM] == 1 and training == 1:
            slopes = t[e + SLOPES] + row * t[e + H_ROW]
            low, high = f[fl + LOW], f[fl + HIGH]
            random_slopes(values, slopes, wide, low, high, seed, step, layer, row)
            call(t[e + FORWARD], (at(values, z), at(values, a), wide, at(values, slopes), 0))
        else:
            shape, h_row = at(params, t[e + SHAPE]), t[e + H_ROW]
            call(t[e + FORWARD], (at(values, z), at(values, a), wide, shape, h_row))
        for k in range(n, wide):
            values[a + k] = np.float32(0.0)
        settle_row(at(values, a), n)


@device
def activation_backward(t: I64, e: i64, first: i64, last: i64, params: F32, values: F32) -> None:
    """The gradient of Z is that of A times the activation's derivative, settled."""
    wide = t[e + WIDE]
    for row in range(first, last):
        z = t[e + A_IN] + row * t[e + Z_ROW]
        d, dz = t[e + D] + row * t[e + H_ROW], t[e + DZ] + row * t[e + Z_ROW]
        if t[e + PIECES] > 1:
            maxout_backward(at(values, z), at(values, d), wide, t[e + PIECES], at(values, dz))
        else:
            if t[e + DZ] != t[e + D]:
                for k in range(wide):
                    values[dz + k] = values[d + k]
            if t[e + RANDOM] == 1:
                slopes = t[e + SLOPES] + row * t[e + H_ROW]
                call(t[e + BACKWARD], (at(values, z), at(values, dz), wide, at(values, slopes), 0))
            else:
                shape, h_row = at(params, t[e + SHAPE]), t[e + H_ROW]
                call(t[e + BACKWARD], (at(values, z), at(values, dz), wide, shape, h_row))
            settle_row(at(values, dz), wide)


@device
def dropout_forward(
    t: I64,
    e: i64,
    f: F32,
    fl: i64,
    c: I64,
    step: i64,
    layer: i64,
    first: i64,
    last: i64,
    values: F32,
) -> None:
    """H = H times a random mask (see ``noise.dropout_mask``)."""
    wide = t[e + WIDE]
    for row in range(first, last):
        h, mask = t[e + H] + row * t[e + H_ROW], t[e + MASK] + row * t[e + H_ROW]
        drop, shape = f[fl + DROP], c[NOISE_SHAPE]
        dropout_mask(values, mask, wide, drop, shape, c[SEED], step, layer, row)
        for k in range(wide):
            values[h + k] *= values[mask + k]


@device
def dropout_backward(t: I64, e: i64, first: i64, last: i64, values: F32) -> None:
    """The gradient passes where H did."""
    for row in range(first, last):
        d, mask = t[e + D] + row * t[e + H_ROW], t[e + MASK] + row * t[e + H_ROW]
        for k in range(t[e + WIDE]):
            values[d + k] *= values[mask + k]


@device
def activation_penalty(
    t: I64, e: i64, weight: f32, first: i64, last: i64, m: i64, values: F32
) -> None:
    """Add the gradient of weight / m times the sum of abs(H), which makes H sparse."""
    zero, step = np.float32(0.0), weight / np.float32(m)
    for row in range(first, last):
        h, d = t[e + H] + row * t[e + H_ROW], t[e + D] + row * t[e + H_ROW]
        for k in range(t[e + UNITS]):
            if values[h + k] > zero:
                values[d + k] += step
            elif values[h + k] < zero:
                values[d + k] -= step


@kernel
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
) -> None:
    """Carry examples ``first`` to ``last`` of a batch of m from the input to the scores."""
    for layer in range(c[N_LAYERS]):
        e, fl = layer * FIELDS, layer * FLOATS
        linear_forward(t, e, first, last, params, values)
        if layer == c[N_LAYERS] - 1:
            break
        if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 0:
            call(
                t[e + NORM_FORWARD],
                (
                    t,
                    e,
                    f,
                    fl,
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
                ),
            )
        activation_forward(t, e, f, fl, layer, training, first, last, c[SEED], step, params, values)
        if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 1:
            call(
                t[e + NORM_FORWARD],
                (
                    t,
                    e,
                    f,
                    fl,
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
                ),
            )
        if training == 1 and f[fl + DROP] > np.float32(0.0):
            dropout_forward(t, e, f, fl, c, step, layer, first, last, values)


@kernel
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
) -> None:
    """Carry the gradient of the scores of these examples down to the input."""
    zero = np.float32(0.0)
    for down in range(c[N_LAYERS]):
        layer = c[N_LAYERS] - 1 - down
        e, fl = layer * FIELDS, layer * FLOATS
        if down > 0:
            if r[ACTIVATION_L1] > zero:
                activation_penalty(t, e, r[ACTIVATION_L1], first, last, m, values)
            if f[fl + DROP] > zero:
                dropout_backward(t, e, first, last, values)
            if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 1:
                call(
                    t[e + NORM_BACKWARD],
                    (t, e, first, last, m, params, grads, values, sync, thread, n_threads),
                )
            activation_backward(t, e, first, last, params, values)
            if t[e + NORM] != NO_NORM and t[e + NORM_AFTER] == 0:
                call(
                    t[e + NORM_BACKWARD],
                    (t, e, first, last, m, params, grads, values, sync, thread, n_threads),
                )
        linear_backward(t, e, first, last, values)
    if c[DIM] > 0 and r[INPUT_DROP] > zero:
        for row in range(first, last):
            d, mask = c[D_INPUT] + row * c[INPUT_ROW], c[INPUT_MASK] + row * c[INPUT_ROW]
            for k in range(c[INPUT_WIDE]):
                values[d + k] *= values[mask + k]
