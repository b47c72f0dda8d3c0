"""What tables of numbers take in memory, and refusing those that have no room before they fill it.

All features of all rows have a place, float64 while they are read and float32 afterwards, those
that are 0 too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastcli import memory
from fastcli.errors import DataError
from fastcli.memory import size_text
from fastcli.mlp.defaults import TrainingSize, decided
from fastcli.mlp.network import layers_of
from fastcli.optimizers import slots
from fastcli.text.inputs import text_size

if TYPE_CHECKING:
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.feature_rows import RawRows

NUMBER = 8  # bytes of a number that is read
# Bytes that a column has besides, while it is read: its mean and range, what they are made from,
# and its name among the columns that are constant, as nearly all are that a large index makes.
OF_COLUMN = 28 * NUMBER
SPARE = 1 << 26  # bytes for the text and the rows that are being read
# How far the extrapolated size may exceed free memory before a file is refused: 3 times early on,
# 1.2 times once a tenth is read.
UNSURE, SURE, SURE_FROM = 3.0, 1.2, 0.1
FEWER = {
    "libsvm": "Zeros take room, too: use fewer features (select or hash them, or number them "
    "without gaps).",
    "csv": "Leave columns out (--drop), or take fewer rows.",
}


def least_bytes(args: MlpArgs, n: int, n_features: int) -> int:
    """Return what training on n rows takes at least, with the parameters of the network."""
    size = TrainingSize(n=n, n_inputs=n_features, n_labels=1, has_several=False)
    args, _ = decided(args, size)
    n_parameters = sum(
        math.prod(shape)
        for layer in layers_of(args, n_features, 1)
        for shape in layer.tensor_shapes.values()
    )
    # Parameters, gradients and states of the optimiser, and the inputs of a batch in training and
    # in evaluation, beside rows of float32.
    network = 4 * (2 + slots(args.rule, args.hyperparameters())) * n_parameters
    network += 2 * 4 * (min(args.batch_size or n, n) + 1) * n_features
    rows = NUMBER * n * n_features
    return max(rows + SPARE, rows // 2 + network) + OF_COLUMN * n_features


def check_training(args: MlpArgs, paths: Sequence[str], n: int, n_features: int) -> None:
    """Raise DataError if memory has no room for training on the rows of libsvm files."""
    free = memory.available_memory()
    need = least_bytes(args, n, n_features)
    if free is None or need <= free:
        return
    rows = NUMBER * n * n_features
    network = " and a network for them" if need > rows + SPARE + OF_COLUMN * n_features else ""
    what = f"{n:,} lines of {n_features:,} features{network}"
    raise _no_room(paths[0], what, size_text(need), free, "libsvm")


def check_room(path: str, n: int, n_features: int, kind: str = "csv") -> None:
    """Raise DataError if memory has no room for some rows on the way, where they are copied."""
    need = 3 * NUMBER * n * n_features
    free = memory.available_memory() if need > memory.LARGE else None
    if free is not None and need > free:
        what = f"{n:,} lines of {n_features:,} features"
        raise _no_room(path, what, size_text(need), free, kind)


class Growing:
    """Looks whether memory has room for the rows of files, while they are read."""

    def __init__(self, paths: Sequence[str], kind: str) -> None:
        self._kind, self._read, self._total = kind, 0, text_size(paths)

    def check(self, path: str, rows: RawRows, n_bytes: int) -> None:
        """Look at the rows so far, the last of which were ``n_bytes`` of text.

        Raises DataError where those to come will have no room, by the size of those before; if
        their bytes are not known (0), where memory is full.
        """
        self._read += n_bytes
        n, taken = len(rows), NUMBER * len(rows) * rows.width
        free = memory.available_memory() if taken > memory.LARGE else None
        if free is None:
            return
        # Of objects nobody knows the bytes they were read from: as if these were all.
        share = self._read / self._total if self._read and self._total else 1.0
        left = taken / max(share, 1e-9) - taken if share < 1 else 0.0
        if left <= free * (SURE if share >= SURE_FROM else UNSURE) and free > SPARE:
            return
        what, need = f"{n:,} rows of {rows.width:,} columns", size_text(taken)
        if left > SPARE:
            what, need = (
                f"about {n / share:,.0f} rows of {rows.width:,} columns",
                size_text(int(taken + left)),
            )
        raise _no_room(path, what, need, free, self._kind)


def _no_room(path: str, what: str, need: str, free: int, kind: str) -> DataError:
    return DataError(
        f"{path}: {what} would take {need} of memory, and {size_text(free)} are available. "
        f"{FEWER[kind]}"
    )
