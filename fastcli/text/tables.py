"""Delimited tables (CSV and its relatives): the rules that every command reads them by.

What separates columns, whether quotes enclose cells, whether the first row is a header, and which
column is meant by a name or a position.  ``table_rows`` reads the rows.
"""

from __future__ import annotations

import csv
import re
import shlex
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.printable import listed, named, nearest, shortened

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = ",;\t|"  # that are looked for; of equally frequent ones the first
KINDS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".psv": "psv"}  # of tables, by file name
DELIMITER_OF_KIND = {"tsv": "\t", "psv": "|"}  # which a name or --format decides
WORDS = {"\\t": "\t", "tab": "\t"}  # for delimiters that are hard to type
QUOTES = ("auto", "yes", "no")
LONGEST_CELL = min(sys.maxsize, 2**31 - 1)  # characters
MIN_ROWS = 3  # by which a file without a table's name can be seen to be one
MOST_DIGITS = 40  # of a position; Python reads no whole numbers of thousands
COMPRESSED = {".gz", ".bz2", ".xz", ".zst"}
BOM = b"\xef\xbb\xbf"
_ENCLOSED = re.compile('"[^"]*"')


@dataclass(frozen=True)
class Location:
    """Where something is: file, line (from 1; 0: all of the file) and column."""

    path: str
    line: int
    column: str = ""

    def __str__(self) -> str:
        found = f"{self.path}:{self.line}" if self.line else self.path
        return f"{found}, column {shortened(self.column)}" if self.column else found


# ---------------------------------------------------------------------- dialects


@dataclass(frozen=True)
class Dialect:
    """How a table is written: what separates columns, and whether quotes enclose cells."""

    delimiter: str = ","
    has_quotes: bool = True

    def rows(self, lines: Iterable[str]) -> Reader:
        """Return the rows of lines, which keep their ends; an enclosed cell may span lines.

        It has ``line_num``, the number of lines read so far.  Raises csv.Error on the way.
        """
        csv.field_size_limit(LONGEST_CELL)
        if self.has_quotes:
            return csv.reader(lines, delimiter=self.delimiter)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line that is a row of its own.

        Raises ValueError if they cannot be told apart.

        >>> Dialect(";").cells('1;"a;b";2')
        ['1', 'a;b', '2']
        """
        text = line.rstrip("\r\n")
        if "\r" in text:
            raise ValueError("a carriage return inside the line")
        if not self.has_quotes or '"' not in text:  # which is faster
            return text.split(self.delimiter) if text else []
        try:
            return next(self.rows([text]), [])
        except csv.Error as error:
            raise ValueError(str(error)) from None


def kind_of_name(path: str) -> str | None:
    """Return ``csv``, ``tsv`` or ``psv``, or None if a file's name is not that of a table.

    >>> kind_of_name("a/b.TSV.gz")
    'tsv'
    """
    return KINDS.get(suffix(path))


def suffix(path: str) -> str:
    """Return a file's last suffix, a compression's aside: ``.csv`` of ``x.csv.gz``."""
    name = Path(path)
    if name.suffix.lower() in COMPRESSED:
        name = name.with_suffix("")
    return name.suffix.lower()


def read_delimiter(text: str) -> str:
    """Return the delimiter that an option gives: a character, or ``tab``; "" for none.

    Raises ArgumentError for what cannot separate columns.
    """
    delimiter = WORDS.get(text, text)
    if delimiter and not is_delimiter(delimiter):
        raise no_delimiter(text)
    return delimiter


def no_delimiter(text: str) -> ArgumentError:
    """Return the error of a text that is given as the delimiter and cannot be one."""
    return ArgumentError(f"--delimiter must be one character (or tab), not {text!r}.")


def is_delimiter(text: str) -> bool:
    """Tell whether a text can separate columns: one character, no quote and no end of a line."""
    return len(text) == 1 and text not in '"\r\n\0'


def shown_delimiter(delimiter: str) -> str:
    """Return a delimiter as text for a sentence.

    >>> shown_delimiter(chr(9)), shown_delimiter(";")
    ('tabs', "';'")
    """
    return "tabs" if delimiter == "\t" else repr(delimiter)


def dialect_of(first: str, kind: str = "csv", delimiter: str = "", quotes: str = "auto") -> Dialect:
    """Return the dialect of a table by its first line.

    The delimiter is the one that is given; else a tab in ``tsv`` and ``|`` in ``psv``, whose names
    say so; else, in ``csv`` whatever its name is, the one of ``DELIMITERS`` that the line has most
    of.  Quotes enclose cells (``yes``) or are text (``no``, and ``auto`` in ``tsv``).
    Raises ArgumentError as ``read_delimiter`` does.
    """
    has_quotes = quotes == "yes" or (quotes == "auto" and kind != "tsv")
    found = read_delimiter(delimiter) or DELIMITER_OF_KIND.get(kind, "")
    return Dialect(found or most_frequent_delimiter(first, has_quotes), has_quotes)


def most_frequent_delimiter(line: str, has_quotes: bool = True) -> str:
    """Return the one of ``DELIMITERS`` that a line has most of, outside quotes if there are such.

    >>> most_frequent_delimiter('"Doe, J, and son";b')
    ';'
    """
    outside = _ENCLOSED.sub("", line) if has_quotes else line
    return max(DELIMITERS, key=outside.count)


def instead_of(delimiter: str, line: str) -> str:
    """Say which delimiter to try where a line has one column only by this one.

    >>> instead_of(";", "a,b"), instead_of(",", "a"), instead_of(",", "a;b")
    ('Try --delimiter ,', 'Give --delimiter.', "Try --delimiter ';'")
    """
    found = most_frequent_delimiter(line)
    if found == delimiter or found not in line:
        return "Give --delimiter."
    return "Try --delimiter " + ("tab" if found == "\t" else shlex.quote(found))


def dialect_like(known: Dialect, line: str, widths: Collection[int]) -> Dialect:
    """Return the dialect of another table with the same columns, by one of its lines.

    It is the known one if the line has one of the widths by it; else the first of ``DELIMITERS``
    by which it has; else the known one, by which the line is wrong.
    """
    for delimiter in dict.fromkeys(known.delimiter + DELIMITERS):
        found = Dialect(delimiter, known.has_quotes)
        try:
            if delimiter in line and len(found.cells(line)) in widths:
                return found
        except ValueError:
            continue
    return known


def looks_like_table(path: str, lines: Sequence[str], delimiter: str = "") -> Dialect | None:
    """Return the dialect of a file that is a table by its name or by its first lines, else None.

    By its lines it is if there are ``MIN_ROWS`` or more that all have equally many columns, two or
    more, by the delimiter of the first line.
    """
    kind = kind_of_name(path)
    if not lines or lines[0].lstrip()[:1] in ("{", "[") or not any(map(str.strip, lines)):
        return None
    dialect = dialect_of(lines[0], kind or "csv", delimiter)
    if kind or delimiter:
        return dialect
    try:
        widths = {len(dialect.cells(line)) for line in lines}
    except ValueError:
        return None
    return dialect if len(lines) >= MIN_ROWS and len(widths) == 1 and min(widths) > 1 else None


# ----------------------------------------------------------------------- headers


def has_usual_name(cells: Sequence[str], usual: Collection[str]) -> bool:
    """Tell whether a cell of the first row is one of the usual names of columns (lower case)."""
    return any(cell.strip().lower() in usual for cell in cells)


def has_words_above_numbers(rows: Sequence[Sequence[str]], label: int) -> bool:
    """Tell whether the first of two rows has a word where the second has a number.

    The label's column (negative: from the end) tells nothing, since labels may be either.
    """
    if len(rows) < 2:
        return False
    pairs = list(zip(rows[0], rows[1], strict=False))
    of_label = label % len(pairs) if pairs else 0
    return any(
        not is_number(above) and is_number(below)
        for i, (above, below) in enumerate(pairs)
        if i != of_label
    )


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number, NaN and infinity included."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


# ----------------------------------------------------------------------- columns


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


# --------------------------------------------------------------------- encodings


def is_utf16(head: bytes) -> bool:
    """Tell whether a file that begins like this has the byte-order mark of UTF-16."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff"))


def decode_lines(block: bytes) -> list[str]:
    """Return the lines of a block of bytes, without their ends; invalid UTF-8 comes through.

    Bytes that cannot be decoded become lone surrogates, as in ``os.fsdecode``.
    """
    lines = block.decode("utf-8", "surrogateescape").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def is_unicode(text: str) -> bool:
    """Tell whether all bytes of a text could be decoded."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
