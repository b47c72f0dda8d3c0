"""What classifiers and word vectors have in common in a program: arguments, words, labels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from fastcli.api.arguments import Word, path_of, utf8
from fastcli.api.fasttext_args import ATTRIBUTES, Args, args_of, loss_name
from fastcli.api.identity import ModelIdentity
from fastcli.api.model import TrainedModel
from fastcli.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from fastcli.contents import Contents
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.model import Model
    from fastcli.fasttext.neighbours import Neighbours
    from fastcli.fasttext.one_line import LinePredictor
    from fastcli.fasttext.one_vector import OneVector

Kind = TypeVar("Kind", bound="LinearModel")

BESIDE_A_FILE = ("label", "weight_prefix", "about")  # of a model, what its file does not hold
KINDS = {"sup": "classifier", "sg": "skipgram word vectors", "cbow": "cbow word vectors"}


class LinearModel(TrainedModel):
    """A linear model as fastText's Python module has it: its arguments, words and labels.

    A trained model has its arguments as attributes in fastText's spelling (``lr``, ``wordNgrams``,
    ...).  ``path`` is "" where it was never saved.
    """

    lr: float
    dim: int
    ws: int
    epoch: int
    minCount: int
    minCountLabel: int
    minn: int
    maxn: int
    neg: int
    wordNgrams: int
    loss: loss_name
    bucket: int
    thread: int
    lrUpdateRate: int
    t: float
    label: str
    verbose: int
    pretrainedVectors: str

    # What is kept of a model for later calls.
    _one_line: LinePredictor | None = None
    _words: list[str] | None = None
    _labels: list[str] | None = None
    _neighbours: tuple[Model, Neighbours] | None = None
    _vectors: tuple[Model, OneVector] | None = None

    def __init__(
        self, model_path: str | bytes | os.PathLike[str] | None = None, args: Args | None = None
    ) -> None:
        """Load a ``.bin`` or ``.ftz`` file; without one there is no model yet.

        ``args`` become attributes.  Raises ModelFormatError for anything but a whole model.
        """
        super().__init__(None, "")
        if model_path is not None:
            self._load(path_of(model_path))
        self.set_args(args)

    @classmethod
    def _of_model(
        cls: type[Kind], model: Model, path: str = "", args: TrainArgs | None = None
    ) -> Kind:
        """Return what wraps a model in memory.

        ``path`` is that of its file, ``args`` are those of its training.
        """
        found = cls()
        found._use(model, path)
        if args is not None:
            found._args = Args(replace(args, bucket=model.args.bucket))  # 0 without n-grams
            found.set_args(found._args)
        return found

    def _use(self, model: Model, path: str = "") -> None:
        """Take another model, and forget what was kept of the former one."""
        self._model, self.path, self._file = model, path, None
        self._identity = ModelIdentity()
        self._idle = []
        self._one_line = None
        vars(self).pop("_args", None)
        self._words = self._labels = None
        self._neighbours = self._vectors = None

    def __copy__(self: Kind) -> Kind:
        found = super().__copy__()
        found._words = found._labels = None  # lists that their owner may change
        return found

    def _load(self, path: str, mmap: bool | None = None) -> None:
        from fastcli.fasttext.model_file import open_model

        self._open(open_model(path, mmap), path, mmap)

    def _open(self, contents: Contents, path: str, mmap: bool | None = None) -> None:
        from fastcli.api.loading import load_linear

        self._use(load_linear(contents), path)
        self._was_read(contents, path, mmap)

    def _write(self, path: str) -> None:
        from fastcli.api.writing import save

        save(self._linear, path)

    def _restore(self, contents: Contents, path: str, kept: dict[str, Any]) -> None:
        from fastcli.fasttext.model_file import load_model

        super().__init__(None, "")
        self._use(replace(load_model(contents), **kept), path)

    def _pickled_attributes(self) -> dict[str, Any]:
        return {name: getattr(self._linear, name) for name in BESIDE_A_FILE}

    @property
    def _linear(self) -> Model:
        model: Model | None = self._model
        if model is None:
            raise ArgumentError("There is no model yet: load_model opens one.")
        return model

    # ------------------------------------------------------------------- about the model

    def set_args(self, args: Args | None = None) -> None:
        """Make ``args``, the arguments of a training, attributes in fastText's spelling."""
        for name in ATTRIBUTES if args is not None else ():
            setattr(self, name, getattr(args, name))

    @cached_property
    def _args(self) -> Args:
        return Args(args_of(self._linear, self._name))

    def is_quantized(self) -> bool:
        """Tell whether the input matrix is quantized."""
        return self._linear.quantized

    def get_dimension(self) -> int:
        """Return the length of the vectors."""
        return self._linear.args.dim

    def __repr__(self) -> str:
        if self._model is None:
            return "<FastText without a model>"
        model = self._linear
        kind = "quantized " * model.quantized + KINDS[model.args.model]
        sizes = f"{model.dictionary.nwords:,} words"
        if model.args.model == "sup":
            sizes = f"{model.nlabels:,} labels, {sizes}"
        where = f" of {self.path!r}" if self.path else ""
        return f"<FastText{where}: {kind}, {model.args.dim} dimensions, {sizes}>"

    def __len__(self) -> int:
        """Return the number of words."""
        return self._linear.dictionary.nwords

    def __bool__(self) -> bool:
        return True  # a model without words is one, too

    def __iter__(self) -> Iterator[str]:
        return iter(self.get_words())  # ``words`` is a list that its owner may change

    def __contains__(self, word: object) -> bool:
        """Tell whether a word is in the dictionary; labels are not words."""
        try:
            return isinstance(word, str) and 0 <= self.get_word_id(word) < len(self)
        except TypeError:  # half of a surrogate pair
            return False

    # ------------------------------------------------------------------ words and vectors

    @property
    def words(self) -> list[str]:
        """All words, the most frequent first.  Raises UnicodeDecodeError if one is not UTF-8."""
        if self._words is None:
            self._words = self.get_words()
        return self._words

    @property
    def labels(self) -> list[str]:
        """All labels, the most frequent first; of word vectors the words.

        Raises UnicodeDecodeError if one is not UTF-8.
        """
        if self._labels is None:
            self._labels = self.get_labels()
        return self._labels

    @overload
    def get_words(
        self, include_freq: Literal[False] = ..., on_unicode_error: str = ...
    ) -> list[str]: ...

    @overload
    def get_words(
        self, include_freq: Literal[True], on_unicode_error: str = ...
    ) -> tuple[list[str], NDArray[np.int64]]: ...

    @overload
    def get_words(self, include_freq: bool, on_unicode_error: str = ...) -> Any: ...

    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return all words, with ``include_freq`` and how often each occurred, int64[words].

        ``on_unicode_error``: see ``bytes.decode``.
        """
        return self._entries(0, self._linear.dictionary.nwords, include_freq, on_unicode_error)

    @overload
    def get_labels(
        self, include_freq: Literal[False] = ..., on_unicode_error: str = ...
    ) -> list[str]: ...

    @overload
    def get_labels(
        self, include_freq: Literal[True], on_unicode_error: str = ...
    ) -> tuple[list[str], NDArray[np.int64]]: ...

    @overload
    def get_labels(self, include_freq: bool, on_unicode_error: str = ...) -> Any: ...

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return all labels, with ``include_freq`` and how often each occurred, int64[labels].

        Of word vectors the words.  ``on_unicode_error``: see ``bytes.decode``.
        """
        dictionary = self._linear.dictionary
        if self._linear.args.model != "sup":
            return self.get_words(include_freq, on_unicode_error)
        return self._entries(dictionary.nwords, len(dictionary), include_freq, on_unicode_error)

    def _entries(self, first: int, last: int, include_freq: bool, on_unicode_error: str) -> Any:
        dictionary = self._linear.dictionary
        names = texts_of(dictionary.entries(first, last), on_unicode_error)
        return (names, dictionary.counts[first:last].copy()) if include_freq else names

    def get_word_id(self, word: Word) -> int:
        """Return the row of ``word`` in the input matrix; -1 if it is unknown.

        As in fastText a label has a number here, too: those of labels follow those of words.
        """
        return self._linear.dictionary.find(utf8(word))

    def get_label_id(self, label: Word) -> int:
        """Return the row of ``label`` in the output matrix; negative if it is unknown."""
        dictionary = self._linear.dictionary
        found = dictionary.find(utf8(label, "a label"))
        return found - dictionary.nwords if found >= 0 else -1


def texts_of(entries: Sequence[bytes], on_unicode_error: str = "strict") -> list[str]:
    """Return words or labels as text.  Raises UnicodeDecodeError, unless errors are ignored."""
    return [entry.decode("utf-8", on_unicode_error) for entry in entries]
