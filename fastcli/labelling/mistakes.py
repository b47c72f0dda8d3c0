"""Mistakes of a test: the surest few for the screen, and a file of all, the surest first."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, count
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.labelling.outputs import Put
from fastcli.labelling.writers import as_cell
from fastcli.prepare.spools import spool
from fastcli.tables.dialects import suffix

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELDS = ("line", "probability", "true", "predicted")
# Their names where the data have such columns; then with numbers.
OTHER_NAMES = {
    "file": "file_name",
    "line": "line_number",
    "probability": "predicted_probability",
    "true": "true_label",
    "predicted": "predicted_label",
    "text": "text_of_line",
}
BETWEEN = "|"  # several labels in a cell
DELIMITERS = {".csv": ",", ".tsv": "\t"}
AT_ONCE = 1 << 20  # bytes that are copied


@dataclass
class Mistake:
    """A wrong line: where it is, how sure the model was, its labels, those it got, its text.

    ``cells`` has the original columns where it is a row of a table.
    """

    file: str
    line: int
    prob: float
    true: list[str]
    predicted: list[str]
    text: str = ""
    cells: dict[str, Any] | None = None


class Surest:
    """The surest of many mistakes; of equal ones the first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.found: list[Mistake] = []

    @property
    def least(self) -> float:
        """The probability above which a mistake is one of the surest."""
        if len(self.found) < self.most:
            return -1.0
        return self.found[-1].prob if self.found else 1.0

    def add(self, mistakes: Iterable[Mistake]) -> None:
        """Take mistakes in the order of the lines."""
        self.found = sorted([*self.found, *mistakes], key=lambda one: -one.prob)[: self.most]


def candidates(probs: Any, least: float, most: int) -> list[int]:
    """Return the places of at most ``most`` probabilities above ``least``, in their order.

    They are the largest; of equal ones the first.

    >>> candidates(np.array([0.5, 0.9, 0.5, 0.8], np.float32), 0.4, 3)
    [0, 1, 3]
    """
    places = np.flatnonzero(probs > least)
    best = places[np.argsort(-probs[places], kind="stable")[:most]]
    return sorted(best.tolist())


def mistakes_format(path: str, option: str = "--errors") -> str:
    """Return ``.csv``, ``.tsv`` or ``.jsonl``, by the name of a file.  Raises ArgumentError."""
    found = suffix(path)
    if found not in (*DELIMITERS, ".jsonl"):
        raise ArgumentError(
            f"{option} {path}: the format is not known by the name. Let it end with .csv, .tsv or "
            ".jsonl."
        )
    return found


class MistakesFile:
    """Writes mistakes to a file, the surest first; they wait in a temporary file beside it.

    The original columns of tables stand in the place of the text; with ``with_file`` each row says
    of which file it is.
    """

    def __init__(self, path: str, with_file: bool) -> None:
        self._format = mistakes_format(path)
        self._spool: IO[bytes] = spool(os.path.dirname(os.path.abspath(path)))
        self._with_file = with_file
        self._names: list[str] = []  # the original columns
        self._known: set[str] = set()
        self._has_text = False
        self._probs: list[float] = []
        self._ends: list[int] = [0]

    def add(self, one: Mistake) -> None:
        """Keep a mistake."""
        self._has_text = self._has_text or one.cells is None
        self._names += [name for name in one.cells or () if name not in self._known]
        self._known.update(one.cells or ())
        record = [one.file, one.line, one.prob, one.true, one.predicted, one.text, one.cells]
        data = json.dumps(record, default=str).encode()
        self._spool.write(data)
        self._probs.append(one.prob)
        self._ends.append(self._ends[-1] + len(data))

    def write(self, put: Put) -> int:
        """Write all of them, and return how many there are."""
        order = np.argsort(-np.array(self._probs), kind="stable")
        added = [*(["file"] if self._with_file else []), *FIELDS]
        added += ["text"] if self._has_text or not self._names else []
        taken = set(self._names)
        shown = {name: _free(name, taken) for name in added}
        write = self._rows(put, shown) if self._format in DELIMITERS else _objects(put, shown)
        for i in order.tolist():
            self._spool.seek(self._ends[i])
            write(json.loads(self._spool.read(self._ends[i + 1] - self._ends[i])))
        return len(order)

    def _rows(self, put: Put, shown: dict[str, str]) -> Callable[[list[Any]], None]:
        text = io.StringIO(newline="")
        delimiter = DELIMITERS[self._format]
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")

        def row(cells: list[Any]) -> None:
            writer.writerow(cells)
            put(encoded(text.getvalue()))
            text.seek(0)
            text.truncate()

        def write(record: list[Any]) -> None:
            values = _values(record)
            cells = record[-1] or {}
            own = [BETWEEN.join(x) if isinstance(x := values[name], list) else x for name in shown]
            row([*own, *(as_cell(cells.get(name)) for name in self._names)])

        row([*shown.values(), *self._names])
        return write

    def close(self) -> None:
        """Remove the temporary file."""
        self._spool.close()


def encoded(text: str) -> bytes:
    """Return text as bytes, those that were no UTF-8 as they were; lone surrogates are replaced."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _free(name: str, taken: set[str]) -> str:
    """Return the name of a column, another where the data have it, and take that.

    >>> _free("true", {"true"}), _free("true", {"true", "true_label"}), _free("true", set())
    ('true_label', 'true_label_2', 'true')
    """
    other = OTHER_NAMES[name]
    numbered = (f"{other}_{i}" for i in count(2))
    found = next(one for one in chain([name, other], numbered) if one not in taken)
    taken.add(found)
    return found


def _values(record: list[Any]) -> dict[str, Any]:
    file, line, prob, true, predicted, text, _ = record
    return {
        "file": file,
        "line": line,
        "probability": float(f"{prob:.6g}"),
        "true": true,
        "predicted": predicted,
        "text": text,
    }


def _objects(put: Put, shown: dict[str, str]) -> Callable[[list[Any]], None]:
    def write(record: list[Any]) -> None:
        values, cells = _values(record), record[-1]
        found = {shown[name]: values[name] for name in shown if name != "text" or cells is None}
        data = json.dumps({**found, **(cells or {})}, ensure_ascii=False)
        put(encoded(data) + b"\n")

    return write
