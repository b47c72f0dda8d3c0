"""Records of parts: from which input, with which model and options each was made.

One small file for each part, in a hidden folder, so that several machines can write parts of one
folder.  A record is written just before its part is put in place: where a run is killed between
the two, the part is still missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from fastcli.errors import ArgumentError, DataError, cannot_open
from fastcli.files import Replacement, cannot_save, write_all
from fastcli.labelling.parts import RECORDS, Part
from fastcli.schema import Range, SchemaError, build, parse_json

AT_ONCE = 1 << 20
LONGEST = 1 << 22  # bytes of a record
ANEW = "--overwrite makes it again, or give another --output-dir."


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What a file was: its size, the time of its last change, and its digest."""

    size: Annotated[int, Range(0)]
    mtime_ns: int
    sha256: str

    def is_of(self, path: str) -> bool:
        """Tell whether a file still is the same; it is read only if its time is another."""
        try:
            status = os.stat(path)
            if status.st_size != self.size:
                return False
            return status.st_mtime_ns == self.mtime_ns or file_state(path).sha256 == self.sha256
        except OSError as error:
            raise DataError(cannot_open(path, error)) from None


def file_state(path: str | int) -> FileState:
    """Return what a file is now, by its path or descriptor.  Raises OSError."""
    fd = path if isinstance(path, int) else os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        digest, status = hashlib.sha256(), os.fstat(fd)
        os.lseek(fd, 0, os.SEEK_SET)
        while data := os.read(fd, AT_ONCE):
            digest.update(data)
    finally:
        if fd != path:
            os.close(fd)
    return FileState(size=status.st_size, mtime_ns=status.st_mtime_ns, sha256=digest.hexdigest())


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all parts of a folder have in common: the model's digest, and the options by name."""

    model: str
    options: dict[str, Any]

    def difference(self, record: PartRecord) -> str:
        """Say how a part was made in another way; "" if it was not."""
        if record.model != self.model:
            return "was made with another model"
        ours: dict[str, Any] = json.loads(json.dumps(self.options))
        names = [n for n in {**ours, **record.options} if ours.get(n) != record.options.get(n)]
        return f"was made with other options ({', '.join(names)})" if names else ""


@dataclass(frozen=True, kw_only=True)
class PartRecord:
    """What a part was made from, and what it was when it was done."""

    format: Literal["fastcli part"] = "fastcli part"
    version: Literal[1] = 1
    input: str  # its absolute path
    source: FileState
    part: FileState
    model: str
    options: dict[str, Any]
    rows: Annotated[int, Range(0)]


def write_record(path: str, record: PartRecord) -> None:
    """Put a record in place.  Raises FastcliError where that cannot be done."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with Replacement(path) as fd:
            write_all(fd, json.dumps(asdict(record), indent=1).encode() + b"\n")
    except OSError as error:
        raise cannot_save(path, error) from None


def read_record(path: str) -> PartRecord | None:
    """Return a record, None if there is none.  Raises DataError if it is damaged."""
    try:
        with open(path, "rb") as file:
            return build(PartRecord, parse_json(file.read(LONGEST)))
    except FileNotFoundError:
        return None
    except (OSError, SchemaError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}. {ANEW}") from None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which parts are to be made, which are there already, and which inputs changed since."""

    missing: list[Part]
    done: list[Part]
    changed: list[Part]


def plan(parts: list[Part], setting: Setting) -> Plan:
    """Tell which parts are to be made.

    Raises ArgumentError for parts that must not be replaced unasked: made with another model or
    other options, from another input, changed since, or by nobody knows what; and where other
    parts of the folder were.  DataError: a record is damaged.
    """
    found = Plan(missing=[], done=[], changed=[])
    for part in parts:
        if not os.path.lexists(part.target):
            found.missing.append(part)
            continue
        record = read_record(part.record)
        if record is None:
            raise ArgumentError(
                f"{part.target} exists, and there is no record of how it was made. {ANEW}"
            )
        if different := setting.difference(record):
            raise ArgumentError(f"{part.target} {different}. {ANEW}")
        if not record.part.is_of(part.target):
            raise ArgumentError(
                f"{part.target} was changed since it was made: rename or remove it. {ANEW}"
            )
        if record.source.is_of(part.source):
            found.done.append(part)
        elif record.input == os.path.abspath(part.source):
            found.changed.append(part)
        else:
            raise ArgumentError(
                f"{part.target} was made from another input, {record.input}. {ANEW}"
            )
    for part, different in unlike(parts, setting):
        raise ArgumentError(
            f"{part.target} is in the same folder and {different}: give another --output-dir, "
            "or --overwrite."
        )
    return found


def unlike(parts: list[Part], setting: Setting) -> Iterator[tuple[Part, str]]:
    """Yield the other parts of the folder that were made in another way, and how."""
    for part in others(parts):
        try:
            record = read_record(part.record)
        except DataError:
            yield part, "has a record that cannot be read"
            continue
        if record is not None and (different := setting.difference(record)):
            yield part, different


def others(parts: list[Part]) -> list[Part]:
    """Return the recorded parts in the folder that are there and none of these."""
    found: list[Part] = []
    if not parts:
        return found
    folder, known = parts[0].folder, {part.name for part in parts}
    top = os.path.join(folder, RECORDS)
    for where, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(".json") or name.startswith(".fastcli-"):
                continue
            path = os.path.relpath(os.path.join(where, name), top).replace(os.sep, "/")
            part = Part(source="", name=path.removesuffix(".json"), folder=folder)
            if part.name not in known and os.path.lexists(part.target):
                found.append(part)
    return found
