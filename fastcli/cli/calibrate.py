"""calibrate: calibrate a classifier's probabilities on held-out labelled data."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click

from fastcli.api.deciding import check_stays
from fastcli.api.table_lines import table_words
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._decisions import load_identified
from fastcli.cli._declare import FileName, file_argument, takes
from fastcli.cli._dev_data import dev_files, dev_reading
from fastcli.cli._endings import file_to_label
from fastcli.options import option
from fastcli.overwriting import check_apart
from fastcli.tables.options import LikeOption, TableOptions


@dataclass(frozen=True, kw_only=True)
class Calibrating:
    """The options of calibrate."""

    json: bool = option(False, "write JSON")


@positional("<model> <dev-data>...")
@file_argument("model", "<model>")
@click.argument("data", metavar="<dev-data>...", nargs=-1, required=True, type=FileName())
@takes(Calibrating, TableOptions, LikeOption)
@click.pass_context
def calibrate(
    ctx: click.Context,
    options: Calibrating,
    table: TableOptions,
    like: LikeOption,
    model: str,
    data: tuple[str, ...],
) -> None:
    """Calibrate a classifier's probabilities on held-out labelled data.

    Softmax gets a temperature; other losses, and lines with several labels, a sigmoid for each
    label (Platt).  The calibration is kept in the JSON file next to the model, and used by predict,
    predict-prob and test --calibrated.  Printed are the expected calibration error of the best
    label (as in test --report; where labels are independent also that of all labels) and the log
    loss, on these lines, before and after.

    \b
    Example:
      fastcli calibrate topics.bin data/samples/topics.valid.txt
      fastcli predict-prob topics.bin data/samples/topics.test.txt --calibrated
    """
    from fastcli.api.calibrating import calibrated
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say
    from fastcli.fasttext.sidecar import about_path, with_calibration
    from fastcli.labelling.outputs import open_outputs

    files = dev_files(ctx, data)
    beside = str(about_path(model))
    check_apart([model, *files], [beside])
    check_stays(model, "A calibration")
    classifier, identity = load_identified(model, table)
    with_calibration(model, identity, {})  # which says early what cannot be written
    with open_outputs([beside], sys.stdout.buffer) as (put,):
        reading = dev_reading(ctx, model, table, like.like)
        found = calibrated(classifier, model, identity, files, reading)
        put(found.file_bytes(identity))
    if options.json:
        sys.stdout.buffer.write(_json.line(found.as_json()))
    else:
        from fastcli.cli.display.decisions import calibration_lines, write_lines

        lines = calibration_lines(model, found.data, found.scored, found.curves, found.figures)
        write_lines(lines)
    for note in found.notes():
        say(note)
    file_words = file_to_label(classifier, files, table_words(table), like.like)
    say_ending([beside], ["fastcli", "predict-prob", model, *file_words, "--calibrated"])
