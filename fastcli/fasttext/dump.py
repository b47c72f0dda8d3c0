"""A model as text, in fastText's formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.model_args import ModelArgs
from fastcli.kernels.base import printf

if TYPE_CHECKING:
    from fastcli.fasttext.matrix import DenseMatrix
    from fastcli.fasttext.model import Model


def args_text(model: Model) -> bytes:
    """Return the arguments, one ``name value`` a line."""
    lines = []
    for field in ModelArgs.__dataclass_fields__:
        first, *rest = field.split("_")
        name = first + "".join(word.capitalize() for word in rest)
        value = getattr(model.args, field)
        lines.append(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}")
    return ("\n".join(lines) + "\n").encode()


def dictionary_lines(model: Model) -> Iterator[bytes]:
    """Yield the number of entries, then ``entry count word|label`` for each."""
    dictionary = model.dictionary
    yield b"%d\n" % len(dictionary)
    counts = dictionary.counts.tolist()
    step = 1 << 14
    for first in range(0, len(dictionary), step):
        for i, entry in enumerate(
            dictionary.entries(first, min(first + step, len(dictionary))), first
        ):
            kind = b"word" if i < dictionary.nwords else b"label"
            yield b"%b %d %b\n" % (entry, counts[i], kind)


def matrix_text(matrix: DenseMatrix) -> Iterator[bytes]:
    """Yield ``rows cols``, then a line of values for each row, in pieces."""
    rows, dim = matrix.n_rows, matrix.dim
    yield b"%d %d\n" % (rows, dim)
    step = max(1, (1 << 18) // dim)
    for first in range(0, rows, step):
        last = min(first + step, rows)
        out = np.empty((last - first) * (13 * dim + 1) + 16, np.uint8)
        matrix.check_unchanged()
        size = printf.format_rows(matrix.values[first * dim :], dim, last - first, out)
        yield out[:size].tobytes()
