"""The table of evaluations that supervised and mlp-train write while they train."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

from fastcli.cli.display.colours import painted, painted_end
from fastcli.cli.display.messages import painted_row
from fastcli.cli.display.sparkline import sparkline
from fastcli.cli.display.tables import Column, Rows, short_loss, short_lr, short_number
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.evaluation.early_stopping import Evaluation

BEST = "best"
COLUMNS = {
    "step": 6,
    "epoch": 5,
    "lr": 6,
    "loss": 7,
    "valid loss": 10,
    "accuracy": 8,
    "train acc": 9,
    "valid acc": 9,
    "macro F1": 8,
    "RMSE": 8,  # of regression, on validation lines
    "MAE": 8,
    "R2": 7,
    "words/s": 7,
    "gradients": 12,
    BEST: 4,
}
GRADIENTS = "gradients"  # from the first layer to the last, on a logarithmic scale
TEXTS = (GRADIENTS, BEST)
MEASURED = (
    "valid loss",
    "accuracy",
    "valid acc",
    "macro F1",
    "RMSE",
    "MAE",
    "R2",
    BEST,
)  # of validation lines
BY_IMPORTANCE = (
    "words/s",
    "lr",
    "step",
    "macro F1",
    "MAE",
    "valid loss",
    "epoch",
)  # dropped in turn


def cells(e: Evaluation, is_best: bool) -> dict[str, str]:
    """Return what each column has of an evaluation."""
    return {
        "step": f"{e.step}",
        "epoch": f"{e.epoch}",
        "lr": short_lr(e.lr),
        "loss": short_loss(e.loss),
        "valid loss": short_loss(e.valid_loss),
        "accuracy": f"{1 - e.valid_error:.4f}",
        "train acc": f"{1 - e.train_error:.4f}",
        "valid acc": f"{1 - e.valid_error:.4f}",
        "macro F1": f"{e.valid_f1_macro:.4f}",
        "RMSE": f"{e.valid_rmse:.4g}",
        "MAE": f"{e.valid_mae:.4g}",
        "R2": f"{e.valid_r2:.4f}",
        "words/s": short_number(e.words_per_second) if math.isfinite(e.words_per_second) else "",
        GRADIENTS: gradient_bars(e.gradients),
        BEST: BEST if is_best else "",
    }


def gradient_bars(sizes: Sequence[float]) -> str:
    """Return the gradients of layers as bars, each step of the highest bar a factor.

    >>> gradient_bars([1e-6, 1e-3, 1.0])
    '▁▅█'
    >>> gradient_bars([0.0, 0.0]), gradient_bars([0.0, 1e-3])
    ('▁▁', '▁█')
    """
    if not sizes or not all(map(math.isfinite, sizes)):
        return ""
    logs = [math.log10(size) for size in sizes if size > 0]
    if not logs:
        return sparkline([0.0] * len(sizes), 0.0, 1.0, COLUMNS[GRADIENTS])
    low = min(*logs, max(logs) - 1)
    heights = [math.log10(size) if size > 0 else low for size in sizes]
    return sparkline(heights, low, max(logs), COLUMNS[GRADIENTS])


class EvaluationTable:
    """A table that is written row by row; ``shown`` are the columns that a command has."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._shown = list(shown)
        self._table: Rows | None = None
        self._titles: list[str] = []

    @property
    def has_begun(self) -> bool:
        """Whether anything was written."""
        return self._table is not None

    def begin(self, has_valid: bool) -> None:
        """Write the header, once, of the columns that there is room for."""
        if self._table is not None:
            return
        names = [name for name in self._shown if has_valid or name not in MEASURED]
        room = width() if is_terminal() else None
        for name in BY_IMPORTANCE if room else ():
            if _table(names).width() <= (room or 0):
                break
            names = [other for other in names if other != name]
        self._titles, self._table = names, _table(names)
        painted_row(self._table.header(), lambda row: painted(row, "heading", sys.stderr))

    def write(self, e: Evaluation, is_best: bool) -> None:
        """Write the row of an evaluation."""
        self.begin(e.has_valid)
        assert self._table is not None
        found = cells(e, is_best)
        row = self._table.row([found[name] for name in self._titles])
        painted_row(row, lambda row: painted_end(row, BEST, "best", sys.stderr))


def _table(names: Sequence[str]) -> Rows:
    """Return the table of these columns; that of the mark has no title."""
    return Rows([Column("" if n == BEST else n, COLUMNS[n], is_text=n in TEXTS) for n in names])
