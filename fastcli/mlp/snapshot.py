"""Copies of the learned parameters of a network.

Of an embedding, which may be far larger than the network, only the rows that moved are copied again
where evaluations come more often than epochs: see ``MovedRows``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.threads import bounds
from fastcli.mlp.examples import Examples
from fastcli.mlp.network import Network
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 1024  # rows


class Snapshot:
    """A copy of all trained tensors of a model; its memory is reused.

    ``embedding`` is a view float32[rows, padded dim] of the values, the optimiser's apart.
    """

    def __init__(self, network: Network, embedding: NDArray[np.float32]) -> None:
        self.params = np.empty_like(network.params)
        self.running = np.empty_like(network.running)
        self.embedding = np.empty(embedding.shape, np.float32)

    def take(
        self,
        network: Network,
        embedding: NDArray[np.float32],
        n_threads: int,
        moved: NDArray[np.bool_] | None = None,
    ) -> None:
        """Copy the parameters as they are now, of the embedding the rows ``moved`` (None: all)."""
        self.params[:], self.running[:] = network.params, network.running
        _copy(embedding, self.embedding, n_threads, moved)

    def put(self, network: Network, embedding: NDArray[np.float32], n_threads: int) -> None:
        """Copy the parameters back."""
        network.params[:], network.running[:] = self.params, self.running
        _copy(self.embedding, embedding, n_threads)


class MovedRows:
    """Which rows of an embedding moved since the best model was copied: those of examples seen."""

    def __init__(self, n_rows: int) -> None:
        self._n_rows = n_rows
        self.mask: NDArray[np.bool_] | None = None  # None: any may have

    def reset(self) -> None:
        """Begin again: all rows are copied."""
        if self.mask is None:
            self.mask = np.zeros(self._n_rows, np.bool_)
        self.mask[:] = False

    def add(self, examples: Examples, seen: NDArray[np.int64]) -> None:
        """Mark the rows of some examples, int64[n]."""
        if self.mask is None:
            return
        starts = examples.offsets[seen]
        sizes = examples.offsets[seen + 1] - starts
        places = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        self.mask[examples.rows[places]] = True


def _copy(
    source: NDArray[np.float32],
    to: NDArray[np.float32],
    n_threads: int,
    moved: NDArray[np.bool_] | None = None,
) -> None:
    rows = None if moved is None else np.flatnonzero(moved)
    n = len(source) if rows is None else len(rows)

    def work(thread: int) -> None:
        first, last = bounds(n, thread, n_threads)
        if rows is None:
            to[first:last] = source[first:last]
            return
        for at in range(first, last, AT_ONCE):  # a copy of so many is made on the way
            some = rows[at : min(at + AT_ONCE, last)]
            to[some] = source[some]

    run_on(n_threads, work)
