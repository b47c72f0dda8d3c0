"""Choices by name: an unknown one is an error that names the nearest known one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from fastcli.errors import ArgumentError
from fastcli.printable import shortened, unknown

T = TypeVar("T")


def canonical(
    kind: str, name: str, known: Collection[str], aliases: Mapping[str, str] | None = None
) -> str:
    """Return a name as a table has it, case and underscores aside.

    Raises ArgumentError, with the nearest known name, where there is none.
    """
    name = shortened(name)
    plain = name.strip().lower().replace("_", "-")
    plain = (aliases or {}).get(plain, plain)
    if plain not in known:
        raise ArgumentError(unknown(kind, name, known))
    return plain


def lookup(
    kind: str, name: str, table: Mapping[str, T], aliases: Mapping[str, str] | None = None
) -> T:
    """Return the entry of a name; see ``canonical``."""
    return table[canonical(kind, name, table, aliases)]
