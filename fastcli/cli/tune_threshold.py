"""tune-threshold: choose decision thresholds on held-out labelled data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from fastcli.api.deciding import (
    AUTO,
    check_stays,
    check_thresholds_file,
    load_curves,
    thresholds_path,
)
from fastcli.api.table_lines import table_words
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._decisions import load_identified
from fastcli.cli._declare import FileName, file_argument, given_names, takes
from fastcli.cli._dev_data import dev_files, dev_reading
from fastcli.cli._endings import file_to_label
from fastcli.errors import ArgumentError
from fastcli.evaluation.metric_names import metric_names
from fastcli.options import option
from fastcli.overwriting import STREAM, check_apart
from fastcli.tables.options import LikeOption, TableOptions

if TYPE_CHECKING:
    from fastcli.api.tuning import Aim, Tuned

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
      fastcli tune-threshold topics.bin data/samples/topics.valid.txt \\
          --metric recallAtPrecision:95
    """
    from fastcli.api.tuning import tune
    from fastcli.labelling.outputs import open_outputs

    path = options.output or thresholds_path(model)
    files = dev_files(ctx, data)
    k = options.k if "k" in given_names(ctx) else None
    aim = checked(options, path, model, files, k)
    written = [one for one in (path, options.points, options.plot) if one]
    with open_outputs(written, sys.stdout.buffer) as puts:
        classifier, identity = load_identified(model, table)
        if options.calibrated:
            aim = replace(aim, calibration=load_curves(model, classifier, identity))
        reading = dev_reading(ctx, model, table, like.like)
        tuned = tune(classifier, model, identity, files, reading, aim)
        for put, contents in zip(puts, contents_of(tuned, options), strict=True):
            put(contents)
    if options.json:
        sys.stdout.buffer.write(_json.line(tuned.as_json()))
    else:
        print_tuned(tuned)
    from fastcli.cli.display.endings import say_ending

    used = path if options.output else AUTO
    file_words = file_to_label(classifier, files, table_words(table), like.like)
    say_ending(written, ["fastcli", "predict", model, *file_words, "--thresholds", used])


def checked(options: Tuning, path: str, model: str, files: Sequence[str], k: int | None) -> Aim:
    """Return what is asked for; raise an error for options that cannot work."""
    from fastcli.api.tuning import aim_of
    from fastcli.cli.display.messages import say

    aim = aim_of(options.metric, options.per_label, k)
    if not options.output:
        check_stays(model, "A file of thresholds without -o")
    if STREAM in (path, options.points, options.plot):
        raise ArgumentError("The table goes to standard output: give the file a name.")
    check_apart([model, *files], [path, options.points, options.plot])
    check_thresholds_file(path)
    if options.plot:
        from fastcli.api.curves import check_plot

        check_plot(options.plot)
    if aim.metric.doubt:
        say(aim.metric.doubt)
    return aim


def print_tuned(tuned: Tuned) -> None:
    """Print the table, and say which labels have no threshold of their own."""
    from fastcli.cli.display.decisions import ThresholdsShown, threshold_lines, write_lines
    from fastcli.cli.display.messages import say

    shown = ThresholdsShown(
        model=tuned.model,
        names=tuned.names,
        meters=(tuned.before, tuned.after),
        values=tuned.values,
        left_out=tuned.left_out,
        label=tuned.label,
    )
    write_lines(threshold_lines(tuned.thresholds, shown))
    for note in tuned.notes():
        say(note)


def contents_of(tuned: Tuned, options: Tuning) -> Iterator[bytes]:
    """Yield what the files have that are asked for: thresholds, points, picture."""
    import numpy as np

    from fastcli.api.tuning import point_rows
    from fastcli.evaluation.thresholds import points_of

    pairs, names = tuned.pairs, tuned.names
    yield tuned.file_bytes()
    if options.points:
        yield b"".join(point_rows(pairs, names, options.per_label))
    if options.plot:
        from fastcli.api.curves import precision_recall_picture

        curve = {"all labels": points_of(pairs)}
        if options.per_label:
            shown = np.argsort(-pairs.gold, kind="stable")[:MOST_CURVES].tolist()
            curve |= {names[i]: points_of(pairs.of(i)) for i in shown if pairs.gold[i]}
        yield precision_recall_picture(options.plot, curve)
