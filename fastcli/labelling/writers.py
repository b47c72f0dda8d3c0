"""Writing labelled rows: as they were read with fields added, or in another format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from fastcli.errors import ArgumentError, DataError
from fastcli.kernels.base.groups import Best, Strings, Text
from fastcli.kernels.text.labelled import add_cells
from fastcli.labelling.outputs import Put
from fastcli.labelling.parquet_writers import parquet_rows_of
from fastcli.labelling.predicted import Predicted, Rounded
from fastcli.labelling.row_writer import Rows, RowWriter, check_fields, with_values
from fastcli.labelling.rows import OpenTable, RowBlock
from fastcli.tables.dialects import KINDS, Dialect, suffix
from fastcli.tables.rows import value_text
from fastcli.tables.values import shortest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Added = Mapping[str, type]
OBJECTS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
DELIMITERS = {"csv": ",", "tsv": "\t", "psv": "|"}


def output_format(path: str, kind: str) -> str:
    """Return the format of an output by its name; ``kind``, the input's, for standard output."""
    if path == "-":
        return "jsonl" if kind == "json" else kind
    found = KINDS.get(suffix(path)) or OBJECTS.get(suffix(path))
    if found is None:
        raise ArgumentError(
            f"{path}: the format is not known by the name. Let it end with .csv, .tsv, .jsonl or "
            ".parquet."
        )
    return found


def writer_of(table: OpenTable, kind: str, added: Added, put: Put) -> RowWriter:
    """Return what writes the rows of a table in a format, and its header at once.

    ``added`` are the columns that each row gets, and their types.
    """
    if kind in DELIMITERS:
        if table.dialect is not None and kind == table.kind:
            return SameRows(table, added, put)
        return DelimitedRows(table, DELIMITERS[kind], added, put)
    if kind == "parquet":
        return parquet_rows_of(table, added, put)
    return JsonRows(table, added, put, is_array=kind == "json")


# ------------------------------------------------------------------ delimited


class SameRows(RowWriter):
    """Rows of a delimited table, byte for byte, with cells added."""

    def __init__(self, table: OpenTable, added: Added, put: Put) -> None:
        assert table.dialect is not None
        self._dialect, self._put = table.dialect, put
        delimiter = table.dialect.delimiter.encode()
        self._delimiter, self._end = _text(delimiter), _text(table.line_end)
        self._cells: Strings | None = None
        put(table.preamble)
        if table.header:
            cells = [table.header, *(quoted(name, table.dialect) for name in added)]
            put(delimiter.join(cells) + table.line_end)

    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Write rows as they were read, each with its cells."""
        chunk = block.chunk
        assert chunk is not None
        chosen = chunk.rows if rows is None else chunk.rows[rows]
        found = found.of(rows)
        starts, ends = chunk.split.starts[chosen], chunk.split.ends[chosen]
        if found.wide:
            self._put(self._joined(chunk.split.text, starts, ends, found))
            return
        cells = self._cells = self._cells or self._quoted(found.all_names)
        counts, ids = found.written()
        n, longest = len(starts), int(np.diff(cells.starts).max(initial=0))
        room = n * (found.k * (longest + 2 * self._delimiter.size + 13) + self._end.size)
        out = np.empty(int((ends - starts).sum()) + room, np.uint8)
        size = add_cells(
            chunk.split.text,
            starts,
            ends,
            n,
            Best(found.k, counts, ids, found.probs),
            cells,
            self._delimiter,
            self._end,
            int(found.with_probs),
            out,
        )
        self._put(out[:size].tobytes())

    def _quoted(self, names: Sequence[str | None]) -> Strings:
        """Return names as they are written, nothing for None."""
        cells = [quoted(shown(name), self._dialect) for name in names]
        starts = np.cumsum([0, *map(len, cells)]).astype(np.int64)
        return Strings(starts, np.frombuffer(b"".join(cells) or b" ", np.uint8))

    def _joined(
        self,
        text: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        found: Predicted,
    ) -> bytes:
        """Return rows with cells of any kind."""
        delimiter, end = self._delimiter.data.tobytes(), self._end.data.tobytes()
        parts = []
        for a, b, row in zip(starts.tolist(), ends.tolist(), found.values(), strict=True):
            cells = [quoted(shown(value), self._dialect) for value in row]
            parts.append(delimiter.join([text[a:b].tobytes(), *cells]) + end)
        return b"".join(parts)


def _text(data: bytes) -> Text:
    return Text(np.frombuffer(data, np.uint8), len(data))


def unquotable(text: str, delimiter: str) -> str:
    """Return a cell as it is written without quotes: delimiters and line ends are spaces."""
    text = text.replace(delimiter, " ")
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def quoted(text: str, dialect: Dialect) -> bytes:
    """Return a cell as it is written in a dialect."""
    special = any(c in text for c in (dialect.delimiter, '"', "\r", "\n"))
    if not dialect.quote:
        return unquotable(text, dialect.delimiter).encode("utf-8", "surrogateescape")
    if not special and text.strip() == text:
        return text.encode("utf-8", "surrogateescape")
    doubled = text.replace('"', '""')
    return f'"{doubled}"'.encode("utf-8", "surrogateescape")


class DelimitedRows(RowWriter):
    """Rows of anything as a delimited table."""

    def __init__(self, table: OpenTable, delimiter: str, added: Added, put: Put) -> None:
        self._put, self._names = put, table.keys
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\n")
        self._known = set(self._names)
        self._is_quoted = delimiter != "\t"  # as readers of TSV take it
        if table.choice.has_names:
            self._write_row([*table.names, *added])

    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Write the cells of rows, and those that are added."""
        for i, row in with_values(block, rows, found):
            self._write_row([*self._cells(block, i), *map(shown, row)])
        self._flush()

    def _write_row(self, cells: list[str]) -> None:
        if self._is_quoted:
            self._writer.writerow(cells)
            return
        flat = [unquotable(cell, "\t") for cell in cells]
        self.flattened += sum(a != b for a, b in zip(cells, flat, strict=True))
        self._text.write("\t".join(flat) + "\n")

    def _cells(self, block: RowBlock, i: int) -> list[str]:
        if block.chunk is not None:
            return block.table[i]
        found = block.objects[i]
        if not found.keys() <= self._known:
            new = next(name for name in found if name not in self._known)
            raise DataError(
                f"A row has the field {new!r}, which no row above has, and the header is written: "
                "write .jsonl instead."
            )
        return [as_cell(found.get(name)) for name in self._names]

    def _flush(self) -> None:
        text = self._text.getvalue()
        self._put(text.encode("utf-8", "surrogateescape"))
        self._text.seek(0)
        self._text.truncate()

    def finish(self) -> None:
        """Write the header where there was no row."""
        self._flush()


def shown(value: Any) -> str:
    """Return a value that is added as the text of a cell."""
    if isinstance(value, Rounded):
        return shortest(value)
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


def as_cell(value: Any) -> str:
    """Return a value of an object as the text of a cell, numbers in all their digits."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_as_text)
    return _as_text(value)


# ----------------------------------------------------------------------- JSON


class JsonRows(RowWriter):
    """Rows as lines of JSON, or as one array; lines that were JSON keep their bytes."""

    has_unique_names = True

    def __init__(self, table: OpenTable, added: Added, put: Put, is_array: bool = False) -> None:
        self._put, self._names, self._is_array = put, table.keys, is_array
        self._keys, self._added = [orjson.dumps(name) for name in added], set(added)
        self._is_first = True

    def write(self, block: RowBlock, rows: Rows, found: Predicted) -> None:
        """Write objects with fields added at their end."""
        parts: list[bytes] = []
        for i, row in with_values(block, rows, found):
            if self._is_array:
                parts.append(b"[\n" if self._is_first else b",\n")
                self._is_first = False
            parts.append(self._line(block, i, row))
            parts.append(b"" if self._is_array else b"\n")
        self._put(b"".join(parts))

    def _line(self, block: RowBlock, i: int, row: Sequence[Any]) -> bytes:
        line = block.lines[i].rstrip() if block.lines else b""
        line = line or as_json(row_object(block, i, self._names))
        if block.objects:
            check_fields(block.objects[i], self._added)
        fields = b",".join(
            [key + b":" + as_value(value) for key, value in zip(self._keys, row, strict=True)]
        )
        before = line[:-1].rstrip()
        comma = b"" if before.endswith(b"{") or not fields else b","
        return before + comma + fields + b"}"

    def finish(self) -> None:
        """Write the end of the array."""
        if self._is_array:
            self._put(b"[\n]\n" if self._is_first else b"\n]\n")


def as_value(value: Any) -> bytes:
    """Return a value as JSON; a probability as it is printed elsewhere."""
    if isinstance(value, Rounded):
        return shortest(value).encode()
    return b"%.6g" % value if isinstance(value, float) else orjson.dumps(value)


def row_object(block: RowBlock, i: int, names: Sequence[str]) -> dict[str, Any]:
    """Return a row as an object."""
    return block.objects[i] if block.objects else dict(zip(names, block.table[i], strict=True))


def as_json(found: dict[str, Any]) -> bytes:
    """Return an object as a line of JSON, whatever it holds: times as in ISO 8601, the rest text.

    Python's module writes what orjson refuses: long whole numbers, and halves of surrogate pairs.
    """
    try:
        return orjson.dumps(found, _as_text)
    except (TypeError, orjson.JSONEncodeError):
        separators = (",", ":")
        return json.dumps(found, separators=separators, default=_as_text).encode()


def _as_text(value: Any) -> str:
    """Return what JSON has no type for as text."""
    return value.isoformat() if hasattr(value, "isoformat") else value_text(value)
