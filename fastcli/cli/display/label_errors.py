"""The list of lines whose label is doubtful."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.tables import GAP, Column, Rows, counted, cut, width_of
from fastcli.cli.display.terminal import width
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.inspect.label_errors import FoldLine, LabelErrors

SHOWN = 20  # lines
WIDEST = 16  # columns of a label
ROOM = 80  # columns where there is no terminal
LEAST = 20  # columns of text
UNSEEN = "their models have not seen the label"


def error_lines(path: str, found: LabelErrors) -> Iterator[str]:
    """Yield what to print of a file: how many are doubtful, and the most doubtful.

    Where most are, that is all: they say something of the models, not of the labels.
    """
    n, n_unjudged = len(found.doubtful), len(found.unjudged)
    share = f" ({n / found.n_lines:.1%})" if found.n_lines else ""
    yield f"{printable(path)}: {counted(found.n_lines)} with a label"
    yield f"{GAP}{n:,}{share} would get another label from a model that was not trained on them"
    if found.learned_too_little:
        yield f"{GAP}which is more than half: the models learned too little for a judgement"
        return
    are = "is" if found.n_wrong == 1 else "are"
    yield f"{GAP}{found.n_wrong:,} of these labels {are} probably wrong"
    if n_unjudged:
        yield f"{GAP}{n_unjudged:,} more cannot be judged: {UNSEEN}"
    yield from _table(found.doubtful)
    if found.unjudged:
        yield ""
        yield f"{GAP}Cannot be judged:"
        yield from _table(found.unjudged)


def _table(found: Sequence[FoldLine]) -> Iterator[str]:
    """Yield the first of some lines as a table."""
    shown = found[:SHOWN]
    if not shown:
        return
    heads = ["line", "given", "prob", "proposed", "prob"]
    rows = list(map(_cells, shown))
    widths = [max(map(width_of, column)) for column in zip(heads, *rows, strict=True)]
    numbers = {"line", "prob"}
    columns = [
        Column(head, wide, is_text=head not in numbers)
        for head, wide in zip(heads, widths, strict=True)
    ]
    room = max(width() or ROOM, 40)
    for_text = max(room - sum(widths) - len(GAP) * (len(widths) + 1), LEAST)
    table = Rows([*columns, Column("text", 4, is_text=True)])
    yield ""
    yield f"{GAP}{table.header()}"
    for one, cells in zip(shown, rows, strict=True):
        yield f"{GAP}{table.row([*cells, cut(printable(one.text), for_text)])}"
    if len(found) > SHOWN:
        yield f"{GAP}... and {len(found) - SHOWN:,} more"


def _cells(one: FoldLine) -> list[str]:
    given, proposed = (cut(printable(name), WIDEST) for name in (" ".join(one.true), one.predicted))
    numbers = f"{one.own:.3f}" if math.isfinite(one.own) else "-"
    return [f"{one.line}", given, numbers, proposed, f"{one.prob:.3f}"]
