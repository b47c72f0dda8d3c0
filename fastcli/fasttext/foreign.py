"""What a file is that was given as a model and is none, by its first bytes, and what to do."""

from __future__ import annotations

import json
import os
import re
import shlex

from fastcli.fasttext.headers import is_floret, is_of_2016
from fastcli.text.inputs import compression

HEAD = 1 << 16  # bytes that are looked at
UNPACK = {"gz": "gunzip", "bz2": "bunzip2", "xz": "unxz", "zst": "unzstd"}
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE)
VECTORS = "Training starts from it with -pretrainedVectors; it has neither n-grams nor labels."
PREPARE = "Make training lines of it with 'fastcli prepare', then train a model."

# First bytes of other formats, and what they are.
MAGICS = {
    b"\x93NUMPY": "a NumPy array. Models are .bin, .ftz and .mlp files",
    b"PK\x03\x04": "a zip archive. Unpack it first; models are .bin, .ftz and .mlp files",
    b"\x80\x02": "a Python pickle, such as gensim's. Save it as a .bin file of fastText there",
    b"\x80\x03": "a Python pickle, such as gensim's. Save it as a .bin file of fastText there",
    b"\x80\x04": "a Python pickle, such as gensim's. Save it as a .bin file of fastText there",
    b"\x80\x05": "a Python pickle, such as gensim's. Save it as a .bin file of fastText there",
    b"\x89HDF": "an HDF5 file. Models are .bin, .ftz and .mlp files",
    b"PAR1": "a Parquet file. Make training lines of it with 'fastcli prepare', then train",
    b"%PDF": "a PDF document. Models are .bin, .ftz and .mlp files",
    b"version https://git-lfs": "a pointer of Git LFS, not the file. Get it with git lfs pull",
}


def what_it_is(path: str) -> str:
    """Return in a sentence what a file is that is no model, and what to do with it."""
    if not os.path.isfile(path):
        return "It is no regular file: write the model to a file first."
    if kind := compression(path):
        return f"It is compressed: unpack it first, with {UNPACK[kind]} {shlex.quote(path)}."
    with open(path, "rb") as file:
        head = file.read(HEAD)
        size = os.fstat(file.fileno()).st_size
    return binary_kind(head, size) or _text_kind(head, path) or _unknown()


def binary_kind(head: bytes, size: int) -> str:
    """Return what a file of so many bytes is, by its first ones, if it is binary and known."""
    for magic, what in MAGICS.items():
        if head.startswith(magic):
            return f"It is {what}."
    if is_of_2016(head):
        return (
            "It is a model of fastText's first format, of 2016, before files had a version. "
            "Train it again, or convert it with the fastText of that time."
        )
    if is_floret(head):
        return (
            "It is a whole model of floret, whose format is another one. Save its vectors as .vec "
            "in floret, and use them with -pretrainedVectors."
        )
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < size:
        return _safetensors(head)
    first, _, rest = head.partition(b"\n")
    if re.fullmatch(rb"\d+ \d+\r?", first) and _is_binary(rest):
        return f"It holds word vectors in word2vec's binary format. {VECTORS}"
    return ""


def _safetensors(head: bytes) -> str:
    if b'\\"format\\": \\"mlp model\\"' in head:
        return (
            "It is a perceptron of mlp-train, which test, predict and dump take; this command "
            "needs a .bin or .ftz model."
        )
    if b'{"__metadata__":{"fastcli":' in head:
        return "It is a checkpoint of mlp-train; the model is the .mlp file beside it."
    return "It is a safetensors file, but no model of fastcli."


def _is_binary(text: bytes) -> bool:
    """Tell whether bytes are no text: they have control characters, or are no UTF-8."""
    if any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in text):
        return True
    try:
        text[: len(text) - 4].decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _text_kind(head: bytes, path: str) -> str:
    """Return what a file of text is, by its first bytes; nothing for what is no text."""
    if not head:
        return "It is empty: train the model again, or copy it again."
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "It is text in UTF-16, and no model."
    if _is_binary(head):
        return ""
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if head.lstrip()[:1] in (b"{", b"["):
        return _json_kind(head, path)
    rows = [line.split() for line in lines[:-1] or lines]
    if len(rows[0]) == 2 and all(word.isdigit() for word in rows[0]):
        if len(rows) < 2 or _is_vector(rows[1], int(rows[0][1])):
            return f"It is a text file of word vectors (.vec). {VECTORS}"
    elif len(rows[0]) > 10 and _is_vector(rows[0], len(rows[0]) - 1):
        return f"It is a text file of word vectors, such as GloVe's. {VECTORS}"
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


def _is_vector(row: list[bytes], dim: int) -> bool:
    numbers = row[1:]
    return dim > 0 and len(numbers) >= dim and all(NUMBER.fullmatch(x) for x in numbers[-dim:])


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
    """Return which model may have been meant by the name of a file that is not there."""
    for name in (f"{path}.bin", f"{path}.ftz", f"{path}.mlp", path.removesuffix(".bin")):
        if name and name != path and os.path.isfile(name):
            return f"Is {name} meant?"
    quantized = f"{path.removesuffix('.bin')}.ftz"
    if path.endswith(".bin") and os.path.isfile(quantized):
        return f"There is {quantized}, but it is quantized already."
    return ""
