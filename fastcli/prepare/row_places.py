"""Where the rows are that training lines were made of, which are in another order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.prepare.shuffle import order_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RowPlaces:
    """The file and the line of each row that was written, in the order of reading."""

    def __init__(self) -> None:
        self._seed: int | None = None
        self._blocks: list[tuple[str, NDArray[np.int64]]] = []

    def __len__(self) -> int:
        return sum(len(lines) for _, lines in self._blocks)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield the file and the line of each row."""
        for path, lines in self._blocks:
            for line in lines.tolist():
                yield path, line

    def begin(self, seed: int | None) -> None:
        """Forget all of them: the input is read anew, for lines that are shuffled by ``seed``."""
        self._seed = seed
        self._blocks.clear()

    def add(self, path: str, lines: Sequence[int]) -> None:
        """Note rows of a file that are written next."""
        self._blocks.append((path, np.array(lines, np.int64)))

    def training_lines(self) -> NDArray[np.int64]:
        """Return the number of the training line that was made of each row, int64[n].

        >>> places = RowPlaces()
        >>> places.begin(seed=0)
        >>> places.add("a.csv", [2, 3, 4])
        >>> sorted(places.training_lines().tolist())
        [0, 1, 2]
        """
        if self._seed is None:
            return np.arange(len(self))
        order = np.argsort(order_keys(self._seed, 0, len(self)), kind="stable")
        found = np.empty_like(order)
        found[order] = np.arange(len(order))
        return found
