"""A linear model in a program: fastText's classifiers and word vectors, with its interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.predictor import Predictor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model


class FastText:
    """A ``.bin`` or ``.ftz`` model; ``path`` is "" where it was never saved."""

    def __init__(self, model: Model, path: str = "") -> None:
        self._model, self.path = model, path

    def predict(
        self, text: str, k: int = 1, threshold: float = 0.0
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return the k best labels of a line and their probabilities, float64[labels]."""
        if "\n" in text:
            raise ArgumentError("predict processes one line at a time (remove '\\n')")
        predictor = Predictor(self._model, k, threshold, 1)
        line = np.frombuffer(f"{text}\n".encode(), np.uint8)
        (found,) = predictor.rows([line])
        return tuple(name.decode() for name, _ in found), np.array([p for _, p in found])
