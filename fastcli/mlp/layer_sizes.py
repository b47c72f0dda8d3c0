"""How many layers there are, and how large gradients, activations and weights are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.printable import counted

if TYPE_CHECKING:
    from fastcli.mlp.trainer import Trainer


def layers_counted(n: int) -> str:
    """Return how many layers there are, n of them with the input.

    >>> layers_counted(3)
    '3 layers (2 if the input is not counted)'
    """
    return f"{counted(n, 'layer')} ({n - 1:,} if the input is not counted)"


FEW_ZEROS = 0.01  # of the weights: with fewer, the L1 penalty is too small to do its work


def gradient_sizes(trainer: Trainer) -> tuple[float, ...]:
    """Return the L2 norm of the gradient of each layer's weights in the last step."""
    network = trainer.network
    if not trainer.last_batch:
        return ()
    with np.errstate(over="ignore", invalid="ignore"):  # a norm may be infinite, that is all
        return tuple(
            float(np.linalg.norm(network.weights(i, trainer.grads)))
            for i in range(len(network.layers))
        )


def activation_sizes(trainer: Trainer) -> tuple[float, ...]:
    """Return the standard deviation of what each hidden layer gave in the last step."""
    network, n = trainer.network, trainer.last_batch
    if not n:
        return ()
    with np.errstate(over="ignore", invalid="ignore"):
        return tuple(
            float(network.outputs(i, n, network.values).std())
            for i in range(len(network.layers) - 1)
        )


def sentence_on_zeros(trainer: Trainer) -> str:
    """Return a sentence on how many weights of layers are exactly 0; biases are not counted."""
    network = trainer.network
    weights = [network.weights(i) for i in range(len(network.layers))]
    n, n_zero = sum(w.size for w in weights), sum(int((w == 0).sum()) for w in weights)
    has_few = trainer.args.l1 > 0 and n_zero < FEW_ZEROS * n
    more = " A larger --l1 makes more of them." if has_few else ""
    return f"Weights that are exactly 0: {n_zero:,} of {n:,} ({n_zero / max(n, 1):.0%}).{more}"
