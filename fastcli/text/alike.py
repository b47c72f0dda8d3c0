"""Labels that people take for one.

They differ by case, spaces, a final comma or period, the width of letters (``ａ``) or how these are
encoded (NFC, NFD) alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from fastcli.printable import listed

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


def alike_note(labels: Sequence[str], are_texts: bool = True) -> str:
    """Return what to say before training on labels that people take for one, "" without any.

    ``are_texts``: ``prepare`` can make one label of them.

    >>> alike_note(["Spam", "ham", "spam", "SPAM"])
    '2 labels differ from another by case or spaces only: Spam, spam, SPAM. To merge them: fastcli \
prepare ... --label-case first'
    """
    groups = alike(labels)
    if not groups:
        return ""
    n = sum(len(group) - 1 for group in groups)
    kinds = " or by ".join(dict.fromkeys(map(difference, groups)))
    return (
        f"{'1 label differs' if n == 1 else f'{n:,} labels differ'} from another by {kinds} only: "
        f"{listed([label for group in groups for label in group])}. To merge them"
        f"{': fastcli prepare ... --label-case first' if are_texts else ', write them alike.'}"
    )
