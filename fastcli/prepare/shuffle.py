"""Putting lines in a random order, in bounded memory.

Every line has a key of 64 random bits that depends on the seed and on the line's number alone; the
order is that of the keys.  Lines are divided among buckets by the high bits of their keys; what
is more than memory may hold goes to a file for each bucket.  At the end each bucket is sorted in
memory, or, if it is too large, divided once more by the next bits.  So the order is the same
whatever the memory and the number of buckets.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

LIMIT = 32_000_000  # bytes of lines that are held in memory
KEY_BITS = 64
BUCKET_BITS = 6
BUCKETS = 1 << BUCKET_BITS
AT_ONCE = 1 << 20  # bytes that are read from a large bucket at a time


def order_keys(seed: int, first: int, n: int) -> Keys:
    """Return the keys of lines ``first`` to ``first + n - 1``, uint64[n].

    SplitMix64 (Steele, Lea and Flood 2014): line i has output i of the generator that starts at
    ``seed``, which is ``kernels.integers.random_bits`` of i + 1 with all 64 bits.
    """
    z = np.arange(first + 1, first + n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(seed % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class _Bucket:
    """Lines and their keys: some in two files, those that came last in memory."""

    def __init__(self, path: Path) -> None:
        self._text_path, self._key_path = path.with_suffix(".lines"), path.with_suffix(".keys")
        self._text: list[bytes] = []
        self._keys: list[Keys] = []
        self.n = 0
        self.size = 0

    def add(self, keys: Keys, text: bytes) -> None:
        """Take lines, and a key for each."""
        self._text.append(text)
        self._keys.append(keys)
        self.n += len(keys)
        self.size += len(text) + keys.nbytes

    def flush(self) -> None:
        """Append what is in memory to the files."""
        if self._text:
            with open(self._text_path, "ab") as text, open(self._key_path, "ab") as keys:
                text.writelines(self._text)
                np.concatenate(self._keys).tofile(keys)
            self._text, self._keys = [], []

    def sorted(self) -> bytes:
        """Return the lines in the order of their keys."""
        if self._key_path.exists():
            self.flush()
            text, keys = self._text_path.read_bytes(), np.fromfile(self._key_path, np.uint64)
        else:
            text = b"".join(self._text)
            keys = np.concatenate(self._keys)
        lines = io.BytesIO(text).readlines()
        order = np.argsort(keys, kind="stable").tolist()
        return b"".join([lines[i] for i in order])

    def chunks(self) -> Iterator[tuple[Keys, list[bytes]]]:
        """Yield keys and lines as they came, some at a time, from the files."""
        self.flush()
        with open(self._text_path, "rb") as text, open(self._key_path, "rb") as keys:
            while lines := text.readlines(AT_ONCE):
                yield np.fromfile(keys, np.uint64, len(lines)), lines

    def remove(self) -> None:
        """Remove the files, and forget what is in memory."""
        self._text, self._keys, self.n, self.size = [], [], 0, 0
        self._text_path.unlink(missing_ok=True)
        self._key_path.unlink(missing_ok=True)


class Sorter:
    """Lines with keys, which are given back in the order of their keys.

    What is beyond ``LIMIT`` bytes waits in files of ``folder``, which is made when it is needed;
    ``remove`` removes it.  Lines of equal keys keep their order.
    """

    def __init__(self, folder: Path, used_bits: int = 0) -> None:
        self.folder = folder
        self._used_bits = used_bits + BUCKET_BITS
        self._shift = np.uint64(KEY_BITS - self._used_bits)
        self._buckets = [_Bucket(folder / f"{number}") for number in range(BUCKETS)]
        self._held = 0  # bytes in memory

    def add(self, keys: Keys, lines: list[bytes]) -> None:
        """Take lines, with their ends, and the key of each.  Raises OSError."""
        numbers = ((keys >> self._shift) & np.uint64(BUCKETS - 1)).astype(np.uint8)
        order = np.argsort(numbers, kind="stable")
        keys = keys[order]
        lines = [lines[i] for i in order.tolist()]
        bounds = np.searchsorted(numbers[order], np.arange(BUCKETS + 1))
        for bucket, (start, end) in zip(self._buckets, pairwise(bounds.tolist()), strict=True):
            if start < end:
                text = b"".join(lines[start:end])
                bucket.add(keys[start:end], text)
                self._held += len(text)
        self._held += keys.nbytes
        if self._held > LIMIT:
            self.folder.mkdir(exist_ok=True)
            for bucket in self._buckets:
                bucket.flush()
            self._held = 0

    def write(self, write: Callable[[bytes], None]) -> None:
        """Hand all lines to ``write``, in order, many at a time; then none are left.

        Raises OSError.
        """
        for number, bucket in enumerate(self._buckets):
            can_be_divided = bucket.n > 1 and self._used_bits + BUCKET_BITS <= KEY_BITS
            if bucket.size > LIMIT and can_be_divided:
                part = Sorter(self.folder / f"{number}", self._used_bits)
                for keys, lines in bucket.chunks():
                    part.add(keys, lines)
                bucket.remove()
                part.write(write)
                part.remove()
            elif bucket.n:
                write(bucket.sorted())
                bucket.remove()

    def remove(self) -> None:
        """Remove all files."""
        shutil.rmtree(self.folder, ignore_errors=True)
