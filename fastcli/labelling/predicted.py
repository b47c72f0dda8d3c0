"""What was predicted for some rows: arrays, and the values of the columns that are added."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SURE, UNSURE = 0.9, 0.5  # limits of probability that the summary counts by


class Rounded(float):
    """A number that is written with all its digits, where others have six."""


@dataclass
class Labelled:
    """What was done: rows by the label that they got, and how sure these were.

    Rows are ``without_text``, or ``without_label`` (no word is known, or no label is as probable
    as the threshold), or have a best label.
    """

    added: list[str]
    trained_on: dict[str, int] = field(default_factory=dict)  # how often labels were in training
    renamed: dict[str, str] = field(default_factory=dict)  # added columns whose name was taken
    other_names: list[tuple[int, str]] = field(default_factory=list)  # see names.other_names
    unknown_words: list[str] = field(default_factory=list)  # sentences on tables of such words
    rows: int = 0
    kept: int = 0
    without_text: int = 0
    without_label: int = 0
    sure: int = 0
    unsure: int = 0
    defaulted: int = 0  # rows whose best label was replaced or left out
    unsure_written: int = 0
    flattened: int = 0  # cells whose delimiters and line ends are spaces where there are no quotes
    labels: Counter[str] = field(default_factory=Counter)
    kept_labels: Counter[str] = field(default_factory=Counter)

    def add(self, other: Labelled) -> None:
        """Add what ``other`` did: numbers, counts and sentences; the rest is the same."""
        for one in fields(self):
            ours, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(ours, int | Counter) or one.name == "unknown_words":
                setattr(self, one.name, ours + theirs)
            else:
                setattr(self, one.name, ours or theirs)


@dataclass
class Predicted:
    """The best labels of n rows: row i has ``counts[i]``, from ``i * k`` on, best first.

    ``names`` are those of all labels.  Added are labels, with their probabilities or not, or, with
    ``wide``, the best label and the probabilities of all.  Rows that are ``defaulted`` get
    ``default``, or nothing, in the place of all their labels, beside the probability of the best.
    """

    names: list[str]
    k: int
    counts: NDArray[np.int32]  # [n]
    ids: NDArray[np.int32]  # [n * k]
    probs: NDArray[np.float32]  # [n * k]
    is_empty: NDArray[np.bool_]  # [n]: rows without text
    best: NDArray[np.float32]  # [n]: the probability of the best label, NaN if there is none
    with_probs: bool = True
    wide: bool = False
    defaulted: NDArray[np.bool_] | None = None  # [n]
    default: str | None = None

    def __len__(self) -> int:
        return len(self.counts)

    def of(self, rows: NDArray[np.int64] | None) -> Predicted:
        """Return what was predicted for some of the rows (None: all)."""
        if rows is None:
            return self
        places = (rows[:, None] * self.k + np.arange(self.k)).ravel()
        return replace(
            self,
            counts=self.counts[rows],
            ids=self.ids[places],
            probs=self.probs[places],
            is_empty=self.is_empty[rows],
            best=self.best[rows],
            defaulted=None if self.defaulted is None else self.defaulted[rows],
        )

    @property
    def all_names(self) -> list[str | None]:
        """The names of labels, and the default behind them."""
        return [*self.names, self.default]

    def written(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return how many labels are written of each row, and their ids in ``all_names``."""
        if self.defaulted is None:
            return self.counts, self.ids
        ids = self.ids.copy()
        ids[:: self.k][self.defaulted] = len(self.names)
        return np.where(self.defaulted, 1, self.counts).astype(np.int32), ids

    def values(self) -> list[list[Any]]:
        """Return the values of the added columns of each row; None where there is none."""
        k, found, names = self.k, [], self.all_names
        shown_counts, shown = self.written()
        ids, probs = shown.tolist(), self.probs.astype(np.float64).tolist()
        if self.wide:
            return self._wide_values(shown, probs)
        for row, n in enumerate(shown_counts.tolist()):
            at = row * k
            values: list[Any] = []
            for j in range(at, at + k):
                is_there = j < at + n
                values.append(names[ids[j]] if is_there else None)
                if self.with_probs:
                    values.append(probs[j] if is_there else None)
            found.append(values)
        return found

    def _wide_values(self, shown: NDArray[np.int32], probs: list[float]) -> list[list[Any]]:
        k, names = self.k, self.all_names
        first, ids, found = shown[::k].tolist(), self.ids.tolist(), []
        for row, n in enumerate(self.counts.tolist()):
            at = row * k
            of = dict(zip(ids[at : at + n], probs[at : at + n], strict=True))
            rest = [of.get(i) for i in range(len(self.names))] if self.with_probs else []
            is_there = n or (self.defaulted is not None and self.defaulted[row])
            found.append([names[first[row]] if is_there else None, *rest])
        return found

    def count(self, done: Labelled, kept: NDArray[np.int64] | None) -> None:
        """Add the rows, some of which are kept (None: all), to what was done."""
        counts, ids = self.written()
        first = ids[:: self.k]
        done.rows += len(self)
        done.kept += len(self) if kept is None else len(kept)
        done.without_text += int(self.is_empty.sum())
        done.without_label += int(((counts == 0) & ~self.is_empty).sum())
        done.sure += int((self.best > SURE).sum())
        done.unsure += int((self.best < UNSURE).sum())
        done.defaulted += 0 if self.defaulted is None else int(self.defaulted.sum())
        self._add(done.labels, first[counts > 0])
        if kept is not None:
            self._add(done.kept_labels, first[kept][counts[kept] > 0])

    def _add(self, labels: Counter[str], ids: NDArray[np.int32]) -> None:
        names = self.all_names
        found, counts = np.unique(ids, return_counts=True)
        for i, n in zip(found.tolist(), counts.tolist(), strict=True):
            name = names[i]
            if name is not None:
                labels[name] += n
