"""Display of autotune: a row for each trial, and how much time is left."""

from __future__ import annotations

import sys

from fastcli.cli.display.messages import lines
from fastcli.cli.display.tables import Column, Rows, width_of
from fastcli.cli.display.terminal import is_live, is_terminal, width
from fastcli.cli.display.training import Display
from fastcli.fasttext.search import Finished
from fastcli.reporting import Status

TUNED = (
    ("lr", "lr", 6),
    ("epoch", "epoch", 5),
    ("dim", "dim", 4),
    ("word_ngrams", "wordNgrams", 10),
    ("minn", "minn", 4),
    ("maxn", "maxn", 4),
    ("bucket", "bucket", 8),
    ("dsub", "dsub", 4),
)
COLUMNS = (
    Column("trial", 5),
    Column("score", 8),
    Column("s", 5),
    *(Column(title, width) for _, title, width in TUNED),
)
STAR = "  *"


class TuningDisplay(Display):
    """Shows a table of trials, and the progress of the search on a terminal."""

    def __init__(self, verbose: int) -> None:
        super().__init__(verbose)
        # Its live line is shown from -verbose 1 on, as in fastText, and there is none in a log.
        self.is_live = self.screen.is_on = verbose > 0 and is_live()
        self._rows: Rows | None = None

    def read(self, n_bytes: int) -> None:
        """Show nothing: every trial reads."""

    def status(self, status: Status) -> None:
        """Move the live line."""
        if self.is_live:
            super().status(status)

    def row(self, row: object) -> None:
        """Add a row to the table; the best trials so far have a star."""
        if not isinstance(row, Finished):
            return
        trial = row.trial
        if self.verbose > 2:
            values = [(name, getattr(trial.args, field)) for field, name, _ in TUNED]
            said = [f"{name} = {value}" for name, value in [("Trial", trial.number), *values]]
            sys.stdout.write("\n".join([*said, f"currentScore = {trial.score:g}", ""]))
            sys.stdout.flush()
        if self.verbose < 1:
            return
        room = width() - len(STAR) if is_terminal() else None
        if self._rows is None:
            self._rows = Rows(COLUMNS, room)
            lines(self._rows.header())
        values_text = [f"{getattr(trial.args, field)}" for field, _, _ in TUNED]
        score = f"{trial.score:.6f}" if trial.score == trial.score else "-"
        shown = [f"{trial.number}", score, f"{trial.seconds:.2f}", *values_text]
        line = self._rows.row(shown) + (STAR if row.is_best else "")
        if row.note and room and width_of(line) + 2 + width_of(row.note) > room:
            lines(line)
            self.note(f"       {row.note}")
        else:
            lines(f"{line}  {row.note}" if row.note else line)
