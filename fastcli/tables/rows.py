"""Rows read from a file into batches: where they are, their texts, their labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastcli.tables.delimited import BadRow
from fastcli.tables.dialects import is_unicode

BATCH_CHARS = 1 << 19
BATCH_ROWS = 20_000
NESTED = (dict, list, tuple)  # what is not text


@dataclass
class Batch:
    """Rows: where they are, their texts, their labels and their groups ("" without any).

    ``weights`` are those of all rows, once they are apart from texts and groups.
    """

    path: str
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)  # rows before it, not yet said
    weights: list[str] = field(default_factory=list)


@dataclass
class Raw:
    """Rows as they are read: text, cells of labels, group."""

    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[Any, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, line: int, text: str, labels: tuple[Any, ...], group: str = "") -> bool:
        """Add a row; tell whether there are enough for a batch."""
        self.lines.append(line)
        self.texts.append(text)
        self.labels.append(labels)
        self.groups.append(group)
        self.size += len(text)
        return self.size >= BATCH_CHARS or len(self.lines) >= BATCH_ROWS


def all_unicode(texts: Sequence[str]) -> bool:
    """Tell whether all bytes of several texts could be decoded."""
    return all(map(is_unicode, texts))


def value_text(value: Any) -> str:
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


def joined_text(found: dict[str, Any], names: Sequence[str], join: str) -> str:
    """Return the text of an object: the values of some names that are not empty, joined."""
    if len(names) == 1:
        return value_text(found.get(names[0]))
    return join.join(filter(None, [value_text(found.get(name)) for name in names]))
