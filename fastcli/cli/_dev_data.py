"""Held-out labelled data of tune-threshold and calibrate: one file or several, lines or tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fastcli.api.dev_data import CANNOT_OPEN
from fastcli.api.inputs import Reading, check_readable
from fastcli.cli._inputs import read_inputs

if TYPE_CHECKING:
    from fastcli.tables.options import TableOptions


def dev_files(ctx: click.Context, given: Sequence[str]) -> tuple[str, ...]:
    """Return the files that words, patterns and folders name.  Raises DataError."""
    paths = read_inputs(ctx, "data", given, ())
    check_readable(paths, CANNOT_OPEN)
    return paths


def dev_reading(ctx: click.Context, model: str, table: TableOptions, like: str) -> Reading:
    """Return how they are read."""
    return Reading(table=table, like=like, command=("fastcli", str(ctx.info_name), model))
