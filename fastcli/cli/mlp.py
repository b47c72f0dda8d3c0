"""mlp-train: train a neural network (MLP) on text or numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from fastcli.api.configuration import Configured
from fastcli.api.files import Lists
from fastcli.api.saving import Saving
from fastcli.cli._command import NO_PATHS, OptionsOnly
from fastcli.cli._declare import given_names, takes
from fastcli.cli._inputs import read_inputs
from fastcli.cli.display.messages import say
from fastcli.errors import ArgumentError
from fastcli.mlp.options import MlpOptions
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.api.network_runs import NetworkRun
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.continuing import FormerNetwork


@click.command(cls=OptionsOnly, pattern="-input <file> -output <name> [options]", empty=NO_PATHS)
@takes(MlpOptions, Configured, Lists, Saving)
@click.pass_context
def mlp_train(
    ctx: click.Context, options: MlpOptions, config: Configured, lists: Lists, saving: Saving
) -> None:
    """Train a neural network (MLP) on lines of labels and text, or on a table of texts or numbers.

    \b
    Example:
      fastcli mlp-train -input data/samples/topics.train.txt -output deep \\
          -dim 20 --hidden 32 --dropout 0.3 -lr 0.01 -epoch 10
      fastcli mlp-train -input data/samples/reviews.csv -output verdicts -dim 20 \\
          --hidden 32 --text-column review --label-column verdict --none other
    """
    given = given_names(ctx)
    if "trace" in given and not options.trace:
        raise ArgumentError("--trace 0: the first row is 1.")
    from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
    from fastcli.api.lessons import say_network_lessons
    from fastcli.api.network_runs import configured, draw, settled, train
    from fastcli.cli.display.perceptron import MlpDisplay

    args, given = configured(options, config.config, given)
    inputs = read_inputs(ctx, "input", args.input, lists.files_from, args.verbose)
    run = settled(replace(args, input=inputs), given, [config.config, *lists.files_from])
    args = run.args
    if args.only_looks:
        look(run)
        return
    path = f"{args.output}.mlp"
    with says_what_is_left(path), MlpDisplay(args) as progress:
        trained = train(run, progress, saving.fsync)
        progress.summary(trained)
        is_told = args.verbose > 0 and say_network_lessons(trained.learned, trained.troubles)
    draw(args, trained)
    if args.verbose > 0:
        say_written(args, is_told or trained.interrupted > 0, run.former)
    if trained.interrupted:
        raise interrupted_with_best(path, trained.interrupted, trained.history)


def look(run: NetworkRun) -> None:
    """Print how the network's gradients compare, or the trace of a row; nothing is written."""
    from fastcli.api.network_runs import looked
    from fastcli.cli.display.looks import check_lines, trace_lines
    from fastcli.cli.display.perceptron import MlpDisplay

    with MlpDisplay(run.args) as progress:
        checked, traced = looked(run, progress)
    if checked is not None:
        click.echo("\n".join(check_lines(checked)))
    if traced is not None:
        click.echo("\n".join([""] * (checked is not None) + list(trace_lines(traced))))
    if run.args.verbose > 0:
        say("Nothing was trained, and no file is written.")
    if checked is not None:
        checked.check()


def say_written(args: MlpArgs, is_told: bool, former: FormerNetwork | None = None) -> None:
    """Write which files training wrote, and what may be next unless something was proposed."""
    from fastcli.api.network_runs import table_options
    from fastcli.api.table_lines import table_words
    from fastcli.cli._endings import proposal, recorded_file
    from fastcli.cli.display.endings import say_ending
    from fastcli.mlp.train_and_save import outputs

    model, *others = outputs(args)
    options = table_options(args)
    if not args.text_column:  # a model of numbers knows its columns
        kept = {name: getattr(options, name) for name in ("delimiter", "encoding")}
        options = TableOptions(**kept)
    reading = table_words(options)
    known = recorded_file(former.model, reading) if former is not None else ""
    command = proposal(model, args.input, args.valid, bool(args.valid_lines), reading, known)
    if args.is_regression:  # there is no report
        command = [word for word in command if word != "--report"]
    say_ending([model, *others], [] if is_told else command)
