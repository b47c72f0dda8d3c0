"""Examples: rows of a dense matrix, or of an embedding, each with its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.mlp import network as groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.weights import Weights

NO_DENSE = np.zeros(1, np.float32)
NO_ROWS = np.zeros(1, np.int32)
NO_OFFSETS = np.zeros(1, np.int64)
NO_WEIGHTS = np.ones(1, np.float32)


@dataclass(kw_only=True)
class Examples:
    """The input and labels of training or prediction; one of the two inputs is empty.

    ``dense`` float32[n * stride], flat, padded with zeros, or ``rows`` int32 and ``offsets``
    int64[n + 1]: example i is the mean of the embedding rows ``rows[offsets[i]:offsets[i + 1]]``.
    ``labels[label_offsets[i]:label_offsets[i + 1]]`` are its labels.  ``weights`` are those of
    training, None: all weigh 1.  ``targets`` float32[n * targets] are those of regression.
    """

    n: int
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    dense: NDArray[np.float32]
    rows: NDArray[np.int32]
    offsets: NDArray[np.int64]
    weights: Weights | None = None
    targets: NDArray[np.float32] | None = None

    @property
    def group(self) -> groups.Examples:
        """The arrays as kernels take them."""
        return groups.Examples(
            dense=self.dense,
            rows=self.rows,
            offsets=self.offsets,
            labels=self.labels,
            label_offsets=self.label_offsets,
            targets=NO_DENSE if self.targets is None else self.targets,
            weighs=int(self.weights is not None),
            weights=NO_WEIGHTS if self.weights is None else self.weights.lines,
            label_weights=NO_WEIGHTS if self.weights is None else self.weights.labels,
        )

    def set_targets(self, targets: NDArray[np.float32]) -> None:
        """Learn numbers, float32[n * targets], instead of labels."""
        self.targets = targets
        self.labels, self.label_offsets = NO_ROWS, np.zeros(self.n + 1, np.int64)

    @property
    def has_several(self) -> bool:
        """Whether some example has more than one label."""
        return bool((np.diff(self.label_offsets) > 1).any())

    def label_counts(self, n_labels: int) -> NDArray[np.int64]:
        """Return how many times each of the labels occurs: int64[labels]."""
        used = self.labels[: int(self.label_offsets[self.n])]
        return np.bincount(used, minlength=n_labels)

    @property
    def most_features(self) -> int:
        """The most features that an example has, 0 for dense ones."""
        return int(np.diff(self.offsets).max()) if len(self.offsets) > 1 else 0


def of_dense(
    x: NDArray[np.float32], stride: int, labels: NDArray[np.int32], offsets: NDArray[np.int64]
) -> Examples:
    """Return examples of a matrix float32[n, features or stride], in rows of ``stride`` floats."""
    dense = x
    if x.shape[1] != stride:
        dense = np.zeros((len(x), stride), np.float32)
        dense[:, : x.shape[1]] = x
    return Examples(
        n=len(x),
        labels=labels,
        label_offsets=offsets,
        dense=dense.reshape(-1),
        rows=NO_ROWS,
        offsets=NO_OFFSETS,
    )


def of_rows(
    rows: NDArray[np.int32],
    offsets: NDArray[np.int64],
    labels: NDArray[np.int32],
    label_offsets: NDArray[np.int64],
) -> Examples:
    """Return examples of embedding rows."""
    return Examples(
        n=len(offsets) - 1,
        labels=labels,
        label_offsets=label_offsets,
        dense=NO_DENSE,
        rows=rows,
        offsets=offsets,
    )
