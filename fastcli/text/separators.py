"""What separates tokens, for readers of lines in Python; in kernels it is ``tokens.is_space``."""

from __future__ import annotations

import re

SEPARATORS = b" \t\n\v\f\r\0"
TO_SPACES = bytes.maketrans(SEPARATORS, b" " * len(SEPARATORS))
REST_OF_TOKEN = b"[^%b]*" % re.escape(SEPARATORS)  # a pattern


def tokens_of(line: bytes) -> list[bytes]:
    r"""Return the tokens of a line, or of several.

    >>> tokens_of(b"a\0b \x1c\x85\r\n")
    [b'a', b'b', b'\x1c\x85']
    """
    return [token for token in line.translate(TO_SPACES).split(b" ") if token]
