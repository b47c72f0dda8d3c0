"""The words nearest to a query, by the cosine of the angle between their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels import neighbours as kernels
from fastcli.kernels import numbers
from fastcli.text.dictionary import as_bytes
from fastcli.threads import run_on, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fastcli.fasttext.vectors import Vectors
    from fastcli.text.dictionary import Dictionary

QUERIES = 256  # scored at a time, against ...
WORDS = 2048  # so many words: the scores stay in the cache
MANY = 32  # queries that are worth a table of bounds
HEAD = 24  # leading directions in it
SLACK = 1e-6  # by so much a bound is larger, and rounding takes less


class Neighbours:
    """Finds the nearest words of a model for vectors, exactly.

    With many queries at a time, most words are passed over by a bound: in a basis of principal
    directions, x.y is at most the product of the first coordinates plus |rest of x| |rest of y|
    (Cauchy and Schwarz), which takes a matrix product of a quarter of the size.
    """

    def __init__(self, vectors: Vectors, n_threads: int) -> None:
        dictionary = vectors.model.dictionary
        if dictionary.nwords == 0:
            raise ArgumentError("The model has no words, so there are no neighbours.")
        self.dictionary = dictionary
        self._n_threads = n_threads
        self._words = vectors.of_dictionary()
        norms = np.linalg.norm(self._words, axis=1, keepdims=True)
        self._words /= np.where(norms > 0, norms, 1)
        self._basis: NDArray[np.float32] | None = None
        self._heads: NDArray[np.float32] | None = None

    def find(
        self, queries: NDArray[np.float32], banned: Sequence[Sequence[bytes]], k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Return the k nearest words of every query but its banned ones, the nearest first.

        ``queries`` is n x dim, of any length.  Returns for each query the number of its
        neighbours, and their ids and similarities (n x k).
        """
        n = len(queries)
        norms = np.linalg.norm(queries, axis=1, keepdims=True)
        queries = (queries / np.where(norms < 1e-8, 1, norms)).astype(np.float32)
        most = max((len(words) for words in banned), default=0)
        wide = max(1, min(k + most, len(self._words)))
        counts = np.zeros(n, np.int32)
        ids = np.zeros((n, wide), np.int32)
        similarities = np.zeros((n, wide), np.float32)
        for first in range(0, n, QUERIES):
            last = min(first + QUERIES, n)
            some = np.ascontiguousarray(queries[first:last])
            self._nearest(some, wide, counts[first:], ids[first:], similarities[first:])
        kernels.sort_nearest(n, wide, counts, ids, similarities)
        left_out = np.full((n, max(most, 1)), -1, np.int64)
        for i, words in enumerate(banned):
            left_out[i, : len(words)] = [self.dictionary.find(word) for word in words]
        shown = np.arange(wide) < counts[:, None]
        for column in left_out.T:
            shown &= ids != column[:, None]
        # Those shown to the front, in their order; then the first k.
        order = np.argsort(~shown, axis=1, kind="stable")[:, :k]
        counts = np.minimum(shown.sum(axis=1), k).astype(np.int32)
        ids = np.ascontiguousarray(np.take_along_axis(ids, order, 1))
        return counts, ids, np.ascontiguousarray(np.take_along_axis(similarities, order, 1))

    def _nearest(
        self,
        queries: NDArray[np.float32],
        k: int,
        counts: NDArray[np.int32],
        ids: NDArray[np.int32],
        similarities: NDArray[np.float32],
    ) -> None:
        n, dim = queries.shape
        left, right = queries, self._words
        is_bound = n >= MANY and dim >= 2 * HEAD
        if is_bound:
            left, right = self._bounded(queries)
        bounds = np.full((n, WORDS), -1e30, np.float32)
        n_threads = max(1, min(self._n_threads, n // MANY))
        for first_word in range(0, len(right), WORDS):
            some = right[first_word : first_word + WORDS]
            if len(some) == WORDS:
                np.matmul(left, some.T, out=bounds)
            else:
                bounds[:, : len(some)] = left @ some.T
                bounds[:, len(some) :] = -1e30
            n_words = len(some)

            def work(thread: int, first_word: int = first_word, n_words: int = n_words) -> None:
                kernels.keep_nearest(
                    bounds,
                    WORDS,
                    n_words,
                    first_word,
                    *share(n, thread, n_threads),
                    queries,
                    self._words,
                    dim,
                    int(not is_bound),
                    k,
                    counts,
                    ids,
                    similarities,
                )

            run_on(n_threads, work)

    def _bounded(
        self, queries: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return queries and words whose products are bounds of their similarities."""
        if self._basis is None or self._heads is None:
            sample = self._words[:: max(1, len(self._words) // 20000)].astype(np.float64)
            _, directions = np.linalg.eigh(sample.T @ sample)
            self._basis = directions[:, : -HEAD - 1 : -1].astype(np.float32)
            self._heads = _with_rest(self._words, self._basis)
        return _with_rest(queries, self._basis), self._heads


def _with_rest(x: NDArray[np.float32], basis: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the coordinates of rows in a basis, and after them the length of what is left."""
    heads = x @ basis
    rest = np.sqrt(np.maximum((x * x).sum(1) - (heads * heads).sum(1), 0) + np.float32(SLACK))
    return np.hstack([heads, rest[:, None]])


def analogy_vectors(words: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a - b + c of every three rows, each divided by its length first."""
    norms = np.linalg.norm(words, axis=1, keepdims=True) + np.float32(1e-8)
    a, b, c = (words / norms).reshape(-1, 3, words.shape[1]).transpose(1, 0, 2)
    return np.asarray(a - b + c, np.float32)


def neighbour_lines(
    dictionary: Dictionary,
    counts: NDArray[np.int32],
    ids: NDArray[np.int32],
    similarities: NDArray[np.float32],
    prompt: bytes,
) -> bytes:
    """Return neighbours as lines ``word similarity``, and the prompt after those of a query."""
    n, k = ids.shape
    shown = ids[np.arange(k) < counts[:, None]]
    sizes = dictionary.starts[shown + 1] - dictionary.starts[shown]
    out = np.empty(int(sizes.sum()) + 16 * len(shown) + n * len(prompt) + 16, np.uint8)
    size = numbers.format_neighbours(
        counts,
        ids.reshape(-1),
        similarities.reshape(-1),
        n,
        k,
        dictionary.starts,
        dictionary.arena,
        as_bytes(prompt),
        len(prompt),
        out,
    )
    return out[:size].tobytes()
