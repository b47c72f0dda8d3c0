"""Splitting lines into train, valid and test by a fixed hash.

The same text goes to the same part whatever else is in the data, so that a line stays where it
is when data grow, and no text is in two parts.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.text.spacing import hash_lines

PARTS = ("train", "valid", "test")
FILTER_BITS = 27


def read_shares(text: str) -> tuple[float, ...]:
    """Read ``80,10,10`` or ``0.8,0.2``: the shares of train, valid and test.

    >>> read_shares("80,10,10")
    (0.8, 0.1, 0.1)
    """
    try:
        shares = [float(word) for word in text.split(",")]
    except ValueError:
        raise ArgumentError(f"--split {text} is not a list of numbers, such as 80,10,10.") from None
    if len(shares) > len(PARTS) or not all(0 <= x < math.inf for x in shares) or shares[0] == 0:
        raise ArgumentError(
            f"--split {text}: give one to three shares (train, valid, test), the first above 0."
        )
    total = sum(shares)
    if abs(total - 1) > 1e-6 and abs(total - 100) > 1e-6:
        raise ArgumentError(f"--split {text} adds up to {total:g}: it must be 100 or 1.")
    return tuple(share / total for share in shares)


def fixed_hashes(texts: Sequence[str], seed: int) -> list[int]:
    """Return 63 bits for each text, a line, which depend on it and the seed alone."""
    joined = "\n".join(texts)
    if texts and joined.count("\n") != len(texts) - 1:
        raise ValueError("a text contains a line end")
    data = np.frombuffer(joined.encode(), np.uint8)
    out = np.zeros(len(texts) + 1, np.int64)
    hash_lines(data if len(data) else np.zeros(1, np.uint8), len(data), seed, out)
    found: list[int] = out[: len(texts)].tolist()
    return found


class Splitter:
    """Says which part a line belongs to.

    Shares hold for every label up to chance, since the hash does not depend on labels.  The first
    text of each label goes to train, and so do its repetitions, so that no label is only tested;
    unless that text is in another part already, where it stays, and the next one is taken.
    """

    def __init__(self, shares: Sequence[float], keep_labels: bool) -> None:
        bounds = [round(share * 2**63) for share in accumulate(shares)]
        self._bounds = bounds[:-1]  # what is not below the last of these is the last part's
        self._keep_labels = keep_labels
        self._seen: set[str] = set()
        self._kept: set[int] = set()
        # A bit for the low bits of every key in another part; now and then one for two of them.
        self._elsewhere = bytearray(1 << (FILTER_BITS - 3))

    def parts(self, keys: Sequence[int], labels: Sequence[Sequence[str]]) -> list[int]:
        """Return the part of each line, 0 being train, by its hash; the order of lines counts."""
        bounds, kept = self._bounds, self._kept
        if not self._keep_labels or not bounds:
            return [bisect_right(bounds, key) for key in keys]
        elsewhere, seen, found = self._elsewhere, self._seen, []
        for key, some in zip(keys, labels, strict=True):
            part = 0 if key in kept else bisect_right(bounds, key)
            place, bit = (key & (1 << FILTER_BITS) - 1) >> 3, 1 << (key & 7)
            if not seen.issuperset(some):
                if part and not elsewhere[place] & bit:
                    kept.add(key)
                    part = 0
                if part == 0:
                    seen.update(some)
            if part:
                elsewhere[place] |= bit
            found.append(part)
        return found
