"""Display of why a label: the contributions of words, n-grams or columns, as bars on two sides."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import cut, width_of, wrapped
from fastcli.cli.display.terminal import has_colour
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.inspect.explain import Contribution, Explanation

LEAST_BARS = 8  # columns, below which there are none
LINE_END, END_SHOWN = "</s>", "(end of line)"  # fastText's token for a line's end
SEEN = 0.02  # of all contributions: what is not explained is shown from there on
OF_TOKENS = ("line end", "word n-gram")  # kinds of contributions that may have a line's end
COLOURS = {True: "green", False: "red"}  # of what speaks for the label, and against it


def explanation_lines(
    found: Explanation, labels: Sequence[str], top: int, notes: Sequence[str]
) -> Iterator[str]:
    """Yield the report of a line; ``top`` 0 shows all contributions."""
    room = columns()
    yield from wrapped(_title(found, labels), room, "", "  ")
    for note in notes:
        yield from wrapped(note, room, "", "  ")
    yield ""
    shown = found.contributions[:top] if top else found.contributions
    rest = found.contributions[len(shown) :]
    rows = [(_name(one), one.value) for one in shown]
    others: list[tuple[str, float]] = []
    if rest:
        others.append((f"({len(rest):,} more)", sum(one.value for one in rest)))
    if found.start:
        others.append(("(without any input)", found.start))
    if abs(found.rest) > SEEN * sum(abs(one.value) for one in found.contributions):
        others.append(("(not explained)", found.rest))
    total = found.score - found.score_against
    ends = [*others, ("sum", total)]
    names = min(max(width_of(name) for name, _ in [*rows, *ends]), room // 2 - 4)
    texts = [f"{value:+.3f}" for _, value in [*rows, *ends]]
    digits = max(map(len, texts))
    bars = bar_cells([value for _, value in rows], room - names - digits - 4)
    for i, (name, _) in enumerate([*rows, *ends]):
        name = cut(name, names)
        line = f"{name}{' ' * (names - width_of(name))}  {texts[i]:>{digits}}"
        yield f"{line}  {bars[i]}" if i < len(rows) and bars[i] else line
    if found.unknown:
        words = ", ".join(map(printable, found.unknown))
        yield from wrapped(f"Unknown to the model: {words}", room, "", "  ")


def _title(found: Explanation, labels: Sequence[str]) -> str:
    label = f"{printable(labels[found.label])} ({found.probability:.3f})"
    if found.against is None:
        return f"{label}: score {found.score:.3f}"
    other = f"{printable(labels[found.against])} ({found.probability_against:.3f})"
    scores = f"{found.score:.3f} - {found.score_against:.3f}"
    if found.score_against < 0:
        scores = f"{found.score:.3f} + {-found.score_against:.3f}"
    return f"{label} against {other}: score {scores} = {found.score - found.score_against:.3f}"


def _name(one: Contribution) -> str:
    text = one.text
    if one.kind in OF_TOKENS:
        text = " ".join(END_SHOWN if token == LINE_END else token for token in text.split(" "))
    name = printable(text) + (f" x{one.count}" if one.count > 1 else "")
    return f"{name} = {printable(one.shown)}" if one.shown else name


def bar_cells(values: Sequence[float], room: int) -> list[str]:
    """Return a bar for each value: to the left of an axis where it is negative, else to its right.

    They are coloured where standard output has colours; empty where there is too little room.

    >>> bar_cells([2.0, -1.0], 10)
    ['   │██████', '███│']
    """
    below, above = -min([*values, 0.0]), max([*values, 0.0])
    if room < LEAST_BARS or not 0 < below + above < float("inf"):
        return [""] * len(values)
    left = round((room - 1) * below / (below + above))
    right = room - 1 - left
    found = []
    for value in values:
        size = left if value < 0 else right
        n = min(round(abs(value) / ((below if value < 0 else above) or 1.0) * size), size)
        text = _coloured("█" * n, value >= 0) if n else ""
        pad = " " * (left - n if value < 0 else left)
        found.append(f"{pad}{text}│" if value < 0 else f"{pad}│{text}")
    return found


def _coloured(text: str, is_positive: bool) -> str:
    if not has_colour(sys.stdout):
        return text
    import click

    return click.style(text, fg=COLOURS[is_positive])
