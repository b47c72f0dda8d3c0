"""Errors on stderr: the sentence, and below it where the command line is wrong and what may do.

On a terminal the wrong words have carets below them, and commands stand in lines of their own; the
same is one line where there is no terminal.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.colours import painted, painted_start
from fastcli.cli.display.endings import command_lines
from fastcli.cli.display.messages import error as say_error
from fastcli.cli.display.messages import painted_row
from fastcli.cli.display.tables import GAP, cut, sentence_lines, width_of, wrapped
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.printable import one_line, printable, quoted

if TYPE_CHECKING:
    from fastcli.cli._advice import Advice
    from fastcli.cli._hint import Hint

LABEL = "error  "
INDENT = " " * len(LABEL)
GAPS = "..."  # stands for words that there is no room for
LEAST = 20  # columns of a command line; where there are fewer it is not shown


def say_advice(advice: Advice, usage: Sequence[str] = ()) -> None:
    """Write an error, and below it what helps; ``usage`` are lines behind all else.

    On a terminal only the first and the last of these are shown where the note says what is meant.
    """
    if not is_terminal():
        say_error(advice.plain or " ".join([advice.sentence, *map(in_line, advice.hints)]))
        for line in usage:
            painted_row(line, str)
        return
    usage = [*usage[:1], *usage[-1:]] if advice.note else usage
    for line in [*error_lines(advice, width()), *usage_lines(usage, width())]:
        painted_row(line, _painted)


def _painted(line: str) -> str:
    if line.strip(" ^") == "" or line.lstrip().startswith("^"):
        carets = line[: line.rindex("^") + 1] if "^" in line else ""
        return painted(carets, "error", sys.stderr) + line[len(carets) :]
    return painted_start(line, LABEL.strip(), "error", sys.stderr)


def usage_lines(usage: Sequence[str], columns: int) -> Iterator[str]:
    """Yield the lines of a usage below an error, wrapped."""
    for line in usage:
        yield from wrapped(line, columns, INDENT, f"{INDENT}{GAP}")


def error_lines(advice: Advice, columns: int) -> Iterator[str]:
    """Yield the lines of an error on a terminal of so many columns."""
    room = columns - len(INDENT)
    sentence = one_line(advice.sentence)
    has_marks = bool(advice.marks) and room >= LEAST
    if has_marks and advice.note:
        sentence = sentence.replace(f" ({printable(advice.note)})", "")
    yield from sentence_lines(sentence, columns, LABEL, INDENT)
    if has_marks:
        for line in marked_lines(advice.words, advice.marks, printable(advice.note), room):
            yield f"{INDENT}{line}"
    for number, row in enumerate(advice.rows, 1):
        yield shortened_row(f"{INDENT}{number} | {printable(row)}", columns)
    are_many = len(advice.hints) > 1
    was_command = True
    for hint in advice.hints:
        if are_many and was_command:
            yield ""
        was_command = bool(hint.command)
        yield from wrapped(one_line(hint.text), columns, INDENT)
        if hint.command:
            yield from [""] * are_many
            yield from piped_lines(hint, f"{INDENT}{GAP}")


def shortened_row(row: str, columns: int) -> str:
    """Return a line that ends in ... where there is no room for all of it.

    >>> shortened_row("1 | abcdef", 9)
    '1 | ab...'
    """
    return row if width_of(row) <= columns else cut(row, columns - 2).removesuffix("…") + GAPS


def in_line(hint: Hint) -> str:
    """Return a hint as one sentence."""
    text = f"{hint.text[:1].upper()}{hint.text[1:]}"
    if not hint.command:
        return text
    before = f"{echo(hint.stdin)} | " if hint.stdin else ""
    return f"{text} {before}{shlex.join(hint.command)}"


def piped_lines(hint: Hint, indent: str) -> Iterator[str]:
    """Yield the command of a hint, which may be copied, in lines that fit."""
    if not hint.stdin:
        yield from command_lines(hint.command, indent)
        return
    before, command = echo(hint.stdin), shlex.join(hint.command)
    if width_of(f"{indent}{before} | {command}") <= width():
        yield f"{indent}{before} | {command}"
    else:
        yield f"{indent}{before} |"
        yield from command_lines(hint.command, f"{indent}{GAP}")


def echo(text: str) -> str:
    """Return the command that writes a text, for a shell.

    >>> echo("an egg"), echo("$5"), echo("-n")
    ('echo "an egg"', "echo '$5'", "printf '%s\\\\n' -n")
    """
    if text.startswith("-") or "\\" in text:
        return f"printf '%s\\n' {shlex.quote(text)}"
    plain = not set(text) & set('"$`!')
    return f'echo "{text}"' if plain else f"echo {shlex.quote(text)}"


def marked_lines(words: Sequence[str], marks: Sequence[int], note: str, room: int) -> Iterator[str]:
    """Yield a command line with carets below its words at ``marks``, and a note behind these.

    A long one is cut to the words around the first mark.

    >>> print(*marked_lines(["a", "b", "cd", "e"], [2], "is it c?", 40), sep="\\n")
    a b cd e
        ^^  is it c?
    """
    shown = [printable(quoted(word)) for word in words]
    first, end = _window(shown, marks[0], room)
    parts = [*[GAPS] * (first > 0), *shown[first:end], *[GAPS] * (end < len(shown))]
    shift = (first > 0) - first
    line, carets = "", ""
    for place, part in enumerate(parts):
        start = f"{line} " if line else ""
        right = len(GAPS) + 1 if place + 1 < len(parts) and end - first == 1 else 0
        part = shortened_row(part, max(room - width_of(start) - right, len(GAPS)))
        if place - shift in marks and first <= place - shift < end:
            carets = f"{carets:<{width_of(start)}}{'^' * width_of(part)}"
        line = start + part
    yield line
    if not note or len(carets) + len(GAP) + width_of(note) <= room:
        yield f"{carets}{GAP}{note}".rstrip()
    else:
        yield carets
        yield from wrapped(note, room)


def _window(shown: Sequence[str], mark: int, room: int) -> tuple[int, int]:
    """Return the first and the end of the words around a mark that there is room for."""

    def fits(first: int, end: int) -> bool:
        left = len(GAPS) + 1 if first > 0 else 0
        right = len(GAPS) + 1 if end < len(shown) else 0
        return left + width_of(" ".join(shown[first:end])) + right <= room

    first, end = mark, mark + 1
    if fits(0, len(shown)):
        return 0, len(shown)
    is_longer = True
    while is_longer:
        is_longer = False
        if first > 0 and fits(first - 1, end):
            first, is_longer = first - 1, True
        if end < len(shown) and fits(first, end + 1):
            end, is_longer = end + 1, True
    return first, end
