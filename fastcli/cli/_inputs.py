"""The inputs of a command: from words, patterns, folders and lists to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from fastcli.cli._command import MORE_FILES
from fastcli.options import option
from fastcli.text import options as text
from fastcli.text.spooled import is_file

REPORTED_APART = "files"  # the inputs of inspect, which may be compared with themselves


@dataclass(kw_only=True, eq=False, repr=False)
class Lists:
    """Where more inputs are named."""

    files_from: tuple[str, ...] = option((), text.FILES_FROM)


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
    if not lists and (not given or (len(given) == 1 and is_file(given[0]))):
        return tuple(given)  # as is usual, and what is below takes time to load
    from fastcli.cli.display.messages import say
    from fastcli.printable import listed_files
    from fastcli.text.input_list import list_inputs, summary

    found = list_inputs(given, lists, opens_folders)
    if verbose > 0:
        for sentence in found.notes:
            say(sentence)
        if found.repeated and name != REPORTED_APART:
            say(f"Given more than once and read each time: {listed_files(found.repeated)}.")
        if MORE_FILES in ctx.meta:
            say(f"Input: {summary(found.paths)}")
    ctx.params[name] = tuple(found.paths)
    return tuple(found.paths)
