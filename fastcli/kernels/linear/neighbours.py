"""Nearest neighbours: picking the best of many similarities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.vector import any_dot, block_reaches
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, i64

BLOCK = 64  # words whose bounds are computed together
GROUP = 64  # queries whose heads stay in the first cache while all blocks go by


class Bound(Group):
    """Rows whose products are at least the similarities of words and queries."""

    width: i64
    words: F32  # in blocks of 64, each width x 64, the last one filled up
    queries: F32  # [queries * width]


class Vectors(Group):
    """The vectors whose dot product is the similarity of a word and a query."""

    dim: i64
    n_words: i64
    words: F32  # [n_words * dim]
    queries: F32  # [queries * dim]
    banned: I32  # [queries * n_banned]: words that no query is answered with, -1 for none
    n_banned: i64


@device
def is_banned(word: i64, banned: I32, n: i64) -> bool:
    """Tell whether a word is one of n."""
    for i in range(n):
        if banned[i] == word:
            return True
    return False


@kernel
def project_rows(
    rows: F32, n_rows: i64, dim: i64, basis: F32, n_directions: i64, slack: f32, out: F32
) -> None:
    """Write the coordinates of rows in a basis, and after them the length of the residual.

    Each row gets ``n_directions`` + 1 floats.  ``basis`` has a direction of ``dim`` floats per row,
    all at right angles and of length 1.  The square of the last float is ``slack`` larger than it
    should be.
    """
    for i in range(n_rows):
        row, to = at(rows, i * dim), at(out, i * (n_directions + 1))
        rest = any_dot(row, row, dim)
        for k in range(n_directions):
            x = any_dot(row, at(basis, k * dim), dim)
            to[k] = x
            rest -= x * x
        rest = max(rest, np.float32(0.0)) + slack
        to[n_directions] = np.float32(np.sqrt(float(rest)))


@device
def bound_reaches(bound: Bound, query: i64, block: i64, minimum: f32, out: F32) -> i64:
    """Set ``out[:64]`` to the bounds of a block of words, if one is ``minimum`` or more.

    ``block`` is the first of the words.  Returns 1 if there is one, else 0.
    """
    width = bound.width
    of_query, of_words = at(bound.queries, query * width), at(bound.words, block * width)
    return block_reaches(of_query, width, of_words, minimum, out)


@kernel
def keep_nearest(
    coarse: Bound, fine: Bound, vectors: Vectors, first: i64, last: i64, bounds: F32, best: Best
) -> None:
    """Find the k words most similar to each of the queries ``first`` to ``last``.

    The similarity is taken only where two bounds, first a coarse one and then a finer one, allow
    for one of the k largest, and the word is not banned.  The nearest of a query are a heap, as
    ``keep_best`` leaves it.  ``bounds`` (64) is scratch.
    """
    k, dim, n_words, n_banned = best.k, vectors.dim, vectors.n_words, vectors.n_banned
    for group in range(first, last, GROUP):
        for block in range(0, n_words, BLOCK):
            size = min(BLOCK, n_words - block)
            for query in range(group, min(group + GROUP, last)):
                n = int(best.counts[query])
                similarities, ids = at(best.scores, query * k), at(best.ids, query * k)
                minimum = similarities[0] if n == k else np.float32(-1e30)
                if not bound_reaches(coarse, query, block, minimum, bounds):
                    continue
                if not bound_reaches(fine, query, block, minimum, bounds):
                    continue
                vector = at(vectors.queries, query * dim)
                for i in range(size):
                    if n == k and bounds[i] < similarities[0]:
                        continue
                    word = block + i
                    if is_banned(word, at(vectors.banned, query * n_banned), n_banned):
                        continue
                    score = any_dot(vector, at(vectors.words, word * dim), dim)
                    n = keep_best(score, word, k, n, similarities, ids)
                best.counts[query] = n


@kernel
def sort_nearest(n: i64, best: Best) -> None:
    """Sort the nearest of n queries, the most similar first."""
    k = best.k
    for query in range(n):
        sort_best(int(best.counts[query]), at(best.scores, query * k), at(best.ids, query * k))
