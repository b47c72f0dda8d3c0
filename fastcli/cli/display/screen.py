"""The live part of a terminal, and the sentences that are written above it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from fastcli.cli.display.bars import ByteBar
    from fastcli.cli.display.live import LiveLine

DELAY = 0.3  # seconds before anything is drawn: what is done by then needs no bar
EVERY = 0.1  # seconds between two drawings

_lock = threading.RLock()
_open: list[Screen] = []  # what may have drawn something, the newest last


class Screen:
    """The live line of one piece of work; nothing is drawn unless it ``is_on``.

    A stage whose bytes are read is a bar of them, any other a line of words.
    """

    def __init__(self, is_on: bool, delay: float | None = None) -> None:
        self.is_on, self._delay = is_on, DELAY if delay is None else delay
        self._began = time.monotonic()
        self._drawn = 0.0
        self._line: LiveLine | None = None
        self._bar: ByteBar | None = None
        self._name, self._n_bytes, self._done = "", 0, 0

    def __enter__(self) -> Screen:
        with _lock:
            if self not in _open:
                _open.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        with _lock, contextlib.suppress(ValueError):
            _open.remove(self)

    def _is_due(self) -> bool:
        now = time.monotonic()
        if not self.is_on or now - self._began < self._delay or now - self._drawn < EVERY:
            return False
        self._drawn = now
        return True

    @contextlib.contextmanager
    def _drawing(self) -> Iterator[None]:
        """Draw, one thread at a time; a terminal that is gone or full never stops the work."""
        with _lock:
            try:
                yield
            except (OSError, ValueError):
                self.is_on = False

    @property
    def name(self) -> str:
        """Return the name of the stage."""
        return self._name

    def stage(self, name: str, n_bytes: int = 0) -> None:
        """Begin a stage: name it, once the last one was shown long enough to be seen."""
        with self._drawing():
            self._erase_bar()
            self._name, self._n_bytes, self._done = name, n_bytes, 0
            self._drawn = 0.0
            if self._line is not None or (not n_bytes and self._is_due()):
                self._draw([name])

    def rename(self, name: str) -> None:
        """Give the stage another name, which is shown when its bar moves."""
        self._name = name
        if self._bar is not None:
            self._bar.name = name

    def advance(self, n_bytes: int) -> None:
        """Move the bar by bytes that were read; may be called from several threads."""
        with self._drawing():
            self._done += n_bytes
            if not self._is_due():
                return
            if self._line is not None:
                self._line.close()
                self._line = None
            self._take_over()
            if self._bar is None:
                from fastcli.cli.display.bars import ByteBar

                self._bar = ByteBar(self._name, self._n_bytes, self._done)
            self._bar.move(self._done)

    def show(self, parts: Sequence[str], progress: float | None = None) -> None:
        """Draw the live line, if it is time to."""
        with self._drawing():
            if self._is_due():
                self._draw(parts, progress)

    def _draw(self, parts: Sequence[str], progress: float | None = None) -> None:
        self._erase_bar()
        self._take_over()
        if self._line is None:
            from fastcli.cli.display.live import LiveLine

            self._line = LiveLine()
        self._line.draw(parts, progress)

    def _take_over(self) -> None:
        """Erase what others have drawn: there is one live line at a time."""
        for other in _open:
            if other is not self:
                other.clear()

    def _erase_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def clear(self) -> None:
        """Erase what is drawn; the next drawing begins below what is written until then."""
        with _lock:
            if self._bar is not None:
                self._bar.hide()
            if self._line is not None:
                self._line.close()
                self._line = None
            self._drawn = 0.0

    def close(self) -> None:
        """Erase what is drawn."""
        with _lock:
            self.clear()
            self._erase_bar()


@contextlib.contextmanager
def above() -> Iterator[None]:
    """Write sentences where live lines are: these make room, and are drawn again below them."""
    with _lock:
        for screen in _open:
            with contextlib.suppress(OSError, ValueError):
                screen.clear()
        yield


def close_all() -> None:
    """Erase all that is drawn, before the last sentence of a process that ends early."""
    with _lock:
        for screen in list(_open):
            with contextlib.suppress(OSError, ValueError):
                screen.close()
        _open.clear()
