"""Mistakes of a test: the surest few for the screen, and a file of all, the surest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.labelling.located_rows import LocatedRows
from fastcli.labelling.outputs import Put

if TYPE_CHECKING:
    from collections.abc import Iterable

OPTION = "--errors"
FIELDS = ("line", "probability", "true", "predicted")


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

    @property
    def probability(self) -> float:
        """How sure the model was of what is wrong."""
        return self.prob


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


class MistakesFile:
    """Writes mistakes to a file, the surest first; they wait in a temporary file beside it.

    The original columns of tables stand in the place of the text; with ``with_file`` each row says
    of which file it is.
    """

    def __init__(self, path: str, with_file: bool) -> None:
        self._fields = [*(["file"] if with_file else []), *FIELDS]
        self._rows = LocatedRows(path, OPTION, self._fields)
        self._probs: list[float] = []

    def add(self, one: Mistake) -> None:
        """Keep a mistake."""
        values = {**vars(one), "probability": one.prob}
        self._rows.add([values[name] for name in self._fields], one.text, one.cells)
        self._probs.append(one.prob)

    def write(self, put: Put) -> int:
        """Write all of them, and return how many there are."""
        order = np.argsort(-np.array(self._probs), kind="stable")
        return self._rows.write(put, order.tolist())

    def close(self) -> None:
        """Remove the temporary file."""
        self._rows.close()
