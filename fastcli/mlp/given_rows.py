"""Rows of numbers that a program gives, lists or arrays, as a model of numbers reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.feature_rows import FeatureRows
from fastcli.mlp.predict import table_reader
from fastcli.printable import named
from fastcli.tables.coded import Coded
from fastcli.tables.values import LARGEST, is_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.features import FeatureColumns
    from fastcli.mlp.model import MlpModel

SHOWN = "the rows"


def given_rows(model: MlpModel, rows: Any) -> FeatureRows:
    """Return rows as they are read from a table: in the order of the model's columns.

    ``rows`` are [n, columns], an array or a sequence of sequences.  NaN and None are values that
    are missing, as empty cells of a table are; columns of words take words.  Raises ArgumentError
    for another number of columns, DataError for what is no number, or an infinite one.
    """
    columns = model.columns
    assert columns is not None
    cells = table_of(rows, columns.n_raw, expected(columns))
    if cells.dtype == object:
        raw = _mixed(model, cells)
    else:
        raw = cells.astype(np.float64, copy=True)
        if any(column.is_words for column in columns.table):
            raise DataError(f"{expected(columns)} Give words as text, in lists.")
    check_finite(raw)
    blank = np.asarray(np.isnan(raw).all(axis=1), np.bool_)
    if columns.kind == "csv":
        table_reader(model, SHOWN).say_missing(raw, ~blank)
    elif np.isnan(raw).any():
        raise DataError(f"{where(np.isnan(raw))}: a number is missing.")
    names = Coded(np.zeros(len(raw), np.int32), [""])
    return FeatureRows(raw, names, blank, lines=np.arange(1, len(raw) + 1))


def table_of(rows: Any, width: int, expected: str) -> NDArray[Any]:
    """Return rows as an array [n, width], of numbers or, where some are words, of objects.

    Raises ArgumentError for another shape.
    """
    found = rows if isinstance(rows, np.ndarray) else _array_of(rows)
    if found.ndim != 2 or found.shape[1] != width:
        shape = "x".join(map(str, found.shape)) or "a single number"
        raise ArgumentError(f"{expected} The rows have the shape {shape}.")
    return found if found.dtype.kind in "fiub" else found.astype(object)


def _array_of(rows: Any) -> NDArray[Any]:
    """Return what sequences hold, as objects where it is not all numbers.

    Raises ArgumentError for rows that differ in length.
    """
    if not isinstance(rows, Sequence):
        return np.asarray(rows)  # what another package has for a table, such as a DataFrame
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ArgumentError(f"The rows differ in length: {min(widths)} and {max(widths)} columns.")
    found = np.empty((len(rows), widths.pop() if widths else 0), object)
    for i, row in enumerate(rows):
        found[i] = list(row)
    try:
        return found.astype(np.float64) if not _has_text(found) else found
    except (TypeError, ValueError):
        return found


def _has_text(cells: NDArray[Any]) -> bool:
    return any(isinstance(cell, str) for cell in cells.flat)


def _mixed(model: MlpModel, cells: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows some of whose columns are words, or text that stands for numbers."""
    columns, raw = model.columns, np.full(cells.shape, np.nan)
    assert columns is not None
    reader = table_reader(model, SHOWN)
    for k in range(cells.shape[1]):
        column = ["" if cell is None or cell != cell else cell for cell in cells[:, k].tolist()]
        if columns.table and columns.table[k].is_words:
            raw[:, k] = reader.codes(k, Coded.of([str(cell).strip() for cell in column]))
            continue
        for i, cell in enumerate(column):
            if isinstance(cell, str) and is_missing(cell):
                continue
            try:
                raw[i, k] = float(cell)
            except (TypeError, ValueError):
                raise DataError(
                    f"row {i + 1}, column {k + 1}: {named(str(cell))} is not a number. "
                    f"{expected(columns)}"
                ) from None
    return raw


def check_finite(raw: NDArray[np.float64]) -> None:
    """Raise DataError for the first number that is infinite, or too large for a difference."""
    is_large = np.abs(raw) > LARGEST
    if is_large.any():
        raise DataError(f"{where(is_large)}: the number is infinite or too large.")


def where(is_bad: NDArray[np.bool_]) -> str:
    """Return the place of the first bad number of some rows, counted from 1."""
    row, column = divmod(int(is_bad.argmax()), is_bad.shape[1])
    return f"row {row + 1:,}, column {column + 1:,}"


def expected(columns: FeatureColumns) -> str:
    """Return a sentence on the columns that rows have."""
    if columns.kind == "libsvm":
        return f"The model expects rows of {columns.n_features:,} numbers."
    names = ", ".join(columns.input_names[:8]) + ", ..." * (columns.n_raw > 8)
    return f"The model expects rows of {columns.n_raw:,} columns: {names}."
