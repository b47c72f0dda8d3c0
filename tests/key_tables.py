"""Tables of keys in docs/json.md and docs/files.md: what objects of JSON may and must have.

A row is ``| `labels.counts.*` | integer or null | always | ... |``: a path, its types and when the
key is there.  ``[]`` is an element of a list, ``*`` a name that comes from the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEAD = "| key | type | when | what |"
KINDS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "list": (list,),
}


@dataclass
class Keys:
    """The keys of one kind of object: types and times by path, and which paths were seen."""

    name: str
    types: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def problems(self, value: Any, path: str = "", types: str = "object") -> Iterator[str]:
        """Yield how a value is not as the table says."""
        self.seen.add(path)
        wanted = types.split(" or ")
        if "any" in wanted:
            return
        kind = next((one for one in wanted if _is(value, one.split(" of ")[0])), None)
        if kind is None:
            yield f"{self.name}: {path} is {value!r:.60}, not {types}"
        elif isinstance(value, list):
            inner = kind.partition(" of ")[2].removesuffix("s") or "any"
            for one in value:
                nullable = f"{inner} or null" if inner == "number" else inner
                yield from self.problems(one, f"{path}[]", nullable)
        elif isinstance(value, dict):
            yield from self._problems_inside(value, f"{path}." if path else "")

    def _problems_inside(self, value: dict[str, Any], start: str) -> Iterator[str]:
        rest = {path.removeprefix(start): path for path in self.types if path.startswith(start)}
        known = {name: path for name, path in rest.items() if not re.search(r"\.|\[\]", name)}
        for name, path in known.items():
            if self.times[path] == "always" and name not in value:
                yield f"{self.name}: {path} is missing"
        for name, one in value.items():
            if (path := known.get(name, known.get("*", ""))) == "":
                yield f"{self.name}: {start}{name} is not in the table"
            else:
                yield from self.problems(one, path, self.types[path])

    def unseen(self) -> list[str]:
        """Return the paths of the table that no value had."""
        return [path for path in self.types if path not in self.seen]


def _is(value: Any, kind: str) -> bool:
    found = KINDS[kind]
    return isinstance(value, found) and (bool in found or not isinstance(value, bool))


def key_tables(page: Path) -> dict[str, Keys]:
    """Return the tables of a page by the headings that they stand below, without backquotes."""
    found: dict[str, Keys] = {}
    name, is_of_keys = "", False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            name = line.lstrip("# ").replace("`", "")
        if not line.startswith("|"):
            is_of_keys = False
        elif line == HEAD:
            is_of_keys = True
        elif not is_of_keys:
            continue
        elif match := re.match(r"\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|", line):
            path, types, times = match.groups()
            keys = found.setdefault(name, Keys(name))
            assert path not in keys.types, f"{page.name}: {name} has {path} twice"
            assert all(one.split(" of ")[0] in {*KINDS, "any"} for one in types.split(" or ")), (
                f"{page.name}: {name}: {path} is {types}"
            )
            keys.types[path], keys.times[path] = types, times.strip()
    return found
