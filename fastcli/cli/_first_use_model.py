"""What the first bytes of a model say about the kernels that it needs, before it is loaded."""

from __future__ import annotations

import json
import os
import stat
import struct
from typing import NamedTuple

from fastcli.mlp.first_bytes import LONGEST_HEADER, PREFIX, begins_as_mlp, header_length

HEAD = struct.Struct("<14id3i2q")  # magic number, version, arguments, sizes of the dictionary
MISSING = (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error)
TOO_LARGE = (RecursionError, MemoryError)  # JSON that is deep or large


class Needs(NamedTuple):
    """What kernels depend on; nothing special where a file is none of ours, or a pipe."""

    is_perceptron: bool = False
    has_text: bool = True
    activations: tuple[str, ...] = ()
    has_norm: bool = False
    has_tree: bool = False
    has_char_ngrams: bool = False
    is_pruned: bool = False
    is_quantized: bool = False


def needs_of_model(path: object) -> Needs:
    """Read the head of a model file; whatever is wrong with it is said when it is loaded."""
    try:
        if not stat.S_ISREG(os.stat(str(path)).st_mode):  # a pipe is read once only
            return Needs()
        with open(str(path), "rb") as file:
            head = file.read(HEAD.size)
            if begins_as_mlp(head):
                file.seek(PREFIX)
                return _of_perceptron(file.read(min(header_length(head), LONGEST_HEADER)))
        return _of_linear(head, str(path).endswith(".ftz"))
    except (*MISSING, *TOO_LARGE):
        return Needs()


def _of_linear(head: bytes, is_quantized: bool) -> Needs:
    values = HEAD.unpack(head)
    loss, model, maxn = values[8], values[9], values[12]
    is_supervised = model == 3
    return Needs(
        has_tree=loss == 1 and is_supervised,
        has_char_ngrams=maxn > 0,
        is_pruned=values[-1] >= 0,
        is_quantized=is_quantized,
    )


def _of_perceptron(header: bytes) -> Needs:
    config = json.loads(json.loads(header)["__metadata__"]["fastcli"])
    args = config["args"]
    names = args["activation"].split(",") if args["hidden"] != "none" else []
    return Needs(
        is_perceptron=True,
        has_text=bool(config.get("text")),
        activations=tuple(name.partition(":")[0].replace("-", "_") for name in names),
        has_norm=args["norm"] != "none",
        is_pruned=bool(config.get("text")) and config["text"].get("bucket", 0) > 0,
    )
