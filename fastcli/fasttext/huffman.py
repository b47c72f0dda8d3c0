"""The Huffman tree over label counts, as flat arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.linear import tree as kernels
from fastcli.kernels.linear.tree import Tree

if TYPE_CHECKING:
    from numpy.typing import NDArray


def build_tree(counts: NDArray[np.int64]) -> Tree:
    """Build the tree of labels in descending order of counts.

    >>> build_tree(np.array([4, 2, 1])).paths.tolist()
    [1, 0, 1, 0, 1]
    """
    n = len(counts)
    _, parents, branches = _joined(counts)
    offsets = np.zeros(n + 1, np.int64)
    kernels.measure_paths(n, parents, offsets)
    paths = np.zeros(int(offsets[-1]) + 1, np.int32)
    codes = np.zeros(int(offsets[-1]) + 1, np.uint8)
    kernels.write_paths(n, parents, branches, Tree(paths, codes, offsets))
    end = int(offsets[-1])
    return Tree(paths[: max(end, 1)], codes[: max(end, 1)], offsets)


def no_tree() -> Tree:
    """Return what kernels take where no tree is used."""
    return Tree(np.zeros(1, np.int32), np.zeros(1, np.uint8), np.zeros(1, np.int64))


def build_children(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the children of the tree alone, which are enough to predict.

    Paths may be as long as there are labels, where counts are not in order.
    """
    return _joined(counts)[0]


def _joined(
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
    """Return the children of inner nodes, and the parents and branches of all nodes."""
    n = len(counts)
    weights = np.empty(2 * n, np.int64)
    parents = np.zeros(2 * n, np.int32)
    children = np.zeros(2 * n, np.int32)
    branches = np.zeros(2 * n, np.uint8)
    counts = np.ascontiguousarray(counts, np.int64)
    kernels.build_tree(counts, n, weights, parents, children, branches)
    return children, parents, branches
