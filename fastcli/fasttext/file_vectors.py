"""Word vectors of files (.vec, GloVe, word2vec) as a model without n-grams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import Model
from fastcli.fasttext.model_args import ModelArgs
from fastcli.fasttext.vectors import Vectors
from fastcli.fasttext.word_rows import packed
from fastcli.memory import check_room
from fastcli.text.dictionary import Dictionary, gathered
from fastcli.text.vector_files import VectorFile, WordVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FileVectors(Vectors):
    """Vectors of the words of a file; others have none, and are zeros."""

    def unknown(self, words: Sequence[bytes]) -> NDArray[np.bool_]:
        """See ``Vectors``."""
        found = self.model.dictionary.positions(*packed(words), len(words))
        return np.asarray(found < 0)


def load_file_vectors(path: str, n_threads: int, note: Callable[[str], None]) -> FileVectors:
    """Read a file of word vectors; ``note`` hears what is odd about it.

    Raises DataError if it is damaged or has no vectors, FastcliError where there is no memory.
    """
    file = VectorFile(path)
    check_room(8 * file.n_words * file.dim, f"The vectors of {file.n_words:,} words")
    parts = list(file.read(n_threads))
    words = _joined(parts, file.dim)
    for sentence in file.notes:
        note(sentence)
    if not len(words):
        raise DataError(f"{path} has no word vectors.")
    dictionary = _dictionary(words)
    if dictionary.first_duplicate >= 0:
        words, n = _without_duplicates(words, dictionary)
        dictionary = _dictionary(words)
        note(f"{path}: words that are there again, of which the last vector counts: {n:,}.")
    args = ModelArgs(dim=file.dim, model="cbow", loss="ns", bucket=0)
    wi = DenseMatrix(words.values.reshape(-1), file.dim)
    model = Model(
        args=args, dictionary=dictionary, wi=wi, wo=DenseMatrix(np.zeros(0, np.float32), file.dim)
    )
    return FileVectors(model, n_threads)


def _joined(parts: list[WordVectors], dim: int) -> WordVectors:
    """Return parts as one; each is freed as soon as it has been copied."""
    n = sum(map(len, parts))
    size = sum(int(part.starts[len(part)]) for part in parts)
    starts, arena = np.zeros(n + 1, np.int64), np.zeros(size + 1, np.uint8)
    values = np.empty((n, dim), np.float32)
    at = 0
    while parts:
        part = parts.pop(0)
        k, first = len(part), int(starts[at])
        starts[at + 1 : at + k + 1] = part.starts[1 : k + 1] + first
        end = int(part.starts[k])
        arena[first : first + end] = part.arena[:end]
        values[at : at + k] = part.values
        at += k
    return WordVectors(starts, arena, values)


def _dictionary(words: WordVectors) -> Dictionary:
    n = len(words)
    counts = np.ones(n, np.int64)
    return Dictionary(
        nwords=n, nlabels=0, ntokens=n, starts=words.starts, arena=words.arena, counts=counts
    )


def _without_duplicates(words: WordVectors, dictionary: Dictionary) -> tuple[WordVectors, int]:
    """Return each word once, with the last of its vectors, and how many were left out."""
    found = dictionary.positions(words.starts, words.arena, len(words))
    last = np.arange(len(words))
    last[found] = np.arange(len(words))  # of several the last one stays
    kept = np.flatnonzero(found == np.arange(len(words)))
    starts, arena = gathered(words.starts, words.arena, kept)
    return WordVectors(starts, arena, words.values[last[kept]]), len(words) - len(kept)
