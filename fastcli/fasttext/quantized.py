"""Product-quantized matrices (``.ftz``), decoded to rows of floats.

Jegou, Douze and Schmid (2011): a row is cut into sub-vectors, each stored as the number of the
nearest of 256 centroids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CENTROIDS = 256


@dataclass(frozen=True)
class Quantizer:
    """The centroids of ``nsubq`` sub-vectors of ``dsub`` floats, the last of ``lastdsub``."""

    dim: int
    nsubq: int
    dsub: int
    lastdsub: int
    centroids: NDArray[np.float32]

    def is_sound(self) -> bool:
        """Tell whether the sizes fit each other."""
        whole = self.dim == (self.nsubq - 1) * self.dsub + self.lastdsub
        return self.nsubq > 0 and 0 < self.lastdsub <= self.dsub and whole

    def decode(self, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the rows that codes (rows x nsubq) stand for: float32 rows x dim."""
        parts = []
        for m in range(self.nsubq):
            width = self.lastdsub if m == self.nsubq - 1 else self.dsub
            start = m * CENTROIDS * self.dsub
            table = self.centroids[start : start + CENTROIDS * width].reshape(CENTROIDS, width)
            parts.append(table[codes[:, m]])
        return np.concatenate(parts, axis=1)
