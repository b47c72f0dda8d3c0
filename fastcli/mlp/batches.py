"""Batches of examples: where they start, and their order in some epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Batches:
    """The batches of some epochs: step ``base + s`` is on ``order[starts[s]:starts[s + 1]]``."""

    epochs: range
    base: int
    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    def start(self, step: int) -> int:
        """Return where the examples of a step begin in the order."""
        return int(self.starts[step - self.base])


SHORT = 4  # a last batch is short below one part in so many of a full one


def batch_starts(n: int, batch_size: int, joins: bool) -> NDArray[np.int64]:
    """Return where batches start, and n: the last may be smaller; 0 is one batch of all.

    With ``joins`` a short last batch, of whose mean and variance batch norm could make little,
    and of one example nothing, goes with the one before it.
    """
    size = batch_size or max(n, 1)
    starts = [*range(0, n, size), n]
    if joins and len(starts) > 2:
        left = starts[-1] - starts[-2]
        if left == 1 or SHORT * left < size:
            del starts[-2]
    return np.array(starts, np.int64)


def largest_batch(n: int, batch_size: int, joins: bool) -> int:
    """Return the size of the largest batch of ``batch_starts``, 1 if there is none."""
    return max(1, int(np.diff(batch_starts(n, batch_size, joins)).max(initial=1)))
