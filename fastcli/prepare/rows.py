"""Rows read from a file into batches, and the columns that they come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from fastcli.text.table_rows import BadRow
from fastcli.text.tables import is_unicode

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


@dataclass
class Batch:
    """Rows: where they are, their texts, their labels and their groups ("" without any)."""

    path: str
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)  # rows before it, not yet said


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
class ColumnIndex:
    """Where the columns of a table are; ``group`` is -1 if there is none."""

    text: tuple[int, ...] = ()
    label: tuple[int, ...] = ()
    group: int = -1
    names: tuple[str, ...] = ()  # of the text and label columns

    def of(self, rows: list[list[str]], lines: list[int]) -> Raw:
        """Return the cells of text, those of labels, and the groups of rows."""
        cells, labels = (
            list(zip(*[map(itemgetter(i), rows) for i in columns], strict=True))
            for columns in (self.text, self.label)
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


def all_unicode(texts: Sequence[str]) -> bool:
    """Tell whether all bytes of several texts could be decoded."""
    return all(map(is_unicode, texts))


def cell_text(value: Any) -> str:
    """Return a value of JSON or Parquet as text; null and NaN become ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, float) and math.isnan(value):
        return ""
    return value if isinstance(value, str) else str(value)
