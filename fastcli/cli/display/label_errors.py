"""The list of lines whose label is doubtful."""

from __future__ import annotations

import math
from collections.abc import Iterator
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


def error_lines(path: str, found: LabelErrors) -> Iterator[str]:
    """Yield what to print of a file: how many are doubtful, and the most doubtful."""
    n = len(found.doubtful)
    share = f" ({n / found.n_lines:.1%})" if found.n_lines else ""
    yield f"{printable(path)}: {counted(found.n_lines)} with a label"
    yield f"{GAP}{n:,}{share} would get another label from a model that was not trained on them"
    yield f"{GAP}{found.n_wrong:,} of these labels are probably wrong"
    if 2 * n > found.n_lines:
        yield f"{GAP}which is more than half: the models learned too little for a judgement"
    shown = found.doubtful[:SHOWN]
    if not shown:
        return
    several = any(one.file for one in shown)
    heads = [*(["file"] * several), "line", "given", "prob", "proposed", "prob"]
    rows = [_cells(one, several) for one in shown]
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
    if n > SHOWN:
        yield f"{GAP}... and {n - SHOWN:,} more"


def _cells(one: FoldLine, several: bool) -> list[str]:
    given, proposed = (cut(printable(name), WIDEST) for name in (" ".join(one.true), one.predicted))
    numbers = f"{one.own:.3f}" if math.isfinite(one.own) else "-"
    where = [cut(printable(one.file), WIDEST)] * several
    return [*where, f"{one.line}", given, numbers, proposed, f"{one.prob:.3f}"]
