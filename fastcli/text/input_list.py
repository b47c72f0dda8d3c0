"""From what was given as input to the list of files: names, patterns, folders of parts, lists.

A name that exists is that file, whatever characters it has; one that does not may be a pattern.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fastcli.errors import ArgumentError, DataError, cannot_open, unreadable
from fastcli.overwriting import STREAM
from fastcli.printable import shortened
from fastcli.text.spooled import is_file
from fastcli.urls import is_url, joined, local_path

ANY_DEPTH = "**"
MARKS = (".", "_")  # hidden files, and what Spark and others put beside parts: _SUCCESS, _metadata


@dataclass
class InputList:
    """The files that are read, in order.

    ``repeated`` are those that are the same file as an earlier one; ``notes`` are sentences on what
    was not given file by file.
    """

    paths: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def list_inputs(given: Iterable[str], lists: Sequence[str], opens_folders: bool) -> InputList:
    """Return the files of all inputs: those that are given, then those of each list.

    ``lists`` are files with a path per line, ``-`` for standard input.  With ``opens_folders`` a
    folder stands for all files below it, else for itself.  Raises DataError for a pattern that
    nothing matches, an empty folder or list, and a path of a list that is missing.
    """
    given = list(given)
    if [*given, *lists].count(STREAM) > 1 and STREAM in lists:
        raise ArgumentError("Standard input can be an input or the list of --files-from, once.")
    found = InputList()
    given = list(map(local_path, given))
    behind = _behind_all(given, opens_folders)
    for word in given:
        is_pattern = word not in behind and _is_pattern(word)
        matches = _sorted_matches(word) if is_pattern else [word]
        files = behind.get(word) or [
            file for path in matches for file in _parts(path, opens_folders)
        ]
        found.paths += files
        if is_pattern or files != [word]:
            found.notes.append(f"{word}: {summary(files)}")
    for path in lists:
        words = list(_read_list(path))
        behind = _behind_all(words, opens_folders)
        files = [file for one in words for file in behind.get(one) or _parts(one, opens_folders)]
        shown = "standard input" if path == STREAM else path
        if not files:
            raise DataError(f"{shown} names no file.")
        found.paths += files
        found.notes.append(f"{shown}: {summary(files)}")
    found.repeated = _repeated(found.paths)
    return found


# ------------------------------------------------------------------ patterns


def _is_pattern(word: str) -> bool:
    return any(c in word for c in "*?[") and not os.path.lexists(word)


def _sorted_matches(pattern: str) -> list[str]:
    found = sorted(_matches(pattern))
    if not found:
        raise DataError(
            f"{pattern} cannot be opened! (no file has this name, and none matches it as a pattern)"
        )
    return found


def _matches(pattern: str) -> set[str]:
    """Return what matches a pattern; behind ``**``, which is any folders or none, only files.

    Python's glob would follow links that lead back to a folder above until the system stops it.
    """
    import glob

    parts = pattern.replace(os.sep, "/").split("/")
    if ANY_DEPTH not in parts:
        return set(glob.glob(pattern))
    at = parts.index(ANY_DEPTH)
    above, below = "/".join(parts[:at]), "/".join(parts[at + 1 :]) or "*"
    if at and not above:
        above = "/"
    found: set[str] = set()
    for top in sorted(glob.glob(above)) if above else [""]:
        if top and not os.path.isdir(top):
            continue
        for folder in _folders(top, _is_hidden):
            found |= _matches(os.path.join(glob.escape(folder), below))
    return {path for path in found if not os.path.isdir(path)}


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


# ------------------------------------------------------------------ URLs


def _behind_all(words: Sequence[str], opens_folders: bool) -> dict[str, list[str]]:
    """Return the files behind each of the words that are URLs.  Raises as ``_behind``."""
    urls = list(dict.fromkeys(filter(is_url, words)))
    if not urls:
        return {}
    from fastcli.remote import at_once

    found = at_once(lambda url: _behind(url, opens_folders), urls)
    return dict(zip(urls, found, strict=True))


def _behind(url: str, opens_folders: bool) -> list[str]:
    """Return the files behind a URL: those that match a pattern, or are below a folder.

    Raises DataError where there are none.
    """
    from fastcli import remote

    try:
        if remote.is_pattern(url):
            found = remote.matches(url)
        elif remote.is_file(url):
            return [url]
        else:
            found = _below(url) if opens_folders else []
    except OSError as error:
        raise unreadable(url, error) from error
    if not found:
        raise DataError(
            f"{url} cannot be opened! (no file has this name, and none matches it as a pattern)"
        )
    return found


def _below(url: str) -> list[str]:
    """Return the files below a folder that are not hidden, nor marks that others put there."""
    from fastcli import remote

    names = remote.below(url)
    return [joined(url, name) for name in names if not any(map(_is_mark, name.split("/")))]


# ------------------------------------------------------------------ folders


def _parts(path: str, opens_folders: bool) -> list[str]:
    """Return the files that a path stands for."""
    if not opens_folders or path == STREAM or not os.path.isdir(path):
        return [path]
    found = sorted(
        os.path.join(folder, name)
        for folder in _folders(path, _is_mark)
        for name in _names(folder)
        if not _is_mark(name) and not os.path.isdir(os.path.join(folder, name))
    )
    if not found:
        raise DataError(
            f"{path} is a folder without files to read (names that start with . or _ are skipped)."
        )
    return found


def _is_mark(name: str) -> bool:
    return name.startswith(MARKS)


def _folders(top: str, is_skipped: Callable[[str], bool]) -> Iterator[str]:
    """Yield a folder ("" is the current one) and all below it, each once, also through links."""
    seen: set[tuple[int, int]] = set()
    pending = [top]
    while pending:
        folder = pending.pop()
        status = os.stat(folder or os.curdir)
        if (identity := (status.st_dev, status.st_ino)) in seen:
            continue
        seen.add(identity)
        yield folder
        below = [os.path.join(folder, name) for name in _names(folder) if not is_skipped(name)]
        pending += reversed([path for path in below if os.path.isdir(path)])


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or os.curdir))
    except OSError as error:
        raise unreadable(folder, error) from None


# ------------------------------------------------------------------ lists


def _read_list(path: str) -> Iterator[str]:
    """Yield the paths of a list, which has one in each line; blank lines are skipped."""
    try:
        if path == STREAM:
            if sys.stdin is None:
                raise OSError("standard input is closed")
            yield from _listed_paths("standard input", sys.stdin.buffer)
        else:
            with open(path, "rb") as file:
                yield from _listed_paths(path, file)
    except OSError as error:
        raise unreadable(path, error) from None


def _listed_paths(shown: str, lines: Iterable[bytes]) -> Iterator[str]:
    number = 0
    for number, line in enumerate(lines, 1):
        name = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        path = os.fsdecode(name.rstrip(b"\r\n"))
        if not path.strip():
            continue
        place = f"{shown}:{number}"
        if "\0" in path:
            raise DataError(f"{place}: a NUL byte is in the path. Is the list UTF-16?")
        path = local_path(path)
        if is_url(path):
            yield path
            continue
        try:
            os.stat(path)
        except OSError as error:
            raise DataError(f"{place}: {cannot_open(shortened(path, 200), error)}") from None
        yield os.path.join(os.curdir, path) if path == STREAM else path


# ------------------------------------------------------------------ sentences


def summary(paths: Sequence[str]) -> str:
    """Return how many files there are and how large, and how many folders: ``3 files, 1.2 GB``."""
    from fastcli.memory import size_text  # which loads NumPy

    folders = [path for path in paths if os.path.isdir(path)]
    files = [path for path in paths if not os.path.isdir(path)]
    parts = []
    if files or not folders:
        size = sum(map(_size, files))
        parts.append(f"{_counted(len(files), 'file')}, {size_text(size)}")
    if folders:
        parts.append(_counted(len(folders), "folder"))
    return " and ".join(parts)


def _size(path: str) -> int:
    """Return the bytes of a file, 0 where they are not known before it is read."""
    if is_url(path):
        from fastcli.remote import size_of

        return size_of(path)
    return os.path.getsize(path) if is_file(path) else 0


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _repeated(paths: Sequence[str]) -> list[str]:
    """Return the inputs that are the same file as an earlier one, also by another name."""
    if len(paths) < 2:
        return []
    seen: set[object] = set()
    found: dict[str, None] = {}
    for path in paths:
        identity = _identity(path)
        if identity in seen:
            found[path] = None
        seen.add(identity)
    return list(found)


def _identity(path: str) -> object:
    """Return what tells a file: its number on its disk where it is a regular one, else its path."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return path
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else path
