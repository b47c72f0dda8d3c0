"""Reading the rows of a delimited table, some at a time, despite bad rows among them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import IO

from fastcli.text.tables import Dialect, Location, dialect_of

ROWS = 2048  # of a chunk
CHARS = 1 << 19  # of a chunk, but for its last row

BadRow = tuple[Location, str, str]
"""What cannot be used: where it is, the reason, and its text."""


@dataclass
class Chunk:
    """Rows of equal width, the lines that they begin at, and what was bad among or before them.

    What was bad is sorted by line.  The first chunk begins with the first row that is not empty, be
    it a header.
    """

    rows: list[list[str]]
    lines: list[int]
    bad: list[BadRow] = field(default_factory=list)


def open_table(
    text: IO[str], kind: str, delimiter: str = "", quotes: str = "auto"
) -> tuple[Dialect, Iterator[str]]:
    """Return the dialect of a table, and all its lines with their ends; see ``dialect_of``."""
    first = text.readline()
    return dialect_of(first, kind, delimiter, quotes), chain([first] if first else [], text)


def row_chunks(path: str, lines: Iterator[str], dialect: Dialect) -> Iterator[Chunk]:
    """Yield the rows of a table that have as many columns as the first one, in order.

    Empty lines are not rows.  A row of another width, a quote that is not closed and what the csv
    module refuses are in ``Chunk.bad``.
    """
    ends = _LastLine(lines)
    reader = dialect.rows(ends)
    width = end = 0
    is_over = False
    pending: list[BadRow] = []
    while not is_over:
        rows: list[list[str]] = []
        start, error, size = end + 1, "", 0
        try:
            for row in reader:
                rows.append(row)
                size += sum(map(len, row))
                if len(rows) == ROWS or size > CHARS:
                    break
            else:
                is_over = True
        except csv.Error as found:
            error = str(found)
        chunk = Chunk(rows, lines_of_rows(rows, start, reader.line_num - bool(error)), pending)
        end = reader.line_num
        if rows and rows[-1] and "\n" in rows[-1][-1] and not ends.is_closed:
            place = Location(path, chunk.lines.pop())
            chunk.bad.append((place, "a quote is not closed", rows.pop()[-1]))
        width = width or len(next(filter(None, rows), []))
        if width == 0 or any(len(row) != width for row in rows):
            _keep_width(path, chunk, width, dialect.delimiter)
        pending = [(Location(path, end), error, "")] if error else []
        chunk.bad.sort(key=lambda bad: bad[0].line)
        if chunk.rows or chunk.bad:
            yield chunk
    if pending:
        yield Chunk([], [], pending)


def lines_of_rows(rows: list[list[str]], start: int, end: int) -> list[int]:
    """Return the lines that rows begin at, where they are lines ``start`` to ``end`` of a file."""
    if end - start + 1 == len(rows):
        return list(range(start, end + 1))
    found = []
    for row in rows:
        found.append(start)
        text = "".join(row)
        start += 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
    return found


def _keep_width(path: str, chunk: Chunk, width: int, delimiter: str) -> None:
    """Move rows of another width to the bad ones, and drop empty ones."""
    kept = []
    for row, line in zip(chunk.rows, chunk.lines, strict=True):
        if row and len(row) == width:
            kept.append((row, line))
        elif row:
            reason = f"{len(row)} columns instead of {width}"
            chunk.bad.append((Location(path, line), reason, delimiter.join(row)))
    chunk.rows, chunk.lines = [row for row, _ in kept], [line for _, line in kept]


class _LastLine:
    """Lines, of which the last one that was read is remembered."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._last = lines, ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._last = line
            yield line

    @property
    def is_closed(self) -> bool:
        """Whether the last line ends with a quote."""
        return self._last.rstrip().endswith('"')
