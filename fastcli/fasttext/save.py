"""Saving a trained model: ``.bin`` with holes where rows are zero, ``.vec``, ``.output``, JSON.

Text is formatted by all threads and written in order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_args import ModelArgs
from fastcli.fasttext.model_bytes import MATRIX, file_size, head_bytes, output_rows, quantized_bytes
from fastcli.fasttext.word_rows import packed, word_rows
from fastcli.files import write_all
from fastcli.kernels.base import matrix as kernels
from fastcli.kernels.base import printf
from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text.features import count_char_ngrams
from fastcli.kernels.text.groups import Ngrams
from fastcli.memory import padded
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.continuing import Former
    from fastcli.fasttext.quantize import QuantizedModel
    from fastcli.fasttext.trained import Trained
    from fastcli.files import Replacement
    from fastcli.text.dictionary import Dictionary

PART = 1 << 22  # bytes of text prepared at a time by a thread
PART_OF_ROWS = 1 << 20  # bytes of rows, which are in the cache when they are written
MOST_HOLES = 1 << 14
PAGE = 4096
WORDS_AT_ONCE = 1 << 10  # whose rows are summed at a time
ROWS_AT_ONCE = 1 << 16  # that are summed at a time
ENTRY = 60  # bytes of an entry of the dictionary on its way to the file, its letters three times


def write_model(out: Replacement, model: Trained) -> None:
    """Write a ``.bin`` file.  Raises OSError or FastcliError if it cannot be written."""
    args, dictionary = model.args, model.dictionary
    rows = dictionary.nwords + args.bucket
    size = file_size(args, dictionary)
    fd = out.begin()
    head = head_bytes(args, dictionary) + b"\0" + MATRIX.pack(rows, args.dim)
    write_all(fd, head)
    if model.former is None:
        _write_rows(out, len(head), rows, model)
    else:
        _write_all_rows(out, len(head), rows, model, model.former)
    tail = b"\0" + MATRIX.pack(output_rows(args, dictionary), args.dim)
    write_all(fd, tail)
    outputs = model.wo.reshape(-1, model.stride)
    step = max(1, PART_OF_ROWS // (4 * args.dim))
    for first in range(0, len(outputs), step):
        write_all(fd, np.ascontiguousarray(outputs[first : first + step, : args.dim]))
    if len(head) + 4 * args.dim * (rows + len(outputs)) + len(tail) != size:
        raise AssertionError("the model file does not have the expected size")


def write_quantized(out: Replacement, quantized: QuantizedModel) -> None:
    """Write a ``.ftz`` file.  Raises OSError or FastcliError if it cannot be written."""
    write_all(out.begin(), quantized_model_bytes(quantized))


def quantized_model_bytes(quantized: QuantizedModel) -> bytes:
    """Return a ``.ftz`` file."""
    from fastcli.fasttext.quantized import QuantizedMatrix  # which most commands do without

    model, wo = quantized.model, quantized.wo
    parts = [
        head_bytes(model.args, model.dictionary, model.bucket_rows),
        b"\1",
        quantized_bytes(quantized.wi),
    ]
    if isinstance(wo, QuantizedMatrix):
        parts += [b"\1", quantized_bytes(wo)]
    else:
        parts += [b"\0", MATRIX.pack(wo.n_rows, wo.dim), wo.values.tobytes()]
    return b"".join(parts)


def _write_rows(out: Replacement, base: int, n_rows: int, model: Trained) -> None:
    """Write the input rows from ``base`` on; runs of rows that are zero become holes."""
    dim, ids = model.args.dim, model.ids
    least = _least_hole(ids, 4 * dim)
    span = max(1, PART_OF_ROWS // (4 * dim))
    values = np.empty(span * dim, np.float32)
    kept = kernels.KeptRows(model.wi, model.stride, dim, model.memory_rows, ids)
    first = at = 0
    while first < len(ids):
        start = int(ids[first])
        last = first + int(np.searchsorted(ids[first:], start + span))
        n = int(ids[last - 1]) + 1 - start
        kernels.copy_rows(kept, first, last, start, values, n * dim)
        at = _write_some(out, base, values[: n * dim], dim, ids[first:last], at, least)
        first = last
    _skip_rows(out, base, 4 * dim, at, n_rows)


def _write_all_rows(
    out: Replacement, base: int, n_rows: int, model: Trained, former: Former
) -> None:
    """Do as ``_write_rows`` does, with the rows of a former model where training used none."""
    dim, ids = model.args.dim, model.ids
    rows = model.wi.reshape(-1, model.stride)
    span = max(1, PART_OF_ROWS // (4 * dim))
    at = 0
    for first in range(0, n_rows, span):
        last = min(first + span, n_rows)
        values = former.rows(np.arange(first, last))
        start, end = np.searchsorted(ids, [first, last])
        values[ids[start:end] - first] = rows[model.memory_rows[start:end], :dim]
        present = np.flatnonzero(values.any(axis=1))
        if not len(present):
            continue
        least = _least_hole(present, 4 * dim, MOST_HOLES * len(values) // n_rows)
        a, b = present[0], present[-1] + 1
        at = _write_some(out, base, values[a:b].reshape(-1), dim, first + present, at, least)
    _skip_rows(out, base, 4 * dim, at, n_rows)


def _write_some(
    out: Replacement,
    base: int,
    values: NDArray[np.float32],
    dim: int,
    ids: NDArray[np.int64],
    at: int,
    least: int,
) -> int:
    """Write rows ``ids[0]`` to ``ids[-1]``, flat; return the row after them.

    All of them but ``ids`` are zero, and runs of at least so many bytes become holes.  ``at`` is
    the row after the one that was written last.
    """
    start = int(ids[0])
    gaps = np.flatnonzero((np.diff(ids) - 1) * (4 * dim) >= least)
    starts = [start, *ids[gaps + 1].tolist()]
    ends = [*(ids[gaps] + 1).tolist(), int(ids[-1]) + 1]
    for a, b in zip(starts, ends, strict=True):
        _skip_rows(out, base, 4 * dim, at, a)
        write_all(out.fd, values[(a - start) * dim : (b - start) * dim])
        at = b
    return at


def _skip_rows(out: Replacement, base: int, row_bytes: int, first: int, last: int) -> None:
    """Leave out rows of zeros, or write them where a file has no holes."""
    if out.has_holes:
        os.lseek(out.fd, base + row_bytes * last, os.SEEK_SET)
        return
    left = row_bytes * (last - first)
    zeros = bytes(min(left, PART))
    while left > 0:
        write_all(out.fd, zeros[:left])
        left -= len(zeros)


def _least_hole(ids: NDArray[np.int64], row_bytes: int, most: int = MOST_HOLES) -> int:
    """Return the number of bytes from which a run of zero rows becomes a hole.

    Two pages hold one page of zeros wherever they start.  A file system takes longer for very
    many holes than for writing zeros, so only the largest ones stay, ``most`` of them.
    """
    gaps = (np.diff(ids) - 1) * row_bytes
    least = 2 * PAGE
    if np.count_nonzero(gaps >= least) > most:
        least = int(np.partition(gaps, -most)[-most]) + 1 if most else int(gaps.max()) + 1
    return least


def _in_order(
    n: int, n_threads: int, make: Callable[[int, int], Any], write: Callable[[Any], None]
) -> None:
    """Make parts 0 to n on all threads, and write them in order."""
    made: list[Any] = [None] * n_threads
    for first in range(0, n, n_threads):
        some = min(n_threads, n - first)

        def work(thread: int, first: int = first) -> None:
            made[thread] = make(thread, first + thread)

        run_on(some, work)
        for part in made[:some]:
            write(part)


def write_vectors(
    out: Replacement,
    matrix: NDArray[np.float32],
    stride: int,
    args: ModelArgs,
    dictionary: Dictionary,
    first_entry: int,
    n: int,
    n_threads: int,
) -> None:
    """Write rows as text: a line ``n dim``, then a line for each with its dictionary entry.

    Raises OSError or FastcliError if the file cannot be written.
    """
    starts = dictionary.starts
    step = max(1, PART // (12 * args.dim + 32))

    def bound(first: int, last: int) -> int:
        words = int(starts[first_entry + last] - starts[first_entry + first])
        return words + (last - first) * (12 * args.dim + 2) + 16

    def make(_: int, part: int) -> NDArray[np.uint8]:
        first, last = part * step, min((part + 1) * step, n)
        text = np.empty(bound(first, last), np.uint8)
        names = Strings(starts[first_entry + first :], dictionary.arena)
        rows = matrix[first * stride :]
        size = printf.format_vectors(rows, stride, args.dim, last - first, names, 1, text)
        return text[:size]

    fd = out.begin()
    write_all(fd, f"{n} {args.dim}\n".encode())
    _in_order(-(-n // step), n_threads, make, lambda part: write_all(fd, part))


def write_matrix(
    out: Replacement, rows: NDArray[np.float32], dictionary: Dictionary, n_threads: int
) -> None:
    """Write the vectors of a dictionary's words (nwords x dim) as a ``.vec`` file."""
    dim = rows.shape[1]
    args = ModelArgs(dim=dim)
    write_vectors(out, rows.reshape(-1), dim, args, dictionary, 0, dictionary.nwords, n_threads)


def vector_lines(rows: NDArray[np.float32], names: Sequence[bytes] | None) -> bytes:
    """Return rows (n x dim) as lines of ``name v1 v2 ... vn``, or of values alone."""
    n, dim = rows.shape
    starts, arena = packed(names if names is not None else [])
    out = np.empty(len(arena) + n * (12 * dim + 2) + 16, np.uint8)
    flat = np.ascontiguousarray(rows).reshape(-1)
    with_names = 0 if names is None else 1
    strings = Strings(starts, arena)
    size = printf.format_vectors(flat, dim, dim, n, strings, with_names, out)
    return out[:size].tobytes()


def rows_of_words(args: TrainArgs, dictionary: Dictionary) -> int:
    """Return how many rows each word has: its own and those of its character n-grams."""
    n = dictionary.nwords
    offsets = np.zeros(n + 1, np.int64)
    if args.maxn > 0:
        ngrams = Ngrams(args.minn, args.maxn, 1, args.bucket, n)
        count_char_ngrams(Strings(dictionary.starts, dictionary.arena), n, ngrams, offsets)
    return n + int(offsets[n])


def saving_memory(args: TrainArgs, words: int, rows: int, outputs: int) -> int:
    """Return the bytes of memory that saving takes beside the model itself.

    ``words`` is the number of words, ``rows`` what ``rows_of_words`` returns, ``outputs`` the
    number of output rows.
    """
    stride = 4 * padded(args.dim)
    fixed = max(2 * PART_OF_ROWS, ENTRY * (words + outputs))
    if args.no_vec:
        return fixed
    at_once = min(WORDS_AT_ONCE, words)
    summing = 2 * stride * min(at_once * rows // max(words, 1) + at_once, ROWS_AT_ONCE)
    return max(fixed, stride * words + max(summing, args.thread * PART))


def word_vectors(model: Trained) -> NDArray[np.float32]:
    """Return the vectors of all words, flat rows of ``stride`` floats.

    A word's vector is its row, or the mean of its row and those of its character n-grams where
    the model has them (Bojanowski et al. 2017, section 3.2).
    """
    dictionary, nwords, stride = model.dictionary, model.dictionary.nwords, model.stride
    rows = model.wi.reshape(-1, stride)
    out = np.zeros((nwords, stride), np.float32)
    for first in range(0, nwords if len(model.ids) else 0, WORDS_AT_ONCE):
        last = min(first + WORDS_AT_ONCE, nwords)
        offsets, features = word_rows(
            dictionary, model.args, dictionary.starts, dictionary.arena, first, last
        )

        def values(
            start: int, end: int, features: NDArray[np.int32] = features
        ) -> NDArray[np.float32]:
            some = features[start:end]
            position = np.searchsorted(model.ids, some)
            position[position == len(model.ids)] = 0
            found = rows[model.memory_rows[position]]
            is_other = model.ids[position] != some
            found[is_other] = 0
            if model.former is not None and is_other.any():
                others = some[is_other].astype(np.int64)
                found[is_other, : model.args.dim] = model.former.rows(others)
            return found

        out[first:last] = segment_sums(values, offsets) / np.diff(offsets)[:, None]
    return out.reshape(-1)


def segment_sums(
    values: Callable[[int, int], NDArray[np.float32]], offsets: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the sums of rows ``offsets[i]`` to ``offsets[i + 1]``, none of them empty.

    ``values(start, end)`` gives rows; it is asked for ROWS_AT_ONCE of them at most.
    """
    sums: list[NDArray[np.float32]] = []
    first, n = 0, len(offsets) - 1
    while first < n:
        start = int(offsets[first])
        last = int(np.searchsorted(offsets, start + ROWS_AT_ONCE, "right")) - 1
        if last > first:
            some = values(start, int(offsets[last]))
            sums.append(np.add.reduceat(some, offsets[first:last] - start))
            first = last
            continue
        end = int(offsets[first + 1])
        begins = range(start, end, ROWS_AT_ONCE)
        parts = [values(begin, min(begin + ROWS_AT_ONCE, end)).sum(axis=0) for begin in begins]
        sums.append(np.sum(parts, axis=0, keepdims=True))
        first += 1
    return np.concatenate(sums)
