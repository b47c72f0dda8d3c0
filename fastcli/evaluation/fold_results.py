"""What is measured on the folds of a cross-validation, and their mean and deviation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """What was measured on the lines that a fold left out, as ``test`` measures.

    ``fold`` counts from 1 on; ``n_test`` of the lines left out have a label and a token that the
    model knows.
    """

    fold: int
    n_folds: int
    n_train: int
    n_test: int
    accuracy: float = NAN
    f1macro: float = NAN
    f1weighted: float = NAN
    loss: float
    monitored: float = NAN  # the value of --monitor
    seconds: float = NAN
    rmse: float = NAN  # of regression, instead of accuracy and F1
    mae: float = NAN
    r2: float = NAN

    def as_json(self, metric: str = "") -> dict[str, Any]:
        """Return it as a line of a log, with its ``metric``; what was not measured is left out."""
        names = {"n_folds": "folds", "n_train": "lines_trained", "n_test": "lines_measured"}
        found = {names.get(k, k): v for k, v in vars(self).items() if v == v}
        return {**found, **({"monitor": metric} if metric else {})}


@dataclass(kw_only=True)
class CrossValidation:
    """What has been measured so far; ``metric`` is the name of what --monitor asks for.

    ``n_lines`` is 0 until all folds are measured, then how many lines they had.
    """

    metric: str
    of_numbers: bool = False
    results: list[FoldResult] = field(default_factory=list)
    n_lines: int = 0


class Spread(NamedTuple):
    """Mean and standard deviation over folds (of a sample: n - 1), of those with a value."""

    mean: float
    deviation: float


def spread(results: Iterable[FoldResult], name: str) -> Spread:
    """Return mean and deviation of what was measured; NaN where there is too little.

    >>> spread([], "accuracy").mean
    nan
    """
    values = [value for one in results if math.isfinite(value := getattr(one, name))]
    mean = math.fsum(values) / len(values) if values else NAN
    squares = math.fsum((value - mean) ** 2 for value in values)
    return Spread(mean, math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else NAN)
