"""What an interrupt (Ctrl-C) of training leaves, in one sentence; the exit code is 130."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.errors import Interrupted

if TYPE_CHECKING:
    from fastcli.evaluation.early_stopping import Evaluation


@contextlib.contextmanager
def says_what_is_left(path: str) -> Iterator[None]:
    """Let an interrupt say what became of the model at ``path``: Interrupted is raised for it.

    Nothing is to be said of a model that has no file, "".
    """
    if not path:
        yield
        return
    former = _state(path)
    try:
        yield
    except Interrupted:
        raise
    except KeyboardInterrupt:
        now = _state(path)
        if now != former:
            left = f"{path} is complete, and files beside it may be missing"
        elif former is None:
            left = f"{path} was not written"
        else:
            left = f"{path} is as it was"
        raise Interrupted(f"Interrupted: {left}.") from None


def interrupted_with_best(path: str, epoch: int, history: Sequence[Evaluation]) -> Interrupted:
    """Return the interrupt of a training in ``epoch`` whose best evaluation was written."""
    best = [found.epoch for found in history if found.is_best][-1]
    return Interrupted(f"Interrupted in epoch {epoch}: {path} has the best model, of epoch {best}.")


def _state(path: str) -> tuple[int, ...] | None:
    """Return what changes when a file is replaced; None if there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
