"""Which columns of a table are text and which are labels: what readers decide, else the likeliest.

Where the rules of ``fastcli.tables`` know a column, it is that one; a guess is marked as one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.inspect.columns import NUMBERED, SUBJECTS, Column
from fastcli.tables.choice import Columns, choose
from fastcli.tables.columns import (
    LABEL_NAMES,
    TEXT_NAMES,
    plain_name,
    usual,
    usual_label,
    usual_text,
)

# Last words of the names of columns that often are labels, though no reader takes them for such.
LIKELY_LABELS = (
    *("team", "department", "type", "rating", "ratings", "stars", "star", "score", "emotion"),
    *("queue", "group", "genre", "section", "status", "priority", "result", "kind", "grade"),
    *("species", "survived", "quality", "diagnosis", "code", "polarity", "stance", "domain"),
    *("lang", "language", "toxic", "spam", "level", "reason", "department"),
)
OF_LABELS = ("few", "0/1", "list", "number")


@dataclass(frozen=True)
class Chosen:
    """Positions of the columns of text and labels; ``is_guess``: no reader takes these labels."""

    text: tuple[int, ...] = ()
    label: tuple[int, ...] = ()
    is_guess: bool = False


def choose_columns(path: str, columns: Sequence[Column], has_names: bool) -> Chosen:
    """Return the columns of text, if there are any, and those of labels."""
    names = [column.name for column in columns]
    with contextlib.suppress(ArgumentError):
        choice = choose(path, Columns(), names, has_names, needs_labels=True)
        more = [i for i in text_columns(columns, has_names) if i not in choice.label]
        return Chosen(tuple(sorted({*choice.text, *more})), choice.label)
    label, is_guess = label_columns(path, columns, has_names)
    text = [i for i in text_columns(columns, has_names) if i not in label]
    if not text and has_names:
        with contextlib.suppress(ArgumentError):
            usual = usual_text(path, [name for i, name in enumerate(names) if i not in label])
            text = [] if usual is None else [names.index(usual)]
    return Chosen(tuple(text), label, is_guess)


def text_columns(columns: Sequence[Column], has_names: bool) -> list[int]:
    """Return the columns of text: those whose names say so, else those of the most words."""
    found = [i for i, column in enumerate(columns) if column.kind in ("text", "short text")]
    if has_names:
        known = [i for i in found if plain_name(columns[i].name) in (*TEXT_NAMES, *SUBJECTS[:1])]
        if any(plain_name(columns[i].name) in TEXT_NAMES for i in known):
            plain = [i for i in known if plain_name(columns[i].name) == "text"]
            return plain or known
    texts = [i for i in found if columns[i].kind == "text"]
    return texts or found


def label_columns(
    path: str, columns: Sequence[Column], has_names: bool
) -> tuple[tuple[int, ...], bool]:
    """Return the label's column, or several of 0 and 1, and whether it is a guess."""
    names = [column.name for column in columns]
    if has_names:
        with contextlib.suppress(ArgumentError):
            found = usual_label(path, names)
            if found is not None:
                return (names.index(found),), False
    indicators = [i for i, column in enumerate(columns) if column.kind == "0/1"]
    has_rivals = any(_rank(columns[i]) > 0 and i not in indicators for i in range(len(columns)))
    if has_names and len(indicators) > 1 and not has_rivals:
        return tuple(indicators), True
    likely = likeliest_label(columns)
    if likely is None and has_names and (rivals := usual(names, LABEL_NAMES)):
        likely = names.index(rivals[0])  # prepare asks which of them
    return (() if likely is None else (likely,)), True


def likeliest_label(columns: Sequence[Column]) -> int | None:
    """Return the column that most likely is the label's: by its name, else the last, or the first.

    None if no column has few values.
    """
    last = len(columns) - 1
    found = [i for i, column in enumerate(columns) if may_be_label(column)]
    return max(found, key=lambda i: (_rank(columns[i]), i == last, i == 0, i), default=None)


def may_be_label(column: Column) -> bool:
    """Tell whether a column has few values, so that it may be the label's."""
    if column.kind not in OF_LABELS:
        return False
    return column.kind != "number" or (column.is_few and column.n_whole == column.n_numbers)


def _rank(column: Column) -> int:
    """Return how likely it is by its name that a column is the label's, from 0 on."""
    name = plain_name(column.name)
    if not may_be_label(column):
        return 0
    if name in LABEL_NAMES:
        return 3
    last = name.split()[-1:] or [""]
    return 2 if last[0] in (*LABEL_NAMES, *LIKELY_LABELS) else 0


def is_of_numbers(columns: Sequence[Column], chosen: Chosen) -> bool:
    """Tell whether a table is one of numbers: no text, or most columns are numbers.

    A column of text by its name, or of many words, makes it a table of text.
    """
    for i in chosen.text:
        if columns[i].kind == "text" or plain_name(columns[i].name) in TEXT_NAMES:
            return False
    left_out = ("id", "row numbers", "date", "empty", "constant")
    features = [
        column
        for i, column in enumerate(columns)
        if i not in chosen.label and column.kind not in left_out
    ]
    numbers = [column for column in features if column.kind in NUMBERED]
    if chosen.text:
        return 2 * len(numbers) >= len(features) > 1
    return bool(features)
