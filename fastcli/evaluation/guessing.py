"""Whether a classifier is better than guessing, by the lines that it was measured on.

The one rule for the end of training and for the report of a test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.meter import Meter

LEARNED = 1 / 3  # of the way from guessing to all right: with more than that, much was learned
FEWEST = 10  # lines: of less nothing can be said


@dataclass(frozen=True)
class Guessing:
    """What guessing would have reached on the lines that a meter counted."""

    meter: Meter

    @property
    def share(self) -> float:
        """The accuracy of always the most frequent label; NaN without lines."""
        n = self.meter.n
        return float(self.meter.gold.max(initial=0)) / n if n else math.nan

    @property
    def surely_better(self) -> float:
        """The accuracy above which a model is surely better: two standard errors above."""
        share, n = self.share, self.meter.n
        return min(share + 2 * math.sqrt(share * (1 - share) / n), 0.99) if n else math.nan

    @property
    def lift(self) -> float:
        """How far accuracy or macro F1, whichever is further, got from guessing (0) to 1.

        Guessing has a macro F1 of one over the number of labels.  0 without lines, or with one
        label there.
        """
        if not self.share < 1:
            return 0.0
        n_labels = int(np.count_nonzero(self.meter.gold + self.meter.predicted))
        return max(
            lift(self.meter.accuracy, self.share), lift(self.meter.macro_f1, 1 / max(n_labels, 2))
        )

    @property
    def is_no_better(self) -> bool:
        """Whether the accuracy is at most that of guessing."""
        return self.meter.accuracy <= self.share

    @property
    def is_at_chance(self) -> bool:
        """Whether accuracy is not surely better, and macro F1 is not either.

        Where all lines have one label, nothing can be said.
        """
        if self.meter.n < FEWEST or not self.share < 1 or self.lift > LEARNED:
            return False
        return self.meter.accuracy <= self.surely_better

    def represents(self, label_counts: NDArray[np.int64]) -> bool:
        """Whether the lines have the labels of at least half of the training lines.

        ``label_counts`` int64[labels] says how many training lines have each label.
        """
        counted = int(label_counts[self.meter.gold > 0].sum())
        return 2 * counted >= int(label_counts.sum())


def lift(score: float, guessing: float) -> float:
    """Return how far a score got from that of guessing (0) to 1.

    >>> lift(0.75, 0.5)
    0.5
    """
    return (score - guessing) / (1 - guessing)
