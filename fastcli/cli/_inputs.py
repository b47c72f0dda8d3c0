"""The inputs of a command, which are its parameter from then on."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fastcli.api.files import input_files, stand_for_themselves
from fastcli.cli._command import MORE_FILES

REPORTED_APART = "files"  # the inputs of inspect, which may be compared with themselves


def read_inputs(
    ctx: click.Context,
    name: str,
    given: Sequence[str],
    lists: Sequence[str],
    verbose: int = 2,
    opens_folders: bool = True,
) -> tuple[str, ...]:
    """Return the files of the inputs of a command, and say what stands for several.

    ``name`` is that of the parameter, which gets them as its value; ``verbose`` 0 keeps quiet.  See
    ``list_inputs``.
    """
    if stand_for_themselves(given, lists):
        return tuple(given)
    found = input_files(
        given, lists, verbose <= 0, opens_folders, name != REPORTED_APART, MORE_FILES in ctx.meta
    )
    ctx.params[name] = found
    return found
