"""Errors that a user can fix; every message says what to do next.

They are children of what fastText's Python module raises as well, which programs catch: ValueError
and RuntimeError; and of OSError and MemoryError where Python's own functions would raise these.
"""

from __future__ import annotations

from typing import Any

from fastcli.urls import shown


class FastcliError(Exception):
    """The base of all errors that end in one sentence on stderr and exit code 1."""

    def __init__(self, *args: object) -> None:
        """Take the sentence; secrets in URLs are left out."""
        super().__init__(*(shown(one) if isinstance(one, str) else one for one in args))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the class and its arguments, also where tblib is there, as in workers of Dask.

        That cannot make an object of a class with two parents from C again.
        """
        return type(self), self.args, vars(self) or None


class FastcliWarning(UserWarning):
    """Something that was not done, or may not be meant; the command line writes it to stderr."""


class FastcliNote(FastcliWarning):
    """What was decided for the caller: a column, an encoding, an option without effect."""


class DataError(FastcliError, ValueError):
    """An input file is missing, unreadable or holds nothing to work with."""


class MissingFile(DataError, FileNotFoundError):
    """There is no file of that name."""


class ModelFormatError(FastcliError, ValueError):
    """A file is not a model, is damaged, or belongs to something else."""


class MissingModel(ModelFormatError, FileNotFoundError):
    """There is no model of that name."""


class NotFinite(ModelFormatError, RuntimeError):
    """The result would depend on weights that are NaN or infinite."""

    def __init__(self, model: str, what: str) -> None:
        """Return the error for ``what``, computed with ``model``."""
        self._values = model, what
        super().__init__(
            f"{model}: {what} are not finite, since weights of the model are NaN or infinite. "
            "It is damaged, or its training diverged."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the sentence is made of, as from a worker process."""
        return type(self), self._values


class ArgumentError(FastcliError, ValueError):
    """An option or argument has a value that cannot work."""


class TooLittleMemory(FastcliError, MemoryError):
    """Something needs more memory than there is."""


class CannotSave(FastcliError, ValueError):
    """A file cannot be written."""


class RequirementNotMet(FastcliError):
    """A test does not reach what was required of it, such as ``f1macro>=0.9``."""


class WrongModelError(ArgumentError, AttributeError):
    """A model of this kind does not support what was asked of it."""


class OptionError(ArgumentError, TypeError):
    """A function has no option of this name, or was given it twice."""


class TrainingDiverged(FastcliError, RuntimeError):
    """The loss became NaN or infinite: fastText's message, where it happened, and what may help."""

    def __init__(self, where: str, advice: str) -> None:
        """Return the error of a loss that is not finite ``where``."""
        super().__init__(f"Encountered NaN: the loss is not finite {where}. {advice}")
        self.where, self.advice = where, advice

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the sentence is made of, as from a worker process."""
        return type(self), (self.where, self.advice)

    def or_retry(self) -> TrainingDiverged:
        """Return the error of a training that was not asked to retry, which says that it can."""
        return TrainingDiverged(self.where, f"{self.advice} --retry-nan halves -lr until it works.")

    @classmethod
    def within(
        cls, epoch: int, n_epochs: int, lr: float, advice: str, kept: str = "nothing was saved"
    ) -> TrainingDiverged:
        """Return the error of a training: in which epoch, at which learning rate, what is kept."""
        where = f"in epoch {epoch} of {n_epochs} at a learning rate of {lr:.4g}; {kept}"
        return cls(where, advice)


class Interrupted(KeyboardInterrupt):
    """An interrupt (Ctrl-C) that says what it left: the one sentence that is shown."""


def unreadable(path: object, reason: Exception | str, purpose: str = "") -> DataError:
    """Return the error of a file that cannot be opened or read; see ``cannot_open``."""
    kind = MissingFile if isinstance(reason, FileNotFoundError) else DataError
    return kind(cannot_open(path, reason, purpose))


def unopened(path: object, reason: Exception | str, message: str) -> DataError:
    """Return the error of a file that cannot be opened, which begins with a sentence of its own."""
    kind = MissingFile if isinstance(reason, FileNotFoundError) else DataError
    return kind(f"{message} ({path}: {getattr(reason, 'strerror', None) or reason})")


def missing(path: object, purpose: str = "") -> MissingFile:
    """Return the error of a file that is not there."""
    return MissingFile(cannot_open(path, "No such file or directory", purpose))


def cannot_open(path: object, reason: Exception | str, purpose: str = "") -> str:
    """Return the sentence, as fastText has it, for a file that cannot be opened or read.

    >>> cannot_open("a.txt", FileNotFoundError(2, "No such file or directory"), "training")
    'a.txt cannot be opened for training! (No such file or directory)'
    """
    reason = getattr(reason, "strerror", None) or reason
    return f"{path} cannot be opened{f' for {purpose}' if purpose else ''}! ({reason})"
