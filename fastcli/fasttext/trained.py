"""A model as training leaves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.fasttext.model_args import ModelArgs
from fastcli.text.dictionary import Dictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.errors import TrainingDiverged
    from fastcli.evaluation.lessons import Learned
    from fastcli.fasttext.continuing import Former
    from fastcli.fasttext.watch import Watch


@dataclass(kw_only=True)
class Trained:
    """A model as training leaves it: only rows that were used have memory.

    ``wi`` and ``wo`` are flat, with rows of ``stride`` floats; row ``memory_rows[i]`` of ``wi`` is
    row ``ids[i]`` of the model file.
    """

    args: ModelArgs
    dictionary: Dictionary
    wi: NDArray[np.float32]
    wo: NDArray[np.float32]
    stride: int
    ids: NDArray[np.int64]
    memory_rows: NDArray[np.int64]
    loss: float
    seconds: float
    lines_at_once: int = 1  # that a classifier was trained on
    watch: Watch | None = None  # the evaluations; the model is the best of them
    learned: Learned | None = None  # of a classifier: by which to judge it
    problem: TrainingDiverged | None = None  # which ended training after the best
    interrupted: int = 0  # in which epoch; 0: not
    is_stopped: bool = False  # by who heard of its progress, which is an interrupt, too
    former: Former | None = None  # which has the input rows that training did not use
    about: dict[str, Any] = field(default_factory=dict)  # what the JSON file of the model records

    def output(self) -> NDArray[np.float32]:
        """Return the output matrix in the layout of the file: flat, rows of ``dim`` floats."""
        rows = self.wo.reshape(-1, self.stride)[:, : self.args.dim]
        return np.ascontiguousarray(rows).reshape(-1)
