"""The table of a cross-validation: a row for each fold, their mean and standard deviation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.tables import Column, Rows, counted, cut
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.evaluation.fold_results import FoldResult, spread
from fastcli.evaluation.metric_names import REGRESSION_METRICS

COLUMNS = {
    "accuracy": "accuracy",
    "monitored": "",  # the name of the metric
    "f1macro": "macro F1",
    "f1weighted": "weighted F1",
    "loss": "loss",
}
LARGE = 100  # a figure that is shown with six digits
OF_NUMBERS = {**{name: name.upper() for name in REGRESSION_METRICS}, "loss": "loss"}
# Metrics that have their column.
SHOWN_ANYWAY = ("accuracy", "f1macro", "f1weighted", "loss", *REGRESSION_METRICS)


class FoldTable:
    """Writes rows as they come; ``metric`` is the name of what --monitor asks for.

    Columns are those of regression where it is ``of_numbers``.
    """

    def __init__(self, metric: str, of_numbers: bool = False) -> None:
        known = OF_NUMBERS if of_numbers else COLUMNS
        self._main = REGRESSION_METRICS[0] if of_numbers else "accuracy"
        self._names = [name for name in known if name != "monitored" or metric not in SHOWN_ANYWAY]
        titles = [known[name] or cut(metric, 20) for name in self._names]
        room = width() if is_terminal() else None
        counts = [Column("fold", 4, is_text=True), Column("trained on", 10), Column("measured", 8)]
        self._table = Rows([*counts, *(Column(title, 8) for title in titles)], room)
        self._has_begun = False

    def write(self, result: FoldResult) -> None:
        """Write the row of a fold."""
        if not self._has_begun:
            lines(self._table.header())
            self._has_begun = True
        values = [getattr(result, name) for name in self._names]
        counts = [f"{result.fold}", f"{result.n_train:,}", f"{result.n_test:,}"]
        lines(self._table.row([*counts, *map(_number, values)]))

    def end(self, results: Sequence[FoldResult], n_lines: int) -> None:
        """Write mean and deviation, and what they are about."""
        found = [spread(results, name) for name in self._names]
        for title, values in (
            ("mean", [one.mean for one in found]),
            ("std", [one.deviation for one in found]),
        ):
            lines(self._table.row([title, "", "", *map(_number, values)]))
        n_test = sum(result.n_test for result in results)
        if n_test < n_lines:
            say(
                f"{counted(n_lines - n_test)} could not be measured: the model of the fold knows "
                "no label or no word of it."
            )
        main = spread(results, self._main)
        measured = "nothing could be measured"
        if n_test:
            name = OF_NUMBERS.get(self._main, self._main)
            measured = f"{name} {_number(main.mean)}"
            if math.isfinite(main.deviation):
                measured += f" ± {_number(main.deviation)}"
            measured += " on lines that a model was not trained on"
        say(
            f"{len(results)} folds: {measured}. The model that is written is trained on all "
            f"{counted(n_lines)}."
        )


def _number(value: float) -> str:
    if abs(value) >= LARGE:
        return f"{value:.6g}" if math.isfinite(value) else ""
    return f"{value:.4f}" if math.isfinite(value) else ""
