"""Comparisons as people write them: a name, an operator and a number, such as ``f1macro>=0.9``."""

from __future__ import annotations

import re

OPERATORS = (">=", "<=", ">", "<")
# Whatever is before the last operator is the name, which may contain such characters.
COMPARISON = re.compile(r"(.*?)(>=|<=|>|<)([^<>]*)", re.DOTALL)


def divided(text: str) -> tuple[str, str, str] | None:
    """Return what stands before the last operator, the operator, and what is behind it.

    None if there is no operator.

    >>> divided("a>=b>=0.9"), divided("f1")
    (('a>=b', '>=', '0.9'), None)
    """
    found = COMPARISON.fullmatch(text)
    return None if found is None else (found[1], found[2], found[3])


def holds(value: float, operator: str, bound: float) -> bool:
    """Tell whether a comparison holds; NaN never does.

    >>> holds(0.9, ">=", 0.9), holds(0.9, "<", 0.9), holds(float("nan"), "<", 1)
    (True, False, False)
    """
    if operator == ">=":
        return value >= bound
    if operator == "<=":
        return value <= bound
    return value > bound if operator == ">" else value < bound
