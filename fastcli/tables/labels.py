"""Labels from the cells of tables: one or several a row, numbers by value, names of columns."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastcli.errors import ArgumentError, DataError
from fastcli.printable import named
from fastcli.tables.values import is_missing, shortest, whole_number

LABELS_AS = ("auto", "text", "number")
NO_SEPARATOR = "none"  # given as --label-separator: cells are labels as they are
SEPARATORS = (",", ";", "|", "/")  # that are looked for in cells
BLANKS = " \t\n\r\v\f\0\xa0\u3000"
MOST_CELLS = 100_000  # that are remembered
SHARE = 0.2  # of the cells that have a separator, from which on it is worth a note
TRUTH = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}
_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ITEM = rf"(?:{_STRING}|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?|None|True|False)"
_LIST = re.compile(rf"\[\s*(?:{_ITEM}\s*(?:,\s*{_ITEM}\s*)*,?)?\s*\]", re.DOTALL)


class BadLabel(Exception):
    """The labels of a row cannot be used, for the reason that it holds."""


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


@dataclass
class LabelReader:
    """Turns the cells of the label columns into labels: decided on the first rows.

    With several columns of 0 and 1 the names of the columns are the labels; cells that are lists
    have several.  ``class_names`` are names that the file itself gives to the numbers of a column.
    Raises ArgumentError where the names of labels are not known.
    """

    path: str
    names: tuple[str, ...]
    head: Sequence[tuple[Any, ...]]
    options: LabelOptions = LabelOptions()
    has_names: bool = True
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kind: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[str, ...]] = {}
        self._cells: Counter[str] = Counter()  # of text in a single column
        self._as_number = self.options.labels_as == "number"
        self._may_be_number = self.options.labels_as == "auto"
        self._changed = ""  # a label that was not written as it is
        values = [one for cells in self.head for one in cells if not _is_empty(one)]
        if len(self.names) > 1 and values and all(truth_of(one) is not None for one in values):
            self.kind = "columns"
            if not self.has_names:
                raise ArgumentError(
                    f"{self.path}: the label columns hold 0 and 1, and there is no header that "
                    "names them. Add one, or give --header."
                )
        elif len(self.names) == 1 and values and all(map(_is_list_text, values)):
            self.kind = "lists"
        else:
            self.kind = "values"
        lists = [one for one in values if isinstance(one, list | tuple)]
        if len(self.names) == 1 and lists and _are_indicators(lists):
            self.kind = "indicators"
            n = len(lists[0])
            if len(self.class_names.get(self.names[0], ())) != n:
                raise ArgumentError(
                    f"{self.path}: lists of {n} zeros and ones in {named(self.names[0])} do not "
                    "say which labels they stand for. Write the names of the labels instead, or "
                    "make a column of each and give several --label-column."
                )
        for cells in self.head:
            with contextlib.suppress(BadLabel):  # said when the row is used
                self.of(cells)

    @property
    def remark(self) -> str:
        """What was decided about labels, in a few words; "" where it is plain."""
        if self.kind == "columns":
            return "a 1 is the label of that name"
        if self.kind in ("lists", "indicators"):
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

    def _found(self, cells: tuple[Any, ...]) -> tuple[str, ...]:
        if self.kind == "columns":
            labels = self._columns(cells)
        elif self.kind == "indicators":
            (cell,) = cells
            names = self.class_names[self.names[0]]
            if not isinstance(cell, list | tuple) or len(cell) != len(names):
                raise BadLabel(f"not a list of {len(names)} zeros and ones")
            labels = [name for name, one in zip(names, cell, strict=True) if truth_of(one)]
        else:
            labels = [
                label
                for name, cell in zip(self.names, cells, strict=True)
                for label in self._values(cell, self.class_names.get(name, ()))
            ]
        kept = [label.strip(BLANKS).removeprefix(self.options.prefix) for label in labels]
        found = tuple(dict.fromkeys(filter(None, kept)))
        return found or ((self.options.none,) if self.options.none else ())

    def _columns(self, cells: tuple[Any, ...]) -> list[str]:
        labels = []
        for name, cell in zip(self.names, cells, strict=True):
            truth = truth_of(cell)
            if truth is None:
                raise BadLabel(f"{str(cell)!r} where column {named(name)} has 0 or 1")
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
        if self.kind == "lists" and cell.strip():
            items = read_list(cell)
            if items is None:
                raise BadLabel("not a list of labels, as in the rows before")
            return [value_text(item) for item in items]
        separator = self.options.separator
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


def read_list(text: str) -> list[Any] | None:
    """Return the items of a list written in Python or JSON; None if it is not one.

    >>> read_list("['food', \\"cheap eats\\"]"), read_list("[]"), read_list("['a' 'b']")
    (['food', 'cheap eats'], [], None)
    """
    import ast

    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if not _LIST.fullmatch(text):
            return None
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    is_flat = all(one is None or isinstance(one, str | int | float) for one in found)
    return found if is_flat else None


def no_label_sentence(place: str, n: int, n_rows: int, kind: str) -> str:
    """Return the error of rows without a label: where the first is, how many of how many there are.

    >>> no_label_sentence("t.csv:3", 1, 3, "columns")[:44]
    't.csv:3: no label (1 of 3 rows has none): ev'
    """
    verb = "has" if n == 1 else "have"
    why = ": every label column is 0" if kind == "columns" else ""
    return (
        f"{place}: no label ({n:,} of {n_rows:,} rows {verb} none){why}. Give them one with "
        "--none NAME, or leave them out with --skip-bad."
    )


def truth_of(value: Any) -> bool | None:
    """Return what 0, 1, true or false stands for; None for another value."""
    if isinstance(value, str):
        return TRUTH.get(value.strip().lower())
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and is_missing(value))


def _is_list_text(value: Any) -> bool:
    return isinstance(value, str) and read_list(value) is not None


def _are_indicators(lists: Sequence[Sequence[Any]]) -> bool:
    """Tell whether lists are all of the same length, two or more, and of zeros and ones."""
    sizes = {len(one) for one in lists}
    return (
        len(sizes) == 1
        and sizes.pop() > 1
        and all(not isinstance(v, str) and truth_of(v) is not None for one in lists for v in one)
    )
