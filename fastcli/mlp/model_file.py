"""The ``.mlp`` file: safetensors, with the rest as JSON in its metadata; nothing in it can run.

safetensors writes and checks the file; arrays are mapped from where its header says they are.
"""

from __future__ import annotations

import json
import mmap
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli import __version__
from fastcli.errors import ArgumentError, DataError, FastcliError, ModelFormatError
from fastcli.files import Replacement
from fastcli.memory import padded
from fastcli.mlp.args import MOST, MlpArgs
from fastcli.mlp.model import MlpModel
from fastcli.mlp.numbers import Columns
from fastcli.text.dictionary import Dictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "mlp model"
VERSION = "1"
DTYPES = {
    "F32": np.float32,
    "F64": np.float64,
    "I32": np.int32,
    "I64": np.int64,
    "U8": np.uint8,
}


def is_mlp(path: str) -> bool:
    """Tell whether a file starts as one of ours does: eight bytes of length, then JSON."""
    try:
        with open(path, "rb") as file:
            head = file.read(9)
            size = os.fstat(file.fileno()).st_size
    except OSError:
        return False
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < size


def save_arrays(path: str, arrays: dict[str, NDArray[Any]], config: dict[str, Any]) -> None:
    """Write arrays and a JSON object under a temporary name, and put the file in place.

    The same arrays and the same object make the same bytes.  Raises FastcliError where the file
    cannot be written.
    """
    from safetensors.numpy import save_file

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replacement = Replacement(path)
    try:
        with replacement as fd:
            mode = os.fstat(fd).st_mode
            # One entry only: of several, safetensors would mix the order.
            save_file(whole, replacement.temporary, {"fastcli": json.dumps(config)})
            os.chmod(replacement.temporary, mode & 0o777)  # it makes files of its own, 0600
    except OSError as error:
        raise FastcliError(f"{path} cannot be opened for saving! ({error})") from None


def load_arrays(path: str, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Map the arrays of a file, read only, and return its JSON object.

    Raises ModelFormatError where it is damaged or something else, DataError where it is missing.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as opened:
            metadata = dict(opened.metadata() or {})
        with open(path, "rb") as file:
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except SafetensorError as error:
        raise ModelFormatError(f"{path} is no model of mlp-train, or damaged. ({error})") from None
    except OSError as error:
        raise DataError(f"{path} cannot be opened for loading! ({error.strerror})") from None
    try:
        config = json.loads(metadata["fastcli"])
        assert isinstance(config, dict)
    except (KeyError, ValueError, AssertionError):
        config = {}
    if config.get("format") != kind:
        raise ModelFormatError(f"{path} is a safetensors file, but no {kind} of fastcli.")
    if config.get("version") != VERSION:
        raise ModelFormatError(
            f"{path} is of another version of fastcli ({config.get('version')}): update fastcli."
        )
    size = int.from_bytes(memory[:8], "little")
    header = json.loads(memory[8 : 8 + size])
    arrays: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        dtype = DTYPES.get(entry["dtype"])
        if dtype is None:
            raise ModelFormatError(f"{path}: {name} has numbers of an unknown kind.")
        if last == first:
            arrays[name] = np.zeros(entry["shape"], dtype)
            continue
        count = (last - first) // np.dtype(dtype).itemsize
        flat = np.frombuffer(memory, dtype, count, 8 + size + first)
        arrays[name] = flat.reshape(entry["shape"])
    return arrays, config


def save_mlp(path: str, model: MlpModel) -> None:
    """Write a model.  Raises FastcliError where it cannot be written."""
    arrays: dict[str, NDArray[Any]] = dict(model.tensors)
    config: dict[str, Any] = {"args": asdict(model.args), "loss": model.loss, "about": model.about}
    config |= {"format": FORMAT, "version": VERSION, "fastcli": __version__}
    if model.dictionary is not None:
        d = model.dictionary
        assert model.embedding is not None
        config["text"] = {"nwords": d.nwords, "nlabels": d.nlabels, "ntokens": d.ntokens}
        arrays["embedding"] = model.embedding
        arrays["dictionary.starts"] = d.starts
        arrays["dictionary.arena"] = d.arena[: int(d.starts[-1])]
        arrays["dictionary.counts"] = d.counts
        if model.row_of is not None:
            config["text"]["bucket"] = len(model.row_of)
            used = np.flatnonzero(model.row_of)
            order = np.argsort(model.row_of[used])
            arrays["buckets"] = used[order].astype(np.int32)
    if model.columns is not None:
        c = model.columns
        arrays["columns.mean"], arrays["columns.scale"] = c.mean, c.scale
        config["columns"] = {
            "kind": c.kind,
            "delimiter": c.delimiter,
            "names": c.names,
            "label": c.label,
            "n_features": c.n_features,
            "base": c.base,
        }
        config["labels"] = [name.decode("utf-8", "surrogateescape") for name in model.names]
    save_arrays(path, arrays, config)


def load_mlp(path: str) -> MlpModel:
    """Read a model.  Raises ModelFormatError or DataError."""
    arrays, config = load_arrays(path, FORMAT)
    try:
        return _model(arrays, config)
    except (KeyError, ValueError, TypeError, IndexError, ArgumentError) as error:
        raise ModelFormatError(f"{path} is damaged: {error}.") from None


def _model(arrays: dict[str, NDArray[Any]], config: dict[str, Any]) -> MlpModel:
    config["args"]["input"] = tuple(config["args"]["input"])
    args = MlpArgs(**config["args"])
    tensors = {name: array for name, array in arrays.items() if name.startswith("layers.")}
    model = MlpModel(args, [], config["loss"], tensors, about=config["about"])
    if "text" in config:
        found = config["text"]
        model.dictionary = _dictionary(found, arrays)
        model.names = model.dictionary.labels()
        model.embedding = arrays["embedding"]
        if "buckets" in arrays:
            buckets = arrays["buckets"]
            if len(buckets) and not 0 <= buckets.min() <= buckets.max() < found["bucket"] <= MOST:
                raise ValueError("a bucket is out of range")
            model.row_of = np.zeros(found["bucket"], np.int32)
            model.row_of[buckets] = np.arange(1, len(buckets) + 1, dtype=np.int32)
    else:
        c = config["columns"]
        model.columns = Columns(
            c["kind"],
            c["delimiter"],
            c["names"],
            c["label"],
            c["n_features"],
            c["base"],
            _statistics(arrays["columns.mean"]),
            _statistics(arrays["columns.scale"]),
        )
        model.names = [name.encode("utf-8", "surrogateescape") for name in config["labels"]]
    check(model)
    return model


def _statistics(found: NDArray[Any]) -> NDArray[Any]:
    """Return the means or scales of columns as float64; files of version 0.1.0 have float32."""
    return found.astype(np.float64) if found.dtype == np.float32 else found


def _has(array: NDArray[Any], shape: tuple[int, ...], dtype: Any) -> bool:
    return array.shape == shape and array.dtype == np.dtype(dtype)


def _dictionary(found: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Dictionary:
    """Return the dictionary, whose numbers and arrays must fit each other before it is indexed."""
    nwords, nlabels = found["nwords"], found["nlabels"]
    starts, arena = arrays["dictionary.starts"], arrays["dictionary.arena"]
    counts = arrays["dictionary.counts"]
    fits = (
        min(nwords, nlabels) >= 0
        and _has(starts, (nwords + nlabels + 1,), np.int64)
        and _has(counts, (nwords + nlabels,), np.int64)
        and _has(arena, (int(starts[-1]),), np.uint8)
        and int(starts[0]) == 0
        and bool((np.diff(starts) >= 0).all())
    )
    if not fits:
        raise ValueError("the dictionary's numbers and arrays do not fit")
    return Dictionary(nwords, nlabels, found["ntokens"], starts, arena, counts)


def check(model: MlpModel) -> None:
    """Raise ValueError or KeyError where parts of a model do not fit: kernels trust their sizes."""
    model.args.check_values()
    expected: dict[str, tuple[tuple[int, ...], Any]] = {}
    found: dict[str, NDArray[Any]] = dict(model.tensors)
    if model.dictionary is not None:
        rows = model.dictionary.nwords
        if model.row_of is not None:
            rows += int(np.count_nonzero(model.row_of))
        found |= {"embedding": model.embedding} if model.embedding is not None else {}
        expected["embedding"] = ((rows, padded(model.args.dim)), np.float32)
    if model.columns is not None:
        found |= {"mean": model.columns.mean, "scale": model.columns.scale}
        expected["mean"] = expected["scale"] = ((model.columns.n_features,), np.float64)
    if model.loss not in (0, 1) or not model.names:
        raise ValueError("the loss or the labels are none of ours")
    network = model.network(1)
    expected |= {name: (view.shape, np.float32) for name, view in network.tensors().items()}
    for name, (shape, dtype) in expected.items():
        if not _has(found[name], shape, dtype):
            raise ValueError(f"{name} is {found[name].shape}, and should be {shape}")
