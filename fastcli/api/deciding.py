"""Thresholds and calibration: their files, and classifiers that decide by them."""

from __future__ import annotations

import json
import os
import re
import shlex
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fastcli.api.inputs import Question
from fastcli.api.loading import opened
from fastcli.errors import ArgumentError, DataError, ModelFormatError, cannot_open
from fastcli.notices import say
from fastcli.overwriting import check_ours
from fastcli.printable import counted
from fastcli.tables.values import plain_float
from fastcli.text.spooled import is_stream

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Calibration, Curves
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.decided import Decided
    from fastcli.evaluation.thresholds import Thresholds

AUTO = "auto"
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
LARGEST = 1 << 26  # bytes of a file of thresholds


def thresholds_path(model: str) -> str:
    """Return the path of the thresholds beside a model."""
    return f"{model}.thresholds.json"


def identity_of(model: str) -> dict[str, int]:
    """Return what identifies a model: its size, and a checksum of its last bytes."""
    from fastcli.contents import identity_of_bytes

    contents = opened(model)
    if isinstance(contents, str):
        raise ModelFormatError(f"{model} cannot be opened for loading!")
    return identity_of_bytes(contents.data)


def check_stays(model: str, what: str) -> None:
    """Raise ArgumentError for a model from a pipe, beside which nothing can be kept."""
    if is_stream(model):
        raise ArgumentError(f"{what} is kept beside the model: give a file, and not a pipe.")


def names_of(classifier: Classifier) -> list[str]:
    """Return the labels as files of thresholds and calibrations have them."""
    return [label.decode("utf-8", "surrogateescape") for label in classifier.labels()]


def checksum(value: Any) -> int:
    """Return a checksum of an object of JSON."""
    return zlib.crc32(json.dumps(value, sort_keys=True).encode())


class Asked(NamedTuple):
    """Which decisions are asked for: those of a file, and whether k is given beside them."""

    thresholds: str = ""  # a path, or AUTO for the file beside the model
    calibrated: bool = False
    k_is_given: bool = False


def decided(
    classifier: Classifier, question: Question, asked: Asked
) -> tuple[Classifier, Question]:
    """Return a classifier that uses the thresholds and the calibration that are asked for.

    Where thresholds are asked for and k is not given, k is that of the thresholds.  Raises
    DataError or ArgumentError for files that are not there, damaged, or of another model.
    """
    if not asked.thresholds and not asked.calibrated:
        return classifier, question
    found = identity_of(question.model)
    thresholds = read_thresholds(question.model, asked.thresholds, found, names_of(classifier))
    changed: Any = decide(
        classifier,
        question.model,
        thresholds,
        asked.calibrated,
        lambda: load_curves(question.model, classifier, found),
    )
    if thresholds is not None:
        given = question.k if asked.k_is_given else None
        question = replace(question, k=k_beside(thresholds, given))
        if question.threshold > 0:
            say(
                f"--threshold {question.threshold:g}: labels must reach it and their own "
                "thresholds."
            )
    return changed, question


def decide(
    classifier: Classifier,
    model: str,
    thresholds: Thresholds | None,
    is_calibrated: bool,
    curves_of: Callable[[], tuple[Curves, int]],
) -> Decided:
    """Return a classifier with thresholds of this model, if any, and its calibration, if asked for.

    ``curves_of`` gives the calibration and its checksum where it is used; ``model`` is what errors
    call the model.  Raises DataError or ArgumentError where the two do not belong together.
    """
    if thresholds is not None:
        is_calibrated = needs_curves(thresholds, is_calibrated)
    curves = None
    if is_calibrated:
        curves, kept = curves_of()
        check_calibration(model, thresholds, kept)
    return with_decisions(classifier, thresholds, curves)


def needs_curves(thresholds: Thresholds, is_calibrated: bool) -> bool:
    """Tell whether thresholds are for calibrated probabilities, and say so if it is not asked.

    Raises ArgumentError where calibrated ones are asked for, and the thresholds are for others.
    """
    needs = thresholds.calibration is not None
    if is_calibrated and not needs:
        raise ArgumentError(
            "--calibrated: the thresholds are for probabilities that are not calibrated. Run "
            "tune-threshold with --calibrated."
        )
    if needs and not is_calibrated:
        say("The thresholds are for calibrated probabilities, which are used.")
    return needs


def k_beside(thresholds: Thresholds, k: int | None) -> int:
    """Return how many labels a line may get: ``k`` if it is given, and what it does is said."""
    if k is None:
        return thresholds.k
    only_best = thresholds.k == 1
    if only_best and k != 1:
        say(f"-k {k}: no effect, since these thresholds give a line its best label or none.")
    elif not only_best and k > 0:
        say(f"-k {k}: a line gets at most {counted(k, 'label')} of those that reach thresholds.")
    return 1 if only_best else k


def check_calibration(model: str, thresholds: Thresholds | None, kept: int) -> None:
    """Raise DataError where thresholds are for another calibration than that of a checksum."""
    if thresholds is not None and thresholds.calibration != kept:
        raise DataError(
            f"{model} was calibrated again after its thresholds were tuned: run "
            "tune-threshold --calibrated again."
        )


def with_decisions(
    classifier: Classifier, thresholds: Thresholds | None, curves: Curves | None
) -> Decided:
    """Return a classifier that uses thresholds and a calibration, whichever there are."""
    import numpy as np

    from fastcli.evaluation.decided import Decided

    if thresholds is None:
        return Decided(classifier, curves)
    default = thresholds.threshold
    values = [thresholds.labels.get(name, default) for name in names_of(classifier)]
    levels = np.array([np.inf if value is None else value for value in values])
    return Decided(classifier, curves, levels, thresholds.k == 1)


# ----------------------------------------------------------------------------------- thresholds


def read_thresholds(
    model: str, path: str, identity: dict[str, int], names: Sequence[str]
) -> Thresholds | None:
    """Return the thresholds of a file, or of that beside a model (``auto``); None for "".

    ``names`` are the labels of the model (``names_of``).  Raises DataError where they cannot be
    read, are damaged, or belong to another model.
    """
    if not path:
        return None
    place = thresholds_path(model) if path == AUTO else path
    thresholds = parse_thresholds(place, path, model)
    check_thresholds(place, model, thresholds, identity, names)
    return thresholds


def parse_thresholds(place: str, path: str, model: str) -> Thresholds:
    """Return what a file of thresholds has, of whichever model.

    ``path`` is as it was given, ``model`` that of the model they are wanted for.  Raises DataError
    where they cannot be read or are damaged, ArgumentError for a number.
    """
    from fastcli.evaluation.thresholds import THRESHOLDS_FORMAT, Thresholds
    from fastcli.schema import SchemaError, build, parse_json

    try:
        with open(place, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        if plain_float(path) is not None:
            raise ArgumentError(
                f"--thresholds takes a file of tune-threshold, or auto; for one minimum "
                f"probability of all labels give --threshold {path}."
            ) from None
        command = made_by("tune-threshold", model, "" if path == AUTO else path)
        raise DataError(f"{place} is not there: {command} makes it.") from None
    except OSError as error:
        raise DataError(cannot_open(place, error)) from None
    try:
        found = parse_json(data)
        if not isinstance(found, dict) or found.get("format") != THRESHOLDS_FORMAT:
            raise DataError(f"{place} was not written by fastcli tune-threshold.")
        return build(Thresholds, found)
    except SchemaError as error:
        raise damaged(place, error) from None


def damaged(place: str, error: Exception) -> DataError:
    """Return the error of thresholds that cannot be."""
    return DataError(f"{place} is damaged: {error}. Run tune-threshold again.")


def check_thresholds(
    place: str,
    model: str,
    found: Thresholds,
    identity: dict[str, int],
    names: Sequence[str],
) -> None:
    """Raise DataError where thresholds are not those of a model and its labels."""
    from fastcli.schema import SchemaError

    check_identity(place, model, found, identity, "tune-threshold")
    try:
        _check_labels(found, names)
    except SchemaError as error:
        raise damaged(place, error) from None


def _check_labels(found: Thresholds, names: Sequence[str]) -> None:
    """Raise SchemaError where thresholds are not those of a model's labels."""
    from fastcli.schema import SchemaError

    if found.k not in (1, -1):
        raise SchemaError(f"k should be 1 or -1, not {found.k}")
    known = set(names)
    if others := [name for name in found.labels if name not in known]:
        raise SchemaError(f"the model has no label {others[0]!a}, which labels names")
    if missing := [name for name in names if found.per_label and name not in found.labels]:
        raise SchemaError(f"labels lacks the label {missing[0]!a}")


def check_thresholds_name(path: str) -> None:
    """Raise ArgumentError for the name of a file of thresholds that cannot be."""
    if path.lower().endswith(COMPRESSED):
        raise ArgumentError(f"{path}: thresholds are not compressed. Give a name such as t.json.")


def check_thresholds_file(path: str) -> None:
    """Raise ArgumentError for a file that thresholds cannot be written to, or that is another's."""
    check_thresholds_name(path)
    check_ours(path, "a file of tune-threshold", is_thresholds)


def is_thresholds(path: str) -> bool:
    """Tell whether tune-threshold wrote a file, which may be cut off."""
    from fastcli.evaluation.thresholds import THRESHOLDS_FORMAT

    try:
        with open(path, "rb") as file:
            start = file.read(LARGEST)
    except OSError:
        return False
    try:
        found = json.loads(start)
    except (ValueError, RecursionError):
        begin = rb'\s*\{\s*"format":\s*"%s"' % THRESHOLDS_FORMAT.encode()
        return re.match(begin, start) is not None
    return isinstance(found, dict) and found.get("format") == THRESHOLDS_FORMAT


def made_by(command: str, model: str, output: str = "") -> str:
    """Return the command that makes the thresholds or the calibration of a model."""
    path = shlex.quote(model) if os.path.isfile(model) else "MODEL"
    more = f" -o {shlex.quote(output)}" if output else ""
    return f"fastcli {command} {path} DEV-FILE{more}"


def check_identity(
    place: str, model: str, found: Thresholds | Calibration, identity: dict[str, int], how: str
) -> None:
    """Raise DataError where what was read is for another model than this one."""
    if {"size": found.size, "tail_crc32": found.tail_crc32} != identity:
        raise DataError(
            f"{place} is for another model than {model}, which was trained again, quantized or "
            f"replaced: run {how} again."
        )


# ---------------------------------------------------------------------------------- calibration


def load_curves(model: str, classifier: Classifier, identity: dict[str, int]) -> tuple[Curves, int]:
    """Return the calibration of a model, and its checksum.

    Raises DataError where it has none, or one that is damaged or of another model.
    """
    from fastcli.fasttext.sidecar import about_path, read_calibration

    value, place = read_calibration(model), about_path(model)
    if value is None:
        raise DataError(f"{model} has no calibration: {made_by('calibrate', model)} makes it.")
    return curves_of(value, str(place), model, names_of(classifier), identity), checksum(value)


def curves_of(
    value: Any, place: str, model: str, names: Sequence[str], identity: dict[str, int]
) -> Curves:
    """Return the calibration that an object of JSON describes; ``place`` is where it was found.

    Raises DataError where it is damaged, or of another model.
    """
    import numpy as np

    from fastcli.evaluation.calibration import Calibration, Curves
    from fastcli.schema import SchemaError, build

    try:
        found = build(Calibration, value, "calibration")
        if found.method == "temperature":
            if "temperature" not in value:
                raise SchemaError("calibration lacks temperature")
            curves = Curves(temperature=found.temperature)
        else:
            if missing := [n for n in names if n not in found.slopes or n not in found.offsets]:
                raise SchemaError(f"calibration lacks the label {missing[0]!a}")
            curves = Curves(
                slopes=np.array([found.slopes[name] for name in names]),
                offsets=np.array([found.offsets[name] for name in names]),
                several_labels=found.several_labels,
            )
    except SchemaError as error:
        raise DataError(f"{place} is damaged: {error}. Run calibrate again.") from None
    check_identity(place, model, found, identity, "calibrate")
    return curves


def as_calibration(
    curves: Curves, classifier: Classifier, identity: dict[str, int], data: str, lines: int
) -> dict[str, Any]:
    """Return a calibration as the JSON file beside a model has it."""
    from fastcli.evaluation.calibration import Calibration

    slopes: dict[str, float] = {}
    offsets: dict[str, float] = {}
    if curves.slopes is not None and curves.offsets is not None:
        names = names_of(classifier)
        slopes = dict(zip(names, curves.slopes.tolist(), strict=True))
        offsets = dict(zip(names, curves.offsets.tolist(), strict=True))
    return asdict(
        Calibration(
            method="temperature" if curves.slopes is None else "platt",
            size=identity["size"],
            tail_crc32=identity["tail_crc32"],
            lines=lines,
            data=data,
            temperature=curves.temperature,
            slopes=slopes,
            offsets=offsets,
            several_labels=curves.several_labels,
        )
    )
