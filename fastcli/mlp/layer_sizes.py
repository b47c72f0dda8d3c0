"""How large gradients and activations are, layer by layer: the first signs of trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastcli.mlp.trainer import Trainer


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
