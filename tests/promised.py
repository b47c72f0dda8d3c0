"""What docs/stability.md promises to keep, name by name: tests/promised.txt.

``python -m tests.docs`` adds what is new.  Only people take a line out, after a deprecation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.command import ROOT
from tests.docs import commands, options_of
from tests.key_tables import key_tables

PROMISED = ROOT / "tests" / "promised.txt"
PAGES = ("json", "files")


def names() -> Iterator[str]:
    """Yield what there is now: commands, options, keys of JSON and of files, names of Python."""
    for name, command in commands().items():
        yield f"command {name}"
        yield from (f"option {name} {word}" for one in options_of(command) for word in one.opts)
    for page in PAGES:
        for heading, keys in key_tables(ROOT / "docs" / f"{page}.md").items():
            for path, types in keys.types.items():
                always = " always" * (keys.times[path] == "always")
                yield f"{page} {heading}: {path} {types}{always}"
    reference = (ROOT / "docs" / "python-reference.md").read_text(encoding="utf-8")
    yield from (f"python {name}" for name in re.findall(r"^#{3,} `([^`]+)`", reference, re.M))


def promised() -> list[str]:
    """Return what is promised."""
    return PROMISED.read_text(encoding="utf-8").splitlines()


def main() -> None:
    """Add what is new."""
    old = promised() if PROMISED.exists() else []
    PROMISED.write_text("".join(f"{one}\n" for one in sorted({*old, *names()})), encoding="utf-8")
