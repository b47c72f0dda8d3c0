"""Figures as objects of JSON have them: the digits of a float32, and none that is not finite."""

from __future__ import annotations

import math
from typing import Any

DIGITS = 9  # so many tell every float32 from all others


def number(value: float) -> float | None:
    """Return a number as JSON shows it: 9 significant digits; None (null) if not finite.

    >>> number(1 / 3), number(1.2345678949e-12), number(float("nan"))
    (0.333333333, 1.23456789e-12, None)
    """
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def numbers(value: Any) -> Any:
    """Return an object whose floats are as ``number`` gives them; NaN becomes None."""
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return {key: numbers(one) for key, one in value.items()}
    return list(map(numbers, value)) if isinstance(value, list) else value
