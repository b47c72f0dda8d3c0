"""Why training finds no label in its input: what the file is instead."""

from __future__ import annotations

from collections.abc import Sequence

from fastcli.errors import DataError
from fastcli.fasttext.foreign import binary_kind
from fastcli.printable import listed_files
from fastcli.tables.dialects import decode_lines, looks_like_table
from fastcli.tables.formats import begins_as_objects
from fastcli.text.encodings import likely_encoding
from fastcli.text.inputs import first_bytes
from fastcli.text.invalid_utf8 import looks_like

HEAD = 1 << 16  # bytes that are looked at
WIDE = ("utf-16", "utf-32")  # encodings in which a label is not found
LONGEST = 100  # characters of a line that are shown
AS_TABLE = "--text-column COLUMN --label-column COLUMN"


def no_label(paths: Sequence[str], prefix: str) -> DataError:
    """Return the error of an input in which no token starts with the prefix of labels."""
    said = f"No label found in {listed_files(paths)}"
    head = first_bytes(paths, HEAD)
    encoding = likely_encoding(head)
    if encoding is not None and encoding.startswith(WIDE):
        return DataError(f"{said}: it {looks_like(encoding, paths)}")
    if what := binary_kind(head, len(head)):
        return DataError(f"{said}. {what}")
    if b"\0" in head:
        return DataError(f"{said}: it is binary, not text.")
    said += (
        f": no token starts with {prefix!r} (or none occurs -minCountLabel times). "
        f"The first line is {first_line(paths)!r}. "
    )
    if kind := _table_kind(head):
        return DataError(f"{said}If it is a table, give --format {kind} {AS_TABLE}.")
    return DataError(f"{said}Write each example as LABEL text, or give the prefix with -label.")


def first_line(paths: Sequence[str]) -> str:
    """Return the first line of the first file that has one, as a message shows it."""
    line = first_bytes(paths, HEAD).decode("utf-8", "replace").split("\n", 1)[0].strip("\r")
    return line if len(line) <= LONGEST else line[:LONGEST] + "..."


def _table_kind(head: bytes) -> str:
    """Return the format of what begins as a table does, "" for anything else."""
    if begins_as_objects(head):
        return "jsonl"
    lines = decode_lines(head)
    lines = lines[:-1] if len(lines) > 1 and len(head) >= HEAD else lines
    dialect = looks_like_table("", lines)
    return "" if dialect is None else "tsv" if dialect.delimiter == "\t" else "csv"
