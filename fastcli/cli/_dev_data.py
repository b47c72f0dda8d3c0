"""Held-out labelled data of tune-threshold and calibrate: one file or several, lines or tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from fastcli.api.inputs import Reading, check_readable, examples
from fastcli.api.lessons import say_seen
from fastcli.cli._inputs import read_inputs
from fastcli.printable import listed_files
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.dense import Scored

CANNOT_OPEN = "Dev file cannot be opened!"


def dev_files(ctx: click.Context, given: Sequence[str]) -> tuple[str, ...]:
    """Return the files that words, patterns and folders name.  Raises DataError."""
    paths = read_inputs(ctx, "data", given, ())
    check_readable(paths, CANNOT_OPEN)
    return paths


def read_dev_data(
    ctx: click.Context,
    classifier: Classifier,
    table: TableOptions,
    like: str,
    model: str,
    paths: Sequence[str],
    pair_bytes: int,
) -> tuple[Scored, str]:
    """Predict labelled lines with all labels; return them, and a warning where they are few.

    Files that the model is trained on are named; ``pair_bytes`` is as ``read_scored`` takes it.
    Raises DataError where nothing can be chosen or fitted by the lines.
    """
    from fastcli.evaluation.dense import check_enough, read_scored
    from fastcli.evaluation.recorded import inputs_of

    command = ("fastcli", str(ctx.info_name), model)
    reading = Reading(table=table, like=like, command=command)
    trained_on = inputs_of(classifier)
    for path in paths:
        say_seen(trained_on, path)

    def files() -> Iterator[tuple[str, Iterator[Block]]]:
        for path in paths:
            yield path, examples(classifier, model, path, reading, cannot=CANNOT_OPEN)

    name = listed_files(paths)
    scored = read_scored(classifier, files(), model, name, pair_bytes)
    return scored, check_enough(scored, name)
