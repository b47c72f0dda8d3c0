"""The losses of a row of scores, and their gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device
from fastcli.kernels.base.functions import logistic, settle, softplus
from fastcli.kernels.base.losses import ABSOLUTE, BCE, HUBER, PERCEPTRON, SOFTMAX, SQUARED
from fastcli.kernels.base.vector import exp, log
from fastcli.kernels.base.views import at, record
from fastcli.kernels.mlp.network import Batch, Examples, Network

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, U8, f32, f64, i64


@device
def is_new(labels: I32, j: i64) -> i64:
    """Return 1 if label j of an example is none of those before it, else 0."""
    for i in range(j):
        if labels[i] == labels[j]:
            return 0
    return 1


@device
def softmax_loss(
    z: F32, d: F32, n: i64, width: i64, labels: I32, n_labels: i64, eps: f32, scale: f32
) -> f64:
    """Return the cross entropy of n scores z, and set its gradient d times ``scale``.

    The target gives 1 - eps to the labels, in equal parts, and eps to the others, in equal parts
    too (Szegedy et al. 2016; with one label in the form of the seed: eps / (n - 1) each).  Where
    there are no others the labels have it all.  The gradient is settled.
    """
    largest = z[0]
    for k in range(1, n):
        largest = max(largest, z[k])
    total = np.float32(0.0)
    for k in range(n):
        e = settle(exp(z[k] - largest))
        d[k] = e
        total += e
    one = np.float32(1.0)
    count, different = max(n_labels, 1), 1
    if eps > np.float32(0.0):
        different = 0
        for j in range(n_labels):
            different += is_new(labels, j)
        eps = eps if different < n else np.float32(0.0)
    off = eps / np.float32(max(n - different, 1))
    on = (one - eps) / np.float32(count)
    inverse = one / total
    along = 0.0
    for k in range(n):
        d[k] = settle((d[k] * inverse - off) * scale)
    if eps > np.float32(0.0):
        for k in range(n):
            along += float(off * (z[k] - largest))
        for j in range(n_labels):
            if is_new(labels, j) == 1:
                d[labels[j]] += off * scale
                along -= float(off * (z[labels[j]] - largest))
    for j in range(n_labels):
        target = labels[j]
        d[target] -= on * scale
        along += float(on * (z[target] - largest))
    for k in range(n, width):
        d[k] = np.float32(0.0)
    return float(log(total)) - along


@device
def ova_loss(
    z: F32, d: F32, n: i64, width: i64, labels: I32, n_labels: i64, eps: f32, scale: f32
) -> f64:
    """Return the sum of the binary cross entropies of n scores z, and set its gradient d.

    The target of a label is 1 - eps, of the others eps.  The gradient is settled.
    """
    one = np.float32(1.0)
    loss = 0.0
    for k in range(n):
        x = z[k]
        loss += float(softplus(x) - eps * x)
        d[k] = settle((logistic(x) - eps) * scale)
    for j in range(n_labels):
        target = labels[j]
        if is_new(labels, j) == 1:
            loss -= float((one - eps - eps) * z[target])
            d[target] -= (one - eps - eps) * scale
    for k in range(n, width):
        d[k] = np.float32(0.0)
    return loss


@device
def target_of(k: i64, labels: I32, n_labels: i64, on: f32, off: f32, adds: i64) -> f32:
    """Return the target of label k: ``off``, or ``on`` where it is a label of the example.

    With ``adds`` a label that is there twice has ``on`` twice.
    """
    found = np.float32(0.0)
    for j in range(n_labels):
        if labels[j] == k:
            found = found + on if adds == 1 else on
    return found if found > np.float32(0.0) else off


@device
def weighted_softmax_loss(
    z: F32, d: F32, n: i64, width: i64, labels: I32, n_labels: i64, eps: f32, scale: f32, by: F32
) -> f64:
    """Do as ``softmax_loss`` does, where the terms of the loss are multiplied by label weights.

    With targets t and weights w the loss is -sum w t log p, as PyTorch's CrossEntropyLoss has it
    before it is averaged, and the gradient p (sum w t) - w t.
    """
    largest = z[0]
    for k in range(1, n):
        largest = max(largest, z[k])
    total = np.float32(0.0)
    for k in range(n):
        d[k] = settle(exp(z[k] - largest))
        total += d[k]
    one, zero, different = np.float32(1.0), np.float32(0.0), 0
    for j in range(n_labels):
        different += is_new(labels, j)
    eps = eps if different < n else zero
    on, off = (one - eps) / np.float32(max(n_labels, 1)), eps / np.float32(max(n - different, 1))
    log_total, weight, loss = log(total), zero, 0.0
    for k in range(n):
        share = by[k] * target_of(k, labels, n_labels, on, off, 1)
        weight += share
        loss -= float(share * (z[k] - largest - log_total))
    inverse = weight / total
    for k in range(n):
        share = by[k] * target_of(k, labels, n_labels, on, off, 1)
        d[k] = settle((d[k] * inverse - share) * scale)
    for k in range(n, width):
        d[k] = zero
    return loss


@device
def weighted_ova_loss(
    z: F32, d: F32, n: i64, width: i64, labels: I32, n_labels: i64, eps: f32, scale: f32, by: F32
) -> f64:
    """Do as ``ova_loss`` does, where what speaks for a label is multiplied by its weight.

    As PyTorch's BCEWithLogitsLoss with ``pos_weight`` w: w t softplus(-z) + (1 - t) softplus(z).
    """
    one = np.float32(1.0)
    loss = 0.0
    for k in range(n):
        t = target_of(k, labels, n_labels, one - eps, eps, 0)
        yes, no, x = by[k] * t, one - t, z[k]
        loss += float(yes * softplus(-x) + no * softplus(x))
        d[k] = settle(((yes + no) * logistic(x) - yes) * scale)
    for k in range(n, width):
        d[k] = np.float32(0.0)
    return loss


@device
def perceptron_loss(
    z: F32, d: F32, n: i64, width: i64, labels: I32, n_labels: i64, weighs: i64, scale: f32, by: F32
) -> f64:
    """Return how far units are on the wrong side, and set the update d of the perceptron rule.

    Unit k gives y = 1 where its score z is 0 or more, else 0, and its target t is 1 for a label of
    the example, else 0; d = (y - t) ``scale``, so that a step is w += lr (t - y) x (Rosenblatt
    1958), which changes the units in error only.  It is the gradient of the perceptron criterion,
    the sum of abs(z) over these units.  With ``weighs`` the errors of labels that are there are
    multiplied by their weights, as in one-vs-all.
    """
    one, zero, loss = np.float32(1.0), np.float32(0.0), 0.0
    for k in range(n):
        t = target_of(k, labels, n_labels, one, zero, 0)
        error = (one if z[k] >= zero else zero) - t
        if weighs == 1 and t == one:
            error *= by[k]
        loss += float(error * z[k])
        d[k] = error * scale
    for k in range(n, width):
        d[k] = zero
    return loss


@device
def error_loss(error: f32, loss: i64, delta: f32) -> f32:
    """Return the loss of one error, prediction - target, in the forms of PyTorch.

    Squared: e^2 (MSELoss, without a half); absolute: |e| (L1Loss); Huber (1964, HuberLoss): e^2 / 2
    up to ``delta``, from there on delta (|e| - delta / 2).
    """
    size, half = abs(error), np.float32(0.5)
    if loss == SQUARED:
        return error * error
    if loss == ABSOLUTE:
        return size
    return half * error * error if size <= delta else delta * (size - half * delta)


@device
def error_slope(error: f32, loss: i64, delta: f32) -> f32:
    """Return the derivative of ``error_loss``: 2 e; the sign of e; e between -delta and delta."""
    if loss == SQUARED:
        return error + error
    if loss == HUBER:
        return max(-delta, min(error, delta))
    zero, one = np.float32(0.0), np.float32(1.0)
    return one if error > zero else -one if error < zero else zero


@device
def regression_loss(
    z: F32, d: F32, n: i64, width: i64, targets: F32, loss: i64, delta: f32, scale: f32
) -> f64:
    """Return the mean of the losses of n outputs z, and set its gradient d times ``scale``.

    The gradient is settled.
    """
    total, share = 0.0, scale / np.float32(n)
    for k in range(n):
        error = z[k] - targets[k]
        total += float(error_loss(error, loss, delta))
        d[k] = settle(error_slope(error, loss, delta) * share)
    for k in range(n, width):
        d[k] = np.float32(0.0)
    return total / n


@device
def bce_loss(
    z: f32, d: F32, width: i64, labels: I32, n_labels: i64, eps: f32, scale: f32, no: f32, yes: f32
) -> f64:
    """Return the cross entropy of one score z for two labels, and set its gradient ``d[0]``.

    The probability of the second label is the sigmoid of z, so that all is as for softmax with the
    scores 0 and z: with targets t that sum to 1, the loss is yes t softplus(-z) + no (1 - t)
    softplus(z), where ``no`` and ``yes`` are the weights of both labels.
    """
    one, n_second, different = np.float32(1.0), 0, 0
    for j in range(n_labels):
        different += is_new(labels, j)
        n_second += labels[j]
    eps = eps if different < 2 else np.float32(0.0)
    share = np.float32(n_second) / np.float32(max(n_labels, 1))
    for_second = yes * (eps + (one - eps - eps) * share)
    for_first = no * (eps + (one - eps - eps) * (one - share))
    d[0] = settle(((for_second + for_first) * logistic(z) - for_second) * scale)
    for k in range(1, width):
        d[k] = np.float32(0.0)
    return float(for_second * softplus(-z) + for_first * softplus(z))


@device
def is_right(z: F32, n: i64, labels: I32, n_labels: i64, loss: i64) -> i64:
    """Return 1 if the label with the largest of n scores z is one of an example's, else 0.

    A single score with the loss BCE is that of the second of two labels; the first has 0.
    """
    best = 1 if loss == BCE and z[0] > np.float32(0.0) else 0
    for k in range(1, n):
        if z[k] > z[best]:
            best = k
    for j in range(n_labels):
        if labels[j] == best:
            return 1
    return 0


@device
def mark_right(batch: Batch, examples: Examples, network: Network, values: F32, right: U8) -> None:
    """Set ``right`` to 1 for a thread's examples whose best label is one of theirs, else to 0."""
    if network.loss >= SQUARED:  # there are no labels
        return
    layer = record(network.layers, network.n_layers - 1)
    for i in range(batch.first, batch.last):
        example = batch.order[i]
        first, last = examples.label_offsets[example], examples.label_offsets[example + 1]
        z = at(values, layer.z + i * layer.z_row)
        right[i] = is_right(z, layer.units, at(examples.labels, first), last - first, network.loss)


@device
def set_regression_losses(
    batch: Batch, examples: Examples, network: Network, scale: f32, values: F32, losses: F64
) -> None:
    """Do as ``set_losses`` does, where examples have numbers as targets."""
    layer = record(network.layers, network.n_layers - 1)
    n, loss, delta = layer.units, network.loss, network.huber_delta
    for i in range(batch.first, batch.last):
        example = batch.order[i]
        z = at(values, layer.z + i * layer.z_row)
        d = at(values, layer.dz + i * layer.z_row)
        weight = examples.weights[example] if examples.weighs == 1 else np.float32(1.0)
        targets, times = at(examples.targets, example * n), scale * weight
        value = regression_loss(z, d, n, layer.width, targets, loss, delta, times)
        losses[i] = float(weight) * value


@device
def set_losses(
    batch: Batch,
    examples: Examples,
    network: Network,
    eps: f32,
    scale: f32,
    values: F32,
    losses: F64,
) -> None:
    """Set the losses of a thread's examples, and the gradients of their scores times ``scale``.

    Both are multiplied by the weights of the examples and of their labels.
    """
    layer = record(network.layers, network.n_layers - 1)
    if network.loss >= SQUARED:
        set_regression_losses(batch, examples, network, scale, values, losses)
        return
    for i in range(batch.first, batch.last):
        example = batch.order[i]
        first, last = examples.label_offsets[example], examples.label_offsets[example + 1]
        labels, n_labels = at(examples.labels, first), last - first
        z = at(values, layer.z + i * layer.z_row)
        d = at(values, layer.dz + i * layer.z_row)
        n, width = layer.units, layer.width
        one = np.float32(1.0)
        if network.loss == PERCEPTRON:
            weighs, by = examples.weighs, examples.label_weights
            weight = examples.weights[example] if weighs == 1 else np.float32(1.0)
            times = scale * weight
            value = perceptron_loss(z, d, n, width, labels, n_labels, weighs, times, by)
            losses[i] = float(weight) * value
        elif examples.weighs == 1:
            weight, by = examples.weights[example], examples.label_weights
            times = scale * weight
            if network.loss == SOFTMAX:
                value = weighted_softmax_loss(z, d, n, width, labels, n_labels, eps, times, by)
            elif network.loss == BCE:
                value = bce_loss(z[0], d, width, labels, n_labels, eps, times, by[0], by[1])
            else:
                value = weighted_ova_loss(z, d, n, width, labels, n_labels, eps, times, by)
            losses[i] = float(weight) * value
        elif network.loss == SOFTMAX:
            losses[i] = softmax_loss(z, d, n, width, labels, n_labels, eps, scale)
        elif network.loss == BCE:
            losses[i] = bce_loss(z[0], d, width, labels, n_labels, eps, scale, one, one)
        else:
            losses[i] = ova_loss(z, d, n, width, labels, n_labels, eps, scale)
