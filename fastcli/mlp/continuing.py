"""Going on with a neural network: ``mlp-train -inputModel old.mlp``.

Its layers stay as they are, and so do the words of text or the columns of a table; new words and
labels join.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.contents import identity_of_bytes
from fastcli.errors import ArgumentError
from fastcli.evaluation.recorded import inputs_of
from fastcli.kernels.base.losses import BCE, OVA, SOFTMAX
from fastcli.mlp.args import MlpArgs, option_of
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.model import MlpModel
from fastcli.mlp.model_file import load_mlp
from fastcli.mlp.network import Network, loss_name
from fastcli.mlp.options import REGRESSION_LOSSES
from fastcli.mlp.tensor_reader import open_tensors
from fastcli.text.growing import (
    Grown,
    check_one_start,
    check_same,
    grown,
    kept_weight_prefix,
    new_and_kept,
)
from fastcli.text.inputs import MODEL_MAGIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary, WordTable

# What the tensors of a network, and what it says of an example, depend on.
LAYERS = ("hidden", "activation", "norm", "norm_position", "norm_eps", "norm_affine")
TEXT = ("dim", "word_ngrams", "maxn", "label")


@dataclass(kw_only=True)
class FormerNetwork:
    """The network that training goes on with.

    ``grown`` is its dictionary with the new text's entries, ``new_names`` are the labels that a
    table adds, as soon as they have been read.
    """

    path: str
    model: MlpModel
    identity: dict[str, int] = field(default_factory=dict)
    grown: Grown | None = None
    new_names: list[str] = field(default_factory=list)

    @property
    def columns(self) -> FeatureColumns:
        """The columns of a network of numbers."""
        assert self.model.columns is not None
        return self.model.columns

    @property
    def mapped_bytes(self) -> int:
        """The bytes of the file that are read from the disk, and may be in memory meanwhile."""
        contents = self.model.contents
        return len(contents.data) if contents is not None else 0

    def check_kind(self, kind: str, path: str) -> None:
        """Raise ArgumentError if the input is not of the kind that the network reads."""
        columns = self.model.columns
        if columns is None and kind == "text":
            return
        if (
            columns is not None
            and kind != "text"
            and (kind == "libsvm") == (columns.kind == "libsvm")
        ):
            return
        names = {"text": "text", "libsvm": "numbers (libsvm)"}
        known = "text" if columns is None else names.get(columns.kind, "a table of numbers")
        is_what, advice = names.get(kind, "a table of numbers"), ""
        if columns is None and kind != "libsvm":
            is_what = "a table"
            advice = f" Give its columns{self._text_columns()}."
        raise ArgumentError(f"{self.path} is for {known}, and {path} is {is_what}.{advice}")

    def _text_columns(self) -> str:
        """Return the options that name the columns of the texts it was trained on, or ""."""
        args, shown = self.model.args, []
        for name in ("text_column", "label_column"):
            shown += [word for one in getattr(args, name) for word in (option_of(name), one)]
        if not args.text_column:
            return " with --text-column and --label-column"
        return f", as {self.path} had them: {shlex.join(shown)}"

    def extend(self, words: WordTable, args: MlpArgs) -> tuple[Dictionary, NDArray[np.int32]]:
        """Return the dictionary with what a text adds, and the ids of the text's entries.

        Raises DataError as ``grown`` does.
        """
        assert self.model.dictionary is not None
        known = self.model.dictionary
        self.grown = grown(known, words, args.min_count, args.min_count_label)
        return self.grown.dictionary, self.grown.ids

    def extend_names(self, names: Sequence[str]) -> list[str]:
        """Return the labels of the network, and behind them those among ``names`` that are new."""
        known = [name.decode("utf-8", "surrogateescape") for name in self.model.names]
        self.new_names = [name for name in names if name not in set(known)]
        return [*known, *self.new_names]

    def sentences_on_loss(self, loss: int, has_several: bool) -> Iterator[str]:
        """Yield what to say where ``loss`` is another one, or not for lines of several labels.

        Raises ArgumentError where only one of both losses has a single output unit.
        """
        if loss != self.model.loss:
            was, now = map(loss_name, (self.model.loss, loss))
            if BCE in (loss, self.model.loss):
                raise ArgumentError(
                    f"{self.path} was trained with -loss {was}, whose output units are not those "
                    f"of {now}: leave -loss out."
                )
            yield f"The loss was {was} and is {now}; the output units are kept."
        if loss == SOFTMAX and has_several:
            yield (
                f"Lines have several labels, and {self.path} has softmax, which learns one of them "
                "at a time: -loss ova decides each label by itself."
            )

    def sentence(self) -> str:
        """Return what is said to the user, once the input has been read."""
        if self.grown is not None:
            return self.grown.sentence(self.path, self.model.targets is None)
        if self.model.targets is not None:
            what = "feature" if self.columns.kind == "libsvm" else "column"
            kept = {what: self.columns.n_raw, "target": self.model.nlabels}
            return new_and_kept(self.path, kept, {})
        kept = {"column": self.columns.n_raw, "label": self.model.nlabels}
        if self.columns.kind == "libsvm":
            kept = {"feature": self.columns.n_raw, "label": self.model.nlabels}
        return new_and_kept(self.path, kept, {"label": len(self.new_names)})

    def set_rows(self, embedding: NDArray[np.float32]) -> None:
        """Set the rows that the network has: float32[rows, padded dim or more].

        Words may have other rows now, and n-grams keep their order behind them.
        """
        model = self.model
        assert self.grown is not None
        assert model.embedding is not None
        n_words, n_former = self.grown.dictionary.nwords, self.grown.former_words
        at, dim = self.grown.former[:n_words], model.args.dim
        model.check_unchanged()
        rows = np.flatnonzero(at >= 0)
        embedding[rows, :dim] = model.embedding[at[rows], :dim]
        n = len(model.embedding) - n_former
        embedding[n_words : n_words + n, :dim] = model.embedding[n_former:, :dim]
        model.check_unchanged()

    def set_layers(self, network: Network) -> None:
        """Set the parameters that the network has; units of new labels stay as they are."""
        model, last = self.model, len(network.layers) - 1
        n_new = network.n_labels - model.nlabels
        at = np.append(np.arange(model.nlabels), np.full(n_new, -1))
        if self.grown is not None and model.targets is None:
            at = self.grown.former_labels
        model.check_unchanged()
        for name, view in network.tensors().items():
            if name.startswith(f"layers.{last}.") and model.loss == BCE:
                # Its one unit is for the second label: where labels change places, for the other.
                view[...] = model.tensors[name] * np.float32(1 if at[1] == 1 else -1)
            elif name.startswith(f"layers.{last}."):
                view[..., at >= 0] = model.tensors[name][..., at[at >= 0]]
            else:
                view[...] = model.tensors[name]
        model.check_unchanged()

    def about(self) -> dict[str, Any]:
        """Return what the new model records of this one."""
        found: dict[str, Any] = {**self.identity, "labels": self.model.nlabels}
        if inputs := inputs_of(self.model):
            found["input"] = inputs
        if self.model.dictionary is not None:
            found["words"] = self.model.dictionary.nwords
        return found


def open_former(
    args: MlpArgs, given: set[str], note: Callable[[str], None]
) -> tuple[MlpArgs, FormerNetwork]:
    """Open the model that ``-inputModel`` names; return the arguments with those that it decides.

    ``given`` are the names of the options that a person set: a value that differs from the model's
    is an error.  ``note`` hears what is decided.  Raises ArgumentError, and what ``load_mlp`` does.
    """
    path = args.input_model
    check_one_start(path, args.pretrained_vectors)
    contents = open_tensors(path)
    if contents.head.startswith(MODEL_MAGIC):
        raise ArgumentError(
            f"{path} is a linear model: go on with it by supervised -inputModel {path}."
        )
    if os.name == "nt":  # where a mapped file cannot be replaced
        contents.is_mapped = False
    model = load_mlp(contents)
    names = [*LAYERS, *_names_of_input(model)]
    for name in filter(given.__contains__, names):
        _check_given(name, args, model, path)
    decided = {name: getattr(model.args, name) for name in names}
    if args.is_perceptron:
        _check_perceptron(model, path)
    if "output_bias" in given and args.output_bias == "prior" and model.targets is None:
        note(f"--output-bias prior is for new labels: those of {path} keep their bias.")
    if "loss" not in given or args.loss.strip().lower() == "auto":
        decided["loss"] = loss_name(model.loss)
    decided |= _task(args, model, path, given)
    is_table = bool(args.text_column)
    decided |= kept_weight_prefix(path, model.weight_prefix, given, is_table, note)
    identity = identity_of_bytes(contents.data)
    return replace(args, **decided), FormerNetwork(path=path, model=model, identity=identity)


def _task(args: MlpArgs, model: MlpModel, path: str, given: set[str]) -> dict[str, Any]:
    """Return the arguments of the network's task.  Raises ArgumentError where another is given."""
    known = "classification" if model.targets is None else "regression"
    is_other = "task" in given and args.task not in ("auto", known)
    is_of_numbers, loss = model.targets is not None, args.loss.strip().lower()
    is_other_loss = loss != "auto" and (loss in REGRESSION_LOSSES) != is_of_numbers
    if is_other or ("loss" in given and is_other_loss):
        option = "task" if is_other else "loss"
        raise ArgumentError(
            f"{option_of(option)} {getattr(args, option)}: {path} is a network of {known}, and "
            "stays one."
        )
    if model.targets is None:
        return {}
    delta = {} if "huber_delta" in given else {"huber_delta": model.args.huber_delta}
    return {"task": known, **delta}


def _check_perceptron(model: MlpModel, path: str) -> None:
    """Raise ArgumentError for a network that the perceptron rule cannot continue."""
    if model.args.widths:
        what = "has hidden layers"
    elif model.targets is not None:
        what = "predicts numbers"
    elif model.loss != OVA:
        what = f"was trained with -loss {loss_name(model.loss)}"
    else:
        return
    raise ArgumentError(
        f"{path} {what}, and --optimizer perceptron cannot continue it: use another --optimizer."
    )


def _names_of_input(model: MlpModel) -> list[str]:
    """Return the names of the arguments by which the network reads its input."""
    known = model.args
    if model.columns is not None:
        return ["scale", "standardize", "drop", "words", "label_column"]
    has_ngrams = known.maxn > 0 or known.word_ngrams > 1
    return [*TEXT, *["minn"] * (known.maxn > 0), *["bucket"] * has_ngrams]


def _check_given(name: str, args: MlpArgs, model: MlpModel, path: str) -> None:
    """Raise ArgumentError if the value of an argument is not that of the network."""
    value, known, shown = getattr(args, name), getattr(model.args, name), option_of(name)
    if name == "standardize":
        if value != known:
            raise ArgumentError(
                f"{path} has --scale {model.args.scale}, which stays: leave {shown} out."
            )
        return
    if name == "label_column":
        columns = model.columns
        assert columns is not None
        value = "".join(value[:1])
        names = columns.names[columns.label : columns.label + 1] if columns.names else []
        if value in (*names, str(columns.label)):
            return
        known = names[0] if names else str(columns.label)
    elif name == "hidden":
        is_same = args.widths == model.args.widths
        known = value if is_same else known
    elif name == "scale":
        value = args.scaling
    elif name in LAYERS:  # names are compared in one spelling
        one = replace(model.args, **{name: value}).resolved()
        known = value if getattr(one, name) == known else known
    check_same(shown, _text(value), _text(known), True, path)


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
