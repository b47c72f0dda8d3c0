"""Display of thresholds and calibrations: what they change on the lines they were made by."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.cli.display.label_names import short_names
from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import aligned, counted, width_of, wrapped
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Curves
    from fastcli.evaluation.dense import Scored
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.thresholds import Thresholds

NARROW = 60  # columns, of less than which titles are short
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
    from fastcli.evaluation.calibration import several_share, unsure

    title = f"{printable(model)} on {printable(data)}: {counted(scored.n)}"
    if scored.left_out:
        title += f", {scored.left_out:,} left out"
    yield from wrapped(title, columns(), "", "  ")
    if curves.slopes is None:
        t = curves.temperature
        how = "too high" if t > 1 else "too low"
        text = f"Temperature {t:.3f}"
        text += "." if unsure(scored, curves) else f": the highest probabilities were {how}."
    else:
        text = f"A sigmoid for each of {counted(len(curves.slopes), 'label')}."
    if curves.several_labels:
        text += (
            f" {several_share(scored.truth):.0%} of the lines have several labels: each label is "
            "calibrated separately, so probabilities do not sum to 1."
        )
    yield from wrapped(text, columns(), "", "  ")
    yield ""
    rows = [["", "before", "after"]]
    rows += [[name, *(f"{value:.4f}" for value in pair)] for name, pair in figures.items()]
    yield from right_aligned(rows)


def right_aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows in columns: the first is text, the others are numbers."""
    return [line.rstrip() for line in aligned([[*row, ""] for row in rows], 1, None)]


@dataclass(frozen=True, kw_only=True)
class ThresholdsShown:
    """What is shown of thresholds: what labels get without and with them.

    ``names`` and ``values`` are the names and the thresholds of all labels; ``label`` is that of
    the metric, -1 where it is about all.
    """

    model: str
    names: Sequence[str]
    meters: tuple[Meter, Meter]
    values: Sequence[float | None]
    left_out: int = 0
    label: int = -1


def threshold_lines(found: Thresholds, shown: ThresholdsShown) -> Iterator[str]:
    """Yield the report of thresholds: what they change, and those of labels."""
    before, after = shown.meters
    is_narrow = columns() < NARROW
    how = (
        "the best label of a line, or none" if found.k == 1 else "all labels above their thresholds"
    )
    lines = counted(found.lines) + (f", {shown.left_out:,} left out" if shown.left_out else "")
    title = f"{printable(shown.model)} on {printable(found.data)}: {lines}; {how}"
    yield from wrapped(title, columns(), "", "  ")
    kind = "each label's threshold" if found.per_label else "one threshold"
    yield from wrapped(f"{kind}, maximising {printable(found.metric)}", columns(), "", "  ")
    scores = ["P", "R", "F1"] if is_narrow else ["precision", "recall", "F1"]
    plain = "best label" if found.k == 1 else "threshold 0.5"
    tuned = "with thresholds" if found.per_label else f"threshold {figure(found.threshold)}"
    if is_narrow:
        plain = plain.replace("threshold", "from")
        tuned = "thresholds" if found.per_label else f"from {figure(found.threshold)}"
    pairs = ((plain, before), (tuned, after))
    if shown.label >= 0:
        yield ""
        (name,) = short_names([shown.names[shown.label]], columns() // 3)
        rows = [[name, *scores]]
        rows += [[how, *map(figure, meter.label_scores(shown.label))] for how, meter in pairs]
        yield from _fitted(rows)
    yield ""
    rows = [
        ["all labels" if shown.label >= 0 else "", *scores, "macro" if is_narrow else "macro F1"]
    ]
    for name, meter in pairs:
        values = (meter.precision, meter.recall, meter.f1, meter.macro_f1)
        rows.append([name, *map(figure, values)])
    yield from _fitted(rows, "macro")
    if found.per_label:
        yield ""
        yield from _label_lines(shown, scores, is_narrow)


def _label_lines(shown: ThresholdsShown, scores: list[str], is_narrow: bool) -> Iterator[str]:
    """Yield the threshold and the scores of each label, those with most lines first."""
    names, after = shown.names, shown.meters[1]
    order = sorted(range(len(names)), key=lambda i: -int(after.gold[i]))
    rows = [["label", "lines", "from" if is_narrow else "threshold", *scores]]
    numbers = range(1, len(order) + 1)
    short = short_names([names[i] for i in order[:TOP]], columns() // 3, numbers)
    for i, name in zip(order[:TOP], short, strict=True):
        own = [figure(value) for value in after.label_scores(i)]
        level = "never" if shown.values[i] is None else figure(shown.values[i])
        rows.append([name, f"{int(after.gold[i]):,}", level, *own])
    yield from _fitted(rows, "lines")
    if (more := len(names) - TOP) > 0:
        yield f"and {counted(more, 'more label')}, which the file lists"
    if n := sum(value is None for value in shown.values):
        text = (
            f"{counted(n, 'label')} never {'reaches' if n == 1 else 'reach'} what the metric "
            "demands: not given at all."
        )
        yield from wrapped(text, columns(), "", "  ")


def _fitted(rows: list[list[str]], least: str = "") -> Iterator[str]:
    """Yield rows in as many columns as there is room for: first the one of ``least`` is left out.

    That is the beginning of its title.
    """
    lines = right_aligned(rows)
    while max(map(width_of, lines)) > columns() and len(rows[0]) > 3:
        titles = [i for i, title in enumerate(rows[0]) if least and title.startswith(least)]
        place = titles[0] if titles else len(rows[0]) - 1
        rows = [row[:place] + row[place + 1 :] for row in rows]
        lines = right_aligned(rows)
    yield from lines
