"""Choosing decision thresholds on held-out labelled data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fastcli.api.deciding import names_of, with_decisions
from fastcli.api.dev_data import read_dev_data
from fastcli.api.inputs import Reading
from fastcli.api.json_values import number
from fastcli.api.label_names import label_names_of
from fastcli.errors import ArgumentError, DataError
from fastcli.notices import say
from fastcli.printable import counted, listed_files

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Curves
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.metric import Metric
    from fastcli.evaluation.thresholds import Pairs, Points, Thresholds

USUAL = 0.5  # the threshold that a label decided alone has without tuning


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What thresholds are chosen for: a metric, each label alone or not, one label or several.

    ``k`` None: 1 where labels exclude each other and every line has one, else -1.  ``calibration``
    are the curves of the probabilities, and their checksum.
    """

    metric: Metric
    per_label: bool = False
    k: int | None = None
    calibration: tuple[Curves, int] | None = None


def aim_of(
    metric: str, per_label: bool, k: int | None, calibration: tuple[Curves, int] | None = None
) -> Aim:
    """Return what thresholds are chosen for.  Raises ArgumentError for what cannot work."""
    from fastcli.evaluation.metric import parse_metric
    from fastcli.evaluation.thresholds import check_metric

    if k not in (None, 1, -1):
        raise ArgumentError(f"-k must be 1 or -1, not {k}.")
    found = parse_metric(metric)
    check_metric(found, per_label)
    return Aim(metric=found, per_label=per_label, k=k, calibration=calibration)


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """Thresholds, and what they were found by.

    ``names`` are the labels as messages show them, ``label`` the id of the metric's label or -1,
    ``values`` the threshold of each label, ``before`` and ``after`` what is counted without
    thresholds and with them.
    """

    model: str
    thresholds: Thresholds
    names: list[str]
    label: int
    pairs: Pairs
    values: list[float | None]
    before: Meter
    after: Meter
    left_out: int

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        answer = asdict(self.thresholds) | {"left_out": self.left_out}
        for name, meter in (("before", self.before), ("after", self.after)):
            answer[name] = {
                "precision": number(meter.precision),
                "recall": number(meter.recall),
                "f1": number(meter.f1),
                "f1macro": number(meter.macro_f1),
            }
            if self.label >= 0:
                scores = meter.label_scores(self.label)
                named = zip(("precision", "recall", "f1"), map(number, scores), strict=True)
                answer[name]["label"] = dict(named)
        return answer

    def file_bytes(self) -> bytes:
        """Return the file of the thresholds."""
        from fastcli.fasttext.sidecar import json_bytes

        return json_bytes(asdict(self.thresholds))

    def notes(self) -> Iterator[str]:
        """Yield what to say of labels that have few lines."""
        from fastcli.evaluation.dense import FEW
        from fastcli.evaluation.thresholds import MIN_LINES

        if not self.thresholds.per_label:
            return
        few = int(((self.pairs.gold >= MIN_LINES) & (self.pairs.gold < FEW)).sum())
        if few:
            yield (
                f"{counted(few, 'label')} {'has' if few == 1 else 'have'} {MIN_LINES} to {FEW - 1} "
                "lines: a threshold of so few may do worse on new lines than one of all labels."
            )
        n = int((self.pairs.gold < MIN_LINES).sum())
        if n:
            yield (
                f"{counted(n, 'label')} {'has' if n == 1 else 'have'} fewer than {MIN_LINES} "
                f"lines, and {'gets' if n == 1 else 'get'} the threshold of all labels."
            )


def tune(
    classifier: Classifier,
    model: str,
    identity: dict[str, int],
    files: Sequence[str],
    reading: Reading,
    aim: Aim,
) -> Tuned:
    """Choose the thresholds of a model (``model`` is its path) by labelled lines.

    Raises DataError for lines by which they cannot be chosen, and ArgumentError where the metric
    cannot be reached.
    """
    import numpy as np

    from fastcli.evaluation.thresholds import (
        MIN_LINES,
        PAIR_BYTES,
        THRESHOLDS_FORMAT,
        Thresholds,
        best_threshold,
        given,
        label_thresholds,
        meter_of,
        pairs_of,
    )

    metric, data = aim.metric, listed_files(files)
    calibration = None
    decided: Any = classifier
    if aim.calibration is not None:
        curves, calibration = aim.calibration
        decided = with_decisions(classifier, None, curves)
    known = label_names_of(decided, model, reading.like)
    label = metric.find_label(known)
    scored, warning = read_dev_data(decided, model, files, reading, PAIR_BYTES)
    if warning:
        say(warning)
    metric.check_occurs(label, np.nonzero(scored.truth)[1], "--metric")
    k = aim.k
    if k is None:
        k = 1 if decided.sums_to_one and not scored.has_several else -1
    pairs = pairs_of(scored, k)
    of_metric = pairs.of(label) if label >= 0 else pairs
    if not of_metric.right.any():
        raise DataError(f"--metric {metric.text} is 0 at every threshold on {data}.")
    together = best_threshold(pairs, metric, label)
    each = label_thresholds(pairs, metric, MIN_LINES) if aim.per_label else []
    if together is None and not any(one is not None for one in each):
        raise not_reached(metric, of_metric, data)
    names = names_of(decided)
    values = each or [together] * len(names)
    levels = np.array([np.inf if one is None else one for one in values])
    plain = np.full(len(names), 0.0 if k == 1 else USUAL)
    before, after = (
        meter_of(given(scored.probs, k == 1, some), scored.truth) for some in (plain, levels)
    )
    thresholds = Thresholds(
        format=THRESHOLDS_FORMAT,
        version=1,
        metric=metric.text,
        per_label=aim.per_label,
        k=k,
        threshold=together,
        labels=dict(zip(names, each, strict=True)) if each else {},
        calibration=calibration,
        lines=scored.n,
        data=data,
        **identity,
    )
    return Tuned(
        model=model,
        thresholds=thresholds,
        names=known.unique,
        label=label,
        pairs=pairs,
        values=values,
        before=before,
        after=after,
        left_out=scored.left_out,
    )


def not_reached(metric: Metric, pairs: Pairs, data: str) -> ArgumentError:
    """Return the error of a precision or a recall that no threshold reaches."""
    from fastcli.evaluation.thresholds import points_of

    points = points_of(pairs)
    what, found = "precision", points.precision
    if metric.name == "precisionAtRecall":
        what, found = "recall", points.recall
    return ArgumentError(
        f"--metric {metric.text}: no threshold reaches it on {data}; the highest {what} is "
        f"{100 * float(found.max()):.1f} percent."
    )


def point_rows(pairs: Pairs, names: Sequence[str], per_label: bool) -> Iterator[bytes]:
    """Yield the lines of a TSV file: precision, recall and F1 at every threshold."""
    from fastcli.evaluation.thresholds import points_of

    yield b"label\tthreshold\tprecision\trecall\tf1\n"
    yield from _rows("", points_of(pairs))
    for i, name in enumerate(names if per_label else []):
        if pairs.gold[i]:
            yield from _rows(name, points_of(pairs.of(i)))


def _rows(name: str, points: Points) -> Iterator[bytes]:
    columns = (points.thresholds, points.precision, points.recall, points.f1)
    for row in zip(*(one.tolist() for one in columns), strict=True):
        text = "\t".join([name, *(f"{value:.9g}" for value in row)])
        yield f"{text}\n".encode("utf-8", "surrogateescape")
