"""Words that are too long for character n-grams: base64, binary data, text without line ends.

fastText makes all n-grams of whatever stands between two spaces; of 50 MB that is 13 GB of memory.
Here a word that might have more than MOST_NGRAMS has none, and a warning says so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.text.tokens import MOST_NGRAMS
from fastcli.notices import SPELLING, announce

if TYPE_CHECKING:
    from numpy.typing import NDArray

_warned: set[int] = set()


def most_bytes(maxn: int) -> int:
    """Return the bytes of the longest word that has n-grams of up to ``maxn`` (> 0) characters.

    >>> most_bytes(4)
    1048574
    """
    return max(MOST_NGRAMS // maxn, math.isqrt(MOST_NGRAMS)) - 2


def count_long(starts: NDArray[np.int64], n: int, maxn: int) -> int:
    """Return how many of n words are too long; word i is from ``starts[i]`` to the next."""
    return int((np.diff(starts[: n + 1]) > most_bytes(maxn)).sum()) if maxn > 0 else 0


def sentence(maxn: int, n: int = 0) -> str:
    """Say that n words, or some (0), are too long.

    >>> sentence(4, 1)
    'Without character n-grams: 1 word of more than 1,048,574 bytes. Are spaces missing?'
    """
    what = "words" if n == 0 else f"{n:,} word{'s' if n > 1 else ''}"
    return (
        f"Without character n-grams: {what} of more than {most_bytes(maxn):,} bytes. "
        "Are spaces missing?"
    )


def warn_once(maxn: int, n: int = 0) -> None:
    """Say so, once."""
    if maxn not in _warned and announce(SPELLING, sentence(maxn, n)):
        _warned.add(maxn)
