"""calibrate: calibrate a classifier's probabilities on held-out labelled data."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click

from fastcli.api.table_lines import table_words
from fastcli.api.testing import loss_of
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._decisions import as_calibration, check_stays, load_identified
from fastcli.cli._declare import FileName, file_argument, takes
from fastcli.cli._dev_data import dev_files, read_dev_data
from fastcli.cli._endings import file_to_label
from fastcli.options import option
from fastcli.overwriting import check_apart
from fastcli.printable import listed_files
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
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.calibration import (
        PAIR_BYTES,
        expected_error,
        expected_error_of_all,
        fit,
        log_loss,
        unsure,
    )
    from fastcli.fasttext.sidecar import about_path, with_calibration
    from fastcli.labelling.outputs import open_outputs

    files = dev_files(ctx, data)
    shown = listed_files(files)
    beside = str(about_path(model))
    check_apart([model, *files], [beside])
    check_stays(model, "A calibration")
    classifier, identity = load_identified(model, table)
    with_calibration(model, identity, {})  # which says early what cannot be written
    with open_outputs([beside], sys.stdout.buffer) as (put,):
        scored, warning = read_dev_data(ctx, classifier, table, like.like, model, files, PAIR_BYTES)
        is_one_of_all = classifier.sums_to_one
        curves = fit(scored, is_one_of_all, is_one_of_all and loss_of(classifier) != "hs")
        found = as_calibration(curves, classifier, identity, shown, scored.n)
        put(with_calibration(model, identity, found))
    after = curves.applied(scored.probs, is_one_of_all)
    is_one_of_all = is_one_of_all and not curves.several_labels
    figures = {
        "calibration error": [
            expected_error(scored.probs, scored.truth, scored.first),
            expected_error(after, scored.truth),
        ]
    }
    both = (scored.probs, after)
    if not is_one_of_all:
        figures["error of all labels"] = [expected_error_of_all(p, scored.truth) for p in both]
    figures["log loss"] = [log_loss(p, scored.truth, is_one_of_all) for p in both]
    if options.json:
        answer: dict[str, Any] = {"lines": scored.n, "left_out": scored.left_out}
        answer |= {"method": found["method"]}
        if curves.slopes is None:
            answer["temperature"] = _json.number(curves.temperature)
        for name, (old, new) in figures.items():
            key = name.replace(" ", "_")
            answer[key] = {"before": _json.number(old), "after": _json.number(new)}
        sys.stdout.buffer.write(_json.line(answer))
    else:
        from fastcli.cli.display.decisions import calibration_lines, write_lines

        write_lines(calibration_lines(model, shown, scored, curves, figures))
    old, new = figures["calibration error"]
    if new > old:
        say(
            "The calibration error rose: calibration minimises log loss, and the probabilities "
            "were already well calibrated."
        )
    if note := unsure(scored, curves):
        say(note)
    if warning:
        say(warning)
    file_words = file_to_label(classifier, files, table_words(table), like.like)
    say_ending([beside], ["fastcli", "predict-prob", model, *file_words, "--calibrated"])
