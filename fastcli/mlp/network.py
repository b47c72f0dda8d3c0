"""A network: its layers, where their parameters and values are in memory, and how it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.base.losses import BCE, OVA, PERCEPTRON, SOFTMAX
from fastcli.kernels.mlp import layers, updates
from fastcli.kernels.mlp import network as groups
from fastcli.memory import padded, zeros
from fastcli.mlp.activations import Chosen
from fastcli.mlp.args import BALLS, LOSSES, NORMS, SHAPES, MlpArgs
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
    norm_affine: str = "both"

    @property
    def pieces(self) -> int:
        """The linear functions of a unit."""
        return self.activation.pieces if self.activation else 1

    @property
    def n_shapes(self) -> int:
        """The parameters of a unit's activation: of rrelu their mean, of maxout none."""
        return len(self.activation.start) if self.activation else 0

    @property
    def learned_by_norm(self) -> list[str]:
        """What the norm learns: ``gamma``, the scale, and ``beta``, the shift."""
        names = {"both": ["gamma", "beta"], "none": []}.get(self.norm_affine, [self.norm_affine])
        return names if self.norm else []

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """What ``Network.tensors`` has of a layer, by the last part of its name."""
        units = (self.pieces, self.units)
        found = {"weight": (self.n_in, *units), "bias": units}
        normed = (1, self.units) if self.norm_after else units
        found |= dict.fromkeys(self.learned_by_norm, normed)
        if self.norm == NORMS["batch"]:
            found |= {"running_mean": normed, "running_var": normed}
        if self.n_shapes:
            found["shape"] = (self.n_shapes, self.units)
        return found


def outputs_of(loss: int, n_labels: int) -> int:
    """Return the units of the output layer: one for each label, but one for both labels of BCE."""
    return 1 if loss == BCE else n_labels


def layers_of(args: MlpArgs, n_in: int, n_outputs: int) -> list[Layer]:
    """Return the layers of a network, the output layer last."""
    norm, after = NORMS[args.norm], args.norm_position == "after"
    found, below = [], n_in
    for width, activation, dropout in zip(
        args.widths, args.activations, args.dropouts, strict=True
    ):
        found.append(Layer(below, width, activation, norm, after, dropout, args.norm_affine))
        below = width
    return [*found, Layer(below, n_outputs, None, 0, False, 0.0)]


class Network:
    """The layers of a network as kernels take them: records, and one array per purpose.

    ``params`` float32[n]: weights W (inputs x outputs), biases, gamma and beta of norms,
    parameters of activations.  ``running``: means and variances of batch norms.  ``values``: what
    a batch of up to ``batch`` examples needs on its way.  ``records``, ``group`` and
    ``regularization`` are those of ``kernels/mlp/network.py``.
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
        """Lay out a network with ``n_in`` inputs, dense or (``embeds``) a mean of embeddings.

        ``loss`` is its code; of regression labels are targets.
        """
        self.args, self.n_in, self.n_labels, self.batch = args, n_in, n_labels, batch
        self.embeds, self.loss = embeds, loss
        self.layers = layers_of(args, n_in, outputs_of(loss, n_labels))
        self.slots = slots(args.rule, args.hyperparameters())
        self.input_width = padded(n_in)
        self.row_floats = self.input_width * (1 + self.slots)
        n = len(self.layers)
        self.records = groups.Layer.table(n)
        self._n_params = self._n_running = self._n_values = 0
        row = in_row = stride(n_in)
        x, mask = self._value(batch * row), self._value(batch * row)
        d_input = self._value(batch * row)
        scratch = self._value(n_threads * (2 * row + 64))
        out, d = x, d_input if embeds else -1
        for i in range(n):
            out, d, in_row = self._place(i, out, d, in_row, last=i == n - 1)
        self.group = groups.Network(
            layers=self.records,
            n_layers=n,
            loss=PERCEPTRON if args.is_perceptron else loss,
            huber_delta=np.float32(args.huber_delta),
            seed=args.seed,
            chunk=groups.EXAMPLES if NORMS[args.norm] else 2,
            dim=n_in if embeds else 0,
            input_row=row,
            input_width=self.input_width,
            input=x,
            input_mask=mask,
            d_input=d_input,
            scratch=scratch,
            forward_address=address_of(layers.forward),
            backward_address=0,  # until training is prepared
            learn_address=0,
        )
        self.regularization = groups.Regularization(
            label_smoothing=np.float32(args.label_smoothing),
            input_dropout=np.float32(args.input_dropout),
            input_noise=np.float32(args.input_noise),
            noise_shape=SHAPES[args.noise_shape],
            activation_l1=np.float32(args.activation_l1),
            l1=np.float32(0 if args.l1_proximal else args.l1),
            l2=np.float32(args.l2),
            l1_proximal=np.float32(args.l1 if args.l1_proximal else 0),
            weight_decay=np.float32(args.weight_decay),
            decays_by_step=int(args.decay_by == "step"),
            clip_value=np.float32(args.clip_value),
            clip_norm=np.float32(args.clip_norm),
            max_norm=np.float32(args.max_norm),
            max_norm_kind=BALLS[args.max_norm_kind],
        )
        self.params = zeros(self._n_params)
        self.running = np.zeros(max(self._n_running, 1), np.float32)
        self.values = zeros(self._n_values)
        for i in range(n):
            self.vector(i, "gamma")[:] = 1.0  # which it stays where it is not learned

    @property
    def arrays(self) -> groups.Arrays:
        """The memory of the network as kernels take it."""
        return groups.Arrays(self.params, self.running, self.values)

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
        layer, at, batch = self.layers[i], self.records[i], self.batch
        at.n_in, at.in_width, at.in_row = layer.n_in, padded(layer.n_in), in_row
        at.units, at.width, at.pieces = layer.units, padded(layer.units), layer.pieces
        at.z_width = at.width * layer.pieces
        at.z_row, at.out_row = stride(at.z_width), stride(layer.units)
        z_row, out_row = int(at.z_row), int(at.out_row)
        at.norm, at.norm_after = layer.norm, int(layer.norm_after)
        at.learns_gamma = int("gamma" in layer.learned_by_norm)
        at.learns_beta = int("beta" in layer.learned_by_norm)
        at.full_batch = min(self.args.batch_size, batch - 1)
        at.weights, at.bias = self._param(layer.n_in * z_row), self._param(z_row)
        at.gamma, at.beta = self._param(z_row), self._param(z_row)
        at.running_mean, at.running_var = self._running(z_row), self._running(z_row)
        at.x, at.d_below = x, d
        at.z = at.a_in = self._value(batch * z_row)
        rows = 3 if self.args.max_norm_kind == "l1" else 2  # a projection sums in there, too
        at.means = at.inv_std = self._value(max(rows * z_row, batch))
        if layer.norm == NORMS["batch"]:
            at.inv_std += z_row
        if layer.norm:
            at.sums = self._value(-(-batch // groups.EXAMPLES) * 2 * z_row)
        at.transposed = self._value(int(at.z_width) * in_row) if d >= 0 else 0
        if last:
            at.dz = at.d = self._value(batch * z_row)
            return 0, 0, 0
        assert layer.activation is not None
        activation = layer.activation.activation
        at.forward_address = layer.activation.forward
        if layer.norm:
            at.norm_forward_address = address_of(layers.norm_forward)
        at.is_random = int(activation.name == "rrelu")
        at.n_learned = layer.n_shapes if activation.learned else 0
        at.n_active = at.units if activation.couples else at.width
        n_shapes = max(layer.n_shapes, len(activation.parameters), 1)
        at.activation = self._param(n_shapes * out_row)
        if layer.norm and not layer.norm_after:
            at.a_in = self._value(batch * z_row)
        at.a = at.out = self._value(batch * out_row)
        if layer.norm and layer.norm_after:
            at.out = self._value(batch * out_row)
        at.mask = self._value(batch * out_row)
        at.slopes = self._value(batch * out_row)
        at.d = at.dz = self._value(batch * out_row)
        if layer.pieces > 1 or activation.learned:
            at.dz = self._value(batch * z_row)
        at.dropout, at.eps = layer.dropout, self.args.norm_eps
        at.momentum = self.args.norm_momentum
        if activation.name == "rrelu":
            at.low, at.high = layer.activation.values
        return int(at.out), int(at.d), out_row

    def prepare_training(self) -> None:
        """Load the kernels that only training needs, and note where they are."""
        self.group = self.group._replace(
            backward_address=address_of(layers.backward), learn_address=address_of(updates.learn)
        )
        for i, layer in enumerate(self.layers):
            at = self.records[i]
            if layer.activation is not None:
                at.backward_address = layer.activation.backward
                at.learned_address = layer.activation.gradient
            if layer.norm:
                at.norm_backward_address = address_of(layers.norm_backward)

    def start(self, seed: int) -> None:
        """Set the parameters that training starts from."""
        rng = np.random.default_rng([seed & 0xFFFFFFFF, 1])
        for i, (layer, init) in enumerate(zip(self.layers, self.args.inits, strict=True)):
            weights = self.weights(i)
            for piece in range(layer.pieces):
                weights[:, piece] = init.draw(rng, layer.n_in, layer.units, self.args.init_std)
            self.vector(i, "bias")[:] = self.args.bias
            self.statistics(i, "running_var")[:] = 1.0
            if layer.activation is not None:
                shapes = self.shapes(i)
                for j, value in enumerate(layer.activation.start):
                    shapes[j] = value

    def start_at_prior(self, counts: NDArray[np.int64], n: int) -> None:
        """Set the output's biases so that labels start at their share of n examples.

        ``counts`` int64[labels] are how many have each.  A label of none of them, or of all, counts
        as one of half an example.
        """
        counts = np.clip(counts, 0.5, max(n - 0.5, 0.5))
        biases = np.log(counts / (counts.sum() if self.loss == SOFTMAX else n - counts))
        if self.loss == BCE:  # whose unit is for the second label
            biases = biases[1:]
        self.vector(len(self.layers) - 1, "bias")[:] = biases

    def weights(self, i: int, of: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return a view of a layer's weights, without padding: float32[inputs, pieces, units].

        ``of`` is another array laid out as the parameters are, such as their gradients.
        """
        record, layer = self.records[i], self.layers[i]
        at, row, width = record.weights, record.z_row, record.width
        flat = (self.params if of is None else of)[at : at + layer.n_in * row]
        pieces = flat.reshape(layer.n_in, row)[:, : width * layer.pieces]
        return pieces.reshape(layer.n_in, layer.pieces, width)[:, :, : layer.units]

    def vector(
        self, i: int, name: str, of: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return a view of a layer's ``bias``, ``gamma`` or ``beta``: float32[pieces, units]."""
        record, layer = self.records[i], self.layers[i]
        after = name != "bias" and layer.norm_after
        pieces, width = 1 if after else layer.pieces, record.width
        at: int = getattr(record, name)
        flat = (self.params if of is None else of)[at : at + pieces * width]
        return flat.reshape(pieces, width)[:, : layer.units]

    def statistics(self, i: int, name: str) -> NDArray[np.float32]:
        """Return a batch norm's ``running_mean`` or ``running_var``: float32[pieces, units]."""
        return self.vector(i, name, self.running)

    def shapes(self, i: int, of: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return a view of the activation's parameters: float32[parameters, units]."""
        record, layer = self.records[i], self.layers[i]
        n, at, row = layer.n_shapes, record.activation, record.out_row
        flat = (self.params if of is None else of)[at : at + n * row]
        return flat.reshape(n, row)[:, : layer.units]

    def scores(self, n: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of n examples among ``values``: float32[n, labels].

        The first label of BCE has the score 0: both are as those of softmax with two units.
        """
        record = self.records[-1]
        at, row = record.z, record.z_row
        found = values[at : at + n * row].reshape(n, row)[:, : self.layers[-1].units]
        if self.loss == BCE:
            return np.concatenate([np.zeros_like(found), found], axis=1)
        return found

    def outputs(self, i: int, n: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a view of what hidden layer i gave for n examples: float32[n, units]."""
        record = self.records[i]
        at, row = record.a, record.out_row
        return values[at : at + n * row].reshape(n, row)[:, : self.layers[i].units]

    @cached_property
    def _steps(self) -> list[tuple[int, int, int, int]]:
        """Where all that an example becomes is: place, floats a row, pieces and units, each once.

        These are the inputs, the linear functions of every layer, their norms, and the outputs.
        """
        group = self.group
        found = {(group.input, group.input_row, 1, self.n_in): None}
        for i, layer in enumerate(self.layers):
            record = self.records[i]
            for place in (record.z, record.a_in):
                found[int(place), int(record.z_row), layer.pieces, layer.units] = None
            for place in (record.a, record.out) if layer.activation else ():
                found[int(place), int(record.out_row), 1, layer.units] = None
        return list(found)

    def first_not_finite(
        self, n: int, values: NDArray[np.float32], has_input: NDArray[np.bool_]
    ) -> int:
        """Return the first of n examples with NaN or infinity in its values, or -1.

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
        """Return views of all tensors that are trained or needed for inference, by name."""
        found = {}
        for i, layer in enumerate(self.layers):
            found[f"layers.{i}.weight"] = self.weights(i)
            found[f"layers.{i}.bias"] = self.vector(i, "bias")
            for name in layer.learned_by_norm:
                found[f"layers.{i}.{name}"] = self.vector(i, name)
            if layer.norm == NORMS["batch"]:
                found[f"layers.{i}.running_mean"] = self.statistics(i, "running_mean")
                found[f"layers.{i}.running_var"] = self.statistics(i, "running_var")
            if layer.n_shapes:
                found[f"layers.{i}.shape"] = self.shapes(i)
        return found

    @property
    def n_weights(self) -> int:
        """The number of trained parameters, without embeddings and padding.

        Fixed parameters (the slope of leaky-relu) and running statistics do not count.
        """
        fixed = {
            f"layers.{i}.shape"
            for i, layer in enumerate(self.layers)
            if layer.activation is not None and not layer.activation.activation.learned
        }
        tensors = self.tensors().items()
        return sum(a.size for name, a in tensors if name not in fixed and "running" not in name)


def loss_code(name: str, several_labels: bool) -> int:
    """Return the loss of a name; ``auto`` is one-vs-all where lines have several labels."""
    return LOSSES[name] or (OVA if several_labels else SOFTMAX)


def loss_name(loss: int) -> str:
    """Return the shortest name of a loss."""
    return min((name for name, code in LOSSES.items() if code == loss), key=len)


def check_labels(loss: int, n_labels: int) -> None:
    """Raise ArgumentError where a loss is not for that many labels."""
    if loss != BCE or n_labels == 2:
        return
    if n_labels < 2:
        raise ArgumentError("-loss bce tells two labels apart, and the input has only one.")
    raise ArgumentError(
        f"-loss bce has one output unit, which tells two labels apart, and the input has "
        f"{n_labels:,}: use -loss softmax (one label a line) or -loss ova (each label by itself)."
    )
