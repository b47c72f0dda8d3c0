"""Tables: read, and reported as tables of text or of numbers."""

from __future__ import annotations

from fastcli.inspect.number_tables import numeric_table
from fastcli.inspect.table_columns import (
    choose_columns,
    is_of_numbers,
)
from fastcli.inspect.table_contents import TableReport
from fastcli.inspect.table_files import read_table
from fastcli.inspect.text_tables import text_table


def table_report(path: str, kind: str, prefix: str, delimiter: str = "") -> TableReport:
    """Read a table and say what is in it, what is wrong, and which command comes next.

    Raises DataError if it cannot be read, or has no rows.
    """
    file = read_table(path, kind, delimiter)
    report = TableReport(file=file)
    chosen = choose_columns(path, file.columns, file.has_names)
    if is_of_numbers(file.columns, chosen):
        numeric_table(report, delimiter)
    else:
        text_table(report, chosen, prefix, delimiter)
    return report
