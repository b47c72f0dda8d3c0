"""Inference with a network: the scores of examples, and their losses and errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.threads import bounds
from fastcli.kernels.mlp import network as groups
from fastcli.kernels.mlp import steps as kernels
from fastcli.mlp.examples import Examples
from fastcli.mlp.network import Network
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scorer:
    """Carries examples through a network as inference does, a batch at a time.

    It has memory of its own for the values of a batch, so that each thread may have one.
    """

    def __init__(self, network: Network, embedding: NDArray[np.float32]) -> None:
        self.network = network
        self.values = np.zeros_like(network.values)
        no_rows, no_floats = np.zeros(1, np.int32), np.zeros(1, np.float32)
        self._embedding = groups.Embedding(
            matrix=embedding,
            row_floats=network.row_floats,
            slots=no_rows,
            touched=no_rows,
            uses=no_rows,
            grad=no_floats,
        )
        self._team = groups.Team(0, 1, np.zeros(8, np.int64))
        self._losses = np.zeros(network.batch)

    def score(self, examples: Examples, order: NDArray[np.int64], first: int, n: int) -> None:
        """Leave the scores of examples ``order[first:first + n]`` in the values."""
        kernels.forward_rows(
            self._batch(order, first, n),
            examples.group,
            self.network.group,
            self.network.regularization,
            self._embedding,
            self.network.arrays._replace(values=self.values),
            self._team,
        )

    def _batch(self, order: NDArray[np.int64], first: int, n: int) -> groups.Batch:
        return groups.Batch(order=order[first : first + n], m=n, first=0, last=n, key=0)

    def evaluate(self, examples: Examples, start: int, end: int) -> tuple[list[float], int]:
        """Return the losses of examples, and how many of them have a best label that is right."""
        network = self.network
        order = np.arange(examples.n)
        losses: list[float] = []
        right = 0
        for first in range(start, end, network.batch):
            n = min(network.batch, end - first)
            self.score(examples, order, first, n)
            best = network.scores(n, self.values).argmax(axis=1)
            batch = self._batch(order, first, n)
            kernels.score_losses(batch, examples.group, network.group, self.values, self._losses)
            losses += self._losses[:n].tolist()
            starts = examples.label_offsets[first : first + n + 1]
            lines = np.repeat(np.arange(n), np.diff(starts))
            hits = examples.labels[starts[0] : starts[-1]] == best[lines]
            right += len(np.unique(lines[hits]))
        return losses, right


def evaluate(scorers: list[Scorer], examples: Examples) -> tuple[float, float]:
    """Return the mean loss, and the share of examples whose best label is wrong."""
    n_threads = len(scorers)
    found: list[tuple[list[float], int]] = [([], 0)] * n_threads

    def work(thread: int) -> None:
        start, end = bounds(examples.n, thread, n_threads)
        found[thread] = scorers[thread].evaluate(examples, start, end)

    run_apart(n_threads, work)
    losses = math.fsum(loss for some, _ in found for loss in some)
    right = sum(n for _, n in found)
    return losses / max(examples.n, 1), 1 - right / max(examples.n, 1)
