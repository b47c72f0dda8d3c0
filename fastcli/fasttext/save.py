"""Saving a trained model: ``.bin`` with holes where rows are zero, ``.vec``, ``.output``, JSON.

Parts are prepared by all threads and written in order.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import FastcliError
from fastcli.fasttext.args import ModelArgs
from fastcli.fasttext.model_file import (
    MATRIX,
    Replacement,
    file_size,
    head_bytes,
    write_about,
    write_all,
)
from fastcli.kernels import matrix as kernels
from fastcli.kernels import numbers
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.train import Trained
    from fastcli.text.dictionary import Dictionary

PART = 1 << 22  # bytes prepared at a time by a thread
MOST_HOLES = 1 << 14
PAGE = 4096


def save_model(path: str, model: Trained, n_threads: int) -> None:
    """Write a ``.bin`` file.

    Raises FastcliError where it cannot be written; a former file is whole then.
    """
    args, dictionary = model.args, model.dictionary
    rows = dictionary.nwords + args.bucket
    size = file_size(args, dictionary)
    try:
        with Replacement(path) as fd:
            write_all(fd, head_bytes(args, dictionary) + b"\0" + MATRIX.pack(rows, args.dim))
            base = os.lseek(fd, 0, os.SEEK_CUR)
            _write_rows(fd, base, model, n_threads)
            output = model.wo.reshape(-1, model.stride)[:, : args.dim]
            os.lseek(fd, base + 4 * rows * args.dim, os.SEEK_SET)
            write_all(fd, b"\0" + MATRIX.pack(dictionary.nlabels, args.dim))
            write_all(fd, np.ascontiguousarray(output))
            if os.lseek(fd, 0, os.SEEK_CUR) != size:
                raise AssertionError("the model file has not the size it should have")
    except OSError as error:
        raise FastcliError(
            f"{path} cannot be opened for saving. ({error.strerror}; a former file is unchanged.)"
        ) from None


def _write_rows(fd: int, base: int, model: Trained, n_threads: int) -> None:
    """Write the input rows from ``base`` on, leaving out runs of rows that are zero."""
    dim = model.args.dim
    ids = model.ids
    runs = _runs(ids, 4 * dim)
    bounds = _split(runs, ids, max(1, PART // (4 * dim)))
    parts = [np.empty(PART // 4 + dim, np.float32) for _ in range(n_threads)]

    def fill(thread: int, i: int) -> tuple[int, NDArray[np.float32]]:
        first, last = bounds[i]
        start = int(ids[first])
        n = (int(ids[last - 1]) + 1 - start) * dim
        out = parts[thread]
        kernels.copy_rows(
            model.wi, model.stride, dim, model.places, ids, first, last, start, out, n
        )
        return base + 4 * dim * start, out[:n]

    def write(part: tuple[int, NDArray[np.float32]]) -> None:
        os.lseek(fd, part[0], os.SEEK_SET)
        write_all(fd, part[1])

    _in_order(len(bounds), n_threads, fill, write)


def _runs(ids: NDArray[np.int64], row_bytes: int) -> list[tuple[int, int]]:
    """Group rows into runs to be written; between two of them lies a hole of two pages or more.

    A file system takes longer for many small holes than for writing zeros, so only the largest
    ones stay.
    """
    gaps = (np.diff(ids) - 1) * row_bytes
    least = 2 * PAGE
    if np.count_nonzero(gaps >= least) > MOST_HOLES:
        least = int(np.partition(gaps, -MOST_HOLES)[-MOST_HOLES]) + 1
    cuts = np.flatnonzero(gaps >= least) + 1
    bounds = [0, *cuts.tolist(), len(ids)]
    return list(zip(bounds[:-1], bounds[1:], strict=True)) if len(ids) else []


def _split(
    runs: list[tuple[int, int]], ids: NDArray[np.int64], most: int
) -> list[tuple[int, int]]:
    """Cut runs into parts of at most ``most`` rows of the file."""
    parts = []
    for first, last in runs:
        while first < last:
            end = first + int(np.searchsorted(ids[first:last], ids[first] + most))
            parts.append((first, end))
            first = end
    return parts


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


def save_vectors(
    path: str,
    matrix: NDArray[np.float32],
    stride: int,
    args: ModelArgs,
    dictionary: Dictionary,
    first_entry: int,
    n: int,
    n_threads: int,
) -> None:
    """Write rows as text: a line ``n dim``, then a line for each with its dictionary entry.

    Raises FastcliError where the file cannot be written.
    """
    starts = dictionary.starts
    step = max(1, PART // (12 * args.dim + 32))

    def bound(first: int, last: int) -> int:
        words = int(starts[first_entry + last] - starts[first_entry + first])
        return words + (last - first) * (12 * args.dim + 2) + 16

    def make(_: int, part: int) -> NDArray[np.uint8]:
        first, last = part * step, min((part + 1) * step, n)
        out = np.empty(bound(first, last), np.uint8)
        size = numbers.format_vectors(
            matrix, stride, args.dim, first, last, starts, dictionary.arena, first_entry, out
        )
        return out[:size]

    try:
        with Replacement(path) as fd:
            write_all(fd, f"{n} {args.dim}\n".encode())
            _in_order(-(-n // step), n_threads, make, lambda part: write_all(fd, part))
    except OSError as error:
        raise FastcliError(f"{path} cannot be opened for saving vectors! ({error.strerror})") from None


def save_about(path: str, about: dict[str, Any]) -> None:
    """Write the JSON file beside a model; raises FastcliError where it cannot be written."""
    try:
        write_about(path, about)
    except OSError as error:
        raise FastcliError(f"{path} cannot be opened for saving! ({error.strerror})") from None


def word_rows(model: Trained) -> NDArray[np.float32]:
    """Return the words' rows of a trained model in their order, zero where unused."""
    out = np.zeros((model.dictionary.nwords, model.stride), np.float32)
    are_words = model.ids < model.dictionary.nwords
    out[model.ids[are_words]] = model.wi.reshape(-1, model.stride)[model.places[are_words]]
    return out.reshape(-1)
