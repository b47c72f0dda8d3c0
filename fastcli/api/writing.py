"""Saving a model in memory, with the JSON file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli import __version__
from fastcli.fasttext.model_outputs import ModelOutputs
from fastcli.fasttext.quantize import QuantizedModel
from fastcli.fasttext.quantized import QuantizedMatrix
from fastcli.fasttext.save import write_model, write_quantized
from fastcli.fasttext.sidecar import FILES
from fastcli.fasttext.whole_model import as_trained
from fastcli.notices import warn

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model
    from fastcli.files import Replacement

OF_A_FILE = ("format", "size", "tail_crc32", FILES)  # which the new file has of its own


def save(model: Model, path: str) -> None:
    """Write a model and its JSON file under their names at once.

    Raises FastcliError if the model cannot be written.
    """

    def write(out: Replacement) -> None:
        if isinstance(model.wi, QuantizedMatrix):
            write_quantized(out, QuantizedModel(model, model.wi, model.wo_codes or model.wo))
        else:
            write_model(out, as_trained(model))

    notes = {"fastcli": __version__, "label": model.label, **model.about}
    notes = {name: value for name, value in notes.items() if name not in OF_A_FILE}
    with ModelOutputs([path], [], warn) as files:
        files.save(path, write, {}, notes)
        model.wi.check_unchanged()
