"""Problems of a network, seen from the outputs of its layers: one sentence for each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.lessons import CHANCE, one_of
from fastcli.evaluation.regression import least_loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.trainer import Trainer

SAMPLE_SIZE = 1024
VANISHED = 1e-5  # of the gradients of the last layer, relative to their weights
STUCK = 0.05  # the same for a network that learned nothing
FEWEST_STEPS = 50  # after which gradients of such a network say something


def troubles(trainer: Trainer, is_at_chance: bool = False) -> Iterator[str]:
    """Yield sentences on dead units, saturated layers, vanishing and exploding gradients.

    Looks at up to 1,024 training examples, and at the gradients of the last step.  For a network
    that ``is_at_chance`` a smaller difference of gradients is the cause.
    """
    network, examples = trainer.network, trainer.examples
    hidden, goes_on = len(network.layers) - 1, bool(trainer.args.input_model)
    for i in range(hidden):
        weights = network.weights(i)
        # Penalties may leave only 0 of what started apart.
        if are_alike(weights) and (weights.any() or not trainer.args.init_std):
            yield one_unit(i, weights.shape[-1], goes_on)
            return
    with np.errstate(over="ignore", invalid="ignore"):  # a norm may be infinite, that is all
        gradients = [
            float(np.linalg.norm(network.weights(i, trainer.grads)))
            / max(float(np.linalg.norm(network.weights(i))), 1e-12)
            for i in range(hidden + 1)
        ]
    scorer = trainer.scorers[0]
    n = min(examples.n, SAMPLE_SIZE)
    order = np.arange(n)
    outputs: list[list[np.ndarray]] = [[] for _ in range(hidden)]
    for first in range(0, n, network.batch):
        count = min(network.batch, n - first)
        scorer.score(examples, order, first, count)
        for i in range(hidden):
            outputs[i].append(network.outputs(i, count, scorer.values).copy())
    for i in range(hidden):
        chosen = network.layers[i].activation
        assert chosen is not None
        activation, values = chosen.activation, np.concatenate(outputs[i])
        if activation.rectifies and not (network.layers[i].norm and network.layers[i].norm_after):
            dead = int((values <= 0).all(axis=0).sum())
            if dead > values.shape[1] // 10:
                fix = "A smaller -lr, --norm batch or --activation leaky-relu revives them."
                if goes_on:
                    fix = "A smaller -lr would have kept them alive."
                yield (
                    f"Layer {i + 1}: {dead} of {values.shape[1]} units are dead (0 for every "
                    f"example). {fix}"
                )
        if activation.saturates and not (network.layers[i].norm and network.layers[i].norm_after):
            low, high = activation.saturates
            margin = 0.01 * (high - low)
            share = float(((values < low + margin) | (values > high - margin)).mean())
            if share > 0.75:
                yield (
                    f"Layer {i + 1} is saturated: {100 * share:.0f} % of its outputs are at the "
                    "bounds, where gradients vanish. A smaller -lr"
                    f"{' or --norm batch' * (not goes_on)} helps."
                )
    is_stuck = is_at_chance and trainer.progress.step >= FEWEST_STEPS
    if can_vanish(trainer) and gradients[0] < (STUCK if is_stuck else VANISHED) * gradients[-1]:
        yield vanishing(trainer, gradients[-1] / max(gradients[0], 1e-30))
    if max(gradients) > 1e3:
        yield (
            "Gradients explode: those of a layer are more than 1,000 times its weights. "
            "--clip-norm 1 or a smaller -lr helps."
        )


def are_alike(weights: NDArray[np.float32]) -> bool:
    """Tell whether all units, along the last axis, have the same weights.

    >>> are_alike(np.float32([[1, 1], [2, 2]])), are_alike(np.float32([[1, 1], [2, 3]]))
    (True, False)
    """
    return weights.shape[-1] > 1 and bool((weights == weights[..., :1]).all())


def one_unit(i: int, n: int, goes_on: bool) -> str:
    """Return the sentence on the units of layer ``i``, which started alike."""
    fix = "Train a new network." if goes_on else "Give a larger --init-std, or leave it out."
    return (
        f"All {n} units of layer {i + 1} have the same weights: units that start alike get the "
        f"same gradients and stay alike, so the layer is one unit. {fix}"
    )


def can_vanish(trainer: Trainer) -> bool:
    """Tell whether there are layers in which gradients get smaller and smaller.

    Several hidden ones, or one that saturates; after a single rectifier they cannot.
    """
    *hidden, _ = trainer.network.layers
    chosen = [layer.activation for layer in hidden]
    return len(hidden) > 1 or any(one is not None and one.activation.saturates for one in chosen)


def vanishing(trainer: Trainer, times: float) -> str:
    """Return the sentence on gradients that get smaller from layer to layer, and why they do."""
    layers, args = trainer.network.layers, trainer.args
    names = [
        layer.activation.activation.name
        for layer in layers[:-1]
        if layer.activation is not None and layer.activation.activation.saturates
    ]
    cause = ""
    if len(names) > 1 and len(set(names)) == 1:
        cause = f"; {len(names)} layers of {names[0]} in a row make them vanish"
    rectifies = all(
        layer.activation is None or layer.activation.activation.rectifies for layer in layers[:-1]
    )
    proposals = ["--activation relu"] * (not rectifies)
    proposals += ["--norm batch"] * (args.norm == "none")
    proposals += ["--init he"] * (not args.init.startswith(("auto", "he")))
    proposals += ["fewer layers"] * (len(layers) > 2) or ["a larger -lr"]
    if args.input_model:  # which decides the layers
        proposals = ["a larger -lr", "a network that is trained from anew"]
    return (
        f"Gradients vanish: relative to their weights, those of layer 1 are {factor(times)} times "
        f"smaller than those of layer {len(layers)}{cause}. Try {one_of(proposals)}."
    )


def factor(times: float) -> str:
    """Return how many times, in two figures.

    >>> factor(912.3), factor(3.2e7)
    ('910', '3e+07')
    """
    return f"{float(f'{times:.2g}'):,.0f}" if times < 1e5 else f"{times:.0e}"


def guess_of_numbers(trainer: Trainer) -> float:
    """Return the loss of predicting the same for all training rows; NaN where they have weights."""
    examples, args = trainer.examples, trainer.args
    if examples.targets is None or examples.weights is not None:
        return math.nan
    targets = examples.targets.reshape(examples.n, -1)
    return least_loss(targets, trainer.network.loss, args.huber_delta)


def trouble_with_numbers(trainer: Trainer, guess: float) -> str:
    """Return a sentence where a network of regression predicts no better than a mean, else ""."""
    kept = trainer.progress.stopping.kept(trainer.progress.history)
    fix = "Try a larger -lr, more -epoch, --norm batch, or another --optimizer."
    if guess and trainer.epoch_loss > CHANCE * guess:  # 0: there is nothing to learn
        return (
            f"It learned next to nothing: its loss is {trainer.epoch_loss:.3g}, and predicting "
            f"one constant for all rows has {guess:.3g}. {fix}"
        )
    if kept is not None and kept.valid_r2 <= 0:
        return (
            f"On the validation lines it predicts no better than their mean (R2 {kept.valid_r2:.3g}"
            "): it overfits the training lines, or the validation lines are of another kind. "
            "Try more lines, --dropout 0.3 or --weight-decay 0.01."
        )
    return ""
