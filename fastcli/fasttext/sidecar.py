"""The JSON file beside a model: what the binary file cannot hold, and how the model was made.

``topics.bin`` has ``topics.bin.json``, ``topics.ftz`` has ``topics.ftz.json``.  Version 0.1.0 wrote
one ``topics.json`` for both, which is still read where there is none of the new name.  Files that
fastcli did not write are left alone and keep nothing from being trained.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastcli.contents import TAIL, identity_of_bytes
from fastcli.errors import ArgumentError, DataError, ModelFormatError
from fastcli.schema import Range, SchemaError, build
from fastcli.temporary import BINARY
from fastcli.text.line_weights import check_weight_prefix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDECAR_FORMAT = "fastcli model"
DEFAULT_LABEL = "__label__"  # the prefix of labels, where nothing says it
LARGEST = 1 << 24  # bytes; fastcli writes no larger ones, and other data is not read in vain
CALIBRATION = "calibration"  # of the model's probabilities; not that of one made from it
FILES = "files"  # identities of the other files of a model, by their suffixes
# The types of what is used, in the object and in its arguments.
KINDS: dict[str, Any] = {
    "label": str,
    "command": str,
    "arguments": dict[str, Any],
    "quantized": dict[str, Any],
    "tokens": int,
    "prepared": dict[str, Any],
    CALIBRATION: dict[str, Any],
}
ARGUMENTS: dict[str, Any] = {
    "lr": Annotated[float, Range(0, 1e30)],
    "optimizer": str,
    "weight_prefix": str,
}
PACKED = (".gz", ".bz2", ".xz", ".zst")  # ends of names of compressed files
OF_A_RUN = ("python", "seconds", "threads")  # version 0.1.0 wrote them; the model does not know


def about_path(path: str) -> Path:
    """Return the path of the JSON file beside a model; a compressed one has that of the model.

    >>> about_path("out/topics.bin").name, about_path("topics.bin.gz").name
    ('topics.bin.json', 'topics.bin.json')
    """
    stem, end = os.path.splitext(path)
    packed = end.lower() in PACKED and os.path.splitext(stem)[1].lower() in (".bin", ".ftz")
    return Path(f"{stem if packed else path}.json")


def is_foreign(path: str) -> bool:
    """Tell whether a file that fastcli did not write has the name of a model's JSON file.

    A dangling link is not a file; it will be written through, as that of a model is.
    """
    beside = about_path(path)
    return os.path.exists(beside) and not _is_ours(_load_json(beside))


def has_about(path: str) -> bool:
    """Tell whether a model in a regular file has a JSON file of ours beside it, and its own."""
    if not os.path.isfile(path):
        return False
    about = _load_json(about_path(path))
    return _is_ours(about) and _agrees(about, identity_of_file(path))


def about_bytes(
    about: dict[str, Any], identity: dict[str, int], others: dict[str, dict[str, int]]
) -> bytes:
    """Return the JSON file beside a model, by the identities of the model and of its other files.

    ``others`` has them by the ends of their names, such as ``.vec``.
    """
    return json_bytes({"format": SIDECAR_FORMAT, **about, **identity, FILES: others})


def json_bytes(document: dict[str, Any]) -> bytes:
    """Return an object as a file of JSON."""
    try:
        return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # an argument was no UTF-8
        return json.dumps(document, indent=2).encode() + b"\n"


def read_about(path: str, data: NDArray[np.uint8]) -> tuple[dict[str, Any], str]:
    """Return the content of the JSON file beside a model, and a note about it.

    ``data`` are the bytes of the model.  There is a sentence, and nothing else, where the files are
    of two trainings: those of one model are put in place one after the other, the JSON file last,
    so that a run that is killed between two of them leaves this.
    """
    beside = about_path(path)
    if os.path.exists(beside):
        about = _load_json(beside)
        if not _is_ours(about):
            return {}, ""
        if _agrees(about, identity_of_bytes(data)):
            return about, ""
        return {}, (
            f"{beside} belongs to another model than {path}, and is not used: a run was "
            "killed while it put its files in place, or the model was replaced."
        )
    about = _load_json(Path(path).with_suffix(".json"))
    if not _is_ours(about):
        return {}, ""
    quantized = about.get("quantized")
    sizes = [about.get("size"), quantized.get("size") if isinstance(quantized, dict) else None]
    return (about if len(data) in sizes else {}), ""


def vectors_disagreement(path: str) -> str:
    """Return a sentence if a ``.vec`` file is from another training run than its model."""
    stem, end = os.path.splitext(path)
    if end != ".vec" or not os.path.isfile(path):
        return ""
    models = []
    for model in (f"{stem}.bin", f"{stem}.ftz"):
        about = _load_json(about_path(model))
        files = about.get(FILES) if _is_ours(about) else None
        if not isinstance(files, dict) or not os.path.isfile(model):
            continue
        if files.get(end) == identity_of_file(path) and _agrees(about, identity_of_file(model)):
            return ""
        if end in files or model.endswith(".bin"):  # quantize writes no vectors
            models.append(model)
    if not models:
        return ""
    return (
        f"{path} is from another training run than {models[0]}: a run was killed while it put its "
        "files in place, or one of them was replaced."
    )


def read_calibration(path: str) -> Any:
    """Return the calibration in the JSON file beside a model; see ``read_calibration_of``."""
    return read_calibration_of(about_path(path))


def read_calibration_of(path: str | Path) -> Any:
    """Return what a JSON file beside a model has of a calibration, None if there is nothing.

    Raises DataError for a file that is cut off.
    """
    about = _load_json(Path(path))
    _check_whole(Path(path), about)
    return about.get(CALIBRATION) if _is_ours(about) else None


def _check_whole(beside: Path, about: Any) -> None:
    """Raise DataError for a file that begins as ours, or is empty, and is no JSON object."""
    if about is not None or not beside.is_file():
        return
    with contextlib.suppress(OSError), open(beside, "rb") as file:
        start = file.read(100)
        begin = rb'\s*\{\s*"format":\s*"%s"' % SIDECAR_FORMAT.encode()
        if not start.strip() or re.match(begin, start):
            raise DataError(
                f"{beside} is damaged: it is cut off, or was changed. Restore it, or remove it and "
                "run calibrate again."
            )


def with_calibration(path: str, found: dict[str, int], calibration: dict[str, Any]) -> bytes:
    """Return the JSON file beside a model with a calibration in it; see ``calibration_in``."""
    return calibration_in(str(about_path(path)), found, calibration)


def calibration_in(place: str, found: dict[str, int], calibration: dict[str, Any]) -> bytes:
    """Return the JSON file ``place`` with a calibration in it.

    ``found`` is the identity of the model: nothing is kept of a file that belongs to another one.
    Raises DataError for a file that fastcli did not write, or that is cut off.
    """
    beside = Path(place)
    about = _load_json(beside)
    _check_whole(beside, about)
    if not _is_ours(about):
        if os.path.exists(beside):
            raise DataError(
                f"{beside} was not written by fastcli, and stays as it is: rename it, so that the "
                "calibration can be kept there."
            )
        about = {}
    if not _agrees(about, found):
        about = {}
    document = {"format": SIDECAR_FORMAT, **about, **found, CALIBRATION: calibration}
    return json_bytes(document)


def identity(fd: int) -> dict[str, int]:
    """Return what identifies an open file: its size, and a checksum of its last bytes."""
    size = os.fstat(fd).st_size
    os.lseek(fd, max(size - TAIL, 0), os.SEEK_SET)
    checksum = 0
    while part := os.read(fd, TAIL):
        checksum = zlib.crc32(part, checksum)
    return {"size": size, "tail_crc32": checksum}


def identity_of_file(path: str) -> dict[str, int]:
    """Return what identifies a file: its size, and a checksum of its last bytes."""
    fd = os.open(path, os.O_RDONLY | BINARY)
    try:
        return identity(fd)
    finally:
        os.close(fd)


def _agrees(about: dict[str, Any], found: dict[str, int]) -> bool:
    """Tell whether a JSON file belongs to a model of this identity."""
    return all(about.get(key) == found[key] for key in found)


def _load_json(path: Path) -> Any:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _is_ours(about: Any) -> bool:
    return isinstance(about, dict) and about.get("format") == SIDECAR_FORMAT


def check_about(about: dict[str, Any], path: str) -> None:
    """Raise ModelFormatError if the JSON file beside a model has values that cannot be.

    Only what is used is checked; of the rest strings must stand for bytes and nesting must end.
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
        check_weight_prefix(arguments.get("weight_prefix", ""), about.get("label", DEFAULT_LABEL))
    except (SchemaError, ArgumentError) as error:
        beside = about_path(path)
        beside = beside if os.path.exists(beside) else Path(path).with_suffix(".json")
        reason = str(error).rstrip(".")
        raise ModelFormatError(
            f"{beside} is damaged: {reason}. Correct it, or remove it: the label prefix is then "
            f"{DEFAULT_LABEL}."
        ) from None
