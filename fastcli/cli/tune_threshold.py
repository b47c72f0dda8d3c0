"""tune-threshold: choose decision thresholds on held-out labelled data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.label_names import label_names_of
from fastcli.api.table_lines import table_words
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._decisions import (
    AUTO,
    check_stays,
    is_thresholds,
    load_curves,
    load_identified,
    names_of,
    thresholds_path,
)
from fastcli.cli._declare import FileName, file_argument, given_names, takes
from fastcli.cli._dev_data import dev_files, read_dev_data
from fastcli.cli._endings import file_to_label
from fastcli.errors import ArgumentError, DataError
from fastcli.evaluation.metric_names import metric_names
from fastcli.options import option
from fastcli.overwriting import STREAM, check_apart, check_ours
from fastcli.printable import counted, listed_files
from fastcli.tables.options import LikeOption, TableOptions

if TYPE_CHECKING:
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.metric import Metric
    from fastcli.evaluation.thresholds import Pairs, Points, Thresholds

USUAL = 0.5  # the threshold that a label decided alone has without tuning
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
MOST_CURVES = 10  # of labels in a plot: the most frequent ones


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The options of tune-threshold."""

    json: bool = option(False, "write JSON")
    metric: str = option(
        "f1",
        f"metric to maximise: {metric_names(lambda kind: kind.by_thresholds)}",
    )
    per_label: bool = option(False, "a threshold for each label")
    k: int = option(
        -1,
        "labels per line: 1 (the best one, or none) or -1 (all labels above their thresholds)",
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


@positional("<model> <dev-data>...")
@file_argument("model", "<model>")
@click.argument("data", metavar="<dev-data>...", nargs=-1, required=True, type=FileName())
@takes(Tuning, TableOptions, LikeOption)
@click.pass_context
def tune_threshold(
    ctx: click.Context,
    options: Tuning,
    table: TableOptions,
    like: LikeOption,
    model: str,
    data: tuple[str, ...],
) -> None:
    """Choose decision thresholds on held-out labelled data.

    predict, predict-prob and test --thresholds auto use them.  Thresholds lie midway between
    neighbouring probabilities.  Labels of fewer than ten lines get the threshold of all labels.

    \b
    Example:
      fastcli tune-threshold topics.bin data/samples/topics.valid.txt --per-label
      fastcli tune-threshold topics.bin data/samples/topics.valid.txt --metric recallAtPrecision:95
    """
    from fastcli.labelling.outputs import open_outputs

    path = options.output or thresholds_path(model)
    files = dev_files(ctx, data)
    metric = checked(options, path, model, files)
    written = [one for one in (path, options.points, options.plot) if one]
    with open_outputs(written, sys.stdout.buffer) as puts:
        tuned = tune(ctx, options, (table, like.like), model, files, metric)
        for put, contents in zip(puts, contents_of(tuned, options), strict=True):
            put(contents)
    if options.json:
        sys.stdout.buffer.write(_json.line(tuned.as_json()))
    else:
        tuned.print()
    from fastcli.cli.display.endings import say_ending

    used = path if options.output else AUTO
    say_ending(written, ["fastcli", "predict", model, *tuned.file_words, "--thresholds", used])


def checked(options: Tuning, path: str, model: str, files: Sequence[str]) -> Metric:
    """Return the metric to maximise; raise an error for options that cannot work."""
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.metric import parse_metric
    from fastcli.evaluation.thresholds import check_metric

    if options.k not in (1, -1):
        raise ArgumentError(f"-k must be 1 or -1, not {options.k}.")
    metric = parse_metric(options.metric)
    check_metric(metric, options.per_label)
    if not options.output:
        check_stays(model, "A file of thresholds without -o")
    if STREAM in (path, options.points, options.plot):
        raise ArgumentError("The table goes to standard output: give the file a name.")
    if path.lower().endswith(COMPRESSED):
        raise ArgumentError(f"{path}: thresholds are not compressed. Give a name such as t.json.")
    check_apart([model, *files], [path, options.points, options.plot])
    check_ours(path, "a file of tune-threshold", is_thresholds)
    if options.plot:
        from fastcli.api.curves import check_plot

        check_plot(options.plot)
    if metric.doubt:
        say(metric.doubt)
    return metric


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """Thresholds, and what they were found by.

    ``names`` are the labels as messages show them, ``label`` the id of the metric's label or -1,
    ``values`` the threshold of each label, ``before`` and ``after`` what is counted without
    thresholds and with them.  ``file_words`` name a file to predict in a command.
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
    file_words: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        answer = asdict(self.thresholds) | {"left_out": self.left_out}
        for name, meter in (("before", self.before), ("after", self.after)):
            answer[name] = {
                "precision": _json.number(meter.precision),
                "recall": _json.number(meter.recall),
                "f1": _json.number(meter.f1),
                "f1macro": _json.number(meter.macro_f1),
            }
            if self.label >= 0:
                scores = meter.label_scores(self.label)
                named = zip(("precision", "recall", "f1"), map(_json.number, scores), strict=True)
                answer[name]["label"] = dict(named)
        return answer

    def print(self) -> None:
        """Print the table, and say which labels have no threshold of their own."""
        from fastcli.cli.display.decisions import ThresholdsShown, threshold_lines, write_lines
        from fastcli.cli.display.messages import say
        from fastcli.evaluation.dense import FEW
        from fastcli.evaluation.thresholds import MIN_LINES

        shown = ThresholdsShown(
            model=self.model,
            names=self.names,
            meters=(self.before, self.after),
            values=self.values,
            left_out=self.left_out,
            label=self.label,
        )
        write_lines(threshold_lines(self.thresholds, shown))
        if not self.thresholds.per_label:
            return
        few = int(((self.pairs.gold >= MIN_LINES) & (self.pairs.gold < FEW)).sum())
        if few:
            say(
                f"{counted(few, 'label')} {'has' if few == 1 else 'have'} {MIN_LINES} to {FEW - 1} "
                "lines: a threshold of so few may do worse on new lines than one of all labels."
            )
        n = int((self.pairs.gold < MIN_LINES).sum())
        if n:
            say(
                f"{counted(n, 'label')} {'has' if n == 1 else 'have'} fewer than {MIN_LINES} "
                f"lines, and {'gets' if n == 1 else 'get'} the threshold of all labels."
            )


def tune(
    ctx: click.Context,
    options: Tuning,
    reading: tuple[TableOptions, str],
    model: str,
    files: Sequence[str],
    metric: Metric,
) -> Tuned:
    """Choose the thresholds of a model by labelled lines; ``reading`` is how tables are read.

    Raises DataError for lines by which they cannot be chosen, and ArgumentError where the metric
    cannot be reached.
    """
    import numpy as np

    from fastcli.cli.display.messages import say
    from fastcli.evaluation.decided import Decided
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

    table, like = reading
    data = listed_files(files)
    classifier: Any
    classifier, identity = load_identified(model, table)
    calibration = None
    if options.calibrated:
        curves, calibration = load_curves(model, classifier, identity)
        classifier = Decided(classifier, curves)
    known = label_names_of(classifier, model, like)
    label = metric.find_label(known)
    scored, warning = read_dev_data(ctx, classifier, table, like, model, files, PAIR_BYTES)
    if warning:
        say(warning)
    metric.check_occurs(label, np.nonzero(scored.truth)[1], "--metric")
    k = options.k
    if "k" not in given_names(ctx):
        k = 1 if classifier.sums_to_one and not scored.has_several else -1
    pairs = pairs_of(scored, k)
    of_metric = pairs.of(label) if label >= 0 else pairs
    if not of_metric.right.any():
        raise DataError(f"--metric {metric.text} is 0 at every threshold on {data}.")
    together = best_threshold(pairs, metric, label)
    each = label_thresholds(pairs, metric, MIN_LINES) if options.per_label else []
    if together is None and not any(one is not None for one in each):
        raise not_reached(metric, of_metric, data)
    names = names_of(classifier)
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
        per_label=options.per_label,
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
        file_words=file_to_label(classifier, files, table_words(table), like),
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


def contents_of(tuned: Tuned, options: Tuning) -> Iterator[bytes]:
    """Yield what the files have that are asked for: thresholds, points, picture."""
    import numpy as np

    from fastcli.evaluation.thresholds import points_of
    from fastcli.fasttext.sidecar import json_bytes

    pairs, names = tuned.pairs, tuned.names
    yield json_bytes(asdict(tuned.thresholds))
    if options.points:
        yield b"".join(point_rows(pairs, names, options.per_label))
    if options.plot:
        from fastcli.api.curves import precision_recall_picture

        curve = {"all labels": points_of(pairs)}
        if options.per_label:
            shown = np.argsort(-pairs.gold, kind="stable")[:MOST_CURVES].tolist()
            curve |= {names[i]: points_of(pairs.of(i)) for i in shown if pairs.gold[i]}
        yield precision_recall_picture(options.plot, curve)


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
