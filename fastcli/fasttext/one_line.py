"""Predicting a line at a time with a linear model, for programs: microseconds a call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import NotFinite
from fastcli.evaluation.classifier import best_count
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import search_of
from fastcli.jit.addresses import pointer_to, unchecked
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.linear.best import best_labels
from fastcli.kernels.linear.means import mean_codes, mean_rows
from fastcli.kernels.linear.one_line import (
    NO_ROOM,
    TOO_LONG,
    LineModel,
    LineScratch,
    predict_line,
)
from fastcli.kernels.text.lines import prune_features, read_lines
from fastcli.text.line_weights import blanked
from fastcli.text.spelling import most_bytes, warn_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model
    from fastcli.jit.signature import Records

FEATURES, MOST_FEATURES = 1 << 12, 1 << 16  # at first, and of scratch that is kept
LABELS = 1 << 8


class LinePredictor:
    """Predicts a line at a time, as ``Predictor`` does lines in blocks, and to the same bits.

    Any number of threads may call it: each call takes scratch from a list, or makes some.  The
    model must not change.  Raises ArgumentError if the model is not a classifier.
    """

    def __init__(self, model: Model, name: str = "The model") -> None:
        model.check_predicts()
        self._model, self._name = model, name
        self._row, self._arrays = _record_of(model)
        self._address = pointer_to(self._row)
        self._call = unchecked(predict_line)
        self._prefix = os.fsencode(model.weight_prefix)
        self._is_mapped = model.wi.contents is not None and model.wi.contents.is_mapped
        self._free: list[_Scratch] = []

    def predict(
        self, line: bytes, k: int, threshold: float, names: Sequence[str]
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return the best labels of a line, which ends with a line end, by their ids in ``names``.

        Their probabilities, float64, are those that fastText tells, which may be 1.00001.  Raises
        NotFinite, and ArgumentError for a k of 0.
        """
        if self._prefix:
            line = blanked(np.frombuffer(line, np.uint8), self._prefix).tobytes()
        if self._is_mapped:
            self._model.wi.check_unchanged()
        try:
            scratch = self._free.pop()  # one step, also for threads
        except IndexError:
            scratch = _Scratch(self._model, FEATURES, LABELS)
        if k != scratch.k:
            scratch.set_k(best_count(k, self._model.nlabels), k)
        n = self._call(
            line, len(line), threshold, self._address, scratch.address, scratch.probs_address
        )
        while n == NO_ROOM:
            scratch = scratch.larger(self._model)
            scratch.set_k(best_count(k, self._model.nlabels), k)
            n = self._call(
                line, len(line), threshold, self._address, scratch.address, scratch.probs_address
            )
        if self._is_mapped:
            self._model.wi.check_unchanged()
        if n < 0:
            raise NotFinite(self._name, "the scores of the text")
        if n >= TOO_LONG:
            n -= TOO_LONG
            if len(line) > most_bytes(self._model.args.maxn):
                warn_once(self._model.args.maxn)
        ids = scratch.ids
        labels = (names[ids[0]],) if n == 1 else tuple([names[ids[i]] for i in range(n)])
        probs = scratch.probs[:n].copy()
        if scratch.is_small:
            self._free.append(scratch)
        return labels, probs


class _Scratch:
    """What one call at a time writes to; ``k`` is as it was asked for."""

    def __init__(self, model: Model, n_features: int, n_labels: int) -> None:
        self._n_features, self._n_labels = n_features, n_labels
        self.is_small = n_features <= MOST_FEATURES
        self.k: int | None = None
        self._search = search_of(model)
        self._arrays: dict[str, NDArray[Any]] = {
            "features": np.empty(n_features, np.int32),
            "hashes": np.empty(n_features, np.int32),
            "offsets": np.zeros(2, np.int64),
            "labels": np.empty(n_labels, np.int32),
            "label_offsets": np.zeros(2, np.int64),
            "line_flags": np.zeros(1, np.uint8),
            "state": np.zeros(5, np.int64),
            "hidden": np.empty(model.args.dim, np.float32),
            "counts": np.zeros(1, np.int32),
            **self._search._asdict(),
        }
        self._row = LineScratch.table(1)
        self._row[0].feature_room, self._row[0].label_room = n_features, n_labels
        self.address = pointer_to(self._row)
        self._point_to(self._arrays)

    def _point_to(self, arrays: dict[str, NDArray[Any]]) -> None:
        for name, array in arrays.items():
            setattr(self._row[0], name, pointer_to(array))

    def set_k(self, n: int, k: int) -> None:
        """Make room for the n best labels, where k were asked for."""
        self.k = k
        ids = np.empty(n, np.int32)
        best: dict[str, NDArray[Any]] = {"ids": ids, "probs": np.empty(n, np.float32)}
        self._arrays |= best
        self._row[0].k = n
        self._point_to(best)
        self.ids, self.probs = ids.data, np.empty(n)
        self.probs_address = pointer_to(self.probs)

    def larger(self, model: Model) -> _Scratch:
        """Return scratch with room for a longer line."""
        return _Scratch(model, 4 * self._n_features, 4 * self._n_labels)


def _record_of(model: Model) -> tuple[Records[LineModel], list[NDArray[Any]]]:
    """Return what a kernel takes for a model, and the arrays whose addresses are in it."""
    arrays: list[NDArray[Any]] = []

    def held(array: NDArray[Any]) -> int:
        arrays.append(array)
        return pointer_to(array)

    rows = LineModel.table(1)
    row = rows[0]
    reader = model.reader(1)
    vocabulary, ngrams = reader.vocabulary, reader.ngrams
    row.read_lines = address_of(read_lines)
    row.best_labels = address_of(best_labels)
    table = vocabulary.table
    row.slots, row.mask = held(table.slots), table.mask
    row.starts, row.arena = held(table.entries.starts), held(table.entries.arena)
    row.eos, row.eos_hash = vocabulary.eos, vocabulary.eos_hash
    row.prefix, row.prefix_size = held(vocabulary.prefix.data), vocabulary.prefix.size
    row.minn, row.maxn, row.word_ngrams = ngrams.minn, ngrams.maxn, ngrams.word_ngrams
    row.bucket, row.nwords = ngrams.bucket, ngrams.nwords
    if model.bucket_rows is not None:
        row.prune_features, row.bucket_rows = address_of(prune_features), held(model.bucket_rows)
    if isinstance(model.wi, DenseMatrix):
        row.mean_rows, row.wi = address_of(mean_rows), held(model.wi.values)
    else:
        codes = model.wi.group()
        row.mean_codes = address_of(mean_codes)
        row.codes, row.centroids = held(codes.codes), held(codes.centroids)
        row.nsubq, row.dsub, row.lastdsub = codes.nsubq, codes.dsub, codes.lastdsub
        row.has_norms = codes.has_norms
        row.norm_codes, row.norms = held(codes.norm_codes), held(codes.norms)
    outputs = model.outputs
    row.blocks, row.children = held(outputs.blocks), held(outputs.children)
    row.nlabels, row.dim, row.loss = outputs.nlabels, outputs.dim, outputs.loss
    row.most = outputs.dim * model.largest_output
    row.offset = model.printed_offset
    return rows, arrays
