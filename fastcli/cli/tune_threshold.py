"""tune-threshold: how probable a label must be to be given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._decisions import (
    AUTO,
    CANNOT_OPEN,
    identity_of,
    is_thresholds,
    load_curves,
    names_of,
    thresholds_path,
    write_file,
)
from fastcli.cli._declare import file_argument, given_names, takes
from fastcli.cli._endings import command_to_predict
from fastcli.cli._label_names import label_names_of
from fastcli.cli._lessons import inputs_of, say_seen
from fastcli.cli._options import load_classifier
from fastcli.cli.test import examples
from fastcli.errors import ArgumentError, DataError
from fastcli.options import option
from fastcli.overwriting import check_apart, check_ours
from fastcli.printable import counted
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from fastcli.evaluation.thresholds import Pairs, Points

USUAL = 0.5  # the threshold that a label decided alone has without tuning


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The options of tune-threshold."""

    json: bool = option(False, "write JSON")
    metric: str = option(
        "f1",
        "metric to maximise: f1, f1:LABEL, f1macro, f1weighted, precisionAtRecall:R, "
        "recallAtPrecision:P (percent)",
    )
    per_label: bool = option(False, "a threshold for each label")
    k: int = option(
        -1,
        "labels per line: 1 (the best one, or none) or -1 (all that reach their thresholds)",
        shown="-k",
        default_text="1 where labels exclude each other and every line has one, else -1",
    )
    calibrated: bool = option(False, "use calibrated probabilities (see calibrate)")
    output: str = option(
        "",
        "file of the thresholds",
        shown="-o",
        also=("-output",),
        file="file",
        default_text="<model>.thresholds.json",
    )
    points: str = option("", "write precision and recall at every threshold (TSV)", file="file")
    plot: str = option("", "draw precision against recall (.png, .svg, .pdf)", file="file")


@positional("<model> <dev-data>")
@file_argument("model", "<model>")
@file_argument("data", "<dev-data>")
@takes(Tuning, TableOptions)
@click.pass_context
def tune_threshold(
    ctx: click.Context, options: Tuning, table: TableOptions, model: str, data: str
) -> None:
    """Find the probabilities from which on labels are given, by lines that were not trained on.

    predict, predict-prob and test --thresholds auto use them.  A threshold in the middle between
    two probabilities stands for both.  Labels of fewer than ten lines get the threshold of all.

    \b
    Example:
      fastcli tune-threshold topics.bin data/samples/topics.valid.txt --per-label
      fastcli tune-threshold topics.bin data/samples/topics.valid.txt --metric recallAtPrecision:95
    """
    import numpy as np

    from fastcli.cli.display.curves import check_plot, plot_precision_recall
    from fastcli.cli.display.decisions import ThresholdsShown, threshold_lines, write_lines
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.decided import Decided
    from fastcli.evaluation.dense import check_enough, read_scored
    from fastcli.evaluation.metric import parse_metric
    from fastcli.evaluation.thresholds import (
        MIN_LINES,
        THRESHOLDS_FORMAT,
        Thresholds,
        best_threshold,
        given,
        label_thresholds,
        meter_of,
        pairs_of,
        points_of,
    )

    if options.k not in (1, -1):
        raise ArgumentError(f"-k must be 1 or -1, not {options.k}.")
    metric = parse_metric(options.metric)
    path = options.output or thresholds_path(model)
    check_apart([model, data], [path, options.points, options.plot])
    check_ours(path, "a file of tune-threshold", is_thresholds)
    if options.plot:
        check_plot(options.plot)
    if metric.doubt:
        say(metric.doubt)
    identity = identity_of(model)
    classifier: Any = load_classifier(model, table)
    say_seen(inputs_of(classifier), data)
    calibration = None
    if options.calibrated:
        curves, calibration = load_curves(model, classifier, identity)
        classifier = Decided(classifier, curves)
    known = label_names_of(classifier, model)
    label = metric.find_label(known)
    blocks = examples(ctx, classifier, table, "", model, data, cannot=CANNOT_OPEN)
    scored = read_scored(classifier, blocks, model, data)
    warning = check_enough(scored, data)
    metric.check_occurs(label, np.nonzero(scored.truth)[1], "--metric")
    k = options.k
    if "k" not in given_names(ctx):
        k = 1 if classifier.sums_to_one and not scored.has_several else -1
    pairs = pairs_of(scored, k)
    if not (pairs.of(label) if label >= 0 else pairs).right.any():
        raise DataError(f"--metric {metric.text} is 0 at every threshold on {data}.")
    together = best_threshold(pairs, metric, label)
    each = label_thresholds(pairs, metric, MIN_LINES) if options.per_label else []
    if together is None and not any(one is not None for one in each):
        points = points_of(pairs.of(label) if label >= 0 else pairs)
        what, found = (
            ("recall", points.recall)
            if "Recall" in metric.name
            else (
                "precision",
                points.precision,
            )
        )
        raise ArgumentError(
            f"--metric {metric.text}: no threshold reaches it on {data}; the highest {what} is "
            f"{100 * float(found.max()):.1f} percent."
        )
    names = names_of(classifier)
    thresholds = Thresholds(
        format=THRESHOLDS_FORMAT,
        version=1,
        metric=metric.text,
        per_label=options.per_label,
        k=k,
        threshold=together,
        labels=dict(zip(names, each, strict=True)) if each else {},
        calibration=calibration,
        lines=scored.n,
        data=data,
        **identity,
    )
    values = each or [together] * len(names)
    levels = np.array([np.inf if one is None else one for one in values])
    plain = np.full(len(names), 0.0 if k == 1 else USUAL)
    before, after = (
        meter_of(given(scored.probs, k == 1, some), scored.truth) for some in (plain, levels)
    )
    from fastcli.fasttext.sidecar import json_bytes

    if warning:
        say(warning)
    written = [path]
    write_file(path, json_bytes(asdict(thresholds)))
    if options.points:
        write_file(options.points, b"".join(point_rows(pairs, known.unique, options.per_label)))
        written.append(options.points)
    if options.plot:
        curve = {"all labels": points_of(pairs)}
        if options.per_label:
            shown = np.argsort(-pairs.gold, kind="stable")[:10].tolist()
            curve |= {known.unique[i]: points_of(pairs.of(i)) for i in shown if pairs.gold[i]}
        plot_precision_recall(options.plot, curve)
        written.append(options.plot)
    if options.json:
        answer = asdict(thresholds) | {"left_out": scored.left_out}
        for name, meter in (("before", before), ("after", after)):
            answer[name] = {
                "precision": _json.number(meter.precision),
                "recall": _json.number(meter.recall),
                "f1": _json.number(meter.f1),
                "f1macro": _json.number(meter.macro_f1),
            }
            if label >= 0:
                scores = zip(("precision", "recall", "f1"), meter.label_scores(label), strict=True)
                answer[name]["label"] = {what: _json.number(value) for what, value in scores}
        sys.stdout.buffer.write(_json.line(answer))
    else:
        shown_as = ThresholdsShown(
            model=model,
            names=known.unique,
            meters=(before, after),
            values=values,
            left_out=scored.left_out,
            label=label,
        )
        write_lines(threshold_lines(thresholds, shown_as))
    if each and (n := int((pairs.gold < MIN_LINES).sum())):
        say(
            f"{counted(n, 'label')} {'has' if n == 1 else 'have'} fewer than {MIN_LINES} lines, "
            f"and {'gets' if n == 1 else 'get'} the threshold of all labels."
        )
    used = path if options.output else AUTO
    say_ending(written, [*command_to_predict(model), "--thresholds", used])


def point_rows(pairs: Pairs, names: list[str], per_label: bool) -> Iterator[bytes]:
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
