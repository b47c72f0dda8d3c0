"""Rows of numbers that a program gives to train on, in the place of the files of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.feature_files import Placed
from fastcli.mlp.feature_rows import FeatureRows, RawRows
from fastcli.mlp.feature_tables import label_reader, read_labels, settle
from fastcli.mlp.features import FeatureColumns, Labels
from fastcli.mlp.given_rows import (
    SHOWN,
    Cells,
    cells_of,
    check_size,
    given_rows,
    is_missing_cell,
    numbers_of,
    place_of,
    words_of,
)
from fastcli.mlp.table_columns import Choice, TableOptions, label_of
from fastcli.mlp.table_memory import check_room
from fastcli.mlp.table_reader import TableReader
from fastcli.mlp.targets import target_names
from fastcli.mlp.task import are_classes
from fastcli.tables.coded import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.continuing import FormerNetwork

AT_ONCE = 1 << 14  # rows
HEAD_ROWS = 200  # that tell which columns are words
LABEL = "label"
FIX = (
    "Leave such rows out or fill them, or train on a file of the table, whose empty cells are "
    "missing values."
)


@dataclass(frozen=True, kw_only=True)
class GivenTables:
    """Rows to train on, and what is learned of them; ``valid`` are others, for validation.

    ``x`` is what ``cells_of`` takes; ``y`` has a label for each row, or a list of several, of
    regression a number, or [rows, targets].  It is the name of a column where ``x`` has names, and
    None where the options name it, or it is found as in a file.
    """

    x: Any
    y: Any = None
    valid: tuple[Any, Any] | None = None

    def read(
        self,
        options: TableOptions,
        former: FormerNetwork | None,
        note: Callable[[str], None],
        placed: Placed,
    ) -> tuple[FeatureColumns, RawRows, Labels]:
        """Return what ``read_tables`` does of files.

        Raises ArgumentError or DataError for what cannot be learned from.
        """
        if former is None:
            columns, raw, labels = _read(self.x, self.y, options, note)
        else:
            columns = former.columns
            raw, labels = _read_like(columns, self.x, self.y, options, note)
        placed(SHOWN, np.arange(1, len(raw) + 1))
        return columns, raw, labels

    def read_valid(
        self, columns: FeatureColumns, options: TableOptions, note: Callable[[str], None]
    ) -> tuple[RawRows, Labels]:
        """Return what ``read_like`` does of a file."""
        assert self.valid is not None
        return _read_like(columns, *self.valid, options, note)


def has_floats(y: Any) -> bool:
    """Tell whether what is learned are floats, which are targets and no labels."""
    if y is None or isinstance(y, str):
        return False
    try:
        return bool(np.asarray(y).dtype.kind == "f")
    except ValueError:  # lists of labels, of different lengths
        return False


def has_classes(y: Any) -> bool:
    """Tell whether floats may be the numbers of classes: see ``task.are_classes``."""
    values = np.asarray(y, np.float64)
    found = np.unique(values[np.isfinite(values)])
    if values.ndim == 2 and values.shape[1] > 1:  # one number for each label?
        return bool(len(found)) and bool(np.isin(found, (0.0, 1.0)).all())
    return len(found) > 0 and are_classes(found, len(values))


def _read(
    x: Any, y: Any, options: TableOptions, note: Callable[[str], None]
) -> tuple[FeatureColumns, RawRows, Labels]:
    """Return the columns of training rows, the rows, and their labels."""
    if options.weight_column:
        raise ArgumentError("--weight-column is for tables in files: leave it out.")
    cells = cells_of(x)
    if not len(cells.values):
        raise DataError(f"There are none of {SHOWN}, so there is nothing to train on.")
    learned = _learned(cells, y, options)
    n, names = cells.values.shape[1], [*cells.names, *learned.names * bool(cells.names)]
    shown = names or [str(i) for i in range(n + len(learned.names))]
    first = learned.places[0]
    options = replace(options, label_column=shown[first])
    if options.is_regression:
        options = replace(options, targets=tuple(shown[i] for i in learned.places))
    chosen = Choice(SHOWN, shown, bool(names), _head(cells, learned), options)
    columns = chosen.columns(first)
    if names or not cells.are_numbers:
        note(chosen.sentence(columns, "", ""))
    levels: list[dict[str, int]] = [{} for _ in columns.table]
    reader = TableReader(columns, SHOWN, options, levels, grows=True, note=note)
    check_room(SHOWN, len(cells.values), len(columns.table))
    raw = RawRows(len(columns.table))
    for first in range(0, len(cells.values), AT_ONCE):
        raw.add(_numbers(cells.rows(first, AT_ONCE), columns, reader))
    settle(columns, raw, levels, note)
    if options.is_regression:
        raw.targets = _targets(learned.values)
        return columns, raw, _labels([""] * len(raw))
    return columns, raw, read_labels(columns, SHOWN, _labels(learned.values), options, note)


def _numbers(cells: Cells, columns: FeatureColumns, reader: TableReader) -> NDArray[np.float64]:
    """Return some training rows as they are read, words as new numbers.

    Raises DataError for a number that is missing or not finite.
    """
    found = np.empty((len(cells.values), len(columns.table)))
    for k, column in enumerate(columns.table):
        at = column.position
        if column.is_words:
            found[:, k] = reader.codes(k, words_of(cells, at))
            continue
        found[:, k] = cells.values[:, at] if cells.are_numbers else numbers_of(cells, at)
        if (missing := np.isnan(found[:, k])).any():
            where = cells.place(int(missing.argmax()), at)
            raise DataError(f"{where}: the number is missing, or NaN. {FIX}")
    check_size(found, cells)
    return found


def _read_like(
    columns: FeatureColumns, x: Any, y: Any, options: TableOptions, note: Callable[[str], None]
) -> tuple[RawRows, Labels]:
    """Return other rows, and their labels, by the columns of training."""
    raw = RawRows.of(given_rows(columns, x, note).raw)
    names = [columns.names[i] for i in columns.learned] if columns.names else []
    learned = _learned(cells_of(x), y, options, names)
    if columns.targets:
        raw.targets = _targets(learned.values)
        _check_targets(columns, raw.targets)
        return raw, _labels([""] * len(raw))
    labels = _labels(learned.values)
    reader = label_reader(columns, SHOWN, list(labels.known), options.labels)
    return raw, labels.renamed(reader.of_cell)


def given_examples(
    columns: FeatureColumns, x: Any, y: Any, options: TableOptions, note: Callable[[str], None]
) -> FeatureRows:
    """Return rows with what is right for each, as a model of these ``columns`` is tested on them.

    ``x`` and ``y`` are as ``GivenTables`` has them.  Raises as reading them to train does.
    """
    rows = given_rows(columns, x, note)
    names = [columns.names[i] for i in columns.learned] if columns.names else []
    learned = _learned(cells_of(x), y, options, names)
    if columns.targets:
        targets = _targets(learned.values)
        _check_targets(columns, targets)
        cells = [",".join(map(repr, row)) for row in targets.tolist()]
        return replace(rows, names=Coded.of(cells), targets=targets)
    values = learned.values
    found = [_cell(one) for one in (values.tolist() if isinstance(values, np.ndarray) else values)]
    reader = label_reader(columns, SHOWN, list(_labels(values).known), options.labels)

    def labels_of(cell: Any) -> Any:
        labels = tuple(reader.of_cell(cell)) if cell else ()
        return ",".join(labels) if columns.kind == "libsvm" else labels

    return replace(rows, names=Coded.of(found, labels_of))


def _check_targets(columns: FeatureColumns, targets: NDArray[np.float64]) -> None:
    if targets.shape[1] != len(columns.targets):
        n = len(columns.targets)
        raise ArgumentError(f"The network has {n:,} targets, and y another number of them.")


@dataclass(frozen=True, kw_only=True)
class _Learned:
    """What is learned of rows: a value for each, or a list; names of columns that ``x`` lacks.

    ``places`` are those of the columns in a table of ``x`` and, behind it, what it lacks.
    """

    values: Any
    places: list[int]
    names: list[str]


def _learned(cells: Cells, y: Any, options: TableOptions, known: Sequence[str] = ()) -> _Learned:
    """Return what is learned of rows.

    Of a network the columns are ``known``.  Raises ArgumentError where it is not there, or not of
    each row.
    """
    n, width = cells.values.shape
    if y is None or isinstance(y, str):
        wanted = [y] if isinstance(y, str) else list(options.learned or known)
        if not cells.names:
            raise ArgumentError("The rows have no column names: give y.")
        if not wanted:
            wanted = [cells.names[label_of(SHOWN, cells.names, True, options)[0]]]
        if lacking := [name for name in wanted if name not in cells.names]:
            raise ArgumentError(f"The rows have no column {lacking[0]!r}, the target.")
        places = [cells.names.index(name) for name in wanted]
        found = [cells.column(i) for i in places]
        several = list(map(list, zip(*found, strict=True)))
        one = found[0] if len(found) == 1 else several
        return _Learned(values=one, places=places, names=[])
    names = [str(y.name)] if getattr(y, "name", None) is not None else []
    if hasattr(y, "columns") or hasattr(y, "column_names"):
        of_y = cells_of(y)
        names, y = of_y.names, of_y.values
    values = y if isinstance(y, list | tuple) else np.asarray(y)
    if isinstance(values, np.ndarray) and not values.ndim:
        kind = type(y).__name__
        raise TypeError(f"y is a list or an array, of a label or numbers for each row, not {kind}")
    if len(values) != n:
        raise ArgumentError(f"y has {len(values):,} rows, and x has {n:,}.")
    n_columns = 1
    if options.is_regression and n:
        values = _targets(values)
        n_columns = values.shape[1]
    if len(names) != n_columns:
        names = target_names(n_columns) if options.is_regression else [LABEL]
    if twice := [name for name in names if name in cells.names]:
        raise ArgumentError(f"x has a column {twice[0]!r}, too: give y another name.")
    return _Learned(values=values, places=list(range(width, width + n_columns)), names=names)


def _head(cells: Cells, learned: _Learned) -> list[list[str]]:
    """Return the first rows as text, what is learned behind them unless it is within."""
    head = cells.values[:HEAD_ROWS]
    rows = [["" if is_missing_cell(c) else str(c) for c in row] for row in head]
    for row, value in zip(rows, learned.values, strict=False):
        several = value.tolist() if isinstance(value, np.ndarray) else [value]
        if learned.names:
            row += ["" if is_missing_cell(one) else str(one) for one in several]
    return rows


def _labels(values: Any) -> Labels:
    """Return labels as they stand in the cells of a table: "" for none."""
    found = Labels()
    rows = values.tolist() if isinstance(values, np.ndarray) else values
    found.add_coded(Coded.of([_cell(value) for value in rows]))
    return found


def _cell(value: Any) -> str | tuple[str | int, ...]:
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        several = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        # Whole numbers stay such: zeros and ones may tell which labels a row has.
        return tuple(int(x) if isinstance(x, int | np.integer) else _label(x) for x in several)
    return _label(value)


def _label(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if is_missing_cell(value) else str(value)


def _targets(values: Any) -> NDArray[np.float64]:
    """Return targets as float64[rows, targets].

    Raises DataError for what is not a number, or not finite.
    """
    try:
        found = np.asarray(values, np.float64)
    except OverflowError:
        raise DataError("y has a number that is too large.") from None
    except (TypeError, ValueError):
        raise DataError("y has something else than numbers, which regression learns.") from None
    found = found.reshape(len(found), -1)
    cells = Cells(values=found, names=[])
    if (missing := np.isnan(found)).any():
        raise DataError(f"y, {place_of(missing, cells)}: the target is missing, or NaN.")
    check_size(found, cells)
    return found
