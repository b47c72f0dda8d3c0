"""The JSON file beside a model: what the binary cannot hold, and how the model was made.

``topics.bin`` has ``topics.bin.json``, ``topics.ftz`` has ``topics.ftz.json``.  Version 0.1.0 wrote
one ``topics.json`` for both, which is still read where there is none of the new name.  Files that
fastcli did not write are left alone and keep nothing from being trained.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastcli.errors import FastcliError, ModelFormatError
from fastcli.files import Replacement, write_all
from fastcli.schema import Range, SchemaError, build

FORMAT = "fastcli model"
TAIL = 1 << 16  # bytes at the end of a model that tell it from another one of its size
LARGEST = 1 << 24  # bytes; no file of ours has more, and people's data are not read for nothing
# The types of what is used, in the object and in its arguments.
KINDS: dict[str, Any] = {
    "label": str,
    "command": str,
    "arguments": dict[str, Any],
    "quantized": dict[str, Any],
    "tokens": int,
}
ARGUMENTS: dict[str, Any] = {"lr": Annotated[float, Range(0, 1e30)], "optimizer": str}
OF_A_RUN = ("python", "seconds", "threads")  # version 0.1.0 wrote them; the model does not know


def about_path(path: str) -> Path:
    """Return the path of the JSON file beside a model.

    >>> about_path("out/topics.bin").name
    'topics.bin.json'
    """
    return Path(f"{path}.json")


def save_about(path: str, about: dict[str, Any], warn: Callable[[str], None]) -> None:
    """Write the JSON file beside a model that is there.

    Where a file of somebody else has its name, nothing is written, and ``warn`` is told so.
    Raises FastcliError where it cannot be written.
    """
    beside = about_path(path)
    if os.path.lexists(beside) and not _is_ours(_load_json(beside)):
        warn(
            f"{beside} was not written by fastcli and stays as it is; so the label prefix and the "
            f"arguments of {path} are not written down."
        )
        return
    whole = {"format": FORMAT, **about, **_identity(path)}
    try:
        text = json.dumps(whole, indent=2, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # an argument was no UTF-8
        text = json.dumps(whole, indent=2).encode()
    try:
        with Replacement(str(beside)) as fd:
            write_all(fd, text + b"\n")
    except OSError as error:
        raise FastcliError(f"{beside} cannot be opened for saving! ({error.strerror})") from None


def read_about(path: str) -> dict[str, Any]:
    """Read the JSON file beside a model, if there is one and it is of that model."""
    beside = about_path(path)
    if os.path.lexists(beside):
        about = _load_json(beside)
        if not _is_ours(about):
            return {}
        identity = _identity(path)
        return about if all(about.get(key) == identity[key] for key in identity) else {}
    about = _load_json(Path(path).with_suffix(".json"))
    if not _is_ours(about):
        return {}
    quantized = about.get("quantized")
    sizes = [about.get("size"), quantized.get("size") if isinstance(quantized, dict) else None]
    return about if os.stat(path).st_size in sizes else {}


def _identity(path: str) -> dict[str, int]:
    """Return what tells a model file from others: its size, and a checksum of its last bytes."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(size - TAIL, 0))
        return {"size": size, "tail_crc32": zlib.crc32(file.read(TAIL))}


def _load_json(path: Path) -> Any:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _is_ours(about: Any) -> bool:
    return isinstance(about, dict) and about.get("format") == FORMAT


def check_about(about: dict[str, Any], path: str) -> None:
    """Raise ModelFormatError where the JSON file beside a model has values of other types.

    Only what is used is typed; of the rest strings must stand for bytes and nesting end somewhere.
    """
    try:
        build(dict[str, Any], about)
        arguments = about.get("arguments", {})
        for found, kinds, where in ((about, KINDS, ""), (arguments, ARGUMENTS, "arguments.")):
            for name, kind in kinds.items():
                if name in found:
                    build(kind, found[name], f"{where}{name}")
        if about.get("label") == "":
            raise SchemaError("label is empty")
    except SchemaError as error:
        beside = about_path(path)
        beside = beside if os.path.lexists(beside) else Path(path).with_suffix(".json")
        raise ModelFormatError(
            f"{beside} is damaged: {error}. Correct it, or remove it: the label prefix is then "
            "__label__."
        ) from None
