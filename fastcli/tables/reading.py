"""How a file of rows is read: what options say, and what its name and its beginning decide."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from fastcli.tables.columns import is_position
from fastcli.tables.delimited import Delimited, Utf8
from fastcli.tables.dialects import Asked, is_utf8
from fastcli.tables.formats import begins_as_objects, check_objects, is_parquet, named_kind, sniffed
from fastcli.tables.headers import has_header
from fastcli.tables.labels import LabelOptions
from fastcli.text.encodings import check_utf8

if TYPE_CHECKING:
    from fastcli.tables.choice import Columns

_UNDECODED = re.compile("[\ud800-\udfff]")  # what surrogateescape makes of such bytes


@dataclass(frozen=True)
class Reading:
    """What options say about how files are read."""

    kind: str = "auto"
    delimiter: str = ""
    quotes: str = "auto"
    escape: str = "auto"
    header: bool | None = None  # None: decided by the first rows
    encoding: str = "utf-8"
    bad_bytes: str = "error"
    labels: LabelOptions = field(default_factory=LabelOptions)

    @property
    def is_utf8(self) -> bool:
        """Whether files are UTF-8; raises ArgumentError for an unknown encoding."""
        return is_utf8(self.encoding)

    def kind_by_name(self, path: str) -> str:
        """Return the format of a file before it is opened; ``auto``: how it begins decides."""
        if self.kind != "auto":
            return self.kind
        return "parquet" if is_parquet(path) else named_kind(path)

    def kind_of(self, path: str, head: bytes, kind: str = "") -> str:
        """Return the format of a file that begins with ``head``; ``kind`` is known of its name.

        Raises DataError for a JSON object that goes on over several lines.
        """
        kind = kind or self.kind_by_name(path)
        found = sniffed(head, self.labels.prefix) if kind == "auto" else kind
        if self.kind == "auto" and self.is_utf8 and begins_as_objects(head):
            found = sniffed(head, "")  # whatever the name says
        if found in ("json", "jsonl") and self.is_utf8:
            check_objects(path, head)
        return found

    def check_bytes(self, path: str, head: bytes, otherwise: str = "") -> None:
        """Raise DataError where UTF-8 is expected and ``head`` is not, naming what it may be."""
        if self.is_utf8 and self.bad_bytes == "error":
            check_utf8(path, head, otherwise)

    def repaired(self, text: str) -> str:
        """Return text with undecoded bytes replaced or dropped."""
        return _UNDECODED.sub("\ufffd" if self.bad_bytes == "replace" else "", text)

    def delimited(self, path: str, raw: IO[bytes], kind: str) -> Delimited:
        """Return a table that is read from an open file."""
        stream = raw if self.is_utf8 else Utf8(raw, self.encoding)
        return Delimited(path, stream, Asked(kind, self.delimiter, self.quotes, self.escape))

    def text(self, raw: Any) -> IO[str]:
        """Return an open file as text."""
        encoding = "utf-8-sig" if self.is_utf8 else self.encoding
        return io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="\n")

    def has_header(self, columns: Columns, head: Sequence[Sequence[str]]) -> bool:
        """Tell whether the first of some rows is a header; columns with names need one."""
        if self.header is not None:
            return self.header
        asked = (*columns.text, *columns.label, *filter(None, [columns.beside]))
        return not all(map(is_position, asked)) or has_header(head)
