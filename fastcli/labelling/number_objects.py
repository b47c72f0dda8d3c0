"""Objects (JSON, JSON lines, Parquet) whose rows a model of numbers labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Protocol

from fastcli.errors import DataError
from fastcli.labelling.batches import HeldBatches
from fastcli.labelling.rows import OpenTable, RowBlock
from fastcli.overwriting import STREAM
from fastcli.tables.bad_rows import BadRows
from fastcli.tables.choice import Choice
from fastcli.tables.formats import head_of
from fastcli.tables.object_rows import KINDS, ObjectRows, ObjectTable, open_objects
from fastcli.tables.objects import open_parquet, parquet_batches
from fastcli.tables.reading import Reading
from fastcli.tables.streams import opened


class ReadsObjects(Protocol):
    """A model of tables of numbers, which reads objects too."""

    def numbers_of_objects(
        self, path: str, table: ObjectTable, bad: BadRows
    ) -> tuple[str, Callable[[ObjectRows], tuple[Any, ObjectRows]]]:
        """Return what reads the rows of a file of objects that is open.

        A sentence on the columns, and the function from rows to what the model predicts and the
        rows that are predicted; ``bad`` is given the others.  Raises ArgumentError for columns that
        are missing.
        """


def has_objects(path: str, reading: Reading) -> bool:
    """Tell whether a file's rows are objects, by its format, its name or its beginning."""
    kind = reading.kind_by_name(path)
    if kind == "auto" and path == STREAM:
        return False  # what is looked at there could not be read again
    return (kind if kind == "parquet" else reading.kind_of(path, head_of(path), kind)) in KINDS


def open_number_objects(
    path: str,
    reading: Reading,
    model: ReadsObjects,
    bad: BadRows,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> OpenTable:
    """Open a file of objects, whose columns a model finds; ``bad`` is given what is none.

    Raises DataError where it cannot be read, now or when its rows are.
    """
    try:
        raw = opened(path, on_bytes)
    except OSError as error:
        raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
    kind = reading.kind_by_name(path)
    if kind != "parquet":
        kind = reading.kind_of(path, head_of(path), kind)
    held, schema = None, None
    if kind == "parquet":
        raw.close()
        file, schema = open_parquet(path)
        held = HeldBatches(parquet_batches(path, file, on_bytes))
        table = ObjectTable(path, ((number, one, b"") for number, one in held.rows()), "row")
    else:
        table = open_objects(path, raw, kind, reading, bad=bad)
    if not table.names:
        raise DataError(f"{path} is empty: there is no row.")
    sentence, numbers = model.numbers_of_objects(path, table, bad)

    def blocks() -> Iterator[RowBlock]:
        with closing(raw):  # which may be closed when all of it was read
            for chunk in table.chunks():
                features, rows = numbers(chunk)
                if rows.n:
                    yield RowBlock(
                        strings=[""] * rows.n,
                        dicts=rows.objects,
                        lines=rows.raw,
                        numbers=rows.numbers,
                        batch=held.take(rows.numbers) if held else None,
                        features=features,
                    )

    names = tuple(table.names if schema is None else schema.names)
    return OpenTable(kind, Choice(names, (), ()), sentence, blocks(), schema=schema)
