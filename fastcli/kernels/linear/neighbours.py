"""Nearest neighbours: picking the best of many similarities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import kernel
from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.vector import any_dot, block_reaches
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, i64

BLOCK = 64  # words whose bounds are computed together
GROUP = 64  # queries whose heads stay in the first cache while all blocks go by


@kernel
def project_rows(
    rows: F32, first: i64, last: i64, dim: i64, basis: F32, n_directions: i64, slack: f32, out: F32
) -> None:
    """Write the coordinates of rows in a basis, and after them the length of what is left.

    Row r of ``rows`` gets the ``n_directions`` + 1 floats from ``out[r * (n_directions + 1)]``
    on.  ``basis`` has a direction of ``dim`` floats a row, all at right angles and of length 1.
    The square of the last float is ``slack`` larger than it should be.
    """
    width = n_directions + 1
    for row in range(first, last):
        offset = row * dim
        rest = any_dot(at(rows, offset), at(rows, offset), dim)
        for k in range(n_directions):
            x = any_dot(at(rows, offset), at(basis, k * dim), dim)
            out[row * width + k] = x
            rest -= x * x
        rest = max(rest, np.float32(0.0)) + slack
        out[row * width + n_directions] = np.float32(np.sqrt(float(rest)))


@kernel
def keep_nearest(
    coarse: F32,
    coarse_width: i64,
    fine: F32,
    fine_width: i64,
    n_words: i64,
    query_coarse: F32,
    query_fine: F32,
    queries: F32,
    words: F32,
    dim: i64,
    first: i64,
    last: i64,
    k: i64,
    bounds: F32,
    counts: I32,
    ids: I32,
    similarities: F32,
) -> None:
    """Find the k words most similar to each of the queries ``first`` to ``last``.

    The similarity is the dot product of their rows of ``dim`` floats.  It is taken only where
    two bounds, first a coarse one and then a finer one, allow for one of the k largest: the
    products of rows of ``coarse_width`` and ``fine_width`` floats, which must be at least the
    similarity.  ``coarse`` and ``fine`` have the words in blocks of 64, each block width x 64,
    the last one filled up.  The k nearest of query q are a heap at ``q * k``, as
    ``keep_best`` leaves it, ``counts[q]`` of them.  ``bounds`` (64) is scratch.
    """
    for group in range(first, last, GROUP):
        for block in range(0, n_words, BLOCK):
            size = min(BLOCK, n_words - block)
            for query in range(group, min(group + GROUP, last)):
                n = int(counts[query])
                to = query * k
                least = similarities[to] if n == k else np.float32(-1e30)
                if not block_reaches(
                    at(query_coarse, query * coarse_width),
                    coarse_width,
                    at(coarse, block * coarse_width),
                    least,
                    bounds,
                ) or not block_reaches(
                    at(query_fine, query * fine_width),
                    fine_width,
                    at(fine, block * fine_width),
                    least,
                    bounds,
                ):
                    continue
                for i in range(size):
                    if n == k and bounds[i] < similarities[to]:
                        continue
                    word = block + i
                    score = any_dot(at(queries, query * dim), at(words, word * dim), dim)
                    n = keep_best(score, word, k, n, at(similarities, to), at(ids, to))
                counts[query] = n


@kernel
def sort_nearest(n: i64, k: i64, counts: I32, ids: I32, similarities: F32) -> None:
    """Sort the nearest of n queries, the most similar first."""
    for query in range(n):
        sort_best(int(counts[query]), at(similarities, query * k), at(ids, query * k))
