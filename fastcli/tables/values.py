"""What the cells of a table are: numbers, dates, nothing."""

from __future__ import annotations

import re
from math import isfinite

from fastcli.printable import named

# What tools write for a value that is not there; compared in lower case.
MISSING = frozenset(
    ("", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a", "<na>", "nat")
)
LARGEST = 1e300  # what float64 holds with room for differences
_WHOLE = re.compile(r"([+-]?)(0|[1-9][0-9]*)(?:\.0+)?")
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d{1,2} [A-Za-z]{3,9} \d{4}|[A-Za-z]{3,9} \d{1,2}, \d{4}|\d{4}年\d{1,2}月\d{1,2}日)"
    r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?(?:Z|\s?[+-]\d{2}:?\d{2})?)?"
)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def is_missing(cell: str) -> bool:
    """Tell whether a cell stands for a value that is not there."""
    return cell.strip().lower() in MISSING


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number, NaN and infinity included."""
    return plain_float(cell) is not None or is_decimal_comma(cell)


def plain_float(text: str) -> float | None:
    """Return the number that a text is, None for none: ``1_0`` and other scripts' digits are none.

    >>> plain_float(" -1.5e3 "), plain_float("1_0"), plain_float("\u0663")
    (-1500.0, None, None)
    """
    if "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def why_no_target(text: str) -> str:
    """Return why a text is not a number that can be learned, "" for one that is.

    >>> why_no_target("1e5"), why_no_target("1e308"), why_no_target("a")
    ('', '1e308 is too large', 'a is not a number')
    """
    if not text:
        return "it is missing"
    value = plain_float(text)
    if value is None or not isfinite(value):
        return f"{named(text)} is not a number"
    return "" if abs(value) <= LARGEST else f"{named(text)} is too large"


def is_decimal_comma(cell: str) -> bool:
    """Tell whether a cell is a number with a decimal comma, such as ``-1,5``."""
    return _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def is_date(cell: str) -> bool:
    """Tell whether a cell is a date, perhaps with a time."""
    return _DATE.fullmatch(cell.strip()) is not None


def whole_number(cell: str) -> str | None:
    """Return the shortest form of a whole number, or None: of ``1.0`` and ``+1`` it is ``1``.

    Text with leading zeros, such as ``01``, is not a number but a name made of digits.

    >>> whole_number("-1.0"), whole_number("1.10"), whole_number("01")
    ('-1', None, None)
    """
    found = _WHOLE.fullmatch(cell)
    if found is None:
        return None
    return "-" * (found[1] == "-" and found[2] != "0") + found[2]


def shortest(value: float) -> str:
    """Return the shortest text of a number, of whole ones without a decimal point.

    >>> shortest(2.50), shortest(-1.0)
    ('2.5', '-1')
    """
    is_whole = abs(value) < 1e15 and value == int(value)  # infinity is no integer
    return str(int(value)) if is_whole else repr(value)
