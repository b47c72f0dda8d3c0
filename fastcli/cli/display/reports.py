"""What the reports of inspect have in common: width, titles, charts of labels, commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from fastcli.cli.display.tables import bar, command_parts, cut, width_of, wrapped
from fastcli.cli.display.terminal import width
from fastcli.printable import printable

TOP = 20  # labels in a chart
WIDEST = 100  # columns


def columns() -> int:
    """Return the width to write for."""
    return max(40, min(width(sys.stdout), WIDEST))


def bar_chart(counts: list[tuple[str, int | None]], total: int) -> Iterator[str]:
    """Yield a bar for each of the first labels; the rest are one line."""
    shown = [(cut(printable(name), columns() // 3), n) for name, n in counts[:TOP]]
    rest = counts[TOP:]
    most = max((n or 0 for _, n in shown), default=0) or 1
    names = max((width_of(name) for name, _ in shown), default=0)
    digits = max((len(f"{n:,}") for _, n in shown if n is not None), default=0)
    room = columns() - names - digits - 14
    for name, n in shown:
        pad = " " * (names - width_of(name))
        if n is None:
            yield f"  {name}"
            continue
        share = f"{n / max(total, 1):.1%}"
        yield f"  {name}{pad}  {n:>{digits},}  {share:>6}  {bar(n / most, room)}"
    if rest:
        n = sum(count or 0 for _, count in rest)
        more = f"  and {len(rest):,} more"
        yield f"{more}, {n:,} in all ({n / max(total, 1):.1%})" if rest[0][1] is not None else more


def titled(path: str, texts: Sequence[str]) -> Iterator[str]:
    """Yield texts beside the name of a file, or below it where it is long."""
    name = printable(path)
    indent = " " * (width_of(name) + 2)
    if width_of(name) > columns() // 3:
        yield name
        indent = "  "
        first = indent
    else:
        first = f"{name}  "
    for text in texts:
        yield from wrapped(text, columns(), first, indent)
        first = indent


def command_lines(words: Sequence[str]) -> Iterator[str]:
    """Yield a command to copy, in lines that a backslash continues; an option stays with its value.

    >>> list(command_lines(["fastcli", "inspect", "a file"]))
    ["  fastcli inspect 'a file'"]
    """
    lines, line = [], "  "
    for part in command_parts(words):
        if line.strip() and width_of(line) + 1 + width_of(part) + 2 > columns():
            lines.append(line + " \\")
            line = f"      {part}"
        else:
            line += f"{' ' if line.strip() else ''}{part}"
    yield from map(printable, [*lines, line])
