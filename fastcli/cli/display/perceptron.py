"""Display of mlp-train: evaluations as they come, and a summary of training."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fastcli.cli.display.chart import loss_chart
from fastcli.cli.display.evaluations import BEST, GRADIENTS, EvaluationTable, gradient_bars
from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.tables import counted, short_loss, short_time
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.cli.display.training import Display
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.mlp.layer_sizes import layers_counted
from fastcli.mlp.trained import MlpTrained, Setup
from fastcli.reporting import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastcli.mlp.args import MlpArgs

MOST_ROWS = 12  # of a table of evaluations, and the best
COLUMNS = ("step", "epoch", "lr", "loss", "valid loss", "train acc", "valid acc", "macro F1")
OF_NUMBERS = ("step", "epoch", "lr", "loss", "valid loss", "RMSE", "MAE", "R2")  # of regression


class MlpDisplay(Display):
    """Shows how training goes: rows above a live line, or a table at the end of a log."""

    def __init__(self, args: MlpArgs) -> None:
        super().__init__(args.verbose)
        self._args = args
        self._began = time.monotonic()
        self._epochs = 0  # until it is known what is trained on
        self._first = 0.0  # the progress of the first status, which is not 0 after a checkpoint
        self._latest: Evaluation | None = None
        shown = OF_NUMBERS if args.is_regression else COLUMNS
        self._table = EvaluationTable([*shown, *[GRADIENTS] * args.show_gradients, BEST])
        self._seen = 0
        self._is_set_up = False  # training that starts again has the same network
        self._shown: set[int] = set()  # steps

    def row(self, row: object) -> None:
        """Show what is going to be trained, and evaluations."""
        super().row(row)
        if isinstance(row, Setup):
            self._setup(row)
        elif isinstance(row, Evaluation):
            self._latest = row
            if self.is_live:
                self._live_row(row)
            self.status(Status(progress=row.progress, loss=row.loss))

    def stage(self, name: str, n_bytes: int = 0) -> None:
        """Show the name of the stage; each fold begins anew."""
        super().stage(name, n_bytes)
        if name.startswith("fold "):
            self._began, self._first = time.monotonic(), 0.0

    def _setup(self, setup: Setup) -> None:
        self._began = time.monotonic()
        self._first = setup.progress
        self._epochs = setup.network.args.epoch
        if self.verbose < 1 or self._is_set_up:
            return
        self._is_set_up = True
        network = setup.network
        widths = [network.n_in, *(layer.units for layer in network.layers)]
        what = "target" if self._args.is_regression else "label"
        shape = "-".join(map(str, widths))
        say(
            f"Network {shape}: {layers_counted(len(widths))}, {network.n_weights:,} parameters"
            f"{' and word vectors' if network.embeds else ''}; "
            f"{counted(setup.n_examples, 'example')}, {counted(network.n_labels, what)}, "
            f"{counted(setup.n_threads, 'thread')}"
        )

    def status(self, status: Status) -> None:
        """Move the live line, or write a line every few seconds."""
        done = max(status.progress - self._first, 1e-9)
        left = (time.monotonic() - self._began) * (1 - status.progress) / done
        epoch = min(int(status.progress * self._epochs) + 1, max(self._epochs, 1))
        details = [f"epoch {epoch}/{self._epochs}"]
        if self._latest is not None and self._latest.has_valid:
            e = self._latest
            details.append(
                f"RMSE {e.valid_rmse:.4g}" if e.of_numbers else f"P@1 {1 - e.valid_error:.4f}"
            )
        super().status(replace(status, eta=left, details=tuple(details)))

    def log_line(self, status: Status) -> str:
        """Return the progress line for a log."""
        epoch, *score = status.details
        parts = [epoch, f"loss {short_loss(status.loss)}", *score, f"ETA {short_time(status.eta)}"]
        return "  ".join([f"{100 * status.progress:5.1f}%", *parts])

    def _write_row(self, e: Evaluation, is_best: bool) -> None:
        self._table.write(e, is_best)
        self._shown.add(e.step)

    def _live_row(self, e: Evaluation) -> None:
        """Write some of the evaluations as they come, about as many as a table has.

        The best so far are marked, so that the last one with a mark is the best in the end.
        """
        expected = round(1 / max(e.progress - self._first, 1e-9) * (self._seen + 1))
        if self._seen % max(1, -(-expected // MOST_ROWS)) == 0:
            self._write_row(e, e.is_best)
        self._seen += 1

    def summary(self, trained: MlpTrained) -> None:
        """Write the evaluations that were not shown yet, and a summary."""
        self.screen.close()
        if self.verbose < 1:
            return
        history = trained.history
        has_valid = any(e.has_valid for e in history)
        self._table.begin(has_valid)
        for e in self._chosen(history, trained.best_step if has_valid else -1):
            self._write_row(e, is_best=has_valid and e.step == trained.best_step)
        if len(self._shown) < len(history):
            shown = f"{len(self._shown)} of {len(history):,} evaluations"
            say(f"Shown are {shown}; --log FILE has all.")
        guess = trained.learned.guess if trained.learned is not None else trained.guess
        if chart := loss_chart(history, guess, width() if is_terminal() else None):
            lines("", *chart, "")
        last = trained.gradients
        if not self._args.show_gradients and (bars := gradient_bars(last)):
            sizes = f"{last[0]:.1e} to {last[-1]:.1e}"
            say(f"Gradients of layers 1 to {len(last)} in the last step: {bars} ({sizes}).")
        kept = f", the best of them (step {trained.best_step}) kept" if has_valid else ""
        if trained.interrupted:
            return  # which is said at the end
        say(f"Trained {counted(trained.steps, 'step')} in {trained.seconds:.1f} s{kept}.")
        if trained.verdict:
            say(trained.verdict)

    def _chosen(self, history: Sequence[Evaluation], best: int) -> list[Evaluation]:
        """Return the rows to write: all of few, else some of them, the last and the best."""
        if self._shown:  # the others are on the terminal already
            last = [e for e in history[-1:] if e.step != best]
            rows = last + [e for e in history if e.step == best]
            return [e for e in rows if e.step not in self._shown]
        stride = -(-len(history) // MOST_ROWS)
        return [
            e
            for i, e in enumerate(history)
            if i % stride == 0 or i == len(history) - 1 or e.step == best
        ]
