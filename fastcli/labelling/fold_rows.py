"""The file of ``--folds-output``: what the folds predict of each line that they did not see."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import DataError, cannot_open
from fastcli.labelling.labels_and_text import labels_of_cell
from fastcli.labelling.located_rows import (
    DELIMITERS,
    OTHER_NAMES,
    LocatedRows,
    rows_format,
)
from fastcli.labelling.outputs import Put
from fastcli.printable import counted
from fastcli.tables.streams import opened

if TYPE_CHECKING:
    from fastcli.evaluation.folds import Held
    from fastcli.labelling.examination import Cells
    from fastcli.labelling.rows import OpenTable

OPTION = "--folds-output"
FOLDS_FILE = "--folds-file"
TEXT_LENGTH, TEXT_WORDS = 20, 3  # of a cell that is a text, at least
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
    label of a model.  Raises DataError where rows are missing, and what reading and writing raise.
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
    if len(out) != (n := int((held.folds >= 0).sum())):
        raise DataError(
            f"{OPTION}: {len(out):,} of {counted(n)} could be read again: the input was changed "
            "during training."
        )
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


def read_folds(path: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of such a file: its ``FIELDS``, ``file`` and ``text`` by these names.

    ``true`` is a list, numbers are floats, NaN where there is none; the text of a table's row is
    ``shown_row``.  Raises DataError if it is not such a file, ArgumentError for its name.
    """
    kind, n_rows = rows_format(path, FOLDS_FILE), 0
    try:
        with opened(path, lambda n: None) as stream:
            file = io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="")
            if kind == ".jsonl":
                found = (_pairs(line) for line in file)
            else:
                rows = csv.reader(file, delimiter=DELIMITERS[kind])
                names = next(rows, [])
                found = (list(zip(names, row, strict=False)) for row in rows)
            for n_rows, pairs in enumerate(found, start=1):
                yield _read(path, n_rows, pairs)
    except (OSError, EOFError) as error:
        raise DataError(cannot_open(path, getattr(error, "strerror", None) or str(error))) from None
    except csv.Error as error:
        raise _not_folds(path, f" ({error})") from None
    if not n_rows:
        raise _not_folds(path, ": it has no rows")


def _pairs(line: str) -> list[tuple[str, Any]]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return list(found.items()) if isinstance(found, dict) else []


def _read(path: str, number: int, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a row; ours are its first columns, which may have their other names."""
    has_file = bool(pairs) and _is_named(pairs[0][0], "file")
    wanted = ["file", *FIELDS] if has_file else list(FIELDS)
    own, others = pairs[: len(wanted)], pairs[len(wanted) :]
    names = [name for name, _ in own]
    if len(own) < len(wanted) or not all(map(_is_named, names, wanted)):
        raise _not_folds(path, f": row {number:,}")
    values = dict(zip(wanted, (value for _, value in own), strict=True))
    try:
        for name in ("line", "fold"):
            values[name] = int(values[name])
        for name in ("probability", "true_probability"):
            values[name] = float("nan") if values[name] in ("", None) else float(values[name])
            if values[name] < 0 or values[name] > 1:
                raise ValueError
    except (ValueError, TypeError):
        raise _not_folds(path, f": row {number:,}") from None
    true = values["true"]
    values["true"] = labels_of_cell(true) if isinstance(true, str) else list(map(str, true))
    cells = {name: "" if value is None else str(value) for name, value in others}
    is_text = list(cells) == ["text"]
    values["text"] = cells["text"] if is_text else shown_row(list(cells.values()))
    return values


def shown_row(cells: Sequence[str]) -> str:
    """Return what tells a row of a table: its longest cell if that is a text, else all of them.

    >>> shown_row(["7", "a long text of words"]), shown_row(["5.1", "3.5", "virginica"])
    ('a long text of words', '5.1, 3.5, virginica')
    """
    longest = max(cells, key=len, default="")
    is_text = len(longest) >= TEXT_LENGTH or len(longest.split()) >= TEXT_WORDS
    return longest if is_text else ", ".join(cells)


def _is_named(name: str, ours: str) -> bool:
    """Tell whether a column has one of our names, or the other one that it gets, with a number."""
    return name == ours or name.startswith(OTHER_NAMES[ours])


def _not_folds(path: str, where: str) -> DataError:
    return DataError(f"{path} is not a file of {OPTION}{where}.")
