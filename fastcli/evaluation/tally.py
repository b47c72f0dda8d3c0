"""Counting what a report shows: labels, what they are taken for, probabilities, and mistakes.

A line counts as in ``test``: it has a known label and a feature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.meter import Counts, Meter
from fastcli.evaluation.probabilities import (
    Calibration,
    brier_scores,
    dense_probs,
    dense_truth,
    line_losses,
    log_loss_of,
    usable,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Predictions
    from fastcli.text.lines import Lines

MOST_PAIRS = 1 << 24  # probabilities that are kept for average precision: 64 MB
MERGED_AT = 1 << 20  # confusions that are gathered before equal ones are added up


@dataclass
class Mistakes:
    """Wrong lines of some, in their order; ``lines`` are their places among these, from 0 on.

    ``predicted[offsets[i]:offsets[i + 1]]`` are the labels that line i got, best first.
    """

    lines: NDArray[np.int64]  # [n]
    probs: NDArray[np.float32]  # [n]: how sure the model was of what is wrong
    true: NDArray[np.int32]
    true_offsets: NDArray[np.int64]  # [n + 1]
    predicted: NDArray[np.int32]
    offsets: NDArray[np.int64]  # [n + 1]

    def __len__(self) -> int:
        return len(self.lines)

    def labels_of(self, i: int) -> tuple[list[int], list[int]]:
        """Return the ids of the true and the predicted labels of one."""
        true = self.true[self.true_offsets[i] : self.true_offsets[i + 1]]
        return true.tolist(), self.predicted[self.offsets[i] : self.offsets[i + 1]].tolist()


@dataclass(kw_only=True)
class Sums:
    """Sums over lines, all of which are added where two texts are counted apart."""

    n: int = 0
    n_single: int = 0  # lines with one label that got one
    n_multilabel: int = 0  # lines with several labels
    n_repeated: int = 0  # lines that have a label twice
    n_first_right: int = 0  # the best label, whether they got it or not, is one of theirs,
    n_any_right: int = 0  # one of the labels that they got is
    n_top_right: int = 0  # one of the best few is
    n_exact: int = 0  # all labels are right, and none is missing
    n_unlike: int = 0  # labels that are wrong, or missing
    precision: float = 0.0  # of each line
    recall: float = 0.0
    f1: float = 0.0
    ranking: float = 0.0  # label-ranking average precision
    loss: float = 0.0
    brier: float = 0.0

    def add(self, other: Sums) -> None:
        """Add the sums of other lines."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Room:
    """How many probabilities all tallies of a test keep; beyond ``MOST_PAIRS`` none does."""

    def __init__(self) -> None:
        self._n, self._lock = 0, Lock()

    def take(self, n: int) -> bool:
        """Ask for room for so many more; tell whether all that was asked for has some."""
        with self._lock:
            self._n += n
            return self._n <= MOST_PAIRS


@dataclass(kw_only=True)
class Tally:
    """The counts of a report; arrays have one entry per label.

    ``meter`` has those of labels.  With ``decides``, where a threshold says which labels a line
    gets, a line is a mistake unless it gets just its labels; else where it gets none of them.
    ``top`` is how many of the best labels are looked at for ``n_top_right``.
    """

    nlabels: int
    sums_to_one: bool
    decides: bool = False
    top: int = 3
    with_scores: bool = False  # of the meter
    room: Room = field(default_factory=Room)  # of all tallies of a test
    sums: Sums = field(default_factory=Sums)
    calibration: Calibration = field(default_factory=Calibration)
    meter: Meter = field(init=False)
    _codes: list[NDArray[np.uint32]] = field(default_factory=list)
    _taken: list[NDArray[np.int64]] = field(default_factory=list)
    _n_taken: int = 0
    _keys: NDArray[np.int64] = field(init=False)
    _counts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(nlabels=self.nlabels, with_scores=self.with_scores)
        self._keys, self._counts = np.zeros(0, np.int64), np.zeros(0, np.int64)

    @property
    def counts(self) -> tuple[Counts, Counts, Counts]:
        """How often each label is a line's, was predicted, and that rightly."""
        return self.meter.gold, self.meter.predicted, self.meter.right

    def add(self, lines: Lines, found: Predictions) -> Mistakes:
        """Count the lines that were predicted, and return which of them are mistakes.

        ``found.every`` are the predictions of all labels.
        """
        n = len(found.counts)
        assert found.every is not None
        self.meter.add_lines(lines, found)
        n_gold = np.diff(lines.label_offsets[: n + 1])
        used = np.flatnonzero(usable(lines, n))
        truth = dense_truth(lines.label_offsets, lines.labels, n, self.nlabels)[used]
        labels = found.labels.reshape(n, found.k)[used]
        probs = found.probs.reshape(n, found.k)[used]
        is_there = np.arange(found.k) < found.counts[used, None]
        row = np.arange(len(used))[:, None]
        shown: NDArray[np.int32] = np.where(is_there, labels, 0)
        is_right: NDArray[np.bool_] = truth[row, shown] & is_there
        decided = np.zeros_like(truth)
        decided[np.broadcast_to(row, shown.shape)[is_there], shown[is_there]] = True
        self._add_decisions(truth, decided, is_right, n_gold[used])
        self._add_taken(truth & ~decided, shown, is_there & ~is_right)
        best_right = truth[np.arange(len(used)), found.best[used]]
        self.sums.n_first_right += int(np.count_nonzero(best_right))
        self._add_probabilities(truth, found.every, used, best_right)
        return self._mistakes(used, truth, shown, probs, is_there, is_right)

    def _add_decisions(
        self,
        truth: NDArray[np.bool_],
        decided: NDArray[np.bool_],
        is_right: NDArray[np.bool_],
        n_written: NDArray[np.int64],
    ) -> None:
        """Count the labels that lines got; ``n_written`` are theirs as written."""
        sums = self.sums
        n_gold, n_predicted = truth.sum(axis=1), decided.sum(axis=1)
        n_right = is_right.sum(axis=1)
        sums.n += len(truth)
        sums.n_single += int(np.count_nonzero((n_gold == 1) & (n_predicted == 1)))
        sums.n_multilabel += int(np.count_nonzero(n_gold > 1))
        sums.n_repeated += int(np.count_nonzero(n_written > n_gold))
        sums.n_any_right += int(np.count_nonzero(n_right))
        sums.n_exact += int(np.count_nonzero((n_right == n_gold) & (n_right == n_predicted)))
        sums.n_unlike += int((n_gold + n_predicted - 2 * n_right).sum())
        sums.precision += float((n_right / np.maximum(n_predicted, 1)).sum())
        sums.recall += float((n_right / n_gold).sum())
        sums.f1 += float((2 * n_right / (n_gold + n_predicted)).sum())

    def _add_taken(
        self, missed: NDArray[np.bool_], shown: NDArray[np.int32], is_wrong: NDArray[np.bool_]
    ) -> None:
        """Count each label that a line did not get under the surest wrong one that it got.

        ``nlabels`` stands for none: of a missed label where nothing is wrong, and of a line's wrong
        labels where nothing is missing.
        """
        none = self.nlabels
        surest = shown[np.arange(len(shown)), is_wrong.argmax(axis=1)].astype(np.int64)
        taken_for = np.where(is_wrong.any(axis=1), surest, none)
        has_missed = np.asarray(missed.any(axis=1))
        lines, labels = np.nonzero(missed)
        self._take(labels * (none + 1) + taken_for[lines])
        lines, columns = np.nonzero(is_wrong & ~has_missed[:, None])
        self._take(none * (none + 1) + shown[lines, columns].astype(np.int64))

    def _take(self, keys: NDArray[np.int64]) -> None:
        self._taken.append(keys)
        self._n_taken += len(keys)
        if self._n_taken > MERGED_AT:
            self.confusions()

    def confusions(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of a true label and another that it was taken for, and how often.

        ``nlabels`` stands for none.  They are sorted by the true label.
        """
        keys = np.concatenate([self._keys, *self._taken])
        ones = [np.ones(len(some), np.int64) for some in self._taken]
        counts = np.concatenate([self._counts, *ones])
        self._keys, places = np.unique(keys, return_inverse=True)
        self._counts = np.bincount(
            places.reshape(-1), weights=counts, minlength=len(self._keys)
        ).astype(np.int64)
        self._taken, self._n_taken = [], 0
        true, other = np.divmod(self._keys, self.nlabels + 1)
        return true, other, self._counts

    def _add_probabilities(
        self,
        truth: NDArray[np.bool_],
        every: Predictions,
        used: NDArray[np.int64],
        best_right: NDArray[np.bool_],
    ) -> None:
        """Count what follows from the probabilities of all labels, whatever lines got."""
        sums, k = self.sums, every.k
        probs = dense_probs(every, self.nlabels)[used]
        losses = line_losses(probs, truth, self.sums_to_one)
        loss = float(losses.sum())
        log_loss = log_loss_of(loss, self.nlabels, self.sums_to_one)
        self.meter.add_losses(len(losses), loss, log_loss)
        sums.loss += loss
        sums.brier += float(brier_scores(probs, truth).sum())
        best = every.labels.reshape(-1, k)[used, : self.top]
        hits: NDArray[np.bool_] = np.take_along_axis(truth, best, axis=1)
        sums.n_top_right += int(np.count_nonzero(hits.any(axis=1)))
        confidence = np.minimum(every.probs.reshape(-1, k)[used, 0], 1.0)
        self.calibration.add(confidence, best_right)
        sums.ranking += _ranking_precision(probs, truth)
        if self.room.take(truth.size):
            self._codes.append((probs.view(np.uint32) << np.uint32(1)) | truth)
        else:
            self._codes.clear()

    def _mistakes(
        self,
        used: NDArray[np.int64],
        truth: NDArray[np.bool_],
        shown: NDArray[np.int32],
        probs: NDArray[np.float32],
        is_there: NDArray[np.bool_],
        is_right: NDArray[np.bool_],
    ) -> Mistakes:
        """Return the lines that are wrong; how sure is the probability of what is wrong."""
        if self.decides:
            n_right, n_gold = is_right.sum(axis=1), truth.sum(axis=1)
            wrong = np.flatnonzero((n_right < n_gold) | (is_there.sum(axis=1) > n_right))
        else:
            wrong = np.flatnonzero(~is_right.any(axis=1))
        sure = np.where(is_there & ~is_right, probs, 0.0)[wrong].max(axis=1, initial=0.0)
        there, true = is_there[wrong], truth[wrong]
        return Mistakes(
            lines=used[wrong],
            probs=np.minimum(sure, 1.0).astype(np.float32),
            true=np.nonzero(true)[1].astype(np.int32),
            true_offsets=_offsets(true),
            predicted=shown[wrong][there].astype(np.int32),
            offsets=_offsets(there),
        )

    @property
    def codes(self) -> list[NDArray[np.uint32]] | None:
        """Probabilities of all labels of lines, with their truth; None where they are too many."""
        return self._codes if self.room.take(0) else None

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally over the same labels."""
        self.meter.merge(other.meter)
        self.sums.add(other.sums)
        self.calibration.merge(other.calibration)
        self._codes += other._codes
        other.confusions()
        self._keys = np.concatenate([self._keys, other._keys])
        self._counts = np.concatenate([self._counts, other._counts])
        self.confusions()


def _offsets(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int64)


def _ranking_precision(probs: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """Return the sum over lines of the label-ranking average precision.

    That is the mean, over a line's labels, of the share of true labels among those that are at
    least as probable (scikit-learn's ``label_ranking_average_precision_score``).
    """
    lines, labels = np.nonzero(truth)
    total = 0.0
    step = max(1, (1 << 20) // truth.shape[1])  # a line of each true label at a time
    n_gold = truth.sum(axis=1)
    for first in range(0, len(lines), step):
        some = lines[first : first + step]
        above = probs[some] >= probs[some, labels[first : first + step], None]
        shares = (above & truth[some]).sum(axis=1) / above.sum(axis=1)
        total += float((shares / n_gold[some]).sum())
    return total
