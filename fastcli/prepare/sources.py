"""Reading rows of text and labels from files of all kinds, a batch at a time.

Parsing is left to the standard library (csv, json) and pyarrow.  A row that cannot be used is
handed to ``Source.bad`` with its position and the reason; reading continues if that returns.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any

from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.prepare.rows import (
    Batch,
    ColumnIndex,
    Columns,
    Keys,
    Raw,
    all_unicode,
    cell_text,
)
from fastcli.prepare.streams import elements, opened
from fastcli.text.inputs import compression, open_compressed
from fastcli.text.table_rows import BadRow, open_table, row_chunks
from fastcli.text.tables import (
    Location,
    existing,
    find_column,
    has_usual_name,
    is_position,
    is_unicode,
    is_utf16,
    kind_of_name,
    suffix,
)

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
BLANKS = " \t\n\r\v\f\0\xa0\u3000"
NESTED = (dict, list, tuple)
KNOWN = 100_000  # cells of labels that are remembered
_UNDECODED = re.compile("[\ud800-\udfff]")  # what surrogateescape makes of such bytes
_KINDS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
TABLES = ("csv", "tsv", "psv")


Bad = Callable[[Location, str, str], None]
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

        ``on_bytes`` hears how much of the file has been read.  Raises DataError if it cannot
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
            raise DataError(
                f"{path} is not a folder: --format folder needs one, with a subfolder per label."
            )
        if kind == "auto":
            kind = _named_kind(path)
        if kind == "parquet":
            return self._parquet(path, on_bytes)
        return self._file(path, kind, on_bytes)

    # ------------------------------------------------------------------ kinds

    def _file(self, path: str, kind: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        try:
            with opened(path, on_bytes) as raw:
                head = raw.peek(1 << 16) if hasattr(raw, "peek") else b""
                kind = sniffed(head, self.label_prefix) if kind == "auto" else kind
                encoding = self.encoding
                if is_utf16(head) and "16" not in encoding:
                    raise DataError(f"{path} looks like UTF-16: give --encoding utf-16.")
                if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
                    encoding = "utf-8-sig"  # a byte-order mark is not text
                text = io.TextIOWrapper(
                    raw,
                    encoding=encoding,
                    errors="surrogateescape",
                    newline="" if kind in TABLES else "\n",
                )
                if kind in TABLES:
                    yield from self._table(path, text, kind)
                elif kind == "jsonl":
                    yield from self._objects(path, self._json_lines(path, text))
                elif kind == "json":
                    yield from self._objects(path, elements(path, text))
                else:
                    yield from self._fasttext(path, text)
        except OSError as error:
            raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
        except UnicodeError as error:
            raise DataError(f"{path} is not {self.encoding}: {error}. Give --encoding.") from None
        except LookupError:
            raise ArgumentError(f"Unknown encoding: {self.encoding}") from None

    def _table(self, path: str, text: IO[str], kind: str) -> Iterator[Batch]:
        dialect, lines = open_table(text, kind, self.delimiter, self.quotes)
        index: ColumnIndex | None = None
        for chunk in row_chunks(path, lines, dialect):
            if index is None and chunk.rows:
                has_header = self._has_header(chunk.rows[0])
                header = chunk.rows.pop(0) if has_header else None
                index = self._index(path, header, len(header or chunk.rows[0]))
                chunk.lines = chunk.lines[-len(chunk.rows) :] if chunk.rows else []
            if index is not None and chunk.rows:
                raw = index.of(chunk.rows, chunk.lines)
                yield self._batch(path, raw, index.names, chunk.bad)
            else:
                self._say_before(chunk.bad)

    def _json_lines(self, path: str, text: IO[str]) -> Iterator[tuple[int, Any]]:
        """Yield what is on each line, and the line's number."""
        for number, line in enumerate(text, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError) as error:
                    self.bad(Location(path, number, _char(error)), "not valid JSON", line)

    def _objects(self, path: str, numbered: Iterable[tuple[int, Any]]) -> Iterator[Batch]:
        """Yield the rows of objects, each with its place."""
        raw = Raw()
        columns: Keys | None = None
        for number, found in numbered:
            if not isinstance(found, dict):
                shown = json.dumps(found, ensure_ascii=False)
                self.bad(Location(path, number), "not an object", shown)
                continue
            columns = columns or self._keys(path, list(found))
            if self._add_object(path, raw, number, found, columns):
                yield self._batch(path, raw, columns.names)
                raw = Raw()
        if columns:
            yield self._batch(path, raw, columns.names)

    def _parquet(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        try:
            from pyarrow import ArrowException, parquet
        except ModuleNotFoundError:
            raise FastcliError(
                f"{path}: reading Parquet needs pip install 'fastcli[parquet]'."
            ) from None
        except ImportError as error:  # such as a NumPy that is too old for it
            raise FastcliError(f"{path}: pyarrow cannot be loaded: {error}.") from None
        try:
            file = parquet.ParquetFile(path)
            names = file.schema_arrow.names
        except UnicodeDecodeError:
            raise DataError(f"{path} is damaged: it has names that are not UTF-8.") from None
        except (OSError, ArrowException) as error:
            raise DataError(f"{path} cannot be read as Parquet: {error}") from None
        columns = self._keys(path, names)
        columns_read = sorted({*columns.names, *filter(None, [columns.group])})
        size, n_rows = os.path.getsize(path), max(file.metadata.num_rows, 1)

        def rows() -> Iterator[tuple[int, Any]]:
            number = 0
            try:
                for part in file.iter_batches(batch_size=4096, columns=columns_read):
                    on_bytes(size * number // n_rows)
                    for found in part.to_pylist():
                        number += 1
                        yield number, found
            except UnicodeDecodeError:
                raise DataError(f"{path} is damaged: it has text that is not UTF-8.") from None
            except (OSError, ArrowException) as error:
                raise DataError(f"{path} is damaged: {error}") from None

        yield from self._objects(path, rows())

    def _folder(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        """Read a folder of folders: each is a label, each file in it a text."""
        done = 0
        folders = sorted(one for one in Path(path).iterdir() if one.is_dir())
        if not folders:
            raise DataError(f"{path} has no subfolders: one per label is needed.")
        for stray in sorted(Path(path).iterdir()):
            if stray.is_file() and not stray.name.startswith("."):
                self.bad(Location(str(stray), 0), "not in the folder of a label", "")
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
                    self.bad(Location(str(file), 0), f"cannot be opened: {error}", "")
                    continue
                done += len(data)
                try:
                    text = data.removeprefix(b"\xef\xbb\xbf").decode(
                        self.encoding, "surrogateescape"
                    )
                except LookupError:
                    raise ArgumentError(f"Unknown encoding: {self.encoding}") from None
                except UnicodeError:
                    self.bad(Location(str(file), 0), f"bytes that are not {self.encoding}", "")
                    continue
                raw = Raw()
                raw.add(0, (text,), (label,), "")
                yield self._batch(str(file), raw, ())
                on_bytes(done)

    def _fasttext(self, path: str, text: IO[str]) -> Iterator[Batch]:
        raw = Raw()
        for number, line in enumerate(text, 1):
            words = line.split()
            if not words:
                continue
            labels, rest = labels_of(words, self.label_prefix)
            if raw.add(number, (" ".join(rest),), tuple(labels), ""):
                yield self._batch(path, raw, ())
                raw = Raw()
        yield self._batch(path, raw, ())

    # ------------------------------------------------------------------- rows

    def _batch(
        self, path: str, raw: Raw, names: Sequence[str], bad: Sequence[BadRow] = ()
    ) -> Batch:
        """Return the rows that can be used; the others, and ``bad``, are bad, by line."""
        n_text = len(raw.cells[0]) if raw.cells else 1
        if n_text == 1:
            texts = [cells[0] for cells in raw.cells]
        else:
            join = self.columns.join
            texts = [join.join(filter(None, cells)) for cells in raw.cells]
        labels = [self._labels(cells) for cells in raw.labels]
        pending = list(bad)
        cells = "".join([*texts, *raw.groups])
        if all(labels) and is_unicode(cells) and all(map(all_unicode, set(labels))):
            self._say_before(pending)
            return Batch(path, raw.lines, texts, labels, raw.groups)
        batch = Batch(path)
        for i, (text, found) in enumerate(zip(texts, labels, strict=True)):
            self._say_before(pending, raw.lines[i])
            self._add_checked(batch, raw, i, text, found, names)
        self._say_before(pending)
        return batch

    def _say_before(self, pending: list[BadRow], line: int = sys.maxsize) -> None:
        """Hand on the bad rows before a line, and take them off the list."""
        while pending and pending[0][0].line < line:
            self.bad(*pending.pop(0))

    def _add_checked(
        self,
        batch: Batch,
        raw: Raw,
        i: int,
        text: str,
        labels: tuple[str, ...],
        names: Sequence[str],
    ) -> None:
        """Add row i to a batch, or say what is bad about it."""
        line, n_text = raw.lines[i], len(raw.cells[i])
        label_name = names[n_text] if len(names) > n_text else ""
        if not labels:
            self.bad(Location(batch.path, line, label_name), "no label", text)
            return
        if self.bad_bytes == "error":
            wrong = f"bytes that are not {self.encoding}"
            for cell, name in zip(raw.cells[i], names or [""] * n_text, strict=False):
                if not is_unicode(cell):
                    self.bad(Location(batch.path, line, name), wrong, cell)
                    return
            if not is_unicode(raw.groups[i]):
                self.bad(Location(batch.path, line, self.columns.group), wrong, raw.groups[i])
                return
            for label in labels:
                if not is_unicode(label):
                    self.bad(Location(batch.path, line, label_name), wrong, label)
                    return
        batch.lines.append(line)
        batch.texts.append(self._repaired(text))
        batch.labels.append(tuple(map(self._repaired, labels)))
        batch.groups.append(self._repaired(raw.groups[i]))

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

    def _repaired(self, text: str) -> str:
        """Return text with undecoded bytes replaced or dropped."""
        return _UNDECODED.sub("\ufffd" if self.bad_bytes == "replace" else "", text)

    def _add_object(self, path: str, raw: Raw, line: int, found: Any, columns: Keys) -> bool:
        for name in (*columns.text, *columns.label, *filter(None, [columns.group])):
            value = found.get(name, found)
            is_list = isinstance(value, list) and name in columns.label
            nested = [one for one in (value if is_list else [value]) if isinstance(one, NESTED)]
            if name not in found or nested:
                shown = json.dumps(found, ensure_ascii=False, default=str)
                reason = "a list or an object, not text" if name in found else "is missing"
                self.bad(Location(path, line, name), reason, shown)
                return False
        cells = tuple(cell_text(found[name]) for name in columns.text)
        labels = tuple(
            cell_text(one)
            for name in columns.label
            for one in (found[name] if isinstance(found[name], list) else [found[name]])
        )
        group = cell_text(found[columns.group]) if columns.group else ""
        return raw.add(line, cells, labels, group)

    # ---------------------------------------------------------------- columns

    def _has_header(self, row: Sequence[str]) -> bool:
        if self.header is not None:
            return self.header
        asked = (*self.columns.text, *self.columns.label)
        if not asked or not all(map(is_position, asked)):
            return True
        return has_usual_name(row, (*TEXT_NAMES, *LABEL_NAMES))

    def _index(self, path: str, header: list[str] | None, width: int) -> ColumnIndex:
        names = header or [str(i) for i in range(width)]
        has_names = header is not None
        columns = self._chosen(path, names, has_names)

        def found(name: str) -> int:
            return find_column(path, name, names, has_names)

        text, label = tuple(map(found, columns.text)), tuple(map(found, columns.label))
        group = found(columns.group) if columns.group else -1
        return ColumnIndex(text, label, group, tuple(names[i] for i in (*text, *label)))

    def _keys(self, path: str, names: list[str]) -> Keys:
        columns = self._chosen(path, names, True)

        def named(name: str) -> str:
            """Return a name as it is, or that of a position."""
            if name not in names and is_position(name):
                return names[find_column(path, name, names, True)]
            return name

        group = named(columns.group) if columns.group else ""
        return Keys(tuple(map(named, columns.text)), tuple(map(named, columns.label)), group)

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
            there = existing(names, has_names)
            raise ArgumentError(f"{path}: which column? Give {what}. {there}")
        return Columns(text, label, columns.group)


def _named_kind(path: str) -> str:
    return kind_of_name(path) or _KINDS.get(suffix(path), "auto")


def kind_of_input(path: str, prefix: str) -> str:
    """Return the format of an input, "" where that is not known before it is read."""
    if os.path.isdir(path):
        return "folder"
    kind = _named_kind(path)
    if kind != "auto":
        return kind
    if not os.path.isfile(path):
        return ""  # what comes through a pipe can be read only once
    try:
        with opened(path, lambda n: None) as raw:
            return sniffed(raw.peek(1 << 16), prefix)
    except (OSError, EOFError, FastcliError):  # which reading will say
        return ""


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


def _char(error: Exception) -> str:
    return str(error.colno) if isinstance(error, json.JSONDecodeError) else ""
