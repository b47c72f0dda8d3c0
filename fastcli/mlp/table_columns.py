"""The columns of a table of numbers: which are inputs, which is the label, and what is said."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.feature_files import CANNOT_TRAIN, ignore
from fastcli.mlp.features import FeatureColumns, TableColumn
from fastcli.printable import listed, named
from fastcli.tables.columns import (
    IDS,
    are_row_numbers,
    find_column,
    is_position,
    is_row_number_name,
    plain_name,
    usual_label,
)
from fastcli.tables.delimited import Delimited, Utf8
from fastcli.tables.dialects import Asked, instead_of, is_utf8, kind_of_name
from fastcli.tables.headers import has_header
from fastcli.tables.labels import LabelOptions
from fastcli.tables.streams import opened
from fastcli.tables.values import is_date, is_decimal_comma, is_missing, is_number
from fastcli.text.encodings import check_utf8

LAST = "-1"


@dataclass(frozen=True)
class TableOptions:
    """What options say about tables of numbers."""

    label_column: str = ""
    delimiter: str = ""
    header: bool | None = None
    drop: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    point: str = ""
    encoding: str = "utf-8"
    labels: LabelOptions = field(default_factory=LabelOptions)


def columns_of(
    path: str, options: TableOptions, note: Callable[[str], None] = ignore
) -> FeatureColumns:
    """Return what the columns of a training file are, by its first rows; ``note`` hears it.

    Raises DataError for an empty file, ArgumentError for columns that are not there or not known.
    """
    with open_table(path, options.encoding) as stream:
        asked = Asked(kind_of_name(path) or "csv", options.delimiter, "yes")
        table = Delimited(path, stream, asked)
        head = table.head.table()
    if not head:
        raise DataError(f"{path} is empty, so there is nothing to train on.")
    dialect, asked_label = table.dialect, options.label_column
    if len(head[0]) < 2:
        raise one_column(path, dialect.delimiter, head[0][0])
    first = [cell.strip() for cell in head[0]]
    has_names = options.header
    if has_names is None:
        is_named = any(one and not is_position(one) for one in (asked_label, *options.drop))
        has_names = is_named or has_header(head, int(asked_label or LAST))
    names = first if has_names else [str(i) for i in range(len(first))]
    below = head[1:] if has_names else head
    label, how = _label(path, names, has_names, asked_label)
    chosen = _Choice(path, names, has_names, below, options)
    columns = chosen.columns(label)
    columns.delimiter = dialect.delimiter
    note(chosen.sentence(columns, dialect.remark(kind_of_name(path) or "csv"), how))
    return columns


def one_column(path: str, delimiter: str, first: str) -> DataError:
    """Return the error of a table that has one column by its delimiter."""
    return DataError(
        f"{path}: one column only, with the delimiter {delimiter!r}. {instead_of(delimiter, first)}"
    )


def _label(path: str, names: Sequence[str], has_names: bool, asked: str) -> tuple[int, str]:
    """Return the position of the label's column, and how it was found where it is the last."""
    if asked:
        return find_column(path, asked, names, has_names), ""
    if has_names and (usual := usual_label(path, names)) is not None:
        return names.index(usual), ""
    return len(names) - 1, " (the last)"


class _Choice:
    """Decides about the columns of a training file, and says what was decided."""

    def __init__(
        self,
        path: str,
        names: Sequence[str],
        has_names: bool,
        below: Sequence[Sequence[str]],
        options: TableOptions,
    ) -> None:
        self.path, self.names, self.has_names = path, names, has_names
        self.below, self.options = below, options
        self.dropped = [find_column(path, one, names, has_names) for one in options.drop]
        self.words = [find_column(path, one, names, has_names) for one in options.words]
        self.numbered = -1  # the column that counts the rows
        self.ids: list[str] = []
        self.points: set[str] = set()

    def columns(self, label: int) -> FeatureColumns:
        """Return the columns; which of them are words is settled when all rows are read."""
        table = []
        for i, name in enumerate(self.names):
            if i == label or i in self.dropped:
                continue
            cells = [row[i] for row in self.below if not is_missing(row[i])]
            if i == 0 and self.has_names and is_row_number_name(name) and are_row_numbers(cells):
                self.numbered = 0
                continue
            column = TableColumn(name if self.has_names else "", i)
            column.is_words = i in self.words or (bool(cells) and not any(map(is_number, cells)))
            if column.is_words and all(map(is_date, cells)) and i not in self.words:
                raise ArgumentError(
                    f"{self.path}: column {named(name)} has dates, such as {cells[0]}, which are "
                    f"no numbers. Leave it out: --drop {shlex.quote(name)}."
                )
            if not column.is_words:
                self._look_at(name, cells)
            table.append(column)
        if not table:
            raise ArgumentError(f"{self.path}: no column is left to learn from.")
        point = self.options.point or ("," if self.points == {","} else ".")
        names = list(self.names) if self.has_names else []
        n = len(table)
        return FeatureColumns(
            "csv", ",", names, label, n, table=table, width=len(self.names), point=point
        )

    def _look_at(self, name: str, cells: Sequence[str]) -> None:
        """Look for decimal commas, and for numbers that are names of rows."""
        if any(map(is_decimal_comma, cells)):
            self.points.add(",")
        elif any("." in cell for cell in cells):
            self.points.add(".")
        last = plain_name(name).split()[-1:]
        if self.has_names and last and last[0] in IDS and len(set(cells)) == len(cells) > 1:
            self.ids.append(name)

    def sentence(self, columns: FeatureColumns, remark: str, how: str) -> str:
        """Say what was decided."""
        label = self.names[columns.label]
        n = columns.n_raw
        header = "header" if self.has_names else "no header"
        decimal = "decimal commas" if columns.point == "," else ""
        shown = f": {listed([c.name for c in columns.table])}" if self.has_names else ""
        parts = [
            ", ".join(filter(None, [header, remark, decimal])),
            f"label: column {repr(label) if self.has_names else label}{how}",
            f"{n:,} feature{'s' * (n > 1)}{shown}",
        ]
        if self.numbered >= 0:
            parts.append("left out: the numbers of the rows")
        if self.ids:
            drop = " ".join(f"--drop {shlex.quote(name)}" for name in self.ids)
            verb = "looks" if len(self.ids) == 1 else "look"
            parts.append(f"{listed(self.ids)} {verb} like ids, which tell nothing: {drop}")
        return f"{self.path}: {'; '.join(parts)}"


@contextmanager
def open_table(path: str, encoding: str, cannot: str = CANNOT_TRAIN) -> Iterator[Any]:
    """Open a file as UTF-8; what goes wrong with it until it is closed is a DataError: ``cannot``.

    Also raises DataError where its first bytes are not what they should be.
    """
    try:
        with opened(path, lambda n: None) as stream:
            if is_utf8(encoding):
                check_utf8(path, stream.peek(1 << 16))
                yield stream
            else:
                yield Utf8(stream, encoding)
    except OSError as error:
        raise DataError(cannot.format(path=path, reason=error.strerror or error)) from None
