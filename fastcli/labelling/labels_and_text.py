"""The labels and the text of a line, and several labels in a cell."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fastcli.tables.sources import labels_of

BETWEEN = "|"  # several labels in a cell


def labels_and_text(line: bytes, prefix: str, weights: str = "") -> tuple[list[str], str]:
    """Return the labels of a line, without prefix, and its words.

    Words that begin with ``weights``, if that is given, are left out.

    >>> labels_and_text(b"__label__a x y w:2", "__label__", "w:")
    (['a'], 'x y')
    """
    labels, words = labels_of(line.decode("utf-8", "surrogateescape").split(), prefix)
    if weights:
        words = [word for word in words if not word.startswith(weights)]
    return labels, " ".join(words)


def joined_labels(labels: Sequence[str]) -> str:
    """Return labels as one cell, with | between them; a JSON list where that would be ambiguous.

    >>> joined_labels(["a", "b"]), joined_labels(["a|b"])
    ('a|b', '["a|b"]')
    """
    found = BETWEEN.join(labels)
    if found.startswith("[") or any(BETWEEN in label for label in labels):
        return json.dumps(list(labels), ensure_ascii=False)
    return found


def labels_of_cell(cell: str) -> list[str]:
    """Return the labels that ``joined_labels`` made a cell of.

    >>> labels_of_cell("a|b"), labels_of_cell('["a|b"]')
    (['a', 'b'], ['a|b'])
    """
    if cell.startswith("["):
        try:
            return list(map(str, json.loads(cell)))
        except (ValueError, RecursionError):
            pass
    return cell.split(BETWEEN)
