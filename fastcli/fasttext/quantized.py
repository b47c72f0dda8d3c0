"""Product-quantized matrices (``.ftz``), used straight from their codes.

Jegou, Douze and Schmid (2011): a row is cut into sub-vectors, each stored as the number of the
nearest of 256 centroids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.contents import Contents, FromFile
from fastcli.kernels.linear import means as kernels
from fastcli.kernels.linear.means import CENTROIDS as CENTROIDS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Quantizer:
    """The centroids of ``nsubq`` sub-vectors of ``dsub`` floats, the last of ``lastdsub``."""

    dim: int
    nsubq: int
    dsub: int
    lastdsub: int
    centroids: NDArray[np.float32]

    def is_sound(self) -> bool:
        """Tell whether the sizes are consistent."""
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


@dataclass(frozen=True, kw_only=True)
class QuantizedMatrix(FromFile):
    """Rows as codes: uint8 ``n_rows`` x ``nsubq``, flat.

    With norms (fastText's ``-qnorm``) a row stands for its centroids times its norm, which is
    one of 256 as well: ``norms[norm_codes[row]]``.  ``contents`` is the file that codes are mapped
    from, None if they are in memory.
    """

    codes: NDArray[np.uint8]
    quantizer: Quantizer
    norm_codes: NDArray[np.uint8] | None = None
    norms: NDArray[np.float32] | None = None
    contents: Contents | None = None

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.codes) // self.quantizer.nsubq

    def group(self) -> kernels.Codes:
        """Return the matrix as kernels take it."""
        q = self.quantizer
        return kernels.Codes(
            self.codes,
            q.nsubq,
            q.dsub,
            q.lastdsub,
            q.centroids,
            0 if self.norms is None else 1,
            self.codes if self.norm_codes is None else self.norm_codes,
            q.centroids if self.norms is None else self.norms,
        )

    def means(
        self, features: NDArray[np.int32], offsets: NDArray[np.int64], first: int, last: int
    ) -> NDArray[np.float32]:
        """Return the mean rows of lines ``first`` to ``last``, flat; see ``DenseMatrix.means``."""
        dim = self.quantizer.dim
        out = np.empty((last - first) * dim, np.float32)
        self.check_unchanged()
        kernels.mean_codes(features, offsets[first:], last - first, self.group(), dim, out)
        self.check_unchanged()
        return out

    def decode(self) -> NDArray[np.float32]:
        """Return the rows that the codes stand for, flat."""
        self.check_unchanged()
        rows = self.quantizer.decode(self.codes.reshape(-1, self.quantizer.nsubq))
        if self.norms is not None and self.norm_codes is not None:
            rows *= self.norms[self.norm_codes][:, None]
        self.check_unchanged()
        return np.ascontiguousarray(rows).reshape(-1)
