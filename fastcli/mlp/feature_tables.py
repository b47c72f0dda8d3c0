"""Tables as features: which columns are inputs, and their cells as numbers."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.kernels.text.decimals import EMPTY, NOT_A_NUMBER
from fastcli.mlp.feature_files import (
    CANNOT_OPEN,
    CANNOT_TRAIN,
    FeatureRows,
    Growing,
    check_room,
    ignore,
    not_finite,
)
from fastcli.mlp.features import LARGEST, FeatureColumns, Labels, TableColumn
from fastcli.overwriting import STREAM
from fastcli.printable import listed, named, shortened
from fastcli.tables.columns import (
    IDS,
    are_row_numbers,
    existing,
    find_column,
    is_position,
    is_row_number_name,
    plain_name,
    usual_label,
)
from fastcli.tables.delimited import BadRow, Chunk, Delimited, Utf8
from fastcli.tables.dialects import (
    Asked,
    Dialect,
    Like,
    instead_of,
    is_utf8,
    kind_of_name,
    shown_delimiter,
)
from fastcli.tables.headers import has_header
from fastcli.tables.labels import LabelOptions, LabelReader, LabelsAreText
from fastcli.tables.streams import opened
from fastcli.tables.values import is_date, is_decimal_comma, is_missing, is_number
from fastcli.text.decimals import read_fields
from fastcli.text.encodings import check_utf8
from fastcli.text.spooled import place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LEVELS = 100  # different words of a column that become an input each
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


def read_tables(
    paths: Sequence[str], options: TableOptions, note: Callable[[str], None] = ignore
) -> tuple[FeatureColumns, NDArray[np.float64], Labels]:
    """Read training files: what their columns are, their rows, and the labels of these.

    The first file decides; columns of the others are found by their names.  Rows without anything
    are left out.  What is decided is passed to ``note``.  Raises DataError for files that cannot be
    read or are empty, and ArgumentError for columns that are not there.
    """
    columns = columns_of(paths[0], options, note)
    levels: list[dict[str, int]] = [{} for _ in columns.table]
    raw, labels = _read(paths, columns, levels, options, "training", note)
    _settle(columns, raw, levels, note)
    reader = label_reader(columns, paths[0], list(labels.known), options.labels)
    columns.labels_as = reader.labels_as
    for sentence in (reader.remark, reader.check_separators()):
        if sentence:
            note(sentence if sentence.startswith(paths[0]) else f"{paths[0]}: labels: {sentence}.")
    return columns, raw, labels.renamed(lambda name: reader.of((name,)))


def read_like(
    paths: Sequence[str],
    columns: FeatureColumns,
    options: TableOptions,
    purpose: str,
    note: Callable[[str], None] = ignore,
) -> tuple[NDArray[np.float64], Labels]:
    """Read files with the columns of training; as ``read_tables``."""
    levels = levels_of(columns)
    raw, labels = _read(paths, columns, levels, options, purpose, note)
    reader = label_reader(columns, paths[0], list(labels.known), options.labels)
    return raw, labels.renamed(lambda name: reader.of((name,)))


def _read(
    paths: Sequence[str],
    columns: FeatureColumns,
    levels: list[dict[str, int]],
    options: TableOptions,
    purpose: str,
    note: Callable[[str], None],
) -> tuple[NDArray[np.float64], Labels]:
    """Read whole files; words that ``levels`` does not have get new numbers in training."""
    rows, labels = Growing(columns.n_raw), Labels()
    for path in paths:
        reader = TableReader(columns, path, options, levels, purpose == "training", note)
        for found in reader.rows(CANNOT_OPEN.format(purpose=purpose)):
            if found.blank.any():
                kept = np.flatnonzero(~found.blank)
                rows.add(found.raw[kept])
                labels.add_single([found.names[i] for i in kept.tolist()])
            else:
                rows.add(found.raw)
                labels.add_single(found.names)
    return rows.whole(), labels


def levels_of(columns: FeatureColumns) -> list[dict[str, int]]:
    """Return the number of each word of the columns of words."""
    return [{word: i for i, word in enumerate(column.levels)} for column in columns.table]


def label_reader(
    columns: FeatureColumns, path: str, cells: Sequence[str], options: LabelOptions
) -> LabelReader:
    """Return what makes labels of all the different cells of a label column.

    A model decides whether labels are numbers; without one (its labels are in ``text``, as it
    begins) they all do.
    """
    name = columns.names[columns.label] if columns.names else str(columns.label)
    head = [(cell,) for cell in cells]
    if columns.labels_as == "number" and options.labels_as == "auto":
        options = replace(options, labels_as="number")
    try:
        return LabelReader(path, (name,), head, options)
    except LabelsAreText:
        return LabelReader(path, (name,), head, replace(options, labels_as="text"))


# --------------------------------------------------------------------------- columns


def columns_of(
    path: str, options: TableOptions, note: Callable[[str], None] = ignore
) -> FeatureColumns:
    """Return what the columns of a training file are, by its first rows; ``note`` hears it.

    Raises DataError for an empty file, ArgumentError for columns that are not there or not known.
    """
    with _opened(path, options.encoding) as stream:
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


def _settle(
    columns: FeatureColumns,
    raw: NDArray[np.float64],
    levels: list[dict[str, int]],
    note: Callable[[str], None],
) -> None:
    """Settle what all rows show: the words of columns, and which columns lack numbers."""
    words, lacking = [], []
    for k, (column, known) in enumerate(zip(columns.table, levels, strict=True)):
        name = column.name or str(column.position)
        if column.is_words:
            column.levels = sorted(known)
            to = np.array([*(column.levels.index(word) for word in known), -1], np.float64)
            raw[:, k] = to[raw[:, k].astype(np.int64)]
            words.append(f"{shortened(name)} ({len(known)})")
        elif (n := int(np.count_nonzero(np.isnan(raw[:, k])))) > 0:
            column.may_lack = True
            lacking.append(f"{shortened(name)} ({n:,})")
    columns.n_features = sum(column.n_features for column in columns.table)
    if words:
        note(f"Each word of these columns is a feature (how many): {', '.join(words)}.")
    if lacking:
        note(
            "Numbers that are missing are taken as the mean, and a feature says so (how many): "
            f"{', '.join(lacking)}."
        )


# --------------------------------------------------------------------------- placing


@dataclass(frozen=True)
class Placing:
    """Where the columns of a model are in a file, and whether its first row is a header.

    ``label`` is -1 where the file has none; ``width`` is the number of its columns.
    """

    columns: tuple[int, ...]
    label: int
    width: int
    has_header: bool


def place(
    columns: FeatureColumns,
    path: str,
    head: Sequence[Sequence[str]],
    header: bool | None,
    note: Callable[[str], None] = ignore,
) -> Placing:
    """Find the columns of a model in a file: by name if it has a header, else by position.

    Without a header the label, and the columns that training left out, may be missing.
    Raises ArgumentError where a column is not there, DataError for another number of columns.
    """
    first = [cell.strip() for cell in head[0]]
    width = len(first)
    wanted = [column.name for column in columns.table]
    has_names = columns.names and set(wanted) <= set(first)
    if header is None:
        header = bool(has_names) or has_header(head)
    if header and columns.names:
        missing = [name for name in wanted if name not in first]
        if missing:
            raise ArgumentError(
                f"{path} has no column {listed(missing)}, which the model needs. "
                f"{existing(first, True)}. If its first row is no header, give --no-header."
            )
        if all(wanted.count(name) == 1 == first.count(name) for name in wanted):
            label = columns.names[columns.label]
            at = first.index(label) if label in first and label not in wanted else -1
            return Placing(tuple(map(first.index, wanted)), at, width, True)
    return Placing(*_by_position(columns, path, width), width, header)


def _by_position(columns: FeatureColumns, path: str, width: int) -> tuple[tuple[int, ...], int]:
    """Return where the columns and the label are in a file of as many columns."""
    label, whole = columns.label, columns.width
    positions = [column.position for column in columns.table]
    if width == whole:
        return tuple(positions), label
    if width == whole - 1:
        return tuple(i - (i > label) for i in positions), -1
    if width == len(positions):
        return tuple(range(width)), -1
    raise DataError(
        f"{path}, line 1: {width} columns, where {whole} are expected "
        f"({whole - 1} without the label)."
    )


# --------------------------------------------------------------------------- reading


class TableReader:
    """Reads the rows of one file as numbers; errors name the file, the line and the column.

    ``levels`` are the numbers of words, for each column; with ``grows`` new words get new ones.
    """

    def __init__(
        self,
        columns: FeatureColumns,
        path: str,
        options: TableOptions,
        levels: list[dict[str, int]] | None = None,
        grows: bool = False,
        note: Callable[[str], None] = ignore,
    ) -> None:
        self.columns, self.path, self.options = columns, path, options
        self.levels = levels_of(columns) if levels is None else levels
        self.grows, self.note = grows, note
        self.shown = "the input" if path == STREAM and not grows else path
        self._said: set[str] = set()

    def rows(self, cannot: str = CANNOT_TRAIN, with_blank: bool = False) -> Iterator[FeatureRows]:
        """Yield the rows of the file, some at a time; of a pipe, as they come.

        ``with_blank``: each line without anything is a row, too, so that it has its answer.
        Raises DataError if the file cannot be read: ``cannot`` with the path and the reason.
        """
        columns, name = self.columns, self.shown
        with _opened(self.path, self.options.encoding, cannot) as stream:
            kind = kind_of_name(self.path) or "csv"
            table = Delimited(
                name,
                stream,
                Asked(kind, self.options.delimiter, "yes"),
                None if self.grows else Like(columns.delimiter, self._widths),
                place_of(self.path) == STREAM,
            )
            self._note_delimiter(table.dialect)
            head = table.head.table()
            if head and len(head[0]) == 1 < columns.n_raw:
                raise one_column(name, table.dialect.delimiter, head[0][0])
            if head:
                placing = place(columns, name, head, self.options.header, self.note)
            is_first, line, passed = True, 1, 0
            for chunk in table.chunks():
                for bad in chunk.bad[:1]:
                    raise self._bad_row(bad)
                if is_first and placing.has_header and chunk.n:
                    # Lines without anything before it are rows, too.
                    line = chunk.lines_after()[0] - (chunk.lines[0] - 1)
                    passed = 1
                    chunk = chunk.without_first()
                is_first = is_first and not chunk.n
                found = self.numbers(chunk, placing)
                if with_blank:
                    found, line = spread(found, chunk, line)
                found.nbytes = chunk.split.stop
                if len(found):
                    found.passed, passed = passed, 0
                    yield found

    @property
    def _widths(self) -> tuple[int, ...]:
        n, width = self.columns.n_raw, self.columns.width
        return width, width - 1, n

    def _note_delimiter(self, dialect: Dialect) -> None:
        known = self.columns.delimiter
        if dialect.delimiter != known and not self.options.delimiter:
            self.note(
                f"{self.shown}: columns are separated by {shown_delimiter(dialect.delimiter)}, "
                f"where the training file has {shown_delimiter(known)}."
            )

    def _bad_row(self, bad: BadRow) -> DataError:
        place, reason, text = bad
        shown = shortened(" ".join(text.split()), 80)
        return DataError(f"{place}: {reason}: {shown!r}. Fix it, or leave the row out.")

    def numbers(self, chunk: Chunk, place: Placing) -> FeatureRows:
        """Return the rows of a chunk as numbers, with their labels."""
        columns, n = self.columns, chunk.n
        check_room(self.shown, n, columns.n_raw)
        split = chunk.split
        at = chunk.firsts[:, None] + np.array(place.columns, np.int64)
        values, status = read_fields(
            split.text, split.cell_starts[at].ravel(), split.cell_ends[at].ravel(), columns.point
        )
        raw, kinds = values.reshape(at.shape), status.reshape(at.shape)
        is_blank = (kinds == EMPTY).all(axis=1)
        for k, column in enumerate(columns.table):
            if column.is_words:
                cells = [cell.strip() for cell in chunk.column(place.columns[k])]
                raw[:, k] = self._codes(k, cells)
            elif (kinds[:, k] == NOT_A_NUMBER).any():
                self._check_missing(chunk, place, k, np.flatnonzero(kinds[:, k] == NOT_A_NUMBER))
        if not (np.nanmax(np.abs(raw), initial=0.0) <= LARGEST):
            row = int(np.flatnonzero((np.abs(raw) > LARGEST).any(axis=1))[0])
            raise not_finite(self.shown, chunk.lines[row], raw[row])
        names = [""] * n
        if place.label >= 0:
            names = [name.strip() for name in chunk.column(place.label)]
        is_blank &= np.array([not name for name in names], np.bool_)
        return FeatureRows(raw, names, is_blank)

    def _codes(self, k: int, cells: Sequence[str]) -> NDArray[np.float64]:
        """Return the numbers of words; -1 for those that training did not have, and for none."""
        known, column = self.levels[k], self.columns.table[k]
        new = {cell for cell in cells if cell not in known and not is_missing(cell)}
        if self.grows:
            for cell in dict.fromkeys(cells):
                if cell in new:
                    known[cell] = len(known)
            if len(known) > MOST_LEVELS:
                name = column.name or str(column.position)
                raise ArgumentError(
                    f"{self.shown}: column {named(name)} has more than {MOST_LEVELS} different "
                    f"words, such as {listed(list(known)[:3])}. Leave it out: "
                    f"--drop {shlex.quote(name)}."
                )
        elif new:
            self._say_once(
                k,
                f"{self.shown}: column {named(column.name or str(column.position))} has words that "
                f"training did not have, such as {named(min(new))}: they count as none.",
            )
        return np.array([known.get(cell, -1) for cell in cells], np.float64)

    def _check_missing(self, chunk: Chunk, place: Placing, k: int, rows: NDArray[np.int64]) -> None:
        """Raise DataError for the first of some cells that is not a number, and not missing."""
        cells = chunk.column(place.columns[k])
        for row in rows.tolist():
            if not is_missing(cells[row]):
                raise self._no_number(chunk, place, k, row, cells[row])

    def _no_number(self, chunk: Chunk, place: Placing, k: int, row: int, cell: str) -> DataError:
        columns, column = self.columns, self.columns.table[k]
        what = f"{self.shown}, line {chunk.lines[row]}, column {place.columns[k] + 1}"
        if self.grows:
            name = shlex.quote(column.name or str(column.position))
            hint = (
                f"Fix it, leave the column out (--drop {name}), take it as words (--words {name})"
                ", or give another --label-column."
            )
        else:
            whole = chunk.table()[row]
            hint = f"{columns.expected} This line has: {listed(whole)}."
        return DataError(f"{what}: {cell[:40]!r} is not a number. {hint}")

    def _say_once(self, k: int, sentence: str) -> None:
        if str(k) not in self._said:
            self.note(sentence)
        self._said.add(str(k))


def spread(rows: FeatureRows, chunk: Chunk, line: int) -> tuple[FeatureRows, int]:
    """Return rows with a blank one for each line without anything, and the line that follows.

    ``line`` is the first line that has no row yet.
    """
    after = chunk.lines_after()
    before = [start - end for start, end in zip(chunk.lines, [line, *after], strict=False)]
    end = after[-1] if after else line
    n = len(before) + sum(before) + max(chunk.next_line - end, 0)
    if n == len(before):
        return rows, end
    at = np.cumsum(np.array(before, np.int64)) + np.arange(len(before))
    raw = np.full((n, rows.raw.shape[1]), np.nan)
    raw[at] = rows.raw
    names, blank = [""] * n, np.ones(n, np.bool_)
    blank[at] = rows.blank
    for i, name in zip(at.tolist(), rows.names, strict=True):
        names[i] = name
    return FeatureRows(raw, names, blank), max(chunk.next_line, end)


@contextmanager
def _opened(path: str, encoding: str, cannot: str = CANNOT_TRAIN) -> Iterator[Any]:
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
