"""Labels from the cells of tables: one or several a row, numbers by value, names of columns."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastcli.errors import ArgumentError, DataError
from fastcli.printable import named, shortened
from fastcli.tables.lists import MOSTLY, are_indicators, is_like_list, read_bare_list
from fastcli.tables.lists import read_list as read_list  # beside what reads such labels
from fastcli.tables.lists import truth_of as truth_of
from fastcli.tables.values import is_missing, shortest, whole_number, why_no_target

LABELS_AS = ("auto", "text", "number")
NO_SEPARATOR = "none"  # given as --label-separator: cells are labels as they are
SEPARATORS = (",", ";", "|", "/")  # that are looked for in cells
BLANKS = " \t\n\r\v\f\0\xa0\u3000"
MOST_CELLS = 100_000  # that are remembered
SHARE = 0.2  # of the cells that have a separator, from which on it is worth a note
ANSWERS = {"yes": True, "no": False}  # of label columns, beside 0, 1, true and false


class BadLabel(Exception):
    """The labels of a row cannot be used, for the reason that it holds; ``column`` if it is one."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


class SeveralLabels(ArgumentError):
    """Cells seem to hold several labels each, divided by ``separator``."""

    def __init__(self, sentence: str, separator: str) -> None:
        super().__init__(sentence)
        self.separator = separator


class LabelsAreText(DataError):
    """Labels were taken for numbers, and a later one shows that they are text."""


@dataclass(frozen=True)
class LabelOptions:
    """What options say about labels."""

    separator: str = ""
    labels_as: str = "auto"
    none: str = ""  # the label of rows that have none
    prefix: str = "__label__"
    are_targets: bool = False  # numbers to learn: one of each column, whatever the others are


@dataclass
class LabelReader:
    """Turns the cells of the label columns into labels: decided on the first rows.

    With several columns of 0 and 1 (true, false, yes, no) the names of the columns are the labels,
    unless labels are to be numbers; cells that are lists have several.  ``class_names`` are names
    that the file itself gives to the numbers of a column.
    Raises ArgumentError where the names of labels are not known.
    """

    path: str
    names: tuple[str, ...]
    head: Sequence[tuple[Any, ...]]
    options: LabelOptions = LabelOptions()
    has_names: bool = True
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kind: str = field(default="values", init=False)

    def __post_init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[str, ...]] = {}
        self._cells: Counter[str] = Counter()  # of text in a single column
        self._are_targets = self.options.are_targets
        self._n_targets = 0  # of every row, once one is known
        self._as_number = self.options.labels_as == "number" and not self._are_targets
        self._may_be_number = self.options.labels_as == "auto" and not self._are_targets
        self._changed = ""  # a label that was not written as it is
        values = [one for cells in self.head for one in cells if not _is_empty(one)]
        is_number = self._as_number or self._are_targets
        if len(self.names) > 1 and not is_number and _are_answers(self.head):
            self.kind = "columns"
            if not self.has_names:
                raise ArgumentError(
                    f"{self.path}: the label columns hold 0 and 1, and there is no header that "
                    "names them. Add one, or give --header."
                )
        elif len(self.names) == 1 and self.options.separator != NO_SEPARATOR:
            self.kind = self._kind_of_lists(values)
        lists = [one for one in values if isinstance(one, list | tuple)]
        if self.kind in ("lists", "bare lists"):
            read = [self._read(one) for one in values if isinstance(one, str)]
            lists += [found for found in read if found is not None]
        if len(self.names) == 1 and are_indicators(lists):
            self.kind = "indicators"
            n = Counter(map(len, filter(None, lists))).most_common(1)[0][0]
            if len(self.class_names.get(self.names[0], ())) != n:
                raise ArgumentError(
                    f"{self.path}: lists of {n} zeros and ones in {named(self.names[0])} do not "
                    "say which labels they stand for. Write the names of the labels instead, or "
                    "make a column of each and give several --label-column."
                )
        for cells in self.head:
            with contextlib.suppress(BadLabel):  # said when the row is used
                self.of(cells)

    def _kind_of_lists(self, values: Sequence[Any]) -> str:
        """Return ``lists`` where half of the cells are such, ``bare lists`` without quotes.

        Those are told from labels in brackets where all cells are in brackets, some with a comma.
        """
        texts = [one for one in values if isinstance(one, str)]
        if texts and 2 * sum(map(_is_list_text, texts)) >= len(values):
            return "lists"
        is_bare = texts and all(map(_is_bare_list, texts)) and any("," in one for one in texts)
        return "bare lists" if is_bare else "values"

    def _read(self, cell: str) -> list[Any] | None:
        """Return the items of a cell that is a list."""
        return read_bare_list(cell) if self.kind == "bare lists" else read_list(cell)

    @property
    def remark(self) -> str:
        """What was decided about labels, in a few words; "" where it is plain."""
        if self.kind == "columns":
            return "a 1 is the label of that name"
        if self.kind in ("lists", "bare lists", "indicators"):
            return "several labels a row"
        if self._changed or self._as_number:
            return "numbers by value"
        return ""

    @property
    def labels_as(self) -> str:
        """How labels are read: ``text`` or ``number``."""
        return "number" if self._as_number or (self._changed and self._may_be_number) else "text"

    def of(self, cells: tuple[Any, ...]) -> tuple[str, ...]:
        """Return the labels of a row, without spaces around them and without the prefix.

        Raises BadLabel, and LabelsAreText as soon as it is seen that numbers were none.
        """
        if not all(isinstance(cell, str) for cell in cells):  # 1 and True would be the same key
            return self._found(cells)
        found = self._known.get(cells)
        if found is None:
            found = self._found(cells)
            if len(self._known) < MOST_CELLS:
                self._known[cells] = found
        return found

    def of_cell(self, cell: str) -> tuple[str, ...]:
        """Return the labels of the cell of a single column.  Raises DataError, as ``of``."""
        try:
            return self.of((cell,))
        except BadLabel as error:
            raise DataError(f"{self.path}, column {shortened(self.names[0])}: {error}.") from None

    def _found(self, cells: tuple[Any, ...]) -> tuple[str, ...]:
        if self.kind == "columns":
            labels = self._columns(cells)
        elif self.kind == "indicators":
            labels = self._indicated(cells[0])
        else:
            labels = [
                label
                for name, cell in zip(self.names, cells, strict=True)
                for label in self._values(cell, self.class_names.get(name, ()))
            ]
        kept = [label.strip(BLANKS).removeprefix(self.options.prefix) for label in labels]
        if self._are_targets:
            return self._targets(kept)
        found = tuple(dict.fromkeys(filter(None, kept)))
        return found or ((self.options.none,) if self.options.none else ())

    def _targets(self, texts: list[str]) -> tuple[str, ...]:
        """Return the numbers of a row, none where one is missing.

        Raises BadLabel for what is not a number, and for more or fewer of them than in other rows.
        """
        if not texts or any(map(is_missing, texts)):
            return ()
        if reason := next(filter(None, map(why_no_target, texts)), ""):
            raise BadLabel(f"target: {reason}")
        self._n_targets = self._n_targets or len(texts)
        if len(texts) != self._n_targets:
            raise BadLabel(f"targets: {len(texts)}, where other rows have {self._n_targets}")
        return tuple(texts)

    def _indicated(self, cell: Any) -> list[str]:
        """Return the names that a list of zeros and ones stands for; no cell has none."""
        if _is_empty(cell):
            return []
        names = self.class_names[self.names[0]]
        items = self._read(cell) if isinstance(cell, str) else cell
        truths = [truth_of(one) for one in items] if isinstance(items, list | tuple) else []
        if len(truths) != len(names) or None in truths:
            raise BadLabel(
                f"{shortened(str(cell), 40)!r} is not a list of {len(names)} zeros and ones"
            )
        return [name for name, one in zip(names, truths, strict=True) if one]

    def _columns(self, cells: tuple[Any, ...]) -> list[str]:
        labels = []
        for name, cell in zip(self.names, cells, strict=True):
            truth = _answer_of(cell)
            if truth is None:
                shown = "" if cell is None else str(cell)
                raise BadLabel(f"{shown!r} where column {named(name)} has 0 or 1", name)
            if truth:
                labels.append(name)
        return labels

    def _values(self, cell: Any, class_names: Sequence[str]) -> list[str]:
        """Return the labels of a cell of text, of a number, or of a list of them."""
        if isinstance(cell, list | tuple):
            if any(isinstance(one, list | tuple | dict) for one in cell):
                raise BadLabel("a list or an object, not text")
            return [label for one in cell for label in self._values(one, class_names)]
        if isinstance(cell, dict):
            if cell and all(truth_of(one) is not None for one in cell.values()):
                return [name for name, one in cell.items() if truth_of(one)]
            raise BadLabel("a list or an object, not text")
        if cell is None:
            return []
        if not isinstance(cell, str):
            if class_names and isinstance(cell, int) and 0 <= cell < len(class_names):
                return [class_names[cell]]
            found = value_text(cell)
            if isinstance(cell, float) and not self._changed and found != repr(cell):
                self._changed = repr(cell)
                self._may_be_number = False
            return [found]
        separator = self.options.separator
        if self.kind != "values":
            items = [] if is_missing(cell) else self._read(cell)
            if items is None:
                raise BadLabel(f"{shortened(cell, 40)!r} is not a list of labels, as others are")
            return [value_text(item) for item in items]
        if not separator and is_like_list(cell):
            raise BadLabel(
                f"{shortened(cell, 40)!r} looks like a list, and most labels are none "
                f"(--label-separator {NO_SEPARATOR}, if it is a label)"
            )
        if separator and separator != NO_SEPARATOR:
            return [self._number(one.strip(BLANKS)) for one in cell.split(separator)]
        cell = cell.strip(BLANKS)
        if not separator and len(self._cells) < MOST_CELLS:
            self._cells[cell] += 1
        return [self._number(cell)]

    def _number(self, text: str) -> str:
        """Return a label of a table; a number in its shortest form, if they all are numbers."""
        if self._as_number:
            try:
                return shortest(float(text)) if text else ""
            except (ValueError, OverflowError):
                raise BadLabel(f"{text!r} is not a number") from None
        if not self._may_be_number or not text:
            return text
        found = whole_number(text)
        if found is None:
            self._may_be_number = False
            if self._changed:
                raise LabelsAreText(
                    f"{self.path}: the labels are not all whole numbers: there are "
                    f"{named(self._changed)} and {named(text)}. Give --labels-as text to take them "
                    "as they are written."
                )
            return text
        if found != text:
            self._changed = self._changed or text
        return found

    def check_separators(self) -> str:
        """Return a note on cells that may have several labels, if any.

        Raises ArgumentError where they do, most likely, and no separator was given: taken apart
        they have fewer different labels than they are, and labels are in several of them.
        """
        cells = list(filter(None, self._cells))
        note = ""
        for separator in SEPARATORS:
            apart = {cell: [part.strip() for part in cell.split(separator)] for cell in cells}
            composite = [cell for cell in cells if len(apart[cell]) > 1 and all(apart[cell])]
            if not composite:
                continue
            counts = Counter(part for parts in apart.values() for part in set(parts))
            shared = sum(all(counts[part] > 1 for part in apart[cell]) for cell in composite)
            option = f"--label-separator '{separator}'"
            if len(counts) < len(cells) and 2 * shared >= len(composite):
                raise SeveralLabels(
                    f"{self.path}: the cells of {named(self.names[0])} seem to hold several labels "
                    f"each: {len(cells):,} different ones, made of {len(counts):,}. Give {option}, "
                    f"or --label-separator {NO_SEPARATOR} if each is one label.",
                    separator,
                )
            if not note and len(composite) >= max(2, SHARE * len(cells)):
                note = (
                    f"{self.path}: {len(composite):,} of {len(cells):,} labels have {separator!r}, "
                    f"such as {named(composite[0])}: give {option} if they are several labels."
                )
        return note


def value_text(value: Any) -> str:
    """Return a value of JSON or Parquet as a label; numbers by their value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "" if value != value else shortest(value)
    return "" if value is None else str(value)


def no_label_sentence(place: str, n: int, n_rows: int, kind: str) -> str:
    """Return the error of rows without a label: where the first is, how many of how many there are.

    ``kind`` is that of a ``LabelReader``, or ``targets``, where they are numbers to learn.

    >>> no_label_sentence("t.csv:3", 1, 3, "columns")[:44]
    't.csv:3: no label (1 of 3 rows has none): ev'
    """
    verb = "has" if n == 1 else "have"
    if kind == "targets":
        return (
            f"{place}: no target ({n:,} of {n_rows:,} rows {verb} none). Leave them out with "
            "--skip-bad."
        )
    why = ": every label column is 0" if kind == "columns" else ""
    return (
        f"{place}: no label ({n:,} of {n_rows:,} rows {verb} none){why}. Give them one with "
        "--none NAME, or leave them out with --skip-bad."
    )


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and is_missing(value))


def _is_list_text(value: Any) -> bool:
    return isinstance(value, str) and read_list(value) is not None


def _is_bare_list(value: Any) -> bool:
    return isinstance(value, str) and read_bare_list(value) is not None


def _answer_of(value: Any) -> bool | None:
    """Return what a cell of a label column says: 0, 1, true, false, yes or no; None for others."""
    truth = truth_of(value)
    return ANSWERS.get(value.strip().lower()) if truth is None and isinstance(value, str) else truth


def _are_answers(head: Sequence[tuple[Any, ...]]) -> bool:
    """Tell whether columns say by 0 and 1 which labels a row has, apart from mistakes.

    That is so where they hold nothing else, or -1 (not known) beside them, or where both are
    there and most cells of all columns, and half of those of each, are 0 or 1.
    """
    shares, answers, others = [], Counter[bool](), set()
    for column in zip(*head, strict=True):
        filled = [one for one in column if not _is_empty(one)]
        found = [_answer_of(one) for one in filled]
        answers.update(one for one in found if one is not None)
        others |= {str(v).strip() for v, one in zip(filled, found, strict=True) if one is None}
        if filled:
            shares.append(sum(one is not None for one in found) / len(filled))
    n_cells = sum(not _is_empty(one) for cells in head for one in cells)
    if not others or len(answers) < 2:
        return bool(answers) and not others
    is_unknown = others <= {"-1", "-1.0"} and all(shares)
    return is_unknown or (min(shares) >= 0.5 and answers.total() >= MOSTLY * n_cells)
