"""What a person sees while something runs: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from fastcli.cli._messages import announce_compiling, is_terminal, redraw, say
from fastcli.fasttext.reporter import Reporter, Status

if TYPE_CHECKING:
    from types import TracebackType

    from fastcli.text.dictionary import Dictionary

LOG_EVERY = 5.0  # seconds between two lines in a log


def numbers(status: Status) -> str:
    """Return fastText's progress line, without its start."""
    eta = int(status.eta)
    return (
        f"words/sec/thread: {status.words_per_second:7.0f} lr: {status.lr:9.6f} "
        f"avg.loss: {status.loss:9.6f} "
        f"ETA: {eta // 3600:3d}h{eta // 60 % 60:2d}m{eta % 60:2d}s"
    )


class TrainingProgress(Reporter):
    """Shows how training goes, on stderr: nothing, the final line, a bar, or lines in a log."""

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose
        self._live = verbose > 1 and is_terminal()
        self._bar: Any = None
        self._last = time.monotonic()
        self._bytes = 0
        self._open = False
        self._lock = threading.Lock()
        if verbose > 0:
            announce_compiling()

    def __enter__(self) -> TrainingProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end_line()
        if self._bar is not None:
            self._bar.close()

    def _end_line(self) -> None:
        """Erase a line that is to be written over."""
        if self._open:
            redraw()
            self._open = False

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._last < (0.1 if self._live else LOG_EVERY):
            return False
        self._last = now
        return True

    def read(self, n_bytes: int) -> None:
        """Show how much text has been read."""
        with self._lock:
            self._bytes += n_bytes
            if self._verbose > 1 and self._due():
                line = f"Read {self._bytes / 1e6:.0f} MB of text"
                (redraw if self._live else say)(line)
                self._open = self._live

    def dictionary(self, dictionary: Dictionary) -> None:
        """Show the size of the dictionary, in fastText's words."""
        self._end_line()
        if self._verbose > 0:
            say(
                f"Read {dictionary.ntokens // 1000000}M words",
                f"Number of words:  {dictionary.nwords}",
                f"Number of labels: {dictionary.nlabels}",
            )

    def note(self, sentence: str) -> None:
        """Show something the user should know."""
        if self._verbose > 0:
            say(sentence)

    def warn(self, sentence: str) -> None:
        """Show something that was not done."""
        self._end_line()
        say(sentence)

    def status(self, status: Status) -> None:
        """Move the bar, or write a line every few seconds."""
        if self._verbose < 2 or not self._due():
            return
        if not self._live:
            say(f"Progress: {100 * status.progress:5.1f}% {numbers(status)}")
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=1000,
                bar_format="Progress: {percentage:5.1f}% |{bar:16}| {desc}",
                file=sys.stderr,
                leave=False,
                mininterval=0,
            )
        self._bar.set_description_str(numbers(status), refresh=False)
        self._bar.update(int(1000 * status.progress) - self._bar.n)

    def finished(self, status: Status) -> None:
        """Write fastText's final line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._verbose > 0:
            last = Status(
                progress=1.0,
                words_per_second=status.words_per_second,
                lr=0.0,
                loss=status.loss,
                eta=0.0,
            )
            say(f"Progress: 100.0% {numbers(last)}")

    def trained(self, seconds: float) -> None:
        """Say how long training took."""
        if self._verbose > 1:
            say(f"Trained in {seconds:.3f} s.")
