"""Finding exact and near duplicates of lines, in bounded memory.

Keys of all lines are in a file; they are compared a share at a time, equal keys being in the
same share.  Near duplicates: MinHash signatures (Broder 1997) by one permutation (Li et al. 2012),
compared where all values of a band are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from fastcli.kernels.text.minhash import SIGNATURE, minhash
from fastcli.prepare.split import fixed_hashes, line_hashes
from fastcli.prepare.spools import spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.prepare.clean_batches import Cleaned

SHARE = 1 << 21  # keys that are compared at a time
BANDS = 8
ALIKE = 0.75  # least share of equal values in two signatures


@dataclass
class Duplicates:
    """Which lines to keep, bool[n], and how many were found of each kind."""

    keep: NDArray[np.bool_]
    exact: int = 0
    near: int = 0
    contradictions: int = 0


class DuplicateFinder:
    """Keys, and for near duplicates signatures, of all lines, in files of a folder."""

    def __init__(self, folder: Path, near: bool) -> None:
        self._files = ExitStack()
        self._keys = self._files.enter_context(spool(folder))
        self._signatures = self._files.enter_context(spool(folder)) if near else None
        self._n = 0

    def __enter__(self) -> DuplicateFinder:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()

    def add(self, labels: Sequence[Sequence[str]], cleaned: Cleaned) -> None:
        """Take lines, and their signatures for near duplicates.  Raises OSError."""
        of_labels = fixed_hashes([" ".join(sorted(some)) for some in labels], 1)
        of_texts = line_hashes(cleaned.data, cleaned.bounds, 1)
        self._keys.write(np.stack([of_texts, of_labels], axis=1).tobytes())
        if self._signatures is not None and cleaned.signatures is not None:
            self._signatures.write(cleaned.signatures.tobytes())
        self._n += len(labels)

    def find(self) -> Duplicates:
        """Compare all lines.  Raises OSError."""
        self._keys.flush()
        found = find_exact(self._keys, self._n)
        if self._signatures is not None:
            self._signatures.flush()
            find_near(self._signatures, self._keys, found)
        return found


def signatures(texts: Sequence[str]) -> NDArray[np.int32]:
    """Return the signatures of texts, int32[n, SIGNATURE]; case and spaces do not count."""
    codes = ["".join(text.casefold().split()) for text in texts]
    offsets = np.cumsum([0, *map(len, codes)]).astype(np.int64)
    flat = np.frombuffer("".join(codes).encode("utf-32-le", "surrogatepass"), np.int32)
    out = np.zeros((len(texts), SIGNATURE), np.int32)
    minhash(np.append(flat, np.int32(0)), offsets, len(texts), out.reshape(-1))
    return out


def find_exact(file: IO[bytes], n: int) -> Duplicates:
    """Compare n lines by keys of their text and labels; the first of equals is kept.

    A contradiction is a text that comes with several labels; all of its lines are kept.
    """
    found = Duplicates(np.ones(n, np.bool_))
    if n == 0:
        return found
    keys = np.memmap(file, np.uint64, "r", shape=(n, 2))  # of text, of labels
    shares = 1 + n // SHARE
    for share in range(shares):
        at = _members(keys[:, 0], share, shares)
        text, labels = np.array(keys[at, 0]), np.array(keys[at, 1])
        order = np.lexsort((at, labels, text))
        text, labels, at = text[order], labels[order], at[order]
        same_text = np.append(False, text[1:] == text[:-1])
        same = same_text & np.append(False, labels[1:] == labels[:-1])
        found.keep[at[same]] = False
        found.exact += int(same.sum())
        others = np.unique(text[same_text & ~same])
        found.contradictions += len(others)
    return found


def find_near(file: IO[bytes], key_file: IO[bytes], found: Duplicates) -> None:
    """Look for near duplicates with the same labels among lines that are kept; the first stays."""
    n = len(found.keep)
    if n == 0:
        return
    all_signatures = np.memmap(file, np.int32, "r", shape=(n, SIGNATURE))
    labels = np.memmap(key_file, np.uint64, "r", shape=(n, 2))[:, 1]
    shares = 1 + n // SHARE
    for band in range(BANDS):
        for share in range(shares):
            at, keys = _members_of_band(all_signatures, labels, found.keep, band, share, shares)
            order = np.lexsort((at, keys))
            at, keys = at[order], keys[order]
            starts = np.append(True, keys[1:] != keys[:-1])[: len(at)]
            heads = at[np.flatnonzero(starts)[np.cumsum(starts) - 1]]
            others = np.flatnonzero(~starts)
            same = np.mean(all_signatures[at[others]] == all_signatures[heads[others]], axis=1)
            alike = at[others][same >= ALIKE]
            found.keep[alike] = False
            found.near += len(alike)


def _members(keys: NDArray[np.uint64], share: int, shares: int) -> NDArray[np.int64]:
    """Return which keys belong to a share."""
    found = [
        first + np.flatnonzero(keys[first : first + SHARE] % np.uint64(shares) == np.uint64(share))
        for first in range(0, len(keys), SHARE)
    ]
    return np.concatenate(found)


def _members_of_band(
    all_signatures: NDArray[np.int32],
    labels: NDArray[np.uint64],
    keep: NDArray[np.bool_],
    band: int,
    share: int,
    shares: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return which lines that are kept belong to a share, and keys of their band and labels."""
    rows = SIGNATURE // BANDS
    places, found = [], []
    for first in range(0, len(keep), SHARE):
        part = np.array(all_signatures[first : first + SHARE, band * rows : (band + 1) * rows])
        keys = np.array(labels[first : first + SHARE])
        for column in range(rows):
            keys = keys * np.uint64(0x9E3779B97F4A7C15) + part[:, column].astype(np.uint64)
        chosen = np.flatnonzero(
            keep[first : first + SHARE] & (keys % np.uint64(shares) == np.uint64(share))
        )
        places.append(first + chosen)
        found.append(keys[chosen])
    return np.concatenate(places), np.concatenate(found)
