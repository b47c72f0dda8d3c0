"""Going on with a classifier: ``supervised -inputModel old.bin``.

Its words and labels stay, and those of the new text join.  Rows that training uses start from those
of the former model; all others are taken from its file when the new one is written, so that memory
holds only what is trained.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.contents import identity_of_bytes
from fastcli.errors import ArgumentError, ModelFormatError, NotFinite
from fastcli.evaluation.recorded import inputs_of
from fastcli.fasttext.args import TrainArgs, option_of
from fastcli.fasttext.matrix import DenseMatrix, first_not_finite
from fastcli.fasttext.model import Model
from fastcli.fasttext.model_file import load_model, open_model
from fastcli.printable import readable, shortened
from fastcli.text.dictionary import have_prefix
from fastcli.text.growing import Grown, check_one_start, check_same, grown, kept_weight_prefix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary, WordTable

ROWS_AT_A_TIME = 1 << 14  # rows that are copied at a time
MOST_TOKENS = 2**63 - 1  # that a file can say


@dataclass(kw_only=True)
class Former:
    """The classifier that training goes on with; ``loss`` is that of the new one.

    ``grown`` is its dictionary with the new text's entries, as soon as that has been read.
    ``identity`` tells the file, as the JSON file beside a model does.
    """

    path: str
    model: Model
    loss: str
    identity: dict[str, int] = field(default_factory=dict)
    grown: Grown | None = None

    @property
    def keeps_outputs(self) -> bool:
        """Whether the output rows go on: not those of a Huffman tree, which is built anew."""
        return "hs" not in (self.loss, self.model.args.loss)

    @property
    def mapped_bytes(self) -> int:
        """The bytes of the file that are read from the disk, and may be in memory meanwhile."""
        contents = self.model.wi.contents
        return len(contents.data) if contents is not None else 0

    @property
    def disk_bytes(self) -> int:
        """The bytes that the file takes on the disk, which are fewer where it has holes."""
        try:
            return os.stat(self.path).st_blocks * 512
        except (OSError, AttributeError):
            return 4 * len(_matrix(self.model).values)

    def extend(self, words: WordTable, args: TrainArgs) -> tuple[Dictionary, NDArray[np.int32]]:
        """Return the dictionary with what a text adds, and the ids of the text's entries.

        Raises DataError as ``grown`` does.
        """
        known = self.model.dictionary
        self.grown = grown(known, words, args.min_count, args.min_count_label)
        return self.grown.dictionary, self.grown.ids

    def sentences(self) -> list[str]:
        """Return what is said to the user, once the text has been read."""
        assert self.grown is not None
        was = self.model.args.loss
        found = [self.grown.sentence(self.path)]
        if not self.keeps_outputs:
            why = f"rows trained with -loss hs cannot be used with {self.loss}"
            if self.loss == "hs":
                why = "the Huffman tree of -loss hs follows the new counts of labels"
            found.append(f"The output matrix is reinitialised: {why}.")
        elif was.replace("one-vs-all", "ova") != self.loss.replace("one-vs-all", "ova"):
            found.append(f"The loss was {was} and is {self.loss}; the output rows are kept.")
        return found

    def rows(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return rows of the new input matrix as the former model has them: float32[n, dim].

        ``ids`` are their numbers in the new file; rows of new words are zero.
        """
        assert self.grown is not None
        matrix = _matrix(self.model)
        n_words, n_former = self.grown.dictionary.nwords, self.grown.former_words
        is_word = ids < n_words
        at = np.where(is_word, 0, ids - n_words + n_former)
        at[is_word] = self.grown.former[ids[is_word]]
        matrix.check_unchanged()
        found: NDArray[np.float32] = matrix.values.reshape(-1, matrix.dim)[np.maximum(at, 0)]
        matrix.check_unchanged()
        found[at < 0] = 0
        return found

    def set_rows(
        self, ids: NDArray[np.int64], memory_rows: NDArray[np.int64], wi: NDArray[np.float32]
    ) -> None:
        """Set those input rows that the former model has: row ``ids[i]`` is ``memory_rows[i]``.

        ``wi`` is float32[rows, dim or more].  Raises NotFinite for NaN or infinity.
        """
        assert self.grown is not None
        n_words, dim = self.grown.dictionary.nwords, self.model.args.dim
        is_new = ids < n_words
        is_new[is_new] = self.grown.former[ids[is_new]] < 0
        kept = np.flatnonzero(~is_new)
        for first in range(0, len(kept), ROWS_AT_A_TIME):
            some = kept[first : first + ROWS_AT_A_TIME]
            values = self.rows(ids[some])
            if first_not_finite(values) >= 0:
                raise NotFinite(self.path, "the numbers of its words or n-grams")
            wi[memory_rows[some], :dim] = values

    def set_outputs(self, wo: NDArray[np.float32]) -> None:
        """Set the output rows of labels that the former model has: float32[nlabels, dim or more].

        Rows of new labels stay as they are.  Raises NotFinite for NaN or infinity.
        """
        assert self.grown is not None
        if not self.keeps_outputs:
            return
        matrix, at = self.model.wo, self.grown.former_labels
        matrix.check_unchanged()
        values = matrix.values.reshape(-1, matrix.dim)[at[at >= 0]]
        matrix.check_unchanged()
        if first_not_finite(values) >= 0:
            raise NotFinite(self.path, "the numbers of its labels")
        wo[at >= 0, : matrix.dim] = values

    def add_tokens(self, dictionary: Dictionary) -> None:
        """Count the tokens of the former training, too, as counts of entries do."""
        known = self.model.dictionary.ntokens
        dictionary.ntokens = min(dictionary.ntokens + max(known, 0), MOST_TOKENS)

    def about(self) -> dict[str, Any]:
        """Return what the JSON file beside the new model records of the former one."""
        known = self.model.dictionary
        found = {**self.identity, "words": known.nwords, "labels": known.nlabels}
        inputs = inputs_of(self.model)
        return {**found, "input": inputs} if inputs else found


def open_former(
    args: TrainArgs, given: set[str], is_table: bool, note: Callable[[str], None]
) -> tuple[TrainArgs, Former]:
    """Open the model that ``-inputModel`` names; return the arguments with those that it decides.

    ``given`` are the names of the options that a person set: a value that differs from the model's
    is an error.  ``is_table``: the input is a table.  ``note`` hears what is decided, and if the
    JSON file beside the model is that of another one.  Raises ArgumentError, or ModelFormatError
    where the file is damaged, or not a classifier.
    """
    path = args.input_model
    check_one_start(path, args.pretrained_vectors)
    contents = open_model(path)
    if os.name == "nt":  # where a mapped file cannot be replaced
        contents.is_mapped = False
    model = load_model(contents)
    if model.warning:
        note(model.warning)
    check_goes_on(model, path)
    known = model.args
    names = ["dim", "word_ngrams", "maxn"]
    names += ["minn"] * (known.maxn > 0) + ["bucket"] * (known.maxn > 0 or known.word_ngrams > 1)
    for name in names:
        check_same(option_of(name), getattr(args, name), getattr(known, name), name in given, path)
    values = {name: getattr(known, name) for name in names}
    values["label"] = _label_of(model, args, "label" in given)
    if "loss" not in given:
        values["loss"] = known.loss
    values |= kept_weight_prefix(path, model.weight_prefix, given, is_table, note)
    identity = identity_of_bytes(contents.data)
    args = replace(args, **values)
    return args, Former(path=path, model=model, loss=args.loss, identity=identity)


def check_goes_on(model: Model, path: str) -> None:
    """Raise ModelFormatError for a model that is not a classifier with rows to go on with."""
    if model.args.model != "sup":
        raise ModelFormatError(
            f"{path} has word vectors, and is not a classifier to go on with: start from them with "
            f"-pretrainedVectors {path}."
        )
    if model.quantized:
        raise ModelFormatError(
            f"{path} is quantized, so its rows are only known roughly: go on with the .bin that it "
            "was made from."
        )
    if not model.nlabels:
        raise ModelFormatError(f"{path} has no labels, so there is no classifier to go on with.")


def _label_of(model: Model, args: TrainArgs, is_given: bool) -> str:
    """Return the label prefix: that of the JSON file, else the given one, if labels have it."""
    path, dictionary = args.input_model, model.dictionary
    if "label" in model.about:
        check_same("-label", args.label, model.label, is_given, path)
        return model.label
    starts = dictionary.starts[dictionary.nwords :]
    prefix = os.fsencode(args.label)
    if not have_prefix(starts, dictionary.arena, dictionary.nlabels, prefix).all():
        first = shortened(readable(dictionary.entry(dictionary.nwords)))
        raise ArgumentError(
            f"Not all labels of {path} start with {args.label!r} (the first is {first!r}): give "
            "their prefix with -label."
        )
    return args.label


def _matrix(model: Model) -> DenseMatrix:
    assert isinstance(model.wi, DenseMatrix)
    return model.wi
