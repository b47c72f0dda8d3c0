"""The Huffman tree against the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.linear import tree as kernels
from tests import naive


def tree_of(counts):
    n = len(counts)
    parents, branches = np.full(2 * n - 1, -1, np.int32), np.zeros(2 * n - 1, np.uint8)
    children, weights = np.full(2 * n, -1, np.int32), np.zeros(2 * n - 1, np.int64)
    kernels.build_tree(np.array(counts, np.int64), n, weights, parents, children, branches)
    offsets = np.zeros(n + 1, np.int64)
    kernels.measure_paths(n, parents, offsets)
    paths, codes = np.zeros(offsets[-1], np.int32), np.zeros(offsets[-1], np.uint8)
    kernels.write_paths(n, parents, branches, kernels.Tree(paths, codes, offsets))
    for node in range(n, 2 * n - 1):
        first, second = children[2 * (node - n) : 2 * (node - n) + 2]
        assert parents[first] == parents[second] == node
        assert (branches[first], branches[second]) == (0, 1)
    return paths, codes, offsets


@given(st.lists(st.integers(0, 30), min_size=1, max_size=25))
def test_tree(counts):
    counts.sort(reverse=True)
    for comp, ref in zip(tree_of(counts), naive.build_tree(counts), strict=True):
        np.testing.assert_array_equal(comp, ref)


@pytest.mark.parametrize(
    "counts", [[7], [5, 5], [2**40, 2**39, 1], [2**k for k in range(40)][::-1]]
)
def test_tree_of_extreme_counts(counts):
    for comp, ref in zip(tree_of(counts), naive.build_tree(counts), strict=True):
        np.testing.assert_array_equal(comp, ref)
