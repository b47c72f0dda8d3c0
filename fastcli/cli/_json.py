"""The output of ``--json``: one object per line, numbers with the digits of a float32."""

from __future__ import annotations

import json
import math
from typing import Any

from fastcli.printable import encodable

DIGITS = 9  # so many tell every float32 from all others


def number(value: float) -> float | None:
    """Return a number as JSON shows it: 9 significant digits; None (null) if not finite.

    >>> number(1 / 3), number(1.2345678949e-12), number(float("nan"))
    (0.333333333, 1.23456789e-12, None)
    """
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def line(answer: dict[str, Any]) -> bytes:
    """Return an object as a line of JSON; bytes that are not UTF-8 are shown as ``\\xff``."""
    try:
        return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(_encodable(answer), ensure_ascii=False).encode() + b"\n"


def _encodable(value: Any) -> Any:
    """Return a value whose texts have no lone surrogates."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(key): _encodable(one) for key, one in value.items()}
    return list(map(_encodable, value)) if isinstance(value, list | tuple) else value
