"""What training, quantizing and reading have to say, as warnings of a program."""

from __future__ import annotations

from contextlib import AbstractContextManager

from fastcli.notices import COMPILING, SPELLING, announcing, say, warn
from fastcli.reporting import Reporter


def announcements(verbose: int) -> AbstractContextManager[None]:
    """Let work announce compiling and words that are too long, unless ``verbose`` is 0."""
    return announcing(COMPILING, SPELLING) if verbose > 0 else announcing()


class Told(Reporter):
    """Passes sentences on; ``verbose`` 0 keeps notes silent, as on the command line."""

    def __init__(self, verbose: int = 2) -> None:
        self._verbose = verbose

    def note(self, sentence: str) -> None:
        """Say what the caller should know."""
        if self._verbose > 0:
            say(sentence)

    def warn(self, sentence: str) -> None:
        """Warn of what was not done."""
        warn(sentence)
