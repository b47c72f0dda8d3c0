"""Display of runs beside each other: a row for each, and their curves in one picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastcli.cli.display.colours import painted
from fastcli.cli.display.reports import columns
from fastcli.cli.display.sparkline import sparkline
from fastcli.cli.display.tables import GAP, Column, Rows, cut, width_of, wrapped
from fastcli.evaluation.compared_runs import value_text
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.evaluation.compared_runs import Settings, Verdict
    from fastcli.evaluation.run_log import Run

Spellings = Mapping[str, tuple[str, Any]]
MOST_COLUMNS = 3  # of options that differ
LEAST_CURVE = 8  # columns
RUN = "run"  # the column of files


def run_lines(
    runs: Sequence[Run], settings: Settings, found: Verdict, known: Spellings, has_plot: bool
) -> Iterator[str]:
    """Yield a row for each run, what is the same in all, and which are as good as the best."""
    room = columns()
    yield from _table(runs, settings, found, known, room)
    for text in _notes(runs, settings, found, known):
        yield from wrapped(printable(text), room, "", GAP)
    if not has_plot:
        yield from wrapped("a picture: --plot compare.png, a table: --csv FILE.csv", room)


def _table(
    runs: Sequence[Run], settings: Settings, found: Verdict, known: Spellings, room: int
) -> Iterator[str]:
    cells = _setting_columns(runs, settings, known)
    most = max(room // (2 + len(cells)), 8)
    cells = {
        title: [cut(printable(one), most) for one in values] for title, values in cells.items()
    }
    has_valid = any(run.has_valid for run in runs)
    kept = [run.kept for run in runs]
    of_numbers = any(run.of_numbers for run in runs)
    score = "RMSE" if of_numbers else "valid acc"
    numbers = {
        score: [_figure(e.score) for e in kept],
        **({"R2": [_figure(e.valid_r2) for e in kept]} if of_numbers else {}),
        "valid loss": [_figure(e.valid_loss) for e in kept],
        "train loss": [_figure(e.loss) for e in kept],
        "epoch": [f"{e.epoch:,}" for e in kept],
        "s": [_seconds(run.history[-1].seconds) for run in runs],
    }
    for title in (score, "valid loss") if not has_valid else ():
        del numbers[title]
    layout = [
        Column(title, max(map(width_of, values)), is_text=title in cells)
        for title, values in {**cells, **numbers}.items()
    ]
    rows = [list(row) for row in zip(*cells.values(), *numbers.values(), strict=True)]
    title = f"{score} by epoch" if has_valid else "train loss by epoch"
    left = room - Rows(layout).width() - len(GAP)
    title = title if left >= len(title) else "by epoch"
    if left >= LEAST_CURVE:
        layout.append(Column(title, 4, is_text=True))
        for row, curve in zip(rows, _curves(runs, has_valid, left), strict=True):
            row.append(curve)
    table = Rows(layout, room)
    yield painted(table.header(), "heading")
    for i, row in enumerate(rows):
        yield painted(table.row(row), "best") if i == found.best else table.row(row)


def _figure(value: float) -> str:
    """Return a figure with three decimals, - where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 1e4 else f"{value:.3g}"


def _seconds(value: float) -> str:
    """Return seconds, with more decimals of few.

    >>> _seconds(0.123), _seconds(12.34)
    ('0.12', '12.3')
    """
    return f"{value:.2f}" if value < 1 else f"{value:,.1f}"


def _setting_columns(
    runs: Sequence[Run], settings: Settings, known: Spellings
) -> dict[str, list[str]]:
    """Return the columns that tell runs apart: few options that differ, else the files too."""
    shown = {
        _spelling(name, known): list(map(value_text, values))
        for name, values in settings.different.items()
    }
    is_enough = 0 < len(shown) <= MOST_COLUMNS
    names = Counter(zip(*shown.values(), strict=True)) if is_enough else {}
    if len(names) == len(runs):
        return shown
    return {RUN: [run.path for run in runs], **(shown if is_enough else {})}


def names_of(runs: Sequence[Run], settings: Settings, known: Spellings) -> list[str]:
    """Return a name for each run, by the options that differ (``-lr 0.1``), else its file."""
    cells = _setting_columns(runs, settings, known)
    if RUN in cells:
        return cells[RUN]
    return [
        " ".join(f"{title} {value}" for title, value in zip(cells, row, strict=True))
        for row in zip(*cells.values(), strict=True)
    ]


def _spelling(name: str, known: Spellings) -> str:
    return known[name][0] if name in known else f"--{name.replace('_', '-')}"


def _curves(runs: Sequence[Run], has_valid: bool, room: int) -> list[str]:
    """Return a curve for each run, all on one scale."""
    found = [[e.score if has_valid else e.loss for e in run.history] for run in runs]
    finite = [[v for v in values if math.isfinite(v)] for values in found]
    everything = [v for values in finite for v in values]
    if not everything:
        return [""] * len(runs)
    low, high = min(everything), max(everything)
    return [sparkline(values, low, high, room) for values in finite]


def _notes(
    runs: Sequence[Run], settings: Settings, found: Verdict, known: Spellings
) -> Iterator[str]:
    """Yield what is the same in all runs, what else differs, and what the figures tell."""
    same = [
        f"{_spelling(name, known)} {value_text(value)}"
        for name, value in settings.same.items()
        if name not in known or not _is_default(value, known[name][1])
    ]
    if same:
        yield f"the same in all: {' '.join(same)}"
    if len(settings.different) > MOST_COLUMNS:
        names = [_spelling(name, known) for name in settings.different]
        yield f"different: {' '.join(names)} (--csv FILE has the values)"
    if not all(run.arguments for run in runs):
        yield (
            "The options of runs are not known: a log does not begin with them (those of version "
            "0.1.0 do not)."
        )
    if found.problem:
        yield found.problem
        return
    names = names_of(runs, settings, known)
    within = f"(+-{found.half:.3f}, the 95 % interval of the best)"
    alike = [names[i] for i in found.alike]
    if len(alike) > 1:
        which = f"{', '.join(alike[:-1])} and {alike[-1]}"
        yield f"By accuracy {which} are within what {found.n:,} lines can tell apart {within}."
        return
    best = names[found.best]
    rest = "the others" if len(runs) > 2 else next(one for one in names if one != best)
    yield (
        f"By accuracy {best} is better than {rest} by more than {found.n:,} lines leave to chance "
        f"{within}."
    )


def _is_default(value: Any, default: Any) -> bool:
    return bool(value == default or (isinstance(value, list) and tuple(value) == default))
