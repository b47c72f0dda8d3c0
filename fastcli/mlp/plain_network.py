"""The loss of a network in NumPy and float64, from its tensors alone: no kernel takes part.

Slow, and written from the formulas, so that what the kernels compute can be compared with it.
Dropout and noise are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.regression import losses_of
from fastcli.kernels.base.losses import BCE, ONE_OF_ALL, SQUARED
from fastcli.mlp.options import NORMS
from fastcli.mlp.plain_activations import VALUES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.examples import Examples
    from fastcli.mlp.network import Layer, Network

EMBEDDING = "embedding rows"


class PlainNetwork:
    """The first ``n`` examples, and copies of the tensors in float64, which may be changed.

    ``tensors`` have the names of the model file, running statistics apart; ``rows`` are those of
    the embedding that the examples have, and ``tensors["embedding rows"]`` their numbers.
    """

    def __init__(
        self, network: Network, examples: Examples, embedding: NDArray[np.float32], n: int
    ) -> None:
        self.network, self.n = network, n
        self.tensors = {
            name: tensor.astype(np.float64)
            for name, tensor in network.tensors().items()
            if "running" not in name
        }
        if network.embeds:
            used, counts = examples.rows[: examples.offsets[n]], np.diff(examples.offsets[: n + 1])
            self.rows, places = np.unique(used, return_inverse=True)
            self._shares = np.zeros((n, len(self.rows)))
            lines = np.repeat(np.arange(n), counts)
            np.add.at(self._shares, (lines, places), 1 / np.maximum(counts, 1)[lines])
            self.tensors[EMBEDDING] = embedding[self.rows].astype(np.float64)
        else:
            stride = network.group.input_row
            self._dense = examples.dense.reshape(-1, stride)[:n, : network.n_in].astype(np.float64)
        self._targets = targets(examples, n, network)
        weights = examples.weights
        self._weights = np.ones(n) if weights is None else weights.lines[:n].astype(np.float64)
        n_labels = network.n_labels
        self._label_weights = np.ones(n_labels) if weights is None else weights.labels.astype(float)

    def loss(self) -> float:
        """Return the mean loss of the examples, with the penalty on outputs of hidden layers."""
        h = self._shares @ self.tensors[EMBEDDING] if self.network.embeds else self._dense
        total = 0.0
        for i, layer in enumerate(self.network.layers):
            h = self._layer(i, layer, h)
            if layer.activation is not None:
                total += self.network.args.activation_l1 * np.abs(h).sum()
        return float(total + (self._weights * self._losses(h)).sum()) / self.n

    def penalty(self, name: str, value: float) -> float:
        """Return what one number of a tensor adds to the loss by --l1 and --l2."""
        if not name.endswith(".weight") and name != EMBEDDING:
            return 0.0
        args = self.network.args
        return args.l1 * abs(value) + args.l2 / 2 * value * value

    def _layer(self, i: int, layer: Layer, h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what layer i gives for inputs h, float64[n, inputs]."""
        tensors = self.tensors
        weight = tensors[f"layers.{i}.weight"]
        z = (h @ weight.reshape(len(weight), -1)).reshape(len(h), *weight.shape[1:])
        z = z + tensors[f"layers.{i}.bias"]
        if layer.norm and not layer.norm_after:
            z = self._normalized(i, layer, z)
        a: NDArray[np.float64]
        if layer.activation is None:
            return z[:, 0]
        if layer.pieces > 1:
            a = z.max(axis=1)
        else:
            parameters = tensors[f"layers.{i}.shape"] if layer.n_shapes else ()
            a = VALUES[layer.activation.activation.name](z[:, 0], *parameters)
        if layer.norm and layer.norm_after:
            a = self._normalized(i, layer, a[:, None])[:, 0]
        return a

    def _normalized(self, i: int, layer: Layer, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return z, float64[n, pieces, units], normalised over examples or over units."""
        axes = (0,) if layer.norm == NORMS["batch"] else (1, 2)
        std = np.sqrt(z.var(axis=axes, keepdims=True) + self.network.args.norm_eps)
        normal: NDArray[np.float64] = (z - z.mean(axis=axes, keepdims=True)) / std
        tensors = self.tensors  # without what --norm-affine leaves out
        return normal * tensors.get(f"layers.{i}.gamma", 1) + tensors.get(f"layers.{i}.beta", 0)

    def _losses(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the losses of scores z, float64[n, labels], before lines are weighted."""
        if self.network.loss >= SQUARED:
            errors, delta = z - self._targets, self.network.args.huber_delta
            means: NDArray[np.float64] = losses_of(errors, self.network.loss, delta).mean(axis=1)
            return means
        yes = self._targets * self._label_weights
        if self.network.loss == BCE:  # the first of two labels has the score 0
            z = np.concatenate([np.zeros_like(z), z], axis=1)
        if self.network.loss in ONE_OF_ALL:
            losses = -yes * (z - np.logaddexp.reduce(z, axis=1, keepdims=True))
        else:
            losses = yes * np.logaddexp(0, -z) + (1 - self._targets) * np.logaddexp(0, z)
        found: NDArray[np.float64] = losses.sum(axis=1)
        return found


def targets(examples: Examples, n: int, network: Network) -> NDArray[np.float64]:
    """Return the targets of the first n examples with label smoothing: float64[n, labels].

    Softmax divides 1 - eps among the labels of a line, one that it has twice twice, and eps among
    the others; one-vs-all has 1 - eps and eps.  In regression they are the standardised numbers.
    """
    if examples.targets is not None:
        return examples.targets.reshape(-1, network.n_labels)[:n].astype(np.float64)
    smoothing, n_labels = network.args.label_smoothing, network.n_labels
    found = np.zeros((n, n_labels))
    for i in range(n):
        start, end = examples.label_offsets[i], examples.label_offsets[i + 1]
        labels = examples.labels[start:end]
        if network.loss not in ONE_OF_ALL:
            found[i] = smoothing
            found[i, labels] = 1 - smoothing
            continue
        others = np.setdiff1d(np.arange(n_labels), labels)
        eps = smoothing if len(others) else 0.0
        found[i, others] = eps / max(len(others), 1)
        np.add.at(found[i], labels, (1 - eps) / max(len(labels), 1))
    return found
