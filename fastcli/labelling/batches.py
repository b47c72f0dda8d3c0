"""Rows of Parquet files: kept as Arrow has them, or as objects where another format needs that."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastcli.errors import DataError
from fastcli.labelling.names import unique_names


class HeldBatches:
    """The batches of a file, held from where their rows are read to where they are taken."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self._held: deque[tuple[int, Any]] = deque()  # the number of the first row, and the batch

    def rows(self, columns: Sequence[int] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield some columns (None: all) of each row as an object, and its number, from 1."""
        number = 1
        for batch in self._batches:
            self._held.append((number, batch))
            for found in plain_rows(batch, columns):
                yield number, found
                number += 1

    def take(self, numbers: Sequence[int]) -> Any:
        """Return rows by their numbers, at least one, as a ``pyarrow.Table``.

        Numbers ascend from call to call; rows before them are let go.
        """
        import pyarrow

        while numbers[0] >= self._held[0][0] + len(self._held[0][1]):
            self._held.popleft()
        wanted, parts = np.array(numbers, np.int64), []
        for first, batch in self._held:
            inside = wanted[(wanted >= first) & (wanted < first + len(batch))] - first
            if len(inside):
                is_run = int(inside[-1]) - int(inside[0]) + 1 == len(inside)
                run = batch.slice(int(inside[0]), len(inside)) if is_run else None
                parts.append(batch.take(pyarrow.array(inside)) if run is None else run)
        return pyarrow.Table.from_batches(parts)


def plain_rows(rows: Any, columns: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Return rows of Arrow, or some of their columns, as objects of Python.

    Names are unique (see ``unique_names``).  Times in nanoseconds are text where Python's times,
    which have microseconds, do not hold them.  Raises DataError for what Python cannot hold.
    """
    names = unique_names(rows.schema.names)
    chosen = range(len(names)) if columns is None else dict.fromkeys(columns)
    found = [_values(rows.column(i), names[i]) for i in chosen]
    keys = [names[i] for i in chosen]
    return [dict(zip(keys, row, strict=True)) for row in zip(*found, strict=True)]


def _values(column: Any, name: str) -> list[Any]:
    import pyarrow

    try:
        if getattr(column.type, "unit", "") == "ns":
            return _times(column)
        return list(column.to_pylist())
    except UnicodeDecodeError:
        raise DataError(f"The column {name!r} has text that is not UTF-8.") from None
    except (ValueError, OverflowError, pyarrow.ArrowException) as error:
        raise DataError(
            f"The column {name!r} has values of type {column.type} that only Parquet can hold: "
            f"write .parquet. ({error})"
        ) from None


def _times(column: Any) -> list[Any]:
    """Return times in nanoseconds: of Python where these hold them, else as text."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_timestamp(kind):
        coarser = pyarrow.timestamp("us", kind.tz)
    else:
        coarser = pyarrow.time64("us") if pyarrow.types.is_time(kind) else pyarrow.duration("us")
    try:
        return list(column.cast(coarser).to_pylist())
    except pyarrow.ArrowInvalid:
        pass
    if pyarrow.types.is_duration(kind):
        numbers = column.cast(pyarrow.int64()).to_pylist()
        return [None if n is None else f"{n} ns" for n in numbers]
    texts = column.cast(pyarrow.string()).to_pylist()
    return [None if text is None else text.replace(" ", "T", 1) for text in texts]
