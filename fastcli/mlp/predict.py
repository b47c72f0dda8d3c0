"""Predicting with a neural network: from blocks of text or rows of tables to their best labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.classifier import Predictions, Worker
from fastcli.kernels.mlp import steps as kernels
from fastcli.kernels.text.lines import HAS_LABEL, KNOWS_LABEL, LACKS_LABEL
from fastcli.mlp.examples import Examples, of_dense, of_rows
from fastcli.mlp.feature_files import LibsvmReader, libsvm_labels, open_text
from fastcli.mlp.feature_rows import FeatureRows
from fastcli.mlp.feature_tables import label_reader
from fastcli.mlp.features import Labels
from fastcli.mlp.limits import MOST_FLOATS
from fastcli.mlp.network import stride
from fastcli.mlp.scorer import Scorer
from fastcli.mlp.table_reader import TableReader
from fastcli.overwriting import STREAM
from fastcli.tables.bad_rows import BadRows
from fastcli.tables.labels import read_list
from fastcli.text.lines import Lines
from fastcli.threads import must_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.model import MlpModel
    from fastcli.text.inputs import Bytes


class Ranker:
    """Finds the k best labels of lines; one for each thread, since it has scratch."""

    def __init__(self, model: MlpModel, k: int, threshold: float) -> None:
        self._model, self._k, self._threshold = model, k, threshold
        self._network = model.network()
        embedding = np.zeros(1, np.float32) if model.embedding is None else model.embedding
        self._scorer = Scorer(self._network, embedding.reshape(-1))

    def rank(self, lines: Lines, examples: Examples) -> Predictions:
        """Return the best labels of all lines, whose features are ``examples``.

        Raises ModelFormatError if the file of the model is written to meanwhile.
        """
        model, network, scorer, k = self._model, self._network, self._scorer, self._k
        counts = np.zeros(lines.n, np.int32)
        labels = np.zeros(lines.n * k, np.int32)
        probs = np.zeros(lines.n * k, np.float32)
        order = np.arange(lines.n)
        has_input = np.diff(lines.offsets[: lines.n + 1]) > 0
        for first in range(0, lines.n, network.batch):
            n = min(network.batch, lines.n - first)
            model.check_unchanged()
            scorer.score(examples, order, first, n)
            model.check_unchanged()
            bad = network.first_not_finite(n, scorer.values, has_input[first : first + n])
            kernels.best_scores(
                network.group,
                scorer.values,
                n,
                k,
                self._threshold,
                lines.offsets[first:],
                counts[first:],
                labels[first * k :],
                probs[first * k :],
            )
            if bad >= 0:
                return Predictions(
                    k=k, counts=counts, labels=labels, probs=probs, not_finite=first + bad
                )
        return Predictions(k=k, counts=counts, labels=labels, probs=probs)


def text_worker(model: MlpModel, k: int, threshold: float, max_lines: int) -> Worker:
    """Return a function from text to lines and their k best labels."""
    ranker, reader = Ranker(model, k, threshold), model.reader(max_lines)

    def work(text: Bytes) -> Iterator[tuple[Lines, Predictions]]:
        position = 0
        while position < len(text) and not must_end():
            model.check_unchanged()
            lines, position = reader.read(text, position)
            examples = of_rows(lines.features, lines.offsets, *_no_labels())
            yield lines, ranker.rank(lines, examples)

    return work


def table_rows(model: MlpModel, path: str, cannot: str) -> Iterator[FeatureRows]:
    """Yield the rows of a table of numbers or of a libsvm file, those of empty lines as well.

    Raises DataError where the file cannot be read: ``cannot``, with the path and the reason.
    """
    columns = model.columns
    assert columns is not None
    if columns.kind == "libsvm":
        name = "standard input" if path == STREAM else path
        yield from LibsvmReader(columns, name).rows(open_text(path, cannot), MOST_FLOATS)
    else:
        yield from table_reader(model, path).rows(cannot, with_blank=True)


def table_reader(model: MlpModel, path: str, bad: BadRows | None = None) -> TableReader:
    """Return what reads a table by the columns of a model; ``bad`` is given what is no row."""
    columns = model.columns
    assert columns is not None
    labels_of, known = labels_reader(model), set(model_names(model))

    def is_label(cell: str) -> bool:
        return not known.isdisjoint(labels_of(cell))

    return TableReader(
        columns,
        path,
        model.table_options,
        note=model.note,
        bad=bad,
        is_label=is_label,
        targets=model.targets_read,
    )


def labels_reader(model: MlpModel) -> Callable[[Any], Sequence[str]]:
    """Return what makes labels of a cell of the label's column."""
    columns = model.columns
    assert columns is not None
    if columns.kind == "libsvm":
        return libsvm_labels
    cells = label_reader(columns, "", (), model.table_options.labels)
    return lambda name: cells.of((_listed(name),))


def model_names(model: MlpModel) -> list[str]:
    """Return the labels of a model as text."""
    return [name.decode("utf-8", "surrogateescape") for name in model.names]


def table_worker(model: MlpModel, k: int, threshold: float, max_lines: int) -> Worker:
    """Return a function from rows of a table of numbers to their k best labels."""
    columns = model.columns
    assert columns is not None
    ranker = Ranker(model, k, threshold)
    max_lines = max(1, min(max_lines, MOST_FLOATS // columns.n_features))
    names, labels_of = model_names(model), labels_reader(model)

    def work(rows: Any) -> Iterator[tuple[Lines, Predictions]]:
        for first in range(0, len(rows), max_lines):
            part = rows[first : first + max_lines]
            found = Labels()
            found.add_coded(part.names)
            found = found.renamed(labels_of)
            ids, label_offsets = found.numbered(names)
            lines = Lines(
                n=len(part),
                features=np.zeros(1, np.int32),
                offsets=np.concatenate([[0], np.cumsum(~part.blank)]).astype(np.int64),
                labels=ids,
                label_offsets=label_offsets,
                flags=_flags(found, label_offsets),
            )
            x = columns.standardize(part.raw, stride(columns.n_features))
            examples = of_dense(x, stride(columns.n_features), *_no_labels())
            yield lines, ranker.rank(lines, examples)

    return work


def _flags(labels: Labels, known_offsets: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return what ``Lines.flags`` has of rows with some labels, of which a model knows some."""
    n_labels, n_known = np.diff(np.frombuffer(labels.offsets, np.int64)), np.diff(known_offsets)
    flags = HAS_LABEL * (n_labels > 0) + KNOWS_LABEL * (n_known > 0)
    return np.asarray(flags + LACKS_LABEL * (n_known < n_labels), np.uint8)


def _listed(cell: Any) -> Any:
    """Return a cell of labels, as a list where it is the text of one."""
    found = read_list(cell) if isinstance(cell, str) else None
    return cell if found is None else tuple(found)


def _no_labels() -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    return np.zeros(1, np.int32), np.zeros(1, np.int64)
