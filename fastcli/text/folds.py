"""Folds of cross-validation: which lines each one leaves out, of each label alike."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.printable import listed, readable
from fastcli.text.held_out import lines_of, strata_of, write_apart
from fastcli.text.spooled import place_of, standing_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = -1  # the fold of a line that has no label: it is never measured


def fold_numbers(strata: NDArray[np.int64], n_folds: int, seed: int) -> NDArray[np.int32]:
    """Return the fold that leaves out each line, from 0 on; int32[n], ``NONE`` for stratum -1.

    The folds of a stratum differ by one line at most, and so do the folds as a whole.

    >>> np.bincount(fold_numbers(np.repeat([0, 1], [7, 4]), 3, 0)).tolist()
    [4, 4, 3]
    """
    rng = np.random.default_rng([seed & 0xFFFFFFFF, 4])
    order = rng.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    order = order[int(np.count_nonzero(strata < 0)) :]
    folds = np.full(len(strata), NONE, np.int32)
    folds[order] = np.arange(len(order)) % n_folds
    return folds


def check_folds(strata: NDArray[np.int64], n_folds: int) -> None:
    """Raise DataError if there are fewer lines with a label than folds."""
    n = int(np.count_nonzero(strata >= 0))
    if n < n_folds:
        fewer = f" (--folds {n} at most)" if n > 1 else ""
        raise DataError(
            f"{n:,} lines with a label are too few for {n_folds} folds: there must be one for "
            f"each{fewer}."
        )


def rare_sentence(strata: NDArray[np.int64], labels: Sequence[str], n_folds: int) -> str:
    """Return what to say of labels that have fewer lines than there are folds, "" if none has."""
    counts = np.bincount(strata[strata >= 0], minlength=len(labels))
    rare = [name for name, n in zip(labels, counts.tolist(), strict=True) if 0 < n < n_folds]
    if not rare:
        return ""
    n = len(rare)
    what = f"{n:,} labels have" if n > 1 else "1 label has"
    unseen = ""
    if (counts == 1).any():
        unseen = (
            " A label with one line cannot be measured: the model of its fold has not seen it, and "
            "no figure has its line in its denominator."
        )
    return f"{what} fewer than {n_folds} lines, and no line in some folds: {listed(rare)}.{unseen}"


class TextFolds:
    """Lines of labels and text in folds; ``labels`` are the first labels, ``folds`` int32[n].

    To be closed at the end.  Raises DataError if they cannot be read, or are too few.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        n_folds: int,
        prefix: str,
        seed: int,
        of_numbers: bool = False,
    ) -> None:
        """Divide lines, of each label alike unless labels are numbers (``of_numbers``)."""
        self._inputs = inputs
        self._places = list(map(place_of, inputs))  # before others stand for them
        strata, labels = strata_of(self.lines(), os.fsencode(prefix))
        if of_numbers:
            strata, labels = np.minimum(strata, 0), [b""]
        check_folds(strata, n_folds)
        self.folds = fold_numbers(strata, n_folds, seed)
        names = [readable(label.removeprefix(os.fsencode(prefix))) for label in labels]
        self._folder = TemporaryDirectory(prefix="fastcli-")
        self.note = rare_sentence(strata, names, n_folds)

    def lines(self) -> Iterator[bytes]:
        """Yield all lines, those without a label as well."""
        return lines_of(self._places)

    @contextmanager
    def apart(self, fold: int) -> Iterator[tuple[str, int]]:
        """Let the lines of other folds stand for the inputs.

        Yields the file of those that the fold leaves out, and how many the others are.
        """
        is_out = self.folds == fold
        folder = Path(self._folder.name)
        train, out = folder / "train.txt", folder / "fold.txt"
        write_apart(self.lines(), is_out.tolist(), (train, out))
        with standing_for(self._inputs, str(train), str(folder / f"empty-{fold}")):
            yield str(out), int(np.count_nonzero(~is_out & (self.folds != NONE)))

    def close(self) -> None:
        """Remove the temporary files."""
        self._folder.cleanup()
