"""The format of an input: by its name, by how it begins, and which files of a folder are tables."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from fastcli.errors import DataError, FastcliError
from fastcli.tables.dialects import BOM, COMPRESSED, KINDS, kind_of_name, suffix
from fastcli.tables.streams import opened
from fastcli.text.spooled import is_file, place_of

TABLES = ("csv", "tsv", "psv")
PARQUET_MAGIC = b"PAR1"
HEAD = 1 << 16  # bytes by which a format is told
_OBJECTS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]*", re.IGNORECASE)
_OBJECT = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:)')
_ONLY_LIST = re.compile(r'\s*\{\s*"([A-Za-z_]\w*)"\s*:\s*\[\s*\{')


def named_kind(path: str) -> str:
    """Return the format that a file's name tells, else ``auto``.

    >>> named_kind("a.csv.gz"), named_kind("a.jsonl"), named_kind("a.txt")
    ('csv', 'jsonl', 'auto')
    """
    return kind_of_name(path) or _OBJECTS.get(suffix(path), "auto")


def label_of_name(path: str) -> str:
    """Return a file's name without the folder and the suffix, a compression's aside.

    >>> label_of_name("news/tech.csv.gz"), label_of_name("b/car"), label_of_name("v1.5")
    ('tech', 'car', 'v1.5')
    """
    name = Path(path)
    if name.suffix.lower() in COMPRESSED:
        name = name.with_suffix("")
    return name.stem if _SUFFIX.fullmatch(name.suffix) else name.name


def is_parquet(path: str) -> bool:
    """Tell whether a regular file begins as Parquet does."""
    if not is_file(path):
        return False
    try:
        with open(place_of(path), "rb") as file:
            return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError:  # which reading will say
        return False


def head_of(path: str) -> bytes:
    """Return how a regular file, plain or compressed, begins; nothing where it cannot be read."""
    if not is_file(path):
        return b""  # what comes through a pipe can be read only once
    try:
        with opened(path, lambda n: None) as raw:
            head: bytes = raw.peek(HEAD)
            return head
    except (OSError, EOFError, FastcliError):  # which reading will say
        return b""


def kind_of_input(path: str, prefix: str) -> str:
    """Return the format of an input, "" where that is not known before it is read.

    A folder has the format of its first table, if its files are tables.
    """
    if os.path.isdir(path):
        tables = (file for file in sorted(Path(path).rglob("*")) if is_table_name(str(file)))
        first = next(tables, None)
        return "folder" if first is None else named_kind(str(first))
    kind = named_kind(path)
    if kind != "auto":
        return kind
    if is_parquet(path):
        return "parquet"
    head = head_of(path)
    return sniffed(head, prefix) if head or is_file(path) else ""


def sniffed(head: bytes, prefix: str) -> str:
    """Tell the format of a file by how it begins."""
    head = head.removeprefix(BOM).lstrip()
    if head.startswith(b"{"):
        return "jsonl"
    if re.match(rb"\[\s*[\[{\]]", head):
        return "json"
    if has_prefix(head, prefix):
        return "fasttext"
    return "tsv" if b"\t" in head.split(b"\n", 1)[0] else "csv"


def has_prefix(head: bytes, prefix: str) -> bool:
    """Tell whether the first line of text has a word that begins as labels do."""
    first = head.removeprefix(BOM).lstrip().split(b"\n", 1)[0]
    return any(word.startswith(prefix.encode()) for word in first.split())


def are_objects(head: bytes) -> bool:
    """Tell whether text surely begins with a JSON object that is a line of its own."""
    first = head.removeprefix(BOM).lstrip().split(b"\n", 1)[0]
    if not first.startswith(b'{"'):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def begins_as_objects(head: bytes) -> bool:
    """Tell whether text begins as a JSON object, or as an array of such, does.

    >>> [begins_as_objects(head) for head in (b'{"a": 1}', b'[ {"b', b'{a}', b'[{"a}"],1')]
    [True, False, False, False]
    """
    return _OBJECT.match(head.removeprefix(BOM)) is not None


def check_objects(path: str, head: bytes) -> None:
    """Raise DataError where text begins with a JSON object that goes on over several lines."""
    text = head.removeprefix(BOM).decode("utf-8", "surrogateescape").lstrip()
    first = text.split("\n", 1)[0].strip()
    if not text.startswith("{") or are_objects(head) or "\n" not in text:
        return
    if first != "{":
        try:
            found, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(found, dict) or "\n" not in text[:end]:
            return
    only = _ONLY_LIST.match(text)
    program = f".{only[1]}[]" if only else "."
    raise DataError(
        f"{path} has a JSON object over several lines, not an array of objects or an object per "
        f"line: write rows as jq -c {shlex.quote(program)} does."
    )


def is_table_name(path: str) -> bool:
    """Tell whether a file's name is that of a table or of rows that are objects."""
    known = suffix(path)
    return known in KINDS or known in _OBJECTS


@dataclass(frozen=True)
class Folder:
    """The files of a folder, each with its label; all tables, or all texts.

    ``strays`` are beside the folders of labels.
    """

    files: list[tuple[str, Path]] = field(default_factory=list)
    strays: list[Path] = field(default_factory=list)
    are_tables: bool = False


def folder_of(path: str, kind: str, label_from: str) -> Folder:
    """Find the files of a folder that has one for each label.

    ``kind`` is the format that was asked for: of all files, ``folder`` where each is a text, or
    ``auto``.  Hidden files do not count.  With ``label_from`` ``file`` each file has its own name
    as its label, wherever it is; with ``folder`` one without subfolders is that of a label itself.
    Raises DataError where it cannot be
    read, where there are no subfolders, and where some files are tables and others not.
    """
    top = Path(path)
    try:
        folders = sorted(one for one in top.iterdir() if one.is_dir())
        if label_from == "file":
            files = [(label_of_name(one.name), one) for one in _files(top)]
        elif label_from == "folder" and not folders:
            files = [(top.resolve().name, one) for one in _files(top)]
        else:
            files = [(folder.name, one) for folder in folders for one in _files(folder)]
    except OSError as error:
        raise DataError(f"{path} cannot be opened! ({error.strerror or error})") from None
    if not folders and label_from == "column":
        one = next((file for file in _files(top) if is_table_name(str(file))), None)
        hint = f" {one} is a table: give tables by their names, or --label-from file." * bool(one)
        raise DataError(f"{path} has no subfolders: one per label is needed.{hint}")
    found = {one for _, one in files}
    strays = [one for one in _files(top, any_depth=False) if one not in found]
    if kind != "auto":
        return Folder(files, strays, kind != "folder")
    tables = [one for _, one in files if is_table_name(str(one)) or is_parquet(str(one))]
    if tables and len(tables) < len(files):
        texts = next(one for _, one in files if one not in set(tables))
        raise DataError(
            f"{path}: {tables[0]} is a table and {texts} is a text. Give --format folder if each "
            f"file is a text, or the tables alone with a pattern and --label-from folder."
        )
    return Folder(files, strays, bool(tables))


def _files(folder: Path, any_depth: bool = True) -> list[Path]:
    found = folder.rglob("*") if any_depth else folder.iterdir()
    return sorted(one for one in found if one.is_file() and not one.name.startswith("."))
