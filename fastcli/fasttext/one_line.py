"""Predicting a line at a time with a linear model, for programs: microseconds a call."""

from __future__ import annotations

import os
from time import monotonic
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
from fastcli.kernels.linear.one_line import NO_ROOM, TOO_LONG, LineJob, predict_line
from fastcli.kernels.text.features import word_rows
from fastcli.kernels.text.lines import prune_features, read_lines
from fastcli.text.decoded import Decoded
from fastcli.text.line_weights import blanked
from fastcli.text.spelling import most_bytes, warn_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model
    from fastcli.jit.signature import Records

    Row = Records[LineJob]

# What kernels read at the addresses in a ``LineJob``.
ARRAYS: dict[type, tuple[str, ...]] = {
    np.uint8: ("arena", "prefix", "codes", "norm_codes", "line_flags"),
    np.int32: (
        *("features", "hashes", "labels", "counts", "ids", "bucket_rows", "children"),
        *("lines", "nodes"),
    ),
    np.int64: ("slots", "starts", "offsets", "label_offsets", "state"),
    np.float32: (
        *("wi", "centroids", "norms", "blocks", "hidden", "total", "probs"),
        *("scores", "firsts", "seconds", "path_scores"),
    ),
    np.float64: ("told",),
}
DTYPES = {name: np.dtype(kind) for kind, names in ARRAYS.items() for name in names}
FEATURES, MOST_FEATURES = 1 << 12, 1 << 16  # at first, and of scratch that is kept
LABELS = 1 << 8
LONG = 1 << 13  # bytes of a line that may take as long as the next
TRUSTED = 0.0001  # seconds for which a mapped file that was looked at is not looked at again


class LinePredictor:
    """Predicts a line at a time, as ``Predictor`` does lines in blocks, and to the same bits.

    Any number of threads may call it: each call takes scratch from a list, or makes some.  The
    model must not change.  Raises ArgumentError if the model is not a classifier.
    """

    def __init__(self, model: Model, name: str = "The model") -> None:
        model.check_predicts()
        self.model, self._name = model, name
        self._row, self._arrays = described(model)
        self._call = unchecked(predict_line)
        self._prefix = os.fsencode(model.weight_prefix)
        self._is_mapped = model.wi.contents is not None and model.wi.contents.is_mapped
        self._looked = 0.0  # when the file was looked at
        self._idle: list[Scratch] = []
        self._names = Decoded(model.labels())
        self._names_by_errors = {"strict": self._names}

    def predict(
        self, line: bytes, k: int, threshold: float, on_unicode_error: str = "strict"
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return the best labels of a line, which ends with a line end.

        Their probabilities, float64, are those that fastText tells, which may be 1.00001.  Raises
        NotFinite, ArgumentError for a k of 0, UnicodeDecodeError, and ModelFormatError for a mapped
        file that was written to at least ``TRUSTED`` seconds ago.
        """
        if self._prefix:
            line = blanked(np.frombuffer(line, np.uint8), self._prefix).tobytes()
        if self._is_mapped and not 0.0 <= monotonic() - self._looked < TRUSTED:
            self._look()
        try:
            scratch = self._idle.pop()  # one step, also for threads
        except IndexError:
            scratch = Scratch(self.model, self._row, FEATURES, LABELS)
        if k != scratch.k:
            scratch.set_k(best_count(k, self.model.nlabels), k)
        n = self._call(line, len(line), threshold, scratch.address)
        if n < 0 or n >= TOO_LONG:
            n, scratch = self._again(n, line, threshold, scratch)
        if self._is_mapped and len(line) > LONG:
            self._look()
        ids, told = scratch.ids, scratch.told
        names = self._names if on_unicode_error == "strict" else self.names(on_unicode_error)
        labels = (names[ids[0]],) if n == 1 else tuple([names[ids[i]] for i in range(n)])
        probs = told.copy() if n == len(told) else told[:n].copy()
        if scratch.is_small:
            self._idle.append(scratch)
        return labels, probs

    def names(self, on_unicode_error: str) -> Decoded:
        """Return the labels by their ids; ``on_unicode_error`` is as in ``bytes.decode``."""
        found = self._names_by_errors.get(on_unicode_error)
        if found is None:
            found = Decoded(self._names.encoded, on_unicode_error)
            self._names_by_errors[on_unicode_error] = found
        return found

    def _look(self) -> None:
        """Raise ModelFormatError if the mapped file was written to: 1 us, a third of a call."""
        now = monotonic()  # before the look, or what happens after it would be trusted as well
        self.model.wi.check_unchanged()
        self._looked = now

    def _again(
        self, n: int, line: bytes, threshold: float, scratch: Scratch
    ) -> tuple[int, Scratch]:
        """Do what is rarely to be done after a call of the kernel, which returned n."""
        while n == NO_ROOM:
            scratch = scratch.larger(self.model, self._row)
            n = self._call(line, len(line), threshold, scratch.address)
        if n < 0:
            raise NotFinite(self._name, "the scores of the text")
        if n >= TOO_LONG:
            n -= TOO_LONG
            if len(line) > most_bytes(self.model.args.maxn):
                warn_once(self.model.args.maxn)
        return n, scratch


class Scratch:
    """What one call at a time writes to, for labels where it ``searches``; ``k`` as asked for."""

    def __init__(
        self, model: Model, row: Row, n_features: int, n_labels: int, searches: bool = True
    ) -> None:
        self._sizes = n_features, n_labels
        self.is_small = n_features <= MOST_FEATURES
        self.k: int | None = None
        self._row: Any = row.copy()  # type: ignore[attr-defined]
        self._row.feature_room, self._row.label_room = n_features, n_labels
        self.address = pointer_to(self._row)
        self._arrays: dict[str, NDArray[Any]] = {}
        self._use(
            features=np.empty(n_features, np.int32),
            hashes=np.empty(n_features, np.int32),
            offsets=np.zeros(2, np.int64),
            labels=np.empty(n_labels, np.int32),
            label_offsets=np.zeros(2, np.int64),
            line_flags=np.zeros(1, np.uint8),
            state=np.zeros(5, np.int64),
            counts=np.zeros(1, np.int32),
        )
        self.hidden, self.total = np.empty((2, model.args.dim), np.float32)
        self._use(
            hidden=self.hidden, total=self.total, **(search_of(model)._asdict() if searches else {})
        )

    def _use(self, **arrays: NDArray[Any]) -> None:
        self._arrays |= arrays
        for name, array in arrays.items():
            self._row[name] = address_in(name, array)

    def set_k(self, n: int, k: int | None) -> None:
        """Make room for the n best labels, where k were asked for."""
        self.k = k
        self._row.k = n
        ids = np.empty(n, np.int32)
        self.ids, self.told = ids.data, np.empty(n)
        self._use(ids=ids, probs=np.empty(n, np.float32), told=self.told)

    def larger(self, model: Model, row: Row) -> Scratch:
        """Return scratch with room for a longer line."""
        n_features, n_labels = self._sizes
        found = Scratch(model, row, 4 * n_features, 4 * n_labels)
        found.set_k(len(self.ids), self.k)
        return found


def address_in(name: str, array: NDArray[Any]) -> int:
    """Return the address of an array, as a field of a ``LineJob`` of that name has it.

    Raises TypeError for an array that kernels would misread: nothing else looks at its dtype.
    """
    if array.dtype != DTYPES[name] or not array.flags.c_contiguous:
        raise TypeError(f"{name} must be contiguous {DTYPES[name]}, not {array.dtype}")
    return pointer_to(array)


def described(model: Model, predicts: bool = True) -> tuple[Row, list[NDArray[Any]]]:
    """Return a model as kernels take it, and the arrays whose addresses are in that.

    Its output rows are there only where it ``predicts``.
    """
    arrays: list[NDArray[Any]] = []

    def hold(**some: NDArray[Any]) -> None:
        for name, array in some.items():
            arrays.append(array)
            rows[0][name] = address_in(name, array)  # type: ignore[index]

    rows = LineJob.table(1)
    row = rows[0]
    reader = model.reader(1)
    vocabulary, ngrams = reader.vocabulary, reader.ngrams
    row.read_lines, row.word_rows = address_of(read_lines), address_of(word_rows)
    table = vocabulary.table
    row.mask = table.mask
    hold(slots=table.slots, starts=table.entries.starts, arena=table.entries.arena)
    row.eos, row.eos_hash = vocabulary.eos, vocabulary.eos_hash
    hold(prefix=vocabulary.prefix.data)
    row.prefix_size = vocabulary.prefix.size
    row.minn, row.maxn, row.word_ngrams = ngrams.minn, ngrams.maxn, ngrams.word_ngrams
    row.bucket, row.nwords = ngrams.bucket, ngrams.nwords
    row.n_buckets, row.dim = model.args.bucket, model.args.dim
    if model.bucket_rows is not None:
        row.prune_features = address_of(prune_features)
        hold(bucket_rows=model.bucket_rows)
    if isinstance(model.wi, DenseMatrix):
        row.mean_rows = address_of(mean_rows)
        hold(wi=model.wi.values)
    else:
        codes = model.wi.group()
        row.mean_codes = address_of(mean_codes)
        hold(codes=codes.codes, centroids=codes.centroids)
        row.nsubq, row.dsub, row.lastdsub = codes.nsubq, codes.dsub, codes.lastdsub
        row.has_norms = codes.has_norms
        hold(norm_codes=codes.norm_codes, norms=codes.norms)
    if not predicts:
        return rows, arrays
    row.best_labels = address_of(best_labels)
    outputs = model.outputs
    hold(blocks=outputs.blocks, children=outputs.children)
    row.nlabels, row.loss = outputs.nlabels, outputs.loss
    row.most = outputs.dim * model.largest_output
    row.offset = model.printed_offset
    return rows, arrays
