"""compare: models on the same test lines, or logs of training runs."""

from __future__ import annotations

from dataclasses import dataclass

import click

from fastcli.cli._command import Option, positional
from fastcli.cli._declare import FileName, given_names, takes
from fastcli.cli._options import Predicting
from fastcli.distribution import extra
from fastcli.errors import ArgumentError, DataError, cannot_open
from fastcli.evaluation.metric_names import metric_names
from fastcli.options import option
from fastcli.printable import listed_files
from fastcli.tables.options import LikeOption, TableOptions
from fastcli.text.spooled import place_of

OF_RUNS = {"words", "json", "csv", "plot"}  # what logs of runs have a use for


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """What a comparison is by, and what is written to files."""

    metric: str = option(
        "",
        f"metric that decides: {metric_names(lambda kind: kind.is_compared)}",
        default_text="accuracy, of lines with several labels f1",
        group="report",
    )
    seed: int = option(0, "seed of the samples of the bootstrap", group="report", shown="-seed")
    csv: str = option("", "write the table to this .csv or .tsv", group="report", file="file")
    plot: str = option(
        "",
        f"draw the curves of runs over each other (.png, .svg, .pdf; needs {extra('plot')})",
        group="report",
        file="file",
    )


@positional("<model> <model>... <test-data>, or <run.jsonl> <run.jsonl>...")
@click.argument("words", metavar="<model>... <test-data>", nargs=-1, type=FileName())
@takes(Predicting, Comparing, TableOptions, LikeOption)
@click.pass_context
def compare(
    ctx: click.Context,
    options: Predicting,
    comparing: Comparing,
    table: TableOptions,
    like: LikeOption,
    words: tuple[str, ...],
) -> None:
    """Compare models on the same test data, with a significance test.

    Accuracy by McNemar's test, exact for few lines, other metrics and lines with several labels by
    a paired bootstrap.  A line counts where one of the models knows its label and a word of it.
    Logs of runs (--log of supervised and mlp-train) are compared by validation accuracy, and shown
    with the options in which they differ.

    \b
    Example:
      fastcli compare topics.bin topics.ftz data/samples/topics.test.txt
      fastcli compare topics.bin deep.mlp data/samples/topics.test.txt \\
          --metric f1macro
    """
    from fastcli.evaluation.run_log import is_log
    from fastcli.labelling.located_rows import DELIMITERS
    from fastcli.reporting import Reporter
    from fastcli.tables.dialects import suffix
    from fastcli.text.spooled import spooled

    if comparing.csv and suffix(comparing.csv) not in DELIMITERS:
        raise ArgumentError(f"--csv {comparing.csv}: the name must end in .csv or .tsv.")
    # Streams are looked at to tell logs, and the lines are read once for each model.
    ctx.with_resource(spooled(words, Reporter(), allows_empty=True))
    logs = [path for path in words if is_log(place_of(path))]
    if not logs:
        check_there([path for path in words if suffix(path) == ".jsonl"])
        check_models(ctx, comparing, words)
        from fastcli.cli._compare_models import compare_models

        compare_models(ctx, options, comparing, (table, like.like), words)
        return
    if others := [path for path in words if path not in logs]:
        check_there(others)
        raise ArgumentError(
            f"{listed_files(logs)}: a log of a run, which {listed_files(others)} is not. Give "
            "logs only, or models and the file to test them on."
        )
    if len(logs) < 2:
        raise ArgumentError(f"There is one log only, {logs[0]}: give two or more.")
    if unused := sorted(given_names(ctx) - OF_RUNS):
        known = [one for one in ctx.command.params if isinstance(one, Option)]
        names = [one.shown for one in known if one.name in unused]
        raise ArgumentError(f"{', '.join(names)}: for models, and these are logs of runs.")
    from fastcli.cli._compare_runs import compare_runs

    compare_runs(options.json, comparing, logs)


def check_there(paths: list[str]) -> None:
    """Raise DataError for a file that cannot be opened, before it is taken for no log."""
    for path in paths:
        try:
            with open(place_of(path), "rb"):
                pass
        except OSError as error:
            raise DataError(cannot_open(path, error, "comparing")) from None


def check_models(ctx: click.Context, comparing: Comparing, words: tuple[str, ...]) -> None:
    """Raise an error unless there are two models and a file to test them on."""
    from fastcli.inspect.models import is_model

    if comparing.plot:
        raise ArgumentError("--plot draws the curves of runs: give their logs (--log of training).")
    if words and is_model(words[-1]):
        raise ArgumentError(
            f"{words[-1]} is a model: the last word is the file to test the models on."
        )
    if len(words) < 3:
        what = "the models and the file to test them on" if len(words) < 2 else "another model"
        raise click.UsageError(f"Give {what}: two models or more, then labelled lines.", ctx)
