"""Inference with a network: the scores of examples, and their losses and errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastcli.evaluation.meter import Meter
from fastcli.evaluation.regression import RegressionMeter
from fastcli.kernels.base.losses import ONE_OF_ALL
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.mlp import network as groups
from fastcli.kernels.mlp import steps as kernels
from fastcli.mlp.examples import Examples
from fastcli.mlp.network import Network
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fastcli.mlp.targets import Targets


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
        self._carry(groups.INFERENCE, examples, self._batch(order, first, n))

    def measure_norms(self, examples: Examples, order: NDArray[np.int64]) -> None:
        """Set the running statistics of batch norms to those of one batch, ``order``."""
        self._carry(groups.STATISTICS, examples, self._batch(order, 0, len(order)))

    def _carry(self, purpose: int, examples: Examples, batch: groups.Batch) -> None:
        kernels.forward_rows(
            purpose,
            batch,
            examples.group,
            self.network.group,
            self.network.regularization,
            self._embedding,
            self.network.arrays._replace(values=self.values),
            self._team,
        )

    def _batch(self, order: NDArray[np.int64], first: int, n: int) -> groups.Batch:
        return groups.Batch(order=order[first : first + n], m=n, first=0, last=n, key=0)

    def batches(self, examples: Examples, start: int, end: int) -> Iterator[Scored]:
        """Yield what the network gives for examples, a batch at a time; the next overwrites it."""
        network = self.network
        order = np.arange(examples.n)
        for first in range(start, end, network.batch):
            n = min(network.batch, end - first)
            self.score(examples, order, first, n)
            batch = self._batch(order, first, n)
            kernels.score_losses(batch, examples.group, network.group, self.values, self._losses)
            some = slice(first, first + n)
            yield Scored(some, network.scores(n, self.values), self._losses[:n])


class Scored(NamedTuple):
    """Scores float32[n, labels], of regression what is predicted, and losses of some examples."""

    some: slice
    scores: NDArray[np.float32]
    losses: NDArray[np.float64]


def best_probs(scores: NDArray[np.float32], loss: int) -> NDArray[np.float32]:
    """Return the probability of the best label of each row of scores, float32[n]."""
    largest = scores.max(axis=1).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        if loss in ONE_OF_ALL:
            found = 1 / np.exp(scores - largest[:, None]).sum(axis=1)
        else:
            found = 1 / (1 + np.exp(-largest))
    return np.asarray(found, np.float32)


def evaluate(scorers: list[Scorer], examples: Examples, with_scores: bool = False) -> Meter:
    """Return what a test of the network on examples counts, with its losses."""
    n_threads, network = len(scorers), scorers[0].network
    n = examples.n
    losses, best, probs = np.zeros(n), np.zeros(n, np.int32), np.zeros(n, np.float32)

    def work(thread: int) -> None:
        for found in scorers[thread].batches(examples, *bounds(n, thread, n_threads)):
            losses[found.some] = found.losses
            best[found.some] = found.scores.argmax(axis=1)
            probs[found.some] = best_probs(found.scores, network.loss)

    run_apart(n_threads, work)
    meter = Meter(nlabels=network.n_labels, with_scores=with_scores)
    ones = np.ones(n, np.int64)
    meter.add(
        ones,
        ones > 0,
        examples.label_offsets,
        examples.labels,
        1,
        ones.astype(np.int32),
        best,
        probs,
    )
    is_finite = bool(np.isfinite(losses).all())
    total = math.fsum(losses) if is_finite else float("nan")
    meter.add_losses(n, total, total if network.loss in ONE_OF_ALL else total / network.n_labels)
    return meter


def evaluate_numbers(
    scorers: list[Scorer], examples: Examples, targets: Targets
) -> RegressionMeter:
    """Return what a test of a network of regression on examples counts, with its losses."""
    n_threads, n = len(scorers), examples.n
    outputs, losses = np.zeros((n, len(targets.names)), np.float32), np.zeros(n)

    def work(thread: int) -> None:
        for found in scorers[thread].batches(examples, *bounds(n, thread, n_threads)):
            outputs[found.some] = found.scores
            losses[found.some] = found.losses

    run_apart(n_threads, work)
    assert examples.targets is not None
    true = targets.restore(examples.targets.reshape(n, -1))
    meter = RegressionMeter(names=targets.names)
    with np.errstate(over="ignore", invalid="ignore"):  # of what diverged, whose loss tells it
        meter.add(true, targets.restore(outputs), np.ones(n, np.bool_))
    is_finite = bool(np.isfinite(losses).all())
    meter.add_losses(n, math.fsum(losses) if is_finite else float("nan"))
    return meter
