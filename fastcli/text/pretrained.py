"""Word vectors that training starts from: their words in the dictionary, and their rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fastcli.errors import DataError
from fastcli.memory import check_memory, padded
from fastcli.text.counting import known_ids
from fastcli.text.dictionary import (
    EOS,
    WORD,
    Dictionary,
    WordTable,
    gathered,
    have_prefix,
    with_words,
)
from fastcli.text.unknown_words import MOST_CHECKED, Cause, likely_cause
from fastcli.text.vector_files import VectorSource, WordVectors

ROWS_AT_A_TIME = 1 << 14  # rows that are copied at a time
FEW = 0.05  # of the words of the text: a cause is looked for where fewer have a vector
MOST_SEARCHED = 100_000  # words of the source among which it is looked for


class Pretrained:
    """The vectors of a source until they are rows of a model.

    With ``words`` "all", those of the source that the text lacks enter the dictionary too, as in
    fastText: ``adds_words`` is true, ``extend`` gives the dictionary, and the vectors are held
    until ``set_words``.  With "corpus" they are passed over.
    """

    def __init__(self, source: VectorSource, words: str, label: str, n_threads: int) -> None:
        self.source = source
        self._prefix, self._n_threads = os.fsencode(label), n_threads
        self._parts: list[WordVectors] = []
        self.n_vectors = 0  # of those that enter the dictionary, repeated ones too
        self._in_text: NDArray[np.bool_] | None = None
        self._n_labels = 0
        self.adds_words = words == "all"
        if self.adds_words:
            check_memory(self.memory_of(source), "file of vectors, or --vectors-words corpus")
            self._parts = list(source.read(n_threads))
            self.n_vectors = sum(map(len, self._parts))

    @staticmethod
    def memory_of(source: VectorSource) -> int:
        """Return the bytes of memory that all vectors of a source take, and their rows."""
        return 4 * source.n_words * (source.dim + padded(source.dim))

    def in_text(self, dictionary: Dictionary) -> NDArray[np.bool_]:
        """Tell of every word of the dictionary whether the text has it."""
        if self._in_text is None:
            return np.ones(dictionary.nwords, bool)
        return self._in_text

    def extend(
        self, dictionary: Dictionary, words: WordTable
    ) -> tuple[Dictionary, NDArray[np.int32]]:
        """Return the dictionary with all words of the source, and the ids of the text's words.

        Rare words that the dictionary lacks come back where the source has them.
        """
        lists = [(part.starts, part.arena, len(part)) for part in self._parts]
        self._n_labels = sum(int(have_prefix(*one, self._prefix).sum()) for one in lists)
        extended = with_words(dictionary, self._prefix, lists)
        ids = known_ids(extended, words)
        self._in_text = np.zeros(extended.nwords, bool)
        counts, kinds = words.counts[: words.n], words.kinds[: words.n]
        self._in_text[ids[(kinds == WORD) & (ids >= 0) & (counts > 0)]] = True
        return extended, ids

    def set_words(
        self, dictionary: Dictionary, rows: NDArray[np.float32], memory_rows: NDArray[np.int64]
    ) -> list[str]:
        """Set the rows of the words that have a vector, and free the vectors.

        ``rows`` is float32[n, dim or more]; that of word i is ``memory_rows[i]``, -1 if it has
        none.  Of a word that occurs twice in the source the last vector counts.  Returns sentences
        for the user.  Raises DataError if no word of the text has a vector.
        """
        source, dim = self.source, self.source.dim
        has = np.zeros(dictionary.nwords, bool)
        for part in self._taken_parts(dictionary):
            found = dictionary.positions(part.starts, part.arena, len(part))
            used = np.flatnonzero((found >= 0) & (found < dictionary.nwords))
            used = used[memory_rows[found[used]] >= 0]
            rows[memory_rows[found[used]], :dim] = part.values[used]
            has[found[used]] = True
        in_text = self.in_text(dictionary)
        made = np.flatnonzero(in_text & ~has & (memory_rows >= 0))
        made = made[self._set_others(dictionary, made, rows, memory_rows)]
        has[made] = True
        counted = in_text.copy()
        if 0 <= (eos := dictionary.find(EOS)) < dictionary.nwords:
            counted[eos] = False  # every file has the end of a line, whatever its language
        n, n_text = int((has & counted).sum()), int(counted.sum())
        if n == 0 and n_text:
            why = self._cause(dictionary, np.flatnonzero(counted))
            raise DataError(
                f"0 of {n_text:,} words of the text are in {source.path}: {why.clause}. Give "
                "vectors of the text's language, in the same case and segmented alike, or leave "
                "-pretrainedVectors out."
            )
        summary = f"Pretrained vectors: {n:,} of {n_text:,} words have one"
        if len(made):
            summary += f" ({len(made):,} of them by character n-grams)"
        if more := dictionary.nwords - int(in_text.sum()):
            summary += f"; words added that the text lacks: {more:,}"
        notes = [summary + ".", *source.notes]
        if n < FEW * n_text:
            why = self._cause(dictionary, np.flatnonzero(counted & ~has))
            notes += [f"Few words have one: {why.clause}."] * why.is_certain
        if self._n_labels:
            notes.append(
                f"{source.path}: words left out because they start with the label prefix "
                f"{self._prefix.decode('utf-8', 'replace')!r}: {self._n_labels:,}."
            )
        return notes

    def _cause(self, dictionary: Dictionary, lacking: NDArray[np.int64]) -> Cause:
        """Return why words of the dictionary are not in the source, whose start is read again."""
        words: dict[bytes, None] = {}
        for part in self.source.read(self._n_threads):
            text = part.arena.tobytes()
            words.update((text[a:b], None) for a, b in pairwise(part.starts.tolist()))
            if len(words) >= MOST_SEARCHED:
                break
        if not words:
            return Cause(clause="it has no word that a text can have", is_certain=True)
        given = [dictionary.entry(i) for i in lacking[:MOST_CHECKED].tolist()]
        names = "the text", os.path.basename(self.source.path)
        return likely_cause(given, list(words), words.__contains__, names)

    def _taken_parts(self, dictionary: Dictionary) -> Iterator[WordVectors]:
        if not self.adds_words:
            yield from self.source.read(self._n_threads, dictionary)
        self._parts.reverse()
        while self._parts:
            yield self._parts.pop()

    def _set_others(
        self,
        dictionary: Dictionary,
        words: NDArray[np.int64],
        rows: NDArray[np.float32],
        memory_rows: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Set the rows of words that the source does not list; tell which of them it knows."""
        known = np.zeros(len(words), bool)
        for first in range(0, len(words), ROWS_AT_A_TIME):
            chunk = words[first : first + ROWS_AT_A_TIME]
            starts, arena = gathered(dictionary.starts, dictionary.arena, chunk)
            vectors = self.source.of_others(starts, arena, len(chunk), self._n_threads)
            if vectors is None:
                break
            usable = vectors.any(axis=1)
            rows[memory_rows[chunk[usable]], : self.source.dim] = vectors[usable]
            known[first : first + len(chunk)] = usable
        return known

    def set_ngrams(
        self,
        buckets: NDArray[np.int64],
        rows: NDArray[np.float32],
        memory_rows: NDArray[np.int64],
    ) -> list[str]:
        """Set the rows of n-grams, where the source has the same ones; bucket i is at place i."""
        if not self.source.has_ngrams or not len(buckets):
            return []
        for first in range(0, len(buckets), ROWS_AT_A_TIME):
            found = self.source.of_ngrams(buckets[first : first + ROWS_AT_A_TIME])
            rows[memory_rows[first : first + ROWS_AT_A_TIME], : self.source.dim] = found
        return [f"Pretrained n-grams: {len(buckets):,} start from those of {self.source.path}."]
