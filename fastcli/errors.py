"""Errors that a user can fix; every message says what to do next."""

from __future__ import annotations


class FastcliError(Exception):
    """The base of all errors that end in one sentence on stderr and exit code 1."""


class DataError(FastcliError):
    """An input file is missing, unreadable or holds nothing to work with."""


class ModelFormatError(FastcliError):
    """A file is not a model, is damaged, or belongs to something else."""


class NotFinite(ModelFormatError):
    """What was asked for met weights that are NaN or infinite, so that it means nothing."""

    def __init__(self, model: str, what: str) -> None:
        """Return the error for ``what``, computed with ``model``."""
        super().__init__(
            f"{model}: {what} are not finite, since weights of the model are NaN or infinite. "
            "It is damaged, or its training diverged."
        )


class ArgumentError(FastcliError):
    """An option or argument has a value that cannot work."""


class TrainingDiverged(FastcliError):
    """The loss became NaN or infinite."""


def cannot_open(path: object, reason: Exception | str, purpose: str = "") -> str:
    """Return the sentence, as fastText has it, for a file that cannot be opened or read.

    >>> cannot_open("a.txt", FileNotFoundError(2, "No such file or directory"), "training")
    'a.txt cannot be opened for training! (No such file or directory)'
    """
    reason = getattr(reason, "strerror", None) or reason
    return f"{path} cannot be opened{f' for {purpose}' if purpose else ''}! ({reason})"
