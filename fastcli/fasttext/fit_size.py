"""Which rows a quantized model keeps, and how coarse its codes are, for a file of a given size."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model_size import (
    TargetTooSmall,
    pruned_sizes,
    rows_that_fit,
    unpruned_size,
)
from fastcli.fasttext.quantize import Sizes, quantize_matrix, row_norms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model
    from fastcli.fasttext.model_args import ModelArgs
    from fastcli.fasttext.quantized import QuantizedMatrix
    from fastcli.text.dictionary import Dictionary

DSUBS = (1, 2, 4, 8, 16)  # of those between them only the smallest with which all rows fit


def rows_kept(
    args: ModelArgs,
    dictionary: Dictionary,
    order: NDArray[np.int64],
    sizes: Sizes,
    target: int,
    may_keep_all: bool,
) -> int:
    """Return how many rows of an order a file of ``target`` bytes (0: any) holds.

    ``order`` has the rows that are worth keeping, the best first.  Where they all fit, the answer
    may be the number of all rows of the model: a file with few zero rows can be smaller than one
    that says which buckets it has.  Raises TargetTooSmall as ``rows_that_fit`` does.
    """
    if may_keep_all:
        size = unpruned_size(args, dictionary, sizes)
        smallest = int(pruned_sizes(args, dictionary, order, sizes)[-1])
        if size <= min(smallest, target or smallest):
            return dictionary.nwords + args.bucket
    return rows_that_fit(args, dictionary, order, sizes, target) if target else len(order)


def fit_to_size(
    model: Model,
    order: NDArray[np.int64],
    sizes: Sizes,
    target: int,
    may_keep_all: bool,
    n_threads: int,
) -> Sizes:
    """Return the sizes with the best dsub for a file of ``target`` bytes; see ``rows_kept``.

    A larger dsub leaves room for more rows, each less exact.  Where all rows fit, the smallest
    dsub is taken with which they do; otherwise the one with the least squared error over all
    rows, those that are dropped included.  Raises TargetTooSmall if the target is too small
    for any.
    """
    assert isinstance(model.wi, DenseMatrix)
    dim, args, dictionary = model.args.dim, model.args, model.dictionary

    @cache
    def n_kept(dsub: int) -> int | TargetTooSmall:
        tried = replace(sizes, dsub=dsub)
        try:
            return rows_kept(args, dictionary, order, tried, target, may_keep_all)
        except TargetTooSmall as error:
            return error

    def all_fit(dsub: int) -> bool:
        n = n_kept(dsub)
        return not isinstance(n, TargetTooSmall) and n >= len(order)

    energy = row_norms(model.wi, n_threads)[order].astype(np.float64) ** 2
    best: tuple[float, int] | None = None
    refusal: TargetTooSmall | None = None
    former = 0
    for dsub in sorted({min(d, dim) for d in DSUBS}):
        is_last = all_fit(dsub)  # a larger one is only less exact
        if is_last:
            dsub = next(d for d in range(former + 1, dsub + 1) if all_fit(d))
            if best is None:
                return replace(sizes, dsub=dsub)
        former = dsub
        n = n_kept(dsub)
        if isinstance(n, TargetTooSmall):
            refusal = n
            continue
        rows = np.sort(order[:n])
        kept = DenseMatrix(model.wi.values.reshape(-1, dim)[rows].reshape(-1), dim)
        codes = quantize_matrix(kept, dsub, sizes.qnorm, n_threads)
        lost = float(energy[n:].sum()) + _squared_error(kept, codes)
        if best is None or lost < best[0]:
            best = lost, dsub
        if is_last:
            break
    if best is None:
        assert refusal is not None
        raise refusal
    return replace(sizes, dsub=best[1])


def _squared_error(matrix: DenseMatrix, codes: QuantizedMatrix) -> float:
    """Return by how much the rows that codes stand for differ from those of a matrix."""
    error, step = 0.0, max(1, (1 << 20) // matrix.dim)
    features = np.arange(step, dtype=np.int32)
    offsets = np.arange(step + 1, dtype=np.int64)
    for first in range(0, matrix.n_rows, step):
        n = min(step, matrix.n_rows - first)
        decoded = codes.means(features + np.int32(first), offsets, 0, n)
        original = matrix.values[first * matrix.dim : (first + n) * matrix.dim]
        error += float(((decoded - original) ** 2).sum(dtype=np.float64))
    return error
