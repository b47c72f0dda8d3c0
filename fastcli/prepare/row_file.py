"""Rows that wait on disk until all of them are known, and which of them are then written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli.prepare.clean_batches import Cleaned
from fastcli.prepare.labels import MAX_REMEMBERED_SETS
from fastcli.prepare.spools import spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 10_000  # rows, and
BYTES = 1 << 22  # of their texts, but for a longer row

Labels = tuple[str, ...]


class RowFile:
    """The labels, texts and keys of rows, in files of a folder that have no names."""

    def __init__(self, folder: Path) -> None:
        self.n = 0
        self._files = ExitStack()
        self._labels, self._texts, self._keys = [
            self._files.enter_context(spool(folder)) for _ in range(3)
        ]

    def __enter__(self) -> RowFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()

    def add(self, labels: Sequence[Labels], cleaned: Cleaned) -> None:
        """Append rows; labels are tokens.  Raises OSError."""
        self._labels.write("\n".join([*map(" ".join, labels), ""]).encode())
        self._texts.write(cleaned.data)
        self._keys.write(cleaned.keys.tobytes())
        self.n += len(labels)

    def labels(self, keep: NDArray[np.bool_]) -> Iterator[tuple[int, Labels]]:
        """Yield the number and the labels of each row that is kept."""
        self._labels.seek(0)
        known: dict[bytes, Labels] = {}
        for first in range(0, self.n, AT_ONCE):
            lines = list(islice(self._labels, AT_ONCE))
            for i in np.flatnonzero(keep[first : first + AT_ONCE]).tolist():
                yield first + i, _tokens(lines[i], known)

    def rows(self, keep: NDArray[np.bool_]) -> Iterator[tuple[list[Labels], Cleaned]]:
        """Yield the labels, texts and keys of rows that are kept, some at a time, in order."""
        for file in (self._labels, self._texts, self._keys):
            file.seek(0)
        known: dict[bytes, Labels] = {}
        first = 0
        while texts := self._some_texts():
            labels = list(islice(self._labels, len(texts)))
            keys = np.frombuffer(self._keys.read(8 * len(labels)), np.int64)
            kept = np.flatnonzero(keep[first : first + len(texts)])
            first += len(texts)
            data = b"".join([texts[i] for i in kept.tolist()])
            yield (
                [_tokens(labels[i], known) for i in kept.tolist()],
                Cleaned(data, keys[kept], None),
            )

    def _some_texts(self) -> list[bytes]:
        """Return the next texts, ``AT_ONCE`` at most, of about ``BYTES`` together."""
        found: list[bytes] = []
        size = 0
        while len(found) < AT_ONCE and size < BYTES and (text := self._texts.readline()):
            found.append(text)
            size += len(text)
        return found


def _tokens(line: bytes, known: dict[bytes, Labels]) -> Labels:
    found = known.get(line)
    if found is None:
        found = tuple(line.decode().split())
        if len(known) < MAX_REMEMBERED_SETS:
            known[line] = found
    return found


class LabelLimit:
    """Takes the first rows of each label: a row that would be one too many of any is left out."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._taken: Counter[str] = Counter()
        self.left_out = 0

    def takes(self, labels: Sequence[str]) -> bool:
        """Tell whether a row is among the first of each of its labels, and count it."""
        if self._maximum == 0:
            return True
        taken = self._taken
        if any(taken[label] >= self._maximum for label in labels):
            self.left_out += 1
            return False
        taken.update(labels)
        return True


@dataclass(kw_only=True)
class Choice:
    """Which rows are written, bool[n], and what becomes of their labels.

    ``rare`` has the number of rows of each label that is too rare, ``rare_rows`` how many rows
    are left out for that; ``rows_of`` the rows of each class, that is of each first label.
    """

    keep: NDArray[np.bool_]
    other: str = ""
    rare: Counter[str] = field(default_factory=Counter)
    rare_rows: int = 0
    rows_of: Counter[str] = field(default_factory=Counter)

    def relabelled(self, labels: Sequence[str]) -> Labels:
        """Return labels of which the rare are another one, or gone."""
        if not self.rare or self.rare.keys().isdisjoint(labels):
            return tuple(labels)
        if self.other:
            return tuple(dict.fromkeys(self.other if x in self.rare else x for x in labels))
        return tuple(x for x in labels if x not in self.rare)


def choose(
    rows: RowFile, keep: NDArray[np.bool_], minimum: int, other: str, limit: LabelLimit
) -> Choice:
    """Choose by labels among the rows that are kept so far; ``other`` is a token, or "".

    A label with less than ``minimum`` rows is rare.
    """
    choice = Choice(keep=keep.copy(), other=other)
    if minimum > 1:
        counts: Counter[str] = Counter()
        for _, labels in rows.labels(keep):
            counts.update(labels)
        choice.rare = Counter({label: n for label, n in counts.items() if n < minimum})
        choice.rare.pop(other, None)
    for i, labels in rows.labels(keep):
        found = choice.relabelled(labels)
        if labels and not found:
            choice.rare_rows += 1
            choice.keep[i] = False
        elif not limit.takes(found):
            choice.keep[i] = False
        else:
            choice.rows_of[class_of(found)] += 1
    return choice


def class_of(labels: Sequence[str]) -> str:
    """Return the label that a row is counted by: its first."""
    return labels[0] if labels else ""
