"""Parts: for each of many input files an output of the same name, below one folder."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastcli.errors import ArgumentError, DataError, cannot_open, unreadable
from fastcli.overwriting import STREAM
from fastcli.urls import is_url, joined, name_of

RECORDS = ".parts"  # the folder, in that of the parts, of what they were made from
STREAMS = (
    "/dev/stdin",
    "/dev/fd/",
    "/proc/self/fd/",
)  # where what is redirected has names that say nothing
SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Part:
    """An input, the path of its part below the output folder (with ``/``), and its size.

    The input and the folder are paths or URLs.
    """

    source: str
    name: str
    folder: str
    n_bytes: int = 0

    @property
    def target(self) -> str:
        """The file of the part."""
        return below(self.folder, self.name)

    @property
    def record(self) -> str:
        """The file that says what the part was made from."""
        return below(self.folder, f"{RECORDS}/{self.name}.json")


def below(folder: str, name: str) -> str:
    """Return the path, or the URL, of a file below a folder."""
    return joined(folder, name) if is_url(folder) else os.path.join(folder, *name.split("/"))


def parts_of(paths: Sequence[str], folder: str) -> list[Part]:
    """Return a part for each input, sorted by name: its path below the inputs' common folder.

    Raises ArgumentError for inputs that are no regular files, that are the same file, that would
    make the same part or are a part themselves, and DataError for those that are not there.
    """
    sizes = _sizes(paths)
    found = [
        Part(source=path, name=name, folder=folder, n_bytes=size)
        for path, name, size in zip(paths, _names(paths), sizes, strict=True)
    ]
    found.sort(key=lambda part: part.name)
    _check_names(found, folder)
    _check_written(found, folder)
    return found


def _names(paths: Sequence[str]) -> list[str]:
    """Return the paths of inputs below their common folder.

    Raises ArgumentError where they have none.
    """
    n_urls = sum(map(is_url, paths))
    if n_urls == 0:
        whole = [os.path.abspath(path) for path in paths]
        try:
            common = os.path.commonpath([os.path.dirname(path) for path in whole])
        except ValueError:  # drives of Windows
            raise ArgumentError(
                "The inputs have no folder in common: give those of one disk."
            ) from None
        return [os.path.relpath(path, common).replace(os.sep, "/") for path in whole]
    hosts = {path.partition("://")[0] for path in paths if is_url(path)}
    if n_urls < len(paths) or len(hosts) > 1:
        raise ArgumentError(
            "The inputs have no folder in common: give local files, or URLs of one kind."
        )
    words = [name_of(path).split("/") for path in paths]
    for path, some in zip(paths, words, strict=True):
        # Others may have named it, and a part below another folder must not be.
        if any(word in ("", ".", "..") or "\\" in word or "\0" in word for word in some):
            raise ArgumentError(f"{path} has no name that a part could have.")
    n = min(map(len, words)) - 1
    while any(some[:n] != words[0][:n] for some in words):
        n -= 1
    return ["/".join(some[n:]) for some in words]


def _sizes(paths: Iterable[str]) -> list[int]:
    """Return the bytes of inputs, each of which must be a regular file of its own."""
    seen: dict[tuple[int, int], str] = {}
    urls: set[str] = set()
    sizes = []
    for path in paths:
        if path == STREAM or os.path.abspath(path).startswith(STREAMS):
            raise ArgumentError(
                "--output-dir takes files, whose names the parts get: use --output for standard "
                "input."
            )
        if is_url(path):
            sizes.append(size_of_url(path))
            if path in urls:
                raise ArgumentError(
                    f"{path} is given twice: give it once, since it makes one part."
                )
            urls.add(path)
            continue
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


def size_of_url(url: str) -> int:
    """Return the bytes of a file behind a URL, 0 where they are not known.

    Raises DataError where there is none.
    """
    from fastcli.remote import size_of

    try:
        return size_of(url)
    except OSError as error:
        raise unreadable(url, error) from error


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
    if is_url(folder):
        return False
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
    top = f"{folder.rstrip('/')}/" if is_url(folder) else os.path.join(os.path.realpath(folder), "")
    for part in parts:
        real = part.source if is_url(part.source) else os.path.realpath(part.source)
        name = real.removeprefix(top).replace(os.sep, "/")
        made = Part(source=part.source, name=name, folder=folder)
        if real.startswith(top) and has_record(made):
            raise ArgumentError(
                f"{part.source} is a part that was written to {folder}: take it out of the inputs, "
                "or give another --output-dir."
            )
    inputs = {_identity(part.source): part.source for part in parts}
    for part in parts:
        identity = _identity(part.target)
        if identity is not None and (read := inputs.get(identity)):
            raise ArgumentError(
                f"{read} is an input and would be overwritten: give another --output-dir."
            )


def has_record(part: Part) -> bool:
    """Tell whether a part was made."""
    if is_url(part.folder):
        from fastcli.remote import is_file

        return is_file(part.record)
    return os.path.exists(part.record)


def _identity(path: str) -> object:
    if is_url(path):
        return path
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
