"""Precision and recall over examples, for all labels together and for each."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastcli.kernels.text.lines import HAS_LABEL, LACKS_LABEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Predictions
    from fastcli.text.lines import Lines

NAN = float("nan")
IN_NO_DENOMINATOR = "They count in no score (not in any denominator)."  # said of lines


@dataclass
class Skipped:
    """Lines that a test leaves out, by reason; as fastText's, it counts labels of training only.

    ``unknown_beside_known`` lines are not left out: they have labels that the model knows, and
    others that do not count.
    """

    no_label: int = 0
    unknown_label: int = 0
    no_known_token: int = 0
    unknown_beside_known: int = 0

    @property
    def total(self) -> int:
        """All lines left out."""
        return self.no_label + self.unknown_label + self.no_known_token

    def add_lines(self, lines: Lines) -> None:
        """Count lines as they were read."""
        n = lines.n
        has_label = (lines.flags[:n] & HAS_LABEL) != 0
        is_known = np.diff(lines.label_offsets[: n + 1]) > 0
        has_token = np.diff(lines.offsets[: n + 1]) > 0
        lacks = (lines.flags[:n] & LACKS_LABEL) != 0
        self.no_label += int(np.count_nonzero(~has_label))
        self.unknown_label += int(np.count_nonzero(has_label & ~is_known))
        self.no_known_token += int(np.count_nonzero(is_known & ~has_token))
        self.unknown_beside_known += int(np.count_nonzero(is_known & has_token & lacks))

    def sentence(self, path: str = "") -> str | None:
        """Return what to tell a user of a test, or of a validation file at a path.

        None if nothing was left out.
        """
        reasons = [
            (self.no_label, "without a label"),
            (self.unknown_label, "with labels the model does not know"),
            (self.no_known_token, "without a token the model knows"),
        ]
        counts = ", ".join(f"{n:,} {reason}" for n, reason in reasons if n)
        left = "lines left out" if path else "Lines left out of the test"
        said = [f"{left}: {counts}."] if counts else []
        if self.unknown_label:
            said.append(IN_NO_DENOMINATOR)
        if n := self.unknown_beside_known:
            have = "1 line has" if n == 1 else f"{n:,} lines have"
            said.append(f"{have} unknown labels beside known ones: only the known ones count.")
        if path and said:
            said[0] = f"{path}: {said[0]}"
        return " ".join(said) or None

    def add(self, other: Skipped) -> None:
        """Count the lines of another part of a text, too."""
        self.no_label += other.no_label
        self.unknown_label += other.unknown_label
        self.no_known_token += other.no_known_token
        self.unknown_beside_known += other.unknown_beside_known

    def as_json(self) -> dict[str, Any]:
        """Return the counts for JSON; those of labels that training did not have if there are any.

        Lines that have only such labels are ``left_out``; ``in_denominator`` tells whether they
        count in any figure.
        """
        found: dict[str, Any] = {
            "left_out": {
                "no_label": self.no_label,
                "unknown_label": self.unknown_label,
                "no_known_token": self.no_known_token,
            }
        }
        if self.unknown_label or self.unknown_beside_known:
            found["unknown_labels"] = {
                "lines_beside_known": self.unknown_beside_known,
                "in_denominator": False,
            }
        return found


@dataclass(frozen=True)
class Averages:
    """Precision, recall and F1; NaN where there is nothing to divide by."""

    precision: float
    recall: float
    f1: float


Counts: TypeAlias = "NDArray[np.int64]"
"""A count for each label."""


def micro_average(gold: Counts, predicted: Counts, right: Counts) -> Averages:
    """Return the scores over all labels together."""
    n_gold, n_predicted, n_right = (int(some.sum()) for some in (gold, predicted, right))
    return Averages(
        _ratio(n_right, n_predicted),
        _ratio(n_right, n_gold),
        _ratio(2 * n_right, n_predicted + n_gold),
    )


def scores_by_label(
    gold: Counts, predicted: Counts, right: Counts
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return precision, recall and F1 of each label, 0 where there is nothing to divide by."""
    return (
        right / np.maximum(predicted, 1),
        right / np.maximum(gold, 1),
        2 * right / np.maximum(gold + predicted, 1),
    )


def macro_average(gold: Counts, predicted: Counts, right: Counts) -> Averages:
    """Return the mean of the labels that are gold or predicted, as scikit-learn has it."""
    seen = gold + predicted > 0
    if not seen.any():
        return Averages(NAN, NAN, NAN)
    return Averages(*(float(some[seen].mean()) for some in scores_by_label(gold, predicted, right)))


def weighted_average(gold: Counts, predicted: Counts, right: Counts) -> Averages:
    """Return the mean of the labels by how often they are gold."""
    n = int(gold.sum())
    if not n:
        return Averages(NAN, NAN, NAN)
    return Averages(
        *(float((some * gold).sum()) / n for some in scores_by_label(gold, predicted, right))
    )


@dataclass(kw_only=True)
class Meter:
    """Counts of predicted, gold and rightly predicted labels; arrays have one entry per label.

    A label given twice in a line counts once, as in scikit-learn (see ``as_written``); gold labels
    that the model does not know do not count.
    """

    nlabels: int
    with_scores: bool = False  # keep every prediction, for a curve
    n: int = 0
    n_first_right: int = 0  # lines whose best label is one of theirs
    n_losses: int = 0  # lines whose losses are known, and the sums of these
    loss_sum: float = 0.0
    log_loss_sum: float = 0.0
    skipped: Skipped = field(default_factory=Skipped)
    gold: Counts = field(init=False)
    predicted: Counts = field(init=False)
    right: Counts = field(init=False)
    repeated: Counts = field(init=False)  # how often a label is given once more in its line
    scored: list[tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.bool_]]] = field(
        default_factory=list
    )
    """Labels, probabilities, and whether they are right, of all predictions."""

    def __post_init__(self) -> None:
        self.gold = np.zeros(self.nlabels, np.int64)
        self.predicted = np.zeros(self.nlabels, np.int64)
        self.right = np.zeros(self.nlabels, np.int64)
        self.repeated = np.zeros(self.nlabels, np.int64)

    def add(
        self,
        n_features: NDArray[np.int64],
        has_label: NDArray[np.bool_],
        gold_offsets: NDArray[np.int64],
        gold: NDArray[np.int32],
        k: int,
        counts: NDArray[np.int32],
        labels: NDArray[np.int32],
        probs: NDArray[np.float32],
        best: NDArray[np.int32] | None = None,
    ) -> None:
        """Count lines: line i has ``counts[i]`` predicted labels at ``labels[i * k]`` on, and
        their probabilities at the same places of ``probs``.

        ``best[i]`` is its most probable label, whether predicted or not, -1: none; without it that
        is the first predicted one.

        ``gold[gold_offsets[i]:gold_offsets[i + 1]]`` are its known labels, ``n_features[i]`` its
        features, and ``has_label[i]`` says whether it has any label at all.
        """
        n = len(counts)
        n_gold = np.diff(gold_offsets[: n + 1])
        used = (n_gold > 0) & (n_features > 0)
        self.n += int(np.count_nonzero(used))
        self.skipped.no_label += int(np.count_nonzero(~has_label))
        self.skipped.unknown_label += int(np.count_nonzero(has_label & (n_gold == 0)))
        self.skipped.no_known_token += int(np.count_nonzero((n_gold > 0) & ~used))
        line_of_gold = np.repeat(np.arange(n), n_gold)
        gold = gold[: len(line_of_gold)]
        of_used = used[line_of_gold]
        line_of_gold, gold = line_of_gold[of_used], gold[of_used]
        written = np.bincount(gold, minlength=self.nlabels)
        if len(gold) > np.count_nonzero(used):  # some line has several
            line_of_gold, gold = np.divmod(
                np.unique(line_of_gold * self.nlabels + gold), self.nlabels
            )
        is_predicted = (np.arange(k) < counts[:, None]) & used[:, None]
        lines, columns = np.nonzero(is_predicted)
        predicted = labels[lines * k + columns]
        is_right = np.isin(lines * self.nlabels + predicted, line_of_gold * self.nlabels + gold)
        if best is None:
            best = np.where(counts > 0, labels[: n * k : k], np.int32(-1))
        is_gold = np.isin(np.arange(n) * self.nlabels + best, line_of_gold * self.nlabels + gold)
        self.n_first_right += int(np.count_nonzero(is_gold & (best >= 0)))
        once = np.bincount(gold, minlength=self.nlabels)
        self.gold += once
        self.repeated += written - once
        self.predicted += np.bincount(predicted, minlength=self.nlabels)
        self.right += np.bincount(predicted[is_right], minlength=self.nlabels)
        if self.with_scores:
            self.scored.append((predicted, probs[lines * k + columns], is_right))

    def add_lines(self, lines: Lines, found: Predictions) -> None:
        """Count lines as they were read and predicted."""
        n = len(found.counts)
        is_used = (np.diff(lines.label_offsets[: n + 1]) > 0) & (
            np.diff(lines.offsets[: n + 1]) > 0
        )
        lacks = (lines.flags[:n] & LACKS_LABEL) != 0
        self.skipped.unknown_beside_known += int(np.count_nonzero(is_used & lacks))
        self.add(
            np.diff(lines.offsets[: n + 1]),
            (lines.flags[:n] & HAS_LABEL) != 0,
            lines.label_offsets,
            lines.labels,
            found.k,
            found.counts,
            found.labels,
            found.probs,
            found.best,
        )

    def add_losses(self, n: int, loss: float, log_loss: float) -> None:
        """Add the sums of the losses of n lines: what training minimises, and the log loss."""
        self.n_losses += n
        self.loss_sum += loss
        self.log_loss_sum += log_loss

    def merge(self, other: Meter) -> None:
        """Add the counts of another meter over the same labels."""
        self.n += other.n
        self.n_first_right += other.n_first_right
        self.add_losses(other.n_losses, other.loss_sum, other.log_loss_sum)
        self.gold += other.gold
        self.predicted += other.predicted
        self.right += other.right
        self.repeated += other.repeated
        self.scored += other.scored
        self.skipped.add(other.skipped)

    def as_written(self) -> Meter:
        """Return counts in which a label given twice in a line counts twice as gold.

        So fastText's test counts.
        """
        found = copy.copy(self)
        found.gold = self.gold + self.repeated
        return found

    @property
    def _counts(self) -> tuple[Counts, Counts, Counts]:
        return self.gold, self.predicted, self.right

    @property
    def precision(self) -> float:
        """Right predictions among all predictions; NaN if there are none."""
        return micro_average(*self._counts).precision

    @property
    def recall(self) -> float:
        """Right predictions among all gold labels; NaN if there are none."""
        return micro_average(*self._counts).recall

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; NaN if neither exists."""
        return micro_average(*self._counts).f1

    @property
    def accuracy(self) -> float:
        """The share of lines whose best label is one of theirs; NaN if there are no lines."""
        return _ratio(self.n_first_right, self.n)

    @property
    def loss(self) -> float:
        """The mean loss of a line, as in training; NaN if it was not measured."""
        return self.loss_sum / self.n_losses if self.n_losses else NAN

    @property
    def log_loss(self) -> float:
        """The mean log loss of a line, or of its labels one by one; NaN if not measured."""
        return self.log_loss_sum / self.n_losses if self.n_losses else NAN

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that are gold or predicted; NaN if there are none."""
        return macro_average(*self._counts).f1

    @property
    def weighted_f1(self) -> float:
        """The mean F1 of the labels, by how often they are gold; NaN if there are none."""
        return weighted_average(*self._counts).f1

    def label_scores(self, label: int) -> tuple[float, float, float]:
        """Return precision, recall and F1 of one label, NaN if there is nothing to divide by."""
        right, predicted = int(self.right[label]), int(self.predicted[label])
        gold = int(self.gold[label])
        return (
            _ratio(right, predicted),
            _ratio(right, gold),
            _ratio(2 * right, predicted + gold),
        )


def _ratio(a: int, b: int) -> float:
    return a / b if b else NAN
