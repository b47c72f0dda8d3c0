"""supervised, skipgram and cbow: train a classifier, or word vectors."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.files import Lists
from fastcli.api.folds import Before, Folding, Originals, cross_validation, read_twice
from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
from fastcli.api.lessons import Better, better, say_known_lines, say_lessons, say_seen
from fastcli.api.saving import Saving
from fastcli.api.table_lines import (
    PIPED,
    asks_for_table,
    lines_of_tables,
    refuse_table,
    table_words,
)
from fastcli.api.validation import held_out
from fastcli.cli._command import NO_PATHS, OptionsOnly
from fastcli.cli._declare import given_names, say_without_effect, takes
from fastcli.cli._endings import proposal, recorded_file
from fastcli.cli._inputs import read_inputs
from fastcli.cli._options import size_in_bytes
from fastcli.errors import ArgumentError
from fastcli.evaluation.intervals import parse_interval
from fastcli.evaluation.options import WEIGHTING, check_folds, check_once, prefix_of_table
from fastcli.fasttext.args import DEFAULTS, RATES, TrainArgs, option_of
from fastcli.fasttext.options import AutotuneOptions
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.fasttext.continuing import Former
    from fastcli.prepare.row_places import RowPlaces
    from fastcli.reporting import Reporter

PATTERN = "-input <file> -output <name> [options]"


def training(command: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that adds the options of a training command."""
    if command == "supervised":
        return takes(DEFAULTS[command], AutotuneOptions, WatchArgs, Lists, TableOptions, Saving)
    without = ("no_shuffle", "input_model", *WEIGHTING)
    return takes(DEFAULTS[command], AutotuneOptions, Lists, Saving, without=without)


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training("supervised")
@click.pass_context
def supervised(
    ctx: click.Context,
    args: TrainArgs,
    tuning: AutotuneOptions,
    watched: WatchArgs,
    lists: Lists,
    table: TableOptions,
    saving: Saving,
) -> None:
    """Train a classifier on lines of labels and text, or on a table.

    \b
    Example:
      fastcli supervised -input data/samples/topics.train.txt -output topics \\
          -lr 0.5 -epoch 25 -wordNgrams 2 -dim 20 -bucket 20000
      fastcli supervised -input data/samples/reviews.csv -output verdicts \\
          --text-column review --label-column verdict --none other
    """
    run(ctx, args, tuning, lists, saving, table, watched)


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training("skipgram")
@click.pass_context
def skipgram(
    ctx: click.Context, args: TrainArgs, tuning: AutotuneOptions, lists: Lists, saving: Saving
) -> None:
    """Learn word vectors by predicting the context of each word.

    A word is the sum of its own vector and those of its character n-grams, so there are
    vectors for words that are not in the text.  The same seed gives the same file on one
    thread; several threads are faster and give a slightly different one each time.

    \b
    Example:
      fastcli skipgram -input data/samples/topics.train.txt -output words -minCount 2 -dim 20 \\
          -bucket 20000 -epoch 20
    """
    run(ctx, args, tuning, lists, saving)


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training("cbow")
@click.pass_context
def cbow(
    ctx: click.Context, args: TrainArgs, tuning: AutotuneOptions, lists: Lists, saving: Saving
) -> None:
    """Learn word vectors by predicting each word from its context.

    Faster than skipgram; see there.

    \b
    Example:
      fastcli cbow -input data/samples/topics.train.txt -output words -minCount 2 -dim 20 \\
          -bucket 20000 -epoch 20
    """
    run(ctx, args, tuning, lists, saving)


def run(
    ctx: click.Context,
    args: TrainArgs,
    tuning: AutotuneOptions,
    lists: Lists,
    saving: Saving,
    table: TableOptions | None = None,
    watched: WatchArgs | None = None,
) -> None:
    """Train and save, with the options of a command."""
    watched = watched or WatchArgs()
    given = given_names(ctx)
    args = replace(
        args, input=read_inputs(ctx, "input", args.input, lists.files_from, args.verbose)
    )
    former = None
    if args.input_model:
        is_table = table is not None and asks_for_table(table)
        args, former = go_on(args, given, tuning, is_table)
    if args.pretrained_vectors and "dim" not in given:
        from fastcli.fasttext.pretrained import source_dim

        args = replace(args, dim=source_dim(args.pretrained_vectors))
    if args.optimizer != "sgd" and "lr" not in given:
        args = replace(args, lr=RATES.get(args.optimizer, args.lr))
    args.check()
    if lists.files_from:
        check_lists(lists.files_from, args, tuning, watched)
    values = {**vars(args), **vars(tuning), **vars(watched), **(vars(table) if table else {})}
    check_watched(watched, args, tuning)
    say_without_effect(ctx, values)
    check_lines(args, table)
    if "weight_prefix" in given and table is not None and asks_for_table(table):
        raise prefix_of_table()
    if tuning.autotune_validation:
        tune(ctx, args, tuning, saving.fsync, table)
        return
    if watched.valid and args.verbose > 0:
        say_seen(args.input, watched.valid)
    if former is not None and args.verbose > 0:
        shown = watched.valid, watched.valid_share
        say_known_lines(former.model, args.input_model, args.input, *shown)
    from fastcli.cli.display.training import TrainingDisplay
    from fastcli.fasttext.train_and_save import train_and_save

    path = f"{args.output}.bin"
    with (
        says_what_is_left(path),
        TrainingDisplay(args.verbose) as progress,
        read_twice(args.input, watched.folds, progress) as originals,
        training_lines(args, table, progress, watched.valid, originals.rows) as prepared,
        held_out(
            args.input,
            watched.valid_share,
            args.label,
            args.seed,
            progress,
            args.weight_prefix,
        ),
        folding(args, watched, table, (originals, prepared), progress) as before,
    ):
        reading = reading_words(table)
        trained = train_and_save(
            args, progress, saving.fsync, prepared, reading, watched, former, before
        )
        progress.summary(trained)
        is_told = args.verbose > 0 and say_lessons(trained.learned)
        if args.verbose > 0 and former is None:
            say_better(better(trained.learned, args, [*reading, *watched.words()], given))
    if watched.plot and trained.watch is not None:
        from fastcli.api.curves import plot

        plot(watched.plot, trained.watch.history, trained.watch.stopping.step)
    if args.verbose > 0:
        is_last = is_told or trained.interrupted > 0
        next_one = [] if is_last else next_command(args, watched, reading, former)
        say_written(args, watched, next_one)
    if trained.interrupted and trained.watch is not None:
        raise interrupted_with_best(path, trained.interrupted, trained.watch.history)


def say_better(found: Better | None) -> None:
    """Write what may do better, if anything is known."""
    from fastcli.cli.display.endings import command_lines
    from fastcli.cli.display.messages import lines, say

    if found is not None:
        say(found.sentence)
        lines(*command_lines(found.command) if found.command else ())


def say_written(args: TrainArgs, watched: WatchArgs, command: Sequence[str]) -> None:
    """Write which files training wrote, and the command that may be next."""
    from fastcli.cli.display.endings import say_ending

    predictions = watched.folds_output if watched.folds else ""
    more = list(filter(None, (predictions, watched.log, watched.plot)))
    say_ending([*files_of_model(args, f"{args.output}.bin"), *more], command)


def files_of_model(args: TrainArgs, path: str) -> list[str]:
    """Return the files of a model, the JSON file only if it belongs to it."""
    from fastcli.fasttext.sidecar import about_path, has_about
    from fastcli.fasttext.train_and_save import text_paths

    beside = [str(about_path(path))] if has_about(path) else []
    return [path, *(text_paths(args) if path.endswith(".bin") else []), *beside]


def next_command(
    args: TrainArgs, watched: WatchArgs, reading: Sequence[str], former: Former | None = None
) -> list[str]:
    """Return the command that may be next: the vectors are used, or the classifier is tested."""
    model = f"{args.output}.bin"
    if args.model != "sup":
        return ["fastcli", "nn", model]
    is_measured = bool(watched.valid_lines)
    known = recorded_file(former.model, reading) if former is not None else ""
    return proposal(model, args.input, watched.valid, is_measured, reading, known)


def go_on(
    args: TrainArgs, given: set[str], tuning: AutotuneOptions, is_table: bool
) -> tuple[TrainArgs, Former]:
    """Open the model that training goes on with; return the arguments that it decides, too."""
    if tuning.autotune_validation:
        raise ArgumentError(
            "Autotune tries models of other sizes: leave out -inputModel, or -autotune-validation."
        )
    from fastcli.cli.display.messages import say
    from fastcli.fasttext.continuing import open_former
    from fastcli.mlp.first_bytes import is_mlp

    path = args.input_model
    if os.path.isfile(path) and is_mlp(path):
        raise ArgumentError(
            f"{path} is a neural network: go on with it by mlp-train -inputModel {path}."
        )
    note = say if args.verbose > 0 else lambda sentence: None
    return open_former(args, given, is_table, note)


def folding(
    args: TrainArgs,
    watched: WatchArgs,
    table: TableOptions | None,
    data: tuple[Originals, dict[str, Any]],
    reporter: Reporter,
) -> AbstractContextManager[Before | None]:
    """Give what --folds does before training; ``data`` are the inputs and how they are prepared."""

    def source() -> Any:
        from fastcli.fasttext.folds import ClassifierFolds

        return ClassifierFolds(args, watched.folds, watched.retry_nan)

    read_as = table if table is not None and asks_for_table(table) else None
    found = Folding.of(args, watched, data, read_as)
    return cross_validation(found, source, reporter)


def check_watched(watched: WatchArgs, args: TrainArgs, tuning: AutotuneOptions) -> None:
    """Raise an error for options of validation that cannot work; say what may be meant otherwise.

    ``--eval-every`` was a number of steps in mlp-train 0.1.0.
    """
    if tuning.autotune_validation and (watched.is_on or watched.folds or watched.retry_nan):
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
    if args.verbose > 0:
        from fastcli.cli.display.messages import say

        never = parse_interval(watched.eval_every).never(args.epoch)
        for sentence in filter(None, (metric.doubt, never)):
            say(sentence)


def check_lines(args: TrainArgs, table: TableOptions | None) -> None:
    """Raise DataError, with the command to use, for a table where lines are asked for."""
    if table is None:
        for path in args.input:
            refuse_table(path, "", ["fastcli", "prepare", path, "-o", "NAME"], PIPED)
    elif table.format == "auto" and not asks_for_table(table):
        for path in args.input:
            command = ["fastcli", "supervised", "-input", *args.input, "-output", args.output]
            refuse_table(path, args.label, command)


def training_lines(
    args: TrainArgs,
    table: TableOptions | None,
    reporter: Reporter,
    validation: str = "",
    rows: RowPlaces | None = None,
) -> AbstractContextManager[dict[str, Any]]:
    """Let lines stand for tables, and tell ``rows`` where they are: see ``lines_of_tables``."""
    table = table or TableOptions()
    is_table = asks_for_table(table)
    weight = args.weight_column
    prefix = args.weight_prefix
    return lines_of_tables(
        args.input, table, is_table, args.label, reporter, validation, weight, rows, prefix
    )


def reading_words(table: TableOptions | None) -> list[str]:
    """Return the words by which a command reads the same table again, none for lines."""
    return table_words(table) if table and asks_for_table(table) else []


def check_lists(
    lists: Sequence[str], args: TrainArgs, tuning: AutotuneOptions, watched: WatchArgs
) -> None:
    """Raise ArgumentError if training would overwrite a list of inputs."""
    from fastcli.fasttext.train_and_save import outputs

    ends = (".bin", ".ftz") if tuning.autotune_modelsize else (".bin",)
    written = [path for end in ends for path in outputs(args, f"{args.output}{end}")]
    written += [tuning.autotune_trials, watched.log, watched.plot, watched.folds_output]
    check_apart(lists, dict.fromkeys(written))


def tune(
    ctx: click.Context,
    args: TrainArgs,
    tuning: AutotuneOptions,
    fsync: bool,
    table: TableOptions | None,
) -> None:
    """Look for the best arguments, and save the best model."""
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import lines, say
    from fastcli.cli.display.tuning import TuningDisplay
    from fastcli.fasttext.autotune import AutotuneArgs
    from fastcli.fasttext.trials import TUNED
    from fastcli.fasttext.tune_and_save import tune_and_save

    fixed = given_names(ctx).intersection(TUNED)
    if args.optimizer != "sgd":
        fixed.add("lr")  # what is tried is good for SGD
    if args.pretrained_vectors:
        fixed.add("dim")  # it is that of the vectors
    for name in sorted(fixed) if args.verbose > 0 else ():
        say(
            f"Warning : {option_of(name)[1:]} is manually set to a specific value. "
            "It will not be automatically optimized."
        )
    given = AutotuneArgs(
        validation=tuning.autotune_validation,
        metric=tuning.autotune_metric,
        predictions=tuning.autotune_predictions,
        duration=tuning.autotune_duration,
        modelsize=size_in_bytes(tuning.autotune_modelsize, ctx),
        trials=tuning.autotune_trials or f"{args.output}.trials.jsonl",
        resume=tuning.autotune_resume,
        fixed=frozenset(fixed),
    )
    with (
        TuningDisplay(args.verbose) as progress,
        training_lines(args, table, progress, given.validation) as prepared,
    ):
        words = reading_words(table)
        tuned = tune_and_save(args, given, progress, fsync, prepared, words)
    if args.verbose > 0:
        best = tuned.outcome.trial
        say(
            f"Best of {tuned.outcome.n_trials} trials: number {best.number}, "
            f"{given.metric} {best.score:.6f}; {tuned.path} is its model."
        )
        say_ending([*files_of_model(args, tuned.path), given.trials])
        say("The same again:")
        for command in tuned.commands:
            lines(command)
