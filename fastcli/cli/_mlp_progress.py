"""What a person sees of mlp-train: a bar on a terminal, lines in a log, a table at the end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from fastcli.cli._curves import learning_curve
from fastcli.cli._messages import announce_compiling, is_terminal, say
from fastcli.mlp.reporter import MlpReporter
from fastcli.mlp.trained import MlpTrained

if TYPE_CHECKING:
    from types import TracebackType

    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.early_stopping import Evaluation
    from fastcli.mlp.network import Network

LOG_EVERY = 5.0  # seconds between two lines in a log


def duration(seconds: float) -> str:
    """Write seconds as a person reads them: ``1h02m``, ``3m05s``, ``12s``."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h{whole // 60 % 60:02d}m"
    return f"{whole // 60}m{whole % 60:02d}s" if whole >= 60 else f"{whole}s"


class MlpProgress(MlpReporter):
    """Shows how training goes, on stderr."""

    def __init__(self, args: MlpArgs) -> None:
        self._args = args
        self._verbose = args.verbose
        self._live = args.verbose > 1 and is_terminal()
        self._bar: Any = None
        self._began = self._last = time.monotonic()
        self._latest: Evaluation | None = None
        if args.verbose > 0:
            announce_compiling()

    def __enter__(self) -> MlpProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def note(self, sentence: str) -> None:
        """Show something the user should know."""
        if self._verbose > 0:
            say(sentence)

    def warn(self, sentence: str) -> None:
        """Show what was not done."""
        say(sentence)

    def network(self, network: Network, n_examples: int, n_threads: int) -> None:
        """Show what is going to be trained."""
        self._began = self._last = time.monotonic()
        if self._verbose > 0:
            widths = [network.n_in, *(layer.units for layer in network.layers)]
            shape = "-".join(map(str, widths))
            say(
                f"Network {shape}, {network.n_weights:,} parameters"
                f"{' and word vectors' if network.embeds else ''}; {n_examples:,} examples, "
                f"{network.n_labels} labels, {n_threads} thread{'s' if n_threads > 1 else ''}"
            )

    def step(self, progress: float, loss: float) -> None:
        """Move the bar, or write a line every few seconds."""
        now = time.monotonic()
        if self._verbose < 2 or now - self._last < (0.1 if self._live else LOG_EVERY):
            return
        self._last = now
        left = duration((now - self._began) * (1 - progress) / max(progress, 1e-9))
        error = self._latest.valid_error if self._latest else float("nan")
        valid = f"  P@1 {1 - error:.4f}" if error == error else ""
        epoch = int(progress * self._args.epoch) + 1
        text = f"epoch {epoch}/{self._args.epoch}  loss {loss:.4f}{valid}  ETA {left}"
        if not self._live:
            say(f"{100 * progress:5.1f}%  {text}")
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=1000,
                bar_format="{percentage:5.1f}% |{bar:16}| {desc}",
                file=sys.stderr,
                leave=False,
                mininterval=0,
            )
        self._bar.set_description_str(text, refresh=False)
        self._bar.update(int(1000 * progress) - self._bar.n)

    def evaluation(self, evaluation: Evaluation) -> None:
        """Remember the newest measurement for the bar."""
        self._latest = evaluation
        self.step(evaluation.progress, evaluation.loss)

    def finished(self, trained: MlpTrained) -> None:
        """Write the table of evaluations: all of few, else some of them and the best."""
        self._close()
        if self._verbose < 1:
            return
        history = trained.history
        has_valid = any(e.valid_error == e.valid_error for e in history)
        header = "   step  epoch      lr      loss" + ("  valid loss     P@1" if has_valid else "")
        say(header)
        stride = -(-len(history) // 12)
        for i, e in enumerate(history):
            is_best = has_valid and e.step == trained.best_step
            if i % stride and i != len(history) - 1 and not is_best:
                continue
            valid = f"  {e.valid_loss:10.4f}  {1 - e.valid_error:6.4f}" if has_valid else ""
            mark = "  best" if is_best else ""
            say(f"{e.step:7d}  {e.epoch:5d}  {e.lr:6.2g}  {e.loss:8.4f}{valid}{mark}")
        if chart := learning_curve(history):
            say(*chart.split("\n"))
        kept = f", the best of them (step {trained.best_step}) kept" if has_valid else ""
        ended = "Interrupted after" if trained.interrupted else "Trained"
        say(f"{ended} {trained.steps:,} steps in {trained.seconds:.1f} s{kept}.")
