"""One row on its way through a network and back: z, a and delta of every layer, and the updates.

All numbers are those that training's own kernels leave.  What a norm overwrites, the z before it
and the a before it, is computed again from what went in.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.base.losses import ABSOLUTE, BCE, HUBER, OVA, PERCEPTRON, SOFTMAX, SQUARED
from fastcli.mlp.gradient_check import gradients_of
from fastcli.mlp.looking import check_no_batch_norm, trainer_to_look
from fastcli.mlp.plain_activations import VALUES
from fastcli.mlp.plain_network import EMBEDDING, targets
from fastcli.printable import counted, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.examples import Examples
    from fastcli.mlp.network import Network
    from fastcli.mlp.trainer import Trainer
    from fastcli.mlp.training_data import TrainingData


OUTPUTS = {  # what scores become by each loss: its name, the symbol, and the function
    SOFTMAX: ("softmax", "p", "softmax"),
    OVA: ("one-vs-all (sigmoid)", "p", "sigmoid"),
    BCE: ("one sigmoid for two labels", "p", "sigmoid"),
    PERCEPTRON: ("binary-step", "y", "binary-step"),
    SQUARED: ("squared error, standardised", "y", "identity"),
    ABSOLUTE: ("absolute error, standardised", "y", "identity"),
    HUBER: ("Huber loss, standardised", "y", "identity"),
}
MOST_UNITS = 12  # of a layer that are shown
MOST_UPDATES = 18  # of a tensor


@dataclass(frozen=True, kw_only=True)
class LayerTrace:
    """What a layer made of the row, of some of its units.

    ``values`` has, by their names, z, what a norm makes of it, a and so on, float[units]; the last
    is delta, the derivative of the loss by z.  Of many units those are there where the last is
    largest.
    """

    title: str
    units: list[str]
    values: dict[str, NDArray[np.floating]]
    n_left_out: int


@dataclass(frozen=True, kw_only=True)
class Update:
    """Numbers of a tensor before a step and after it; of many those with the largest gradients."""

    title: str
    names: list[str]
    before: NDArray[np.float32]
    gradient: NDArray[np.float32]
    after: NDArray[np.float32]
    n_left_out: int


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A row, the layers it went through, and the updates of one step on it."""

    row: int
    n_rows: int
    labels: list[str]
    widths: list[int]
    layers: list[LayerTrace]  # the input first
    loss: float
    rule: str
    changed: list[str]  # what is in the gradients besides those of the loss
    besides: list[str]  # what moves weights besides the rule, which has these gradients
    updates: list[Update]
    learned: str = "label"  # what ``labels`` are
    weights: list[str]  # sentences on what the row and its labels weigh


def trace(
    args: MlpArgs, data: TrainingData, row: int, former: FormerNetwork | None = None
) -> Trace:
    """Take one step on a row of the training data alone, the first being 1.

    Raises ArgumentError where there is no such row, or none can be alone.
    """
    check_no_batch_norm(args)
    n = data.examples.n
    if row < 1:
        raise ArgumentError(f"--trace {row}: the first row is 1.")
    if row > n:
        raise ArgumentError(f"--trace {row}: the training data have {n:,} rows.")
    data = replace(data, examples=_only(data, row - 1))
    trainer = trainer_to_look(args, data, former, 1)
    network, before = trainer.network, _tensors(trainer, data)
    rate = trainer.first_rate
    loss = float(trainer.step_on(np.zeros(1, np.int64), rate)[0])
    gradients = {name: np.array(of) for name, of in gradients_of(trainer).items()}
    if network.embeds:
        gradients[EMBEDDING] = _row_gradients(trainer, data, before[EMBEDDING])
    after = _tensors(trainer, data)
    names = _names(data, network)
    labels = [names[-1][label] for label in data.examples.labels[: data.examples.label_offsets[1]]]
    if data.targets is not None and data.examples.targets is not None:
        (labels,) = data.targets.texts(data.targets.restore(data.examples.targets.reshape(1, -1)))
    if network.loss == BCE:  # whose one unit is for the second label
        names[-1] = names[-1][1:]
    x = network.values[network.group.input :][: network.n_in].copy()
    return Trace(
        row=row,
        n_rows=n,
        labels=labels,
        widths=[network.n_in, *(layer.units for layer in network.layers)],
        layers=[
            _shown(_input_title(data), {"x": x}, names[0]),
            *(_layer(network, i, before, units, data) for i, units in enumerate(names[1:])),
        ],
        loss=loss,
        learned="label" if data.targets is None else "target",
        weights=list(_weights(data, labels)),
        rule=f"{args.optimizer}, learning rate {float(rate[0]):g}",
        changed=["penalties"] * bool(network.regularization.l1 or args.l2)
        + ["clipping"] * bool(args.clip_norm or args.clip_value),
        besides=list(_besides(args, network, float(rate[0]))),
        updates=[
            _update(name, gradients[name], before[name], after[name], data, network, names)
            for name in gradients
        ],
    )


def largest(values: NDArray[np.floating], most: int) -> NDArray[np.int64]:
    """Return the positions of the largest absolute values, in order; of equal ones the first."""
    return np.sort(np.argsort(-np.abs(values), kind="stable")[:most])


def _shown(title: str, values: dict[str, NDArray[np.floating]], units: list[str]) -> LayerTrace:
    some = largest(list(values.values())[-1], MOST_UNITS)
    return LayerTrace(
        title=title,
        units=[units[k] for k in some],
        values={name: of[some] for name, of in values.items()},
        n_left_out=len(units) - len(some),
    )


def _update(
    name: str,
    gradient: NDArray[np.float32],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    data: TrainingData,
    network: Network,
    names: list[list[str]],
) -> Update:
    some = largest(gradient.reshape(-1), MOST_UPDATES)
    places = zip(*np.unravel_index(some, gradient.shape), strict=True)
    return Update(
        title=_title_of(name, network),
        names=[_name_of(name, [int(k) for k in place], data, names) for place in places],
        before=before.reshape(-1)[some],
        gradient=gradient.reshape(-1)[some],
        after=after.reshape(-1)[some],
        n_left_out=gradient.size - len(some),
    )


def layer_title(network: Network, i: int) -> str:
    """Return how the layer with the tensors ``layers.<i>`` is called."""
    is_last = i == len(network.layers) - 1
    return "output layer" if is_last else f"hidden layer {i + 1}"


def _only(data: TrainingData, at: int) -> Examples:
    """Return the examples of one row."""
    one, row = data.examples, slice(at, at + 1)
    labels = slice(one.label_offsets[at], one.label_offsets[at + 1])
    weights = one.weights
    if data.columns is None:
        features = slice(one.offsets[at], one.offsets[at + 1])
        dense, rows = one.dense, one.rows[features]
        offsets = np.array([0, len(rows)])
    else:
        stride = len(one.dense) // one.n
        dense, rows, offsets = one.dense[at * stride : (at + 1) * stride], one.rows, one.offsets
    return replace(
        one,
        n=1,
        labels=one.labels[labels],
        label_offsets=np.array([0, labels.stop - labels.start]),
        dense=dense,
        rows=rows,
        offsets=offsets,
        targets=None if one.targets is None else one.targets.reshape(one.n, -1)[at],
        weights=None if weights is None else replace(weights, lines=weights.lines[row]),
    )


def _tensors(trainer: Trainer, data: TrainingData) -> dict[str, NDArray[np.float32]]:
    """Return copies of all that is trained, of the embedding the rows that the example has."""
    found = {name: np.array(tensor) for name, tensor in trainer.network.tensors().items()}
    if trainer.network.embeds:
        rows = trainer.rows[np.unique(data.examples.rows)]
        found[EMBEDDING] = np.array(rows[:, : trainer.network.n_in])
    return found


def _row_gradients(
    trainer: Trainer, data: TrainingData, before: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the gradients of the embedding rows of the example, as the kernels add them up."""
    network = trainer.network
    given = network.regularization
    d_input = network.values[network.group.d_input :][: network.n_in]
    rows = data.examples.rows
    uses = np.unique(rows, return_counts=True)[1]
    found = (uses[:, None] / max(len(rows), 1) * d_input).astype(np.float32)
    found += given.l1 * np.sign(before) + given.l2 * before
    return _within(found, given.clip_value) * _clip_factor(trainer)


def _within(gradients: NDArray[np.float32], limit: np.float32) -> NDArray[np.float32]:
    """Return gradients clipped by their values."""
    return np.clip(gradients, -limit, limit) if limit else gradients


def _clip_factor(trainer: Trainer) -> np.float32:
    """Return what --clip-norm has multiplied all gradients by.

    The gradients of the output's biases tell it, which are its delta before they are clipped.
    """
    network = trainer.network
    place, last = network.records[-1].dz, len(network.layers) - 1
    delta = network.values[place : place + network.layers[-1].units]
    plain = _within(delta, network.regularization.clip_value)
    k = int(np.abs(plain).argmax())
    clipped = network.vector(last, "bias", trainer.grads)[0]
    return np.float32(clipped[k] / plain[k]) if plain[k] else np.float32(1)


def _besides(args: MlpArgs, network: Network, rate: float) -> Iterator[str]:
    """Yield what moves weights beside the rule: ``kernels/mlp/updates.py``."""
    given = network.regularization
    if given.weight_decay:
        share = float(given.weight_decay) * (1 if given.decays_by_step else rate)
        yield f"weights decay by {share:.3g} of themselves (--weight-decay)"
    if given.l1_proximal:
        yield f"weights move {rate * args.l1:.3g} towards 0 (--l1-proximal)"
    if given.max_norm:
        kind = f"--max-norm-kind {args.max_norm_kind}"
        yield f"a unit's weights are kept within the norm {args.max_norm:g} ({kind})"


def _weights(data: TrainingData, labels: Sequence[str]) -> Iterator[str]:
    """Yield sentences on what the loss of the row is multiplied by, and so its delta."""
    weights = data.examples.weights
    if weights is None:
        return
    if weights.has_lines:
        yield (
            f"The row weighs {weights.lines[0]:.6g} (1 on average), by which its loss and every "
            "delta are multiplied."
        )
    if weights.has_labels:
        ids = data.examples.labels[: data.examples.label_offsets[1]]
        of = [f"{name} {weights.labels[k]:.6g}" for name, k in zip(labels, ids, strict=True)]
        if of:
            yield (
                f"Weight of its label (--class-weight), by which that label's part of the loss and "
                f"of delta is multiplied: {', '.join(of)}."
            )


def _layer(
    network: Network,
    i: int,
    before: dict[str, NDArray[np.float32]],
    units: list[str],
    data: TrainingData,
) -> LayerTrace:
    layer, record, values = network.layers[i], network.records[i], network.values

    def at(place: int, pieces: int) -> NDArray[np.float32]:
        width = int(record.width)
        found = values[place : place + pieces * width].reshape(pieces, width)
        return np.array(found[:, : layer.units])

    shown: dict[str, Any] = {}
    x = values[record.x : record.x + layer.n_in].astype(np.float64)
    z: NDArray[np.floating] = at(record.z, layer.pieces)
    if layer.norm and not layer.norm_after:
        weight = before[f"layers.{i}.weight"]
        z = np.tensordot(x, weight, 1) + before[f"layers.{i}.bias"]
    pieces = [f" {k + 1}" for k in range(layer.pieces)] if layer.pieces > 1 else [""]
    shown |= {f"z{piece}": of for piece, of in zip(pieces, z, strict=True)}
    if layer.norm and not layer.norm_after:
        taken = at(record.a_in, layer.pieces)
        shown |= {f"norm{piece}": of for piece, of in zip(pieces, taken, strict=True)}
    chosen = layer.activation
    title = f"{layer_title(network, i).capitalize()}, {counted(layer.units, 'unit')}"
    if chosen is None:
        name, symbol, function = OUTPUTS[network.group.loss]
        shown[symbol] = VALUES[function](z[0].astype(np.float64))
        shown["target"] = targets(data.examples, 1, network)[0, -layer.units :]
        title += f", {name}"
    else:
        title += f", {chosen}"
        if layer.norm and layer.norm_after:
            if layer.pieces > 1:
                a = z.max(axis=0)
            else:
                parameters = before[f"layers.{i}.shape"] if layer.n_shapes else ()
                a = VALUES[chosen.activation.name](z[0].astype(np.float64), *parameters)
            shown["a"], shown["norm"] = a, at(record.out, 1)[0]
        else:
            shown["a"] = at(record.a, 1)[0]
    shown |= {
        f"delta{piece}": of for piece, of in zip(pieces, at(record.dz, layer.pieces), strict=True)
    }
    return _shown(title, shown, units)


def _input_title(data: TrainingData) -> str:
    if data.columns is None:
        n = len(data.examples.rows)
        return f"Input layer, {data.n_in:,} units: the mean of {n:,} embedding rows"
    is_plain = (data.columns.scale == 1).all() and not data.columns.mean.any()
    return f"Input layer, {data.n_in:,} units{'' if is_plain else ', scaled as in training'}"


def _names(data: TrainingData, network: Network) -> list[list[str]]:
    """Return the names of the units of every layer, those of the input and the labels too."""
    numbers = [str(k + 1) for k in range(data.n_in)]
    if (columns := data.columns) is not None:
        if columns.kind == "libsvm":
            numbers = [str(k + columns.base) for k in range(data.n_in)]
        elif columns.is_plain:
            numbers = columns.input_names
    hidden = [[str(k + 1) for k in range(layer.units)] for layer in network.layers[:-1]]
    prefix = os.fsencode(network.args.label) if data.dictionary is not None else b""
    return [numbers, *hidden, [readable(name.removeprefix(prefix)) for name in data.names]]


def _title_of(name: str, network: Network) -> str:
    if name == EMBEDDING:
        return name
    _, i, kind = name.split(".")
    return f"{layer_title(network, int(i))}, {kind}"


def _name_of(name: str, place: Sequence[int], data: TrainingData, names: list[list[str]]) -> str:
    """Return the name of a number of a tensor: ``from -> to`` of weights, else its unit."""
    if name == EMBEDDING:
        row = int(np.unique(data.examples.rows)[place[0]])
        return f"{_row_name(data, row)}, {names[0][place[1]]}"
    _, number, kind = name.split(".")
    unit = names[int(number) + 1][place[-1]]
    if kind == "shape":
        return f"{unit}, parameter {place[0] + 1}"
    if kind == "weight":
        unit = f"{names[int(number)][place[0]]} -> {unit}"
    return f"{unit}, piece {place[-2] + 1}" if place[-2] else unit


def _row_name(data: TrainingData, row: int) -> str:
    dictionary = data.dictionary
    if dictionary is not None and row < dictionary.nwords:
        return readable(dictionary.entry(row))
    return f"n-gram row {row}"
