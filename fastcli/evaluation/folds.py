"""Cross-validation: what the models of all folds predict of the lines that they did not see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from fastcli.errors import FastcliError
from fastcli.evaluation.fold_results import FoldResult
from fastcli.evaluation.label_names import LabelNames
from fastcli.evaluation.meter import Meter
from fastcli.evaluation.metric_names import REGRESSION_METRICS
from fastcli.evaluation.predictor import Predictor
from fastcli.evaluation.probabilities import dense_probs, dense_truth
from fastcli.evaluation.regression import RegressionMeter, measured_numbers
from fastcli.reporting import Reporter, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Block, Classifier, Predictions
    from fastcli.evaluation.metric import Metric
    from fastcli.text.lines import Lines

NAN = float("nan")


class FoldModel(NamedTuple):
    """The model of a fold, what it was not trained on, and how many lines it was trained on."""

    classifier: Classifier
    blocks: Iterable[Block]
    n_train: int


class FoldSource(Protocol):
    """Examples in folds: ``folds`` int32[n] is the one that leaves out each, -1 for none."""

    @property
    def folds(self) -> NDArray[np.int32]:
        """The fold of each example."""

    def trained(self, fold: int, reporter: Reporter) -> AbstractContextManager[FoldModel]:
        """Train on the other examples; the model is gone at the end."""


@dataclass(kw_only=True)
class Held:
    """What was predicted of every example by the fold that left it out.

    ``predicted[i]`` is the place of the best label in ``labels``, -1 where nothing was predicted;
    ``probs`` is its probability, ``true_probs`` the least one of the example's own labels (NaN
    where the model knows none of them).
    """

    folds: NDArray[np.int32]
    labels: list[bytes] = field(default_factory=list)
    predicted: NDArray[np.int32] = field(init=False)
    probs: NDArray[np.float32] = field(init=False)
    true_probs: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.folds)
        self.predicted = np.full(n, -1, np.int32)
        self.probs, self.true_probs = (np.full(n, np.nan, np.float32) for _ in range(2))
        self._ids: dict[bytes, int] = {}

    def ids_of(self, labels: Iterable[bytes]) -> NDArray[np.int32]:
        """Return the places of a model's labels, which differ from fold to fold."""
        found = [self._ids.setdefault(label, len(self._ids)) for label in labels]
        self.labels = list(self._ids)
        return np.array(found, np.int32)


class FoldReporter(Reporter):
    """Passes on the progress of a fold; what a training says of its data is said once, later."""

    def __init__(self, outer: Reporter, fold: int, n_folds: int) -> None:
        self._outer, self._name = outer, f"fold {fold + 1} of {n_folds}"

    def stage(self, name: str, n_bytes: int = 0) -> None:
        """Show the stage with the number of the fold."""
        self._outer.stage(f"{self._name}: {name}", n_bytes)

    def read(self, n_bytes: int) -> None:
        """Pass on how much was read."""
        self._outer.read(n_bytes)

    def status(self, status: Status) -> None:
        """Pass on the progress."""
        self._outer.status(status)

    def retrying(self, sentence: str) -> None:
        """Pass on that a fold starts again."""
        self._outer.retrying(f"In {self._name}: {sentence}")

    def warn(self, sentence: str) -> None:
        """Pass on a warning."""
        self._outer.warn(sentence)


def cross_validate(
    source: FoldSource,
    n_folds: int,
    metric: Metric | None,
    n_threads: int,
    reporter: Reporter,
    on_result: Callable[[FoldResult], None],
) -> tuple[list[FoldResult], Held]:
    """Train a model for each fold, and measure it on what it left out; ``on_result`` hears of each.

    With a ``metric`` its value is measured, too.  Raises what training and predicting raise.
    """
    held, results = Held(folds=source.folds), []
    for fold in range(n_folds):
        began = time.monotonic()
        with (
            _named(f"fold {fold + 1} of {n_folds}"),
            source.trained(fold, FoldReporter(reporter, fold, n_folds)) as model,
        ):
            reporter.stage(f"fold {fold + 1} of {n_folds}: measuring")
            meter, label = _measured(held, fold, model, metric, n_threads)
        results.append(
            FoldResult(
                fold=fold + 1,
                n_folds=n_folds,
                n_train=model.n_train,
                n_test=meter.n,
                **scores_of(meter),
                loss=meter.loss,
                monitored=metric.value(meter, label) if metric is not None else NAN,
                seconds=time.monotonic() - began,
            )
        )
        del model
        on_result(results[-1])
    return results, held


def scores_of(meter: Meter | RegressionMeter) -> dict[str, float]:
    """Return what a fold's result has of a meter, by its names."""
    if isinstance(meter, RegressionMeter):
        return {name: meter.score(name) for name in REGRESSION_METRICS}
    return {
        "accuracy": meter.accuracy,
        "f1macro": meter.macro_f1,
        "f1weighted": meter.weighted_f1,
    }


@contextmanager
def _named(fold: str) -> Iterator[None]:
    """Let errors say in which fold they were."""
    try:
        yield
    except FastcliError as error:
        error.args = (f"In {fold}: {error}",)
        raise


def _measured(
    held: Held, fold: int, model: FoldModel, metric: Metric | None, n_threads: int
) -> tuple[Meter | RegressionMeter, int]:
    """Count the lines that a fold left out, and keep what is predicted of them.

    Returns the counts, and the id of the metric's label.  For regression nothing is kept.
    """
    classifier = model.classifier
    name = f"The model of fold {fold + 1}"
    if classifier.targets is not None:
        return measured_numbers(Predictor(classifier, 1, 0.0, n_threads, name), model.blocks), -1
    label = metric.find_label(LabelNames.of(classifier)) if metric is not None else -1
    predictor = Predictor(classifier, 1, 0.0, n_threads, name, with_all=True)
    with_scores = metric is not None and metric.needs_scores
    meters = [
        Meter(nlabels=classifier.nlabels, with_scores=with_scores)
        for _ in range(predictor.n_threads)
    ]

    def use(thread: int, lines: Lines, found: Predictions) -> tuple[Any, Any, Any]:
        predictor.count(meters[thread], lines, found)
        return _best_and_own(lines, found, classifier.nlabels)

    ids = held.ids_of(classifier.labels())
    places, at = np.flatnonzero(held.folds == fold), 0
    for best, probs, own in predictor.examined(model.blocks, use):
        some = places[at : at + len(best)]
        held.predicted[some] = np.where(best >= 0, ids[best], -1)
        held.probs[some], held.true_probs[some] = probs, own
        at += len(best)
    assert at == len(places), (at, len(places))
    for meter in meters[1:]:
        meters[0].merge(meter)
    return meters[0], label


def _best_and_own(
    lines: Lines, found: Predictions, nlabels: int
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the best label of each line, -1 for none, its probability, and the least of its own.

    Probabilities are NaN where there is none.
    """
    n = len(found.counts)
    assert found.every is not None
    has_best = found.counts > 0
    best = np.where(has_best, found.labels, -1).astype(np.int32)
    probs = np.where(has_best, np.minimum(found.probs, 1.0), np.nan).astype(np.float32)
    truth = dense_truth(lines.label_offsets, lines.labels, n, nlabels)
    own = np.where(truth, dense_probs(found.every, nlabels), np.inf).min(axis=1)
    is_known = has_best & np.isfinite(own)
    return best, probs, np.where(is_known, own, np.nan).astype(np.float32)
