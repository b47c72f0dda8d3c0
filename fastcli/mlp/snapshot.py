"""Copies of the learned parameters of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.threads import bounds
from fastcli.mlp.network import Network
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Snapshot:
    """A copy of all trained tensors of a model; its memory is reused.

    ``embedding`` is a view float32[rows, padded dim] of the values, the optimiser's apart.
    """

    def __init__(self, network: Network, embedding: NDArray[np.float32]) -> None:
        self.params = np.empty_like(network.params)
        self.running = np.empty_like(network.running)
        self.embedding = np.empty(embedding.shape, np.float32)

    def take(self, network: Network, embedding: NDArray[np.float32], n_threads: int) -> None:
        """Copy the parameters as they are now."""
        self.params[:], self.running[:] = network.params, network.running
        _copy(embedding, self.embedding, n_threads)

    def put(self, network: Network, embedding: NDArray[np.float32], n_threads: int) -> None:
        """Copy the parameters back."""
        network.params[:], network.running[:] = self.params, self.running
        _copy(self.embedding, embedding, n_threads)


def _copy(source: NDArray[np.float32], to: NDArray[np.float32], n_threads: int) -> None:
    def work(thread: int) -> None:
        first, last = bounds(len(source), thread, n_threads)
        to[first:last] = source[first:last]

    run_on(n_threads, work)
