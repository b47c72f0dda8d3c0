"""The options by which other commands than ``prepare`` read texts from tables: a row for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.options import Need, Values, option
from fastcli.text import options as text

TABLES = ("csv", "tsv", "json", "jsonl", "parquet")
FORMATS = ("auto", "text", *TABLES)
QUOTES = ("auto", "yes", "no")
LABELS_FROM = ("column", "file", "folder")
BAD_BYTES = ("error", "replace", "drop")
ESCAPES = ("auto", "backslash", "none")


def _reads_table(v: Values) -> bool:
    is_asked = v.text_column or v.label_column or v.label_from in LABELS_FROM[1:]
    return bool(is_asked or v.format in TABLES or v.is_table)


OF_TABLES = Need(
    _reads_table, lambda v: "without a table (--text-column, --label-column or --format)"
)


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How the texts and labels of a table are read."""

    format: str = option("auto", "format of the input", group="tables", choices=FORMATS)
    text_column: tuple[str, ...] = option(
        (), "text column, by name or position; repeatable", group="tables"
    )
    label_column: tuple[str, ...] = option(
        (), "label column, by name or position; repeatable", group="tables"
    )
    label_from: str = option("column", text.LABEL_FROM, group="tables", choices=LABELS_FROM)
    label_separator: str = option(
        "",
        "separator of several labels in one cell; none: a cell is one label",
        group="tables",
        needs=(OF_TABLES,),
    )
    labels_as: str = option("auto", text.LABELS_AS, group="tables", needs=(OF_TABLES,))
    none: str = option("", text.NONE, group="tables", needs=(OF_TABLES,))
    join: str = option(
        " ",
        text.JOIN,
        group="tables",
        needs=(OF_TABLES,),
    )
    delimiter: str = option("", text.DELIMITER, group="tables", needs=(OF_TABLES,))
    quotes: str = option("auto", text.QUOTES, group="tables", choices=QUOTES, needs=(OF_TABLES,))
    escape: str = option("auto", text.ESCAPE, group="tables", choices=ESCAPES, needs=(OF_TABLES,))
    header: bool = option(False, text.HEADER, group="tables", needs=(OF_TABLES,))
    no_header: bool = option(False, text.NO_HEADER, group="tables", needs=(OF_TABLES,))
    encoding: str = option("utf-8", text.ENCODING, group="tables", needs=(OF_TABLES,))
    bad_bytes: str = option(
        "error", text.BAD_BYTES, group="tables", choices=BAD_BYTES, needs=(OF_TABLES,)
    )
    skip_bad: bool = option(
        False,
        "leave out rows that cannot be used, and say how many",
        group="tables",
        needs=(OF_TABLES,),
    )


def header_of(options: Any) -> bool | None:
    """Return what --header and --no-header say; None if neither is given.

    Raises ArgumentError where both are.
    """
    if options.header and options.no_header:
        raise ArgumentError("--header and --no-header: give one of them.")
    return True if options.header else False if options.no_header else None
