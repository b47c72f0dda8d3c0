"""A neural network as text: its configuration as TOML, its labels and words, its matrices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.kernels.base import printf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.model import MlpModel


def args_text(model: MlpModel) -> bytes:
    """Return the resolved configuration, as a file that ``--config`` takes."""
    lines = []
    for f in fields(model.args):
        value = getattr(model.args, f.name)
        shown = list(value) if isinstance(value, tuple) else value
        lines.append(f"{f.name} = {json.dumps(shown, ensure_ascii=False)}")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def dictionary_lines(model: MlpModel) -> Iterator[bytes]:
    """Yield the number of entries, then ``entry count word|label`` for each (numbers: labels).

    For a model of regression that reads numbers these are its targets.
    """
    dictionary = model.dictionary
    if dictionary is None:
        what = b"label" if model.targets is None else b"target"
        yield b"%d\n" % len(model.names)
        yield from (b"%b %b\n" % (name, what) for name in model.names)
        return
    yield b"%d\n" % len(dictionary)
    counts = dictionary.counts.tolist()
    for i, entry in enumerate(dictionary.entries(0, len(dictionary))):
        yield b"%b %d %b\n" % (entry, counts[i], b"word" if i < dictionary.nwords else b"label")


def input_lines(model: MlpModel) -> Iterator[bytes]:
    """Yield the embedding; of numbers, each column's mean and the factor it is scaled by."""
    if model.embedding is not None:
        yield from matrix_lines(model, model.embedding[:, : model.args.dim])
    elif model.columns is not None:
        yield from matrix_lines(model, np.stack([model.columns.mean, model.columns.scale]))


def output_lines(model: MlpModel) -> Iterator[bytes]:
    """Yield the tensors of all layers: a line with the name, then the matrix.

    Those of regression give (target - mean) / deviation, and both are there, too.
    """
    if model.targets is not None:
        for name, row in (("mean", model.targets.mean), ("deviation", model.targets.deviation)):
            yield f"targets.{name}\n{row.size} 1\n".encode()
            yield from (f"{value!r}\n".encode() for value in row.tolist())
    for name, tensor in model.tensors.items():
        yield f"{name}\n".encode()
        yield from matrix_lines(model, tensor.reshape(-1, tensor.shape[-1]))


def matrix_lines(model: MlpModel, matrix: NDArray[Any]) -> Iterator[bytes]:
    """Yield ``rows cols`` of a model's matrix, then a line of values for each row, in pieces."""
    rows, dim = matrix.shape
    yield b"%d %d\n" % (rows, dim)
    step = max(1, (1 << 18) // max(dim, 1))
    for first in range(0, rows, step):
        model.check_unchanged()
        with np.errstate(over="ignore"):  # what is too large for float32 is printed as infinite
            part = np.array(matrix[first : first + step], np.float32, order="C")
        model.check_unchanged()
        out = np.empty(len(part) * (13 * dim + 1) + 16, np.uint8)
        size = printf.format_rows(part.reshape(-1), dim, len(part), out)
        yield out[:size].tobytes()
