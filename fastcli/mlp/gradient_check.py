"""Backpropagation compared with central differences of the loss.

The kernels compute in float32, where differences of a loss have two or three right digits.  So the
loss is computed once more, in float64 and from the formulas (``plain_network.py``): its
differences are right to about nine digits, and what is left is the error of backpropagation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastcli.errors import DataError, FastcliError
from fastcli.mlp.looking import trainer_to_look
from fastcli.mlp.plain_network import EMBEDDING, PlainNetwork
from fastcli.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.network import Network
    from fastcli.mlp.trainer import Trainer
    from fastcli.mlp.training_data import TrainingData

ROWS = 16  # of the data
MOST = 100  # numbers of a tensor that are checked
STEP = 1e-6  # of a difference, times the size of the number if that is above 1
TOLERANCE = 1e-3  # float32 leaves some 1e-6; a wrong formula is wrong in the first digits
LOOSEST = 0.1  # tolerance that still says something
DIGITS = 2.0**-24  # of float32, relative
ROUNDING = 2.0**-50  # what four roundings in float64 leave of a number, relative
RESIDUE = 1e-4  # of the floor of a tensor: what float32 itself leaves of a sum that is 0
BIG_STEP = 2.0**20  # a learning rate by which an update tells its gradient to all digits


class Worst(NamedTuple):
    """The number of a tensor where both derivatives differ most."""

    place: tuple[int, ...]
    error: float
    backpropagation: float
    difference: float


@dataclass(frozen=True, kw_only=True)
class TensorCheck:
    """What was found of a tensor.

    ``n_kinks`` numbers are at a corner of the loss; ``n_small`` have vanished: differences of the
    loss are too coarse for them.
    """

    name: str
    size: int
    n_checked: int
    n_kinks: int
    n_small: int
    worst: Worst


@dataclass(frozen=True, kw_only=True)
class GradientCheck:
    """What was found of a network on its first rows."""

    n_rows: int
    tolerance: float
    smallest: float  # gradient that differences of the loss can tell
    tensors: list[TensorCheck]

    @property
    def is_imprecise(self) -> bool:
        """Whether gradients are so small that float32 leaves them fewer digits than usual."""
        return self.tolerance > TOLERANCE

    @property
    def worst(self) -> TensorCheck:
        """The tensor with the largest error."""
        return max(self.tensors, key=lambda tensor: tensor.worst.error)

    def check(self) -> None:
        """Raise FastcliError, which names the tensor, where the gradients differ."""
        found = self.worst
        error = found.worst.error
        if error <= self.tolerance:
            return
        at = ", ".join(map(str, found.worst.place))
        raise FastcliError(
            f"The gradient of {found.name}[{at}] is wrong: backpropagation has "
            f"{found.worst.backpropagation:.6g}, central differences {found.worst.difference:.6g}."
        )


def check_gradients(
    args: MlpArgs, data: TrainingData, former: FormerNetwork | None = None
) -> GradientCheck:
    """Compare the gradients of the first rows of some data, in the network that training begins.

    Raises DataError where there are too few rows, and FastcliError for a loss that is not finite.
    """
    n = min(ROWS, data.examples.n)
    if n < 2 and args.norm == "batch":
        raise DataError("--norm batch needs two rows or more for --check-gradients.")
    trainer = trainer_to_look(plain_steps(args), data, former, n)
    network = trainer.network
    rows = trainer.rows[:, : network.n_in]  # without padding
    plain = PlainNetwork(network, data.examples, rows, n)
    if not np.isfinite(plain.loss()):
        raise FastcliError("The loss of the first rows is not finite: use a smaller --init-std.")
    before = rows[plain.rows] if network.embeds else None
    trainer.step_on(np.arange(n), np.full(1, BIG_STEP))
    gradients: dict[str, NDArray[np.floating]] = {
        name: of for name, of in gradients_of(trainer).items() if name in plain.tensors
    }
    if before is not None:
        moved = before.astype(np.float64) - rows[plain.rows]
        gradients[EMBEDDING] = moved / BIG_STEP
    noise = rounding_noise(plain.loss(), network.scores(n, network.values))
    record = network.records[-1]
    scores = network.values[record.dz : record.dz + n * record.z_row]
    largest = float(np.abs(scores).max(initial=0.0)) or 1.0
    tolerance = max(TOLERANCE, 100 * DIGITS / n / largest)
    if tolerance > LOOSEST:
        raise FastcliError(
            "The network is so sure of the first rows that its gradients are near 0, where float32 "
            "has no digits to compare: check it with other rows, or before it is trained."
        )
    return GradientCheck(
        n_rows=n,
        tolerance=tolerance,
        smallest=noise / LOOSEST,
        tensors=[
            _check_tensor(name, gradient, (noise_floor(network, name, n), noise), plain)
            for name, gradient in gradients.items()
        ],
    )


def plain_steps(args: MlpArgs) -> MlpArgs:
    """Return arguments whose step leaves the gradients of the loss as they are."""
    rule = OPTIMIZERS["sgd"]
    return replace(
        args,
        optimizer=rule.name,
        momentum=0.0,
        weight_decay=0.0,
        clip_norm=0.0,
        clip_value=0.0,
        max_norm=0.0,
        l1_proximal=False,
        centered=False,
    )


def gradients_of(trainer: Trainer) -> dict[str, NDArray[np.float32]]:
    """Return the gradients of the last step by the names of their tensors, learned ones alone."""
    network, grads = trainer.network, trainer.grads
    found = {}
    for i, layer in enumerate(network.layers):
        found[f"layers.{i}.weight"] = network.weights(i, grads)
        found[f"layers.{i}.bias"] = network.vector(i, "bias", grads)
        for name in layer.learned_by_norm:
            found[f"layers.{i}.{name}"] = network.vector(i, name, grads)
        if layer.activation is not None and layer.activation.activation.learned:
            found[f"layers.{i}.shape"] = network.shapes(i, grads)
    return found


def noise_floor(network: Network, name: str, n: int) -> float:
    """Return the size below which a gradient is what rounding leaves of a sum that is 0.

    It is a hundredth of the sum of the absolute gradients that reach a unit of the layer.
    """
    i = 0 if name == EMBEDDING else int(name.split(".")[1])
    record = network.records[i]
    rows = network.values[record.dz : record.dz + n * record.z_row]
    return 0.01 * float(np.abs(rows.reshape(n, -1)).sum(axis=0).max(initial=0.0))


def rounding_noise(loss: float, scores: NDArray[np.float32]) -> float:
    """Return by how much rounding alone may make a difference quotient of the loss wrong.

    The loss, and the scores that it is computed from, are right to about 1e-16 of themselves in
    float64, and a quotient divides what is wrong with them by its step h: |loss| 1e-16 / h.
    Gradients of that size, as in many layers of sigmoid, cannot be checked by differences.
    """
    return ROUNDING * max(abs(loss), float(np.abs(scores).max(initial=0.0))) / STEP


def _check_tensor(
    name: str, gradient: NDArray[np.floating], floors: tuple[float, float], plain: PlainNetwork
) -> TensorCheck:
    """Compare a tensor; ``floors`` are its ``noise_floor`` and the ``rounding_noise``."""
    floor, noise = floors
    chosen = _chosen(gradient)
    flat = gradient.reshape(-1)
    sides = np.array([_one_sided(plain, name, int(k)) for k in chosen])
    found = sides.mean(axis=1)
    known = flat[chosen].astype(np.float64)
    larger = np.maximum(np.abs(known), np.abs(found))
    is_small = (np.abs(known) > RESIDUE * floor) & (larger < noise / LOOSEST)
    size = np.maximum(larger, max(floor, 0.01 * float(np.abs(found).max(initial=0.0)), 1e-30))
    errors = np.maximum(np.abs(known - found) - noise, 0) / size
    is_kink = (np.abs(sides[:, 0] - sides[:, 1]) / size > TOLERANCE) & (errors > TOLERANCE)
    nearest = np.clip(known, sides.min(axis=1), sides.max(axis=1))
    errors[is_kink] = (np.maximum(np.abs(known - nearest) - noise, 0) / size)[is_kink]
    at = int(errors.argmax())
    index = tuple(int(k) for k in np.unravel_index(chosen[at], gradient.shape))
    if name == EMBEDDING:
        index = (int(plain.rows[index[0]]), *index[1:])
    return TensorCheck(
        name=name,
        size=gradient.size,
        n_checked=len(chosen),
        n_kinks=int(is_kink.sum()),
        n_small=int(is_small.sum()),
        worst=Worst(index, float(errors[at]), float(known[at]), float(found[at])),
    )


def _chosen(gradient: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return which numbers of a tensor are checked: all of few, else the largest and others."""
    if gradient.size <= MOST:
        return np.arange(gradient.size)
    largest = np.argsort(-np.abs(gradient.reshape(-1)), kind="stable")[: MOST // 2]
    others = np.random.default_rng(0).choice(gradient.size, MOST, replace=False)
    others = others[~np.isin(others, largest)][: MOST - len(largest)]
    return np.sort(np.concatenate([largest, others])).astype(np.int64)


def _one_sided(plain: PlainNetwork, name: str, k: int) -> tuple[float, float]:
    """Return the derivatives of the loss by number k of a tensor, from above and from below.

    Their mean is the central difference.  They are apart where the loss has a corner, as with relu
    at 0, and there every number between them is right.
    """
    flat = plain.tensors[name].reshape(-1)
    value = float(flat[k])
    step = STEP * max(1.0, abs(value))
    middle, found = plain.loss(), []
    for sign in (1, -1):
        flat[k] = other = value + sign * step
        more = plain.penalty(name, other) - plain.penalty(name, value)
        found.append((plain.loss() - middle + more) / (other - value))
    flat[k] = value
    return found[0], found[1]
