"""A neural network before and after training."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.lessons import Learned
from fastcli.mlp.examples import Examples
from fastcli.mlp.model import MlpModel
from fastcli.mlp.network import Network


@dataclass(frozen=True)
class Setup:
    """What will be trained, and the progress from a checkpoint."""

    network: Network
    n_examples: int
    n_threads: int
    progress: float = 0.0


@dataclass(kw_only=True)
class MlpTrained:
    """A model with the history of its training."""

    model: MlpModel
    history: list[Evaluation] = field(default_factory=list)
    best_step: int = 0
    steps: int = 0
    seconds: float = 0.0
    interrupted: int = 0  # in which epoch; 0: not
    is_stopped: bool = False  # by who hears of its progress
    learned: Learned | None = None  # by which to judge it
    guess: float = math.nan  # the loss of guessing numbers; that of labels is in ``learned``
    verdict: str = ""  # whether the perceptron rule has converged
    troubles: list[str] = field(default_factory=list)  # sentences about layers
    examples: Examples | None = None  # it was trained on, where they are to be drawn
    gradients: tuple[float, ...] = ()  # where there are such: norms of the last step, by layer
