"""What a file is that inspect is given: a model, word vectors, a table, libsvm or lines of text."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from fastcli.errors import DataError, FastcliError
from fastcli.inspect.models import is_model
from fastcli.mlp.feature_files import guess_format
from fastcli.tables.dialects import (
    BOM,
    HEAD_ROWS,
    decode_lines,
    is_utf16,
    kind_of_name,
    looks_like_table,
    suffix,
)
from fastcli.tables.formats import (
    TABLES,
    begins_as_objects,
    check_objects,
    kind_of_input,
    sniffed,
)
from fastcli.tables.objects import read_json
from fastcli.tables.streams import opened
from fastcli.text.encodings import likely_encoding
from fastcli.text.vector_files import likely_layout

HEAD = 1 << 16
PARQUET = b"PAR1"
OBJECTS = ("json", "jsonl")
LONGEST_RECORD = 1 << 22  # bytes
RECORDS = {
    "fastcli model": "what fastcli knows of a model beside it",
    "fastcli prepare": "how a data set was prepared",
    "fastcli part": "how a part was made",
    "fastcli thresholds": "the thresholds of a model's labels",
}  # by their format


def kind_of_file(path: str, prefix: str, delimiter: str = "") -> str:
    """Return ``model``, ``vectors``, ``libsvm``, ``lines``, or a format of tables.

    A file is what its name says, unless it begins with a label or, of JSON, with something else;
    without such a name its first lines tell.  Streams have been copied.  Raises DataError for one
    JSON object over several lines, and for what fastcli wrote beside models and data sets.
    """
    head = _head(path)
    if head.startswith(PARQUET):
        return "parquet"
    if is_model(path):
        return "model"
    text = decoded(head)
    if begins_as_objects(text):
        _check_records(path)
        check_objects(path, text)
    elif sniffed(text, prefix) == "fasttext":
        return "lines"
    named = kind_of_input(path, prefix) if _is_named(path) else ""
    if not named and likely_layout(path, head, len(head) < HEAD):
        return "vectors"
    if named in TABLES:
        return named
    begins = sniffed(text, prefix)
    if begins in OBJECTS and _has_json(text, begins):
        return named if named in OBJECTS else begins
    try:
        numbers = guess_format(path, prefix)
    except OSError:  # which reading will say
        return "lines"
    if numbers == "libsvm":
        return "libsvm"
    lines = decode_lines(text.removeprefix(BOM))[: HEAD_ROWS + 1]
    lines = lines[:-1] if len(lines) > 1 and len(head) >= HEAD else lines
    is_table = looks_like_table(path, lines, delimiter) or numbers == "csv"
    return begins if is_table and begins in TABLES else "lines"


def _check_records(path: str) -> None:
    """Raise DataError for a file that fastcli wrote beside a model or a data set."""
    try:
        with opened(path, lambda n: None) as stream:
            found = json.loads(stream.read(LONGEST_RECORD))
    except FastcliError:
        raise
    except (OSError, EOFError, ValueError, RecursionError):  # of another kind
        return
    if not isinstance(found, dict):
        return
    kind = found.get("format")
    what = RECORDS.get(kind, "") if isinstance(kind, str) else ""
    if found and not what and all(isinstance(one, str) for one in found.values()):
        is_labels = all(name.startswith("__") for name in found)
        what = "the names of the labels of a data set" if is_labels else ""
    if what:
        raise DataError(f"{path} holds {what}, not data: give the model or the data set itself.")


def decoded(head: bytes) -> bytes:
    """Return the first bytes of a text as UTF-8, if they seem to be in another encoding."""
    if is_utf16(head) or b"\0" in head:
        with contextlib.suppress(UnicodeError, LookupError):
            return head.decode(likely_encoding(head) or "utf-16", "replace").encode()
    return head


def _head(path: str) -> bytes:
    try:
        with opened(path, lambda n: None) as stream:
            found: bytes = stream.read(HEAD)
            return found
    except (OSError, EOFError):  # which reading will say
        return b""


def _is_named(path: str) -> bool:
    return kind_of_name(path) is not None or suffix(path) in (".json", ".jsonl", ".ndjson")


def _has_json(head: bytes, kind: str) -> bool:
    """Tell whether a file begins with objects of JSON: the first line is one, or an array does."""
    if kind == "json":
        return True
    first: Any = None
    text = head.removeprefix(BOM).lstrip()
    with contextlib.suppress(ValueError, RecursionError):
        first = read_json(text.split(b"\n", 1)[0])
    return isinstance(first, dict) or (len(head) >= HEAD and b"\n" not in text)
