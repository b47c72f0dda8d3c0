"""Thresholds and calibrations in a program: how they were found, their files, models with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fastcli.api import deciding
from fastcli.api.deciding import AUTO, thresholds_path
from fastcli.api.deciding import names_of as label_names
from fastcli.api.dev_data import CANNOT_OPEN
from fastcli.api.labelled_data import READING, Data, Path, opened, read_reading, reading_tables
from fastcli.api.loading import for_labels_only
from fastcli.api.reports import names_of
from fastcli.api.spelling import speaks_of_arguments
from fastcli.errors import ArgumentError, DataError
from fastcli.files import write_file
from fastcli.notices import say
from fastcli.options import rows_of

if TYPE_CHECKING:
    from fastcli.api.identity import ModelIdentity
    from fastcli.api.model import TrainedModel
    from fastcli.evaluation.calibration import Calibration as FittedCalibration
    from fastcli.evaluation.calibration import Curves
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.thresholds import Thresholds as Chosen

MARKS = ("size", "tail_crc32")  # what identifies the file of a model


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """How probable labels must be to be given, as ``tune_thresholds`` and a file have them.

    ``threshold`` is that of labels that ``labels`` does not name; None: such a label is never
    given.  ``k`` is 1 where a line gets its best label or none, -1 where it gets all labels that
    reach theirs.  ``before`` and ``after`` have precision, recall, f1 and f1macro on the lines they
    were chosen by, without them and with them; they are empty where thresholds are read.
    """

    metric: str
    k: int
    threshold: float | None
    labels: dict[str, float | None]
    lines: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    _chosen: Chosen = field(repr=False, compare=False)
    _object: dict[str, Any] = field(repr=False, compare=False)
    _of: ModelIdentity | None = field(default=None, repr=False, compare=False)
    _fitted: Calibration | None = field(default=None, repr=False, compare=False)

    @classmethod
    def load(cls, path: Path) -> Thresholds:
        """Return the thresholds of a file that ``save`` or ``fastcli tune-threshold`` wrote.

        ``path`` is that of the file.  Raises DataError for what is not such a file.
        """
        name = os.fspath(path)
        return _thresholds(deciding.parse_thresholds(name, name, ""), {})

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli tune-threshold --json`` writes."""
        return self._object | asdict(self._chosen_for(self._of))

    def save(self, path: Path | None = None) -> str:
        """Write the file that ``fastcli tune-threshold`` writes, and return its path.

        Without a ``path`` it is the one beside the model, which ``--thresholds auto`` finds.
        Raises ArgumentError for a model without a file, for a name that cannot be, and where a
        file of something else has that name; DataError where another file has the model's name
        now; FastcliError where it cannot be written.
        """
        from fastcli.fasttext.sidecar import json_bytes

        what = "A file of thresholds"
        if path is None:
            name = thresholds_path(_file_of(self._of, f"{what} without a path"))
        else:
            name = os.fspath(path)
            if self._of is not None and self._of.file is None:
                raise ArgumentError(f"{what} names the file of its model: save the model first.")
        deciding.check_thresholds_file(name)
        write_file(name, json_bytes(asdict(self._chosen_for(self._of))))
        return name

    def _chosen_for(self, model: ModelIdentity | None) -> Chosen:
        """Return what a file has of them: for a ``model``, if it is the one they were found by."""
        if self._of is None or model is None:
            return self._chosen
        owner = model if model.is_same(self._of) else self._of
        marks: dict[str, Any] = dict(owner.marks)
        found = replace(self._chosen, **marks)
        if self._fitted is None:
            return found
        return replace(found, calibration=deciding.checksum(self._fitted._value_for(owner)))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How probabilities are changed, as ``calibrate`` and the JSON file beside a model have it.

    ``method`` is "temperature", by which scores are divided, or "platt": a sigmoid of ``slopes``
    and ``offsets`` for each label.  ``before`` and ``after`` have calibration_error, log_loss and,
    where labels are independent, error_of_all_labels on the lines it was fitted to; they are empty
    where a calibration is read.
    """

    method: str
    temperature: float
    slopes: dict[str, float]
    offsets: dict[str, float]
    lines: int
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    _value: dict[str, Any] = field(repr=False, compare=False)
    _object: dict[str, Any] = field(repr=False, compare=False)
    _of: ModelIdentity | None = field(default=None, repr=False, compare=False)

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Return the calibration of a file that ``save`` or ``fastcli calibrate`` wrote.

        ``path`` is that of the JSON file, or of the model that it is beside.  Raises DataError for
        what is not such a file.
        """
        from fastcli.evaluation.calibration import Calibration as FittedCalibration
        from fastcli.fasttext.sidecar import about_path, read_calibration_of
        from fastcli.schema import SchemaError, build

        name = os.fspath(path)
        place = name if name.endswith(".json") else str(about_path(name))
        value = read_calibration_of(place)
        if value is None:
            raise DataError(
                f"{name} has no calibration: calibrate() or fastcli calibrate makes it."
            )
        try:
            found = build(FittedCalibration, value, "calibration")
        except SchemaError as error:
            raise DataError(f"{place} is damaged: {error}. Run calibrate again.") from None
        return _calibration(found, value, dict(value), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli calibrate --json`` writes."""
        return self._object

    def save(self, path: Path | None = None) -> str:
        """Keep it in the JSON file ``path``, as ``fastcli calibrate``, and return that path.

        Without a ``path`` it is the one beside the model, which predicting with ``--calibrated``
        finds.  Raises ArgumentError for a model without a file and for a name that does not end in
        .json; DataError where another file has the model's name now, or the JSON file is not one of
        fastcli; FastcliError where it cannot be written.
        """
        from fastcli.fasttext.sidecar import about_path, calibration_in

        if path is None:
            beside = str(about_path(_file_of(self._of, "A calibration without a path")))
        else:
            beside = os.fspath(path)
            if not beside.endswith(".json"):
                raise ArgumentError(f"{beside}: give a calibration a name that ends in .json.")
            if self._of is not None and self._of.file is None:
                raise ArgumentError(
                    "A calibration names the file of its model: save the model first."
                )
        value = self._value_for(self._of)
        identity = {name: value[name] for name in MARKS}
        write_file(beside, calibration_in(beside, identity, value))
        return beside

    def _value_for(self, model: ModelIdentity | None) -> dict[str, Any]:
        """Return what a file has of it: for a ``model``, if it is the one it was fitted to."""
        if self._of is None or model is None:
            return self._value
        return self._value | (model if model.is_same(self._of) else self._of).marks


GivenThresholds: TypeAlias = Thresholds | Path
GivenCalibration: TypeAlias = Calibration | Path


def _file_of(model: ModelIdentity | None, what: str) -> str:
    """Return the path of a model, beside which something is kept.

    Raises ArgumentError where it has none, DataError where that is another file now.
    """
    if model is None:
        raise ArgumentError(f"{what} is kept beside the model: give a path.")
    if model.file is None:
        raise ArgumentError(f"{what} is kept beside the model: save the model first.")
    deciding.check_stays(model.path, what)
    if deciding.identity_of(model.path) != model.file:
        raise DataError(
            f"{model.path} was replaced since the model was read from it or saved to it: save the "
            "model, or give a path."
        )
    return model.path


def _thresholds(
    chosen: Chosen,
    found: Mapping[str, Any],
    of: ModelIdentity | None = None,
    fitted: Calibration | None = None,
) -> Thresholds:
    return Thresholds(
        metric=chosen.metric,
        k=chosen.k,
        threshold=chosen.threshold,
        labels=chosen.labels,
        lines=chosen.lines,
        before=found.get("before", {}),
        after=found.get("after", {}),
        _chosen=chosen,
        _object=dict(found),
        _of=of,
        _fitted=fitted,
    )


def _calibration(
    found: FittedCalibration,
    value: dict[str, Any],
    answer: dict[str, Any],
    of: ModelIdentity | None,
) -> Calibration:
    figures = {
        name: one for name, one in answer.items() if isinstance(one, dict) and "after" in one
    }
    return Calibration(
        method=found.method,
        temperature=found.temperature,
        slopes=found.slopes,
        offsets=found.offsets,
        lines=found.lines,
        before={name: one["before"] for name, one in figures.items()},
        after={name: one["after"] for name, one in figures.items()},
        _value=value,
        _object=answer,
        _of=of,
    )


# ------------------------------------------------------------------ finding them


def check_labels(classifier: Classifier, model: str, use: str) -> None:
    """Raise ArgumentError for a model that predicts no labels."""
    if classifier.targets is not None:
        raise for_labels_only(model, use)
    classifier.check_predicts()


@speaks_of_arguments(lambda: rows_of(READING))
def tuned(
    model: TrainedModel,
    data: Data,
    metric: str,
    per_label: bool,
    k: int | None,
    calibration: GivenCalibration | None,
    options: Mapping[str, Any],
) -> Thresholds:
    """Choose thresholds by labelled data; ``options`` are those on tables."""
    from fastcli.api.tuning import aim_of, tune

    classifier, name = model._classifier, model._name
    check_labels(classifier, name, "tune_thresholds")
    fitted = None if calibration is None else _given_calibration(model, calibration)
    aim = aim_of(metric, per_label, k, None if fitted is None else _curves_of(model, fitted))
    if aim.metric.doubt:
        say(aim.metric.doubt)
    reading = read_reading(options, classifier, "tune_thresholds")
    classifier = reading_tables(classifier, reading.table)
    names = names_of(classifier, name, reading.like)
    files, reading = opened(data, reading, names, classifier, CANNOT_OPEN)
    found = tune(classifier, name, model._identity.marks, files, reading, aim)
    say(*found.notes())
    is_ours = fitted is not None and fitted.calibration._of is not None
    by = fitted.calibration if fitted is not None and is_ours else None
    return _thresholds(found.thresholds, found.as_json(), model._identity, by)


@speaks_of_arguments(lambda: rows_of(READING))
def calibrated(model: TrainedModel, data: Data, options: Mapping[str, Any]) -> Calibration:
    """Calibrate by labelled data; ``options`` are those on tables."""
    from fastcli.api import calibrating
    from fastcli.evaluation.calibration import Calibration as FittedCalibration

    classifier, name, identity = model._classifier, model._name, model._identity
    check_labels(classifier, name, "calibrate")
    reading = read_reading(options, classifier, "calibrate")
    classifier = reading_tables(classifier, reading.table)
    names = names_of(classifier, name, reading.like)
    files, reading = opened(data, reading, names, classifier, CANNOT_OPEN)
    found = calibrating.calibrated(classifier, name, identity.marks, files, reading)
    say(*found.notes())
    return _calibration(FittedCalibration(**found.value), found.value, found.as_json(), identity)


# ------------------------------------------------------------------ using them


class _Placed(NamedTuple):
    """A calibration, and what errors call it."""

    calibration: Calibration
    place: str


def _given_calibration(model: TrainedModel, given: GivenCalibration) -> _Placed:
    """Return a calibration that is given, read from its file, or kept beside the model (auto)."""
    if isinstance(given, Calibration):
        return _Placed(given, "This calibration")
    _check_path(given, "calibration", "calibrate")
    path = os.fspath(given)
    if path != AUTO:
        return _Placed(Calibration.load(path), path)
    if not model.path:
        raise ArgumentError("The model has no file, and no calibration beside it: give one.")
    from fastcli.fasttext.sidecar import about_path

    return _Placed(Calibration.load(model.path), str(about_path(model.path)))


def _check_path(given: Any, name: str, method: str) -> None:
    """Raise TypeError for what is no path."""
    if not isinstance(given, str | os.PathLike):
        raise TypeError(
            f"{name} must be that of {method}(), a path, or 'auto' for the file beside the model, "
            f"not {type(given).__name__}"
        )


def _curves_of(model: TrainedModel, given: _Placed) -> tuple[Curves, int]:
    """Return the curves of a calibration and its checksum.

    Raises DataError for one of another model.
    """
    value, names = given.calibration._value_for(model._identity), label_names(model._classifier)
    curves = deciding.curves_of(value, given.place, model._name, names, model._identity.marks)
    return curves, deciding.checksum(value)


def _chosen_of(model: TrainedModel, given: GivenThresholds) -> Chosen:
    """Return thresholds that are given, read from their file, or kept beside the model (auto).

    Raises DataError for those of another model.
    """
    if isinstance(given, Thresholds):
        chosen, place = given._chosen_for(model._identity), "This set of thresholds"
    else:
        _check_path(given, "thresholds", "tune_thresholds")
        path = os.fspath(given)
        if path == AUTO and not model.path:
            raise ArgumentError("The model has no file, and no thresholds beside it: give them.")
        place = thresholds_path(model.path) if path == AUTO else path
        chosen = deciding.parse_thresholds(place, path, model.path)
    names = label_names(model._classifier)
    deciding.check_thresholds(place, model._name, chosen, model._identity.marks, names)
    return chosen


@speaks_of_arguments(lambda: rows_of(READING))
def decide(
    model: TrainedModel,
    thresholds: GivenThresholds | None,
    calibration: GivenCalibration | None,
) -> tuple[Classifier, Chosen | None]:
    """Return a classifier with decisions, and its thresholds, None without any.

    Raises DataError or ArgumentError for what is damaged, or is for another model.
    """
    if thresholds is None and calibration is None:
        raise ArgumentError("Give thresholds, a calibration, or both.")
    classifier = model._classifier
    check_labels(classifier, model._name, "with_decisions")
    chosen = None if thresholds is None else _chosen_of(model, thresholds)

    def curves_of() -> tuple[Curves, int]:
        given: GivenCalibration | None = calibration
        if given is None:  # that of the thresholds, or that beside the model
            given = thresholds._fitted if isinstance(thresholds, Thresholds) else None
        return _curves_of(model, _given_calibration(model, AUTO if given is None else given))

    is_calibrated = calibration is not None
    changed: Any = deciding.decide(classifier, model._name, chosen, is_calibrated, curves_of)
    return changed, chosen
