"""Objects (JSON, JSON lines, Parquet) whose rows a model of numbers labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Protocol

from fastcli.errors import DataError
from fastcli.labelling.rows import OpenTable, RowBlock
from fastcli.overwriting import STREAM
from fastcli.tables.bad_rows import BadRows
from fastcli.tables.choice import Choice
from fastcli.tables.formats import head_of
from fastcli.tables.object_rows import KINDS, ObjectRows, open_objects
from fastcli.tables.reading import Reading
from fastcli.tables.streams import opened


class ReadsObjects(Protocol):
    """A model of tables of numbers, which reads objects too."""

    def numbers_of_objects(
        self, path: str, names: list[str], bad: BadRows
    ) -> tuple[str, Callable[[ObjectRows], tuple[Any, ObjectRows]]]:
        """Return what reads the rows of a file of objects that have these names.

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
    path: str, reading: Reading, model: ReadsObjects, bad: BadRows
) -> OpenTable:
    """Open a file of objects, whose columns a model finds; ``bad`` is given what is none.

    Raises DataError where it cannot be read, now or when its rows are.
    """
    try:
        raw = opened(path, lambda n: None)
    except OSError as error:
        raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
    kind = reading.kind_by_name(path)
    if kind != "parquet":
        kind = reading.kind_of(path, head_of(path), kind)
    table = open_objects(path, raw, kind, reading, bad=bad)
    if not table.names:
        raise DataError(f"{path} is empty: there is no row.")
    sentence, numbers = model.numbers_of_objects(path, table.names, bad)

    def blocks() -> Iterator[RowBlock]:
        with closing(raw):  # which may be closed when all of it was read
            for chunk in table.chunks():
                features, rows = numbers(chunk)
                if rows.n:
                    yield RowBlock(
                        strings=[""] * rows.n,
                        objects=rows.objects,
                        lines=rows.raw,
                        features=features,
                        numbers=rows.numbers,
                    )

    return OpenTable(kind, Choice(tuple(table.names), (), ()), sentence, blocks())
