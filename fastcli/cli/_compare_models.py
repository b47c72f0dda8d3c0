"""compare for models: their answers to the same lines, and what the differences tell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fastcli.api.deciding import AUTO
from fastcli.api.inputs import Question
from fastcli.cli import _json
from fastcli.cli._decisions import decided
from fastcli.cli._declare import say_without_effect
from fastcli.cli._options import Predicting, load_classifier
from fastcli.errors import ArgumentError
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.api.comparing import Compared
    from fastcli.cli.compare import Comparing

Tables = tuple[TableOptions, str]  # how tables are read, and the value of --like


def compare_models(
    ctx: click.Context,
    options: Predicting,
    comparing: Comparing,
    tables: Tables,
    words: Sequence[str],
) -> None:
    """Print the comparison of models on a file, and write the table that is asked for.

    Raises ArgumentError for what cannot be compared, DataError where no line is left.
    """
    from fastcli.api.comparing import comparison
    from fastcli.cli.display.endings import say_ending

    *models, data = words
    check_apart(words, [comparing.csv])
    if options.thresholds not in ("", AUTO):
        raise ArgumentError("--thresholds FILE is for one model: give --thresholds auto.")
    found = [tested(ctx, options, tables, path, data) for path in models]
    shown = comparison(found, data, comparing.metric, comparing.seed)
    if comparing.csv:
        from fastcli.cli._compare_runs import write_rows

        rows = [one.to_dict() for one in shown.answer.models]
        write_rows(comparing.csv, [list(rows[0]), *([*row.values()] for row in rows)])
    if options.json:
        sys.stdout.buffer.write(_json.line(shown.answer.to_dict()))
    else:
        from fastcli.cli.display.decisions import write_lines
        from fastcli.cli.display.model_comparison import model_lines

        write_lines(model_lines(found, shown.same, shown.standing, data))
    shown.say_handicaps()
    say_ending([comparing.csv])


def tested(
    ctx: click.Context, options: Predicting, tables: Tables, path: str, data: str
) -> Compared:
    """Return a model with its answers to the lines of a file."""
    from fastcli.api.comparing import answered
    from fastcli.api.inputs import Reading, kinds_of_input

    table, like = tables
    asked = Question(path, (data,), options.k, options.threshold, options.thread)
    classifier, asked = decided(ctx, load_classifier(path, table), asked, options)
    kinds = {**kinds_of_input(classifier, like), "report": True, "verbose": 1}
    say_without_effect(ctx, {**vars(options), **vars(table), **kinds, "like": like})

    command = ("fastcli", str(ctx.info_name), *ctx.params["words"][:-1])
    reading = Reading(table=table, like=like, command=command)
    return answered(classifier, asked, reading)
