"""Labels that people take for one.

They differ by case, spaces, a final comma or period, the width of letters (``ａ``) or how these are
encoded (NFC, NFD) alone.
"""

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

    >>> label_key("Very_Good."), label_key("very  good"), label_key("\uff41_\uff42")
    ('very good', 'very good', 'a b')
    """
    spaced = _of_usual_width(label).replace("_", " ")
    return plain_label(spaced).casefold() if spaced.strip() else label


def _of_usual_width(text: str) -> str:
    """Return text with plain letters for fullwidth and halfwidth ones."""
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKC", c)
        if unicodedata.decomposition(c).startswith(("<wide>", "<narrow>"))
        else c
        for c in text
    )


def difference(labels: Iterable[str]) -> str:
    """Return what labels of one key differ by.

    >>> difference(["caf\u00e9", "cafe\u0301"]), difference(["\uff41", "a"]), difference(["A", "a"])
    ('how letters are encoded (NFC, NFD)', 'the width of letters', 'case or spaces')
    """
    composed = {unicodedata.normalize("NFC", label) for label in labels}
    if len(composed) == 1:
        return "how letters are encoded (NFC, NFD)"
    if len({unicodedata.normalize("NFC", _of_usual_width(one)) for one in composed}) == 1:
        return "the width of letters"
    return "case or spaces"


def alike(labels: Iterable[str]) -> list[list[str]]:
    """Return the groups of at least two labels that people take for one, in order of appearance.

    >>> alike(["Spam", "ham", "spam,"])
    [['Spam', 'spam,']]
    """
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(label_key(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]
