"""What models of every kind have in common in a program: their labels, path, and predictors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastcli.evaluation.predictor import Predictor

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier

MOST_IDLE = 8  # predictors that are kept for later calls


class TrainedModel:
    """A model of any kind; ``path`` is that of its file, "" where it was never saved."""

    def __init__(self, model: Classifier, path: str = "") -> None:
        self._model: Any = model
        self.path = path
        self._idle: list[tuple[tuple[int, float], Predictor]] = []

    @property
    def labels(self) -> list[str]:
        """All labels, in the order of their ids."""
        return [name.decode("utf-8", "surrogateescape") for name in self._model.labels()]

    def __repr__(self) -> str:
        where = f" of {self.path!r}" if self.path else ""
        return f"<{type(self).__name__}{where}>"

    @property
    def _name(self) -> str:
        """What errors call the model."""
        return self.path or "The model"

    @contextmanager
    def _predictor(self, k: int, threshold: float) -> Iterator[Predictor]:
        """Give a predictor that no other thread uses meanwhile: it has scratch, and is kept."""
        asked = k, threshold
        found = None
        for one in tuple(self._idle):
            if one[0] == asked:
                try:
                    self._idle.remove(one)
                except ValueError:  # another thread has just taken it
                    continue
                found = one[1]
                found.start_again()
                break
        if found is None:
            found = Predictor(self._model, k, threshold, 1, self._name)
        yield found
        if len(self._idle) < MOST_IDLE:
            self._idle.append((asked, found))
