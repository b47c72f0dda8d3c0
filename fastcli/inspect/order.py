"""Whether lines are sorted by label: how often the next line has the same label, and runs of one.

Everything is compared with what a random order of the same lines would give.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

SORTED = 0.5  # on the way from a random order (0) to one run for each label (1); of m labels on a
# line only one can be what lines are sorted by, so there it is an m-th of this
LONG_RUN = 0.1  # share of the lines that one run has
CHANCE = 1e-4  # that a random order looks like that, at most


@dataclass(frozen=True, kw_only=True)
class Order:
    """How labels follow each other, by lines that have any.

    ``repeated`` is the share of labels that the next line has too, ``expected`` what that is in
    a random order.  ``run_lines`` neighbouring lines from line ``run_start`` (from 1) on have the
    label ``run_label``: the longest run, where it is longer than chance explains, else 0 lines.
    """

    repeated: float = 0.0
    expected: float = 0.0
    is_sorted: bool = False
    run_label: int = 0
    run_start: int = 0
    run_lines: int = 0
    run_share: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the order as JSON."""
        shown = {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}
        del shown["run_label"], shown["run_share"]
        return shown


def order_of(labels: NDArray[np.uint32], n_labels: NDArray[np.uint32]) -> Order:
    """Return the order of lines, of which line i has the next ``n_labels[i]`` of ``labels``."""
    has_label = np.flatnonzero(n_labels)
    n = len(has_label)
    if n < 3:
        return Order()
    lines = np.repeat(np.arange(n), n_labels[has_label])
    stride = n + 1  # so that a label's last line and the next label's first are not neighbours
    keys = np.sort(labels.astype(np.int64) * stride + lines)
    keys = keys[np.append(True, np.diff(keys) > 0)]  # a label that a line has twice counts once
    label = keys // stride
    counts = np.bincount(label)
    is_repeated = np.diff(keys) == 1
    repeated = int(np.count_nonzero(is_repeated))
    expected = float((counts * (counts - 1.0)).sum()) / n
    most = float(np.maximum(counts - 1, 0).sum())
    with_next = len(keys) * (n - 1) / n
    found = Order(repeated=repeated / with_next, expected=expected / with_next)
    if most - expected < 1e-9 * len(keys):  # each label is on all lines, or on one
        return found
    per_line = np.bincount(keys % stride)
    # Labels of one line are not independent trials.
    trials = with_next * len(keys) / float((per_line * per_line).sum())
    position = (repeated - expected) / (most - expected)
    log_chance = -trials * _divergence(found.repeated, found.expected)
    if position * len(keys) / n >= SORTED and log_chance <= math.log(CHANCE):
        return Order(repeated=found.repeated, expected=found.expected, is_sorted=True)
    starts = np.concatenate([[0], np.flatnonzero(~is_repeated) + 1])
    lengths = np.diff(np.append(starts, len(keys)))
    run = _long_run(label[starts], lengths, counts, n)
    if run < 0:
        return found
    start = int(has_label[keys[starts[run]] % stride]) + 1
    n_run = int(lengths[run])
    which = int(label[starts[run]])
    return Order(
        repeated=found.repeated,
        expected=found.expected,
        is_sorted=False,
        run_label=which,
        run_start=start,
        run_lines=n_run,
        run_share=n_run / n,
    )


def _divergence(a: float, p: float) -> float:
    """Return KL(a || p), by which Chernoff bounds the chance of a share ``a`` of hits or more."""
    if a <= p:
        return 0.0
    rest = 0.0 if a >= 1 else (1 - a) * math.log((1 - a) / (1 - p))
    return a * math.log(a / max(p, 1e-300)) + rest


def _long_run(labels: Numbers, lengths: Numbers, counts: Numbers, n: int) -> int:
    """Return the position of the longest run that is unlikely by chance, or -1.

    A run of r lines begins at one of n (1 - p) places, each with the chance p^r at most.
    """
    share = counts[labels] / n
    with np.errstate(divide="ignore"):
        chance = np.log(n * (1 - share)) + lengths * np.log(share)
    # What every line has makes no run.
    is_long = (lengths >= LONG_RUN * n) & (share < 1)
    is_long &= chance <= math.log(CHANCE / np.count_nonzero(counts))
    return int(np.argmax(np.where(is_long, lengths, -1))) if is_long.any() else -1
