"""The words nearest to a query, by the cosine of the angle between their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, NotFinite
from fastcli.fasttext.matrix import first_not_finite, row_lengths
from fastcli.fasttext.vectors import Vectors
from fastcli.fasttext.word_rows import packed
from fastcli.kernels.base import printf
from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.linear import neighbours as kernels
from fastcli.kernels.text.dictionary import find_entries
from fastcli.memory import check_room, zeros
from fastcli.text.dictionary import as_text
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary

COARSE, FINE = 16, 48  # directions that the two bounds look at, of 100; of more, in proportion
MOST_LOOKED_AT = 512  # numbers of a vector; the time for them grows with their third power
SLACK = 1e-6  # by so much a bound is larger, and rounding takes less
MIN_QUERIES_PER_THREAD = 8


class Neighbours:
    """Finds the nearest words of a model for vectors, exactly.

    Most words are passed over by a bound: in a basis of principal directions, x.y is at most
    the product of the leading coordinates plus |rest of x| |rest of y| (Cauchy and Schwarz), and
    word vectors have most of their length in few directions.
    """

    def __init__(self, vectors: Vectors, n_threads: int, name: str = "The model") -> None:
        """Prepare the words of a model, which errors call ``name``.

        Raises ArgumentError if there are none, NotFinite for NaN or infinite weights, FastcliError
        where there is no memory for them.
        """
        dictionary = vectors.model.dictionary
        if dictionary.nwords == 0:
            raise ArgumentError("The model has no words, so there are not neighbours.")
        self.dictionary = dictionary
        self._n_threads = n_threads
        # What is certain: the vectors, and those divided by their lengths.
        check_room(
            8 * dictionary.nwords * vectors.model.args.dim,
            f"The vectors of {dictionary.nwords:,} words",
        )
        self._words = unit_rows(vectors.of_dictionary())
        if (bad := first_not_finite(self._words)) >= 0:
            word = dictionary.entry(bad).decode("utf-8", "replace")[:40]
            raise NotFinite(name, f"the numbers of the word {word!r}")
        self._bases = principal_bases(self._words)
        self._heads = [in_blocks(with_rest(self._words, basis, n_threads)) for basis in self._bases]

    def load_kernels(self) -> None:
        """Load the kernels for queries, so that no query waits for a compiler."""
        for kernel in (
            kernels.keep_nearest,
            kernels.sort_nearest,
            find_entries,
            printf.format_neighbours,
        ):
            kernel.load()

    def find(
        self, queries: NDArray[np.float32], banned: Sequence[Sequence[bytes]], k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Return the k nearest words of every query but its banned ones, the nearest first.

        ``queries`` is n x dim, of any length.  Returns for each query the number of its
        neighbours, and their ids and similarities (n x k).
        """
        n, k = len(queries), min(k, len(self._words))
        queries = unit_rows(queries, 1e-8)
        counts = np.zeros(n, np.int32)
        ids = np.zeros((n, k), np.int32)
        similarities = np.zeros((n, k), np.float32)
        best = Best(k, counts, ids, similarities)
        left_out = self._entries_of(banned)
        coarse, fine = (
            kernels.Bound(len(basis) + 1, heads, with_rest(queries, basis, 1))
            for basis, heads in zip(self._bases, self._heads, strict=True)
        )
        n_threads = max(1, min(self._n_threads, n // MIN_QUERIES_PER_THREAD))

        def work(thread: int) -> None:
            kernels.keep_nearest(
                coarse,
                fine,
                kernels.Vectors(
                    queries.shape[1],
                    len(self._words),
                    self._words,
                    queries,
                    left_out,
                    left_out.shape[1],
                ),
                *bounds(n, thread, n_threads),
                np.empty(kernels.BLOCK, np.float32),
                best,
            )

        run_apart(n_threads, work)
        kernels.sort_nearest(n, best)
        return counts, ids, similarities

    def _entries_of(self, banned: Sequence[Sequence[bytes]]) -> NDArray[np.int32]:
        """Return the positions of words, int32[queries, most words of a query], -1 for no word."""
        sizes = np.array([len(words) for words in banned], np.int64)
        found = np.full((len(banned), max(1, sizes.max(initial=0))), -1, np.int32)
        starts, arena = packed([word for words in banned for word in words])
        is_word = np.arange(found.shape[1]) < sizes[:, None]
        found[is_word] = self.dictionary.positions(starts, arena, int(sizes.sum()))
        return found


def unit_rows(rows: NDArray[np.float32], least: float = 0.0) -> NDArray[np.float32]:
    """Return rows divided by their lengths, unless these are at most ``least``."""
    norms = row_lengths(rows)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN is reported where it is used
        return np.asarray(rows / np.where(norms <= least, 1, norms), np.float32)


def principal_bases(words: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return two bases of principal directions, float32[directions, dim], a coarse and a fine one.

    Of very long vectors only the first numbers count, so that finding them takes no minutes: any
    directions at right angles make a bound, if not as good a one.
    """
    dim = words.shape[1]
    looked_at = min(dim, MOST_LOOKED_AT)
    sample = words[:: max(1, len(words) // 20000), :looked_at].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    bases = []
    for n in (min(n * max(looked_at, 100) // 100, looked_at) for n in (COARSE, FINE)):
        basis = np.zeros((n, dim), np.float32)
        basis[:, :looked_at] = directions[:, : -n - 1 : -1].T
        bases.append(basis)
    return bases


def with_rest(
    x: NDArray[np.float32], basis: NDArray[np.float32], n_threads: int
) -> NDArray[np.float32]:
    """Return the coordinates of rows in a basis, and after them the length of the residual.

    ``basis`` has a direction a row.
    """
    out = np.empty((len(x), len(basis) + 1), np.float32)

    def work(thread: int) -> None:
        first, last = bounds(len(x), thread, n_threads)
        rows, n_rows = x[first:], last - first
        kernels.project_rows(rows, n_rows, x.shape[1], basis, len(basis), SLACK, out[first:])

    run_apart(n_threads, work)
    return out


def in_blocks(heads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows (n x width) as blocks of width x 64, the last one filled up with zeros; flat."""
    n, width = heads.shape
    n_blocks = -(-n // kernels.BLOCK)
    padded = np.zeros((n_blocks, kernels.BLOCK, width), np.float32)
    padded.reshape(-1, width)[:n] = heads
    blocks = zeros(padded.size)  # on the start of a cache line, which makes reading quicker
    blocks.reshape(n_blocks, width, kernels.BLOCK)[:] = padded.transpose(0, 2, 1)
    return blocks


def analogy_vectors(words: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a - b + c of every three rows, each divided by its length first."""
    norms = row_lengths(words) + np.float32(1e-8)
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
    best = Best(k, counts, ids.reshape(-1), similarities.reshape(-1))
    size = printf.format_neighbours(best, n, dictionary.table.entries, as_text(prompt), out)
    return out[:size].tobytes()
