"""Opening a model file of any kind."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.notices import say, warn
from fastcli.overwriting import STREAM, check_apart
from fastcli.urls import is_url

if TYPE_CHECKING:
    from fastcli.api.linear import FastText
    from fastcli.api.mlp_model import MLP
    from fastcli.contents import Contents
    from fastcli.evaluation.classifier import Classifier
    from fastcli.fasttext.model import Model
    from fastcli.mlp.model import MlpModel
    from fastcli.tables.options import TableOptions


def load_model(path: str | bytes | os.PathLike[str], mmap: bool | None = None) -> FastText | MLP:
    """Return the model of the file ``path``: its first bytes tell which kind it is.

    That of a ``.bin`` or ``.ftz`` file is a ``FastText``, that of a ``.mlp`` file an ``MLP``.

    ``mmap`` says whether the matrices are read-only maps of the file, which all processes of the
    machine share, or are read into memory; None maps files of more than 64 MB.  A mapped model
    whose file is written to afterwards raises ModelFormatError when it is used; another file that
    is renamed to its name does no harm.

    Raises ModelFormatError for anything but a complete and valid model, and ArgumentError for
    ``mmap=True`` of a compressed file or a pipe, and for a URL.
    """
    from fastcli.api.arguments import path_of
    from fastcli.fasttext.model_file import open_model
    from fastcli.mlp.first_bytes import is_mlp

    name = path_of(path)
    _check_local(name)
    contents = open_model(name, mmap)  # once: a pipe has nothing more afterwards
    if is_mlp(contents):
        from fastcli.api.mlp_model import MLP

        perceptron = MLP(load_perceptron(contents), name)
        perceptron._was_read(contents, name, mmap)
        return perceptron
    from fastcli.api.linear import FastText

    model = FastText()
    model._open(contents, name, mmap)
    return model


def _check_local(path: str) -> None:
    """Raise ArgumentError for a URL, from which the files beside a model would not be read."""
    if is_url(path):
        raise ArgumentError(
            f"{path}: models are read from local files. Copy it here, and what is beside it "
            "(.json, .thresholds.json)."
        )


def opened(path: str) -> str | Contents:
    """Open a model once, since a pipe can be read only once.

    What cannot be opened stays a path; reading it reports the error.
    """
    from fastcli.contents import read_or_map

    try:
        return read_or_map(path)
    except OSError:
        return path


def load_linear(source: str | Contents) -> Model:
    """Load a linear model, and say what is wrong with it and with the JSON file next to it.

    Raises ModelFormatError.
    """
    from fastcli.fasttext.model_file import load_model

    model = load_model(source)
    if model.warning:
        warn(model.warning)
    return model


def load_perceptron(source: str | Contents, options: TableOptions | None = None) -> MlpModel:
    """Load a network; ``options`` say how it reads tables, if it does.

    Raises ModelFormatError, and ArgumentError for options that cannot be.
    """
    from fastcli.mlp.model_file import load_mlp  # which loads much that others do without

    perceptron = load_mlp(source)
    perceptron.note = say
    return perceptron if options is None else reading_as(perceptron, options)


def reading_as(perceptron: MlpModel, options: TableOptions) -> MlpModel:
    """Return a network that reads tables as options say.

    Raises ArgumentError for options that cannot be.
    """
    from fastcli.tables.dialects import read_delimiter
    from fastcli.tables.labels import LabelOptions
    from fastcli.tables.options import TABLES, header_of

    how = replace(
        perceptron.table_options,
        delimiter=read_delimiter(options.delimiter),
        header=header_of(options),
        encoding=options.encoding,
        labels=LabelOptions(options.label_separator, options.labels_as),
        kind=options.format if options.format in TABLES else "auto",
        skip_bad=options.skip_bad,
    )
    return replace(perceptron, table_options=how)


def load_classifier(
    path: str,
    options: TableOptions | None = None,
    contents: str | Contents | None = None,
    only_labels: str = "",
) -> Classifier:
    """Load a model to test or predict with, of the kind that its first bytes show.

    ``options`` say how it reads tables, if it does; ``contents`` are those of ``opened`` where they
    are read already.  Raises ArgumentError for what cannot be, and for a model of regression where
    ``only_labels`` names a use that is for labels; ModelFormatError for what is not a model.
    """
    from fastcli.mlp.first_bytes import is_mlp

    check_apart([path], [STREAM])
    _check_local(path)
    if contents is None:
        contents = opened(path)
    if not is_mlp(contents):
        from fastcli.fasttext.predict import prepare

        prepare()
        return load_linear(contents)
    perceptron = load_perceptron(contents, options)
    if perceptron.targets is not None and only_labels:
        raise for_labels_only(path, only_labels)
    return perceptron


def for_labels_only(model: str, use: str) -> ArgumentError:
    """Return the error of a use that is for labels, of a model that predicts numbers."""
    return ArgumentError(
        f"{use} is for models with labels, and {model} predicts numbers (regression): use "
        "predict or test."
    )
