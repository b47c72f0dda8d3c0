"""Rows that a program gives, as a model of numbers reads them: lists, arrays, tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.feature_rows import FeatureRows
from fastcli.mlp.table_columns import TableOptions
from fastcli.mlp.table_reader import TableReader
from fastcli.printable import listed, named
from fastcli.tables.coded import Coded
from fastcli.tables.values import LARGEST, is_missing, plain_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.features import FeatureColumns

SHOWN = "the rows"  # in the place of a file's name
NUMBERS = "fiu"  # kinds of NumPy's types
OF_PANDAS = {"NAType", "NaTType"}  # the types of its missing values


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Cells [rows, columns], numbers or objects; ``names`` are those of the columns, if known."""

    values: NDArray[Any]
    names: list[str]
    first: int = 0  # the row that they begin with

    @property
    def are_numbers(self) -> bool:
        """Whether all cells are numbers."""
        return self.values.dtype.kind in NUMBERS

    def column(self, i: int) -> list[Any]:
        """Return a column of objects, with None for what is missing."""
        return [None if is_missing_cell(cell) else cell for cell in self.values[:, i]]

    def place(self, row: int, column: int) -> str:
        """Return where a cell is, counted from 1, with the name of its column."""
        name = f" ({self.names[column]})" if self.names else ""
        return f"row {self.first + row + 1:,}, column {column + 1:,}{name}"

    def rows(self, first: int, n: int) -> Cells:
        """Return n rows from the ``first`` on."""
        return Cells(values=self.values[first : first + n], names=self.names, first=first)

    def chosen(self, places: Sequence[int]) -> Cells:
        """Return some of the columns."""
        names = [self.names[i] for i in places] if self.names else []
        return Cells(values=self.values[:, places], names=names)


def is_missing_cell(cell: Any) -> bool:
    """Tell whether a cell is a missing value: None, NaN, or what pandas has in their place.

    >>> is_missing_cell(None), is_missing_cell(float("nan")), is_missing_cell("")
    (True, True, False)
    """
    if cell is None or type(cell).__name__ in OF_PANDAS:  # of which NA is neither true nor false
        return True
    try:
        return bool(cell != cell)
    except (TypeError, ValueError):  # an array
        return False


def cells_of(rows: Any) -> Cells:
    """Return the cells of an array, of sequences, or of the table of another package.

    That is what has names of ``columns`` (pandas, polars) or ``column_names`` (Arrow).  Raises
    ArgumentError for what has not two dimensions, rows of different lengths, or a name twice.
    """
    names: list[str] = []
    if hasattr(rows, "column_names") and hasattr(rows, "to_pydict"):
        names = list(map(str, rows.column_names))
        columns = [rows.column(i).to_pylist() for i in range(len(names))]
        rows = list(zip(*columns, strict=True))
    elif hasattr(rows, "columns") and hasattr(rows, "to_numpy"):
        names, rows = list(map(str, rows.columns)), rows.to_numpy()
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise ArgumentError(f"Two columns of the rows are named {named(twice[0])}: rename one.")
    values = _array_of(rows) if isinstance(rows, list | tuple) else np.asarray(rows)
    if not values.ndim:
        raise TypeError(f"Rows are lists or an array [rows, columns], not {type(rows).__name__}")
    if values.ndim != 2:
        shape = "x".join(map(str, values.shape))
        raise ArgumentError(f"Rows are [rows, columns], and not of the shape {shape}.")
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)  # 0 and 1, and no words
    if values.dtype.kind == "c":
        raise TypeError("Rows are real numbers, and these are complex.")
    if values.dtype.kind not in NUMBERS:
        values = values.astype(object)
    return Cells(values=values, names=names)


def _array_of(rows: Sequence[Any]) -> NDArray[Any]:
    """Return what sequences hold, as objects where it is not all numbers."""
    if not all(isinstance(row, Sequence | np.ndarray) and not isinstance(row, str) for row in rows):
        raise TypeError("Rows are lists of numbers, or an array [rows, columns].")
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ArgumentError(f"The rows differ in length: {min(widths)} and {max(widths)} columns.")
    found = np.empty((len(rows), widths.pop() if widths else 0), object)
    for i, row in enumerate(rows):
        found[i] = list(row)
    if any(isinstance(cell, str) for cell in found.flat):
        return found  # which NumPy would take for numbers where it can
    try:
        return found.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return found


def given_rows(columns: FeatureColumns, rows: Any, note: Callable[[str], None]) -> FeatureRows:
    """Return rows as they are read from a table, for a model of these ``columns``.

    Columns are found by name where both have names, else by position.  NaN and None are values
    that are missing, as empty cells of a table are; columns of words take words.  ``note`` hears of
    words and missing values that training did not have.  Raises ArgumentError for columns that are
    not there, DataError for what is not a number, or an infinite one.
    """
    cells = cells_of(rows)
    if cells.names and columns.names:
        cells = _by_name(cells, columns.input_names)
    elif cells.values.shape[1] == columns.width - len(columns.learned):
        cells = cells.chosen(_places(columns))  # some may have been left out in training
    if cells.values.shape[1] != columns.n_raw:
        raise ArgumentError(f"{expected(columns)} These have {cells.values.shape[1]:,}.")
    reader = TableReader(columns, SHOWN, TableOptions(), note=note)
    of_words = [k for k, column in enumerate(columns.table) if column.is_words]
    if cells.are_numbers and of_words:
        if not np.isnan(cells.values[:, of_words].astype(np.float64)).all():
            raise DataError(f"{expected(columns)} Some are words: give lists with text.")
        cells = replace(cells, values=cells.values.astype(object))
    if cells.are_numbers:
        raw = cells.values.astype(np.float64)
    else:
        raw = np.full(cells.values.shape, np.nan)
        for k in range(columns.n_raw):
            is_words = k in of_words
            raw[:, k] = reader.codes(k, words_of(cells, k)) if is_words else numbers_of(cells, k)
    check_size(raw, cells)
    missing = np.isnan(raw)
    blank = np.asarray(missing.all(axis=1), np.bool_)
    if columns.kind == "csv":
        reader.say_missing(raw, ~blank)
    elif missing.any():
        raise DataError(f"{place_of(missing, cells)}: a number is missing.")
    return FeatureRows(
        raw,
        Coded(np.zeros(len(raw), np.int32), [""]),
        blank,
        lines=np.arange(1, len(raw) + 1),
    )


def _places(columns: FeatureColumns) -> list[int]:
    """Return where the columns of a model are in its table without what is learned."""
    learned = columns.learned
    return [
        column.position - sum(at < column.position for at in learned) for column in columns.table
    ]


def _by_name(cells: Cells, wanted: Sequence[str]) -> Cells:
    if lacking := [name for name in wanted if name not in cells.names]:
        raise ArgumentError(
            f"The rows lack columns of the model: {listed(lacking)}. They have "
            f"{listed(cells.names)}."
        )
    return cells.chosen([cells.names.index(name) for name in wanted])


def words_of(cells: Cells, k: int) -> Coded:
    """Return the cells of a column of words as text, "" for those that are missing."""
    return Coded.of(["" if cell is None else str(cell).strip() for cell in cells.column(k)])


def numbers_of(cells: Cells, k: int) -> NDArray[np.float64]:
    """Return the numbers of a column of objects, float64[n], NaN where one is missing.

    Raises DataError for what is not a number.
    """
    found = np.full(len(cells.values), np.nan)
    for i, cell in enumerate(cells.column(k)):
        if cell is None or (isinstance(cell, str) and is_missing(cell)):
            continue
        value = plain_float(cell) if isinstance(cell, str) else _float(cell)
        if value is None:
            raise DataError(f"{cells.place(i, k)}: {named(str(cell))} is not a number.")
        found[i] = value
    return found


def _float(cell: Any) -> float | None:
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None
    except OverflowError:  # a whole number of hundreds of digits
        return np.inf


def check_size(raw: NDArray[np.float64], cells: Cells) -> None:
    """Raise DataError for the first number that is infinite, or too large for differences."""
    is_large = np.asarray(np.abs(raw) > LARGEST)
    if is_large.any():
        raise DataError(f"{place_of(is_large, cells)}: the number is infinite or too large.")


def place_of(is_bad: NDArray[np.bool_], cells: Cells) -> str:
    """Return the place of the first bad one of some cells."""
    return cells.place(*divmod(int(is_bad.argmax()), is_bad.shape[1]))


def expected(columns: FeatureColumns) -> str:
    """Return a sentence on the columns that rows have."""
    n = f"{columns.n_raw:,} column{'s' * (columns.n_raw > 1)}"
    names = f": {listed(columns.input_names)}" if columns.kind == "csv" else ""
    return f"The model reads rows of {n}{names}."
