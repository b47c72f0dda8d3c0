"""test --report: the screen, and JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fastcli.cli import _json

if TYPE_CHECKING:
    from fastcli.api.testing import ReportRun


def print_report(run: ReportRun, as_json: bool) -> None:
    """Print the report; of several files a row for each before it, or an object for each."""
    reports = [(path, run.report(tally)) for path, tally in run.files]
    total = run.report(run.total)
    out = sys.stdout.buffer
    if as_json:
        from fastcli.api.reports import report_objects

        for _, one in report_objects(reports, total):
            out.write(_json.line(one))
        return
    from fastcli.api.testing import better
    from fastcli.cli.display.test_report import Shown, file_lines, report_lines

    reporting, asked = run.reporting, run.testing.asked
    shown = Shown(
        model=asked.model,
        data=asked.data,
        k=asked.k,
        decides=run.decides,
        confused=reporting.confused(),
        confusion_file=reporting.confusion_file,
        errors=reporting.errors,
        csv=reporting.csv,
        better=better(run.classifier),
        surest=run.surest,
    )
    lines = list(file_lines(reports)) if len(reports) > 1 else []
    lines += [""] * bool(lines)
    for line in [*lines, *report_lines(total, shown)]:
        out.write(line.encode("utf-8", "replace") + b"\n")


def say_written(run: ReportRun) -> None:
    """Say which files were written, and what they have."""
    from fastcli.cli.display.endings import say_ending

    say_ending(run.written, notes=run.written)
