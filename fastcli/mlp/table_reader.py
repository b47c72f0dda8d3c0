"""Reading the rows of a table of numbers by the columns of a model, in this file or another."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.kernels.text.decimals import EMPTY, EXACT, NOT_A_NUMBER
from fastcli.mlp.feature_files import CANNOT_TRAIN, ignore, not_finite
from fastcli.mlp.feature_rows import FeatureRows, spread
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.placing import IsLabel, Placing, any_label, place, place_objects
from fastcli.mlp.table_columns import TableOptions, one_column, open_table
from fastcli.mlp.table_memory import check_room
from fastcli.overwriting import STREAM
from fastcli.printable import listed, named, shortened
from fastcli.tables.bad_rows import BadRows
from fastcli.tables.coded import Coded
from fastcli.tables.delimited import BadRow, Chunk, Location
from fastcli.tables.dialects import Dialect, Like, shown_delimiter
from fastcli.tables.object_rows import ObjectRows, ObjectTable
from fastcli.tables.values import LARGEST, is_missing, is_number
from fastcli.text.line_weights import NOT_A_WEIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LEVELS = 100  # different words of a column that become an input each


def levels_of(columns: FeatureColumns) -> list[dict[str, int]]:
    """Return the number of each word of the columns of words."""
    return [{word: i for i, word in enumerate(column.levels)} for column in columns.table]


Wanted = Literal["ignored", "present", "needed"]
Table = TypeVar("Table", Chunk, ObjectRows)


class TableReader:
    """Reads the rows of one file as numbers; errors name the file, the line and the column.

    ``levels`` are the numbers of words, for each column; with ``grows`` new words get new ones.
    Without names of columns, ``is_label`` tells whether one is that of the label.  ``targets``:
    whether those of regression are read, and may be missing (``present``).
    """

    def __init__(
        self,
        columns: FeatureColumns,
        path: str,
        options: TableOptions,
        levels: list[dict[str, int]] | None = None,
        grows: bool = False,
        note: Callable[[str], None] = ignore,
        bad: BadRows | None = None,
        is_label: IsLabel = any_label,
        targets: Wanted = "needed",
    ) -> None:
        self.columns, self.path, self.options = columns, path, options
        self.levels = levels_of(columns) if levels is None else levels
        self.grows, self.note = grows, note
        self.shown = "standard input" if path == STREAM and not grows else path
        self._is_label = is_label
        self._wants_targets, self._targets_needed = targets != "ignored", targets == "needed"
        self._bad = bad or BadRows(options.skip_bad)
        self._said: set[str] = set()

    def rows(self, cannot: str = CANNOT_TRAIN, with_blank: bool = False) -> Iterator[FeatureRows]:
        """Yield the rows of the file, some at a time; of a pipe, as they come.

        ``with_blank``: each line without anything is a row, too, so that it has its answer.
        Raises DataError if the file cannot be read: ``cannot`` with the path and the reason.
        """
        columns, name = self.columns, self.shown
        like = None if self.grows else Like(columns.delimiter, self._widths)
        refused = self._bad if self.options.skip_bad else None
        with open_table(self.path, self.options, cannot, like, name, refused) as table:
            if isinstance(table, ObjectTable):
                yield from self._object_rows(table)
                self._say_left_out()
                return
            self._note_delimiter(table.dialect)
            head = table.head.table()
            if head and len(head[0]) == 1 < columns.n_raw:
                raise one_column(name, table.dialect.delimiter, head[0][0], columns.n_raw)
            if head:
                placing = self.place(head)
                if placing.has_header and not (placing.is_by_name or self.grows):
                    self.note(placing.sentence(name))
            is_first, line, passed = True, 1, 0
            for chunk in table.chunks():
                for bad in chunk.bad:
                    if not self._bad.skips:
                        raise self._bad_row(bad)
                    self._bad(*bad)
                if is_first and placing.has_header and chunk.n:
                    # Lines without anything before it are rows, too.
                    line = chunk.lines_after()[0] - (chunk.lines[0] - 1)
                    passed = 1
                    chunk = chunk.without_first()
                is_first = is_first and not chunk.n
                found, chunk = self.numbers(chunk, placing)
                if with_blank:
                    found, line = spread(found, chunk, line)
                found.nbytes = chunk.split.stop
                if len(found):
                    found.passed, passed = passed, 0
                    yield found
        self._say_left_out()

    def place(self, head: Sequence[Sequence[str]]) -> Placing:
        """Find the columns in a file that begins with these rows: ``placing.place``."""
        return place(
            self.columns, self.shown, head, self.options, self.note, is_label=self._is_label
        )

    def place_objects(self, table: ObjectTable) -> Placing:
        """Find the columns in a file of objects: ``placing.place_objects``."""
        return place_objects(self.columns, self.shown, table, self.options, self.note)

    def _say_left_out(self) -> None:
        """Say which rows were left out, if any."""
        if sentence := self._bad.sentence():
            self.note(sentence)

    def _object_rows(self, table: ObjectTable) -> Iterator[FeatureRows]:
        """Yield the rows of a file of objects, whose columns are found by name."""
        if table.head.n:
            placing = self.place_objects(table)
        known = set(table.names)
        for chunk in table.chunks():
            new = sorted(set().union(*chunk.objects) - known) if self.grows else []
            if new:
                known |= set(new)
                self.note(
                    f"{self.shown}: left out, since the first rows do not have them: {listed(new)}."
                )
            yield self.numbers(chunk, placing)[0]

    @property
    def _widths(self) -> tuple[int, ...]:
        n, width = self.columns.n_raw, self.columns.width
        return width, width - 1, n + 1, n

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
        return DataError(
            f"{place}: {reason}: {shown!r}. Fix it, or skip such rows with --skip-bad."
        )

    def numbers(self, chunk: Table, placing: Placing) -> tuple[FeatureRows, Table]:
        """Return the rows of a chunk as numbers, with their labels, and the chunk.

        Both are without the rows that cannot be used, where these are left out.
        """
        columns, n = self.columns, chunk.n
        check_room(self.shown, n, columns.n_raw)
        raw, kinds = chunk.fields(placing.columns, placing.point)
        names = Coded(np.zeros(n, np.int32), [""])
        if placing.label >= 0:
            names = chunk.labels(placing.label)
        is_blank, is_bad = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        are_numbers = bool((kinds == EXACT).all())
        if not are_numbers:
            is_blank = names.is_empty & (kinds == EMPTY).all(axis=1)
        for k, column in enumerate(columns.table):
            if column.is_words:
                raw[:, k] = self.codes(k, chunk.coded(placing.columns[k]).stripped())
            elif not are_numbers and (kinds[:, k] == NOT_A_NUMBER).any():
                rows = np.flatnonzero(kinds[:, k] == NOT_A_NUMBER)
                self._check_missing(chunk, placing, k, rows, is_bad)
        if not (are_numbers or self.grows):
            self.say_missing(raw, ~(is_blank | is_bad))
        targets = None
        if columns.targets and self._wants_targets:
            targets = self._targets(chunk, placing, is_blank, is_bad)
        if columns.weight >= 0 and (negative := raw[:, columns.weight] < 0).any():
            self._check_weights(chunk, placing, np.flatnonzero(negative), is_bad)
        size = np.abs(raw)
        if not (size.max(initial=0.0) <= LARGEST) and (size > LARGEST).any():
            for row in np.flatnonzero((size > LARGEST).any(axis=1)).tolist():
                if not self._bad.skips:
                    k = int((size[row] > LARGEST).argmax())
                    raise not_finite(self._place(chunk, row, placing.columns[k]), raw[row, k])
                self._leave_out(chunk, row, "a number is too large", is_bad)
        numbers = chunk.numbers if isinstance(chunk, ObjectRows) else chunk.lines
        lines = np.array(numbers, np.int64)
        found = FeatureRows(raw, names, is_blank, lines=lines, targets=targets)
        if not is_bad.any():
            return found, chunk
        return found[~is_bad], chunk.only(np.flatnonzero(~is_bad).tolist())

    def _targets(
        self,
        chunk: Table,
        placing: Placing,
        is_blank: NDArray[np.bool_],
        is_bad: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Return the targets of rows, float64[n, targets]; NaN for those that may be missing.

        Raises DataError for what is missing or no number, or leaves out such rows.
        """
        columns = self.columns
        if not placing.targets:
            if self._targets_needed:
                raise DataError(f"{self.shown} lacks what is learned. {columns.expected}")
            return np.full((chunk.n, len(columns.targets)), np.nan)
        found, kinds = chunk.fields(placing.targets, placing.point)
        is_blank &= (kinds == EMPTY).all(axis=1)
        is_wrong = ~(np.abs(found) <= LARGEST)
        for row in np.flatnonzero(is_wrong.any(axis=1) & ~is_blank).tolist():
            at = placing.targets[int(is_wrong[row].argmax())]
            cell = chunk.column(at)[row]
            if is_missing(cell) and not self._targets_needed:
                continue
            reason = "the target is missing" if is_missing(cell) else "the target is not a number"
            if LARGEST < abs(found[row][is_wrong[row]][0]) < np.inf:
                reason = "the target is too large"
            if not self._bad.skips:
                shown = "" if is_missing(cell) else f": {cell[:40]!r}"
                raise DataError(
                    f"{self._place(chunk, row, at)}: {reason}{shown}. Fix it, or skip such rows "
                    "with --skip-bad."
                )
            self._leave_out(chunk, row, reason, is_bad)
        return found

    def _leave_out(
        self, chunk: Chunk | ObjectRows, row: int, reason: str, is_bad: NDArray[np.bool_]
    ) -> None:
        """Count a row that cannot be used, once."""
        if not is_bad[row]:
            numbers = chunk.numbers if isinstance(chunk, ObjectRows) else chunk.lines
            self._bad(Location(self.shown, numbers[row]), reason, "")
        is_bad[row] = True

    def codes(self, k: int, words: Coded) -> NDArray[np.float64]:
        """Return the numbers of words; -1 for those that training did not have, and for none."""
        known, column = self.levels[k], self.columns.table[k]
        used = np.bincount(words.codes, minlength=len(words.values)) > 0
        cells = [cell for cell, is_used in zip(words.values, used, strict=True) if is_used]
        new = [cell for cell in cells if cell not in known and not is_missing(cell)]
        if self.grows:
            for cell in new:
                known.setdefault(cell, len(known))
            if len(known) > MOST_LEVELS:
                name = column.name or str(column.position)
                raise ArgumentError(
                    f"{self.shown}: column {named(name)} has more than {MOST_LEVELS} different "
                    f"words, such as {listed(list(known)[:3])}. Leave it out: --drop "
                    f"{shlex.quote(name)}; or, if it is text to learn from, --text-column "
                    f"{shlex.quote(name)}."
                )
        elif new:
            self._say_once(
                k,
                f"{self.shown}: column {named(column.name or str(column.position))} has words that "
                f"training did not have, such as {named(min(new))}: they count as none.",
            )
        to = np.array([known.get(cell, -1) for cell in words.values], np.float64)
        return to[words.codes]

    def _place(self, chunk: Chunk | ObjectRows, row: int, column: int = -1) -> str:
        """Return where a row is, or a cell."""
        if isinstance(chunk, ObjectRows):
            return chunk.place(row, column)
        where = f"{self.shown}, line {chunk.lines[row]}"
        return where if column < 0 else f"{where}, column {column + 1}"

    def _check_missing(
        self,
        chunk: Chunk | ObjectRows,
        placing: Placing,
        k: int,
        rows: NDArray[np.int64],
        is_bad: NDArray[np.bool_],
    ) -> None:
        """Look at cells that are not numbers, and may be missing.

        Raises DataError for the first that is not, or leaves out such rows, which are ``is_bad``.
        """
        cells = chunk.column(placing.columns[k])
        for row in rows.tolist():
            if is_missing(cells[row]):
                continue
            if not self._bad.skips:
                raise self._no_number(chunk, placing, k, row, cells[row])
            self._leave_out(chunk, row, "not a number", is_bad)

    def _check_weights(
        self,
        chunk: Chunk | ObjectRows,
        placing: Placing,
        rows: NDArray[np.int64],
        is_bad: NDArray[np.bool_],
    ) -> None:
        """Raise DataError for the first of some negative weights, or leave out such rows."""
        at = placing.columns[self.columns.weight]
        for row in rows.tolist():
            if not self._bad.skips:
                cell = chunk.column(at)[row][:40]
                raise DataError(f"{self._place(chunk, row, at)}: {NOT_A_WEIGHT}: {cell!r}.")
            self._leave_out(chunk, row, NOT_A_WEIGHT, is_bad)

    def _no_number(
        self, chunk: Chunk | ObjectRows, placing: Placing, k: int, row: int, cell: str
    ) -> DataError:
        columns, column = self.columns, self.columns.table[k]
        what = self._place(chunk, row, placing.columns[k])
        is_weight = k == columns.weight
        if is_weight:
            hint = ""
        elif self.grows:
            name = shlex.quote(column.name or str(column.position))
            hint = (
                f"Fix it, leave the column out (--drop {name}), take it as words (--words {name})"
                ", or give another --label-column."
            )
        else:
            whole = chunk.table()[row]
            hint = f"{columns.expected} This line has: {listed(whole)}."
        why = ""
        if is_number(cell):  # of the other kind
            kind = "commas" if placing.point == "," else "points"
            why = f", since the first rows are read with decimal {kind}"
            hint = "Write all numbers of a file alike."
            if self.grows:
                other = "point" if placing.point == "," else "comma"
                hint = f"Write all numbers of a file alike, or give --decimal {other}."
        if is_weight and not why:
            return DataError(f"{what}: {NOT_A_WEIGHT}: {cell[:40]!r}.")
        return DataError(f"{what}: {cell[:40]!r} is not a number{why}. {hint}")

    def say_missing(self, raw: NDArray[np.float64], is_row: NDArray[np.bool_]) -> None:
        """Say which columns have missing values in these rows, and had none in training."""
        for k in np.flatnonzero((np.isnan(raw) & is_row[:, None]).any(axis=0)).tolist():
            column = self.columns.table[k]
            if not (column.may_lack or column.is_words):
                name = named(column.name or str(column.position))
                self._say_once(
                    k,
                    f"{self.shown}: column {name} has missing values, which training did not have: "
                    "they count as its mean.",
                )

    def _say_once(self, k: int, sentence: str) -> None:
        if str(k) not in self._said:
            self.note(sentence)
        self._said.add(str(k))
