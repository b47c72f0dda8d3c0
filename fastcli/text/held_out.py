"""Stratified hold-out of training lines: a share of each label's, drawn by the seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError, FastcliError, unreadable
from fastcli.printable import counted
from fastcli.text.inputs import text_blocks
from fastcli.text.separators import REST_OF_TOKEN, SEPARATORS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def drawn(strata: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Return which lines are held out: about that share of each stratum, bool[n].

    In all it is the nearest whole number.  A line of stratum -1 is never held out, nor is the last
    line of a stratum, so that every label stays in training.

    >>> int(drawn(np.repeat([0, 1], [80, 20]), 0.1, 0).sum())
    10
    """
    n = len(strata)
    rng = np.random.default_rng([seed & 0xFFFFFFFF, 3])
    order = rng.permutation(n)
    order = order[np.argsort(strata[order], kind="stable")]
    order = order[int(np.count_nonzero(strata < 0)) :]
    # Of lines in a row, a label's together, every 1/share-th: the half makes it the middle one.
    counts = np.floor(np.arange(len(order) + 1) * share + 0.5)
    found = np.zeros(n, np.bool_)
    found[order[np.diff(counts) > 0]] = True
    labels = strata[order]
    is_last = np.append(labels[1:] != labels[:-1], True) if len(labels) else np.zeros(0, bool)
    first = np.append(0, np.flatnonzero(is_last)[:-1] + 1) if len(labels) else np.zeros(0, int)
    for a, b in zip(first.tolist(), (np.flatnonzero(is_last) + 1).tolist(), strict=True):
        if found[order[a:b]].all():
            found[order[a]] = False
    return found


_TOKEN = re.compile(REST_OF_TOKEN)


def label_in(line: bytes, prefix: bytes) -> bytes:
    """Return the first label of a line, b"" if it has none."""
    start = line.find(prefix)
    while start > 0 and line[start - 1] not in SEPARATORS:
        start = line.find(prefix, start + 1)
    found = _TOKEN.match(line, start) if start >= 0 else None
    return found[0] if found else b""


@dataclass(frozen=True)
class HeldOut:
    """How many lines are held out, and how many are trained on."""

    n_valid: int
    n_train: int
    is_stratified: bool = True

    def sentence(self, share: float, seed: int) -> str:
        """Return what to tell a user."""
        how = "stratified by label" if self.is_stratified else "drawn at random"
        return (
            f"--valid-share {share:g}: {self.n_valid:,} of {self.n_valid + self.n_train:,} lines "
            f"held out for validation, {how} (-seed {seed})."
        )


def check_held_out(n_valid: int, n_lines: int, share: float) -> None:
    """Raise DataError if no line is held out."""
    if not n_lines:
        raise DataError("The training data are empty: there is no line to hold out for validation.")
    if not n_valid:
        raise DataError(
            f"--valid-share {share:g} of {counted(n_lines)} leaves no validation line: give a "
            "larger share, or a file with --valid."
        )


def hold_out(
    inputs: Sequence[str],
    share: float,
    prefix: bytes,
    seed: int,
    to: tuple[Path, Path],
    of_numbers: bool = False,
) -> HeldOut:
    """Write training lines to the first file and validation lines to the second, in their order.

    Lines count by their first label, unless labels are numbers (``of_numbers``); those without one
    stay in training.  Raises DataError if a
    file cannot be read or has too few lines, FastcliError where there is no room for the copies.
    """
    strata, _ = strata_of(lines_of(inputs), prefix)
    if of_numbers:
        strata = np.minimum(strata, 0)
    mask = drawn(strata, share, seed)
    n_valid = int(mask.sum())
    if len(strata) and not (strata >= 0).any():
        raise DataError(
            f"No training line has a label ({prefix.decode(errors='replace')}...), so none can be "
            "held out for validation."
        )
    check_held_out(n_valid, len(strata), share)
    write_apart(lines_of(inputs), mask.tolist(), to)
    return HeldOut(n_valid, len(strata) - n_valid, not of_numbers)


def strata_of(lines: Iterable[bytes], prefix: bytes) -> tuple[NDArray[np.int64], list[bytes]]:
    """Return the number of the first label of each line, -1 if it has none, and these labels."""
    known: dict[bytes, int] = {b"": -1}
    strata = np.array(
        [known.setdefault(label_in(line, prefix), len(known) - 1) for line in lines], np.int64
    )
    return strata, list(known)[1:]


def write_apart(lines: Iterable[bytes], is_second: Iterable[bool], to: tuple[Path, Path]) -> None:
    """Write lines to the first of two files, or to the second.

    Raises FastcliError where there is no room for the copies.
    """
    try:
        with open(to[0], "wb") as first, open(to[1], "wb") as second:
            for line, is_there in zip(lines, is_second, strict=False):
                (second if is_there else first).write(line)
    except FastcliError:
        raise
    except OSError as error:
        raise FastcliError(
            f"The lines cannot be copied to {to[0].parent.parent} ({error.strerror}). "
            "Set TMPDIR to a folder with more room."
        ) from None


def lines_of(inputs: Sequence[str]) -> Iterator[bytes]:
    """Yield all lines of files, each with its line end.

    Raises DataError if a file cannot be read.
    """
    for path in inputs:
        try:
            for block in text_blocks(path):
                lines = block.tobytes().split(b"\n")
                last = lines.pop()
                for line in [*lines, last] if last else lines:
                    yield line + b"\n"
        except OSError as error:
            raise unreadable(path, error, "training") from None
