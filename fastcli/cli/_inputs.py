"""The inputs of a command, which are its parameter from then on."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fastcli.api.files import input_files, stand_for_themselves
from fastcli.cli._command import MORE_FILES
from fastcli.errors import ArgumentError
from fastcli.urls import is_url

REPORTED_APART = "files"  # the inputs of inspect, which may be compared with themselves


def read_inputs(
    ctx: click.Context,
    name: str,
    given: Sequence[str],
    lists: Sequence[str],
    verbose: int = 2,
    opens_folders: bool = True,
    takes_urls: bool = False,
) -> tuple[str, ...]:
    """Return the files of the inputs of a command, and say what stands for several.

    ``name`` is that of the parameter, which gets them as its value; ``verbose`` 0 keeps quiet.  See
    ``list_inputs``.  Raises ArgumentError for a URL unless the command ``takes_urls``.
    """
    if not takes_urls and (url := next(filter(is_url, given), "")):
        raise ArgumentError(
            f"{url}: {ctx.info_name} reads local files. predict, predict-prob and test take URLs; "
            "copy it here first."
        )
    if stand_for_themselves(given, lists):
        return tuple(given)
    found = input_files(
        given, lists, verbose <= 0, opens_folders, name != REPORTED_APART, MORE_FILES in ctx.meta
    )
    ctx.params[name] = found
    return found
