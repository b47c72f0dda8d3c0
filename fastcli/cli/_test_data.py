"""The words behind a model: files to test or predict, then k and the threshold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import click

from fastcli.cli._declare import given_names
from fastcli.cli._inputs import read_inputs
from fastcli.errors import DataError
from fastcli.overwriting import STREAM
from fastcli.tables.values import plain_float
from fastcli.urls import is_url, local_path

KINDS = (("<k>", "-k", int, "integer"), ("<th>", "--threshold", float, "float"))


@dataclass(frozen=True, kw_only=True)
class Positionals:
    """The files, and the numbers behind them as they were written."""

    files: Sequence[str]
    numbers: Sequence[str]


def is_number(word: str) -> bool:
    """Tell whether a word is a number and not the name of a file, such as ``nan`` or ``inf``.

    >>> [is_number(word) for word in ("5", "-1", "1e-3", ".5", "inf", "5.txt", "2024_01")]
    [True, True, True, True, False, False, False]
    """
    return plain_float(word) is not None and any(map(str.isdigit, word))


def divided(words: Sequence[str]) -> Positionals:
    """Return which words are files and which are numbers, whatever files exist.

    The first one is a file.  If the second is a number, k and the threshold follow; otherwise
    files do, and at most the last two words are numbers.  Raises click.UsageError for others.

    >>> divided(["a.txt", "5", "0.1"])
    Positionals(files=['a.txt'], numbers=['5', '0.1'])
    >>> divided(["a.txt", "b.txt", "5"])
    Positionals(files=['a.txt', 'b.txt'], numbers=['5'])
    """
    first, rest = list(words[:1]), list(words[1:])
    if rest and is_number(rest[0]):
        if len(rest) > len(KINDS):
            raise click.UsageError(
                f"Got unexpected extra argument ({rest[2]}): files come before <k> and <th>."
            )
        return Positionals(files=first, numbers=rest)
    n = len(rest)
    while n > 0 and is_number(rest[n - 1]) and len(rest) - n < len(KINDS):
        n -= 1
    if wrong := next(filter(is_number, rest[:n]), None):
        raise click.UsageError(
            f"{wrong!r} stands where a file does: k and the threshold come after all files, or are "
            f"given with -k and --threshold. If it is a file, write ./{wrong}"
        )
    return Positionals(files=first + rest[:n], numbers=rest[n:])


def read_test_data(
    ctx: click.Context, words: Sequence[str], lists: Sequence[str], k: int, threshold: float
) -> tuple[Sequence[str], int, float]:
    """Return the files behind a model, k and the threshold; ``k`` and ``threshold`` are options.

    ``lists`` are those of --files-from.  Raises click.UsageError, and what ``read_inputs`` does.
    """
    if not words and not lists:
        raise click.UsageError("Missing argument '<test-data>'.", ctx)
    if lists and words and is_number(words[0]):
        raise click.UsageError(
            f"{words[0]!r} stands where a file does: with --files-from give k and the threshold "
            f"with -k and --threshold. If it is a file, write ./{words[0]}",
            ctx,
        )
    found = divided(words)
    given = given_names(ctx)
    values: list[float] = [k, threshold]
    for i, word in enumerate(found.numbers):
        metavar, option, kind, what = KINDS[i]
        if ("k", "threshold")[i] in given:
            raise click.UsageError(f"{option} is given twice: {word!r} is {metavar}, too.", ctx)
        try:
            values[i] = kind(word)
        except ValueError:
            message = f"{word!r} is not a valid {what}."
            raise click.BadParameter(message, ctx, param_hint=f"'{metavar}'") from None
    files = found.files
    if len(files) > 1 and not _is_input(files[1]):
        message = f"{files[1]!r} is not a valid integer, and there is no file of this name."
        raise click.BadParameter(message, ctx, param_hint="'<k>'")
    if lists or list(files) != [STREAM]:
        try:
            files = read_inputs(ctx, "data", files, lists, takes_urls=True)
        except DataError:
            if not any(map(os.path.isdir, files)):
                raise
            # An empty folder stays as it is: opening it fails with fastText's message.
    return files, int(values[0]), float(values[1])


def _is_input(word: str) -> bool:
    """Tell whether a word can be a file: one that is there, a stream or a pattern."""
    if word == STREAM or os.path.lexists(word) or any(c in word for c in "*?["):
        return True
    return is_url(word) or local_path(word) != word
