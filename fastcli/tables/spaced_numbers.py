"""Numbers that are separated by spaces, as in the ``.data`` files of UCI."""

from __future__ import annotations

from collections.abc import Sequence

from fastcli.tables.values import is_missing, is_number


def are_spaced_numbers(lines: Sequence[str], delimiters: str) -> bool:
    """Tell whether lines are numbers between spaces: all have equally many words.

    One of a line may be a word, such as its label, beside two numbers or more; the first line may
    be names.  One line alone tells nothing.  Where one of some ``delimiters`` is in a line, that
    separates them.

    >>> are_spaced_numbers(["1 2.5  a", "3 4 b"], ","), are_spaced_numbers(["a b", "c d"], ",")
    (True, False)
    """
    if any(one in line for one in delimiters for line in lines):
        return False
    rows = [[word for word in line.split(" ") if word] for line in lines]
    width = len(rows[0]) if rows else 0
    if width < 2 or any(len(row) != width for row in rows):
        return False
    n_words = [sum(not (is_number(word) or is_missing(word)) for word in row) for row in rows]
    if n_words[0] == width:  # names
        n_words = n_words[1:]
    return len(n_words) > 1 and max(n_words) <= (1 if width > 2 else 0)
