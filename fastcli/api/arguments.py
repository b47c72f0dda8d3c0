"""What is given from Python, as fastText's C++ takes it: text as bytes, whole numbers, floats.

Wrong types are a TypeError, as there.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Sequence
from typing import SupportsFloat, SupportsIndex, TypeAlias

from fastcli.errors import ArgumentError
from fastcli.options import MOST
from fastcli.text.dictionary import EOS
from fastcli.text.separators import SEPARATORS
from fastcli.urls import local_path

END = EOS.decode()
# A token </s>, at which fastText's line ends.
WRITTEN_END = re.compile("(?:^|[{0}]){1}(?:$|[{0}])".format(re.escape(SEPARATORS.decode()), END))

OR_LISTS = dict.fromkeys(("predict", "get_line"), " or a list of str")

Word: TypeAlias = str | bytes


def utf8(text: Word, what: str = "a word") -> bytes:
    """Return text as its UTF-8 bytes; bytes stay as they are.  Raises TypeError for all else.

    >>> utf8("é"), utf8(b"a")
    (b'\\xc3\\xa9', b'a')
    """
    if isinstance(text, str):
        try:
            return text.encode()
        except UnicodeEncodeError as error:
            raise TypeError(
                f"{what} has half of a surrogate pair, so it is not text: {error}"
            ) from None
    if isinstance(text, bytes):
        return text
    raise TypeError(f"{what} must be str, not {type(text).__name__}")


def whole(number: SupportsIndex, name: str) -> int:
    """Return a whole number, NumPy's included.  Raises TypeError for others and above 32 bits."""
    try:
        found = operator.index(number)
    except TypeError:
        kind = type(number).__name__
        raise TypeError(f"{name} must be a whole number, not {kind}: {number!r}") from None
    if not -MOST - 1 <= found <= MOST:
        raise TypeError(f"{name} must have no more than 32 bits: {found}")
    return found


def real(number: SupportsFloat, name: str) -> float:
    """Return a number as a float.  Raises TypeError for text and other things."""
    if isinstance(number, (str, bytes)) or not hasattr(number, "__float__"):
        raise TypeError(f"{name} must be a number, not {type(number).__name__}: {number!r}")
    return float(number)


def path_of(path: str | bytes | os.PathLike[str]) -> str:
    """Return a path, or a ``file://`` URL, as a path.  Raises TypeError for what is none."""
    return local_path(os.fsdecode(path))


class NotText(TypeError, AttributeError):
    """Something else is given as a text: bytes are a TypeError in fastText, and None is the other.

    Programs catch either, for missing values among their texts.
    """


def line_bytes(text: str, caller: str) -> bytes:
    """Return the UTF-8 bytes of ``line_of``; this is called for every text of a program."""
    if isinstance(text, str) and "\n" not in text and END not in text:
        try:
            return f"{text}\n".encode()
        except UnicodeEncodeError:
            pass
    return utf8(line_of(text, caller), "a text")


def plain_lines(texts: Sequence[str]) -> bytes | None:
    """Return the UTF-8 bytes of texts with a line end after each.

    None if one of them has a line end or ``</s>`` in it, half of a surrogate pair, or is not text.
    """
    try:
        joined = "\n".join(texts)
        if joined.count("\n") == len(texts) - 1 and END not in joined:
            return f"{joined}\n".encode()
    except (TypeError, UnicodeEncodeError):
        pass
    return None


def line_of(text: str, caller: str, ends: bool = True) -> str:
    """Return a text with the line end that fastText adds to it.

    What follows a written ``</s>`` is left out, since fastText's line ``ends`` there.  Raises
    ArgumentError if the text has several lines, TypeError for anything but text.
    """
    if not isinstance(text, str):
        raise NotText(f"{caller} takes a str{OR_LISTS.get(caller, '')}, not {type(text).__name__}")
    if "\n" in text:
        raise ArgumentError(f"{caller} processes one line at a time (remove '\\n')")
    if ends and END in text and (end := WRITTEN_END.search(text)):
        text = text[: end.start()]
    return f"{text}\n"
