"""Progress reports of long work: one protocol for training, quantize and prepare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

NAN = float("nan")


@dataclass(kw_only=True)
class Status:
    """The progress of work; what is unknown or meaningless is NaN or empty.

    ``progress`` is from 0 to 1, ``words_per_second`` that of each thread, ``eta`` the seconds that
    are left; ``details`` are words such as ``trial 8``.  Work that ``is_stopped`` was ended by who
    hears of it.
    """

    progress: float
    words_per_second: float = NAN
    lr: float = NAN
    loss: float = NAN
    eta: float = NAN
    details: tuple[str, ...] = ()
    is_stopped: bool = False


class StopTraining(Exception):
    """Raised by who hears of a training's progress, to end it: what it has by then is kept."""


class Reporter:
    """Receives progress reports; this one ignores them."""

    def stage(self, name: str, n_bytes: int = 0) -> None:
        """A stage begins (reading, features, training, saving), with so many bytes to read.

        ``n_bytes`` is 0 if that is not known.
        """

    def read(self, n_bytes: int) -> None:
        """So many more bytes have been read; called from several threads."""

    def status(self, status: Status) -> None:
        """The progress of the stage, several times a second."""

    def finished(self, status: Status) -> None:
        """Training is over."""

    def row(self, row: object) -> None:
        """A result: a dictionary, an evaluation, a trial.  Unknown kinds are ignored."""

    def note(self, sentence: str) -> None:
        """Something that the user should know."""

    def retrying(self, sentence: str) -> None:
        """Training starts again, which a sentence says; a note where nothing else is done."""
        self.note(sentence)

    def warn(self, sentence: str) -> None:
        """Something that was not done; unlike notes, shown whatever the verbosity."""


def run_and_report(run: Iterator[Status], reporter: Reporter) -> Status:
    """Train to the end, or until it is stopped, reporting every status; return the last one."""
    status = Status(progress=1.0, words_per_second=0.0, lr=0.0, loss=0.0, eta=0.0)
    try:
        for status in run:
            reporter.status(status)
    except StopTraining:
        status = replace(status, is_stopped=True)
    reporter.finished(status)
    return status
