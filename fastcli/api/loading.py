"""Opening a model file of any kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastcli.api.linear import FastText


def load_model(path: str | os.PathLike[str]) -> FastText:
    """Return the model of a ``.bin`` or ``.ftz`` file.

    Raises ModelFormatError for anything but a complete and valid model.
    """
    from fastcli.api.linear import FastText
    from fastcli.fasttext.model_file import load_model as load
    from fastcli.notices import warn

    model = load(os.fspath(path))
    if model.warning:
        warn(model.warning)
    return FastText(model, os.fspath(path))
