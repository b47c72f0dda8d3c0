"""Weights of training lines and labels: what they are, on one scale, and a sentence on them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.evaluation.lessons import binary_entropies, entropy
from fastcli.overwriting import STREAM
from fastcli.printable import named, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODES = ("balanced", "sqrt")
HEADERS = (("label", "class", "category", "name"), ("weight", "weights", "value"))
LARGE_SHARE = 0.8  # of the largest label: what is shown as lopsided
TIMES_SMALLEST, FEW_LABELS = 20, 20  # the same, where labels are no long tail
SHOWN = 3  # labels in the sentence
LARGEST = 1e30  # weight of a label: one that hardly any line has may be that large


@dataclass(frozen=True, kw_only=True)
class ClassWeight:
    """What ``--class-weight`` asks for: a rule (``MODES``), or weights and the lines they are on.

    Labels that ``given`` does not have weigh 1.  It may have labels that no training line has
    where ``may_lack``: these lines are some of those that the weights are for.
    """

    mode: str = ""
    path: str = ""
    given: dict[str, tuple[float, int]]
    may_lack: bool = False


def weights_file(text: str) -> str:
    """Return the file that ``--class-weight`` names, "" if it names none."""
    return "" if text in MODES else text


def check_class_weight(text: str) -> None:
    """Raise ArgumentError for what is neither a rule nor a file."""
    if weights_file(text) and (text == STREAM or not os.path.exists(text)):
        raise ArgumentError(
            f"--class-weight {named(text)}: give {', '.join(MODES)} or a file of lines "
            f"label,weight, and there is no such file{nearest(text, MODES)}."
        )


def read_class_weight(text: str, may_lack: bool = False) -> ClassWeight | None:
    """Return what ``--class-weight`` asks for, None for ""; ``may_lack`` see ``ClassWeight``.

    Raises ArgumentError for no such rule or file, DataError, which names the line, for a file that
    has something else than labels and weights.
    """
    check_class_weight(text)
    if not text:
        return None
    if text in MODES:
        return ClassWeight(mode=text, given={})
    from fastcli.text.small_files import csv_rows

    given: dict[str, tuple[float, int]] = {}
    for number, row in csv_rows(text, ""):
        where = f"{text}:{number}"
        if len(row) != 2:
            raise DataError(
                f"{where}: {len(row)} column{'s' * (len(row) > 1)}, not two: write label,weight, "
                "and enclose a label with a comma in double quotes."
            )
        label, cell = (one.strip() for one in row)
        if number == 1 and label.lower() in HEADERS[0] and cell.lower() in HEADERS[1]:
            continue
        weight = _number(cell)
        if not label:
            raise DataError(f"{where}: the label is empty.")
        if not 0 <= weight < math.inf:
            raise DataError(f"{where}: the weight {named(cell)} is not a number of 0 or more.")
        if label in given:
            raise DataError(f"{where}: {named(label)} {_already(given[label][1])}")
        given[label] = (weight, number)
    if not given:
        raise DataError(f"{text} holds no weights: write a line label,weight for each label.")
    return ClassWeight(path=text, given=given, may_lack=may_lack)


def _number(cell: str) -> float:
    """Return the number that a cell is, NaN for none."""
    try:
        return float(cell) if cell.isascii() and "_" not in cell else math.nan
    except ValueError:
        return math.nan


def class_weights(
    asked: ClassWeight,
    names: Sequence[str],
    prefix: str,
    counts: NDArray[np.int64],
    has_former: bool = False,
    min_count: int = 0,
) -> NDArray[np.float64]:
    """Return the weight of each label, float64[labels], before they are scaled.

    ``names`` are without ``prefix``, with those of the model that training goes on with if it
    ``has_former``; ``counts`` say how many training lines have each label, and those of fewer than
    ``min_count`` were left out.
    balanced: n / (K count), scikit-learn's ``compute_class_weight``; n counts a line once for each
    of its labels, and K the labels that lines have.  sqrt: its square root.  Raises DataError for
    labels of the file that neither training lines have nor the former model.
    """
    is_there = counts > 0
    if asked.mode:
        balanced = counts.sum() / (max(int(is_there.sum()), 1) * np.maximum(counts, 1))
        found = np.where(is_there, balanced, 1.0)
        return found if asked.mode == "balanced" else np.sqrt(found)
    places = {name: i for i, name in enumerate(names) if is_there[i] or has_former}
    weights, said = np.ones(len(names)), dict[int, int]()
    for label, (weight, number) in asked.given.items():
        place = places.get(label, places.get(label.removeprefix(prefix), -1))
        if place < 0:
            if asked.may_lack:
                continue
            raise DataError(
                f"{asked.path}:{number}: {_none_has(min_count, has_former)} the label "
                f"{named(label)}"
                f"{nearest(label.removeprefix(prefix), places)}."
            )
        if place in said:
            raise DataError(f"{asked.path}:{number}: {named(label)} {_already(said[place])}")
        weights[place], said[place] = weight, number
    return weights


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What training lines and labels weigh: ``lines`` float32[n], ``labels`` float32[labels].

    Lines weigh 1 on average.  So do labels: on average over the lines, by their weights, of the
    mean weight of a line's labels, which is what it expects to draw.
    """

    lines: NDArray[np.float32]
    labels: NDArray[np.float32]
    has_lines: bool
    has_labels: bool

    def label_sums(
        self, labels: NDArray[np.int32], offsets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return how much each label weighs over all lines, float64[labels]; n in all."""
        sizes = np.diff(offsets)
        used = labels[: offsets[-1]]
        shares = np.repeat(self.lines / np.maximum(sizes, 1), sizes) * self.labels[used]
        return np.bincount(used, shares, len(self.labels)).astype(np.float64)

    def one_of_all_guess(self, labels: NDArray[np.int32], offsets: NDArray[np.int64]) -> float:
        """Return the weighted cross entropy of one prediction for all lines, the best there is."""
        sums = self.label_sums(labels, offsets)
        return entropy(sums / max(float(sums.sum()), 1e-12))

    def binary_guess(self, labels: NDArray[np.int32], offsets: NDArray[np.int64]) -> float:
        """Return the same of one classifier a label."""
        used, total = labels[: offsets[-1]], float(self.lines.sum(dtype=np.float64))
        of_lines = np.repeat(self.lines, np.diff(offsets))
        has_it = np.minimum(np.bincount(used, of_lines, len(self.labels)), total)
        yes, no = has_it * self.labels, total - has_it
        both = np.maximum(yes + no, 1e-12)
        return float((both * binary_entropies(yes / both)).sum() / max(len(self.lines), 1))


def scaled(
    lines: NDArray[np.float64] | None,
    by_label: NDArray[np.float64] | None,
    labels: NDArray[np.int32],
    offsets: NDArray[np.int64],
    nlabels: int,
) -> Weights | None:
    """Return the weights of lines and labels on one scale, None where there are neither.

    The labels of line i are ``labels[offsets[i]:offsets[i + 1]]``.  Raises DataError where all
    weights are 0.
    """
    if lines is not None and (lines == 1).all():
        lines = None
    if lines is None and by_label is None:
        return None
    sizes = np.diff(offsets)
    of_lines = _mean_one(np.ones(len(sizes)) if lines is None else lines, np.ones(len(sizes)))
    if of_lines is None:
        raise DataError("All training lines have the weight 0, so there is nothing to train on.")
    of_labels = np.ones(nlabels)
    if by_label is not None:
        used = np.repeat(of_lines / np.maximum(sizes, 1), sizes)
        drawn = np.bincount(labels[: offsets[-1]], used, nlabels).astype(np.float64)
        found = _mean_one(by_label, drawn)
        if found is None:
            raise DataError(
                "All labels of the training lines have the weight 0, so there is nothing to train "
                "on."
            )
        of_labels = np.where(drawn > 0, np.minimum(found, LARGEST), 1.0)
    return Weights(
        lines=of_lines.astype(np.float32),
        labels=of_labels.astype(np.float32),
        has_lines=lines is not None,
        has_labels=by_label is not None,
    )


def scaled_lines(lines: NDArray[np.float64] | None, n: int) -> Weights | None:
    """Return the weights of n lines without labels, which weigh 1 on average, None for none.

    Raises DataError where all weights are 0.
    """
    return scaled(lines, None, np.zeros(0, np.int32), np.zeros(n + 1, np.int64), 1)


def weights_for(
    asked: ClassWeight | None,
    names: Sequence[str],
    labels: NDArray[np.int32],
    offsets: NDArray[np.int64],
    of_lines: NDArray[np.float64] | None,
    *,
    prefix: str,
    weight_prefix: str,
    has_former: bool,
    min_count: int,
    note: Callable[[str], None],
) -> Weights | None:
    """Return the weights of training lines and labels, and note how labels are distributed.

    The labels of line i are ``labels[offsets[i]:offsets[i + 1]]``; ``of_lines`` float64[lines] are
    as they were read, None where there are none.  ``names``, ``prefix``, ``has_former`` and
    ``min_count``: see ``class_weights``.  Raises what it and ``scaled`` do.
    """
    counts = np.bincount(labels[: offsets[-1]], minlength=len(names))
    by_label = None
    if asked is not None:
        by_label = class_weights(asked, names, prefix, counts, has_former, min_count)
    weights = scaled(of_lines, by_label, labels, offsets, len(names))
    if of_lines is not None and weight_prefix and (of_lines == 1).all():
        note(no_weights(weight_prefix))
    if said := sentence(names, counts, len(offsets) - 1, weights):
        note(said)
    return weights


def _mean_one(
    values: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return values whose mean by ``shares`` is 1, None where all that count are 0."""
    largest = float(values[shares > 0].max(initial=0.0))
    if largest == 0:
        return None
    values = np.where(shares > 0, values, 0.0) / largest  # whose sum is finite
    found: NDArray[np.float64] = values * (shares.sum() / (values * shares).sum())
    return found


def sentence(
    names: Sequence[str], counts: NDArray[np.int64], n_lines: int, weights: Weights | None
) -> str:
    """Return how labels are distributed where that is lopsided, and what weighs how much; or "".

    ``counts`` say how many of ``n_lines`` lines have each of the labels ``names``.
    """
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    has_labels = weights is not None and weights.has_labels
    parts = []
    if is_lopsided(counts, n_lines) or (has_labels and len(order) > 1):
        shown = [f"{named(names[i])} {_percent(counts[i] / n_lines)}" for i in order[:SHOWN]]
        if (more := len(order) - SHOWN) > 0:
            shown.append(f"{more:,} other{'s' * (more > 1)}")
        parts.append(f"Labels: {', '.join(shown)}")
    if weights is None:
        return f"{parts[0]}; --class-weight balanced weighs them equally." if parts else ""
    if has_labels:
        low, high = (int(order[f(weights.labels[order])]) for f in (np.argmin, np.argmax))
        least, most = (f"{weights.labels[i]:.3g}" for i in (low, high))
        parts.append(
            f"class weights {least} ({named(names[low])}) to {most} ({named(names[high])})"
            if least != most
            else "all class weights are equal"
        )
    if weights.has_lines:
        least, most = f"{weights.lines.min():.3g}", f"{weights.lines.max():.3g}"
        parts.append(
            f"weights of lines {least} to {most}, on average 1"
            if least != most
            else "all weights of lines are equal"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def no_weights(prefix: str) -> str:
    """Return what to say where no line has a weight, which may be a mistake."""
    return f"--weight-prefix {named(prefix)}: no line has a weight other than 1."


def is_lopsided(counts: NDArray[np.int64], n_lines: int) -> bool:
    """Tell whether labels are so unequal that a person must know: a large one, or small ones."""
    there = counts[counts > 0]
    if len(there) < 2:
        return False
    is_large = int(there.max()) > LARGE_SHARE * n_lines
    is_small = int(there.max()) > TIMES_SMALLEST * int(there.min()) and len(there) <= FEW_LABELS
    return is_large or is_small


def _none_has(min_count: int, has_former: bool) -> str:
    """Return that what training knows lacks something; ``min_count`` of lines are enough of it.

    >>> _none_has(0, False), _none_has(9, False)
    ('no training line has', 'fewer than 9 training lines (-minCountLabel) have')
    >>> _none_has(0, True)
    'neither a training line nor the model has'
    """
    if min_count <= 1:
        return "neither a training line nor the model has" if has_former else "no training line has"
    lines = f"{min_count:,} training lines (-minCountLabel)"
    return f"neither {lines} nor the model have" if has_former else f"fewer than {lines} have"


def _already(line: int) -> str:
    return f"is already on line {line}: remove one of them."


def _percent(share: float) -> str:
    """Return a share in percent.

    >>> _percent(0.923), _percent(0.0012), _percent(0.9996)
    ('92 %', '0.12 %', '99.96 %')
    """
    percent = 100 * share
    if 99.5 <= percent < 100:
        return f"{percent:.4g} %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"
