"""Curves as bars in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 48


def sparkline(values: Sequence[float], low: float, high: float, most: int = WIDTH) -> str:
    """Return values as bars between two bounds, one character each; subsampled to fit.

    >>> sparkline([0.0, 0.5, 1.0], 0.0, 1.0)
    '▁▅█'
    """
    step = max(1.0, len(values) / most)
    shown = [values[int(i * step)] for i in range(min(len(values), most))]
    span = (high - low) or 1.0
    return "".join(BARS[round(7 * min(max((v - low) / span, 0.0), 1.0))] for v in shown)
