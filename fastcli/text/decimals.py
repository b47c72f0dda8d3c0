"""Fields of a text as float64, exactly as Python's ``float`` reads them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.text.decimals import (
    EXACT,
    HALF,
    HALF_BITS,
    LEAST_TEN,
    MOST_TEN,
    UNDECIDED,
    Power,
    read_decimals,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F64, I64, U8, Records


@cache
def powers_of_ten() -> Records[Power]:
    """Return the powers of ten from ``LEAST_TEN`` to ``MOST_TEN``, made of exact integers."""
    table = Power.table(MOST_TEN - LEAST_TEN + 1)
    for n in range(LEAST_TEN, MOST_TEN + 1):
        # A division by 10**-n leaves more than the bits that are kept.
        shift = 2 * HALF_BITS + (10**-n).bit_length() if n < 0 else 0
        value = (1 << shift) // 10**-n if n < 0 else 10**n
        cut = value.bit_length() - 2 * HALF_BITS
        leading = value >> cut if cut > 0 else value << -cut
        row = table[n - LEAST_TEN]
        row.high, row.low, row.exponent = leading >> HALF_BITS, leading & HALF, cut - shift
    return table


def read_fields(text: U8, starts: I64, ends: I64, point: str = ".") -> tuple[F64, U8]:
    """Return the numbers ``text[starts[i]:ends[i]]``, float64 [n], and what they are, uint8 [n].

    That is ``EXACT``, ``EMPTY`` or ``NOT_A_NUMBER`` (``kernels.text.decimals``); the last two have
    the value NaN.  ``point``: the character before the fraction.
    """
    n = len(starts)
    values, status = np.empty(n), np.empty(n, np.uint8)
    if read_decimals(text, starts, ends, n, ord(point), powers_of_ten(), values, status):
        for i in np.flatnonzero(status == UNDECIDED).tolist():
            field = text[starts[i] : ends[i]].tobytes().decode("ascii")
            values[i], status[i] = float(field.replace(point, ".")), EXACT
    return values, status
