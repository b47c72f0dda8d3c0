"""What training a perceptron tells its caller on the way."""

from __future__ import annotations

from fastcli.mlp.early_stopping import Evaluation
from fastcli.mlp.network import Network


class MlpReporter:
    """What a caller is told on the way; this one says nothing."""

    def read(self, n_bytes: int) -> None:
        """Hear that bytes of text have been read; called from several threads."""

    def note(self, sentence: str) -> None:
        """Hear something that the user should know."""

    def warn(self, sentence: str) -> None:
        """Hear what was not done; unlike notes, to be shown whatever the verbosity."""

    def network(self, network: Network, n_examples: int, n_threads: int) -> None:
        """Hear what is going to be trained."""

    def step(self, progress: float, loss: float) -> None:
        """Hear how far training is, several times a second."""

    def evaluation(self, evaluation: Evaluation) -> None:
        """Hear what was measured."""
