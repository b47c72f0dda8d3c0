"""What stands before the fractions of a table's numbers, by its first rows: a point or a comma."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fastcli.tables.values import is_decimal_comma, is_number

# Thousands, or a fraction of three digits.
_MAY_BE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def may_be_thousands(cell: str) -> bool:
    """Tell whether the comma of a number may separate thousands.

    >>> may_be_thousands("1,234"), may_be_thousands("0,234"), may_be_thousands("1,5")
    (True, False, False)
    """
    return _MAY_BE_THOUSANDS.fullmatch(cell.strip()) is not None


def points_of(cells: Iterable[str]) -> set[str]:
    """Return what numbers of a column have before their fractions: points, commas, both, neither.

    >>> sorted(points_of(["1,5", "2"])), sorted(points_of(["1.5", "nan"]))
    ([','], ['.'])
    """
    cells = list(cells)
    if any(map(is_decimal_comma, cells)):
        return {","}
    return {"."} if any("." in cell and is_number(cell) for cell in cells) else set()


def point_like(columns: Sequence[Sequence[str]], usual: str) -> str:
    """Return what stands before the fractions of a file's first rows; ``usual`` if nothing tells.

    >>> point_like([["1,5", "2"]], "."), point_like([["1.5"]], ","), point_like([["2"]], ",")
    (',', '.', ',')
    """
    found: set[str] = set()
    for cells in columns:
        sure = [cell for cell in cells if not may_be_thousands(cell)]
        found |= points_of(sure)
    return next(iter(found)) if len(found) == 1 else usual
