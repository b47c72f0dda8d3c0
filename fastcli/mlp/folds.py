"""The networks of folds: on lines of labels and text, and on rows of numbers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.folds import FoldModel
from fastcli.evaluation.retrying import retried
from fastcli.evaluation.weights import read_class_weight
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.data_reader import read_data
from fastcli.mlp.feature_rows import FeatureRows, RawRows
from fastcli.mlp.features import natural
from fastcli.mlp.number_data import NumberRows, numeric_data, read_rows
from fastcli.mlp.train_and_save import begin, model_of, network_of
from fastcli.mlp.training_data import TrainingData
from fastcli.reporting import Reporter, Status
from fastcli.tables.coded import Coded
from fastcli.text.folds import NONE, TextFolds, check_folds, fold_numbers, rare_sentence
from fastcli.text.inputs import text_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.given_tables import GivenTables
    from fastcli.mlp.model import MlpModel
    from fastcli.text.vector_files import VectorSource


def train_in_memory(data: TrainingData, reporter: Reporter) -> MlpModel:
    """Train a network and return its model; with ``retry_nan`` again where the loss is NaN.

    Raises TrainingDiverged.
    """
    args = replace(data.args, save_every=0, resume=False)

    def attempt(lr: float) -> MlpModel:
        tried = replace(args, lr=lr)
        trainer = begin(tried, data, network_of(tried, data))
        reporter.stage("training")
        for found in trainer.run(lambda trainer: None):
            if isinstance(found, tuple):
                reporter.status(Status(progress=found[0], loss=found[1]))
        return model_of(tried, data, trainer.network, trainer.rows)

    return retried(attempt, args.lr, args.retry_nan, reporter)


class TextNetworkFolds(TextFolds):
    """Trains a network in memory on the lines of all folds but one; see ``FoldSource``.

    ``vectors`` opens what ``pretrained_vectors`` names, if that is given.
    """

    def __init__(self, args: MlpArgs, vectors: Callable[[], VectorSource] | None = None) -> None:
        super().__init__(args.input, args.folds, args.label, args.seed, args.is_regression)
        self._args = args
        self._vectors = vectors

    @contextmanager
    def trained(self, fold: int, reporter: Reporter) -> Iterator[FoldModel]:
        """Give the model of a fold."""
        with self.apart(fold) as (out, n_train):
            source = self._vectors() if self._vectors is not None else None
            data = read_data(self._args, reporter, source, is_fold=True)
            model = train_in_memory(data, reporter)
            model.targets_read = "present"
            yield FoldModel(model, text_blocks(out), n_train)


class NumberFolds:
    """Rows of numbers in folds, which are read once; see ``FoldSource``.

    ``model`` is the last one that was trained, which knows the columns.  Raises DataError if the
    rows cannot be read, or are too few.
    """

    def __init__(self, args: MlpArgs, kind: str, given: GivenTables | None = None) -> None:
        self._args = args
        self._class_weight = read_class_weight(args.class_weight, may_lack=True)
        places: list[tuple[str, NDArray[np.int64]]] = []
        rows = read_rows(
            args,
            kind,
            lambda sentence: None,
            lambda path, lines: places.append((path, lines)),
            given=given,
        )
        self._places = places
        self._columns, self._labels, self._names = rows.columns, rows.labels, rows.names
        self._weights, self._targets = rows.raw.weights, rows.raw.targets
        self._raw = rows.raw.take_whole()
        self._has_label = rows.has_label
        strata, labels = rows.labels.first(), list(rows.labels.known)
        if self._targets is not None:
            strata, labels = np.zeros(len(self._targets), np.int64), [""]
        check_folds(strata, args.folds)
        self.folds = fold_numbers(strata, args.folds, args.seed)
        self.note = rare_sentence(strata, labels, args.folds)
        self.model: MlpModel | None = None

    def _labels_of(self) -> Iterator[list[str]]:
        """Yield the labels of each row."""
        ids, ends = self._labels.numbered(self._names)
        for a, b in zip(ends.tolist(), ends[1:].tolist(), strict=False):
            yield [self._names[i] for i in ids[a:b].tolist()]

    def rows(self) -> Iterator[tuple[int, str, int, list[str], str]]:
        """Yield the number, the file, the line and the labels of each row, and no text."""
        places = ((path, line) for path, lines in self._places for line in lines.tolist())
        for i, ((path, line), labels) in enumerate(zip(places, self._labels_of(), strict=True)):
            yield i, path, line, labels, ""

    def close(self) -> None:
        """Do nothing: there are no temporary files."""

    @contextmanager
    def trained(self, fold: int, reporter: Reporter) -> Iterator[FoldModel]:
        """Give the model of a fold."""
        is_out = self.folds == fold
        in_training = (self.folds != NONE) & ~is_out
        n_train = int(in_training.sum())
        is_row = in_training[self._has_label]
        raw = RawRows.of(self._raw, is_row)
        raw.weights = None if self._weights is None else self._weights[is_row]
        raw.targets = None if self._targets is None else self._targets[is_row]
        rows = NumberRows(
            columns=copy.deepcopy(self._columns),
            raw=raw,
            labels=self._labels,
            names=self._names_in(in_training),
        )
        data = numeric_data(
            self._args, self._class_weight, rows, in_training, lambda sentence: None
        )
        del raw, rows
        self.model = train_in_memory(data, reporter)
        self.model.targets_read = "present"
        yield FoldModel(self.model, [self._left_out(is_out)], n_train)

    def _names_in(self, in_training: NDArray[np.bool_]) -> list[str]:
        """Return the labels that some rows have, or the names of targets."""
        if self._targets is not None:
            return self._names
        ids, _ = self._labels.numbered(self._names, in_training)
        return sorted({self._names[i] for i in ids.tolist()}, key=natural)

    def _left_out(self, is_out: NDArray[np.bool_]) -> FeatureRows:
        """Return rows as a model reads them."""
        if self._targets is not None:
            raw, targets, n = self._raw[is_out], self._targets[is_out], int(is_out.sum())
            names = Coded.of([",".join(map(repr, row)) for row in targets.tolist()])
            return FeatureRows(raw, names, np.zeros(n, np.bool_), targets=targets)
        is_libsvm = self._columns.kind == "libsvm"
        found = [
            ",".join(labels) if is_libsvm else tuple(labels)
            for labels, chosen in zip(self._labels_of(), is_out.tolist(), strict=True)
            if chosen
        ]
        raw = self._raw[is_out[self._has_label]]
        return FeatureRows(raw, Coded.of(found), np.zeros(len(raw), np.bool_))
