"""The options of validation while ``supervised`` trains: a row for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.evaluation import options as shared
from fastcli.evaluation.intervals import parse_interval
from fastcli.options import check_ranges, option, rows

if TYPE_CHECKING:
    from fastcli.evaluation.metric import Metric


MEASURING = ("folds", "folds_output", "retry_nan", "log", "plot")  # the model is the same without


@dataclass(frozen=True, kw_only=True)
class WatchArgs:
    """What ``supervised`` does between epochs."""

    valid: str = option("", shared.VALID)
    valid_share: float = option(0.0, shared.VALID_SHARE)
    eval_every: str = option("", shared.EVAL_EVERY)
    patience: int = option(0, shared.PATIENCE)
    monitor: str = option("accuracy", shared.MONITOR)
    folds: int = option(0, shared.FOLDS)
    folds_output: str = option("", shared.FOLDS_OUTPUT)
    retry_nan: bool = option(False, shared.RETRY_NAN)
    log: str = option("", shared.LOG)
    plot: str = option("", shared.PLOT)

    @property
    def is_on(self) -> bool:
        """Whether training is evaluated at all."""
        return bool(self.valid or self.valid_share or self.eval_every or self.log or self.plot)

    @property
    def valid_lines(self) -> str:
        """The file of validation lines, or the name of those that are held out."""
        return shared.HELD_OUT if self.valid_share else self.valid

    def check(self) -> Metric:
        """Raise ArgumentError for values that cannot work; return the metric."""
        from fastcli.evaluation.early_stopping import parse_monitor

        check_ranges(self)
        shared.check_together(self.valid, self.valid_share, self.patience, self.folds)
        parse_interval(self.eval_every)
        metric = parse_monitor(self.monitor)
        metric.check_task(False, "--monitor")
        return metric

    def given(self) -> list[str]:
        """Return the options that have another value than their default."""
        return [row.shown for row in rows(WatchArgs) if getattr(self, row.name) != row.default]

    def words(self) -> list[str]:
        """Return the words of a command line that decide which model is made."""
        found = []
        for row in rows(WatchArgs):
            value = getattr(self, row.name)
            if value != row.default and row.name not in MEASURING:
                found += [row.shown, str(value)]
        return found
