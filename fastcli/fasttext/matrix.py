"""Dense matrices: rows of floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels import predict as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DenseMatrix:
    """Rows of ``dim`` floats, flat (float32) one after the other."""

    values: NDArray[np.float32]
    dim: int

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.values) // self.dim

    def means(
        self, features: NDArray[np.int32], offsets: NDArray[np.int64], first: int, last: int
    ) -> NDArray[np.float32]:
        """Return the mean rows of lines ``first`` to ``last``, flat.

        The rows of line i are ``features[offsets[i]:offsets[i + 1]]``; zeros if it has none.
        """
        out = np.empty((last - first) * self.dim, np.float32)
        kernels.mean_rows(features, offsets, first, last, self.values, self.dim, out)
        return out
