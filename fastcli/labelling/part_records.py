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
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal

from fastcli.errors import ArgumentError, DataError, unreadable
from fastcli.files import Replacement, cannot_save, write_all
from fastcli.labelling.parts import RECORDS, Part, below
from fastcli.schema import Range, SchemaError, build, parse_json
from fastcli.text.spooled import place_of, tag_of
from fastcli.urls import bare, is_url

AT_ONCE = 1 << 20
LONGEST = 1 << 22  # bytes of a record
ANEW = "--overwrite makes it again, or give another --output-dir."


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What a file was: its size, the time of its last change or its tag, and its digest.

    Behind a URL the time is 0, and ``tag`` is what changes with its contents there.
    """

    size: Annotated[int, Range(0)]
    mtime_ns: int
    sha256: str
    tag: str = ""

    def is_of(self, path: str) -> bool:
        """Tell whether a file still is the same; it is read only if its time or tag is another."""
        try:
            if is_url(path):
                return self._is_of_url(path)
            status = os.stat(path)
            if status.st_size != self.size:
                return False
            return status.st_mtime_ns == self.mtime_ns or file_state(path).sha256 == self.sha256
        except OSError as error:
            raise unreadable(path, error) from error

    def _is_of_url(self, url: str) -> bool:
        from fastcli.remote import listed_state

        found = listed_state(url)
        if found.size not in (None, self.size):
            return False
        return bool(found.tag and found.tag == self.tag) or url_digest(url) == self.sha256


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


def source_state(path: str) -> FileState:
    """Return what an input is now; a URL is that of a file that is ``fetched``.  Raises OSError."""
    found = file_state(place_of(path))
    if not is_url(path):
        return found
    return replace(found, mtime_ns=0, tag=tag_of(path))


def url_digest(url: str) -> str:
    """Return the digest of the bytes behind a URL.  Raises OSError."""
    from fastcli.remote import blocks

    digest = hashlib.sha256()
    for block in blocks(url):
        digest.update(block)
    return digest.hexdigest()


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
    """What a part was made from, and what it is when it is in place."""

    format: Literal["fastcli part"] = "fastcli part"
    version: Literal[1] = 1
    input: str  # its absolute path
    source: FileState
    part: FileState
    model: str
    options: dict[str, Any]
    rows: Annotated[int, Range(0)]
    former: FileState | None = None  # the part that it replaces, which stays where that fails


def write_record(path: str, record: PartRecord) -> None:
    """Put a record in place.  Raises FastcliError where that cannot be done."""
    data = json.dumps(asdict(record), indent=1).encode() + b"\n"
    try:
        if is_url(path):
            from fastcli.remote import write_small

            write_small(path, data)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with Replacement(path) as fd:
            write_all(fd, data)
    except OSError as error:
        raise cannot_save(path, error) from error


def read_record(path: str) -> PartRecord | None:
    """Return a record, None if there is none.  Raises DataError if it is damaged."""
    try:
        with open(path, "rb") as file:
            return _built(path, file.read(LONGEST))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or error) from error


def former_state(part: Part) -> FileState | None:
    """Return what the part was that is there now, by its record; None if that is not known."""
    try:
        record = _record_now(part)
        if record is not None and record.former and not record.part.is_of(part.target):
            return record.former
    except (DataError, OSError):
        return None
    return record.part if record else None


def check_not_made(part: Part, setting: Setting) -> None:
    """Raise DataError where another run has made a part meanwhile, of another model or options."""
    try:
        record = _record_now(part)
    except (DataError, OSError):
        return  # what is there now cannot be told, as before
    if record is not None and (reason := setting.difference(record)):
        raise DataError(f"{part.target}: another run has made it meanwhile; it {reason}")


def _record_now(part: Part) -> PartRecord | None:
    """Return the record of a part that is there now.  Raises DataError or OSError."""
    if not is_url(part.folder):
        return read_record(part.record) if os.path.lexists(part.target) else None
    from fastcli.remote import read_small, state_of

    is_one = is_small(state_of(part.record).size)
    (data,) = read_small([part.record]) if is_one else (None,)
    return None if data is None else _built(part.record, data[:LONGEST])


def _built(path: str, data: bytes) -> PartRecord:
    try:
        return build(PartRecord, parse_json(data))
    except SchemaError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, reason: object) -> DataError:
    return DataError(f"{path} cannot be read: {reason}. {ANEW}")


def is_small(size: int | None) -> bool:
    """Tell whether a file may be a record, by its bytes."""
    return size is None or size <= LONGEST


class Folder:
    """What is in a folder of parts; behind a URL as it was when this was made."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files: set[str] = set()
        self._records: dict[str, bytes | None] = {}
        if is_url(folder):
            self._list()

    def _list(self) -> None:
        from fastcli import remote

        try:
            files = remote.below(self._folder)
            top = f"{RECORDS}/"
            names = [n for n, one in files.items() if n.startswith(top) and is_small(one.size)]
            found = remote.read_small([below(self._folder, name) for name in names])
        except OSError as error:
            raise unreadable(self._folder, error) from error
        self._files = set(files)
        self._records = {
            name.removeprefix(top): data for name, data in zip(names, found, strict=True)
        }

    def has(self, part: Part) -> bool:
        """Tell whether there is a file of the part's name."""
        return part.name in self._files if is_url(part.folder) else os.path.lexists(part.target)

    def record(self, part: Part) -> PartRecord | None:
        """Return the record of a part, None if there is none.  Raises DataError."""
        if not is_url(part.folder):
            return read_record(part.record)
        data = self._records.get(f"{part.name}.json")
        return None if data is None else _built(part.record, data[:LONGEST])

    def parts(self) -> list[Part]:
        """Return the recorded parts that are there."""
        names = self._records if is_url(self._folder) else self._local_records()
        found = [
            Part(source="", name=name.removesuffix(".json"), folder=self._folder)
            for name in names
            if name.endswith(".json") and not name.rpartition("/")[2].startswith(".fastcli-")
        ]
        return [part for part in found if self.has(part)]

    def _local_records(self) -> Iterator[str]:
        top = os.path.join(self._folder, RECORDS)
        for where, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                yield os.path.relpath(os.path.join(where, name), top).replace(os.sep, "/")


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
    if not parts:
        return found
    folder = Folder(parts[0].folder)
    for part in parts:
        if not folder.has(part):
            found.missing.append(part)
            continue
        record = folder.record(part)
        if record is None:
            raise ArgumentError(
                f"{part.target} exists, and there is no record of how it was made. {ANEW}"
            )
        if different := setting.difference(record):
            raise ArgumentError(f"{part.target} {different}. {ANEW}")
        if not record.part.is_of(part.target):
            if record.former is not None and record.former.is_of(part.target):
                found.missing.append(part)  # the new one could not be put in its place
                continue
            raise ArgumentError(
                f"{part.target} was changed since it was made: rename or remove it. {ANEW}"
            )
        if record.source.is_of(part.source):
            found.done.append(part)
        elif record.input == recorded_path(part.source):
            found.changed.append(part)
        else:
            raise ArgumentError(
                f"{part.target} was made from another input, {record.input}. {ANEW}"
            )
    for part, different in unlike(parts, setting, folder):
        raise ArgumentError(
            f"{part.target} is in the same folder and {different}: give another --output-dir, "
            "or --overwrite."
        )
    return found


def recorded_path(path: str) -> str:
    """Return the path by which a record names an input; of a URL without secrets."""
    return bare(path) if is_url(path) else whole_path(path)


def whole_path(path: str) -> str:
    """Return a path that means the same in any folder; a URL is one."""
    return path if is_url(path) else os.path.abspath(path)


def unlike(
    parts: list[Part], setting: Setting, folder: Folder | None = None
) -> Iterator[tuple[Part, str]]:
    """Yield the other recorded parts of the folder that were made in another way, and how."""
    if not parts:
        return
    folder = folder or Folder(parts[0].folder)
    known = {part.name for part in parts}
    for part in folder.parts():
        if part.name in known:
            continue
        try:
            record = folder.record(part)
        except DataError:
            yield part, "has a record that cannot be read"
            continue
        if record is not None and (different := setting.difference(record)):
            yield part, different
