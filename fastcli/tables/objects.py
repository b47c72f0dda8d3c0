"""Rows that are objects: of JSON lines, of JSON arrays, of Parquet."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import IO, Any

import orjson

from fastcli.distribution import installing
from fastcli.errors import DataError, FastcliError
from fastcli.tables.delimited import LONGEST_ROW, Location
from fastcli.tables.dialects import BOM
from fastcli.text.spooled import place_of

LONG = 2.0**63
MAY_BE_LONG = (float, list, dict)
AT_ONCE = 4096  # rows of Parquet that are read at a time
OPENING, FIRST, COMMA, ELEMENT = range(4)  # what is due in an array, but for its end
_LINE_ENDS = re.compile(r"[\r\n]+")
HUGGING_FACE = b"huggingface"  # the key under which data sets describe their columns

Bad = Callable[[Location, str, str], None]
"""Called with the place, the reason and the offending text of a row; may raise DataError."""


def json_lines(path: str, lines: Iterable[bytes | str], bad: Bad) -> Iterator[tuple[int, Any]]:
    """Yield what is on each line, and the line's number; lines that are no JSON are bad."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, read_json(line)
        except (ValueError, RecursionError) as error:
            column = str(error.colno) if isinstance(error, json.JSONDecodeError) else ""
            text = line if isinstance(line, str) else line.decode("utf-8", "surrogateescape")
            bad(Location(path, number, column), "not valid JSON", text)


def read_json(line: bytes | str) -> Any:
    """Return what a line of JSON holds; what is not UTF-8 comes through as lone surrogates.

    orjson reads it, and, where it refuses or makes floats of long whole numbers, Python's module,
    which also knows NaN and halves of surrogate pairs.  Raises ValueError and RecursionError as
    that does.

    >>> read_json(b"[1, 12345678901234567890123]")
    [1, 12345678901234567890123]
    """
    try:
        found = orjson.loads(line)
        if not _has_long_number(found):
            return found
    except orjson.JSONDecodeError:
        pass
    text = line if isinstance(line, str) else line.decode("utf-8", "surrogateescape")
    return json.loads(text.removeprefix("\ufeff"))


def _has_long_number(found: Any) -> bool:
    """Tell whether there is a float that may have been a whole number of more than 64 bits."""
    if isinstance(found, float):
        return abs(found) >= LONG
    if isinstance(found, dict):
        return any(_has_long_number(one) for one in found.values() if type(one) in MAY_BE_LONG)
    if isinstance(found, list):
        return any(_has_long_number(one) for one in found if type(one) in MAY_BE_LONG)
    return False


def open_parquet(path: str) -> tuple[Any, Any]:
    """Return a Parquet file of pyarrow, and its schema.

    Raises DataError for what is none, and FastcliError without pyarrow.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError:
        raise FastcliError(f"{path}: reading Parquet needs {installing('parquet')}.") from None
    except ImportError as error:  # such as a NumPy that is too old for it
        raise FastcliError(f"{path}: pyarrow cannot be loaded: {error}.") from None
    try:
        file = parquet.ParquetFile(place_of(path))
        schema = file.schema_arrow
        _ = schema.names, schema.metadata
    except UnicodeDecodeError:
        raise DataError(f"{path} is damaged: it has names that are not UTF-8.") from None
    except (OSError, ArrowException) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from None
    return file, schema


def parquet_batches(
    path: str, file: Any, on_bytes: Callable[[int], None], columns: list[str] | None = None
) -> Iterator[Any]:
    """Yield some columns (None: all) of the rows of a Parquet file, some rows at a time.

    Raises DataError where they cannot be read.
    """
    from pyarrow import ArrowException

    size, n_rows, number = os.path.getsize(place_of(path)), max(file.metadata.num_rows, 1), 0
    try:
        for part in file.iter_batches(batch_size=AT_ONCE, columns=columns):
            on_bytes(size * number // n_rows)
            number += len(part)
            yield part
    except (OSError, ArrowException) as error:
        raise DataError(f"{path} is damaged: {error}") from None


def parquet_rows(
    path: str, on_bytes: Callable[[int], None]
) -> tuple[list[str], dict[str, list[str]], Callable[[list[str]], Iterator[tuple[int, Any]]]]:
    """Open a Parquet file.

    Returns the names of its columns, the names of classes that it gives to numbers of columns, and
    a function that yields the rows of some columns, numbered from 1.  Raises DataError, also while
    rows are read, and FastcliError without pyarrow.
    """
    file, schema = open_parquet(path)

    def rows(columns: list[str]) -> Iterator[tuple[int, Any]]:
        number = 0
        for part in parquet_batches(path, file, on_bytes, columns):
            try:
                found_rows = _python_rows(part)
            except UnicodeDecodeError:
                raise DataError(f"{path} is damaged: it has text that is not UTF-8.") from None
            except (ValueError, OverflowError) as error:  # also of Arrow
                place = f"{path}: row {number + 1:,} or later"
                raise DataError(f"{place} cannot be read: {error}") from None
            for found in found_rows:
                number += 1
                yield number, found

    return schema.names, _class_names(schema.metadata), rows


def _python_rows(part: Any) -> list[dict[str, Any]]:
    """Return the rows of a record batch; times lose their nanoseconds, which Python has not."""
    import pyarrow

    for i, kind in enumerate(part.schema):
        if pyarrow.types.is_timestamp(kind.type) and kind.type.unit == "ns":
            whole = pyarrow.timestamp("us", kind.type.tz)
            cells = part.column(i).cast(whole, safe=False)
            part = part.set_column(i, kind.name, cells)
    found: list[dict[str, Any]] = part.to_pylist()
    return found


def _class_names(metadata: Any) -> dict[str, list[str]]:
    """Return the names of classes by column, as the library datasets writes them into a file."""
    found: dict[str, list[str]] = {}
    try:
        features = json.loads((metadata or {})[HUGGING_FACE])["info"]["features"]
        for name, feature in features.items():
            inner = feature.get("feature", feature)
            inner = inner[0] if isinstance(inner, list) else inner
            names = inner.get("names")
            if isinstance(names, list) and all(isinstance(one, str) for one in names):
                found[name] = names
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        pass
    return found


def bounded_lines(path: str, stream: Any) -> Iterator[Any]:
    """Yield the lines of a stream of bytes or text; raises DataError for a very long one."""
    number = 0
    while line := stream.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) > LONGEST_ROW:
            raise too_long(Location(path, number))
        yield line


def too_long(place: Location) -> DataError:
    """Return the error of a row that is longer than any that somebody wrote as a row."""
    return DataError(f"{place}: a row of more than {LONGEST_ROW:,} bytes: has it line ends?")


def objects_as_written(path: str, raw: IO[bytes], bad: Bad) -> Iterator[tuple[int, Any, bytes]]:
    """Yield the number of each line of UTF-8, what is on it, and the line."""
    for number, line in enumerate(bounded_lines(path, raw), 1):
        if number == 1:
            line = line.removeprefix(BOM)
        for _, found in json_lines(path, [line], _at(number, bad)):
            yield number, found, line


def _at(number: int, bad: Bad) -> Bad:
    """Return what is told of a line alone, and passes on its number."""
    return lambda place, reason, text: bad(replace(place, line=number), reason, text)


def elements(path: str, text: IO[str]) -> Iterator[tuple[int, Any]]:
    """Yield the elements of a JSON array and their places, without holding all of it."""
    return ((line, found) for line, found, _ in elements_as_written(path, text))


def elements_as_written(path: str, text: IO[str]) -> Iterator[tuple[int, Any, bytes]]:
    """Yield the elements of a JSON array, their places, and their JSON, on one line.

    The place is the line where an element begins.  No two have the same: of several on a line the
    others count on from there, so that in an array on one line it is the number of the element.
    """
    decoder, buffer, at, line, size = json.JSONDecoder(), "", 0, 1, 1 << 16
    place = 0
    due = OPENING
    while True:
        start = at
        while at < len(buffer) and buffer[at].isspace():
            at += 1
        line += buffer.count("\n", start, at)
        begins = buffer[at : at + 1]
        if begins and due == OPENING and begins != "[":
            raise DataError(
                f"{path} is not a JSON array of objects; one object per line is --format jsonl."
            )
        if begins and due == COMMA and begins not in ",]":
            shown = buffer[at : at + 40]
            raise DataError(f"{path}:{line}: a comma is missing in the array: {shown!r}.")
        if begins == "]" and due in (FIRST, COMMA):
            rest = buffer[at + 1 :].strip()
            while not rest and (more := text.read(size)):
                rest = more.strip()
            if rest:
                raise DataError(f"{path}:{line}: there is more after the array: {rest[:40]!r}.")
            return
        if begins and due in (OPENING, COMMA):
            due, at = FIRST if due == OPENING else ELEMENT, at + 1
            continue
        if begins:
            try:
                found, end = decoder.raw_decode(buffer, at)
            except RecursionError:
                raise DataError(f"{path}:{line}: the JSON is nested too deeply.") from None
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(buffer) - 64 or error.msg.startswith("Unterminated")
                if not is_cut:
                    shown = buffer[error.pos : error.pos + 40]
                    line += buffer.count("\n", at, error.pos)
                    raise DataError(f"{path}:{line}: not valid JSON: {shown!r}.") from None
                end = -1
            except ValueError as error:  # a number of thousands of digits
                raise DataError(f"{path}:{line}: not valid JSON: {error}.") from None
            if 0 <= end < len(buffer):  # a number at the end may continue
                # There are no line ends in strings of JSON.
                written = _LINE_ENDS.sub(" ", buffer[at:end])
                place = max(line, place + 1)
                yield place, found, written.encode("utf-8", "surrogateescape")
                line += buffer.count("\n", at, end)
                at, size, due = end, 1 << 16, COMMA
                continue
        if len(buffer) - at > LONGEST_ROW:
            raise too_long(Location(path, line))
        more = text.read(size)
        if not more:
            if begins and begins in ",]}":  # where an element is due
                raise DataError(f"{path}:{line}: not valid JSON: {buffer[at : at + 40]!r}.")
            raise DataError(f"{path}:{line}: the array ends before it is closed.")
        buffer, at, size = buffer[at:] + more, 0, 2 * size
