"""What was predicted for some rows: arrays, and the values of the columns that are added."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURE, UNSURE = 0.9, 0.5  # limits of probability that the summary counts by


@dataclass
class Labelled:
    """What was done: rows by their best label, and how sure these were."""

    added: list[str]
    rows: int = 0
    without_text: int = 0
    sure: int = 0
    unsure: int = 0
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, other: Labelled) -> None:
        """Add what was done elsewhere: numbers and counts are added up, the rest is the same."""
        for one in fields(self):
            ours, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(ours, int | Counter):
                setattr(self, one.name, ours + theirs)
            else:
                setattr(self, one.name, ours or theirs)


@dataclass
class Predicted:
    """The best labels of n rows: row i has ``counts[i]``, from ``i * k`` on, best first.

    ``names`` are those of all labels.  Added are labels, with their probabilities or not, or, with
    ``wide``, the best label and the probabilities of all.
    """

    names: list[str]
    k: int
    counts: NDArray[np.int32]  # [n]
    ids: NDArray[np.int32]  # [n * k]
    probs: NDArray[np.float32]  # [n * k]
    n_empty: int = 0  # rows without text
    with_probs: bool = True
    wide: bool = False

    def values(self) -> list[list[Any]]:
        """Return the values of the added columns of each row; None where there is none."""
        k, found = self.k, []
        ids, probs = self.ids.tolist(), self.probs.astype(np.float64).tolist()
        for row, n in enumerate(self.counts.tolist()):
            at = row * k
            if self.wide:
                of = dict(zip(ids[at : at + n], probs[at : at + n], strict=True))
                rest = [of.get(i) for i in range(len(self.names))] if self.with_probs else []
                found.append([self.names[ids[at]] if n else None, *rest])
                continue
            values: list[Any] = []
            for j in range(at, at + k):
                is_there = j < at + n
                values.append(self.names[ids[j]] if is_there else None)
                if self.with_probs:
                    values.append(probs[j] if is_there else None)
            found.append(values)
        return found

    def count(self, done: Labelled) -> None:
        """Add the rows to what was done."""
        has_label = self.counts > 0
        best = self.ids[:: self.k][has_label]
        probs = self.probs[:: self.k][has_label]
        done.rows += len(self.counts)
        done.without_text += self.n_empty
        done.sure += int((probs > SURE).sum())
        done.unsure += int((probs < UNSURE).sum())
        for i, n in enumerate(np.bincount(best, minlength=len(self.names)).tolist()):
            if n:
                done.labels[self.names[i]] += n
