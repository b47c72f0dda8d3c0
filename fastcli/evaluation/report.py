"""The figures of a report: what follows from the counts of a tally, by scikit-learn's rules.

Averages are over the labels that occur in the file or were predicted; what has nothing to divide
by is 0 in them, as in scikit-learn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.meter import (
    Averages,
    macro_average,
    micro_average,
    scores_by_label,
    weighted_average,
)
from fastcli.evaluation.tally import Tally
from fastcli.text.alike import label_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEMA = 1  # of the JSON: its version
Z95 = 1.959963984540054  # the normal distribution's 97.5th percentile
OURS = "fastcli"  # the key of what scikit-learn does not have
RESERVED = {"accuracy", "file", "files", OURS} | {
    f"{kind} avg" for kind in ("micro", "macro", "weighted", "samples")
}
NOTHING = "(nothing)"  # no label, in tables of confusions
NAN = float("nan")


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, by Wilson's score (1927); NaN without lines.

    >>> [round(x, 3) for x in wilson(1126, 1215)]
    [0.911, 0.94]
    """
    if n == 0:
        return NAN, NAN
    p, z2 = right / n, Z95 * Z95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Mistakes between labels that people take for one, such as ``Spam`` and ``spam``.

    ``accuracy`` is that if they were one; NaN where lines do not have, and get, one label each.
    """

    groups: list[list[str]]
    mistakes: int
    accuracy: float


class Report:
    """The figures of some lines; ``names`` are the labels as a person knows them."""

    def __init__(self, tally: Tally, names: Sequence[str]) -> None:
        self.tally, self.names = tally, list(names)
        self.sums, self.meter = tally.sums, tally.meter
        self.gold, self.predicted, self.right = self.counts = tally.counts

    # ------------------------------------------------------------------ kinds

    @property
    def n(self) -> int:
        """The lines that count."""
        return self.sums.n

    @property
    def is_single(self) -> bool:
        """Whether each line has one label, and got one."""
        return self.sums.n_single == self.n

    @property
    def is_multilabel(self) -> bool:
        """Whether some lines have several labels."""
        return self.sums.n_multilabel > 0

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """Which labels are in the file or were predicted: bool [labels]."""
        return (self.gold + self.predicted) > 0

    @cached_property
    def order(self) -> list[int]:
        """The ids of the labels that were seen, the most frequent first."""
        found = np.lexsort((-self.predicted, -self.gold))
        return [int(i) for i in found if self.seen[i]]

    def chosen(self, most: int) -> list[int]:
        """Return at most so many of the labels, the most frequent first.

        Of more those that have the most mistakes are left: they show what goes wrong.
        """
        order = self.order
        if len(order) <= most:
            return order
        wrong = self.gold + self.predicted - 2 * self.right
        kept = set(sorted(order, key=lambda i: -int(wrong[i]))[:most])
        return [i for i in order if i in kept]

    # ------------------------------------------------------------------ labels

    @cached_property
    def label_scores(self) -> tuple[NDArray[np.float64], ...]:
        """Precision, recall and F1 of each label, 0 where there is nothing to divide by."""
        return scores_by_label(*self.counts)

    @cached_property
    def confusions(self) -> dict[int, list[tuple[int, int]]]:
        """Of each true label the others that it was taken for, and how often, most often first.

        ``len(names)`` stands for none.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        true, other, counts = self.tally.confusions()
        for i in np.lexsort((other, -counts, true)).tolist():
            found.setdefault(int(true[i]), []).append((int(other[i]), int(counts[i])))
        return found

    def mostly(self, label: int) -> tuple[int, int] | None:
        """Return what a label is mostly taken for, and how often; None if for nothing."""
        return next(iter(self.confusions.get(label, [])), None)

    # ------------------------------------------------------------------ averages

    @property
    def micro(self) -> Averages:
        """Over all labels of all lines."""
        return _or_zero(micro_average(*self.counts))

    @property
    def macro(self) -> Averages:
        """The mean of the labels that were seen."""
        return _or_zero(macro_average(*self.counts))

    @property
    def weighted(self) -> Averages:
        """The mean of the labels by how many lines have them."""
        return _or_zero(weighted_average(*self.counts))

    @property
    def samples(self) -> Averages:
        """The mean of the lines."""
        sums = self.sums
        return Averages(*(_ratio(x, self.n) for x in (sums.precision, sums.recall, sums.f1)))

    # ------------------------------------------------------------------ lines

    @property
    def accuracy(self) -> float:
        """The share of lines whose best label is one of theirs."""
        return self._share(self.sums.n_first_right)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson(self.sums.n_first_right, self.n)

    @property
    def largest(self) -> tuple[int, float]:
        """The most frequent label, -1 without lines, and the accuracy of always saying it."""
        if self.n == 0:
            return -1, NAN
        label = int(self.gold.argmax())
        return label, int(self.gold[label]) / self.n

    @property
    def top(self) -> tuple[int, float]:
        """How many best labels are looked at, and the share of lines with one of theirs there."""
        return self.tally.top, self._share(self.sums.n_top_right)

    @property
    def exact_match(self) -> float:
        """The share of lines that got just their labels."""
        return self._share(self.sums.n_exact)

    @property
    def hamming_loss(self) -> float:
        """The share of wrong decisions, of one for each line and label."""
        return self._share(self.sums.n_unlike) / max(len(self.names), 1)

    @property
    def log_loss(self) -> float:
        """-ln p of a line's label; of labels decided one by one, the mean over all of them."""
        return self.meter.log_loss

    @property
    def brier(self) -> float:
        """The mean squared error of probabilities, summed over the labels of a line.

        It is halved where one of two labels is right, and divided by the number of labels where
        they are decided one by one, as scikit-learn's ``brier_score_loss`` has it.
        """
        n = len(self.names)
        parts = n if not self.tally.sums_to_one or n == 2 else 1
        return self._share(self.sums.brier) / max(parts, 1)

    @property
    def calibration_error(self) -> float:
        """The expected calibration error of the best label."""
        return self.tally.calibration.error

    def _share(self, value: float) -> float:
        return value / self.n if self.n else NAN

    @property
    def ranking_precision(self) -> float:
        """Label-ranking average precision; see ``tally``."""
        return self._share(self.sums.ranking)

    @cached_property
    def average_precision(self) -> tuple[float, float] | None:
        """Average precision over all labels (micro), and the mean of those in the file (macro).

        As scikit-learn's ``average_precision_score``.  None where the probabilities are too many to
        be kept.
        """
        codes = self.tally.codes
        if codes is None or not self.n:
            return None
        whole = np.concatenate(codes)
        macro = [average_precision(whole[:, i]) for i in np.flatnonzero(self.gold).tolist()]
        return average_precision(whole.reshape(-1)), float(np.mean(macro))

    # ------------------------------------------------------------------ hints

    @cached_property
    def alike(self) -> Alike | None:
        """The mistakes between labels that differ by case or spaces; None without any."""
        groups: dict[str, list[int]] = {}
        for i in self.order:
            groups.setdefault(label_key(self.names[i]), []).append(i)
        of = {i: group for group in groups.values() if len(group) > 1 for i in group}
        n, found = 0, []
        for label, others in self.confusions.items():
            same = [count for other, count in others if of.get(label, of) is of.get(other)]
            n += sum(same)
            if same and of[label] not in found:
                found.append(of[label])
        if not n:
            return None
        names = [[self.names[i] for i in group] for group in found]
        as_one = self._share(self.sums.n_first_right + n) if self.is_single else NAN
        return Alike(groups=names, mistakes=n, accuracy=as_one)

    @property
    def n_mistakes(self) -> int:
        """The lines that are wrong; see ``Tally``."""
        if self.tally.decides:
            return self.n - self.sums.n_exact
        return self.n - self.sums.n_any_right

    # ------------------------------------------------------------------ tables

    def label_rows(self) -> Iterator[list[Any]]:
        """Yield a header and a row for each label that was seen, the most frequent first."""
        yield [
            *("label", "support", "predicted", "right", "precision", "recall", "f1-score"),
            *("mostly taken for", "times"),
        ]
        precision, recall, f1 = self.label_scores
        for i in self.order:
            other, n = self.mostly(i) or (len(self.names), 0)
            scores = [f"{float(some[i]):.6g}" for some in (precision, recall, f1)]
            counts = [int(some[i]) for some in (self.gold, self.predicted, self.right)]
            yield [self.names[i], *counts, *scores, self.name(other) or "", n or ""]

    def confusion_rows(self) -> Iterator[list[Any]]:
        """Yield a header and a row for each true label: how often it was taken for the others.

        The last column and the last row are lines that got no label in its place, and labels that
        lines got beside all of theirs; they are left out where there are none.
        """
        none = len(self.names)
        has_none = any(other == none for some in self.confusions.values() for other, _ in some)
        columns = [*self.order, *([none] if has_none else [])]
        rows = [*self.order, *([none] if none in self.confusions else [])]
        yield ["true label", *(self.name(i) or NOTHING for i in columns)]
        for i in rows:
            found = dict(self.confusions.get(i, []))
            if i < none:
                found[i] = int(self.right[i])
            yield [self.name(i) or NOTHING, *(found.get(j, 0) for j in columns)]

    # ------------------------------------------------------------------ JSON

    def as_json(self) -> dict[str, Any]:
        """Return scikit-learn's ``classification_report(output_dict=True)``, and what follows.

        That is under the key ``fastcli``.  Numbers that do not exist are NaN.
        """
        precision, recall, f1 = (some.tolist() for some in self.label_scores)
        gold = self.gold.tolist()
        total = sum(gold)
        found: dict[str, Any] = {
            _key(self.names[i]): _row(Averages(precision[i], recall[i], f1[i]), gold[i])
            for i in sorted(self.order)
        }
        if self.is_single:
            found["accuracy"] = self.accuracy
        else:
            found["micro avg"] = _row(self.micro, total)
        found["macro avg"] = _row(self.macro, total)
        found["weighted avg"] = _row(self.weighted, total)
        if not self.is_single:
            found["samples avg"] = _row(self.samples, total)
        found[OURS] = self._ours()
        return found

    def _ours(self) -> dict[str, Any]:
        (largest, share), (k, top) = self.largest, self.top
        micro = self.micro
        found: dict[str, Any] = {
            "schema": SCHEMA,
            "n": self.n,
            **self.meter.skipped.as_json(),
            "mistakes": self.n_mistakes,
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.interval),
            "largest_label": {"label": self.names[largest] if self.n else None, "accuracy": share},
            "best_k": {"k": k, "accuracy": top},
            "micro": {"precision": micro.precision, "recall": micro.recall, "f1-score": micro.f1},
            "exact_match": self.exact_match,
            "hamming_loss": self.hamming_loss,
            "log_loss": self.log_loss,
            "brier_score": self.brier,
            "calibration_error": self.calibration_error,
            "ranking_average_precision": self.ranking_precision,
            "average_precision": None,
            "labels": len(self.names),
            "labels_not_in_file": [
                name for name, n in zip(self.names, self.gold.tolist(), strict=True) if not n
            ],
            "confusions": [
                {"true": self.name(true), "predicted": self.name(other), "count": n}
                for true, others in self.confusions.items()
                for other, n in others
            ],
        }
        if self.is_multilabel and self.average_precision is not None:
            micro_ap, macro_ap = self.average_precision
            found["average_precision"] = {"micro": micro_ap, "macro": macro_ap}
        if (alike := self.alike) is not None:
            found["alike"] = {
                "labels": alike.groups,
                "mistakes": alike.mistakes,
                "accuracy": alike.accuracy,
            }
        return found

    def name(self, label: int) -> str | None:
        """Return the name of a label, None for none."""
        return self.names[label] if label < len(self.names) else None


def _key(name: str) -> str:
    """Return the key of a label, another one where the name is that of an average."""
    return f"{name} (label)" if name in RESERVED else name


def _row(scores: Averages, support: int) -> dict[str, float]:
    return {
        "precision": scores.precision,
        "recall": scores.recall,
        "f1-score": scores.f1,
        "support": support,
    }


def _or_zero(scores: Averages) -> Averages:
    """Return scores with 0 where there is nothing to divide by, as in scikit-learn."""
    return Averages(*(x if x == x else 0.0 for x in astuple(scores)))


def _ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


def average_precision(codes: NDArray[np.uint32]) -> float:
    """Return the average precision of probabilities, whose codes end in a bit of truth.

    The sum over thresholds of precision times the recall that is gained there; probabilities that
    are equal come together.  0 where nothing is true.

    >>> probs = np.array([0.9, 0.8, 0.8, 0.1], np.float32).view(np.uint32)
    >>> average_precision(probs << 1 | np.array([1, 1, 0, 0], np.uint32))
    0.8333333333333333
    """
    codes = np.sort(codes)[::-1]
    last = np.flatnonzero(np.append(codes[1:] >> 1 != codes[:-1] >> 1, True))
    found = np.cumsum(codes & 1, dtype=np.int64)[last]
    made = last + 1
    if not len(found) or not found[-1]:
        return 0.0
    gained = np.diff(found, prepend=0)
    return float((found / made * gained).sum() / found[-1])
