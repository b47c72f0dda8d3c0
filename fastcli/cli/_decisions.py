"""Thresholds and calibration: their files, and classifiers that are used with them."""

from __future__ import annotations

import json
import os
import re
import shlex
import zlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.inputs import Question
from fastcli.api.loading import opened
from fastcli.cli._declare import given_names
from fastcli.cli._options import Predicting, load_classifier
from fastcli.errors import ArgumentError, DataError, ModelFormatError, cannot_open
from fastcli.files import Replacement, cannot_save, write_all
from fastcli.printable import counted
from fastcli.tables.values import plain_float
from fastcli.text.spooled import is_stream

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Calibration, Curves
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.thresholds import Thresholds
    from fastcli.tables.options import TableOptions

AUTO = "auto"
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


def load_identified(model: str, table: TableOptions) -> tuple[Classifier, dict[str, int]]:
    """Load a classifier, and return what identifies it; a pipe is read once."""
    from fastcli.contents import identity_of_bytes

    contents = opened(model)
    if isinstance(contents, str):
        raise ModelFormatError(f"{model} cannot be opened for loading!")
    identity = identity_of_bytes(contents.data)
    return load_classifier(model, table, contents), identity


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


def decided(
    ctx: click.Context, classifier: Classifier, asked: Question, options: Predicting
) -> tuple[Classifier, Question]:
    """Return a classifier that uses the thresholds and the calibration that options ask for.

    Where thresholds are asked for and k is not given, k is that of the thresholds.  Raises
    DataError or ArgumentError for files that are not there, damaged, or of another model.
    """
    if not options.thresholds and not options.calibrated:
        return classifier, asked
    import numpy as np

    from fastcli.cli.display.messages import say
    from fastcli.evaluation.decided import Decided

    found = identity_of(asked.model)
    curves, levels, only_best = None, None, False
    names = names_of(classifier)
    thresholds = read_thresholds(asked.model, options.thresholds, found, names)
    uses_calibration = options.calibrated
    if thresholds is not None:
        uses_calibration = thresholds.calibration is not None
        if options.calibrated and not uses_calibration:
            raise ArgumentError(
                "--calibrated: the thresholds are for probabilities that are not calibrated. Run "
                "tune-threshold with --calibrated."
            )
        if uses_calibration and not options.calibrated:
            say("The thresholds are for calibrated probabilities, which are used.")
        default = thresholds.threshold
        values = [thresholds.labels.get(name, default) for name in names]
        levels = np.array([np.inf if value is None else value for value in values])
        only_best = thresholds.k == 1
        if "k" in given_names(ctx) or _names_k(ctx):
            _say_given_k(asked.k, only_best)
            if only_best:
                asked = replace(asked, k=1)
        else:
            asked = replace(asked, k=thresholds.k)
        if asked.threshold > 0:
            say(f"--threshold {asked.threshold:g}: labels must reach it and their own thresholds.")
    if uses_calibration:
        curves, kept = load_curves(asked.model, classifier, found)
        if thresholds is not None and thresholds.calibration != kept:
            raise DataError(
                f"{asked.model} was calibrated again after its thresholds were tuned: run "
                "tune-threshold --calibrated again."
            )
    changed: Any = Decided(classifier, curves, levels, only_best)
    return changed, asked


def _say_given_k(k: int, only_best: bool) -> None:
    """Say what k does beside thresholds."""
    from fastcli.cli.display.messages import say

    if only_best and k != 1:
        say(f"-k {k}: no effect, since these thresholds give a line its best label or none.")
    elif not only_best and k > 0:
        say(f"-k {k}: a line gets at most {counted(k, 'label')} of those that reach thresholds.")


def _names_k(ctx: click.Context) -> bool:
    """Tell whether k stands behind the files."""
    from fastcli.cli._test_data import divided

    return bool(divided(ctx.params["data"]).numbers) if ctx.params.get("data") else False


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
    from fastcli.evaluation.thresholds import THRESHOLDS_FORMAT, Thresholds
    from fastcli.schema import SchemaError, build, parse_json

    place = thresholds_path(model) if path == AUTO else path
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
        thresholds = build(Thresholds, found)
        check_identity(place, model, thresholds, identity, "tune-threshold")
        _check_thresholds(thresholds, names)
    except SchemaError as error:
        raise DataError(f"{place} is damaged: {error}. Run tune-threshold again.") from None
    return thresholds


def _check_thresholds(found: Thresholds, names: Sequence[str]) -> None:
    """Raise SchemaError where thresholds are not those of a model's labels."""
    from fastcli.schema import SchemaError

    if found.k not in (1, -1):
        raise SchemaError(f"k should be 1 or -1, not {found.k}")
    known = set(names)
    if others := [name for name in found.labels if name not in known]:
        raise SchemaError(f"the model has no label {others[0]!a}, which labels names")
    if missing := [name for name in names if found.per_label and name not in found.labels]:
        raise SchemaError(f"labels lacks the label {missing[0]!a}")


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
    import numpy as np

    from fastcli.evaluation.calibration import Calibration, Curves
    from fastcli.fasttext.sidecar import about_path, read_calibration
    from fastcli.schema import SchemaError, build

    value, place = read_calibration(model), about_path(model)
    if value is None:
        raise DataError(f"{model} has no calibration: {made_by('calibrate', model)} makes it.")
    try:
        found = build(Calibration, value, "calibration")
        names = names_of(classifier)
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
    check_identity(str(place), model, found, identity, "calibrate")
    return curves, checksum(value)


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


def write_file(path: str, data: bytes) -> None:
    """Write a file, put in place when it is whole.  Raises FastcliError."""
    try:
        with Replacement(path) as fd:
            write_all(fd, data)
    except OSError as error:
        raise cannot_save(path, error) from None
