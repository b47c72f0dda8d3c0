"""The targets of regression: their names, the scale that they are learned on, and numbers as text.

Targets are read in float64, learned as (target - mean) / deviation in float32, and predictions
carried back in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import DataError
from fastcli.evaluation.regression import losses_of
from fastcli.printable import listed
from fastcli.tables.values import LARGEST, plain_float, shortest, why_no_target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.regression import Measure
    from fastcli.tables.coded import Coded

DIGITS = 6  # of a target's deviation, that predictions are printed with


@dataclass(frozen=True)
class Targets:
    """The targets of a model: ``mean`` and ``deviation`` float64[targets] are those of training."""

    names: list[str]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @property
    def encoded(self) -> list[bytes]:
        """The names as bytes."""
        return [name.encode("utf-8", "surrogateescape") for name in self.names]

    @classmethod
    def fitted(cls, names: Sequence[str], values: NDArray[np.float64]) -> Targets:
        """Return the targets of training rows, float64[n, targets].

        A target that is always the same keeps its distances: its deviation is taken as 1.
        """
        low, high = values.min(axis=0), values.max(axis=0)
        middle, half = low / 2 + high / 2, high / 2 - low / 2  # sums of large numbers stay finite
        half = np.where(half > 0, half, 1.0)
        within = (values - middle) / half
        mean = within.mean(axis=0)
        deviation = half * np.sqrt(np.square(within - mean).mean(axis=0))
        is_same = (high == low) | ~(deviation > 1 / LARGEST)
        mean = np.where(is_same, low, middle + half * mean)
        return cls(list(names), mean, np.where(is_same, 1.0, deviation))

    def standardize(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return targets on the scale that is learned, float32[n * targets], flat."""
        with np.errstate(over="ignore"):
            found = ((values - self.mean) / self.deviation).astype(np.float32)
        return np.ascontiguousarray(found).reshape(-1)

    def restore(self, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return outputs of the network, [n, targets], in the units of the targets, float64."""
        return np.asarray(outputs.astype(np.float64) * self.deviation + self.mean)

    def errors(
        self, targets: NDArray[np.float64], predicted: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the errors of predictions on the scale that is learned."""
        with np.errstate(over="ignore", invalid="ignore"):  # of a file of any deviations
            return np.asarray((predicted - targets) / self.deviation)

    def losses(self, loss: int, delta: float) -> Measure:
        """Return what measures the losses of rows: the mean over their targets."""
        return lambda targets, predicted: losses_of(
            self.errors(targets, predicted), loss, delta
        ).mean(axis=1)

    def texts(self, values: NDArray[np.float64]) -> list[list[str]]:
        """Return predictions as they are printed."""
        return [list(map(shortest, row)) for row in self.rounded(values).tolist()]

    def rounded(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return predictions, [n, targets], to the sixth digit of the target's deviation."""
        places = [DIGITS - 1 - math.floor(math.log10(one)) for one in self.deviation.tolist()]
        found = [
            [round(value, max(digits, 0)) if value == value else value for value in column]
            for digits, column in zip(places, values.T.tolist(), strict=True)
        ]
        return np.array(found, np.float64).reshape(len(places), -1).T.copy()


def target_names(n: int) -> list[str]:
    """Return names of targets that have none.

    >>> target_names(1), target_names(2)
    (['target'], ['target1', 'target2'])
    """
    return ["target"] if n == 1 else [f"target{i + 1}" for i in range(n)]


def constant_note(targets: Targets, values: NDArray[np.float64]) -> str:
    """Say which targets are always the same, so that there is nothing to learn; "" for none."""
    is_same = (values.max(axis=0) == values.min(axis=0)).tolist()
    names = [name for name, same in zip(targets.names, is_same, strict=True) if same]
    if not names:
        return ""
    which, them = ("target", "it") if len(names) == 1 else ("targets", "them")
    return (
        f"The {which} {listed(names)} {'is' if len(names) == 1 else 'are'} the same in every "
        f"training line: there is nothing to learn about {them}."
    )


def numbers_in(cell: Any) -> list[float] | None:
    """Return the numbers of a cell, a list or with commas between them; None for anything else.

    >>> numbers_in("1.5,-2"), numbers_in(("3", "1")), numbers_in("a")
    ([1.5, -2.0], [3.0, 1.0], None)
    """
    parts = cell if isinstance(cell, tuple) else str(cell).split(",")
    found = [plain_float(part) for part in parts]
    if any(one is None or not abs(one) <= LARGEST for one in found):
        return None
    return [one for one in found if one is not None]


def numbers_of(cells: Coded, n_targets: int) -> NDArray[np.float64]:
    """Return the numbers of cells, float64[n, targets]; NaN for those that have other ones."""
    table = np.full((len(cells.values), n_targets), np.nan)
    for i, cell in enumerate(cells.values):
        found = numbers_in(cell)
        if found is not None and len(found) == n_targets:
            table[i] = found
    return table[cells.codes] if len(cells.values) else np.full((len(cells), n_targets), np.nan)


def counted_numbers(n: int) -> str:
    """Return how many numbers there are, in words.

    >>> counted_numbers(1), counted_numbers(2)
    ('one number', '2 numbers')
    """
    return "one number" if n == 1 else f"{n:,} numbers"


def not_a_target(place: str, cell: Any, n_targets: int) -> DataError:
    """Return the error of what is no target, or another number of targets, at a place."""
    if not cell:
        return DataError(f"{place}: the target is missing.")
    found = numbers_in(cell)
    if found is not None:
        what = f"{counted_numbers(len(found))}, and the first has {counted_numbers(n_targets)}"
    else:
        text = " ".join(cell) if isinstance(cell, tuple) else str(cell)
        parts = cell if isinstance(cell, tuple) else text.split(",")
        what = next(filter(None, map(why_no_target, parts)), "it is missing")
    return DataError(f"{place}: target: {what}.")
