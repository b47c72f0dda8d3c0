"""What commands do with a model of regression, which predicts numbers: test and predict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli import _json
from fastcli.errors import ArgumentError, FastcliError
from fastcli.evaluation.metric_names import REGRESSION_METRICS
from fastcli.printable import listed_files, printable

if TYPE_CHECKING:
    from fastcli.cli._options import Predicting, Question
    from fastcli.cli._report import Reporting
    from fastcli.evaluation.classifier import Block, Classifier, Predictions
    from fastcli.evaluation.predictor import Predictor
    from fastcli.evaluation.regression import RegressionMeter
    from fastcli.evaluation.requirement import Requirement
    from fastcli.tables.options import TableOptions

ALL = "all"  # targets together


def check_no_labels(options: Predicting, asked: Question) -> None:
    """Raise ArgumentError for options that decide which labels are given."""
    given = {"-k": asked.k != 1, "--threshold": asked.threshold != 0}
    given |= {"--thresholds": bool(options.thresholds), "--calibrated": options.calibrated}
    for name in filter(given.__getitem__, given):
        raise ArgumentError(
            f"{name} is for labels, and {asked.model} predicts numbers (regression): leave it out."
        )


# ------------------------------------------------------------------ predict


def predict_numbers(predictor: Predictor, blocks: Iterator[Block], as_json: bool) -> None:
    """Print the numbers of every line, spaces between several; nothing of an empty line."""
    targets = predictor.model.targets
    assert targets is not None
    out = sys.stdout.buffer

    def text(found: Predictions) -> bytes:
        assert found.values is not None
        is_known = (found.counts > 0).tolist()
        if as_json:
            return b"".join(
                _json.line({"values": list(map(_json.number, row)) if known else []})
                for row, known in zip(found.values.tolist(), is_known, strict=True)
            )
        texts = targets.texts(found.values)
        rows = [" ".join(row) if known else "" for row, known in zip(texts, is_known, strict=True)]
        return "".join(f"{row}\n" for row in rows).encode()

    for piece in predictor.reduced(blocks, text):
        out.write(piece)
        out.flush()


# ------------------------------------------------------------------ test


def test_numbers(
    ctx: click.Context,
    classifier: Classifier,
    options: Predicting,
    table: TableOptions,
    like: str,
    asked: Question,
    reporting: Reporting,
) -> None:
    """Print RMSE, MAE and R2 of files, of each target and all together where there are several."""
    from fastcli.api.inputs import examples, say_unknown_words, unknown_words_note
    from fastcli.api.loading import for_labels_only
    from fastcli.cli.display.bars import with_bar
    from fastcli.cli.display.messages import say
    from fastcli.evaluation.predictor import Predictor
    from fastcli.evaluation.regression import measured_numbers, meter_of
    from fastcli.mlp.model import MlpModel

    check_no_labels(options, asked)
    if reporting.asked:
        raise for_labels_only(asked.model, reporting.asked[0])
    wanted = required_of(reporting)
    assert isinstance(classifier, MlpModel)
    classifier.targets_read = "present"
    total, notes = meter_of(classifier), list[str]()
    files: list[tuple[str, RegressionMeter]] = []
    for path in asked.data:
        predictor = Predictor(classifier, 1, 0.0, options.thread, asked.named(path))
        command = ["fastcli", str(ctx.info_name), asked.model, path]
        read = examples(classifier, path, table, like, asked.model, command)
        meter = measured_numbers(predictor, with_bar(read, path))
        notes += unknown_words_note(predictor, path, are_queries=False)
        files.append((path, meter))
        total.merge(meter)
    if sentence := total.sentence():
        say(sentence)
    say_unknown_words(notes)
    if total.n == 0:
        where = "Standard input" if list(asked.data) == ["-"] else listed_files(asked.data)
        say(f"{where}: no line is left to test on, so the scores are undefined (nan).")
    rows: list[tuple[str | None, RegressionMeter]] = [(None, total)]
    if len(files) > 1:
        rows = [*files, *rows]
    if options.json:
        write_json(rows, len(files))
    elif len(files) > 1:
        write_files(rows)
    else:
        write_scores(total)
    sys.stdout.flush()
    missed = [one.missed(total, -1, listed_files(asked.data)) for one in wanted]
    if sentences := list(filter(None, missed)):
        raise FastcliError(" ".join(sentences))


def required_of(reporting: Reporting) -> list[Requirement]:
    """Return the requirements.  Raises ArgumentError for metrics of labels."""
    wanted = reporting.requirements()
    for one in wanted:
        one.metric.check_task(True, f"--require {one.metric.text}")
    return wanted


def write_scores(meter: RegressionMeter) -> None:
    """Print N and the scores; of several targets a row for each, and one for all."""
    out = sys.stdout
    if len(meter.names) == 1:
        out.write(f"N\t{meter.n}\n")
        for name in REGRESSION_METRICS:
            out.write(f"{name.upper()}\t{meter.score(name):.6g}\n")
        return
    out.write(f"N\t{meter.n}\n")
    out.write("".join(f"{name.upper():>12}" for name in REGRESSION_METRICS) + "  target\n")
    scores = {name: meter.per_target(name).tolist() for name in REGRESSION_METRICS}
    for i, target in enumerate(meter.names):
        cells = [scores[name][i] for name in REGRESSION_METRICS]
        out.write(_row(cells, printable(target)))
    out.write(_row([meter.score(name) for name in REGRESSION_METRICS], ALL))


def write_files(rows: list[tuple[str | None, RegressionMeter]]) -> None:
    """Print a line for each file and one for all, the means over targets."""
    out = sys.stdout
    wide = max(len(str(meter.n)) for _, meter in rows)
    titles = "".join(f"{name.upper():>12}" for name in REGRESSION_METRICS)
    out.write(f"{'N':>{wide}}{titles}  file\n")
    for path, meter in rows:
        cells = [meter.score(name) for name in REGRESSION_METRICS]
        out.write(f"{meter.n:>{wide}}" + _row(cells, "total" if path is None else printable(path)))


def _row(values: list[float], name: str) -> str:
    return "".join(f"{value:>12.6g}" for value in values) + f"  {name}\n"


def write_json(rows: list[tuple[str | None, RegressionMeter]], n_files: int) -> None:
    """Print an object for a single file; of several one for each, and one for all."""
    for path, meter in rows:
        answer: dict[str, Any] = {}
        if n_files > 1:
            answer = {"file": None if path is None else printable(path)}
            answer |= {"files": n_files} if path is None else {}
        scores = {name: meter.per_target(name).tolist() for name in REGRESSION_METRICS}
        answer |= {"n": meter.n}
        answer |= {name: _json.number(meter.score(name)) for name in (*REGRESSION_METRICS, "loss")}
        answer["per_target"] = [
            {
                "target": target,
                **{name: _json.number(scores[name][i]) for name in REGRESSION_METRICS},
            }
            for i, target in enumerate(meter.names)
        ]
        answer["left_out"] = {
            "no_target": meter.no_target,
            "no_known_token": meter.no_known_token,
        }
        sys.stdout.buffer.write(_json.line(answer))
