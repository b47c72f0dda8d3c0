"""What a person sees while autotune runs: a row for each trial, and how much time is left."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from fastcli.cli._messages import announce_compiling, is_terminal, redraw, say
from fastcli.fasttext.autotune import TuneReporter

if TYPE_CHECKING:
    from types import TracebackType

    from fastcli.fasttext.search import Trial

COLUMNS = (
    ("lr", "lr", 7),
    ("epoch", "epoch", 6),
    ("dim", "dim", 5),
    ("word_ngrams", "wordNgrams", 11),
    ("minn", "minn", 5),
    ("maxn", "maxn", 5),
    ("bucket", "bucket", 9),
    ("dsub", "dsub", 5),
)


class TuningProgress(TuneReporter):
    """Shows a table of trials on stderr, and fastText's progress line on a terminal."""

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose
        self._live = verbose > 0 and is_terminal()
        self._last = 0.0
        self._rows = 0
        if verbose > 0:
            announce_compiling()

    def __enter__(self) -> TuningProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._erase()

    def _erase(self) -> None:
        if self._live and self._last:
            redraw()

    def note(self, sentence: str) -> None:
        """Show something the user should know."""
        if self._verbose > 0:
            self._erase()
            say(sentence)

    def warn(self, sentence: str) -> None:
        """Show something that was not done."""
        self._erase()
        say(sentence)

    def trial(self, trial: Trial, best: Trial | None, note: str) -> None:
        """Add a row to the table; the best trials so far have a star."""
        if self._verbose > 2:
            values = [(name, getattr(trial.args, field)) for field, name, _ in COLUMNS]
            lines = [f"{name} = {value}" for name, value in [("Trial", trial.number), *values]]
            sys.stdout.write("\n".join([*lines, f"currentScore = {trial.score:g}", ""]))
            sys.stdout.flush()
        if self._verbose < 1:
            return
        self._erase()
        if self._rows == 0:
            names = "".join(f"{name:>{width}}" for _, name, width in COLUMNS)
            say(f"trial    score  seconds{names}")
        self._rows += 1
        values_text = "".join(
            f"{getattr(trial.args, field):>{width}}" for field, _, width in COLUMNS
        )
        score = f"{trial.score:9.6f}" if trial.score == trial.score else "        -"
        star = " *" if best is not None and best.number == trial.number else ""
        why = f"  {note}" if note else ""
        say(f"{trial.number:5d}{score}{trial.seconds:9.2f}{values_text}{star}{why}")

    def progress(self, share: float, number: int, best: Trial | None, left: float) -> None:
        """Show fastText's progress line."""
        now = time.monotonic()
        if not self._live or now - self._last < 0.2:
            return
        self._last = now
        score = f"{best.score:9.6f}" if best is not None else "  unknown"
        eta = int(left)
        redraw(
            f"Progress: {100 * share:5.1f}% Trials: {number:4d} Best score: {score} "
            f"ETA: {eta // 3600:3d}h{eta // 60 % 60:2d}m{eta % 60:2d}s"
        )
