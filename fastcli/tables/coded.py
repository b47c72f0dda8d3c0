"""Cells of a column as numbers of its different values, of which there are few."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Coded:
    """Cells, of which the i-th is ``values[codes[i]]``; ``codes`` is int32[n].

    Values are text, or tuples where a cell is a list.
    """

    codes: NDArray[np.int32]
    values: list[Any]

    @classmethod
    def of(
        cls, cells: Sequence[Hashable], text_of: Callable[[Any], Any] = lambda cell: cell
    ) -> Coded:
        """Return cells with their different values in order of appearance, as ``text_of`` says.

        >>> Coded.of(["b", "a", "b"]).values
        ['b', 'a']
        """
        known = {cell: i for i, cell in enumerate(dict.fromkeys(cells))}
        codes = np.fromiter(map(known.__getitem__, cells), np.int32, len(cells))
        return cls(codes, list(map(text_of, known)))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, part: slice | NDArray[Any]) -> Coded:
        return Coded(self.codes[part], self.values)

    def __iter__(self) -> Iterator[Any]:
        return map(self.values.__getitem__, self.codes.tolist())

    def stripped(self) -> Coded:
        """Return the cells without spaces around them."""
        return Coded(self.codes, [value.strip() for value in self.values])

    @property
    def is_empty(self) -> NDArray[np.bool_]:
        """Which cells are empty: bool[n]."""
        return np.array([not value for value in self.values] or [True], np.bool_)[self.codes]
