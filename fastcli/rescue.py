"""Saving a trained model when its disk is full: in a private folder beside compiled kernels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from fastcli.errors import FastcliError
from fastcli.files import Replacement, cannot_save, write_all
from fastcli.private import private_folder

LONGEST = 200  # bytes of a file's name


Write = Callable[[Replacement], None]
Beside = Callable[[int], bytes]


def save_or_rescue(out: Replacement, write: Write, beside: Beside | None = None) -> None:
    """Write a model to ``out``, not yet in place, or where that fails to the private folder.

    ``write`` is called once or twice; ``beside(fd)`` gives the JSON file of a rescued model.
    Raises FastcliError if it had to be rescued, saying where it is now, or if it could not be.
    """
    try:
        write(out)
    except OSError as error:
        out.discard()  # its room may be what is needed
        raise rescued(out, write, error, beside) from None


def place_or_rescue(out: Replacement, write: Write, beside: Beside | None = None) -> None:
    """Write a model and put it in place, or do as ``save_or_rescue`` does."""
    save_or_rescue(out, write, beside)
    try:
        out.place()
    except OSError as error:
        raise rescued(out, write, error, beside) from None


def rescued(
    out: Replacement, write: Write, error: OSError, beside: Beside | None = None
) -> FastcliError:
    """Write what ``out`` should have been to the private folder; return the message.

    A pipe closed by its reader is not an error that a model is rescued from.
    """
    former = "; the former file is unchanged" if out.replaces else ""
    problem = cannot_save(out.path, error, f"{former}.")
    folder = private_folder("rescued")
    if folder is None or isinstance(error, BrokenPipeError):
        return problem
    path = Path(folder) / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{_short(out.path.name)}"
    other = Replacement(path, fsync=True)
    try:
        with other as fd:
            write(other)
            notes = beside(fd) if beside is not None else b""
        if notes:
            with Replacement(Path(f"{path}.json"), fsync=True) as fd:
                write_all(fd, notes)
    except (OSError, FastcliError) as second:
        reason = second.strerror if isinstance(second, OSError) else None
        return FastcliError(f"{problem} Nor can it be saved in {folder}. ({reason or second})")
    return FastcliError(f"{problem} It was saved as {path}: move it from there.")


def _short(name: str) -> str:
    """Return a name whose start is left out where it would be too long."""
    return os.fsdecode(os.fsencode(name)[-LONGEST:])
