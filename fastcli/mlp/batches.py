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


def batch_starts(n: int, batch_size: int, no_single: bool) -> NDArray[np.int64]:
    """Return where batches start, and n: the last may be smaller; 0 is one batch of all.

    With ``no_single`` a last batch of one example, of which batch norm could make nothing, goes
    with the one before it.
    """
    size = batch_size or max(n, 1)
    starts = [*range(0, n, size), n]
    if no_single and len(starts) > 2 and starts[-1] - starts[-2] == 1:
        del starts[-2]
    return np.array(starts, np.int64)
