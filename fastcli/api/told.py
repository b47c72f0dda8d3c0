"""What training, quantizing and reading have to say, as warnings of a program."""

from __future__ import annotations

import contextlib

from fastcli.errors import FastcliNote
from fastcli.notices import say, warn
from fastcli.reporting import Reporter


def hear_all(says_notes: bool = True) -> None:
    """Let what compiled code and compressed files have to say be warnings, too."""
    from fastcli.jit import build
    from fastcli.text import compressed, spelling

    compressed.announce = warn
    spelling.announce = say if says_notes else None
    build.announce = _of_compiling if says_notes else None


def _of_compiling(sentence: str) -> None:
    """Say that kernels are compiled, which is no error even where warnings are."""
    with contextlib.suppress(FastcliNote):
        say(sentence)


class Told(Reporter):
    """Passes sentences on; ``verbose`` 0 keeps notes silent, as on the command line."""

    def __init__(self, verbose: int = 2) -> None:
        self._verbose = verbose
        hear_all(verbose > 0)

    def note(self, sentence: str) -> None:
        """Say what the caller should know."""
        if self._verbose > 0:
            say(sentence)

    def warn(self, sentence: str) -> None:
        """Warn of what was not done."""
        warn(sentence)
