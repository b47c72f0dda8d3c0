"""Requirements on a test, such as ``f1macro>=0.9``, for Makefiles and continuous integration."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.evaluation.comparison import OPERATORS, divided, holds
from fastcli.evaluation.metric import Metric, parse_metric
from fastcli.printable import named, shortened

if TYPE_CHECKING:
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.regression import RegressionMeter

WORDS = {">=": "{} or more", "<=": "{} or less", ">": "more than {}", "<": "less than {}"}


@dataclass(frozen=True)
class Requirement:
    """A metric is on one side of a bound."""

    metric: Metric
    operator: str
    bound: float

    def missed(self, meter: Meter | RegressionMeter, label: int, data: str) -> str:
        """Return a sentence where a test does not meet the requirement, else "".

        ``label`` is the id of the metric's label; ``data`` names what was tested.
        """
        value = self.metric.value(meter, label)
        if holds(value, self.operator, self.bound):
            return ""
        what, bound = told_apart(value, self.bound)
        wanted = WORDS[self.operator].format(bound)
        if math.isnan(value):
            is_absent = label >= 0  # else there are no lines, or no scores
            why = f", since no line has the label {named(self.metric.label)}" if is_absent else ""
            what = f"undefined (nan{why})"
        return f"{self.metric.text} is {what} on {data}, and {wanted} is required."


def told_apart(value: float, bound: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes for different ones to look different.

    >>> told_apart(0.92, 0.92000001), told_apart(0.5, 0.9), told_apart(0.9, 0.9)
    (('0.92', '0.92000001'), ('0.5', '0.9'), ('0.9', '0.9'))
    """
    for digits in range(6, 18):
        texts = f"{value:.{digits}g}", f"{bound:.{digits}g}"
        if texts[0] != texts[1] or value == bound:
            break
    return texts


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
    if "," in text and all(divided(part) is not None for part in text.split(",")):
        parts = " ".join(f"--require {shlex.quote(part.strip())}" for part in text.split(","))
        raise ArgumentError(f"{what}: give each requirement with an option of its own: {parts}.")
    if name.rstrip().endswith("="):
        raise ArgumentError(
            f"{what}: was {name.strip()[:-1].rstrip()}{operator}={number.strip()} meant? The "
            f"operators are {', '.join(OPERATORS)}."
        )
    try:
        metric = parse_metric(name.strip())
    except ArgumentError as error:
        raise ArgumentError(f"{what}: {error}") from None
    try:
        bound = float(number) if "_" not in number else math.nan
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise ArgumentError(f"{what}: {shortened(number.strip())!r} is not a number.")
    if metric.is_share and not 0 <= bound <= 1:
        meant = f" Was {bound / 100:g} meant?" if 1 < bound <= 100 else ""
        raise ArgumentError(f"{what}: {metric.name} is between 0 and 1.{meant}")
    return Requirement(metric, operator, bound)
