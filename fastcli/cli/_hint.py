"""One thing that may help where a command line failed."""

from __future__ import annotations

from typing import NamedTuple


class Hint(NamedTuple):
    """A sentence, the command that it introduces, and the text that is piped into that."""

    text: str
    command: tuple[str, ...] = ()
    stdin: str = ""
