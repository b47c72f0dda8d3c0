"""Tokens that look like weights of lines where no prefix of such is given."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from fastcli.printable import readable, shortened
from fastcli.text.line_weights import weight_in

MOST_LINES = 1000  # the first ones, which are looked at
LEAST_SHARE, LEAST_LINES = 0.1, 2  # of lines with __name__NUMBER
LEAST_SHARE_OF_NAMES = 0.5  # of lines with name:NUMBER, which text may have, too
_HEAD = re.compile(rb"(__[^\s]+?__)|[A-Za-z]+[:=]")
_BREAKS = re.compile(rb"[ \t\n\v\f\r\0]+")


def likely_weight(lines: Iterable[bytes], label: str) -> bytes:
    """Return a token of some lines that looks like the weight of its line, b"" for none.

    Many of the lines have one such token, and none has several.

    >>> likely_weight([b"__label__a one __weight__2.5", b"__weight__1 __label__b two"], "__label__")
    b'__weight__2.5'
    >>> likely_weight([b"__label__a x:1 x:2", b"__label__b x:3 x:4"], "__label__")
    b''
    """
    of_labels = os.fsencode(label)
    counts: Counter[bytes] = Counter()
    examples: dict[bytes, bytes] = {}
    several: set[bytes] = set()
    n = 0
    for n, line in enumerate(islice(lines, MOST_LINES), start=1):  # noqa: B007
        in_line: set[bytes] = set()
        for token in _BREAKS.split(line):
            head = likely_weight_prefix(token)
            if head and not head.startswith(of_labels) and not of_labels.startswith(head):
                if head in in_line:
                    several.add(head)
                in_line.add(head)
                examples.setdefault(head, token)
        counts.update(in_line)
    for head, count in counts.most_common():
        share = LEAST_SHARE if head.startswith(b"__") else LEAST_SHARE_OF_NAMES
        if head not in several and count >= max(LEAST_LINES, share * n):
            return examples[head]
    return b""


def likely_weight_prefix(token: bytes) -> bytes:
    """Return what stands before the number of a token that looks like a weight, else b"".

    >>> likely_weight_prefix(b"__weight__2.5"), likely_weight_prefix(b"w:1e-3")
    (b'__weight__', b'w:')
    >>> likely_weight_prefix(b"__label__sport"), likely_weight_prefix(b"2.5")
    (b'', b'')
    """
    if not token[-1:].isdigit() and not token.endswith(b"."):
        return b""
    found = _HEAD.match(token)
    if found is None or weight_in(token[found.end() :]) != weight_in(token[found.end() :]):
        return b""
    return found[0]


def likely_weight_sentence(token: bytes, advice: str) -> str:
    """Say that tokens look like weights; ``advice`` has {prefix} where that belongs."""
    prefix = readable(likely_weight_prefix(token))
    return (
        f"Tokens such as {shortened(readable(token))} look like weights of lines: "
        f"{advice.format(prefix=prefix)}"
    )
