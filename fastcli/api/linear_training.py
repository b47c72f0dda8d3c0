"""Training a linear model as it is asked for, by a command or by a call.

``settle`` decides and checks all that can be known before anything is read, and says it; ``train``
and ``tune`` do the work.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli.api.files import Lists
from fastcli.api.folds import Before, Folding, Originals, cross_validation, read_twice
from fastcli.api.saving import Saving
from fastcli.api.table_lines import (
    PIPED,
    asks_for_table,
    lines_of_tables,
    refuse_table,
    table_words,
)
from fastcli.api.validation import held_out
from fastcli.errors import ArgumentError
from fastcli.evaluation.intervals import parse_interval
from fastcli.evaluation.options import WEIGHTING, check_folds, check_once, prefix_of_table
from fastcli.fasttext.args import DEFAULTS, RATES, TrainArgs, option_of
from fastcli.fasttext.options import AutotuneOptions
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.notices import say
from fastcli.options import Row, Values, rows_of, without_effect
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.api.lessons import Better
    from fastcli.fasttext.autotune import AutotuneArgs
    from fastcli.fasttext.continuing import Former
    from fastcli.fasttext.trained import Trained
    from fastcli.fasttext.tune_and_save import Tuned
    from fastcli.prepare.row_places import RowPlaces
    from fastcli.reporting import Reporter

COMMANDS = tuple(DEFAULTS)
OF_CLASSIFIERS = ("no_shuffle", "input_model", *WEIGHTING)  # which word vectors do not take


def kinds_of(command: str) -> tuple[Any, ...]:
    """Return the options of a training command: objects or dataclasses, see ``options.rows_of``."""
    if command == "supervised":
        return (DEFAULTS[command], AutotuneOptions, WatchArgs, Lists, TableOptions, Saving)
    return (DEFAULTS[command], AutotuneOptions, Lists, Saving)


def without_of(command: str) -> tuple[str, ...]:
    """Return the names of the options that a training command does not take of its dataclasses."""
    return () if command == "supervised" else OF_CLASSIFIERS


def rows_of_command(command: str) -> list[Row]:
    """Return the rows of all options of a training command, in the order of help texts."""
    return rows_of(kinds_of(command), without_of(command))


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for: the values of all options, and the names of those that are ``given``.

    ``command`` is ``supervised``, ``skipgram`` or ``cbow``.  The model is kept in memory where
    ``args`` have no output and it ``may_stay``.  ``for_shell``: sentences may propose commands.
    """

    command: str
    args: TrainArgs
    tuning: AutotuneOptions = field(default_factory=AutotuneOptions)
    watched: WatchArgs = field(default_factory=WatchArgs)
    table: TableOptions = field(default_factory=TableOptions)
    files_from: tuple[str, ...] = ()
    fsync: bool = False
    given: frozenset[str] = frozenset()
    may_stay: bool = False
    for_shell: bool = True

    @property
    def is_classifier(self) -> bool:
        """Whether it is one of labels, else of word vectors."""
        return self.command == "supervised"

    @property
    def is_table(self) -> bool:
        """Whether the input is to be read as a table."""
        return asks_for_table(self.table)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be said."""
        return self.args.verbose <= 0

    @property
    def reading(self) -> list[str]:
        """The words by which a command reads the same table again, none for lines."""
        return table_words(self.table) if self.is_table else []


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A request that can be done: its ``args`` are those of training.

    ``former`` is the model to go on with, ``tuning`` what is searched, if anything is.
    """

    request: Request
    former: Former | None = None
    tuning: AutotuneArgs | None = None

    @property
    def args(self) -> TrainArgs:
        """The arguments of training."""
        return self.request.args


@dataclass(frozen=True, kw_only=True)
class Result:
    """A model, and what may make a better one, if that is known."""

    trained: Trained
    better: Better | None = None


# ------------------------------------------------------------------------------- what is decided


def settle(request: Request) -> Settled:
    """Return the request with all that follows from it; say what is decided and without effect.

    Raises ArgumentError, DataError or ModelFormatError for what cannot be done.
    """
    args, given, watched = request.args, request.given, request.watched
    former = None
    if args.input_model:
        args, former = go_on(request)
    if args.pretrained_vectors and "dim" not in given:
        from fastcli.fasttext.pretrained import source_dim

        args = replace(args, dim=source_dim(args.pretrained_vectors))
    if args.optimizer != "sgd" and "lr" not in given:
        args = replace(args, lr=RATES.get(args.optimizer, args.lr))
    if not request.may_stay:
        args.check_output()
    args.check()
    request = replace(request, args=args)
    if request.files_from:
        check_lists(request)
    check_watched(request)
    say_without_effect(request)
    check_lines(request)
    if "weight_prefix" in given and request.is_table:
        raise prefix_of_table()
    tuning = None
    if request.tuning.autotune_validation:
        tuning = search_of(request)
    elif not request.is_quiet:
        from fastcli.api.lessons import say_known_lines, say_seen

        if watched.valid:
            say_seen(args.input, watched.valid)
        if former is not None:
            shown = watched.valid, watched.valid_share
            say_known_lines(former.model, args.input_model, args.input, *shown)
    return Settled(request=request, former=former, tuning=tuning)


def go_on(request: Request) -> tuple[TrainArgs, Former]:
    """Open the model that training goes on with; return the arguments that it decides, too."""
    args = request.args
    if request.tuning.autotune_validation:
        raise ArgumentError(
            "Autotune tries models of other sizes: leave out -inputModel, or -autotune-validation."
        )
    from fastcli.fasttext.continuing import open_former
    from fastcli.mlp.first_bytes import is_mlp

    path = args.input_model
    if os.path.isfile(path) and is_mlp(path):
        raise ArgumentError(
            f"{path} is a neural network: go on with it by mlp-train -inputModel {path}."
        )
    note = (lambda sentence: None) if request.is_quiet else say
    return open_former(args, set(request.given), request.is_table, note)


def check_lists(request: Request) -> None:
    """Raise ArgumentError if training would overwrite a list of inputs."""
    from fastcli.fasttext.train_and_save import outputs

    args, tuning, watched = request.args, request.tuning, request.watched
    ends = (".bin", ".ftz") if tuning.autotune_modelsize else (".bin",)
    written = [
        path for end in ends * bool(args.output) for path in outputs(args, f"{args.output}{end}")
    ]
    written += [tuning.autotune_trials, watched.log, watched.plot, watched.folds_output]
    check_apart(request.files_from, dict.fromkeys(written))


def check_watched(request: Request) -> None:
    """Raise an error for options of validation that cannot work; say what may be meant otherwise.

    ``--eval-every`` was a number of steps in mlp-train 0.1.0.
    """
    args, watched = request.args, request.watched
    is_tuned = request.tuning.autotune_validation
    if is_tuned and (watched.is_on or watched.folds or watched.retry_nan):
        raise ArgumentError(
            "Autotune measures every trial on -autotune-validation: leave out "
            f"{', '.join(watched.given())}."
        )
    if not watched.is_on and not watched.folds:
        if watched.patience:
            watched.check()
        return
    metric = watched.check()
    check_folds(watched.folds, args.input_model)
    check_once(args.input, watched.valid_share, watched.folds)
    if watched.plot:
        from fastcli.api.curves import check_plot

        check_plot(watched.plot)
    if not request.is_quiet:
        never = parse_interval(watched.eval_every).never(args.epoch)
        say(*filter(None, (metric.doubt, never)))


def say_without_effect(request: Request) -> None:
    """Name the given options that have no effect in this run.

    Programs give many at once, so that those with their defaults are not named to them.
    """
    if request.is_quiet:
        return
    parts: list[Any] = [request.args, request.tuning]
    parts += [request.watched, request.table] * request.is_classifier
    values = {name: value for part in parts for name, value in vars(part).items()}
    known = rows_of_command(request.command)
    given = request.given
    if not request.for_shell:
        given = given.difference(row.name for row in known if values.get(row.name) == row.default)
    if said := without_effect(known, given, Values(request.command, values, known)):
        say(said)


def check_lines(request: Request) -> None:
    """Raise DataError, with the command to use, for a table where lines are asked for."""
    args = request.args
    if not request.is_classifier:
        for path in args.input:
            refuse_table(path, "", ["fastcli", "prepare", path, "-o", "NAME"], PIPED)
    elif request.table.format == "auto" and not request.is_table:
        for path in args.input:
            command = ["fastcli", "supervised", "-input", path, "-output", args.output]
            if len(args.input) > 1:  # the others are perhaps no tables
                command = ["fastcli", "prepare", path, "-o", "NAME"]
            refuse_table(path, args.label, command if request.for_shell else ())


def search_of(request: Request) -> AutotuneArgs:
    """Return what autotune searches; say which arguments it leaves as they are."""
    from fastcli.fasttext.autotune import AutotuneArgs
    from fastcli.fasttext.options import size_in_bytes
    from fastcli.fasttext.trials import TUNED

    args, tuning = request.args, request.tuning
    fixed = set(request.given.intersection(TUNED))
    if args.optimizer != "sgd":
        fixed.add("lr")  # what is tried is good for SGD
    if args.pretrained_vectors:
        fixed.add("dim")  # it is that of the vectors
    for name in () if request.is_quiet else sorted(fixed):
        say(
            f"Warning : {option_of(name)[1:]} is manually set to a specific value. "
            "It will not be automatically optimized."
        )
    trials = f"{args.output}.trials.jsonl" if args.output else ""
    return AutotuneArgs(
        validation=tuning.autotune_validation,
        metric=tuning.autotune_metric,
        predictions=tuning.autotune_predictions,
        duration=tuning.autotune_duration,
        modelsize=size_in_bytes(tuning.autotune_modelsize),
        trials=tuning.autotune_trials or trials,
        resume=tuning.autotune_resume,
        fixed=frozenset(fixed),
    )


# ---------------------------------------------------------------------------------- what is done


def train(settled: Settled, reporter: Reporter) -> Result:
    """Train, and save where there is an output.  Raises FastcliError or a child of it."""
    from fastcli.fasttext.train_and_save import train_and_save

    request, args, former = settled.request, settled.args, settled.former
    watched, reading = request.watched, request.reading
    with (
        read_twice(args.input, watched.folds, reporter) as originals,
        training_lines(request, reporter, watched.valid, originals.rows) as prepared,
        held_out(
            args.input,
            watched.valid_share,
            args.label,
            args.seed,
            reporter,
            args.weight_prefix,
        ),
        folding(request, (originals, prepared), reporter) as before,
    ):
        trained = train_and_save(
            args, reporter, request.fsync, prepared, reading, watched, former, before
        )
        found = None
        if not request.is_quiet and former is None:
            from fastcli.api.lessons import better

            words = [*reading, *watched.words()]
            found = better(trained.learned, args, words, request.given)
    return Result(trained=trained, better=found)


def draw(settled: Settled, trained: Trained) -> None:
    """Draw the learning curves, if a picture is asked for.

    Raises FastcliError if it cannot be written.
    """
    path, watch = settled.request.watched.plot, trained.watch
    if path and watch is not None:
        from fastcli.api.curves import plot

        plot(path, watch.history, watch.stopping.step)


def tune(settled: Settled, reporter: Reporter) -> Tuned:
    """Look for the best arguments; save the best model where there is an output."""
    from fastcli.fasttext.tune_and_save import tune_and_save

    request, tuning = settled.request, settled.tuning
    assert tuning is not None
    with training_lines(request, reporter, tuning.validation) as prepared:
        return tune_and_save(
            settled.args, tuning, reporter, request.fsync, prepared, request.reading
        )


def training_lines(
    request: Request, reporter: Reporter, validation: str = "", rows: RowPlaces | None = None
) -> AbstractContextManager[dict[str, Any]]:
    """Let lines stand for tables, and tell ``rows`` where they are: see ``lines_of_tables``."""
    args, weight = request.args, request.args.weight_column
    return lines_of_tables(
        args.input,
        request.table,
        request.is_table,
        args.label,
        reporter,
        validation,
        weight,
        rows,
        args.weight_prefix,
    )


def folding(
    request: Request, data: tuple[Originals, dict[str, Any]], reporter: Reporter
) -> AbstractContextManager[Before | None]:
    """Give what --folds does before training; ``data`` are the inputs and how they are prepared."""
    args, watched = request.args, request.watched

    def source() -> Any:
        from fastcli.fasttext.folds import ClassifierFolds

        return ClassifierFolds(args, watched.folds, watched.retry_nan)

    read_as = request.table if request.is_table else None
    return cross_validation(Folding.of(args, watched, data, read_as), source, reporter)


def files_of_model(args: TrainArgs, path: str) -> Sequence[str]:
    """Return the files of a model, the JSON file only if it belongs to it."""
    from fastcli.fasttext.sidecar import about_path, has_about
    from fastcli.fasttext.train_and_save import text_paths

    beside = [str(about_path(path))] if has_about(path) else []
    return [path, *(text_paths(args) if path.endswith(".bin") else []), *beside]
