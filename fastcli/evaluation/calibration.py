"""Calibrate a classifier's probabilities on held-out labelled data.

Softmax: one temperature, by which scores are divided (Guo et al. 2017, On Calibration of Modern
Neural Networks, section 4.2).  Other losses: a sigmoid for each label over the logit of its
probability (Platt 1999, Probabilistic Outputs for Support Vector Machines), divided by their sum
where labels exclude each other.  Platt's targets of 1 / (n + 2) for the other class are too large
where a model knows that most labels are impossible: a weak prior keeps rare labels as they are.
The same prior keeps the temperature from its bound where every line is right: without it, the
sharper the probabilities, the smaller the cross-entropy.

Where many lines have several labels these do not exclude each other, whatever the loss: a softmax
gives each of five right labels a fifth, and the temperature with the least cross-entropy, the mean
over a line's labels, makes the best one less sure still, though it is right.  So each label gets a
sigmoid there, of how probable it is to be one of a line's, and their sum is not 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from fastcli.evaluation.probabilities import Calibration as Bins
from fastcli.evaluation.probabilities import line_losses
from fastcli.printable import counted
from fastcli.schema import Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.dense import Scored

TINY = 1e-30  # probabilities are at least this before their logarithm is taken
LARGEST_LOGIT = 16.0  # sizes of logits of labels one by one; fastText's sigmoid ends at 8
HOTTEST = 5.0  # bounds of the logarithm of a temperature
PAIR_BYTES = 40  # of memory, at the peak of fitting: of each line, by each label
AT_BOUND = 1e-3  # of that logarithm: as near to a bound a temperature is at it
GOLDEN = (math.sqrt(5) - 1) / 2
SEVERAL = 0.05  # share of lines with several labels from which on labels do not exclude each other
PRIOR = 1.0  # weight, in lines, of the belief that probabilities are right: slope 1, offset 0


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A calibration as stored in JSON; ``slopes`` and ``offsets`` are by label."""

    method: Literal["temperature", "platt"]
    size: Annotated[int, Range(0)]
    tail_crc32: Annotated[int, Range(0, 2**32 - 1)]
    lines: Annotated[int, Range(0)] = 0
    data: str = ""
    temperature: Annotated[float, Range(1e-3, 1e3)] = 1.0
    slopes: dict[str, Annotated[float, Range(-1e6, 1e6)]] = field(default_factory=dict)
    offsets: dict[str, Annotated[float, Range(-1e6, 1e6)]] = field(default_factory=dict)
    several_labels: bool = False  # the sum of probabilities is not 1 although the model's is


@dataclass(frozen=True, kw_only=True)
class Curves:
    """How probabilities are changed: a temperature, or a slope and an offset for each label.

    With ``several_labels`` probabilities are those of each label alone, also where the model's are
    those of one label among all.
    """

    temperature: float = 1.0
    slopes: NDArray[np.float64] | None = None
    offsets: NDArray[np.float64] | None = None
    several_labels: bool = False

    def applied(self, probs: NDArray[np.float32], sums_to_one: bool) -> NDArray[np.float32]:
        """Return the calibrated probabilities [lines, labels]."""
        if self.slopes is None or self.offsets is None:
            return tempered(probs, self.temperature)
        z = self.slopes * logits(probs) + self.offsets
        found = 1 / (1 + np.exp(-z))
        if sums_to_one and not self.several_labels:
            found /= np.maximum(found.sum(axis=1, keepdims=True), TINY)
        return np.asarray(found, np.float32)


def tempered(probs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return softmax(z / T) of probabilities that are softmax(z): p ** (1 / T) over their sum."""
    z = np.log(np.maximum(probs.astype(np.float64), TINY)) / temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True), np.float32)


def logits(probs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log(p / (1 - p)), within +-``LARGEST_LOGIT``."""
    p = np.clip(probs.astype(np.float64), TINY, 1 - 1e-16)
    return np.asarray(np.clip(np.log(p) - np.log1p(-p), -LARGEST_LOGIT, LARGEST_LOGIT))


def fit_temperature(scored: Scored) -> float:
    """Return the temperature that minimises the cross-entropy and its prior.

    Minimised is the sum over lines, and ``PRIOR`` / 2 times (1 / T - 1)^2, the prior of
    ``fit_sigmoid`` on the slope 1 / T.  Both are convex in 1 / T: there is one minimum, which
    golden-section search finds.
    """

    def loss(log_t: float) -> float:
        probs = tempered(scored.probs, math.exp(log_t))
        prior = PRIOR / 2 * (math.exp(-log_t) - 1) ** 2
        return float(line_losses(probs, scored.truth, True).sum()) + prior

    low, high = -HOTTEST, HOTTEST
    a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    fa, fb = loss(a), loss(b)
    while high - low > 1e-5:
        if fa <= fb:
            high, b, fb = b, a, fa
            a = high - GOLDEN * (high - low)
            fa = loss(a)
        else:
            low, a, fa = a, b, fb
            b = low + GOLDEN * (high - low)
            fb = loss(b)
    return math.exp((low + high) / 2)


def fit_sigmoid(z: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Return a and b of sigmoid(a z + b), by the cross-entropy of ``truth`` and their prior.

    Minimised is the sum over lines, and ``PRIOR`` / 2 times (a - 1)^2 + b^2; Newton's method, with
    halved steps where a whole one does not help (Lin, Lin and Weng 2007, algorithm 1).
    """
    a, b = 1.0, 0.0

    def loss(a: float, b: float) -> float:
        u = a * z + b
        prior = PRIOR / 2 * ((a - 1) ** 2 + b * b)
        return float((np.logaddexp(0.0, u) - truth * u).sum()) + prior

    value = loss(a, b)
    for _ in range(100):
        p = np.exp(-np.logaddexp(0.0, -(a * z + b)))
        d, w = p - truth, p * (1 - p)
        ga, gb = float(d @ z) + PRIOR * (a - 1), float(d.sum()) + PRIOR * b
        if max(abs(ga), abs(gb)) < 1e-9 * len(z):
            break
        haa, hab, hbb = float(w @ (z * z)) + PRIOR, float(w @ z), float(w.sum()) + PRIOR
        det = haa * hbb - hab * hab
        da, db = -(hbb * ga - hab * gb) / det, -(haa * gb - hab * ga) / det
        step, slope = 1.0, ga * da + gb * db
        while step >= 1e-10 and loss(a + step * da, b + step * db) > value + 1e-4 * step * slope:
            step /= 2
        if step < 1e-10:
            break
        a, b = a + step * da, b + step * db
        value = loss(a, b)
    return a, b


def fit(scored: Scored, sums_to_one: bool, is_softmax: bool) -> Curves:
    """Return what makes the probabilities of a model right: see the top of this module."""
    if sums_to_one and several_share(scored.truth) >= SEVERAL:
        return replace(fit_sigmoids(scored), several_labels=True)
    return Curves(temperature=fit_temperature(scored)) if is_softmax else fit_sigmoids(scored)


def unsure(scored: Scored, curves: Curves) -> str:
    """Return why lines cannot tell how sure a model should be, "" if they can."""
    if scored.n_right == scored.n:
        return (
            f"The best label of all {counted(scored.n)} is right, so they cannot tell how sure the "
            "model should be: a weak prior alone keeps its probabilities from 1. Give lines with "
            "some mistakes."
        )
    if math.log(curves.temperature) > HOTTEST - AT_BOUND:
        return (
            "The temperature is at its bound: on these lines the probabilities say nothing about "
            "which label is right."
        )
    return ""


def several_share(truth: NDArray[np.bool_]) -> float:
    """Return the share of lines that have several labels."""
    return float((truth.sum(axis=1) > 1).mean())


def fit_sigmoids(scored: Scored) -> Curves:
    """Return a sigmoid for each label."""
    z = logits(scored.probs)
    curves = [fit_sigmoid(z[:, label], scored.truth[:, label]) for label in range(z.shape[1])]
    slopes, offsets = np.array(curves).T
    return Curves(slopes=slopes, offsets=offsets)


def expected_error(
    probs: NDArray[np.float32], truth: NDArray[np.bool_], first: NDArray[np.int32] | None = None
) -> float:
    """Return the expected calibration error of the best label of each line, as reports have it.

    ``first`` are these labels, where they are not the first of the most probable ones.
    """
    bins, lines = Bins(), np.arange(len(probs))
    best = probs.argmax(axis=1) if first is None else first
    bins.add(np.minimum(probs[lines, best], np.float32(1)), truth[lines, best])
    return bins.error


def expected_error_of_all(probs: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """Return the expected calibration error of every label of each line."""
    bins = Bins()
    bins.add(probs.ravel(), truth.ravel())
    return bins.error


def log_loss(probs: NDArray[np.float32], truth: NDArray[np.bool_], sums_to_one: bool) -> float:
    """Return the mean log loss: of lines, or, where labels are decided alone, of each label."""
    losses = line_losses(probs, truth, sums_to_one)
    return float(losses.mean() if sums_to_one else losses.mean() / probs.shape[1])
