"""The file of ``--folds-output``: what the folds predict of each line that they did not see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.labelling.located_rows import LocatedRows
from fastcli.labelling.outputs import Put

if TYPE_CHECKING:
    from fastcli.evaluation.folds import Held
    from fastcli.labelling.examination import Cells
    from fastcli.labelling.rows import OpenTable

OPTION = "--folds-output"
FIELDS = ("line", "fold", "true", "predicted", "probability", "true_probability")

Row = tuple[int, str, int, list[str], str]
"""The place of an example among those of the folds, its file and line, its labels, and its text."""
Again = Callable[[str], Iterator[tuple[int, "Cells"]]]
"""From a file to its lines, in order, and their original columns, or their text."""


def write_folds(
    out: LocatedRows,
    put: Put,
    held: Held,
    rows: Iterable[Row],
    shown: Callable[[bytes], str],
    again: Again | None = None,
) -> int:
    """Write the examples of all folds in their order, and return how many there are.

    ``rows`` are all examples in the order of the files, those of no fold as well; ``shown`` names a
    label of a model.  Raises what reading and writing raise.
    """
    names = list(map(shown, held.labels))
    current = ""
    cells: Iterator[tuple[int, Cells]] = iter(())
    for i, file, line, true, text in rows:
        if held.folds[i] < 0:
            continue
        if again is not None and file != current:
            current, cells = file, again(file)
        found: Any = next((one for place, one in cells if place == line), None)
        if isinstance(found, str):
            text, found = found, None
        best = int(held.predicted[i])
        values = {
            "file": file,
            "line": line,
            "fold": int(held.folds[i]) + 1,
            "true": true,
            "predicted": names[best] if best >= 0 else "",
            "probability": _number(held.probs[i]),
            "true_probability": _number(held.true_probs[i]),
        }
        out.add([values[name] for name in out.fields], text, found)
    return out.write(put)


def fold_rows(path: str, several: bool) -> LocatedRows:
    """Return what such a file is written with; of ``several`` inputs each row says its file."""
    return LocatedRows(path, OPTION, [*(["file"] if several else []), *FIELDS])


def rows_of_table(table: OpenTable) -> Iterator[tuple[int, Cells]]:
    """Yield the line and the cells, by the names of columns, of all rows of a table."""
    for block in table.blocks:
        cells: Iterable[Any] = block.objects
        if block.chunk is not None:
            cells = (dict(zip(table.names, row, strict=False)) for row in block.table)
        yield from zip(block.places, cells, strict=True)


def _number(value: np.float32) -> float | None:
    return float(value) if np.isfinite(value) else None
