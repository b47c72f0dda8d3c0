"""The mean and variance that batch norm takes for inference, from all training batches.

Ioffe and Szegedy (2015), algorithm 2: with the parameters as they are, E[x] is the mean of the
batches' means, and Var[x] that of their unbiased variances, m / (m - 1) times the batch's own.
Every batch weighs as many examples as it has, so that a short last one counts for less.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.examples import Examples
    from fastcli.mlp.scorer import Scorer


def measure_population(
    scorer: Scorer, examples: Examples, order: NDArray[np.int64], starts: NDArray[np.int64]
) -> None:
    """Set the running statistics of a network to those of the batches of examples.

    Batch k has examples ``order[starts[k]:starts[k + 1]]``.  They pass through the network as in
    inference (without dropout, noise and augmentation), but for batch norms, which take the
    statistics of the batch: a layer sees what the layers below make of it in training.
    """
    running = scorer.network.running
    total = np.zeros(len(running))
    for first, last in pairwise(starts.tolist()):
        scorer.measure_norms(examples, order[first:last])
        total += (last - first) * running.astype(np.float64)
    running[:] = total / max(int(starts[-1]), 1)
