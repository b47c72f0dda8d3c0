"""Opening a model file of any kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastcli.api.linear import FastText
    from fastcli.api.perceptron import Perceptron


def load_model(path: str | os.PathLike[str], mmap: bool | None = None) -> FastText | Perceptron:
    """Return the model of a file: its first bytes tell which kind it is.

    That of a ``.bin`` or ``.ftz`` file is a ``FastText``, that of a ``.mlp`` file a ``Perceptron``.

    ``mmap`` says whether the matrices are read-only maps of the file, which all processes of the
    machine share, or are read into memory; None maps files of more than 64 MB.  A mapped model
    whose file is written to afterwards raises ModelFormatError when it is used; another file that
    is renamed to its name does no harm.

    Raises ModelFormatError for anything but a complete and valid model, and ArgumentError for
    ``mmap=True`` of a compressed file or a pipe.
    """
    from fastcli.fasttext.model_file import load_model as load
    from fastcli.fasttext.model_file import open_model
    from fastcli.mlp.first_bytes import is_mlp

    name = os.fspath(path)
    contents = open_model(name, mmap)  # once: a pipe has nothing more afterwards
    if is_mlp(contents):
        from fastcli.api.perceptron import Perceptron
        from fastcli.mlp.model_file import load_mlp

        return Perceptron(load_mlp(contents), name)
    from fastcli.api.linear import FastText
    from fastcli.notices import warn

    model = load(contents)
    if model.warning:
        warn(model.warning)
    return FastText(model, name)
