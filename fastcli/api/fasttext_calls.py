"""The functions of fastText's Python module: their arguments by position or by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from fastcli.api.arguments import path_of, real, whole

if TYPE_CHECKING:
    from fastcli.api.linear import FastText

# In fastText's order; train_unsupervised has a model after the input, and ends before seed.
OPTIONS: dict[str, type] = {
    "input": os.PathLike,
    "lr": float,
    "dim": int,
    "ws": int,
    "epoch": int,
    "minCount": int,
    "minCountLabel": int,
    "minn": int,
    "maxn": int,
    "neg": int,
    "wordNgrams": int,
    "loss": str,
    "bucket": int,
    "thread": int,
    "lrUpdateRate": int,
    "t": float,
    "label": str,
    "verbose": int,
    "pretrainedVectors": os.PathLike,
    "seed": int,
    "autotuneValidationFile": os.PathLike,
    "autotuneMetric": str,
    "autotunePredictions": int,
    "autotuneDuration": int,
    "autotuneModelSize": str,
}
SUPERVISED = tuple(OPTIONS)
UNSUPERVISED = ("input", "model", *SUPERVISED[1 : SUPERVISED.index("seed")])
OTHER_SPELLINGS = {
    "min_count": "minCount",
    "word_ngrams": "wordNgrams",
    "lr_update_rate": "lrUpdateRate",
    "label_prefix": "label",
    "pretrained_vectors": "pretrainedVectors",
}
BLOG = "https://fasttext.cc/blog/2019/06/25/blog-post.html"


def train_supervised(*values: Any, **options: Any) -> FastText:
    """Train a classifier; arguments and their order are those of fastText's ``train_supervised``.

    Raises TypeError for unknown arguments and wrong types, and as ``fastcli.train_supervised``.
    """
    from fastcli.api.training import train_supervised as train

    return train(**by_name(SUPERVISED, values, options))


def train_unsupervised(*values: Any, **options: Any) -> FastText:
    """Train word vectors; arguments and their order are fastText's (``model`` is "skipgram").

    Raises TypeError for unknown arguments and wrong types, and as ``fastcli.train_unsupervised``.
    """
    from fastcli.api.training import train_unsupervised as train

    return train(**by_name(UNSUPERVISED, values, options))


def by_name(names: Sequence[str], values: Sequence[Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return arguments by their names; those by position are in the order of ``names``.

    >>> by_name(SUPERVISED, ("a.txt", 1), {"word_ngrams": 2})
    {'input': 'a.txt', 'lr': 1.0, 'wordNgrams': 2}
    """
    if len(values) > len(names):
        raise TypeError(f"takes at most {len(names)} arguments, not {len(values)}")
    given: dict[str, Any] = {}
    for spelled, value in [*zip(names, values, strict=False), *options.items()]:
        name = OTHER_SPELLINGS.get(spelled, spelled)
        if name not in names:
            raise TypeError(f"unexpected keyword argument {spelled!r}")
        if name in given:
            raise TypeError(f"multiple values for argument {name!r}")
        given[name] = _typed(name, value)
    return {"input": "", **given}


def _typed(name: str, value: Any) -> Any:
    """Return a value of the type of an argument.  Raises TypeError."""
    kind = OPTIONS.get(name, str)
    if kind is int:
        return whole(value, name)
    if kind is float:
        return real(value, name)
    if kind is os.PathLike:
        return path_of(value)
    if name == "autotuneModelSize" and isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}: {value!r}")
    return value


def _removed(name: str, instead: str) -> Callable[..., NoReturn]:
    """Return a function of the older module, which says what has taken its place."""

    def function(*values: Any, **options: Any) -> NoReturn:
        raise Exception(f"{name} is of an older module: use {instead}. See {BLOG}.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raise an Exception, as fastText does: use {instead}."
    return function


cbow = _removed("cbow", 'train_unsupervised(..., model="cbow")')
skipgram = _removed("skipgram", 'train_unsupervised(..., model="skipgram")')
supervised = _removed("supervised", "train_supervised")


def eprint(*values: Any, **options: Any) -> None:
    """Do nothing: fastText writes to stderr by it, and programs replace it to keep it silent."""
