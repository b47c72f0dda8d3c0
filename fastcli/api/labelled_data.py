"""Labelled data as a program gives them: paths, tables, or pairs of labels and text."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

from fastcli.api.arguments import utf8
from fastcli.api.files import input_files
from fastcli.api.inputs import Reading, check_readable, kinds_of_input, reads_lines
from fastcli.api.loading import reading_as
from fastcli.api.named_options import read_options
from fastcli.errors import ArgumentError
from fastcli.notices import say
from fastcli.options import Values, rows_of, without_effect
from fastcli.overwriting import STREAM
from fastcli.tables.options import LikeOption, TableOptions
from fastcli.text.separators import tokens_of

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.label_names import LabelNames

Path: TypeAlias = str | os.PathLike[str]
Labels: TypeAlias = str | float | Sequence[str]
Data: TypeAlias = Path | Iterable[Path] | Iterable[tuple[Labels, str]] | tuple[Any, Any]
"""The path of a file, paths, pairs of labels and a text, or, for a model of numbers, (rows, y)."""

GIVEN = "the given lines"  # what errors call them
GIVEN_ROWS = "the given rows"
AT_ONCE = 1 << 20  # bytes of text


READING = (TableOptions, LikeOption)  # the options by which tables are read


def reading_of(
    table: TableOptions, like: str, given: Collection[str], classifier: Classifier
) -> Reading:
    """Return how data are read, and say which of the ``given`` options have no effect."""
    values = {**vars(table), "like": like, **kinds_of_input(classifier, like)}
    say_without_effect(READING, given, values)
    return Reading(table=table, like=like)


def say_without_effect(
    kinds: Sequence[type], given: Collection[str], values: Mapping[str, Any]
) -> None:
    """Say which of the ``given`` options of some dataclasses have no effect, by all ``values``."""
    known = [row._replace(option=row.option._replace(shown=row.name)) for row in rows_of(kinds)]
    if sentence := without_effect(known, given, Values("", values, known)):
        say(sentence)


def read_reading(options: Mapping[str, Any], classifier: Classifier, function: str) -> Reading:
    """Return how data are read by the options of a function that has no others.

    Raises OptionError for unknown options, ArgumentError for values that cannot be.
    """
    (table, like), given = read_options(options, READING, function)
    return reading_of(table, like.like, given, classifier)


def reading_tables(classifier: Any, options: TableOptions) -> Classifier:
    """Return a classifier that reads tables of numbers as options say; the given one stays so.

    Raises ArgumentError for options that cannot be.
    """
    found: Classifier = classifier
    if reads_lines(found):
        return found
    if (decisions := getattr(classifier, "decisions", None)) is not None:
        found = decisions.of(reading_tables(classifier.undecided, options))
        return found
    found = reading_as(classifier, options)
    return found


def opened(
    data: Data, reading: Reading, names: LabelNames, classifier: Classifier, cannot: str
) -> tuple[tuple[str, ...], Reading]:
    """Return the paths of labelled data, and how they are read: pairs as blocks of lines.

    ``names`` are the labels of the model, ``cannot`` is what is said of a file that cannot be
    opened.  Raises ArgumentError for what is neither paths nor pairs, DataError for files that are
    not there.
    """
    if not reads_lines(classifier) and (rows := _rows_of(data, classifier)) is not None:
        return (GIVEN_ROWS,), replace(reading, given=(rows,))
    if not isinstance(data, Iterable | os.PathLike):
        raise TypeError(f"data are paths, or pairs of labels and text, not {type(data).__name__}")
    given: list[Any] = [data] if isinstance(data, str | os.PathLike) else list(data)
    if not all(isinstance(one, str | os.PathLike) for one in given):
        if not reads_lines(classifier):
            raise ArgumentError("The model reads numbers: give the path of a file, or (rows, y).")
        return (GIVEN,), replace(reading, given=tuple(blocks_of(given, names)))
    paths = [os.fspath(one) for one in given]
    if not paths:
        raise ArgumentError("There is no data: give a path, paths, or pairs of labels and text.")
    if STREAM in paths:
        raise ArgumentError("'-' is for the command line: give the path of a file.")
    found = input_files(paths)
    check_readable(found, cannot)
    return found, reading


def _rows_of(data: Any, classifier: Any) -> Block | None:
    """Return a table of a program, or a pair (rows, y), as rows; None for paths."""
    from fastcli.mlp.given_tables import given_examples

    is_table = hasattr(data, "columns") or hasattr(data, "column_names")
    is_pair = isinstance(data, tuple | list) and len(data) == 2
    if not is_table and (not is_pair or isinstance(data[0], str | os.PathLike)):
        return None
    x, y = (data, None) if is_table else data
    return given_examples(classifier.columns, x, y, classifier.table_options, say)


def blocks_of(pairs: Iterable[Any], names: LabelNames) -> Iterator[Block]:
    """Yield pairs of labels and a text as blocks of lines.

    Raises ArgumentError for what is no such pair, for a text of several lines, and for one with a
    word that would be read as a label.
    """
    import numpy as np

    some, size, tokens = list[bytes](), 0, dict[Any, bytes]()
    for i, pair in enumerate(pairs):
        line = _line(pair, names, f"Pair {i}", tokens)
        some.append(line)
        size += len(line)
        if size >= AT_ONCE:
            yield np.frombuffer(b"".join(some), np.uint8)
            some, size = [], 0
    if some:
        yield np.frombuffer(b"".join(some), np.uint8)


def _line(pair: Any, names: LabelNames, where: str, known: dict[Any, bytes]) -> bytes:
    if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
        raise ArgumentError(f"{where} is not a pair of labels and a text: {pair!r}")
    labels, text = pair
    if not isinstance(text, str):
        raise ArgumentError(f"{where}: the text must be str, not {type(text).__name__}.")
    if "\n" in text:
        raise ArgumentError(f"{where}: the text has several lines.")
    prefix = names.prefix.encode("utf-8", "surrogateescape")
    data = utf8(text, "a text")
    if prefix in data and any(token.startswith(prefix) for token in tokens_of(data)):
        raise ArgumentError(f"{where}: the text has a word that would be read as a label.")
    is_one = isinstance(labels, str | bytes) or not isinstance(labels, Iterable)
    several = [labels] if is_one else list(labels)
    for label in several:
        if not isinstance(label, str | Real):
            kind = type(label).__name__
            raise ArgumentError(f"{where}: a label is a str or a number, not {kind}: {label!r}")
        if label not in known:
            known[label] = _token(label, names, where)
    return b" ".join([*(known[label] for label in several), data]) + b"\n"


def _token(label: Any, names: LabelNames, where: str) -> bytes:
    """Return a label, by any of its names, as lines have it."""
    if not isinstance(label, str):
        return f"{names.prefix}{label}".encode()
    found = names.position(label, where)
    if found >= 0:
        return names.tokens[found].encode("utf-8", "surrogateescape")
    token = "_".join(label.split())
    token = token if token.startswith(names.prefix) else f"{names.prefix}{token}"
    return token.encode("utf-8", "surrogateescape")
