"""Reading rows of text and labels from files of all kinds, a batch at a time.

Parsing is left to the standard library (csv, json) and pyarrow.  A row that cannot be used is
handed to ``Source.bad`` with its place and the reason; reading goes on if that returns.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.text.inputs import compression, open_compressed

FORMATS = ("auto", "csv", "tsv", "json", "jsonl", "parquet", "folder", "fasttext")
BAD_BYTES = ("error", "replace", "drop")
QUOTES = ("auto", "yes", "no")
TEXT_NAMES = ("text", "review", "sentence", "content", "body", "title", "comment", "question")
LABEL_NAMES = (
    "label",
    "labels",
    "category",
    "class",
    "topic",
    "sentiment",
    "tag",
    "tags",
    "target",
)
BATCH_CHARS = 1 << 19
BATCH_ROWS = 20_000
CHUNK = 2048  # rows of a table in a batch
BLANKS = " \t\n\r\v\f\0\xa0\u3000"
NESTED = (dict, list, tuple)
KNOWN = 100_000  # cells of labels that are remembered
_UNDECODED = re.compile("[\ud800-\udfff]")  # what surrogateescape makes of such bytes
_ENDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; names, or positions from 0 (negative ones from the end)."""

    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    group: str = ""
    join: str = " "
    label_separator: str = ""


@dataclass(frozen=True)
class Place:
    """Where something is: file, line (from 1) and column."""

    path: str
    line: int
    column: str = ""

    def __str__(self) -> str:
        found = f"{self.path}:{self.line}" if self.line else self.path
        return f"{found}, column {self.column}" if self.column else found


@dataclass
class Batch:
    """Rows: where they are, their texts, their labels and their groups ("" without any)."""

    path: str
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass
class _Raw:
    """Rows as they are read: cells of text, cells of labels, group."""

    lines: list[int] = field(default_factory=list)
    cells: list[tuple[str, ...]] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, line: int, cells: tuple[str, ...], labels: tuple[str, ...], group: str) -> bool:
        """Add a row; tell whether there are enough for a batch."""
        self.lines.append(line)
        self.cells.append(cells)
        self.labels.append(labels)
        self.groups.append(group)
        self.size += sum(map(len, cells))
        return self.size >= BATCH_CHARS or len(self.lines) >= BATCH_ROWS


Bad = Callable[[Place, str, str], None]
"""Called with the place, the reason and the offending text of a row; may raise DataError."""


@dataclass(frozen=True)
class Source:
    """How inputs are read."""

    columns: Columns
    bad: Bad
    kind: str = "auto"
    delimiter: str = ""
    header: bool | None = None  # None: there is one where columns are named
    encoding: str = "utf-8"
    bad_bytes: str = "error"
    quotes: str = "auto"
    label_prefix: str = "__label__"
    _known: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, init=False)

    def parts(self) -> dict[str, Any]:
        """Return what a source like this one is made of."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    def read(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        """Yield the rows of an input: a file, a folder, or ``-``.

        ``on_bytes`` hears how much of the file has been read.  Raises DataError where it cannot
        be read, and ArgumentError where its columns or format are not known.
        """
        kind = self.kind
        has_columns = not os.path.isdir(path) and kind not in ("folder", "fasttext")
        if self.columns.group and not has_columns:
            raise ArgumentError(f"{path} has no columns, so there is no --group-column.")
        if os.path.isdir(path):
            if kind not in ("auto", "folder"):
                raise DataError(f"{path} is a folder: --format {kind} is for files.")
            return self._folder(path, on_bytes)
        if kind == "folder":
            raise DataError(f"{path} is no folder: --format folder needs one, with one a label.")
        if kind == "auto":
            kind = _ENDS.get(_end(path), "auto")
        if kind == "parquet":
            return self._parquet(path, on_bytes)
        return self._file(path, kind, on_bytes)

    # ------------------------------------------------------------------ kinds

    def _file(self, path: str, kind: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        try:
            with _opened(path, on_bytes) as raw:
                head = raw.peek(1 << 16) if hasattr(raw, "peek") else b""
                kind = sniffed(head, self.label_prefix) if kind == "auto" else kind
                encoding = self.encoding
                if head[:2] in (b"\xff\xfe", b"\xfe\xff") and "16" not in encoding:
                    raise DataError(f"{path} looks like UTF-16: give --encoding utf-16.")
                if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
                    encoding = "utf-8-sig"  # a byte-order mark is no text
                text = io.TextIOWrapper(
                    raw,
                    encoding=encoding,
                    errors="surrogateescape",
                    newline="" if kind in ("csv", "tsv") else "\n",
                )
                if kind in ("csv", "tsv"):
                    yield from self._table(path, text, kind)
                elif kind == "jsonl":
                    yield from self._json_lines(path, text)
                elif kind == "json":
                    yield from self._json(path, text)
                else:
                    yield from self._fasttext(path, text)
        except OSError as error:
            raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
        except UnicodeError as error:
            raise DataError(f"{path} is not {self.encoding}: {error}. Give --encoding.") from None
        except LookupError:
            raise ArgumentError(f"Unknown encoding: {self.encoding}") from None

    def _table(self, path: str, text: IO[str], kind: str) -> Iterator[Batch]:
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        first = text.readline()
        delimiter = self.delimiter or ("\t" if kind == "tsv" else _delimiter(first))
        ends = _LastLine(chain([first] if first else [], text))
        are_text = self.quotes == "no" or (self.quotes == "auto" and kind == "tsv")
        if are_text:
            rows = csv.reader(ends, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        else:
            rows = csv.reader(ends, delimiter=delimiter)
        places = _Places()
        width = end = 0
        is_over = False
        while not is_over:
            chunk: list[list[str]] = []
            start, trouble, size = end + 1, "", 0
            try:
                for row in rows:
                    chunk.append(row)
                    size += sum(map(len, row))
                    if len(chunk) == CHUNK or size > BATCH_CHARS or width == 0:
                        break
                else:
                    is_over = True
            except csv.Error as error:
                trouble = str(error)
            lines = _lines(chunk, start, rows.line_num - bool(trouble))
            end = rows.line_num
            if is_over and chunk and chunk[-1] and "\n" in chunk[-1][-1] and not ends.is_closed:
                self.bad(Place(path, lines[-1]), "a quote is not closed", chunk[-1][-1])
                chunk.pop()
            if width == 0 and chunk and chunk[0]:
                has_header = self._has_header(chunk[0])
                places = self._places(path, chunk[0] if has_header else None, len(chunk[0]))
                width = len(chunk[0])
                chunk = [] if has_header else chunk
            if width == 0:
                chunk = []  # nothing but empty lines so far
            if any(len(row) != width for row in chunk):
                chunk, lines = self._of_width(path, chunk, lines, width, delimiter)
            if chunk:
                yield self._batch(path, places.of(chunk, lines), places.names)
            if trouble:
                self.bad(Place(path, end), trouble, "")

    def _of_width(
        self, path: str, chunk: list[list[str]], lines: list[int], width: int, delimiter: str
    ) -> tuple[list[list[str]], list[int]]:
        """Return the rows that have as many columns as the first; empty lines are no rows."""
        kept = []
        for i, row in enumerate(chunk):
            if len(row) == width:
                kept.append(i)
            elif row:
                reason = f"{len(row)} columns instead of {width}"
                self.bad(Place(path, lines[i]), reason, delimiter.join(row))
        return [chunk[i] for i in kept], [lines[i] for i in kept]

    def _json_lines(self, path: str, text: IO[str]) -> Iterator[Batch]:
        raw = _Raw()
        columns: _Keys | None = None
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:
                self.bad(Place(path, number, _char(error)), "no JSON", line)
                continue
            if not isinstance(found, dict):
                shown = json.dumps(found, ensure_ascii=False)
                self.bad(Place(path, number), "no object", shown)
                continue
            columns = columns or self._keys(path, found)
            if self._add_object(path, raw, number, found, columns):
                yield self._batch(path, raw, columns.names)
                raw = _Raw()
        if columns:
            yield self._batch(path, raw, columns.names)

    def _json(self, path: str, text: IO[str]) -> Iterator[Batch]:
        """Read an array of objects, an element at a time."""
        raw = _Raw()
        columns: _Keys | None = None
        for number, found in _elements(path, text):
            if not isinstance(found, dict):
                shown = json.dumps(found, ensure_ascii=False)
                self.bad(Place(path, number), "no object", shown)
                continue
            columns = columns or self._keys(path, found)
            if self._add_object(path, raw, number, found, columns):
                yield self._batch(path, raw, columns.names)
                raw = _Raw()
        if columns:
            yield self._batch(path, raw, columns.names)

    def _parquet(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        try:
            from pyarrow import ArrowException, parquet
        except ImportError:
            raise FastcliError(
                f"{path}: reading Parquet needs pip install 'fastcli[parquet]'."
            ) from None
        try:
            file = parquet.ParquetFile(path)
        except (OSError, ArrowException) as error:
            raise DataError(f"{path} cannot be read as Parquet: {error}") from None
        names = file.schema_arrow.names
        columns = self._keys(path, dict.fromkeys(names, ""))
        wanted = sorted({*columns.text, *columns.label, *filter(None, [columns.group])})
        number = 0
        raw = _Raw()
        size = os.path.getsize(path)
        parts = iter(file.iter_batches(batch_size=4096, columns=wanted))
        while True:
            try:
                part = next(parts, None)
            except (OSError, ArrowException) as error:
                raise DataError(f"{path} is damaged: {error}") from None
            if part is None:
                break
            for found in part.to_pylist():
                number += 1
                if self._add_object(path, raw, number, found, columns):
                    yield self._batch(path, raw, columns.names)
                    raw = _Raw()
            on_bytes(size * number // max(file.metadata.num_rows, 1))
        yield self._batch(path, raw, columns.names)

    def _folder(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        """Read a folder of folders: each is a label, each file in it a text."""
        done = 0
        folders = sorted(one for one in Path(path).iterdir() if one.is_dir())
        if not folders:
            raise DataError(f"{path} has no folders in it: one for each label is needed.")
        for folder in folders:
            label = folder.name
            for file in sorted(folder.rglob("*")):
                if not file.is_file() or file.name.startswith("."):
                    continue
                try:
                    kind = compression(file)
                    with open_compressed(file, kind) if kind else open(file, "rb") as stream:
                        data = stream.read()
                except OSError as error:
                    self.bad(Place(str(file), 0), f"cannot be opened: {error}", "")
                    continue
                done += len(data)
                try:
                    text = data.removeprefix(b"\xef\xbb\xbf").decode(
                        self.encoding, "surrogateescape"
                    )
                except LookupError:
                    raise ArgumentError(f"Unknown encoding: {self.encoding}") from None
                except UnicodeError:
                    self.bad(Place(str(file), 0), f"bytes that are not {self.encoding}", "")
                    continue
                raw = _Raw()
                raw.add(0, (text,), (label,), "")
                yield self._batch(str(file), raw, ())
                on_bytes(done)

    def _fasttext(self, path: str, text: IO[str]) -> Iterator[Batch]:
        raw = _Raw()
        for number, line in enumerate(text, 1):
            words = line.split()
            if not words:
                continue
            labels, rest = labels_of(words, self.label_prefix)
            if raw.add(number, (" ".join(rest),), tuple(labels), ""):
                yield self._batch(path, raw, ())
                raw = _Raw()
        yield self._batch(path, raw, ())

    # ------------------------------------------------------------------- rows

    def _batch(self, path: str, raw: _Raw, names: Sequence[str]) -> Batch:
        """Return the rows that can be used; the others are bad."""
        n_text = len(raw.cells[0]) if raw.cells else 1
        if n_text == 1:
            texts = [cells[0] for cells in raw.cells]
        else:
            join = self.columns.join
            texts = [join.join(filter(None, cells)) for cells in raw.cells]
        labels = [self._labels(cells) for cells in raw.labels]
        cells = "".join([*texts, *raw.groups])
        if all(labels) and _is_unicode(cells) and all(map(_all_unicode, set(labels))):
            return Batch(path, raw.lines, texts, labels, raw.groups)
        batch = Batch(path)
        for i, (text, found) in enumerate(zip(texts, labels, strict=True)):
            self._add_checked(batch, raw, i, text, found, names)
        return batch

    def _add_checked(
        self,
        batch: Batch,
        raw: _Raw,
        i: int,
        text: str,
        labels: tuple[str, ...],
        names: Sequence[str],
    ) -> None:
        """Add row i to a batch, or say what is bad about it."""
        line, n_text = raw.lines[i], len(raw.cells[i])
        label_name = names[n_text] if len(names) > n_text else ""
        if not labels:
            self.bad(Place(batch.path, line, label_name), "no label", text)
            return
        if self.bad_bytes == "error":
            wrong = f"bytes that are not {self.encoding}"
            for cell, name in zip(raw.cells[i], names or [""] * n_text, strict=False):
                if not _is_unicode(cell):
                    self.bad(Place(batch.path, line, name), wrong, cell)
                    return
            if not _is_unicode(raw.groups[i]):
                self.bad(Place(batch.path, line, self.columns.group), wrong, raw.groups[i])
                return
            for label in labels:
                if not _is_unicode(label):
                    self.bad(Place(batch.path, line, label_name), wrong, label)
                    return
        batch.lines.append(line)
        batch.texts.append(self._mended(text))
        batch.labels.append(tuple(map(self._mended, labels)))
        batch.groups.append(self._mended(raw.groups[i]))

    def _labels(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """Return the labels that cells hold, without spaces around them."""
        found = self._known.get(cells)
        if found is None:
            separator = self.columns.label_separator
            parts = [one for cell in cells for one in cell.split(separator)] if separator else cells
            stripped = (one.strip(BLANKS).removeprefix(self.label_prefix) for one in parts)
            found = tuple(filter(None, stripped))
            if len(self._known) < KNOWN:
                self._known[cells] = found
        return found

    def _mended(self, text: str) -> str:
        """Return text with undecoded bytes replaced or dropped."""
        return _UNDECODED.sub("\ufffd" if self.bad_bytes == "replace" else "", text)

    def _add_object(self, path: str, raw: _Raw, line: int, found: Any, columns: _Keys) -> bool:
        for name in (*columns.text, *columns.label, *filter(None, [columns.group])):
            value = found.get(name, found)
            is_list = isinstance(value, list) and name in columns.label
            nested = [one for one in (value if is_list else [value]) if isinstance(one, NESTED)]
            if name not in found or nested:
                shown = json.dumps(found, ensure_ascii=False, default=str)
                reason = "a list or an object, no text" if name in found else "is not there"
                self.bad(Place(path, line, name), reason, shown)
                return False
        cells = tuple(_cell(found[name]) for name in columns.text)
        labels = tuple(
            _cell(one)
            for name in columns.label
            for one in (found[name] if isinstance(found[name], list) else [found[name]])
        )
        group = _cell(found[columns.group]) if columns.group else ""
        return raw.add(line, cells, labels, group)

    # ---------------------------------------------------------------- columns

    def _has_header(self, row: Sequence[str]) -> bool:
        if self.header is not None:
            return self.header
        asked = (*self.columns.text, *self.columns.label)
        if not asked or not all(map(_is_position, asked)):
            return True
        return any(cell.strip().lower() in (*TEXT_NAMES, *LABEL_NAMES) for cell in row)

    def _places(self, path: str, header: list[str] | None, width: int) -> _Places:
        names = header or [str(i) for i in range(width)]
        columns = self._chosen(path, names, header is not None)
        found = [
            _position(path, name, names, header is not None)
            for name in (*columns.text, *columns.label)
        ]
        group = _position(path, columns.group, names, header is not None) if columns.group else -1
        n = len(columns.text)
        shown = [names[i] for i in found] if header else [str(i) for i in found]
        return _Places(tuple(found[:n]), tuple(found[n:]), group, tuple(shown))

    def _keys(self, path: str, found: Any) -> _Keys:
        names: list[str] = list(found) if isinstance(found, dict) else []
        columns = self._chosen(path, names, True)

        def named(name: str) -> str:
            """Return a name as it is, or that of a position."""
            if name not in names and _is_position(name):
                return names[_position(path, name, names, True)]
            return name

        group = named(columns.group) if columns.group else ""
        return _Keys(tuple(map(named, columns.text)), tuple(map(named, columns.label)), group)

    def _chosen(self, path: str, names: Sequence[str], has_names: bool) -> Columns:
        """Return the columns asked for, or those whose names say what they are."""
        columns = self.columns
        text, label = columns.text, columns.label
        lower = [name.strip().lower() for name in names]
        if not text:
            text = tuple(names[lower.index(name)] for name in TEXT_NAMES if name in lower)[:1]
        if not label:
            label = tuple(names[lower.index(name)] for name in LABEL_NAMES if name in lower)[:1]
        if not text or not label:
            what = "--text-column" if not text else "--label-column"
            shown = ", ".join(names) if has_names else f"0 to {len(names) - 1}"
            raise ArgumentError(f"{path}: which column? Give {what}. There are: {shown}")
        return Columns(text, label, columns.group)


@dataclass(frozen=True)
class _Places:
    text: tuple[int, ...] = ()
    label: tuple[int, ...] = ()
    group: int = -1
    names: tuple[str, ...] = ()  # of the text and label columns

    def of(self, rows: list[list[str]], lines: list[int]) -> _Raw:
        """Return the cells of text, those of labels, and the groups of rows."""
        cells, labels = (
            list(zip(*[map(itemgetter(i), rows) for i in places], strict=True))
            for places in (self.text, self.label)
        )
        groups = [""] * len(rows) if self.group < 0 else [row[self.group] for row in rows]
        return _Raw(lines, cells, labels, groups)


@dataclass(frozen=True)
class _Keys:
    text: tuple[str, ...]
    label: tuple[str, ...]
    group: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the text and label columns."""
        return (*self.text, *self.label)


def labels_of(words: Sequence[str], prefix: str) -> tuple[list[str], list[str]]:
    """Divide a line of fastText into labels, without prefix, and words."""
    labels = [word[len(prefix) :] for word in words if word.startswith(prefix)]
    return labels, [word for word in words if not word.startswith(prefix)]


def sniffed(head: bytes, prefix: str) -> str:
    """Tell the format of a file by how it begins."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return "jsonl"
    if head.startswith(b"["):
        return "json"
    first = head.split(b"\n", 1)[0]
    if any(word.startswith(prefix.encode()) for word in first.split()):
        return "fasttext"
    return "tsv" if b"\t" in first else "csv"


def _opened(path: str, on_bytes: Callable[[int], None]) -> Any:
    if path == "-":
        if sys.stdin is None:
            raise OSError("standard input is closed")
        return io.BufferedReader(_Counted(sys.stdin.buffer, on_bytes), 1 << 20)
    kind = compression(path)
    raw = open(path, "rb", buffering=0)  # noqa: SIM115
    if kind:
        raw.close()
        return open_compressed(path, kind)
    return io.BufferedReader(_Counted(raw, on_bytes), 1 << 20)


class _Counted(io.RawIOBase):
    """A stream that says how many bytes have been read."""

    def __init__(self, stream: Any, on_bytes: Callable[[int], None]) -> None:
        self._stream, self._on_bytes, self._n = stream, on_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = getattr(self._stream, "readinto1", self._stream.readinto)
        n = read(buffer) or 0
        self._n += n
        self._on_bytes(self._n)
        return n

    def close(self) -> None:
        if not self.closed and self._stream is not getattr(sys.stdin, "buffer", None):
            self._stream.close()
        super().close()


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
        return self._last.rstrip("\r\n").endswith('"')


def _end(path: str) -> str:
    name = Path(path)
    if name.suffix in (".gz", ".bz2", ".xz", ".zst"):
        name = name.with_suffix("")
    return name.suffix.lower()


def _delimiter(line: str) -> str:
    return max(",;\t|", key=line.count)


def _lines(rows: list[list[str]], start: int, end: int) -> list[int]:
    """Return the lines that rows begin at, where they are lines ``start`` to ``end`` of a file."""
    if end - start + 1 == len(rows):
        return list(range(start, end + 1))
    found = []
    for row in rows:
        found.append(start)
        text = "".join(row)
        start += 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
    return found


def _is_position(name: str) -> bool:
    digits = name.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _position(path: str, name: str, names: Sequence[str], has_names: bool) -> int:
    if has_names and name in names:
        if list(names).count(name) > 1:
            raise ArgumentError(f"{path} has several columns {name}: give the position.")
        return list(names).index(name)
    if _is_position(name) and -len(names) <= int(name) < len(names):
        return int(name) % len(names)
    shown = ", ".join(names) if has_names else f"0 to {len(names) - 1}"
    raise ArgumentError(f"{path} has no column {name}. There are: {shown}")


def _is_unicode(text: str) -> bool:
    """Tell whether all bytes of a text could be decoded."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _all_unicode(texts: Sequence[str]) -> bool:
    return all(map(_is_unicode, texts))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, float) and math.isnan(value):
        return ""
    return value if isinstance(value, str) else str(value)


def _char(error: Exception) -> str:
    return str(error.colno) if isinstance(error, json.JSONDecodeError) else ""


def _elements(path: str, text: IO[str]) -> Iterator[tuple[int, Any]]:
    """Yield the elements of a JSON array and their lines, without holding all of it."""
    decoder, buffer, at, line, inside, size = json.JSONDecoder(), "", 0, 1, False, 1 << 16
    while True:
        start = at
        while at < len(buffer) and (buffer[at].isspace() or (inside and buffer[at] == ",")):
            at += 1
        line += buffer.count("\n", start, at)
        if at < len(buffer) and not inside:
            if buffer[at] != "[":
                raise DataError(f"{path} is no JSON array of objects; for one a line: jsonl.")
            inside, at = True, at + 1
            continue
        if at < len(buffer) and buffer[at] == "]":
            rest = buffer[at + 1 :].strip()
            while not rest and (more := text.read(size)):
                rest = more.strip()
            if rest:
                raise DataError(f"{path}:{line}: there is more after the array: {rest[:40]!r}.")
            return
        if at < len(buffer):
            try:
                found, end = decoder.raw_decode(buffer, at)
            except RecursionError:
                raise DataError(f"{path}:{line}: the JSON is nested too deeply.") from None
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(buffer) - 64 or error.msg.startswith("Unterminated")
                if not is_cut:
                    shown = buffer[error.pos : error.pos + 40]
                    line += buffer.count("\n", at, error.pos)
                    raise DataError(f"{path}:{line}: no JSON: {shown!r}.") from None
                end = -1
            if 0 <= end < len(buffer):  # a number at the end may go on
                yield line, found
                line += buffer.count("\n", at, end)
                at, size = end, 1 << 16
                continue
        more = text.read(size)
        if not more:
            raise DataError(f"{path}:{line}: the array ends before it is closed.")
        buffer, at, size = buffer[at:] + more, 0, 2 * size
