"""Small text files that options name: stop words, a user dictionary, a map of labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fastcli.errors import DataError
from fastcli.printable import named
from fastcli.text.small_files import read_small

# A word, perhaps its frequency, perhaps its part of speech, as jieba has it.
_ENTRY = re.compile(r"\S+( [0-9]{1,12})?( [a-z]+)?")


def read_stopwords(path: str) -> tuple[str, ...]:
    """Return the words of a file, one on each line, each once.  Raises DataError without any."""
    words = tuple(dict.fromkeys(line for _, line in _lines(path)))
    if not words:
        raise DataError(f"{path} holds no words: write one on each line.")
    return words


def read_user_dict(path: str) -> tuple[str, ...]:
    """Return the entries of a user dictionary of jieba.  Raises DataError, which names the line."""
    entries = []
    for number, line in _lines(path):
        entry = re.sub(" +", " ", line)
        if wrong_entry([entry]):
            raise DataError(
                f"{path}:{number}: {named(line)!r} is not a word, its frequency and its part of "
                "speech (both may be left out), with a space between them."
            )
        entries.append(entry)
    if not entries:
        raise DataError(f"{path} holds no words: write one on each line.")
    return tuple(entries)


def wrong_entry(entries: Iterable[str]) -> str:
    """Return the first string that is no entry of a user dictionary, or "".

    >>> wrong_entry(["云计算 5 n", "n 云计算 5"])
    'n 云计算 5'
    """
    return next((entry for entry in entries if not _ENTRY.fullmatch(entry)), "")


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank and their numbers."""
    for number, line in enumerate(read_small(path).split("\n"), 1):
        if line.strip():
            yield number, line.strip()
