"""The weights of rows of a table, as tokens of their lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastcli.tables.values import is_decimal_comma, plain_float


def weight_tokens(cells: Sequence[str], prefix: str) -> tuple[list[bytes], list[int]]:
    """Return the token of each weight, and the numbers of cells that are no weights.

    A cell without anything weighs 1.

    >>> weight_tokens(["2.5", "", "1,5", "-1", "much"], "w:")
    ([b'w:2.5', b'w:1.0', b'w:1.5', b'w:1.0', b'w:1.0'], [3, 4])
    """
    tokens, bad = [], []
    for i, cell in enumerate(cells):
        found = _weight(cell)
        if found is None:
            bad.append(i)
        tokens.append(f"{prefix}{1.0 if found is None else found!r}".encode())
    return tokens, bad


def _weight(cell: str) -> float | None:
    """Return the weight that a cell is, None for none."""
    text = cell.strip()
    if not text:
        return 1.0
    found = plain_float(text.replace(",", ".") if is_decimal_comma(text) else text)
    return found if found is not None and 0 <= found < math.inf else None
