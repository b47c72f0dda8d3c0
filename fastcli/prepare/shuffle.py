"""Putting lines in a random order, in bounded memory.

Every line has a key of 64 random bits that depends on the seed and on the line's number alone; the
order is that of the keys.  Lines are divided among buckets by the high bits of their keys; what
is more than memory may hold goes to a file for each bucket.  At the end each bucket is sorted in
memory, or, if it is too large, divided once more by the next bits.  So the order is the same
whatever the memory and the number of buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from fastcli.prepare.lines import gathered, line_bounds
from fastcli.prepare.spools import spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

LIMIT = 32_000_000  # bytes of lines that are held in memory
KEY_BITS = 64
BUCKET_BITS = 6
BUCKETS = 1 << BUCKET_BITS


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
    """Lines and their keys: some in a file without a name, those that came last in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._blocks: list[tuple[int, int]] = []  # of the file: number of keys, bytes of text
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
        """Append what is in memory to the file, as a block."""
        if self._text:
            if self._file is None:
                self._file = spool(self._folder)
            self._file.writelines(keys.tobytes() for keys in self._keys)
            self._file.writelines(self._text)
            self._blocks.append((sum(map(len, self._keys)), sum(map(len, self._text))))
            self._text, self._keys = [], []

    def sorted(self) -> bytes:
        """Return the lines in the order of their keys."""
        if self._file is not None:
            self.flush()
            blocks = list(self._read(self._file))
            text, keys = b"".join(text for _, text in blocks), [keys for keys, _ in blocks]
        else:
            text, keys = b"".join(self._text), self._keys
        order = np.argsort(np.concatenate(keys), kind="stable")
        return gathered(text, line_bounds(text), order)

    def chunks(self) -> Iterator[tuple[Keys, bytes]]:
        """Yield keys and lines as they came, some at a time, from the file."""
        self.flush()
        if self._file is not None:
            yield from self._read(self._file)

    def _read(self, file: IO[bytes]) -> Iterator[tuple[Keys, bytes]]:
        file.seek(0)
        for n, size in self._blocks:
            yield np.frombuffer(file.read(KEY_BITS // 8 * n), np.uint64), file.read(size)

    def remove(self) -> None:
        """Free the disk space of the file, and drop what is in memory."""
        self._text, self._keys, self._blocks, self.n, self.size = [], [], [], 0, 0
        if self._file is not None:
            self._file.close()
            self._file = None


class Sorter:
    """Lines with keys, which are returned in the order of their keys.

    What is beyond ``LIMIT`` bytes waits in files of ``folder`` that have no names; ``remove`` gives
    their room back.  Lines of equal keys keep their order.
    """

    def __init__(self, folder: Path, used_bits: int = 0) -> None:
        self.folder = folder
        self._used_bits = used_bits + BUCKET_BITS
        self._shift = np.uint64(KEY_BITS - self._used_bits)
        self._buckets = [_Bucket(folder) for _ in range(BUCKETS)]
        self._held = 0  # bytes in memory

    def add(self, keys: Keys, data: bytes) -> None:
        """Take lines, with their ends, and the key of each.  Raises OSError."""
        numbers = ((keys >> self._shift) & np.uint64(BUCKETS - 1)).astype(np.uint8)
        order = np.argsort(numbers, kind="stable")
        keys = keys[order]
        bounds = line_bounds(data)
        text = gathered(data, bounds, order)
        ends = np.concatenate([[0], np.cumsum(np.diff(bounds)[order])]).tolist()
        starts = np.searchsorted(numbers[order], np.arange(BUCKETS + 1)).tolist()
        for bucket, (start, end) in zip(self._buckets, pairwise(starts), strict=True):
            if start < end:
                part = text[ends[start] : ends[end]]
                bucket.add(keys[start:end], part)
                self._held += len(part)
        self._held += keys.nbytes
        if self._held > LIMIT:
            for bucket in self._buckets:
                bucket.flush()
            self._held = 0

    def write(self, write: Callable[[bytes], None]) -> None:
        """Hand all lines to ``write``, in order, many at a time; then none are left.

        Raises OSError.
        """
        for bucket in self._buckets:
            can_be_divided = bucket.n > 1 and self._used_bits + BUCKET_BITS <= KEY_BITS
            if bucket.size > LIMIT and can_be_divided:
                part = Sorter(self.folder, self._used_bits)
                try:
                    for keys, text in bucket.chunks():
                        part.add(keys, text)
                    bucket.remove()
                    part.write(write)
                finally:
                    part.remove()
            elif bucket.n:
                write(bucket.sorted())
                bucket.remove()

    def remove(self) -> None:
        """Free the disk space of all files."""
        for bucket in self._buckets:
            bucket.remove()
