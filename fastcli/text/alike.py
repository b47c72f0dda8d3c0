"""Labels that people take for one: they differ by case, spaces or a final comma or period alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

FINAL = " ,.;，。；、"  # what may end a label and says nothing


def plain_label(label: str) -> str:
    """Return a label with one space between words, and nothing at its end that says nothing.

    >>> plain_label(" Very  good, "), plain_label("...")
    ('Very good', '...')
    """
    spaced = unicodedata.normalize("NFC", " ".join(label.split()))
    return spaced.rstrip(FINAL) or spaced


def label_key(label: str) -> str:
    """Return what labels have in common that people take for one; ``_`` is a space, as in tokens.

    >>> label_key("Very_Good."), label_key("very  good")
    ('very good', 'very good')
    """
    spaced = label.replace("_", " ")
    return plain_label(spaced).casefold() if spaced.strip() else label


def alike(labels: Iterable[str]) -> list[list[str]]:
    """Return the groups of at least two labels that people take for one, in order of appearance.

    >>> alike(["Spam", "ham", "spam,"])
    [['Spam', 'spam,']]
    """
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(label_key(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]
