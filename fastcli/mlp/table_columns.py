"""The columns of a table of numbers: which are inputs, which is the label, and what is said."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.mlp.decimal_points import may_be_thousands, points_of
from fastcli.mlp.feature_files import CANNOT_TRAIN, ignore
from fastcli.mlp.features import FeatureColumns, TableColumn
from fastcli.overwriting import STREAM
from fastcli.printable import listed, named, shortened
from fastcli.tables.bad_rows import BadRows
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
from fastcli.tables.dialects import Asked, Like, instead_of, kind_of_name
from fastcli.tables.formats import HEAD, PARQUET_MAGIC
from fastcli.tables.headers import has_header
from fastcli.tables.labels import LabelOptions
from fastcli.tables.object_rows import KINDS, ObjectTable, open_objects
from fastcli.tables.objects import Bad
from fastcli.tables.reading import Reading
from fastcli.tables.streams import opened
from fastcli.tables.values import is_date, is_missing, is_number
from fastcli.text.spooled import place_of

LAST = "-1"
LEAST_WORDS = 3.5  # of a cell, on average, where a column has texts
NEW = 0.8  # of its cells are different


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
    kind: str = "auto"
    skip_bad: bool = False  # leave out rows that cannot be used
    weight_column: str = ""
    targets: tuple[str, ...] = ()  # columns, of regression; the first is ``label_column`` as well
    is_regression: bool = False

    @property
    def learned(self) -> tuple[str, ...]:
        """The columns that are asked for as label or targets."""
        return self.targets or (self.label_column,) * bool(self.label_column)

    @property
    def reading(self) -> Reading:
        """How a file is opened."""
        return Reading(self.kind, self.delimiter, header=self.header, encoding=self.encoding)


def columns_of(
    path: str, options: TableOptions, note: Callable[[str], None] = ignore
) -> FeatureColumns:
    """Return what the columns of a training file are, by its first rows; ``note`` hears it.

    Raises DataError for an empty file, ArgumentError for columns that are not there or not known.
    """
    with open_table(path, options, bad=BadRows(skips=True) if options.skip_bad else None) as table:
        head = table.head.table()
    if not head:
        raise DataError(f"{path} is empty, so there is nothing to train on.")
    asked_label = options.label_column
    if isinstance(table, ObjectTable):
        return _columns_of_objects(path, table, head, options, note)
    dialect = table.dialect
    if len(head[0]) < 2:
        raise one_column(path, dialect.delimiter, head[0][0])
    first = [cell.strip() for cell in head[0]]
    has_names = options.header
    if has_names is None:
        asked = (*options.learned, options.weight_column, *options.drop)
        is_named = any(one and not is_position(one) for one in asked)
        has_names = is_named or has_header(head, int(asked_label or LAST))
        if not has_names and (above := _word_above_numbers(head, options)):
            has_names = options.is_regression  # which learns no words
            if not has_names:
                note(
                    f"{path}: {named(above)} stands above numbers: give --header if the first row "
                    "names the columns, --no-header if not."
                )
    names = first if has_names else [str(i) for i in range(len(first))]
    below = head[1:] if has_names else head
    label, how = label_of(path, names, has_names, options)
    chosen = Choice(path, names, has_names, below, options)
    columns = chosen.columns(label, dialect.delimiter)
    header = "header" if has_names else "no header"
    remark = dialect.remark(kind_of_name(path) or "csv")
    note(chosen.sentence(columns, ", ".join(filter(None, [header, remark])), how))
    return columns


def _word_above_numbers(head: Sequence[Sequence[str]], options: TableOptions) -> str:
    """Return the first cell of a column that is learned, if all below it are numbers; else ""."""
    for place in map(int, options.learned or (LAST,)):
        first, *below = [row[place].strip() for row in head if -len(row) <= place < len(row)] or [
            ""
        ]
        filled = [cell for cell in below if not is_missing(cell)]
        is_word = not is_missing(first) and not is_number(first)
        if is_word and filled and all(map(is_number, filled)):
            return first
    return ""


def _columns_of_objects(
    path: str,
    table: ObjectTable,
    head: Sequence[Sequence[str]],
    options: TableOptions,
    note: Callable[[str], None],
) -> FeatureColumns:
    """Return what the columns of a file of objects are; its keys are their names."""
    names = table.names
    if not names:
        raise DataError(f"{path}: its objects are empty, so there is nothing to train on.")
    label, how = label_of(path, names, True, options)
    chosen = Choice(path, names, True, head, options, table.nested)
    chosen.texts = table.head.texts()
    columns = chosen.columns(label)
    note(chosen.sentence(columns, "", how))
    return columns


def one_column(path: str, delimiter: str, first: str, n_needed: int = 0) -> DataError:
    """Return the error of a table that has one column by its delimiter.

    ``n_needed``: the number of columns that a model takes (0: any).
    """
    needed = f", and the model takes {n_needed}" if n_needed else ""
    return DataError(
        f"{path}: one column only, with the delimiter {delimiter!r}{needed}. "
        f"{instead_of(delimiter, first)}"
    )


def label_of(
    path: str, names: Sequence[str], has_names: bool, options: TableOptions
) -> tuple[int, str]:
    """Return the position of the label's column, and how it was found where it is the last.

    The column of weights is none.
    """
    weight = _weight(path, names, has_names, options)
    if asked := options.label_column:
        label = find_column(path, asked, names, has_names)
        if label == weight:
            raise ArgumentError(
                f"{path}: column {named(names[label])} cannot be used twice, as label and weight."
            )
        return label, ""
    others = [name for i, name in enumerate(names) if i != weight]
    if has_names and (usual := usual_label(path, others)) is not None:
        return names.index(usual), ""
    is_last = weight == len(names) - 1
    return len(names) - 1 - is_last, " (the last but the weights)" if is_last else " (the last)"


def _weight(path: str, names: Sequence[str], has_names: bool, options: TableOptions) -> int:
    """Return the position of the column of weights, -1 if there is none."""
    asked = options.weight_column
    return find_column(path, asked, names, has_names) if asked else -1


def with_weights(
    path: str, columns: FeatureColumns, options: TableOptions, note: Callable[[str], None] = ignore
) -> FeatureColumns:
    """Return the columns of a model and, as the last, that of the weights in a file to train on.

    Where columns are found by position the model may have been trained without that column.
    Raises ArgumentError if it is not there, or is the label or a feature.
    """
    with open_table(path, options, bad=BadRows(skips=True) if options.skip_bad else None) as table:
        head = table.head.table()
    if not head:
        raise DataError(f"{path} is empty, so there is nothing to train on.")
    wanted = [column.name for column in columns.table]
    names, has_names = [cell.strip() for cell in head[0]], options.header
    if isinstance(table, ObjectTable):
        names, has_names = list(table.names), True
    elif has_names is None:
        is_known = bool(columns.names) and set(wanted) <= set(names)
        has_names = is_known or not is_position(options.weight_column) or has_header(head)
    names = names if has_names else [str(i) for i in range(len(names))]
    at = _weight(path, names, has_names, options)
    shown, learned, inputs = named(names[at]), columns.learned, list(columns.table)
    width = columns.width
    if has_names and columns.names:
        is_label = names[at] in [columns.names[i] for i in learned]
        is_input = names[at] in wanted
    else:
        if len(names) == width + 1:  # than the file that the model was trained on
            width, learned = width + 1, [i + (at <= i) for i in learned]
            inputs = [replace(one, position=one.position + (at <= one.position)) for one in inputs]
        is_label, is_input = at in learned, at in [one.position for one in inputs]
    if is_label or is_input:
        what = "feature" if is_input else "target" if columns.targets else "label"
        raise ArgumentError(f"{path}: column {shown} cannot be used twice, as {what} and weight.")
    note(f"{path}: weights: column {repr(names[at]) if has_names else at}")
    weight = TableColumn(names[at] if has_names else "", at, may_lack=True)
    return replace(
        columns,
        label=learned[0],
        targets=learned if columns.targets else [],
        width=width,
        table=[*inputs, weight],
        weight=len(inputs),
    )


def _targets(path: str, names: Sequence[str], has_names: bool, options: TableOptions) -> list[int]:
    """Return the positions of the columns that are asked for as targets of regression.

    Raises ArgumentError for one that is not there, and for one that is there twice.
    """
    found = [find_column(path, one, names, has_names) for one in options.targets]
    weight = _weight(path, names, has_names, options)
    for i, at in enumerate(found):
        if at in found[:i] or at == weight:
            what = "target and weight" if at == weight else "target"
            raise ArgumentError(
                f"{path}: column {named(names[at])} cannot be used twice, as {what}."
            )
    return found


class Choice:
    """Decides about the columns of a training file, and says what was decided."""

    def __init__(
        self,
        path: str,
        names: Sequence[str],
        has_names: bool,
        below: Sequence[Sequence[str]],
        options: TableOptions,
        nested: Collection[str] = (),
    ) -> None:
        self.path, self.names, self.has_names = path, names, has_names
        self.below, self.options = below, options
        self.texts = below  # cells that may have decimal commas
        self.dropped = [find_column(path, one, names, has_names) for one in options.drop]
        self.words = [find_column(path, one, names, has_names) for one in options.words]
        self.weight = _weight(path, names, has_names, options)
        self.targets = _targets(path, names, has_names, options)
        for option, columns in (("--drop", self.dropped), ("--words", self.words)):
            if self.weight in columns:
                raise ArgumentError(
                    f"{path}: column {named(names[self.weight])} cannot be used twice, as weight "
                    f"and by {option}."
                )
        self.nested = nested  # columns of lists and objects
        self.left_out: list[str] = []
        self.numbered = -1  # the column that counts the rows
        self.ids: list[str] = []
        self.points: set[str] = set()
        self.unsure: list[tuple[str, str]] = []  # columns, and a comma that may separate thousands

    def columns(self, label: int, delimiter: str = ",") -> FeatureColumns:
        """Return the columns; which of them are words is settled when all rows are read."""
        table, weight = list[TableColumn](), -1
        targets = (self.targets or [label]) if self.options.is_regression else []
        for i in targets:
            self._look_at_target(i)
        for i, name in enumerate(self.names):
            if i == self.weight:
                weight = len(table)
                self._look_at(i, [])
                table.append(TableColumn(name if self.has_names else "", i))
                continue
            if i == label or i in self.dropped or i in targets:
                continue
            if name in self.nested:
                self.left_out.append(name)
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
            if column.is_words and i not in self.words and are_texts(cells):
                raise ArgumentError(
                    f"{self.path}: column {named(name)} has texts, such as "
                    f"{shortened(cells[0], 40)!r}. Train on them with --text-column "
                    f"{shlex.quote(name)}, or leave them out: --drop {shlex.quote(name)}."
                )
            if not column.is_words:
                self._look_at(i, cells)
            table.append(column)
        if len(table) == (weight >= 0):
            nested = f": {listed(self.left_out)} hold lists or objects" * bool(self.left_out)
            raise ArgumentError(f"{self.path}: no column is left to learn from{nested}.")
        point = self.options.point or self._point(delimiter)
        names = list(self.names) if self.has_names else []
        n = len(table)
        return FeatureColumns(
            "csv",
            delimiter,
            names,
            label,
            n,
            table=table,
            width=len(self.names),
            point=point,
            weight=weight,
            targets=targets,
        )

    def _look_at_target(self, i: int) -> None:
        """Look for decimal commas.  Raises ArgumentError for a target that cannot be one."""
        name = self.names[i]
        if i in self.dropped or name in self.nested:
            how = "left out by --drop" if i in self.dropped else "of lists or objects"
            raise ArgumentError(f"{self.path}: column {named(name)} is {how}, and so no target.")
        cells = [row[i] for row in self.below if not is_missing(row[i])]
        if cells and not any(map(is_number, cells)):
            if not self.has_names and len(self.below) == 1:
                raise DataError(
                    f"{self.path} has one row, {shortened(', '.join(self.below[0]), 60)}, and no "
                    "number to learn in it: if it is a header, rows are missing."
                )
            raise ArgumentError(
                f"{self.path}: the target, column {named(name)}, has words, such as "
                f"{shortened(cells[0], 40)!r}, and regression learns numbers: give another "
                "--label-column, or --task classification."
            )
        self._look_at(i, [])

    def _point(self, delimiter: str) -> str:
        """Return what stands before fractions.

        Between semicolons that is a comma.  Raises ArgumentError where commas may as well separate
        thousands.
        """
        if self.unsure and not self.points and delimiter != ";":
            name, cell = self.unsure[0]
            raise ArgumentError(
                f"{self.path}: the comma of {cell!r} in column {named(name)} may stand before a "
                "fraction or separate thousands. Give --decimal comma if it stands before a "
                "fraction, else take such commas out."
            )
        return "," if self.points == {","} or (self.unsure and not self.points) else "."

    def _look_at(self, i: int, cells: Sequence[str]) -> None:
        """Look for decimal commas, and for numbers that are names of rows."""
        name = self.names[i]
        texts = [row[i] for row in self.texts]
        sure = [text for text in texts if not may_be_thousands(text)]
        self.points |= points_of(sure)
        self.unsure += [(name, text) for text in texts if may_be_thousands(text)][:1]
        last = plain_name(name).split()[-1:]
        if self.has_names and last and last[0] in IDS and len(set(cells)) == len(cells) > 1:
            self.ids.append(name)

    def _learned(self, columns: FeatureColumns) -> str:
        """Return which columns are targets, "" where a label is learned."""
        names = [self.names[i] for i in columns.targets]
        if len(names) == 1:
            return f"target: column {repr(names[0]) if self.has_names else names[0]}"
        return f"targets: columns {listed(names)}" if names else ""

    def sentence(self, columns: FeatureColumns, remark: str, how: str) -> str:
        """Say what was decided; ``remark`` is about the header and the dialect."""
        label = self.names[columns.label]
        shown_label = repr(label) if self.has_names else label
        features = [c.name for i, c in enumerate(columns.table) if i != columns.weight]
        n = len(features)
        decimal = "decimal commas" if columns.point == "," else ""
        shown = f": {listed(features)}" if self.has_names else ""
        parts = [
            ", ".join(filter(None, [remark, decimal])),
            self._learned(columns) or f"label: column {shown_label}{how}",
            f"{n:,} feature{'s' * (n > 1)}{shown}",
        ]
        if columns.weight >= 0:
            weight = self.names[self.weight]
            parts.insert(2, f"weights: column {repr(weight) if self.has_names else weight}")
        if self.numbered >= 0:
            parts.append("left out: the numbers of the rows")
        if self.left_out:
            parts.append(f"left out, since they hold lists or objects: {listed(self.left_out)}")
        if self.ids:
            drop = " ".join(f"--drop {shlex.quote(name)}" for name in self.ids)
            verb = "looks" if len(self.ids) == 1 else "look"
            parts.append(f"{listed(self.ids)} {verb} like ids, which tell nothing: {drop}")
        return f"{self.path}: {'; '.join(filter(None, parts))}"


def are_texts(cells: Sequence[str]) -> bool:
    """Tell whether cells are texts to read, not words of a few kinds: long, and nearly all new.

    >>> are_texts(["the shop is open", "close the door now"]), are_texts(["New York", "New York"])
    (True, False)
    """
    n_words = sum(len(cell.split()) for cell in cells)
    return n_words >= LEAST_WORDS * len(cells) and len(set(cells)) > NEW * len(cells)


@contextmanager
def open_table(
    path: str,
    options: TableOptions,
    cannot: str = CANNOT_TRAIN,
    like: Like | None = None,
    shown: str = "",
    bad: Bad | None = None,
) -> Iterator[Delimited | ObjectTable]:
    """Open a table: delimited, or, by its name or its beginning, of objects.

    ``like`` is the delimiter of training, ``shown`` what messages call the file; ``bad`` is given
    what is no object, else that is an error.  What goes wrong with the file until it is closed is a
    DataError: ``cannot``, with the path and the reason.
    """
    reading, shown = options.reading, shown or path
    is_live = place_of(path) == STREAM
    try:
        kind = reading.kind_by_name(path)
        with opened(path, lambda n: None) as raw:
            if kind != "parquet":
                head = raw.peek(1 if is_live else HEAD)
                is_parquet = head.startswith(PARQUET_MAGIC)
                if not is_parquet:
                    reading.check_bytes(shown, head)
                kind = "parquet" if is_parquet else reading.kind_of(shown, head, kind)
            if kind in KINDS:
                yield open_objects(place_of(path), raw, kind, reading, is_live, shown, bad)
                return
            stream = raw if reading.is_utf8 else Utf8(raw, reading.encoding)
            named_so = options.kind if options.kind != "auto" else kind_of_name(path) or "csv"
            asked = Asked(named_so, options.delimiter, "yes")
            yield Delimited(shown, stream, asked, like, is_live)
    except FastcliError:
        raise
    except OSError as error:
        raise DataError(cannot.format(path=path, reason=error.strerror or error)) from None
