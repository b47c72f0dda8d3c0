"""Lines of text as features and known labels, for prediction."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.integers import hash_bytes
from fastcli.kernels.text import groups
from fastcli.kernels.text import lines as kernels
from fastcli.text.dictionary import EOS, Dictionary, as_bytes, as_text
from fastcli.text.line_weights import blanked
from fastcli.text.spelling import most_bytes, warn_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes


@dataclass(kw_only=True)
class SeenWords:
    """How many words a text has, line ends and labels apart, and how many of them are known.

    ``n_lines`` have a word, ``n_strange_lines`` of them have no known one.
    """

    n_words: int = 0
    n_known: int = 0
    n_lines: int = 0
    n_strange_lines: int = 0

    def add(self, other: SeenWords) -> None:
        """Add the counts of another text."""
        self.n_words += other.n_words
        self.n_known += other.n_known
        self.n_lines += other.n_lines
        self.n_strange_lines += other.n_strange_lines


@dataclass(kw_only=True)
class Lines:
    """A block of lines as features and known labels; see ``kernels.lines.read_lines``."""

    n: int
    features: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    flags: NDArray[np.uint8]
    words: SeenWords = field(default_factory=SeenWords)


class Reader:
    """Turns blocks of text into lines of features; one for each thread, since it has scratch."""

    def __init__(
        self,
        dictionary: Dictionary,
        label: str,
        word_ngrams: int,
        minn: int,
        maxn: int,
        bucket: int,
        bucket_rows: NDArray[np.int32] | None = None,
        max_lines: int = 4096,
        weight_prefix: str = "",
    ) -> None:
        """Make a reader; tokens that begin with ``weight_prefix`` are weights, which it skips."""
        self._bucket_rows = bucket_rows
        self._weight_prefix = os.fsencode(weight_prefix)
        self._raw = self._text = np.zeros(0, np.uint8)  # the last text, and without weights
        eos_hash = hash_bytes(as_bytes(EOS), len(EOS))
        self.vocabulary = groups.Vocabulary(
            dictionary.table, dictionary.find(EOS), eos_hash, as_text(os.fsencode(label))
        )
        self.ngrams = groups.Ngrams(minn, maxn, word_ngrams, max(bucket, 1), dictionary.nwords)
        self._max_lines = max_lines
        self._features, self._hashes = np.empty((2, 1 << 16), np.int32)
        self._labels = np.empty(1 << 12, np.int32)
        self._offsets = np.zeros(self._max_lines + 1, np.int64)
        self._label_offsets = np.zeros(self._max_lines + 1, np.int64)
        self._flags = np.zeros(self._max_lines, np.uint8)

    def read(self, text: Bytes, position: int) -> tuple[Lines, int]:
        """Read as many lines as fit, from a position on; return them and the next position.

        The arrays are this reader's own and change with its next call.
        """
        if self._weight_prefix:
            if position == 0 or text is not self._raw:
                self._raw, self._text = text, blanked(text, self._weight_prefix)
            text = self._text
        ngrams = self.ngrams
        state = np.array([position, 0, 0, 0, 0], np.int64)
        while True:
            n = kernels.read_lines(
                as_text(text),
                self.vocabulary,
                ngrams,
                groups.Lines(self._features, self._offsets, self._labels, self._label_offsets),
                self._flags,
                kernels.LineRoom(len(self._features), len(self._labels), self._max_lines),
                self._hashes,
                state,
            )
            if n > 0 or position >= len(text):
                break
            self._features, self._hashes = np.empty((2, 4 * len(self._features)), np.int32)
            self._labels = np.empty(4 * len(self._labels), np.int32)
        if self._bucket_rows is not None:
            kernels.prune_features(
                self._features, self._offsets, n, ngrams.nwords, self._bucket_rows
            )
        if (
            ngrams.maxn > 0
            and len(text) > most_bytes(ngrams.maxn)
            and (self._flags[:n] & kernels.NOT_SPELLED).any()
        ):
            warn_once(ngrams.maxn)
        after, n_words, n_known, n_lines, none = state.tolist()
        lines = Lines(
            n=n,
            features=self._features,
            offsets=self._offsets,
            labels=self._labels,
            label_offsets=self._label_offsets,
            flags=self._flags,
            words=SeenWords(
                n_words=n_words, n_known=n_known, n_lines=n_lines, n_strange_lines=none
            ),
        )
        return lines, after
