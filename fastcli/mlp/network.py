"""A network: its layers, where their parameters and values are in memory, and how it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.mlp import layers
from fastcli.kernels.mlp import network as places
from fastcli.kernels.mlp import updates as learning
from fastcli.memory import padded, zeros
from fastcli.mlp.activations import Chosen
from fastcli.mlp.args import LOSSES, NORMS, SHAPES, MlpArgs
from fastcli.mlp.initializers import INITIALIZERS
from fastcli.optimizers import slots

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stride(width: int) -> int:
    """Return the floats from one row to the next: an odd number of cache lines.

    With an even number, rows of a column would fall into few sets of the first cache.
    """
    lines = padded(width) // 16
    return 16 * (lines | 1)


@dataclass(frozen=True)
class Layer:
    """One layer: ``units`` outputs, each from ``pieces`` linear functions of the inputs."""

    n_in: int
    units: int
    activation: Chosen | None  # None: the output layer
    norm: int
    norm_after: bool
    dropout: float

    @property
    def pieces(self) -> int:
        """The linear functions of a unit."""
        return self.activation.pieces if self.activation else 1

    @property
    def n_shapes(self) -> int:
        """The parameters of a unit's activation: of rrelu their mean, of maxout none."""
        return self.activation.activation.n_unit_parameters if self.activation else 0

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """What ``Network.tensors`` has of a layer, by the last part of its name."""
        units = (self.pieces, self.units)
        found = {"weight": (self.n_in, *units), "bias": units}
        normed = (1, self.units) if self.norm_after else units
        if self.norm:
            found |= {"gamma": normed, "beta": normed}
        if self.norm == NORMS["batch"]:
            found |= {"running_mean": normed, "running_var": normed}
        if self.n_shapes:
            found["shape"] = (self.n_shapes, self.units)
        return found


def layers_of(args: MlpArgs, n_in: int, n_labels: int) -> list[Layer]:
    """Return the layers of a network, the output layer last."""
    norm, after = NORMS[args.norm], args.norm_position == "after"
    found, below = [], n_in
    for width, activation, dropout in zip(
        args.widths, args.activations, args.dropouts, strict=True
    ):
        found.append(Layer(below, width, activation, norm, after, dropout))
        below = width
    return [*found, Layer(below, n_labels, None, 0, False, 0.0)]


class Network:
    """The layers of a perceptron as the kernels want them: tables, and one array a purpose.

    ``params`` float32[n]: weights W (inputs x outputs), biases, gamma and beta of norms, shapes
    of activations.  ``running``: means and variances of batch norms.  ``values``: what a batch
    of up to ``batch`` examples needs on its way.  Names of places are those of ``kernels.network``.
    """

    def __init__(
        self,
        args: MlpArgs,
        n_in: int,
        n_labels: int,
        embeds: bool,
        loss: int,
        batch: int,
        n_threads: int,
    ) -> None:
        """Lay out a network with ``n_in`` inputs, numbers or (``embeds``) a mean of embeddings."""
        self.args, self.n_in, self.n_labels, self.batch = args, n_in, n_labels, batch
        self.embeds = embeds
        self.layers = layers_of(args, n_in, n_labels)
        norm = NORMS[args.norm]
        n = len(self.layers)
        self.table = np.zeros((n, places.FIELDS), np.int64)
        self.floats = np.zeros((n, places.FLOATS), np.float32)
        self._n_params = self._n_running = self._n_values = 0
        row, wide = stride(n_in), padded(n_in)
        self.slots = slots(args.rule, args.hyperparameters())
        c = np.zeros(places.C_SIZE, np.int64)
        c[places.INPUT], c[places.INPUT_MASK] = self._value(batch * row), self._value(batch * row)
        c[places.D_INPUT] = self._value(batch * row)
        c[places.SCRATCH] = self._value(n_threads * (2 * row + 64))
        x, d = int(c[places.INPUT]), int(c[places.D_INPUT]) if embeds else -1
        for i in range(n):
            x, d, row = self._place(i, x, d, row, last=i == n - 1)
        c[places.N_LAYERS], c[places.LOSS] = n, loss
        c[places.FORWARD_PASS] = address_of(layers.forward)
        c[places.SLOTS], c[places.N_PARAMS] = self.slots, self._n_params
        c[places.INPUT_ROW], c[places.INPUT_WIDE] = stride(n_in), wide
        c[places.DIM] = n_in if embeds else 0
        c[places.RECORD] = wide * (1 + self.slots)
        c[places.SEED] = args.seed
        c[places.GROUP] = places.TOGETHER if norm else 2
        c[places.NOISE_SHAPE] = SHAPES[args.noise_shape]
        r = np.zeros(places.R_SIZE, np.float32)
        for place, name in (
            (places.SMOOTHING, "label_smoothing"),
            (places.INPUT_DROP, "input_dropout"),
            (places.INPUT_NOISE, "input_noise"),
            (places.L1, "l1"),
            (places.L2, "l2"),
            (places.WEIGHT_DECAY, "weight_decay"),
            (places.CLIP_VALUE, "clip_value"),
            (places.CLIP_NORM, "clip_norm"),
            (places.MAX_NORM, "max_norm"),
            (places.ACTIVATION_L1, "activation_l1"),
        ):
            r[place] = getattr(args, name)
        self.integers, self.numbers = c, r
        self.params = zeros(self._n_params)
        self.running = np.zeros(max(self._n_running, 1), np.float32)
        self.values = zeros(self._n_values)

    def _param(self, n: int) -> int:
        self._n_params += n
        return self._n_params - n

    def _running(self, n: int) -> int:
        self._n_running += n
        return self._n_running - n

    def _value(self, n: int) -> int:
        self._n_values += n
        return self._n_values - n

    def _place(self, i: int, x: int, d: int, in_row: int, last: bool) -> tuple[int, int, int]:
        """Give layer i its places; return where its outputs and their gradients are, and rows."""
        layer, t, batch = self.layers[i], self.table[i], self.batch
        k = places
        wide = padded(layer.units)
        z_wide = wide * layer.pieces
        z_row, h_row = stride(z_wide), stride(layer.units)
        t[k.N_IN], t[k.IN_WIDE], t[k.IN_ROW] = layer.n_in, padded(layer.n_in), in_row
        t[k.UNITS], t[k.WIDE], t[k.PIECES] = layer.units, wide, layer.pieces
        t[k.Z_WIDE], t[k.Z_ROW], t[k.H_ROW] = z_wide, z_row, h_row
        t[k.NORM], t[k.NORM_AFTER] = layer.norm, int(layer.norm_after)
        t[k.W], t[k.B] = self._param(layer.n_in * z_row), self._param(z_row)
        t[k.GAMMA], t[k.BETA] = self._param(z_row), self._param(z_row)
        t[k.MEAN], t[k.VAR] = self._running(z_row), self._running(z_row)
        t[k.X], t[k.D_BELOW] = x, d
        t[k.Z] = t[k.A_IN] = self._value(batch * z_row)
        t[k.STATS] = self._value(max(2 * z_row, batch))
        if layer.norm:
            t[k.SUMS] = self._value(-(-batch // k.TOGETHER) * 2 * z_row)
        t[k.WT] = self._value(z_wide * in_row) if d >= 0 else 0
        if last:
            t[k.DZ] = t[k.D] = self._value(batch * z_row)
            return 0, 0, 0
        assert layer.activation is not None
        activation = layer.activation.activation
        t[k.FORWARD] = layer.activation.forward
        if layer.norm:
            t[k.NORM_FORWARD] = address_of(layers.norm_forward)
        t[k.RANDOM] = int(activation.name == "rrelu")
        t[k.N_SHAPE] = len(activation.parameters) if activation.learned else 0
        t[k.SHAPE] = self._param(max(len(activation.parameters), 1) * h_row)
        if layer.norm and not layer.norm_after:
            t[k.A_IN] = self._value(batch * z_row)
        t[k.A] = t[k.H] = self._value(batch * h_row)
        if layer.norm and layer.norm_after:
            t[k.H] = self._value(batch * h_row)
        t[k.MASK] = self._value(batch * h_row)
        t[k.SLOPES] = self._value(batch * h_row)
        t[k.D] = t[k.DZ] = self._value(batch * h_row)
        if layer.pieces > 1 or activation.learned:
            t[k.DZ] = self._value(batch * z_row)
        f = self.floats[i]
        f[k.DROP], f[k.EPS], f[k.MOMENTUM] = (
            layer.dropout,
            self.args.norm_eps,
            self.args.norm_momentum,
        )
        if activation.name == "rrelu":
            f[k.LOW], f[k.HIGH] = layer.activation.values
        return int(t[k.H]), int(t[k.D]), h_row

    def prepare_training(self) -> None:
        """Load the kernels that only training needs, and note where they are."""
        k, c = places, self.integers
        c[k.BACKWARD_PASS], c[k.LEARN] = address_of(layers.backward), address_of(learning.learn)
        c[k.RULE] = address_of(self.args.rule.rule)
        for t, layer in zip(self.table, self.layers, strict=True):
            if layer.activation is not None:
                t[k.BACKWARD] = layer.activation.backward
                t[k.LEARNED] = layer.activation.gradient
            if layer.norm:
                t[k.NORM_BACKWARD] = address_of(layers.norm_backward)

    def start(self, seed: int) -> None:
        """Set the parameters that training starts from."""
        rng = np.random.default_rng([seed & 0xFFFFFFFF, 1])
        for i, layer in enumerate(self.layers):
            initialize = INITIALIZERS[self.args.init_of(layer.activation)]
            weights = self.weights(i)
            for piece in range(layer.pieces):
                weights[:, piece] = initialize(rng, layer.n_in, layer.units, self.args.init_std)
            self.vector(i, places.B)[:] = self.args.bias
            self.vector(i, places.GAMMA)[:] = 1.0
            self.statistics(i, places.VAR)[:] = 1.0
            if layer.activation is not None:
                values = layer.activation.values
                if layer.activation.activation.name == "rrelu":
                    values = (sum(values) / 2,)
                shapes = self.shapes(i)
                for j, value in enumerate(values[: len(shapes)]):
                    shapes[j] = value

    def weights(self, i: int, of: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return a view of a layer's weights, without padding: float32[inputs, pieces, units].

        ``of`` is another array laid out as the parameters are, such as their gradients.
        """
        t, layer = self.table[i], self.layers[i]
        at, row = int(t[places.W]), int(t[places.Z_ROW])
        flat = (self.params if of is None else of)[at : at + layer.n_in * row]
        wide = int(t[places.WIDE])
        pieces = flat.reshape(layer.n_in, row)[:, : wide * layer.pieces]
        return pieces.reshape(layer.n_in, layer.pieces, wide)[:, :, : layer.units]

    def vector(
        self, i: int, place: int, of: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return a view of a layer's biases, gamma or beta: float32[pieces, units]."""
        t, layer = self.table[i], self.layers[i]
        after = place != places.B and layer.norm_after
        pieces, wide = 1 if after else layer.pieces, int(t[places.WIDE])
        at = int(t[place])
        flat = (self.params if of is None else of)[at : at + pieces * wide]
        return flat.reshape(pieces, wide)[:, : layer.units]

    def statistics(self, i: int, place: int) -> NDArray[np.float32]:
        """Return a view of a batch norm's running means or variances: float32[pieces, units]."""
        return self.vector(i, place, self.running)

    def shapes(self, i: int, of: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return a view of the activation's parameters: float32[parameters, units]."""
        t, layer = self.table[i], self.layers[i]
        n = layer.n_shapes
        at, row = int(t[places.SHAPE]), int(t[places.H_ROW])
        flat = (self.params if of is None else of)[at : at + n * row]
        return flat.reshape(n, row)[:, : layer.units]

    def scores(self, n: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a view of the scores of n examples among ``values``: float32[n, labels]."""
        t = self.table[-1]
        at, row = int(t[places.Z]), int(t[places.Z_ROW])
        return values[at : at + n * row].reshape(n, row)[:, : self.n_labels]

    def outputs(self, i: int, n: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a view of what hidden layer i gave for n examples: float32[n, units]."""
        t = self.table[i]
        at, row = int(t[places.A]), int(t[places.H_ROW])
        return values[at : at + n * row].reshape(n, row)[:, : self.layers[i].units]

    @cached_property
    def _steps(self) -> list[tuple[int, int, int, int]]:
        """Where all that an example becomes is: place, floats a row, pieces and units, each once.

        These are the inputs, the linear functions of every layer, their norms, and the outputs.
        """
        k, c = places, self.integers
        found = {(int(c[k.INPUT]), int(c[k.INPUT_ROW]), 1, self.n_in): None}
        for t, layer in zip(self.table, self.layers, strict=True):
            for place in (k.Z, k.A_IN):
                found[int(t[place]), int(t[k.Z_ROW]), layer.pieces, layer.units] = None
            for place in (k.A, k.H) if layer.activation else ():
                found[int(t[place]), int(t[k.H_ROW]), 1, layer.units] = None
        return list(found)

    def first_not_finite(
        self, n: int, values: NDArray[np.float32], has_input: NDArray[np.bool_]
    ) -> int:
        """Return the first of n examples that NaN or infinity came up in, or -1.

        ``has_input`` bool[n]: the others do not count.
        """
        # A sum is finite if all numbers are; where it is not, padding may be the reason.
        with np.errstate(over="ignore", invalid="ignore"):
            if all(math.isfinite(values[at : at + n * row].sum()) for at, row, *_ in self._steps):
                return -1
        bad = np.zeros(n, bool)
        for at, row, pieces, units in self._steps:
            rows = values[at : at + n * row].reshape(n, row)[:, : pieces * padded(units)]
            parts = rows.reshape(n, pieces, padded(units))[:, :, :units]
            bad |= ~np.isfinite(parts).all(axis=(1, 2))
        bad &= has_input
        return int(bad.argmax()) if bad.any() else -1

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return views of all that training moves and inference needs, by name."""
        found = {}
        for i, layer in enumerate(self.layers):
            found[f"layers.{i}.weight"] = self.weights(i)
            found[f"layers.{i}.bias"] = self.vector(i, places.B)
            if layer.norm:
                found[f"layers.{i}.gamma"] = self.vector(i, places.GAMMA)
                found[f"layers.{i}.beta"] = self.vector(i, places.BETA)
            if layer.norm == NORMS["batch"]:
                found[f"layers.{i}.running_mean"] = self.statistics(i, places.MEAN)
                found[f"layers.{i}.running_var"] = self.statistics(i, places.VAR)
            if layer.n_shapes:
                found[f"layers.{i}.shape"] = self.shapes(i)
        return found

    @property
    def n_weights(self) -> int:
        """The number of parameters that training moves, embeddings and padding apart.

        What an activation is given (the slope of leaky-relu) and running statistics are none.
        """
        fixed = {
            f"layers.{i}.shape"
            for i, layer in enumerate(self.layers)
            if layer.activation is not None and not layer.activation.activation.learned
        }
        tensors = self.tensors().items()
        return sum(a.size for name, a in tensors if name not in fixed and "running" not in name)


def loss_code(name: str, several_labels: bool) -> int:
    """Return the code of a loss; ``auto`` is one-vs-all where lines have several labels."""
    code = LOSSES[name]
    return int(several_labels) if code < 0 else code
