"""What a person may have meant by a command line that failed; ``display.errors`` shows it.

The library's errors say what is wrong in a sentence. What only a command line has stands here: the
words that are wrong, options and files of a near name, the command that would have worked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import click

from fastcli.api.table_lines import UNKNOWN, IsTable
from fastcli.cli import COMMANDS, cli
from fastcli.cli._command import NO_PATHS, WrongWord
from fastcli.cli._file_advice import file_hints, stray_words
from fastcli.cli._hint import Hint
from fastcli.errors import ArgumentError

HEAD, N_LINES = 8192, 2  # bytes of a file that are read, lines that are shown
COMMAND = 1  # the place of a command in a command line
DASHED = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
QUESTION = re.compile(r" \((did you mean [^()]+\?)\)")


class Advice(NamedTuple):
    """An error and what is shown below it.

    Of the ``words`` of the command line those at ``marks`` are wrong, and ``note`` says what they
    may be; it may be a part of the sentence, in parentheses.  ``rows`` are lines of a file.
    Where there is no terminal ``plain``, if there is one, stands for all of this.
    """

    sentence: str
    words: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    note: str = ""
    rows: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    plain: str = ""


def advice(error: Exception) -> Advice:
    """Return what to show of an error of a command."""
    words = ("fastcli", *sys.argv[1:])
    if isinstance(error, WrongWord):
        place = len(words) - 1 - error.behind
        more = [Hint(error.more, error.command)] if error.more else []
        return Advice(error.message, words, (place,), error.note, hints=tuple(more))
    sentence = error.format_message() if isinstance(error, click.UsageError) else str(error)
    if sentence == NO_PATHS and (names := missing_paths(words)):
        note = f"Give {' and '.join(names)}."
        return Advice(sentence, hints=(Hint(note),), plain=f"{sentence} {note}")
    if isinstance(error, click.UsageError | ArgumentError):
        marks = wrong_words(words, sentence)
        question = QUESTION.search(sentence)
        note = question[1] if question and marks else ""
        return Advice(sentence, words, marks, note, hints=stray_words(words, sentence))
    if isinstance(error, IsTable):
        return table_advice(error, words)
    with contextlib.suppress(OSError, ValueError):  # of folders that cannot be looked into
        short, hints, plain = file_hints(words, sentence)
        return Advice(short, hints=hints, plain=plain)
    return Advice(sentence)


def missing_paths(words: Sequence[str]) -> list[str]:
    """Return which of -input and -output a command line does not have, or has without a name."""
    known = options_of(words)
    asked = ("-output",) if words[COMMAND] == "quantize" else ("-input", "-output")
    names = {id(known[name]): name for name in asked if name in known}
    for word, value in zip(words, (*words[1:], ""), strict=True):
        name, has_value, own = word.partition("=")
        if name in known and (own if has_value else value):
            names.pop(id(known[name]), None)
    return [f"{name} {'FILE' if name == '-input' else 'NAME'}" for name in names.values()]


def table_advice(error: IsTable, words: tuple[str, ...]) -> Advice:
    """Return what to show of a table where lines are asked for: how it begins, what reads it."""
    from fastcli.tables.dialects import COMPRESSED

    columns = [word for pair in error.columns for word in pair]
    sentence, command = str(error), (*error.command, *columns)
    short = re.split(r"; its columns: |\. If each line is a text", sentence)[0]
    if error.path in words and words[:2] == command[:2]:  # with all options that were given
        own, command = command, with_options(words, command)
        sentence = sentence.replace(shlex.join(own), shlex.join(command), 1)
    name, end = os.path.splitext(os.path.basename(error.path))
    name = os.path.splitext(name)[0] if end in COMPRESSED else name
    lines_of_it = ("fastcli", "prepare", error.path, "-o", name, *columns)
    if UNKNOWN in columns:
        hints = [Hint("To see its columns:", ("fastcli", "inspect", error.path))]
    elif command[COMMAND:2] == ("prepare",):
        hints = [Hint("Make lines of it first:", lines_of_it)]
    else:
        hints = [Hint("Read it as a table:", command)]
        if command[COMMAND:2] == ("supervised",):
            hints.append(Hint("or make training lines of it first:", lines_of_it))
    hints.append(Hint(f"If each line is a text, {error.otherwise}."))
    hints.append(Hint("To read more:  fastcli help data"))
    return Advice(short, rows=first_lines(error.path), hints=tuple(hints), plain=sentence)


def with_options(words: tuple[str, ...], command: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command line with those options of a command, and their values, that it lacks.

    They are put before "--"; where --json asks for objects no file is.
    """
    known = options_of(words)
    end = words.index("--") if "--" in words else len(words)
    given = {id(known[name]) for word in words[:end] if (name := word.partition("=")[0]) in known}
    is_json = "--json" in words[:end]
    more: list[str] = []
    for name, value in pairwise(command):
        if name in known and id(known[name]) not in given and not (is_json and "output" in name):
            more += [name, value]
    return (*words[:end], *more, *words[end:])


def first_lines(path: str) -> tuple[str, ...]:
    """Return the first lines of a text file, none of what cannot be read as one."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = file.read(HEAD)
        if b"\0" not in head and not head.startswith(b"PAR1"):
            text = head.decode("utf-8-sig", "replace")
            return tuple(text.splitlines()[:N_LINES])
    return ()


def context_of(error: click.UsageError) -> click.Context | None:
    """Return the context of the command that an error belongs to, which click may not know."""
    if error.ctx is not None or len(sys.argv) <= COMMAND or sys.argv[COMMAND] not in COMMANDS:
        return error.ctx
    name, group = sys.argv[COMMAND], click.Context(cli, info_name="fastcli")
    command = cli.get_command(group, name)
    return click.Context(command, group, info_name=name) if command is not None else None


def options_of(words: Sequence[str]) -> Mapping[str, click.Option]:
    """Return the options of the command that a command line calls, by each of their spellings."""
    name = words[COMMAND] if len(words) > COMMAND else ""
    command = cli.get_command(click.Context(cli), name)
    params = command.params if command is not None else []
    return {name: one for one in params if isinstance(one, click.Option) for name in one.opts}


def wrong_words(words: Sequence[str], sentence: str) -> tuple[int, ...]:
    """Return the places of the words of a command line that the first sentence of an error names.

    Of an option that is its value, where that is named, too; of one that is given twice the last.
    Where no option is named that is on the command line, it is a word that is quoted.
    """
    known, first = options_of(words), re.split(r"(?<=[.;!]) ", sentence)[0]
    named = {id(known[name]) for name in DASHED.findall(first) if name in known}
    places: dict[int, int] = {}
    for place in range(COMMAND + 1, len(words)):
        option = known.get(words[place].partition("=")[0])
        if option is not None and id(option) in named:
            value = words[place + 1] if place + 1 < len(words) else ""
            has_value = not option.is_flag and "=" not in words[place]
            places[id(option)] = place + (has_value and is_quoted(value, first))
    behind = range(COMMAND + 1, len(words))
    quoted = [i for i in behind if repr(words[i]) in first]
    named_ones = quoted or [i for i in behind if is_quoted(words[i], first)]
    return tuple(sorted(places.values())) or tuple(named_ones[:1])


def is_quoted(word: str, sentence: str) -> bool:
    """Tell whether a sentence quotes a word: in quotes or parentheses, after a colon or "not".

    So is a word for which there is a near one.

    >>> is_quoted("x", "Unknown loss: x."), is_quoted("x", "x is what?"), is_quoted("x", "not x.")
    (True, False, True)
    """
    if not word:
        return False
    plain, end = re.escape(word), r"(?=[ ).,;]|$)"
    pattern = rf"(?:: |\(|\bnot ){plain}{end}|(?<!\S){plain} \(did you mean "
    return repr(word) in sentence or re.search(pattern, sentence) is not None
