"""Cleaning text: separate steps in a fixed order, on many texts at once.

Texts are joined by line ends for it, since one call on a long string is much faster than many
calls on short ones; no step adds or takes away a line end.  Steps that look at one character alone
(control characters, case, digits, punctuation, spaces) are one pass of a kernel over UTF-8.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from fastcli.kernels.text.spacing import (
    ACTION_BITS,
    ALONE,
    CODES,
    END,
    GONE,
    KEEP,
    NONE_PLAIN,
    SPACE,
    space_out,
)
from fastcli.prepare.lines import line_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

URL_MASK = "URL"

# A tag, a comment, or a script or style with all it holds.
_TAGS = re.compile(
    r"<(script|style)\b(?:(?!<(?:script|style)\b)[^\n])*?</\1\s*>"
    r"|<!--(?:(?!<!--)[^\n])*?-->|</?[a-z!][^<>\n]*>",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"&(?:#0*1[03](?![0-9])|#x0*[ad](?![0-9a-f])|NewLine(?=;));?", re.IGNORECASE)
# A number of an entity: leading zeros are ignored, and eight digits are not a character.
_ZEROS = re.compile(r"&#0+(?=[0-9])")
_TOO_LARGE = re.compile(r"&#[0-9]{8,};?")
# What html.unescape may take for an entity.
_ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
# An address: a scheme, from the first letter of its run that no letter or digit precedes, or www.
# Whether a run of letters is a scheme is looked up once, where it begins: looking it up at every
# letter would take the square of its length.  What precedes a scheme in its run is group 1.
_RUN, _BODY = "[a-z0-9+.-]", "[^\\s<>\"'，。；！？、）】》]"
_URLS = re.compile(
    f"(?<!{_RUN})(?={_RUN}+://{_BODY})({_RUN}*?)(?<![a-z0-9])[a-z]{_RUN}*://{_BODY}+"
    f"|(?<![a-z0-9])www\\.{_BODY}+",
    re.IGNORECASE,
)
# Unicode's normal forms order the marks above and below a letter, which takes the square of their
# number; text of people has a few (Unicode Standard Annex 15, section 13: at most 30).
MOST_MARKS = 30
PIECE = 500  # characters, at least, that are brought into a normal form at a time
# Controls (but tabs and what breaks lines), joiners and marks of direction, byte-order marks.
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]"
)
# Letters whose lower case is not one letter, or depends on what follows.
CONTEXT = "\u0130\u03a3"
# All that str.split or fastText takes for a space, but the space and the line end.
_SPACES = (
    "\0\t\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
)
_SPACES += "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_DIGIT = re.compile(r"\d")
# As fastText's scripts do (', ., ,, (, ), !, ? stand alone; quotes go; ; and : are spaces), and
# the same for the full-width marks of Chinese and Japanese.
_ALONE = "'.,()!?，。！？（）、《》「」【】…"
_GONE = '"“”„«»'
_MARKS = ";:；：—"


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """What is done to every text; all of it is written to ``prepare.json``."""

    unicode: str = "none"
    html: bool = False
    urls: str = "keep"
    control: bool = False
    lowercase: bool = False
    digits: str = "keep"
    punctuation: bool = False
    max_length: int = 0


def clean(texts: Sequence[str], cleaning: Cleaning) -> list[str]:
    """Return texts cleaned, each on one line, its words with one space between them."""
    if not texts:
        return []
    return clean_to_bytes(texts, cleaning).decode("utf-8", "surrogatepass").split("\n")


def clean_to_bytes(texts: Sequence[str], cleaning: Cleaning) -> bytes:
    """Return the same as UTF-8, with line ends between texts."""
    joined = "\n".join(texts)
    if joined.count("\n") >= len(texts):
        joined = "\n".join([text.replace("\n", " ") for text in texts])
    if "\r" in joined:
        joined = joined.replace("\r", " ")
    data = _apply_actions(_steps(joined, cleaning), cleaning)
    if len(line_bounds(data)) > len(
        texts
    ):  # an entity was a line end after all: one text at a time
        lines = [_steps(one, cleaning).replace("\n", " ") for one in joined.split("\n")]
        data = b"\n".join([_apply_actions(line, cleaning) for line in lines])
    return data


def one_space(text: str) -> str:
    """Return lines of text with one space between words and none around them."""
    return _apply_actions(text, Cleaning()).decode("utf-8", "surrogatepass")


def space_lines(text: bytes) -> bytes:
    """Do what ``one_space`` does for lines of UTF-8."""
    return _on_bytes(text, Cleaning())


def _apply_actions(text: str, cleaning: Cleaning) -> bytes:
    """Return lines as UTF-8, after what is done to each character alone and to spaces."""
    return _on_bytes(text.encode("utf-8", "surrogatepass"), cleaning)


def _on_bytes(text: bytes, cleaning: Cleaning) -> bytes:
    data = np.frombuffer(text, np.uint8)
    if len(data) == 0:
        return b""
    out = np.empty(2 * len(data), np.uint8)
    n = space_out(data, len(data), _actions(cleaning), _capitals(cleaning), out)
    return out[:n].tobytes()


def _capitals(cleaning: Cleaning) -> int:
    """Return what cleaning adds to A to Z, NONE_PLAIN if it changes other ASCII than spaces."""
    if cleaning.punctuation or cleaning.digits != "keep":
        return NONE_PLAIN
    return 32 if cleaning.lowercase else 0


@cache
def _actions(cleaning: Cleaning) -> NDArray[np.int32]:
    """Return what is done with each character, as ``space_out`` takes it, int32[CODES].

    Control characters go; then comes lower case, then digits, then punctuation and spaces.
    """
    every = "".join(map(chr, range(CODES)))
    new = np.arange(CODES, dtype=np.int32)
    if cleaning.lowercase:
        lower = every.replace(CONTEXT[0], "i").replace(CONTEXT[1], "σ").lower()
        new = np.frombuffer(lower.encode("utf-32-le", "surrogatepass"), np.int32).copy()
    kinds = np.full(CODES, KEEP, np.int32)
    spacing = [(SPACE, " " + _SPACES), (END, "\n")]
    if cleaning.punctuation:
        spacing += [(ALONE, _ALONE), (GONE, _GONE), (SPACE, _MARKS)]
    for kind, characters in spacing:
        kinds[[ord(character) for character in characters]] = kind
    digits = [found.start() for found in _DIGIT.finditer(every)]
    if cleaning.digits == "zero":
        new[digits] = ord("0")
    kinds = kinds[new]
    if cleaning.digits == "remove":
        kinds[digits] = GONE
    if cleaning.control:
        kinds[[found.start() for found in _CONTROLS.finditer(every)]] = GONE
    return new << ACTION_BITS | kinds


def normal_form(text: str, form: str) -> str:
    """Return text in a normal form: ``nfc`` or ``nfkc``.

    Of more than ``MOST_MARKS`` marks in a row each part of that length is brought into it alone.

    >>> normal_form("\uff26\uff55\uff4c\uff4c", "nfkc"), len(normal_form("e\u0301", "nfc"))
    ('Full', 1)
    """
    if text.isascii() or (form == "nfc" and _is_latin(text)):
        return text
    name: Literal["NFC", "NFKC"] = "NFC" if form == "nfc" else "NFKC"
    # So many marks in a row have one among them at a place that is a multiple of their number.
    if not _mark().search(text[:: MOST_MARKS + 1]):
        return _by_pieces(name, text)
    is_mark = _marks()[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)]
    bounds = np.flatnonzero(np.diff(is_mark, prepend=False, append=False)).reshape(-1, 2)
    cuts = [0]
    for first, end in bounds[bounds[:, 1] - bounds[:, 0] > MOST_MARKS].tolist():
        cuts.extend(range(first, end, MOST_MARKS))
    parts = [text[a:b] for a, b in pairwise([*cuts, len(text)])]
    return "".join([_by_pieces(name, part) for part in parts])


def _by_pieces(name: Literal["NFC", "NFKC"], text: str) -> str:
    """Return a normal form, a few lines at a time: most are soon found to be in it."""
    pieces, first = [], 0
    while first < len(text):
        end = text.find("\n", first + PIECE) + 1 or len(text)
        pieces.append(unicodedata.normalize(name, text[first:end]))
        first = end
    return "".join(pieces)


def _is_latin(text: str) -> bool:
    """Tell whether all characters are below U+0100, where all are in their normal form NFC."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


@cache
def _mark() -> re.Pattern[str]:
    """Return a pattern that finds a mark that belongs to a letter.

    Beyond the basic plane it takes letters for marks, too: one range is quick to look through.
    """
    basic = np.flatnonzero(_marks()[:0x10000]).tolist()
    return re.compile(f"[{''.join(map(chr, basic))}\U00010000-\U0001efff]")


@cache
def _marks() -> NDArray[np.bool_]:
    """Return which characters are marks that belong to a letter, bool[0x110000]."""
    found = np.zeros(sys.maxunicode + 1, np.bool_)
    found[0x300:0x1F000] = [unicodedata.combining(c) > 0 for c in map(chr, range(0x300, 0x1F000))]
    return found


def cut(texts: Sequence[str], max_length: int) -> list[str]:
    """Return texts with their first ``max_length`` tokens, or all of them if that is 0.

    >>> cut(["one two three", "four"], 2)
    ['one two', 'four']
    """
    if max_length == 0:
        return list(texts)
    return [" ".join(text.split(" ", max_length)[:max_length]) for text in texts]


@lru_cache(4096)
def _unescaped(entity: str) -> str:
    """Return what an entity stands for; line ends are spaces."""
    import html  # its table takes a while

    entity = _ZEROS.sub("&#", _BREAKS.sub(" ", entity))
    return html.unescape(_TOO_LARGE.sub("\ufffd", entity))


def _steps(text: str, cleaning: Cleaning) -> str:
    """Do the steps on lines of text that look at more than one character."""
    if cleaning.html:
        if "<" in text:
            text = _TAGS.sub(" ", text)
        if "&" in text:
            text = _ENTITY.sub(lambda found: _unescaped(found[0]), text)
    if cleaning.urls != "keep" and (":" in text or "www." in text.lower()):
        text = _URLS.sub(f"\\1 {URL_MASK} " if cleaning.urls == "mask" else "\\1 ", text)
    if cleaning.unicode != "none":
        text = normal_form(text, cleaning.unicode)
    if cleaning.lowercase and (CONTEXT[0] in text or CONTEXT[1] in text):
        text = (_CONTROLS.sub("", text) if cleaning.control else text).lower()
    return text
