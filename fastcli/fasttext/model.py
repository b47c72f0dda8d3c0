"""A linear model: arguments, dictionary and two matrices, ready to predict or to be saved."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.fasttext.args import LOSSES, ModelArgs
from fastcli.fasttext.huffman import Tree, build_tree
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.quantized import QuantizedMatrix
from fastcli.kernels import predict as kernels
from fastcli.kernels.integers import hash_bytes
from fastcli.text.dictionary import EOS, Dictionary, as_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes


@dataclass
class Lines:
    """A block of lines as features and known labels; see ``kernels.predict.read_lines``."""

    n: int
    features: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    flags: NDArray[np.uint8]


@dataclass
class Predictions:
    """The best labels of a block of lines: ``counts[i]`` of them at ``i * k``, best first."""

    k: int
    counts: NDArray[np.int32]
    labels: NDArray[np.int32]
    probs: NDArray[np.float32]


@dataclass
class Model:
    """What a ``.bin`` or ``.ftz`` file holds.

    ``wi`` has (nwords + bucket) rows, ``wo`` nlabels (words, for word vectors); the output rows
    are decoded where they were quantized, since every line meets all of them: a row of floats
    is quicker than its codes, and labels are few.  ``label`` is the label prefix, which the
    file does not hold.  In a pruned model ``pruned`` gives the row after the words of every
    bucket, from 1 on; 0: it was dropped.
    """

    args: ModelArgs
    dictionary: Dictionary
    wi: DenseMatrix | QuantizedMatrix
    wo: DenseMatrix
    label: str = "__label__"
    about: dict[str, Any] = field(default_factory=dict)
    pruned: NDArray[np.int32] | None = None

    @property
    def quantized(self) -> bool:
        """Whether the input matrix is quantized."""
        return isinstance(self.wi, QuantizedMatrix)

    @cached_property
    def tree(self) -> Tree:
        """The Huffman tree over the labels."""
        return build_tree(self.dictionary.label_counts())

    @property
    def nlabels(self) -> int:
        """The number of labels."""
        return self.dictionary.nlabels

    def check_predicts(self) -> None:
        """Raise ArgumentError if the model is no classifier."""
        if self.args.model != "sup":
            raise ArgumentError(
                "Model needs to be supervised for prediction! "
                "This one holds word vectors: train a classifier with the command supervised."
            )
        if self.nlabels == 0:
            raise ArgumentError("The model has no labels, so there is nothing to predict.")

    def best_count(self, k: int) -> int:
        """Return how many labels a line may get: -1 stands for all.

        Raises ArgumentError for 0 and for other negative numbers.
        """
        if k == -1:
            return self.nlabels
        if k < 1:
            raise ArgumentError("k needs to be 1 or higher! (-1 stands for all labels.)")
        return min(k, self.nlabels)


class Reader:
    """Turns blocks of text into lines of features; one for each thread, since it has scratch."""

    def __init__(self, model: Model, max_lines: int = 4096) -> None:
        self._model = model
        dictionary = model.dictionary
        prefix = os.fsencode(model.label)
        self._prefix, self._prefix_size = as_bytes(prefix), len(prefix)
        self._eos = dictionary.find(EOS)
        self._eos_hash = hash_bytes(as_bytes(EOS), 0, len(EOS))
        self._window = np.zeros(max(model.args.word_ngrams, 1), np.int64)
        self._max_lines = max_lines
        self._features = np.empty(1 << 16, np.int32)
        self._labels = np.empty(1 << 12, np.int32)
        self._offsets = np.zeros(self._max_lines + 1, np.int64)
        self._label_offsets = np.zeros(self._max_lines + 1, np.int64)
        self._flags = np.zeros(self._max_lines, np.uint8)

    def read(self, text: Bytes, position: int) -> tuple[Lines, int]:
        """Read as many lines as fit, from a position on; return them and the next position.

        The arrays are this reader's own and change with its next call.
        """
        dictionary, args = self._model.dictionary, self._model.args
        state = np.array([position], np.int64)
        while True:
            n = kernels.read_lines(
                text,
                len(text),
                dictionary.table,
                len(dictionary.table) - 1,
                dictionary.starts,
                dictionary.arena,
                dictionary.nwords,
                self._eos,
                self._eos_hash,
                self._prefix,
                self._prefix_size,
                args.minn,
                args.maxn,
                args.word_ngrams,
                max(args.bucket, 1),
                self._window,
                self._features,
                len(self._features),
                self._offsets,
                self._labels,
                len(self._labels),
                self._label_offsets,
                self._flags,
                self._max_lines,
                state,
            )
            if n > 0 or position >= len(text):
                break
            self._features = np.empty(4 * len(self._features), np.int32)
            self._labels = np.empty(4 * len(self._labels), np.int32)
        if self._model.pruned is not None:
            kernels.prune_features(
                self._features, self._offsets, n, dictionary.nwords, self._model.pruned
            )
        lines = Lines(
            n, self._features, self._offsets, self._labels, self._label_offsets, self._flags
        )
        return lines, int(state[0])


class Scorer:
    """Finds the best labels of lines; one for each thread, since it has scratch."""

    def __init__(self, model: Model, k: int, threshold: float) -> None:
        model.check_predicts()
        self._model = model
        self._k = model.best_count(k)
        self._threshold = -math.inf if math.isnan(threshold) else threshold
        self._loss = LOSSES[model.args.loss]
        has_tree = model.args.loss == "hs"
        self._children = model.tree.children if has_tree else np.zeros(2, np.int32)
        self._nodes = np.empty(model.nlabels + 1, np.int32)
        self._scores = np.empty(model.nlabels + 1, np.float32)

    def score(self, lines: Lines) -> Predictions:
        """Return the k best labels of every line, with their probabilities."""
        model, dim = self._model, self._model.args.dim
        counts = np.zeros(lines.n, np.int32)
        labels = np.empty(lines.n * self._k, np.int32)
        probs = np.empty(lines.n * self._k, np.float32)
        step = max(1, (1 << 20) // max(dim, self._k))
        for first in range(0, lines.n, step):
            last = min(first + step, lines.n)
            hidden = model.wi.means(lines.features, lines.offsets, first, last)
            kernels.best_labels(
                hidden,
                lines.offsets[first:],
                last - first,
                dim,
                model.wo.values,
                model.nlabels,
                self._loss,
                self._children,
                self._k,
                self._threshold,
                self._nodes,
                self._scores,
                counts[first:],
                labels[first * self._k :],
                probs[first * self._k :],
            )
        return Predictions(self._k, counts, labels, probs)
