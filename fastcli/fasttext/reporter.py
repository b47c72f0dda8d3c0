"""What training tells its caller on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastcli.text.dictionary import Dictionary


@dataclass(kw_only=True)
class Status:
    """How far training is."""

    progress: float
    words_per_second: float
    lr: float
    loss: float
    eta: float


class Reporter:
    """What a caller is told on the way; this one says nothing."""

    def read(self, n_bytes: int) -> None:
        """Hear that bytes of text have been read; called from several threads."""

    def dictionary(self, dictionary: Dictionary) -> None:
        """Hear that the dictionary is complete."""

    def note(self, sentence: str) -> None:
        """Hear something that the user should know."""

    def warn(self, sentence: str) -> None:
        """Hear what was not done; unlike notes, to be shown whatever the verbosity."""

    def status(self, status: Status) -> None:
        """Hear how far training is, after every block of lines."""

    def finished(self, status: Status) -> None:
        """Hear that training is over."""

    def trained(self, seconds: float) -> None:
        """Hear how long training took, reading and saving not included."""


def run_and_report(run: Iterator[Status], reporter: Reporter) -> Status:
    """Train to the end, reporting every status; return the last one."""
    status = Status(progress=1.0, words_per_second=0.0, lr=0.0, loss=0.0, eta=0.0)
    for status in run:
        reporter.status(status)
    reporter.finished(status)
    return status
