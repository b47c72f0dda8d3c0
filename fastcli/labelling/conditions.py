"""Conditions on the probability of a label: ``pos>=0.9``."""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.evaluation.comparison import OPERATORS, divided
from fastcli.printable import shortened
from fastcli.tables.values import plain_float


@dataclass(frozen=True)
class Condition:
    """The probability of a label is on one side of a bound."""

    label: str
    operator: str
    bound: float

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{self.bound:g}"


def read_condition(text: str) -> Condition:
    """Return the condition that a text says, divided at its last operator.

    Raises ArgumentError where there is no operator or no probability behind it.

    >>> read_condition("a>=b>=0.9")
    Condition(label='a>=b', operator='>=', bound=0.9)
    """
    found = divided(text)
    if found is None or not found[0].strip():
        raise ArgumentError(
            f"--keep {shortened(text)!r} is not a condition: give a label, one of "
            f"{', '.join(OPERATORS)}, and a probability, such as 'pos>=0.9'."
        )
    label, operator, bound = found
    return Condition(label, operator, read_probability(bound, f"--keep {shortened(text)!r}"))


def read_probability(text: str, what: str) -> float:
    """Return a number from 0 to 1.  Raises ArgumentError for anything else; ``what`` is its option.

    >>> read_probability(" 0.9", "--keep")
    0.9
    """
    value = plain_float(text)
    if value is None or not 0.0 <= value <= 1.0:
        raise ArgumentError(
            f"{what}: {shortened(text.strip())!r} is not a probability, a number from 0 to 1."
        )
    return value
