"""Counted tokens as features: words, n-grams of characters, and n-grams of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text import features as kernels
from fastcli.kernels.text.groups import EntryFeatures, Lines, Ngrams, Stream
from fastcli.text.counting import Counted
from fastcli.text.dictionary import LABEL, Dictionary, WordTable
from fastcli.text.spelling import count_long, warn_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes


@dataclass(frozen=True, kw_only=True)
class FeatureArgs:
    """The arguments that map tokens to features; fastText's names and meanings.

    ``bucket_rows`` gives the row after the words of every bucket, from 1 on; 0: it has none, and
    its n-grams are left out.  None: every bucket has the row of its number.
    """

    minn: int
    maxn: int
    word_ngrams: int
    bucket: int
    bucket_rows: NDArray[np.int32] | None = None


@dataclass(kw_only=True)
class SpanFeatures:
    """The lines of one span of text that training uses, as features and label ids.

    Line i has ``features[offsets[i]:offsets[i + 1]]`` and
    ``labels[label_offsets[i]:label_offsets[i + 1]]``.  Of ``state``, int64[5], the first is the
    number of lines, the next three count those left out (see ``Skipped``), and the last the
    tokens after the last line; arrays may be longer than the lines need.
    """

    features: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]
    state: NDArray[np.int64]

    @property
    def n_lines(self) -> int:
        """The number of lines."""
        return int(self.state[0])

    @property
    def n_features(self) -> int:
        """The features of all lines."""
        return int(self.offsets[self.n_lines])


class FeatureMaker:
    """Turns streams of counted tokens into features; threads may share it.

    ``ids`` are the word or label ids of every entry of the word table, -1 for those that the
    dictionary lacks.
    """

    def __init__(
        self, counted: Counted, dictionary: Dictionary, ids: NDArray[np.int32], args: FeatureArgs
    ) -> None:
        self._words, self._entries, self._ids = counted.words, counted.entries, ids
        self._counts, self._args, self._nwords = counted.counts, args, dictionary.nwords
        words = counted.words
        if n_long := count_long(words.starts, words.n, args.maxn):
            warn_once(args.maxn, n_long)
        self._hashes = _hashes(words) if args.word_ngrams > 1 else np.zeros(1, np.int64)
        self._ngram_offsets, self._ngrams = char_ngrams(
            words.starts,
            words.arena,
            words.n,
            0,
            args.minn,
            args.maxn,
            args.bucket,
            dictionary.nwords,
        )

    def is_word(self, span: int, stream: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell which tokens of a span's stream are words; the others are labels and line ends."""
        kinds = self._words.kinds[: self._words.n][self._entries[span]]
        return np.append(kinds != LABEL, [False, False])[stream]

    def features(self, span: int, stream: NDArray[np.int32]) -> SpanFeatures:
        """Return the lines of a span of text, whose tokens are ``stream``."""
        args, words, entries = self._args, self._words, self._entries[span]
        n_lines = int(np.count_nonzero(stream < 0))
        sizes = np.diff(self._ngram_offsets)[entries]
        counts = self._counts[span]
        max_features = len(stream) * max(args.word_ngrams, 1) + int((sizes * counts).sum())
        max_labels = int(counts[words.kinds[entries] == LABEL].sum())
        made = SpanFeatures(
            features=np.empty(max_features + 1, np.int32),
            offsets=np.empty(n_lines + 1, np.int64),
            labels=np.empty(max_labels + 1, np.int32),
            label_offsets=np.empty(n_lines + 1, np.int64),
            tokens=np.empty(n_lines + 1, np.int32),
            state=np.zeros(5, np.int64),
        )
        kernels.make_features(
            Stream(stream, len(stream), entries),
            EntryFeatures(
                self._ids, self._words.kinds, self._hashes, self._ngrams, self._ngram_offsets
            ),
            Ngrams(args.minn, args.maxn, args.word_ngrams, max(args.bucket, 1), self._nwords),
            np.zeros(1, np.int32) if args.bucket_rows is None else args.bucket_rows,
            int(args.bucket_rows is not None),
            Lines(made.features, made.offsets, made.labels, made.label_offsets),
            made.tokens,
            np.empty(max(args.word_ngrams, 1), np.int64),
            made.state,
        )
        return made


def _hashes(words: WordTable) -> NDArray[np.int64]:
    """Return the hash of every entry, from the slots of the table."""
    hashes = np.zeros(words.n, np.int64)
    slots = words.table[words.table != 0]
    hashes[(slots >> 32) - 1] = slots & 0xFFFFFFFF
    return hashes


def char_ngrams(
    starts: NDArray[np.int64],
    arena: Bytes,
    n: int,
    eos: int,
    minn: int,
    maxn: int,
    bucket: int,
    nwords: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the character n-gram ids of n entries, and where each entry's start and end.

    Entry ``eos``, the end of a line, has none; with ``maxn`` 0 none has any.
    """
    offsets = np.zeros(n + 1, np.int64)
    if maxn <= 0:
        return offsets, np.zeros(1, np.int32)
    words, which = Strings(starts, arena), Ngrams(minn, maxn, 1, bucket, nwords)
    kernels.count_char_ngrams(words, n, which, offsets)
    ngrams = np.empty(int(offsets[-1]) + 1, np.int32)
    kernels.fill_char_ngrams(words, n, eos, which, offsets, ngrams)
    return offsets, ngrams[: int(offsets[-1]) + 1].copy()
