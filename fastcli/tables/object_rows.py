"""Rows that are objects as rows of a table: their keys name its columns, their values are cells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from fastcli.errors import DataError
from fastcli.kernels.text.decimals import EMPTY, EXACT
from fastcli.printable import named, shortened
from fastcli.tables.coded import Coded
from fastcli.tables.delimited import Location
from fastcli.tables.dialects import HEAD_ROWS
from fastcli.tables.labels import truth_of, value_text
from fastcli.tables.objects import (
    Bad,
    bounded_lines,
    elements_as_written,
    json_lines,
    objects_as_written,
    parquet_rows,
)
from fastcli.tables.reading import Reading
from fastcli.text.decimals import read_fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 4096  # rows of a chunk
NUMBERS = {float, int, bool}
KINDS = ("json", "jsonl", "parquet")  # of files whose rows are objects

Found = tuple[int, dict[str, Any], bytes]
"""The number of a row, the object, and the line of JSON that it is, if it is one."""


def is_nested(value: Any) -> bool:
    """Tell whether a value is a list or an object, not a cell."""
    return isinstance(value, list | tuple | dict)


def cell_text(value: Any) -> str:
    """Return a value as a cell that may be a number: true and false are 1 and 0, null is empty.

    >>> [cell_text(value) for value in (True, None, 2.0, "a", [1])]
    ['1', '', '2', 'a', '[1]']
    """
    if isinstance(value, bool):
        return str(int(value))
    return json.dumps(value, default=str) if is_nested(value) else value_text(value)


@dataclass
class ObjectRows:
    """Some rows of a table of objects, as ``Chunk`` has those of a delimited one.

    ``numbers`` are those of their lines, or in Parquet of the rows; ``raw`` their lines of JSON;
    ``class_names`` what numbers of a column stand for, where it has labels.
    """

    path: str
    names: Sequence[str]
    numbers: list[int]
    objects: list[dict[str, Any]]
    raw: list[bytes]
    unit: str = "line"
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.objects)

    def only(self, kept: Sequence[int]) -> ObjectRows:
        """Return some of the rows."""
        return replace(
            self,
            numbers=[self.numbers[i] for i in kept],
            objects=[self.objects[i] for i in kept],
            raw=[self.raw[i] for i in kept],
        )

    def table(self) -> list[list[str]]:
        """Return all cells of all rows, as text."""
        return [[cell_text(one.get(name)) for name in self.names] for one in self.objects]

    def texts(self) -> list[list[str]]:
        """Return all cells of all rows that are text; the others are empty."""
        return [
            [value if isinstance(value := one.get(name), str) else "" for name in self.names]
            for one in self.objects
        ]

    def place(self, row: int, column: int = -1) -> str:
        """Return where a row is, or a cell."""
        where = f"{self.path}, {self.unit} {self.numbers[row]}"
        return where if column < 0 else f"{where}, column {named(self.names[column])}"

    def column(self, i: int) -> list[str]:
        """Return the cells of a column as text."""
        return list(map(cell_text, self._values(i)))

    def coded(self, i: int) -> Coded:
        """Return the cells of a column of words as numbers of its different ones."""
        values = self._values(i)
        for row, value in enumerate(values):
            if is_nested(value):
                self._refuse(row, i)
        return Coded.of(list(map(value_text, values)))

    def labels(self, i: int) -> Coded:
        """Return the labels of a column as numbers of different ones; several are a tuple."""
        cells: list[Any] = []
        classes = self.class_names.get(self.names[i], ())
        for row, value in enumerate(self._values(i)):
            if classes and isinstance(value, int) and 0 <= value < len(classes):
                value = classes[value]
            if isinstance(value, dict) and all(truth_of(v) is not None for v in value.values()):
                cells.append(tuple(name for name, v in value.items() if truth_of(v)))
            elif isinstance(value, list | tuple) and not any(map(is_nested, value)):
                cells.append(tuple(value))
            elif is_nested(value):
                raise DataError(f"{self.place(row, i)}: labels are text, numbers or lists of them.")
            else:
                cells.append(value_text(value).strip())
        return Coded.of(cells)

    def fields(
        self, columns: Sequence[int], point: str
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return the numbers of some columns, [rows, columns], and what they are: ``read_fields``.

        Text is read as a cell of a delimited table is, with ``point`` before the fraction.
        """
        shape = self.n, len(columns)
        values, status = np.full(shape, np.nan), np.full(shape, EXACT, np.uint8)
        for k, i in enumerate(columns):
            cells = self._values(i)
            if set(map(type, cells)) <= NUMBERS:
                values[:, k] = list(map(_float, cells))
            else:
                self._mixed(i, cells, values[:, k], status[:, k], point)
            status[np.isnan(values[:, k]) & (status[:, k] == EXACT), k] = EMPTY
        return values, status

    def _mixed(
        self,
        i: int,
        cells: Sequence[Any],
        values: NDArray[np.float64],
        status: NDArray[np.uint8],
        point: str,
    ) -> None:
        """Set the numbers of a column in which not all cells are numbers."""
        texts: dict[int, bytes] = {}
        for row, cell in enumerate(cells):
            if type(cell) in NUMBERS:
                values[row] = _float(cell)
            elif cell is not None:
                if is_nested(cell):
                    self._refuse(row, i)
                texts[row] = str(cell).encode("utf-8", "surrogatepass")
        if not texts:
            return
        rows = np.array(list(texts), np.int64)
        ends = np.cumsum([len(text) for text in texts.values()])
        starts = np.concatenate([[0], ends[:-1]])
        joined = np.frombuffer(b"".join(texts.values()) or b" ", np.uint8)
        values[rows], status[rows] = read_fields(joined, starts, ends, point)

    def _values(self, i: int) -> list[Any]:
        name = self.names[i]
        return [one.get(name) for one in self.objects]

    def _refuse(self, row: int, i: int) -> NoReturn:
        raise DataError(
            f"{self.place(row, i)}: a list or an object, not a number or text: "
            f"{shortened(cell_text(self._values(i)[row]), 60)}. Fix it, or train without the "
            "column (--drop)."
        )


class ObjectTable:
    """A file of objects that is being read: the names of its columns, its first rows, all rows.

    Columns are the keys of the first rows, in the order of their appearance.  Raises DataError for
    what is no object, also while rows are read.
    """

    def __init__(
        self,
        path: str,
        found: Iterable[Found],
        unit: str = "line",
        is_live: bool = False,
        class_names: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.path, self._unit, self._class_names = path, unit, class_names or {}
        self._at_once = 1 if is_live else AT_ONCE
        self._found = iter(found)
        self._first = list(islice(self._found, 1 if is_live else HEAD_ROWS))
        self.names = list(dict.fromkeys(chain.from_iterable(one for _, one, _ in self._first)))
        self.head = self._rows(self._first)

    def _rows(self, found: Sequence[Found]) -> ObjectRows:
        numbers = [number for number, _, _ in found]
        objects, raw = [one for _, one, _ in found], [line for _, _, line in found]
        return ObjectRows(
            self.path, self.names, numbers, objects, raw, self._unit, self._class_names
        )

    @property
    def nested(self) -> set[str]:
        """The columns that have lists or objects in the first rows."""
        return {name for one in self.head.objects for name, v in one.items() if is_nested(v)}

    def chunks(self) -> Iterator[ObjectRows]:
        """Yield all rows, some at a time."""
        found = chain(self._first, self._found)
        self._first = []
        while part := list(islice(found, self._at_once)):
            yield self._rows(part)


def open_objects(
    path: str,
    raw: Any,
    kind: str,
    reading: Reading,
    is_live: bool = False,
    shown: str = "",
    bad: Bad | None = None,
) -> ObjectTable:
    """Open a file whose rows are objects; ``raw`` is it as bytes, which Parquet does not need.

    ``shown`` is what messages call it; ``bad`` is given what is no object, else that is an error.
    """
    shown, bad = shown or path, bad or _refuse
    if kind == "parquet":
        names, classes, rows = parquet_rows(path, lambda n: None)
        found = ((i, one, b"") for i, one in rows(names))
        return ObjectTable(shown, found, "row", class_names=classes)
    if kind == "jsonl" and reading.is_utf8:
        return ObjectTable(
            shown, _objects(shown, objects_as_written(shown, raw, bad), bad), is_live=is_live
        )
    text = reading.text(raw)
    if kind == "json":
        return ObjectTable(shown, _objects(shown, elements_as_written(shown, text), bad))
    found = ((i, one, b"") for i, one in json_lines(shown, bounded_lines(shown, text), bad))
    return ObjectTable(shown, _objects(shown, found, bad))


def _objects(path: str, numbered: Iterable[tuple[int, Any, bytes]], bad: Bad) -> Iterator[Found]:
    """Yield what is an object; the rest is bad."""
    for number, found, line in numbered:
        if isinstance(found, dict):
            yield number, found, line
        else:
            bad(Location(path, number), "not an object", json.dumps(found, default=str))


def _refuse(place: Location, reason: str, text: str) -> NoReturn:
    shown = shortened(" ".join(text.split()), 80)
    raise DataError(f"{place}: {reason}: {shown!r}. Fix it, or skip such rows with --skip-bad.")


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return float("inf") if value > 0 else float("-inf")
