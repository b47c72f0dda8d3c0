"""Display of supervised, skipgram, cbow and quantize."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from fastcli.cli.display.evaluations import BEST, EvaluationTable
from fastcli.cli.display.messages import announce_compiling, lines, say, warn
from fastcli.cli.display.screen import Screen
from fastcli.cli.display.tables import counted, fitted, short_loss, short_number, short_time
from fastcli.cli.display.terminal import is_live, is_terminal, width
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.fold_results import CrossValidation
from fastcli.evaluation.intervals import parse_interval
from fastcli.fasttext.trained import Trained
from fastcli.reporting import Reporter, Status
from fastcli.text.dictionary import Dictionary

if TYPE_CHECKING:
    from types import TracebackType

    from fastcli.cli.display.folds import FoldTable

Shown = TypeVar("Shown", bound="Display")
COLUMNS = ("epoch", "lr", "loss", "valid loss", "accuracy", "macro F1", "words/s", BEST)
LOG_EVERY = 5.0  # seconds between two lines in a log


def fasttext_line(status: Status) -> str:
    """Return fastText's progress line."""
    eta = int(status.eta)
    return (
        f"Progress: {100 * status.progress:5.1f}% "
        f"words/sec/thread: {status.words_per_second:7.0f} lr: {status.lr:9.6f} "
        f"avg.loss: {status.loss:9.6f} "
        f"ETA: {eta // 3600:3d}h{eta // 60 % 60:2d}m{eta % 60:2d}s"
    )


def live_parts(stage: str, status: Status) -> list[str]:
    """Return the parts of a live line: progress, loss and time left first.

    >>> status = Status(progress=0.61, words_per_second=9.9e5, lr=0.04, loss=0.4512, eta=12.0)
    >>> live_parts("training", status)
    ['training  61.0%', 'loss 0.4512', 'left 0:12', 'lr 0.04', '990k words/s/thread']
    """
    parts = [f"{stage} {100 * status.progress:5.1f}%".lstrip()]
    if not math.isnan(status.loss):
        parts.append(f"loss {short_loss(status.loss)}")
    if not math.isnan(status.eta):
        parts.append(f"left {short_time(status.eta)}")
    parts += status.details
    if not math.isnan(status.lr):
        parts.append(f"lr {status.lr:.3g}")
    if not math.isnan(status.words_per_second):
        parts.append(f"{short_number(status.words_per_second)} words/s/thread")
    return parts


class Display(Reporter):
    """Shows stages, sentences and progress: a live line on a terminal, lines in a log.

    The base of those that know the rows of their work.  ``log_line`` writes a line of a log.
    """

    def __init__(self, verbose: int) -> None:
        self.verbose = verbose
        self.screen = Screen(is_on=verbose > 1 and is_live())
        self.is_live = verbose > 1 and is_live()
        self._logged = time.monotonic()
        self._n_read = 0
        self._lock = threading.Lock()
        self._folds: FoldTable | None = None
        if verbose > 0:
            announce_compiling()

    def __enter__(self: Shown) -> Shown:
        self.screen.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.screen.__exit__(kind, error, trace)

    def is_due(self) -> bool:
        """Tell whether it is time for another line in a log."""
        now = time.monotonic()
        if now - self._logged < LOG_EVERY:
            return False
        self._logged = now
        return True

    def stage(self, name: str, n_bytes: int = 0) -> None:
        """Show the name of the stage, on a terminal."""
        self._n_read = 0
        self.screen.stage(name, n_bytes)

    def read(self, n_bytes: int) -> None:
        """Show how much text has been read."""
        if self.verbose < 2:
            return
        if self.is_live:
            self.screen.advance(n_bytes)
            return
        with self._lock:
            self._n_read += n_bytes
            if self.is_due():
                say(f"Read {self._n_read / 1e6:.0f} MB of text")

    def log_line(self, status: Status) -> str:
        """Return the progress line for a log."""
        return fasttext_line(status)

    def status(self, status: Status) -> None:
        """Move the live line, or write a line every few seconds."""
        if self.verbose < 2:
            return
        if self.is_live:
            self.screen.show(live_parts(self.screen.name, status), status.progress)
        elif status.progress < 1.0 and self.is_due():  # the last line is that of finished()
            lines(self.log_line(status))

    def row(self, row: object) -> None:
        """Show the results of folds as they come, and of all of them."""
        if not isinstance(row, CrossValidation) or self.verbose < 1:
            return
        if self._folds is None:
            from fastcli.cli.display.folds import FoldTable

            self._folds = FoldTable(row.metric, row.of_numbers)
        if row.n_lines:
            self._folds.end(row.results, row.n_lines)
        else:
            self._folds.write(row.results[-1])

    def note(self, sentence: str) -> None:
        """Show something the user should know."""
        if self.verbose > 0:
            say(sentence)

    def warn(self, sentence: str) -> None:
        """Show something that was not done."""
        warn(sentence)


class TrainingDisplay(Display):
    """Shows how fastText's training goes: nothing, the final line, a live line, or a log.

    Where training is evaluated, there is a table of evaluations instead of the final line.
    """

    def __init__(self, verbose: int) -> None:
        super().__init__(verbose)
        self._table = EvaluationTable(COLUMNS)

    def row(self, row: object) -> None:
        """Show the size of the dictionary, in fastText's words, evaluations, and the time taken."""
        super().row(row)
        if isinstance(row, Evaluation) and self.verbose > 0:
            self._table.write(row, row.is_best)
            self.is_due()  # a row says more than the line of a log would
        if isinstance(row, Dictionary) and self.verbose > 0:
            lines(
                f"Read {row.ntokens // 1000000}M words",
                f"Number of words:  {row.nwords}",
                f"Number of labels: {row.nlabels}",
            )
        elif isinstance(row, Trained) and self.verbose > 2:
            say(f"Trained in {row.seconds:.3f} s.")

    def finished(self, status: Status) -> None:
        """Write fastText's final line; a terminal may be too narrow for all of it."""
        self.screen.close()
        if self._table.has_begun:
            return
        last = replace(status, progress=1.0, lr=0.0, eta=0.0)
        if self.verbose > 0 and is_terminal():
            speed = f"{short_number(last.words_per_second)} words/s/thread"
            lines(fitted(["Progress: 100.0%", f"loss {last.loss:.6f}", speed], width()))
        elif self.verbose > 0:
            lines(fasttext_line(last))

    def summary(self, trained: Trained) -> None:
        """Say which evaluation is kept, and why training ended; an interrupt says so itself."""
        watch = trained.watch
        best = watch.best_evaluation if watch is not None else None
        if watch is None or best is None or self.verbose < 1 or trained.interrupted:
            return
        stopped = ""
        if watch.is_over:
            every, n = parse_interval(watch.args.eval_every), watch.args.patience
            what = counted(n, "evaluation") if every.is_steps else counted(n * every.n, "epoch")
            stopped = f"No better for {what}: stopped. "
        where = f"Epoch {best.epoch}"
        if parse_interval(watch.args.eval_every).is_steps:
            where += f" (line {best.step:,})"
        name = watch.metric.text
        watched = "" if name in ("accuracy", "error") else f", {name} {best.monitored:.4f}"
        say(f"{stopped}{where} is kept: accuracy {1 - best.valid_error:.4f}{watched}.")
