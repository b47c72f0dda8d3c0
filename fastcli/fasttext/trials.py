"""The trials file: one JSON object per line, from which a search can be resumed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastcli.appended import AppendedFile
from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.search import Trial
from fastcli.files import cannot_save, target_of
from fastcli.overwriting import check_ours, first_object

TUNED = ("epoch", "lr", "dim", "word_ngrams", "minn", "maxn", "bucket", "dsub")
NAN = float("nan")


def former_trials(path: str) -> str:
    """Return where the trials file of an earlier search is kept: beside the target of a link.

    Raises FastcliError for a link that is not to be followed.
    """
    try:
        return f"{target_of(Path(path))[0]}.old"
    except OSError as error:
        raise cannot_save(path, error) from None


def check_trials(path: str) -> None:
    """Raise FastcliError if a new trials file would replace a file that is not one."""
    for one in (path, former_trials(path)):
        check_ours(one, "a trials file", _is_trials)


class TrialsFile(AppendedFile):
    """The trials file, owned by this run from now on; ``resume`` continues it.

    Else an old one is kept beside it where a new one begins, which is with its first trial.
    """

    def __init__(self, path: str, warn: Callable[[str], None], resume: bool) -> None:
        super().__init__(path, warn, go_on=resume)
        self._keeps_former = not resume

    def append(self, part: bytes) -> None:
        """Add a trial: see ``AppendedFile``."""
        if self._keeps_former:
            self._keeps_former = False
            try:
                target, former = target_of(Path(self.path))
                if former is not None and stat.S_ISREG(former.st_mode):
                    os.replace(target, former_trials(self.path))
            except (OSError, FastcliError) as error:
                self.end(error)  # no former trials are lost
        super().append(part)


class NoTrials:
    """Keeps no trials: those of a search whose model stays in memory."""

    path = ""

    def append(self, part: bytes) -> None:
        """Do nothing."""


@contextmanager
def open_trials(
    path: str, warn: Callable[[str], None], resume: bool
) -> Iterator[TrialsFile | NoTrials]:
    """Give the file of trials, or what keeps none where it has no name.

    Raises ArgumentError where there is nothing to resume.
    """
    if path:
        with TrialsFile(path, warn, resume) as file:
            yield file
    elif resume:
        raise ArgumentError("--autotune-resume needs the file of trials: give --autotune-trials.")
    else:
        yield NoTrials()


def trial_line(trial: Trial, note: str, question: dict[str, Any]) -> bytes:
    """Return the line of a trial; ``question`` is what its score depends on besides."""
    line: dict[str, Any] = {
        "trial": trial.number,
        "score": None if trial.score != trial.score else trial.score,
        "seconds": round(trial.seconds, 3),
        "training_seconds": round(trial.training, 3),
        "arguments": {name: getattr(trial.args, name) for name in TUNED},
    }
    return json.dumps({**line, **({"note": note} if note else {}), **question}).encode() + b"\n"


def take_up(file: TrialsFile, args: TrainArgs, question: dict[str, Any]) -> list[Trial]:
    """Return the trials of an earlier run; the score of those that failed is NaN.

    A last line that was cut off is taken away.  Raises DataError if the file is missing, no
    file of trials (it stays as it is), or of another question.
    """
    path = file.path
    try:
        with open(path, "rb") as former:
            data = former.read()
    except OSError as error:
        raise DataError(
            f"{path} does not exist or cannot be read ({error.strerror}): "
            "start without --autotune-resume."
        ) from None
    end = data.rfind(b"\n") + 1
    if not end and data and not _is_trials(path):
        raise _no_trials(path)
    found = [_read(path, line, args, question) for line in data[:end].splitlines()]
    if end < len(data):
        file.cut(end)
    return found


def _read(path: str, line: bytes, args: TrainArgs, question: dict[str, Any]) -> Trial:
    try:
        found = json.loads(line)
        values = {name: _like(getattr(TrainArgs, name), found["arguments"][name]) for name in TUNED}
        number = _like(1, found["trial"])
        score = NAN if found["score"] is None else _like(1.0, found["score"])
        seconds, training = (_like(1.0, found[key]) for key in ("seconds", "training_seconds"))
        tried = replace(args, **values)
        tried.check_values()
        if number < 1 or seconds < 0 or training < 0:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, ArgumentError):
        raise _no_trials(path) from None
    if any(found.get(name) != value for name, value in question.items()):
        raise DataError(
            f"{path} is from a run with other files or arguments: start without --autotune-resume."
        )
    return Trial(number=number, args=tried, score=score, seconds=seconds, training=training)


def _like(example: Any, value: Any) -> Any:
    """Return a value of JSON that is a number of the type of ``example``, and finite."""
    is_number = type(value) in (int, float) and abs(value) < 2**63  # not for NaN either
    if type(example) is float and type(value) is int and is_number:
        value = float(value)
    if type(value) is not type(example) or not is_number:
        raise ValueError
    return value


def _no_trials(path: str) -> DataError:
    return DataError(f"{path} is not a trials file: start without --autotune-resume.")


def _is_trials(path: str) -> bool:
    """Tell whether a file begins as ``trial_line`` begins."""
    found, line = first_object(path)
    was_cut_off = not line.endswith(b"\n") and line.startswith(b'{"trial": ')
    return was_cut_off or {"trial", "score", "seconds", "arguments"} <= found.keys()
