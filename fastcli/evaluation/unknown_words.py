"""Saying that a model knows hardly a word of what it is given, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastcli.text.lines import SeenWords
from fastcli.text.separators import tokens_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary

SAMPLE = 1 << 16  # bytes of text that are kept to look for the cause
MIN_WORDS = 100  # of a text, to judge by words where most lines have a known one
MIN_LINES = 10  # that are more than some queries, if a model knows no word
NEARLY_ALL = 0.8  # of them


@dataclass(frozen=True, kw_only=True)
class KnownWords:
    """The words that a model knows: those of ``dictionary``, labels start with ``label``,
    weights of lines with ``weight_prefix``.

    ``knows_others`` tells whether strange words are nothing unusual: they have character n-grams,
    or words were pruned.
    """

    dictionary: Dictionary
    label: str
    knows_others: bool
    weight_prefix: str = ""

    def has(self, word: bytes) -> bool:
        """Tell whether the model knows a word."""
        return 0 <= self.dictionary.find(word) < self.dictionary.nwords


@dataclass(kw_only=True)
class SeenText:
    """What was seen of a text: how many of its words were known, and how it starts."""

    words: SeenWords = field(default_factory=SeenWords)
    sample: bytearray = field(default_factory=bytearray)

    def start(self, block: NDArray[np.uint8]) -> None:
        """Keep the first bytes of a text, which comes in blocks."""
        if len(self.sample) < SAMPLE:
            self.sample += block[: SAMPLE - len(self.sample)].tobytes()


def unknown_words_note(
    seen: SeenText, known: KnownWords, name: str, are_queries: bool
) -> str | None:
    """Return what to say of a text of which most lines or most words are unknown, else None.

    ``name`` is what the text is called.  Where a model is made for strange words, or the text may
    be some queries, in which they are nothing unusual, that is said only if a cause is seen which
    can be fixed, such as upper and lower case; of queries also if nearly all of many are unknown.
    """
    words = seen.words
    needs_cause = known.knows_others
    if 2 * words.n_strange_lines > words.n_lines:
        is_rare = words.n_lines < MIN_LINES or words.n_strange_lines < NEARLY_ALL * words.n_lines
        needs_cause |= are_queries and is_rare
        said = f"no word of {words.n_strange_lines:,} of {words.n_lines:,} lines is known"
    elif words.n_words >= MIN_WORDS and 2 * words.n_known < words.n_words:
        needs_cause |= are_queries
        said = f"{words.n_words - words.n_known:,} of {words.n_words:,} words are unknown"
    else:
        return None
    from fastcli.text.unknown_words import MOST_CHECKED, MOST_KNOWN, likely_cause

    unknown: dict[bytes, None] = {}
    for word in _tokens(
        bytes(seen.sample), os.fsencode(known.label), os.fsencode(known.weight_prefix)
    ):
        if word not in unknown and not known.has(word):
            unknown[word] = None
        if len(unknown) == MOST_CHECKED:
            break
    nwords = known.dictionary.nwords
    frequent = known.dictionary.entries(0, min(nwords, MOST_KNOWN)) if nwords else []
    cause = likely_cause(list(unknown), frequent, known.has)
    if needs_cause and not cause.is_certain:
        return None
    return f"{name}: {said} to the model: {cause.clause}."


def _tokens(text: bytes, label: bytes, weight: bytes) -> Iterator[bytes]:
    """Yield the words of a text that may end within one, labels and weights apart."""
    others = (label, weight) if weight else (label,)
    for word in tokens_of(text[: text.rfind(b"\n") + 1 or None]):
        if not word.startswith(others):
            yield word
