"""The layers of a network, each part forward and backward.

A thread carries its own examples of a batch forward and backward.  The sums of a norm over all of
them are taken over a few at first, by the thread that has them; then threads divide the columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.functions import settle_row
from fastcli.kernels.base.indirect import call
from fastcli.kernels.base.products import multiply
from fastcli.kernels.base.vector import row_add
from fastcli.kernels.base.views import at, record
from fastcli.kernels.mlp.activations import maxout, maxout_backward
from fastcli.kernels.mlp.network import (
    COLUMNS,
    EXAMPLES,
    INFERENCE,
    LAYER_NORM,
    NO_NORM,
    STATISTICS,
    TRAINING,
    Arrays,
    Batch,
    Layer,
    Network,
    Regularization,
    Team,
    Training,
    chunk_bounds,
    meet,
)
from fastcli.kernels.mlp.noise import dropout_mask, multiply_rows, random_slopes
from fastcli.kernels.mlp.normalization import (
    Rows,
    batch_inference,
    batch_norm_backward,
    batch_normalize,
    batch_statistics,
    gradient_sums,
    layer_norm_backward,
    layer_normalize,
    moments,
    norm_gradients,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, Records, f32, i64


@device
def linear_forward(layer: Layer, batch: Batch, params: F32, values: F32) -> None:
    """Z = X W + b."""
    n_rows, in_row, z_row = batch.last - batch.first, layer.in_row, layer.z_row
    x, z = at(values, layer.x + batch.first * in_row), at(values, layer.z + batch.first * z_row)
    w, b = at(params, layer.weights), at(params, layer.bias)
    multiply(x, in_row, 1, w, z_row, z, z_row, n_rows, layer.z_width, layer.n_in)
    for r in range(n_rows):
        row_add(at(z, r * z_row), b, layer.z_width)


@device
def linear_backward(layer: Layer, batch: Batch, values: F32) -> None:
    """The gradient of X is that of Z times W transposed; set only if it is needed."""
    if layer.d_below >= 0:
        n_rows, in_row, z_row = batch.last - batch.first, layer.in_row, layer.z_row
        dz = at(values, layer.dz + batch.first * z_row)
        dx = at(values, layer.d_below + batch.first * in_row)
        wt = at(values, layer.transposed)
        multiply(dz, z_row, 1, wt, in_row, dx, in_row, n_rows, layer.in_width, layer.z_width)


@device
def norm_rows(layer: Layer) -> Rows:
    """Return how the rows are laid out that the layer's norm is for."""
    if layer.norm_after == 1:
        return Rows(layer.out_row, 1, layer.units, layer.width)
    return Rows(layer.z_row, layer.pieces, layer.units, layer.width)


@device
def running_share(layer: Layer, purpose: i64, m: i64) -> f32:
    """Return the share of a batch of m examples in running statistics: the momentum, or 1.

    A batch that is not full has so much less: an example counts the same in all of them.
    """
    share = np.float32(1.0) if purpose == STATISTICS else layer.momentum
    if purpose == TRAINING and m < layer.full_batch:
        share *= np.float32(m) / np.float32(layer.full_batch)
    return share


@kernel
def norm_forward(
    layers: Records[Layer], purpose: i64, batch: Batch, arrays: Arrays, team: Team
) -> None:
    """Normalise Z in place and set what the activation takes; or A, and what the layer gives.

    The layer is the first of ``layers``.
    """
    layer, values = record(layers, 0), arrays.values
    after = layer.norm_after == 1
    rows = norm_rows(layer)
    row, n, n_rows = rows.row, rows.pieces * rows.width, batch.last - batch.first
    z = at(values, (layer.a if after else layer.z) + batch.first * row)
    out = at(values, (layer.out if after else layer.a_in) + batch.first * row)
    gamma, beta = at(arrays.params, layer.gamma), at(arrays.params, layer.beta)
    mean, inv_std = at(values, layer.means), at(values, layer.inv_std)
    running_mean = at(arrays.running, layer.running_mean)
    running_var = at(arrays.running, layer.running_var)
    if layer.norm == LAYER_NORM:
        layer_normalize(z, out, rows, n_rows, layer.eps, at(inv_std, batch.first), gamma, beta)
    elif purpose == INFERENCE:
        batch_inference(z, out, row, n_rows, n, layer.eps, running_mean, running_var, gamma, beta)
    else:
        sums = at(values, layer.sums)
        for start in range(batch.first, batch.last, EXAMPLES):
            size = min(EXAMPLES, batch.last - start)
            means = at(sums, start // EXAMPLES * 2 * layer.z_row)
            moments(at(z, (start - batch.first) * row), row, size, n, means, at(means, layer.z_row))
        meet(team)
        start, end = chunk_bounds(n, COLUMNS, team)
        batch_statistics(
            at(sums, start),
            layer.z_row,
            batch.m,
            end - start,
            layer.eps,
            running_share(layer, purpose, batch.m),
            at(mean, start),
            at(inv_std, start),
            at(running_mean, start),
            at(running_var, start),
        )
        meet(team)
        batch_normalize(z, out, row, n_rows, n, mean, inv_std, gamma, beta)


@kernel
def norm_backward(
    layers: Records[Layer], batch: Batch, arrays: Arrays, grads: F32, team: Team
) -> None:
    """Turn the gradient of what the norm of the first layer gives into that of what it takes."""
    layer, values = record(layers, 0), arrays.values
    after = layer.norm_after == 1
    rows = norm_rows(layer)
    row, n, n_rows = rows.row, rows.pieces * rows.width, batch.last - batch.first
    z = at(values, (layer.a if after else layer.z) + batch.first * row)
    d = at(values, (layer.d if after else layer.dz) + batch.first * row)
    gamma, inv_std = at(arrays.params, layer.gamma), at(values, layer.inv_std)
    dgamma, dbeta, sums = at(grads, layer.gamma), at(grads, layer.beta), at(values, layer.sums)
    for start in range(batch.first, batch.last, EXAMPLES):
        size, place = min(EXAMPLES, batch.last - start), (start - batch.first) * row
        plain = at(sums, start // EXAMPLES * 2 * layer.z_row)
        gradient_sums(at(z, place), at(d, place), row, size, n, plain, at(plain, layer.z_row))
    meet(team)
    start, end = chunk_bounds(n, COLUMNS, team)
    norm_gradients(
        at(sums, start),
        layer.z_row,
        batch.m,
        end - start,
        at(dgamma, start),
        at(dbeta, start),
    )
    meet(team)
    if layer.norm == LAYER_NORM:
        layer_norm_backward(z, d, rows, n_rows, gamma, at(inv_std, batch.first))
    else:
        batch_norm_backward(z, d, row, n_rows, n, batch.m, gamma, inv_std, dgamma, dbeta)


@device
def activation_forward(
    layer: Layer, number: i64, purpose: i64, batch: Batch, arrays: Arrays
) -> None:
    """A = activation(Z), settled, with zeros in what is padded; ``number`` is the layer's."""
    n, width, values = layer.units, layer.width, arrays.values
    params = at(arrays.params, layer.activation)
    for r in range(batch.first, batch.last):
        z, a = at(values, layer.a_in + r * layer.z_row), at(values, layer.a + r * layer.out_row)
        if layer.pieces > 1:
            maxout(z, a, width, layer.pieces)
        elif layer.is_random == 1 and purpose == TRAINING:
            slopes = at(values, layer.slopes + r * layer.out_row)
            random_slopes(slopes, width, layer.low, layer.high, batch.key, number, r)
            call(layer.forward_address, (z, a, width, slopes, 0, 0))
        else:
            call(
                layer.forward_address,
                (z, a, layer.n_active, params, layer.out_row, layer.n_learned),
            )
        for k in range(n, width):
            a[k] = np.float32(0.0)
        settle_row(a, n)


@device
def activation_backward(layer: Layer, batch: Batch, arrays: Arrays) -> None:
    """The gradient of Z is that of A times the activation's derivative, settled."""
    width, values = layer.width, arrays.values
    params = at(arrays.params, layer.activation)
    for r in range(batch.first, batch.last):
        z = at(values, layer.a_in + r * layer.z_row)
        d, dz = at(values, layer.d + r * layer.out_row), at(values, layer.dz + r * layer.z_row)
        if layer.pieces > 1:
            maxout_backward(z, d, width, layer.pieces, dz)
        else:
            if layer.dz != layer.d:
                for k in range(width):
                    dz[k] = d[k]
            if layer.is_random == 1:
                slopes = at(values, layer.slopes + r * layer.out_row)
                call(layer.backward_address, (z, dz, width, slopes, 0, 0))
            else:
                call(
                    layer.backward_address,
                    (z, dz, layer.n_active, params, layer.out_row, layer.n_learned),
                )
            settle_row(dz, width)


@device
def dropout_forward(layer: Layer, number: i64, shape: i64, batch: Batch, values: F32) -> None:
    """Multiply what the layer gives by a random mask (see ``noise.dropout_mask``)."""
    for r in range(batch.first, batch.last):
        out, mask = (
            at(values, layer.out + r * layer.out_row),
            at(values, layer.mask + r * layer.out_row),
        )
        dropout_mask(mask, layer.width, layer.dropout, shape, batch.key, number, r)
        multiply_rows(out, mask, layer.width)


@device
def dropout_backward(layer: Layer, batch: Batch, values: F32) -> None:
    """The gradient passes where the values did."""
    for r in range(batch.first, batch.last):
        mask = at(values, layer.mask + r * layer.out_row)
        multiply_rows(at(values, layer.d + r * layer.out_row), mask, layer.width)


@device
def activation_penalty(layer: Layer, weight: f32, batch: Batch, values: F32) -> None:
    """Add the gradient of weight / m times the sum of abs(out), which makes outputs sparse."""
    zero, step = np.float32(0.0), weight / np.float32(batch.m)
    for r in range(batch.first, batch.last):
        out, d = (
            at(values, layer.out + r * layer.out_row),
            at(values, layer.d + r * layer.out_row),
        )
        for k in range(layer.units):
            if out[k] > zero:
                d[k] += step
            elif out[k] < zero:
                d[k] -= step


@kernel
def forward(
    network: Network,
    regularization: Regularization,
    purpose: i64,
    batch: Batch,
    arrays: Arrays,
    team: Team,
) -> None:
    """Carry a thread's examples of a batch from the input to the scores."""
    for i in range(network.n_layers):
        layer = record(network.layers, i)
        linear_forward(layer, batch, arrays.params, arrays.values)
        if i == network.n_layers - 1:
            break
        norm = (at(network.layers, i), purpose, batch, arrays, team)
        if layer.norm != NO_NORM and layer.norm_after == 0:
            call(layer.norm_forward_address, norm)
        activation_forward(layer, i, purpose, batch, arrays)
        if layer.norm != NO_NORM and layer.norm_after == 1:
            call(layer.norm_forward_address, norm)
        if purpose == TRAINING and layer.dropout > np.float32(0.0):
            dropout_forward(layer, i, regularization.noise_shape, batch, arrays.values)


@kernel
def backward(
    network: Network,
    regularization: Regularization,
    batch: Batch,
    arrays: Arrays,
    training: Training,
    team: Team,
) -> None:
    """Carry the gradient of the scores of a thread's examples down to the input."""
    zero, values = np.float32(0.0), arrays.values
    top = network.n_layers - 1
    linear_backward(record(network.layers, top), batch, values)
    for i in range(top - 1, -1, -1):
        layer = record(network.layers, i)
        norm = (at(network.layers, i), batch, arrays, training.grads, team)
        if regularization.activation_l1 > zero:
            activation_penalty(layer, regularization.activation_l1, batch, values)
        if layer.dropout > zero:
            dropout_backward(layer, batch, values)
        if layer.norm != NO_NORM and layer.norm_after == 1:
            call(layer.norm_backward_address, norm)
        activation_backward(layer, batch, arrays)
        if layer.norm != NO_NORM and layer.norm_after == 0:
            call(layer.norm_backward_address, norm)
        linear_backward(layer, batch, values)
    if network.dim > 0 and regularization.input_dropout > zero:
        for r in range(batch.first, batch.last):
            mask = at(values, network.input_mask + r * network.input_row)
            d = at(values, network.d_input + r * network.input_row)
            multiply_rows(d, mask, network.input_width)
