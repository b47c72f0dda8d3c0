"""How often training is evaluated: ``2`` is every second epoch, ``500steps`` every 500 steps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.printable import named

LARGEST = 2**31 - 1
PATTERN = re.compile(r"([0-9]{1,10})\s*(|steps?|epochs?)")


@dataclass(frozen=True)
class Interval:
    """So many epochs, or steps: lines in supervised, batches in mlp-train."""

    n: int = 1
    is_steps: bool = False

    def steps(self, steps_per_epoch: int) -> int:
        """Return the steps between two evaluations."""
        return self.n if self.is_steps else self.n * max(steps_per_epoch, 1)

    def never(self, epochs: int) -> str:
        """Return a sentence where so many epochs are more than there are, else ""."""
        if self.is_steps or self.n <= epochs or epochs < 1:
            return ""
        return (
            f"--eval-every {self.n} is {self.n:,} epochs, and training has {epochs:,}: only its "
            f"end is evaluated. For steps give --eval-every {self.n}steps."
        )


def parse_interval(text: str) -> Interval:
    """Parse the value of ``--eval-every``; raises ArgumentError if it is invalid.

    >>> parse_interval("500steps"), parse_interval("")
    (Interval(n=500, is_steps=True), Interval(n=1, is_steps=False))
    """
    if not text.strip():
        return Interval()
    found = PATTERN.fullmatch(text.strip().lower())
    n = int(found[1]) if found else 0
    if found is None or not 1 <= n <= LARGEST:
        raise ArgumentError(
            f"--eval-every must be a number of epochs, such as 2, or of steps, such as 500steps, "
            f"not {named(text)}."
        )
    return Interval(n, found[2].startswith("step"))
