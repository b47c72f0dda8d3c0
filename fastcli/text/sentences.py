"""Training text as lines of word ids: what word vectors are trained on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.text import features as kernels
from fastcli.text.corpus import Extend, count_files, merge_counters
from fastcli.text.dictionary import Dictionary, TokenCounter, WordTable, build_dictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 1025  # tokens after which fastText cuts a line


@dataclass
class Sentences:
    """Lines of words: line i is ``words[offsets[i]:offsets[i + 1]]``.

    ``tokens`` counts the tokens of each line, labels and line ends included, rare words not.
    """

    words: NDArray[np.int32]
    offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]

    @property
    def n_lines(self) -> int:
        """The number of lines."""
        return len(self.tokens)

    @property
    def nbytes(self) -> int:
        """The memory that is given back after training."""
        return self.words.nbytes + self.offsets.nbytes + self.tokens.nbytes


def read_sentences(
    paths: Sequence[str],
    label: str,
    min_count: int,
    min_count_label: int,
    n_threads: int,
    on_bytes: Callable[[int], None] = lambda n: None,
    on_dictionary: Callable[[Dictionary], None] = lambda dictionary: None,
    extend: Extend | None = None,
) -> tuple[Dictionary, Sentences]:
    """Read training files: their dictionary, and their lines as word ids.

    Labels are in the dictionary but not in the lines.  ``extend`` is as in ``read_corpus``.
    Raises DataError where a file cannot be read or no word is left.
    """
    prefix = os.fsencode(label)
    counters = count_files(paths, prefix, n_threads, on_bytes)
    words, maps = merge_counters(counters, prefix)
    dictionary, ids = build_dictionary(words, min_count, min_count_label)
    on_dictionary(dictionary)
    if extend is not None:
        dictionary, ids = extend(dictionary, words)
    parts = [
        _lines(counter, entries, words, ids)
        for counter, entries in zip(counters, maps, strict=True)
    ]
    offsets = [np.zeros(1, np.int64)]
    for part in parts:
        offsets.append(part.offsets[1:] + offsets[-1][-1])
    return dictionary, Sentences(
        np.concatenate([np.empty(0, np.int32), *(part.words for part in parts)]),
        np.concatenate(offsets),
        np.concatenate([np.empty(0, np.int32), *(part.tokens for part in parts)]),
    )


def _lines(
    counter: TokenCounter, entries: NDArray[np.int32], words: WordTable, ids: NDArray[np.int32]
) -> Sentences:
    stream = counter.stream
    most = int(np.count_nonzero(stream < 0)) + len(stream) // LONGEST + 1
    out = np.empty(len(stream), np.int32)
    offsets = np.zeros(most + 1, np.int64)
    tokens = np.empty(most, np.int32)
    n = kernels.word_lines(
        stream, len(stream), entries, ids, words.kinds, LONGEST, out, offsets, tokens
    )
    counter.drop_stream()
    return Sentences(out[: int(offsets[n])], offsets[: n + 1], tokens[:n])
