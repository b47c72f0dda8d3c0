"""Requirements on a test, such as ``f1macro>=0.9``, for Makefiles and continuous integration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.evaluation.comparison import OPERATORS, divided, holds
from fastcli.evaluation.metric import Metric, parse_metric
from fastcli.printable import shortened

if TYPE_CHECKING:
    from fastcli.evaluation.meter import Meter

WORDS = {">=": "{} or more", "<=": "{} or less", ">": "more than {}", "<": "less than {}"}


@dataclass(frozen=True)
class Requirement:
    """A metric is on one side of a bound."""

    metric: Metric
    operator: str
    bound: float

    def missed(self, meter: Meter, label: int, data: str) -> str:
        """Return a sentence where a test does not meet the requirement, else "".

        ``label`` is the id of the metric's label; ``data`` names what was tested.
        """
        value = self.metric.value(meter, label)
        if holds(value, self.operator, self.bound):
            return ""
        wanted = WORDS[self.operator].format(f"{self.bound:g}")
        what = f"{value:.6g}" if not math.isnan(value) else "undefined (nan)"
        return f"{self.metric.text} is {what} on {data}, and {wanted} is required."


def read_requirement(text: str) -> Requirement:
    """Return the requirement that a text says.

    Raises ArgumentError where there is no operator, no such metric, or no number that can be met.
    """
    what = f"--require {shortened(text)!r}"
    found = divided(text)
    if found is None or not found[0].strip():
        raise ArgumentError(
            f"{what} is not a requirement: give a metric, one of {', '.join(OPERATORS)}, and a "
            "number, in quotes: 'f1macro>=0.9'."
        )
    name, operator, number = found
    metric = parse_metric(name.strip())
    try:
        bound = float(number) if "_" not in number else math.nan
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise ArgumentError(f"{what}: {shortened(number.strip())!r} is not a number.")
    if not metric.needs_losses and not 0 <= bound <= 1:
        meant = f" Was {bound / 100:g} meant?" if 1 < bound <= 100 else ""
        raise ArgumentError(f"{what}: {metric.name} is between 0 and 1.{meant}")
    return Requirement(metric, operator, bound)
