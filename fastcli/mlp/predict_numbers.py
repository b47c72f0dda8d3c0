"""Predicting numbers with a network of regression: from blocks of text or rows of tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.classifier import Predictions, Worker
from fastcli.mlp.examples import Examples, of_dense, of_rows
from fastcli.mlp.limits import MOST_FLOATS
from fastcli.mlp.network import stride
from fastcli.mlp.scorer import Scorer
from fastcli.mlp.targets import numbers_of
from fastcli.mlp.text_targets import cells_of_lines
from fastcli.tables.coded import Coded
from fastcli.text.lines import Lines
from fastcli.threads import must_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.feature_rows import FeatureRows
    from fastcli.mlp.model import MlpModel
    from fastcli.text.inputs import Bytes

NO_IDS, NO_OFFSETS = np.zeros(1, np.int32), np.zeros(1, np.int64)


def number_worker(model: MlpModel, max_lines: int) -> Worker:
    """Return a function from text, or rows of a table, to lines and what is predicted of them."""
    return (_text_worker if model.columns is None else _table_worker)(model, max_lines)


class _Numbers:
    """Predicts the numbers of lines; one for each thread, since it has scratch."""

    def __init__(self, model: MlpModel) -> None:
        self._model, self._network = model, model.network()
        embedding = np.zeros(1, np.float32) if model.embedding is None else model.embedding
        self._scorer = Scorer(self._network, embedding.reshape(-1))

    def predict(
        self, examples: Examples, has_input: NDArray[np.bool_], truth: NDArray[np.float64]
    ) -> Predictions:
        """Return what is predicted of examples, NaN for those without input.

        Raises ModelFormatError if the file of the model is written to meanwhile.
        """
        model, network, scorer = self._model, self._network, self._scorer
        targets = model.targets
        assert targets is not None
        n, k = examples.n, len(targets.names)
        values, order, bad = np.full((n, k), np.nan), np.arange(n), -1
        for first in range(0, n, network.batch):
            some = slice(first, min(first + network.batch, n))
            m = some.stop - first
            model.check_unchanged()
            scorer.score(examples, order, first, m)
            model.check_unchanged()
            found = network.first_not_finite(m, scorer.values, has_input[some])
            with np.errstate(over="ignore", invalid="ignore"):
                values[some] = targets.restore(network.scores(m, scorer.values))
            if found >= 0:
                bad = first + found
                break
        values[~has_input] = np.nan
        return Predictions(
            k=k,
            counts=np.where(has_input, k, 0).astype(np.int32),
            labels=np.tile(np.arange(k, dtype=np.int32), n),
            probs=np.ones(n * k, np.float32),
            not_finite=bad,
            values=values,
            truth=truth,
        )


def _text_worker(model: MlpModel, max_lines: int) -> Worker:
    numbers, reader = _Numbers(model), model.reader(max_lines)
    n_targets = len(model.names)

    def work(text: Bytes) -> Iterator[tuple[Lines, Predictions]]:
        position = 0
        while position < len(text) and not must_end():
            model.check_unchanged()
            start = position
            lines, position = reader.read(text, start)
            examples = of_rows(lines.features, lines.offsets[: lines.n + 1], NO_IDS, NO_OFFSETS)
            truth = np.full((lines.n, n_targets), np.nan)
            if model.targets_read != "ignored":
                cells = cells_of_lines(text[start:position].tobytes(), model.label)
                truth = numbers_of(Coded.of(cells[: lines.n]), n_targets)
            has_input = np.diff(lines.offsets[: lines.n + 1]) > 0
            yield lines, numbers.predict(examples, has_input, truth)

    return work


def _table_worker(model: MlpModel, max_lines: int) -> Worker:
    columns = model.columns
    assert columns is not None
    numbers, n_targets = _Numbers(model), len(model.names)
    max_lines = max(1, min(max_lines, MOST_FLOATS // columns.n_features))
    row = stride(columns.n_features)

    def truth_of(part: FeatureRows) -> NDArray[np.float64]:
        if columns.kind == "libsvm" and model.targets_read != "ignored":
            return numbers_of(part.names, n_targets)
        return np.full((len(part), n_targets), np.nan) if part.targets is None else part.targets

    def work(rows: Any) -> Iterator[tuple[Lines, Predictions]]:
        for first in range(0, len(rows), max_lines):
            part = rows[first : first + max_lines]
            offsets = np.concatenate([[0], np.cumsum(~part.blank)]).astype(np.int64)
            lines = Lines(
                n=len(part),
                features=np.zeros(1, np.int32),
                offsets=offsets,
                labels=np.zeros(1, np.int32),
                label_offsets=np.zeros(len(part) + 1, np.int64),
                flags=np.zeros(len(part), np.uint8),
            )
            examples = of_dense(columns.standardize(part.raw, row), row, NO_IDS, NO_OFFSETS)
            yield lines, numbers.predict(examples, ~part.blank, truth_of(part))

    return work
