"""Integrated gradients of a network: how much each input has to do with a score.

Sundararajan, Taly and Yan (2017), Axiomatic Attribution for Deep Networks, equation 2: the gradient
of the score, averaged over the straight path from zero to the input, times the input.  These
products sum to the score less that of zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.losses import BCE
from fastcli.kernels.mlp.network import LAYER_NORM, NO_NORM
from fastcli.mlp.examples import of_dense
from fastcli.mlp.network import stride
from fastcli.mlp.scorer import Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.model import MlpModel

STEPS, MOST_PIECES = 64, 4096  # of the path, at first and at most
HALVINGS = 24  # of a piece
CLOSE = 0.002  # what the sum may be off by, as a share of the sizes that are added


@dataclass(frozen=True, kw_only=True)
class Path:
    """What the path from zero to an input tells about a combination of scores.

    ``gradient`` float64[inputs] is the mean gradient, ``start`` the value at zero, ``end`` that at
    the input.
    """

    gradient: NDArray[np.float64]
    start: float
    end: float


class Gradients:
    """Scores of inputs and their gradients, as inference has them: no dropout, running means."""

    def __init__(self, model: MlpModel) -> None:
        self._model = model
        self._network = model.network(is_dense=True)
        self._scorer = Scorer(self._network, np.zeros(1, np.float32))

    def scores(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores float64[n, labels] of inputs [n, inputs], before any softmax."""
        batch = self._network.batch
        parts = [self._forward(x[i : i + batch]) for i in range(0, len(x), batch)]
        return np.concatenate(parts)

    def along(self, x: NDArray[np.float64], weights: NDArray[np.float64]) -> Path:
        """Return what the path to ``x`` float64[inputs] tells of the scores times ``weights``.

        The path is cut into pieces, and the gradient taken in the middle of each.  Where that times
        the piece is not what the scores rise by, as at kinks and where a norm divides by little,
        pieces are halved, until it is on the whole; a step function has pieces where it never is.
        """
        edges = np.linspace(0.0, 1.0, STEPS + 1)
        starts, ends = edges[:-1], edges[1:]
        gradient = np.zeros(len(x))
        first, last = (self.scores(np.stack([0 * x, x])) @ weights).tolist()
        for _ in range(HALVINGS):
            sizes = ends - starts
            means = self._all_gradients((starts + ends)[:, None] / 2 * x, weights)
            rises = self.scores(np.concatenate([starts, ends])[:, None] * x) @ weights
            rises = rises[len(starts) :] - rises[: len(starts)]
            errors = np.abs(means @ x * sizes - rises)
            size = max(abs(last - first), float(np.abs(rises).sum()))
            is_rough = errors > CLOSE * size * np.maximum(sizes, 1 / MOST_PIECES)
            if errors[is_rough].sum() <= CLOSE * size / 4:
                is_rough[:] = False
            gradient += sizes[~is_rough] @ means[~is_rough]
            starts, ends = starts[is_rough], ends[is_rough]
            if len(starts) == 0 or len(starts) > MOST_PIECES:
                break
            middles = (starts + ends) / 2
            starts, ends = np.concatenate([starts, middles]), np.concatenate([middles, ends])
        if len(starts):  # what is left is taken as it is
            means = self._all_gradients((starts + ends)[:, None] / 2 * x, weights)
            gradient += (ends - starts) @ means
        return Path(gradient=gradient, start=first, end=last)

    def _all_gradients(
        self, x: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the gradients of any number of inputs."""
        batch = self._network.batch
        parts = [self.gradients(x[i : i + batch], weights) for i in range(0, len(x), batch)]
        return np.concatenate(parts)

    def gradients(
        self, x: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the gradients [n, inputs] of scores times weights [labels], at most a batch."""
        self._forward(x)
        network, n = self._network, len(x)
        top = len(network.layers) - 1
        if network.loss == BCE:  # the score of the first label is 0
            weights = weights[1:]
        d = np.repeat((weights[None, None, :]).astype(np.float64), n, axis=0)
        for i in range(top, -1, -1):
            if i < top:
                d = self._through_layer(i, n, d)
            d = np.einsum("npu,ipu->ni", d, network.weights(i).astype(np.float64))[:, None, :]
        return np.asarray(d[:, 0, :])

    def _forward(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        network, row = self._network, stride(self._network.n_in)
        no_labels = np.zeros(1, np.int32), np.zeros(1, np.int64)
        examples = of_dense(x.astype(np.float32), row, *no_labels)
        self._model.check_unchanged()
        self._scorer.score(examples, np.arange(len(x)), 0, len(x))
        return network.scores(len(x), self._scorer.values).astype(np.float64)

    def _through_layer(self, i: int, n: int, d: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gradient [n, pieces, units] of what layer i computes from its weights.

        ``d`` [n, 1, units] is that of what the layer gives.
        """
        layer = self._network.layers[i]
        if layer.norm != NO_NORM and layer.norm_after:
            d = self._through_norm(i, n, d)
        d = self._through_activation(i, n, d)
        if layer.norm != NO_NORM and not layer.norm_after:
            d = self._through_norm(i, n, d)
        return d

    def _rows(self, i: int, name: str, row: int, pieces: int, n: int) -> NDArray[np.float32]:
        """Return a view of what the last forward pass left in a layer: [n, pieces, units]."""
        record, layer = self._network.records[i], self._network.layers[i]
        place, width = int(getattr(record, name)), int(record.width)
        flat = self._scorer.values[place : place + n * row].reshape(n, row)
        return flat[:, : pieces * width].reshape(n, pieces, width)[:, :, : layer.units]

    def _through_activation(self, i: int, n: int, d: NDArray[np.float64]) -> NDArray[np.float64]:
        record, layer = self._network.records[i], self._network.layers[i]
        z = self._rows(i, "a_in", int(record.z_row), layer.pieces, n)
        if layer.pieces > 1:  # maxout: the first largest piece
            is_best = np.arange(layer.pieces)[None, :, None] == z.argmax(axis=1)[:, None, :]
            return np.asarray(d * is_best)
        assert layer.activation is not None
        if layer.activation.activation.couples:  # softmax: p (d - the sum of p d)
            wide = z.astype(np.float64)
            p = np.exp(wide - wide.max(axis=2, keepdims=True))
            p /= p.sum(axis=2, keepdims=True)
            return np.asarray(p * (d - (p * d).sum(axis=2, keepdims=True)))
        rows, n_learned = layer.activation.rows, int(record.n_learned)
        assert rows is not None
        parameters = self._network.params[int(record.activation) :]
        slopes = np.ones((n, layer.units), np.float32)
        z = np.ascontiguousarray(z[:, 0])
        for k in range(n):
            rows.backward(z[k], slopes[k], layer.units, parameters, int(record.out_row), n_learned)
        return np.asarray(d * slopes[:, None, :])

    def _through_norm(self, i: int, n: int, d: NDArray[np.float64]) -> NDArray[np.float64]:
        network = self._network
        record, layer = network.records[i], network.layers[i]
        e = d * network.vector(i, "gamma").astype(np.float64)
        if layer.norm != LAYER_NORM:  # batch norm with the running variance
            variance = network.statistics(i, "running_var").astype(np.float64)
            return np.asarray(e / np.sqrt(variance + float(record.eps)))
        after = layer.norm_after
        row, pieces = (record.out_row, 1) if after else (record.z_row, layer.pieces)
        z = self._rows(i, "a" if after else "z", int(row), pieces, n).astype(np.float64)
        place = int(record.inv_std)
        factor = self._scorer.values[place : place + n].astype(np.float64)[:, None, None]
        mean = e.mean(axis=(1, 2), keepdims=True)
        along = (e * z).mean(axis=(1, 2), keepdims=True)
        return np.asarray(factor * (e - mean - z * along))
