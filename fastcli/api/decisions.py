"""Thresholds and calibrations in a program: how they were found, their files, models with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from fastcli.api import deciding
from fastcli.api.deciding import AUTO, thresholds_path
from fastcli.api.dev_data import CANNOT_OPEN
from fastcli.api.labelled_data import Data, Path, opened, read_reading, reading_tables
from fastcli.api.loading import for_labels_only
from fastcli.api.reports import names_of
from fastcli.errors import ArgumentError, DataError
from fastcli.files import write_file
from fastcli.notices import say

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Calibration as FittedCalibration
    from fastcli.evaluation.calibration import Curves
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.thresholds import Thresholds as Chosen

FIGURES = ("calibration_error", "error_of_all_labels", "log_loss")
UNSAVED = {"size": 0, "tail_crc32": 0}  # what identifies a model that has no file


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
    _chosen: Chosen = field(repr=False)
    _object: dict[str, Any] = field(repr=False)
    _model: str = field(default="", repr=False)

    @classmethod
    def load(cls, path: Path) -> Thresholds:
        """Return the thresholds of a file that ``save`` or ``fastcli tune-threshold`` wrote.

        ``path`` is that of the file.  Raises DataError for what is not such a file.
        """
        name = os.fspath(path)
        return _thresholds(deciding.parse_thresholds(name, name, ""))

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli tune-threshold --json`` writes."""
        return self._object

    def save(self, path: Path | None = None) -> str:
        """Write the file that ``fastcli tune-threshold`` writes, and return its path.

        Without a ``path`` it is the one beside the model, which ``--thresholds auto`` finds.
        Raises ArgumentError for a model without a file, for a name that cannot be, and where a
        file of something else has that name; FastcliError where it cannot be written.
        """
        from fastcli.fasttext.sidecar import json_bytes

        if path is None:
            _check_file(self._model, "A file of thresholds without a path")
        name = thresholds_path(self._model) if path is None else os.fspath(path)
        deciding.check_thresholds_file(name)
        write_file(name, json_bytes(asdict(self._chosen)))
        return name


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
    _value: dict[str, Any] = field(repr=False)
    _object: dict[str, Any] = field(repr=False)
    _model: str = field(default="", repr=False)

    @classmethod
    def load(cls, model: Path) -> Calibration:
        """Return the calibration that the JSON file beside a model has.

        ``model`` is the path of the model.  Raises DataError where there is none.
        """
        from fastcli.evaluation.calibration import Calibration as FittedCalibration
        from fastcli.fasttext.sidecar import about_path, read_calibration
        from fastcli.schema import SchemaError, build

        name = os.fspath(model)
        value = read_calibration(name)
        if value is None:
            raise DataError(
                f"{name} has no calibration: calibrate() or fastcli calibrate makes it."
            )
        try:
            found = build(FittedCalibration, value, "calibration")
        except SchemaError as error:
            place = about_path(name)
            raise DataError(f"{place} is damaged: {error}. Run calibrate again.") from None
        return _calibration(found, value, dict(value), name)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli calibrate --json`` writes."""
        return self._object

    def save(self) -> str:
        """Keep it in the JSON file beside the model, as ``fastcli calibrate``; return its path.

        Raises ArgumentError for a model without a file, DataError where the JSON file is not one of
        fastcli, and FastcliError where it cannot be written.
        """
        from fastcli.fasttext.sidecar import about_path, with_calibration

        _check_file(self._model, "A calibration")
        identity = {name: self._value[name] for name in UNSAVED}
        beside = str(about_path(self._model))
        write_file(beside, with_calibration(self._model, identity, self._value))
        return beside


def _check_file(model: str, what: str) -> None:
    if not model:
        raise ArgumentError(f"{what} is kept beside the model: save the model first.")
    deciding.check_stays(model, what)


def _thresholds(
    chosen: Chosen, found: Mapping[str, Any] | None = None, model: str = ""
) -> Thresholds:
    given = found or {}
    return Thresholds(
        metric=chosen.metric,
        k=chosen.k,
        threshold=chosen.threshold,
        labels=chosen.labels,
        lines=chosen.lines,
        before=given.get("before", {}),
        after=given.get("after", {}),
        _chosen=chosen,
        _object=dict(given or asdict(chosen)),
        _model=model,
    )


def _calibration(
    found: FittedCalibration, value: dict[str, Any], answer: dict[str, Any], model: str
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
        _model=model,
    )


# ------------------------------------------------------------------ finding them


def identity_of(path: str) -> dict[str, int]:
    """Return what identifies the file of a model; that of one that was never saved is all 0."""
    return deciding.identity_of(path) if path else UNSAVED


def check_labels(classifier: Classifier, model: str, use: str) -> None:
    """Raise ArgumentError for a model that predicts no labels."""
    if classifier.targets is not None:
        raise for_labels_only(model, use)
    classifier.check_predicts()


def tuned(
    classifier: Classifier,
    path: str,
    data: Data,
    metric: str,
    per_label: bool,
    k: int | None,
    calibration: Calibration | bool | None,
    options: Mapping[str, Any],
) -> Thresholds:
    """Choose thresholds by labelled data; ``options`` are those on tables."""
    from fastcli.api.tuning import aim_of, tune

    model = path or "The model"
    check_labels(classifier, model, "tune_thresholds")
    identity = identity_of(path)
    aim = aim_of(metric, per_label, k, _curves_of(calibration, classifier, path, identity))
    if aim.metric.doubt:
        say(aim.metric.doubt)
    reading = read_reading(options, classifier, "tune_thresholds")
    classifier = reading_tables(classifier, reading.table)
    names = names_of(classifier, model, reading.like)
    files, reading = opened(data, reading, names, classifier, CANNOT_OPEN)
    found = tune(classifier, model, identity, files, reading, aim)
    say(*found.notes())
    return _thresholds(found.thresholds, found.as_json(), path)


def calibrated(
    classifier: Classifier, path: str, data: Data, options: Mapping[str, Any]
) -> Calibration:
    """Calibrate by labelled data; ``options`` are those on tables."""
    from fastcli.api import calibrating
    from fastcli.evaluation.calibration import Calibration as FittedCalibration

    model = path or "The model"
    check_labels(classifier, model, "calibrate")
    reading = read_reading(options, classifier, "calibrate")
    classifier = reading_tables(classifier, reading.table)
    names = names_of(classifier, model, reading.like)
    files, reading = opened(data, reading, names, classifier, CANNOT_OPEN)
    found = calibrating.calibrated(classifier, model, identity_of(path), files, reading)
    say(*found.notes())
    return _calibration(FittedCalibration(**found.value), found.value, found.as_json(), path)


def _curves_of(
    calibration: Calibration | bool | None,
    classifier: Classifier,
    path: str,
    identity: dict[str, int],
) -> tuple[Curves, int] | None:
    """Return the curves of a calibration and its checksum; True is that beside the model."""
    if calibration is None or calibration is False:
        return None
    model = path or "The model"
    if calibration is True:
        if not path:
            raise ArgumentError("The model has no file, and no calibration beside it: give one.")
        return deciding.load_curves(path, classifier, identity)
    value, names = calibration._value, deciding.names_of(classifier)
    curves = deciding.curves_of(value, "The calibration", model, names, identity)
    return curves, deciding.checksum(value)


def decide(
    classifier: Classifier,
    path: str,
    thresholds: Thresholds | Path | None,
    calibration: Calibration | bool | None,
) -> tuple[Classifier, Chosen | None]:
    """Return a classifier with decisions, and its thresholds, None without any.

    Raises DataError or ArgumentError for what is damaged, or is for another model.
    """
    if thresholds is None and calibration in (None, False):
        raise ArgumentError("Give thresholds, a calibration, or both.")
    model, identity = path or "The model", identity_of(path)
    check_labels(classifier, model, "with_decisions")
    chosen = None
    if thresholds is not None:
        if not isinstance(thresholds, Thresholds) and not path and os.fspath(thresholds) == AUTO:
            raise ArgumentError("The model has no file, and no thresholds beside it: give them.")
        chosen = (
            thresholds._chosen
            if isinstance(thresholds, Thresholds)
            else deciding.parse_thresholds(
                thresholds_path(path) if os.fspath(thresholds) == AUTO else os.fspath(thresholds),
                os.fspath(thresholds),
                path,
            )
        )
        names = deciding.names_of(classifier)
        place = "The thresholds" if isinstance(thresholds, Thresholds) else os.fspath(thresholds)
        deciding.check_thresholds(place, model, chosen, identity, names)
        if deciding.needs_curves(chosen, bool(calibration)):
            calibration = calibration or True
    found = _curves_of(calibration, classifier, path, identity)
    curves = None
    if found is not None:
        curves, kept = found
        deciding.check_calibration(model, chosen, kept)
    changed: Any = deciding.with_decisions(classifier, chosen, curves)
    return changed, chosen
