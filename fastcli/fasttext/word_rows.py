"""Which rows of the input matrix words have: their own, and those of their character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text import features as kernels
from fastcli.kernels.text.groups import Ngrams
from fastcli.memory import check_room
from fastcli.text.dictionary import Dictionary, as_bytes
from fastcli.text.spelling import count_long, warn_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model_args import ModelArgs
    from fastcli.text.inputs import Bytes


def word_rows(
    dictionary: Dictionary,
    args: ModelArgs,
    starts: NDArray[np.int64],
    arena: Bytes,
    first: int,
    last: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the input rows that make the vectors of words ``first`` to ``last`` of an arena.

    Those of word ``first + i`` are ``features[offsets[i]:offsets[i + 1]]``: its own row, then
    those of its character n-grams (Bojanowski et al. 2017, section 3.2).
    """
    n = last - first
    offsets = np.zeros(n + 1, np.int64)
    if n_long := count_long(starts[first:], n, args.maxn):
        warn_once(args.maxn, n_long)
    words = Strings(starts[first:], arena)
    ngrams = Ngrams(args.minn, args.maxn, 1, args.bucket, dictionary.nwords)
    if args.maxn > 0:
        kernels.count_char_ngrams(words, n, ngrams, offsets)
    check_room(4 * int(offsets[n]), f"The character n-grams of {n:,} words")
    features = np.empty(int(offsets[n]) + n + 1, np.int32)
    kernels.word_rows(words, n, dictionary.table, ngrams, features, offsets)
    return offsets, features


def packed(words: Sequence[bytes]) -> tuple[NDArray[np.int64], Bytes]:
    """Return words back to back, and where each starts and the last one ends."""
    starts = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in words], out=starts[1:])
    return starts, as_bytes(b"".join(words))
