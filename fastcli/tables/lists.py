"""Lists of labels in cells: as Python, JSON and NumPy write them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

MOSTLY = 2 / 3  # of the cells of a column, from which on the others are taken for mistakes
TRUTH = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}
_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_ITEM = rf"(?:{_STRING}|{_NUMBER}|None|True|False)"
_ITEMS = re.compile(rf"\s*(?:{_ITEM}\s*(?:,\s*{_ITEM}\s*)*,?)?\s*", re.DOTALL)
_NUMPY = re.compile(rf"\s*{_ITEM}(?:\s+{_ITEM})+\s*", re.DOTALL)
_ONE = re.compile(_ITEM, re.DOTALL)
_BARE = re.compile(r"[^\[\](){}'\"]+")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_CALLS = re.compile(r"(?:np\.|numpy\.)?(?:array|set|frozenset|list|tuple)\((.*)\)", re.DOTALL)


def read_list(text: str) -> list[Any] | None:
    """Return the items of a list, tuple or set as Python, JSON or NumPy write it, else None.

    A text in parentheses without a comma is no tuple.

    >>> read_list("['food', \\"cheap eats\\"]"), read_list("[]"), read_list("[a, b]")
    (['food', 'cheap eats'], [], None)
    >>> read_list("('a', 'b')"), read_list("{'b', 'a'}"), read_list("['a' 'b']"), read_list("('a')")
    (['a', 'b'], ['b', 'a'], ['a', 'b'], None)
    """
    text = text.strip()
    if not text or _BRACKETS.get(text[0]) != text[-1]:
        return None
    found = _as_json(text) if text[0] == "[" else None
    if found is None:
        body = text[1:-1]
        if _NUMPY.fullmatch(body) and text[0] == "[":
            body = ",".join(_ONE.findall(body))
        elif not _ITEMS.fullmatch(body) or (text[0] == "(" and body.strip() and "," not in body):
            return None
        found = _as_python(f"[{body}]")
    is_flat = found is not None and all(
        one is None or isinstance(one, str | int | float) for one in found
    )
    return found if is_flat else None


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _as_python(text: str) -> Any:
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def read_bare_list(text: str) -> list[Any] | None:
    """Return the items of a list that was written without quotes; None if it is not one.

    Only where all cells of a column are such can it be told from a label in brackets.

    >>> read_bare_list("[a, b c]"), read_bare_list("[a"), read_bare_list("['a']")
    (['a', 'b c'], None, ['a'])
    """
    text = text.strip()
    found = read_list(text)
    if found is None and text.startswith("[") and text.endswith("]"):
        body = text[1:-1]
        items = [item.strip() for item in body.split(",")]
        found = items if _BARE.fullmatch(body) and all(items) else None
    return found


def is_like_list(text: str) -> bool:
    """Tell whether a text is a list, or looks like a damaged or another one, not like a label.

    >>> [is_like_list(one) for one in ("['a', 'b", "[a, b]", "array(['a'])", "[URGENT]", "a, b")]
    [True, True, True, False, False]
    """
    text = text.strip()
    if not text or not (text[0] in _BRACKETS or text[-1] in ")]}"):
        return False
    if _CALLS.fullmatch(text) or read_list(text) is not None:
        return True
    inner = text[1:].lstrip()
    is_closed = _BRACKETS.get(text[0]) == text[-1]
    is_quoted = text[0] in "[{" and inner[:1] in ("'", '"')
    return is_quoted or (is_closed and text[0] in "[{" and "," in text)


def are_indicators(lists: Sequence[Sequence[Any]]) -> bool:
    """Tell whether lists say by zeros and ones which labels a row has.

    They are of one length, two or more; or most are, and some has a value twice, which lists of
    labels do not have.  Lists without items tell nothing.
    """
    filled = [one for one in lists if len(one)]
    sizes = Counter(len(one) for one in filled if _is_of_truths(one))
    if not sizes:
        return False
    size, n = sizes.most_common(1)[0]
    if size < 2 or n < MOSTLY * len(filled):
        return False
    is_twice = any(len(set(one)) < len(one) for one in filled if _is_of_truths(one))
    return n == len(filled) or is_twice


def _is_of_truths(items: Sequence[Any]) -> bool:
    return all(not isinstance(one, str) and truth_of(one) is not None for one in items)


def truth_of(value: Any) -> bool | None:
    """Return what 0, 1, true or false stands for; None for another value."""
    if isinstance(value, str):
        return TRUTH.get(value.strip().lower())
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None
