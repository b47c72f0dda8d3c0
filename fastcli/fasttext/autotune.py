"""Autotune: train with one set of arguments after the other, and keep the best model.

``search.py`` says what is tried; here it is tried, measured on the validation file, written
down, and ended in time.  The model that is saved is the best trial itself.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fastcli.errors import ArgumentError, DataError, FastcliError, TrainingDiverged, unopened
from fastcli.evaluation.classifier import Classifier
from fastcli.evaluation.label_names import LabelNames
from fastcli.evaluation.metric import Metric, parse_metric
from fastcli.evaluation.predictor import Predictor
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_size import TargetTooSmall
from fastcli.fasttext.options import AutotuneOptions
from fastcli.fasttext.quantize import QuantizedModel, usable
from fastcli.fasttext.search import Finished, Trial, free_names, propose, within
from fastcli.fasttext.size_limit import NothingFits, SizeLimit, is_quantizable
from fastcli.fasttext.train import train_supervised
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.trial_model import compact_model, model_of_size
from fastcli.fasttext.trials import TUNED, NoTrials, TrialsFile, check_trials, take_up, trial_line
from fastcli.options import row_of
from fastcli.reporting import Reporter, Status, StopTraining
from fastcli.text.dictionary import Dictionary
from fastcli.text.inputs import text_blocks
from fastcli.text.spooled import is_stream

DISK_SPEED = 100e6  # bytes per second that saving certainly reaches
LEAST_RESERVE = 0.5  # seconds kept for saving
HOPELESS = 20  # trials that fail one after the other
DIVERGED = "diverged"


@dataclass(frozen=True, kw_only=True)
class AutotuneArgs:
    """The arguments of autotune; fastText's names.

    ``modelsize`` is in bytes, 0 for any size.  ``fixed`` are the Python names of the arguments
    that were set by hand.
    """

    validation: str
    metric: str = "f1"
    predictions: int = 1
    duration: int = 300
    modelsize: int = 0
    trials: str = ""
    resume: bool = False
    fixed: frozenset[str] = frozenset()

    def check(self, train: TrainArgs) -> Metric:
        """Raise an error for values that cannot work; return the metric."""
        metric = parse_metric(self.metric)
        row_of(AutotuneOptions, "autotune_predictions").check_range(self.predictions)
        metric.check(self.predictions)
        row_of(AutotuneOptions, "autotune_duration").check_range(self.duration)
        if train.model != "sup":
            raise ArgumentError("Autotune is for classifiers: use the command supervised.")
        try:
            with open(self.validation, "rb"):
                pass
        except OSError as error:
            message = "Validation file cannot be opened!"
            raise unopened(self.validation, error, message) from None
        for path in (self.validation, *train.input):
            is_copied = path in train.input and is_stream(path)
            if os.path.exists(path) and not os.path.isfile(path) and not is_copied:
                raise DataError(
                    f"{path} cannot be read again for every trial: write it to a file first."
                )
        if self.trials and not self.resume:
            check_trials(self.trials)
        return metric


@dataclass
class Outcome:
    """The best trial, its model, and how many were tried."""

    trial: Trial
    trained: Trained
    quantized: QuantizedModel | None
    n_trials: int


class _OutOfTime(Exception):
    """The time for trials is over."""


class _Watch(Reporter):
    """Stops reading or training when its time is over, or its dictionary cannot be used."""

    def __init__(
        self,
        deadline: float,
        on_status: Callable[[], None],
        on_dictionary: Callable[[Dictionary], None] = lambda dictionary: None,
        on_note: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._deadline, self._on_status = deadline, on_status
        self._on_dictionary, self._on_note = on_dictionary, on_note

    def note(self, sentence: str) -> None:
        self._on_note(sentence)

    def row(self, row: object) -> None:
        if isinstance(row, Dictionary):
            self._on_dictionary(row)

    def read(self, n_bytes: int) -> None:
        if time.monotonic() > self._deadline:
            raise _OutOfTime

    def status(self, status: Status) -> None:
        self._on_status()
        if time.monotonic() > self._deadline:
            raise _OutOfTime


def autotune(
    args: TrainArgs, tune: AutotuneArgs, reporter: Reporter, file: TrialsFile | NoTrials
) -> Outcome:
    """Look for the arguments whose model is best on the validation file, until time is over.

    Trials are written to ``file``, whose earlier trials are resumed if ``tune`` says so.

    An interrupt ends the search, and the best model by then is returned.  Raises ArgumentError
    or DataError where nothing can be tried, FastcliError where no trial ended in time.
    """
    return _Tuner(args, tune, reporter, file).run()


class _Tuner:
    def __init__(
        self,
        args: TrainArgs,
        tune: AutotuneArgs,
        reporter: Reporter,
        file: TrialsFile | NoTrials,
    ) -> None:
        self.started = time.monotonic()
        self.metric = tune.check(args)
        self.args, self.tune, self.reporter = args, tune, reporter
        self.free = free_names(set(tune.fixed), tune.modelsize > 0)
        if "bucket" in tune.fixed and args.bucket == 0:  # which leaves no room for n-grams
            self.free = [name for name in self.free if name not in ("word_ngrams", "minn")]
        self.trials: list[Trial] = []
        self.tried = 0
        self.failed: list[str] = []  # why the last trials failed
        self.around = 0.0  # seconds that a trial takes beside its training
        self.after = 0.0  # those of them that come after it
        self.best: Trial | None = None
        self.models: tuple[Trained, QuantizedModel | None] | None = None
        self.reserve = LEAST_RESERVE
        self.limit: SizeLimit | None = None  # known when the text has been read once
        self.refusal: ArgumentError | None = None
        self.file = file
        self.is_stopped = False

    # Time

    def left(self) -> float:
        """Return the seconds left for trials."""
        return self.tune.duration - self.reserve - (time.monotonic() - self.started)

    def tell(self) -> None:
        """Report the progress of the search; who hears of it may end the search.

        Where there is no model yet, the training that runs is ended, and its model kept.
        """
        over = time.monotonic() - self.started
        best = f"best {self.best.score:.6f}" if self.best is not None else "best unknown"
        status = Status(
            progress=min(over / self.tune.duration, 1.0),
            eta=max(self.left(), 0.0),
            details=(f"trial {self.tried}", best),
        )
        try:
            self.reporter.status(status)
        except StopTraining:
            self.is_stopped = True
            if self.models is None:
                raise
            raise _OutOfTime from None

    # The search

    def run(self) -> Outcome:
        """Try, and return the best."""
        if self.tune.resume:
            self._take_up()
        try:
            while self.left() > 0 and not self.is_stopped and self._next():
                pass
        except _OutOfTime:
            self.tried -= 1  # the one that was cut off
        except StopTraining:  # after a trial
            if self.best is None:
                raise
        except KeyboardInterrupt:
            if self.best is None:
                raise
            self.tried -= 1
            becomes = "saved" if self.args.output else "returned"
            self.reporter.note(f"Aborting autotune: the best model so far is {becomes}.")
        if self.best is None:
            if self.refusal is not None:
                raise self.refusal
            if self.failed and set(self.failed) == {DIVERGED}:
                raise TrainingDiverged(
                    f"in any of {self.tried} trials", "Give a smaller -lr, or none."
                )
            if self.failed:
                raise FastcliError(f"No trial produced a model. The last one: {self.failed[-1]}")
            raise FastcliError(
                "Didn't have enough time to train once: please increase `autotune-duration`. "
                f"({self.tune.duration} s were not enough for one training with these arguments.)"
            )
        if self.models is None:  # it was found by an earlier run
            self.models = self._train(self.best.args, _Watch(float("inf"), self.tell))[:2]
        trained, quantized = self.models
        return Outcome(self.best, trained, quantized, self.tried)

    def _next(self) -> bool:
        """Run one more trial; return whether there was anything left to try."""
        if len(self.failed) >= HOPELESS or self.left() <= self.around:
            return False
        number = self.tried + 1
        fitted = self.limit.fitted if self.limit is not None else lambda args: args
        proposed = propose(self.args, self.free, self._ranked(), number, self.args.seed, fitted)
        if proposed is None:
            return False
        self.tried = number
        if number > 1:
            # A third of what is left, so that others get their turn; at the end what is usual.
            usual = 2 * sum(trial.training for trial in self.trials) / max(len(self.trials), 1)
            limit = min(max(self.left() / 3, usual), 0.9 * self.left())
            proposed = within(proposed, self.trials, limit, self.free)
        started = time.monotonic()
        note, score = "", float("nan")
        models: tuple[Trained, QuantizedModel | None] | None = None
        try:
            deadline = self.started + self.tune.duration - self.reserve - self.after
            watch = _Watch(
                deadline,
                self.tell,
                lambda words: self._check_size(proposed, words),
                self._note_of_first,
            )
            trained, quantized, score = self._train(proposed, watch)
            models = trained, quantized
        except TrainingDiverged:
            note = DIVERGED
        except NothingFits:
            raise
        except TargetTooSmall as error:
            note, self.refusal = error.note, error
        except FastcliError as error:
            if number == 1:
                raise
            note = str(error)
        training = models[0].seconds if models is not None else 0.0
        trial = Trial(
            number=number,
            args=proposed,
            score=score,
            seconds=time.monotonic() - started,
            training=training,
        )
        if models is None:
            self.failed.append(note)
        else:
            self.failed.clear()
            self.trials.append(trial)
            if number > 1:  # the first trial may have compiled
                self.around = max(self.around, trial.seconds - training)
            if self.best is None or self.metric.is_better(score, self.best.score):
                self.best, self.models = trial, models
                self.reserve = max(LEAST_RESERVE, _saving(*models, self.args.no_vec))
        self.file.append(trial_line(trial, note, self._question()))
        is_best = self.best is not None and self.best.number == trial.number
        self.reporter.row(Finished(trial, is_best, note))
        return True

    def _ranked(self) -> list[Trial]:
        """Return the trials with scores of which a larger one is better."""
        if not self.metric.lower_is_better:
            return self.trials
        return [replace(trial, score=-trial.score) for trial in self.trials]

    def _note_of_first(self, sentence: str) -> None:
        """Pass on what the first trial says of the text and of pretrained vectors."""
        if not (self.trials or self.failed):
            self.reporter.note(sentence)

    def _check_size(self, args: TrainArgs, dictionary: Dictionary) -> None:
        """Raise TargetTooSmall, before anything is trained, where no model would fit."""
        if not self.tune.modelsize:
            return
        if self.limit is None:
            self.limit = SizeLimit(self.tune.modelsize, dictionary, self.free, self.reporter.note)
            self.limit.check_any(self.args)
        self.limit.check(args)

    def _train(
        self, args: TrainArgs, watch: _Watch
    ) -> tuple[Trained, QuantizedModel | None, float]:
        """Train, quantize where a size is asked for, and measure."""
        trained = train_supervised(args, watch)
        ended = time.monotonic()
        quantized = None
        if self.tune.modelsize and is_quantizable(trained.args, trained.dictionary):
            quantized = model_of_size(trained, args, self.tune.modelsize, watch)
            model = usable(quantized)
        else:
            model = compact_model(trained, args)
        score = self._score(model, args.thread)
        if self.trials:  # the first trial may have compiled
            self.after = max(self.after, time.monotonic() - ended)
        return trained, quantized, score

    def _score(self, model: Classifier, n_threads: int) -> float:
        needs_all = self.metric.needs_losses
        predictor = Predictor(model, self.tune.predictions, 0.0, n_threads, with_all=needs_all)
        meter = predictor.test(text_blocks(self.tune.validation), self.metric.needs_scores)
        if meter.n == 0:
            raise DataError(
                f"{self.tune.validation} has no line with a label and a word of the model, so "
                "nothing can be measured on it."
            )
        return self.metric.score(meter, self._label(model))

    def _label(self, model: Classifier) -> int:
        """Return the id of the metric's label in a model, -1 if it is about all labels.

        Raises ArgumentError, which begins as fastText's does, where the model does not have it.
        """
        try:
            return self.metric.find_label(LabelNames.of(model))
        except ArgumentError as error:
            raise ArgumentError(
                f"Unknown autotune metric label {self.metric.label}: {error}"
            ) from None

    # The file of trials

    def _question(self) -> dict[str, Any]:
        """Return everything but its arguments that a trial's score depends on."""
        changing = {*TUNED, "output", "thread", "verbose", "no_vec", "save_output"}
        given = {
            name: value
            for name, value in self.args.recorded().items()
            if name not in changing - self.tune.fixed
        }
        return {
            "metric": self.tune.metric,
            "predictions": self.tune.predictions,
            "validation": self.tune.validation,
            "modelsize": self.tune.modelsize,
            "given": json.loads(json.dumps(given)),
        }

    def _take_up(self) -> None:
        """Continue from the trials of an earlier run."""
        assert isinstance(self.file, TrialsFile)
        for trial in take_up(self.file, self.args, self._question()):
            self.tried = max(self.tried, trial.number)
            if trial.score != trial.score:
                continue
            self.trials.append(trial)
            if self.best is None or self.metric.is_better(trial.score, self.best.score):
                self.best = trial
        if self.best is not None:
            # It will be trained again, which gives the same model, and takes as long as it took.
            self.reserve += 1.2 * self.best.seconds


def _saving(trained: Trained, quantized: QuantizedModel | None, no_vec: bool) -> float:
    """Return the seconds that saving may take."""
    if quantized is not None:
        return LEAST_RESERVE
    args, dictionary = trained.args, trained.dictionary
    n_bytes = len(trained.ids) * (4 * args.dim + 8192) + 4 * args.dim * dictionary.nlabels
    if not no_vec:
        n_bytes += dictionary.nwords * (12 * args.dim + 20)
    return LEAST_RESERVE + n_bytes / DISK_SPEED
