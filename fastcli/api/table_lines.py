"""Texts from tables in commands that read lines: the options, and files that are surely tables."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError, DataError
from fastcli.evaluation.options import COLUMN_WEIGHTS
from fastcli.notices import say
from fastcli.tables.options import TABLES, TableOptions

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.prepare.row_places import RowPlaces
    from fastcli.reporting import Reporter
    from fastcli.tables.choice import Columns
    from fastcli.tables.reading import Reading


class IsTable(DataError):
    """A file is a table where lines are asked for: ``path``, and what a person may give instead.

    ``command`` is the command line without the ``columns``, which are options and their values.
    """

    path = ""
    command: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    otherwise = ""


def asks_for_table(options: TableOptions) -> bool:
    """Tell whether options say that the input is a table.

    Raises ArgumentError for a format that there is not.
    """
    from fastcli.options import check_choices

    check_choices(TableOptions, format=options.format)
    is_asked = options.text_column or options.label_column or options.label_from != "column"
    return bool(is_asked or options.format in TABLES)


def reading_of(
    options: TableOptions, label: str = "__label__", are_targets: bool = False
) -> Reading:
    """Return how tables are read, with ``are_targets`` for numbers to learn.

    Raises ArgumentError for values that cannot be.
    """
    from fastcli.options import check_choices
    from fastcli.tables.dialects import read_delimiter
    from fastcli.tables.labels import LabelOptions
    from fastcli.tables.options import header_of
    from fastcli.tables.reading import Reading

    names = ("format", "quotes", "escape", "labels_as", "bad_bytes")
    check_choices(TableOptions, **{name: getattr(options, name) for name in names})
    return Reading(
        kind="auto" if options.format == "text" else options.format,
        delimiter=read_delimiter(options.delimiter),
        quotes=options.quotes,
        escape=options.escape,
        header=header_of(options),
        encoding=options.encoding,
        bad_bytes=options.bad_bytes,
        labels=(
            LabelOptions(options.label_separator, prefix=label, are_targets=True)
            if are_targets
            else LabelOptions(options.label_separator, options.labels_as, options.none, label)
        ),
    )


def columns_of(options: TableOptions) -> Columns:
    """Return the columns that are asked for.  Raises ArgumentError for what cannot be."""
    from fastcli.options import check_choices
    from fastcli.tables.choice import Columns

    check_choices(TableOptions, label_from=options.label_from)
    if options.label_column and options.label_from != "column":
        raise ArgumentError(
            f"--label-column and --label-from {options.label_from}: give one of them."
        )
    return Columns(
        options.text_column,
        options.label_column,
        join=options.join,
        label_from=options.label_from,
    )


AS_LINES = "give --format text"
UNKNOWN = "COLUMN"  # stands for one that the person knows
PIPED = "give it through a pipe, as -input -"  # where there is no such option


def refuse_table(
    path: str,
    label: str,
    command: Sequence[str],
    otherwise: str = AS_LINES,
    model: Classifier | None = None,
) -> None:
    """Raise DataError where a file is a model, or surely a table, with the command that reads it.

    Where it may be a table, by its name and its delimiters, and has no header, say so.

    ``label`` is the prefix of labels, "" where lines have none; ``command`` is the command line
    without the options of columns, which a ``model`` may know, none where Python is told which
    arguments to give; ``otherwise`` is what to do if each line is a text.
    """
    from fastcli.printable import listed
    from fastcli.tables.sure import may_be_headless, sure_table

    refuse_model(path, f"lines of {'labels and ' if label else ''}text")
    found = sure_table(path, label)
    if found is None:
        if may_be_headless(path, label):
            names = ["text_column", *["label_column"] * bool(label)]
            if command:
                options = [f"--{name.replace('_', '-')} N" for name in names]
                way = " ".join([shlex.join(command), *options])
            else:
                way = ", ".join(f"{name}=N" for name in names)
            say(
                f"{path} is read as lines of text: it has no header. If it is a table (N is a "
                f"column, from 0): {way}"
            )
        return
    known = recorded_columns_of(model)
    columns: list[tuple[str, str]] = []
    if not known.get("text") or not set(known["text"]) <= set(found.names):
        columns.append(("text_column", found.text or found.longest or UNKNOWN))
    if label:
        there = [name for name in known.get("label", []) if name in found.names]
        columns += [("label_column", one) for one in there or [found.label or UNKNOWN]]
    names = found.names
    columns = [
        (option, str(names.index(name)) if names.count(name) > 1 else name)
        for option, name in columns
    ]
    if command:
        options = [f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in columns]
        way = " ".join([shlex.join(command), *options])
    else:
        way = ", ".join(f"{name}={value!r}" for name, value in columns) or "format='csv'"
        otherwise = 'give format="text"' if otherwise == AS_LINES else otherwise
    named = f"; its columns: {listed(found.names)}" if found.names else ""
    error = IsTable(
        f"{path} is a table, not lines of {'labels and ' if label else ''}text{named}. "
        f"If each line is a text, {otherwise}. Read it as a table: {way}"
    )
    error.path, error.command, error.otherwise = path, tuple(command), otherwise
    error.columns = tuple((f"--{name.replace('_', '-')}", value) for name, value in columns)
    raise error


def refuse_model(path: str, asked: str) -> None:
    """Raise DataError for a model in the place of data."""
    from fastcli.fasttext.foreign import begins_as_model

    if begins_as_model(path):
        raise DataError(f"{path} is a model, not {asked}.")


def recorded_columns_of(model: Classifier | None) -> dict[str, list[str]]:
    """Return the columns of texts and labels that a model records; without any none."""
    about = getattr(model, "about", None) or {}
    columns = (about.get("prepared") or {}).get("columns")
    if not isinstance(columns, dict):
        return {}
    lists = {name: columns.get(name) for name in ("text", "label")}
    return {
        name: found
        for name, found in lists.items()
        if isinstance(found, list) and all(isinstance(one, str) for one in found)
    }


@contextmanager
def prepared_table(
    inputs: Sequence[str],
    options: TableOptions,
    label: str,
    reporter: Reporter,
    weight: str = "",
    places: RowPlaces | None = None,
    are_targets: bool = False,
) -> Iterator[dict[str, Any]]:
    """Make training lines of tables in a temporary folder, and let them stand for the inputs.

    They are what ``prepare --split 100`` writes; ``weight`` is the column of their weights, which
    follow as tokens; ``places`` are told where the rows of lines are; labels may be numbers to
    learn, ``are_targets``.  Yields what a model records about them.
    """
    import tempfile
    from pathlib import Path

    from fastcli.prepare.args import PrepareArgs
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.recorded import recorded_beside
    from fastcli.prepare.write_parts import prepare
    from fastcli.tables.bad_rows import left_out
    from fastcli.text.spooled import standing_for

    with tempfile.TemporaryDirectory(prefix="fastcli-") as folder:
        args = PrepareArgs(
            input=tuple(inputs),
            output=folder,
            recipe=Recipe(label=label),
            columns=replace(columns_of(options), weight=weight),
            weight_prefix=COLUMN_WEIGHTS,
            reading=reading_of(options, label, are_targets),
            needs_labels=True,
            shares=(1.0,),
            skip_bad=options.skip_bad,
        )
        done = prepare(args, reporter, places)
        if done.reasons:
            reporter.note(left_out(done.reasons))
        train = Path(folder, "train.txt")
        with standing_for(inputs, str(train), str(Path(folder, "empty"))):
            yield recorded_beside(train)


@contextmanager
def lines_of_tables(
    inputs: Sequence[str],
    options: TableOptions,
    is_table: bool,
    label: str,
    reporter: Reporter,
    tested: str = "",
    weight: str = "",
    places: RowPlaces | None = None,
    weight_prefix: str = "",
    are_targets: bool = False,
) -> Iterator[dict[str, Any]]:
    """Let the lines of tables stand for training files, and for ``tested`` if that is a table.

    Training files are lines as they are unless ``is_table``; ``weight`` is the column of the
    weights of rows, ``weight_prefix`` begins those of lines, ``places`` are told where the rows of
    lines are; labels may be numbers to learn, ``are_targets``.  Yields what a model records of how
    its input was prepared, also where prepare did it before.
    """
    from fastcli.api.validation import validation_lines

    with ExitStack() as stack:
        if is_table and inputs:
            prepared = stack.enter_context(
                prepared_table(inputs, options, label, reporter, weight, places, are_targets)
            )
        else:
            prepared = prepared_before(inputs)
            known = prepared.get("weight_prefix", "")
            if known and not weight_prefix:
                reporter.note(
                    f"{inputs[0]} has weights of lines: without --weight-prefix "
                    f"{shlex.quote(known)} they are words."
                )
        if tested and tested not in inputs:
            stack.enter_context(
                validation_lines(tested, options, label, prepared, reporter, are_targets)
            )
        yield prepared


def prepared_before(inputs: Sequence[str]) -> dict[str, Any]:
    """Return what a model records of how its training file was prepared, if that is known."""
    beside = os.path.join(os.path.dirname(inputs[0]), "prepare.json") if inputs else ""
    if len(inputs) != 1 or not os.path.isfile(beside):
        return {}
    from fastcli.prepare.recorded import recorded_beside

    return recorded_beside(inputs[0])


def table_words(options: TableOptions) -> list[str]:
    """Return the words of a command line by which it reads a table as these options say."""
    words = []
    for field in fields(options):
        value = getattr(options, field.name)
        name = "--" + field.name.replace("_", "-")
        if value is True:
            words.append(name)
        elif value != field.default:
            several = value if isinstance(value, tuple) else (value,)
            words += [word for one in several for word in (name, str(one))]
    return words
