"""Training text as lines of word ids: what word vectors are trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.text import features as kernels
from fastcli.kernels.text.groups import EntryFeatures, Stream
from fastcli.text.corpus import joined_offsets
from fastcli.text.counting import Counted
from fastcli.text.dictionary import TokenCounter, WordTable

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
        """The memory that is freed after training."""
        return self.words.nbytes + self.offsets.nbytes + self.tokens.nbytes


def make_sentences(counted: Counted, ids: NDArray[np.int32]) -> Sentences:
    """Turn counted tokens into lines of word ids; labels are not in the lines.

    ``ids`` are the ids of the entries of the word table.  The token streams are freed on the
    way.
    """
    spans = [
        _lines(counter, entries, counted.words, ids)
        for counter, entries in zip(counted.counters, counted.entries, strict=True)
    ]
    return Sentences(
        np.concatenate([span.words for span in spans]),
        joined_offsets([span.offsets for span in spans]),
        np.concatenate([span.tokens for span in spans]),
    )


def _lines(
    counter: TokenCounter, entries: NDArray[np.int32], words: WordTable, ids: NDArray[np.int32]
) -> Sentences:
    stream = counter.stream
    most = int(np.count_nonzero(stream < 0)) + len(stream) // LONGEST + 1
    out = np.empty(len(stream), np.int32)
    offsets = np.zeros(most + 1, np.int64)
    tokens = np.empty(most, np.int32)
    # Word vectors are trained on words alone: their n-grams come with them.
    none = np.zeros(1, np.int64)
    of_entries = EntryFeatures(ids, words.kinds, none, np.zeros(1, np.int32), none)
    n = kernels.word_lines(
        Stream(stream, len(stream), entries), of_entries, LONGEST, out, offsets, tokens
    )
    counter.drop_stream()
    return Sentences(out[: int(offsets[n])], offsets[: n + 1], tokens[:n])
