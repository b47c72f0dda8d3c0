"""Which tokens of a prepared text stay: neither stop words nor those that are too short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from fastcli.prepare.clean import Cleaning, clean
from fastcli.prepare.segment import Segmentation, segment


@dataclass(frozen=True)
class Words:
    """Which tokens are taken out; all of it is written to ``prepare.json``.

    ``stopwords`` are as people wrote them; ``min_length`` counts characters.
    """

    stopwords: tuple[str, ...] = ()
    min_length: int = 0


@dataclass
class _Stop:
    """Stop words as they are in prepared texts: tokens, and sequences of several by the first."""

    tokens: set[str] = field(default_factory=set)
    sequences: dict[str, list[list[str]]] = field(default_factory=dict)


def keep_words(
    texts: Sequence[str], words: Words, cleaning: Cleaning, how: Segmentation
) -> list[str]:
    """Return prepared texts without stop words and short tokens.

    Stop words are prepared as the texts are.  One that becomes several tokens (don't: ``don ' t``)
    is taken out where these follow each other; of those that begin alike the longest.
    """
    if not words.stopwords and words.min_length <= 1:
        return list(texts)
    stop, least = _stop(words.stopwords, cleaning, how), words.min_length
    is_stop, starts = stop.tokens, stop.sequences.keys()
    kept = []
    for text in texts:
        tokens = text.split(" ")
        if not starts.isdisjoint(tokens):
            tokens = _without_sequences(tokens, stop)
        kept.append(" ".join([x for x in tokens if x not in is_stop and len(x) >= least]))
    return kept


@cache
def _stop(stopwords: tuple[str, ...], cleaning: Cleaning, how: Segmentation) -> _Stop:
    forms = clean(stopwords, cleaning)
    if how.kind != "none":
        forms += segment(forms, how)
    stop = _Stop()
    for form in dict.fromkeys(forms):
        first, *rest = form.split(" ")
        if rest:
            stop.sequences.setdefault(first, []).append([first, *rest])
        else:
            stop.tokens.add(first)
    for sequences in stop.sequences.values():
        sequences.sort(key=len, reverse=True)
    return stop


def _without_sequences(tokens: list[str], stop: _Stop) -> list[str]:
    kept, at = [], 0
    while at < len(tokens):
        for sequence in stop.sequences.get(tokens[at], ()):
            if tokens[at : at + len(sequence)] == sequence:
                at += len(sequence)
                break
        else:
            kept.append(tokens[at])
            at += 1
    return kept
