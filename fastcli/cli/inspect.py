"""inspect: describe tables, data sets, word vectors and models, and report their problems."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.files import Lists
from fastcli.cli._command import positional
from fastcli.cli._declare import FileName, given_names, say_without_effect, takes
from fastcli.cli._inputs import read_inputs
from fastcli.errors import DataError
from fastcli.options import Need, only_beside, option
from fastcli.overwriting import STREAM, check_apart
from fastcli.tables.options import header_of
from fastcli.text import options as text

if TYPE_CHECKING:
    from fastcli.inspect.data import DataSet


OF_TABLES = ("header", "no_header", "encoding")  # options
DESCRIBING = Need(lambda v: not v.label_errors, lambda v: f"with {v.shown('label_errors')}")
TRAINING = Need(lambda v: not v.folds_file, lambda v: f"with {v.shown('folds_file')}")


@dataclass(frozen=True, kw_only=True)
class Inspecting:
    """The options of inspect."""

    json: bool = option(False, "write JSON, one line per file")
    top_words: int = option(
        0,
        "of a classifier, list so many words that speak for each label",
        at_least=0,
        needs=(DESCRIBING,),
    )
    label_errors: bool = option(
        False, "list the lines whose label is most doubtful: trains five folds, or --folds-file"
    )
    folds_file: str = option(
        "",
        "take what --folds-output of a training wrote",
        file="file",
        needs=(only_beside("label_errors"),),
    )
    errors: str = option(
        "",
        "write all doubtful lines, the most doubtful first, to this .csv, .tsv or .jsonl",
        file="file",
        needs=(only_beside("label_errors"),),
    )
    label: str = option("__label__", text.LABEL, group="general")
    weight_prefix: str = option(
        "", text.WEIGHT_PREFIX, group="general", default_text="found in the first lines"
    )
    delimiter: str = option("", text.DELIMITER, group="input")
    header: bool = option(False, text.HEADER, group="input", needs=(DESCRIBING,))
    no_header: bool = option(False, text.NO_HEADER, group="input", needs=(DESCRIBING,))
    encoding: str = option(
        "utf-8",
        text.ENCODING,
        group="input",
        default_text="found in the first bytes",
        needs=(DESCRIBING,),
    )


@positional("<file>... [options]")
@click.argument("files", metavar="<file>...", nargs=-1, type=FileName())
@takes(Inspecting, Lists)
@click.pass_context
def inspect(ctx: click.Context, options: Inspecting, lists: Lists, files: tuple[str, ...]) -> None:
    """Describe tables, data sets and models, report problems, and suggest the next command.

    Tables are CSV, TSV, JSON, JSONL, Parquet and libsvm: their columns, the distribution of the
    label, and the options of prepare or mlp-train that they need.  Data sets are lines of labels
    and text; - is standard input.  The first of several data sets is taken as the training data,
    and each pair is searched for texts that occur in both.  Files may be compressed.  Nothing is
    written but the file of --errors.

    \b
    Example:
      fastcli inspect data/samples/topics.train.txt data/samples/topics.test.txt
      fastcli inspect data/samples/reviews.csv
      fastcli inspect --json topics.bin
      fastcli inspect topics.bin --top-words 10
      fastcli inspect data/samples/topics.train.txt --label-errors
    """
    as_json = options.json
    if not options.label:
        raise click.UsageError("-label must not be empty: every word would be a label.", ctx)
    from fastcli.text.line_weights import check_weight_prefix

    check_weight_prefix(options.weight_prefix, options.label)
    files = read_inputs(ctx, "files", files, lists.files_from, opens_folders=False)
    if not files:
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
    for path in files:
        check_readable(path)
    from fastcli.cli.display.data_report import data_lines, pair_lines
    from fastcli.cli.display.file_reports import libsvm_lines, vectors_lines
    from fastcli.cli.display.messages import announce_compiling, say
    from fastcli.cli.display.model_report import model_lines
    from fastcli.cli.display.table_report import table_lines
    from fastcli.inspect.advice import advise, notes
    from fastcli.inspect.data import read_data
    from fastcli.inspect.kinds import kind_of_file
    from fastcli.inspect.libsvm import read_libsvm_file
    from fastcli.inspect.models import model_report
    from fastcli.inspect.repeats import compare
    from fastcli.inspect.tables import table_report
    from fastcli.inspect.vectors import vectors_report
    from fastcli.reporting import Reporter
    from fastcli.tables.dialects import read_delimiter
    from fastcli.tables.labels import LabelOptions
    from fastcli.tables.reading import Reading
    from fastcli.text.spooled import spooled
    from fastcli.threads import usable_cpus

    delimiter = read_delimiter(options.delimiter)
    reading = Reading(
        delimiter=delimiter,
        header=header_of(options),
        encoding=options.encoding,
        labels=LabelOptions(prefix=options.label),
    )
    announce_compiling()
    ctx.with_resource(spooled(files, Reporter(), allows_empty=True))  # so that it is read twice
    say_without_effect(ctx, vars(options))
    if options.label_errors:
        from fastcli.cli._label_errors import list_label_errors

        list_label_errors(files, options)
        return
    data_sets: list[DataSet] = []
    has_tables = has_models = False
    for i, path in enumerate(files):
        if not as_json and i:
            write([""])
        kind = kind_of_file(path, options.label, delimiter)
        if kind == "model":
            has_models = True
            report = model_report(path, say)
            if options.top_words:
                add_top_words(report, path, options.top_words)
            write([to_json(report)] if as_json else model_lines(report))
            continue
        if kind == "libsvm":
            libsvm = read_libsvm_file(path)
            write([to_json(libsvm.as_json())] if as_json else libsvm_lines(libsvm))
            continue
        if kind == "vectors":
            vectors = vectors_report(path, usable_cpus())
            write([to_json(vectors.as_json())] if as_json else vectors_lines(vectors))
            continue
        if kind != "lines":
            has_tables = True
            table = table_report(path, replace(reading, kind=kind))
            write([to_json(table.as_json())] if as_json else table_lines(table))
            continue
        data = read_data(path, options.label, options.weight_prefix)
        advice, remarks = advise(data), notes(data, not data_sets, delimiter)
        if as_json:
            described = {**data.as_json(), "notes": remarks, "suggestions": advice.as_json()}
            write([to_json(described)])
        else:
            write(data_lines(data, remarks, None if data_sets else advice))
        data_sets.append(data)
    for first, second in combinations(data_sets, 2):
        pair = compare(first, second)
        if as_json:
            write([to_json(pair)])
        elif first is data_sets[0] or pair["lines"]:
            write(["", *pair_lines(pair, first, second)])
    given = given_names(ctx)
    if options.top_words and not has_models:
        say("--top-words: no effect, since no file is a model.")
    if not data_sets and not has_tables and "label" in given:
        say("-label: no effect on models, only on data sets.")
    if not data_sets and options.weight_prefix:
        say("--weight-prefix: no effect, since no file is lines of text.")
    unused = [f"--{name.replace('_', '-')}" for name in OF_TABLES if name in given]
    if unused and not has_tables:
        say(f"{', '.join(unused)}: no effect, since no file is a table.")


def add_top_words(report: dict[str, Any], path: str, n: int) -> None:
    """Add to the report of a model the words that speak for its labels, the most frequent first.

    Where it has none, that is said.
    """
    from fastcli.api.label_names import label_names_of
    from fastcli.api.loading import opened
    from fastcli.cli.display.messages import say
    from fastcli.inspect.top_words import top_words
    from fastcli.printable import printable, readable

    if report["task"] != "classifier" or not report["words"] or not report["labels"]:
        what = "numbers, and has no words" if report["model"] == "perceptron" else "no labels"
        what = "regression, and has no labels" if report["task"] == "regression" else what
        say(f"--top-words: no effect on {printable(path)}, which is a model of {what}.")
        return
    model: Any
    if report["model"] == "perceptron":
        from fastcli.mlp.model_file import load_mlp

        model = load_mlp(opened(path))
    else:
        from fastcli.fasttext.model_file import load_model

        model = load_model(opened(path))
    found = top_words(model, n)
    names = label_names_of(model, path)
    counts = [report["label_counts"].get(readable(label)) or 0 for label in model.labels()]
    order = sorted(range(len(counts)), key=lambda i: -counts[i])
    report["top_words"] = {
        names.unique[i]: [
            {"word": word, "score": float(f"{score:.6g}")} for word, score in found[names.tokens[i]]
        ]
        for i in order
    }


def check_readable(path: str) -> None:
    """Raise DataError if a file is missing or unreadable, before any work is done."""
    check_apart([path], [STREAM])
    if path == "-":
        return
    try:
        os.stat(path)
        if os.path.isdir(path):
            raise IsADirectoryError(0, "Is a directory")
        if os.path.isfile(path):
            with open(path, "rb"):
                pass
    except OSError as error:
        raise DataError(f"{path} cannot be opened! ({error.strerror})") from None


def write(lines: Iterable[str]) -> None:
    """Write lines to stdout at once."""
    text = "".join(line.rstrip() + "\n" for line in lines)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def to_json(report: dict[str, Any]) -> str:
    """Return a report as a line of JSON."""
    return json.dumps(report, ensure_ascii=False)
