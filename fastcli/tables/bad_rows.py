"""Rows that cannot be used: an error for the first, or they are left out and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fastcli.errors import DataError
from fastcli.printable import excerpt
from fastcli.tables.delimited import OPEN_QUOTE, TEXT_AFTER_QUOTE, Location

MOST_REASONS = 3  # that are named
_QUOTES = "or, if quotes are text, --quotes no"
HINTS = {
    TEXT_AFTER_QUOTE: "Fix it (a quote inside a cell is doubled), skip such rows with --skip-bad, "
    f"{_QUOTES}; if backslashes stand before such quotes, --escape backslash.",
    OPEN_QUOTE: f"Fix it, skip such rows with --skip-bad, {_QUOTES}.",
}
OTHERWISE = "Or take them out with --bad-bytes replace, or such rows with --skip-bad."


def bad_row(place: Location, reason: str, text: str) -> DataError:
    """Return the error of a row that cannot be used, with what can be done about it."""
    shown = excerpt(text)
    what = f": {shown!r}" if shown else ""
    fix = HINTS.get(reason, "Fix it, or skip such rows with --skip-bad.")
    return DataError(f"{place}: {reason}{what}. {fix}")


def left_out(reasons: Counter[str], first: Location | None = None) -> str:
    """Say which rows were left out; the first one's place, if it is known.

    >>> left_out(Counter({"no label": 2, "not an object": 1}), Location("t.csv", 4))
    'Left out: 3 bad rows (2 x no label, 1 x not an object), the first at t.csv:4.'
    >>> left_out(Counter({"no label": 1}))
    'Left out: 1 bad row (no label).'
    """
    n = sum(reasons.values())
    named = [f"{count:,} x {reason}" for reason, count in reasons.most_common(MOST_REASONS)]
    if n == 1:
        named = list(reasons)
    more = ", ..." if len(reasons) > MOST_REASONS else ""
    place = f", the first at {first}" if first else ""
    return f"Left out: {n:,} bad row{'s'[: n != 1]} ({', '.join(named)}{more}){place}."


@dataclass
class BadRows:
    """What is done with rows that cannot be used; called with the place, reason and text of one.

    Unless ``skips`` that raises DataError.
    """

    skips: bool = False
    reasons: Counter[str] = field(default_factory=Counter)
    first: Location | None = None

    def __call__(self, place: Location, reason: str, text: str) -> None:
        """Count a row, or raise DataError."""
        if not self.skips:
            raise bad_row(place, reason, text)
        first = self.first
        if first is None or (place.path == first.path and place.line < first.line):
            self.first = place
        self.reasons[reason] += 1

    def sentence(self) -> str:
        """Say what was left out; "" for nothing."""
        return left_out(self.reasons, self.first) if self.reasons else ""
