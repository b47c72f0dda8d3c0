"""supervised, skipgram and cbow: train a classifier, or word vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.files import Lists
from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
from fastcli.api.lessons import Better, say_lessons
from fastcli.api.linear_training import (
    Request,
    Settled,
    draw,
    files_of_model,
    kinds_of,
    settle,
    train,
    tune,
    without_of,
)
from fastcli.api.saving import Saving
from fastcli.cli._command import NO_PATHS, OptionsOnly
from fastcli.cli._declare import given_names, takes
from fastcli.cli._endings import proposal, recorded_file
from fastcli.cli._inputs import read_inputs
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.options import AutotuneOptions, NoSize
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.fasttext.tune_and_save import Tuned

PATTERN = "-input <file> -output <name> [options]"


def training(command: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that adds the options of a training command."""
    return takes(*kinds_of(command), without=without_of(command))


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
    asked = Request(command="supervised", args=args, tuning=tuning, watched=watched, table=table)
    run(ctx, asked, lists, saving)


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training("skipgram")
@click.pass_context
def skipgram(
    ctx: click.Context, args: TrainArgs, tuning: AutotuneOptions, lists: Lists, saving: Saving
) -> None:
    """Learn word vectors by predicting the context of each word.

    A word's vector is the mean of its own row and those of its character n-grams, so there
    are vectors for words that are not in the text.  The same seed gives the same file on one
    thread; several threads are faster and give a slightly different one each time.

    \b
    Example:
      fastcli skipgram -input data/samples/topics.train.txt -output words \\
          -minCount 2 -dim 20 -bucket 20000 -epoch 20
    """
    run(ctx, Request(command="skipgram", args=args, tuning=tuning), lists, saving)


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
      fastcli cbow -input data/samples/topics.train.txt -output words \\
          -minCount 2 -dim 20 -bucket 20000 -epoch 20
    """
    run(ctx, Request(command="cbow", args=args, tuning=tuning), lists, saving)


def run(ctx: click.Context, request: Request, lists: Lists, saving: Saving) -> None:
    """Train and save, with the options of a command."""
    args = request.args
    files = read_inputs(ctx, "input", args.input, lists.files_from, args.verbose)
    request = replace(
        request,
        args=replace(args, input=files),
        files_from=lists.files_from,
        fsync=saving.fsync,
        given=frozenset(given_names(ctx)),
    )
    try:
        settled = settle(request)
    except NoSize as error:
        raise click.UsageError(str(error), ctx) from None
    if settled.tuning is None:
        train_model(settled)
    else:
        tune_model(settled)


def train_model(settled: Settled) -> None:
    """Train and save; show how it goes, what may be better, and what is next."""
    from fastcli.cli.display.training import TrainingDisplay

    args, watched = settled.args, settled.request.watched
    path = f"{args.output}.bin"
    with says_what_is_left(path), TrainingDisplay(args.verbose) as progress:
        result = train(settled, progress)
        trained = result.trained
        progress.summary(trained)
        is_told = args.verbose > 0 and say_lessons(trained.learned)
        say_better(result.better)
    draw(settled, trained)
    if args.verbose > 0:
        is_last = is_told or trained.interrupted > 0
        say_written(args, watched, [] if is_last else next_command(settled))
    if trained.interrupted and trained.watch is not None:
        raise interrupted_with_best(path, trained.interrupted, trained.watch.history)


def tune_model(settled: Settled) -> None:
    """Look for the best arguments and save the best model; show all trials."""
    from fastcli.cli.display.tuning import TuningDisplay

    with TuningDisplay(settled.args.verbose) as progress:
        tuned = tune(settled, progress)
    if settled.args.verbose > 0:
        say_tuned(settled, tuned)


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


def next_command(settled: Settled) -> list[str]:
    """Return the command that may be next: the vectors are used, or the classifier is tested."""
    args, watched, former = settled.args, settled.request.watched, settled.former
    reading, model = settled.request.reading, f"{args.output}.bin"
    if args.model != "sup":
        return ["fastcli", "nn", model]
    is_measured = bool(watched.valid_lines)
    known = recorded_file(former.model, reading) if former is not None else ""
    return proposal(model, args.input, watched.valid, is_measured, reading, known)


def say_tuned(settled: Settled, tuned: Tuned) -> None:
    """Write which trial was best, which files were written, and the commands that do it again."""
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import lines, say

    best, given = tuned.outcome.trial, settled.tuning
    assert given is not None
    say(
        f"Best of {tuned.outcome.n_trials} trials: number {best.number}, "
        f"{given.metric} {best.score:.6f}; {tuned.path} is its model."
    )
    say_ending([*files_of_model(settled.args, tuned.path), given.trials])
    say("The same again:")
    for command in tuned.commands:
        lines(command)
