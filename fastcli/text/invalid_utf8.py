"""Training text that is not UTF-8: how many of its lines, and which encoding it seems to have.

fastText takes bytes as they come, and so does training; but a model of words in another encoding
knows nothing of text in UTF-8.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastcli.overwriting import STREAM
from fastcli.printable import listed_files
from fastcli.text.counting import Counted
from fastcli.text.encodings import WRITING, iconv_command, likely_encoding
from fastcli.text.inputs import compression, text_blocks
from fastcli.text.spooled import is_stream, place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.dictionary import WordTable

SAMPLE = 1 << 16  # bytes that tell the encoding
MOST_FILES = 20  # of which the first block is read again to find such bytes
TOKENS_AT_ONCE = 1 << 20


def invalid_utf8_note(counted: Counted, paths: Sequence[str]) -> str | None:
    """Return what to say of text that is not UTF-8, None if all of it is.

    The different words are looked at, not the text, which is read again only where some are not.
    """
    invalid = invalid_words(counted.words)
    if not invalid.any():
        return None
    n_bad, n_lines = _lines_with(counted, invalid)
    name = listed_files(["standard input" if path == STREAM else path for path in paths])
    lines = f"{n_bad:,} of {n_lines:,} lines"
    if _is_mostly_utf8(counted.words, invalid):
        return (
            f"{name}: {lines} {'is' if n_bad == 1 else 'are'} not UTF-8, and trained on as "
            "they are: damaged, or of another encoding than the rest. inspect shows them."
        )
    sample = _sample(paths) or _words_from(counted.words, int(invalid.argmax()))
    found = likely_encoding(sample)
    said = f"{name} is not UTF-8 ({lines})"
    if found is None:
        return f"{said}, and trained on as it is: the model knows no words of UTF-8 text."
    return f"{said}; it {looks_like(found, paths)}"


def looks_like(encoding: str, paths: Sequence[str]) -> str:
    """Return what to say of files that seem to have an encoding, with the command at its end."""
    writing = f" ({WRITING[encoding]})" if encoding in WRITING else ""
    return f"looks like {encoding}{writing}: {iconv_command(encoding)}{_files(paths)}"


def invalid_words(words: WordTable) -> NDArray[np.bool_]:
    """Tell of every entry of a word table whether it is not UTF-8.

    Words one after the other are UTF-8, and none starts within a character, if and only if each
    of them is, which takes a fraction of the time.
    """
    n = words.n
    starts, arena = words.starts[: n + 1], words.arena
    text = arena[: int(starts[n])].tobytes()
    invalid = np.zeros(n, bool)
    if text.isascii():
        return invalid
    if not (arena[starts[:-1]] & 0xC0 == 0x80).any():
        try:
            text.decode()
        except UnicodeDecodeError:
            pass
        else:
            return invalid
    bounds = starts.tolist()
    for i in range(n):
        try:
            text[bounds[i] : bounds[i + 1]].decode()
        except UnicodeDecodeError:
            invalid[i] = True
    return invalid


def _is_mostly_utf8(words: WordTable, invalid: NDArray[np.bool_]) -> bool:
    """Tell whether most words that are not ASCII are UTF-8: others are damaged, or a part."""
    bits = np.bitwise_or.reduceat(words.arena, words.starts[: words.n])
    return int(np.count_nonzero(bits & 0x80)) >= 2 * int(np.count_nonzero(invalid))


def _lines_with(counted: Counted, is_one: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many lines have one of some entries, and how many lines there are."""
    n_with, n_lines = 0, 0
    for counter, entries in zip(counted.counters, counted.entries, strict=True):
        stream, is_in_part = counter.stream, is_one[entries]
        last = -1  # the line that was counted last, so that it is not counted twice
        for first in range(0, len(stream), TOKENS_AT_ONCE):
            tokens = stream[first : first + TOKENS_AT_ONCE]
            is_end = tokens < 0
            found = np.flatnonzero(~is_end & is_in_part[np.maximum(tokens, 0)])
            lines = n_lines + np.searchsorted(np.flatnonzero(is_end), found)
            lines = np.unique(lines[lines > last])
            n_with += len(lines)
            last = int(lines[-1]) if len(lines) else last
            n_lines += int(np.count_nonzero(is_end))
    return n_with, n_lines


def _sample(paths: Sequence[str]) -> bytes:
    """Return some text from the first line on that is not UTF-8, b"" if it is not soon found."""
    for path in paths[:MOST_FILES]:
        if is_stream(place_of(path)):
            continue
        block = next(text_blocks(path), None)
        text = b"" if block is None else block.tobytes()
        try:
            text.decode()
        except UnicodeDecodeError as error:
            start = text.rfind(b"\n", 0, error.start) + 1
            return text[start : start + SAMPLE]
    return b""


def _words_from(words: WordTable, first: int) -> bytes:
    """Return the words of a table from one of them on, with spaces between."""
    bounds = words.starts[first : words.n + 1].tolist()
    stop = int(np.searchsorted(bounds, bounds[0] + SAMPLE))
    text = words.arena[: bounds[min(stop, len(bounds) - 1)]].tobytes()
    return b" ".join(text[a:b] for a, b in pairwise(bounds[: stop + 1]))


def _files(paths: Sequence[str]) -> str:
    """Return the file to convert and the new one, where there is one and it is no stream."""
    if len(paths) != 1 or is_stream(paths[0]) or compression(paths[0]):
        return ""
    root, end = os.path.splitext(paths[0])
    return f" {shlex.quote(paths[0])} > {shlex.quote(f'{root}.utf8{end}')}"
