"""A model that gives labels by thresholds, or with calibrated probabilities."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, SupportsFloat, SupportsIndex, cast, overload

from fastcli.api.arguments import real, whole
from fastcli.api.batches import Batch, found_in, predict_texts
from fastcli.api.deciding import k_beside
from fastcli.api.decisions import GivenCalibration, GivenThresholds, decide
from fastcli.api.judging import TOP
from fastcli.api.model import TrainedModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from fastcli.api.decisions import Calibration, Thresholds
    from fastcli.api.labelled_data import Data
    from fastcli.api.options import ReadingOptions, ReportOptions
    from fastcli.api.reports import Report
    from fastcli.evaluation.classifier import Classifier
    from fastcli.tables.options import TableOptions


class DecidedModel(TrainedModel):
    """A model with thresholds, a calibration, or both: ``model.with_decisions`` returns it.

    ``model`` is the model without them, which has all else that models have: words, vectors,
    ``save_model``.  ``k`` is how many labels a line gets where nothing else is asked for: 1, or -1
    for all labels that reach their thresholds.
    """

    def __init__(
        self,
        model: TrainedModel,
        thresholds: GivenThresholds | None = None,
        calibration: GivenCalibration | None = None,
    ) -> None:
        """Take a model, and what ``with_decisions`` takes."""
        decided, self._chosen = decide(model, thresholds, calibration)
        super().__init__(decided, model.path)
        self.model, self._given = model, (thresholds, calibration)
        self._ends, self._on_unicode_error = model._ends, model._on_unicode_error
        self.k = 1 if self._chosen is None else self._chosen.k

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.model, *self._given)

    def __repr__(self) -> str:
        return f"<DecidedModel of {self.model!r}>"

    @property
    def labels(self) -> list[str]:
        """All labels, as ``model`` has them."""
        return self.model.labels

    @overload
    def get_labels(
        self, include_freq: Literal[False] = ..., on_unicode_error: str = ...
    ) -> list[str]: ...

    @overload
    def get_labels(
        self, include_freq: Literal[True], on_unicode_error: str = ...
    ) -> tuple[list[str], NDArray[np.int64]]: ...

    @overload
    def get_labels(self, include_freq: bool, on_unicode_error: str = ...) -> Any: ...

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return all labels, as ``get_labels`` of ``model`` does with ``include_freq``.

        ``on_unicode_error``: see ``bytes.decode``.
        """
        return self.model.get_labels(include_freq, on_unicode_error)

    def predict(
        self,
        text: Any,
        k: SupportsIndex | None = None,
        threshold: SupportsFloat = 0.0,
        on_unicode_error: str = "strict",
    ) -> tuple[Any, Any]:
        """Return the labels of ``text``, a text or a list of texts, with their probabilities.

        ``k`` (None: that of the thresholds) bounds their number, and ``threshold`` their
        probability beside their own thresholds.  Of a text they are a tuple of labels, none for
        example, and float64[labels]; of a list of texts a list of lists of labels and a list of
        float32[labels].  A model of numbers takes what its own ``predict`` takes.  Probabilities
        are as ``fastcli predict-prob`` prints them.  ``on_unicode_error`` is for labels that are
        not valid UTF-8, as in ``bytes.decode``.

        Raises ArgumentError for a text with a line end, TypeError for what is not text.
        """
        blocks, is_one = self.model._input_blocks(text, "predict")
        with self._predictor(self._k(k), real(threshold, "threshold")) as predictor:
            found = Batch(predictor.names(on_unicode_error), *found_in(predictor, blocks))
        return found[0] if is_one else (found.label_lists(), found.prob_lists())

    def predict_batch(
        self, texts: Any, k: int | None = None, threshold: float = 0.0, thread: int = 1
    ) -> Batch:
        """Return the labels of many texts, as ``predict`` gives them: a ``Batch``.

        ``k`` (None: that of the thresholds) bounds their number, and ``threshold`` their
        probability beside their own thresholds.  See ``predict_batch`` of other models, also for
        ``texts``, ``thread`` and what is raised: ArgumentError.
        """
        return predict_texts(self, texts, self._k(k), threshold, thread, self._ends)

    def test(
        self,
        path: str | os.PathLike[str],
        k: SupportsIndex | None = None,
        threshold: SupportsFloat = 0.0,
    ) -> tuple[int, float, float]:
        """Return the number of lines of a file, and the precision and recall of their labels.

        ``path`` is that of the file; ``k`` and ``threshold`` are as ``predict`` takes them.
        Raises DataError for a file that cannot be read, and for a table of texts, which ``report``
        reads by its options.
        """
        from fastcli.api.inputs import Reading, examples
        from fastcli.evaluation.predictor import Predictor
        from fastcli.tables.options import TableOptions
        from fastcli.threads import usable_cpus

        model, name = self._classifier, os.fspath(path)
        least = real(threshold, "threshold")
        predictor = Predictor(model, self._k(k), least, usable_cpus(), self._name)
        meter = predictor.test(examples(model, self.path, name, Reading(table=TableOptions())))
        return meter.n, meter.precision, meter.recall

    def report(
        self,
        data: Data,
        k: int | None = None,
        threshold: float = 0.0,
        **options: Unpack[ReportOptions],
    ) -> Report:
        """Return what the model with its decisions gets right and wrong on labelled ``data``.

        ``k`` None is that of the thresholds; ``threshold`` is one that all labels must reach
        beside their own.  See ``report`` of other models, also for ``options`` and what is raised:
        DataError, ArgumentError and RequirementNotMet.
        """
        from fastcli.api.reports import report_on

        found = report_on(self._model, self._name, data, self._k(k), threshold, dict(options))
        return cast("Report", found)  # there are no decisions about numbers

    def explain(
        self,
        data: Any,
        label: str | None = None,
        top: int = TOP,
        *,
        against: str | None = None,
        alone: bool = False,
        ngrams: bool = False,
        prepared: bool = False,
    ) -> Any:
        """Return why a text gets its scores: what ``explain`` of ``model`` returns.

        Decisions change no score.  See there for ``data``, ``label``, ``top``, ``against``,
        ``alone``, ``ngrams`` and ``prepared``, and for what is raised: ArgumentError.
        """
        return self.model.explain(
            data, label, top, against=against, alone=alone, ngrams=ngrams, prepared=prepared
        )

    def tune_thresholds(
        self,
        data: Data,
        metric: str = "f1",
        per_label: bool = False,
        k: int | None = None,
        calibration: GivenCalibration | None = None,
        **options: Unpack[ReadingOptions],
    ) -> Thresholds:
        """Return thresholds for ``model``, by its probabilities or those of a ``calibration``.

        See ``tune_thresholds`` of other models for ``data``, ``metric``, ``per_label``, ``k``,
        ``options`` and what is raised: DataError and ArgumentError.
        """
        return self.model.tune_thresholds(data, metric, per_label, k, calibration, **options)

    def calibrate(self, data: Data, **options: Unpack[ReadingOptions]) -> Calibration:
        """Return a calibration of ``model``, fitted to labelled ``data``.

        See ``calibrate`` of other models for ``options`` and what is raised: DataError.
        """
        return self.model.calibrate(data, **options)

    def with_decisions(
        self,
        thresholds: GivenThresholds | None = None,
        calibration: GivenCalibration | None = None,
    ) -> DecidedModel:
        """Return ``model`` with other decisions: with ``thresholds``, a ``calibration``, or both.

        See ``with_decisions`` of other models, also for what is raised: DataError, ArgumentError.
        """
        return self.model.with_decisions(thresholds, calibration)

    def _reading_tables(self, options: TableOptions) -> Classifier:
        model: Any = self._model
        found: Classifier = model.decisions.of(self.model._reading_tables(options))
        return found

    def _k(self, k: SupportsIndex | None) -> int:
        given = None if k is None else whole(k, "k")
        if self._chosen is not None:
            return k_beside(self._chosen, given)
        return self.k if given is None else given
