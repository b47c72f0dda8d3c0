"""The chart of losses at the end of training, beside that of guessing, drawn with letters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.tables import GAP, width_of

if TYPE_CHECKING:
    from fastcli.evaluation.early_stopping import Evaluation

HEIGHT = 6  # rows
WIDEST, LEAST = 48, 16  # columns of the curves
FEWEST = 4  # evaluations that are worth a chart
USUAL = 80  # columns of a log
TRAINING, VALIDATION, GUESSING = "──", "╌╌", "··"
LARGE = 1e5  # losses that are written with an exponent
TICKS = 6  # epochs that are named
BARE = " "


def loss_chart(history: Sequence[Evaluation], guess: float, room: int | None = None) -> list[str]:
    """Return the rows of a chart of the training and validation losses by epoch.

    ``guess`` is the loss of guessing, NaN where it is not known; ``room`` the columns of a
    terminal, of which there may be too few.  There is none for few evaluations, or where losses
    were not finite.
    """
    training = [e.loss for e in history]
    valid = [e.valid_loss for e in history] if all(e.has_valid for e in history) else []
    values = [*training, *valid, *([guess] if math.isfinite(guess) else [])]
    if len(history) < FEWEST or not all(map(math.isfinite, values)):
        return []
    legend = {0: f"{TRAINING} training"}
    if valid:
        legend[1] = f"{VALIDATION} validation"
    low, high = min(values), max(values)
    rows = _rows(low, high)
    digits = _digits(low, high)
    labels = [f"{value:.1e}" if high >= LARGE else f"{value:.{digits}f}" for value in rows]
    if math.isfinite(guess):
        place = row_of(guess, low, high)
        names = [legend.get(place, ""), f"{GUESSING} guessing {guess:.3f}"]
        legend[place] = GAP.join(filter(None, names))
    left = max(map(len, labels)) + len(GAP) + 2
    right = max(map(width_of, legend.values())) + len(GAP)
    width = min(WIDEST, (room or USUAL) - left - right)
    if width < LEAST:
        return []
    grid = [[BARE] * width for _ in range(HEIGHT)]
    if math.isfinite(guess):
        grid[row_of(guess, low, high)] = list("·" * width)
    for column, v in enumerate(_spread(valid, width)):
        grid[row_of(v, low, high)][column] = "╌"
    draw_line(grid, [row_of(v, low, high) for v in _spread(training, width)])
    size = max(map(len, labels))
    lines = [f"{GAP}loss"]
    for i, cells in enumerate(grid):
        line = f"{GAP}{labels[i]:>{size}} ┤{''.join(cells)}"
        lines.append(f"{line}{GAP}{legend[i]}" if i in legend else line.rstrip())
    return [*lines, *_axis(history, width, size)]


def _rows(low: float, high: float) -> list[float]:
    """Return the losses that the rows stand for, the highest first."""
    return [high - (high - low) * i / (HEIGHT - 1) for i in range(HEIGHT)]


def _digits(low: float, high: float) -> int:
    """Return so many decimals that rows are told apart, at most 4."""
    step = (high - low) / (HEIGHT - 1)
    return 2 if step <= 0 else max(2, min(4, math.ceil(-math.log10(step))))


def row_of(value: float, low: float, high: float, height: int = HEIGHT) -> int:
    """Return the row of a value among so many; the lowest where all are the same."""
    span = high - low
    return round((high - value) / span * (height - 1)) if span > 0 else height - 1


def _spread(values: Sequence[float], width: int) -> list[float]:
    """Return a value for each column, on the lines between the evaluations.

    >>> _spread([0.0, 1.0], 3)
    [0.0, 0.5, 1.0]
    """
    if not values:
        return []
    found = []
    for column in range(width):
        at = column * (len(values) - 1) / (width - 1)
        i = min(int(at), len(values) - 2)
        found.append(values[i] + (values[i + 1] - values[i]) * (at - i))
    return found


def draw_line(grid: list[list[str]], rows: Sequence[int]) -> None:
    """Draw a curve, which is in these rows, as a line with corners."""
    before = rows[0] if rows else 0
    for column, row in enumerate(rows):
        if row == before:
            grid[row][column] = "─"
        else:
            is_down = row > before
            grid[before][column] = "╮" if is_down else "╯"
            grid[row][column] = "╰" if is_down else "╭"
            for between in range(min(row, before) + 1, max(row, before)):
                grid[between][column] = "│"
        before = row


def _axis(history: Sequence[Evaluation], width: int, size: int) -> list[str]:
    """Return the axis of epochs: ticks, and their numbers below."""
    n = min(TICKS, len(history))
    ticks, numbers = ["─"] * width, [BARE] * (width + 8)
    for k in range(n):
        place = round(k * (len(history) - 1) / (n - 1))
        column = round(place * (width - 1) / (len(history) - 1))
        ticks[column] = "┬"
        text = f"{history[place].epoch:,}"
        start = max(column - len(text) // 2, 0)
        numbers[start : start + len(text)] = text
    indent = f"{GAP}{'':>{size}} "
    return [f"{indent}└{''.join(ticks)}", f"{indent} {''.join(numbers).rstrip()}{GAP}epoch"]
