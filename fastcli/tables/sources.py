"""Reading rows of text and labels from files of all kinds, a batch at a time.

A row that cannot be used is handed to ``Source.bad`` with its position and the reason; reading
continues if that returns.  What is decided about a file (its header, its columns) goes to
``Source.say``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from fastcli.errors import ArgumentError, DataError
from fastcli.overwriting import STREAM
from fastcli.printable import listed
from fastcli.tables.bad_rows import OTHERWISE
from fastcli.tables.choice import Choice, Columns, choose, shown_columns
from fastcli.tables.delimited import BadRow, Chunk, Delimited, Location
from fastcli.tables.dialects import (
    HEAD_ROWS,
    is_unicode,
)
from fastcli.tables.formats import (
    HEAD,
    TABLES,
    folder_of,
    label_of_name,
)
from fastcli.tables.formats import kind_of_input as kind_of_input  # as it is asked for from here
from fastcli.tables.labels import BadLabel, LabelReader, no_label_sentence
from fastcli.tables.objects import Bad, bounded_lines, elements, json_lines, parquet_rows
from fastcli.tables.reading import Reading
from fastcli.tables.rows import NESTED, Batch, Raw, all_unicode, joined_text, value_text
from fastcli.tables.streams import opened
from fastcli.text.encodings import not_utf8
from fastcli.text.inputs import compression, open_compressed

NO_LABEL = "no label"
NO_TARGET = "no target"
ALL_ROWS = "Or take them out with --bad-bytes replace."


def _ignore(sentence: str) -> None:
    """Ignore what is said."""


@dataclass
class Source:
    """How inputs are read.

    With ``needs_labels`` a label column must be known.  Unless ``skips_bad`` rows without a label
    are counted to the end of their file before that is an error.  With ``keeps_all`` those without
    text or labels are rows, too; with ``may_lack_labels`` files without the label columns have
    none.
    """

    columns: Columns
    bad: Bad
    reading: Reading = field(default_factory=Reading)
    needs_labels: bool = False
    skips_bad: bool = False
    allows_unlabelled: bool = False  # rows without a label are passed on
    say: Callable[[str], None] = _ignore
    keeps_all: bool = False
    may_lack_labels: bool = False
    weight_prefix: str = ""  # of tokens of lines, which may stand before labels, too
    record: dict[str, Any] = field(default_factory=dict, init=False)  # what was decided, as JSON
    kind: str = field(default="", init=False)  # the format of the file that is being read
    _delimiter: str = field(default="", init=False)  # of that file, if it is a table
    _reader: LabelReader | None = field(default=None, init=False)
    _said: set[str] = field(default_factory=set, init=False)
    _first_unlabelled: Location | None = field(default=None, init=False)
    _n_rows: int = field(default=0, init=False)  # of the file that is being read
    _n_unlabelled: int = field(default=0, init=False)
    _label_from: str = field(default="column", init=False)  # of the file that is being read
    _label: str = field(default="", init=False)  # that its name or its folder gives to all rows
    _names: dict[str, None] = field(default_factory=dict, init=False)  # of tables without labels

    def parts(self) -> dict[str, Any]:
        """Return what a source like this one is made of."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    def read(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        """Yield the rows of an input: a file, a folder, or ``-``.

        ``on_bytes`` hears how much of the file has been read.  Raises DataError if it cannot
        be read, and ArgumentError where its columns or format are not known.
        """
        self._begin()
        for batch in self._read(path, on_bytes):
            if self._first_unlabelled is None:
                yield batch
        if (place := self._first_unlabelled) is not None:
            kind = self._reader.kind if self._reader else ""
            kind = "targets" if self.reading.labels.are_targets else kind
            raise DataError(no_label_sentence(str(place), self._n_unlabelled, self._n_rows, kind))

    def _begin(self) -> None:
        self._first_unlabelled, self._n_rows, self._n_unlabelled = None, 0, 0

    def finish(self) -> None:
        """Check what only all rows show; to be called when all inputs have been read."""
        if self._reader is not None:
            self.record["labels_as"] = self._reader.labels_as
            if self.reading.labels.are_targets:
                self.record["targets"] = True
            self._check_separators(self._reader)
        if len(self._names) > 1 and not self.record.get("label") and not self.keeps_all:
            self.say(
                "No table has a label column: --label-from file makes labels of the names "
                f"({listed(list(self._names))})."
            )

    def read_stream(self, path: str, stream: IO[bytes], kind: str) -> Iterator[Batch]:
        """Yield the rows of an open stream of some format, which has ``path`` as its name."""
        self._begin()
        self._begin_file(path)
        yield from self._stream(path, stream, kind)

    def _check_separators(self, reader: LabelReader) -> None:
        """Raise ArgumentError for cells of several labels; say once that there may be such."""
        note = reader.check_separators()
        if note and reader.path not in self._said:
            self.say(note)
            self._said.add(reader.path)

    def _read(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        kind = self.reading.kind
        if os.path.isdir(path):
            return self._folder(path, on_bytes)
        if kind == "folder":
            raise DataError(
                f"{path} is not a folder: --format folder needs one, with a subfolder per label."
            )
        if kind == "fasttext":
            self._check_group(path)
        self._begin_file(path)
        return self._one(path, on_bytes)

    def _check_group(self, path: str) -> None:
        if self.columns.beside:
            option = "--group-column" if self.columns.group else "--weight-column"
            raise ArgumentError(f"{path} has no columns, so there is no {option}.")

    def _begin_file(self, path: str) -> None:
        """Note which label the name or the folder of a file gives to its rows."""
        self._label_from, self._label = self.columns.label_from, ""
        if self._label_from == "column":
            return
        if path == STREAM:
            raise ArgumentError(
                f"Standard input has no name: --label-from {self._label_from} needs files."
            )
        is_file = self._label_from == "file"
        self._label = label_of_name(path) if is_file else Path(path).resolve().parent.name

    def _one(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        """Yield the rows of a file."""
        kind = self.reading.kind_by_name(path)
        if kind == "parquet":
            return self._parquet(path, on_bytes)
        return self._file(path, kind, on_bytes)

    # ------------------------------------------------------------------ kinds

    def _file(self, path: str, kind: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        try:
            with opened(path, on_bytes) as raw:
                yield from self._stream(path, raw, kind)
        except OSError as error:
            raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
        except UnicodeError as error:
            raise DataError(
                f"{path} is not {self.reading.encoding}: {error}. Give --encoding."
            ) from None

    def _stream(self, path: str, raw: Any, kind: str) -> Iterator[Batch]:
        """Yield the rows of an open file; ``auto``: by how it begins."""
        reading = self.reading
        head = raw.peek(HEAD) if hasattr(raw, "peek") else b""
        if not self.skips_bad:
            reading.check_bytes(path, head, ALL_ROWS if self.keeps_all else OTHERWISE)
        kind = reading.kind_of(path, head, kind)
        self.kind, self._delimiter = kind, ""
        if kind in TABLES:
            yield from self._table(path, reading.delimited(path, raw, kind), kind)
        elif kind == "jsonl":
            lines: IO[Any] = raw if reading.is_utf8 else reading.text(raw)
            found = json_lines(path, bounded_lines(path, lines), self.bad)
            yield from self._objects(path, found)
        elif kind == "json":
            yield from self._objects(path, elements(path, reading.text(raw)))
        else:
            if self.columns.text or self.columns.label:
                self.say(f"{path}: read as lines of labels and text, which have no columns.")
            self._check_group(path)
            yield from self._fasttext(path, reading.text(raw))

    def _table(self, path: str, table: Delimited, kind: str) -> Iterator[Batch]:
        self._delimiter = table.dialect.delimiter
        choice: Choice | None = None
        n_repeated = 0
        for chunk in table.chunks():
            if choice is None and chunk.n:
                head = table.head.table()
                has_names = self.reading.has_header(self.columns, head)
                names = head[0] if has_names else [str(i) for i in range(len(head[0]))]
                choice = self._choose(path, names, has_names)
                remark = table.dialect.remark(kind)
                header = "header" if has_names else "no header"
                remarks = [", ".join(filter(None, [header, remark]))]
                chunk = chunk.without_first() if has_names else chunk
                chunk, n_repeated = _without_headers(chunk, choice)
                raw = self._cells(chunk, choice)
                self._decide(path, choice, raw.labels, remarks)
            elif choice is not None and chunk.n:
                chunk, n = _without_headers(chunk, choice)
                n_repeated += n
                raw = self._cells(chunk, choice)
            else:
                raw = Raw()
            if choice is not None and raw.lines:
                yield self._batch(path, raw, choice, chunk.bad)
            else:
                self._say_before(list(chunk.bad))
        if n_repeated:
            rows = "1 row repeats" if n_repeated == 1 else f"{n_repeated:,} rows repeat"
            self.say(f"{path}: {rows} the header: left out.")

    def _cells(self, chunk: Chunk, choice: Choice) -> Raw:
        """Return the texts, the cells of labels and the groups of a chunk's rows."""
        columns = [chunk.column(i) for i in choice.label]
        labels = list(zip(*columns, strict=True)) if columns else [()] * chunk.n
        groups = [""] * chunk.n if choice.group < 0 else chunk.column(choice.group)
        return Raw(chunk.lines, chunk.texts(choice.text, self.columns.join), labels, groups)

    def _objects(
        self,
        path: str,
        numbered: Iterable[tuple[int, Any]],
        choice: Choice | None = None,
        class_names: dict[str, list[str]] | None = None,
    ) -> Iterator[Batch]:
        """Yield the rows of objects, each with its place; the first one shows their columns."""
        raw, is_decided = Raw(), False
        numbered = iter(numbered)
        first = list(islice(numbered, HEAD_ROWS))
        objects = [found for _, found in first if isinstance(found, dict)]
        if choice is None and objects:
            names = list(dict.fromkeys(chain.from_iterable(objects)))
            choice = self._choose(path, names)
        for number, found in chain(first, numbered, [(0, None)]):
            if number == 0:
                is_full = bool(raw.lines)
            elif isinstance(found, dict):
                choice = choice or self._choose(path, list(found))
                is_full = self._add_object(path, raw, number, found, choice)
            else:
                shown = json.dumps(found, ensure_ascii=False, default=str)
                self.bad(Location(path, number), "not an object", shown)
                continue
            if is_full and choice is not None:
                if not is_decided:
                    self._decide(path, choice, raw.labels, [""], class_names)
                is_decided = True
                yield self._batch(path, raw, choice)
                raw = Raw()

    def _parquet(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        names, class_names, rows = parquet_rows(path, on_bytes)
        self.kind, self._delimiter = "parquet", ""
        choice = self._choose(path, names)
        group = [names[choice.group]] if choice.group >= 0 else []
        read = sorted({*choice.text_names, *choice.label_names, *group})
        yield from self._objects(path, rows(read), choice, class_names)

    def _folder(self, path: str, on_bytes: Callable[[int], None]) -> Iterator[Batch]:
        """Read a folder of folders, each a label: its files are tables, or each is a text."""
        done = 0
        columns = self.columns
        folder = folder_of(path, self.reading.kind, columns.label_from)
        if not folder.are_tables:
            self._check_group(path)
        for stray in folder.strays:
            self.bad(Location(str(stray), 0), "not in the folder of a label", "")
        self._label_from = "folder" if columns.label_from == "column" else columns.label_from
        if not folder.are_tables:
            self.say(f"{path}: each file is a text; label: the name of the {self._label_from}")
        for label, file in folder.files:
            self._label = label
            if columns.label and folder.are_tables:  # which are asked for
                self._label_from = "column"
            if folder.are_tables:
                yield from self._one(str(file), partial(_read_to, on_bytes, done))
            elif (text := self._text_of(file)) is not None:
                yield self._checked(str(file), Raw([0], [text], [()], [""]), [(label,)])
            done += os.path.getsize(file) if file.is_file() else 0
            on_bytes(done)

    def _text_of(self, file: Path) -> str | None:
        """Return all of a file as text; None, once that is handed on, where it cannot be read."""
        encoding = self.reading.encoding
        try:
            kind = compression(file)
            with open_compressed(file, kind) if kind else open(file, "rb") as stream:
                data = stream.read()
        except OSError as error:
            self.bad(Location(str(file), 0), f"cannot be opened: {error}", "")
            return None
        try:
            return data.removeprefix(b"\xef\xbb\xbf").decode(encoding, "surrogateescape")
        except UnicodeError:
            self.bad(Location(str(file), 0), f"bytes that are not {encoding}", "")
            return None

    def _fasttext(self, path: str, text: IO[str]) -> Iterator[Batch]:
        raw, prefix = Raw(), self.reading.labels.prefix
        for number, line in enumerate(text, 1):
            words = line.split()
            if not words:
                continue
            if self.weight_prefix and self.weight_prefix in line:  # weights come last
                words.sort(key=lambda word: word.startswith(self.weight_prefix))
            labels, rest = labels_of(words, prefix)
            if self._label:
                labels = [self._label]
            if raw.add(number, " ".join(rest), tuple(labels)):
                yield self._checked(path, raw, raw.labels)
                raw = Raw()
        yield self._checked(path, raw, raw.labels)

    # ------------------------------------------------------------------- rows

    def _choose(self, path: str, names: Sequence[str], has_names: bool = True) -> Choice:
        columns = replace(self.columns, label_from=self._label_from)
        found = choose(path, columns, names, has_names, self.needs_labels, self.may_lack_labels)
        if not found.label and found.label_from == "column":
            self._names[label_of_name(path)] = None
        return found

    def _decide(
        self,
        path: str,
        choice: Choice,
        labels: Sequence[tuple[Any, ...]],
        remarks: Sequence[str],
        class_names: dict[str, list[str]] | None = None,
    ) -> None:
        """Decide by its first rows how the labels of a file are read, and say what was decided."""
        names, former = choice.label_names, self._reader
        given = {name: found for name, found in (class_names or {}).items() if name in names}
        is_alike = former is not None and (former.names, former.class_names) == (names, given)
        if names and not is_alike:
            options = self.reading.labels
            if former is not None:
                self._check_separators(former)
                if options.labels_as == "auto":
                    options = replace(options, labels_as=former.labels_as)
            self._reader = LabelReader(path, names, labels, options, choice.has_names, given)
        if not self.record:
            self.record |= {
                "text": list(choice.text_names),
                "label": list(names),
                "header": choice.has_names,
                "format": self.kind,
                "delimiter": self._delimiter,
            }
        remark = self._reader.remark if names and self._reader else ""
        weight = ""
        if self.columns.weight and choice.group >= 0:
            weight = f"weights: {shown_columns([choice.names[choice.group]])}"
        sentence = choice.sentence("", [*remarks, weight, remark])
        if sentence not in self._said:
            self.say(path + sentence)
        self._said.add(sentence)

    def _batch(self, path: str, raw: Raw, choice: Choice, bad: Sequence[BadRow] = ()) -> Batch:
        """Return the rows that can be used; the others, and ``bad``, are bad, by line."""
        reader = self._reader
        wrong: dict[int, BadLabel] = {}
        if not choice.label or reader is None:
            given = (self._label,) if choice.label_from != "column" else ()
            return self._checked(path, raw, [given] * len(raw.lines), choice, bad)
        try:
            labels = list(map(reader.of, raw.labels))
        except BadLabel:
            labels = []
            for i, cells in enumerate(raw.labels):
                try:
                    labels.append(reader.of(cells))
                except BadLabel as error:
                    labels.append(())
                    wrong[i] = error
        if self._n_rows == 0:  # before anything is passed on
            self._check_separators(reader)
        return self._checked(path, raw, labels, choice, bad, wrong)

    def _checked(
        self,
        path: str,
        raw: Raw,
        labels: list[tuple[str, ...]],
        choice: Choice | None = None,
        bad: Sequence[BadRow] = (),
        wrong: Mapping[int, BadLabel] = MappingProxyType({}),
    ) -> Batch:
        """Return the rows that can be used; ``wrong`` says what is about the labels of some."""
        self._n_rows += len(labels)
        may_lack = (
            self.keeps_all or self.allows_unlabelled or (choice is not None and not choice.label)
        )
        pending = list(bad)
        cells = "".join([*raw.texts, *raw.groups])
        is_labelled = may_lack or all(labels)
        if wrong and self.reading.labels.are_targets:
            is_labelled = False
        if is_labelled and is_unicode(cells) and all(map(all_unicode, set(labels))):
            self._say_before(pending)
            return Batch(path, raw.lines, raw.texts, labels, raw.groups)
        batch = Batch(path)
        for i, found in enumerate(labels):
            self._say_before(pending, raw.lines[i])
            if i in wrong:
                name = wrong[i].column or (choice.label_names[0] if choice else "")
                self.bad(Location(path, raw.lines[i], name), str(wrong[i]), raw.texts[i])
            elif found or may_lack:
                self._add_checked(batch, raw, i, found, choice)
            else:
                name = choice.label_names[0] if choice else ""
                self._unlabelled(Location(path, raw.lines[i], name), raw.texts[i])
        self._say_before(pending)
        return batch

    def _unlabelled(self, place: Location, text: str) -> None:
        """Count a row without a label, or hand it on as a bad one."""
        if self.skips_bad:
            self.bad(place, NO_TARGET if self.reading.labels.are_targets else NO_LABEL, text)
            return
        self._first_unlabelled = self._first_unlabelled or place
        self._n_unlabelled += 1

    def _say_before(self, pending: list[BadRow], line: int = sys.maxsize) -> None:
        """Hand on the bad rows before a line, and take them off the list."""
        while pending and pending[0][0].line < line:
            self.bad(*pending.pop(0))

    def _add_checked(
        self, batch: Batch, raw: Raw, i: int, labels: tuple[str, ...], choice: Choice | None
    ) -> None:
        """Add row i to a batch, or say what is bad about its bytes."""
        line, text, group = raw.lines[i], raw.texts[i], raw.groups[i]
        if self.reading.bad_bytes == "error":
            text_name = choice.text_names[0] if choice and len(choice.text) == 1 else ""
            label_name = choice.label_names[0] if choice and choice.label else ""
            found = [(text, text_name), (group, self.columns.beside)]
            for cell, name in [*found, *((label, label_name) for label in labels)]:
                if not is_unicode(cell):
                    place = Location(batch.path, line, name)
                    if self.reading.is_utf8 and not self.skips_bad:
                        otherwise = ALL_ROWS if self.keeps_all else OTHERWISE
                        with contextlib.suppress(UnicodeEncodeError):  # halves of a pair, in JSON
                            sample = "\n".join([cell, *raw.texts[i:]])
                            encoded = sample.encode("utf-8", "surrogateescape")
                            raise DataError(not_utf8(str(place), "", encoded, otherwise=otherwise))
                    self.bad(place, f"bytes that are not {self.reading.encoding}", cell)
                    return
        batch.lines.append(line)
        repaired = self.reading.repaired
        batch.texts.append(repaired(text))
        batch.labels.append(tuple(map(repaired, labels)))
        batch.groups.append(repaired(group))

    def _add_object(
        self, path: str, raw: Raw, line: int, found: dict[str, Any], choice: Choice
    ) -> bool:
        """Add an object to the rows; tell whether there are enough for a batch."""
        group = choice.names[choice.group] if choice.group >= 0 else ""
        for name in (*choice.text_names, *choice.label_names, *filter(None, [group])):
            is_nested = name not in choice.label_names and isinstance(found.get(name), NESTED)
            may_lack = self.keeps_all or name in choice.label_names
            if is_nested or (name not in found and not may_lack):
                shown = json.dumps(found, ensure_ascii=False, default=str)
                reason = "a list or an object, not text" if name in found else "is missing"
                self.bad(Location(path, line, name), reason, shown)
                return False
        text = joined_text(found, choice.text_names, self.columns.join)
        labels = tuple(found.get(name) for name in choice.label_names)
        return raw.add(line, text, labels, value_text(found.get(group)) if group else "")


def _without_headers(chunk: Chunk, choice: Choice) -> tuple[Chunk, int]:
    """Return the rows that do not repeat the header, as those of joined files do, and how many do.

    A row is looked at whole only where its first chosen cell is the column's name.
    """
    chosen = (*choice.label, *choice.text)
    if not choice.has_names or not chosen:
        return chunk, 0
    names = choice.names
    may_be = [i for i, cell in enumerate(chunk.column(chosen[0])) if cell == names[chosen[0]]]
    if not may_be:
        return chunk, 0
    some = chunk.only(may_be).table()
    repeated = {i for i, row in zip(may_be, some, strict=True) if tuple(row) == tuple(names)}
    kept = [i for i in range(chunk.n) if i not in repeated]
    return (chunk.only(kept) if repeated else chunk), len(repeated)


def labels_of(words: Sequence[str], prefix: str) -> tuple[list[str], list[str]]:
    """Divide a line of fastText into labels, without prefix, and words."""
    labels = [word[len(prefix) :] for word in words if word.startswith(prefix)]
    return labels, [word for word in words if not word.startswith(prefix)]


def _read_to(on_bytes: Callable[[int], None], before: int, n_bytes: int) -> None:
    on_bytes(before + n_bytes)
