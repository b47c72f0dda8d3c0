"""The weights of rows of a table, as tokens of their lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastcli.tables.values import is_decimal_comma, is_missing
from fastcli.text.line_weights import weight_in


def weight_tokens(cells: Sequence[str], prefix: str) -> tuple[list[bytes], list[int]]:
    """Return the token of each weight, and the numbers of cells that are no weights.

    A cell whose value is missing weighs 1.

    >>> weight_tokens(["2.5", "", "1,5", "-1", "much"], "w:")
    ([b'w:2.5', b'w:1.0', b'w:1.5', b'w:1.0', b'w:1.0'], [3, 4])
    """
    tokens, bad = [], []
    for i, cell in enumerate(cells):
        text = cell.strip()
        text = text.replace(",", ".") if is_decimal_comma(text) else text
        found = 1.0 if is_missing(cell) else weight_in(text.encode("utf-8", "surrogatepass"))
        if math.isnan(found):
            bad.append(i)
            found = 1.0
        tokens.append(f"{prefix}{found!r}".encode())
    return tokens, bad
