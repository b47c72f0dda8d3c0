"""Splitting lines into train, valid and test, by a fixed hash or by their order.

By the hash the same text goes to the same part whatever else is in the data, so that a line stays
where it is when data grow, and no text is in two parts.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.text.spacing import hash_lines
from fastcli.prepare.lines import line_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def fixed_hashes(texts: Sequence[str], seed: int) -> NDArray[np.int64]:
    """Return 63 bits for each text, a line, which depend on it and the seed alone, int64[n]."""
    data = "\n".join([*texts, ""]).encode()
    bounds = line_bounds(data)
    if len(bounds) != len(texts) + 1:
        raise ValueError("a text contains a line end")
    return line_hashes(data, bounds, seed)


def line_hashes(data: bytes, bounds: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return the same for lines in one block of bytes; ``bounds`` are those of ``line_bounds``."""
    out = np.empty(len(bounds) - 1, np.int64)
    if len(out):
        hash_lines(np.frombuffer(data, np.uint8), bounds, len(out), seed, out)
    return out


class Splitter:
    """Says which part a line belongs to.

    Shares hold for every label up to chance, since the hash does not depend on labels.  The first
    text of each label goes to train, and so do its repetitions, so that no label is only tested;
    unless that text is in another part already, where it stays, and the next one is taken.
    """

    def __init__(self, shares: Sequence[float], keep_labels: bool) -> None:
        bounds = [round(share * 2**63) for share in accumulate(shares)]
        # What is not below the last of these is the last part's.
        self._bounds = np.array(bounds[:-1], np.uint64)
        self._keep_labels = keep_labels
        self._seen: set[str] = set()
        self._kept: set[int] = set()
        # A bit for the low bits of every key in another part; now and then one for two of them.
        self._elsewhere = np.zeros(1 << (FILTER_BITS - 3), np.uint8)

    def parts(self, keys: NDArray[np.int64], labels: Sequence[Sequence[str]]) -> NDArray[np.intp]:
        """Return the part of each line, 0 being train, by its hash; the order of lines counts."""
        found = np.searchsorted(self._bounds, keys.astype(np.uint64), "right")
        if not self._keep_labels or len(self._bounds) == 0:
            return found
        if not self._seen.issuperset(chain.from_iterable(set(labels))):
            return self._one_by_one(keys.tolist(), labels, found.tolist())
        if self._kept:
            found[np.isin(keys, np.fromiter(self._kept, np.int64, len(self._kept)))] = 0
        others = keys[found > 0]
        places, bits = (others & (1 << FILTER_BITS) - 1) >> 3, others & 7
        for bit in range(8):
            self._elsewhere[places[bits == bit]] |= 1 << bit
        return found

    def _one_by_one(
        self, keys: list[int], labels: Sequence[Sequence[str]], found: list[int]
    ) -> NDArray[np.intp]:
        """Do the same where labels come for the first time; ``found`` are parts by hash alone."""
        elsewhere, seen, kept = self._elsewhere, self._seen, self._kept
        for i, (key, some) in enumerate(zip(keys, labels, strict=True)):
            if key in kept:
                found[i] = 0
            place, bit = (key & (1 << FILTER_BITS) - 1) >> 3, 1 << (key & 7)
            if not seen.issuperset(some):
                if found[i] and not elsewhere[place] & bit:
                    kept.add(key)
                    found[i] = 0
                if found[i] == 0:
                    seen.update(some)
            if found[i]:
                elsewhere[place] |= bit
        return np.array(found, np.intp)


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

    def parts(self, keys: NDArray[np.int64], labels: Sequence[Sequence[str]]) -> NDArray[np.intp]:
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
        return np.array(found, np.intp)
