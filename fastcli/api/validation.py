"""Validation files that are tables of texts: their rows as the lines that training reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastcli.errors import DataError

if TYPE_CHECKING:
    from fastcli.reporting import Reporter
    from fastcli.tables.options import TableOptions


@contextmanager
def validation_lines(
    path: str,
    options: TableOptions,
    label: str,
    prepared: dict[str, Any],
    reporter: Reporter,
    are_targets: bool = False,
) -> Iterator[None]:
    """Let lines stand for a validation file where it is a table of texts.

    Its columns are those of ``options``, else those that training recorded in ``prepared``; labels
    have the tokens of training, or are numbers to learn, ``are_targets``.  Raises DataError for
    what is surely a table whose columns are not known, and what reading it raises.
    """
    import tempfile
    from pathlib import Path

    from fastcli.api.labelled_tables import check_runs_nothing, example_lines
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.recorded import Prepared, prepared_from
    from fastcli.text.spooled import standing_for

    known = prepared_from(prepared, path) or Prepared(recipe=Recipe(label=label))
    if not _is_table(path, options, label, bool(known.columns.text)):
        yield
        return
    from fastcli.tables.formats import named_kind

    if are_targets:
        known = replace(known, recorded=replace(known.recorded, targets=True))
    check_runs_nothing(known, path)
    if named_kind(path) != "auto":
        options = replace(options, format="auto")  # that of the training file may be another
    with tempfile.TemporaryDirectory(prefix="fastcli-") as folder:
        lines = Path(folder, "valid.txt")
        with open(lines, "wb") as file:
            for block in example_lines(path, known, options, reporter.note):
                file.write(block)
        with standing_for([path], str(lines), ""):
            yield


@contextmanager
def held_out(
    inputs: Sequence[str],
    share: float,
    label: str,
    seed: int,
    reporter: Reporter,
    weight_prefix: str = "",
    of_numbers: bool = False,
) -> Iterator[None]:
    """Hold out a share of the training lines for validation: they stand for ``HELD_OUT``.

    Of labels that are ``of_numbers`` lines are drawn whatever theirs is, else some of each label.
    Meanwhile the other lines stand for the inputs.  What was taken out is said.  Raises what
    ``text.held_out.hold_out`` does, and DataError for a line whose weight cannot be used.
    """
    if not share:
        yield
        return
    import tempfile
    from pathlib import Path

    from fastcli.evaluation.options import HELD_OUT
    from fastcli.text.held_out import hold_out
    from fastcli.text.line_weights import check_weights
    from fastcli.text.spooled import spooled, standing_for

    with spooled(inputs, reporter), tempfile.TemporaryDirectory(prefix="fastcli-") as folder:
        train, valid = Path(folder, "train.txt"), Path(folder, "valid.txt")
        if weight_prefix:
            check_weights(inputs, weight_prefix)  # while lines have the numbers of the files
        prefix = os.fsencode(label)
        held = hold_out(inputs, share, prefix, seed, (train, valid), of_numbers)
        reporter.note(held.sentence(share, seed))
        empty = str(Path(folder, "empty"))
        with standing_for(inputs, str(train), empty), standing_for([HELD_OUT], str(valid), ""):
            yield


def _is_table(path: str, options: TableOptions, label: str, knows_columns: bool) -> bool:
    """Tell whether a validation file is read as a table.

    It is where training reads one, unless it has lines of labels; else where it is surely one.
    """
    from fastcli.printable import listed
    from fastcli.tables.formats import kind_of_input
    from fastcli.tables.sure import sure_table

    if options.text_column:
        return kind_of_input(path, label) not in ("fasttext", "")
    found = sure_table(path, label)
    if found is not None and not knows_columns:
        raise DataError(
            f"{path} is a table, not lines of labels and text; its columns: {listed(found.names)}. "
            "Give --text-column and --label-column (-input can still be lines)."
        )
    return found is not None
