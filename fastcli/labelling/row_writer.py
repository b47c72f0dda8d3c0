"""What all writers of labelled rows have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import DataError
from fastcli.labelling.predicted import Predicted
from fastcli.labelling.rows import RowBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64] | None  # places of some rows of a block; None: all
else:
    Rows = Any


class RowWriter(ABC):
    """Writes rows with added columns."""

    has_unique_names = False  # columns of the same name get different ones
    flattened = 0  # cells whose delimiters and line ends became spaces

    @abstractmethod
    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Write some rows of a block (None: all) with what was predicted for all of them."""

    def finish(self) -> None:  # noqa: B027
        """Write what is left."""

    def abandon(self) -> None:  # noqa: B027
        """Write no more, since something went wrong."""


def with_values(block: RowBlock, rows: Rows, found: Predicted) -> Iterator[tuple[int, list[Any]]]:
    """Yield the place of each row, and the values that are added to it."""
    places = range(len(block)) if rows is None else rows.tolist()
    return zip(places, found.of(rows).values(), strict=True)


def check_fields(found: dict[str, Any], added: set[str]) -> None:
    """Raise DataError for an object that has a field of the name of one that is added."""
    if not added.isdisjoint(found):
        raise DataError(
            f"A row has the field {min(added & found.keys())!r}, which no row at the start of the "
            "file has, and which is the name of what is added: give another name with --as NAME."
        )
