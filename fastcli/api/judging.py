"""What models of every kind can be asked on labelled data, and why they answer as they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from fastcli.api.decided_model import DecidedModel
    from fastcli.api.decisions import Calibration, Thresholds
    from fastcli.api.explaining import Explanation
    from fastcli.api.labelled_data import Data, Path
    from fastcli.api.options import ReadingOptions, ReportOptions
    from fastcli.api.reports import RegressionReport, Report
    from fastcli.evaluation.classifier import Classifier
    from fastcli.tables.options import TableOptions

TOP = 20  # contributions that an explanation keeps


class Judged:
    """Reports, explanations, thresholds and calibration of a model.

    Labelled data are the path of a file, several paths, or pairs of labels (a str, or a list of
    them) and a text; for a model of numbers (rows, y) as ``train_mlp`` takes them, or a table of
    another package that has the column which was learned.  A table of texts is read by the options
    of ``fastcli test`` for tables, such as ``text_column="body"``; a model that records its columns
    needs ``format="csv"`` only.
    """

    path: str
    _model: Any

    @property
    def _classifier(self) -> Classifier:
        from fastcli.errors import ArgumentError

        if self._model is None:
            raise ArgumentError("There is no model yet: load_model opens one.")
        model: Classifier = self._model
        return model

    def _reading_tables(self, options: TableOptions) -> Classifier:
        """Return the classifier, which reads tables as options say."""
        return self._classifier

    def report(
        self, data: Data, k: int = 1, threshold: float = 0.0, **options: Unpack[ReportOptions]
    ) -> Report | RegressionReport:
        """Return what the model gets right and wrong on labelled data.

        Lines get their ``k`` best labels (-1: all), each at least as probable as ``threshold``.
        ``options`` say how tables among the ``data`` are read, what is kept and written
        (``mistakes``, ``errors``, ``csv``, ``confusion_file``, ``thread``), and what is required
        (``require="f1macro>=0.9"``).  A model of regression gives a ``RegressionReport``.

        Raises DataError for data that cannot be read, ArgumentError for invalid values, and
        OptionError (a TypeError) for an unknown option; RequirementNotMet.
        """
        from fastcli.api.reports import report_on

        model = self._classifier
        return report_on(model, self.path or "The model", data, k, threshold, dict(options))

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
        """Return why a text gets a label: an ``Explanation``, and of a list of texts a list.

        The ``label`` (None: the most probable one) is compared with ``against`` (None: the most
        probable other one), or explained ``alone``.  ``top`` is how many contributions are kept,
        the largest first; 0 keeps all.  ``ngrams`` lists character n-grams apart from their words.
        Texts are prepared as the model records it, unless they are ``prepared`` already.  A model
        of numbers takes as ``data`` a row, rows, or the path of a table.

        Raises ArgumentError for unknown labels and for models that predict no labels.
        """
        from fastcli.api.arguments import whole
        from fastcli.api.explaining import Asked, explained

        model: Any = self
        given, is_one = model._explained_input(data)
        top = whole(top, "top")
        asked = Asked(
            label=label, against=against, alone=alone, top=top, ngrams=ngrams, prepared=prepared
        )
        found: list[Explanation] = explained(self._classifier, model._name, given, asked)
        return found[0] if is_one else found

    def tune_thresholds(
        self,
        data: Data,
        metric: str = "f1",
        per_label: bool = False,
        k: int | None = None,
        calibration: Calibration | Path | None = None,
        **options: Unpack[ReadingOptions],
    ) -> Thresholds:
        """Return the thresholds of labels by which a ``metric`` is best on labelled ``data``.

        ``per_label`` gives each label its own.  ``k`` is 1 (a line gets its best label or none) or
        -1 (all labels that reach theirs); None: 1 where labels exclude each other and every line
        has one.  They are for the probabilities of a ``calibration``, if one is given: see
        ``with_decisions``.  ``options`` say how tables are read.

        Raises DataError for data by which they cannot be chosen, ArgumentError for a metric that
        cannot be reached or has no thresholds.
        """
        from fastcli.api.arguments import whole
        from fastcli.api.decisions import tuned

        k = None if k is None else whole(k, "k")
        model: Any = self
        return tuned(model, data, metric, per_label, k, calibration, dict(options))

    def calibrate(self, data: Data, **options: Unpack[ReadingOptions]) -> Calibration:
        """Return what makes the model's probabilities right, fitted to labelled ``data``.

        Softmax gets a temperature (Guo et al. 2017), other losses and lines with several labels a
        sigmoid for each label (Platt 1999).  ``options`` say how tables are read.

        Raises DataError for data to which it cannot be fitted.
        """
        from fastcli.api.decisions import calibrated

        model: Any = self
        return calibrated(model, data, dict(options))

    def with_decisions(
        self,
        thresholds: Thresholds | Path | None = None,
        calibration: Calibration | Path | None = None,
    ) -> DecidedModel:
        """Return a model that predicts with thresholds, a calibration, or both, as commands do.

        ``thresholds`` are those of ``tune_thresholds``, or the path of their file, or "auto" for
        the one beside the model; ``calibration`` is that of ``calibrate``, or likewise a path or
        "auto".

        Raises DataError for what is not there, is damaged or belongs to another model, and
        ArgumentError where thresholds are for other probabilities.
        """
        from fastcli.api.decided_model import DecidedModel

        model: Any = self
        return DecidedModel(model, thresholds, calibration)
