"""Word vectors from a text file (``.vec``, also compressed) to start training from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from fastcli.errors import DataError
from fastcli.text.dictionary import Dictionary
from fastcli.text.inputs import compression, open_compressed


def _open(path: str) -> IO[bytes]:
    try:
        kind = compression(path)
        return open_compressed(path, kind) if kind else open(path, "rb")
    except OSError as error:
        raise DataError(f"{path} cannot be opened for loading! ({error.strerror})") from None


def _header(file: IO[bytes], path: str) -> tuple[int, int]:
    try:
        n, dim = map(int, file.readline(100).split())
    except (ValueError, OSError):
        n, dim = 0, 0
    if n < 1 or dim < 1:
        raise DataError(
            f"{path} is no text file of word vectors: its first line must be their number and "
            "dimension, such as '2000000 300'. Give the .vec file, not the .bin."
        )
    return n, dim


def _lines(file: IO[bytes], path: str) -> Iterator[bytes]:
    try:
        yield from file
    except OSError as error:
        raise DataError(f"{path} cannot be read to its end. ({error})") from None


def read_dim(path: str) -> int:
    """Return the dimension of the vectors in a file; raises DataError if it is no such file."""
    with _open(path) as file:
        return _header(file, path)[1]


def read_vectors(
    path: str, dictionary: Dictionary, dim: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (word id, vector) for the words of the dictionary that the file has.

    Other words of the file are passed over: they take no memory and no place in the model.
    Raises DataError where the dimension differs or a line is damaged.
    """
    words = {word: i for i, word in enumerate(dictionary.entries(0, dictionary.nwords))}
    with _open(path) as file:
        _, found = _header(file, path)
        if found != dim:
            raise DataError(
                f"Dimension of pretrained vectors ({found}) does not match dimension ({dim})! "
                f"Use -dim {found}, or leave -dim out."
            )
        for number, line in enumerate(_lines(file, path), 2):
            word, _, values = line.partition(b" ")
            i = words.get(word)
            if i is None:
                continue
            try:
                vector = np.array(values.split(), np.float32)
            except ValueError:
                vector = np.empty(0, np.float32)
            if len(vector) != dim or not np.isfinite(vector).all():
                raise DataError(f"{path}, line {number}: {dim} numbers are needed after the word.")
            yield i, vector
