"""Rows on their way from a file to a batch, and the columns that they come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.printable import listed, shortened

BATCH_CHARS = 1 << 19
BATCH_ROWS = 20_000


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; names, or positions from 0 (negative ones from the end)."""

    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    group: str = ""
    join: str = " "
    label_separator: str = ""


@dataclass(frozen=True)
class Place:
    """Where something is: file, line (from 1) and column."""

    path: str
    line: int
    column: str = ""

    def __str__(self) -> str:
        found = f"{self.path}:{self.line}" if self.line else self.path
        return f"{found}, column {shortened(self.column)}" if self.column else found


@dataclass
class Batch:
    """Rows: where they are, their texts, their labels and their groups ("" without any)."""

    path: str
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    bad: list[tuple[Place, str, str]] = field(default_factory=list)  # rows before it, not yet said


@dataclass
class Raw:
    """Rows as they are read: cells of text, cells of labels, group."""

    lines: list[int] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, line: int, cells: tuple[str, ...], labels: tuple[str, ...], group: str) -> bool:
        """Add a row; tell whether there are enough for a batch."""
        self.lines.append(line)
        self.cells.append(cells)
        self.labels.append(labels)
        self.groups.append(group)
        self.size += sum(map(len, cells))
        return self.size >= BATCH_CHARS or len(self.lines) >= BATCH_ROWS


@dataclass(frozen=True)
class Places:
    """Where the columns of a table are; ``group`` is -1 where there is none."""

    text: tuple[int, ...] = ()
    label: tuple[int, ...] = ()
    group: int = -1
    names: tuple[str, ...] = ()  # of the text and label columns

    def of(self, rows: list[list[str]], lines: list[int]) -> Raw:
        """Return the cells of text, those of labels, and the groups of rows."""
        cells, labels = (
            list(zip(*[map(itemgetter(i), rows) for i in places], strict=True))
            for places in (self.text, self.label)
        )
        groups = [""] * len(rows) if self.group < 0 else [row[self.group] for row in rows]
        return Raw(lines, cells, labels, groups)


@dataclass(frozen=True)
class Keys:
    """The names under which objects have text, labels and group."""

    text: tuple[str, ...]
    label: tuple[str, ...]
    group: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the text and label columns."""
        return (*self.text, *self.label)


def lines_of(rows: list[list[str]], start: int, end: int) -> list[int]:
    """Return the lines that rows begin at, where they are lines ``start`` to ``end`` of a file."""
    if end - start + 1 == len(rows):
        return list(range(start, end + 1))
    found = []
    for row in rows:
        found.append(start)
        text = "".join(row)
        start += 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
    return found


def is_position(name: str) -> bool:
    """Tell whether a column is given by its position."""
    digits = name.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def position(path: str, name: str, names: Sequence[str], has_names: bool) -> int:
    """Return where a column is, by its name or position.  Raises ArgumentError if it is not."""
    if has_names and name in names:
        if list(names).count(name) > 1:
            raise ArgumentError(f"{path} has several columns {name}: give the position.")
        return list(names).index(name)
    if is_position(name) and -len(names) <= int(name) < len(names):
        return int(name) % len(names)
    shown = listed(names) if has_names else f"0 to {len(names) - 1}"
    raise ArgumentError(f"{path} has no column {name}. There are: {shown}")


def is_unicode(text: str) -> bool:
    """Tell whether all bytes of a text could be decoded."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def all_unicode(texts: Sequence[str]) -> bool:
    """Tell the same of several texts."""
    return all(map(is_unicode, texts))


def cell_text(value: Any) -> str:
    """Return a value of JSON or Parquet as text; nothing and NaN are none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, float) and math.isnan(value):
        return ""
    return value if isinstance(value, str) else str(value)
