"""How many bytes a quantized model takes in a file, and how many rows fit into a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.fasttext.quantized import CENTROIDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model_args import ModelArgs
    from fastcli.fasttext.quantize import Sizes
    from fastcli.text.dictionary import Dictionary

OUTPUT_DSUB = 2
HEAD = 92 + 2  # bytes of a file before the words, and the flags of the two matrices
ENTRY = 10  # bytes of a word beside its letters
BUCKET = 8  # bytes that say which bucket a kept row is of


class TargetTooSmall(ArgumentError):
    """No model of this kind is as small as requested."""

    note = "no model that small"


def matrix_size(rows: int, dim: int, dsub: int, qnorm: bool) -> int:
    """Return the bytes of a quantized matrix in a file.

    >>> matrix_size(1000, 10, 2, True) - matrix_size(0, 10, 2, True)  # five codes and a norm each
    6000
    """
    size = 1 + 8 + 8 + 4 + rows * -(-dim // dsub) + 16 + 4 * dim * CENTROIDS
    return size + (rows + 16 + 4 * CENTROIDS if qnorm else 0)


def codes_size(dim: int, sizes: Sizes) -> int:
    """Return the bytes of the codes of an input row."""
    return -(-dim // sizes.dsub) + int(sizes.qnorm)


def size_without_rows(args: ModelArgs, dictionary: Dictionary, sizes: Sizes) -> int:
    """Return the bytes of a model that has its labels and codebooks, and no word or input row."""
    dim, nlabels, starts = args.dim, dictionary.nlabels, dictionary.starts
    labels = int(starts[len(dictionary)] - starts[dictionary.nwords]) + ENTRY * nlabels
    size = HEAD + labels + matrix_size(0, dim, sizes.dsub, sizes.qnorm)
    if sizes.qout:
        return size + matrix_size(nlabels, dim, OUTPUT_DSUB, sizes.qnorm)
    return size + 16 + 4 * dim * nlabels


def word_sizes(dictionary: Dictionary) -> NDArray[np.int64]:
    """Return the bytes of every word in a file."""
    return np.diff(dictionary.starts[: dictionary.nwords + 1]) + ENTRY


def unpruned_size(args: ModelArgs, dictionary: Dictionary, sizes: Sizes) -> int:
    """Return the bytes of a model that has all its rows."""
    rows = dictionary.nwords + args.bucket
    size = size_without_rows(args, dictionary, sizes) + int(word_sizes(dictionary).sum())
    return size + rows * codes_size(args.dim, sizes)


def pruned_sizes(
    args: ModelArgs, dictionary: Dictionary, order: NDArray[np.int64], sizes: Sizes
) -> NDArray[np.int64]:
    """Return the bytes of models that have the first row of an order alone, the first two, ..."""
    is_word = order < dictionary.nwords
    row_sizes = np.full(len(order), BUCKET, np.int64)
    row_sizes[is_word] = word_sizes(dictionary)[order[is_word]]
    row_sizes += codes_size(args.dim, sizes)
    return size_without_rows(args, dictionary, sizes) + np.cumsum(row_sizes)


def rows_that_fit(
    args: ModelArgs,
    dictionary: Dictionary,
    order: NDArray[np.int64],
    sizes: Sizes,
    target: int,
) -> int:
    """Return how many rows, in an order, a pruned model of at most ``target`` bytes has.

    Raises TargetTooSmall if that is less than 256, and rows are left out.
    """
    ends = pruned_sizes(args, dictionary, order, sizes)
    n = int(np.searchsorted(ends, target, side="right"))
    fewest = min(CENTROIDS, len(order))
    if n < fewest:
        raise TargetTooSmall(
            "Couldn't fulfil model size constraint: the smallest model of this kind has "
            f"{int(ends[fewest - 1]):,} bytes; {target:,} are asked for."
        )
    return n
