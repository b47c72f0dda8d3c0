"""The weights of rows of a table, as tokens of their lines."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastcli.prepare.recipe import without_weights
from fastcli.tables.rows import Batch
from fastcli.tables.values import is_decimal_comma, is_missing
from fastcli.text.line_weights import weight_in

if TYPE_CHECKING:
    from fastcli.prepare.args import PrepareArgs


def weight_tokens(cells: Sequence[str], prefix: str) -> tuple[list[bytes], list[int]]:
    """Return the token of each weight, and the numbers of cells that are no weights.

    A cell whose value is missing weighs 1.

    >>> weight_tokens(["2.5", "", "1,5", "-1", "much"], "w:")
    ([b'w:2.5', b'w:1.0', b'w:1.5', b'w:1.0', b'w:1.0'], [3, 4])
    """
    tokens, bad = [], []
    for i, cell in enumerate(cells):
        text = cell.strip()
        text = text.replace(",", ".") if is_decimal_comma(text) else text
        found = 1.0 if is_missing(cell) else weight_in(text.encode("utf-8", "surrogatepass"))
        if math.isnan(found):
            bad.append(i)
            found = 1.0
        tokens.append(f"{prefix}{found!r}".encode())
    return tokens, bad


def take_weights(batch: Batch, args: PrepareArgs) -> Batch:
    """Return rows whose weights are apart: from the column beside texts, or from their tokens.

    What a row of a file of lines has as weights is a token; of several all of them, joined.
    """
    if args.columns.weight:
        return replace(batch, weights=batch.groups, groups=[""] * len(batch.groups))
    prefix = args.weight_prefix
    if not prefix or not any(prefix in text for text in batch.texts):
        return batch
    texts, weights = list(batch.texts), [""] * len(batch.texts)
    for i, text in enumerate(texts):
        if prefix in text:
            words, found = without_weights(text.split(), prefix)
            texts[i], weights[i] = " ".join(words) if found else text, " ".join(found)
    return replace(batch, texts=texts, weights=weights)


def bad_weights(tokens: Sequence[bytes], prefix: str) -> list[int]:
    """Return the numbers of tokens that are no weights; b"" is none, and not bad.

    >>> bad_weights([b"w:2", b"", b"w:much", b"w:1 w:2"], "w:")
    [2, 3]
    """
    head = os.fsencode(prefix)
    return [
        i
        for i, token in enumerate(tokens)
        if token and math.isnan(weight_in(token.removeprefix(head)))
    ]
