"""Reading a table for inspect: its format, and what is in its columns, row after row.

Reading never stops at what is wrong with a file: such rows are counted.
"""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from fastcli.errors import DataError
from fastcli.inspect.columns import MOST_DIFFERENT, MOST_IN_ALL, Column
from fastcli.kernels.text.rows import QUOTED
from fastcli.printable import readable
from fastcli.tables.delimited import Delimited, Location, Utf8
from fastcli.tables.dialects import BOM, Asked, Dialect, is_utf16
from fastcli.tables.formats import TABLES
from fastcli.tables.headers import has_header
from fastcli.tables.objects import bounded_lines, elements, json_lines, parquet_rows
from fastcli.tables.reading import Reading
from fastcli.tables.rows import NESTED, value_text
from fastcli.tables.streams import opened
from fastcli.text.encodings import check_utf8, likely_encoding
from fastcli.text.inputs import compression
from fastcli.text.spooled import is_file, place_of

HEAD = 1 << 16
AT_ONCE = 2000  # objects that are counted at a time
MOST_COLUMNS = 10_000
FORMATS = {"csv": "CSV", "tsv": "TSV", "psv": "PSV", "json": "JSON", "jsonl": "JSON lines"}
FORMATS |= {"parquet": "Parquet"}
_QUOTED = re.compile(b'"[^"]*"')


@dataclass(kw_only=True)
class TableFile:
    """What is in a table: its format, its columns, and what is wrong with its rows.

    ``kind`` is as in ``prepare --format``; ``encoding`` is a Python name, "" where bytes are not
    UTF-8 and nothing else is likely.  ``bad`` counts rows by reason, ``first_bad`` has the first.
    """

    path: str
    kind: str
    size: int = 0
    packed: str = ""  # how the file is compressed
    encoding: str = "utf-8"
    has_bom: bool = False
    line_ends: str = ""
    dialect: Dialect | None = None
    is_quoted: bool = False
    has_names: bool = True
    n: int = 0
    columns: list[Column] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)
    first_bad: dict[str, Location] = field(default_factory=dict)

    def add_bad(self, place: Location, reason: str) -> None:
        """Count a row that cannot be used."""
        self.bad[reason] += 1
        self.first_bad.setdefault(reason, place)

    @property
    def is_delimited(self) -> bool:
        """Whether cells have delimiters between them."""
        return self.dialect is not None

    def as_json(self) -> dict[str, Any]:
        """Return the format as JSON."""
        dialect = self.dialect
        return {
            "file": readable(os.fsencode(self.path)),
            "kind": "table",
            "format": self.kind,
            "bytes": self.size,
            "compression": self.packed or None,
            "encoding": self.encoding or None,
            "byte_order_mark": self.has_bom,
            "line_ends": self.line_ends or None,
            "delimiter": dialect.delimiter if dialect else None,
            "quoted": self.is_quoted,
            "escape": (dialect.escape or None) if dialect else None,
            "header": self.has_names if dialect else None,
            "rows": self.n,
        }


def read_table(path: str, reading: Reading) -> TableFile:
    """Read a table of a kind that ``prepare --format`` knows.

    What ``reading`` has of encoding, header and delimiter is taken, the rest found out.
    Raises DataError if it cannot be read, or has no rows.
    """
    place = place_of(path)
    size = os.path.getsize(place) if is_file(place) else 0
    kind = reading.kind
    found = TableFile(path=path, kind=kind, size=size, packed=compression(path) or "")
    if kind == "parquet":
        _parquet(found)
    else:
        try:
            with opened(path, lambda n: None) as raw:
                _text(found, raw, reading)
        except OSError as error:
            raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
        except UnicodeError:
            raise DataError(
                f"{path} seems to be {found.encoding}, but is not to the end: it is damaged, or "
                "parts of it have another encoding."
            ) from None
    if not found.n and not found.bad:
        raise DataError(f"{path} is empty: there is nothing to inspect.")
    return found


def _text(found: TableFile, raw: Any, reading: Reading) -> None:
    head = raw.peek(HEAD)[:HEAD]
    found.encoding = _encoding(found.path, head) if reading.is_utf8 else reading.encoding
    found.has_bom = head.startswith(BOM) or is_utf16(head)
    stream: Any = raw
    if found.encoding not in ("utf-8", ""):
        stream = Utf8(raw, found.encoding)
        head = head.decode(found.encoding, "replace").encode()
    found.line_ends = _line_ends(head)
    if found.kind in TABLES:
        table = Delimited(found.path, stream, Asked(found.kind, reading.delimiter))
        _delimited(found, table, reading.header)
        return
    text = io.TextIOWrapper(
        raw, found.encoding.replace("utf-8", "utf-8-sig") or "utf-8", "surrogateescape", "\n"
    )
    if found.kind == "json":
        _objects(found, elements(found.path, text))
    else:
        _objects(
            found,
            json_lines(
                found.path,
                bounded_lines(found.path, text),
                lambda p, why, t: found.add_bad(p, why),
            ),
        )


def _encoding(path: str, head: bytes) -> str:
    """Return the encoding of a file that begins with ``head``, "" if it is not clear."""
    if not is_utf16(head):
        try:
            check_utf8(path, head)
        except DataError:
            return likely_encoding(head) or ""
        return "utf-8"
    return likely_encoding(head) or "utf-16"


def _line_ends(head: bytes) -> str:
    """Return what ends the lines of the first bytes of a text, those in quotes aside."""
    outside = _QUOTED.sub(b"", head)
    head = outside if b"\n" in outside or b"\r" in outside else head
    both, n = head.count(b"\r\n"), head.count(b"\n")
    counts = {"CRLF": both, "LF": n - both, "CR": head.count(b"\r") - both}
    if counts["CRLF"] + counts["LF"]:
        counts["CR"] = 0  # inside cells
    there = [name for name, times in counts.items() if times]
    return " and ".join(there) if there else "no line ends"


def _delimited(found: TableFile, table: Delimited, header: bool | None) -> None:
    found.dialect = table.dialect
    head = table.head.table()
    found.has_names = has_header(head) if header is None else header
    found.is_quoted = bool((table.head.split.cell_kinds & QUOTED).any())
    is_first = True
    for chunk in table.chunks():
        for place, reason, _ in chunk.bad:
            found.add_bad(place, reason)
        if not chunk.n:
            continue
        if is_first:
            width = int(chunk.split.widths[chunk.rows[0]])
            names = [chunk.column(i)[0].strip() for i in range(width)]
            names = names if found.has_names else [str(i) for i in range(width)]
            found.columns = _columns(names)
            chunk = chunk.without_first() if found.has_names else chunk
            is_first = False
        found.n += chunk.n
        for column in found.columns:
            column.add(chunk.column(column.position))


def _columns(names: Sequence[str]) -> list[Column]:
    most = min(MOST_DIFFERENT, MOST_IN_ALL // max(len(names), 1))
    return [Column(name, i, most) for i, name in enumerate(names)]


def _parquet(found: TableFile) -> None:
    names, _, rows = parquet_rows(found.path, lambda n: None)
    found.columns = _columns(names)
    _objects(found, rows(names))


def _objects(found: TableFile, numbered: Iterable[tuple[int, Any]]) -> None:
    by_name = {column.name: column for column in found.columns}
    for rows in _batches(numbered):
        objects = []
        for number, row in rows:
            if isinstance(row, dict):
                objects.append(row)
            else:
                found.add_bad(Location(found.path, number), "not an object")
        for row in objects:
            for name in row:
                if name not in by_name and len(by_name) < MOST_COLUMNS:
                    column = Column(name, len(by_name), MOST_DIFFERENT // 5)
                    column.n = found.n
                    by_name[name] = column
        found.n += len(objects)
        for name, column in by_name.items():
            _add_values(column, [row.get(name) for row in objects])
    found.columns = list(by_name.values())


def _add_values(column: Column, values: Sequence[Any]) -> None:
    """Count values of JSON or Parquet; lists are shown by their items."""
    n_lists = sum(isinstance(value, list | tuple) for value in values)
    n_nested = sum(isinstance(value, dict) for value in values)
    cells = [
        ", ".join(map(str, value)) or "[]" if isinstance(value, NESTED) else value_text(value)
        for value in values
    ]
    column.add(cells, n_lists, n_nested)


def _batches(numbered: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    numbered = iter(numbered)
    while rows := list(islice(numbered, AT_ONCE)):
        yield rows
