"""How good probabilities are: log loss, Brier score, calibration error, on NumPy arrays.

All take ``probs``, float32 [lines, labels], and ``truth``, bool of the same shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Predictions
    from fastcli.text.lines import Lines

EPS = float(np.finfo(np.float32).eps)  # probabilities are at least this, as in scikit-learn
BINS = 15  # of confidence, as in Guo et al. 2017, On Calibration of Modern Neural Networks


def usable(lines: Lines, n: int) -> NDArray[np.bool_]:
    """Tell which of n lines count: those with a label and a feature that the model knows."""
    has_gold: NDArray[np.bool_] = np.diff(lines.label_offsets[: n + 1]) > 0
    return has_gold & (np.diff(lines.offsets[: n + 1]) > 0)


def dense_probs(found: Predictions, nlabels: int) -> NDArray[np.float32]:
    """Return the probabilities of lines as a matrix, at most 1; 0 where a label was left out."""
    n = len(found.counts)
    probs = np.zeros((n, nlabels), np.float32)
    lines, columns = np.nonzero(np.arange(found.k) < found.counts[:, None])
    places = lines * found.k + columns
    probs[lines, found.labels[places]] = np.minimum(found.probs[places], 1.0)
    return probs


def dense_truth(
    gold_offsets: NDArray[np.int64], gold: NDArray[np.int32], n: int, nlabels: int
) -> NDArray[np.bool_]:
    """Return which labels each of n lines has; ``gold[gold_offsets[i]:]`` are those of line i."""
    truth = np.zeros((n, nlabels), np.bool_)
    lines = np.repeat(np.arange(n), np.diff(gold_offsets[: n + 1]))
    truth[lines, gold[: len(lines)]] = True
    return truth


def line_losses(
    probs: NDArray[np.float32], truth: NDArray[np.bool_], sums_to_one: bool
) -> NDArray[np.float64]:
    """Return the loss of each line, float64 [lines].

    Where the probabilities of a line sum to one it is the cross-entropy, -ln p of the true label
    (the mean where there are several); else the sum of the binary cross-entropies of all labels.
    """
    clipped = np.clip(probs, EPS, 1 - EPS).astype(np.float64)
    if sums_to_one:
        log = np.where(truth, np.log(clipped), 0.0)
        losses: NDArray[np.float64] = -log.sum(axis=1) / np.maximum(truth.sum(axis=1), 1)
    else:
        losses = -np.where(truth, np.log(clipped), np.log1p(-clipped)).sum(axis=1)
    return losses


def log_loss_of(loss: float, n_labels: int, sums_to_one: bool) -> float:
    """Return the log loss of lines, by their loss: of labels decided one by one, their mean."""
    return loss if sums_to_one else loss / n_labels


def brier_scores(probs: NDArray[np.float32], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the squared error of each line, summed over the labels, float64 [lines]."""
    scores: NDArray[np.float64] = ((probs.astype(np.float64) - truth) ** 2).sum(axis=1)
    return scores


class Calibration:
    """Counts for the expected calibration error: of predictions, by their confidence.

    The error is the mean over all predictions of |share that is right - mean confidence| of the
    bin (a, b] that they are in; bins have the same width (Naeini et al. 2015).
    """

    def __init__(self, bins: int = BINS) -> None:
        self.counts = np.zeros(bins, np.int64)
        self.right = np.zeros(bins, np.int64)
        self.confidence = np.zeros(bins)

    def add(self, confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
        """Count predictions: how probable they were said to be, and which are right."""
        bins = len(self.counts)
        where = np.clip(np.ceil(confidence.astype(np.float64) * bins) - 1, 0, bins - 1)
        index = where.astype(np.int64)
        self.counts += np.bincount(index, minlength=bins)
        self.right += np.bincount(index[right], minlength=bins)
        self.confidence += np.bincount(index, weights=confidence, minlength=bins)

    def merge(self, other: Calibration) -> None:
        """Add the counts of other predictions."""
        self.counts += other.counts
        self.right += other.right
        self.confidence += other.confidence

    @property
    def error(self) -> float:
        """The expected calibration error, NaN if there were no predictions."""
        n = int(self.counts.sum())
        return float(np.abs(self.right - self.confidence).sum() / n) if n else float("nan")


def as_printed(probs: NDArray[np.float32], offset: float) -> NDArray[np.float32]:
    """Return probabilities with the offset that is printed, rounded as fastText rounds them.

    That is by the logarithm of their sum and back, as the kernel ``offset_probability``.

    >>> as_printed(np.array([0.4378237], np.float32), 1e-5).tolist() == [0.437833696603775]
    True
    """
    if offset == 0.0:
        return probs
    logs = np.log(probs.astype(np.float64) + offset).astype(np.float32)
    return np.exp(logs.astype(np.float64)).astype(np.float32)
