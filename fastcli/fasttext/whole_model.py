"""Models in memory: what training leaves as one that predicts, and one as what can be saved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import Model
from fastcli.memory import check_room, zeros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.trained import Trained

ROWS_AT_ONCE = 1 << 16  # that are looked at or copied


def whole_model(trained: Trained, args: TrainArgs, about: dict[str, Any]) -> Model:
    """Return a model with all rows of its file: those that training did not use are zeros.

    ``about`` is what the JSON file beside it would hold.  Raises FastcliError where there is no
    memory for the rows that are used.
    """
    dictionary, dim = trained.dictionary, trained.args.dim
    n_rows = dictionary.nwords + trained.args.bucket
    n_used = n_rows if trained.former is not None else len(trained.ids)
    check_room(4 * dim * n_used, "The input matrix of the model")
    inputs = zeros(n_rows * dim, few_change=2 * len(trained.ids) < n_rows).reshape(-1, dim)
    rows = trained.wi.reshape(-1, trained.stride)
    if (former := trained.former) is not None:
        for part in _parts(n_rows):
            inputs[part] = former.rows(np.arange(part.start, part.stop))
    for part in _parts(len(trained.ids)):  # NumPy makes a copy of the rows that it selects
        inputs[trained.ids[part]] = rows[trained.memory_rows[part], :dim]
    return Model(
        args=trained.args,
        dictionary=dictionary,
        wi=DenseMatrix(inputs.reshape(-1), dim),
        wo=DenseMatrix(trained.output(), dim),
        label=args.label,
        weight_prefix=args.line_weights,
        about=about,
    )


def _parts(n: int) -> Iterator[slice]:
    """Yield n rows in parts."""
    for first in range(0, n, ROWS_AT_ONCE):
        yield slice(first, min(first + ROWS_AT_ONCE, n))


def as_trained(model: Model) -> Trained:
    """Return a dense model as training would leave it, which ``save.write_model`` writes."""
    from fastcli.fasttext.trained import Trained

    assert isinstance(model.wi, DenseMatrix)
    dim = model.args.dim
    rows = model.wi.values.reshape(-1, dim)
    used = [
        first + np.flatnonzero(rows[first : first + ROWS_AT_ONCE].any(axis=1))
        for first in range(0, len(rows), ROWS_AT_ONCE)
    ]
    ids = np.concatenate([*used, np.zeros(0, np.int64)])
    return Trained(
        args=model.args,
        dictionary=model.dictionary,
        wi=model.wi.values,
        wo=model.wo.values,
        stride=dim,
        ids=ids,
        memory_rows=ids,
        loss=math.nan,
        seconds=0.0,
    )
