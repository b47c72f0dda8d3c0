"""Names of columns: those that a table adds, and those of tables that repeat or lack some."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count


def new_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it: ``predicted_`` and a number if needed.

    >>> [new_name("label", taken) for taken in (set(), {"label"}, {"label", "predicted_label"})]
    ['label', 'predicted_label', 'predicted_label_2']
    """
    candidates = chain([name, f"predicted_{name}"], (f"predicted_{name}_{i}" for i in count(2)))
    found = next(one for one in candidates if one not in taken)
    taken.add(found)
    return found


def unique_names(names: Sequence[str]) -> list[str]:
    """Return names of which no two are the same, and none is empty, as those of objects must be.

    An empty one becomes its position, from 0; one that was there before gets a number.

    >>> unique_names(["", "x", "y", "x", "x_2"])
    ['0', 'x', 'y', 'x_3', 'x_2']
    """
    own, found, taken = set(names), [], set[str]()
    for i, name in enumerate(names):
        if name and name not in taken:
            found.append(name)
        else:
            start = name or str(i)
            numbered = (f"{start}_{n}" for n in count(2))
            candidates = numbered if name else chain([start], numbered)
            found.append(next(one for one in candidates if one not in own | taken))
        taken.add(found[-1])
    return found


def other_names(names: Sequence[str], keys: Sequence[str]) -> list[tuple[int, str]]:
    """Return the positions of columns that have another name among ``keys``, and that.

    >>> other_names(["", "x", "x"], ["0", "x", "x_2"])
    [(0, '0'), (2, 'x_2')]
    """
    return [(i, new) for i, (old, new) in enumerate(zip(names, keys, strict=True)) if old != new]
