"""The bytes of a model file as they are written, and how many there are."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.headers import ARGS, DICTIONARY, MAGIC
from fastcli.fasttext.model_args import LOSSES, MODEL_NAMES, ModelArgs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.quantized import QuantizedMatrix
    from fastcli.text.dictionary import Dictionary

VERSION = 12
MATRIX = struct.Struct("<qq")
NOT_PRUNED = -1


def head_bytes(
    args: ModelArgs, dictionary: Dictionary, bucket_rows: NDArray[np.int32] | None = None
) -> bytes:
    """Return what comes before the matrices: magic, version, arguments and dictionary.

    ``bucket_rows`` is ``Model.bucket_rows``.
    """
    buckets = np.flatnonzero(bucket_rows) if bucket_rows is not None else np.zeros(0, np.int64)
    values = [getattr(args, name) for name in ModelArgs.__dataclass_fields__]
    values[6] = LOSSES[args.loss]
    values[7] = next(number for number, name in MODEL_NAMES.items() if name == args.model)
    parts = [
        struct.pack("<ii", MAGIC, VERSION),
        ARGS.pack(*values),
        DICTIONARY.pack(
            len(dictionary),
            dictionary.nwords,
            dictionary.nlabels,
            dictionary.ntokens,
            NOT_PRUNED if bucket_rows is None else len(buckets),
        ),
    ]
    step = 1 << 14  # so many entries at a time, since this takes 200 bytes for each
    for first in range(0, len(dictionary), step):
        last = min(first + step, len(dictionary))
        parts.append(_entries_bytes(dictionary, first, last))
    if bucket_rows is not None:
        pairs = np.stack([buckets, bucket_rows[buckets] - 1], axis=1)
        parts.append(pairs.astype("<i4").tobytes())
    return b"".join(parts)


def _entries_bytes(dictionary: Dictionary, first: int, last: int) -> bytes:
    """Return entries ``first`` to ``last``, each its letters, NUL, int64 count and int8 type."""
    n, starts = last - first, dictionary.starts[first : last + 1]
    letters = dictionary.arena[starts[0] : starts[-1]]
    numbers = np.empty(n, np.dtype([("end", "u1"), ("count", "<i8"), ("is_label", "u1")]))
    numbers["end"] = 0
    numbers["count"] = dictionary.counts[first:last]
    numbers["is_label"] = np.arange(first, last) >= dictionary.nwords
    size = numbers.itemsize
    is_letter = np.ones(len(letters) + size * n, bool)
    ends = starts[1:] - starts[0] + size * np.arange(n)
    is_letter[(ends[:, None] + np.arange(size)).reshape(-1)] = False
    out = np.empty(len(is_letter), np.uint8)
    out[is_letter] = letters
    out[~is_letter] = numbers.view(np.uint8)
    return out.tobytes()


def quantized_bytes(matrix: QuantizedMatrix) -> bytes:
    """Return a quantized matrix in the layout of the file."""
    q = matrix.quantizer
    shape = struct.pack("<Bqqi", matrix.norms is not None, matrix.n_rows, q.dim, len(matrix.codes))
    parts = [
        shape,
        matrix.codes.tobytes(),
        _quantizer_bytes((q.dim, q.nsubq, q.dsub, q.lastdsub), q.centroids),
    ]
    if matrix.norms is not None and matrix.norm_codes is not None:
        parts += [
            matrix.norm_codes.tobytes(),
            _quantizer_bytes((1, 1, 1, 1), matrix.norms),
        ]
    return b"".join(parts)


def _quantizer_bytes(shape: tuple[int, ...], centroids: NDArray[np.float32]) -> bytes:
    return struct.pack("<4i", *shape) + centroids.tobytes()


def output_rows(args: ModelArgs, dictionary: Dictionary) -> int:
    """Return the rows of the output matrix: one per label, for word vectors one per word."""
    return dictionary.nlabels if args.model == "sup" else dictionary.nwords


def file_size(args: ModelArgs, dictionary: Dictionary) -> int:
    """Return the exact size of a ``.bin`` file, in bytes."""
    n = len(dictionary)
    rows = dictionary.nwords + args.bucket + output_rows(args, dictionary)
    return 126 + 4 * args.dim * rows + int(dictionary.starts[n]) + 10 * n
