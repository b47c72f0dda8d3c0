"""What a person may have meant by a command line that failed; ``display.errors`` shows it.

The library's errors say what is wrong in a sentence. What only a command line has stands here: the
words that are wrong, options and files of a near name, the command that would have worked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import click

from fastcli.cli import COMMANDS, cli
from fastcli.cli._command import WrongWord
from fastcli.errors import ArgumentError

COMMAND = 1  # the place of a command in a command line
DASHED = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
QUESTION = re.compile(r" \((did you mean [^()]+\?)\)")


class Hint(NamedTuple):
    """A sentence, the command that it introduces, and the text that is piped into that."""

    text: str
    command: tuple[str, ...] = ()
    stdin: str = ""


class Advice(NamedTuple):
    """An error and what is shown below it.

    Of the ``words`` of the command line those at ``marks`` are wrong, and ``note`` says what they
    may be; it may be a part of the sentence, in parentheses.  ``rows`` are lines of a file.
    """

    sentence: str
    words: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    note: str = ""
    rows: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()


def advice(error: Exception) -> Advice:
    """Return what to show of an error of a command."""
    words = ("fastcli", *sys.argv[1:])
    if isinstance(error, WrongWord):
        place = len(words) - 1 - error.behind
        hints = (Hint(error.more, error.command),) if error.more else ()
        return Advice(error.message, words, (place,), error.note, hints=hints)
    sentence = error.format_message() if isinstance(error, click.UsageError) else str(error)
    if isinstance(error, click.UsageError | ArgumentError):
        marks = wrong_words(words, sentence)
        question = QUESTION.search(sentence)
        return Advice(sentence, words, marks, question[1] if question and marks else "")
    return Advice(sentence)


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
    quoted = (i for i in range(COMMAND + 1, len(words)) if is_quoted(words[i], first))
    return tuple(sorted(places.values())) or tuple(quoted)[:1]


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
