"""Recognise files that are not models by their first bytes, and say what to do with them."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from fastcli.contents import HEAD
from fastcli.fasttext.headers import is_floret, is_of_2016
from fastcli.fasttext.other_tools import other_tool
from fastcli.fasttext.sidecar import PACKED
from fastcli.text.compressed import compression_of
from fastcli.text.inputs import MODEL_MAGIC

if TYPE_CHECKING:
    from fastcli.contents import Contents
    from fastcli.text.vector_files import Layout

UNPACK = {"gz": "gunzip", "bz2": "bunzip2", "xz": "unxz", "zst": "unzstd"}
VECTORS = "Training starts from it with -pretrainedVectors; it has neither n-grams nor labels."
PREPARE = "Make training lines from it with 'fastcli prepare', then train a model."


def what_it_is(contents: Contents) -> str:
    """Return a sentence: what a file that is not a model is, and what to do with it."""
    path, head = contents.path, contents.head
    if not head and not contents.is_regular:
        return "It is a pipe or device that delivered no model."
    if (kind := compression_of(head)) and not contents.is_regular:
        return f"It is compressed: decompress the stream with {UNPACK[kind]} -c."
    is_known = contents.is_regular and not contents.packed
    size = len(contents.data) if is_known else sys.maxsize  # of a pipe it is unknown
    return binary_kind(head, size) or _vector_kind(head) or _text_kind(head, path) or _unknown()


def binary_kind(head: bytes, size: int) -> str:
    """Return what a file of so many bytes is, by its first ones, if it is binary and known.

    Word vectors are not among it.
    """
    if what := other_tool(head):
        return f"It is {what}."
    if is_of_2016(head):
        return (
            "It is a model in fastText's first format (2016), before files had a version. "
            "Train it again, or convert it with the fastText of that time."
        )
    if is_floret(head):
        return (
            "It is a full floret model, whose format is different. Save its vectors as .vec "
            "in floret, and use them with -pretrainedVectors."
        )
    return _safetensors(head) if _is_safetensors(head, size) else ""


def _vectors(head: bytes) -> Layout | None:
    """Return the layout of a file that is almost certainly word vectors."""
    from fastcli.text.vector_files import layout_of

    layout = layout_of(head, len(head) < HEAD)
    return layout if layout and layout.is_sure else None


def _vector_kind(head: bytes) -> str:
    layout = _vectors(head)
    if layout is None:
        return ""
    if not layout.is_text:
        return f"It holds word vectors in word2vec's binary format. {VECTORS}"
    name = "word vectors (.vec)" if layout.n >= 0 else "word vectors, such as GloVe's"
    return f"It is a text file of {name}. {VECTORS}"


def _is_safetensors(head: bytes, size: int) -> bool:
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < size


def _safetensors(head: bytes) -> str:
    if b'\\"format\\": \\"mlp model\\"' in head:
        return (
            "It is an mlp-train model, which test, predict and dump take; this command "
            "needs a .bin or .ftz model."
        )
    if b'{"__metadata__":{"fastcli":' in head:
        return "It is an mlp-train checkpoint; the model is the .mlp file next to it."
    return "It is a safetensors file, but not a fastcli model. fastcli cannot read it."


def _text_kind(head: bytes, path: str) -> str:
    """Return the kind of a text file, by its first bytes; "" for other files."""
    from fastcli.text.vector_files import is_text

    if not head:
        return "It is empty: train the model again, or copy it again."
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "It is UTF-16 text, not a model."
    if not is_text(head):
        return ""
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if head.lstrip()[:1] in (b"{", b"["):
        return _json_kind(head, path)
    rows = [line.split() for line in lines[:-1] or lines]
    if any(word.startswith(b"__label__") for row in rows for word in row):
        return (
            "It is text with labels: train a model on it with 'fastcli supervised'. Where a "
            "command takes a model and a text, the model comes first."
        )
    for delimiter, name in ((b",", "CSV"), (b"\t", "TSV"), (b";", "CSV")):
        counts = {line.count(delimiter) for line in lines[:-1][:5]}
        if path.lower().endswith(f".{name.lower()}") or (len(counts) == 1 and counts != {0}):
            return f"It is a table ({name}). {PREPARE}"
    return "It is a text file: a model is a .bin, .ftz or .mlp file that training writes."


def _json_kind(head: bytes, path: str) -> str:
    if b'"format": "fastcli model"' in head:
        return f"It is the JSON file beside a model: give {path.removesuffix('.json')}."
    try:
        json.JSONDecoder().raw_decode(head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        if len(head) < HEAD:
            return "It is a text file: a model is a .bin, .ftz or .mlp file that training writes."
    return f"It is JSON. {PREPARE}"


def _unknown() -> str:
    return "It is not a model that fastText or fastcli wrote."


def beside(path: str) -> str:
    """Return the model that the user probably meant by the name of a missing file."""
    for name in (f"{path}.bin", f"{path}.ftz", f"{path}.mlp", path.removesuffix(".bin")):
        if name and name != path and begins_as_model(name):
            return f"Did you mean {name}?"
    for end in PACKED:
        if path and os.path.isfile(path + end):
            return f"There is {path}{end}: give that name, or decompress it."
    quantized = f"{path.removesuffix('.bin')}.ftz"
    if path.endswith(".bin") and begins_as_model(quantized):
        return f"There is {quantized}, but it is quantized already."
    return ""


def begins_as_model(path: str) -> bool:
    """Tell whether there is a regular file that begins as models of fastcli do."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            head, size = file.read(9), os.fstat(file.fileno()).st_size
    except OSError:
        return False
    return head.startswith(MODEL_MAGIC) or _is_safetensors(head, size)
