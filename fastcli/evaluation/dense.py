"""The probabilities of all labels for the lines of a file, and the labels that the lines have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError, NotFinite
from fastcli.evaluation.probabilities import dense_probs, dense_truth
from fastcli.memory import check_room
from fastcli.printable import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Block, Classifier

FEWEST, FEW = 10, 50  # lines: of less nothing can be said, or nothing that is sure


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The lines of a file that have a known label and a known word: those that ``test`` counts.

    ``probs`` float32[lines, labels], ``truth`` bool of the same shape; ``left_out`` are the others.
    ``first`` int32[lines] is what ``test`` takes for the best label where several are as probable;
    None: the first of them.
    """

    probs: NDArray[np.float32]
    truth: NDArray[np.bool_]
    left_out: int
    first: NDArray[np.int32] | None = None

    @property
    def n(self) -> int:
        """The number of lines."""
        return len(self.probs)

    @property
    def n_right(self) -> int:
        """The number of lines whose best label is one of theirs."""
        best = self.probs.argmax(axis=1) if self.first is None else self.first
        return int(self.truth[np.arange(self.n), best].sum())

    @property
    def has_several(self) -> bool:
        """Whether some line has more than one label."""
        return bool((self.truth.sum(axis=1) > 1).any())


def check_enough(scored: Scored, path: str) -> str:
    """Return what to say where lines are few, else "".

    Raises DataError where nothing can be chosen or fitted by them: they are next to none, or all
    have the same label.
    """
    left_out = f" ({scored.left_out:,} left out)" if scored.left_out else ""
    if scored.n < FEWEST:
        raise DataError(
            f"{path} has {counted(scored.n)} with a known label and a known word{left_out}: give "
            f"at least {FEWEST}, better some hundreds."
        )
    if scored.truth.shape[1] == 1 or int(scored.truth.any(axis=0).sum()) == 1:
        raise DataError(f"All lines of {path} have the same label: give lines of other labels too.")
    if scored.n >= FEW:
        return ""
    return (
        f"{path} has {counted(scored.n, 'usable line')}{left_out}: too few for a reliable result."
    )


def read_scored(
    model: Classifier,
    files: Iterable[tuple[str, Iterable[Block]]],
    name: str,
    data: str,
    pair_bytes: int,
) -> Scored:
    """Predict labelled lines, with all labels; ``files`` are paths and their blocks.

    ``name`` and ``data`` stand for the model and all files in errors, ``pair_bytes`` is the memory
    that what comes next needs for each label of each line.  Raises NotFinite, DataError
    where no line is left, and FastcliError where the memory is too small.
    """
    model.check_predicts()
    n_labels = model.nlabels
    max_lines = min(4096, 1 + (1 << 20) // n_labels)
    worker = model.worker(n_labels, -1.0, max_lines)  # any probability is above -1
    # Sigmoids are the same from some score on, and of equal ones a larger k finds another first.
    best = None if model.sums_to_one else model.worker(1, -1.0, max_lines)
    probs, truth, firsts, left_out, n = [], [], [], 0, 0
    for path, blocks in files:
        start = n
        for block in blocks:
            ones = repeat(None) if best is None else best(block)
            for (lines, found), one in zip(worker(block), ones, strict=False):
                if found.not_finite >= 0:
                    line = n - start + found.not_finite + 1
                    raise NotFinite(name, f"the scores of line {line:,} of {path}")
                has_gold = np.diff(lines.label_offsets[: lines.n + 1]) > 0
                used = has_gold & (np.diff(lines.offsets[: lines.n + 1]) > 0)
                n += lines.n
                left_out += int(lines.n - used.sum())
                need = pair_bytes * n_labels * (n - left_out)
                check_room(need, f"The probabilities of {n_labels:,} labels of {n:,} lines")
                probs.append(dense_probs(found, n_labels)[used])
                gold = dense_truth(lines.label_offsets, lines.labels, lines.n, n_labels)
                truth.append(gold[used])
                if one is not None:
                    firsts.append(one[1].best[used])
    if n == left_out:
        raise DataError(f"{data} has no line with both a known label and a known word.")
    return Scored(
        probs=np.concatenate(probs),
        truth=np.concatenate(truth),
        left_out=left_out,
        first=np.concatenate(firsts) if firsts else None,
    )
