"""Training from a program: ``train_supervised`` and ``train_unsupervised``."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError
from fastcli.fasttext.args import DEFAULTS, RATES, TrainArgs
from fastcli.options import snake
from fastcli.threads import usable_cpus

if TYPE_CHECKING:
    from fastcli.api.linear import FastText

PathLike = str | os.PathLike[str]


def train_supervised(input: PathLike, **options: Any) -> FastText:
    """Train a classifier on a file of labelled lines and return it.

    Options have fastText's names (``wordNgrams``) or ours (``word_ngrams``).  Raises ArgumentError,
    DataError or TrainingDiverged.
    """
    return _train("supervised", input, options)


def train_unsupervised(input: PathLike, model: str = "skipgram", **options: Any) -> FastText:
    """Train word vectors on a file of text and return their model, ``skipgram`` or ``cbow``.

    Options as in ``train_supervised``.  Raises ArgumentError, DataError or TrainingDiverged.
    """
    if model not in ("skipgram", "cbow"):
        raise ArgumentError(f"Unrecognized model name {model!r}: skipgram or cbow.")
    return _train(model, input, options)


def _train(command: str, path: PathLike, options: dict[str, Any]) -> FastText:
    from fastcli.api.linear import FastText
    from fastcli.api.told import Told
    from fastcli.fasttext.train import train_supervised as train_classifier
    from fastcli.fasttext.train_and_save import about
    from fastcli.fasttext.train_words import train_word_vectors
    from fastcli.fasttext.whole_model import whole_model

    given = {snake(name): value for name, value in options.items()}
    known = TrainArgs.__dataclass_fields__
    if unknown := [name for name in given if name not in known]:
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}")
    args = replace(DEFAULTS[command], input=(os.fspath(path),), output="model")
    args = replace(args, **{"thread": usable_cpus(), **given})
    if args.optimizer != "sgd" and "lr" not in given:
        args = replace(args, lr=RATES.get(args.optimizer, args.lr))
    train = train_classifier if command == "supervised" else train_word_vectors
    trained = train(args, Told(args.verbose))
    return FastText.of_model(whole_model(trained, args, about(args, trained)), args=args)
