"""Display of the pages of ``fastcli help``, as wide as the terminal, at most 100 columns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.chart import draw_line, row_of
from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import GAP, width_of, wrapped
from fastcli.cli.display.terminal import is_terminal

if TYPE_CHECKING:
    from fastcli.cli.pages import Curve, Entry, Page, Topic

HEIGHT = 7  # rows of a curve
WIDEST, NARROWEST = 40, 16  # columns of it
NARROW = 60  # columns below which a paragraph's name has a line of its own
ASCII = str.maketrans("─│╭╮╰╯┤└┬·", "-|..''|++ ")


def topic_lines(topics: Mapping[str, Topic], pages: Mapping[str, str]) -> Iterator[str]:
    """Yield the list of topics, and that of pages with their titles."""
    room = columns()
    if pages:
        yield "Pages (fastcli help data):"
        yield from _list([*pages.items()], room)
        yield ""
    yield "Choices, with formulas and curves (fastcli help activations):"
    yield from _list([(name, one.line) for name, one in topics.items()], room)
    yield ""
    yield from wrapped("One entry of a topic: fastcli help relu, fastcli help norms batch.", room)
    yield from wrapped("A command: fastcli help mlp-train.  All commands: fastcli --help.", room)


def page_lines(topic: str, page: Page) -> Iterator[str]:
    """Yield a page: its title, the table of names and formulas, then all entries."""
    room = columns()
    yield from wrapped(page.title, room)
    yield ""
    yield from wrapped(page.intro, room)
    yield ""
    yield from _list([(entry.name, entry.formula) for entry in page.entries], room)
    yield ""
    one = page.entries[0].name
    yield from wrapped(f"Below is each of them; one alone: fastcli help {topic} {one}", room)
    for entry in page.entries:
        yield ""
        yield from entry_lines(entry)


def entry_lines(entry: Entry, topic: str = "") -> Iterator[str]:
    """Yield an entry: name and formula, curves, paragraphs; ``topic`` stands beside the name."""
    room = columns()
    title = f"{entry.name} ({topic})" if topic else entry.name
    others = f", also {', '.join(entry.aliases)}" if entry.aliases else ""
    yield from wrapped(f"{title}{others}", room)
    yield "=" * min(room, width_of(f"{title}{others}"))
    yield from _paragraph("formula", entry.formula, room)
    if curves := entry.curves():
        yield from _beside([list(curve_lines(one, room)) for one in curves], room)
    for name, text in entry.facts:
        yield from _paragraph(name, text, room)


def curve_lines(curve: Curve, room: int) -> Iterator[str]:
    """Yield a chart: its title, rows with the largest, the smallest and 0 named, and an axis."""
    side = (room - len(GAP)) // 2 if room >= 2 * (NARROWEST + 12) else room
    values = [one + 0.0 for one in curve.values]  # no -0
    low, high = min(values), max(values)
    if curve.from_zero:
        low = min(low, 0.0)
    if low == high:  # a flat line lies in the middle
        low, high = low - 1, high + 1
    named = {0: f"{high:.3g}", HEIGHT - 1: f"{low:.3g}"}
    zero = row_of(0.0, low, high, HEIGHT) if low < 0 < high else -1
    if 0 < zero < HEIGHT - 1:
        named[zero] = "0"
    size = max(map(len, named.values()))
    width = min(WIDEST, side - size - 4)
    at = [values[round(k * (len(values) - 1) / (width - 1))] for k in range(width)]
    grid = [[" "] * width for _ in range(HEIGHT)]
    if zero >= 0:
        grid[zero] = ["·"] * width
    draw_line(grid, [row_of(value, low, high, HEIGHT) for value in at])
    yield f"{GAP}{curve.title}"
    for i, cells in enumerate(grid):
        yield _marks(f"{GAP}{named.get(i, ''):>{size}} ┤{''.join(cells)}".rstrip())
    left, right = f"{curve.low:g}", f"{curve.high:g}"
    axis = left.ljust(width - len(right)) + right
    if curve.low < 0 < curve.high:
        place = round(-curve.low / (curve.high - curve.low) * (width - 1))
        axis = axis[:place] + "0" + axis[place + 1 :]
    yield f"{GAP}{'':>{size}}  {axis}"


def _marks(line: str) -> str:
    """Return a line of a chart as it can be shown: plain ASCII where there is no terminal."""
    encoding = (getattr(sys.stdout, "encoding", "") or "ascii").lower().replace("-", "")
    return line if is_terminal(sys.stdout) and encoding == "utf8" else line.translate(ASCII)


def _beside(charts: Sequence[list[str]], room: int) -> Iterator[str]:
    """Yield charts beside each other, or below where there is no room."""
    left, *rest = charts
    if not rest or room < 2 * (NARROWEST + 12):
        for chart in charts:
            yield from (line.rstrip() for line in chart)
        return
    half = (room - len(GAP)) // 2 + len(GAP)
    for a, b in zip(left, rest[0], strict=True):
        yield f"{a}{' ' * (half - width_of(a))}{b}".rstrip()


def _paragraph(name: str, text: str, room: int) -> Iterator[str]:
    if room < NARROW:
        yield name
        yield from wrapped(text, room, GAP)
    else:
        yield from wrapped(text, room, f"{GAP}{name:<12}", " " * 14)


def _list(rows: Sequence[tuple[str, str]], room: int) -> Iterator[str]:
    size = max(width_of(name) for name, _ in rows)
    for name, text in rows:
        if room < NARROW:
            yield f"{GAP}{name}"
            yield from wrapped(text, room, GAP + GAP)
        else:
            yield from wrapped(text, room, f"{GAP}{name:<{size}}{GAP}", " " * (size + 4))
