"""test and test-label: precision and recall on labelled lines."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.report_options import Reporting
from fastcli.cli import _json
from fastcli.cli._cluster import ALONE, Clustering, check_address, threads_of
from fastcli.cli._command import positional
from fastcli.cli._decisions import decided
from fastcli.cli._declare import say_without_effect
from fastcli.cli._options import (
    PATTERN,
    Predicting,
    load_classifier,
    prediction_arguments,
)
from fastcli.cli._regression import test_numbers
from fastcli.cli._scoring import tested_by
from fastcli.printable import listed_files, printable, readable
from fastcli.tables.options import LikeOption, TableOptions

if TYPE_CHECKING:
    from fastcli.api.inputs import Question, Reading
    from fastcli.api.testing import Tested
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.meter import Meter

TOTAL = "total"


@positional(PATTERN)
@prediction_arguments(Reporting, TableOptions, LikeOption, Clustering)
def test(
    ctx: click.Context,
    options: Predicting,
    reporting: Reporting,
    table: TableOptions,
    like: LikeOption,
    clustering: Clustering,
    asked: Question,
) -> None:
    """Print N, precision and recall of the K best labels (-1: all) with probability TH or more.

    N counts the lines that have a label and a token the model knows; the lines left out,
    and why, are listed on stderr.  With one label per line, P@1 and R@1 are the same number.
    Several files, or patterns in quotes, give a line each and the total; K and TH come
    after them, or are given with -k and --threshold.  --report shows instead which labels go
    wrong, and what they are taken for.  For a model of regression N, RMSE, MAE and R2 are printed.

    \b
    Example:
      fastcli test topics.bin data/samples/topics.test.txt
      fastcli test --report topics.bin data/samples/topics.test.txt
      fastcli test --require 'f1macro>=0.9' topics.bin \\
          data/samples/topics.test.txt
    """
    from fastcli.api.testing import Testing, check_no_labels
    from fastcli.cli._report import say_written

    check_address(ctx, clustering)
    asked = replace(asked, thread=threads_of(ctx, clustering, asked.thread))
    classifier = loaded(asked, table, reporting, takes_numbers=True)
    if classifier.targets is not None:
        check_no_labels(asked, options.thresholds, options.calibrated)
        reading = reading_of(ctx, asked.model, table, like.like)
        testing = Testing(classifier=classifier, asked=asked, reading=reading, reporting=reporting)
        testing = replace(testing, cluster=tested_by(clustering))
        test_numbers(testing, options.json)
        return
    tested = run(ctx, classifier, options, table, like.like, asked, reporting, clustering)
    print_tested(options, tested)
    sys.stdout.flush()
    if tested.report is not None:
        say_written(tested.report)
    tested.required.check(tested.total, listed_files(asked.data))


def print_tested(options: Predicting, tested: Tested) -> None:
    """Print a report where it was asked for, else N, precision and recall."""
    asked, k = tested.asked, tested.asked.k
    if tested.report is not None and tested.report.reporting.report:
        from fastcli.cli._report import print_report

        print_report(tested.report, options.json)
        return
    if options.json:
        write_json(tested, k)
        return
    if len(asked.data) > 1:
        write_table(tested, k)
        return
    meter = tested.total.as_written()
    lines = [
        f"N\t{meter.n}",
        f"P@{k}\t{meter.precision:.3g}",
        f"R@{k}\t{meter.recall:.3g}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


@positional(PATTERN)
@prediction_arguments(TableOptions, LikeOption)
def test_label(
    ctx: click.Context, options: Predicting, table: TableOptions, like: LikeOption, asked: Question
) -> None:
    """Print precision, recall and F1 of every label, then what test prints.

    For several files the labels are those of all lines.

    \b
    Example:
      fastcli test-label topics.bin data/samples/topics.test.txt
    """
    classifier = loaded(asked, table, Reporting())
    tested = run(ctx, classifier, options, table, like.like, asked, Reporting())
    asked, k = tested.asked, tested.asked.k
    if options.json:
        write_json(tested, k, per_label=True)
        return
    out, meter = sys.stdout.buffer, tested.total.as_written()
    for i, name in enumerate(tested.labels):
        precision, recall, f1 = map(fixed, meter.label_scores(i))
        line = f"F1-Score : {f1}  Precision : {precision}  Recall : {recall}   "
        out.write(line.encode() + name + b"\n")
    if len(asked.data) > 1:
        out.flush()
        write_table(tested, k)
        return
    lines = [
        f"N\t{meter.n}",
        f"P@{k}\t{meter.precision:.3f}",
        f"R@{k}\t{meter.recall:.3f}",
    ]
    out.write(("\n".join(lines) + "\n").encode())


def loaded(
    asked: Question, table: TableOptions, reporting: Reporting, takes_numbers: bool = False
) -> Classifier:
    """Return the model to test, once all that is needed is there.

    Raises ArgumentError for one of regression unless the command ``takes_numbers``.
    """
    from fastcli.api.inputs import CANNOT_TEST, check_readable

    reporting.check()
    check_readable(asked.data, CANNOT_TEST)
    return load_classifier(asked.model, table, takes_numbers=takes_numbers)


def run(
    ctx: click.Context,
    classifier: Classifier,
    options: Predicting,
    table: TableOptions,
    like: str,
    asked: Question,
    reporting: Reporting,
    clustering: Clustering = ALONE,
) -> Tested:
    """Test a model on files or standard input."""
    from fastcli.api.inputs import kinds_of_input
    from fastcli.api.testing import Testing, run_test
    from fastcli.cli.display.bars import with_bar

    classifier, asked = decided(ctx, classifier, asked, options)
    given = {**vars(options), **vars(reporting), **vars(table), "like": like}
    given |= vars(clustering) | kinds_of_input(classifier, like)
    say_without_effect(ctx, given)
    reading = reading_of(ctx, asked.model, table, like)
    testing = Testing(classifier=classifier, asked=asked, reading=reading, reporting=reporting)
    return run_test(replace(testing, cluster=tested_by(clustering)), with_bar)


def reading_of(ctx: click.Context, model: str, table: TableOptions, like: str) -> Reading:
    """Return how the files of a test are read."""
    from fastcli.api.inputs import Reading

    command = ("fastcli", ctx.info_name or "test", model)
    return Reading(table=table, like=like, command=command)


def write_table(tested: Tested, k: int) -> None:
    """Print a line for each file and one for all, numbers first, since paths may be long."""
    rows = [("N", f"P@{k}", f"R@{k}", "file")]
    for path, counts in [*tested.files, (TOTAL, tested.total)]:
        meter = counts.as_written()
        scores = f"{meter.precision:.3g}", f"{meter.recall:.3g}"
        rows.append((str(meter.n), *scores, printable(path)))
    wide = max(len(row[0]) for row in rows)
    for n, precision, recall, path in rows:
        line = f"{n:>{wide}}  {precision:>8}  {recall:>8}  {path}\n"
        sys.stdout.buffer.write(line.encode())


def write_json(tested: Tested, k: int, per_label: bool = False) -> None:
    """Print an object for a single file; of several one for each, and one for all."""
    named: list[tuple[dict[str, Any], Meter]] = [({}, tested.total)]
    if len(tested.files) > 1:
        named = [({"file": printable(path)}, meter) for path, meter in tested.files]
        named.append(({"file": None, "files": len(tested.files)}, tested.total))
    names = list(map(readable, tested.labels))
    for start, counts in named:
        meter = counts.as_written()
        answer = {**start, **summary(meter, k)}
        if per_label:
            scores = [label_summary(meter, i, name) for i, name in enumerate(names)]
            answer["per_label"] = scores
        sys.stdout.buffer.write(_json.line(answer))


def fixed(value: float) -> str:
    """Return a score with six decimals, or dashes where there is none."""
    return f"{value:.6f}" if math.isfinite(value) else "--------"


def summary(meter: Meter, k: int) -> dict[str, Any]:
    """Return the scores over all labels."""
    return {
        "n": meter.n,
        "k": k,
        "precision": _json.number(meter.precision),
        "recall": _json.number(meter.recall),
        "f1": _json.number(meter.f1),
        **meter.skipped.as_json(),
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
