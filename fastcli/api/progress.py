"""How a training goes, as a program hears it: ``callback=``, and the way to end it.

def stop_when_good(now: fastcli.Progress) -> object:
return fastcli.STOP if now.loss < 0.1 else None

model = fastcli.train_supervised("topics.txt", callback=stop_when_good)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fastcli.api.spelling import RAISED_BY_CALLER
from fastcli.api.told import Told
from fastcli.errors import FastcliError, OptionError
from fastcli.evaluation.early_stopping import Evaluation as Evaluation
from fastcli.evaluation.fold_results import CrossValidation
from fastcli.evaluation.fold_results import FoldResult as FoldResult
from fastcli.reporting import StopTraining

if TYPE_CHECKING:
    from fastcli.reporting import Status

NAN = float("nan")
TINY = 1e-9  # of an epoch, by which a sum may be off
FOLD = "fold "  # begins the stages of a cross-validation


class Stop:
    """What a callback returns to end a training."""

    def __repr__(self) -> str:
        return "fastcli.STOP"


STOP = Stop()


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """A finished trial of autotune; ``score`` is NaN where it failed, which ``note`` explains."""

    number: int
    score: float
    is_best: bool
    arguments: dict[str, Any]
    seconds: float
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training is; what is unknown or meaningless is NaN, 0 or None.

    ``progress`` is from 0 to 1 (of autotune: of the time for the whole search), ``epoch`` that of
    the last lines, from 1 on; ``loss`` the mean of the training so far, ``words_per_second`` that
    of each thread, ``eta`` the seconds that are left.  Once each has ended, there is what was
    measured in between in ``evaluation``, a ``trial`` of autotune, a ``fold`` of a
    cross-validation.
    """

    stage: str = "training"
    progress: float = NAN
    epoch: int = 0
    loss: float = NAN
    lr: float = NAN
    words_per_second: float = NAN
    eta: float = NAN
    evaluation: Evaluation | None = None
    trial: TrialResult | None = None
    fold: FoldResult | None = None


Callback: TypeAlias = Callable[[Progress], object]


class Listening(Told):
    """Tells a callback how it goes; sentences become warnings, but for notes if it is quiet.

    It is called, by the thread that trains, after each block of lines (several times a second, and
    with the same data and arguments always at the same lines), each evaluation, trial and fold.
    Raises OptionError for a callback that cannot be called.
    """

    def __init__(self, verbose: int, callback: Callback | None = None, epochs: int = 0) -> None:
        super().__init__(verbose)
        if callback is not None and not callable(callback):
            raise OptionError(f"callback must be a function, not {type(callback).__name__}.")
        self._callback, self._epochs = callback, epochs
        self._stage = ""

    def stage(self, name: str, n_bytes: int = 0) -> None:
        """Remember what is done."""
        self._stage = name

    def status(self, status: Status) -> None:
        """Tell the progress, but not that of a fold's training."""
        if self._callback is None or self._stage.startswith(FOLD):
            return
        epoch = 0
        if self._stage == "training":
            epoch = max(math.ceil(status.progress * self._epochs - TINY), 1)
        self._tell(
            Progress(
                stage=self._stage,
                progress=status.progress,
                epoch=epoch,
                loss=status.loss,
                lr=status.lr,
                words_per_second=status.words_per_second,
                eta=status.eta,
            )
        )

    def row(self, row: object) -> None:
        """Tell what was measured."""
        if self._callback is None:
            return
        if isinstance(row, Evaluation):
            self._tell(
                Progress(
                    progress=row.progress,
                    epoch=row.epoch,
                    loss=row.loss,
                    lr=row.lr,
                    words_per_second=row.words_per_second,
                    evaluation=row,
                )
            )
        elif isinstance(row, CrossValidation):
            if not row.n_lines:
                fold = row.results[-1]
                done = fold.fold / fold.n_folds
                self._tell(Progress(stage="folds", progress=done, loss=fold.loss, fold=fold))
        elif found := trial_of(row):
            self._tell(Progress(stage="tuning", trial=found))

    def _tell(self, now: Progress) -> None:
        assert self._callback is not None
        try:
            answer = self._callback(now)
        except FastcliError as error:
            vars(error)[RAISED_BY_CALLER] = True
            raise
        if answer is STOP:
            raise StopTraining(f"The callback has stopped it in the stage {now.stage!r}.")


def trial_of(row: object) -> TrialResult | None:
    """Return a finished trial as callbacks get it, None for another row."""
    from fastcli.fasttext.search import Finished
    from fastcli.fasttext.trials import TUNED

    if not isinstance(row, Finished):
        return None
    trial = row.trial
    return TrialResult(
        number=trial.number,
        score=trial.score,
        is_best=row.is_best,
        arguments={name: getattr(trial.args, name) for name in TUNED},
        seconds=trial.seconds,
        note=row.note,
    )
