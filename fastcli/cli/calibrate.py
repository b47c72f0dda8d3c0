"""calibrate: make the probabilities of a classifier as often right as they say."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click

from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._decisions import CANNOT_OPEN, as_calibration, identity_of, write_file
from fastcli.cli._declare import file_argument, takes
from fastcli.cli._endings import file_to_label
from fastcli.cli._lessons import say_seen
from fastcli.cli._options import load_classifier
from fastcli.cli._tables import table_words
from fastcli.cli.test import examples
from fastcli.options import option
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions


@dataclass(frozen=True, kw_only=True)
class Calibrating:
    """The options of calibrate."""

    json: bool = option(False, "write JSON")


@positional("<model> <dev-data>")
@file_argument("model", "<model>")
@file_argument("data", "<dev-data>")
@takes(Calibrating, TableOptions)
@click.pass_context
def calibrate(
    ctx: click.Context, options: Calibrating, table: TableOptions, model: str, data: str
) -> None:
    """Fit the probabilities of a classifier to labelled lines that it was not trained on.

    Softmax gets a temperature; other losses, and lines with several labels, a sigmoid for each
    label (Platt).  It is kept in the JSON file beside the model, and used by predict, predict-prob
    and test --calibrated.  Printed are the expected calibration error of the best label (as in test
    --report; of labels one by one also that of all) and the log loss of these lines, before and
    after.

    \b
    Example:
      fastcli calibrate topics.bin data/samples/topics.valid.txt
      fastcli predict-prob topics.bin data/samples/topics.test.txt --calibrated
    """
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.calibration import (
        expected_error,
        expected_error_of_all,
        fit,
        log_loss,
    )
    from fastcli.evaluation.dense import check_enough, read_scored
    from fastcli.evaluation.recorded import inputs_of
    from fastcli.fasttext.sidecar import about_path, with_calibration

    beside = str(about_path(model))
    check_apart([model, data], [beside])
    identity = identity_of(model)
    classifier = load_classifier(model, table)
    with_calibration(model, identity, {})  # which says early what cannot be written
    say_seen(inputs_of(classifier), data)
    blocks = examples(ctx, classifier, table, "", model, data, cannot=CANNOT_OPEN)
    scored = read_scored(classifier, blocks, model, data)
    warning = check_enough(scored, data)
    is_one_of_all = classifier.sums_to_one
    is_softmax = is_one_of_all and getattr(classifier.args, "loss", "") != "hs"  # type: ignore[attr-defined]
    curves = fit(scored, is_one_of_all, is_softmax)
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
    found = as_calibration(curves, classifier, identity, data, scored.n)
    write_file(beside, with_calibration(model, identity, found))
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

        write_lines(calibration_lines(model, data, scored, curves, figures))
    old, new = figures["calibration error"]
    if new > old:
        say(
            "The calibration error rose: the log loss is what is minimised, and probabilities were "
            "right already."
        )
    if warning:
        say(warning)
    file_words = file_to_label(classifier, data, table_words(table))
    say_ending([beside], ["fastcli", "predict-prob", model, *file_words, "--calibrated"])
