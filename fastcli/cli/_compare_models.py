"""compare for models: their answers to the same lines, and what the differences tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.deciding import AUTO
from fastcli.api.inputs import Question
from fastcli.api.label_names import label_names_of
from fastcli.cli import _json
from fastcli.cli._decisions import decided
from fastcli.cli._declare import say_without_effect
from fastcli.cli._options import Predicting, load_classifier
from fastcli.errors import ArgumentError, DataError
from fastcli.overwriting import STREAM, check_apart
from fastcli.printable import listed, printable
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.cli.compare import Comparing
    from fastcli.evaluation.answers import Answers, SameLines
    from fastcli.evaluation.compared_models import Standing
    from fastcli.evaluation.label_names import LabelNames
    from fastcli.evaluation.meter import Meter

Tables = tuple[TableOptions, str]  # how tables are read, and the value of --like


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A model that was tested: its file, whether its probabilities of a line sum to one."""

    path: str
    size: int | None  # bytes; None of a stream
    sums_to_one: bool
    answers: Answers
    names: LabelNames


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
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.answers import SameLines
    from fastcli.evaluation.compared_models import metric_for, standing

    *models, data = words
    check_apart(words, [comparing.csv])
    if options.thresholds not in ("", AUTO):
        raise ArgumentError("--thresholds FILE is for one model: give --thresholds auto.")
    found = [tested(ctx, options, tables, path, data) for path in models]
    check_lines(found, data)
    labels = set(found[0].names.plain)
    if not all(labels & set(one.names.plain) for one in found[1:]):
        raise ArgumentError(
            "The models have no label in common: they cannot be compared. "
            f"{found[0].path} has {listed(found[0].names.shown)}."
        )
    lines = SameLines.of([one.answers for one in found], [one.names for one in found])
    if not lines.n:
        where = "Standard input" if data == STREAM else data
        raise DataError(f"{where} has no line with a label and a word that the models know.")
    metric, label = metric_for(
        comparing.metric.strip(), lines, all(one.sums_to_one for one in found)
    )
    result = standing(lines, metric, label, comparing.seed)
    if comparing.csv:
        from fastcli.cli._compare_runs import write_rows

        rows = [figures(one, lines.meter(i)) for i, one in enumerate(found)]
        write_rows(comparing.csv, [list(rows[0]), *([*row.values()] for row in rows)])
    if options.json:
        sys.stdout.buffer.write(_json.line(as_object(found, lines, result, data)))
    else:
        from fastcli.cli.display.decisions import write_lines
        from fastcli.cli.display.model_comparison import model_lines

        write_lines(model_lines(found, lines, result, data))
    for i, one in enumerate(found):
        if sentence := handicap(lines, i, one.path):
            say(sentence)
    say_ending([comparing.csv])


def tested(
    ctx: click.Context, options: Predicting, tables: Tables, path: str, data: str
) -> Compared:
    """Return a model with its answers to the lines of a file."""
    from fastcli.api.inputs import Reading, examples, reads_tables
    from fastcli.evaluation.answers import answer
    from fastcli.evaluation.predictor import Predictor

    table, like = tables
    asked = Question(path, (data,), options.k, options.threshold, options.thread)
    classifier, asked = decided(ctx, load_classifier(path, table), asked, options)
    kinds = {
        "is_table": bool(like) or reads_tables(classifier),
        "of_numbers": getattr(classifier, "columns", None) is not None,
        "report": True,
        "verbose": 1,
    }
    say_without_effect(ctx, {**vars(options), **vars(table), **kinds, "like": like})

    command = ("fastcli", str(ctx.info_name), *ctx.params["words"][:-1])
    reading = Reading(table=table, like=like, command=command)
    predictor = Predictor(classifier, asked.k, asked.threshold, options.thread, path, with_all=True)
    return Compared(
        path=path,
        size=os.path.getsize(path) if os.path.isfile(path) else None,
        sums_to_one=classifier.sums_to_one,
        answers=answer(predictor, examples(classifier, path, data, reading)),
        names=label_names_of(classifier, path, like),
    )


def check_lines(found: Sequence[Compared], data: str) -> None:
    """Raise DataError where models read different numbers of lines, which are then not the same."""
    first = found[0]
    for one in found[1:]:
        if one.answers.n != first.answers.n:
            raise DataError(
                f"{data}: {first.path} reads {first.answers.n:,} lines of it, {one.path} "
                f"{one.answers.n:,}: they cannot be compared line by line."
            )


def handicap(lines: SameLines, i: int, path: str) -> str:
    """Return on how many lines a model is wrong by what it does not know, "" if on none."""
    names, n = lines.unknown(i)
    parts = []
    if n:
        parts.append(f"{n:,} lines have a label that it does not know ({listed(names)})")
    if n_words := lines.without_tokens[i]:
        parts.append(f"{n_words:,} have no word that it knows")
    if not parts:
        return ""
    return f"{path}: {' and '.join(parts)}: these count as wrong here, and not in test."


def figures(one: Compared, meter: Meter) -> dict[str, Any]:
    """Return the figures of a model."""
    return {
        "model": printable(one.path),
        "accuracy": _json.number(meter.accuracy),
        "f1": _json.number(meter.f1),
        "f1macro": _json.number(meter.macro_f1),
        "logloss": _json.number(meter.log_loss) if one.sums_to_one else None,
        "bytes": one.size,
    }


def as_object(
    found: Sequence[Compared], lines: SameLines, result: Standing, data: str
) -> dict[str, Any]:
    """Return the comparison as JSON."""
    others = []
    for one in result.others:
        interval = one.interval
        bounds = None
        if interval is not None:
            bounds = [_json.number(interval.low), _json.number(interval.high)]
        others.append(
            {
                "model": printable(found[one.other].path),
                "only_best_right": one.only_best,
                "only_other_right": one.only_other,
                "test": "mcnemar" if interval is None else "bootstrap",
                "interval": bounds,
                "p": _json.number(one.p),
                "is_worse": one.is_sure,
            }
        )
    return {
        "schema": 1,
        "data": printable(data),
        "lines": lines.n,
        "left_out": lines.left_out,
        "metric": result.metric.text,
        "models": [figures(one, lines.meter(i)) for i, one in enumerate(found)],
        "best": printable(found[result.best].path),
        "others": others,
    }
