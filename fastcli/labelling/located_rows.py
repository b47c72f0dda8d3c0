"""A file of rows of the input, each with what was found of it: CSV, TSV or JSON lines by its name.

A row is a line of text, or has the original columns of a table in the place of the text.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count
from typing import IO, Any

from fastcli.errors import ArgumentError
from fastcli.labelling.labels_and_text import joined_labels
from fastcli.labelling.outputs import Put
from fastcli.labelling.writers import as_cell
from fastcli.prepare.spools import spool
from fastcli.tables.dialects import suffix

DELIMITERS = {".csv": ",", ".tsv": "\t"}
TEXT = "text"
# Names of what was found where the data have such columns; then with numbers.
OTHER_NAMES = {
    "file": "file_name",
    "line": "line_number",
    "fold": "fold_number",
    "true": "true_label",
    "predicted": "predicted_label",
    "probability": "predicted_probability",
    "true_probability": "true_label_probability",
    "text": "text_of_line",
}


def rows_format(path: str, option: str) -> str:
    """Return ``.csv``, ``.tsv`` or ``.jsonl``, by the name of a file.  Raises ArgumentError."""
    found = suffix(path)
    if found not in (*DELIMITERS, ".jsonl"):
        raise ArgumentError(
            f"{option} {path}: the format is not known by the name. Let it end with .csv, .tsv or "
            ".jsonl."
        )
    return found


class LocatedRows:
    """Rows that wait in a temporary file beside the output, until their columns are known.

    ``fields`` are the names of what was found; the ``text`` comes after them.
    """

    def __init__(self, path: str, option: str, fields: Sequence[str]) -> None:
        self._format, self.fields = rows_format(path, option), list(fields)
        self._spool: IO[bytes] = spool(os.path.dirname(os.path.abspath(path)))
        self._names: list[str] = []  # the original columns
        self._known: set[str] = set()
        self._has_text = False
        self._ends: list[int] = [0]

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, values: Sequence[Any], text: str, cells: dict[str, Any] | None) -> None:
        """Keep a row: the values of the fields, and its text or its original columns."""
        self._has_text = self._has_text or cells is None
        self._names += [name for name in cells or () if name not in self._known]
        self._known.update(cells or ())
        data = json.dumps([*values, text, cells], default=str).encode()
        self._spool.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def write(self, put: Put, order: Iterable[int] | None = None) -> int:
        """Write all of them, in an order if one is given, and return how many there are."""
        added = [*self.fields, *([TEXT] if self._has_text or not self._names else [])]
        taken = set(self._names)
        shown = {name: _free(name, taken) for name in added}
        is_table = self._format in DELIMITERS
        write = self._rows(put, shown) if is_table else self._objects(put, shown)
        for i in range(len(self)) if order is None else order:
            self._spool.seek(self._ends[i])
            write(json.loads(self._spool.read(self._ends[i + 1] - self._ends[i])))
        return len(self)

    def close(self) -> None:
        """Remove the temporary file."""
        self._spool.close()

    def _values(self, record: list[Any]) -> dict[str, Any]:
        values = dict(zip([*self.fields, TEXT], record, strict=False))
        for name, value in values.items():
            if isinstance(value, float):
                values[name] = float(f"{value:.6g}") if value == value else None
        return values

    def _rows(self, put: Put, shown: dict[str, str]) -> Callable[[list[Any]], None]:
        text = io.StringIO(newline="")
        delimiter = DELIMITERS[self._format]
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")

        def row(cells: list[Any]) -> None:
            writer.writerow(cells)
            put(encoded(text.getvalue()))
            text.seek(0)
            text.truncate()

        def write(record: list[Any]) -> None:
            values, cells = self._values(record), record[-1] or {}
            own = [joined_labels(x) if isinstance(x := values[name], list) else x for name in shown]
            row([*own, *(as_cell(cells.get(name)) for name in self._names)])

        row([*shown.values(), *self._names])
        return write

    def _objects(self, put: Put, shown: dict[str, str]) -> Callable[[list[Any]], None]:
        def write(record: list[Any]) -> None:
            values, cells = self._values(record), record[-1]
            found = {shown[name]: values[name] for name in shown if name != TEXT or cells is None}
            data = json.dumps({**found, **(cells or {})}, ensure_ascii=False)
            put(encoded(data) + b"\n")

        return write


def encoded(text: str) -> bytes:
    """Return text as bytes, those that were no UTF-8 as they were; lone surrogates are replaced."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _free(name: str, taken: set[str]) -> str:
    """Return the name of a column, another where the data have it, and take that.

    >>> _free("true", {"true"}), _free("true", {"true", "true_label"}), _free("true", set())
    ('true_label', 'true_label_2', 'true')
    """
    other = OTHER_NAMES.get(name, f"{name}_label")
    numbered = (f"{other}_{i}" for i in count(2))
    found = next(one for one in chain([name, other], numbered) if one not in taken)
    taken.add(found)
    return found
