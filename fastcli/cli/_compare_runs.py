"""compare for logs of runs: their options, the models that were kept, and curves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastcli.cli import _json
from fastcli.evaluation.compared_runs import (
    COMMAND,
    Settings,
    Verdict,
    settings_of,
    value_text,
    verdict,
)
from fastcli.evaluation.metric_names import REGRESSION_METRICS
from fastcli.evaluation.run_log import Run, read_run
from fastcli.overwriting import check_apart
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.cli.compare import Comparing

FIGURES = ("accuracy", "f1macro", "valid_loss", "loss", "epoch", "step", "seconds", "lines")


def compare_runs(as_json: bool, comparing: Comparing, paths: Sequence[str]) -> None:
    """Print the comparison of runs, and write the files that are asked for.

    Raises DataError for a log that is damaged, ArgumentError where no picture can be drawn.
    """
    from fastcli.api.curves import check_plot
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say

    written = [path for path in (comparing.csv, comparing.plot) if path]
    check_apart(paths, written)
    if comparing.plot:
        check_plot(comparing.plot)
    runs = list(map(read_run, paths))
    for run in runs:
        if run.is_cut:
            say(
                f"{run.path} ends within a line, which is left out: the run was killed, or goes on."
            )
    settings, found = settings_of(runs), verdict(runs)
    if comparing.csv:
        write_rows(comparing.csv, csv_rows(runs, settings))
    if as_json:
        sys.stdout.buffer.write(_json.line(as_object(runs, settings, found)))
    else:
        from fastcli.cli.display.decisions import write_lines
        from fastcli.cli.display.run_comparison import run_lines

        write_lines(run_lines(runs, settings, found, spellings(runs), bool(comparing.plot)))
    if comparing.plot:
        from fastcli.api.curves import plot_runs
        from fastcli.cli.display.run_comparison import names_of

        plot_runs(comparing.plot, runs, names_of(runs, settings, spellings(runs)))
    say_ending(written)


def spellings(runs: Sequence[Run]) -> dict[str, tuple[str, Any]]:
    """Return how the options of the runs' commands are written, and their defaults, by name."""
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.watch_args import WatchArgs
    from fastcli.mlp.options import MlpOptions
    from fastcli.options import rows

    is_mlp = runs[0].command == "mlp-train"
    usual = usual_of(runs[0].arguments) if is_mlp else {}
    found = {
        row.name: (row.shown, usual.get(row.name, row.default))
        for kind in ((MlpOptions,) if is_mlp else (TrainArgs, WatchArgs))
        for row in rows(kind)
    }
    return {**found, COMMAND: (COMMAND, "")}


def usual_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what mlp-train has by default for a network and an optimiser."""
    from fastcli.errors import FastcliError
    from fastcli.evaluation.compared_runs import condensed
    from fastcli.mlp.args import MlpArgs

    names = ("hidden", "activation", "optimizer")
    given: dict[str, Any] = {name: arguments[name] for name in names if arguments.get(name)}
    try:
        usual = vars(MlpArgs(**given).resolved())
    except (FastcliError, AttributeError, TypeError):  # of another version
        return {}
    default = vars(MlpArgs())
    return {k: condensed(k, default[k] if k in given else v) for k, v in usual.items()}


def write_rows(path: str, rows: Sequence[Sequence[Any]]) -> None:
    """Write a table, put in place when it is whole.  Raises FastcliError if it cannot be."""
    import csv
    import io

    from fastcli.files import write_file
    from fastcli.labelling.located_rows import DELIMITERS, encoded
    from fastcli.tables.dialects import suffix

    text = io.StringIO(newline="")
    csv.writer(text, delimiter=DELIMITERS[suffix(path)], lineterminator="\n").writerows(rows)
    write_file(path, encoded(text.getvalue()))


def figures(run: Run) -> dict[str, Any]:
    """Return the figures of the evaluation whose model is kept, None for what was not measured."""
    kept = run.kept
    return {
        "accuracy": _json.number(1 - kept.valid_error),
        "f1macro": _json.number(kept.valid_f1_macro),
        "valid_loss": _json.number(kept.valid_loss),
        "loss": _json.number(kept.loss),
        "epoch": kept.epoch,
        "step": kept.step,
        "seconds": _json.number(run.history[-1].seconds),
        "lines": kept.valid_lines or None,
        **(
            {name: _json.number(getattr(kept, f"valid_{name}")) for name in REGRESSION_METRICS}
            if kept.of_numbers
            else {}
        ),
    }


def csv_rows(runs: Sequence[Run], settings: Settings) -> list[list[Any]]:
    """Return a row for each run: the file, the options that differ, figures."""
    names = [*FIGURES, *REGRESSION_METRICS] if any(run.of_numbers for run in runs) else FIGURES
    rows: list[list[Any]] = [["file", *settings.different, *names]]
    for i, run in enumerate(runs):
        values = [value_text(values[i]) for values in settings.different.values()]
        cells = [figures(run).get(name) for name in names]
        rows.append([run.path, *values, *("" if cell is None else cell for cell in cells)])
    return rows


def as_object(runs: Sequence[Run], settings: Settings, found: Verdict) -> dict[str, Any]:
    """Return the comparison as JSON."""
    return {
        "schema": 1,
        "runs": [
            {
                "file": printable(run.path),
                "command": run.command or None,
                "options": {name: values[i] for name, values in settings.different.items()},
                **figures(run),
                "curve": [_json.number(e.score) for e in run.history],
            }
            for i, run in enumerate(runs)
        ],
        "same": settings.same,
        "best": printable(runs[found.best].path) if found.best >= 0 else None,
        "within_chance": [printable(runs[i].path) for i in found.alike],
        "half_interval": _json.number(found.half) if found.n else None,
        "lines": found.n or None,
        "problem": found.problem or None,
    }
