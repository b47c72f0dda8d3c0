"""Files that are surely tables, where lines are asked for."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass

from fastcli.errors import FastcliError
from fastcli.tables.columns import LABEL_NAMES, TEXT_NAMES, usual
from fastcli.tables.delimited import Delimited
from fastcli.tables.dialects import HEAD, Asked, kind_of_name, suffix
from fastcli.tables.formats import sniffed
from fastcli.tables.headers import has_header
from fastcli.tables.objects import parquet_rows, read_json
from fastcli.tables.streams import opened


@dataclass(frozen=True)
class SureTable:
    """A file that is surely a table: its columns, and those of a usual name ("" for none)."""

    names: list[str]
    text: str = ""
    label: str = ""


def sure_table(path: str, prefix: str) -> SureTable | None:
    """Return the columns of a file that is surely a table, None for any other.

    That is Parquet; or a file whose name says it is CSV, TSV, JSON or JSON lines, and that holds
    objects, or a header above at least two columns, and (with a prefix) no label.
    """
    try:
        if not os.path.isfile(path):
            return None
        with opened(path, lambda n: None) as raw:
            head = raw.peek(HEAD)[:HEAD]
        if head.startswith(b"PAR1"):
            return _sure(parquet_rows(path, lambda n: None)[0])
        if suffix(path) not in (".csv", ".tsv", ".json", ".jsonl"):
            return None
        if prefix and prefix.encode() in head:
            return None
        if sniffed(head, prefix or "__label__") in ("json", "jsonl"):
            first = head.lstrip(b"\xef\xbb\xbf \t\r\n[").split(b"\n", 1)[0].rstrip(b", \r]")
            found = read_json(first)
            return _sure(list(found)) if isinstance(found, dict) and found else None
        kind = kind_of_name(path) or "csv"
        rows = Delimited(path, io.BytesIO(head[: head.rfind(b"\n") + 1]), Asked(kind)).head
        table = rows.table()
        if rows.bad or len(table) < 2 or len(table[0]) < 2 or not has_header(table):
            return None
        return _sure(table[0])
    except (OSError, EOFError, ValueError, FastcliError):  # which reading it will say
        return None


def _sure(names: list[str]) -> SureTable:
    text, label = usual(names, TEXT_NAMES), usual(names, LABEL_NAMES)
    return SureTable(names, text[0] if len(text) == 1 else "", label[0] if len(label) == 1 else "")
