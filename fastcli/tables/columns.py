"""Columns of tables: found by name or position, or known by their usual names."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from fastcli.errors import ArgumentError
from fastcli.printable import listed, named, nearest

MOST_DIGITS = 40  # of a position; Python reads no whole numbers of thousands
# The usual names of columns, in lower case and with spaces for all that is between words.
LABEL_NAMES = (
    *("label", "labels", "class", "classes", "class label", "class index", "class name", "target"),
    *("y", "category", "categories", "topic", "topics", "sentiment", "tag", "tags", "intent"),
    *("verdict", "outcome", "标签", "类别", "分类"),
)
TEXT_NAMES = (
    *("text", "texts", "review", "review text", "sentence", "content", "body", "title", "comment"),
    *("comment text", "question", "question text", "message", "description", "headline", "tweet"),
    *("document", "summary", "utterance", "query", "文本", "内容", "正文", "评论", "标题"),
)
IDS = ("id", "ids", "uid", "uuid", "guid", "key", "index", "row", "nr", "no")  # of ids, at the end
# What writers of row numbers call their column.
ROW_NUMBERS = ("", "unnamed: 0")


def is_position(name: str) -> bool:
    """Tell whether a column is given by its position: from 0, or from -1 at the end."""
    return is_index(name.removeprefix("-"))


def is_index(text: str) -> bool:
    """Tell whether a text is a whole number of at most ``MOST_DIGITS`` digits."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def find_column(path: str, asked: str, names: Sequence[str], has_names: bool) -> int:
    """Return the position, from 0, of a column that is asked for by its name or position.

    ``names`` are those of the header, or (not ``has_names``) any, as many as there are columns.  A
    name, spaces around it aside, goes before a position.  Raises ArgumentError if there is no
    such column, or more than one.
    """
    if has_names:
        for known in (list(names), [name.strip() for name in names]):
            if known.count(asked) > 1:
                raise ArgumentError(
                    f"{path} has several columns named {named(asked)}: give the position."
                )
            if asked in known:
                return known.index(asked)
    if is_position(asked) and -len(names) <= int(asked) < len(names):
        return int(asked) % len(names)
    what = f"{path} has no column {named(asked)}"
    if has_names:
        raise ArgumentError(f"{what}{nearest(asked, names)}. {existing(names, has_names)}")
    n = len(names)
    there = f"are {n} columns, 0 to {n - 1}, or -1 from the end" if n > 1 else "is one column, 0"
    raise ArgumentError(f"{what}: there {there}.")


def existing(names: Sequence[str], has_names: bool) -> str:
    """Say which columns there are, at the end of a message.

    >>> existing(["a", "b"], True), existing(["0", "1", "2"], False)
    ('There are: a, b', 'There are: 0 to 2')
    """
    return f"There are: {listed(names) if has_names else f'0 to {len(names) - 1}'}"


def plain_name(name: str) -> str:
    """Return a name as usual names are written.

    >>> plain_name(" Class_Label"), plain_name("review.text")
    ('class label', 'review text')
    """
    return " ".join(name.replace("_", " ").replace("-", " ").replace(".", " ").lower().split())


def usual(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return those of some names that are usual for what ``known`` lists."""
    return [name for name in names if plain_name(name) in known]


def usual_label(path: str, names: Sequence[str]) -> str | None:
    """Return the column that by its name is the label's, None if there is none.

    Raises ArgumentError where several have such a name.  Beside ``x`` a ``y`` is a coordinate.
    """
    found = usual(names, LABEL_NAMES)
    if usual(names, ("x",)):
        found = [name for name in found if plain_name(name) != "y"]
    return _only(path, found, "--label-column") if found else None


def usual_text(path: str, names: Sequence[str]) -> str | None:
    """Return the column that by its name holds the text; as ``usual_label``."""
    found = usual(names, TEXT_NAMES)
    plain = [name for name in found if plain_name(name) == "text"]
    return _only(path, plain or found, "--text-column") if found else None


def _only(path: str, found: Sequence[str], option: str) -> str:
    if len(found) == 1:
        return found[0]
    if len(set(found)) < len(found):
        raise ArgumentError(
            f"{path} has several columns named {named(found[0])}: give the position with {option}."
        )
    commands = " or ".join(f"{option} {shlex.quote(name)}" for name in found[:4])
    raise ArgumentError(
        f"{path}: {len(found)} columns could be meant ({listed(found)}). Give {commands}."
    )


def is_row_number_name(name: str) -> bool:
    """Tell whether a column has the name that pandas and R give to that of row numbers: none."""
    return name.strip().lower() in ROW_NUMBERS


def are_row_numbers(cells: Iterable[str]) -> bool:
    """Tell whether cells count the rows: whole numbers, each one more than the one before.

    >>> are_row_numbers(["0", "1", "2"]), are_row_numbers(["3", "1"])
    (True, False)
    """
    found = list(cells)
    if not found or not all(map(is_index, found)):
        return False
    first = int(found[0])
    return [int(cell) for cell in found] == list(range(first, first + len(found)))
