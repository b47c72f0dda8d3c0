"""Dividing lines into train, valid and test by a fixed hash.

The same text goes to the same part whatever else is in the data, so that a line stays where it
is when data grow, and no text is in two parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.spacing import hash_lines

PARTS = ("train", "valid", "test")


def read_shares(text: str) -> tuple[float, ...]:
    """Read ``80,10,10`` or ``0.8,0.2``: the shares of train, valid and test.

    >>> read_shares("80,10,10")
    (0.8, 0.1, 0.1)
    """
    try:
        shares = [float(word) for word in text.split(",")]
    except ValueError:
        raise ArgumentError(f"--split {text} is no list of numbers, such as 80,10,10.") from None
    if len(shares) > len(PARTS) or min(shares) < 0 or not shares[0] > 0:
        raise ArgumentError(
            f"--split {text}: give one to three shares (train, valid, test), the first above 0."
        )
    total = sum(shares)
    if abs(total - 1) > 1e-6 and abs(total - 100) > 1e-6:
        raise ArgumentError(f"--split {text} adds up to {total:g}: it must be 100 or 1.")
    return tuple(share / total for share in shares)


def fixed_hashes(texts: Sequence[str], seed: int) -> list[int]:
    """Return 63 bits for each text, a line, which depend on it and the seed alone."""
    data = np.frombuffer("\n".join(texts).encode(), np.uint8)
    out = np.zeros(len(texts) + 1, np.int64)
    hash_lines(data if len(data) else np.zeros(1, np.uint8), len(data), seed, out)
    found: list[int] = out[: len(texts)].tolist()
    return found


class Splitter:
    """Says which part a line belongs to.

    Shares hold for every label up to chance, since the hash knows nothing of labels; the first
    text of each label goes to train, and so do its repetitions, so that no label is only tested.
    """

    def __init__(self, shares: Sequence[float], keep_labels: bool) -> None:
        bounds = [round(share * 2**63) for share in accumulate(shares)]
        self._bounds = bounds[:-1]  # what is not below the last of these is the last part's
        self._keep_labels = keep_labels
        self._seen: set[str] = set()
        self._kept: set[int] = set()

    def parts(self, keys: Sequence[int], labels: Sequence[Sequence[str]]) -> list[int]:
        """Return the part of each line, 0 being train, by its hash; the order of lines counts."""
        if self._keep_labels:
            for key, some in zip(keys, labels, strict=True):
                if not self._seen.issuperset(some):
                    self._seen.update(some)
                    self._kept.add(key)
        bounds, kept = self._bounds, self._kept
        return [0 if key in kept else bisect_right(bounds, key) for key in keys]
