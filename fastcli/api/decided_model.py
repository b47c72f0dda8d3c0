"""A model that gives labels by thresholds, or with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.api.arguments import line_of, real, utf8, whole
from fastcli.api.deciding import k_beside
from fastcli.api.decisions import Calibration, Thresholds, decide
from fastcli.api.inputs import reads_lines
from fastcli.api.judging import Judged
from fastcli.evaluation.predictor import Predictor
from fastcli.evaluation.probabilities import as_printed

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from fastcli.api import options as typed
    from fastcli.api.labelled_data import Data, Path
    from fastcli.api.options import ReportOptions
    from fastcli.api.reports import RegressionReport, Report
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.labelling.predicted import Labelled
    from fastcli.tables.options import TableOptions


class DecidedModel:
    """A model with thresholds, a calibration, or both: ``model.with_decisions`` returns it.

    ``model`` is the model without them, which explains and is tuned.  ``k`` is how many labels a
    line gets where nothing else is asked for: 1, or -1 for all labels that reach their thresholds.
    """

    def __init__(
        self,
        model: Judged,
        thresholds: Thresholds | Path | None = None,
        calibration: Calibration | bool | None = None,
    ) -> None:
        """Take a model, and what ``with_decisions`` takes."""
        self.model, self.path = model, model.path
        self._given = thresholds, calibration
        self._model, self._chosen = decide(model._classifier, model.path, thresholds, calibration)
        self.k = 1 if self._chosen is None else self._chosen.k

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.model, *self._given)

    @property
    def labels(self) -> list[str]:
        """All labels, in the order of their ids."""
        return [name.decode("utf-8", "surrogateescape") for name in self._model.labels()]

    def predict(self, data: Any, k: int | None = None, threshold: float = 0.0) -> tuple[Any, Any]:
        """Return the labels of ``data``, a text or a list of texts, with their probabilities.

        ``k`` (None: that of the thresholds) bounds their number, and ``threshold`` their
        probability beside their own thresholds.  Of a text they are a tuple of labels, none for
        example, and float64[labels]; of a list of texts a list of lists of labels and a list of
        float32[labels].  A model of numbers takes what its own ``predict`` takes.  Probabilities
        are as ``fastcli predict-prob`` prints them.

        Raises ArgumentError for a text with a line end, TypeError for what is not text.
        """
        blocks, is_one = self._blocks(data)
        predictor = Predictor(
            self._model, self._k(k), real(threshold, "threshold"), 1, self.path or "The model"
        )
        offset, names = self._model.printed_offset, self.labels
        labels, probs = list[list[str]](), []
        for found in predictor.predictions(blocks):
            for line, n in enumerate(found.counts.tolist()):
                part = slice(line * found.k, line * found.k + n)
                labels.append([names[j] for j in found.labels[part].tolist()])
                probs.append(as_printed(found.probs[part], offset))
        if is_one:
            return tuple(labels[0]), probs[0].astype(np.float64)
        return labels, probs

    def label_table(self, source: Path, **options: Unpack[typed.TableOptions]) -> Labelled:
        """Write the rows of a table with the labels that they get, as ``predict --output`` does.

        ``k`` is by default that of the thresholds, which cannot be combined with ``keep``,
        ``unsure``, ``min_prob`` and ``dropped``.  See ``label_table`` of other models, also for
        ``source``, ``options``, and what is raised: OptionError, ArgumentError, DataError and
        FastcliError.
        """
        from fastcli.api.tables import label_table

        return label_table(self, source, {**options})

    def _reading_tables(self, options: TableOptions) -> Classifier:
        model: Any = self._model
        found: Classifier = model.decisions.of(self.model._reading_tables(options))
        return found

    def _k(self, k: int | None) -> int:
        if k is not None:
            k = whole(k, "k")
        if self._chosen is not None:
            return k_beside(self._chosen, k)
        return self.k if k is None else k

    def _blocks(self, data: Any) -> tuple[Iterable[Block], bool]:
        if not reads_lines(self._model):
            return self.model._explained_input(data)
        is_one = isinstance(data, str)
        lines = [utf8(line_of(one, "predict"), "a text") for one in ([data] if is_one else data)]
        return [np.frombuffer(b"".join(lines), np.uint8)] if lines else [], is_one

    def report(
        self,
        data: Data,
        k: int | None = None,
        threshold: float = 0.0,
        **options: Unpack[ReportOptions],
    ) -> Report | RegressionReport:
        """Return what the model with its decisions gets right and wrong on labelled ``data``.

        ``k`` None is that of the thresholds; ``threshold`` is one that all labels must reach
        beside their own.  See ``report`` of other models, also for ``options`` and what is raised:
        DataError, ArgumentError and RequirementNotMet.
        """
        from fastcli.api.reports import report_on

        name, given = self.path or "The model", dict(options)
        return report_on(self._model, name, data, self._k(k), threshold, given)
