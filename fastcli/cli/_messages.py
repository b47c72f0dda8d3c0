"""Sentences on stderr."""

from __future__ import annotations

import sys

from fastcli.kernels import _build


def say(sentence: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def announce_compiling() -> None:
    """Have a line said on stderr before kernels are compiled, once."""
    _build.announce = say
