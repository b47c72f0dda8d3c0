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
OF_TEXTS = Need(lambda v: not v.of_numbers, lambda v: "with a model of numbers")
OF_LABELS = Need(
    lambda v: v.reads_labels is not False, lambda v: f"in {v.command}, which reads no labels"
)


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How the texts and labels of a table are read."""

    format: str = option("auto", "format of the input", group="tables", choices=FORMATS)
    text_column: tuple[str, ...] = option(
        (), "text column, by name or position; repeatable", group="tables", needs=(OF_TEXTS,)
    )
    label_column: tuple[str, ...] = option(
        (), "label column, by name or position; repeatable", group="tables", needs=(OF_TEXTS,)
    )
    label_from: str = option(
        "column",
        text.LABEL_FROM,
        group="tables",
        choices=LABELS_FROM,
        needs=(OF_TEXTS, OF_LABELS),
    )
    label_separator: str = option(
        "",
        "separator of several labels in one cell; none: a cell is one label",
        group="tables",
        needs=(OF_TABLES, OF_LABELS),
    )
    labels_as: str = option("auto", text.LABELS_AS, group="tables", needs=(OF_TABLES, OF_LABELS))
    none: str = option("", text.NONE, group="tables", needs=(OF_TABLES, OF_TEXTS, OF_LABELS))
    join: str = option(
        " ",
        text.JOIN,
        group="tables",
        needs=(OF_TABLES, OF_TEXTS),
    )
    delimiter: str = option("", text.DELIMITER, group="tables", needs=(OF_TABLES,))
    quotes: str = option(
        "auto", text.QUOTES, group="tables", choices=QUOTES, needs=(OF_TABLES, OF_TEXTS)
    )
    escape: str = option(
        "auto", text.ESCAPE, group="tables", choices=ESCAPES, needs=(OF_TABLES, OF_TEXTS)
    )
    header: bool = option(False, text.HEADER, group="tables", needs=(OF_TABLES,))
    no_header: bool = option(False, text.NO_HEADER, group="tables", needs=(OF_TABLES,))
    encoding: str = option("utf-8", text.ENCODING, group="tables", needs=(OF_TABLES,))
    bad_bytes: str = option(
        "error",
        text.BAD_BYTES,
        group="tables",
        choices=BAD_BYTES,
        needs=(OF_TABLES, OF_TEXTS),
    )
    skip_bad: bool = option(
        False,
        "leave out rows that cannot be used, and say how many",
        group="tables",
        needs=(OF_TABLES,),
    )


@dataclass(frozen=True, kw_only=True)
class LikeOption:
    """The record by which tables are read where a model has none, or another one is wanted."""

    like: str = option(
        "",
        "columns and cleaning as in this prepare.json",
        group="tables",
        file="file",
        needs=(OF_TEXTS,),
    )


def header_of(options: Any) -> bool | None:
    """Return what --header and --no-header say; None if neither is given.

    Raises ArgumentError where both are.
    """
    if options.header and options.no_header:
        raise ArgumentError("--header and --no-header: give one of them.")
    return True if options.header else False if options.no_header else None
