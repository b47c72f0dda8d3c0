"""Reports on labelled data: what a model gets right and wrong, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.api.arguments import real, whole
from fastcli.api.inputs import CANNOT_TEST, Question
from fastcli.api.json_values import number, numbers
from fastcli.api.label_names import label_names_of
from fastcli.api.labelled_data import Data, opened, reading_of, reading_tables
from fastcli.api.named_options import read_options
from fastcli.api.report_options import APART, KINDS
from fastcli.api.spelling import speaks_of_arguments
from fastcli.api.testing import (
    Required,
    Testing,
    check_no_labels,
    run_test,
    run_test_of_numbers,
    wanted_of,
)
from fastcli.evaluation.label_names import LabelNames
from fastcli.evaluation.meter import Averages as Averages
from fastcli.evaluation.metric_names import REGRESSION_METRICS
from fastcli.evaluation.requirement import read_requirement
from fastcli.labelling.mistakes import Mistake as Mistake
from fastcli.memory import check_room
from fastcli.options import rows_of
from fastcli.printable import listed_files, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.api.testing import Tested, TestedNumbers
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.regression import RegressionMeter
    from fastcli.evaluation.report import Report as Figures

NOTHING = ""  # no label, among the names of a confusion matrix


@dataclass(frozen=True, kw_only=True)
class LabelScores:
    """How well one label is predicted: scores, 0 where there is nothing to divide by.

    ``support`` lines have the label, ``predicted`` lines got it, ``right`` of them rightly.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    right: int


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often lines of one label got another one: None where they got none, or had none."""

    true: str | None
    predicted: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a classifier gets right and wrong on labelled data; floats are NaN where undefined.

    ``n`` lines count: they have a label that the model knows, and a word of it; ``left_out`` says
    how many others there are, by reason.  ``precision``, ``recall`` and ``f1`` are of the ``k``
    best labels, as ``fastcli test`` prints them; ``micro``, ``macro``, ``weighted`` and ``samples``
    are averages by scikit-learn's rules.  ``accuracy`` is the share of lines whose best label is
    one of theirs, with its 95 % interval by Wilson (1927); ``log_loss``, ``brier_score`` and
    ``calibration_error`` judge probabilities.  ``labels`` are those that occur, the most frequent
    first, ``confusions`` pairs of labels, ``mistakes`` the surest wrong lines, the surest first,
    of all ``n_mistakes``.
    """

    n: int
    k: int
    left_out: dict[str, int]
    precision: float
    recall: float
    f1: float
    accuracy: float
    accuracy_interval: tuple[float, float]
    micro: Averages
    macro: Averages
    weighted: Averages
    samples: Averages
    exact_match: float
    hamming_loss: float
    log_loss: float
    brier_score: float
    calibration_error: float
    ranking_average_precision: float
    average_precision: tuple[float, float] | None
    labels: list[LabelScores]
    confusions: list[Confusion]
    mistakes: list[Mistake]
    n_mistakes: int
    _object: dict[str, Any] = field(repr=False)
    _objects: dict[str, dict[str, Any]] = field(repr=False)
    _required: _Requirable = field(repr=False)

    @cached_property
    def names(self) -> list[str]:
        """The labels of the rows and columns of ``confusion``; "" at the end stands for none."""
        found = [one.label for one in self.labels]
        has_none = any(None in (one.true, one.predicted) for one in self.confusions)
        return [*found, NOTHING] if has_none else found

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """The confusion matrix int64[n, n]: how often a line of label i (row) got j (column).

        Of lines with several labels, each label that is missing counts in the column of the surest
        wrong one.  Raises FastcliError where there is no memory for so many labels.
        """
        places = {name: i for i, name in enumerate(self.names)}
        check_room(8 * len(places) ** 2, f"A confusion matrix of {len(places):,} labels")
        found = np.zeros((len(places), len(places)), np.int64)
        for i, label in enumerate(self.labels):
            found[i, i] = label.right
        for one in self.confusions:
            found[places[one.true or NOTHING], places[one.predicted or NOTHING]] = one.count
        return found

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """What ``to_dict`` has of each file alone, by its path, where there are several."""
        return self._objects

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli test --report --json`` writes, of all files together.

        That is scikit-learn's ``classification_report(output_dict=True)``, and under the key
        ``fastcli`` what follows.  Numbers have nine digits; those that do not exist are None.
        """
        return self._object

    def require(self, *requirements: str) -> Report:
        """Return this report if requirements such as ``"f1macro>=0.9"`` are met.

        Raises RequirementNotMet, with a sentence for each that is not, and ArgumentError for one
        that cannot be read.
        """
        self._required.check(requirements)
        return self


@dataclass(frozen=True, kw_only=True)
class TargetScores:
    """How well one number is predicted; NaN where there is nothing to divide by."""

    target: str
    rmse: float
    mae: float
    r2: float


@dataclass(frozen=True, kw_only=True)
class RegressionReport:
    """How good predicted numbers are: means over targets, and each target; NaN where undefined.

    ``n`` rows count, ``left_out`` says how many others there are, by reason.  ``rmse`` is the root
    of the mean squared error, ``mae`` the mean absolute error, ``r2`` the share of the variance
    that is explained, ``loss`` what training minimises.
    """

    n: int
    left_out: dict[str, int]
    rmse: float
    mae: float
    r2: float
    loss: float
    targets: list[TargetScores]
    _object: dict[str, Any] = field(repr=False)
    _objects: dict[str, dict[str, Any]] = field(repr=False)
    _required: _Requirable = field(repr=False)

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """What ``to_dict`` has of each file alone, by its path, where there are several."""
        return self._objects

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli test --json`` writes, of all files together."""
        return self._object

    def require(self, *requirements: str) -> RegressionReport:
        """Return this report if requirements such as ``"rmse<=0.5"`` are met.

        Raises RequirementNotMet, with a sentence for each that is not, and ArgumentError for one
        that cannot be read.
        """
        self._required.check(requirements)
        return self


@dataclass(frozen=True)
class _Requirable:
    """The counts of a test, of which something may be required."""

    meter: Meter | RegressionMeter
    names: LabelNames
    of_numbers: bool
    data: str

    def check(self, texts: Sequence[str]) -> None:
        required = list(map(read_requirement, texts))
        Required(wanted_of(required, self.of_numbers, self.names)).check(self.meter, self.data)


# ------------------------------------------------------------------ making reports


@speaks_of_arguments(lambda: rows_of(KINDS))
def report_on(
    classifier: Classifier,
    model: str,
    data: Data,
    k: int = 1,
    threshold: float = 0.0,
    options: Mapping[str, Any] | None = None,
) -> Report | RegressionReport:
    """Return the report of a classifier; ``model`` is what errors call it, its path if it has one.

    ``options`` are those of ``report``.  Raises DataError, ArgumentError, OptionError for unknown
    ones, and RequirementNotMet.
    """
    k, threshold = whole(k, "k"), real(threshold, "threshold")
    (keeping, reporting, table, like), given = read_options(options or {}, KINDS, "report", APART)
    reading = reading_of(table, like.like, given, classifier)
    classifier = reading_tables(classifier, table)
    reporting = replace(reporting, report=classifier.targets is None)
    reporting.check()
    names = names_of(classifier, model, reading.like)
    paths, reading = opened(data, reading, names, classifier, CANNOT_TEST)
    asked = Question(model, paths, k, threshold, keeping.thread)
    testing = Testing(
        classifier=classifier,
        asked=asked,
        reading=reading,
        reporting=reporting,
        n_mistakes=keeping.mistakes,
        with_scores=True,
    )
    if classifier.targets is not None:
        check_no_labels(asked)
        numeric = run_test_of_numbers(testing)
        numeric.required.check(numeric.total, listed_files(paths))
        return regression_report(numeric, names)
    tested = run_test(testing)
    tested.required.check(tested.total, listed_files(paths))
    return classification_report(tested, names)


def names_of(classifier: Classifier, model: str, like: str = "") -> LabelNames:
    """Return the labels of a model with their names in the data; none of one of regression."""
    if classifier.targets is None:
        return label_names_of(classifier, model, like)
    return LabelNames([], [], getattr(classifier, "label", "__label__"))


def classification_report(tested: Tested, names: LabelNames) -> Report:
    """Return the report of a test in which all was counted."""
    run, asked = tested.report, tested.asked
    assert run is not None
    figures, meter = run.report(run.total), tested.total.as_written()
    skipped = meter.skipped
    ours = _objects(tested)
    return Report(
        n=figures.n,
        k=asked.k,
        left_out=skipped.as_json()["left_out"],
        precision=meter.precision,
        recall=meter.recall,
        f1=meter.f1,
        accuracy=figures.accuracy,
        accuracy_interval=figures.interval,
        micro=figures.micro,
        macro=figures.macro,
        weighted=figures.weighted,
        samples=figures.samples,
        exact_match=figures.exact_match,
        hamming_loss=figures.hamming_loss,
        log_loss=figures.log_loss,
        brier_score=figures.brier,
        calibration_error=figures.calibration_error,
        ranking_average_precision=figures.ranking_precision,
        average_precision=figures.average_precision if figures.is_multilabel else None,
        labels=_label_scores(figures),
        confusions=[
            Confusion(true=figures.name(true), predicted=figures.name(other), count=count)
            for true, others in figures.confusions.items()
            for other, count in others
        ],
        mistakes=run.surest,
        n_mistakes=figures.n_mistakes,
        _object=ours[-1][1],
        _objects=dict(ours[:-1]),
        _required=_Requirable(tested.total, names, False, listed_files(asked.data)),
    )


def _label_scores(figures: Figures) -> list[LabelScores]:
    precision, recall, f1 = (some.tolist() for some in figures.label_scores)
    gold, predicted, right = (some.tolist() for some in figures.counts)
    return [
        LabelScores(
            label=figures.names[i],
            precision=precision[i],
            recall=recall[i],
            f1=f1[i],
            support=gold[i],
            predicted=predicted[i],
            right=right[i],
        )
        for i in figures.order
    ]


def _objects(tested: Tested) -> list[tuple[str, dict[str, Any]]]:
    run = tested.report
    assert run is not None
    return report_objects(
        [(path, run.report(one)) for path, one in run.files], run.report(run.total)
    )


def report_objects(
    files: Sequence[tuple[str, Figures]], total: Figures
) -> list[tuple[str, dict[str, Any]]]:
    """Return what ``--report --json`` writes: of several files an object for each, then all."""
    several = len(files) > 1
    found = [
        (path, numbers({**one.as_json(), "file": printable(path)}))
        for path, one in (files if several else ())
    ]
    more = {"file": None, "files": len(files)} if several else {}
    return [*found, ("", numbers({**total.as_json(), **more}))]


def regression_report(tested: TestedNumbers, names: LabelNames) -> RegressionReport:
    """Return the report of a model of regression."""
    total, ours = tested.total, regression_objects(tested.files, tested.total)
    scores = {name: total.per_target(name).tolist() for name in REGRESSION_METRICS}
    return RegressionReport(
        n=total.n,
        left_out=ours[-1][1]["left_out"],
        **{name: total.score(name) for name in (*REGRESSION_METRICS, "loss")},
        targets=[
            TargetScores(target=target, **{name: scores[name][i] for name in REGRESSION_METRICS})
            for i, target in enumerate(total.names)
        ],
        _object=ours[-1][1],
        _objects=dict(ours[:-1]),
        _required=_Requirable(total, names, True, listed_files(tested.asked.data)),
    )


def regression_objects(
    files: Sequence[tuple[str, RegressionMeter]], total: RegressionMeter
) -> list[tuple[str, dict[str, Any]]]:
    """Return what ``test --json`` writes of numbers: of several files one for each, then all."""
    rows: list[tuple[str | None, RegressionMeter]] = [(None, total)]
    if len(files) > 1:
        rows = [*files, *rows]
    return [(path or "", _regression_object(path, meter, len(files))) for path, meter in rows]


def _regression_object(path: str | None, meter: RegressionMeter, n_files: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if n_files > 1:
        answer = {"file": None if path is None else printable(path)}
        answer |= {"files": n_files} if path is None else {}
    scores = {name: meter.per_target(name).tolist() for name in REGRESSION_METRICS}
    answer |= {"n": meter.n}
    answer |= {name: number(meter.score(name)) for name in (*REGRESSION_METRICS, "loss")}
    answer["per_target"] = [
        {
            "target": target,
            **{name: number(scores[name][i]) for name in REGRESSION_METRICS},
        }
        for i, target in enumerate(meter.names)
    ]
    answer["left_out"] = {
        "no_target": meter.no_target,
        "no_known_token": meter.no_known_token,
    }
    return answer
