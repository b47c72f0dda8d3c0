"""Vectors of words, of their character n-grams and of sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.matrix import row_lengths
from fastcli.fasttext.model import Model
from fastcli.fasttext.word_rows import packed, word_rows
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.text import lines as line_kernels
from fastcli.text.dictionary import EOS
from fastcli.text.inputs import split_at_lines
from fastcli.text.spelling import most_bytes
from fastcli.threads import run_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

CHUNK = 1 << 22  # floats of vectors made at a time
MIN_WORDS_PER_THREAD = 256
PART = 1 << 16  # bytes of lines that a thread makes vectors of at a time


class Vectors:
    """Makes vectors with a model: float32 matrices with one row per word or line."""

    def __init__(self, model: Model, n_threads: int) -> None:
        self.model = model
        self._n_threads = n_threads

    def of_words(self, words: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the vectors of words; unknown ones get the mean of their character n-grams.

        The vector of a word that has no row at all is zero.
        """
        return self.of_entries(*packed(words), len(words))

    def unknown(self, words: Sequence[bytes]) -> NDArray[np.bool_]:
        """Tell of words whether they are in no file of vectors; of a model none is unknown.

        A model without n-grams has zeros for words that it does not know, as in fastText.
        """
        return np.zeros(len(words), np.bool_)

    def of_dictionary(self) -> NDArray[np.float32]:
        """Return the vectors of all words of the model."""
        dictionary = self.model.dictionary
        return self.of_entries(dictionary.starts, dictionary.arena, dictionary.nwords)

    def of_entries(self, starts: NDArray[np.int64], arena: Bytes, n: int) -> NDArray[np.float32]:
        """Return the vectors of n words, of which word i is ``arena[starts[i]:starts[i + 1]]``."""
        dim = self.model.args.dim
        out = np.empty((n, dim), np.float32)
        n_threads = max(1, min(self._n_threads, n // MIN_WORDS_PER_THREAD))
        step = max(1, CHUNK // (16 * dim))

        def work(thread: int) -> None:
            begin, end = bounds(n, thread, n_threads)
            for first in range(begin, end, step):
                last = min(first + step, end)
                offsets, rows = self._rows(starts, arena, first, last)
                means = self.model.wi.means(rows, offsets, 0, last - first)
                out[first:last] = means.reshape(-1, dim)

        run_on(n_threads, work)
        return out

    def _rows(
        self, starts: NDArray[np.int64], arena: Bytes, first: int, last: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        model = self.model
        offsets, rows = word_rows(model.dictionary, model.args, starts, arena, first, last)
        if model.bucket_rows is not None:
            nwords = model.dictionary.nwords
            line_kernels.prune_features(rows, offsets, last - first, nwords, model.bucket_rows)
        return offsets, rows

    def of_ngrams(self, word: bytes) -> tuple[list[bytes], NDArray[np.float32]]:
        """Return the parts of a word that have a row, and those rows: the word itself if it is
        known, then its character n-grams between ``<`` and ``>``.
        """
        names, rows = subword_rows(self.model, word)
        are_there = (rows >= 0) & (rows < self.model.wi.n_rows)  # a label's row may not be
        n = int(are_there.sum())
        offsets = np.arange(n + 1, dtype=np.int64)
        features = np.append(rows[are_there], np.int32(0))
        vectors = self.model.wi.means(features, offsets, 0, n).reshape(-1, self.model.args.dim)
        return [name for name, is_there in zip(names, are_there, strict=True) if is_there], vectors

    def of_lines(self, text: Bytes) -> Iterator[NDArray[np.float32]]:
        """Yield the vectors of the lines of a text, some rows at a time.

        Of a classifier, the mean of all rows of the line, which is what it predicts from; of
        word vectors, the mean of the words' vectors after each was divided by its norm.
        """
        if self.model.args.model == "sup":
            yield from self._of_features(text)
        else:
            yield from self._of_line_words(text)

    def _of_features(self, text: Bytes) -> Iterator[NDArray[np.float32]]:
        all_parts = split_at_lines(text, max(1, len(text) // PART))
        for first in range(0, len(all_parts), self._n_threads):
            yield from self._of_parts(all_parts[first : first + self._n_threads])

    def _of_parts(self, parts: list[Bytes]) -> Iterator[NDArray[np.float32]]:
        made: list[list[NDArray[np.float32]]] = [[] for _ in parts]
        dim = self.model.args.dim

        def work(i: int) -> None:
            reader, position = self.model.reader(), 0
            while position < len(parts[i]):
                lines, position = reader.read(parts[i], position)
                means = self.model.wi.means(lines.features, lines.offsets, 0, lines.n)
                made[i].append(means.reshape(-1, dim))

        run_on(len(parts), work)
        for some in made:
            yield from some

    def _of_line_words(self, text: Bytes) -> Iterator[NDArray[np.float32]]:
        raw = text.tobytes()
        lines = [line.split() for line in raw.removesuffix(b"\n").split(b"\n")] if raw else []
        step = 4096
        for first in range(0, len(lines), step):
            some = lines[first : first + step]
            vectors = self.of_words([word for line in some for word in line])
            norms = row_lengths(vectors)
            counted = norms[:, 0] > 0
            with np.errstate(invalid="ignore"):  # infinite ones become NaN
                vectors[counted] = vectors[counted] / norms[counted]
            owner = np.repeat(np.arange(len(some)), [len(line) for line in some])
            out = np.zeros((len(some), self.model.args.dim), np.float32)
            np.add.at(out, owner, vectors)
            counts = np.bincount(owner[counted], minlength=len(some))
            yield out / np.maximum(counts, 1).astype(np.float32)[:, None]


def subword_rows(model: Model, word: bytes) -> tuple[list[bytes], NDArray[np.int32]]:
    """Return a word, if it is known, and its character n-grams, each with its input row.

    The row is -1 where pruning dropped it.  A label has the number of a row among the buckets.
    """
    dictionary, args = model.dictionary, model.args
    entry = dictionary.find(word)
    names, own = ([word], [entry]) if entry >= 0 else ([], [])
    ngrams = np.zeros(0, np.int32)
    if word != EOS and args.maxn > 0:
        offsets, features = word_rows(dictionary, args, *packed([word]), 0, 1)
        grams = char_ngrams(word, args.minn, args.maxn)
        ngrams = features[int(offsets[1]) - len(grams) : int(offsets[1])]
        names = names + grams
    if model.bucket_rows is not None:
        kept = model.bucket_rows[ngrams - dictionary.nwords]
        ngrams = np.where(kept > 0, dictionary.nwords + kept - 1, -1)
    return names, np.array([*own, *ngrams.tolist()], np.int32)


def char_ngrams(word: bytes, minn: int, maxn: int) -> list[bytes]:
    """Return the character n-grams of ``<word>``, in the order of their rows; see ``spelling``.

    >>> char_ngrams(b"ab", 2, 3)
    [b'<a', b'<ab', b'ab', b'ab>', b'b>']
    """
    if len(word) > most_bytes(maxn):
        return []
    text = b"<" + word + b">"
    begins = [i for i in range(len(text)) if text[i] & 0xC0 != 0x80] + [len(text)]
    found = []
    for i in range(len(begins) - 1):
        for n in range(max(minn, 1), min(maxn, len(begins) - 1 - i) + 1):
            if not (n == 1 and (begins[i] == 0 or begins[i + 1] == len(text))):
                found.append(text[begins[i] : begins[i + n]])
    return found
