"""The output of ``--json``: one object per line, numbers with the digits of a float32."""

from __future__ import annotations

import json
import math
from typing import Any

DIGITS = 9  # so many tell every float32 from all others


def number(value: float) -> float | None:
    """Return a number as JSON shows it: 9 significant digits; None (null) if not finite.

    >>> number(1 / 3), number(1.2345678949e-12), number(float("nan"))
    (0.333333333, 1.23456789e-12, None)
    """
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def line(answer: dict[str, Any]) -> bytes:
    """Return an object as a line of JSON."""
    return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
