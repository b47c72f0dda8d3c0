"""Display of thresholds and calibrations: what they change on the lines they were made by."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import aligned, counted, cut, wrapped
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Curves
    from fastcli.evaluation.dense import Scored
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.thresholds import Thresholds

TOP = 50  # labels that are listed, those with most lines first


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to stdout at once."""
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def figure(value: float | None) -> str:
    """Return a share with three digits, - where there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.3f}"


def calibration_lines(
    model: str, data: str, scored: Scored, curves: Curves, figures: Mapping[str, Sequence[float]]
) -> Iterator[str]:
    """Yield the report of a calibration: what was fitted, and figures before and after."""
    from fastcli.evaluation.calibration import several_share

    title = f"{printable(model)} on {printable(data)}: {counted(scored.n)}"
    if scored.left_out:
        title += f", {scored.left_out:,} left out"
    yield from wrapped(title, columns(), "", "  ")
    if curves.slopes is None:
        t = curves.temperature
        how = "too sure" if t > 1 else "not sure enough"
        text = f"Temperature {t:.3f}: the probabilities were {how}."
    else:
        text = f"A sigmoid for each of {counted(len(curves.slopes), 'label')}."
    if curves.several_labels:
        text += (
            f" {several_share(scored.truth):.0%} of the lines have several labels, so measured is, "
            "of every label alone, whether it is one of a line's; their sum is not 1."
        )
    yield from wrapped(text, columns(), "", "  ")
    yield ""
    rows = [["", "before", "after"]]
    rows += [[name, *(f"{value:.4f}" for value in pair)] for name, pair in figures.items()]
    yield from right_aligned(rows)


def right_aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows in columns: the first is text, the others are numbers."""
    return [line.rstrip() for line in aligned([[*row, ""] for row in rows], 1, None)]


def threshold_lines(
    model: str,
    found: Thresholds,
    names: Sequence[str],
    meters: tuple[Meter, Meter],
    values: Sequence[float | None],
) -> Iterator[str]:
    """Yield the report of thresholds: what they change, and those of labels."""
    before, after = meters
    how = "the best label of a line, or none" if found.k == 1 else "all labels that reach theirs"
    title = f"{printable(model)} on {printable(found.data)}: {counted(found.lines)}; {how}"
    yield from wrapped(title, columns(), "", "  ")
    kind = "each label's threshold" if found.per_label else "one threshold"
    yield from wrapped(f"{kind}, where {printable(found.metric)} is best", columns(), "", "  ")
    yield ""
    rows = [["", "precision", "recall", "F1", "macro F1"]]
    plain = "best label" if found.k == 1 else "from 0.5 on"
    tuned = "with thresholds" if found.per_label else f"from {figure(found.threshold)} on"
    for name, meter in ((plain, before), (tuned, after)):
        scores = (meter.precision, meter.recall, meter.f1, meter.macro_f1)
        rows.append([name, *map(figure, scores)])
    yield from _fitted(rows)
    if not found.per_label:
        return
    yield ""
    order = sorted(range(len(names)), key=lambda i: -int(after.gold[i]))
    rows = [["label", "lines", "threshold", "precision", "recall", "F1"]]
    for i in order[:TOP]:
        own = [figure(value) for value in after.label_scores(i)]
        level = "never" if values[i] is None else figure(values[i])
        name = cut(printable(names[i]), columns() // 3)
        rows.append([name, f"{int(after.gold[i]):,}", level, *own])
    yield from _fitted(rows)
    if len(names) > TOP:
        yield f"and {len(names) - TOP:,} more labels, which the file lists"
    if n := sum(value is None for value in values):
        text = f"{counted(n, 'label')} never reached what the metric demands: not given at all."
        yield from wrapped(text, columns(), "", "  ")


def _fitted(rows: list[list[str]]) -> Iterator[str]:
    """Yield rows in as many columns as there is room for."""
    lines = right_aligned(rows)
    while max(map(len, lines)) > columns() and len(rows[0]) > 3:
        rows = [row[:-1] for row in rows]
        lines = right_aligned(rows)
    yield from lines
