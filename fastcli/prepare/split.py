"""Splitting lines into train, valid and test, by a fixed hash or by their order.

By the hash the same text goes to the same part whatever else is in the data, so that a line stays
where it is when data grow, and no text is in two parts.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
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


class OrderSplitter:
    """Says which part a line belongs to: of each label the first are train, the last are test.

    A line counts for its first label.  ``rows_of`` has the number of lines of each.  With
    ``keep_labels`` the first line of every label is train, whatever its other labels.
    """

    def __init__(
        self, shares: Sequence[float], rows_of: Mapping[str, int], keep_labels: bool
    ) -> None:
        self._cuts = list(accumulate(shares))[:-1]
        self._rows_of = rows_of
        self._keep_labels = keep_labels
        self._n: Counter[str] = Counter()
        self._bounds: dict[str, list[int]] = {}
        self._seen: set[str] = set()

    def parts(self, keys: Sequence[int], labels: Sequence[Sequence[str]]) -> list[int]:
        """Return the part of each line, 0 being train; the order of lines counts, keys do not."""
        found = []
        for some in labels:
            label = some[0] if some else ""
            bounds = self._bounds.get(label)
            if bounds is None:
                n = self._rows_of[label]
                bounds = self._bounds[label] = [math.floor(cut * n + 0.5) for cut in self._cuts]
            part = bisect_right(bounds, self._n[label])
            self._n[label] += 1
            if self._keep_labels and not self._seen.issuperset(some):
                part = 0
                self._seen.update(some)
            found.append(part)
        return found
