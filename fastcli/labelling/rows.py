"""Rows of a table that are passed on as they are: their bytes or objects, and their texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fastcli.errors import DataError
from fastcli.labelling.batches import HeldBatches, plain_rows
from fastcli.labelling.names import unique_names
from fastcli.tables.bad_rows import OTHERWISE, BadRows
from fastcli.tables.choice import Choice, Columns, choose_text
from fastcli.tables.delimited import Chunk, Location
from fastcli.tables.dialects import HEAD_ROWS, Dialect, is_unicode
from fastcli.tables.formats import HEAD, TABLES
from fastcli.tables.objects import (
    bounded_lines,
    elements_as_written,
    json_lines,
    objects_as_written,
    open_parquet,
    parquet_batches,
)
from fastcli.tables.reading import Reading
from fastcli.tables.rows import NESTED, joined_text
from fastcli.tables.streams import opened
from fastcli.text.encodings import is_valid_utf8, not_utf8

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 2000  # objects of a block
# A cell that is empty is "" in such a table, as Python's csv module and pandas write it.
BLANK_LINES = "blank lines are not rows (--format text: every line is one)"
LINE = "text"  # the name of the column that lines are
CHARS = 1 << 20  # of their texts


@dataclass
class RowBlock:
    """Some rows: a chunk of a delimited table, a batch of Parquet, or objects.

    Objects have their lines of JSON, if they are some.

    Their texts are a list, or, of a chunk, ``text_lines``: bytes with a line for each.
    """

    strings: list[str] = field(default_factory=list)
    chunk: Chunk | None = None
    dicts: list[dict[str, Any]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # of objects: their lines, or their rows
    batch: Any = None  # of a Parquet file: a pyarrow.Table
    text_lines: NDArray[np.uint8] | None = None
    features: Any = None  # for a model of numbers

    def __len__(self) -> int:
        return self.chunk.n if self.chunk is not None else len(self.strings)

    @property
    def texts(self) -> list[str]:
        """The texts of the rows; a line end inside one is a space where it came from a table."""
        if self.text_lines is None:
            return self.strings
        return self.text_lines.tobytes().decode("utf-8", "surrogateescape").split("\n")[:-1]

    @property
    def places(self) -> list[int]:
        """The lines where the rows begin."""
        return self.chunk.lines if self.chunk is not None else self.numbers

    def cells(self, i: int, names: Sequence[str]) -> dict[str, Any]:
        """Return the fields of a row by the names of its columns."""
        if self.chunk is None:
            return self.objects[i]
        return dict(zip(names, self.chunk.only([i]).table()[0], strict=False))

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The rows as objects, unless they are those of a delimited table."""
        return self.dicts if self.batch is None else plain_rows(self.batch)

    @cached_property
    def table(self) -> list[list[str]]:
        """All cells of a delimited table."""
        return self.chunk.table() if self.chunk is not None else []


@dataclass
class OpenTable:
    """A table that is being read: its format, its columns, and its rows, block by block.

    ``header`` has the bytes of the first row of a delimited table, if that is a header;
    ``preamble`` those before it.
    """

    kind: str
    choice: Choice
    sentence: str
    blocks: Iterator[RowBlock]
    dialect: Dialect | None = None
    header: bytes = b""
    preamble: bytes = b""
    line_end: bytes = b"\n"
    schema: Any = None  # of a Parquet file
    shown: str = ""  # what messages call it

    @property
    def names(self) -> list[str]:
        """The names of all columns, their numbers without a header."""
        return list(self.choice.names)

    @property
    def keys(self) -> list[str]:
        """The names of its rows' fields as objects: unique, as those of JSON are."""
        is_json = self.dialect is None and self.schema is None
        return self.names if is_json else unique_names(self.names)


def open_table(
    path: str,
    reading: Reading,
    columns: Columns,
    bad: BadRows,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> OpenTable:
    """Open a table of texts.

    Raises DataError where it cannot be read, now or when its rows are (unless ``bad`` leaves out
    those that cannot be used), and ArgumentError for columns that are not there or not known.
    """
    kind = reading.kind_by_name(path)
    if kind == "parquet":
        return _parquet(path, columns, bad, on_bytes)
    raw = _opened(path, on_bytes)
    head = raw.peek(HEAD)
    if not bad.skips:
        reading.check_bytes(path, head, OTHERWISE)
    kind = reading.kind_of(path, head, kind)
    if kind in TABLES:
        return _delimited(path, raw, kind, reading, columns, bad)
    if kind == "fasttext":
        raise DataError(
            f"{path} has lines of labels and text, not a table: give --format text if each line is "
            "a text, or --format csv."
        )
    if kind == "jsonl" and reading.is_utf8:
        found: Iterator[Found] = objects_as_written(path, raw, bad)
    elif kind == "json":
        found = elements_as_written(path, reading.text(raw))
    else:
        found = (
            (i, one, b"")
            for i, one in json_lines(path, bounded_lines(path, reading.text(raw)), bad)
        )
    return _objects(path, _closing(raw, found), columns, kind, reading, bad)


def open_lines(
    path: str,
    columns: Columns,
    reading: Reading,
    bad: BadRows,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> OpenTable:
    """Open a file of lines as a table of one column, ``text``; a blank line is a row, too.

    Raises what ``open_table`` does.
    """
    choice = choose_text(path, columns, [LINE], True)
    raw = _opened(path, on_bytes)
    if not bad.skips:
        reading.check_bytes(path, raw.peek(HEAD), OTHERWISE)
    lines = enumerate(reading.text(raw), 1)
    found = ((i, {LINE: line.removesuffix("\n").removesuffix("\r")}, b"") for i, line in lines)
    blocks = _blocks(path, _closing(raw, found), choice, "", reading, bad)
    return OpenTable("csv", choice, f"{path}: each line is a text", blocks)


def _opened(path: str, on_bytes: Callable[[int], None]) -> Any:
    """Open a file.  Raises DataError where it cannot be."""
    try:
        return opened(path, on_bytes)
    except OSError as error:
        raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None


# ------------------------------------------------------------------ delimited


def open_numbers(
    path: str,
    reading: Reading,
    model: ReadsNumbers,
    bad: BadRows,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> OpenTable:
    """Open a delimited table of numbers, whose columns a model finds; as ``open_table``."""
    raw = _opened(path, on_bytes)
    kind = reading.kind_by_name(path)
    return _delimited(path, raw, kind if kind in TABLES else "csv", reading, Columns(), bad, model)


class ReadsNumbers(Protocol):
    """A model of tables of numbers."""

    def numbers_of(
        self, path: str, head: list[list[str]], bad: BadRows
    ) -> tuple[bool, str, Callable[[Chunk], tuple[Any, Chunk]]]:
        """Return what reads the rows of a file that begins with ``head``.

        Whether the first row is a header, a sentence on the columns, and the function from rows to
        what the model predicts and the rows that are predicted; ``bad`` is given the others.
        Raises ArgumentError or DataError for columns that are missing.
        """


def _delimited(
    path: str,
    raw: Any,
    kind: str,
    reading: Reading,
    columns: Columns,
    bad: BadRows,
    model: ReadsNumbers | None = None,
) -> OpenTable:
    table = reading.delimited(path, raw, kind)
    for one in [] if bad.skips else table.head.bad:
        bad(*one)
    head = table.head.table()
    if not head:
        raise DataError(f"{path} is empty: there is no row.")
    numbers: Callable[[Chunk], tuple[Any, Chunk]] | None = None
    if model is not None:
        has_names, sentence, numbers = model.numbers_of(path, head, bad)
    else:
        has_names = reading.has_header(columns, head)
    names = head[0] if has_names else [str(i) for i in range(len(head[0]))]
    if model is not None:
        choice = Choice(tuple(names), (), (), -1, has_names)
    else:
        choice = choose_text(path, columns, names, has_names)
        header = "header" if has_names else "no header"
        remarks = [", ".join(filter(None, [header, table.dialect.remark(kind)]))]
        if len(names) == 1:
            remarks.append(BLANK_LINES)
        sentence = choice.sentence(path, remarks, False)
    first = table.head.split.row(int(table.head.rows[0]))
    after = table.head.split.ends[table.head.rows[0]]
    ends = table.head.split.text[after : after + 2].tobytes()
    line_end = b"\r\n" if ends == b"\r\n" else b"\r" if ends[:1] == b"\r" else b"\n"

    def blocks() -> Iterator[RowBlock]:
        is_first = True
        with raw:
            for chunk in table.chunks():
                for one in chunk.bad:
                    bad(*one)
                if is_first and chunk.n:
                    chunk = chunk.without_first() if has_names else chunk
                    is_first = False
                if chunk.n and numbers is not None:
                    features, chunk = numbers(chunk)
                    if chunk.n:
                        yield RowBlock(chunk=chunk, features=features)
                elif chunk.n:
                    block = _text_block(path, chunk, choice, columns.join, reading, bad)
                    if len(block):
                        yield block

    return OpenTable(
        kind,
        choice,
        sentence,
        blocks(),
        table.dialect,
        first if has_names else b"",
        table.preamble,
        line_end,
    )


def _text_block(
    path: str, chunk: Chunk, choice: Choice, join: str, reading: Reading, bad: BadRows
) -> RowBlock:
    """Return the rows of a chunk with their texts; bytes that are not UTF-8 are seen to."""
    lines, size = chunk.lines_of(choice.text, join)
    if is_valid_utf8(lines[:size].tobytes()):
        return RowBlock(chunk=chunk, text_lines=lines[:size])
    texts = chunk.texts(choice.text, join)
    kept = _decoded(path, chunk.lines, texts, choice, reading, bad)
    found = "\n".join([*(texts[i] for i in kept), ""]).encode()
    return RowBlock(chunk=chunk.only(kept), text_lines=np.frombuffer(found, np.uint8))


def _decoded(
    path: str,
    lines: Sequence[int],
    texts: list[str],
    choice: Choice,
    reading: Reading,
    bad: BadRows,
) -> list[int]:
    """Return which rows can be used, and repair their texts, where some have undecoded bytes."""
    kept = []
    for i, text in enumerate(texts):
        if not is_unicode(text):
            place = Location(path, lines[i], ", ".join(choice.text_names))
            if reading.bad_bytes != "error":
                texts[i] = reading.repaired(text)
            elif bad.skips or not reading.is_utf8:
                bad(place, f"bytes that are not {reading.encoding}", text)
                continue
            else:
                sample = "\n".join(texts[i:]).encode("utf-8", "surrogateescape")
                raise DataError(not_utf8(str(place), "", sample, otherwise=OTHERWISE))
        kept.append(i)
    return kept


# -------------------------------------------------------------------- objects

Found = tuple[int, Any, bytes]
"""The line of an object, the object, and its line of JSON, if it is one."""


def _closing(raw: Any, found: Iterator[Found]) -> Iterator[Found]:
    """Yield what is found, and close the file at the end."""
    with raw:
        yield from found


def _objects(
    path: str,
    found: Iterator[Found],
    columns: Columns,
    kind: str,
    reading: Reading,
    bad: BadRows,
) -> OpenTable:
    first = list(islice(found, HEAD_ROWS))
    objects = [one for _, one, _ in first if isinstance(one, dict)]
    names = list(dict.fromkeys(chain.from_iterable(objects)))
    if not objects:
        for _ in _blocks(path, iter(first), Choice((), (), (), -1, True), "", reading, bad):
            pass  # which says what is wrong with them
        raise DataError(f"{path} is empty: there is no row.")
    choice = choose_text(path, columns, names, True)
    blocks = _blocks(path, chain(first, found), choice, columns.join, reading, bad)
    return OpenTable(kind, choice, choice.sentence(path, [""], False), blocks)


def _blocks(
    path: str, found: Iterator[Found], choice: Choice, join: str, reading: Reading, bad: BadRows
) -> Iterator[RowBlock]:
    """Yield objects as blocks; those that cannot be used are bad."""
    names = choice.text_names
    block, size = RowBlock(), 0
    for number, one, line in found:
        if not isinstance(one, dict) or any(isinstance(one.get(name), NESTED) for name in names):
            is_object = isinstance(one, dict)
            reason = "a text is a list or an object" if is_object else "not an object"
            bad(Location(path, number), reason, json.dumps(one, default=str))
            continue
        text = joined_text(one, names, join)
        block.strings.append(text)
        block.dicts.append(one)
        block.lines.append(line)
        block.numbers.append(number)
        size += len(text)
        if len(block) >= AT_ONCE or size >= CHARS:
            yield from _checked(path, block, choice, reading, bad)
            block, size = RowBlock(), 0
    yield from _checked(path, block, choice, reading, bad)


def _checked(
    path: str,
    block: RowBlock,
    choice: Choice,
    reading: Reading,
    bad: BadRows,
) -> Iterator[RowBlock]:
    """Yield a block of objects, if any; texts with undecoded bytes are bad, or repaired."""
    if not is_unicode("".join(block.strings)):
        kept = _decoded(path, block.numbers, block.strings, choice, reading, bad)
        block = RowBlock(
            strings=[block.strings[i] for i in kept],
            dicts=[block.dicts[i] for i in kept],
            lines=[block.lines[i] for i in kept],
            numbers=[block.numbers[i] for i in kept],
        )
    if len(block):
        yield block


def _parquet(
    path: str, columns: Columns, bad: BadRows, on_bytes: Callable[[int], None]
) -> OpenTable:
    file, schema = open_parquet(path)
    choice = choose_text(path, columns, schema.names, True)
    # Only texts are made objects; the rows themselves stay as Arrow has them.
    names = unique_names(schema.names)
    texts = replace(choice, names=tuple(names))
    held = HeldBatches(parquet_batches(path, file, on_bytes))

    def blocks() -> Iterator[RowBlock]:
        found = ((number, one, b"") for number, one in held.rows(texts.text))
        for block in _blocks(path, found, texts, columns.join, Reading(), bad):
            yield replace(block, dicts=[], batch=held.take(block.numbers))

    sentence = choice.sentence(path, [""], False)
    return OpenTable("parquet", choice, sentence, blocks(), schema=schema)
