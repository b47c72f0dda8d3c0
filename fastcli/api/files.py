"""The inputs of a command or a call: from paths, patterns, folders and lists to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastcli.notices import say
from fastcli.options import option
from fastcli.text import options as text
from fastcli.text.spooled import is_file


@dataclass(kw_only=True, eq=False, repr=False)
class Lists:
    """Where more inputs are named."""

    files_from: tuple[str, ...] = option((), text.FILES_FROM)


def stand_for_themselves(given: Sequence[str], lists: Sequence[str] = ()) -> bool:
    """Tell whether inputs are one file or none, as is usual, so that nothing is to be listed."""
    return not lists and (not given or (len(given) == 1 and is_file(given[0])))


def input_files(
    given: Sequence[str],
    lists: Sequence[str] = (),
    is_quiet: bool = False,
    opens_folders: bool = True,
    says_repeated: bool = True,
    says_all: bool = False,
) -> tuple[str, ...]:
    """Return the files of some inputs, and say what stands for several, unless it ``is_quiet``.

    Files that are given more than once are named where it ``says_repeated``; with ``says_all`` it
    says how many files there are.  See ``list_inputs``, also for what is raised.
    """
    if stand_for_themselves(given, lists):
        return tuple(given)  # what is below takes time to load
    from fastcli.printable import listed_files
    from fastcli.text.input_list import list_inputs, summary

    found = list_inputs(given, lists, opens_folders)
    if not is_quiet:
        say(*found.notes)
        if found.repeated and says_repeated:
            say(f"Given more than once and read each time: {listed_files(found.repeated)}.")
        if says_all:
            say(f"Input: {summary(found.paths)}")
    return tuple(found.paths)
