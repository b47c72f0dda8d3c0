"""Conditions on the probability of a label: ``pos>=0.9``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.evaluation.comparison import OPERATORS, divided
from fastcli.printable import listed, named, shortened
from fastcli.tables.values import plain_float

NEAREST = 3  # labels that an error proposes


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


def label_of(name: str, tokens: Sequence[str], shown: Sequence[str], prefix: str) -> int:
    """Return the id of the label that a name stands for.

    It is the label's name in the data, its token (``__label__pos``), or the token without the
    prefix; spaces around it count only where a label has them.  Raises ArgumentError for an unknown
    name, with the nearest, and for one that several labels have.
    """
    for one in dict.fromkeys([name, name.strip()]):
        if shown.count(one) > 1:
            same = [token for token, found in zip(tokens, shown, strict=True) if found == one]
            raise ArgumentError(
                f"--keep: {named(one)} is the name of several labels. Give one of {listed(same)}."
            )
        for known, sought in ((shown, one), (tokens, one), (tokens, prefix + one)):
            if sought in known:
                return known.index(sought)
    raise ArgumentError(
        f"--keep: the model has no label {named(name.strip())}. {_near(name.strip(), shown)}"
    )


def _near(name: str, known: Sequence[str]) -> str:
    """Return a sentence with the labels that are most like a name, or the first of all."""
    import difflib

    by_lower: Mapping[str, str] = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name[:60].lower(), by_lower, n=NEAREST, cutoff=0.5)
    if close:
        return f"Closest: {listed([by_lower[one] for one in close])}."
    return f"Its labels: {listed(known)}."
