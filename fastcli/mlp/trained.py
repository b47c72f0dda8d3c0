"""A perceptron as training leaves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastcli.mlp.early_stopping import Evaluation
from fastcli.mlp.model import MlpModel


@dataclass(kw_only=True)
class MlpTrained:
    """A model with the history of its training."""

    model: MlpModel
    history: list[Evaluation] = field(default_factory=list)
    best_step: int = 0
    steps: int = 0
    seconds: float = 0.0
    interrupted: bool = False
