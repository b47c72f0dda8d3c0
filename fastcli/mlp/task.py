"""Whether labels that are numbers are names of classes, or what regression would learn.

The boundary, for labels that are all numbers:

* up to ``FEW`` different ones are classes; where some have fractions, only with ``LEAST_ROWS`` rows
  each on average or with up to ``FRACTIONS`` of them;
* whole numbers from 0 or 1 on are the numbers of classes: up to ``MOST_IDS`` where at least half of
  them are there, more where none is missing, as long as a class has ``LEAST_ROWS`` rows on average;
* up to ``SOME`` other whole numbers are classes;
* anything else, and more than ``FEW`` numbers with fractions, is for a person to decide.

Where there are more than ``FEW``, it is said that they are taken as classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.printable import listed
from fastcli.tables.values import plain_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW, SOME, MOST_IDS = 10, 20, 100
LEAST_ROWS = 2.0
FRACTIONS = 2  # different numbers, some with fractions, are classes however few the rows
NEARLY_ALL = 0.9  # of the different labels, where some are no numbers


def are_classes(numbers: NDArray[np.float64], n_rows: int) -> bool:
    """Tell whether different numbers, float64[n], may be names of classes.

    >>> are_classes(np.arange(100.0), 1000), are_classes(np.arange(1922.0, 2011.0), 100_000)
    (True, False)
    >>> are_classes(np.array([0.5, 1.25, 3.75, 8.5]), 4), are_classes(np.array([1.0, 1.5, 2.0]), 90)
    (False, True)
    """
    n, low, high = len(numbers), numbers.min(), numbers.max()
    is_whole = bool((numbers == np.round(numbers)).all())
    if not is_whole:
        return n <= FEW and (n <= FRACTIONS or n_rows >= LEAST_ROWS * n)
    if n <= FEW:
        return True
    if low in (0, 1):
        span = high - low + 1
        has_most = n == span or (span <= MOST_IDS and 2 * n >= span)
        if has_most and n_rows >= LEAST_ROWS * n:
            return True
    return n <= SOME


def looks_like_numbers(names: Sequence[str], n_rows: int) -> bool:
    """Tell whether labels of so many rows are numbers that would make senseless classes."""
    found = _numbers(names)
    return found is not None and not are_classes(found, n_rows)


def _numbers(names: Sequence[str]) -> NDArray[np.float64] | None:
    """Return the different numbers among labels, None where they are not (nearly) all numbers."""
    found = {value for name in names if (value := plain_float(name)) is not None}
    found = {value for value in found if abs(value) < np.inf}
    if not found or len(found) < NEARLY_ALL * len(names):
        return None
    return np.array(sorted(found))


def check_labels(task: str, names: Sequence[str], counts: NDArray[np.int64], what: str) -> str:
    """Return what to say of labels that are many numbers, "" for none.

    ``counts`` say how many rows have each of ``names``; ``what`` is the file.  Raises DataError
    where they would be senseless as classes, unless the ``task`` is given.
    """
    if task != "auto":
        return ""
    found = _numbers(names)
    if found is None or len(found) < 2:
        return ""
    shown = [name for name in names if plain_float(name) is not None]
    examples = f"{len(found):,} different numbers ({listed(shown[:3])}, ...)"
    if not are_classes(found, int(counts.sum())):
        raise DataError(
            f"{what}: the labels are {examples}. Learn them as numbers with --task regression, or "
            "each as a class of its own with --task classification."
        )
    if len(found) <= FEW:
        return ""
    return f"The labels are {examples}, taken as classes; --task regression learns them as numbers."
