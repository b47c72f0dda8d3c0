"""A linear model: arguments, dictionary and two matrices, ready to predict or to be saved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.evaluation.classifier import Predictions, Worker
from fastcli.evaluation.unknown_words import KnownWords
from fastcli.fasttext.huffman import build_children
from fastcli.fasttext.matrix import DenseMatrix, largest
from fastcli.fasttext.model_args import LOSSES, ModelArgs
from fastcli.fasttext.quantized import QuantizedMatrix
from fastcli.kernels.base.groups import Best
from fastcli.kernels.linear import scores as kernels
from fastcli.kernels.linear.best import Search, best_labels
from fastcli.memory import check_room
from fastcli.text.dictionary import Dictionary
from fastcli.text.lines import Lines, Reader
from fastcli.threads import ForkedLock, must_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes


_filling = ForkedLock()  # held while output rows are copied: never twice for one model


@dataclass(kw_only=True)
class Model:
    """What a ``.bin`` or ``.ftz`` file holds.

    ``wi`` has (nwords + bucket) rows, ``wo`` nlabels (words, for word vectors); the output rows
    are decoded where they were quantized, since every line meets all of them: a row of floats
    is quicker than its codes, and labels are few; ``wo_codes`` are the codes, for saving.
    ``label`` is the label prefix, which the file does not hold.  In a pruned model ``bucket_rows``
    gives the row after the words of every bucket, from 1 on; 0: it was dropped.  Tokens that begin
    with ``weight_prefix`` are weights of lines, and neither words nor labels.  ``warning`` is a
    note for the user of the model, if any: that the JSON file beside it belongs to another one.
    """

    args: ModelArgs
    dictionary: Dictionary
    wi: DenseMatrix | QuantizedMatrix
    wo: DenseMatrix
    wo_codes: QuantizedMatrix | None = None
    label: str = "__label__"
    weight_prefix: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    bucket_rows: NDArray[np.int32] | None = None
    warning: str = ""

    @property
    def quantized(self) -> bool:
        """Whether the input matrix is quantized."""
        return isinstance(self.wi, QuantizedMatrix)

    @cached_property
    def children(self) -> NDArray[np.int32]:
        """The children of the inner nodes of the Huffman tree over the labels."""
        return build_children(self.dictionary.label_counts())

    @cached_property
    def output_blocks(self) -> NDArray[np.float32]:
        """The output rows in blocks, as scoring reads them; see ``scores.fill_blocks``.

        A copy, made once, by the first of several threads: ``wo`` must not change any more.  Raises
        FastcliError if there is no memory for it.
        """
        with _filling.held:
            return self._filled_blocks()

    def _filled_blocks(self) -> NDArray[np.float32]:
        made: NDArray[np.float32] | None = vars(self).get("output_blocks")
        if made is not None:
            return made
        n_blocks = -(-self.nlabels // kernels.BLOCK)
        n = n_blocks * kernels.BLOCK * self.args.dim
        check_room(4 * n, "The output matrix of the model")
        blocks = np.empty(n, np.float32)
        self.wo.check_unchanged()
        kernels.fill_blocks(self.wo.values, self.nlabels, self.args.dim, blocks)
        self.wo.check_unchanged()
        vars(self)["output_blocks"] = blocks  # before another thread may begin
        return blocks

    @cached_property
    def outputs(self) -> kernels.Outputs:
        """What makes labels of a hidden row, as kernels take it."""
        has_tree = self.args.loss == "hs"
        return kernels.Outputs(
            self.output_blocks,
            self.nlabels,
            self.args.dim,
            LOSSES[self.args.loss],
            self.children if has_tree else np.zeros(2, np.int32),
        )

    @cached_property
    def largest_output(self) -> float:
        """The largest size of a number of the output matrix; NaN or infinite if one is."""
        return largest(self.output_blocks)

    @property
    def nlabels(self) -> int:
        """The number of labels."""
        return self.dictionary.nlabels

    def reader(self, max_lines: int = 4096) -> Reader:
        """Return what turns text into features of this model."""
        args = self.args
        return Reader(
            self.dictionary,
            self.label,
            args.word_ngrams,
            args.minn,
            args.maxn,
            args.bucket,
            self.bucket_rows,
            max_lines,
            self.weight_prefix,
        )

    @property
    def label_text(self) -> tuple[NDArray[np.int64], Bytes]:
        """The labels one after the other, and where each starts; the last number is the end."""
        return self.dictionary.starts[self.dictionary.nwords :], self.dictionary.arena

    def labels(self) -> list[bytes]:
        """Return all labels, in the order of their ids."""
        return self.dictionary.labels()

    def label_id(self, label: bytes) -> int:
        """Return the id of a label, -1 if the model does not have it."""
        found = self.dictionary.find(label) - self.dictionary.nwords
        return max(found, -1)

    @property
    def printed_offset(self) -> float:
        """What fastText adds to the probabilities that it prints."""
        return 0.0 if self.args.loss == "hs" else 1e-5

    @property
    def sums_to_one(self) -> bool:
        """Whether the probabilities of all labels sum to 1; ns and ova decide each label alone."""
        return self.args.loss in ("softmax", "hs")

    @property
    def label_counts(self) -> NDArray[np.int64]:
        """How often each label occurred in training."""
        return self.dictionary.label_counts()

    max_threads = 1 << 20
    targets = target_losses = None  # it predicts labels

    @property
    def known_words(self) -> KnownWords:
        """The words of the dictionary; n-grams of characters make something of others as well."""
        knows_others = self.args.maxn > 0 or self.bucket_rows is not None
        return KnownWords(
            dictionary=self.dictionary,
            label=self.label,
            knows_others=knows_others,
            weight_prefix=self.weight_prefix,
        )

    def rows_of(self, path: str, cannot: str) -> None:
        """Return None: the model reads lines of text."""

    def worker(self, k: int, threshold: float, max_lines: int) -> Worker:
        """Return a function from text to lines and their best labels; one for each thread."""
        reader, scorer = self.reader(max_lines), Scorer(self, k, threshold)

        def work(text: Bytes) -> Iterator[tuple[Lines, Predictions]]:
            position = 0
            while position < len(text) and not must_end():
                lines, position = reader.read(text, position)
                yield lines, scorer.score(lines)

        return work

    def check_predicts(self) -> None:
        """Raise ArgumentError if the model is not a classifier."""
        if self.args.model != "sup":
            raise ArgumentError(
                "Model needs to be supervised for prediction! "
                "This one holds word vectors: train a classifier with the command supervised."
            )
        if self.nlabels == 0:
            raise ArgumentError("The model has no labels, so there is nothing to predict.")


def search_of(model: Model) -> Search:
    """Return scratch for finding the best labels; one for each thread."""
    return search_room(model.nlabels, model.args.loss == "hs")


def search_room(nlabels: int, has_tree: bool) -> Search:
    """Return scratch for finding the best of labels, also by a tree."""
    n_blocks = -(-nlabels // kernels.BLOCK)
    n_nodes = n_blocks * kernels.BLOCK if has_tree else 1
    return Search(
        np.empty(n_blocks * kernels.BLOCK, np.float32),
        np.empty(2 * n_blocks, np.int32),
        np.empty(n_nodes, np.float32),
        np.empty(n_nodes, np.float32),
        np.empty(nlabels + 1, np.int32),
        np.empty(nlabels + 1, np.float32),
    )


class Scorer:
    """Finds the best labels of lines; one for each thread, since it has scratch."""

    def __init__(self, model: Model, k: int, threshold: float) -> None:
        model.check_predicts()
        self._model = model
        self._k = k
        self._threshold = -math.inf if math.isnan(threshold) else threshold
        self._outputs = model.outputs
        # Each term of a score is at most this times a number of the line.
        self._most = model.args.dim * model.largest_output
        self._search = search_of(model)

    def score(self, lines: Lines) -> Predictions:
        """Return the k best labels of every line, with their probabilities.

        Lines from the first on whose scores may not be finite are left as they are.
        """
        model, dim = self._model, self._model.args.dim
        counts = np.zeros(lines.n, np.int32)
        labels = np.empty(lines.n * self._k, np.int32)
        probs = np.empty(lines.n * self._k, np.float32)
        not_finite = -1
        step = max(1, (1 << 20) // max(dim, self._k))
        for first in range(0, lines.n, step):
            last = min(first + step, lines.n)
            hidden = model.wi.means(lines.features, lines.offsets, first, last)
            bad = self._first_not_finite(hidden, lines.offsets[first : last + 1])
            if bad >= 0:
                not_finite, last = first + bad, first + bad
            start = first * self._k
            best_labels(
                hidden,
                lines.offsets[first:],
                last - first,
                self._outputs,
                self._threshold,
                self._search,
                Best(self._k, counts[first:], labels[start:], probs[start:]),
            )
            if bad >= 0:
                break
        return Predictions(
            k=self._k, counts=counts, labels=labels, probs=probs, not_finite=not_finite
        )

    def _first_not_finite(self, hidden: NDArray[np.float32], offsets: NDArray[np.int64]) -> int:
        """Return the first line with a number, or maybe a score, that is NaN or infinite, or -1.

        Lines without features do not count: they get no label.
        """
        if largest(hidden) * self._most < kernels.FLOAT32_MAX:
            return -1
        rows = np.abs(hidden.reshape(-1, self._model.args.dim)).max(axis=1).astype(np.float64)
        bad = (np.diff(offsets) > 0) & ~(rows * self._most < kernels.FLOAT32_MAX)
        return int(bad.argmax()) if bad.any() else -1
