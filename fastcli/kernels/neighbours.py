"""Nearest neighbours: picking the best of many similarities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.kernels._build import kernel
from fastcli.kernels.predict import keep_best, sort_best
from fastcli.kernels.vector import any_dot, row_max

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, I32, i64

CHUNK = 64


@kernel
def keep_nearest(
    bounds: F32,
    width: i64,
    n_words: i64,
    first_word: i64,
    first: i64,
    last: i64,
    queries: F32,
    words: F32,
    dim: i64,
    exact: i64,
    k: i64,
    counts: I32,
    ids: I32,
    similarities: F32,
) -> None:
    """Put the best of a block of words among the k nearest of queries ``first`` to ``last``.

    ``bounds[q * width + w]`` is at least the similarity of query q and word ``first_word + w``,
    for w below ``n_words``; ``width`` is a multiple of 64 and the rest of a row holds -1e30.
    With ``exact`` it is the similarity itself; otherwise that is the dot product of their rows
    of ``dim`` floats, taken only where the bound can be among the best.  The k nearest of query
    q are a heap at ``q * k``, as ``keep_best`` leaves it.
    """
    for query in range(first, last):
        n = int(counts[query])
        to = query * k
        row = query * width
        for chunk in range(0, n_words, CHUNK):
            if n == k and row_max(bounds, row + chunk, CHUNK) < similarities[to]:
                continue
            for w in range(chunk, min(chunk + CHUNK, n_words)):
                score = bounds[row + w]
                if n == k and score < similarities[to]:
                    continue
                word = first_word + w
                if exact == 0:
                    score = any_dot(queries, query * dim, words, word * dim, dim)
                n = keep_best(score, word, k, n, similarities, ids, to)
        counts[query] = n


@kernel
def sort_nearest(n: i64, k: i64, counts: I32, ids: I32, similarities: F32) -> None:
    """Sort the nearest of n queries, the most similar first."""
    for query in range(n):
        sort_best(int(counts[query]), similarities, ids, query * k)
