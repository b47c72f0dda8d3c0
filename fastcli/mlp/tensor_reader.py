"""Reading fastcli's safetensors files: every size is checked against the file's before it is used.

A file is eight bytes of length, a JSON header of that length, and the bytes of all tensors one
after the other (https://github.com/huggingface/safetensors, "Format").  Ours keep a JSON object of
their own in the metadata of the header.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from fastcli.contents import Contents, read_or_map
from fastcli.errors import FastcliError, ModelFormatError, unreadable
from fastcli.mlp.first_bytes import LONGEST_HEADER, PREFIX, header_length
from fastcli.schema import Range, SchemaError, build, parse_json, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = "1"
DTYPES = {
    "F32": np.float32,
    "F64": np.float64,
    "I32": np.int32,
    "I64": np.int64,
    "U8": np.uint8,
}
DIMENSIONS = 3  # the most that fastcli's tensors have

Size = Annotated[int, Range(0)]


@dataclass(frozen=True)
class Entry:
    """What the header says of a tensor."""

    dtype: Literal["F32", "F64", "I32", "I64", "U8"]
    shape: list[Size]
    data_offsets: list[Size]


def open_tensors(source: str | Contents, mapped: bool | None = None) -> Contents:
    """Open a file, unless it is open already; ``mapped`` is as in ``Contents``.

    Raises DataError if it cannot be opened.
    """
    try:
        return read_or_map(source, mapped)
    except FastcliError:  # a ValueError, too
        raise
    except (OSError, ValueError) as error:
        raise unreadable(source, error, "loading") from None


def load_arrays(
    source: str | Contents, kind: str
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the tensors of a file, read only, and its JSON object, which is of ``kind``.

    Raises ModelFormatError if it is damaged or something else, DataError where it is missing.
    """
    contents = open_tensors(source)
    path = contents.path
    head, data = contents.head[: PREFIX + 1], contents.data
    if len(head) <= PREFIX or head[PREFIX:] != b"{":
        raise ModelFormatError(f"{path} is not an mlp-train model.")
    length = header_length(head)
    if length > min(len(data) - PREFIX, LONGEST_HEADER):
        raise ModelFormatError(
            f"{path} is damaged: its header should have {length:,} bytes, more than the file holds."
        )
    try:
        header = build(dict[str, Any], parse_json(data[PREFIX : PREFIX + length].tobytes()))
        config = _config(path, header.pop("__metadata__", None), kind)
        entries = build(dict[str, Entry], header)
        return _tensors(entries, data[PREFIX + length :]), config
    except SchemaError as error:
        raise ModelFormatError(f"{path} is damaged: {error}.") from None


def _config(path: str, metadata: object, kind: str) -> dict[str, Any]:
    """Return our JSON object of a header's metadata.  Raises ModelFormatError or SchemaError."""
    text = metadata.get("fastcli") if isinstance(metadata, dict) else None
    config = parse_json(text.encode("utf-8", "surrogateescape")) if isinstance(text, str) else None
    if not isinstance(config, dict) or config.get("format") != kind:
        raise ModelFormatError(f"{path} is a safetensors file, but not a fastcli {kind}.")
    if config.get("version") != VERSION:
        version = config.get("version")
        version = version if isinstance(version, str) and version.isalnum() else shown(version)
        raise ModelFormatError(
            f"{path} is from another version of fastcli ({version[:20]}): update fastcli."
        )
    return config


def _tensors(entries: dict[str, Entry], data: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Return the tensors, which follow each other and are all that there is."""
    arrays: dict[str, NDArray[Any]] = {}
    at = 0
    for name, entry in sorted(entries.items(), key=lambda pair: pair[1].data_offsets):
        dtype = np.dtype(DTYPES[entry.dtype])
        if len(entry.shape) > DIMENSIONS:
            raise SchemaError(f"{name[:40]!a} has {len(entry.shape)} dimensions")
        end = at + math.prod(entry.shape) * dtype.itemsize
        if entry.data_offsets != [at, end] or end > len(data):
            raise SchemaError(f"the data of {name[:40]!a} are not where they should be")
        found = data[at:end]
        if found.ctypes.data % dtype.itemsize:
            found = found.copy()  # a file of another program; ours are aligned
        try:
            arrays[name] = found.view(dtype).reshape(entry.shape)
        except ValueError:  # nothing, of a shape larger than any memory
            raise SchemaError(f"{name[:40]!a} has an impossible shape") from None
        at = end
    if at != len(data):
        raise SchemaError(f"{len(data) - at:,} bytes follow the last tensor")
    return arrays
