"""Files that are surely tables, where lines are asked for."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastcli.errors import FastcliError
from fastcli.tables.columns import LABEL_NAMES, TEXT_NAMES, usual
from fastcli.tables.delimited import Delimited
from fastcli.tables.dialects import BOM, HEAD, Asked, kind_of_name, suffix
from fastcli.tables.formats import (
    PARQUET_MAGIC,
    begins_as_objects,
    check_objects,
    head_of,
    is_parquet,
    named_kind,
)
from fastcli.tables.headers import has_header
from fastcli.tables.objects import parquet_rows
from fastcli.tables.streams import opened
from fastcli.text.spooled import is_file

PARQUET_BEGINNING = PARQUET_MAGIC + b"\x15"  # of a header in Thrift's compact protocol; no text
LEAST_WORDS = 3  # of a cell, on average, that may be a text


@dataclass(frozen=True)
class SureTable:
    """A file that is surely a table: its columns, and those of a usual name ("" for none).

    ``longest`` is the column that a person will take for the text: of several with a usual name, or
    of all, the one with the most words; "" if none has several.
    """

    names: list[str]
    text: str = ""
    label: str = ""
    longest: str = ""


def sure_table(path: str, prefix: str) -> SureTable | None:
    """Return the columns of a file that is surely a table, None for any other.

    That is Parquet; or a file whose name says it is CSV, TSV, JSON or JSON lines, and that holds
    objects, or a header above at least two columns, and (with a prefix) no label.  Raises DataError
    for one JSON object over several lines, and for Parquet that cannot be read, FastcliError for
    Parquet without pyarrow.
    """
    try:
        if not is_file(path):
            return None
        with opened(path, lambda n: None) as raw:
            head = raw.peek(HEAD)[:HEAD]
    except (OSError, EOFError, FastcliError):  # which reading it will say
        return None
    if head.startswith(PARQUET_BEGINNING) or (
        head.startswith(PARQUET_MAGIC) and suffix(path) == ".parquet"
    ):
        return _sure(parquet_rows(path, lambda n: None)[0])
    if suffix(path) not in (".csv", ".tsv", ".json", ".jsonl"):
        return None
    if prefix and prefix.encode() in head:
        return None
    if begins_as_objects(head):
        check_objects(path, head)
        rows = _objects(head)
        names = list(rows[0]) if rows else []
        cells = [[_words_of(one.get(name)) for name in names] for one in rows]
        found = _sure(names)
        return replace(found, longest=_longest(found, cells))
    return _sure_delimited(path, head)


def may_be_headless(path: str, prefix: str) -> bool:
    """Tell whether a file that is not surely a table may be one without a header.

    That is a file whose name says it is CSV or TSV, with several cells in every row that is looked
    at, and (with a prefix) no label.
    """
    if not is_file(path) or kind_of_name(path) not in ("csv", "tsv"):
        return False
    head = head_of(path)[:HEAD]
    if not head or (prefix and prefix.encode() in head):
        return False
    table = _rows(path, head)
    return bool(table) and min(map(len, table)) > 1


def may_be_lines(path: str) -> bool:
    """Tell whether a file is lines where nothing asks for a table: neither its name nor how it
    begins is that of a table.

    A table begins as JSON or Parquet does, or with a header of several columns or of a usual name.
    """
    if named_kind(path) != "auto" or is_parquet(path):
        return False
    head = head_of(path)
    first = head.removeprefix(BOM).split(b"\n", 1)[0].decode("utf-8", "replace").strip().strip('"')
    if begins_as_objects(head) or usual([first], TEXT_NAMES):
        return False
    return _sure_delimited(path, head[:HEAD]) is None


def _sure_delimited(path: str, head: bytes) -> SureTable | None:
    """Return the columns of a delimited table that begins like this, None for what may be none."""
    table = _rows(path, head)
    if len(table) < 2 or len(table[0]) < 2 or not has_header(table):
        return None
    found = _sure(table[0])
    return replace(found, longest=_longest(found, table[1:]))


def _rows(path: str, head: bytes) -> list[list[str]]:
    """Return the rows of a delimited table that begins like this, none where one is bad."""
    whole = head[: head.rfind(b"\n") + 1] if len(head) >= HEAD else head
    try:
        rows = Delimited(path, io.BytesIO(whole), Asked(kind_of_name(path) or "csv")).head
        return [] if rows.bad else rows.table()
    except (ValueError, FastcliError):  # which reading it will say
        return []


def _longest(table: SureTable, rows: Sequence[Sequence[str]]) -> str:
    """Return the column of the most words in some rows, of those that may be the text."""
    names = usual(table.names, TEXT_NAMES) or [one for one in table.names if one != table.label]
    counts = {name: 0 for name in names}
    for row in rows:
        for name, cell in zip(table.names, row, strict=False):
            if name in counts:
                counts[name] += len(cell.split())
    name = max(counts, key=lambda one: counts[one], default="")
    return name if name and counts[name] >= LEAST_WORDS * len(rows) else ""


def _objects(head: bytes) -> list[dict[str, Any]]:
    """Return the objects that JSON or JSON lines begin with, as many as are whole."""
    text = head.removeprefix(BOM).decode("utf-8", "surrogateescape").lstrip(" \t\r\n[")
    found: list[dict[str, Any]] = []
    decoder = json.JSONDecoder()
    with contextlib.suppress(ValueError, RecursionError):  # at the end of what there is
        while True:
            one, end = decoder.raw_decode(text)
            if not isinstance(one, dict):
                break
            found.append(one)
            text = text[end:].lstrip(" \t\r\n,")
    return found


def _words_of(value: Any) -> str:
    """Return a text as it is, nothing of anything else."""
    return value if isinstance(value, str) else ""


def _sure(names: list[str]) -> SureTable:
    text, label = usual(names, TEXT_NAMES), usual(names, LABEL_NAMES)
    return SureTable(names, text[0] if len(text) == 1 else "", label[0] if len(label) == 1 else "")
