"""Sections that an interrupt may not cut short: it is heard when they are over."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

_HELD = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep signals for afterwards.

    Code that LLVM calls back, and finalizers, swallow the exception of an interrupt, so none is
    raised while they may run.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled in the main thread only
        return
    arrived: list[int] = []
    former: dict[int, Any] = {}
    try:
        for name in _HELD:
            number = getattr(signal, name, None)
            if number is not None and callable(handler := signal.getsignal(number)):
                former[number] = handler
                signal.signal(number, lambda got, _: arrived.append(got))
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
