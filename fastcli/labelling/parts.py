"""Parts: for each of many input files an output of the same name, below one folder."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastcli.errors import ArgumentError, DataError, cannot_open
from fastcli.overwriting import STREAM

RECORDS = ".parts"  # the folder, in that of the parts, of what they were made from
STREAMS = (
    "/dev/stdin",
    "/dev/fd/",
    "/proc/self/fd/",
)  # where what is redirected has names that say nothing
SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Part:
    """An input, the path of its part below the output folder (with ``/``), and its size."""

    source: str
    name: str
    folder: str
    n_bytes: int = 0

    @property
    def target(self) -> str:
        """The file of the part."""
        return os.path.join(self.folder, *self.name.split("/"))

    @property
    def record(self) -> str:
        """The file that says what the part was made from."""
        return os.path.join(self.folder, RECORDS, *f"{self.name}.json".split("/"))


def parts_of(paths: Sequence[str], folder: str) -> list[Part]:
    """Return a part for each input, sorted by name: its path below the inputs' common folder.

    Raises ArgumentError for inputs that are no regular files, that are the same file, that would
    make the same part or are a part themselves, and DataError for those that are not there.
    """
    sizes = _sizes(paths)
    absolute = [os.path.abspath(path) for path in paths]
    try:
        common = os.path.commonpath([os.path.dirname(path) for path in absolute])
    except ValueError:  # drives of Windows
        raise ArgumentError(
            "The inputs have no folder in common: give those of one disk."
        ) from None
    found = [
        Part(
            source=path,
            name=os.path.relpath(whole, common).replace(os.sep, "/"),
            folder=folder,
            n_bytes=size,
        )
        for path, whole, size in zip(paths, absolute, sizes, strict=True)
    ]
    found.sort(key=lambda part: part.name)
    _check_names(found, folder)
    _check_written(found, folder)
    return found


def _sizes(paths: Iterable[str]) -> list[int]:
    """Return the bytes of inputs, each of which must be a regular file of its own."""
    seen: dict[tuple[int, int], str] = {}
    sizes = []
    for path in paths:
        if path == STREAM or os.path.abspath(path).startswith(STREAMS):
            raise ArgumentError(
                "--output-dir takes files, whose names the parts get: use --output for standard "
                "input."
            )
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            raise DataError(cannot_open(path, error)) from None
        if not stat.S_ISREG(status.st_mode):
            raise ArgumentError(f"{path} is not a regular file: --output-dir takes no others.")
        identity = status.st_dev, status.st_ino
        if other := seen.get(identity):
            twice = "is given twice" if other == path else f"and {other} are the same file"
            raise ArgumentError(f"{path} {twice}: give it once, since it makes one part.")
        seen[identity] = path
        sizes.append(status.st_size)
    return sizes


def _check_names(parts: Sequence[Part], folder: str) -> None:
    """Raise ArgumentError where two inputs would make one part, or one the folder of records."""
    seen: dict[str, Part] = {}
    for part in parts:
        if part.name.split("/")[0].casefold() == RECORDS:
            raise ArgumentError(
                f"{part.source}: {RECORDS} is the name of the folder in which fastcli records how "
                "parts were made. Rename the folder of the input."
            )
        other = seen.setdefault(_folded(part.name), part)
        is_same = other is not part and (other.name == part.name or _ignores_case(folder))
        if is_same:
            raise ArgumentError(
                f"{other.source} and {part.source} would make the same part {part.target}: give "
                "one of them, or rename it."
            )


def _folded(name: str) -> str:
    """Return a name as file systems compare it that ignore case and forms of letters."""
    return unicodedata.normalize("NFC", name).casefold()


def _ignores_case(folder: str) -> bool:
    """Tell whether names that differ by case are one file where a folder is, or will be."""
    path = os.path.abspath(folder)
    while not os.path.exists(path) or path.swapcase() == path:
        above = os.path.dirname(path)
        if above == path:
            return False
        path = above
    try:
        return os.path.samefile(path, path.swapcase())
    except OSError:
        return False


def _check_written(parts: Sequence[Part], folder: str) -> None:
    """Raise ArgumentError where a part would replace an input, or an input is a part."""
    top = os.path.join(os.path.realpath(folder), "")
    for part in parts:
        real = os.path.realpath(part.source)
        name = real.removeprefix(top).replace(os.sep, "/")
        made = Part(source=part.source, name=name, folder=folder)
        if real.startswith(top) and os.path.exists(made.record):
            raise ArgumentError(
                f"{part.source} is a part that was written to {folder}: take it out of the inputs, "
                "or give another --output-dir."
            )
    inputs = {_identity(part.source): part.source for part in parts}
    for part in parts:
        if read := inputs.get(_identity(part.target)):
            raise ArgumentError(
                f"{read} is an input and would be overwritten: give another --output-dir."
            )


def _identity(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def sharded(parts: Sequence[Part], shard: str) -> list[Part]:
    """Return the parts whose place in the list is I modulo N, of ``I/N`` ("": all).

    Raises ArgumentError unless I is from 1 to N.

    >>> parts = [Part(source=name, name=name, folder="out") for name in "abcde"]
    >>> [part.name for part in sharded(parts, "2/2")]
    ['b', 'd']
    """
    if not shard:
        return list(parts)
    found = SHARD.fullmatch(shard)
    i, n = map(int, found.groups()) if found else (0, 0)
    if not 1 <= i <= n:
        raise ArgumentError(
            f"--shard should be I/N with I from 1 to N, such as 2/8, not {shard!r}."
        )
    return [part for place, part in enumerate(parts, 1) if place % n == i % n]
