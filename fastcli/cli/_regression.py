"""What commands do with a model of regression, which predicts numbers: test and predict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastcli.cli import _json
from fastcli.evaluation.metric_names import REGRESSION_METRICS
from fastcli.printable import listed_files, printable

if TYPE_CHECKING:
    from fastcli.api.testing import Testing
    from fastcli.evaluation.classifier import Block, Predictions
    from fastcli.evaluation.predictor import Predictor
    from fastcli.evaluation.regression import RegressionMeter

ALL = "all"  # targets together


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


def test_numbers(testing: Testing, as_json: bool) -> None:
    """Print RMSE, MAE and R2 of files, of each target and all together where there are several."""
    from fastcli.api.testing import run_test_of_numbers
    from fastcli.cli.display.bars import with_bar

    tested = run_test_of_numbers(testing, with_bar)
    files, total = tested.files, tested.total
    rows: list[tuple[str | None, RegressionMeter]] = [(None, total)]
    if len(files) > 1:
        rows = [*files, *rows]
    if as_json:
        from fastcli.api.reports import regression_objects

        for _, one in regression_objects(files, total):
            sys.stdout.buffer.write(_json.line(one))
    elif len(files) > 1:
        write_files(rows)
    else:
        write_scores(total)
    sys.stdout.flush()
    tested.required.check(total, listed_files(testing.asked.data))


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
