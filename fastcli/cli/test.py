"""test and test-label: precision and recall on labelled lines."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._options import (
    PATTERN,
    Predicting,
    blocks_of,
    load_classifier,
    prediction_arguments,
    say_unknown_words,
)

if TYPE_CHECKING:
    from fastcli.evaluation.meter import Meter


@positional(PATTERN)
@prediction_arguments
def test(options: Predicting, model: str, data: str, k: int, threshold: float) -> None:
    """Print N, precision and recall of the K best labels (-1: all) with probability TH or more.

    N counts the lines that have a label and a token the model knows; the lines left out,
    and why, are listed on stderr.  With one label per line, P@1 and R@1 are the same number.

    \b
    Example:
      fastcli test topics.bin data/samples/topics.test.txt
    """
    meter, _ = run(options, model, data, k, threshold)
    if options.json:
        sys.stdout.buffer.write(_json.line(summary(meter, k)))
        return
    lines = [
        f"N\t{meter.n}",
        f"P@{k}\t{meter.precision:.3g}",
        f"R@{k}\t{meter.recall:.3g}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


@positional(PATTERN)
@prediction_arguments
def test_label(options: Predicting, model: str, data: str, k: int, threshold: float) -> None:
    """Print precision, recall and F1 of every label, then what test prints.

    \b
    Example:
      fastcli test-label topics.bin data/samples/topics.test.txt
    """
    meter, labels = run(options, model, data, k, threshold)
    if options.json:
        names = [name.decode("utf-8", "replace") for name in labels]
        scores = [label_summary(meter, i, name) for i, name in enumerate(names)]
        sys.stdout.buffer.write(_json.line({**summary(meter, k), "per_label": scores}))
        return
    out = sys.stdout.buffer
    for i, name in enumerate(labels):
        precision, recall, f1 = map(fixed, meter.label_scores(i))
        line = f"F1-Score : {f1}  Precision : {precision}  Recall : {recall}   "
        out.write(line.encode() + name + b"\n")
    lines = [
        f"N\t{meter.n}",
        f"P@{k}\t{meter.precision:.3f}",
        f"R@{k}\t{meter.recall:.3f}",
    ]
    out.write(("\n".join(lines) + "\n").encode())


def run(
    options: Predicting, model: str, data: str, k: int, threshold: float
) -> tuple[Meter, list[bytes]]:
    """Test a model on a file or standard input; return the counts and the labels."""
    from fastcli.cli.display.bars import with_bar
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.predictor import Predictor

    classifier = load_classifier(model, options)
    predictor = Predictor(classifier, k, threshold, options.thread, model)
    blocks = with_bar(blocks_of(classifier, data, "Test file cannot be opened!"), data)
    meter = predictor.test(blocks)
    if sentence := meter.skipped.sentence():
        say(sentence)
    say_unknown_words(predictor, data, are_queries=False)
    if meter.n == 0:
        what = "no line is left to test on" if sentence else "there are no lines to test on"
        where = "Standard input" if data == "-" else data
        say(f"{where}: {what}, so precision and recall are undefined (nan).")
    return meter, predictor.model.labels()


def fixed(value: float) -> str:
    """Return a score with six decimals, or dashes where there is none."""
    return f"{value:.6f}" if math.isfinite(value) else "--------"


def summary(meter: Meter, k: int) -> dict[str, Any]:
    """Return the scores over all labels."""
    skipped = meter.skipped
    return {
        "n": meter.n,
        "k": k,
        "precision": _json.number(meter.precision),
        "recall": _json.number(meter.recall),
        "f1": _json.number(meter.f1),
        "left_out": {
            "no_label": skipped.no_label,
            "unknown_label": skipped.unknown_label,
            "no_known_token": skipped.no_known_token,
        },
    }


def label_summary(meter: Meter, i: int, name: str) -> dict[str, Any]:
    """Return the scores of one label."""
    precision, recall, f1 = meter.label_scores(i)
    return {
        "label": name,
        "precision": _json.number(precision),
        "recall": _json.number(recall),
        "f1": _json.number(f1),
        "gold": int(meter.gold[i]),
        "predicted": int(meter.predicted[i]),
    }
