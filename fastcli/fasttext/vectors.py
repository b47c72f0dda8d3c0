"""Word vectors: which rows make a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.text.corpus import char_ngrams
from fastcli.text.dictionary import EOS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.args import ModelArgs
    from fastcli.text.dictionary import Dictionary


def word_features(
    dictionary: Dictionary, args: ModelArgs
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the input rows of every word: its own, then its character n-grams'.

    Those of word i are ``features[offsets[i]:offsets[i + 1]]``.
    """
    n = dictionary.nwords
    ngram_offsets, ngrams = char_ngrams(
        dictionary.starts,
        dictionary.arena,
        n,
        dictionary.find(EOS),
        args.minn,
        args.maxn,
        args.bucket,
        n,
    )
    offsets = ngram_offsets + np.arange(n + 1)
    features = np.empty(int(offsets[-1]), np.int32)
    features[offsets[:-1]] = np.arange(n)
    is_ngram = np.ones(len(features), bool)
    is_ngram[offsets[:-1]] = False
    features[is_ngram] = ngrams[: int(ngram_offsets[-1])]
    return offsets, features
