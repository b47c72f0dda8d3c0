"""Labelled tables: opening them as the model was trained, writing them, and the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from fastcli.api.inputs import reads_lines
from fastcli.api.table_lines import columns_of, reading_of
from fastcli.errors import ArgumentError
from fastcli.notices import say
from fastcli.overwriting import STREAM, check_apart
from fastcli.printable import listed

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.labelling.number_objects import ReadsObjects
    from fastcli.labelling.predicted import Labelled
    from fastcli.labelling.rows import OpenTable, ReadsNumbers
    from fastcli.prepare.recorded import Prepared
    from fastcli.tables.bad_rows import BadRows
    from fastcli.tables.options import TableOptions

AS_LINES = "text"  # the --format of a file whose lines are texts


def prepared_of(classifier: Classifier, model: str, like: str) -> Prepared:
    """Return how texts are prepared: as prepare.json says, or as the model records.

    Raises ArgumentError where that would run a command.
    """
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.recorded import PREPARED, Prepared, prepared_from, read_prepared

    about = getattr(classifier, "about", {})
    found = read_prepared(like) if like else prepared_from(about.get(PREPARED), f"{model}.json")
    if found is None:
        label = getattr(classifier, "label", "__label__")
        return Prepared(recipe=Recipe(label=label))
    check_runs_nothing(found, like or model)
    return found


def check_runs_nothing(prepared: Prepared, where: str) -> None:
    """Raise ArgumentError, which names ``where``, for texts that a command has tokenized."""
    if command := prepared.recipe.segmentation.command:
        raise ArgumentError(
            f"{where}: texts were tokenized by the command {command!r}: make lines with prepare "
            "--like first."
        )


def open_texts(
    classifier: Classifier,
    model: str,
    data: str,
    options: TableOptions,
    like: str,
    bad: BadRows,
    on_bytes: Callable[[int], None] = lambda n: None,
    tell: Callable[[str], None] = say,
) -> tuple[OpenTable, Prepared]:
    """Open a table, with the columns that options name, else those that the model records.

    With --format text each line is a text, as it is, unless ``like`` says how it is prepared.

    ``bad`` is given the rows that cannot be used; ``on_bytes`` hears how many bytes have been read
    so far, ``tell`` what was decided.
    """
    from fastcli.labelling.number_objects import has_objects, open_number_objects
    from fastcli.labelling.rows import open_lines, open_numbers, open_table
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.recorded import Prepared
    from fastcli.tables.formats import kind_of_input

    if not reads_lines(classifier):
        reading = reading_of(options)
        if has_objects(data, reading):
            table = open_number_objects(
                data, reading, cast("ReadsObjects", classifier), bad, on_bytes
            )
        else:
            table = open_numbers(data, reading, cast("ReadsNumbers", classifier), bad, on_bytes)
        tell(table.sentence)
        return table, Prepared()
    prepared = prepared_of(classifier, model, like)
    shown = "standard input" if data == STREAM else data
    columns = columns_of(options)
    if options.format == AS_LINES:
        reading = reading_of(options, prepared.recipe.label)
        table = open_lines(data, columns, reading, bad, on_bytes)
        table.shown = shown
        tell(table.sentence)
        if not like:  # as predict reads lines without --output
            prepared = replace(prepared, recipe=Recipe(label=prepared.recipe.label))
        return table, prepared
    if not columns.text:
        columns = replace(columns, text=prepared.columns.text, join=prepared.columns.join)
    reading = prepared.recorded.applied_to(
        reading_of(options, prepared.recipe.label), kind_of_input(data, "")
    )
    table = open_table(data, reading, columns, bad, on_bytes)
    table.shown = shown
    tell(table.sentence)
    return table, prepared


def open_examples(
    classifier: Classifier,
    model: str,
    data: str,
    options: TableOptions,
    like: str,
    placed: Callable[[str, Sequence[int]], None] = lambda path, lines: None,
) -> Iterator[Any]:
    """Yield the rows of a table as blocks of lines of labels and text; see ``labelled_lines``."""
    return example_lines(data, prepared_of(classifier, model, like), options, placed=placed)


def example_lines(
    data: str,
    prepared: Prepared,
    options: TableOptions,
    note: Callable[[str], None] = say,
    placed: Callable[[str, Sequence[int]], None] = lambda path, lines: None,
) -> Iterator[Any]:
    """Yield the rows of a table as blocks of lines of labels and text, as those of training were.

    Columns are those that options name, else those that are recorded; ``note`` hears which, and
    which rows were left out; ``placed`` hears where rows are.
    """
    from fastcli.labelling.label_table import labelled_lines
    from fastcli.tables.bad_rows import BadRows
    from fastcli.tables.choice import Columns
    from fastcli.tables.formats import kind_of_input
    from fastcli.tables.sources import Source

    asked, known = columns_of(options), prepared.columns
    is_asked = bool(asked.label) or asked.label_from != "column"
    if asked.label and prepared.recorded.targets:
        asked = replace(asked, label=_in_their_order(asked.label, known.label))
    columns = Columns(
        asked.text or known.text,
        asked.label if is_asked else known.label,
        join=asked.join if asked.text else known.join,
        label_from=asked.label_from if is_asked else known.label_from,
    )
    reading = prepared.recorded.applied_to(
        reading_of(options, prepared.recipe.label), kind_of_input(data, "")
    )
    bad = BadRows(options.skip_bad)
    source = Source(
        columns,
        bad,
        reading,
        needs_labels=True,
        skips_bad=options.skip_bad,
        allows_unlabelled=True,
        say=note,
    )
    yield from labelled_lines(data, source, prepared.recipe, prepared.labels(), placed)
    say_left_out(bad, note)


def _in_their_order(asked: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of targets in the order that a model learned ``known`` ones.

    Others may have other names.  Raises ArgumentError where it cannot be told which is which.
    """
    from fastcli.tables.columns import is_position

    if sorted(asked) == sorted(known) or len(known) == 1 == len(asked):
        return asked if len(known) == 1 else known
    is_moved = any(name in known and known[i] != name for i, name in enumerate(asked[: len(known)]))
    has_names = not all(map(is_position, known))
    if len(asked) != len(known) or is_moved or (has_names and any(map(is_position, asked))):
        raise ArgumentError(
            f"--label-column {listed(asked)}: the model predicts {listed(known)}: give the columns "
            "of these, in this order."
        )
    return asked


def say_left_out(bad: BadRows, note: Callable[[str], None] = say) -> None:
    """Say which rows were left out, if any."""
    if sentence := bad.sentence():
        note(sentence)


def write_labelled(
    classifier: Classifier,
    table: OpenTable,
    prepared: Prepared,
    args: LabelArgs,
    inputs: Sequence[str],
    progress: Callable[[int], None] = lambda n: None,
) -> Labelled:
    """Write a labelled table to its files, put in place when all is done, or to standard output.

    ``progress`` hears of rows.
    """
    from fastcli.labelling.label_table import label_table
    from fastcli.labelling.outputs import open_outputs

    paths = [args.output, *filter(None, args.filters.files)]
    check_apart(inputs, paths)
    if classifier.targets is not None:
        from fastcli.labelling.number_table import number_table

        with open_outputs(paths) as (put, *more):
            return number_table(classifier, table, prepared.recipe, args, put, progress)
    with open_outputs(paths) as (put, *more):
        done = label_table(
            classifier, table, prepared.recipe, prepared.names, args, put, progress, more
        )
    return done
