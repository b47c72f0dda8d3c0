"""Weights of training lines, written into each as a token: ``__weight__2.5``.

The token is neither a word nor a label: training takes it out of the text that it has counted, and
whoever reads lines for a model that was trained so overwrites it with spaces.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.kernels.text.dictionary import FILE_END
from fastcli.overwriting import STREAM
from fastcli.printable import named, readable, shortened
from fastcli.text.dictionary import TokenCounter, have_prefix
from fastcli.text.inputs import text_blocks
from fastcli.text.separators import REST_OF_TOKEN, SEPARATORS, tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.counting import Counted
    from fastcli.text.inputs import Bytes

_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


NOT_A_WEIGHT = "not a weight, a number of 0 or more"  # said of tokens and of cells


def check_weight_prefix(prefix: str, label: str) -> None:
    """Raise ArgumentError for a prefix of weights whose tokens might be labels."""
    if prefix and (prefix.startswith(label) or label.startswith(prefix)):
        raise ArgumentError(
            f"--weight-prefix {prefix} and -label {label}: one begins with the other, so that "
            "labels and weights cannot be told apart. Give another --weight-prefix."
        )
    if any(byte in SEPARATORS for byte in os.fsencode(prefix)):
        raise ArgumentError("--weight-prefix must be the beginning of a token, without spaces.")


def weight_in(token: bytes) -> float:
    """Return the weight that a token without its prefix is, or a cell: NaN if it is none.

    >>> weight_in(b"2.5"), weight_in(b"1e-3"), weight_in(b"-1"), weight_in(b"inf")
    (2.5, 0.001, nan, nan)
    """
    found = float(token) if _NUMBER.fullmatch(token) else float("nan")
    return found + 0.0 if 0 <= found < float("inf") else float("nan")  # -0 is 0


def unweighted(n: int, column: str) -> str:
    """Return what to say of n rows of a table that have nothing in the column of weights.

    >>> unweighted(1, "w")
    '1 row has no weight in column w and gets weight 1.'
    """
    rows = "row has" if n == 1 else "rows have"
    gets = "gets" if n == 1 else "get"
    return f"{n:,} {rows} no weight in column {named(column)} and {gets} weight 1."


def take_weights(counted: Counted, prefix: str, paths: Sequence[str]) -> None:
    """Take the tokens of weights out of counted text, and set ``counted.weights`` by them.

    Lines without one weigh 1.  Raises DataError, which names the line of one of ``paths``, for a
    token that is not a weight and for a line that has two.
    """
    words, head = counted.words, os.fsencode(prefix)
    is_weight = have_prefix(words.starts, words.arena, words.n, head)
    is_weight[0] = False  # </s>
    values = np.ones(words.n)
    for entry in np.flatnonzero(is_weight).tolist():
        token = words.arena[words.starts[entry] + len(head) : words.starts[entry + 1]]
        values[entry] = weight_in(token.tobytes())
    weights = []
    for counter, entries in zip(counted.counters, counted.entries, strict=True):
        found = _take(counter, is_weight[entries], values[entries])
        if found is None:
            check_weights(paths, prefix)
            raise DataError(f"{', '.join(paths)}: a weight of a line changed while it was read.")
        weights.append(found)
    words.counts[: words.n][is_weight] = 0
    counted.weights = weights


def _take(
    counter: TokenCounter, is_weight: NDArray[np.bool_], values: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Take the weights out of the stream of a span; return those of its lines, None for bad ones.

    ``is_weight`` and ``values`` are by the entries of the span.
    """
    stream = counter.stream
    at = np.flatnonzero(np.append(is_weight, [False, False])[stream])  # -1 and -2 end lines
    ends = np.flatnonzero(stream < 0)
    lines = np.searchsorted(ends, at)
    found, weights = values[stream[at]], np.ones(len(ends))
    if np.isnan(found).any() or (np.diff(lines) == 0).any():
        return None
    weights[lines] = found
    counter.take_out(at)
    return weights


def check_weights(paths: Sequence[str], prefix: str) -> None:
    """Raise DataError for the first line of some files whose weight cannot be used."""
    head = os.fsencode(prefix)
    for path in paths:
        number = 0
        for block in text_blocks(path):
            for line in block.tobytes().removesuffix(b"\n").split(b"\n"):
                number += 1
                if head in line and (reason := _bad_weight(line, head)):
                    shown = "standard input" if path == STREAM else path
                    raise DataError(f"{shown}:{number}: {reason}")


def _bad_weight(line: bytes, head: bytes) -> str:
    """Return what is wrong with the weight of a line, "" if nothing is."""
    tokens = [one for one in tokens_of(line) if one.startswith(head)]
    for token in tokens:
        if math.isnan(weight_in(token.removeprefix(head))):
            return f"{NOT_A_WEIGHT}: {shortened(readable(token))}."
    if len(tokens) > 1:
        return f"the line has {len(tokens)} weights ({readable(b' '.join(tokens[:3]))}): keep one."
    return ""


def kept_lines(stream: NDArray[np.int32], tokens: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return which lines of a stream became features, by the tokens that are counted for these.

    ``tokens`` are as ``make_features`` sets them: those of a line and of the lines left out before
    it, so that their sums say where in the stream it ends.
    """
    ends = np.flatnonzero(stream < 0)
    counted = ends + 1 - np.cumsum(stream[ends] == FILE_END)
    return np.searchsorted(counted, np.cumsum(tokens, dtype=np.int64))


def blanked(text: Bytes, prefix: bytes) -> Bytes:
    """Return text with spaces in the place of tokens that begin with a prefix, same size.

    >>> blanked(np.frombuffer(b"__w__2 a __w__b", np.uint8), b"__w__").tobytes()
    b'       a       '
    """
    data = text.tobytes()
    if prefix not in data:
        return text
    pieces, at = [], 0
    for found in re.finditer(re.escape(prefix) + REST_OF_TOKEN, data):
        start, end = found.span()
        if start == 0 or data[start - 1] in SEPARATORS:
            pieces += [data[at:start], b" " * (end - start)]
            at = end
    return np.frombuffer(b"".join([*pieces, data[at:]]), np.uint8)
