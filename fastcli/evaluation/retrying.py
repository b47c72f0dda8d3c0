"""--retry-nan: training again at half the learning rate where the loss became NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastcli.errors import TrainingDiverged
from fastcli.reporting import Reporter

Result = TypeVar("Result")

MAX_RETRIES = 10


def retried(
    attempt: Callable[[float], Result], lr: float, is_asked: bool, reporter: Reporter
) -> Result:
    """Return what ``attempt(lr)`` does; if it ``is_asked``, halve the rate while it diverges.

    An attempt raises TrainingDiverged where it has nothing to keep.  What it took is freed before
    the next one, so it must not be kept elsewhere.  Raises TrainingDiverged of the last attempt;
    where it was not asked, with a hint that it can be.
    """
    for _ in range(MAX_RETRIES if is_asked else 0):
        found = _attempt(attempt, lr)
        if found is not None:
            return found[0]
        reporter.retrying(f"Encountered NaN at -lr {lr:g}: starting again with -lr {lr / 2:g}.")
        lr /= 2
    try:
        return attempt(lr)
    except TrainingDiverged as error:
        raise error if is_asked else error.or_retry() from None


def _attempt(attempt: Callable[[float], Result], lr: float) -> tuple[Result] | None:
    """Return what an attempt does, None if it diverges; its error would keep its arrays."""
    try:
        return (attempt(lr),)
    except TrainingDiverged:
        return None


def kept_instead(problem: TrainingDiverged, is_asked: bool) -> TrainingDiverged:
    """Return the error of a training that diverged after its best model, which was saved.

    It says, where ``--retry-nan`` was given, why there was no other attempt.
    """
    if not is_asked:
        return problem
    return TrainingDiverged(
        problem.where, f"{problem.advice} --retry-nan starts again only where there is no model."
    )


class NewNotes:
    """Passes on each sentence once: an attempt says of the data what the one before said."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._said: set[str] = set()

    def __call__(self, sentence: str) -> None:
        """Pass on a sentence that is new."""
        if sentence not in self._said:
            self._said.add(sentence)
            self._note(sentence)
