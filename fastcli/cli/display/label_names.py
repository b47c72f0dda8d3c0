"""Names of labels in tables: as short as there is room for, and still told apart."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from fastcli.cli.display.tables import cut, width_of
from fastcli.printable import printable


def short_names(names: Sequence[str], most: int, numbers: Sequence[int] | None = None) -> list[str]:
    """Return printable names of at most ``most`` columns, different ones for different names.

    Long ones lose their end; where several would be the same their middle, and where that does not
    tell them apart they get their ``numbers``, if there are any.

    >>> short_names(["sport", "news.world.region_01", "news.world.region_02"], 10)
    ['sport', 'news.…n_01', 'news.…n_02']
    >>> short_names(["region_a.football.x", "region_b.football.x"], 8, [4, 7])
    ['4 regio…', '7 regio…']
    >>> [len(name) for name in short_names(["\u00e9", "e\u0301"], 8, [1, 2])]
    [3, 4]
    """
    whole = list(map(printable, names))
    found = [cut(name, most) for name in whole]
    for i in _repeated(found):
        found[i] = _without_middle(whole[i], most)
    if numbers is None:
        return found
    for i in _repeated(found):
        number = f"{numbers[i]} "
        found[i] = number + cut(whole[i], max(most - len(number), 1))
    return found


def _repeated(names: Sequence[str]) -> list[int]:
    """Return the places of names that look like others (as one letter or as two code points)."""
    looks = [unicodedata.normalize("NFC", name) for name in names]
    times = Counter(looks)
    return [i for i, look in enumerate(looks) if times[look] > 1]


def _without_middle(name: str, most: int) -> str:
    """Return the begin and the end of a name that is too long."""
    if width_of(name) <= most:
        return name
    first = cut(name, (most + 1) // 2 + 1)
    last = ""
    for letter in reversed(name):
        if width_of(first + letter + last) > most:
            break
        last = letter + last
    return first + last
