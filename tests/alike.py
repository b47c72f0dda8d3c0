"""What is alike: outputs and pictures that differ only as they do from processor to processor."""

from __future__ import annotations

import re
from itertools import zip_longest

RELATIVE, ABSOLUTE = 0.05, 0.02
FIGURE = re.compile(r"(-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)")
BARS = re.compile("[▁▂▃▄▅▆▇█▏▎▍▌▋▊▉]+")
# What `compare` calls its last column, as wide as the seconds leave room for.
COLUMN_OF_BARS = re.compile(r"(?:valid acc |train loss )?by epoch")
TIMES = re.compile(r"(?<=  )(?:s|seconds|[a-z]+/s)(?=  |$)")  # headings of columns
# Seconds, speeds, the threads of this machine, the size of a picture, which depends on the version
# of matplotlib, and the curve of a chart, of which a small difference may move many characters.
CHANGING = re.compile(
    r"\d+(?:\.\d+)? s\b|words/sec/thread: *\d+|\b\d+ threads?\b|,? \S+\.svg \(\d+ kB\)|┤.*"
)


def alike(expected: str, printed: str) -> bool:
    """Tell whether two outputs say the same, but for what differs from processor to processor.

    Whole numbers are equal, figures with a point nearly so, bars of a line of text at most two
    eighths apart; seconds, speeds, sizes of pictures and the curves of charts are left out.

    >>> alike("loss 0.6931 in 0.1 s", "loss 0.6940 in 2.5 s"), alike("N 4", "N 5")
    (True, False)
    >>> alike("▁▃█", "▁▄█"), alike("▁▃█", "▁█▃")
    (True, False)
    """
    pairs = zip_longest(comparable(expected), comparable(printed), fillvalue="")
    return all(same(one, other) for one, other in pairs)


def comparable(text: str) -> list[str]:
    """Return a text in pieces, figures apart, without spaces and what changes from run to run."""
    text = CHANGING.sub("", COLUMN_OF_BARS.sub("by epoch", without_times(text)))
    return [piece for piece in FIGURE.split(" ".join(text.split())) if piece]


def without_times(text: str) -> str:
    """Return a text without the figures below headings such as ``s``, ``seconds``, ``rows/s``."""
    ends, lines = [], []
    for line in text.splitlines():
        if headings := [match.end() for match in TIMES.finditer(line)]:
            ends = headings
        elif not line.strip():
            ends = []
        for end in reversed(ends):
            line = re.sub(r"(?<= )[\d,]+(?:\.\d+)?[kMG]?$", "", line[:end]) + line[end:]
        lines.append(line)
    return "\n".join(lines)


def same(one: str, other: str) -> bool:
    """Tell whether two pieces are equal, or figures or bars that are nearly so."""
    if one == other:
        return True
    if FIGURE.fullmatch(one) and FIGURE.fullmatch(other):
        a, b = float(one.replace(",", "")), float(other.replace(",", ""))
        is_whole = not re.search(r"[.e]", one + other)
        return not is_whole and abs(a - b) <= max(ABSOLUTE, RELATIVE * max(abs(a), abs(b)))
    if BARS.sub("", one) != BARS.sub("", other):
        return False
    return all(map(same_bars, BARS.findall(one), BARS.findall(other)))


def same_bars(one: str, other: str) -> bool:
    """Tell whether bars are nearly the same.

    Those that lie (``███▌``) differ by one character at most; of those that stand (``▁▃█``) the
    first and the last are compared where one has more.
    """
    if not re.search("[▁▂▃▄▅▆▇]", one + other):
        return abs(len(one) - len(other)) <= 1
    if len(one) != len(other):
        one, other = one[0] + one[-1], other[0] + other[-1]
    return all(abs(ord(a) - ord(b)) <= 2 for a, b in zip(one, other, strict=True))


MAKER = re.compile(r"Matplotlib v[\d.]+")
PIXELS = re.compile(r'"data:image/png;base64,[^"]*"')  # the regions, which are an image inside
LABELS = re.compile(r"<text[^>]*>([^<]*)<")
MOVED = 3.0  # points, of pictures that are some hundreds wide


def alike_pictures(one: str, other: str) -> bool:
    """Tell whether two pictures have the same words and curves.

    Another version of matplotlib may place everything elsewhere: then only the words are compared.
    """
    if MAKER.findall(one) != MAKER.findall(other):
        return words_of(one) == words_of(other)
    parts = FIGURE.split(PIXELS.sub("", one)), FIGURE.split(PIXELS.sub("", other))
    if len(parts[0]) != len(parts[1]) or parts[0][::2] != parts[1][::2]:
        return False
    figures = (
        (float(a.replace(",", "")), float(b.replace(",", "")))
        for a, b in zip(parts[0][1::2], parts[1][1::2], strict=True)
    )
    return all(abs(a - b) <= MOVED for a, b in figures)


def words_of(picture: str) -> list[str]:
    """Return the words of a picture; not the figures along its axes."""
    return [text for text in LABELS.findall(picture) if not FIGURE.search(text)]
