"""Problems of a network, seen from the outputs of its layers: one sentence for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastcli.mlp.trainer import Trainer

SAMPLE_SIZE = 1024


def troubles(trainer: Trainer) -> Iterator[str]:
    """Yield sentences on dead units, saturated layers, vanishing and exploding gradients.

    Looks at up to 1,024 training examples, and at the gradients of the last step.
    """
    network, examples = trainer.network, trainer.examples
    hidden = len(network.layers) - 1
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
                yield (
                    f"Layer {i + 1}: {dead} of {values.shape[1]} units are dead (0 for every "
                    "example). A smaller -lr, --norm batch or --activation leaky-relu revives them."
                )
        if activation.saturates and not (network.layers[i].norm and network.layers[i].norm_after):
            low, high = activation.saturates
            margin = 0.01 * (high - low)
            share = float(((values < low + margin) | (values > high - margin)).mean())
            if share > 0.75:
                yield (
                    f"Layer {i + 1} is saturated: {100 * share:.0f} % of its outputs are at the "
                    "bounds, where gradients vanish. A smaller -lr or --norm batch helps."
                )
    if hidden and gradients[0] < 1e-5 * gradients[-1]:
        yield (
            f"Gradients vanish: relative to their weights, those of layer 1 are "
            f"{gradients[-1] / max(gradients[0], 1e-30):.0e} times smaller than the last layer's. "
            "--activation relu, --norm batch or fewer layers help."
        )
    if max(gradients) > 1e3:
        yield (
            "Gradients explode: those of a layer are more than 1,000 times its weights. "
            "--clip-norm 1 or a smaller -lr helps."
        )
