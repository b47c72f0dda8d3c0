"""Sentences for the person who runs the program: what was decided, and what was not done.

Where the command line runs, they are lines on stderr; in a program that imports the module they
are warnings, which ``warnings`` filters as any others.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from fastcli.errors import FastcliNote, FastcliWarning
from fastcli.urls import shown

BETWEEN = contextlib.__file__  # runs code of ours, and is nobody's line
PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Listener(Protocol):
    """What hears sentences."""

    def say(self, *sentences: str) -> None:
        """Take sentences on what was decided or found."""

    def warn(self, sentence: str) -> None:
        """Take a sentence on what was not done."""


class Warnings:
    """Makes a warning of every sentence, at the line of the caller outside this package."""

    def say(self, *sentences: str) -> None:
        """Warn by ``FastcliNote`` of each sentence."""
        for sentence in sentences:
            warnings.warn(sentence, FastcliNote, stacklevel=_outside())

    def warn(self, sentence: str) -> None:
        """Warn by ``FastcliWarning``."""
        warnings.warn(sentence, FastcliWarning, stacklevel=_outside())


_warnings = Warnings()
_listener: ContextVar[Listener] = ContextVar("listener", default=_warnings)


@contextmanager
def heard_by(other: Listener) -> Iterator[None]:
    """Let something else hear the sentences of this work, as the command line does."""
    former = _listener.get()
    _listener.set(other)
    try:
        yield
    finally:
        _listener.set(former)


COMPILING, SPELLING = "compiling", "spelling"  # what is announced, whatever the work is
_announced: ContextVar[tuple[str, ...]] = ContextVar("announced", default=(COMPILING, SPELLING))


def announce_only(*kinds: str) -> None:
    """Let work that begins here and now announce only these kinds of things."""
    _announced.set(kinds)


@contextmanager
def announcing(*kinds: str) -> Iterator[None]:
    """Let this work, and not others at the same time, announce only these kinds of things."""
    former = _announced.get()
    _announced.set(kinds)
    try:
        yield
    finally:
        _announced.set(former)


def announce(kind: str, sentence: str) -> bool:
    """Say what libraries find while they work, if this kind is announced; tell whether it is."""
    if kind not in _announced.get():
        return False
    say(sentence)
    return True


_words: ContextVar[Callable[[str], str]] = ContextVar("words", default=lambda sentence: sentence)


@contextmanager
def in_words_of(words: Callable[[str], str]) -> Iterator[None]:
    """Let sentences of this work, and not of others at the same time, be put in other words."""
    former = _words.get()
    _words.set(words)
    try:
        yield
    finally:
        _words.set(former)


def say(*sentences: str) -> None:
    """Tell what was decided or found; secrets in URLs are left out."""
    _listener.get().say(*(shown(_words.get()(sentence)) for sentence in sentences))


def warn(sentence: str) -> None:
    """Tell what was not done."""
    _listener.get().warn(shown(_words.get()(sentence)))


def _outside() -> int:
    """Return the ``stacklevel`` of the first caller whose code is not in this package."""
    level, frame = 0, sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((PACKAGE, BETWEEN)):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    return level + 1
