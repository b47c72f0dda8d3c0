"""Why the words of a text are unknown to a model, or to a file of word vectors.

The causes that can be seen in the words themselves: bytes of another encoding, upper and lower
case, punctuation that is not a token of its own, and Chinese that is not segmented.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastcli.printable import readable, shortened
from fastcli.text.dictionary import EOS
from fastcli.text.encodings import WRITING, iconv_command, is_valid_utf8, likely_encoding

MOST_CHECKED = 200  # words of the text
MOST_KNOWN = 2000  # words of the other side, of which the encoding is told
EXPLAINED = 0.3  # of the words that are checked, or of those that are known: to name a cause
MOST_INVALID = 0.1  # of the words: more are another encoding
PUNCTUATION = string.punctuation + "“”‘’«»…—–。，、！？；：（）《》「」"
LONGEST_SEGMENT = 4  # characters of Chinese words that are looked for
LONGEST_SHOWN = 24  # characters of a word that is quoted


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why words are unknown: a clause for a message, and whether it was seen to be so."""

    clause: str
    is_certain: bool


def likely_cause(
    words: Sequence[bytes],
    known: Sequence[bytes],
    is_known: Callable[[bytes], bool],
    names: tuple[str, str] = ("the text", "the model"),
) -> Cause:
    """Return why words of a text are not known.

    ``words`` are unknown ones, ``known`` is a sample of what is known, ``is_known`` looks a word
    up; ``names`` are what has the words, and what knows the others.
    """
    text, model = names
    words = list(dict.fromkeys(words))[:MOST_CHECKED]
    known = [word for word in known if word != EOS]
    for name, sample in ((model, known[:MOST_KNOWN]), (text, words)):
        if _n_invalid(sample) > MOST_INVALID * len(sample):
            likely = likely_encoding(b" ".join(sample))
            clause = f"{name} has words that are not UTF-8"
            clause += f" but look like {likely}" if likely else ""
            clause += f" ({WRITING[likely]})" if likely in WRITING else ""
            clause += f": {iconv_command(likely)}" if likely and sample is words else ""
            return Cause(clause=clause, is_certain=True)
    for change, clause in (
        (_in_other_case, "upper and lower case differ"),
        (_stripped, "punctuation is not split off"),
        (_plain, "case and punctuation differ"),
        (_segments, "words are segmented differently"),
    ):
        pairs = [(word, found) for word in words if (found := _first(change(word), is_known))]
        if pairs and len(pairs) >= EXPLAINED * min(len(words), len(known)):
            ours, theirs = map(quoted, pairs[0])
            clause = f"{clause}: {text} has {ours} where {model} has {theirs}"
            return Cause(clause=clause, is_certain=True)
    examples = ", ".join(map(quoted, words[:3]))
    others = ", ".join(map(quoted, _telling(known)[:3]))
    clause = f"another language, segmentation or kind of text: {text} has {examples}"
    return Cause(clause=f"{clause}; {model} has {others}" if others else clause, is_certain=False)


def quoted(word: bytes) -> str:
    """Return a word as it stands in a message."""
    return repr(shortened(readable(word), LONGEST_SHOWN))


def _n_invalid(words: Sequence[bytes]) -> int:
    """Return how many words are not UTF-8."""
    return sum(not is_valid_utf8(word) for word in words)


def _first(words: Sequence[str], is_known: Callable[[bytes], bool]) -> bytes | None:
    encoded = (word.encode("utf-8", "surrogateescape") for word in words)
    return next((word for word in encoded if is_known(word)), None)


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def _in_other_case(word: bytes) -> list[str]:
    text = _text(word)
    return [form for form in (text.lower(), text.upper(), text.capitalize()) if form != text]


def _stripped(word: bytes) -> list[str]:
    text = _text(word)
    stripped = text.strip(PUNCTUATION)
    return [stripped] if stripped and stripped != text else []


def _plain(word: bytes) -> list[str]:
    return [_text(word).strip(PUNCTUATION).lower()]


def _segments(word: bytes) -> list[str]:
    """Return the words of two to four characters that a longer Chinese one starts or ends with."""
    text = _text(word)
    if not any("\u2e80" <= c < "\uff00" for c in text):
        return []
    sizes = range(LONGEST_SEGMENT, 1, -1)
    return [part for n in sizes if n < len(text) for part in (text[:n], text[-n:])]


def _telling(words: Sequence[bytes]) -> list[bytes]:
    """Return the words with letters, or all if none has any."""
    return [word for word in words if any(map(str.isalpha, _text(word)))] or list(words)
