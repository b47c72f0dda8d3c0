"""Which of equal scores stay among the best, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.views import at
from tests import naive
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, i64


@probe
def call_heap(values: F32, n: i64, k: i64, scores: F32, labels: I32) -> i64:
    found = 0
    for label in range(n):
        found = keep_best(values[label], label, k, found, at(scores, 2), at(labels, 2))
    sort_best(found, at(scores, 2), at(labels, 2))
    return found


def best(values, k):
    """Return the labels of the k best values, by the kernel."""
    values = np.array(values, np.float32)
    scores, labels = np.full(k + 3, -9, np.float32), np.full(k + 3, -9, np.int32)
    n = call_heap(values, len(values), k, scores, labels)
    assert [*scores[[0, 1, -1]], *labels[[0, 1, -1]]] == [-9] * 6
    np.testing.assert_array_equal(scores[2 : 2 + n], values[labels[2 : 2 + n]])
    return labels[2 : 2 + n].tolist()


@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 30))
def test_the_heap_is_that_of_the_twin(values, k):
    heap = naive.Heap(k)
    for label, value in enumerate(values):
        heap.push(value, label)
    assert best(values, k) == [label for _, label in heap.best()]


@given(st.lists(st.integers(-(10**6), 10**6), max_size=60, unique=True), st.integers(1, 30))
def test_different_scores_are_sorted(values, k):
    assert best(values, k) == np.argsort(values)[::-1][:k].tolist()


@pytest.mark.parametrize(
    ("k", "order"), [(1, "e"), (2, "ed"), (3, "ebd"), (4, "dbec"), (5, "dbeca"), (9, "dbeca")]
)
def test_five_equal_scores_come_as_fasttext_has_them(k, order):
    assert "".join("abcde"[label] for label in best([0.5] * 5, k)) == order
