"""Layout of text in columns: tables, wrapped sentences, charts of bars; nothing is ever coloured.

The same rows are written to a terminal and to a file; what a narrow terminal has no room for are
whole columns, the last ones first, so that no number is ever truncated.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from fastcli.printable import counted as counted

EIGHTHS = " ▏▎▍▌▋▊▉"
GAP = "  "
COMMAND_AT_END = re.compile(r": ((?:fastcli|iconv|pip install) .+)$")  # of a sentence
SHELL_WORD = re.compile(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+")


def width_of(text: str) -> int:
    """Return the columns that text takes in a terminal.

    >>> width_of("日本"), width_of("e\\u0301")
    (4, 1)
    """
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def cut(text: str, most: int) -> str:
    """Return text that takes at most so many columns."""
    if width_of(text) <= most:
        return text
    text = text[: 2 * most + 2]  # one letter at a time, of no more than could fit
    while text and width_of(text) > most - 1:
        text = text[:-1]
    return text + "…"


def named_rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield rows of a name and its value, indented and aligned."""
    rows = list(rows)
    first = max((width_of(name) for name, _ in rows), default=0)
    for name, value in rows:
        yield f"{GAP}{name}{' ' * (first - width_of(name))}{GAP}{value}"


def wrapped(text: str, room: int, first: str = "", rest: str | None = None) -> Iterator[str]:
    """Yield a sentence in lines of at most ``room`` columns; words are never cut.

    The first line starts with ``first``, the others with ``rest`` (the same if it is not given).

    >>> list(wrapped("one two three", 8, "  "))
    ['  one', '  two', '  three']
    """
    start, line = first, ""
    rest = first if rest is None else rest
    for word in text.split(" "):
        if line and width_of(start + line) + 1 + width_of(word) > room:
            yield start + line
            start, line = rest, word
        else:
            line = f"{line} {word}" if line else word
    yield start + line


def sentence_lines(text: str, room: int, first: str = "", rest: str | None = None) -> Iterator[str]:
    """Yield a sentence as ``wrapped`` does; a command at its end that does not fit is set apart.

    It can be copied from lines of its own.

    >>> print(*sentence_lines("It is UTF-16: iconv -f utf-16 -t utf-8 a > b", 34), sep="\\n")
    It is UTF-16:
      iconv -f utf-16 -t utf-8 a > b
    """
    found = COMMAND_AT_END.search(text)
    if found is None or width_of(first + text) <= room:
        yield from wrapped(text, room, first, rest)
        return
    yield from wrapped(text[: found.start(1) - 1], room, first, rest)
    indent = f"{first if rest is None else rest}{GAP}"
    yield from continued(SHELL_WORD.findall(found[1]), room, indent)


def continued(parts: Sequence[str], room: int, indent: str) -> list[str]:
    """Return the parts of a command for a shell in lines that fit, each but the last with \\."""
    kept = " ".join(part.replace(" ", "\0") for part in parts)
    *before, last = wrapped(kept, room - 2, indent, f"{indent}    ")
    return [line.replace("\0", " ") for line in [*(f"{line} \\" for line in before), last]]


def command_parts(words: Sequence[str]) -> list[str]:
    """Return the words of a command, quoted for a shell, an option in one part with its value.

    >>> command_parts(["fastcli", "test", "-k", "-1", "--threshold", "0.5", "--json", "a b"])
    ['fastcli', 'test', '-k -1', '--threshold 0.5', "--json 'a b'"]
    """
    parts: list[str] = []
    for word in words:
        is_option = word.startswith("-") and not word[1:2].isdigit()
        if not is_option and parts and parts[-1].startswith("-") and " " not in parts[-1]:
            parts[-1] += f" {shlex.quote(word)}"
        else:
            parts.append(shlex.quote(word))
    return parts


def fitted(parts: Sequence[str], room: int) -> str:
    """Return as many parts, from the first on, as a line has room for.

    >>> fitted(["61.0%", "loss 0.451", "left 0:12", "lr 0.05"], 30)
    '61.0%  loss 0.451  left 0:12'
    """
    line = ""
    for part in parts:
        longer = f"{line}{GAP}{part}" if line else part
        if width_of(longer) > room:
            break
        line = longer
    return line


def bar(share: float, room: int) -> str:
    """Return a bar of a fraction of so many columns, in eighths of a column.

    >>> bar(0.5, 9)
    '████▌'
    """
    share = min(max(share, 0.0), 1.0)  # of counts in a damaged file
    full, part = divmod(round(share * max(room, 8) * 8), 8)
    return "█" * full + EIGHTHS[part].strip() or "▏"


class Column(NamedTuple):
    """A column of a table whose rows are written one by one: its title, and its width."""

    title: str
    width: int
    is_text: bool = False  # at the left; numbers are at the right

    def cell(self, value: str) -> str:
        """Return a value in its column, or more than the column where it is longer."""
        pad = " " * max(self.width - width_of(value), 0)
        return value + pad if self.is_text else pad + value


class Rows:
    """A table that is written row by row, in as many columns as ``room`` allows."""

    def __init__(self, columns: Sequence[Column], room: int | None = None) -> None:
        self._columns = list(columns)
        while room and len(self._columns) > 1 and self.width() > room:
            self._columns.pop()

    def width(self) -> int:
        """Return the columns of a line in which every value is within its column."""
        return sum(len(GAP) + max(c.width, len(c.title)) for c in self._columns) - len(GAP)

    def titles(self) -> list[str]:
        """Return the titles of the columns that there is room for."""
        return [column.title for column in self._columns]

    def header(self) -> str:
        """Return the line of titles."""
        return self.row(self.titles())

    def row(self, values: Sequence[str]) -> str:
        """Return the line of a row; values without a column are left out."""
        cells = [
            Column(c.title, max(c.width, len(c.title)), c.is_text).cell(value)
            for c, value in zip(self._columns, values, strict=False)
        ]
        return GAP.join(cells).rstrip()


def aligned(rows: Sequence[Sequence[str]], n_text: int = 1, room: int | None = None) -> list[str]:
    """Return rows in columns as wide as they need; the first ``n_text`` and the last are text."""
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    columns = [Column("", w, is_text=i < n_text or i == last) for i, w in enumerate(widths)]
    table = Rows(columns, room)
    return [table.row(row) for row in rows]


def short_time(seconds: float) -> str:
    """Return seconds as ``m:ss``, or ``h:mm:ss`` from an hour on.

    >>> short_time(12.9), short_time(3723), short_time(float("nan"))
    ('0:12', '1:02:03', '-:--')
    """
    if not math.isfinite(seconds) or seconds < 0 or seconds > 1e7:
        return "-:--"
    total = int(seconds)
    hours, minutes = total // 3600, total // 60 % 60
    return f"{hours}:{minutes:02d}:{total % 60:02d}" if hours else f"{minutes}:{total % 60:02d}"


def short_lr(lr: float) -> str:
    """Return a learning rate in two digits and at most seven characters, mostly six.

    >>> short_lr(0.05), short_lr(0.0012), short_lr(0.00069), short_lr(1.3e-08)
    ('0.05', '0.0012', '6.9e-4', '1.3e-8')
    """
    text = f"{lr:.2g}"
    return text if len(text) <= 6 and "e" not in text else f"{lr:.1e}".replace("e-0", "e-")


def short_loss(loss: float) -> str:
    """Return a loss in four decimals, or in two figures where it is large.

    >>> short_loss(0.5), short_loss(1453.141), short_loss(4.0158e33)
    ('0.5000', '1453.1', '4.0e+33')
    """
    if abs(loss) < 1000:
        return f"{loss:.4f}"
    return f"{loss:.1f}" if abs(loss) < 1e5 else f"{loss:.1e}"


def short_number(value: float) -> str:
    """Return a count with at most four figures, and a letter.

    >>> short_number(999), short_number(12_345), short_number(9_900_000)
    ('999', '12.3k', '9.9M')
    """
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g}{letter}" if value < 1e3 * factor else f"{value:.2e}"
    return f"{value:.0f}"
