"""The files that prepare wrote in a folder: prepare.json has the size and digest of each.

Only files that are as prepare left them are written over or removed, unless ``--overwrite`` says
that others may be too.  prepare.json is placed last: what it says is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fastcli.errors import FastcliError
from fastcli.prepare.recipe import RECIPE_FORMAT
from fastcli.prepare.split import PARTS
from fastcli.temporary import left_behind

NOTES, LABELS, REJECTS = "prepare.json", "labels.json", "rejects.jsonl"
AT_ONCE = 1 << 20

Digest = dict[str, Any]
"""The ``size`` of a file and its ``sha256``, as hexadecimal digits."""


def part_name(part: str) -> str:
    """Return the name of the file of a part.

    >>> part_name("train")
    'train.txt'
    """
    return f"{part}.txt"


EVERY = (*map(part_name, PARTS), LABELS, REJECTS, NOTES)


def digest_of(size: int, found: Any) -> Digest:
    """Return what prepare.json says of a file that hashlib's ``found`` has seen."""
    return {"size": size, "sha256": found.hexdigest()}


def recorded(folder: Path, notes: str = NOTES) -> dict[str, Any] | None:
    """Return the files that a folder's prepare.json knows; None if fastcli did not write one."""
    try:
        found = json.loads((folder / notes).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("format") != RECIPE_FORMAT:
        return None
    files = found.get("files")
    return files if isinstance(files, dict) else {}


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; on an error those that are new and empty are removed.

    Raises FastcliError if they cannot be made.
    """
    new = [one for one in (folder, *folder.parents) if not os.path.exists(one)]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FastcliError(f"{folder} cannot be created: {error.strerror}") from None
        yield
    except BaseException:
        with suppress(OSError):  # the first that is not empty keeps those above it
            for one in new:
                one.rmdir()
        raise


def check_folder(folder: Path, names: Iterable[str]) -> None:
    """Raise FastcliError if a file that would be written is not as prepare left it.

    Empty files may be replaced.
    """
    known = recorded(folder)
    foreign = [name for name in names if _is_foreign(folder / name, known)]
    if not foreign:
        return
    name, more = foreign[0], len(foreign) - 1
    why = "was not written by prepare"
    if _is_of_killed(folder, name):
        why = "belongs to a run that was killed"
    elif known is not None:
        why = "was changed since prepare wrote it" if name in known else f"is not in its {NOTES}"
    raise FastcliError(
        f"{folder / name}{f' (and {more} more)' if more else ''} {why} and would be replaced: give "
        "another folder with -o, or --overwrite."
    )


def to_remove(
    folder: Path, known: Mapping[str, Any], names: Iterable[str]
) -> tuple[list[Path], list[str]]:
    """Return the files of an earlier run that are not among ``names``, those of this one.

    ``known`` is what was recorded then.  The second list has those that stay since they were
    changed.
    """
    going, stayed = [], []
    for name in EVERY:
        path = folder / name
        if name in names or name not in known or not path.is_file():
            continue
        if _is_as(path, known[name]):
            going.append(path)
        else:
            stayed.append(name)
    return going, stayed


def _is_of_killed(folder: Path, name: str) -> bool:
    """Tell whether a file is from a run that was killed before it wrote its prepare.json."""
    left = [recorded(folder, notes.name) or {} for notes in left_behind(folder / NOTES)]
    return any(_is_as(folder / name, known.get(name)) for known in left)


def _is_foreign(path: Path, known: Mapping[str, Any] | None) -> bool:
    try:
        if not path.exists() or (path.is_file() and path.stat().st_size == 0):
            return False
    except OSError:
        return False  # reported when it is written
    if path.name == NOTES:
        return known is None
    return known is None or not _is_as(path, known.get(path.name))


def _is_as(path: Path, entry: Any) -> bool:
    """Tell whether a file has a size and a digest."""
    if not isinstance(entry, dict) or not path.is_file():
        return False
    if path.stat().st_size != entry.get("size"):
        return False
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(AT_ONCE):
            found.update(block)
    return found.hexdigest() == entry.get("sha256")
