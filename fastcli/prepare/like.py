"""Preparing new data as a recipe says: lines as they are, tables by the columns it records.

A line is written for each line or row, so that they correspond: an empty one for a row without
text.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.overwriting import STREAM
from fastcli.prepare.belongings import LABELS
from fastcli.prepare.learned_labels import LearnedLabels, recorded_rules
from fastcli.prepare.lines import Heads, gathered, line_bounds
from fastcli.prepare.recipe import Recipe, read_notes
from fastcli.prepare.recorded import Recorded, recorded_columns
from fastcli.prepare.relabel import LabelRules
from fastcli.printable import excerpt
from fastcli.schema import SchemaError, build
from fastcli.tables.choice import Columns
from fastcli.tables.columns import is_position
from fastcli.tables.delimited import OPEN_QUOTE, TEXT_AFTER_QUOTE, Location
from fastcli.tables.dialects import DELIMITER_OF_KIND, DELIMITERS
from fastcli.tables.formats import are_objects, has_prefix, is_parquet, named_kind
from fastcli.tables.formats import head_of as head_of  # beside what takes a head
from fastcli.tables.reading import Reading
from fastcli.tables.rows import Batch
from fastcli.tables.sources import Source
from fastcli.text.inputs import line_blocks

LINES = "fasttext"  # the format of lines, with labels in front or without
OBJECTS = ("json", "jsonl")
_ARRAY = re.compile(rb'\[\s*\{\s*"')
_QUOTES = " Or, if quotes are text, give --quotes no."


@dataclass(frozen=True, kw_only=True)
class Like:
    """A recipe, how the data it was made from were read, and what became of their labels.

    ``rare`` are labels that ``rules.minimum`` took away; ``tokens`` has what stands for a label.
    """

    recipe: Recipe
    recorded: Recorded = field(default_factory=Recorded)
    rules: LabelRules = field(default_factory=LabelRules)
    bad_bytes: str = "error"
    rare: frozenset[str] = frozenset()
    tokens: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_of_objects(self) -> bool:
        """Whether the recipe was made from JSON."""
        return self.recorded.format in OBJECTS


def read_like(path: str) -> Like:
    """Read a ``prepare.json``, and the names of labels beside it.  Raises DataError."""
    recipe, notes = read_notes(path)
    columns, labels = notes.get("columns", {}), notes.get("labels", {})
    try:
        recorded = recorded_columns(columns)
        rules, rare = recorded_rules(labels)
        inputs = build(tuple[str, ...], notes.get("input", []), "input")
        bad_bytes = build(str, notes.get("bad_bytes", "error"), "bad_bytes")
    except SchemaError as error:
        raise DataError(f"{path} is damaged: {error}.") from None
    except ArgumentError as error:
        raise DataError(f"{path} is damaged: {error}") from None
    if not recorded.format and inputs:  # of a version that did not record it
        recorded = replace(recorded, format=named_kind(inputs[0]))
    return Like(
        recipe=recipe,
        recorded=recorded,
        rules=rules,
        bad_bytes=bad_bytes,
        rare=rare,
        tokens=_read_tokens(Path(path).parent / LABELS),
    )


def _read_tokens(path: Path) -> dict[str, str]:
    """Return the token of each label, by a ``labels.json``; none where there is no such file."""
    try:
        found = build(dict[str, str], json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # SchemaError is a ValueError
        raise DataError(f"{path} cannot be read as names of labels: {error}") from None
    return {label: token for token, label in found.items()}


# ------------------------------------------------------------------ what an input is


def kind_to_read(path: str, asked: str, like: Like, head: bytes) -> str:
    """Return the format of an input that begins with ``head``; ``LINES`` unless it is a table.

    ``asked`` is what --format gives.  By its name a file is a table unless it begins with a label;
    by content where it surely holds JSON or Parquet, or has the header that was recorded.  Standard
    input is lines, unless it holds JSON and the recipe was made from it.
    """
    if os.path.isdir(path):
        return asked
    if asked != "auto":
        return asked
    if path == STREAM:
        found = table_kind(head, like)
        return found if like.is_of_objects and found in OBJECTS else LINES
    if is_parquet(path):
        return "parquet"
    named = named_kind(path)
    if has_prefix(head, like.recipe.label):
        return LINES
    if named != "auto":
        return named
    return table_kind(head, like) or LINES


def table_kind(head: bytes, like: Like) -> str:
    """Return the format of what surely is a table whatever its name, else ""."""
    if are_objects(head):
        return "jsonl"
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _ARRAY.match(head):
        return "json"
    names = like.recorded.text
    if not names or not like.recorded.header or all(map(is_position, names)):
        return ""
    first = _first_line(head)
    for delimiter in DELIMITERS:
        cells = [cell.strip().strip('"') for cell in first.split(delimiter)]
        if len(cells) > 1 and set(names) <= set(cells):
            return "tsv" if delimiter == "\t" else "csv"
    return ""


def delimiter_like(recorded: Recorded, kind: str, head: bytes) -> str:
    """Return the delimiter that was recorded, where it is that of a table of the same format.

    It is where the first line has it, and where that is a column alone.
    """
    if kind != recorded.format:
        return ""
    first = _first_line(head)
    is_alone = not recorded.header and kind in DELIMITER_OF_KIND
    is_alone = is_alone or first.strip().strip('"') in recorded.text
    return recorded.delimiter if recorded.delimiter in first or is_alone else ""


def _first_line(head: bytes) -> str:
    lines = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines()
    return lines[0].decode("utf-8", "replace") if lines else ""


# ------------------------------------------------------------------ tables


class RowFilter:
    """Writes a line for each row of tables.

    ``columns`` are those to look for; with ``may_lack_labels`` a table without them has no labels.
    """

    def __init__(
        self,
        like: Like,
        columns: Columns,
        reading: Reading,
        may_lack_labels: bool,
        say: Callable[[str], None],
    ) -> None:
        self._recipe, self._recorded, self._say = like.recipe, like.recorded, say
        self._reading, self._delimiter = reading, reading.delimiter
        self._source = Source(
            columns,
            _bad,
            reading,
            say=say,
            keeps_all=True,
            may_lack_labels=may_lack_labels,
        )
        self._tokens = LearnedLabels(like.recipe.label, like.rules, like.rare, like.tokens)

    def read(
        self, path: str, write: Callable[[bytes], None], kind: str, stream: Any = None
    ) -> None:
        """Write the lines of an input of some format, or of an open stream.

        Raises DataError for a row that cannot be read.
        """
        source, named = self._source, named_kind(path) if kind == "auto" else kind
        delimiter = self._delimiter or delimiter_like(self._recorded, named, head_of(path))
        reading = self._recorded.applied_to(self._reading, named)
        source.reading = replace(reading, kind=kind, delimiter=delimiter)
        batches = source.read(path, _ignore) if stream is None else None
        n = n_empty = 0
        for batch in batches or source.read_stream(path, stream, kind):
            lines, empty = self._lines(batch)
            n, n_empty = n + len(batch.lines), n_empty + empty
            write(lines)
        if n_empty:
            verb = "has" if n_empty == 1 else "have"
            self._say(f"{path}: {n_empty:,} of {n:,} rows {verb} no text: an empty line for each.")

    def finish(self) -> None:
        """Check what only all rows show."""
        self._source.finish()

    def _lines(self, batch: Batch) -> tuple[bytes, int]:
        """Return the lines of rows, and how many are empty."""
        data = self._recipe.apply_to_bytes(batch.texts)
        bounds = line_bounds(data)
        is_empty = np.diff(bounds) == 1
        numbers: dict[tuple[str, ...], int] = {(): 0}
        of = np.array([numbers.setdefault(x, len(numbers)) for x in batch.labels], np.int64)
        of[is_empty] = 0
        heads = [" ".join([*self._tokens.of(labels), ""]).encode() for labels in numbers]
        order = np.arange(len(of))
        return gathered(data, bounds, order, Heads(heads, of)), int(is_empty.sum())


def _ignore(n_bytes: int) -> None:
    """Take no notice of how much has been read."""


def _bad(place: Location, reason: str, text: str) -> None:
    what = f": {shown!r}" if (shown := excerpt(text)) else ""
    quotes = _QUOTES if reason in (TEXT_AFTER_QUOTE, OPEN_QUOTE) else ""
    raise DataError(f"{place}: {reason}{what}. Fix it: every row must produce one line.{quotes}")


# ------------------------------------------------------------------ streams


class Joined(io.RawIOBase):
    """Blocks of bytes as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._left = blocks, b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is left of a block, or of the next one."""
        self._left = self._left or next(self._blocks, b"")
        n = min(len(buffer), len(self._left))
        buffer[:n], self._left = self._left[:n], self._left[n:]
        return n


def in_utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield text of another encoding as UTF-8, in blocks of whole lines."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")

    def pieces() -> Iterator[bytes]:
        for block in blocks:
            yield decoder.decode(block).encode("utf-8", "surrogateescape")
        yield decoder.decode(b"", True).encode("utf-8", "surrogateescape")

    for block in line_blocks(io.BufferedReader(Joined(filter(None, pieces())), 1 << 20)):
        yield block.tobytes()
