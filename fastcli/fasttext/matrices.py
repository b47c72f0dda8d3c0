"""Replacing the matrices of a model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.fasttext.matrix import DenseMatrix, largest
from fastcli.fasttext.model_bytes import output_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model


def with_matrices(model: Model, inputs: NDArray[Any], outputs: NDArray[Any]) -> Model:
    """Return a model with other matrices, whose second size becomes that of the vectors.

    ``inputs`` has a row for each word and bucket (of a pruned model, for each that is kept),
    ``outputs`` one for each label, or word of word vectors; both are copied as float32.  Raises
    ArgumentError for other sizes, and for numbers that are not finite.
    """
    dim = inputs.shape[1] if inputs.ndim == 2 else 0
    if dim < 1:
        raise ArgumentError(f"The input matrix needs rows of numbers, not shape {inputs.shape}.")
    expected = {
        "input": (model.wi.n_rows, dim),
        "output": (output_rows(model.args, model.dictionary), dim),
    }
    rows = {}
    for name, matrix in {"input": inputs, "output": outputs}.items():
        if matrix.shape != expected[name]:
            raise ArgumentError(
                f"The {name} matrix has shape {matrix.shape}; the model needs {expected[name]}."
            )
        rows[name] = np.array(matrix, np.float32, order="C").reshape(-1)
        if not math.isfinite(largest(rows[name])):
            raise ArgumentError(f"The {name} matrix has numbers that are NaN or infinite.")
    return replace(
        model,
        args=replace(model.args, dim=dim),
        wi=DenseMatrix(rows["input"], dim),
        wo=DenseMatrix(rows["output"], dim),
        wo_codes=None,
    )
