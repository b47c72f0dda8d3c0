"""Texts from tables in commands that read lines: the options, and files that are surely tables."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastcli.errors import DataError
from fastcli.tables.options import TABLES, TableOptions

if TYPE_CHECKING:
    from fastcli.reporting import Reporter
    from fastcli.tables.choice import Columns
    from fastcli.tables.reading import Reading


def asks_for_table(options: TableOptions) -> bool:
    """Tell whether options say that the input is a table."""
    return bool(options.text_column or options.label_column or options.format in TABLES)


def reading_of(options: TableOptions, label: str = "__label__") -> Reading:
    """Return how tables are read.  Raises ArgumentError for values that cannot be."""
    from fastcli.cli._options import header_of
    from fastcli.options import check_choices
    from fastcli.tables.dialects import read_delimiter
    from fastcli.tables.labels import LabelOptions
    from fastcli.tables.reading import Reading

    names = ("format", "quotes", "escape", "labels_as")
    check_choices(TableOptions, **{name: getattr(options, name) for name in names})
    return Reading(
        kind="auto" if options.format == "text" else options.format,
        delimiter=read_delimiter(options.delimiter),
        quotes=options.quotes,
        escape=options.escape,
        header=header_of(options),
        encoding=options.encoding,
        labels=LabelOptions(options.label_separator, options.labels_as, options.none, label),
    )


def columns_of(options: TableOptions) -> Columns:
    """Return the columns that are asked for."""
    from fastcli.tables.choice import Columns

    return Columns(options.text_column, options.label_column, join=options.join)


def refuse_table(
    path: str, label: str, command: Sequence[str], knows_columns: bool = False
) -> None:
    """Raise DataError where a file is surely a table, with the command that reads it.

    ``label`` is the prefix of labels, "" where lines have none; ``command`` is the command line
    without the options of columns; a model may know those.
    """
    from fastcli.tables.sure import sure_table

    found = sure_table(path, label)
    if found is None:
        return
    columns = [f"--text-column {shlex.quote(found.text or 'COLUMN')}"] * (not knows_columns)
    if label:
        columns.append(f"--label-column {shlex.quote(found.label or 'COLUMN')}")
    from fastcli.printable import listed

    raise DataError(
        f"{path} is a table, not lines of {'labels and ' if label else ''}text; its columns: "
        f"{listed(found.names)}. Read it as one: {' '.join([shlex.join(command), *columns])}. "
        "If each line is a text, give --format text."
    )


@contextmanager
def prepared_table(
    inputs: Sequence[str], options: TableOptions, label: str, reporter: Reporter
) -> Iterator[dict[str, Any]]:
    """Make training lines of tables in a temporary folder, and let them stand for the inputs.

    They are what ``prepare --split 100`` writes.  Yields what a model records about them.
    """
    import tempfile
    from pathlib import Path

    from fastcli.prepare.args import PrepareArgs
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.recorded import recorded_beside
    from fastcli.prepare.write_parts import prepare
    from fastcli.text.spooled import standing_for

    with tempfile.TemporaryDirectory(prefix="fastcli-") as folder:
        args = PrepareArgs(
            input=tuple(inputs),
            output=folder,
            recipe=Recipe(label=label),
            columns=columns_of(options),
            reading=reading_of(options, label),
            needs_labels=True,
            shares=(1.0,),
        )
        prepare(args, reporter)
        train = Path(folder, "train.txt")
        with standing_for(inputs, str(train), str(Path(folder, "empty"))):
            yield recorded_beside(train)
