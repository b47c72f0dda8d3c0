"""The k best of many scores, in the order in which fastText has them where scores are equal.

fastText keeps the best in a heap of the C++ standard library, and which of equal scores stay,
and which of them comes first, follows from how libstdc++ moves them (``push_heap``,
``pop_heap``, ``sort_heap``; a bottom-up heap, Wegener 1993).  The same moves are made here.

A heap of n scores and labels is at the start of two arrays, the worst score first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, i64


@device
def climb(score: f32, label: i64, i: i64, scores: F32, labels: I32) -> None:
    """Put a score into the free place i of a heap, or nearer to the root if it is worse there."""
    while i > 0 and scores[(i - 1) // 2] > score:
        parent = (i - 1) // 2
        scores[i], labels[i] = scores[parent], labels[parent]
        i = parent
    scores[i], labels[i] = score, label


@device
def replace_root(score: f32, label: i64, n: i64, scores: F32, labels: I32) -> None:
    """Put a score into a heap of n whose root is free.

    The worse child moves up (of equal ones the second), down to a leaf; from there the score
    climbs.
    """
    i, child = 0, 2
    while child < n:
        if scores[child] > scores[child - 1]:
            child -= 1
        scores[i], labels[i] = scores[child], labels[child]
        i = child
        child = 2 * i + 2
    if child == n:  # an only child
        scores[i], labels[i] = scores[n - 1], labels[n - 1]
        i = n - 1
    climb(score, label, i, scores, labels)


@device
def keep_best(score: f32, label: i64, k: i64, n: i64, scores: F32, labels: I32) -> i64:
    """Put a label into the heap of the best k, of which n are there; return how many are then.

    Where all k are there the label is pushed as number k + 1 and the root popped, as fastText
    does it; a label that is worse than the root is not pushed.
    """
    if n < k:
        climb(score, label, n, scores, labels)
        return n + 1
    if score < scores[0]:
        return n
    parent = (k - 1) // 2
    if k > 1 and scores[parent] > score:
        # The score climbs from place k, whose content is then that of its parent.
        moved, other = scores[parent], labels[parent]
        climb(score, label, parent, scores, labels)
        replace_root(moved, other, k, scores, labels)
    else:
        replace_root(score, label, k, scores, labels)
    return n


@device
def sort_best(n: i64, scores: F32, labels: I32) -> None:
    """Sort a heap, the best score first."""
    for last in range(n - 1, 0, -1):
        score, label = scores[last], labels[last]
        scores[last], labels[last] = scores[0], labels[0]
        replace_root(score, label, last, scores, labels)
