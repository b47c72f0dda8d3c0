"""The ``.mlp`` file: safetensors, with the rest as JSON in its metadata; nothing in it can run.

``tensors`` writes the file, ``tensor_reader`` reads and checks it, ``model_reader`` makes a model.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli import __version__
from fastcli.contents import Contents
from fastcli.errors import ArgumentError, ModelFormatError
from fastcli.files import Replacement
from fastcli.mlp.model import MlpModel
from fastcli.mlp.model_reader import LOSS_CODES, MODEL_FORMAT, model_of
from fastcli.mlp.tensor_reader import VERSION, load_arrays, open_tensors
from fastcli.mlp.tensors import write_tensors
from fastcli.schema import SchemaError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_mlp(out: Replacement, model: MlpModel) -> None:
    """Write a model.  Raises OSError or FastcliError if it cannot be written."""
    arrays: dict[str, NDArray[Any]] = dict(model.tensors)
    loss = LOSS_CODES.index(model.loss)
    config: dict[str, Any] = {"args": model.args.recorded(), "loss": loss, "about": model.about}
    config |= {"format": MODEL_FORMAT, "version": VERSION, "fastcli": __version__}
    if model.dictionary is not None:
        d = model.dictionary
        assert model.embedding is not None
        config["text"] = {"nwords": d.nwords, "nlabels": d.nlabels, "ntokens": d.ntokens}
        arrays["embedding"] = model.embedding
        arrays["dictionary.starts"] = d.starts
        arrays["dictionary.arena"] = d.arena[: int(d.starts[-1])]
        arrays["dictionary.counts"] = d.counts
        if model.bucket_rows is not None:
            config["text"]["bucket"] = len(model.bucket_rows)
            used = np.flatnonzero(model.bucket_rows)
            order = np.argsort(model.bucket_rows[used])
            arrays["buckets"] = used[order].astype(np.int32)
    if model.targets is not None:
        arrays["targets.mean"] = model.targets.mean
        arrays["targets.deviation"] = model.targets.deviation
        config["targets"] = model.targets.names
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
        if c.kind == "csv":
            arrays["columns.fill"] = c.fill
            config["columns"] |= {
                "table": [asdict(column) for column in c.table],
                "width": c.width,
                "labels_as": c.labels_as,
                "point": c.point,
            }
            if model.targets is not None:
                config["columns"]["targets"] = c.targets
        if model.targets is None:
            config["labels"] = [name.decode("utf-8", "surrogateescape") for name in model.names]
    write_tensors(out, arrays, config)


def load_mlp(source: str | Contents) -> MlpModel:
    """Read a model.  Raises ModelFormatError or DataError."""
    contents = open_tensors(source)
    arrays, config = load_arrays(contents, MODEL_FORMAT)
    try:
        model = model_of(arrays, config)
    except (SchemaError, ArgumentError) as error:
        sentence = str(error).removesuffix(".")
        raise ModelFormatError(f"{contents.path} is damaged: {sentence}.") from None
    model.contents = contents if contents.is_mapped else None
    return model
