"""Tables: read, and reported as tables of text or of numbers."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from fastcli.errors import ArgumentError, DataError
from fastcli.inspect.number_tables import numeric_table
from fastcli.inspect.table_columns import choose_columns, is_of_numbers
from fastcli.inspect.table_contents import TableReport
from fastcli.inspect.table_files import TableFile, read_table
from fastcli.inspect.text_tables import text_table
from fastcli.mlp.table_columns import TableOptions, columns_of
from fastcli.tables.reading import Reading


def table_report(path: str, reading: Reading) -> TableReport:
    """Read a table and say what is in it, what is wrong, and which command comes next.

    Of ``reading`` the kind is known, the others may be as by default, and are then found out.
    Raises DataError if it cannot be read, or has no rows.
    """
    file = read_table(path, reading)
    chosen = choose_columns(path, file.columns, file.has_names)
    if not is_of_numbers(file.columns, chosen):
        report = TableReport(file=file)
        text_table(report, chosen, reading)
        return report
    if _has_other_header(file, reading):
        file = read_table(path, replace(reading, header=not file.has_names))
    report = TableReport(file=file)
    numeric_table(report, reading)
    return report


def _has_other_header(file: TableFile, reading: Reading) -> bool:
    """Tell whether mlp-train decides otherwise on the header: it knows the label's column."""
    if reading.header is not None or not file.is_delimited:
        return False
    options = TableOptions(delimiter=reading.delimiter, encoding=file.encoding or "utf-8")
    with contextlib.suppress(ArgumentError, DataError):  # said where the command is made
        return bool(columns_of(file.path, options).names) != file.has_names
    return False
